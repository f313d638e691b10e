//! `pip install` leaves its downloads in a layer.

use crate::diagnostic::{Applicability, Fix};
use crate::facts::commands::{Pip, PipAction};
use crate::facts::{CacheFolders, Facts, Invocation, Run, StageFacts};
use crate::rules::kept_cache::or_mount;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let pip = Pip::read(invocation).filter(fills_cache).filter(|_| !is_switched_off(facts, stage, run, index));
        pip.map(|pip| folders(facts, stage, run, &pip)).unwrap_or_default()
    };
    let purges = |later: &Invocation| Pip::read(later).is_some_and(|later| later.action == PipAction::CachePurge);
    let asks = |later: &Invocation| later.program == "pip" && later.has_argument("cache") && later.has_argument("dir");
    for fill in facts.kept_caches(stage, run, fills, purges, asks) {
        let Some(pip) = Pip::read(fill.invocation) else { continue };
        let name = pip.subcommand.value.text();
        let folder = facts.shown_folder(run, fill.invocation, fill.folder());
        let mut finding =
            reporter.report(fill.invocation.range, format!("`pip {name}` keeps its download cache in the image"));
        finding.primary_label(format!("leaves what it downloads in `{folder}`"));
        finding.help(format!("add `--no-cache-dir`{}", or_mount(stage, run, fill.invocation, &folder)));
        finding.savings(facts.wheel_savings(stage, run, fill.index, fill.folder()));
        finding.missed_mount(run, fill.folder());
        finding.script_of(fill.invocation);
        // `COPY --from=builder /root/.cache`: a later step installs from it.
        if facts.is_cache_taken(stage, std::slice::from_ref(&fill)) {
            continue;
        }
        if let Some(edit) = facts.insert_after(fill.invocation, pip.subcommand, "--no-cache-dir") {
            finding.fix(Fix {
                title: "add `--no-cache-dir`".to_owned(),
                applicability: Applicability::Safe,
                caution: None,
                edits: vec![edit],
            });
        }
    }
}

fn fills_cache(pip: &Pip<'_>) -> bool {
    matches!(pip.action, PipAction::Install | PipAction::Download | PipAction::Wheel)
        && !pip.disables_cache()
        && !pip.options.has(&["--no-index"])
}

/// `PIP_NO_CACHE_DIR` with any value but the empty one (measured: pip reads `0` and `off` as "no cache" too), or pip's
/// configuration.
fn is_switched_off(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> bool {
    let Some(invocation) = run.invocations.get(index) else { return false };
    let by_variable = facts.variable(run, invocation, "PIP_NO_CACHE_DIR").is_some_and(|value| !value.text().is_empty());
    by_variable || facts.pip_configured(stage, run, index, "no-cache-dir")
}

/// Where the cache can be. Empty when that is not known.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, pip: &Pip<'_>) -> Vec<String> {
    let cache = match pip.options.value(&["--cache-dir"]).filter(|value| !value.text().is_empty()) {
        Some(named) => CacheFolders::named(pip.invocation, named),
        None => facts.cache_folders(stage, run, pip.invocation, &["PIP_CACHE_DIR"], "pip"),
    };
    cache.folders
}
