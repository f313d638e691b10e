//! Which packages of a lock an install brings, and through what.
//!
//! The walk is uv's own: breadth first, a package once for itself and once for every extra that is asked of it, forks told apart by
//! the version on the edge or by the markers of the package, and the made-up extras of `conflicts` collected beforehand.

mod graph;
mod walk;

use std::sync::Arc;

pub use graph::{Graph, Link, Part, Start};

use super::lock::Lock;
use super::{PackageName, Platform};

/// What is asked of a lock.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// The beginnings of the walk.
    pub asked: Vec<Asked>,
    /// For locks that tell groups: those that are installed; `main` is the project itself. Not used for others.
    pub groups: Vec<String>,
    /// For locks that tell extras or groups: the project's extras that are installed. Not used for others.
    pub extras: Vec<PackageName>,
}

/// One thing that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The distribution.
    pub name: PackageName,
    /// Its extras.
    pub extras: Vec<PackageName>,
    /// The versions that fit, as PEP 440 specifiers; `None` for any.
    pub specifier: Option<String>,
    /// Where it comes from, as the lock writes it; `None` for anywhere.
    pub source: Option<String>,
    /// Whether it is installed itself, with what it needs, rather than groups of it only.
    pub main: bool,
    /// Dependency groups of a local package.
    pub groups: Vec<String>,
}

impl Asked {
    /// A distribution with extras, in any version.
    #[must_use]
    pub fn new(name: PackageName, extras: Vec<PackageName>) -> Self {
        Self { name, extras, specifier: None, source: None, main: true, groups: Vec::new() }
    }
}

/// What an install brings of a lock.
#[derive(Clone, Debug, Default)]
pub struct Closure {
    /// In the order in which they were found: nearest first.
    pub members: Vec<Member>,
    /// What brings what; its nodes are indexes among the members.
    pub graph: Arc<Graph>,
    /// Markers that could not be decided. What they guard is counted.
    pub undecided: Vec<Arc<str>>,
    /// What is asked for and not in the lock.
    pub missing: Vec<PackageName>,
}

/// A package that is installed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Index among the packages of the lock.
    pub package: usize,
    /// The extras of it that are active, in the order in which they were asked for.
    pub extras: Vec<PackageName>,
    /// Index among the package's files of the wheel that fits the platform; `None` when there is none, or the lock names none.
    pub wheel: Option<usize>,
}

impl Closure {
    /// Follows `request` through `lock` on `platform`.
    #[must_use]
    pub fn of(lock: &Lock, request: &Request, platform: &Platform) -> Self {
        walk::walk(lock, request, platform)
    }

    /// Whether every marker was decided and everything that is asked for was found.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.undecided.is_empty() && self.missing.is_empty()
    }
}

#[cfg(test)]
#[path = "closure/tests.rs"]
mod tests;
