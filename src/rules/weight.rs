//! What packages that an install asks for weigh.

use crate::catalogue;
use crate::diagnostic::{Basis, Component, Saving, Savings};
use crate::facts::python::{Build, ClosureBasis, PythonInstall, Root};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;

use super::torch::CUDA_COMPONENT;

/// What the catalogue calls a root.
pub(super) fn keys(root: &Root) -> Vec<&'static str> {
    let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
    catalogue::package_with_extras(root.requirement.name.as_str(), &extras)
        .into_iter()
        .map(|package| package.key)
        .collect()
}

/// What would no longer be installed without `members`; `None` when the catalogue knows none of them.
pub(super) fn weight_of(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<u64> {
    let own: Vec<&str> = members.iter().flat_map(|root| keys(root)).collect();
    if own.is_empty() {
        return None;
    }
    let same_stage =
        facts.python_installs().iter().filter(|other| other.stage == install.stage && other.guard != Guard::Never);
    let others = same_stage
        .flat_map(|other| other.roots.iter().filter(|root| !other.is_project(root)))
        .filter(|root| members.iter().all(|member| member.place != root.place));
    let others: Vec<&str> = others.flat_map(keys).collect();
    let all: Vec<&str> = others.iter().chain(&own).copied().collect();
    let bytes = |keys: &[&str]| catalogue::weight(keys).installed_bytes;
    Some(bytes(&all).saturating_sub(bytes(&others)))
}

/// What would no longer be installed if `root` were asked for without `extra`; `None` where nobody knows.
pub(super) fn weight_of_extra(
    facts: &Facts<'_>,
    install: &PythonInstall,
    root: &Root,
    extra: &PackageName,
) -> Option<u64> {
    let closure = facts.closure(install);
    if matches!(closure.basis, ClosureBasis::Lock(_)) {
        let place = closure.find(&root.requirement.name).next()?;
        return Some(
            closure.bytes(&closure.lost_without_extra(place, extra)).on_disk(install.compiles.unwrap_or_default()),
        );
    }
    let whole = format!("{}[{extra}]", root.requirement.name);
    catalogue::package(&whole)?;
    let same_stage =
        facts.python_installs().iter().filter(|other| other.stage == install.stage && other.guard != Guard::Never);
    let without: Vec<&str> =
        same_stage.flat_map(|other| &other.roots).flat_map(keys).filter(|key| *key != whole).collect();
    let with: Vec<&str> = without.iter().copied().chain([whole.as_str()]).collect();
    let bytes = |keys: &[&str]| catalogue::weight(keys).installed_bytes;
    Some(bytes(&with).saturating_sub(bytes(&without)))
}

/// The bytes, those of CUDA apart, so that they count once beside `cuda-torch-on-cpu`.
pub(super) fn savings(facts: &Facts<'_>, index: usize, members: &[&Root], bytes: u64) -> Savings {
    let cuda = catalogue::package("torch")
        .and_then(|package| package.closure)
        .and_then(|closure| closure.installed_bytes.checked_sub(closure.cpu_bytes?));
    let torch = facts.torch_installs().iter().find(|torch| torch.install == index);
    let is_cpu = torch.is_some_and(|torch| matches!(torch.build, Build::Cpu(_) | Build::Kept(_)));
    let name = members.iter().map(|root| root.requirement.name.to_string()).collect::<Vec<_>>().join(", ");
    let item = |component: &str, bytes| Saving {
        component: Component::Package(component.to_owned()),
        bytes,
        basis: Basis::Catalogue,
    };
    let items = match cuda.filter(|&cuda| bytes > cuda) {
        Some(cuda) if is_cpu => vec![item(&name, bytes - cuda)],
        Some(cuda) => vec![item(CUDA_COMPONENT, cuda), item(&name, bytes - cuda)],
        None => vec![item(&name, bytes)],
    };
    Savings { items, complete: true, in_image: true }
}
