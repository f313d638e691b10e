//! `uv` leaves its cache in a layer.

use crate::dockerfile::Value;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::facts::commands::{Uv, UvAction};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(uv) = Uv::read(invocation).filter(|uv| uv.installs() && invocation.guard != Guard::Never) else { continue };
        if uv.disables_cache() || uv.options.has(&["--no-index"]) || is_switched_off(facts, run, invocation) {
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
            finding.note("bytes", "the installed files are hard links into the cache, so in this layer it costs some 2 %");
        }
        if let Some(folder) = folders.first() {
            finding.primary_label(format!("leaves its cache in `{folder}`"));
            finding.help(format!("add `--no-cache`, or mount a cache: `RUN --mount=type=cache,target={folder} …`"));
        }
        if let Some(script) = invocation.script() {
            finding.note("script", format!("the command stands in `{script}`"));
        }
        if let Some(edit) = facts.insert_after(invocation, uv.subcommand, "--no-cache") {
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
