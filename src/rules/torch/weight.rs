//! What the CUDA build weighs, and the chain that brings it.

use std::fmt::Write as _;

use crate::catalogue;
use crate::diagnostic::{Basis, format_bytes};
use crate::facts::Facts;
use crate::facts::python::{Cause, ClosureBasis, InstallClosure, PythonInstall, Root, Step};
use crate::python::PackageName;
use crate::python::closure::Part;

/// What torch itself takes unpacked when it is built for the CPU: an estimate (± 60 MB), as `packages.toml` tells.
const CPU_TORCH_BYTES: u64 = 650_000_000;
/// CUDA packages that a chain names.
const MOST_NAMED: usize = 2;

/// Bytes of the CUDA build in an install.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::rules) struct CudaWeight {
    /// torch with its CUDA packages, unpacked.
    pub(in crate::rules) whole: u64,
    /// What the CPU build saves of it.
    pub(in crate::rules) saved: u64,
    /// How that is known.
    pub(in crate::rules) basis: Basis,
    /// The same for people, with how it is known.
    pub(in crate::rules) text: String,
}

impl CudaWeight {
    /// By the lock where it tells, else by the catalogue.
    pub(in crate::rules) fn of(facts: &Facts<'_>, install: &PythonInstall) -> Option<Self> {
        let mut weight = Self::of_lock(facts, install).or_else(|| Self::of_catalogue(install))?;
        if let Some((lock, range)) = install.lock.as_ref().and_then(|lock| Some((lock, lock.rewritten?))) {
            let line = facts.source.line(range.start());
            let _ = write!(weight.text, "; the build rewrites `{}` (line {line}), so versions may move", lock.path);
        }
        Some(weight)
    }

    fn of_lock(facts: &Facts<'_>, install: &PythonInstall) -> Option<Self> {
        let (closure, torch) = pinned(facts, install)?;
        let compiles = install.compiles.unwrap_or_default();
        let cuda = cuda_below(&closure, torch);
        // Old releases hold CUDA themselves, and a list of pins may leave out what they bring.
        if cuda.is_empty() {
            return None;
        }
        let places: Vec<usize> = std::iter::once(torch).chain(cuda).collect();
        let sum = closure.bytes(&places);
        let whole = sum.on_disk(compiles);
        // Where one of them is not known, the difference is not known either.
        if sum.unknown > 0 {
            return None;
        }
        let saved = whole.checked_sub(CPU_TORCH_BYTES)?;
        let files = match &closure.basis {
            ClosureBasis::Lock(path) => format!("`{path}`"),
            ClosureBasis::Compiled(files) => {
                files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ")
            }
            ClosureBasis::Catalogue => return None,
        };
        let (basis, how) = if sum.exact == sum.packages {
            let (wheels, bytes) = (sum.packages, format_bytes(sum.wheel));
            (Basis::Lock, format!("{files}: {wheels} wheels, {bytes} × measured unpack ratios"))
        } else {
            (Basis::Catalogue, format!("{} packages of {files}, as heavy as the catalogue has them", sum.packages))
        };
        let text = format!(
            "{how}: torch with its CUDA packages is ≈ {} installed, torch for the CPU ≈ {}",
            format_bytes(whole),
            format_bytes(CPU_TORCH_BYTES)
        );
        Some(Self { whole, saved, basis, text })
    }

    fn of_catalogue(install: &PythonInstall) -> Option<Self> {
        let cpu = catalogue::package("torch").and_then(|package| package.closure?.cpu_bytes)?;
        let whole = cuda_bytes(install)?;
        let text = format!(
            "catalogue: torch with its CUDA packages is ≈ {} installed, the CPU build ≈ {}",
            format_bytes(whole),
            format_bytes(cpu),
        );
        Some(Self { whole, saved: whole.checked_sub(cpu)?, basis: Basis::Catalogue, text })
    }
}

/// The closure that a lock tells, and the place of torch in it.
fn pinned(facts: &Facts<'_>, install: &PythonInstall) -> Option<(std::sync::Arc<InstallClosure>, usize)> {
    let closure = facts.closure(install);
    if closure.basis == ClosureBasis::Catalogue {
        return None;
    }
    let torch = PackageName::new("torch");
    let place = closure.find(&torch).find(|&place| closure.packages.get(place).is_some_and(|one| !one.left_out))?;
    Some((closure, place))
}

/// The CUDA packages that only torch needs.
fn cuda_below(closure: &InstallClosure, torch: usize) -> Vec<usize> {
    let is_torch = |name: &PackageName| closure.packages.get(torch).is_some_and(|one| one.name == *name);
    let lost = closure.lost_without(|package| is_torch(&package.name));
    let is_cuda = |place: &usize| {
        closure.packages.get(*place).is_some_and(|package| catalogue::is_cuda_package(package.name.as_str()))
    };
    lost.into_iter().filter(is_cuda).collect()
}

/// `pulls torch 2.12.1 and 20 CUDA packages`, where a lock tells.
pub(super) fn pulled(facts: &Facts<'_>, install: &PythonInstall) -> Option<String> {
    let (closure, torch) = pinned(facts, install)?;
    let version = closure.packages.get(torch)?.version.as_ref()?;
    let count = cuda_below(&closure, torch).len();
    (count > 1).then(|| format!("pulls torch {version} and {count} CUDA packages"))
}

/// `adds 79 packages, ~5.1 GB installed`: what the project's extra brings, where a lock tells.
pub(super) fn adds(facts: &Facts<'_>, install: &PythonInstall, extra: &PackageName) -> Option<String> {
    let (closure, _) = pinned(facts, install)?;
    let lost = closure.bytes(&closure.lost_without_part(&Part::Extra(extra.clone())));
    let bytes = lost.on_disk(install.compiles.unwrap_or_default());
    let least = if lost.unknown > 0 { "at least " } else { "~" };
    (lost.packages > 1).then(|| format!("adds {} packages, {least}{} installed", lost.packages, format_bytes(bytes)))
}

/// `requirements.txt > sentence-transformers > torch > nvidia-cublas-cu12, … triton`
pub(in crate::rules) fn chain(facts: &Facts<'_>, install: &PythonInstall, cause: &Cause, root: &Root) -> String {
    if let Some(chain) = chain_of_lock(facts, install, root) {
        return chain;
    }
    let mut parts = root.via.clone();
    if root.is_brought_along() {
        parts.push(root.parents.join(", "));
        parts.push(format!("{}{}", root.requirement.name, root.requirement.specifier));
    } else {
        let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        parts.push(format!("{}{extras}{}", root.requirement.name, root.requirement.specifier));
    }
    parts.extend(cause.chain.iter().skip(1).cloned());
    if parts.last().is_some_and(|last| !last.starts_with("torch")) {
        parts.push("torch".to_owned());
    }
    let cuda = torch_version(install).and_then(catalogue::torch_release).map(|release| release.cuda);
    parts.push(match cuda.and_then(|cuda| cuda.split('.').next()) {
        Some("10") => "CUDA inside its wheel".to_owned(),
        Some(major @ ("11" | "12")) => format!("nvidia-cublas-cu{major}, nvidia-cudnn-cu{major}, triton …"),
        _ => "nvidia-cublas, nvidia-cudnn, triton …".to_owned(),
    });
    parts.join(" > ")
}

/// `mcp-server[providers] > sentence-transformers 5.4.0 > torch 2.12.1 > nvidia-cublas, nvidia-cudnn-cu13, triton …`
fn chain_of_lock(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> Option<String> {
    let (closure, torch) = pinned(facts, install)?;
    let ClosureBasis::Lock(_) = closure.basis else { return None };
    let is_through = |chain: &&Vec<Step>| {
        chain.iter().any(|step| closure.packages.get(step.package).is_some_and(|one| one.name == root.requirement.name))
    };
    let chains = closure.chains(torch, 50);
    let chain = chains.iter().find(is_through)?;
    let first = closure.packages.get(chain.first()?.package)?;
    let mut parts = if first.is_local { Vec::new() } else { root.via.clone() };
    for (step, name) in chain.iter().zip(closure.shown(chain)) {
        let package = closure.packages.get(step.package)?;
        let version = package
            .version
            .as_deref()
            .filter(|_| !package.is_local && step.part.as_ref().is_none_or(|part| *part == Part::Own));
        parts.push(version.map_or(name.clone(), |version| format!("{name} {version}")));
    }
    let below: Vec<&str> = cuda_below(&closure, torch)
        .into_iter()
        .filter_map(|place| closure.packages.get(place).map(|package| package.name.as_str()))
        .collect();
    if below.is_empty() {
        return Some(parts.join(" > "));
    }
    let heavy = ["nvidia-cublas", "nvidia-cudnn"];
    let mut named: Vec<&str> = below
        .iter()
        .copied()
        .filter(|name| heavy.iter().any(|heavy| name.starts_with(heavy)))
        .take(MOST_NAMED)
        .collect();
    named.extend(below.iter().copied().filter(|name| *name == "triton"));
    if named.is_empty() {
        named.extend(below.iter().copied().take(MOST_NAMED));
    }
    let more = if below.len() > named.len() { " …" } else { "" };
    parts.push(format!("{}{more}", named.join(", ")));
    Some(parts.join(" > "))
}

/// The version of torch that the install pins.
pub(in crate::rules) fn torch_version(install: &PythonInstall) -> Option<&str> {
    let torch = install.roots.iter().filter(|root| root.requirement.name.as_str() == "torch");
    let locked = install.lock.as_ref().and_then(|lock| lock.torch.first()).map(|(version, _)| version.as_str());
    torch
        .into_iter()
        .find_map(|root| root.requirement.pinned())
        .or(locked)
        .filter(|version| catalogue::torch_release(version).is_some())
}

/// What torch with its CUDA packages takes; `None` when that was not measured, as for old releases that hold CUDA themselves.
fn cuda_bytes(install: &PythonInstall) -> Option<u64> {
    let newest = catalogue::package("torch").and_then(|package| package.closure).map(|closure| closure.installed_bytes);
    let Some(release) = torch_version(install).and_then(catalogue::torch_release) else { return newest };
    if release.version.starts_with("1.") {
        return release.installed_bytes;
    }
    release.installed_bytes.or(newest)
}
