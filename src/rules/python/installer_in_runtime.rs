//! Installers of packages stay in an image that never calls them.

mod remedy;

use std::collections::BTreeSet;

use crate::diagnostic::{Basis, Component, Savings, Severity};
use crate::facts::python::{Declared, Installer, InstallerTool, InstallerUse, Reached, Way};
use crate::facts::{Facts, StageFacts};
use crate::rules::phrase::count;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut kept: Vec<&Installer> =
        facts.installers().iter().filter(|installer| facts.keeps_installer(installer)).collect();
    // What the shipped stage brings itself is nearer to the reader than what it copies from another.
    kept.sort_by_key(|installer| !facts.is_in_final(installer.stage));
    let mut told: BTreeSet<(InstallerTool, usize)> = BTreeSet::new();
    for installer in kept {
        let images = facts.finals_with(installer);
        let in_use: Vec<&StageFacts> = images.iter().copied().filter(|image| facts.is_for_use(image)).collect();
        let copied = !facts.is_in_final(installer.stage);
        if in_use.is_empty() || (copied && in_use.len() < images.len()) {
            continue;
        }
        // `pip install uv uv`, or once in each of two stages of one image.
        if in_use.iter().all(|image| told.contains(&(installer.tool, image.index))) {
            continue;
        }
        // What not even the build calls is there for a reason that is not seen.
        if facts.installer_callers(installer.tool).is_empty() {
            continue;
        }
        let uses: Vec<InstallerUse> = in_use.iter().map(|image| facts.installer_use(image, installer.tool)).collect();
        if uses.iter().any(|found| matches!(found, InstallerUse::Needed(_) | InstallerUse::Unknown)) {
            continue;
        }
        if is_needed_elsewhere(facts, installer) {
            continue;
        }
        told.extend(in_use.iter().map(|image| (installer.tool, image.index)));
        let wrapper = uses.into_iter().find_map(|found| match found {
            InstallerUse::Wrapper(reached) => Some(reached),
            _ => None,
        });
        report(facts, installer, wrapper.as_ref(), reporter);
    }
}

/// Whether to leave it out of here would change nothing, or break another image: the program asks for it as well, the base had it
/// before, or a Dockerfile that builds on this image calls it.
fn is_needed_elsewhere(facts: &Facts<'_>, installer: &Installer) -> bool {
    let roots = facts.python_installs().iter().flat_map(|install| &install.roots);
    let asked = roots.filter(|root| root.declared != Declared::Dockerfile);
    let is_asked = asked.into_iter().any(|root| root.requirement.name.as_str() == installer.tool.name());
    let was_there = || {
        let Way::Command(run, index) = installer.way else { return false };
        let runs = facts.stages.get(installer.stage).map(|stage| stage.runs.as_slice()).unwrap_or_default();
        let earlier = runs
            .iter()
            .take(run + 1)
            .enumerate()
            .flat_map(|(at, one)| one.invocations.iter().take(if at == run { index } else { usize::MAX }));
        earlier.into_iter().any(|invocation| installer.tool.is_called_by(invocation))
            && !facts
                .installers()
                .iter()
                .any(|other| other.stage == installer.stage && other.range.start() < installer.range.start())
    };
    is_asked || was_there() || facts.is_called_on_top(installer.tool)
}

fn report(facts: &Facts<'_>, installer: &Installer, wrapper: Option<&Reached>, reporter: &mut Reporter<'_>) {
    let name = installer.tool.name();
    let brings = match installer.way {
        Way::Base => format!("the base image brings `{name}`"),
        Way::Copied(_) | Way::Command(..) => format!("`{name}` stays in the image"),
    };
    let message = match wrapper {
        Some(_) => format!("{brings}, and only `{name} run` calls it when the image runs"),
        None => format!("{brings}, and nothing calls it when the image runs"),
    };
    let mut finding = reporter.report(installer.range, message);
    if let Way::Command(run, index) = installer.way
        && let Some(invocation) = facts
            .stages
            .get(installer.stage)
            .and_then(|stage| stage.runs.get(run))
            .and_then(|run| run.invocations.get(index))
    {
        finding.script_of(invocation);
    }
    if let Some(reached) = wrapper {
        finding.severity(Severity::Info);
        finding.note("use", format!("`{}` in `{}`", reached.by, reached.file));
    } else {
        let sources = count(facts.own_sources(), "Python source");
        finding.note("use", format!("none in what the image starts, in {sources} and in the files that deploy it"));
    }
    let weight = installer.bytes();
    if weight > 0 {
        finding.savings(Savings::of(Component::Package(name.to_owned()), weight, Basis::Catalogue));
    }
    finding.help(remedy::help(facts, installer, wrapper));
    if wrapper.is_none() {
        finding.fix(remedy::fix(facts, installer));
    }
}
