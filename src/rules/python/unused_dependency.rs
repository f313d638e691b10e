//! Heavy dependencies of a program that nothing in the image reaches.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::diagnostic::{Applicability, Fix, Severity, Span, format_bytes};
use crate::facts::python::{ClosureBasis, Declared, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::rules::declared::{Told, and_unknown, by_file, chain, deletion, quoted, remove_command};
use crate::rules::phrase::{count, listed, listed_up_to};
use crate::rules::relock::{files_of, without_dependencies};
use crate::rules::weight::lost;
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
    let mut told = Told::new();
    for install in facts.python_installs() {
        if install.guard != Guard::Always || install.tool == Tool::PipWheel || !facts.ships(install) {
            continue;
        }
        if !facts.knows_the_program_of(install) {
            continue;
        }
        let idle = facts.idle_roots(install, |root| matters(facts, install, root));
        let idle: Vec<&Root> = idle.iter().filter_map(|&place| install.roots.get(place)).collect();
        for members in by_file(facts, install, idle, &mut told) {
            report(facts, install, &members, reporter);
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
        && (needs_compiler(name).is_some() || lost(facts, install, &[root]).is_some_and(|lost| lost.bytes >= HEAVY))
}

/// What pip needs of the system to build it, where that is a compiler.
fn needs_compiler(name: &str) -> Option<&'static str> {
    catalogue::needs_of_pip_package(name)
        .filter(|needs| needs.starts_with("gcc ") || needs.starts_with("g++ ") || *needs == "gcc" || *needs == "g++")
        .filter(|_| catalogue::package(name).is_none())
}

fn report(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root], reporter: &mut Reporter<'_>) {
    let (Some(first), Some((_, _, invocation))) = (members.first(), facts.site_of(install)) else { return };
    let one = members.len() == 1;
    let names = quoted(members);
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
        let alone = lost(facts, install, &[root]);
        unknown += usize::from(alone.is_none());
        let cost = alone.map(|alone| format!("adds ≈ {} installed", format_bytes(alone.bytes)));
        let compiler = needs_compiler(name).map(|needs| format!("is compiled, with {}", listed_words(needs)));
        let text: Vec<String> = cost.into_iter().chain(compiler).collect();
        let text = text.join(", and ");
        if !in_file && root.place.range == first.word {
            finding.primary_label(text);
        } else {
            finding.label_in(Span::new(root.place.file.clone(), root.place.range), text);
        }
    }
    if let Some(chain) = chain(facts, install, first) {
        finding.note("chain", chain);
    }
    if let Some(lost) = lost(facts, install, members) {
        let rest = and_unknown(unknown);
        let bytes = format_bytes(lost.bytes);
        finding.note("bytes", format!("{}: ≈ {bytes} beyond what is installed anyway{rest}", lost.source));
        finding.savings(lost.savings);
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
    let help = help(facts, install, members);
    finding.help(match started(facts, install, members) {
        Some(name) => format!(
            "{help}; declare `{name}`, which the image starts and no requirement names, if it came with {}",
            if one { "it" } else { "them" }
        ),
        None => help,
    });
    if let Some(loader) = facts.plugin_loader() {
        finding.severity(Severity::Info);
        finding.note(
            "plugins",
            format!(
                "`{loader}` imports what it finds in a folder, and that may need {}",
                if one { "it" } else { "them" }
            ),
        );
        return;
    }
    let caution = "what loads it by a name that is made at run time was not seen";
    let edits = without_dependencies(facts, install, members, None, None);
    let of_project = edits.map(|edits| Fix {
        title: format!("delete {} from {}", listed(&names), files_of(&edits)),
        applicability: Applicability::Unsafe,
        caution: Some(caution.to_owned()),
        edits,
    });
    finding.fix(of_project.or_else(|| deletion(facts, members, caution)));
}

/// The program that the image starts, where no requirement is called like it and it may be here only since one of `members` needs it.
fn started(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<String> {
    const WRAPPERS: [&str; 8] = ["uv", "poetry", "run", "exec", "python", "python3", "-m", "--no-sync"];
    let (closure, lost) = facts.lost_without_roots(install, members);
    let is_lost = |name: &PackageName| {
        closure.basis == ClosureBasis::Catalogue
            || lost.iter().filter_map(|&place| closure.packages.get(place)).any(|package| package.name == *name)
    };
    let first = |image| {
        let words = facts.start_words(image).into_iter().map(|word| word.rsplit('/').next().unwrap_or(word));
        words.map(|word| word.trim_matches(['"', '\''])).find(|word| !WRAPPERS.contains(word)).map(PackageName::new)
    };
    let names = facts.finals().filter_map(first).filter(|name| catalogue::is_known_distribution(name.as_str()));
    let roots = || facts.python_installs().iter().flat_map(|install| &install.roots);
    let mut names = names.filter(|name| roots().all(|root| root.requirement.name != *name));
    names.find(is_lost).map(|name| name.to_string())
}

fn help(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> String {
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
            remove_command(facts, install, first, &names)
                .unwrap_or_else(|| format!("take {them} out of the dependencies in `{}`", first.place.file))
        }
    }
}

/// `gcc libpq-dev` as people write it.
fn listed_words(words: &str) -> String {
    listed(&words.split(' ').map(|word| format!("`{word}`")).collect::<Vec<_>>())
}
