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
    #[error("`{revision}` names no commit here{}; fetch it first (`git fetch`), or name another", if *.shallow { ", in a shallow clone" } else { "" })]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// Whether the clone holds only a part of the history.
        shallow: bool,
    },
    /// Nothing was committed yet.
    #[error("there is no commit yet to compare `{0}` with; commit first, or lint without --changed-since")]
    NoCommit(String),
    /// No common ancestor.
    #[error(
        "{}",
        if *.shallow {
            format!("this shallow clone lacks the merge base of `{revision}` and HEAD; fetch the history (`git fetch --unshallow`, `fetch-depth: 0` of actions/checkout)")
        } else {
            format!("`{revision}` and HEAD have no commit in common; name a revision of the same history")
        }
    )]
    NoMergeBase {
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

pub(super) fn start_error(error: std::io::Error) -> GitError {
    if error.kind() == ErrorKind::NotFound { GitError::Missing } else { GitError::Start(error) }
}

pub(super) fn failed(command: &'static str, output: &Output) -> GitError {
    let said = String::from_utf8_lossy(&output.stderr);
    // The lines behind the first tell what to do.
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(MOST_LINES).collect();
    GitError::Failed { command, said: lines.join(" ").trim_start_matches("fatal: ").to_owned() }
}
