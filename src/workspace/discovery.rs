//! Dockerfiles found from the paths that a person gave.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Workspace;
use super::paths::{normalise, relative};

mod search;
mod template;

use search::{Search, canonical, not_unicode, problem};
pub use template::is_template;

/// Dockerfiles found from the paths a person gave.
#[derive(Debug, Default)]
pub struct Discovery {
    /// One workspace per root, by root, with the paths of its Dockerfiles relative to it, sorted.
    pub workspaces: Vec<(Workspace, Vec<String>)>,
    /// By root, the files that were named and are no Dockerfiles. Each of these roots is one of a workspace, which may have no other
    /// Dockerfiles.
    pub feeds: BTreeMap<PathBuf, Feeds>,
    /// What could not be taken, in the order met.
    pub problems: Vec<DiscoveryProblem>,
}

/// Files that builds read, and the Dockerfiles among which to look for those builds. Paths are relative to the root and sorted.
#[derive(Debug, Default)]
pub struct Feeds {
    /// What was named.
    pub files: Vec<String>,
    /// Every Dockerfile of the workspace that a walk finds.
    pub dockerfiles: Vec<String>,
}

/// A path that gave no Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryProblem {
    /// The path as given, or as found below one that was.
    pub path: PathBuf,
    /// What is the matter.
    pub kind: ProblemKind,
}

/// Why a path gave no Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// It does not exist (an error).
    #[error("there is no such file or folder; check its spelling")]
    Missing,
    /// A device, pipe or socket (an error).
    #[error("it is neither a file nor a folder; name a Dockerfile or a folder")]
    NotAFile,
    /// The system refused, or the name is not Unicode (an error).
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// A link in it leads out of the repository (an error).
    #[error(
        "a link in this path leads out of the repository; name the path that it leads to, when that is what you mean"
    )]
    LeadsOut,
    /// A folder without a Dockerfile (a note).
    #[error("no Dockerfile lies in this folder; name the file if it has another name")]
    NoDockerfiles,
    /// A template, left out (a note).
    #[error("a template is not a Dockerfile yet; name it to lint it all the same")]
    Template,
}

impl ProblemKind {
    /// Whether it is an error rather than a note.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Missing | Self::NotAFile | Self::LeadsOut | Self::Unreadable(_))
    }
}

/// Finds the Dockerfiles in `paths`, relative to `cwd` or absolute; without any, in `cwd`.
///
/// A file is taken whatever its name. A compose or bake file in which Dockerfiles stand counts as one. A folder is walked with hidden folders, without what `.gitignore` leaves out, `.git`,
/// `node_modules`, links and slimlint's backups. A file belongs to the workspace of the nearest folder above it with `.git`, else to
/// that of `cwd` when it lies below, else to that of its own folder.
#[must_use]
pub fn discover(paths: &[PathBuf], cwd: &Path) -> Discovery {
    Search::new(cwd).run(paths, |_, _, _| true)
}

/// As [`discover`], with those that `keep` takes: it is asked with the workspace, the path in it, and whether that was named. A file
/// whose name says that builds read it ([`feeds_builds`](super::feeds_builds)) is not taken for a Dockerfile but for one of [`Discovery::feeds`].
pub fn discover_where(paths: &[PathBuf], cwd: &Path, keep: impl FnMut(&Workspace, &str, bool) -> bool) -> Discovery {
    Search::new(cwd).with_feeds().run(paths, keep)
}

/// The workspace in which `bytes` are the file at `path`, relative to `cwd` or absolute, and that path in it. Neither the
/// file nor its folder need exist, and nothing is written.
///
/// # Errors
/// When the path is that of a folder, or cannot be one of a file.
pub fn with_text(path: &Path, cwd: &Path, bytes: Vec<u8>) -> Result<(Workspace, String), ProblemKind> {
    let (root, file) = place(path, cwd)?;
    let workspace = Workspace::open(&root).map_err(|_| ProblemKind::Missing)?;
    workspace.set_overlay(&file, Some(bytes));
    Ok((workspace, file))
}

/// The root of the workspace to which a file at `path`, relative to `cwd` or absolute, belongs, and that path in it. Neither the file nor
/// its folder need exist.
///
/// # Errors
/// When the path is that of a folder, or cannot be one of a file.
pub fn place(path: &Path, cwd: &Path) -> Result<(PathBuf, String), ProblemKind> {
    let mut search = Search::new(cwd);
    let given = path.parent().unwrap_or(path);
    let path = search.cwd.join(path);
    let (Some(folder), Some(_)) = (path.parent(), path.file_name()) else { return Err(ProblemKind::NotAFile) };
    if path.is_dir() {
        return Err(ProblemKind::NotAFile);
    }
    let existing = folder.ancestors().find(|folder| folder.is_dir()).ok_or(ProblemKind::Missing)?;
    let real = canonical(existing).map_err(|error| problem(&error))?;
    search.check_links(given, &real)?;
    let root = search.root(&real);
    let whole = real.join(path.strip_prefix(existing).unwrap_or(&path));
    if whole.to_str().is_none() {
        return Err(not_unicode());
    }
    let file = normalise(&relative(&whole, &root)).filter(|file| !file.is_empty()).ok_or(ProblemKind::NotAFile)?;
    Ok((root, file))
}

#[cfg(test)]
mod tests;
