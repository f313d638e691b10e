use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rayon::prelude::*;

use crate::context::{IgnoreFile, Matched, Tree, TreeFile};

use super::Workspace;
use super::cache::Cache;
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

/// Fewer folders than these are not worth more than one core.
const FEW_FOLDERS: usize = 8;

/// Trees kept at a time: each edit of an ignore file makes another.
const MAX_TREES: usize = 256;

/// Folders whose Python files are not the project's own.
const FOREIGN: [&str; 11] = [
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
    ".ipynb_checkpoints",
];

/// Results of walks by their arguments.
#[derive(Default)]
pub(super) struct Walks {
    trees: Cache<Arc<Tree>>,
    with_overlay: RwLock<HashMap<String, Overlaid>>,
    python: Cache<Arc<Vec<String>>>,
}

/// A tree with the sizes of what is unsaved.
struct Overlaid {
    generation: u64,
    names: u64,
    tree: Arc<Tree>,
}

impl Walks {
    pub(super) fn clear(&self) {
        self.trees.clear();
        self.with_overlay.write().unwrap_or_else(PoisonError::into_inner).clear();
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
        let (generation, names) = (self.generation(), self.names());
        let kept = self.walks.with_overlay.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get(&key).filter(|kept| kept.generation == generation) {
            return Arc::clone(&kept.tree);
        }
        drop(kept);
        let unsaved = self.virtual_tree_files(&context, ignore);
        let mut kept = self.walks.with_overlay.write().unwrap_or_else(PoisonError::into_inner);
        // While a text is typed, nothing but its size changes.
        if let Some(kept) = kept.get_mut(&key)
            && kept.names == names
            && let Some(tree) = Arc::get_mut(&mut kept.tree)
            && resize(tree, &unsaved)
        {
            kept.generation = generation;
            return Arc::clone(&kept.tree);
        }
        drop(kept);
        let tree = self.walks.trees.get_or_make(&key, || Arc::new(self.walk_tree(&context, ignore)));
        let tree = if unsaved.is_empty() { tree } else { Arc::new(overlaid(&tree, unsaved)) };
        let made = Overlaid { generation, names, tree: Arc::clone(&tree) };
        self.walks.with_overlay.write().unwrap_or_else(PoisonError::into_inner).insert(key, made);
        tree
    }

    /// The project's own `.py` files below `directory`, sorted, at most `limit`: installed packages, caches and virtual
    /// environments are left out, and links are not followed.
    #[must_use]
    pub fn python_sources(&self, directory: &str, limit: usize) -> Arc<Vec<String>> {
        let Some(directory) = normalise(directory) else { return Arc::default() };
        let key = format!("{directory}\0{limit}");
        let on_disk = self.walks.python.get_or_make(&key, || Arc::new(self.walk_python(&directory, limit)));
        let mut sources: BTreeSet<String> = BTreeSet::new();
        self.each_virtual(&directory, |rest, file| {
            if is_python(rest) && !rest.split('/').any(|part| FOREIGN.contains(&part)) {
                sources.insert(file.path().to_owned());
            }
        });
        if sources.is_empty() {
            return on_disk;
        }
        sources.extend(on_disk.iter().cloned());
        Arc::new(sources.into_iter().take(limit).collect())
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
        self.list_ahead(directory, limit);
        let mut walk = PythonWalk { workspace: self, limit, sources: Vec::new(), visited: 0 };
        walk.folder(directory, 1);
        walk.sources.sort_unstable();
        walk.sources
    }

    /// Lists the folders below `directory` that a walk for Python files enters, on all cores, until there are more than `limit` files.
    fn list_ahead(&self, directory: &str, limit: usize) {
        // A thread of the pool that waits takes up other work, which could ask for what this one is making.
        if self.is_in_memory() || rayon::current_thread_index().is_some() {
            return;
        }
        let mut folders = vec![directory.to_owned()];
        let mut files = 0;
        for _ in 0..MAX_DEPTH {
            let listings: Vec<Arc<Listing>> = if folders.len() < FEW_FOLDERS {
                folders.iter().map(|folder| self.listing(folder)).collect()
            } else {
                folders.par_iter().map(|folder| self.listing(folder)).collect()
            };
            let found = folders.iter().zip(&listings);
            let below = found.flat_map(|(folder, listing)| {
                let folders =
                    listing.entries.iter().zip(&listing.kinds).filter(|(entry, kind)| {
                        **kind == Some(Kind::Directory) && !FOREIGN.contains(&entry.name.as_str())
                    });
                folders.map(move |(entry, _)| join(folder, &entry.name))
            });
            files += listings.iter().map(|listing| listing.entries.len()).sum::<usize>();
            folders = below.collect();
            if folders.is_empty() || files > limit {
                return;
            }
        }
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

/// Gives the files of `unsaved` (path and bytes) their sizes; whether all of them are there.
fn resize(tree: &mut Tree, unsaved: &BTreeMap<String, u64>) -> bool {
    unsaved.iter().all(|(path, bytes)| {
        let place = tree.files.binary_search_by(|file| file.path.cmp(path));
        let file = place.ok().and_then(|place| tree.files.get_mut(place));
        file.is_some_and(|file| {
            file.bytes = *bytes;
            true
        })
    })
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
