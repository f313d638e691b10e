//! Every package that an install brings, through what, and what each weighs.

mod bytes;
mod compiled;
mod known;
mod locked;
mod lost;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::facts::Facts;
use crate::python::PackageName;
use crate::python::closure::{Graph, Link, Part};

use super::{Place, PythonInstall, Tool};

pub use bytes::{PackageBytes, Sum};

/// What an install brings.
#[derive(Clone, Debug)]
pub struct InstallClosure {
    /// Each package; nearest to what is asked for first. Local projects are among them.
    pub packages: Vec<InstalledPackage>,
    /// What brings what, by place among the packages.
    pub graph: Arc<Graph>,
    /// What the starts of the graph mean.
    pub asked: Vec<AskedBy>,
    /// How it is known.
    pub basis: ClosureBasis,
    /// Whether it is exact: nothing is missing, and nothing stands in it that may not be installed.
    pub complete: bool,
    /// What could not be decided, for people, one sentence each without a full stop.
    pub notes: Vec<String>,
    /// For each package whether something that is asked for leads to it, made when it is first asked for.
    traced: OnceLock<Vec<bool>>,
}

/// How it is known what an install brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClosureBasis {
    /// From a lock, by its path.
    Lock(String),
    /// From requirements that a compiler pinned, by the paths of the files.
    Compiled(Vec<String>),
    /// From the heavy packages that the catalogue knows to belong to what is asked for; light ones are not listed.
    Catalogue,
}

/// Who asks for something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AskedBy {
    /// A local project, by index among the install's projects.
    Project(usize),
    /// A requirement, by index among the install's roots.
    Root(usize),
    /// The lock itself.
    Lock,
}

/// One package that is installed.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledPackage {
    /// The distribution.
    pub name: PackageName,
    /// Its version, where it is known.
    pub version: Option<String>,
    /// The extras of it that are active.
    pub extras: Vec<PackageName>,
    /// Whether it is a folder of the repository.
    pub is_local: bool,
    /// Whether it is left out although what it needs is installed: a virtual project, `--no-install-package`.
    pub left_out: bool,
    /// Whether it comes without what it needs: `pip install --no-deps`.
    pub is_alone: bool,
    /// Whether the lock has it linked to its folder instead of copied.
    pub is_editable: bool,
    /// Indexes of the install's roots that name it.
    pub roots: Vec<usize>,
    /// Where the lock pins it.
    pub place: Option<Place>,
    /// Where it comes from, when the lock says: a registry, URL or path.
    pub source: Option<String>,
    /// What it weighs, without what it needs.
    pub bytes: PackageBytes,
    /// How the lock's files say that it is installed.
    pub made: Made,
}

/// How a package is installed, as the files tell that a lock lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Made {
    /// From a wheel, or nobody knows.
    #[default]
    Otherwise,
    /// From its source distribution, which is all there is: mostly Python alone.
    FromSource,
    /// From its source distribution, where there are wheels for other platforms or other versions of Python: it is compiled.
    Compiled,
}

/// One step of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Place among the packages.
    pub package: usize,
    /// The part of it that leads on to the next step; `None` for the last one.
    pub part: Option<Part>,
}

impl InstallClosure {
    fn new(basis: ClosureBasis) -> Self {
        Self {
            packages: Vec::new(),
            graph: Arc::default(),
            asked: Vec::new(),
            basis,
            complete: true,
            notes: Vec::new(),
            traced: OnceLock::new(),
        }
    }

    /// Places of the packages called `name`.
    pub fn find<'a>(&'a self, name: &'a PackageName) -> impl Iterator<Item = usize> + 'a {
        self.packages.iter().enumerate().filter(move |(_, package)| package.name == *name).map(|(place, _)| place)
    }

    /// The chains from what is asked for down to the package at `place`; shortest first, no more than `limit`.
    #[must_use]
    pub fn chains(&self, place: usize, limit: usize) -> Vec<Vec<Step>> {
        let step = |(package, part)| Step { package, part };
        self.graph.chains(place, limit).into_iter().map(|chain| chain.into_iter().map(step).collect()).collect()
    }

    /// The steps of a chain for people: `mcp-server[providers]`, `sentence-transformers`, `torch`. A group is named behind its
    /// project: `app (group dev)`.
    #[must_use]
    pub fn shown(&self, chain: &[Step]) -> Vec<String> {
        let show = |step: &Step| {
            let name = &self.packages.get(step.package)?.name;
            Some(match &step.part {
                Some(Part::Extra(extra)) => format!("{name}[{extra}]"),
                Some(Part::Group(group)) => format!("{name} (group {group})"),
                Some(Part::Own) | None => name.to_string(),
            })
        };
        chain.iter().filter_map(show).collect()
    }

    /// Whether something that is asked for leads to the package at `place`: a lock without edges, pipenv's, does not say what brings
    /// most of its packages.
    fn is_traced(&self, place: usize) -> bool {
        let traced = self.traced.get_or_init(|| self.graph.kept(|_| false, |_| false));
        traced.get(place).copied().unwrap_or_default()
    }

    /// The packages that go when those that `is_cut` names are not installed, these included.
    #[must_use]
    pub fn lost_without(&self, is_cut: impl Fn(&InstalledPackage) -> bool) -> Vec<usize> {
        self.graph.lost_without(|place| self.packages.get(place).is_some_and(&is_cut))
    }

    /// The packages that go when the local projects' extra or group `part` is not asked for.
    #[must_use]
    pub fn lost_without_part(&self, part: &Part) -> Vec<usize> {
        let is_local = |place: usize| self.packages.get(place).is_some_and(|package| package.is_local);
        let kept = self.graph.kept(|_| false, |link| link.part == *part && is_local(link.from));
        kept.iter().enumerate().filter(|(_, kept)| !**kept).map(|(place, _)| place).collect()
    }

    /// The packages that go when nothing asks for the extra `extra` of the package at `place` any more.
    #[must_use]
    pub fn lost_without_extra(&self, place: usize, extra: &PackageName) -> Vec<usize> {
        let cut = |link: &Link| link.from == place && matches!(&link.part, Part::Extra(name) if name == extra);
        let kept = self.graph.kept(|_| false, cut);
        kept.iter().enumerate().filter(|(_, kept)| !**kept).map(|(place, _)| place).collect()
    }

    /// What the packages at `places` weigh together.
    #[must_use]
    pub fn bytes(&self, places: &[usize]) -> Sum {
        let packages = places.iter().filter_map(|&place| self.packages.get(place));
        bytes::sum(packages, &self.basis)
    }

    /// What all of it weighs.
    #[must_use]
    pub fn total(&self) -> Sum {
        bytes::sum(self.packages.iter(), &self.basis)
    }
}

/// The closures of all installs, each made when it is first asked for.
pub(super) type Closures = Vec<OnceLock<Arc<InstallClosure>>>;

impl Facts<'_> {
    /// What an install of this build brings.
    #[must_use]
    pub fn closure(&self, install: &PythonInstall) -> Arc<InstallClosure> {
        let installs = self.python_installs();
        let closures = self.python.closures.get_or_init(|| installs.iter().map(|_| OnceLock::new()).collect());
        let is_it = |other: &PythonInstall| {
            (other.stage, other.run, other.invocation) == (install.stage, install.run, install.invocation)
        };
        let place = installs.iter().position(is_it).and_then(|place| closures.get(place));
        match place {
            Some(place) => Arc::clone(place.get_or_init(|| self.kept_closure(install))),
            None => self.kept_closure(install),
        }
    }

    /// The closure of a lock is kept: while a Dockerfile is typed, the lock stays.
    fn kept_closure(&self, install: &PythonInstall) -> Arc<InstallClosure> {
        if uses_lock(install) {
            let key = format!("closure\0{install:?}");
            return self.workspace.remembered_of_surroundings(&key, || self.compute_closure(install));
        }
        Arc::new(self.compute_closure(install))
    }

    fn compute_closure(&self, install: &PythonInstall) -> InstallClosure {
        let mut closure = locked::closure(self, install)
            .or_else(|| compiled::closure(install))
            .unwrap_or_else(|| known::closure(install));
        // What else all members of a workspace ask for is unknown only without a lock.
        let is_locked = matches!(closure.basis, ClosureBasis::Lock(_));
        closure.complete &= !install.unknown || (install.all_members && is_locked);
        let mut roots: HashMap<&PackageName, Vec<usize>> = HashMap::new();
        for (index, root) in install.roots.iter().enumerate() {
            roots.entry(&root.requirement.name).or_default().push(index);
        }
        for package in &mut closure.packages {
            package.roots = roots.get(&package.name).cloned().unwrap_or_default();
        }
        closure
    }
}

/// Whether what is installed is in the lock that the install reads.
fn uses_lock(install: &PythonInstall) -> bool {
    install.lock.is_some() && install.tool != Tool::UvAdd
}

#[cfg(test)]
#[path = "closure/tests.rs"]
mod tests;
