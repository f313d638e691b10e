use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::dockerfile::{Arguments, Dockerfile, Keyword};

use super::feeds::feeds_builds;
use super::inline;
use super::names::{NameKind, is_backup, is_dockerfile_name};
use super::paths::{normalise, parent, relative};
use super::walk::MAX_DEPTH;
use super::{Workspace, WorkspaceError};

/// How large a compose file may be in which Dockerfiles are looked for.
const MAX_HOLDER_BYTES: u64 = 1_000_000;

/// For so many Dockerfiles it takes less time to read on all cores than to start threads.
const MANY: usize = 500;

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
    search(Search::new(cwd), paths, |_, _, _| true)
}

/// As [`discover`], with those that `keep` takes: it is asked with the workspace, the path in it, and whether that was named. A file
/// whose name says that builds read it ([`feeds_builds`]) is not taken for a Dockerfile but for one of [`Discovery::feeds`].
pub fn discover_where(paths: &[PathBuf], cwd: &Path, keep: impl FnMut(&Workspace, &str, bool) -> bool) -> Discovery {
    search(Search { takes_feeds: true, ..Search::new(cwd) }, paths, keep)
}

fn search(mut search: Search, paths: &[PathBuf], keep: impl FnMut(&Workspace, &str, bool) -> bool) -> Discovery {
    let here = [PathBuf::from(".")];
    for path in if paths.is_empty() { &here } else { paths } {
        if let Err(kind) = search.add(path) {
            search.problems.push(DiscoveryProblem { path: path.clone(), kind });
        }
    }
    search.finish(keep)
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
struct Search {
    cwd: PathBuf,
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
    fn new(cwd: &Path) -> Self {
        Self { cwd: canonical(cwd).unwrap_or_else(|_| cwd.to_owned()), ..Self::default() }
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
    fn check_links(&mut self, given: &Path, folder: &Path) -> Result<(), ProblemKind> {
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
        let walk = WalkBuilder::new(folder)
            .hidden(false)
            .require_git(false)
            // What one machine's own settings leave out must not change the result.
            .git_global(false)
            .max_depth(Some(MAX_DEPTH))
            .filter_entry(|entry| {
                let name = entry.file_name();
                // `go mod vendor` brings the Dockerfiles of libraries along.
                let is_vendored = || name == "vendor" && entry.path().join("modules.txt").is_file();
                entry.depth() == 0
                    || !(name == ".git"
                        || name == "node_modules"
                        || is_backup(&name.to_string_lossy())
                        || is_vendored())
            })
            .build();
        let mut empty = true;
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.note(given.to_owned(), ProblemKind::Unreadable(error.to_string()));
                    continue;
                }
            };
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let name = entry.file_name().to_string_lossy();
            let shown = || given.join(entry.path().strip_prefix(folder).unwrap_or(entry.path()));
            let met = match is_dockerfile_name(&name) {
                NameKind::Yes => Met::Walked(shown()),
                NameKind::Template => Met::Template(shown()),
                NameKind::No if holds_one(&name, entry.path()) => Met::Holder,
                NameKind::No => continue,
            };
            empty = false;
            if let Some(parent) = entry.path().parent()
                && let Err(kind) = self.take(parent, &name, met)
            {
                self.note(shown(), kind);
            }
        }
        if empty { Err(ProblemKind::NoDockerfiles) } else { Ok(()) }
    }

    fn note(&mut self, path: PathBuf, kind: ProblemKind) {
        self.problems.push(DiscoveryProblem { path, kind });
    }

    fn root(&mut self, folder: &Path) -> PathBuf {
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

/// Whether placeholders stand where a keyword or an image must: `{{ … }}` or `{% … %}`. Inside a `RUN` they are ordinary text, other
/// than `<<version>>`.
#[must_use]
pub fn is_template(workspace: &Workspace, path: &str) -> bool {
    let Ok(file) = workspace.read(path) else { return false };
    if holds_angled_placeholder(file.text()) {
        return true;
    }
    let holds = |text: &str| text.contains("{{") || text.contains("{%");
    holds(file.text())
        && Dockerfile::parse(file.text()).instructions.iter().any(|instruction| match &instruction.arguments {
            Arguments::From { image: Some(image), .. } => holds(&image.text),
            _ => instruction.keyword == Keyword::Unknown && holds(&instruction.raw_keyword),
        })
}

/// `RUN install.sh <<version>>`, which is a heredoc that nothing ends. `cat <<EOF>> file` is one that a line `EOF` ends.
fn holds_angled_placeholder(text: &str) -> bool {
    text.match_indices("<<").any(|(at, _)| {
        let rest = text.get(at + 2..).unwrap_or_default();
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let behind = rest.get(name.len()..).and_then(|rest| rest.strip_prefix(">>"));
        let is_whole = behind.is_some_and(|rest| !rest.starts_with(['>', '/', '$', '&']));
        !name.is_empty() && is_whole && !text.lines().any(|line| line.trim() == name)
    })
}

fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    fs::canonicalize(path)
}

fn problem(error: &std::io::Error) -> ProblemKind {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ProblemKind::Missing,
        _ => ProblemKind::Unreadable(error.to_string()),
    }
}

fn not_unicode() -> ProblemKind {
    ProblemKind::Unreadable("its name is not Unicode; rename it".to_owned())
}

#[cfg(test)]
mod tests;
