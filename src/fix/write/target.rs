//! The files on disk that a plan's paths lead to.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::super::FileChange;
use super::{Change, WriteError};

/// One file to replace or create.
#[derive(Debug)]
pub(super) struct Target<'p> {
    /// Where it really is, relative to the root: links are followed, so that a link stays one.
    pub path: String,
    /// The paths of the plan that lead to it.
    pub names: Vec<String>,
    before: Option<&'p [u8]>,
    after: &'p [u8],
    identity: Option<Identity>,
}

/// What tells that two names are one file.
type Identity = (u64, u64);

/// Finds and checks the targets of `files`; nothing is written.
pub(super) fn resolve<'p>(root: &Path, files: &'p [FileChange]) -> Result<Vec<Target<'p>>, WriteError> {
    let mut targets: Vec<Target<'p>> = Vec::new();
    for file in files {
        let target = Target::resolve(root, file)?;
        let same = |other: &&mut Target<'p>| {
            other.path == target.path || (other.identity.is_some() && other.identity == target.identity)
        };
        match targets.iter_mut().find(same) {
            Some(other) if other.after == target.after => other.names.extend(target.names),
            Some(_) => return Err(WriteError::TwoNames(root.join(target.path))),
            None => targets.push(target),
        }
    }
    Ok(targets)
}

impl<'p> Target<'p> {
    fn resolve(root: &Path, file: &'p FileChange) -> Result<Self, WriteError> {
        let shown = root.join(&file.path);
        let before = file.before.as_ref().map(|before| before.bytes());
        let (real, metadata) = match before {
            Some(_) => {
                let real = shown.canonicalize().map_err(|error| gone(&shown, error))?;
                let metadata = real.metadata().map_err(|error| gone(&shown, error))?;
                (real, Some(metadata))
            }
            None => (new_path(&shown)?, None),
        };
        let below = real.strip_prefix(root).map_err(|_| WriteError::OutsideRoot(shown.clone()))?;
        if let Some(metadata) = &metadata {
            if !metadata.is_file() {
                return Err(WriteError::NotAFile(shown));
            }
            // Asked of the mode and not of the system: to root nothing is read-only, and a rename asks only the folder.
            if !owner_may_write(metadata) {
                return Err(WriteError::ReadOnly(shown));
            }
            if Some(fs::read(&real).map_err(|error| gone(&shown, error))?.as_slice()) != before {
                return Err(WriteError::Changed(shown));
            }
        }
        // The journal is text.
        let Some(parts) = below.iter().map(|part| part.to_str()).collect::<Option<Vec<_>>>() else {
            return Err(WriteError::Io {
                path: shown,
                source: io::Error::other("a link leads to a name that is not Unicode"),
            });
        };
        let identity = metadata.as_ref().and_then(identity);
        Ok(Self { path: parts.join("/"), names: vec![file.path.clone()], before, after: &file.after, identity })
    }

    /// What is to be done with it.
    pub fn change(&self, backup: bool) -> Change {
        Change {
            path: self.path.clone(),
            before: self.before.map(<[u8]>::to_vec),
            after: Some(self.after.to_vec()),
            backup,
            likeness: None,
        }
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

/// Device and number of a file that has one name only, so that two paths to it differ in case at most. Hard links are several
/// files from here on: the one that is replaced leaves the others as they are.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.nlink() == 1).then(|| (metadata.dev(), metadata.ino()))
}

/// Canonical paths have the case of the disk there.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
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
