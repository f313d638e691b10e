//! `pip install` leaves its downloads in a layer.

use crate::diagnostic::{Applicability, Basis, Component, Fix, Savings};
use crate::dockerfile::Value;
use crate::facts::commands::{Pip, PipAction};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(pip) = Pip::read(invocation).filter(|_| invocation.guard != Guard::Never) else { continue };
        let fills = matches!(pip.action, PipAction::Install | PipAction::Download | PipAction::Wheel);
        if !fills
            || pip.disables_cache()
            || pip.options.has(&["--no-index"])
            || is_switched_off(facts, stage, run, index)
        {
            continue;
        }
        let purged = |later: &Invocation| Pip::read(later).is_some_and(|later| later.action == PipAction::CachePurge);
        if run.invocations.iter().skip(index + 1).any(purged) {
            continue;
        }
        let folders = folders(facts, stage, run, &pip);
        if folders.is_empty() || facts.fate(stage, run, index, &folders) != Fate::Kept {
            continue;
        }
        let name = pip.subcommand.value.text();
        let mut finding =
            reporter.report(invocation.range, format!("`pip {name}` keeps its download cache in the image"));
        if let Some(folder) = folders.first() {
            finding.primary_label(format!("leaves what it downloads in `{folder}`"));
            finding.help(format!("add `--no-cache-dir`, or mount a cache: `RUN --mount=type=cache,target={folder} …`"));
        }
        if let (Some(folder), Some(bytes)) = (folders.first(), facts.downloaded_wheels(stage, run, index)) {
            let mut savings =
                Savings::of(Component::Path(format!("{folder} in layer {}", run.instruction)), bytes, Basis::Catalogue);
            savings.complete = false;
            finding.savings(savings);
        }
        if let Some(script) = invocation.script() {
            finding.note("script", format!("the command stands in `{script}`"));
        }
        // `COPY --from=builder /root/.cache`: a later step installs from it.
        let taken = folders.iter().any(|folder| facts.is_taken(stage.index, folder));
        if let Some(edit) = facts.insert_after(invocation, pip.subcommand, "--no-cache-dir").filter(|_| !taken) {
            finding.fix(Fix {
                title: "add `--no-cache-dir`".to_owned(),
                applicability: Applicability::Safe,
                caution: None,
                edits: vec![edit],
            });
        }
    }
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
    let named = pip.options.value(&["--cache-dir"]).or_else(|| facts.variable(run, pip.invocation, "PIP_CACHE_DIR"));
    if let Some(named) = named.filter(|value| !value.text().is_empty()) {
        return named.known().map(str::to_owned).into_iter().collect();
    }
    if let Some(base) = facts.variable(run, pip.invocation, "XDG_CACHE_HOME").and_then(Value::known) {
        return vec![format!("{base}/pip")];
    }
    facts.homes(stage, run, pip.invocation).into_iter().map(|home| format!("{home}/.cache/pip")).collect()
}
