//! `pipenv install` leaves what pip downloads for it in a layer.

use crate::diagnostic::{Basis, Component, Savings};
use crate::facts::commands::{Pipenv, PipenvAction};
use crate::facts::{CacheFolders, Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let mut users: Vec<usize> = Vec::new();
    for (index, invocation) in run.invocations.iter().enumerate() {
        let pipenv = Pipenv::read(invocation).filter(|_| invocation.guard != Guard::Never);
        let downloads = pipenv.is_some_and(|pipenv| pipenv.installs() && !pipenv.options.has(&["-h", "--help"]));
        if !downloads || is_switched_off(facts, stage, run, index) {
            continue;
        }
        if run.invocations.iter().skip(index + 1).any(clears) {
            continue;
        }
        let folders = cache(facts, stage, run, index).folders;
        if !folders.is_empty() && facts.fate(stage, run, index, &folders) == Fate::Kept {
            users.push(index);
        }
    }
    let Some(&first) = users.first() else { return };
    let Some(invocation) = run.invocations.get(first) else { return };
    let Some(pipenv) = Pipenv::read(invocation) else { return };
    let cache = cache(facts, stage, run, first);
    let Some(folder) = cache.folders.first() else { return };
    let message = format!("`pipenv {}` keeps its download cache in the image", pipenv.subcommand.value.text());
    let mut finding = reporter.report(invocation.range, message);
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    finding.help(format!(
        "set `PIP_NO_CACHE_DIR=1`, delete it in the same `RUN`, or mount a cache: \
         `RUN --mount=type=cache,target={folder} …`"
    ));
    // What an earlier install brought is not downloaded again, and how much that leaves is not known.
    let anew = !facts
        .earlier_or_copied(stage, run, first)
        .any(|earlier| Pipenv::read(earlier).is_some_and(|earlier| earlier.installs()));
    if let Some(bytes) = facts.downloaded_wheels(stage, run, first).filter(|_| anew) {
        let component = Component::Path(format!("{folder} in layer {}", run.instruction));
        let mut savings = Savings::of(component, bytes, Basis::Catalogue);
        savings.complete = false;
        finding.savings(savings);
    }
    if pipenv.options.has(&["--clear"]) {
        finding.note("flag", "`--clear` leaves what the command itself downloads");
    }
    if let Some(script) = invocation.script() {
        finding.note("script", format!("the command stands in `{script}`"));
    }
    // `PIPENV_CACHE_DIR=/root/.cache`: other things may lie there.
    let own = folder.rsplit('/').next().is_some_and(|name| name.contains("pipenv"));
    let taken = cache.folders.iter().any(|folder| facts.is_taken(stage.index, folder));
    let one_user = users
        .iter()
        .filter_map(|&index| run.invocations.get(index))
        .all(|other| other.other_user == invocation.other_user);
    if let Some(word) = cache.shell_word("").filter(|_| own && !taken && one_user) {
        let remove = format!("rm -rf {word}");
        finding.fix(facts.removal_fix(run, &users, &remove, "delete the downloaded files in the same `RUN`"));
    }
}

/// `PIP_NO_CACHE_DIR`, which pip reads, with any value but the empty one. Versions differ in whether they let pip read its files.
fn is_switched_off(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> bool {
    let Some(invocation) = run.invocations.get(index) else { return false };
    let by_variable = facts.variable(run, invocation, "PIP_NO_CACHE_DIR").is_some_and(|value| !value.text().is_empty());
    let by_argument = Pipenv::read(invocation).is_some_and(|pipenv| {
        pipenv.options.values(&["--extra-pip-args"]).any(|value| value.text().contains("no-cache"))
    });
    by_variable || by_argument || facts.pip_configured(stage, run, index, "no-cache-dir")
}

fn clears(invocation: &Invocation) -> bool {
    Pipenv::read(invocation).is_some_and(|pipenv| pipenv.action == PipenvAction::CacheClear)
}

fn cache(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> CacheFolders {
    let Some(invocation) = run.invocations.get(index) else { return CacheFolders::default() };
    facts.cache_folders(stage, run, invocation, &["PIPENV_CACHE_DIR"], "pipenv")
}
