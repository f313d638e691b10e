//! Tools for developers among the dependencies of the program.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::diagnostic::{Applicability, Fix, Span, format_bytes};
use crate::facts::python::{Declared, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::rules::deletion::without_requirements;
use crate::rules::phrase::{listed, listed_up_to};
use crate::rules::relock::{files_of, without_dependencies};
use crate::rules::weight::{keys, savings, weight_of};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 4;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut reported: BTreeSet<(String, PackageName)> = BTreeSet::new();
    for (index, install) in facts.python_installs().iter().enumerate() {
        if install.guard != Guard::Always || install.tool == Tool::PipWheel || !facts.ships_for_use(install) {
            continue;
        }
        let mut tools = facts.main_tools(install);
        tools.retain(|root| reported.insert((root.place.file.to_string(), root.requirement.name.clone())));
        let files: BTreeSet<&str> = tools.iter().map(|root| root.place.file.as_ref()).collect();
        for file in files {
            let mut members: Vec<&Root> =
                tools.iter().copied().filter(|root| root.place.file.as_ref() == file).collect();
            members.sort_by_key(|root| (std::cmp::Reverse(bytes_of(facts, install, root)), root.place.range.start()));
            report(facts, index, &members, reporter);
        }
    }
}

/// What would no longer be installed without it, where the catalogue knows.
fn bytes_of(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> Option<u64> {
    let own = || catalogue::own_bytes(root.requirement.name.as_str());
    if keys(root).is_empty() { own() } else { weight_of(facts, install, &[root]) }.filter(|&bytes| bytes > 0)
}

fn report(facts: &Facts<'_>, index: usize, members: &[&Root], reporter: &mut Reporter<'_>) {
    let Some(install) = facts.python_installs().get(index) else { return };
    let (Some(first), Some((_, _, invocation))) = (members.first(), facts.site_of(install)) else { return };
    let names: Vec<String> = members.iter().map(|root| format!("`{}`", root.requirement.name)).collect();
    let (noun, verb) = if members.len() == 1 { ("a tool", "is") } else { ("tools", "are") };
    let message =
        format!("{} {verb} installed for the program and {verb} {noun} for developers", listed_up_to(&names, LISTED));
    let mut finding = reporter.report(first.word, message);
    if first.declared == Declared::Dockerfile {
        finding.primary_label("installs it");
    } else {
        finding.primary_label(format!("installs `{}`", first.place.file));
        for root in members {
            finding.label_in(
                Span::new(root.place.file.clone(), root.place.range),
                format!("declares `{}` for the program", root.requirement.name),
            );
        }
    }
    let weighed: Vec<(&Root, u64)> =
        members.iter().filter_map(|&root| Some((root, bytes_of(facts, install, root)?))).collect();
    if !weighed.is_empty() {
        let unknown = members.len() - weighed.len();
        let rest = if unknown == 0 { String::new() } else { format!("; {unknown} more of unknown size") };
        let texts: Vec<String> = weighed
            .iter()
            .map(|(root, bytes)| format!("`{}` ≈ {}", root.requirement.name, format_bytes(*bytes)))
            .collect();
        finding.note("bytes", format!("catalogue: {}{rest}", texts.join(", ")));
        let known: Vec<&Root> = weighed.iter().map(|(root, _)| *root).collect();
        let closures: Vec<&Root> = known.iter().copied().filter(|root| !keys(root).is_empty()).collect();
        let own: u64 = known
            .iter()
            .filter(|root| keys(root).is_empty())
            .filter_map(|root| catalogue::own_bytes(root.requirement.name.as_str()))
            .sum();
        let bytes =
            own + if closures.is_empty() { 0 } else { weight_of(facts, install, &closures).unwrap_or_default() };
        if bytes > 0 {
            let mut savings = savings(facts, index, &known, bytes);
            savings.complete = unknown == 0;
            finding.savings(savings);
        }
    }
    finding.script_of(invocation);
    finding.help(help(install, members));
    let moved = without_dependencies(facts, install, members, None, Some("dev"));
    if let Some(edits) = moved.filter(|_| matches!(install.tool, Tool::UvSync)) {
        finding.fix(Fix {
            title: format!("move {} to the group `dev` in {}", listed(&names), files_of(&edits)),
            applicability: Applicability::Unsafe,
            caution: Some("what calls them when the image runs would not find them".to_owned()),
            edits,
        });
        return;
    }
    let only_reader = first.declared == Declared::Requirements && facts.is_only_reader_of(&first.place.file);
    let edits = if only_reader { without_requirements(facts, members) } else { None };
    finding.fix(edits.map(|edits| Fix {
        title: format!("delete {} from `{}`", listed(&names), first.place.file),
        applicability: Applicability::Unsafe,
        caution: Some("whoever tests or develops with the file has to install them in another way".to_owned()),
        edits,
    }));
}

fn help(install: &PythonInstall, members: &[&Root]) -> String {
    let them = if members.len() == 1 { "it" } else { "them" };
    let Some(first) = members.first() else { return String::new() };
    let names: Vec<&str> = members.iter().map(|root| root.requirement.name.as_str()).collect();
    let names = names.join(" ");
    match (first.declared, install.tool) {
        (Declared::Dockerfile, _) => format!("install without {them}"),
        (Declared::Requirements, _) if members.iter().any(|root| !root.parents.is_empty()) => {
            format!("take {them} out of what `{}` is compiled from, into a file for development", first.place.file)
        }
        (Declared::Requirements, _) => format!("move {them} to a file of requirements for development"),
        (Declared::Project, Tool::UvSync | Tool::UvAdd) => {
            format!(
                "move {them} to the group `dev`: `uv remove {names}` and `uv add --dev {names}`, and sync with `--no-dev`"
            )
        }
        (Declared::Project, Tool::Poetry) => format!(
            "move {them} to the group `dev`: `poetry remove {names}` and `poetry add --group dev {names}`, and install with `--only main`"
        ),
        (Declared::Project, _) => format!("move {them} to a dependency group or an extra for development"),
    }
}
