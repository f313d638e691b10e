//! The only writer: puts a plan on disk, all of it or none.
//!
//! Everything that can fail is done before the first file is replaced: checks, temporary files in the folders of their targets,
//! backups. Then the temporary files are renamed; should one rename fail, the files already replaced get their old bytes
//! back and what was created is removed.

mod target;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Plan;
use super::backup::backup_name;
use target::Target;

/// How to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether each file that changes is copied to a backup first.
    pub backup: bool,
    /// The date in the names of backups, see [`backup_date`](super::backup_date).
    pub date: String,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// One for each file of the plan, in its order.
    pub files: Vec<WrittenFile>,
}

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Path relative to the workspace's root, as in the plan.
    pub path: String,
    /// The copy of the file as it was.
    pub backup: Option<PathBuf>,
    /// Whether the file did not exist before.
    pub created: bool,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file is not what was linted.
    #[error("`{}` changed on disk since it was read; nothing was written, run slimlint again", .0.display())]
    Changed(PathBuf),
    /// A file to be created is already there.
    #[error("`{}` appeared since the files were read; nothing was written, run slimlint again", .0.display())]
    Appeared(PathBuf),
    /// The file, or the link that it is, leads out of the root.
    #[error("`{}` lies outside the repository, where nothing is written; nothing was written, run slimlint where it lies", .0.display())]
    OutsideRoot(PathBuf),
    /// The file must not be written.
    #[error("`{}` is read-only; nothing was written, make it writable (`chmod u+w`) or leave it out", .0.display())]
    ReadOnly(PathBuf),
    /// A folder, device, pipe or socket.
    #[error("`{}` is not a regular file; nothing was written", .0.display())]
    NotAFile(PathBuf),
    /// Two paths lead to one file, and its fixes differ.
    #[error("`{}` is reached by two names whose fixes differ; nothing was written, name only one of them", .0.display())]
    TwoNames(PathBuf),
    /// The new file would belong to somebody else.
    #[error("the owner of `{}` cannot be kept ({source}); nothing was written, run slimlint as its owner", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused.
    #[error("`{}` cannot be written ({source}); nothing was written, check the folder's permissions and its free space", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be replaced, and another could not be put back.
    #[error(
        "`{}` could not be replaced ({source}), and `{}` could not be put back ({restore}); take it from its backup or from git",
        path.display(), unrestored.display()
    )]
    HalfWritten {
        /// The file that could not be replaced.
        path: PathBuf,
        /// Why.
        source: io::Error,
        /// The file that has its new bytes still.
        unrestored: PathBuf,
        /// Why.
        restore: io::Error,
    },
}

impl WriteError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// Writes the files of `plan`, which lie below `root`: all of them, or none when there is an error.
///
/// # Errors
/// See [`WriteError`]. After an error the folder is as it was, without temporary files or backups of this run.
pub fn write(root: &Path, plan: &Plan, options: &WriteOptions) -> Result<Written, WriteError> {
    let root = root.canonicalize().map_err(WriteError::io(root))?;
    let targets = target::resolve(&root, &plan.files)?;
    let temporary = targets.iter().map(Target::prepare).collect::<Result<Vec<_>, _>>()?;
    let mut backups = Backups::default();
    for target in &targets {
        backups.add(target, options)?;
    }
    // The journal of a later version is written here, between the last backup and the first rename.
    replace(&targets, temporary)?;
    let files = plan.files.iter().map(|file| {
        let target = targets.iter().find(|target| target.names.contains(&file.path));
        let index = target.and_then(|target| targets.iter().position(|other| std::ptr::eq(other, target)));
        WrittenFile {
            path: file.path.clone(),
            backup: index.and_then(|index| backups.paths.get(index).cloned().flatten()),
            created: file.before.is_none(),
        }
    });
    let written = Written { files: files.collect() };
    backups.keep();
    Ok(written)
}

/// The backups of this run; removed again unless they are kept.
#[derive(Default)]
struct Backups {
    /// One entry for each target.
    paths: Vec<Option<PathBuf>>,
    kept: bool,
}

impl Backups {
    fn add(&mut self, target: &Target<'_>, options: &WriteOptions) -> Result<(), WriteError> {
        let path = match target.before {
            Some(before) if options.backup => {
                let path = create_backup(target, before, &options.date)?;
                Some(path)
            }
            _ => None,
        };
        self.paths.push(path);
        Ok(())
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Backups {
    fn drop(&mut self) {
        if !self.kept {
            for path in self.paths.iter().flatten() {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Copies the bytes to the first name that is free, with the mode and owner of the original.
fn create_backup(target: &Target<'_>, before: &[u8], date: &str) -> Result<PathBuf, WriteError> {
    let name = target.path.file_name().unwrap_or_default().to_string_lossy();
    let copy = target.temporary(before)?;
    let mut copy = Some(copy);
    for number in 1.. {
        let path = target.path.with_file_name(backup_name(&name, date, number));
        let Some(file) = copy.take() else { break };
        // Without replacing: an existing backup is somebody's only copy.
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => copy = Some(error.file),
            Err(error) => return Err(WriteError::Io { path, source: error.error }),
        }
    }
    Err(WriteError::Io { path: target.path.clone(), source: io::ErrorKind::AlreadyExists.into() })
}

/// Renames the temporary files to their targets, and takes that back when one fails.
fn replace(targets: &[Target<'_>], temporary: Vec<NamedTempFile>) -> Result<(), WriteError> {
    for (done, (target, file)) in targets.iter().zip(temporary).enumerate() {
        let result = if target.before.is_some() {
            // Once more, as late as can be: an editor may have saved while the others were prepared.
            target
                .check_unchanged()
                .and_then(|()| file.persist(&target.path).map_err(|error| target.failed(error.error)))
        } else {
            file.persist_noclobber(&target.path).map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => WriteError::Appeared(target.path.clone()),
                _ => target.failed(error.error),
            })
        };
        if let Err(error) = result {
            restore(targets.get(..done).unwrap_or_default(), error)?;
        }
    }
    for target in targets {
        target.sync_folder();
    }
    Ok(())
}

/// Puts back what was replaced, in reverse order; always an error.
fn restore(done: &[Target<'_>], cause: WriteError) -> Result<(), WriteError> {
    let mut unrestored = None;
    for target in done.iter().rev() {
        let result = match target.before {
            Some(before) => target
                .temporary(before)
                .map_err(|error| io::Error::other(error.to_string()))
                .and_then(|file| file.persist(&target.path).map(drop).map_err(|error| error.error)),
            None => fs::remove_file(&target.path),
        };
        if let Err(restore) = result {
            unrestored = Some((target.path.clone(), restore));
        }
    }
    Err(match (unrestored, cause) {
        (Some((unrestored, restore)), WriteError::Io { path, source }) => {
            WriteError::HalfWritten { path, source, unrestored, restore }
        }
        (Some((unrestored, restore)), cause) => {
            let source = io::Error::other(cause.to_string());
            WriteError::HalfWritten { path: unrestored.clone(), source, unrestored, restore }
        }
        (None, cause) => cause,
    })
}

#[cfg(test)]
mod tests;
