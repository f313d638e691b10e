//! Which roots a path is about.

use std::path::{Component, Path, PathBuf};

use super::super::journal::Journal;

/// What a command is about: the folder or file that was named, or the working directory.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Absolute and without links.
    pub path: PathBuf,
    /// Whether a person named it. Else what was changed together is undone together, though a part lies elsewhere.
    pub named: bool,
}

impl Place {
    /// The place that `path` names; it need not exist any more. `None` when not even its folder does.
    pub fn new(path: Option<&Path>, cwd: &Path) -> Option<Self> {
        let Some(path) = path else { return Some(Self { path: cwd.to_owned(), named: false }) };
        let path = cwd.join(path);
        let real =
            path.canonicalize().ok().or_else(|| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?)));
        Some(Self { path: real?, named: true })
    }

    /// The roots with a journal that the place lies in, the nearest first, and those that lie in it.
    pub fn roots(&self, state: &Path) -> Vec<PathBuf> {
        let has_records = |root: &&Path| Journal::of(state, root).exists();
        let mut roots: Vec<PathBuf> = self.path.ancestors().filter(has_records).map(Path::to_owned).collect();
        roots.extend(
            Journal::roots(state).into_iter().filter(|root| root.starts_with(&self.path) && *root != self.path),
        );
        roots
    }

    /// Whether the file at `path` below `root` is meant.
    pub fn covers(&self, root: &Path, path: &str) -> bool {
        !self.named || root.join(path).starts_with(&self.path)
    }

    /// The root to which what lies here belongs: the nearest folder with `.git`, else the working directory when the place lies
    /// below it, else the folder itself. As discovery has it.
    pub fn root(&self, cwd: &Path) -> PathBuf {
        let folder = if self.path.is_dir() { &self.path } else { self.path.parent().unwrap_or(&self.path) };
        let repository = folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        repository.map_or_else(|| if folder.starts_with(cwd) { cwd } else { folder }.to_owned(), Path::to_owned)
    }
}

/// `path` below `root` with `/`; `None` when it lies elsewhere or is no text.
pub(super) fn below(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components().map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
}
