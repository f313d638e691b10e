//! What locks pin: packages with versions and places, the edges between them, and the files they are installed from.
//!
//! `uv.lock`, `poetry.lock` (of every version), `pdm.lock`, `pylock.toml` (PEP 751) and `Pipfile.lock` are read into one shape. The
//! reader makes one pass and keeps no tree: locks are large and read on every run.

mod edges;
mod files;
mod pdm;
mod pipfile;
mod poetry;
mod reader;
mod relock;
mod section;
mod toml;

use std::collections::HashMap;
use std::sync::Arc;

use crate::text::TextRange;

use super::PackageName;

pub use relock::{Removal, relocked};

/// A lock file.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// Who wrote it.
    pub kind: LockKind,
    /// In file order; a name occurs several times when the lock forks.
    pub packages: Vec<LockedPackage>,
    /// The Python versions that it holds for, as PEP 440 specifiers (poetry: as poetry writes them).
    pub requires_python: Option<String>,
    /// uv's workspace members.
    pub members: Vec<PackageName>,
    /// What uv's lock of a script or of a workspace without a project asks for itself.
    pub requirements: Vec<Edge>,
    /// Dependency groups of a workspace without a project, in uv's `[manifest.dependency-groups]`.
    pub groups: Vec<(String, Vec<Edge>)>,
    /// The groups that pdm locked, extras included.
    pub locked_groups: Vec<String>,
    /// Whether uv's `conflicts` stand in it, so that markers speak of extras and groups that were chosen.
    pub conflicts: bool,
    /// Poetry's `[extras]` of the project: the packages that each brings.
    pub extras: Vec<(PackageName, Vec<PackageName>)>,
    by_name: HashMap<PackageName, Vec<usize>>,
}

/// Which tool's lock it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LockKind {
    /// `uv.lock`: a graph that begins at its local packages.
    Uv,
    /// `poetry.lock` up to poetry 1: a graph whose beginnings only the manifest knows.
    Poetry,
    /// `poetry.lock` from poetry 2 on: the same, and each package tells its groups.
    PoetryGroups,
    /// `pdm.lock`: each package tells its groups, if written with `inherit_metadata`.
    Pdm,
    /// `pylock.toml`: a list.
    Pylock,
    /// `Pipfile.lock`: a list by category.
    Pipfile,
    /// It tells nothing of the kind.
    #[default]
    Unknown,
}

/// One pinned package.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// The distribution.
    pub name: PackageName,
    /// Its version; empty when the lock gives none (dynamic roots, Pipfile's git packages).
    pub version: String,
    /// The registry, URL, git or path it comes from, when the lock says.
    pub source: Option<String>,
    /// Whether that is a folder of the repository.
    pub is_local: bool,
    /// Whether nothing is installed for it: uv's `virtual` projects.
    pub is_virtual: bool,
    /// Whether uv links it instead of copying it, unless it is told not to.
    pub is_editable: bool,
    /// 1-based line of the `name` key.
    pub line: u32,
    /// Where the name stands.
    pub range: TextRange,
    /// What it needs.
    pub dependencies: Vec<Edge>,
    /// What each of its extras needs beyond that; of other people's packages uv lists only extras in use.
    pub extras: Vec<(PackageName, Vec<Edge>)>,
    /// Dependency groups of a local package.
    pub groups: Vec<(String, Vec<Edge>)>,
    /// What uv noted of the manifest of a local package.
    pub manifest: LockedManifest,
    /// Wheels, and the source distribution. `Pipfile.lock` names none.
    pub files: Vec<LockedFile>,
    /// When it is installed: poetry's `markers`, pdm's and PEP 751's `marker`. Poetry's may differ by group.
    pub marker: Option<Arc<str>>,
    /// Poetry's markers by group, where they differ.
    pub group_markers: Vec<(String, Arc<str>)>,
    /// The forks that it belongs to (uv's `resolution-markers`): one of them has to hold. Empty when it belongs to all.
    pub forks: Vec<Arc<str>>,
    /// The groups that bring it, in locks that say so (`default` of pdm and Pipfile is given as `main`).
    pub memberships: Vec<String>,
    /// The project's extras that bring it, in locks that say so.
    pub member_extras: Vec<PackageName>,
    /// Poetry's `optional`: only an extra of the project brings it.
    pub optional: bool,
    /// The Python versions that it supports, as poetry, pdm and PEP 751 tell.
    pub requires_python: Option<Box<str>>,
}

/// What a manifest asked for when `uv.lock` was made: `[package.metadata]`. An edge with a source comes from a path, a URL or a
/// repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedManifest {
    /// `requires-dist`; the members of extras have a marker that says so.
    pub dependencies: Vec<Edge>,
    /// `requires-dev`, by group.
    pub groups: Vec<(String, Vec<Edge>)>,
}

/// A dependency of a pinned package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The distribution it leads to.
    pub name: PackageName,
    /// uv: the pinned version that is meant, where there are several.
    pub version: Option<Box<str>>,
    /// uv: the source that is meant, where there are several.
    pub source: Option<Box<str>>,
    /// Other formats: the versions that fit, as PEP 440 specifiers.
    pub specifier: Option<Box<str>>,
    /// The extras that it asks for.
    pub extras: Vec<PackageName>,
    /// When it holds.
    pub marker: Option<Arc<str>>,
}

/// A file that a package can be installed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedFile {
    /// Its name, without folders.
    pub name: Box<str>,
    /// Its length, where the lock says.
    pub bytes: Option<u64>,
}

impl Lock {
    /// Reads a lock of any kind; what is not understood is passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
        let mut lock = if is_json { pipfile::parse(text) } else { reader::parse(text) };
        for (index, package) in lock.packages.iter().enumerate() {
            lock.by_name.entry(package.name.clone()).or_default().push(index);
        }
        lock
    }

    /// The entries of a distribution.
    pub fn find<'a>(&'a self, name: &PackageName) -> impl Iterator<Item = &'a LockedPackage> + use<'a> {
        self.places(name).iter().filter_map(|&index| self.packages.get(index))
    }

    /// Indexes of the entries of a distribution.
    #[must_use]
    pub fn places(&self, name: &PackageName) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether the lock tells which groups bring a package, so that no edges need to be followed to know.
    #[must_use]
    pub fn tells_groups(&self) -> bool {
        match self.kind {
            LockKind::PoetryGroups | LockKind::Pipfile | LockKind::Pylock => true,
            LockKind::Pdm => self.packages.iter().any(|package| !package.memberships.is_empty()),
            LockKind::Uv | LockKind::Poetry | LockKind::Unknown => false,
        }
    }
}

impl LockedPackage {
    fn new() -> Self {
        Self {
            name: PackageName::new(""),
            version: String::new(),
            source: None,
            is_local: false,
            is_virtual: false,
            is_editable: false,
            line: 0,
            range: TextRange::empty(0),
            dependencies: Vec::new(),
            extras: Vec::new(),
            groups: Vec::new(),
            manifest: LockedManifest::default(),
            files: Vec::new(),
            marker: None,
            group_markers: Vec::new(),
            forks: Vec::new(),
            memberships: Vec::new(),
            member_extras: Vec::new(),
            optional: false,
            requires_python: None,
        }
    }

    /// What `extra` needs beyond the package.
    #[must_use]
    pub fn extra(&self, extra: &PackageName) -> &[Edge] {
        self.extras.iter().find(|(name, _)| name == extra).map_or(&[], |(_, edges)| edges.as_slice())
    }
}

impl Edge {
    fn to(name: PackageName) -> Self {
        Self { name, version: None, source: None, specifier: None, extras: Vec::new(), marker: None }
    }
}

/// pdm and pipenv say `default` where poetry says `main`.
fn membership(name: &str) -> String {
    if name == "default" { "main".to_owned() } else { name.to_owned() }
}

/// The last part of a path or URL, without query and fragment.
fn file_name(place: &str) -> &str {
    let name = place.rsplit_once('/').map_or(place, |(_, name)| name);
    let end = name.bytes().position(|byte| matches!(byte, b'#' | b'?')).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

#[cfg(test)]
#[path = "lock/tests.rs"]
mod tests;
