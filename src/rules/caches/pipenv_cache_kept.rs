//! `pipenv install` leaves what pip downloads for it in a layer.

use crate::facts::commands::{Pipenv, PipenvAction};
use crate::facts::{CacheFolders, Facts, Invocation, Run, StageFacts};
use crate::rules::kept_cache::or_mount;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let pipenv = Pipenv::read(invocation).filter(|pipenv| downloads(facts, stage, run, index, pipenv));
        pipenv.map(|_| cache(facts, stage, run, invocation).folders).unwrap_or_default()
    };
    let clears = |later: &Invocation| Pipenv::read(later).is_some_and(|later| later.action == PipenvAction::CacheClear);
    let kept = facts.kept_caches(stage, run, fills, clears, |_| false);
    let Some(first) = kept.first() else { return };
    let Some(pipenv) = Pipenv::read(first.invocation) else { return };
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let message = format!("`pipenv {}` keeps its download cache in the image", pipenv.subcommand.value.text());
    let mut finding = reporter.report(first.invocation.range, message);
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    finding.other_fills(&kept);
    let mount = or_mount(stage, run, first.invocation, &folder);
    finding.help(format!("set `PIP_NO_CACHE_DIR=1`, delete it in the same `RUN`{mount}"));
    let installs = |earlier: &Invocation| Pipenv::read(earlier).is_some_and(|earlier| earlier.installs());
    finding.savings(facts.new_wheel_savings(stage, run, first.index, first.folder(), installs));
    if pipenv.options.has(&["--clear"]) {
        finding.note("flag", "`--clear` leaves what the command itself downloads");
    }
    finding.script_of(first.invocation);
    // `PIPENV_CACHE_DIR=/root/.cache`: other things may lie there.
    let own = first.folder().rsplit('/').next().is_some_and(|name| name.contains("pipenv"));
    let word = cache(facts, stage, run, first.invocation).shell_word("");
    if let Some(word) = word.filter(|_| own && !facts.is_cache_taken(stage, &kept)) {
        finding.fix(facts.removal_fix(run, &kept, &format!("rm -rf {word}")));
    }
}

fn downloads(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pipenv: &Pipenv<'_>) -> bool {
    pipenv.installs() && !pipenv.options.has(&["-h", "--help"]) && !is_switched_off(facts, stage, run, index, pipenv)
}

/// `PIP_NO_CACHE_DIR`, which pip reads, with any value but the empty one. Versions differ in whether they let pip read its files.
fn is_switched_off(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pipenv: &Pipenv<'_>) -> bool {
    let variable = facts.variable(run, pipenv.invocation, "PIP_NO_CACHE_DIR");
    let by_argument = || pipenv.options.values(&["--extra-pip-args"]).any(|value| value.text().contains("no-cache"));
    variable.is_some_and(|value| !value.text().is_empty())
        || by_argument()
        || facts.pip_configured(stage, run, index, "no-cache-dir")
}

fn cache(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> CacheFolders {
    facts.cache_folders(stage, run, invocation, &["PIPENV_CACHE_DIR"], "pipenv")
}
