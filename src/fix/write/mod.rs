//! The only writer: puts a plan on disk, all of it or none.
//!
//! Everything that can fail is done before the first file is replaced: checks, new files beside their targets, backups. What
//! fails after that is undone. A run that is killed is undone by the next one, from the [journal](super::journal).

mod folder;
mod settle;
mod target;
mod transaction;

#[cfg(test)]
pub(super) use folder::fault;
pub(super) use folder::{Folder, Found, Likeness, Stamp, hexadecimal};
pub(super) use settle::{Settled, settle};
pub(super) use transaction::{Change, perform};

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::Plan;
use super::journal::{Journal, JournalError, Locked};

/// How to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether each file that changes is copied to a backup first.
    pub backup: bool,
    /// The date in the names of backups, see [`backup_date`](super::backup_date).
    pub date: String,
    /// Nanoseconds since 1970; the same for everything that one call of the program writes.
    pub time: u64,
    /// Where the journal is kept, see [`state_dir`](super::state_dir); without it there is none.
    pub state: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    /// One for each file of the plan, in its order.
    pub files: Vec<WrittenFile>,
    /// Why the run is not in the journal, when it is not.
    pub unrecorded: Option<JournalError>,
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
    /// A run that was killed has not been put in order yet.
    #[error("an earlier run below `{}` was interrupted; nothing was written, run `slimlint rollback` there first", .0.display())]
    Interrupted(PathBuf),
    /// Another run is writing, or its record cannot be read.
    #[error(transparent)]
    Busy(JournalError),
    /// The journal cannot be written.
    #[error("the journal cannot be written ({0}); nothing was written")]
    Journal(io::Error),
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
        "{cause}; but `{}` could not be put back ({restore}): `slimlint rollback` tries again, else take it from its backup or from git",
        unrestored.display()
    )]
    HalfWritten {
        /// What failed first.
        cause: Box<WriteError>,
        /// The file that has its new bytes still.
        unrestored: PathBuf,
        /// Why.
        restore: io::Error,
    },
}

impl WriteError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| if is_not_a_file(&source) { Self::NotAFile(path) } else { Self::Io { path, source } }
    }
}

/// A folder, device, link or something huge stands where a file was expected.
#[derive(Debug)]
struct NotAFile;

impl fmt::Display for NotAFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("it is not a regular file")
    }
}

impl std::error::Error for NotAFile {}

fn not_a_file() -> io::Error {
    io::Error::other(NotAFile)
}

pub(super) fn is_not_a_file(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<NotAFile>)
}

/// Writes the files of `plan`, which lie below `root`: all of them, or none when there is an error.
///
/// Where there is no journal to write to, the files are written all the same: each is replaced in one step and has its backup, so
/// nothing can be lost; only a run that is killed in between is not undone by the next.
///
/// # Errors
/// See [`WriteError`]. After an error the folder is as it was, without temporary files or backups of this run.
pub fn write(root: &Path, plan: &Plan, options: &WriteOptions) -> Result<Written, WriteError> {
    let root = root.canonicalize().map_err(WriteError::io(root))?;
    let (locked, mut unrecorded) = lock(&root, options.state.as_deref())?;
    let targets = target::resolve(&root, &plan.files)?;
    let changes: Vec<Change> = targets.iter().map(|target| target.change(options.backup)).collect();
    let run = match perform(&root, &changes, locked.as_ref(), options, true) {
        Err(WriteError::Journal(source)) => {
            let path = options.state.clone().unwrap_or_default();
            unrecorded = Some(JournalError::Io { path, source });
            perform(&root, &changes, None, options, true)?
        }
        run => run?,
    };
    let files = plan.files.iter().map(|file| {
        let target = targets.iter().find(|target| target.names.contains(&file.path));
        let entry = target.and_then(|target| run.files.iter().find(|entry| entry.path == target.path));
        let backup = entry.and_then(|entry| Some(root.join(entry.folder()).join(entry.backup.as_ref()?)));
        WrittenFile { path: file.path.clone(), backup, created: file.before.is_none() }
    });
    Ok(Written { files: files.collect(), unrecorded })
}

/// Writes one file of slimlint's own at `path` below `root`, in one step and through no link that leads out of it; `before` is what it
/// was read as, `None` when it is created. There is no backup, and `rollback` does not know of it.
///
/// # Errors
/// See [`WriteError`]. After an error the file is as it was.
pub fn write_file(root: &Path, path: &str, before: Option<&[u8]>, after: &[u8]) -> Result<(), WriteError> {
    if before == Some(after) {
        return Ok(());
    }
    let root = root.canonicalize().map_err(WriteError::io(root))?;
    let change = Change {
        path: path.to_owned(),
        before: before.map(<[u8]>::to_vec),
        after: Some(after.to_vec()),
        backup: false,
        likeness: None,
    };
    let options = WriteOptions { backup: false, date: String::new(), time: 0, state: None };
    perform(&root, &[change], None, &options, false).map(|_| ())
}

/// The lock on the root's journal, or why there is none.
pub(super) fn lock(root: &Path, state: Option<&Path>) -> Result<(Option<Locked>, Option<JournalError>), WriteError> {
    let Some(state) = state else { return Ok((None, Some(JournalError::Nowhere))) };
    match Journal::of(state, root).lock(root) {
        Ok(locked) if locked.journal.has_pending() => Err(WriteError::Interrupted(root.to_owned())),
        Ok(locked) => Ok((Some(locked), None)),
        Err(error @ JournalError::Io { .. }) => Ok((None, Some(error))),
        Err(error) => Err(WriteError::Busy(error)),
    }
}

#[cfg(test)]
mod tests;
