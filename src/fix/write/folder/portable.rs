use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::TempPath;

use super::{Found, fault, flush};
use crate::workspace::MAX_FILE_BYTES;

/// A folder below a root, by its path.
#[derive(Debug)]
pub(in crate::fix) struct Folder(PathBuf);

/// What of a file is kept when another takes its place.
#[derive(Clone, Debug)]
pub(in crate::fix) struct Likeness(Permissions);

impl Likeness {
    pub fn of(metadata: &Metadata) -> Self {
        Self(metadata.permissions())
    }
}

impl Folder {
    /// Opens the folder `path` below `root`, of whose parts none may be a link.
    pub fn open(root: &Path, path: &str) -> io::Result<Self> {
        let mut folder = root.canonicalize()?;
        for part in Path::new(path).components() {
            let Component::Normal(name) = part else { return Err(io::ErrorKind::InvalidInput.into()) };
            folder.push(name);
        }
        let folder = Self(folder);
        folder.check()?;
        Ok(folder)
    }

    /// That the folder is still where it was, and no part of its path has become a link.
    fn check(&self) -> io::Result<()> {
        if self.0.canonicalize()? == self.0 && self.0.is_dir() {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "the folder is a link"))
        }
    }

    /// The regular file `name`; `None` when there is nothing, an error when it is something else or too large.
    pub fn read(&self, name: &str) -> io::Result<Option<Found<Likeness>>> {
        self.check()?;
        let path = self.0.join(name);
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return Err(super::super::not_a_file());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        File::open(&path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(Found { bytes, likeness: Likeness::of(&metadata) }))
    }

    /// Whether there is anything of that name, be it a link that leads nowhere.
    pub fn exists(&self, name: &str) -> io::Result<bool> {
        match self.0.join(name).symlink_metadata() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the file `name`, which must not exist, and puts it on disk. Without a `likeness` it is as programs make files.
    pub fn create(&self, name: &str, bytes: &[u8], likeness: Option<&Likeness>) -> io::Result<()> {
        fault::step("create")?;
        self.check()?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(self.0.join(name))?;
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(first)?;
        fault::step("write")?;
        file.write_all(rest)?;
        if let Some(likeness) = likeness {
            file.set_permissions(likeness.0.clone())?;
        }
        flush(&file)
    }

    /// Renames a file, in the place of another or of nothing.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fault::step("rename")?;
        self.check()?;
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Renames a file where there is none of the new name; else [`io::ErrorKind::AlreadyExists`].
    pub fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        fault::step("rename")?;
        self.check()?;
        TempPath::try_from_path(self.0.join(from))?.persist_noclobber(self.0.join(to)).map_err(|error| {
            // Dropped, it would remove the file.
            let _ = error.path.keep();
            error.error
        })
    }

    /// Exchanges two files in one step; `false` where the system cannot, and nothing was done.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "elsewhere it can")]
    pub fn exchange(&self, _: &str, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// Removes a file; that there is none is well.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        fault::step("remove")?;
        self.check()?;
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Asks the system to put the names on disk, where it can be asked.
    #[expect(clippy::unused_self, reason = "elsewhere it can")]
    pub fn sync(&self) -> io::Result<()> {
        fault::step("sync")
    }
}
