//! Development dependencies in an image that only runs a program.

use crate::diagnostic::{Applicability, Edit, Fix, Span};
use crate::facts::Facts;
use crate::facts::Guard;
use crate::facts::python::{Bundle, BundleKind, PythonInstall, Reached, Root, Tool};
use crate::rules::declared::{and_unknown, names_of, weighed};
use crate::rules::phrase::{listed, listed_up_to};
use crate::rules::weight::lost;
use crate::rules::{Check, Reporter};

mod remedy;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 4;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut reported: Vec<Bundle> = Vec::new();
    let installs = facts.python_installs();
    for (index, install) in installs.iter().enumerate() {
        let mut bundles = shipped(facts, install);
        bundles.retain(|bundle| !reported.iter().any(|other| other.is_same(bundle)));
        if bundles.is_empty() {
            continue;
        }
        let again: Vec<&PythonInstall> = installs
            .iter()
            .skip(index + 1)
            .filter(|other| {
                let others = facts.development_bundles(other);
                others.iter().any(|other| bundles.iter().any(|bundle| bundle.is_same(other)))
            })
            .collect();
        report(facts, index, &bundles, &again, reporter);
        reported.extend(bundles);
    }
}

/// The bundles of an install that end up in an image for use.
fn shipped(facts: &Facts<'_>, install: &PythonInstall) -> Vec<Bundle> {
    if install.guard != Guard::Always || install.tool == Tool::PipWheel {
        return Vec::new();
    }
    let mut bundles = facts.development_bundles(install);
    if bundles.is_empty() || facts.has_unknown_words(install) || !facts.ships_for_use(install) {
        return Vec::new();
    }
    bundles.retain(|bundle| !facts.is_taken_out(install, bundle) && !names_own_project(facts, bundle));
    if bundles.is_empty() || facts.is_checked_in_containers() {
        return Vec::new();
    }
    bundles
}

fn report(facts: &Facts<'_>, index: usize, bundles: &[Bundle], again: &[&PythonInstall], reporter: &mut Reporter<'_>) {
    let Some(install) = facts.python_installs().get(index) else { return };
    let Some((_, _, invocation)) = facts.site_of(install) else { return };
    let own = |root: &&Root| !is_main(install, bundles, root);
    let members = bundles.iter().flat_map(|bundle| &bundle.members).filter_map(|&member| install.roots.get(member));
    let mut members: Vec<&Root> = members.filter(own).collect();
    let all = members.clone();
    members.sort_by_cached_key(|root| {
        let same: Vec<&Root> =
            all.iter().copied().filter(|one| one.requirement.name == root.requirement.name).collect();
        std::cmp::Reverse(lost(facts, install, &same).map(|lost| lost.bytes))
    });
    let (used, idle): (Vec<&Root>, Vec<&Root>) =
        members.into_iter().partition(|root| facts.runtime_use(root.requirement.name.as_str()).is_some());
    let Some(first) = bundles.first().filter(|_| !idle.is_empty()) else { return };

    let mut finding = reporter.report(first.word, message(install, bundles));
    let names: Vec<String> = names_of(&idle).iter().map(|name| format!("`{name}`")).collect();
    finding.primary_label(format!("brings {}", listed_up_to(&names, LISTED)));
    for bundle in bundles {
        let what = match bundle.kind {
            BundleKind::Group(_) => format!("the group `{}`", bundle.name),
            BundleKind::Extra => format!("the extra `{}`", bundle.name),
            BundleKind::File => "these".to_owned(),
        };
        finding.label_in(Span::new(bundle.place.file.clone(), bundle.place.range), format!("declares {what}"));
    }
    for other in again {
        if let Some((_, _, other)) = facts.site_of(other) {
            finding.label(other.range, "installs it again");
        }
    }
    if let Some(lost) = lost(facts, install, &idle) {
        let known = weighed(facts, install, &idle);
        let rest = and_unknown(names.len() - known.len());
        finding.note("bytes", format!("{}: {}{rest}", lost.source, known.join(", ")));
        finding.savings(lost.savings);
    }
    for root in &used {
        if let Some(Reached { file, by }) = facts.runtime_use(root.requirement.name.as_str()) {
            finding.note("used", format!("`{}` by `{by}` in `{file}`", root.requirement.name));
        }
    }
    finding.script_of(invocation);
    let installs: Vec<&PythonInstall> = std::iter::once(install).chain(again.iter().copied()).collect();
    if used.is_empty() {
        finding.help(remedy::help(facts, &installs, bundles));
        let edits: Option<Vec<Vec<Edit>>> =
            installs.iter().copied().map(|install| remedy::edits(facts, install)).collect();
        let edits: Vec<Edit> = edits.into_iter().flatten().flatten().collect();
        finding.fix((!edits.is_empty()).then(|| Fix {
            title: "install without what is for development".to_owned(),
            applicability: Applicability::Unsafe,
            caution: Some("what needs one of them when the image is built or runs would fail".to_owned()),
            edits,
        }));
    } else {
        let names: Vec<String> = used.iter().map(|root| format!("`{}`", root.requirement.name)).collect();
        let help = remedy::help(facts, &installs, bundles);
        finding.help(format!("declare {} among the dependencies of the program first; then {help}", listed(&names)));
    }
}

/// Whether the group asks for the project's own extras, which are there for the program: `dev = ["app[composer]", "pytest"]`.
fn names_own_project(facts: &Facts<'_>, bundle: &Bundle) -> bool {
    facts.workspace.pyproject(&bundle.place.file).is_ok_and(|manifest| {
        let group = manifest.groups.get(&bundle.name).filter(|_| matches!(bundle.kind, BundleKind::Group(_)));
        let mut requirements = group.into_iter().flat_map(|group| &group.requirements);
        requirements.any(|requirement| manifest.name.as_ref() == Some(&requirement.name))
    })
}

/// Whether the install asks for the package without the bundles as well.
fn is_main(install: &PythonInstall, bundles: &[Bundle], root: &Root) -> bool {
    install.roots.iter().enumerate().any(|(index, other)| {
        other.requirement.name == root.requirement.name && !bundles.iter().any(|bundle| bundle.members.contains(&index))
    })
}

fn message(install: &PythonInstall, bundles: &[Bundle]) -> String {
    let of = |wanted: fn(&BundleKind) -> bool| -> Vec<String> {
        bundles.iter().filter(|bundle| wanted(&bundle.kind)).map(|bundle| format!("`{}`", bundle.name)).collect()
    };
    let part = |names: Vec<String>, one: &str, several: &str| match names.len() {
        0 => None,
        1 => Some(format!("{one}{}", listed(&names))),
        _ => Some(format!("{several}{}", listed(&names))),
    };
    let parts = [
        part(of(|kind| matches!(kind, BundleKind::Group(_))), "the development group ", "the development groups "),
        part(of(|kind| *kind == BundleKind::Extra), "the development extra ", "the development extras "),
        part(of(|kind| *kind == BundleKind::File), "the development requirements ", "the development requirements "),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("`{}` installs {} into the image", install.tool.name(), listed(&parts))
}
