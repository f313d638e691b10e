//! Packages that Alpine has to compile, since their wheels are for glibc.

use crate::catalogue;
use crate::diagnostic::{Severity, Span};
use crate::facts::python::{IndexKind, PythonInstall, Root, Tool};
use crate::facts::{Base, Facts, Guard, StageFacts};
use crate::python::PackageName;
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Stage(check);

/// Of these there is no source distribution that could be compiled.
const WHEELS_ONLY: [&str; 12] = [
    "torch",
    "torchvision",
    "torchaudio",
    "triton",
    "tensorflow",
    "tensorflow-cpu",
    "onnxruntime",
    "onnxruntime-gpu",
    "jaxlib",
    "playwright",
    "paddlepaddle",
    "ray",
];

fn check(facts: &Facts<'_>, stage: &StageFacts, reporter: &mut Reporter<'_>) {
    if stage.image.musl != Some(true) {
        return;
    }
    let mut causes: Vec<(&PythonInstall, &Root, Vec<&'static str>)> = Vec::new();
    let own = facts.python_installs().iter().filter(|install| install.stage == stage.index);
    for install in own.filter(|install| is_looked_at(install)) {
        for root in install.roots.iter().filter(|root| !root.is_brought_along()) {
            let missing = missing(facts, stage, install, root);
            let known = |other: &(&PythonInstall, &Root, Vec<&str>)| other.1.requirement.name == root.requirement.name;
            if !missing.is_empty() && !causes.iter().any(known) {
                causes.push((install, root, missing));
            }
        }
    }
    report(facts, stage, &causes, reporter);
}

/// An install from the public index, for the machine that the catalogue asked about.
fn is_looked_at(install: &PythonInstall) -> bool {
    let foreign = install.indexes.iter().any(|index| index.kind == IndexKind::Other);
    install.guard == Guard::Always && install.platform.machine == "x86_64" && !foreign
}

/// What the root brings that has no wheel for musl.
fn missing(facts: &Facts<'_>, stage: &StageFacts, install: &PythonInstall, root: &Root) -> Vec<&'static str> {
    let requirement = &root.requirement;
    if install.excluded.contains(&requirement.name) || requirement.url.is_some() {
        return Vec::new();
    }
    let extras: Vec<&str> = requirement.extras.iter().map(PackageName::as_str).collect();
    let mut missing = catalogue::musl_missing(requirement.name.as_str(), &extras);
    if install.no_dependencies {
        missing.retain(|name| *name == requirement.name.as_str());
    }
    let lock = install.lock.as_ref().filter(|lock| lock.rewritten.is_none());
    if let Some(lock) = lock.and_then(|lock| facts.workspace.lock(&lock.path).ok()) {
        missing.retain(|name| lock.find(&PackageName::new(name)).next().is_some());
    }
    missing.retain(|name| !is_in_system(facts, stage, name));
    missing
}

/// Whether Alpine's own package was installed: `py3-scikit-learn`.
fn is_in_system(facts: &Facts<'_>, stage: &StageFacts, name: &str) -> bool {
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let mut packages = chain.flat_map(|stage| stage.runs.iter().flat_map(move |run| facts.system_installs(stage, run)));
    packages.any(|package| {
        let plain = package.name.trim_start_matches("py3-");
        plain != package.name && (plain == name || plain.replace("py-", "") == name || name.contains(plain))
    })
}

fn report(
    facts: &Facts<'_>,
    stage: &StageFacts,
    causes: &[(&PythonInstall, &Root, Vec<&'static str>)],
    reporter: &mut Reporter<'_>,
) {
    let Some((install, first, _)) = causes.first() else { return };
    let mut names: Vec<&str> = causes.iter().flat_map(|(_, _, missing)| missing.iter().copied()).collect();
    names.sort_unstable();
    names.dedup();
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let impossible: Vec<String> =
        names.iter().filter(|name| WHEELS_ONLY.contains(name)).map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    let message = if impossible.is_empty() {
        format!("{} {verb} no wheel for musl, and {verb} to be compiled on Alpine", listed_up_to(&quoted, 4))
    } else {
        let verb = if impossible.len() == 1 { "has" } else { "have" };
        format!("{} {verb} no build for musl, and cannot be installed on Alpine", listed_up_to(&impossible, 4))
    };
    let mut finding = reporter.report(first.word, message);
    // In a builder it costs time alone.
    if !facts.is_in_final(stage.index) && impossible.is_empty() || install.tool == Tool::PipWheel {
        finding.severity(Severity::Info);
    }
    finding.primary_label(format!("brings `{}`", first.requirement.name));
    for (_, root, missing) in causes {
        if root.declared != crate::facts::python::Declared::Dockerfile {
            let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
            let own = missing.len() == 1
                && missing.first().is_some_and(|name| name.trim_matches('`') == root.requirement.name.as_str());
            let text = if own {
                "has wheels for glibc only".to_owned()
            } else {
                format!("brings {}", listed_up_to(&missing, 3))
            };
            finding.label_in(Span::new(root.place.file.clone(), root.place.range), text);
        }
    }
    let Some(instruction) = facts.dockerfile.instructions.get(base_of(facts, stage).from) else { return };
    finding.label(instruction.range, "is Alpine");
    finding.note("wheels", "asked of the index for x86-64; there are wheels for glibc");
    let come = if names.len() == 1 { "it comes as a wheel" } else { "they come as wheels" };
    let slim = slim_image(base_of(facts, stage));
    finding.help(match slim {
        Some(image) => format!("take `{image}`, where {come} and no compiler is needed"),
        None => format!("take a slim image with glibc, where {come}"),
    });
}

/// The stage whose `FROM` names the image.
fn base_of<'f>(facts: &'f Facts<'_>, stage: &'f StageFacts) -> &'f StageFacts {
    facts.ancestors(stage).last().unwrap_or(stage)
}

/// `python:3.12-slim` for `python:3.12-alpine3.20`.
fn slim_image(stage: &StageFacts) -> Option<String> {
    let Base::Image(reference) = &stage.base else { return None };
    let (name, tag) =
        reference.known()?.split_once('@').map_or(reference.known()?, |(name, _)| name).rsplit_once(':')?;
    if stage.image.repository != "python" {
        return None;
    }
    let version = tag.split("alpine").next()?.trim_end_matches('-');
    Some(if version.is_empty() { format!("{name}:slim") } else { format!("{name}:{version}-slim") })
}
