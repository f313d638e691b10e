//! Extras whose heavy members nothing in the image reaches.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::diagnostic::{Applicability, Basis, Component, Edit, Fix, Saving, Savings, Span, format_bytes};
use crate::facts::python::{Build, InstalledExtra, Program, Project, PythonInstall, Root, Tool};
use crate::facts::{Argument, Facts, Guard, Invocation, Origin};
use crate::python::PackageName;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

use super::cuda_torch_on_cpu::CUDA_COMPONENT;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Members that weigh less than this are not worth a finding.
const HEAVY: u64 = 50_000_000;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut reported: BTreeSet<(String, String)> = BTreeSet::new();
    if !facts.finals().any(|image| facts.is_runtime_image(image)) {
        return;
    }
    for (index, install) in facts.python_installs().iter().enumerate() {
        if install.guard != Guard::Always || !facts.ships(install) || install.tool == Tool::PipWheel {
            continue;
        }
        for project in install.projects.iter().filter(|project| project.direct) {
            for extra in &project.extras {
                let key = (project.manifest.to_string(), extra.name.to_string());
                if !reported.contains(&key) && report(facts, index, project, extra, reporter) {
                    reported.insert(key);
                }
            }
        }
    }
}

fn report(
    facts: &Facts<'_>,
    index: usize,
    project: &Project,
    extra: &InstalledExtra,
    reporter: &mut Reporter<'_>,
) -> bool {
    let Some(install) = facts.python_installs().get(index) else { return false };
    let members: Vec<&Root> = install.roots.iter().filter(|root| is_member(root, project, extra)).collect();
    let heavy: Vec<(&Root, u64)> = members
        .iter()
        .filter(|root| !catalogue::is_development_tool(root.requirement.name.as_str()))
        .filter_map(|&root| Some((root, weight_of(facts, install, &[root])?)))
        .filter(|&(_, bytes)| bytes >= HEAVY)
        .collect();
    if heavy.is_empty() || !is_known(facts.program()) {
        return false;
    }
    let unreached: Vec<&Root> =
        heavy.iter().map(|&(root, _)| root).filter(|root| !is_reached(facts, install, root)).collect();
    let Some(first) = unreached.first() else { return false };
    let whole = members
        .iter()
        .all(|root| unreached.iter().any(|other| other.place == root.place) || !is_reached(facts, install, root));
    // Another member, or a library that is in use, may work through it.
    let alone = |root: &&Root| catalogue::in_torch_family(root.requirement.name.as_str()) && whole;
    if unreached.iter().any(|root| is_backend(root.requirement.name.as_str()) && !alone(root)) {
        return false;
    }
    let names: Vec<String> = unreached.iter().map(|root| format!("`{}`", root.requirement.name)).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} of the extra `{}` {verb} installed, and nothing reaches {}",
        join(&names),
        extra.name,
        if names.len() == 1 { "it" } else { "them" }
    );
    let mut finding = reporter.report(extra.word, message);
    let brought = unreached.clone();
    let savings = savings(facts, index, &brought, weight_of(facts, install, &brought).unwrap_or_default());
    let bytes = savings.bytes();
    finding.primary_label(format!("asks for `{}`", extra.name));
    finding.label_in(
        Span::new(first.place.file.clone(), first.place.range),
        format!("adds ≈ {} installed", format_bytes(bytes)),
    );
    for other in unreached.iter().skip(1) {
        finding.label_in(Span::new(other.place.file.clone(), other.place.range), "not reached either");
    }
    finding.note(
        "chain",
        first.via.iter().cloned().chain([first.requirement.name.to_string()]).collect::<Vec<_>>().join(" > "),
    );
    finding.note("bytes", format!("catalogue: ≈ {} beyond what is installed anyway", format_bytes(bytes)));
    finding.note(
        "reach",
        format!(
            "no import, name, string or setting speaks for {} in {} and {}",
            join(&names),
            count(facts.program().sources.len(), "Python source"),
            count(facts.program().texts.len(), "other file")
        ),
    );
    finding.savings(savings);
    if whole {
        finding.help(format!("install without the extra `{}`, or with the members in use only", extra.name));
        finding.fix(edit(facts, install, extra).map(|edit| Fix {
            title: format!("install without the extra `{}`", extra.name),
            applicability: Applicability::Unsafe,
            caution: Some("what loads it by a name that is made at run time was not seen".to_owned()),
            edits: vec![edit],
        }));
    } else {
        finding.help(format!(
            "other members of `{}` are in use: give {} an extra of {} own",
            extra.name,
            join(&names),
            if names.len() == 1 { "its" } else { "their" }
        ));
    }
    true
}

fn is_member(root: &Root, project: &Project, extra: &InstalledExtra) -> bool {
    let own =
        project.name.as_ref().is_none_or(|name| root.via.last().is_some_and(|last| last.starts_with(name.as_str())));
    root.extra.as_ref() == Some(&extra.name) && own
}

fn join(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Without its sources nobody can tell what a program reaches.
fn is_known(program: &Program) -> bool {
    !program.truncated && program.sources.iter().any(|path| !Program::is_aside(path) && !path.ends_with("setup.py"))
}

/// Whether the program reaches a package, by itself or through a library that works with it.
fn is_reached(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> bool {
    let name = root.requirement.name.as_str();
    if facts.reach_of(name).is_some() {
        return true;
    }
    let library = |other: &Root| {
        let user = other.requirement.name.as_str();
        user != name && facts.reach_of(user).is_some() && works_with(facts, user, name)
    };
    install.roots.iter().any(library)
        || catalogue::packages().iter().any(|package| {
            package.extra.is_none()
                && package.name != name
                && package.requires.contains(&name)
                && imports(facts, package.name)
        })
}

fn imports(facts: &Facts<'_>, package: &str) -> bool {
    let modules = catalogue::import_names(package);
    facts.program().sources.iter().any(|path| {
        facts.workspace.imports(path).is_ok_and(|imports| modules.iter().any(|module| imports.reaches(module)))
    })
}

/// Packages that programs use through others rather than by themselves.
fn is_backend(name: &str) -> bool {
    const BACKENDS: [&str; 24] = [
        "accelerate",
        "av",
        "boto3",
        "bitsandbytes",
        "datasets",
        "diffusers",
        "grpcio",
        "jax",
        "kubernetes",
        "librosa",
        "matplotlib",
        "numba",
        "onnxruntime",
        "opencv-python",
        "opencv-python-headless",
        "optimum",
        "pandas",
        "peft",
        "playwright",
        "pyarrow",
        "scikit-learn",
        "scipy",
        "tensorflow",
        "timm",
    ];
    catalogue::in_torch_family(name) || BACKENDS.contains(&name)
}

/// Whether library `user` can load `package` without being asked by name.
fn works_with(facts: &Facts<'_>, user: &str, package: &str) -> bool {
    let entries = catalogue::packages().iter().filter(|entry| entry.name == user);
    let requiring =
        entries.filter(|entry| entry.requires.iter().any(|required| required.split('[').next() == Some(package)));
    // What a library does with an extra of its own shows in the catalogue's hints for it, where it has any.
    let requires = requiring
        .into_iter()
        .any(|entry| entry.extra.is_none() || entry.hints.is_empty() || facts.reach_of_hints(entry.hints).is_some());
    let backends =
        matches!(user, "transformers" | "diffusers" | "keras" | "huggingface-hub" | "haystack-ai" | "datasets")
            && (catalogue::in_torch_family(package)
                || matches!(package, "tensorflow" | "jax" | "accelerate" | "sentence-transformers" | "onnxruntime"));
    let frames = matches!(user, "pandas" | "polars" | "datasets")
        && matches!(package, "pyarrow" | "matplotlib" | "scipy" | "numba");
    requires || backends || frames
}

/// What the catalogue calls a root.
fn keys(root: &Root) -> Vec<&'static str> {
    let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
    catalogue::package_with_extras(root.requirement.name.as_str(), &extras)
        .into_iter()
        .map(|package| package.key)
        .collect()
}

/// What would no longer be installed without `members`; `None` when the catalogue knows none of them.
fn weight_of(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Option<u64> {
    let own: Vec<&str> = members.iter().flat_map(|root| keys(root)).collect();
    if own.is_empty() {
        return None;
    }
    let same_stage =
        facts.python_installs().iter().filter(|other| other.stage == install.stage && other.guard != Guard::Never);
    let others = same_stage
        .flat_map(|other| &other.roots)
        .filter(|root| members.iter().all(|member| member.place != root.place));
    let others: Vec<&str> = others.flat_map(keys).collect();
    let all: Vec<&str> = others.iter().chain(&own).copied().collect();
    let bytes = |keys: &[&str]| catalogue::weight(keys).installed_bytes;
    Some(bytes(&all).saturating_sub(bytes(&others)))
}

/// The bytes, those of CUDA apart, so that they count once beside `cuda-torch-on-cpu`.
fn savings(facts: &Facts<'_>, index: usize, members: &[&Root], bytes: u64) -> Savings {
    let cuda = catalogue::package("torch")
        .and_then(|package| package.closure)
        .and_then(|closure| closure.installed_bytes.checked_sub(closure.cpu_bytes?));
    let torch = facts.torch_installs().iter().find(|torch| torch.install == index);
    let is_cpu = torch.is_some_and(|torch| matches!(torch.build, Build::Cpu(_) | Build::Kept(_)));
    let name = members.iter().map(|root| root.requirement.name.to_string()).collect::<Vec<_>>().join(", ");
    let item = |component: &str, bytes| Saving {
        component: Component::Package(component.to_owned()),
        bytes,
        basis: Basis::Catalogue,
    };
    let items = match cuda.filter(|&cuda| bytes > cuda) {
        Some(cuda) if is_cpu => vec![item(&name, bytes - cuda)],
        Some(cuda) => vec![item(CUDA_COMPONENT, cuda), item(&name, bytes - cuda)],
        None => vec![item(&name, bytes)],
    };
    Savings { items, complete: true, in_image: true }
}

/// Takes the extra out of the command line.
fn edit(facts: &Facts<'_>, install: &PythonInstall, extra: &InstalledExtra) -> Option<Edit> {
    let (_, _, invocation) = facts.site_of(install)?;
    if invocation.origin != Origin::Instruction {
        return None;
    }
    let position = invocation.arguments.iter().position(|argument| argument.range == extra.word && argument.whole)?;
    let word = invocation.arguments.get(position)?;
    if extra.all {
        let text = format!("--no-extra {}", extra.name);
        return if install.tool == Tool::UvSync { facts.insert_after(invocation, word, &text) } else { None };
    }
    let written = word.range.slice(facts.source.text());
    if let Some((open, close)) = written.find('[').zip(written.rfind(']')) {
        return from_list(facts, word.range, written.get(open + 1..close)?, open, extra);
    }
    match word.value.known()? {
        value if PackageName::new(value) == extra.name => delete(facts, invocation, position.checked_sub(1)?, word),
        value => {
            let attached = value
                .split_once('=')
                .is_some_and(|(flag, name)| flag.starts_with("--extra") && PackageName::new(name) == extra.name);
            if attached { delete(facts, invocation, position, word) } else { None }
        }
    }
}

/// `.[a,b]` without one name, or without its brackets.
fn from_list(facts: &Facts<'_>, word: TextRange, list: &str, open: usize, extra: &InstalledExtra) -> Option<Edit> {
    let start = word.start() as usize + open;
    let names: Vec<&str> = list.split(',').collect();
    let at = names.iter().position(|name| PackageName::new(name) == extra.name)?;
    let before: usize = names.iter().take(at).map(|name| name.len() + 1).sum();
    let length = names.get(at)?.len();
    let range = match (names.len(), at) {
        (1, _) => TextRange::from_usize(start, start + list.len() + 2),
        (_, 0) => TextRange::from_usize(start + 1, start + 1 + length + 1),
        _ => TextRange::from_usize(start + before, start + 1 + before + length),
    };
    Some(Edit { file: facts.file(), range, text: String::new() })
}

/// Deletes the words from the argument at `first` to `last` with the space in front of them.
fn delete(facts: &Facts<'_>, invocation: &Invocation, first: usize, last: &Argument) -> Option<Edit> {
    let flag = invocation.arguments.get(first).filter(|argument| argument.whole)?;
    let before = invocation.arguments.get(first.checked_sub(1)?)?;
    let range = TextRange::new(before.range.end(), last.range.end());
    let gap = TextRange::new(before.range.end(), flag.range.start()).slice(facts.source.text());
    let blank = gap.chars().all(|character| character.is_whitespace() || character == facts.dockerfile.escape);
    (blank && !gap.is_empty()).then(|| Edit { file: facts.file(), range, text: String::new() })
}
