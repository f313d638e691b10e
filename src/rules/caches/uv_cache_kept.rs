//! `uv` leaves its cache in a layer.

use crate::diagnostic::{Applicability, Fix, Severity};
use crate::dockerfile::Value;
use crate::facts::commands::{Uv, UvAction};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(uv) = Uv::read(invocation).filter(|uv| uv.installs() && invocation.guard != Guard::Never) else {
            continue;
        };
        if uv.disables_cache() || uv.options.has(&["--no-index"]) || is_switched_off(facts, run, invocation) {
            continue;
        }
        // What works offline takes all that it needs from the cache.
        if is_offline(facts, run, invocation) {
            continue;
        }
        if run.invocations.iter().skip(index + 1).any(empties_cache) {
            continue;
        }
        let folders = folders(facts, stage, run, &uv);
        if folders.is_empty() || facts.fate(stage, run, index, &folders) != Fate::Kept {
            continue;
        }
        let copies = copies_files(facts, run, &uv);
        let name = if uv.action == UvAction::Sync || uv.action == UvAction::Add { "uv" } else { "uv pip" };
        let message = format!("`{name} {}` keeps its cache in the image", uv.subcommand.value.text());
        let mut finding = reporter.report(invocation.range, message);
        if copies {
            finding.note("bytes", "`UV_LINK_MODE=copy`: the cache is a second copy of all that is installed");
        } else {
            finding.severity(Severity::Info);
            finding
                .note("bytes", "the installed files are hard links into the cache, so in this layer it costs some 2 %");
        }
        if let Some(folder) = folders.first() {
            finding.primary_label(format!("leaves its cache in `{folder}`"));
            finding.help(format!("add `--no-cache`, or mount a cache: `RUN --mount=type=cache,target={folder} …`"));
        }
        if let Some(script) = invocation.script() {
            finding.note("script", format!("the command stands in `{script}`"));
        }
        let taken =
            folders.iter().any(|folder| facts.is_taken(stage.index, folder)) || offline_later(facts, stage, run);
        if let Some(edit) = facts.insert_after(invocation, uv.subcommand, "--no-cache").filter(|_| !taken) {
            finding.fix(Fix {
                title: "add `--no-cache`".to_owned(),
                applicability: Applicability::Safe,
                caution: None,
                edits: vec![edit],
            });
        }
    }
}

/// `uv cache clean`; `uv cache prune` keeps what is in use, except with `--ci`.
fn empties_cache(invocation: &Invocation) -> bool {
    Uv::read(invocation).is_some_and(|uv| {
        uv.action == UvAction::CacheClean && (uv.subcommand.value.text() == "clean" || uv.options.has(&["--ci"]))
    })
}

/// `--offline` or `UV_OFFLINE`.
fn is_offline(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    let set = |value: &Value| !matches!(value.text(), "" | "0" | "false");
    let uv = matches!(invocation.program.as_str(), "uv" | "uvx");
    uv && (invocation.has_argument("--offline") || facts.variable(run, invocation, "UV_OFFLINE").is_some_and(set))
}

/// Whether a command of this `RUN` or a later one, here or in a stage built on this one, needs the cache.
fn offline_later(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> bool {
    facts.descendants(stage.index).into_iter().filter_map(|index| facts.stages.get(index)).any(|heir| {
        let later = heir.runs.iter().filter(|later| heir.index != stage.index || later.instruction >= run.instruction);
        later
            .flat_map(|later| later.invocations.iter().map(move |invocation| (later, invocation)))
            .any(|(later, invocation)| is_offline(facts, later, invocation))
    })
}

/// `UV_NO_CACHE` is a real boolean. A value that is not known counts as set.
fn is_switched_off(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    facts.variable(run, invocation, "UV_NO_CACHE").is_some_and(|value| match value.known() {
        Some(known) => matches!(known.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "yes" | "y" | "on"),
        None => true,
    })
}

fn copies_files(facts: &Facts<'_>, run: &Run, uv: &Uv<'_>) -> bool {
    let mode = uv.options.value(&["--link-mode"]).or_else(|| facts.variable(run, uv.invocation, "UV_LINK_MODE"));
    mode.is_some_and(|mode| mode.text() == "copy")
}

/// Where the cache can be. Empty when that is not known.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, uv: &Uv<'_>) -> Vec<String> {
    let named = uv.options.value(&["--cache-dir"]).or_else(|| facts.variable(run, uv.invocation, "UV_CACHE_DIR"));
    if let Some(named) = named.filter(|value| !value.text().is_empty()) {
        return named.known().map(str::to_owned).into_iter().collect();
    }
    if let Some(base) = facts.variable(run, uv.invocation, "XDG_CACHE_HOME").and_then(Value::known) {
        return vec![format!("{base}/uv")];
    }
    facts.homes(stage, run, uv.invocation).into_iter().map(|home| format!("{home}/.cache/uv")).collect()
}
