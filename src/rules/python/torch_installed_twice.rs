//! torch that is installed in one build, and then in another or not at all.

use crate::catalogue;
use crate::diagnostic::{Basis, Component, Savings, Span, format_bytes};
use crate::facts::Facts;
use crate::facts::python::{Build, Correction, CorrectionKind, Declared, PythonInstall, TorchInstall};
use crate::rules::torch::{CUDA_COMPONENT, CudaWeight, chain, is_culprit, propose, report_all, torch_version};
use crate::rules::{Check, Finding, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let torch = facts.torch_installs();
    let all = || torch.iter().enumerate();
    let replacing: Vec<usize> = all()
        .filter(|(index, found)| found.replaces.is_some() && is_culprit(facts, torch, *index))
        .map(|(index, _)| index)
        .collect();
    report_all(facts, torch, &replacing, reporter);
    for (index, found) in all() {
        let Some(correction) = &found.corrected else { continue };
        if !is_clean(correction) {
            report(facts, torch, index, correction, reporter);
        }
    }
}

/// Whether nothing of the CUDA build is left.
fn is_clean(correction: &Correction) -> bool {
    correction.kind != CorrectionKind::Ignored && !correction.later_layer && !correction.leaves_cuda
}

fn report(
    facts: &Facts<'_>,
    torch: &[TorchInstall],
    index: usize,
    correction: &Correction,
    reporter: &mut Reporter<'_>,
) {
    let Some(found) = torch.get(index) else { return };
    let Some(install) = facts.python_installs().get(found.install) else { return };
    let Some((cause, root)) = found.causes.first().and_then(|cause| Some((cause, install.roots.get(cause.root)?)))
    else {
        return;
    };
    let mut finding = reporter.report(correction.word, message(correction));
    finding.primary_label(match correction.kind {
        CorrectionKind::Replaced => "replaces torch, but not what it brought",
        CorrectionKind::Ignored => "finds torch installed, and leaves it",
        CorrectionKind::Removed => "removes torch, but not what it brought",
    });
    finding.label(root.word, format!("brings `{}` in the CUDA build", root.requirement.name));
    if root.declared != Declared::Dockerfile {
        finding.label_in(Span::new(root.place.file.clone(), root.place.range), "asks for it without an index");
    }
    finding.note("chain", chain(facts, install, cause, root));
    let line = facts.source.line(root.word.start());
    let left = match correction {
        Correction { kind: CorrectionKind::Ignored, .. } => {
            "an installer that finds a version which fits asks no index".to_owned()
        }
        Correction { later_layer: true, .. } => format!("the layer of line {line} keeps torch with its CUDA packages"),
        _ => "`nvidia-*` and `triton` stay installed: an installer removes only what it is told to".to_owned(),
    };
    finding.note("left", left);
    weigh(facts, install, correction, &mut finding);
    match correction.kind {
        CorrectionKind::Removed => {
            finding.help("keep it from being installed, or uninstall the `nvidia-*` packages and `triton` with it in the same `RUN`");
        }
        _ if pins_another(facts, install, correction, torch) => {
            finding.help(
                "install the CPU build before, or by, the command that brings torch, in the version that is wanted",
            );
        }
        _ => propose(facts, torch, &[index], (cause, root), facts.gpu_evidence(), &mut finding),
    }
}

fn message(correction: &Correction) -> String {
    match (correction.kind, correction.later_layer) {
        (CorrectionKind::Ignored, _) => {
            "the CPU build of `torch` is asked for where the CUDA build is already installed, and changes nothing"
        }
        (CorrectionKind::Replaced, true) => {
            "the CPU build of `torch` replaces the CUDA build, which stays in an earlier layer"
        }
        (CorrectionKind::Replaced, false) => {
            "the CPU build of `torch` replaces the CUDA build, whose CUDA packages stay installed"
        }
        (CorrectionKind::Removed, true) => {
            "`torch` is uninstalled, but stays with its CUDA packages in an earlier layer"
        }
        (CorrectionKind::Removed, false) => "`torch` is uninstalled, but its CUDA packages stay installed",
    }
    .to_owned()
}

fn weigh(facts: &Facts<'_>, install: &PythonInstall, correction: &Correction, finding: &mut Finding<'_>) {
    let stays_whole = correction.kind == CorrectionKind::Ignored || correction.later_layer;
    let (bytes, basis, text) = if stays_whole {
        let Some(weight) = CudaWeight::of(facts, install) else { return };
        (weight.saved, weight.basis, weight.text)
    } else {
        // Of other releases it is not known how much is torch's own.
        let newest = torch_version(install).is_none().then(packages_of_cuda).flatten();
        let Some(bytes) = newest else { return };
        let text = format!("catalogue: the CUDA packages of torch are ≈ {} installed", format_bytes(bytes));
        (bytes, Basis::Catalogue, text)
    };
    finding.note("bytes", text);
    finding.savings(Savings::of(Component::Package(CUDA_COMPONENT.to_owned()), bytes, basis));
}

/// What the newest torch brings besides itself.
fn packages_of_cuda() -> Option<u64> {
    let torch = catalogue::package("torch")?;
    Some(catalogue::weight(torch.requires).installed_bytes).filter(|&bytes| bytes > 0)
}

/// Whether the CPU build is pinned to a version that the first install does not pin.
fn pins_another(facts: &Facts<'_>, install: &PythonInstall, correction: &Correction, torch: &[TorchInstall]) -> bool {
    let cpu = correction.install.and_then(|index| torch.get(index)).filter(|cpu| matches!(cpu.build, Build::Cpu(_)));
    let cpu = cpu.and_then(|cpu| facts.python_installs().get(cpu.install));
    let pin = |install: &PythonInstall| {
        let torch = install.roots.iter().find(|root| root.requirement.name.as_str() == "torch");
        let version = torch.and_then(|root| root.requirement.pinned());
        version.map(|version| version.split('+').next().unwrap_or(version).to_owned())
    };
    cpu.and_then(pin).is_some_and(|version| pin(install).as_deref() != Some(version.as_str()))
}
