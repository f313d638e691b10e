//! Fixes: chosen, applied in rounds, verified, and written.
//!
//! [`plan`] works on the workspace's overlay and touches no disk; [`write()`] is the only writer of the program. A fix is made
//! with all of its edits or not at all, and only when the result still says what the edits meant (see [`Violation`]).

mod date;
mod diff;
mod exclude;
mod journal;
mod rounds;
mod select;
mod splice;
#[cfg(test)]
mod testing;
mod undo;
mod verify;
mod write;

pub use date::{backup_date, read_date, shown_date};
pub use exclude::{Exposure, exclude_backups};
pub use journal::{JournalError, state_dir};
pub use splice::SpliceError;
pub(crate) use splice::with_line_ends;
pub use undo::{
    Action, Backup, BackupList, Original, Pruned, RecoverError, Recovered, Restored, Rollback, RollbackError,
    RollbackRequest, is_interrupted, list_backups, plan_rollback, prune, recover,
};
pub use verify::Violation;
pub use write::{WriteError, WriteOptions, Written, WrittenFile, write, write_file};

use std::sync::Arc;

use crate::config::SettingsFor;
use crate::diagnostic::{Applicability, Savings};
use crate::lint::{Report, Sizes, lint_watched};
use crate::text::SourceFile;
use crate::workspace::Workspace;

/// What fixing would do: the files as they would be, and what is left to say about them.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files that change, by path.
    pub files: Vec<FileChange>,
    /// The report on the files as they would be.
    pub remaining: Report,
    /// Fixes that were dropped because their result would not have been what they meant: bugs in slimlint.
    pub rejected: Vec<Rejected>,
    /// How many rounds changed something.
    pub rounds: usize,
    /// How many fixes are in the result. One that changes two files counts once.
    pub fixed: usize,
}

/// One file that changes.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// Path relative to the workspace's root.
    pub path: String,
    /// The file as it was read; `None` when it is created.
    pub before: Option<Arc<SourceFile>>,
    /// The bytes it would have.
    pub after: Vec<u8>,
    /// The fixes that change it, in the order they were made.
    pub fixes: Vec<AppliedFix>,
}

/// A fix that is part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedFix {
    /// The rule whose finding it removes.
    pub rule: &'static str,
    /// What it does.
    pub title: String,
    /// The bytes that the finding was about.
    pub savings: Option<Savings>,
}

/// A fix that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The rule it belongs to.
    pub rule: &'static str,
    /// What it would have done.
    pub title: String,
    /// The file whose result was wrong.
    pub file: String,
    /// What was wrong.
    pub reason: RejectReason,
}

/// Why a fix was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// Its edits make no sense.
    #[error(transparent)]
    Splice(#[from] SpliceError),
    /// Its result means something else.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// It brings its own finding back, or another fix undoes it.
    #[error("fixing does not come to an end")]
    Endless,
}

/// Plans the fixes of the Dockerfiles at `paths` whose applicability is at least `threshold`. The workspace is left as it was.
#[must_use]
pub fn plan(workspace: &Workspace, paths: &[String], settings: &impl SettingsFor, threshold: Applicability) -> Plan {
    rounds::run(workspace, paths, threshold, &|workspace| lint_watched(workspace, paths, settings, Sizes::None, &|| {}))
}

/// As [`plan`], with `report` in the place of the linter.
#[must_use]
pub fn plan_with(
    workspace: &Workspace,
    paths: &[String],
    threshold: Applicability,
    report: impl Fn(&Workspace) -> Report,
) -> Plan {
    rounds::run(workspace, paths, threshold, &report)
}

#[cfg(test)]
mod tests;
