//! What of a context no build reads, as far as names and places tell.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use crate::context::{IgnoreFile, Tree};
use crate::workspace::{Workspace, join, parent};

use super::super::paths::file_name;
use super::kinds::{ENTRIES, Entry, Kind, MARKER, find};

/// Folders in which something could lie, for each row of the table, before the rest is not looked at.
const MAX_SIGNS: usize = 100;

/// A folder or file that is there.
#[derive(Clone, Debug)]
pub struct Waste {
    /// What it is.
    pub entry: &'static Entry,
    /// Relative to the context.
    pub path: String,
    /// How many files.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
}

/// What is not there, but is in the folders that people work in.
#[derive(Clone, Debug)]
pub struct Promise {
    /// What it is.
    pub entry: &'static Entry,
    /// Where it would lie, relative to the context.
    pub path: String,
    /// What says so.
    pub evidence: Evidence,
}

/// What says that working copies hold something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// This `.gitignore` (relative to the workspace's root) keeps it out of the repository.
    Gitignore(String),
    /// The context is the root of a repository.
    Repository,
}

/// A look at all names of a context.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    pub waste: Vec<Waste>,
    /// The index into the tree's of the first file of each waste; the others follow it.
    firsts: Vec<usize>,
    pub promised: Vec<Promise>,
    /// Files that are no waste, by index into the tree's.
    pub own: Vec<usize>,
}

impl Survey {
    /// `tree` is what `ignore` leaves of the context. All names are looked at once for as long as they and `.gitignore` files stay the
    /// same; sizes, and what manifests say, may change.
    pub(super) fn kept(workspace: &Workspace, context: &str, tree: &Tree, ignore: Option<&IgnoreFile>) -> Self {
        let patterns = ignore.map_or_else(|| "\0".to_owned(), IgnoreFile::fingerprint);
        let key = format!("survey\0{context}\0{patterns}");
        let known = workspace.remembered_of_gitignored(&key, || Self::of(workspace, context, tree, ignore));
        let mut survey = (*known).clone();
        survey.promised.retain(|promise| {
            promise.entry.kind != Kind::Target || !is_workspace_member(workspace, context, parent(&promise.path))
        });
        for (waste, &first) in survey.waste.iter_mut().zip(&survey.firsts) {
            let files = tree.files.iter().skip(first).take(waste.files);
            waste.bytes = files.fold(0, |bytes, file| bytes.saturating_add(file.bytes));
        }
        survey
    }

    fn of(workspace: &Workspace, context: &str, tree: &Tree, ignore: Option<&IgnoreFile>) -> Self {
        let mut survey = Self::default();
        let mut signs = Signs::new();
        let marked = tree.files.iter().filter_map(|file| file.path.strip_suffix(MARKER)?.strip_suffix('/'));
        let environments: BTreeSet<&str> = marked.collect();
        let mut before = "";
        for (index, file) in tree.files.iter().enumerate() {
            if !survey.take(tree, &environments, index, before) {
                survey.own.push(index);
                signs.note(&file.path);
            }
            before = &file.path;
        }
        // An allow list names what it takes; what may lie in there besides is not known.
        if !ignore.is_some_and(IgnoreFile::is_allow_list) {
            survey.promise(workspace, context, &signs);
        }
        survey
    }

    /// Whether the file at `index` is, or lies in, something of the table. `before` is the path before it.
    fn take(&mut self, tree: &Tree, environments: &BTreeSet<&str>, index: usize, before: &str) -> bool {
        let Some(file) = tree.files.get(index) else { return false };
        let path = file.path.as_str();
        if let Some(last) = self.waste.last_mut()
            && path.strip_prefix(last.path.as_str()).is_some_and(|rest| rest.starts_with('/'))
        {
            last.files += 1;
            last.bytes = last.bytes.saturating_add(file.bytes);
            return true;
        }
        // Most files follow one of the same folder.
        let folder = path.get(..=parent(path).len()).unwrap_or_default();
        let shared = if folder.ends_with('/') && before.starts_with(folder) {
            path.len()
        } else {
            path.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count()
        };
        let folders = path.bytes().enumerate().skip(shared).filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
        let steps = folders.filter_map(|at| path.get(..at)).map(|step| (step, true)).chain([(path, false)]);
        for (step, is_dir) in steps {
            let name = step.rsplit('/').next().unwrap_or(step);
            let environment = || {
                ENTRIES
                    .iter()
                    .find(|entry| entry.name == MARKER)
                    .filter(|_| environments.contains(step) && is_plain(step))
            };
            let named = find(name, is_dir).filter(|entry| is_there(entry, tree, step));
            if let Some(entry) = named.or_else(environment) {
                self.waste.push(Waste { entry, path: step.to_owned(), files: 1, bytes: file.bytes });
                self.firsts.push(index);
                return true;
            }
        }
        false
    }

    fn promise<'t>(&mut self, workspace: &'t Workspace, context: &'t str, signs: &Signs<'t>) {
        let mut asked = Asked { workspace, context, folders: HashMap::new() };
        for (row, entry) in ENTRIES.iter().enumerate() {
            if entry.kind == Kind::Git {
                let there = self.waste.iter().any(|waste| waste.entry.kind == Kind::Git);
                if !there && is_repository(workspace, context) {
                    self.promised.push(Promise { entry, path: entry.name.to_owned(), evidence: Evidence::Repository });
                }
                continue;
            }
            let folders = if entry.kind == Kind::Desktop { BTreeSet::from([""]) } else { signs.folders(entry) };
            for folder in folders.into_iter().take(MAX_SIGNS) {
                if let Some(by) = asked.ignored_by(folder, row)
                    && (!is_by_hand(entry.kind)
                        || join(context, folder).as_deref() == Some(parent(&by))
                        || (entry.name == ".venv" && has_lock(workspace, context, folder)))
                {
                    let path = beside(folder, &sample(entry));
                    self.promised.push(Promise { entry, path, evidence: Evidence::Gitignore(by) });
                }
            }
        }
    }
}

/// What `.gitignore` files say of the rows of the table in one folder, by row, as far as it was asked for.
type Rows = Vec<OnceLock<Option<String>>>;

/// Questions about what could lie in folders of a context. The answers stay while ignore files are typed.
struct Asked<'a> {
    workspace: &'a Workspace,
    context: &'a str,
    folders: HashMap<&'a str, Arc<Rows>>,
}

impl<'a> Asked<'a> {
    /// The `.gitignore` that names the thing of that row in `folder`.
    fn ignored_by(&mut self, folder: &'a str, row: usize) -> Option<String> {
        let Self { workspace, context, folders } = self;
        let rows = folders.entry(folder).or_insert_with(|| {
            let key = format!("gitignored\0{context}\0{folder}");
            workspace.remembered_of_gitignored(&key, || ENTRIES.iter().map(|_| OnceLock::new()).collect::<Rows>())
        });
        let (answer, entry) = (rows.get(row)?, ENTRIES.get(row)?);
        let ask = || {
            let name = sample(entry);
            ignored_by(workspace, context, &beside(folder, &name), entry.is(&name, true))
        };
        answer.get_or_init(ask).clone()
    }
}

/// A name of that row.
fn sample(entry: &Entry) -> String {
    entry.pattern().replace('*', "x")
}

/// `name` in `folder`.
pub(super) fn beside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The `.gitignore` that names something at `path` of the context, or everything in it (`__pycache__/*`).
pub(super) fn ignored_by(workspace: &Workspace, context: &str, path: &str, is_dir: bool) -> Option<String> {
    let path = join(context, path)?;
    workspace.gitignored(&path, is_dir).or_else(|| {
        let inside = is_dir.then(|| format!("{path}/a-file"))?;
        workspace.gitignored(&inside, false)
    })
}

/// Whether people make it where they like, so that a `.gitignore` for the whole repository says nothing of one folder.
fn is_by_hand(kind: Kind) -> bool {
    matches!(kind, Kind::Environment | Kind::TestEnvironment)
}

/// cargo builds the crates of a workspace in its root.
fn is_workspace_member(workspace: &Workspace, context: &str, folder: &str) -> bool {
    let Some(folder) = join(context, folder) else { return false };
    let is_crate = workspace.is_file(&beside(&folder, "Cargo.toml"));
    let is_workspace = |folder: &str| {
        workspace.read(&beside(folder, "Cargo.toml")).is_ok_and(|manifest| manifest.text().contains("[workspace]"))
    };
    is_crate
        && std::iter::successors(Some(folder.as_str()), |folder| (!folder.is_empty()).then(|| parent(folder)))
            .skip(1)
            .any(is_workspace)
}

/// `uv sync` makes its environment beside the lock.
fn has_lock(workspace: &Workspace, context: &str, folder: &str) -> bool {
    join(context, folder).and_then(|folder| join(&folder, "uv.lock")).is_some_and(|lock| workspace.is_file(&lock))
}

/// Whether a folder or file with the right name is what the name says.
fn is_there(entry: &Entry, tree: &Tree, path: &str) -> bool {
    let beside = |name: &str| tree.file(&beside(parent(path), name)).is_some();
    match entry.kind {
        Kind::Git => !path.contains('/'),
        _ if entry.is_listed_by_place() && !is_plain(path) => false,
        Kind::Target => beside("Cargo.toml") || beside("pom.xml"),
        Kind::Distributions => beside("pyproject.toml") || beside("setup.py"),
        _ => true,
    }
}

/// Whether a path can be written in an ignore file as it is.
pub(super) fn is_plain(path: &str) -> bool {
    path.chars().all(|character| character.is_alphanumeric() || "._-/+@".contains(character))
}

/// Folders by the endings of names in them that say what could lie there.
struct Signs<'t>(Vec<(&'static str, BTreeSet<&'t str>)>);

impl<'t> Signs<'t> {
    fn new() -> Self {
        let all: BTreeSet<&str> = ENTRIES.iter().flat_map(|entry| entry.signs).copied().collect();
        Self(all.into_iter().map(|sign| (sign, BTreeSet::new())).collect())
    }

    fn note(&mut self, path: &'t str) {
        let folder = parent(path);
        let name = file_name(path);
        let last = name.as_bytes().last();
        // Most names end otherwise than all signs.
        let said = self.0.iter_mut().filter(|(sign, _)| sign.as_bytes().last() == last && name.ends_with(sign));
        for (_, folders) in said {
            // Paths are sorted, so that the files of a folder mostly follow each other.
            if folders.last() != Some(&folder) && folders.len() < MAX_SIGNS {
                folders.insert(folder);
            }
        }
    }

    /// The folders that one of the entry's signs is in.
    fn folders(&self, entry: &Entry) -> BTreeSet<&'t str> {
        let own = self.0.iter().filter(|(sign, _)| entry.signs.contains(sign));
        own.flat_map(|(_, folders)| folders).copied().collect()
    }
}

/// Whether the context is the root of a repository: `.git` is there, or, in a tree that was exported without it, files that
/// belong to one.
fn is_repository(workspace: &Workspace, context: &str) -> bool {
    let at = |name: &str| join(context, name).is_some_and(|path| workspace.exists(&path));
    at(".git")
        || (context.is_empty() && [".gitignore", ".gitattributes", ".github", ".gitlab-ci.yml"].into_iter().any(at))
}
