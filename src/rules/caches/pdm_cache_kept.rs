//! `pdm install` leaves the files that it downloads in a layer.

use crate::diagnostic::{Basis, Component, Savings};
use crate::dockerfile::Value;
use crate::facts::commands::{Pdm, PdmAction};
use crate::facts::{CacheFolders, Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let mut users: Vec<usize> = Vec::new();
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(pdm) = Pdm::read(invocation).filter(|_| invocation.guard != Guard::Never) else { continue };
        let downloads = matches!(pdm.action, PdmAction::Install | PdmAction::Add)
            && !pdm.options.has(&["--no-cache", "--dry-run", "-h", "--help"]);
        if !downloads || is_switched_off(facts, run, invocation) || uses_uv(facts, stage, run, index) {
            continue;
        }
        if run.invocations.iter().skip(index + 1).any(clears) || repeats(facts, stage, run, index, &pdm) {
            continue;
        }
        let http = cache(facts, stage, run, index).below("http");
        if !http.is_empty() && facts.fate(stage, run, index, &http) == Fate::Kept {
            users.push(index);
        }
    }
    let Some(&first) = users.first() else { return };
    let Some(invocation) = run.invocations.get(first) else { return };
    let Some(pdm) = Pdm::read(invocation) else { return };
    let cache = cache(facts, stage, run, first);
    let http = cache.below("http");
    let Some(folder) = http.first() else { return };
    let message = format!("`pdm {}` keeps its download cache in the image", pdm.subcommand.value.text());
    let mut finding = reporter.report(invocation.range, message);
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    let remove = cache
        .shell_word("/http")
        .zip(cache.shell_word("/wheels"))
        .map(|(http, wheels)| format!("rm -rf {http} {wheels}"));
    finding.help(format!(
        "delete it in the same `RUN`, set `PDM_NO_CACHE=1` (pdm 2.13), or mount a cache: \
         `RUN --mount=type=cache,target={folder} …`"
    ));
    // What an earlier install brought is not downloaded again, and how much that leaves is not known.
    let anew = !facts
        .earlier_or_copied(stage, run, first)
        .any(|earlier| Pdm::read(earlier).is_some_and(|earlier| earlier.action == PdmAction::Install));
    if let Some(bytes) = facts.downloaded_wheels(stage, run, first).filter(|_| anew) {
        let component = Component::Path(format!("{folder} in layer {}", run.instruction));
        let mut savings = Savings::of(component, bytes, Basis::Catalogue);
        savings.complete = false;
        finding.savings(savings);
    }
    if let Some(script) = invocation.script() {
        finding.note("script", format!("the command stands in `{script}`"));
    }
    let taken = http.iter().any(|folder| facts.is_taken(stage.index, folder));
    let one_user = users
        .iter()
        .filter_map(|&index| run.invocations.get(index))
        .all(|other| other.other_user == invocation.other_user);
    if let Some(remove) = remove.filter(|_| !taken && one_user) {
        finding.fix(facts.removal_fix(run, &users, &remove, "delete the downloaded files in the same `RUN`"));
    }
}

/// pdm takes any value but the empty one for yes, `false` and `0` included (its option's default is the variable's text).
fn is_switched_off(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    facts.variable(run, invocation, "PDM_NO_CACHE").is_some_and(|value| !value.text().is_empty())
}

/// Whether uv downloads for it.
fn uses_uv(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> bool {
    let Some(invocation) = run.invocations.get(index) else { return false };
    let says_no = |value: &Value| matches!(value.text().to_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
    let by_variable = facts.variable(run, invocation, "PDM_USE_UV").is_some_and(|value| !says_no(value));
    by_variable || setting(facts, stage, run, index, "use_uv").is_some_and(|value| !says_no(&value))
}

/// Whether an earlier command downloaded the same already: `pdm sync --no-self`, then `COPY . .` and `pdm sync`.
fn repeats(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pdm: &Pdm<'_>) -> bool {
    pdm.action == PdmAction::Install
        && facts.earlier_or_copied(stage, run, index).filter_map(Pdm::read).any(|earlier| {
            earlier.action == PdmAction::Install
                && earlier.invocation.guard == Guard::Always
                && selection(&earlier) == selection(pdm)
        })
}

/// The flags that say what is installed.
fn selection(pdm: &Pdm<'_>) -> Vec<(String, Option<Value>)> {
    let wanted = [
        "--prod",
        "--production",
        "-d",
        "--dev",
        "-G",
        "--group",
        "--with",
        "--without",
        "--no-default",
        "-p",
        "--project",
    ];
    let mut flags: Vec<_> = pdm.options.uses(&wanted).map(|flag| (flag.name.clone(), flag.value.clone())).collect();
    flags.push((pdm.invocation.workdir.text().to_owned(), None));
    flags.sort_by(|one, other| one.0.cmp(&other.0));
    flags
}

fn clears(invocation: &Invocation) -> bool {
    Pdm::read(invocation).is_some_and(|pdm| pdm.action == PdmAction::CacheClear)
}

fn cache(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> CacheFolders {
    let Some(invocation) = run.invocations.get(index) else { return CacheFolders::default() };
    let by_variable = facts.variable(run, invocation, "PDM_CACHE_DIR").is_some();
    match setting(facts, stage, run, index, "cache_dir").filter(|_| !by_variable) {
        Some(value) => CacheFolders::named(invocation, &value),
        None => facts.cache_folders(stage, run, invocation, &["PDM_CACHE_DIR"], "pdm"),
    }
}

/// What the last `pdm config NAME VALUE` before the invocation at `index` sets.
fn setting(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, wanted: &str) -> Option<Value> {
    let settings = facts.earlier(stage, run, index).filter_map(Pdm::read).filter_map(|pdm| {
        let is_config = pdm.subcommand.value.known() == Some("config");
        let words: Vec<&Value> = pdm.options.operands.iter().map(|(_, word)| &word.value).collect();
        match words.as_slice() {
            [name, value, ..] if is_config && name.known() == Some(wanted) => Some((*value).clone()),
            _ => None,
        }
    });
    settings.last()
}
