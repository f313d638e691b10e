//! What the disk behind a workspace says: where a path leads, what stands there, what a file holds.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::text::SourceFile;

use super::listing::{Kind, Listed};
use super::paths::{below, clean, parent, relative};
use super::stamp::Seen;
use super::{ReadError, Workspace};

/// Files larger than this are not read: 64 MiB.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// A file on disk as it was read.
#[derive(Clone)]
pub(super) struct OnDisk {
    pub(super) source: Arc<SourceFile>,
    /// When the stamp of the path tells whether it still holds: its stamp.
    pub(super) seen: Option<Seen>,
}

impl Workspace {
    /// Where `path` lies on disk, with links resolved.
    ///
    /// # Errors
    /// [`ReadError::OutsideRoot`] when that is outside the root, [`ReadError::NotFound`] when it is nowhere.
    pub fn real_path(&self, path: &str) -> Result<PathBuf, ReadError> {
        if self.is_in_memory() {
            return Err(ReadError::NotFound);
        }
        let path = clean(path).ok_or(ReadError::OutsideRoot)?;
        self.plain_path(&path).map_or_else(|| self.resolve(&path), Ok)
    }

    /// The path, relative to the root, of what the link at `path` leads to, or the links in it; `None` where there are none.
    #[must_use]
    pub fn link_target(&self, path: &str) -> Option<String> {
        let real = relative(&self.real_path(path).ok()?, &self.root);
        (real != path).then_some(real)
    }

    /// [`Workspace::real_path`] of a normalised path. Folders are resolved once, so that the system is mostly asked of the last
    /// part only.
    pub(super) fn resolve(&self, path: &str) -> Result<PathBuf, ReadError> {
        let real = self.resolve_any(path)?;
        let is_hidden = self.hides_any() && (self.hides(path) || self.hides(&relative(&real, &self.root)));
        if is_hidden { Err(ReadError::NotFound) } else { Ok(real) }
    }

    fn resolve_any(&self, path: &str) -> Result<PathBuf, ReadError> {
        if path.is_empty() {
            return Ok(self.root.clone());
        }
        let folder = parent(path);
        let at = match self.real_folder(folder) {
            Ok(real) => {
                let at = real.join(below(path, folder).unwrap_or(path));
                if !fs::symlink_metadata(&at).map_err(ReadError::from_io)?.is_symlink() {
                    return Ok(at);
                }
                at
            }
            // What lies outside may be a link that leads back.
            Err(ReadError::OutsideRoot) => self.root.join(path),
            Err(error) => return Err(error),
        };
        let real = fs::canonicalize(at).map_err(ReadError::from_io)?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(ReadError::OutsideRoot) }
    }

    /// [`Workspace::real_path`] of the folder at a normalised path, asked of the system once.
    pub(super) fn real_folder(&self, path: &str) -> Result<PathBuf, ReadError> {
        self.folders.get_or_make(path, || self.plain_path(path).map_or_else(|| self.resolve(path), Ok))
    }

    /// Where `path` lies, when the listing of its folder says that it is there and no link, so that the system need not be asked.
    fn plain_path(&self, path: &str) -> Option<PathBuf> {
        if path.is_empty() || !matches!(self.listed(path), Listed::Present(_)) {
            return None;
        }
        let folder = parent(path);
        Some(self.real_folder(folder).ok()?.join(below(path, folder).unwrap_or(path)))
    }

    pub(super) fn kind_on_disk(&self, path: &str) -> Option<Kind> {
        match self.listed(path) {
            Listed::Absent => None,
            Listed::Present(kind) => Some(kind),
            Listed::Unknown => self.kind_beyond_listing(path),
        }
    }

    /// What stands at `path` where the listing of its folder cannot tell.
    pub(super) fn kind_beyond_listing(&self, path: &str) -> Option<Kind> {
        let metadata = fs::metadata(self.real_path(path).ok()?).ok()?;
        Some(match metadata {
            metadata if metadata.is_file() => Kind::File,
            metadata if metadata.is_dir() => Kind::Directory,
            _ => Kind::Other,
        })
    }

    /// Reads the file at `path`. Where its folder says that it is a regular file it is opened at once, but not through a link
    /// that took its place since.
    pub(super) fn read_from_disk(&self, path: &str) -> Result<OnDisk, ReadError> {
        if self.is_absent(path) {
            return Err(ReadError::NotFound);
        }
        if self.listed(path) == Listed::Present(Kind::File)
            && let Ok(folder) = self.real_folder(parent(path))
            && let Some((file, metadata)) = open_regular(&folder.join(below(path, parent(path)).unwrap_or(path)))
        {
            return read_open(file, &metadata, path, true);
        }
        let real = self.real_path(path)?;
        // Asked before opening, which would wait for a writer at a pipe.
        if !fs::metadata(&real).map_err(ReadError::from_io)?.is_file() {
            return Err(ReadError::NotAFile);
        }
        let file = File::open(&real).map_err(ReadError::from_io)?;
        let metadata = file.metadata().map_err(ReadError::from_io)?;
        read_open(file, &metadata, path, false)
    }
}

/// Opens what is a regular file and no link; `None` when it is something else, or the system cannot tell beforehand.
#[cfg(unix)]
fn open_regular(path: &Path) -> Option<(File, Metadata)> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path).ok()?;
    let metadata = file.metadata().ok().filter(Metadata::is_file)?;
    Some((file, metadata))
}

#[cfg(not(unix))]
fn open_regular(_: &Path) -> Option<(File, Metadata)> {
    None
}

fn read_open(mut file: File, metadata: &Metadata, path: &str, is_plain: bool) -> Result<OnDisk, ReadError> {
    let now = SystemTime::now();
    if !metadata.is_file() {
        return Err(ReadError::NotAFile);
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge { bytes: metadata.len() });
    }
    // One byte more than there should be: a reading that leaves it has found the end.
    let mut bytes = vec![0; metadata.len() as usize + 1];
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadError::from_io(error)),
        }
        if length > 0 && length as u64 == metadata.len() {
            break;
        }
    }
    bytes.truncate(length);
    // It has grown meanwhile.
    if length as u64 > metadata.len() {
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(ReadError::from_io)?;
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge { bytes: bytes.len() as u64 });
    }
    let seen = is_plain.then(|| Seen::at(metadata, now));
    Ok(OnDisk { source: Arc::new(SourceFile::new(path, bytes)), seen })
}
