//! Extras that ask for everything a package can use.

use std::collections::BTreeSet;

use crate::diagnostic::format_bytes;
use crate::facts::python::{InstalledExtra, Project, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::rules::phrase::{count, listed_up_to};
use crate::rules::weight::lost;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// What bundles all that a package can use is called so.
const NAMES: [&str; 6] = ["all", "full", "everything", "complete", "all-extras", "all-deps"];
/// Less is not worth a choice.
const HEAVY: u64 = 200_000_000;
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
            // Where the program's own sources are seen, `unused-extra` knows which members nothing reaches.
            if project.direct && facts.program().is_known() {
                continue;
            }
            let asked = project.extras.iter().filter(|extra| extra.all || NAMES.contains(&extra.name.as_str()));
            for extra in asked {
                if reported.insert((&project.manifest, extra.name.as_str())) {
                    report(facts, install, project, extra, reporter);
                }
            }
        }
    }
}

fn report(
    facts: &Facts<'_>,
    install: &PythonInstall,
    project: &Project,
    extra: &InstalledExtra,
    reporter: &mut Reporter<'_>,
) {
    let Some(name) = &project.name else { return };
    let members: Vec<&Root> = install.roots.iter().filter(|root| is_member(root, name, extra)).collect();
    let Some(all) = lost(facts, install, &members).filter(|all| all.bytes >= HEAVY) else { return };
    let bytes = all.bytes;
    let message = format!("`{name}[{}]` asks for everything that the package can use", extra.name);
    let mut finding = reporter.report(extra.word, message);
    finding.primary_label(format!(
        "brings {}, ≈ {} or more installed",
        count(members.len(), "package"),
        format_bytes(bytes)
    ));
    let mut heavy: Vec<(u64, String)> = members
        .iter()
        .filter_map(|&root| Some((lost(facts, install, &[root])?.bytes, root.requirement.name.to_string())))
        .filter(|(bytes, _)| *bytes > 0)
        .collect();
    heavy.sort_by(|one, other| other.cmp(one));
    heavy.dedup_by(|one, other| one.1 == other.1);
    if !heavy.is_empty() {
        let names: Vec<String> = heavy.iter().map(|(_, name)| format!("`{name}`")).collect();
        finding.note("heavy", listed_up_to(&names, LISTED));
    }
    finding.note("bytes", format!("{}: ≈ {} beyond what is installed anyway", all.source, format_bytes(bytes)));
    let manifest = facts.workspace.pyproject(&project.manifest).ok();
    let others: Vec<String> = manifest
        .iter()
        .flat_map(|manifest| manifest.extras.keys())
        .filter(|other| **other != extra.name && !NAMES.contains(&other.as_str()))
        .map(|other| format!("`{other}`"))
        .collect();
    finding.help(if others.is_empty() {
        "install what the service uses of it by name".to_owned()
    } else {
        format!("name the extras that the service uses, of {}", listed_up_to(&others, LISTED))
    });
}

/// Whether the extra brings it, or an extra of the same project that it names.
fn is_member(root: &Root, name: &PackageName, extra: &InstalledExtra) -> bool {
    let through = format!("{name}[{}]", extra.name);
    root.via.contains(&through)
}
