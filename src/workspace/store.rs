use std::collections::btree_map::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::text::SourceFile;

use super::cache::Cache;
use super::disk::OnDisk;
use super::git::with_their_folders;
use super::gitignore::{GitignoredFolders, Gitignores};
use super::listing::{Kind, Listed, Listing};
use super::manifests::Manifests;
use super::memo::Memo;
use super::paths::{below, clean, normalise};
use super::refresh::Standing;
use super::walk::Walks;
use super::{ReadError, WorkspaceError};

pub(super) type Files = BTreeMap<String, Arc<SourceFile>>;

/// The files below one root, read once, with unsaved ones in front of those on disk. Shared between threads.
pub struct Workspace {
    /// Canonical, so that resolved links can be compared with it.
    pub(super) root: PathBuf,
    /// `Some` when there is no disk behind the workspace.
    memory: Option<Files>,
    overlay: RwLock<Files>,
    /// Files and folders that count as not there, though they are on disk.
    hidden: BTreeSet<String>,
    /// Counts changes.
    pub(super) generation: AtomicU64,
    /// Counts changes of anything but the text of a Dockerfile.
    pub(super) surroundings: AtomicU64,
    /// Counts changes of which files there are, and of anything on disk: all but texts that were and stay unsaved.
    names: AtomicU64,
    /// The same with texts of `.gitignore` files.
    gitignored: AtomicU64,
    pub(super) files: Cache<Result<OnDisk, ReadError>>,
    /// Where folders lie on disk.
    pub(super) folders: Cache<Result<PathBuf, ReadError>>,
    pub(super) kinds: Cache<Option<Kind>>,
    pub(super) listings: Cache<Arc<Listing>>,
    /// Counts what was asked of the disk for listings that were there.
    looks: AtomicU64,
    pub(super) standing: Mutex<Option<Arc<Standing>>>,
    pub(super) manifests: Manifests,
    pub(super) walks: Walks,
    pub(super) gitignores: Gitignores,
    pub(super) gitignored_folders: GitignoredFolders,
    pub(super) memo: Memo,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without folders. Names that are not Unicode are made readable, and cannot be read.
    pub name: String,
    /// Whether it is a folder, or a link to one inside the root.
    pub is_dir: bool,
}

impl Workspace {
    /// Opens the folder `root`. Nothing below it is looked at yet.
    ///
    /// # Errors
    /// When it does not exist, is no folder or cannot be read.
    pub fn open(root: &Path) -> Result<Self, WorkspaceError> {
        let canonical =
            fs::canonicalize(root).map_err(|source| WorkspaceError::Root { path: root.to_owned(), source })?;
        if !canonical.is_dir() {
            return Err(WorkspaceError::NotADirectory(root.to_owned()));
        }
        Ok(Self::new(canonical, None))
    }

    /// A workspace of `files` (path and bytes) that touches no disk; its root is `/workspace`, which need not exist.
    /// Files whose path leads out of the root are dropped.
    #[must_use]
    pub fn in_memory(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let files = files.into_iter().filter_map(|(path, bytes)| {
            let path = normalise(&path)?;
            Some((path.clone(), Arc::new(SourceFile::new(path, bytes))))
        });
        Self::new(PathBuf::from("/workspace"), Some(files.collect()))
    }

    fn new(root: PathBuf, memory: Option<Files>) -> Self {
        Self {
            root,
            memory,
            overlay: RwLock::default(),
            hidden: BTreeSet::new(),
            generation: AtomicU64::default(),
            surroundings: AtomicU64::default(),
            names: AtomicU64::default(),
            gitignored: AtomicU64::default(),
            files: Cache::default(),
            folders: Cache::default(),
            kinds: Cache::default(),
            listings: Cache::default(),
            looks: AtomicU64::default(),
            standing: Mutex::default(),
            manifests: Manifests::default(),
            walks: Walks::default(),
            gitignores: Gitignores::default(),
            gitignored_folders: GitignoredFolders::default(),
            memo: Memo::default(),
        }
    }

    /// Another one of the same files, without those at `paths` and without what is unsaved; `None` when its root is no more.
    pub(super) fn without(&self, paths: &BTreeSet<String>) -> Option<Self> {
        let Some(files) = &self.memory else {
            let hidden = with_their_folders(&self.root, paths);
            return Some(Self { hidden, ..Self::open(&self.root).ok()? });
        };
        let kept = files.iter().filter(|(path, _)| !paths.contains(*path));
        let kept = kept.map(|(path, file)| (path.clone(), Arc::clone(file))).collect();
        Some(Self::new(self.root.clone(), Some(kept)))
    }

    /// Whether the path counts as not there.
    pub(super) fn hides(&self, path: &str) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(path)
    }

    /// Whether anything counts as not there.
    pub(super) fn hides_any(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Whether a disk is behind it.
    pub(super) fn is_on_disk(&self) -> bool {
        self.memory.is_none()
    }

    /// The root, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file at `path`, from the overlay or else the disk; from the disk it is read once. `compose.yml#api` is the Dockerfile that
    /// stands in `compose.yml`.
    ///
    /// # Errors
    /// See [`ReadError`]; errors are remembered like files.
    pub fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        let path = clean(path).ok_or(ReadError::OutsideRoot)?;
        match self.virtual_kind(&path) {
            Some(Kind::File) => return self.virtual_file(&path).ok_or(ReadError::NotFound),
            Some(_) => return Err(ReadError::NotAFile),
            None => {}
        }
        // Most of what is asked for is not there, and need not be remembered one by one.
        let known = self.files.get(&path);
        if known.is_none() && self.is_absent(&path) {
            return self.inline_source(&path).ok_or(ReadError::NotFound);
        }
        match known.unwrap_or_else(|| self.files.get_or_make(&path, || self.read_from_disk(&path))) {
            Ok(file) => Ok(file.source),
            Err(ReadError::NotFound) => self.inline_source(&path).ok_or(ReadError::NotFound),
            Err(error) => Err(error),
        }
    }

    /// Whether a file, folder, device or the like is at `path`. What lies outside the root does not exist.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        self.kind(path).is_some()
    }

    /// Whether a regular file is at `path`, or a link to one inside the root.
    #[must_use]
    pub fn is_file(&self, path: &str) -> bool {
        self.kind(path) == Some(Kind::File)
    }

    /// Whether a folder is at `path`, or a link to one inside the root.
    #[must_use]
    pub fn is_dir(&self, path: &str) -> bool {
        self.kind(path) == Some(Kind::Directory)
    }

    /// The names in the folder `directory`, sorted; empty when it is none.
    #[must_use]
    pub fn list(&self, directory: &str) -> Vec<Entry> {
        clean(directory).map_or_else(Vec::new, |directory| self.entries(&directory).to_vec())
    }

    /// Puts `bytes` in the place of the file at `path`, which need not exist; `None` takes them away again.
    /// A path that leads out of the root is passed over.
    pub fn set_overlay(&self, path: &str, bytes: Option<Vec<u8>>) {
        let Some(path) = normalise(path).filter(|path| !path.is_empty()) else { return };
        let stays = self.is_file(&path) && bytes.is_some() && is_only_a_dockerfile(&path);
        let is_gitignore = path.rsplit('/').next() == Some(super::gitignore::NAME);
        let is_there = bytes.is_some();
        let mut overlay = self.overlay.write().unwrap_or_else(PoisonError::into_inner);
        let before = match bytes {
            Some(bytes) => overlay.insert(path.clone(), Arc::new(SourceFile::new(path, bytes))),
            None => overlay.remove(&path),
        };
        drop(overlay);
        // A text in the place of one on disk may be in that of a link, or in a folder that a link leads to.
        let keeps_names = is_there && before.is_some();
        for (count, stays) in [
            (&self.gitignored, keeps_names && !is_gitignore),
            (&self.names, keeps_names),
            (&self.surroundings, stays),
            (&self.generation, false),
        ] {
            if !stays {
                count.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// Forgets what was read from the disk at `path`, below and above it, after it changed there; `""` forgets everything.
    pub fn forget(&self, path: &str) {
        let Some(path) = normalise(path) else { return };
        let keep =
            |key: &str| !(path.is_empty() || key == path || below(key, &path).is_some() || below(&path, key).is_some());
        self.files.retain(keep);
        self.folders.retain(keep);
        self.kinds.retain(keep);
        self.listings.retain(keep);
        self.walks.clear();
        self.gitignored_folders.clear();
        self.memo.clear();
        self.count_change();
    }

    pub(super) fn count_change(&self) {
        for count in [&self.gitignored, &self.names, &self.surroundings, &self.generation] {
            count.fetch_add(1, Ordering::Release);
        }
    }

    pub(super) fn count_look(&self) {
        self.looks.fetch_add(1, Ordering::Release);
    }

    /// A number that stays the same for as long as nothing more is learned from the disk and nothing of it is forgotten.
    pub(super) fn learned(&self) -> [u64; 5] {
        let looks = self.looks.load(Ordering::Acquire);
        [looks, self.files.changes(), self.folders.changes(), self.kinds.changes(), self.listings.changes()]
    }

    /// The ignore file of a build: `NAME.dockerignore` beside the Dockerfile `NAME`, else `.dockerignore`, else
    /// `.containerignore` at the root of the context.
    #[must_use]
    pub fn ignore_file_for(&self, dockerfile: &str, context: &str) -> Option<String> {
        let at_root = |name: &str| if context.is_empty() { name.to_owned() } else { format!("{context}/{name}") };
        [format!("{dockerfile}.dockerignore"), at_root(".dockerignore"), at_root(".containerignore")]
            .iter()
            .find(|path| self.is_file(path))
            .and_then(|path| normalise(path))
    }

    /// Counts changes: for as long as the number stays the same, so do all answers.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn surroundings(&self) -> u64 {
        self.surroundings.load(Ordering::Acquire)
    }

    pub(super) fn names(&self) -> u64 {
        self.names.load(Ordering::Acquire)
    }

    pub(super) fn gitignored_state(&self) -> u64 {
        self.gitignored.load(Ordering::Acquire)
    }

    pub(super) fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Calls `visit` with each file below `directory` that is not on disk: its path below it, and the file. A file in memory with unsaved
    /// text comes twice, the unsaved one last.
    pub(super) fn each_virtual(&self, directory: &str, mut visit: impl FnMut(&str, &SourceFile)) {
        let overlay = self.overlay();
        for (path, file) in self.memory.iter().chain([&*overlay]).flat_map(|files| below_in(files, directory)) {
            if let Some(rest) = below(path, directory) {
                visit(rest, file);
            }
        }
    }

    /// The size in bytes of the file at `path`, read or not; `None` when there is none.
    #[must_use]
    pub fn file_bytes(&self, path: &str) -> Option<u64> {
        let path = clean(path)?;
        if let Some(file) = self.virtual_file(&path) {
            return Some(file.bytes().len() as u64);
        }
        fs::metadata(self.real_path(&path).ok()?).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
    }

    /// [`Workspace::list`] of a normalised path, without the copy where nothing is unsaved.
    pub(super) fn entries(&self, directory: &str) -> Arc<Vec<Entry>> {
        let listing = Arc::clone(&self.listing(directory).entries);
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        self.each_virtual(directory, |rest, _| {
            let (name, is_dir) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            entries.insert(name.to_owned(), Entry { name: name.to_owned(), is_dir });
        });
        if entries.is_empty() {
            return listing;
        }
        for entry in listing.iter() {
            entries.entry(entry.name.clone()).or_insert_with(|| entry.clone());
        }
        Arc::new(entries.into_values().collect())
    }

    /// The texts that stand in front of those on disk, by path.
    #[must_use]
    pub fn unsaved(&self) -> Vec<Arc<SourceFile>> {
        self.overlay().values().cloned().collect()
    }

    /// Whether a text stands in front of one on disk, as while somebody types.
    #[must_use]
    pub fn has_unsaved(&self) -> bool {
        !self.overlay().is_empty()
    }

    fn overlay(&self) -> RwLockReadGuard<'_, Files> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn virtual_file(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.overlay().get(path).or_else(|| self.memory.as_ref()?.get(path)).cloned()
    }

    /// What stands at `path` that is not on disk.
    fn virtual_kind(&self, path: &str) -> Option<Kind> {
        let overlay = self.overlay();
        // Mostly there is nothing.
        if overlay.is_empty() && self.memory.is_none() {
            return None;
        }
        let is_file = overlay.contains_key(path) || self.memory.as_ref().is_some_and(|files| files.contains_key(path));
        drop(overlay);
        if is_file { Some(Kind::File) } else { self.is_virtual_dir(path).then_some(Kind::Directory) }
    }

    fn is_virtual_dir(&self, path: &str) -> bool {
        let holds = |files: &Files| {
            // Asked of each file that is read, and so without a copy of its path: what begins like it stands behind it.
            let from = files.range::<str, _>((Bound::Excluded(path), Bound::Unbounded));
            let mut like_it = from.map(|(file, _)| file.as_str()).take_while(|file| file.starts_with(path));
            like_it.any(|file| below(file, path).is_some())
        };
        (path.is_empty() && self.is_in_memory()) || holds(&self.overlay()) || self.memory.as_ref().is_some_and(holds)
    }

    fn kind(&self, path: &str) -> Option<Kind> {
        let path = clean(path)?;
        if let Some(kind) = self.virtual_kind(&path) {
            return Some(kind);
        }
        match self.listed(&path) {
            Listed::Absent => None,
            Listed::Present(kind) => Some(kind),
            Listed::Unknown => self.kinds.get_or_make(&path, || self.kind_beyond_listing(&path)),
        }
    }
}

/// Whether a file can be nothing but a Dockerfile: `compose.Dockerfile` and `Dockerfile.env` may be read for other reasons too.
fn is_only_a_dockerfile(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let is_plain = matches!(name.as_str(), "dockerfile" | "containerfile");
    is_plain || (name.ends_with(".dockerfile") && !name.contains("compose") && !name.starts_with('.'))
}

fn separator(directory: &str) -> &'static str {
    if directory.is_empty() { "" } else { "/" }
}

/// The files from `directory/` on; those below it come first.
fn below_in<'a>(files: &'a Files, directory: &str) -> impl Iterator<Item = (&'a String, &'a Arc<SourceFile>)> {
    // Mostly there are none at all.
    (!files.is_empty()).then(|| some_below_in(files, directory)).into_iter().flatten()
}

fn some_below_in<'a>(files: &'a Files, directory: &str) -> impl Iterator<Item = (&'a String, &'a Arc<SourceFile>)> {
    let prefix = format!("{directory}{}", separator(directory));
    let range: Range<'a, _, _> = files.range(prefix.clone()..);
    range.take_while(move |(path, _)| path.starts_with(&prefix))
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("root", &self.root).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
