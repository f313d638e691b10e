//! `uv` leaves its cache in a layer.

use crate::diagnostic::{Applicability, Fix, Severity};
use crate::dockerfile::Value;
use crate::facts::commands::{Uv, UvAction};
use crate::facts::{CacheFolders, Facts, Invocation, Run, StageFacts};
use crate::rules::kept_cache::or_mount;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |_: usize, invocation: &Invocation| {
        let uv = Uv::read(invocation).filter(|uv| fills_cache(facts, run, uv));
        uv.map(|uv| folders(facts, stage, run, &uv)).unwrap_or_default()
    };
    let asks = |later: &Invocation| later.program == "uv" && later.has_argument("cache") && later.has_argument("dir");
    for fill in facts.kept_caches(stage, run, fills, empties_cache, asks) {
        let Some(uv) = Uv::read(fill.invocation) else { continue };
        let name = match uv.action {
            UvAction::PipInstall | UvAction::PipSync => "uv pip",
            UvAction::ToolInstall => "uv tool",
            _ => "uv",
        };
        let message = format!("`{name} {}` keeps its cache in the image", uv.subcommand.value.text());
        let mut finding = reporter.report(fill.invocation.range, message);
        if copies_files(facts, run, &uv) {
            finding.note("bytes", "`UV_LINK_MODE=copy`: the cache is a second copy of all that is installed");
            finding.savings(facts.new_copy_savings(stage, run, fill.index, fill.folder()));
        } else {
            finding.severity(Severity::Info);
            finding
                .note("bytes", "the installed files are hard links into the cache, so in this layer it costs some 2 %");
        }
        let folder = facts.shown_folder(run, fill.invocation, fill.folder());
        finding.primary_label(format!("leaves its cache in `{folder}`"));
        finding.help(format!("add `--no-cache`{}", or_mount(stage, run, fill.invocation, &folder)));
        finding.missed_mount(run, fill.folder());
        finding.script_of(fill.invocation);
        let needed = facts.is_cache_taken(stage, std::slice::from_ref(&fill))
            || facts.needs_cache_later(stage, run, |run, invocation| is_offline(facts, run, invocation));
        if needed {
            continue;
        }
        if let Some(edit) = facts.insert_after(fill.invocation, uv.subcommand, "--no-cache") {
            finding.fix(Fix {
                title: "add `--no-cache`".to_owned(),
                applicability: Applicability::Safe,
                caution: None,
                edits: vec![edit],
            });
        }
    }
}

/// What works offline takes all that it needs from the cache.
fn fills_cache(facts: &Facts<'_>, run: &Run, uv: &Uv<'_>) -> bool {
    uv.installs()
        && !uv.disables_cache()
        && !uv.options.has(&["--no-index"])
        && !is_switched_off(facts, run, uv.invocation)
        && !is_offline(facts, run, uv.invocation)
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
    let cache = match uv.options.value(&["--cache-dir"]).filter(|value| !value.text().is_empty()) {
        Some(named) => CacheFolders::named(uv.invocation, named),
        None => facts.cache_folders(stage, run, uv.invocation, &["UV_CACHE_DIR"], "uv"),
    };
    cache.folders
}
