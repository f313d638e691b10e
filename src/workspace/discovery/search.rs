//! The search for what a person named.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc;

use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::super::feeds::feeds_builds;
use super::super::inline;
use super::super::names::{NameKind, is_backup, is_dockerfile_name};
use super::super::paths::{parent, relative};
use super::super::walk::MAX_DEPTH;
use super::super::{Workspace, WorkspaceError};
use super::template::is_template;
use super::{Discovery, DiscoveryProblem, Feeds, ProblemKind};

/// How large a compose file may be in which Dockerfiles are looked for.
const MAX_HOLDER_BYTES: u64 = 1_000_000;

/// For so many Dockerfiles it takes less time to read on all cores than to start threads.
const MANY: usize = 500;

/// How a file was met.
#[derive(Debug)]
enum Met {
    Named,
    /// On a walk, with the path to show.
    Walked(PathBuf),
    /// On a walk, with the name of a template.
    Template(PathBuf),
    /// On a walk, a file in which Dockerfiles stand.
    Holder,
}

#[derive(Default)]
pub(super) struct Search {
    pub cwd: PathBuf,
    /// By root and path.
    found: BTreeMap<PathBuf, BTreeMap<String, Met>>,
    /// Whether files that builds read are told from Dockerfiles.
    takes_feeds: bool,
    /// By root, the paths of those that were named.
    feeds: BTreeMap<PathBuf, BTreeSet<String>>,
    problems: Vec<DiscoveryProblem>,
    /// The nearest folder with `.git`, by folder.
    repositories: HashMap<PathBuf, Option<PathBuf>>,
}

impl Search {
    pub fn new(cwd: &Path) -> Self {
        Self { cwd: canonical(cwd).unwrap_or_else(|_| cwd.to_owned()), ..Self::default() }
    }

    /// One that tells files that builds read from Dockerfiles.
    pub fn with_feeds(self) -> Self {
        Self { takes_feeds: true, ..self }
    }

    /// Looks at each of `paths`; without any, at the folder itself.
    pub fn run(mut self, paths: &[PathBuf], keep: impl FnMut(&Workspace, &str, bool) -> bool) -> Discovery {
        let here = [PathBuf::from(".")];
        for path in if paths.is_empty() { &here } else { paths } {
            if let Err(kind) = self.add(path) {
                self.note(path.clone(), kind);
            }
        }
        self.finish(keep)
    }

    fn add(&mut self, given: &Path) -> Result<(), ProblemKind> {
        let path = self.cwd.join(given);
        let metadata = fs::metadata(&path).map_err(|error| problem(&error))?;
        if metadata.is_dir() {
            let folder = canonical(&path).map_err(|error| problem(&error))?;
            self.check_links(given, &folder)?;
            return self.walk(given, &folder);
        }
        if !metadata.is_file() {
            return Err(ProblemKind::NotAFile);
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(ProblemKind::NotAFile) };
        // The folder's links are resolved, so that one file is not met under two names; the file's own name is kept.
        let folder = canonical(folder).map_err(|error| problem(&error))?;
        self.check_links(given.parent().unwrap_or(given), &folder)?;
        let Some(name) = name.to_str() else { return Err(not_unicode()) };
        let whole = folder.join(name);
        if !(self.takes_feeds && whole.to_str().is_some_and(feeds_builds)) {
            return self.take(&folder, name, Met::Named);
        }
        let root = self.root(&folder);
        if whole.strip_prefix(&root).is_ok_and(|rest| rest.to_str().is_none()) {
            return Err(not_unicode());
        }
        self.feeds.entry(root.clone()).or_default().insert(relative(&whole, &root));
        if holds_one(name, &whole) {
            return self.take(&folder, name, Met::Named);
        }
        self.found.entry(root).or_default();
        Ok(())
    }

    /// A repository must not send slimlint elsewhere through a folder that is a link: hooks name the files they find. What a
    /// person calls by an absolute path, or reaches by `..`, is meant.
    pub fn check_links(&mut self, given: &Path, folder: &Path) -> Result<(), ProblemKind> {
        let mut place = self.cwd.clone();
        for component in given.components() {
            match component {
                Component::CurDir => {}
                Component::Normal(name) => {
                    let next = place.join(name);
                    if next.is_symlink() {
                        let home = self.repository(&place).unwrap_or(place);
                        return if folder.starts_with(home) { Ok(()) } else { Err(ProblemKind::LeadsOut) };
                    }
                    place = next;
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn take(&mut self, folder: &Path, name: &str, met: Met) -> Result<(), ProblemKind> {
        let root = self.root(folder);
        let path = folder.join(name);
        if path.strip_prefix(&root).is_ok_and(|rest| rest.to_str().is_none()) {
            return Err(not_unicode());
        }
        let path = relative(&path, &root);
        let files = self.found.entry(root).or_default();
        if matches!(met, Met::Named) || !files.contains_key(&path) {
            files.insert(path, met);
        }
        Ok(())
    }

    fn walk(&mut self, given: &Path, folder: &Path) -> Result<(), ProblemKind> {
        let (send, receive) = mpsc::channel();
        walker(folder).build_parallel().run(|| {
            let send = send.clone();
            Box::new(move |entry| {
                // The other end waits for as long as there is one of these.
                let _ = look_at(entry).map(|met| send.send(met));
                WalkState::Continue
            })
        });
        drop(send);
        let mut all: Vec<Result<Walked, String>> = receive.into_iter().collect();
        all.sort_unstable();
        let mut empty = true;
        for walked in all {
            let walked = match walked {
                Ok(walked) => walked,
                Err(problem) => {
                    self.note(given.to_owned(), ProblemKind::Unreadable(problem));
                    continue;
                }
            };
            empty = false;
            let below = walked.folder.strip_prefix(folder).unwrap_or(&walked.folder);
            let shown = given.join(below).join(&walked.name);
            self.learn(&walked);
            let met = match walked.kind {
                WalkedKind::Dockerfile => Met::Walked(shown.clone()),
                WalkedKind::Template => Met::Template(shown.clone()),
                WalkedKind::Holder => Met::Holder,
            };
            if let Err(kind) = self.take(&walked.folder, &walked.name, met) {
                self.note(shown, kind);
            }
        }
        if empty { Err(ProblemKind::NoDockerfiles) } else { Ok(()) }
    }

    /// Keeps what a walk saw of repositories, so that the system is not asked again.
    fn learn(&mut self, walked: &Walked) {
        if self.repositories.contains_key(&walked.folder) {
            return;
        }
        let mut around = || walked.folder.parent().and_then(|around| self.repository(around));
        let nearest = if walked.is_repository { Some(walked.folder.clone()) } else { around() };
        self.repositories.insert(walked.folder.clone(), nearest);
    }

    fn note(&mut self, path: PathBuf, kind: ProblemKind) {
        self.problems.push(DiscoveryProblem { path, kind });
    }

    pub fn root(&mut self, folder: &Path) -> PathBuf {
        match self.repository(folder) {
            Some(repository) => repository,
            None if folder.starts_with(&self.cwd) => self.cwd.clone(),
            None => folder.to_owned(),
        }
    }

    fn repository(&mut self, folder: &Path) -> Option<PathBuf> {
        let mut nearest = None;
        let mut asked = Vec::new();
        for ancestor in folder.ancestors() {
            if let Some(known) = self.repositories.get(ancestor) {
                nearest.clone_from(known);
                break;
            }
            asked.push(ancestor);
            if fs::symlink_metadata(ancestor.join(".git")).is_ok() {
                nearest = Some(ancestor.to_owned());
                break;
            }
        }
        for ancestor in asked {
            self.repositories.insert(ancestor.to_owned(), nearest.clone());
        }
        nearest
    }

    fn finish(mut self, mut keep: impl FnMut(&Workspace, &str, bool) -> bool) -> Discovery {
        let mut discovery = Discovery { problems: self.problems, ..Discovery::default() };
        for (root, dockerfiles) in self.found {
            match Workspace::open(&root) {
                Ok(workspace) => {
                    if dockerfiles.len() >= MANY {
                        read_ahead(&workspace, &dockerfiles);
                    }
                    let mut kept = Vec::new();
                    for (path, met) in dockerfiles {
                        if !keep(&workspace, &path, matches!(met, Met::Named)) {
                            continue;
                        }
                        let template = match met {
                            Met::Template(shown) => Some(shown),
                            Met::Walked(shown) => Some(shown).filter(|_| is_template(&workspace, &path)),
                            Met::Named | Met::Holder => None,
                        };
                        match template {
                            Some(path) => {
                                discovery.problems.push(DiscoveryProblem { path, kind: ProblemKind::Template });
                            }
                            None => kept.push(path),
                        }
                    }
                    let mut files = self.feeds.remove(&root).unwrap_or_default();
                    files.retain(|path| keep(&workspace, path, true));
                    let is_fed = !files.is_empty();
                    if is_fed {
                        let dockerfiles = below(&root)
                            .into_iter()
                            .filter(|path| keep(&workspace, path, false) && !is_template(&workspace, path));
                        let feeds = Feeds { dockerfiles: dockerfiles.collect(), files: files.into_iter().collect() };
                        discovery.feeds.insert(root, feeds);
                    }
                    if is_fed || !kept.is_empty() {
                        discovery.workspaces.push((workspace, kept));
                    }
                }
                Err(WorkspaceError::Root { path, source }) => {
                    discovery.problems.push(DiscoveryProblem { path, kind: problem(&source) });
                }
                Err(WorkspaceError::NotADirectory(path)) => {
                    discovery.problems.push(DiscoveryProblem { path, kind: ProblemKind::NotAFile });
                }
            }
        }
        discovery
    }
}

/// A file that a walk met.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Walked {
    folder: PathBuf,
    name: String,
    kind: WalkedKind,
    /// Whether `.git` lies beside it.
    is_repository: bool,
}

/// What a file on a walk is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum WalkedKind {
    Dockerfile,
    Template,
    Holder,
}

fn walker(folder: &Path) -> WalkBuilder {
    let mut builder = WalkBuilder::new(folder);
    builder
        .hidden(false)
        .require_git(false)
        // What one machine's own settings leave out must not change the result.
        .git_global(false)
        .git_exclude(false)
        .max_depth(Some(MAX_DEPTH))
        .filter_entry(|entry| {
            let name = entry.file_name();
            // `go mod vendor` brings the Dockerfiles of libraries along.
            let is_vendored = || name == "vendor" && entry.path().join("modules.txt").is_file();
            // Jupyter saves copies of open files in `.ipynb_checkpoints`.
            let is_left_out = [".git", "node_modules", ".ipynb_checkpoints"].iter().any(|folder| name == *folder);
            entry.depth() == 0 || !(is_left_out || is_backup(&name.to_string_lossy()) || is_vendored())
        });
    builder
}

/// What `entry` of a walk is, when it is of use, or what is wrong with it. Asked on several threads.
fn look_at(entry: Result<DirEntry, ignore::Error>) -> Option<Result<Walked, String>> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => return Some(Err(error.to_string())),
    };
    if !entry.file_type().is_some_and(|kind| kind.is_file()) {
        return None;
    }
    let name = entry.file_name().to_string_lossy();
    let kind = match is_dockerfile_name(&name) {
        NameKind::Yes => WalkedKind::Dockerfile,
        NameKind::Template => WalkedKind::Template,
        NameKind::No if holds_one(&name, entry.path()) => WalkedKind::Holder,
        NameKind::No => return None,
    };
    let folder = entry.path().parent()?.to_owned();
    let is_repository = fs::symlink_metadata(folder.join(".git")).is_ok();
    Some(Ok(Walked { name: name.into_owned(), kind, is_repository, folder }))
}

/// The Dockerfiles of the workspace at `root`, sorted; those of repositories in it belong to other workspaces.
fn below(root: &Path) -> Vec<String> {
    let mut search = Search { cwd: root.to_owned(), ..Search::default() };
    // What cannot be walked was not asked for, and is told where it is.
    let _ = search.walk(root, root);
    let found = search.found.remove(root).unwrap_or_default();
    found.into_iter().filter(|(_, met)| !matches!(met, Met::Template(_))).map(|(path, _)| path).collect()
}

/// Reads on all cores what is about to be looked at.
fn read_ahead(workspace: &Workspace, dockerfiles: &BTreeMap<String, Met>) {
    dockerfiles.par_iter().for_each(|(path, met)| {
        // A configuration may lie beside it. What cannot be read is told when it is asked for.
        let _ = workspace.list(parent(path));
        if matches!(met, Met::Walked(_)) {
            let _ = workspace.read(path);
        }
    });
}

/// Whether a compose or bake file speaks of a Dockerfile in it.
fn holds_one(name: &str, path: &Path) -> bool {
    let is_small = || fs::metadata(path).is_ok_and(|metadata| metadata.len() < MAX_HOLDER_BYTES);
    inline::may_hold(name)
        && is_small()
        && fs::read(path).is_ok_and(|bytes| inline::speaks_of_one(&String::from_utf8_lossy(&bytes)))
}

pub(super) fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    fs::canonicalize(path)
}

pub(super) fn problem(error: &std::io::Error) -> ProblemKind {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ProblemKind::Missing,
        _ => ProblemKind::Unreadable(error.to_string()),
    }
}

pub(super) fn not_unicode() -> ProblemKind {
    ProblemKind::Unreadable("its name is not Unicode; rename it".to_owned())
}
