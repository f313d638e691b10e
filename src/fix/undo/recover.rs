//! Runs that were killed.

use std::io;
use std::path::{Path, PathBuf};

use super::super::journal::{Journal, JournalError, Locked};
use super::super::write::{Settled, settle};

/// What became of a run that was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// Everything was in its place; the run counts as done.
    Completed,
    /// The files are as they were before it, but for those that somebody has changed since.
    Undone {
        /// Which those are, relative to the root.
        kept: Vec<String>,
    },
}

/// Why a run that was killed could not be put in order.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be put back.
    #[error(
        "an earlier run was interrupted, and `{}` cannot be put back ({source}); nothing was lost: what it held is beside it, or in git",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Whether a run below `root` was killed and has not been put in order. A run that is going on was not killed.
#[must_use]
pub fn is_interrupted(root: &Path, state: Option<&Path>) -> bool {
    let journal = state.map(|state| Journal::of(state, root));
    journal.is_some_and(|journal| journal.has_pending() && !journal.is_busy())
}

/// Puts in order what a killed run left below `root`; `None` when there was none.
///
/// # Errors
/// When the journal or a file cannot be used. Trying again does no harm.
pub fn recover(root: &Path, state: Option<&Path>) -> Result<Option<Recovered>, RecoverError> {
    let Some(state) = state else { return Ok(None) };
    let journal = Journal::of(state, root);
    if !journal.has_pending() {
        return Ok(None);
    }
    let locked = journal.lock(root)?;
    recover_locked(root, &locked)
}

pub(super) fn recover_locked(root: &Path, locked: &Locked) -> Result<Option<Recovered>, RecoverError> {
    let Some(run) = locked.journal.pending()? else { return Ok(None) };
    let settled =
        settle(root, &run, true).map_err(|(path, source)| RecoverError::File { path: root.join(path), source })?;
    let ended = match settled {
        Settled::Completed => locked.end(&run),
        Settled::Undone { .. } => locked.drop_pending(),
    };
    ended.map_err(|source| JournalError::Io { path: locked.journal.path(), source })?;
    Ok(Some(match settled {
        Settled::Completed => Recovered::Completed,
        Settled::Undone { kept } => Recovered::Undone { kept },
    }))
}
