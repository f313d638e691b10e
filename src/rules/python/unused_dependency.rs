//! Heavy dependencies of a program that nothing in the image reaches.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::diagnostic::{Applicability, Basis, Component, Fix, Saving, Savings, Span, format_bytes};
use crate::facts::python::{Declared, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::rules::deletion::without_requirements;
use crate::rules::phrase::{count, listed, listed_up_to};
use crate::rules::relock::{files_of, without_dependencies};
use crate::rules::weight::{keys, savings, weight_of};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Dependencies that weigh less than this are not worth a finding, unless a compiler is needed for them.
const HEAVY: u64 = 5_000_000;
/// Names that a sentence lists before it counts.
const LISTED: usize = 4;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    if !facts.finals().any(|image| facts.is_runtime_image(image)) {
        return;
    }
    let mut reported: BTreeSet<(String, PackageName)> = BTreeSet::new();
    for (index, install) in facts.python_installs().iter().enumerate() {
        if install.guard != Guard::Always || install.tool == Tool::PipWheel || !facts.ships(install) {
            continue;
        }
        if !facts.knows_the_program_of(install) {
            continue;
        }
        let idle = facts.idle_roots(install, |root| matters(facts, install, root));
        let mut idle: Vec<&Root> = idle.iter().filter_map(|&place| install.roots.get(place)).collect();
        idle.retain(|root| reported.insert((root.place.file.to_string(), root.requirement.name.clone())));
        let files: BTreeSet<&str> = idle.iter().map(|root| root.place.file.as_ref()).collect();
        for file in files {
            let mut members: Vec<&Root> =
                idle.iter().copied().filter(|root| root.place.file.as_ref() == file).collect();
            members
                .sort_by_key(|root| (std::cmp::Reverse(bytes_of(facts, install, &[root])), root.place.range.start()));
            report(facts, index, &members, reporter);
        }
    }
}

/// Whether it is declared for the program itself, and is worth taking out.
fn matters(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> bool {
    let name = root.requirement.name.as_str();
    !root.is_of_extra()
        && root.group.is_none()
        && !catalogue::is_development_tool(name)
        && !catalogue::is_cuda_package(name)
        && (needs_compiler(name).is_some() || bytes_of(facts, install, &[root]).is_some_and(|bytes| bytes >= HEAVY))
}

/// What pip needs of the system to build it, where that is a compiler.
fn needs_compiler(name: &str) -> Option<&'static str> {
    catalogue::needs_of_pip_package(name)
        .filter(|needs| needs.starts_with("gcc ") || needs.starts_with("g++ ") || *needs == "gcc" || *needs == "g++")
        .filter(|_| catalogue::package(name).is_none())
}

/// What would no longer be installed, as far as it is known.
fn bytes_of(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<u64> {
    let (listed, others): (Vec<&Root>, Vec<&Root>) = members.iter().copied().partition(|root| !keys(root).is_empty());
    let own = others.iter().filter_map(|root| catalogue::own_bytes(root.requirement.name.as_str()));
    let own = own.reduce(|one, other| one + other);
    let closures = if listed.is_empty() { None } else { weight_of(facts, install, &listed) };
    closures.into_iter().chain(own).reduce(|one, other| one + other).filter(|&bytes| bytes > 0)
}

fn report(facts: &Facts<'_>, index: usize, members: &[&Root], reporter: &mut Reporter<'_>) {
    let Some(install) = facts.python_installs().get(index) else { return };
    let (Some(first), Some((_, _, invocation))) = (members.first(), facts.site_of(install)) else { return };
    let one = members.len() == 1;
    let names: Vec<String> = members.iter().map(|root| format!("`{}`", root.requirement.name)).collect();
    let message = format!(
        "{} {} installed, and nothing in the image reaches {}",
        listed_up_to(&names, LISTED),
        if one { "is" } else { "are" },
        if one { "it" } else { "them" }
    );
    let mut finding = reporter.report(first.word, message);
    let in_file = first.declared != Declared::Dockerfile;
    if in_file {
        finding.primary_label(format!("installs `{}`", first.place.file));
    }
    let mut unknown = 0;
    for root in members {
        let name = root.requirement.name.as_str();
        let bytes = bytes_of(facts, install, &[root]);
        unknown += usize::from(bytes.is_none());
        let cost = bytes.map(|bytes| format!("adds ≈ {} installed", format_bytes(bytes)));
        let compiler = needs_compiler(name).map(|needs| format!("is compiled, with {}", listed_words(needs)));
        let text: Vec<String> = cost.into_iter().chain(compiler).collect();
        let text = text.join(", and ");
        if !in_file && root.place.range == first.word {
            finding.primary_label(text);
        } else {
            finding.label_in(Span::new(root.place.file.clone(), root.place.range), text);
        }
    }
    let bytes = bytes_of(facts, install, members);
    if let Some(bytes) = bytes {
        let rest = if unknown == 0 { String::new() } else { format!("; {unknown} more of unknown size") };
        finding.note("bytes", format!("catalogue: ≈ {} beyond what is installed anyway{rest}", format_bytes(bytes)));
        finding.savings(all_savings(facts, index, members, bytes, unknown == 0));
    }
    let program = facts.program();
    finding.note(
        "reach",
        format!(
            "no import, name, string, setting or command speaks for {} in {} and {}, and nothing else that is installed needs {}",
            if one { "it" } else { "them" },
            count(program.sources.len(), "Python source"),
            count(program.texts.len(), "other file"),
            if one { "it" } else { "them" },
        ),
    );
    finding.script_of(invocation);
    finding.help(help(install, members));
    let only_reader = first.declared == Declared::Requirements && facts.is_only_reader_of(&first.place.file);
    let edits = match first.declared {
        Declared::Project => without_dependencies(facts, install, members, None, None),
        _ if only_reader => without_requirements(facts, members),
        _ => None,
    };
    finding.fix(edits.map(|edits| Fix {
        title: format!("delete {} from {}", listed(&names), files_of(&edits)),
        applicability: Applicability::Unsafe,
        caution: Some("what loads it by a name that is made at run time was not seen".to_owned()),
        edits,
    }));
}

fn all_savings(facts: &Facts<'_>, index: usize, members: &[&Root], bytes: u64, complete: bool) -> Savings {
    let (listed, others): (Vec<&Root>, Vec<&Root>) = members.iter().copied().partition(|root| !keys(root).is_empty());
    let own = |root: &&Root| {
        let name = root.requirement.name.as_str();
        Some((Component::Package(name.to_owned()), catalogue::own_bytes(name)?))
    };
    let items: Vec<Saving> = others
        .iter()
        .filter_map(own)
        .map(|(component, bytes)| Saving { component, bytes, basis: Basis::Catalogue })
        .collect();
    let of_others: u64 = items.iter().map(|item| item.bytes).sum();
    let mut all = if listed.is_empty() {
        Savings { items: Vec::new(), complete, in_image: true }
    } else {
        savings(facts, index, &listed, bytes.saturating_sub(of_others))
    };
    all.items.extend(items);
    all.complete = complete;
    all
}

fn help(install: &PythonInstall, members: &[&Root]) -> String {
    let them = if members.len() == 1 { "it" } else { "them" };
    let Some(first) = members.first() else { return String::new() };
    match first.declared {
        Declared::Dockerfile => format!("install without {them}"),
        Declared::Requirements if members.iter().any(|root| !root.parents.is_empty()) => {
            let sources: BTreeSet<&str> =
                members.iter().flat_map(|root| &root.parents).map(|parent| parent.trim_start_matches("-r ")).collect();
            let sources: Vec<String> = sources.into_iter().map(|source| format!("`{source}`")).collect();
            format!("take {them} out of {}, and compile `{}` again", listed(&sources), first.place.file)
        }
        Declared::Requirements => format!("delete {them} from `{}`", first.place.file),
        Declared::Project => {
            let names: Vec<&str> = members.iter().map(|root| root.requirement.name.as_str()).collect();
            let names = names.join(" ");
            match install.tool {
                Tool::UvSync | Tool::UvAdd => format!("`uv remove {names}`"),
                Tool::Poetry => format!("`poetry remove {names}`"),
                Tool::Pdm => format!("`pdm remove {names}`"),
                Tool::Pipenv => format!("`pipenv uninstall {names}`"),
                _ => format!("take {them} out of the dependencies in `{}`", first.place.file),
            }
        }
    }
}

/// `gcc libpq-dev` as people write it.
fn listed_words(words: &str) -> String {
    listed(&words.split(' ').map(|word| format!("`{word}`")).collect::<Vec<_>>())
}
