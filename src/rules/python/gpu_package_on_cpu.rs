//! Packages made for a GPU, where nothing asks for one.

use crate::catalogue::{self, Needs};
use crate::diagnostic::{Applicability, Basis, Component, Fix, Savings, Severity, Span, format_bytes};
use crate::facts::Facts;
use crate::facts::python::{Declared, PythonInstall};
use crate::rules::variants::{Heavy, advice, has_cuda_torch, heavy, is_told, looked_at, renamed, saved_bytes};
use crate::rules::{Check, Finding, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for package in heavy(facts, &[Needs::Gpu, Needs::GpuKernels]) {
        if speaks(facts, &package) {
            report(facts, &package, reporter);
        }
    }
}

/// Whether enough is known to say something.
fn speaks(facts: &Facts<'_>, package: &Heavy<'_>) -> bool {
    let evidence = facts.gpu_evidence();
    let variant = package.variant;
    if evidence.needs_gpu() || facts.use_of(variant.uses).is_some() {
        return false;
    }
    // CUDA comes with torch, too.
    if !variant.chosen && has_cuda_torch(facts, package.install) {
        return false;
    }
    let told = is_told(evidence);
    match variant.needs {
        // A program that reaches what runs on nothing else runs on a GPU.
        Needs::Gpu => told && facts.reach_of(package.root.requirement.name.as_str()).is_none(),
        _ => told || evidence.ambiguous.is_empty() && is_known_base(facts, package.install),
    }
}

fn is_known_base(facts: &Facts<'_>, install: &PythonInstall) -> bool {
    facts.stages.get(install.stage).is_some_and(|stage| {
        stage.image.python.is_some() || stage.image.distribution != catalogue::Distribution::Unknown
    })
}

fn report(facts: &Facts<'_>, package: &Heavy<'_>, reporter: &mut Reporter<'_>) {
    let Heavy { install, root, variant } = *package;
    let evidence = facts.gpu_evidence();
    let told = is_told(evidence);
    let reason = if told { "what there is speaks for a CPU" } else { "nothing asks for a GPU" };
    let what = match variant.needs {
        Needs::Gpu => "is of use on a GPU only",
        _ if variant.chosen => "is the variant for GPUs",
        _ => "brings what only a GPU uses",
    };
    let mut finding = reporter.report(root.word, format!("`{}` {what}, and {reason}", variant.key));
    if !told {
        finding.severity(Severity::Info);
    }
    finding.primary_label(format!("brings `{}{}`", root.requirement.name, root.requirement.specifier));
    if root.declared != Declared::Dockerfile {
        finding.label_in(Span::new(root.place.file.clone(), root.place.range), "asks for it");
    }
    let lost = match variant.lighter {
        Some(lighter) => format!("`{lighter}` is imported by the same name and lacks {}", variant.lost),
        None => "there is no variant of it for a CPU".to_owned(),
    };
    finding.note("lost", lost);
    finding.note("gpu", looked_at(evidence));
    // Torch's CUDA packages may be the same ones.
    let bytes = saved_bytes(facts, package).filter(|_| !has_cuda_torch(facts, install));
    if let Some(bytes) = bytes {
        let bytes_text = format_bytes(bytes);
        let text = match variant.lighter {
            Some(lighter) => format!("catalogue: ≈ {bytes_text} less installed with `{lighter}`"),
            None => format!("catalogue: ≈ {bytes_text} installed"),
        };
        finding.note("bytes", text);
        let component = Component::Package(variant.key.to_owned());
        finding.savings(Savings::of(component, bytes, Basis::Catalogue));
    }
    remedy(facts, package, &mut finding);
}

fn remedy(facts: &Facts<'_>, package: &Heavy<'_>, finding: &mut Finding<'_>) {
    let Heavy { root, variant, .. } = *package;
    let Some(lighter) = variant.lighter else {
        finding.help("leave it out, or say in the configuration that the service runs on a GPU (`gpu = true`)");
        return;
    };
    finding.help(advice(package, lighter));
    let Some(edit) = renamed(facts, package) else { return };
    let evidence = facts.gpu_evidence();
    let in_dockerfile = root.declared == Declared::Dockerfile;
    let certain = variant.chosen
        && variant.same_versions
        && in_dockerfile
        && !evidence.cpu.is_empty()
        && evidence.ambiguous.is_empty();
    let caution = if in_dockerfile {
        format!("it lacks {}", variant.lost)
    } else {
        format!("whoever else installs from `{}` gets it, too, and it lacks {}", root.place.file, variant.lost)
    };
    finding.fix(Fix {
        title: format!("replace `{}` by `{lighter}`", variant.key),
        applicability: if certain { Applicability::Safe } else { Applicability::Unsafe },
        caution: (!certain).then_some(caution),
        edits: vec![edit],
    });
}
