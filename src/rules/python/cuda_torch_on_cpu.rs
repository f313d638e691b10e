//! torch in its CUDA build, where nothing asks for a GPU.

mod manifest;
mod remedy;

pub(in crate::rules) use remedy::propose;

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::catalogue::{self, Gpu};
use crate::diagnostic::{Basis, Component, Savings, Span, format_bytes};
use crate::facts::python::{
    Build, Cause, Declared, Evidence, Place, PythonInstall, Root, TorchInstall, is_torch_family,
};
use crate::facts::{Facts, Guard};
use crate::rules::{Check, Finding, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// What the CUDA packages are called in totals, so that two findings about them count once.
pub(in crate::rules) const CUDA_COMPONENT: &str = "torch (CUDA)";

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let torch = facts.torch_installs();
    // Where torch is installed twice, that is the finding.
    let once = |found: &TorchInstall| found.corrected.is_none() && found.replaces.is_none();
    let culprits: Vec<usize> = (0..torch.len())
        .filter(|&index| torch.get(index).is_some_and(once) && is_culprit(facts, torch, index))
        .collect();
    report_all(facts, torch, &culprits, reporter);
}

/// Reports those that bring the CUDA build in, where nothing asks for a GPU.
pub(in crate::rules) fn report_all(
    facts: &Facts<'_>,
    torch: &[TorchInstall],
    culprits: &[usize],
    reporter: &mut Reporter<'_>,
) {
    if culprits.is_empty() || !is_without_gpu(facts, torch, culprits) {
        return;
    }
    for group in groups(facts, torch, culprits) {
        report(facts, torch, &group, facts.gpu_evidence(), reporter);
    }
}

/// Whether nothing speaks for a GPU, and enough is known to say so.
fn is_without_gpu(facts: &Facts<'_>, torch: &[TorchInstall], culprits: &[usize]) -> bool {
    let evidence = facts.gpu_evidence();
    let told = !evidence.cpu.is_empty() || evidence.unreserved;
    evidence.gpu.is_empty() && (told || !is_unknown_base(facts, torch, culprits))
}

/// An install that brings the CUDA build into a shipped image, on a path that the maker did not take care of already.
pub(in crate::rules) fn is_culprit(facts: &Facts<'_>, torch: &[TorchInstall], index: usize) -> bool {
    let installs = facts.python_installs();
    let Some(found) = torch.get(index) else { return false };
    let Some(install) = installs.get(found.install) else { return false };
    if found.build != Build::Cuda || !found.ships || install.guard == Guard::Never {
        return false;
    }
    // `if [ "$ARCH" = cpu ]; then … whl/cpu …; else …; fi`: whoever wrote the other branch chose this one.
    let chosen = torch.iter().any(|other| {
        let same_run =
            installs.get(other.install).filter(|other| (other.stage, other.run) == (install.stage, install.run));
        let exclusive = |other: &PythonInstall| other.guard != Guard::Always;
        matches!(other.build, Build::Cpu(_)) && same_run.is_some_and(exclusive)
    });
    !chosen
}

/// A base of which nothing is known may hold torch, or a GPU's libraries.
fn is_unknown_base(facts: &Facts<'_>, torch: &[TorchInstall], culprits: &[usize]) -> bool {
    let stages = culprits
        .iter()
        .filter_map(|&index| torch.get(index))
        .filter_map(|found| facts.python_installs().get(found.install));
    let images = stages.filter_map(|install| facts.stages.get(install.stage)).map(|stage| &stage.image);
    images.into_iter().any(|image| {
        let nothing = image.gpu == Gpu::Unknown
            && image.python.is_none()
            && image.distribution == catalogue::Distribution::Unknown;
        nothing || image.windows
    })
}

/// Culprits with a cause in common, which is one finding.
fn groups(facts: &Facts<'_>, torch: &[TorchInstall], culprits: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(HashSet<Place>, Vec<usize>)> = Vec::new();
    for &index in culprits {
        let Some((found, install)) =
            torch.get(index).and_then(|found| Some((found, facts.python_installs().get(found.install)?)))
        else {
            continue;
        };
        let places: HashSet<Place> = found
            .causes
            .iter()
            .filter_map(|cause| install.roots.get(cause.root))
            .map(|root| root.place.clone())
            .collect();
        match groups.iter_mut().find(|(known, _)| !known.is_disjoint(&places)) {
            Some((known, members)) => {
                known.extend(places);
                members.push(index);
            }
            None => groups.push((places, vec![index])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

fn report(
    facts: &Facts<'_>,
    torch: &[TorchInstall],
    group: &[usize],
    evidence: &Evidence,
    reporter: &mut Reporter<'_>,
) {
    let resolved = group.first().and_then(|&index| torch.get(index));
    let Some((found, install)) = resolved.and_then(|found| Some((found, facts.python_installs().get(found.install)?)))
    else {
        return;
    };
    let Some((cause, root)) = found.causes.first().and_then(|cause| Some((cause, install.roots.get(cause.root)?)))
    else {
        return;
    };
    let mut finding = reporter.report(root.word, message(found, root, evidence));
    finding.primary_label(primary_label(install, cause, root));
    if root.declared != Declared::Dockerfile {
        let pulls =
            if cause.chain.len() > 1 { "pulls torch with its CUDA packages" } else { "asks for it without an index" };
        finding.label_in(Span::new(root.place.file.clone(), root.place.range), pulls);
    }
    for other in group.iter().skip(1).filter_map(|&index| torch.get(index)) {
        let also = facts
            .python_installs()
            .get(other.install)
            .and_then(|install| install.roots.get(other.causes.first()?.root));
        if let Some(also) = also.filter(|also| also.word != root.word) {
            finding.label(also.word, "brings it too");
        }
    }
    notes(facts, found, install, (cause, root), evidence, &mut finding);
    let bytes = saved(install);
    finding.savings(
        bytes.map(|bytes| Savings::of(Component::Package(CUDA_COMPONENT.to_owned()), bytes, Basis::Catalogue)),
    );
    propose(facts, torch, group, (cause, root), evidence, &mut finding);
}

fn message(found: &TorchInstall, root: &Root, evidence: &Evidence) -> String {
    if let Some((version, requirement)) = &found.replaces {
        let before =
            if version.is_empty() { "the CPU build".to_owned() } else { format!("the CPU build of `torch` {version}") };
        return format!("`{}{}` replaces {before} with the CUDA build", requirement.name, requirement.specifier);
    }
    let name = if is_torch_family(&root.requirement.name) { root.requirement.name.as_str() } else { "torch" };
    let reason = if evidence.cpu.is_empty() { "nothing asks for a GPU" } else { "what there is speaks for a CPU" };
    format!("`{name}` is installed in its CUDA build, and {reason}")
}

fn primary_label(install: &PythonInstall, cause: &Cause, root: &Root) -> String {
    let what = if cause.chain.len() > 1 {
        format!("brings `{}`, which pulls torch", root.requirement.name)
    } else {
        format!("brings `{}{}` from the default index", root.requirement.name, root.requirement.specifier)
    };
    if install.guard == Guard::Sometimes { format!("{what}, when it runs") } else { what }
}

fn notes(
    facts: &Facts<'_>,
    found: &TorchInstall,
    install: &PythonInstall,
    (cause, root): (&Cause, &Root),
    evidence: &Evidence,
    finding: &mut Finding<'_>,
) {
    finding.note("chain", chain(install, cause, root));
    let others: Vec<String> = {
        let mut seen = HashSet::from([root.requirement.name.clone()]);
        let names =
            found.causes.iter().filter_map(|cause| install.roots.get(cause.root)).map(|root| &root.requirement.name);
        names.filter(|name| seen.insert((*name).clone())).map(|name| format!("`{name}`")).collect()
    };
    if !others.is_empty() {
        let (shown, rest) = others.split_at(others.len().min(6));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let verb = if others.len() == 1 { "brings" } else { "bring" };
        finding.note("also", format!("{}{more} {verb} torch, too", shown.join(", ")));
    }
    if let Some(bytes) = saved(install) {
        let mut text = format!(
            "catalogue: torch with its CUDA packages is ≈ {} installed, the CPU build ≈ {}",
            format_bytes(cuda_bytes(install).unwrap_or_default()),
            format_bytes(cuda_bytes(install).unwrap_or_default().saturating_sub(bytes)),
        );
        let lock = install.lock.as_ref();
        if let Some((lock, range)) = lock.and_then(|lock| Some((lock, lock.rewritten?))) {
            let line = facts.source.line(range.start());
            let _ = write!(text, "; the build rewrites `{}` (line {line}), so versions may move", lock.path);
        }
        finding.note("bytes", text);
    }
    let told = evidence.ambiguous.iter().find(|text| !evidence.looked_at.contains(text.as_str()));
    let ambiguous = told.map(|text| format!("; {text}")).unwrap_or_default();
    let gpu = match evidence.cpu.first() {
        Some(cpu) => format!("none: {cpu}; {}{ambiguous}", evidence.looked_at),
        None => format!("none found: {}{ambiguous}", evidence.looked_at),
    };
    finding.note("gpu", gpu);
    for note in &install.notes {
        finding.note("files", note.clone());
    }
}

/// `requirements.txt > sentence-transformers > torch > nvidia-cublas-cu12, … triton`
pub(in crate::rules) fn chain(install: &PythonInstall, cause: &Cause, root: &Root) -> String {
    let mut parts = root.via.clone();
    if root.is_brought_along() {
        parts.push(root.parents.join(", "));
        parts.push(format!("{}{}", root.requirement.name, root.requirement.specifier));
    } else {
        let extras: Vec<&str> = root.requirement.extras.iter().map(crate::python::PackageName::as_str).collect();
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        parts.push(format!("{}{extras}{}", root.requirement.name, root.requirement.specifier));
    }
    parts.extend(cause.chain.iter().skip(1).map(|key| (*key).to_owned()));
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
pub(in crate::rules) fn cuda_bytes(install: &PythonInstall) -> Option<u64> {
    let newest = catalogue::package("torch").and_then(|package| package.closure).map(|closure| closure.installed_bytes);
    let Some(release) = torch_version(install).and_then(catalogue::torch_release) else { return newest };
    if release.version.starts_with("1.") {
        return release.installed_bytes;
    }
    release.installed_bytes.or(newest)
}

pub(in crate::rules) fn saved(install: &PythonInstall) -> Option<u64> {
    let cpu = catalogue::package("torch").and_then(|package| package.closure?.cpu_bytes)?;
    cuda_bytes(install)?.checked_sub(cpu)
}
