//! Extras that ask for everything a package can use.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::diagnostic::{Span, format_bytes};
use crate::facts::python::{InstalledExtra, Project, PythonInstall, Root, Tool, speaks_of_development};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::rules::phrase::{count, listed_up_to};
use crate::rules::weight::{keys, lost, lost_of_extra};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// What bundles all that a package can use is called so.
const NAMES: [&str; 8] = ["all", "full", "everything", "complete", "all-docs", "all-extras", "all-deps", "all-models"];
/// Less is not worth a choice.
const HEAVY: u64 = 200_000_000;
/// Members of less are not named.
const SHOWN: u64 = 20_000_000;
/// Members and extras that a sentence lists before it counts.
const LISTED: usize = 6;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    if !facts.finals().any(|image| facts.is_runtime_image(image)) {
        return;
    }
    let mut reported: BTreeSet<(&str, &str)> = BTreeSet::new();
    for install in facts.python_installs() {
        if install.guard == Guard::Never || install.tool == Tool::PipWheel || !facts.ships(install) {
            continue;
        }
        for project in &install.projects {
            for extra in project.extras.iter().filter(|extra| extra.all || is_bundle(&extra.name)) {
                if reported.insert((&project.manifest, extra.name.as_str())) {
                    of_project(facts, install, project, extra, reporter);
                }
            }
        }
        for root in install.roots.iter().filter(|root| !root.is_brought_along() && !install.is_project(root)) {
            for extra in root.requirement.extras.iter().filter(|extra| is_bundle(extra)) {
                if reported.insert((root.requirement.name.as_str(), extra.as_str())) {
                    of_library(facts, install, root, extra, reporter);
                }
            }
        }
    }
}

fn is_bundle(extra: &PackageName) -> bool {
    NAMES.contains(&extra.as_str())
}

/// `desk-agent[all]` of a project in the repository, whose manifest lists the members.
fn of_project(
    facts: &Facts<'_>,
    install: &PythonInstall,
    project: &Project,
    extra: &InstalledExtra,
    reporter: &mut Reporter<'_>,
) {
    let Some(name) = &project.name else { return };
    let narrower = narrower(facts, project, extra);
    let mut members: Vec<&Root> = install.roots.iter().filter(|root| is_member(root, name, extra)).collect();
    // Where the program's own sources are seen, `unused-extra` knows which members nothing reaches. What the program only turns to
    // inside functions is a choice that the project's other extras let people make.
    let is_program = project.direct && facts.program().is_known();
    if is_program {
        if extra.all || narrower.len() < 2 {
            return;
        }
        members.retain(|root| !facts.is_loaded_at_once(root.requirement.name.as_str()));
    }
    let Some(all) = lost(facts, install, &members).filter(|all| all.bytes >= HEAVY) else { return };
    let bytes = all.bytes;
    let message = format!("`{name}[{}]` asks for everything that the package can use", extra.name);
    let mut finding = reporter.report(extra.word, message);
    finding.primary_label(format!(
        "brings {}, ≈ {} or more installed{}",
        count(members.len(), "package"),
        format_bytes(bytes),
        if is_program { ", that no source imports when it is loaded" } else { "" },
    ));
    let mut heavy: Vec<(u64, &PackageName)> = members
        .iter()
        .map(|root| (catalogue::weight(&keys(root)).installed_bytes, &root.requirement.name))
        .filter(|(bytes, _)| *bytes >= SHOWN)
        .collect();
    heavy.sort_by(|one, other| other.cmp(one));
    heavy.dedup_by(|one, other| one.1 == other.1);
    if !heavy.is_empty() {
        let names: Vec<String> = heavy.iter().map(|(_, name)| format!("`{name}`")).collect();
        finding.note("heavy", listed_up_to(&names, LISTED));
    }
    finding.note("bytes", format!("{}: ≈ {} beyond what is installed anyway", all.source, format_bytes(bytes)));
    finding.help(if narrower.is_empty() {
        "install what the service uses of it by name".to_owned()
    } else {
        format!("name the extras that the service uses, of {}", listed_up_to(&narrower, LISTED))
    });
}

/// The project's extras that ask for less, quoted.
fn narrower(facts: &Facts<'_>, project: &Project, extra: &InstalledExtra) -> Vec<String> {
    let manifest = facts.workspace.pyproject(&project.manifest).ok();
    let others = manifest.iter().flat_map(|manifest| manifest.extras.keys());
    others
        .filter(|&other| *other != extra.name && !is_bundle(other) && !speaks_of_development(other.as_str()))
        .map(|other| format!("`{other}`"))
        .collect()
}

/// `unstructured[all-docs]` of a package that comes from elsewhere.
fn of_library(
    facts: &Facts<'_>,
    install: &PythonInstall,
    root: &Root,
    extra: &PackageName,
    reporter: &mut Reporter<'_>,
) {
    let all = lost_of_extra(facts, install, root, extra).filter(|(bytes, _)| *bytes >= HEAVY);
    let Some((bytes, source)) = all else { return };
    let name = &root.requirement.name;
    let entry = catalogue::package(&format!("{name}[{extra}]"));
    if entry.is_some_and(|entry| facts.takes_in_anything(entry)) {
        return;
    }
    let message = format!("`{name}[{extra}]` asks for everything that the package can use");
    let mut finding = reporter.report(root.word, message);
    let brings = format!("brings ≈ {} or more installed", format_bytes(bytes));
    if root.place.file.as_ref() == facts.source.path() {
        finding.primary_label(brings);
    } else {
        finding.label_in(Span::new(root.place.file.clone(), root.place.range), brings);
    }
    finding.note("bytes", format!("{source}: ≈ {} beyond what is installed anyway", format_bytes(bytes)));
    finding.help(match entry.and_then(|entry| entry.alternative) {
        Some(alternative) => format!("ask for less: {alternative}"),
        None => format!("name the extras of `{name}` that the service uses"),
    });
}

/// Whether the extra brings it, or an extra of the same project that it names.
fn is_member(root: &Root, name: &PackageName, extra: &InstalledExtra) -> bool {
    let through = format!("{name}[{}]", extra.name);
    root.via.contains(&through)
}
