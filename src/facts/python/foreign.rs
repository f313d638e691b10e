//! What may bring torch besides the installers that are read: conda, system packages, scripts.

use crate::facts::{Base, Facts, Guard, Invocation, Source};

use super::{PythonInstall, has_extension};

/// How an earlier command may have brought torch, so that the install would find it there.
pub(super) fn torch(facts: &Facts<'_>, install: &PythonInstall) -> Option<String> {
    // The environment file itself brings conda's.
    if install.conda.iter().any(|package| package.name.as_str().contains("torch")) {
        return Some(install.files.first().map_or_else(|| "`conda`".to_owned(), |file| format!("`{file}`")));
    }
    let (stage, run, _) = facts.site_of(install)?;
    let copied = sources_of(facts, stage.index)
        .into_iter()
        .filter(|&other| other != stage.index)
        .filter_map(|other| facts.stages.get(other));
    let copied = copied.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    let mut earlier = facts
        .earlier(stage, run, install.invocation)
        .chain(copied)
        .filter(|invocation| invocation.guard != Guard::Never);
    earlier.find(|invocation| brings(invocation)).map(|invocation| format!("`{}`", invocation.program))
}

/// The stage, those below it, and those whose environments they copy; the stage itself first.
pub(super) fn sources_of(facts: &Facts<'_>, stage: usize) -> Vec<usize> {
    let mut found = vec![stage];
    let mut at = 0;
    while let Some(stage) = found.get(at).and_then(|&index| facts.stages.get(index)) {
        at += 1;
        let base = match stage.base {
            Base::Stage(parent) => Some(parent),
            _ => None,
        };
        let copied = stage.transfers.iter().filter_map(|transfer| match transfer.source {
            Source::Stage(from) if transfer.paths.iter().any(|(path, _)| holds_packages(path.text())) => Some(from),
            _ => None,
        });
        for other in base.into_iter().chain(copied) {
            if !found.contains(&other) {
                found.push(other);
            }
        }
    }
    found
}

/// Whether a folder of this name can hold installed packages.
fn holds_packages(path: &str) -> bool {
    let ends = ["/usr/local", "/opt", "/install", "/env", "/app", "/deps", "/lib", "/.local", "/python"];
    path == "/"
        || ends.iter().any(|end| path.ends_with(end))
        || ["venv", "site-packages", "dist-packages", "conda", "/lib/python"].iter().any(|part| path.contains(part))
}

fn brings(invocation: &Invocation) -> bool {
    let words = || invocation.arguments.iter().map(|argument| argument.value.text());
    match invocation.program.as_str() {
        "conda" | "mamba" | "micromamba" | "pixi" => words().any(|word| {
            word.contains("torch")
                || word.starts_with("--file")
                || word == "-f"
                || has_extension(word, &["yml", "yaml"])
        }),
        "apt-get" | "apt" | "apk" | "dnf" => {
            words().any(|word| word.contains("pytorch") || word.contains("python3-torch"))
        }
        // A script that installs may install anything.
        "python" => words().next().is_some_and(|script| {
            has_extension(script, &["py"]) && script.rsplit('/').next().is_some_and(|name| name.contains("install"))
        }),
        _ => false,
    }
}
