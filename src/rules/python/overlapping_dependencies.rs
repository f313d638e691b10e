//! Two packages for one purpose, or for one module.

use crate::catalogue;
use crate::diagnostic::{Basis, Component, Savings, Severity, Span, format_bytes};
use crate::facts::python::{PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::rules::phrase::{count, listed};
use crate::rules::weight::weight_of;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// What is saved must be worth a change of the program.
const WORTH: u64 = 5_000_000;
/// A package that so many files use is established.
const ESTABLISHED: usize = 3;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut said: Vec<&str> = Vec::new();
    for install in facts.python_installs() {
        if install.guard != Guard::Always || install.tool == Tool::PipWheel || !facts.ships(install) {
            continue;
        }
        for &(module, members) in catalogue::collisions() {
            let roots = asked_for(install, members);
            // `# both are pinned, since our dependencies rely on both`
            let is_explained = roots.iter().any(|root| facts.is_explained(root));
            if roots.len() > 1 && !is_explained && !said.contains(&module) {
                said.push(module);
                collision(module, &roots, reporter);
            }
        }
        for &(purpose, members) in catalogue::overlaps() {
            let roots = asked_for(install, members);
            let is_explained = roots.iter().any(|root| facts.is_explained(root));
            if roots.len() > 1
                && !is_explained
                && !said.contains(&purpose)
                && overlap(facts, install, purpose, &roots, reporter)
            {
                said.push(purpose);
            }
        }
    }
}

/// The members that somebody asked for, each once.
fn asked_for<'f>(install: &'f PythonInstall, members: &[&str]) -> Vec<&'f Root> {
    let mut found: Vec<&Root> = Vec::new();
    let direct = install.roots.iter().filter(|root| !root.is_brought_along());
    for root in direct.filter(|root| members.contains(&root.requirement.name.as_str())) {
        // Which of two requirements with markers holds may not be known.
        let excluded = install.excluded.contains(&root.requirement.name) || root.requirement.marker.is_some();
        if !excluded && !found.iter().any(|other| other.requirement.name == root.requirement.name) {
            found.push(root);
        }
    }
    found
}

fn collision(module: &str, roots: &[&Root], reporter: &mut Reporter<'_>) {
    let Some((first, others)) = roots.split_first() else { return };
    let names: Vec<String> = roots.iter().map(|root| format!("`{}`", root.requirement.name)).collect();
    let all = if names.len() == 2 { "both" } else { "all" };
    let mut finding = reporter.report(first.word, format!("{} {all} write the module `{module}`", listed(&names)));
    finding.severity(Severity::Warning);
    finding.primary_label("installs them together");
    for root in std::iter::once(first).chain(others) {
        finding.label_in(
            Span::new(root.place.file.clone(), root.place.range),
            format!("brings `{}`", root.requirement.name),
        );
    }
    finding.note("clash", "the one that is unpacked last wins, and uninstalling either breaks the other");
    finding.help("ask for one of them");
}

fn overlap(
    facts: &Facts<'_>,
    install: &PythonInstall,
    purpose: &str,
    roots: &[&Root],
    reporter: &mut Reporter<'_>,
) -> bool {
    let program = facts.program();
    if program.truncated || !facts.finals().any(|image| facts.is_runtime_image(image)) {
        return false;
    }
    let users = |root: &Root| facts.all_importers_of(root.requirement.name.as_str());
    let mut used: Vec<(&Root, Vec<&str>)> = roots.iter().map(|root| (*root, users(root))).collect();
    used.sort_by_key(|(_, files)| files.len());
    // One that nothing imports is unused rather than one too many.
    let Some(((rare, files), (usual, others))) = used.first().zip(used.last()) else { return false };
    let ([file], true) = (files.as_slice(), others.len() >= ESTABLISHED) else { return false };
    let Some(bytes) = weight_of(facts, install, &[rare]).filter(|&bytes| bytes >= WORTH) else { return false };
    let (name, other) = (&rare.requirement.name, &usual.requirement.name);
    let message = format!("`{name}` is used by one file, and `{other}` does the same for {} others", others.len());
    let mut finding = reporter.report(rare.word, message);
    finding.primary_label(format!("brings `{name}`"));
    finding.label_in(Span::new(rare.place.file.clone(), rare.place.range), "asks for it");
    finding.note("purpose", purpose);
    finding.note("reach", format!("`{file}` alone imports `{name}`; {} import `{other}`", count(others.len(), "file")));
    finding.note("bytes", format!("catalogue: ≈ {} beyond what is installed anyway", format_bytes(bytes)));
    finding.savings(Savings::of(Component::Package(name.to_string()), bytes, Basis::Catalogue));
    finding.help(format!("use `{other}` in `{file}` as well"));
    true
}
