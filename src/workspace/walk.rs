use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::context::{IgnoreFile, Matched, Tree, TreeFile};

use super::Workspace;
use super::cache::{Cache, Derived};
use super::listing::{Kind, Listing, join};
use super::names::is_backup;
use super::paths::normalise;

/// A tree takes no more files than this.
pub const MAX_TREE_FILES: usize = 200_000;

/// Folders deeper than this below the start of a walk are not entered.
pub const MAX_DEPTH: usize = 64;

/// Folders and files that a walk looks at before it stops.
const MAX_VISITED: usize = 2 * MAX_TREE_FILES;

/// From so many files on their bytes are asked for on all cores.
const MANY: usize = 256;

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
        let complete = start.is_dir();
        let mut walk =
            TreeWalk { workspace: self, ignore, files: Vec::new(), unmeasured: Vec::new(), complete, visited: 0 };
        walk.folder(context, "", &Matched::NONE, 1);
        walk.measure();
        Tree::new(walk.files, walk.complete)
    }

    fn walk_python(&self, directory: &str, limit: usize) -> Vec<String> {
        let mut walk = PythonWalk { workspace: self, limit, sources: Vec::new(), visited: 0 };
        walk.folder(directory, 1);
        walk.sources.sort_unstable();
        walk.sources
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

/// Files of a folder whose bytes are still to be asked for.
struct Unmeasured {
    directory: String,
    listing: Arc<Listing>,
    /// Their places in the listing and in [`TreeWalk::files`].
    places: Vec<(usize, usize)>,
}

struct TreeWalk<'w> {
    workspace: &'w Workspace,
    ignore: Option<&'w IgnoreFile>,
    files: Vec<TreeFile>,
    unmeasured: Vec<Unmeasured>,
    complete: bool,
    visited: usize,
}

impl TreeWalk<'_> {
    /// Walks `directory`, which is `path` below the context, `depth` levels down. `matched` is what the ignore file says of it.
    fn folder(&mut self, directory: &str, path: &str, matched: &Matched, depth: usize) {
        let listing = self.workspace.listing(directory);
        self.complete &= listing.complete;
        let mut unmeasured = Vec::new();
        for (at, (entry, kind)) in listing.entries.iter().zip(&listing.kinds).enumerate() {
            self.visited += 1;
            if self.visited > MAX_VISITED || self.files.len() >= MAX_TREE_FILES {
                self.complete = false;
                break;
            }
            let below = join(path, &entry.name);
            match kind {
                Some(Kind::Directory) => {
                    let matched = self.ignore.map(|ignore| ignore.enter(matched, &below)).unwrap_or_default();
                    if self.ignore.is_some_and(|ignore| ignore.prunes_matched(&matched, &below)) {
                        continue;
                    }
                    self.complete &= depth < MAX_DEPTH;
                    if depth < MAX_DEPTH {
                        self.folder(&join(directory, &entry.name), &below, &matched, depth + 1);
                    }
                }
                Some(Kind::Other) => {}
                Some(Kind::File) | None => {
                    if is_backup(&entry.name) || self.ignore.is_some_and(|ignore| ignore.excluded_in(matched, &below)) {
                        continue;
                    }
                    if kind.is_some() {
                        unmeasured.push((at, self.files.len()));
                    }
                    self.files.push(TreeFile { path: below, bytes: 0 });
                }
            }
        }
        self.unmeasured.push(Unmeasured { directory: directory.to_owned(), listing, places: unmeasured });
    }

    /// Asks for the bytes of the files.
    fn measure(&mut self) {
        let workspace = self.workspace;
        let bytes_in = |folder: &Unmeasured| -> Vec<Option<u64>> {
            let places = folder.places.iter();
            places.map(|&(at, _)| workspace.listed_bytes(&folder.directory, &folder.listing, at)).collect()
        };
        let folders = std::mem::take(&mut self.unmeasured);
        // A thread of the pool that waits takes up other work, which could ask for this very tree.
        let is_alone = rayon::current_thread_index().is_none() && self.files.len() >= MANY;
        let found: Vec<Vec<Option<u64>>> =
            if is_alone { folders.par_iter().map(bytes_in).collect() } else { folders.iter().map(bytes_in).collect() };
        for ((_, place), bytes) in folders.iter().flat_map(|folder| &folder.places).zip(found.into_iter().flatten()) {
            self.complete &= bytes.is_some();
            if let Some(file) = self.files.get_mut(*place) {
                file.bytes = bytes.unwrap_or_default();
            }
        }
    }
}

struct PythonWalk<'w> {
    workspace: &'w Workspace,
    limit: usize,
    sources: Vec<String>,
    visited: usize,
}

impl PythonWalk<'_> {
    fn folder(&mut self, directory: &str, depth: usize) {
        let listing = self.workspace.listing(directory);
        // A virtual environment, whatever it is called.
        if depth > 1 && listing.place("pyvenv.cfg").is_ok() {
            return;
        }
        for (entry, kind) in listing.entries.iter().zip(&listing.kinds) {
            self.visited += 1;
            if self.visited > MAX_VISITED || self.sources.len() >= self.limit {
                return;
            }
            match kind {
                Some(Kind::Directory) if depth < MAX_DEPTH && !FOREIGN.contains(&entry.name.as_str()) => {
                    self.folder(&join(directory, &entry.name), depth + 1);
                }
                Some(Kind::File) if is_python(&entry.name) => self.sources.push(join(directory, &entry.name)),
                _ => {}
            }
        }
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
