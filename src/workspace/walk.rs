use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use crate::context::{IgnoreFile, Matched, Tree, TreeFile};

use super::Workspace;
use super::cache::{Cache, Derived};
use super::names::is_backup;
use super::paths::{normalise, relative};

/// A tree takes no more files than this.
pub const MAX_TREE_FILES: usize = 200_000;

/// Folders deeper than this below the start of a walk are not entered.
pub const MAX_DEPTH: usize = 64;

/// Folders and files that a walk looks at before it stops.
const MAX_VISITED: usize = 2 * MAX_TREE_FILES;

/// Trees kept at a time: each edit of an ignore file makes another.
const MAX_TREES: usize = 256;

/// Folders whose Python files are not the project's own.
const FOREIGN: [&str; 10] = [
    "node_modules",
    ".git",
    ".venv",
    "venv",
    "site-packages",
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".ruff_cache",
];

/// Results of walks by their arguments.
#[derive(Default)]
pub(super) struct Walks {
    trees: Cache<Arc<Tree>>,
    with_overlay: Derived<u64, Arc<Tree>>,
    python: Cache<Arc<Vec<String>>>,
}

impl Walks {
    pub(super) fn clear(&self) {
        self.trees.clear();
        self.with_overlay.clear();
        self.python.clear();
    }
}

impl Workspace {
    /// The files of the build context `context` that `ignore` leaves in it; without one everything, `.git` included.
    ///
    /// Links are not followed and count 0 bytes; devices, pipes and slimlint's backups do not count. At most
    /// [`MAX_TREE_FILES`] files and [`MAX_DEPTH`] levels are walked. A context that is no folder inside the root gives an empty,
    /// incomplete tree. Walked once for as long as no file on disk is forgotten.
    #[must_use]
    pub fn tree(&self, context: &str, ignore: Option<&IgnoreFile>) -> Arc<Tree> {
        let Some(context) = normalise(context) else { return Arc::default() };
        let key = format!("{context}\0{}", ignore.map_or_else(|| "\0".to_owned(), IgnoreFile::fingerprint));
        if self.walks.trees.len() > MAX_TREES {
            self.walks.clear();
        }
        let on_disk = || self.walks.trees.get_or_make(&key, || Arc::new(self.walk_tree(&context, ignore)));
        let same = |known: &u64, now: &u64| known == now;
        self.walks.with_overlay.get_or_make(&key, self.generation(), same, |_| {
            let tree = on_disk();
            let unsaved = self.virtual_tree_files(&context, ignore);
            if unsaved.is_empty() { tree } else { Arc::new(overlaid(&tree, unsaved)) }
        })
    }

    /// The project's own `.py` files below `directory`, sorted, at most `limit`: installed packages, caches and virtual
    /// environments are left out, and links are not followed.
    #[must_use]
    pub fn python_sources(&self, directory: &str, limit: usize) -> Vec<String> {
        let Some(directory) = normalise(directory) else { return Vec::new() };
        let key = format!("{directory}\0{limit}");
        let on_disk = self.walks.python.get_or_make(&key, || Arc::new(self.walk_python(&directory, limit)));
        let mut sources: BTreeSet<String> = BTreeSet::new();
        self.each_virtual(&directory, |rest, file| {
            if is_python(rest) && !rest.split('/').any(|part| FOREIGN.contains(&part)) {
                sources.insert(file.path().to_owned());
            }
        });
        if sources.is_empty() {
            return on_disk.to_vec();
        }
        sources.extend(on_disk.iter().cloned());
        sources.into_iter().take(limit).collect()
    }

    fn walk_tree(&self, context: &str, ignore: Option<&IgnoreFile>) -> Tree {
        if self.is_in_memory() {
            return Tree::new(Vec::new(), self.is_dir(context));
        }
        let Ok(start) = self.real_path(context) else { return Tree::default() };
        let mut walk = TreeWalk { files: Vec::new(), complete: start.is_dir(), folders: vec![Matched::default()] };
        let mut entries = WalkDir::new(&start).min_depth(1).max_depth(MAX_DEPTH).sort_by_file_name().into_iter();
        let mut visited = 0;
        while let Some(entry) = entries.next() {
            visited += 1;
            if visited > MAX_VISITED || walk.files.len() >= MAX_TREE_FILES {
                walk.complete = false;
                break;
            }
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    if !walk.enters(&entry, &start, ignore) {
                        entries.skip_current_dir();
                    }
                }
                Ok(entry) => walk.take(&entry, &start, ignore),
                Err(_) => walk.complete = false,
            }
        }
        Tree::new(walk.files, walk.complete)
    }

    fn walk_python(&self, directory: &str, limit: usize) -> Vec<String> {
        let Ok(start) = self.real_path(directory) else { return Vec::new() };
        let own = |entry: &DirEntry| {
            entry.depth() == 0
                || !entry.file_type().is_dir()
                || !(entry.file_name().to_str().is_some_and(|name| FOREIGN.contains(&name))
                    || entry.path().join("pyvenv.cfg").exists())
        };
        let walk = WalkDir::new(&start).max_depth(MAX_DEPTH).sort_by_file_name().into_iter().filter_entry(own);
        let files = walk.take(MAX_VISITED).flatten().filter(|entry| entry.file_type().is_file());
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let mut sources: Vec<String> = files
            .map(|entry| format!("{prefix}{}", relative(entry.path(), &start)))
            .filter(|path| is_python(path))
            .take(limit)
            .collect();
        sources.sort_unstable();
        sources
    }

    fn virtual_tree_files(&self, context: &str, ignore: Option<&IgnoreFile>) -> BTreeMap<String, u64> {
        let mut files = BTreeMap::new();
        self.each_virtual(context, |path, file| {
            let name = path.rsplit('/').next().unwrap_or(path);
            if !is_backup(name) && !ignore.is_some_and(|ignore| ignore.excluded(path)) {
                files.insert(path.to_owned(), file.bytes().len() as u64);
            }
        });
        files
    }
}

struct TreeWalk {
    files: Vec<TreeFile>,
    complete: bool,
    /// What the ignore file says of the folders above the present entry, by depth.
    folders: Vec<Matched>,
}

impl TreeWalk {
    fn enters(&mut self, entry: &DirEntry, start: &Path, ignore: Option<&IgnoreFile>) -> bool {
        if let Some(ignore) = ignore {
            let path = relative(entry.path(), start);
            let matched = ignore.enter(self.parent(entry), &path);
            if ignore.prunes_matched(&matched, &path) {
                return false;
            }
            self.folders.truncate(entry.depth());
            self.folders.push(matched);
        }
        self.complete &= entry.depth() < MAX_DEPTH;
        true
    }

    fn take(&mut self, entry: &DirEntry, start: &Path, ignore: Option<&IgnoreFile>) {
        let kind = entry.file_type();
        if !(kind.is_file() || kind.is_symlink()) || is_backup(&entry.file_name().to_string_lossy()) {
            return;
        }
        let path = relative(entry.path(), start);
        if ignore.is_some_and(|ignore| ignore.excluded_in(self.parent(entry), &path)) {
            return;
        }
        let bytes = if kind.is_file() { entry.metadata().ok().map(|metadata| metadata.len()) } else { Some(0) };
        self.complete &= bytes.is_some();
        self.files.push(TreeFile { path, bytes: bytes.unwrap_or_default() });
    }

    fn parent(&self, entry: &DirEntry) -> &Matched {
        const TOP: &Matched = &Matched::NONE;
        self.folders.get(entry.depth() - 1).unwrap_or(TOP)
    }
}

fn is_python(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "py")
}

/// `tree` with the files of `unsaved` (path and bytes) in the place of those on disk.
fn overlaid(tree: &Tree, mut unsaved: BTreeMap<String, u64>) -> Tree {
    let mut files = tree.files.clone();
    for file in &mut files {
        file.bytes = unsaved.remove(&file.path).unwrap_or(file.bytes);
    }
    files.extend(unsaved.into_iter().map(|(path, bytes)| TreeFile { path, bytes }));
    Tree::new(files, tree.complete)
}

#[cfg(test)]
mod tests;
