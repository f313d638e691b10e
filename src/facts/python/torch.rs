//! Which build of torch an install brings.

use std::collections::HashMap;

use crate::catalogue;
use crate::dockerfile::UNKNOWN;
use crate::facts::{Facts, Guard};
use crate::python::{PackageName, Requirement};

use super::corrections::Correction;
use super::indexes::{IndexKind, IndexRole, classify, of_version};
use super::{ClosureBasis, PythonInstall, Root, Tool};

/// Python versions from which on every new release of torch can be installed, so that an unpinned one is new.
const CURRENT_PYTHON: (u32, u32) = (3, 10);
/// Chains of a lock that are looked at.
const CHAIN_LIMIT: usize = 50;
/// Newer than every release that a manifest of today could pin.
const NEWEST: &str = "2.15.0";

/// Which build of torch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Build {
    /// The default one of `PyPI`, made for CUDA.
    Cuda,
    /// For the CPU, and how that is known.
    Cpu(String),
    /// For an accelerator that was asked for, and how.
    Gpu(String),
    /// One that an earlier install of the stage brought and that fits.
    Kept(usize),
    /// It cannot be told, and why.
    Unknown(String),
}

/// A root that brings torch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// Index among the install's roots.
    pub root: usize,
    /// Packages from the root to torch, both included.
    pub chain: Vec<String>,
}

/// An install that brings torch or one of its family.
#[derive(Clone, Debug)]
pub struct TorchInstall {
    /// Index in [`Facts::python_installs`].
    pub install: usize,
    /// Through what, the most telling first.
    pub causes: Vec<Cause>,
    /// Which build.
    pub build: Build,
    /// The version of an earlier CPU build that this install replaces, with the requirement that does not take it.
    pub replaces: Option<(String, Requirement)>,
    /// Whether it reaches a shipped image.
    pub ships: bool,
    /// What a later command does about the CUDA build that this install brings.
    pub corrected: Option<Correction>,
}

/// Whether `name` is torch or is released with it.
#[must_use]
pub fn is_torch_family(name: &PackageName) -> bool {
    catalogue::in_torch_family(name.as_str())
}

/// A torch that a stage holds.
#[derive(Clone)]
struct Held {
    found: usize,
    cpu: bool,
    /// Its version, when it is pinned.
    version: Option<String>,
}

pub(super) fn installs(facts: &Facts<'_>) -> Vec<TorchInstall> {
    let mut found: Vec<TorchInstall> = Vec::new();
    let mut held: HashMap<usize, Vec<Held>> = HashMap::new();
    for (index, install) in facts.python_installs().iter().enumerate() {
        let causes = match locked_causes(facts, install) {
            Some(causes) => causes,
            None if locked_without(install) => continue,
            None => causes(install),
        };
        if causes.is_empty() {
            continue;
        }
        let earlier = holding(facts, install.stage, &held);
        let mut replaces = None;
        let mut build = own_build(facts, install);
        if build == Build::Cuda
            && let Some(how) = super::foreign::torch(facts, install)
        {
            build = Build::Unknown(how);
        }
        if build == Build::Cuda
            && let Some(before) = earlier.last()
        {
            match fits(install, before) {
                Fit::Yes => build = Build::Kept(before.found),
                Fit::No(requirement) if before.cpu => {
                    replaces = Some((before.version.clone().unwrap_or_default(), requirement));
                }
                Fit::No(_) => {}
            }
        }
        let kept =
            matches!(build, Build::Kept(_)) || install.guard <= Guard::Elsewhere || install.tool == Tool::PipWheel;
        if !kept {
            let cpu = matches!(build, Build::Cpu(_));
            let version = torch_requirements(install).find_map(pinned).map(str::to_owned);
            held.entry(install.stage).or_default().push(Held { found: found.len(), cpu, version });
        }
        let ships = facts.ships(install);
        found.push(TorchInstall { install: index, causes, build, replaces, ships, corrected: None });
    }
    super::corrections::find(facts, &mut found);
    found
}

/// What brings torch: roots of its family first, those that people wrote before those a compiler did, then the shortest chains.
fn causes(install: &PythonInstall) -> Vec<Cause> {
    let torch = PackageName::new("torch");
    if install.excluded.contains(&torch) {
        return Vec::new();
    }
    let mut found: Vec<Cause> = Vec::new();
    for (index, root) in install.roots.iter().enumerate() {
        let name = root.requirement.name.as_str();
        if install.excluded.contains(&root.requirement.name) {
            continue;
        }
        let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
        let chain = if is_torch_family(&root.requirement.name) {
            catalogue::package(name).map(|package| vec![package.key.to_owned()])
        } else if install.no_dependencies {
            None
        } else {
            let chain = catalogue::chain_to(name, &extras, "torch").filter(|_| may_pull_torch(root));
            chain.map(|chain| chain.into_iter().map(str::to_owned).collect())
        };
        found.extend(chain.map(|chain| Cause { root: index, chain }));
    }
    sort(install, &mut found);
    found
}

fn sort(install: &PythonInstall, causes: &mut [Cause]) {
    causes.sort_by_key(|cause| {
        let compiled = install.roots.get(cause.root).is_some_and(Root::is_brought_along);
        (compiled, cause.chain.len(), cause.root)
    });
}

/// What brings torch by the lock, which knows every edge; `None` when it cannot tell.
fn locked_causes(facts: &Facts<'_>, install: &PythonInstall) -> Option<Vec<Cause>> {
    let lock = install.lock.as_ref().filter(|lock| !lock.torch.is_empty())?;
    let closure = facts.closure(install);
    if closure.basis != ClosureBasis::Lock(lock.path.clone()) {
        return None;
    }
    let torch = PackageName::new("torch");
    let Some(place) = closure.find(&torch).next() else {
        // Only a part of the project that is not installed needs it.
        return closure.notes.is_empty().then(Vec::new);
    };
    if closure.packages.get(place).is_some_and(|package| package.left_out) {
        return Some(Vec::new());
    }
    let mut found: Vec<Cause> = Vec::new();
    for chain in closure.chains(place, CHAIN_LIMIT) {
        let names = chain.iter().filter_map(|step| closure.packages.get(step.package));
        let names: Vec<&PackageName> = names.filter(|package| !package.is_local).map(|package| &package.name).collect();
        let Some(first) = names.first() else { continue };
        let root = install.roots.iter().position(|root| root.requirement.name == **first);
        if let Some(root) = root.filter(|root| found.iter().all(|cause| cause.root != *root)) {
            found.push(Cause { root, chain: names.iter().map(ToString::to_string).collect() });
        }
    }
    sort(install, &mut found);
    (!found.is_empty()).then_some(found)
}

/// The catalogue's edges hold for current versions; a root that is a local path or another distribution's archive is not followed.
fn may_pull_torch(root: &Root) -> bool {
    root.requirement.url.as_deref().is_none_or(|url| !url.starts_with(['.', '/']))
}

fn locked_without(install: &PythonInstall) -> bool {
    let lock = install.lock.as_ref().filter(|lock| lock.rewritten.is_none());
    lock.is_some_and(|lock| lock.torch.is_empty())
}

pub(super) fn torch_requirements(install: &PythonInstall) -> impl Iterator<Item = &Requirement> {
    let roots = install.roots.iter().map(|root| &root.requirement);
    roots.chain(&install.constraints).filter(|requirement| requirement.name.as_str() == "torch")
}

pub(super) fn pinned(requirement: &Requirement) -> Option<&str> {
    requirement.pinned().filter(|version| !version.contains(UNKNOWN))
}

/// The build that the install would bring into an empty environment.
fn own_build(facts: &Facts<'_>, install: &PythonInstall) -> Build {
    let of_kind = |kind: IndexKind, how: String| match kind {
        IndexKind::Cpu => Some(Build::Cpu(how)),
        IndexKind::Gpu => Some(Build::Gpu(how)),
        _ => None,
    };
    if let Some(lock) = install.lock.as_ref().filter(|lock| lock.rewritten.is_none()) {
        let of_pin = |(version, source): &(String, Option<String>)| {
            of_version(version).or_else(|| source.as_deref().map(classify)).unwrap_or(IndexKind::Pypi)
        };
        let installed = locked_torch(facts, install);
        let pins = installed.as_ref().map_or(lock.torch.as_slice(), |(pin, _)| std::slice::from_ref(pin));
        let kinds: Vec<IndexKind> = pins.iter().map(of_pin).collect();
        let how = || format!("`{}`", lock.path);
        for kind in [IndexKind::Cpu, IndexKind::Gpu] {
            if kinds.contains(&kind) {
                return of_kind(kind, how()).unwrap_or(Build::Cuda);
            }
        }
        // Whatever the index is called: the packages of CUDA are pinned beside torch, or they are not.
        let cuda = installed.as_ref().map_or(lock.cuda, |(_, cuda)| *cuda);
        return if cuda { Build::Cuda } else { Build::Unknown(how()) };
    }
    let named = install.roots.iter().map(|root| &root.requirement).chain(&install.constraints);
    for requirement in named.filter(|requirement| is_torch_family(&requirement.name)) {
        let kind = requirement.pinned().and_then(of_version).or_else(|| requirement.url.as_deref().map(of_url));
        match kind {
            Some(IndexKind::Other) => return Build::Unknown(format!("`{}`", requirement.name)),
            Some(kind) => {
                if let Some(build) = of_kind(kind, format!("`{}{}`", requirement.name, requirement.specifier)) {
                    return build;
                }
            }
            None => {}
        }
    }
    if let Some(build) = of_sources(facts, install) {
        return build;
    }
    // With several indexes pip takes the highest version, and a local one is above its public one.
    for kind in [IndexKind::Cpu, IndexKind::Gpu] {
        if let Some(index) = install.indexes.iter().find(|index| index.kind == kind) {
            return of_kind(kind, index.from.clone()).unwrap_or(Build::Cuda);
        }
    }
    let replaced = install.indexes.iter().find(|index| {
        matches!(index.role, IndexRole::Default | IndexRole::Backend | IndexRole::None)
            && index.kind == IndexKind::Other
    });
    match replaced {
        Some(index) => Build::Unknown(index.from.clone()),
        None if torch_requirements(install).any(|requirement| requirement.specifier.contains(UNKNOWN)) => {
            // `torch==${TORCH}` may hold a local version.
            Build::Unknown("a version that is not known".to_owned())
        }
        None if facts.stages.get(install.stage).is_some_and(|stage| stage.image.musl == Some(true)) => {
            Build::Unknown("musl".to_owned())
        }
        None if install.platform.machine != "x86_64" => Build::Unknown(install.platform.machine.clone()),
        None => Build::Cuda,
    }
}

/// Version and source of the torch that the lock gives this machine, of several that it pins, and whether CUDA packages come with it.
fn locked_torch(facts: &Facts<'_>, install: &PythonInstall) -> Option<((String, Option<String>), bool)> {
    let closure = facts.closure(install);
    let torch = PackageName::new("torch");
    let mut found = closure.find(&torch).filter_map(|place| closure.packages.get(place));
    let (Some(package), None, ClosureBasis::Lock(_)) = (found.next(), found.next(), &closure.basis) else {
        return None;
    };
    let cuda = closure.packages.iter().any(|package| catalogue::is_cuda_package(package.name.as_str()));
    Some(((package.version.clone()?, package.source.clone()), cuda))
}

/// `torch @ https://…/torch-2.1.0%2Bcpu-….whl`
fn of_url(url: &str) -> IndexKind {
    let plain = url.replace("%2B", "+").replace("%2b", "+");
    let file = plain.rsplit('/').next().unwrap_or_default();
    let version = file.split('-').nth(1).and_then(of_version);
    version.unwrap_or_else(|| classify(&plain))
}

/// `[tool.uv.sources]` and poetry's `source`.
fn of_sources(facts: &Facts<'_>, install: &PythonInstall) -> Option<Build> {
    if !install.tool.reads_sources() {
        return None;
    }
    let torch = PackageName::new("torch");
    for project in &install.projects {
        let Ok(parsed) = facts.workspace.pyproject(&project.manifest) else { continue };
        let active: Vec<PackageName> = project.extras.iter().map(|extra| extra.name.clone()).collect();
        let sources = parsed.uv_sources.get(&torch).into_iter().flatten();
        let mut unknown = false;
        for source in sources.filter(|source| source.applies(&install.platform, &active)) {
            let index = parsed.indexes.iter().find(|index| index.name.as_deref() == Some(source.from.as_str()));
            let kind = index.map_or_else(|| classify(&source.from), |index| classify(&index.url));
            match kind {
                IndexKind::Cpu => return Some(Build::Cpu(format!("`{}`", project.manifest))),
                IndexKind::Gpu => return Some(Build::Gpu(format!("`{}`", project.manifest))),
                IndexKind::Pypi => {}
                IndexKind::Other => unknown = true,
            }
        }
        if unknown {
            return Some(Build::Unknown(format!("`{}`", project.manifest)));
        }
    }
    None
}

/// What the stage holds when the next command runs: its own, what the stages below it held, and what it copied with an
/// environment.
fn holding(facts: &Facts<'_>, stage: usize, held: &HashMap<usize, Vec<Held>>) -> Vec<Held> {
    let sources = super::foreign::sources_of(facts, stage);
    sources.iter().rev().filter_map(|stage| held.get(stage)).flatten().cloned().collect()
}

enum Fit {
    Yes,
    No(Requirement),
}

/// Whether the torch that is there satisfies what the install asks for.
fn fits(install: &PythonInstall, held: &Held) -> Fit {
    for requirement in torch_requirements(install) {
        let refused = match &held.version {
            Some(version) => requirement.accepts(version) == Some(false),
            // An unpinned one is the newest of its day.
            None => {
                install.platform.python.is_some_and(|python| python >= CURRENT_PYTHON)
                    && requirement.accepts(NEWEST) == Some(false)
                    && (requirement.pinned().is_some() || requirement.specifier.contains('<'))
            }
        };
        if refused {
            return Fit::No(requirement.clone());
        }
    }
    Fit::Yes
}
