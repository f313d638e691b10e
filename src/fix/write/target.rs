//! The files on disk that a plan's paths lead to.

use std::fs::{self, Metadata, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::super::FileChange;
use super::WriteError;

/// One file to replace or create.
pub(super) struct Target<'p> {
    /// Where it really is: links are followed, so that a link stays one.
    pub path: PathBuf,
    /// The paths of the plan that lead to it.
    pub names: Vec<String>,
    /// Its bytes as they were read.
    pub before: Option<&'p [u8]>,
    after: &'p [u8],
    metadata: Option<Metadata>,
}

/// Finds and checks the targets of `files`; nothing is written.
pub(super) fn resolve<'p>(root: &Path, files: &'p [FileChange]) -> Result<Vec<Target<'p>>, WriteError> {
    let mut targets: Vec<Target<'p>> = Vec::new();
    for file in files {
        let target = Target::resolve(root, file)?;
        match targets.iter_mut().find(|other| other.path == target.path) {
            Some(other) if other.after == target.after => other.names.extend(target.names),
            Some(_) => return Err(WriteError::TwoNames(target.path)),
            None => targets.push(target),
        }
    }
    Ok(targets)
}

impl<'p> Target<'p> {
    fn resolve(root: &Path, file: &'p FileChange) -> Result<Self, WriteError> {
        let shown = root.join(&file.path);
        let before = file.before.as_ref().map(|before| before.bytes());
        let (path, metadata) = match before {
            Some(_) => {
                let path = shown.canonicalize().map_err(|error| gone(&shown, error))?;
                let metadata = path.metadata().map_err(|error| gone(&shown, error))?;
                (path, Some(metadata))
            }
            None => (new_path(&shown)?, None),
        };
        if !path.starts_with(root) {
            return Err(WriteError::OutsideRoot(shown));
        }
        if let Some(metadata) = &metadata {
            if !metadata.is_file() {
                return Err(WriteError::NotAFile(shown));
            }
            // Asked of the mode and not of the system: to root nothing is read-only, and a rename asks only the folder.
            if !owner_may_write(metadata) {
                return Err(WriteError::ReadOnly(shown));
            }
        }
        let target = Self { path, names: vec![file.path.clone()], before, after: &file.after, metadata };
        target.check_unchanged()?;
        Ok(target)
    }

    /// Whether the file on disk still holds the bytes that were read.
    pub fn check_unchanged(&self) -> Result<(), WriteError> {
        let Some(before) = self.before else { return Ok(()) };
        let bytes = fs::read(&self.path).map_err(|error| gone(&self.path, error))?;
        if bytes == before { Ok(()) } else { Err(WriteError::Changed(self.path.clone())) }
    }

    /// The temporary file with the new bytes.
    pub fn prepare(&self) -> Result<NamedTempFile, WriteError> {
        self.temporary(self.after)
    }

    /// A temporary file beside the target with `bytes`, on disk, with the target's mode and owner.
    pub fn temporary(&self, bytes: &[u8]) -> Result<NamedTempFile, WriteError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".slimlint-").suffix(".tmp");
        let mode = new_file_mode();
        if let Some(mode) = mode.filter(|_| self.metadata.is_none()) {
            builder.permissions(mode);
        }
        let mut file = builder.tempfile_in(folder).map_err(|error| self.failed(error))?;
        file.write_all(bytes).map_err(|error| self.failed(error))?;
        if let Some(metadata) = &self.metadata {
            // The owner first: changing it clears the set-user-id bit of the mode.
            keep_owner(file.path(), metadata)
                .map_err(|source| WriteError::Owner { path: self.path.clone(), source })?;
            file.as_file().set_permissions(metadata.permissions()).map_err(|error| self.failed(error))?;
        }
        file.as_file().sync_all().map_err(|error| self.failed(error))?;
        Ok(file)
    }

    /// Asks the system to put the folder's new entry on disk. Some file systems cannot; the rename stands all the same.
    pub fn sync_folder(&self) {
        if let Some(folder) = self.path.parent().and_then(|folder| fs::File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
    }

    pub fn failed(&self, source: io::Error) -> WriteError {
        WriteError::Io { path: self.path.clone(), source }
    }
}

/// The place of a file that must not exist yet; its folder must.
fn new_path(shown: &Path) -> Result<PathBuf, WriteError> {
    if shown.symlink_metadata().is_ok() {
        return Err(WriteError::Appeared(shown.to_owned()));
    }
    let (Some(folder), Some(name)) = (shown.parent(), shown.file_name()) else {
        return Err(WriteError::NotAFile(shown.to_owned()));
    };
    let folder = folder.canonicalize().map_err(WriteError::io(folder))?;
    Ok(folder.join(name))
}

fn gone(shown: &Path, error: io::Error) -> WriteError {
    match error.kind() {
        io::ErrorKind::NotFound => WriteError::Changed(shown.to_owned()),
        _ => WriteError::Io { path: shown.to_owned(), source: error },
    }
}

#[cfg(unix)]
fn owner_may_write(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o200 != 0
}

#[cfg(not(unix))]
fn owner_may_write(metadata: &Metadata) -> bool {
    !metadata.permissions().readonly()
}

/// The mode that programs ask for; the system takes the umask off it. Temporary files would else be closed to everybody else.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no modes")]
fn new_file_mode() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn new_file_mode() -> Option<Permissions> {
    None
}

#[cfg(unix)]
fn keep_owner(path: &Path, wanted: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let have = path.symlink_metadata()?;
    if (have.uid(), have.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    match chown(path, Some(wanted.uid()), Some(wanted.gid())) {
        // A group that one is no member of cannot be given away; the owner is what counts.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && have.uid() == wanted.uid() => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}
