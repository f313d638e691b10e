use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Component, Path};

use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::{Found, fault, flush};
use crate::workspace::MAX_FILE_BYTES;

/// A folder below a root.
#[derive(Debug)]
pub(in crate::fix) struct Folder(OwnedFd);

/// What of a file is kept when another takes its place: mode and owner.
#[derive(Clone, Copy, Debug)]
pub(in crate::fix) struct Likeness {
    mode: u32,
    uid: u32,
    gid: u32,
}

impl Likeness {
    pub fn of(metadata: &Metadata) -> Self {
        Self { mode: metadata.mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() }
    }
}

impl Folder {
    /// Opens the folder `path` below `root`, of whose parts none may be a link.
    pub fn open(root: &Path, path: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // The root itself is where the person sent us.
        let mut folder = fs::open(root, flags, Mode::empty())?;
        for part in Path::new(path).components() {
            let Component::Normal(name) = part else { return Err(io::ErrorKind::InvalidInput.into()) };
            folder = fs::openat(&folder, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok(Self(folder))
    }

    /// The regular file `name`; `None` when there is nothing, an error when it is something else or too large.
    pub fn read(&self, name: &str) -> io::Result<Option<Found>> {
        // Without NONBLOCK a pipe would be waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mut file = match fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::MLINK) => return Err(super::super::not_a_file()),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return Err(super::super::not_a_file());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        (&mut file).take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(Found { bytes, likeness: Likeness::of(&metadata) }))
    }

    /// Whether there is anything of that name, be it a link that leads nowhere.
    pub fn exists(&self, name: &str) -> io::Result<bool> {
        match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the file `name`, which must not exist, and puts it on disk. Without a `likeness` it is as programs make files.
    pub fn create(&self, name: &str, bytes: &[u8], likeness: Option<&Likeness>) -> io::Result<()> {
        fault::step("create")?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // What is not for everybody must not be for a moment either.
        let mode = if likeness.is_some() { 0o600 } else { 0o666 };
        let mut file = File::from(fs::openat(&self.0, name, flags, Mode::from_raw_mode(mode))?);
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(first)?;
        fault::step("write")?;
        file.write_all(rest)?;
        if let Some(likeness) = likeness {
            // The owner first: changing it clears the set-user-id bit of the mode.
            keep_owner(&file, likeness)?;
            file.set_permissions(Permissions::from_mode(likeness.mode))?;
        }
        flush(&file)
    }

    /// Renames a file, in the place of another or of nothing.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fault::step("rename")?;
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Renames a file where there is none of the new name; else [`io::ErrorKind::AlreadyExists`].
    pub fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        fault::step("rename")?;
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        match fs::renameat_with(&self.0, from, &self.0, to, fs::RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            result => return Ok(result?),
        }
        fs::linkat(&self.0, from, &self.0, to, AtFlags::empty())?;
        Ok(fs::unlinkat(&self.0, from, AtFlags::empty())?)
    }

    /// Exchanges two files in one step; `false` where the system cannot, and nothing was done.
    pub fn exchange(&self, one: &str, other: &str) -> io::Result<bool> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            match fault::step("exchange") {
                Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(false),
                step => step?,
            }
            match fs::renameat_with(&self.0, one, &self.0, other, fs::RenameFlags::EXCHANGE) {
                Ok(()) => return Ok(true),
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Removes a file; that there is none is well.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        fault::step("remove")?;
        match fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the system to put the names on disk. Some file systems cannot; the names stand all the same.
    pub fn sync(&self) -> io::Result<()> {
        fault::step("sync")?;
        if !cfg!(test) {
            let _ = fs::fsync(&self.0);
        }
        Ok(())
    }
}

fn keep_owner(file: &File, wanted: &Likeness) -> io::Result<()> {
    let have = file.metadata()?;
    if (have.uid(), have.gid()) == (wanted.uid, wanted.gid) {
        return Ok(());
    }
    match fchown(file, Some(wanted.uid), Some(wanted.gid)) {
        // A group that one is no member of cannot be given away; the owner is what counts.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && have.uid() == wanted.uid => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "its owner cannot be kept; run slimlint as its owner"))
        }
        result => result,
    }
}
