//! What packages that an install asks for weigh.

use crate::catalogue;
use crate::diagnostic::{Basis, Component, Saving, Savings};
use crate::facts::python::{Build, ClosureBasis, PythonInstall, Root};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;

use super::torch::{CUDA_COMPONENT, CudaWeight};

/// What is no longer installed without some of the packages that an install asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Lost {
    /// Bytes on disk.
    pub(super) bytes: u64,
    /// How they are known, for people: the lock's name in backticks, or `catalogue`.
    pub(super) source: String,
    /// The same as savings.
    pub(super) savings: Savings,
}

/// What no install of the stage brings any more without `members`: by the lock where there is one, else by the catalogue. `None` when
/// nothing is known, or nothing would go.
pub(super) fn lost(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<Lost> {
    by_lock(facts, install, members).unwrap_or_else(|| by_catalogue(facts, install, members))
}

/// `None` when no lock tells, `Some(None)` when it tells that nothing goes.
#[expect(clippy::option_option, reason = "not known, or known to be nothing")]
fn by_lock(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<Option<Lost>> {
    let closure = facts.closure(install);
    let lock = match &closure.basis {
        ClosureBasis::Lock(path) => format!("`{path}`"),
        ClosureBasis::Compiled(_) if closure.complete => String::new(),
        ClosureBasis::Compiled(_) | ClosureBasis::Catalogue => return None,
    };
    // What `-r` names beside the lock is in the closure only as far as the catalogue knows it.
    if !members.iter().all(|member| closure.find(&member.requirement.name).next().is_some()) {
        return None;
    }
    let (closure, places) = facts.lost_without_roots(install, members);
    let sum = closure.bytes(&places);
    if sum.packages == 0 {
        return Some(None);
    }
    // poetry's locks tell no sizes, and the catalogue may know the whole where it does not know each part.
    if sum.unknown > 0 && sum.exact == 0 {
        return None;
    }
    let compiles = install.compiles.unwrap_or_default();
    let bytes = sum.on_disk(compiles);
    // What pins only tell the catalogue weighs.
    let (basis, source) = if sum.exact > 0 { (Basis::Lock, lock) } else { (Basis::Catalogue, "catalogue".to_owned()) };
    let item = |name: &str, bytes| Saving { component: Component::Package(name.to_owned()), bytes, basis };
    let gone = || places.iter().filter_map(|&place| closure.packages.get(place));
    let is_torch_gone = gone().any(|one| one.name.as_str() == "torch");
    let cuda = is_torch_gone.then(|| CudaWeight::of(facts, install)).flatten();
    let cuda = cuda.filter(|cuda| cuda.whole <= bytes && cuda.saved > 0);
    let in_cuda = |name: &str| name == "torch" || catalogue::is_cuda_package(name);
    let mut items: Vec<Saving> = gone()
        .filter(|package| !package.left_out && !package.is_local)
        .filter(|package| cuda.is_none() || !in_cuda(package.name.as_str()))
        .filter_map(|package| Some(item(package.name.as_str(), package.bytes.on_disk(compiles)?)))
        .collect();
    if let Some(cuda) = cuda {
        let others: u64 = items.iter().map(|item| item.bytes).sum();
        items.push(item(CUDA_COMPONENT, cuda.saved));
        items.push(item("torch", bytes.saturating_sub(others).saturating_sub(cuda.saved)));
    }
    let savings = Savings { items, complete: sum.unknown == 0 && closure.complete, in_image: true };
    Some((bytes > 0).then_some(Lost { bytes, source, savings }))
}

fn by_catalogue(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<Lost> {
    let has_closure = |root: &&Root| !install.no_dependencies && !keys(root).is_empty();
    let (listed, others): (Vec<&Root>, Vec<&Root>) = members.iter().copied().partition(has_closure);
    let known = |root: &&Root| {
        let name = root.requirement.name.as_str();
        Some(Saving {
            component: Component::Package(name.to_owned()),
            bytes: catalogue::own_bytes(name)?,
            basis: Basis::Catalogue,
        })
    };
    let own: Vec<Saving> = others.iter().filter_map(known).collect();
    let complete = own.len() == others.len();
    let bytes = weight_of(facts, install, &listed).unwrap_or_default();
    let mut items = if bytes > 0 { closure_items(facts, install, &listed, bytes) } else { Vec::new() };
    items.extend(own);
    let savings = Savings { items, complete, in_image: true };
    let bytes = savings.bytes();
    (bytes > 0).then(|| Lost { bytes, source: "catalogue".to_owned(), savings })
}

/// What the catalogue calls a root.
pub(super) fn keys(root: &Root) -> Vec<&'static str> {
    let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
    catalogue::package_with_extras(root.requirement.name.as_str(), &extras)
        .into_iter()
        .map(|package| package.key)
        .collect()
}

/// What the catalogue knows to be no longer installed without `members`; `None` when it knows none of them.
pub(super) fn weight_of(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<u64> {
    let own: Vec<&str> = members.iter().flat_map(|root| keys(root)).collect();
    if own.is_empty() || install.no_dependencies {
        return None;
    }
    let same_stage =
        facts.python_installs().iter().filter(|other| other.stage == install.stage && other.guard != Guard::Never);
    let others = same_stage
        .filter(|other| !other.no_dependencies)
        .flat_map(|other| other.roots.iter().filter(|root| !other.is_project(root)))
        .filter(|root| members.iter().all(|member| member.place != root.place));
    let others: Vec<&str> = others.flat_map(keys).collect();
    let all: Vec<&str> = others.iter().chain(&own).copied().collect();
    let bytes = |keys: &[&str]| catalogue::weight(keys).installed_bytes;
    Some(bytes(&all).saturating_sub(bytes(&others)))
}

/// What would no longer be installed if `root` were asked for without `extra`: its bytes, and how they are known; `None` where nobody
/// knows.
pub(super) fn lost_of_extra(
    facts: &Facts<'_>,
    install: &PythonInstall,
    root: &Root,
    extra: &PackageName,
) -> Option<(u64, String)> {
    let closure = facts.closure(install);
    if let ClosureBasis::Lock(path) = &closure.basis {
        let place = closure.find(&root.requirement.name).next()?;
        let sum = closure.bytes(&closure.lost_without_extra(place, extra));
        return Some((sum.on_disk(install.compiles.unwrap_or_default()), format!("`{path}`")));
    }
    let whole = format!("{}[{extra}]", root.requirement.name);
    catalogue::package(&whole)?;
    let same_stage =
        facts.python_installs().iter().filter(|other| other.stage == install.stage && other.guard != Guard::Never);
    let without: Vec<&str> =
        same_stage.flat_map(|other| &other.roots).flat_map(keys).filter(|key| *key != whole).collect();
    let with: Vec<&str> = without.iter().copied().chain([whole.as_str()]).collect();
    let bytes = |keys: &[&str]| catalogue::weight(keys).installed_bytes;
    Some((bytes(&with).saturating_sub(bytes(&without)), "catalogue".to_owned()))
}

/// The bytes of closures, those of CUDA apart, so that they count once beside `cuda-torch-on-cpu`.
fn closure_items(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root], bytes: u64) -> Vec<Saving> {
    let cuda = catalogue::package("torch")
        .and_then(|package| package.closure)
        .and_then(|closure| closure.installed_bytes.checked_sub(closure.cpu_bytes?));
    let index = facts.python_installs().iter().position(|other| std::ptr::eq(other, install));
    let torch = facts.torch_installs().iter().find(|torch| Some(torch.install) == index);
    let is_cpu = torch.is_some_and(|torch| matches!(torch.build, Build::Cpu(_) | Build::Kept(_)));
    let name = members.iter().map(|root| root.requirement.name.to_string()).collect::<Vec<_>>().join(", ");
    let item = |component: &str, bytes| Saving {
        component: Component::Package(component.to_owned()),
        bytes,
        basis: Basis::Catalogue,
    };
    match cuda.filter(|&cuda| bytes > cuda) {
        Some(cuda) if is_cpu => vec![item(&name, bytes - cuda)],
        Some(cuda) => vec![item(CUDA_COMPONENT, cuda), item(&name, bytes - cuda)],
        None => vec![item(&name, bytes)],
    }
}
