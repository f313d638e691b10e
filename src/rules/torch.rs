//! What the rules about torch say of an install that brings its CUDA build.

mod conda;
mod manifest;
mod remedy;
mod weight;

pub(super) use remedy::propose;
pub(super) use weight::{CudaWeight, chain, torch_version};

use std::collections::HashSet;

use crate::catalogue::{self, Gpu};
use crate::diagnostic::{Component, Savings, Span};
use crate::facts::python::{
    Build, Cause, Declared, Evidence, Place, PythonInstall, Root, TorchInstall, is_torch_family,
};
use crate::facts::{Facts, Guard};

use super::{Finding, Reporter};

/// What the CUDA packages are called in totals, so that two findings about them count once.
pub(super) const CUDA_COMPONENT: &str = "torch (CUDA)";

/// Reports those that bring the CUDA build in, where nothing asks for a GPU.
pub(super) fn report_all(facts: &Facts<'_>, torch: &[TorchInstall], culprits: &[usize], reporter: &mut Reporter<'_>) {
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
pub(super) fn is_culprit(facts: &Facts<'_>, torch: &[TorchInstall], index: usize) -> bool {
    let installs = facts.python_installs();
    let Some(found) = torch.get(index) else { return false };
    let Some(install) = installs.get(found.install) else { return false };
    if found.build != Build::Cuda || !found.ships || install.guard == Guard::Never {
        return false;
    }
    // Whoever named a CPU index in the manifest did all there is to do, but for the lock.
    if facts.stale_locks().iter().any(|stale| stale.pins_cuda_torch() && stale.is_of(install)) {
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
    finding.primary_label(primary_label(facts, install, cause, root));
    if root.declared != Declared::Dockerfile {
        let pulls = if cause.chain.len() > 1 {
            weight::pulled(facts, install).unwrap_or_else(|| "pulls torch with its CUDA packages".to_owned())
        } else {
            "asks for it without an index".to_owned()
        };
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
    let weight = CudaWeight::of(facts, install);
    notes(facts, found, install, (cause, root), evidence, weight.as_ref(), &mut finding);
    finding.savings(
        weight.map(|weight| Savings::of(Component::Package(CUDA_COMPONENT.to_owned()), weight.saved, weight.basis)),
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

fn primary_label(facts: &Facts<'_>, install: &PythonInstall, cause: &Cause, root: &Root) -> String {
    let what = if let Some(adds) = root.extra.as_ref().and_then(|extra| weight::adds(facts, install, extra)) {
        adds
    } else if cause.chain.len() > 1 {
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
    weight: Option<&CudaWeight>,
    finding: &mut Finding<'_>,
) {
    finding.note("chain", chain(facts, install, cause, root));
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
    if let Some(weight) = weight {
        finding.note("bytes", weight.text.clone());
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
