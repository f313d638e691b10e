//! `poetry install` leaves the files that it downloads in a layer.

use crate::diagnostic::{Basis, Component, Savings};
use crate::dockerfile::Value;
use crate::facts::commands::{Poetry, PoetryAction};
use crate::facts::{CacheFolders, Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let mut users: Vec<usize> = Vec::new();
    for (index, invocation) in run.invocations.iter().enumerate() {
        let poetry = Poetry::read(invocation).filter(|_| invocation.guard != Guard::Never);
        if poetry.is_some_and(|poetry| downloads(facts, stage, run, index, &poetry))
            && folders(facts, stage, run, index).is_some_and(|(_, artifacts)| {
                !artifacts.is_empty() && facts.fate(stage, run, index, &artifacts) == Fate::Kept
            })
        {
            users.push(index);
        }
    }
    let Some(&first) = users.first() else { return };
    let Some(invocation) = run.invocations.get(first) else { return };
    let (Some(poetry), Some((cache, artifacts))) = (Poetry::read(invocation), folders(facts, stage, run, first)) else {
        return;
    };
    let Some(folder) = artifacts.first() else { return };
    let message = format!("`poetry {}` keeps the files that it downloads in the image", poetry.subcommand.value.text());
    let mut finding = reporter.report(invocation.range, message);
    finding.primary_label(format!("leaves them in `{folder}`"));
    let remove = cache
        .shell_word("/artifacts")
        .zip(cache.shell_word("/cache"))
        .map(|(artifacts, metadata)| format!("rm -rf {artifacts} {metadata}"));
    finding.help(match &remove {
        Some(remove) => format!(
            "delete them in the same `RUN`: `&& {remove}`, or mount a cache: `RUN --mount=type=cache,target={folder} …`"
        ),
        None => format!("mount a cache: `RUN --mount=type=cache,target={folder} …`"),
    });
    // What an earlier install brought is not downloaded again, and how much that leaves is not known.
    let anew = !facts
        .earlier_or_copied(stage, run, first)
        .any(|earlier| Poetry::read(earlier).is_some_and(|earlier| earlier.action == PoetryAction::Install));
    if let Some(bytes) = facts.downloaded_wheels(stage, run, first).filter(|_| anew) {
        let component = Component::Path(format!("{folder} in layer {}", run.instruction));
        let mut savings = Savings::of(component, bytes, Basis::Catalogue);
        savings.complete = false;
        finding.savings(savings);
    }
    if has_no_cache(facts, run, &poetry) {
        finding.note("flag", "`--no-cache` only keeps poetry from storing what indexes answer");
    }
    if let Some(clear) = run.invocations.iter().skip(first + 1).find_map(clears) {
        finding.label(clear, "clears what indexes answered, not the downloaded files");
    }
    if let Some(script) = invocation.script() {
        finding.note("script", format!("the command stands in `{script}`"));
    }
    // `COPY --from=builder /root/.cache/pypoetry`: a later step installs from it.
    let taken = users
        .iter()
        .filter_map(|&index| folders(facts, stage, run, index))
        .any(|(_, artifacts)| artifacts.iter().any(|folder| facts.is_taken(stage.index, folder)));
    let one_cache = users.iter().all(|&index| {
        folders(facts, stage, run, index).is_some_and(|(other, _)| other.word == cache.word)
            && run.invocations.get(index).is_some_and(|other| other.other_user == invocation.other_user)
    });
    if let Some(remove) = remove.filter(|_| !taken && one_cache) {
        finding.fix(facts.removal_fix(run, &users, &remove, "delete the downloaded files in the same `RUN`"));
    }
}

/// Whether the command downloads packages that no earlier one has.
fn downloads(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, poetry: &Poetry<'_>) -> bool {
    match poetry.action {
        PoetryAction::Add => !poetry.options.has(&["--lock", "--dry-run", "-h", "--help"]),
        PoetryAction::Install => {
            // `poetry install --no-root`, then `COPY . .` and `poetry install`: the second one only adds the project.
            let again = facts.earlier_or_copied(stage, run, index).filter_map(Poetry::read).any(|earlier| {
                earlier.action == PoetryAction::Install
                    && earlier.invocation.guard == Guard::Always
                    && selection(&earlier) == selection(poetry)
            });
            !again && !poetry.options.has(&["--only-root", "--dry-run", "-h", "--help"])
        }
        _ => false,
    }
}

/// The flags that say what is installed.
fn selection(poetry: &Poetry<'_>) -> Vec<(String, Option<Value>)> {
    let wanted = [
        "--only",
        "--with",
        "--without",
        "--no-dev",
        "-E",
        "--extras",
        "--all-extras",
        "--all-groups",
        "-C",
        "--directory",
        "-P",
        "--project",
    ];
    let mut flags: Vec<_> = poetry.options.uses(&wanted).map(|flag| (flag.name.clone(), flag.value.clone())).collect();
    flags.push((poetry.invocation.workdir.text().to_owned(), None));
    flags.sort_by(|one, other| one.0.cmp(&other.0));
    flags
}

/// The cache's folder, and where in it the downloaded files lie. `None` when a setting that is not read decides.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> Option<(CacheFolders, Vec<String>)> {
    let invocation = run.invocations.get(index)?;
    let by_variable = facts.variable(run, invocation, "POETRY_CACHE_DIR").is_some();
    let configured = facts.earlier(stage, run, index).filter_map(configured).last();
    let project = facts.origin_in(stage.index, run, &invocation.workdir, "poetry.toml");
    let by_project = project
        .and_then(|path| facts.workspace.read(&path).ok())
        .is_some_and(|file| file.text().lines().any(|line| line.trim_start().starts_with("cache-dir")));
    let cache = match configured {
        Some(_) | None if by_variable => facts.cache_folders(stage, run, invocation, &["POETRY_CACHE_DIR"], "pypoetry"),
        _ if by_project => return None,
        Some(value) => CacheFolders::named(invocation, &value),
        None => facts.cache_folders(stage, run, invocation, &[], "pypoetry"),
    };
    let artifacts = cache.below("artifacts");
    Some((cache, artifacts))
}

/// `poetry config cache-dir /tmp/poetry`
fn configured(invocation: &Invocation) -> Option<Value> {
    let poetry = Poetry::read(invocation).filter(|poetry| poetry.subcommand.value.known() == Some("config"))?;
    let words: Vec<&Value> = poetry.options.operands.iter().map(|(_, word)| &word.value).collect();
    match words.as_slice() {
        [name, value, ..] if name.known() == Some("cache-dir") => Some((*value).clone()),
        _ => None,
    }
}

fn has_no_cache(facts: &Facts<'_>, run: &Run, poetry: &Poetry<'_>) -> bool {
    let by_variable = facts.variable(run, poetry.invocation, "POETRY_NO_CACHE");
    poetry.options.has(&["--no-cache"]) || by_variable.is_some_and(|value| !value.text().is_empty())
}

fn clears(invocation: &Invocation) -> Option<TextRange> {
    Poetry::read(invocation).filter(|poetry| poetry.action == PoetryAction::CacheClear).map(|_| invocation.range)
}
