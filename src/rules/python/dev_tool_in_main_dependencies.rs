//! Tools for developers among the dependencies of the program.

use crate::diagnostic::{Applicability, Fix, Severity, Span};
use crate::facts::python::{Declared, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::rules::declared::{
    Told, and_unknown, by_file, chain, deletion, member_option, quoted, remove_command, weighed,
};
use crate::rules::dev_group::without_group;
use crate::rules::phrase::{listed, listed_up_to};
use crate::rules::relock::{files_of, without_dependencies};
use crate::rules::weight::lost;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 4;
/// Stubs alone weigh less: worth knowing, not worth failing a build.
const WORTH_A_WARNING: u64 = 1_000_000;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut told = Told::new();
    for install in facts.python_installs() {
        if install.guard != Guard::Always || install.tool == Tool::PipWheel || !facts.ships_for_use(install) {
            continue;
        }
        for members in by_file(facts, install, facts.main_tools(install), &mut told) {
            report(facts, install, &members, reporter);
        }
    }
}

fn report(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root], reporter: &mut Reporter<'_>) {
    let (Some(first), Some((_, _, invocation))) = (members.first(), facts.site_of(install)) else { return };
    let names = quoted(members);
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
    if let Some(chain) = chain(facts, install, first) {
        finding.note("chain", chain);
    }
    let lost = lost(facts, install, members);
    let is_known = lost.as_ref().is_some_and(|lost| lost.savings.complete);
    let mut is_light = is_known || members.iter().all(|root| is_stubs(root.requirement.name.as_str()));
    if let Some(lost) = lost {
        let known = weighed(facts, install, members);
        let rest = and_unknown(members.len() - known.len());
        finding.note("bytes", format!("{}: {}{rest}", lost.source, known.join(", ")));
        is_light &= lost.bytes < WORTH_A_WARNING;
        finding.savings(lost.savings);
    }
    if is_light {
        finding.severity(Severity::Info);
    }
    finding.script_of(invocation);
    finding.help(help(facts, install, members));
    let moved = without_dependencies(facts, install, members, None, Some("dev"));
    let moved = moved.filter(|_| install.tool == Tool::UvSync).and_then(|mut edits| {
        // In a group that is installed they would weigh as much.
        edits.extend(without_group(facts)?);
        Some(edits)
    });
    if let Some(edits) = moved {
        finding.fix(Fix {
            title: format!("move {} to the group `dev` in {}", listed(&names), files_of(&edits)),
            applicability: Applicability::Unsafe,
            caution: Some("what calls them when the image runs would not find them".to_owned()),
            edits,
        });
        return;
    }
    finding.fix(deletion(facts, members, "whoever tests or develops with the file has to install them in another way"));
}

/// `types-requests`, `celery-stubs`
fn is_stubs(name: &str) -> bool {
    name.starts_with("types-") || name.ends_with("-stubs")
}

fn help(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> String {
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
        (Declared::Project, tool) => {
            let (add, without) = match tool {
                Tool::UvSync | Tool::UvAdd => {
                    let option = member_option(facts, install, first);
                    (format!("`uv add {option}--dev {names}`"), "sync with `--no-dev`")
                }
                Tool::Poetry => (format!("`poetry add --group dev {names}`"), "install with `--only main`"),
                _ => return format!("move {them} to a dependency group or an extra for development"),
            };
            let remove = remove_command(facts, install, first, &names).unwrap_or_default();
            format!("move {them} to the group `dev`: {remove} and {add}, and {without}")
        }
    }
}
