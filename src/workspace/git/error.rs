use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Output;

/// So many lines of what git says are told.
const MOST_LINES: usize = 4;

/// Why nobody knows what has changed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program.
    #[error("`git` is not to be found, which knows what has changed; install it, or lint without --changed-since")]
    Missing,
    /// It cannot be started.
    #[error("`git` cannot be started: {0}")]
    Start(std::io::Error),
    /// The folder is not the top of a repository.
    #[error("`{}` is not a git repository, so nobody knows what has changed; run slimlint in a clone, or without --changed-since", .0.display())]
    NotARepository(PathBuf),
    /// It looks like an option.
    #[error("`{0}` is no revision, for it begins with `-`; name a commit, a branch or a tag, such as `origin/main`")]
    Option(String),
    /// It names no commit.
    #[error("`{revision}` names no commit in `{}`{}; fetch it first (`git fetch`), or name another", root.display(), if *.shallow { ", a shallow clone" } else { "" })]
    UnknownRevision {
        /// The repository.
        root: PathBuf,
        /// What was asked for.
        revision: String,
        /// Whether the clone holds only a part of the history.
        shallow: bool,
    },
    /// Nothing was committed yet.
    #[error("there is no commit yet in `{}` to compare `{revision}` with; commit first, or lint without --changed-since", root.display())]
    NoCommit {
        /// The repository.
        root: PathBuf,
        /// What was asked for.
        revision: String,
    },
    /// No common ancestor.
    #[error(
        "{}",
        if *.shallow {
            format!("the shallow clone `{}` lacks the merge base of `{revision}` and HEAD; fetch the history (`git fetch --unshallow`, `fetch-depth: 0` of actions/checkout)", root.display())
        } else {
            format!("`{revision}` and HEAD of `{}` have no commit in common; name a revision of the same history", root.display())
        }
    )]
    NoMergeBase {
        /// The repository.
        root: PathBuf,
        /// What was asked for.
        revision: String,
        /// Whether the clone holds only a part of the history.
        shallow: bool,
    },
    /// It failed otherwise.
    #[error("`git {command}` failed{}", if .said.is_empty() { String::new() } else { format!(": {said}") })]
    Failed {
        /// What was called.
        command: &'static str,
        /// What it said.
        said: String,
    },
}

impl GitError {
    /// Whether it is about one repository only, while others may be told of.
    #[must_use]
    pub fn is_of_one_repository(&self) -> bool {
        match self {
            Self::NotARepository(_)
            | Self::UnknownRevision { .. }
            | Self::NoCommit { .. }
            | Self::NoMergeBase { .. } => true,
            Self::Missing | Self::Start(_) | Self::Option(_) | Self::Failed { .. } => false,
        }
    }
}

pub(super) fn start_error(error: std::io::Error) -> GitError {
    if error.kind() == ErrorKind::NotFound { GitError::Missing } else { GitError::Start(error) }
}

pub(super) fn failed(command: &'static str, output: &Output) -> GitError {
    let said = String::from_utf8_lossy(&output.stderr);
    // The lines behind the first tell what to do.
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(MOST_LINES).collect();
    GitError::Failed { command, said: lines.join(" ").trim_start_matches("fatal: ").to_owned() }
}
