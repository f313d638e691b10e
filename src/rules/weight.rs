//! What packages that an install asks for weigh.

use crate::catalogue;
use crate::diagnostic::{Basis, Component, Saving, Savings};
use crate::facts::python::{Build, PythonInstall, Root};
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
        .flat_map(|other| &other.roots)
        .filter(|root| members.iter().all(|member| member.place != root.place));
    let others: Vec<&str> = others.flat_map(keys).collect();
    let all: Vec<&str> = others.iter().chain(&own).copied().collect();
    let bytes = |keys: &[&str]| catalogue::weight(keys).installed_bytes;
    Some(bytes(&all).saturating_sub(bytes(&others)))
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
