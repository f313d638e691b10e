use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::super::Workspace;
use super::super::listing::join;
use super::super::paths::{below, parent, relative};
use super::{Git, GitError};

/// Submodules in submodules that are looked into.
const MAX_SUBMODULE_DEPTH: usize = 8;

/// What has changed below the root since a commit. Paths are relative to the root, with `/`.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The commit that was compared with, abbreviated.
    pub base: String,
    /// Files that differ, are gone or are new, both names of those that were renamed.
    files: BTreeSet<String>,
    /// Folders of which only as a whole it is known that they changed: submodules, repositories inside this one.
    folders: BTreeSet<String>,
    /// What the files held before; links and the largest files are not among them.
    before: BTreeMap<String, Vec<u8>>,
    /// Files that are no more.
    gone: BTreeSet<String>,
    /// Files that were not there before.
    new: BTreeSet<String>,
    /// Whether the files held more before than is looked into.
    is_vast: bool,
}

impl Changes {
    /// For tests and for those who know without git what changed: each file with what it held before, if it was there.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = (String, Option<Vec<u8>>)>) -> Self {
        let mut changes = Self::default();
        for (path, before) in files {
            match before {
                Some(bytes) => drop(changes.before.insert(path.clone(), bytes)),
                None => drop(changes.new.insert(path.clone())),
            }
            changes.files.insert(path);
        }
        changes
    }

    /// The files, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Folders in which anything may have changed.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    /// Whether the file at `path` may have changed.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        self.files.contains(path) || self.folders.iter().any(|folder| below(path, folder).is_some())
    }

    /// Whether the file at `path`, absolute, lies in `workspace`, which these are the changes of, and may have changed.
    #[must_use]
    pub fn holds_at(&self, workspace: &Workspace, path: &Path) -> bool {
        path.starts_with(workspace.root()) && self.holds(&relative(path, workspace.root()))
    }

    /// Whether so much has changed that nobody looks how it was.
    #[must_use]
    pub fn are_vast(&self) -> bool {
        self.is_vast
    }

    /// What a file held before.
    #[must_use]
    pub fn before(&self, path: &str) -> Option<&[u8]> {
        self.before.get(path).map(Vec::as_slice)
    }
}

impl Workspace {
    /// What has changed since the merge base of `revision` and HEAD: what is committed since, staged, changed, and new without being
    /// ignored. This is what a pull request changes, whatever the other branch has got meanwhile.
    ///
    /// # Errors
    /// When there is no git, no repository at the root, no such revision, or no merge base.
    pub fn changes_since(&self, revision: &str) -> Result<Changes, GitError> {
        if revision.starts_with('-') {
            return Err(GitError::Option(revision.to_owned()));
        }
        if self.is_in_memory() {
            return Err(GitError::NotARepository(self.root.clone()));
        }
        let mut git = Git { root: &self.root, settings: Vec::new() };
        git.check_repository()?;
        git.settings = git.no_filters()?;
        let base = git.merge_base(revision)?;
        let mut changes = Changes { base: base.get(..10).unwrap_or(&base).to_owned(), ..Changes::default() };
        let mut differences = git.differences(&base)?;
        let same = git.unchanged(&differences);
        differences.retain(|difference| !same.contains(&difference.path));
        for difference in &differences {
            let kind = if difference.is_submodule { &mut changes.folders } else { &mut changes.files };
            kind.insert(difference.path.clone());
        }
        for path in git.untracked()? {
            match path.strip_suffix('/') {
                Some(folder) => changes.folders.insert(folder.to_owned()),
                None => changes.files.insert(path),
            };
        }
        let inside = git.submodules()?.into_iter().filter(|path| !changes.folders.contains(path));
        let changed: Vec<String> =
            inside.filter(|path| has_changed_inside(&self.root.join(path), MAX_SUBMODULE_DEPTH)).collect();
        changes.folders.extend(changed);
        match git.old_texts(&differences)? {
            Some(texts) => changes.before = texts,
            None => changes.is_vast = true,
        }
        let is_gone = |path: &String| fs::symlink_metadata(self.root.join(path)).is_err();
        changes.gone = changes.files.iter().filter(|path| is_gone(path)).cloned().collect();
        let old: BTreeSet<&String> =
            differences.iter().filter(|one| one.object.is_some()).map(|one| &one.path).collect();
        changes.new = changes.files.iter().filter(|path| !old.contains(path)).cloned().collect();
        Ok(changes)
    }

    /// The files as they were before: what is new is not there, and what is no more is. Links are as they are, and so are files that are too
    /// large to be looked into; those of them that are no more are empty. `None` when no file has changed.
    #[must_use]
    pub fn before(&self, changes: &Changes) -> Option<Self> {
        if changes.files.is_empty() {
            return None;
        }
        let before = self.without(&changes.new)?;
        for path in &changes.gone {
            before.set_overlay(path, Some(Vec::new()));
        }
        for (path, bytes) in &changes.before {
            before.set_overlay(path, Some(bytes.clone()));
        }
        Some(before)
    }
}

/// Whether anything in the submodule at `root` is other than its own commit; one where git cannot tell counts as changed. One that is not
/// checked out has nothing in it.
fn has_changed_inside(root: &Path, depth: usize) -> bool {
    if fs::symlink_metadata(root.join(".git")).is_err() {
        return false;
    }
    // Nothing behind a link is in the repository.
    if depth == 0 || fs::canonicalize(root).ok().as_deref() != Some(root) {
        return true;
    }
    let looked = || -> Result<bool, GitError> {
        let mut git = Git { root, settings: Vec::new() };
        git.check_repository()?;
        git.settings = git.no_filters()?;
        let Some(head) = git.commit("HEAD")? else { return Ok(true) };
        let differences = git.differences(&head)?;
        let same = git.unchanged(&differences);
        Ok(differences.iter().any(|difference| !same.contains(&difference.path))
            || !git.untracked()?.is_empty()
            || git.submodules()?.iter().any(|path| has_changed_inside(&root.join(path), depth - 1)))
    };
    looked().unwrap_or(true)
}

/// The files at `paths`, and the folders that hold nothing else: git knows of none that is empty.
pub(in crate::workspace) fn with_their_folders(root: &Path, paths: &BTreeSet<String>) -> BTreeSet<String> {
    let depth = |folder: &str| folder.matches('/').count();
    let above = |path: &str| Some(parent(path)).filter(|folder| !folder.is_empty()).map(str::to_owned);
    let mut all = paths.clone();
    let mut folders: BTreeSet<(usize, String)> =
        paths.iter().filter_map(|path| above(path)).map(|folder| (depth(&folder), folder)).collect();
    // The deepest first.
    while let Some((_, folder)) = folders.pop_last() {
        let is_one = |name: &fs::DirEntry| {
            let name = name.file_name();
            name.to_str().is_some_and(|name| all.contains(&join(&folder, name)))
        };
        let names = fs::read_dir(root.join(&folder));
        if names.is_ok_and(|mut names| names.all(|name| name.is_ok_and(|name| is_one(&name)))) {
            folders.extend(above(&folder).map(|folder| (depth(&folder), folder)));
            all.insert(folder);
        }
    }
    all
}
