//! Extras whose heavy members nothing in the image reaches.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::diagnostic::{Applicability, Fix, Span, format_bytes};
use crate::facts::python::{InstalledExtra, Project, PythonInstall, Root, Tool};
use crate::facts::{Facts, Guard};
use crate::rules::deletion::without_extra;
use crate::rules::phrase::{count, listed};
use crate::rules::relock::{files_of, without_dependencies};
use crate::rules::weight::{keys, lost};
use crate::rules::{Check, Reporter};

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
        // What may reach a package is known for those that the catalogue lists.
        .filter(|root| !keys(root).is_empty())
        .filter_map(|&root| Some((root, lost(facts, install, &[root])?.bytes)))
        .filter(|&(_, bytes)| bytes >= HEAVY)
        .collect();
    if heavy.is_empty() || !facts.program().is_known() {
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
        listed(&names),
        extra.name,
        if names.len() == 1 { "it" } else { "them" }
    );
    let mut finding = reporter.report(extra.word, message);
    let lost = lost(facts, install, &unreached);
    let bytes = lost.as_ref().map(|lost| lost.bytes).unwrap_or_default();
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
    if let Some(lost) = lost {
        let source = &lost.source;
        finding.note("bytes", format!("{source}: ≈ {} beyond what is installed anyway", format_bytes(bytes)));
        finding.savings(lost.savings);
    }
    finding.note(
        "reach",
        format!(
            "no import, name, string or setting speaks for {} in {} and {}",
            listed(&names),
            count(facts.program().sources.len(), "Python source"),
            count(facts.program().texts.len(), "other file")
        ),
    );
    if whole {
        finding.help(format!("install without the extra `{}`, or with the members in use only", extra.name));
        finding.fix(without_extra(facts, install, extra).map(|edit| Fix {
            title: format!("install without the extra `{}`", extra.name),
            applicability: Applicability::Unsafe,
            caution: Some("what loads it by a name that is made at run time was not seen".to_owned()),
            edits: vec![edit],
        }));
    } else {
        finding.help(format!(
            "other members of `{}` are in use: give {} an extra of {} own",
            extra.name,
            listed(&names),
            if names.len() == 1 { "its" } else { "their" }
        ));
        let edits = without_dependencies(facts, install, &unreached, Some(&extra.name), None);
        finding.fix(edits.map(|edits| Fix {
            title: format!("take {} out of the extra `{}` in {}", listed(&names), extra.name, files_of(&edits)),
            applicability: Applicability::Unsafe,
            caution: Some(
                "who installs the extra elsewhere, or loads it by a name made at run time, misses it".to_owned(),
            ),
            edits,
        }));
    }
    true
}

fn is_member(root: &Root, project: &Project, extra: &InstalledExtra) -> bool {
    let own =
        project.name.as_ref().is_none_or(|name| root.via.last().is_some_and(|last| last.starts_with(name.as_str())));
    root.extra.as_ref() == Some(&extra.name) && own
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
                && facts.imports(package.name)
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
