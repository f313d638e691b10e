//! Locks that were made for another state of the manifest.

use crate::diagnostic::{Component, Savings, Severity, Span};
use crate::facts::Facts;
use crate::facts::python::{Difference, StaleEffect, StaleLock, Tool};
use crate::rules::phrase::{count, listed_up_to};
use crate::rules::torch::{CUDA_COMPONENT, CudaWeight};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 3;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for stale in facts.stale_locks() {
        report(facts, &stale, reporter);
    }
}

fn report(facts: &Facts<'_>, stale: &StaleLock, reporter: &mut Reporter<'_>) {
    let Some(install) = facts.python_installs().get(stale.install) else { return };
    let Some((_, _, invocation)) = facts.site_of(install) else { return };
    let Some((first, range)) = stale.differences.first() else { return };
    let (lock, manifest) = (&stale.path, &stale.manifest);
    let missing: Vec<String> = stale
        .differences
        .iter()
        .filter_map(|(difference, _)| match difference {
            Difference::Missing(name) => Some(format!("`{name}`")),
            _ => None,
        })
        .collect();
    let message = match first {
        _ if !missing.is_empty() => {
            format!("`{lock}` does not fit `{manifest}`: it knows nothing of {}", listed_up_to(&missing, LISTED))
        }
        Difference::Versions(name, wanted, known) => {
            format!("`{lock}` does not fit `{manifest}`: it was made for {known} of `{name}`, not for {wanted}")
        }
        Difference::Hash => format!("`{lock}` was made for another `{manifest}`: the hash that it keeps does not fit"),
        Difference::CudaTorch | Difference::Missing(_) => {
            format!("`{lock}` still pins `torch` with CUDA, while `{manifest}` takes it from an index of CPU builds")
        }
    };
    let mut finding = reporter.report(invocation.range, message);
    let place = match first {
        Difference::Hash => "was changed since",
        _ => "declared here",
    };
    finding.label_in(Span::new(manifest.as_str(), *range), place);
    let others = stale.differences.len() - missing.len().max(1);
    if others > 0 {
        finding.note("also", format!("{} more", count(others, "difference")));
    }
    finding.note(
        "effect",
        match &stale.effect {
            StaleEffect::InstallsOld(by) if by.starts_with("poetry") => {
                format!("{by} warns, and installs what the lock says")
            }
            StaleEffect::InstallsOld(by) => {
                format!("with `{by}` the build installs what the lock says, without a word")
            }
            StaleEffect::Stops(by) if by.starts_with("poetry") => format!("{by} stops the build here"),
            StaleEffect::Stops(by) => format!("with `{by}` the build stops here"),
            StaleEffect::StopsOrInstallsOld => {
                "poetry 1.8 and newer stop the build here, older releases install what the lock says".to_owned()
            }
            StaleEffect::ResolvesAnew => {
                "the build makes the lock anew, with versions that nobody has tested".to_owned()
            }
        },
    );
    if stale.pins_cuda_torch()
        && matches!(stale.effect, StaleEffect::InstallsOld(_))
        && facts.gpu_evidence().gpu.is_empty()
    {
        let weight = CudaWeight::of(facts, install);
        finding.savings(
            weight.map(|weight| Savings::of(Component::Package(CUDA_COMPONENT.to_owned()), weight.saved, weight.basis)),
        );
    }
    if matches!(stale.effect, StaleEffect::Stops(_)) {
        finding.severity(Severity::Error);
    }
    finding.script_of(invocation);
    let locker = match install.tool {
        Tool::Poetry => "poetry lock",
        Tool::Pdm => "pdm lock",
        Tool::Pipenv => "pipenv lock",
        _ => "uv lock",
    };
    finding.help(format!("run `{locker}` and commit the lock"));
}
