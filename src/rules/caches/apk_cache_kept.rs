//! `apk` leaves its index, and what it downloaded, in a layer.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::facts::commands::{Apk, ApkAction};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// Where apk keeps index and packages; `/etc/apk/cache` is a link that an image may set up to keep packages as well.
const FOLDER: &str = "/var/cache/apk";

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let mut seen = None;
    for (index, invocation) in run.invocations.iter().enumerate() {
        let Some(apk) = Apk::read(invocation).filter(|apk| fills_cache(apk) && invocation.guard != Guard::Never) else { continue };
        let emptied = |later: &Invocation| Apk::read(later).is_some_and(|later| later.action == ApkAction::CacheClean);
        if run.invocations.iter().skip(index + 1).any(emptied) {
            continue;
        }
        if facts.fate(stage, run, index, &[FOLDER.to_owned()]) != Fate::Kept || crate::facts::is_mounted(run, "/etc/apk/cache") {
            continue;
        }
        // The index is one and the same for every apk of the RUN: one finding.
        if seen.is_some() {
            continue;
        }
        seen = Some(index);
        let name = apk.subcommand.value.text();
        let mut finding = reporter.report(invocation.range, format!("`apk {name}` keeps the package index in the image"));
        finding.primary_label(format!("leaves the index in `{FOLDER}`"));
        finding.help("use `apk add --no-cache`, which fetches the index and keeps nothing; `apk update` is then not needed");
        if let Some(script) = invocation.script() {
            finding.note("script", format!("the command stands in `{script}`"));
        }
        if let Some(edits) = edits(facts, run) {
            finding.fix(Fix {
                title: "use `apk add --no-cache`".to_owned(),
                applicability: Applicability::Safe,
                caution: None,
                edits,
            });
        }
    }
}

/// `apk update --no-cache` writes nothing; `apk add` without it leaves the index.
fn fills_cache(apk: &Apk<'_>) -> bool {
    matches!(apk.action, ApkAction::Add | ApkAction::Update | ApkAction::Upgrade) && !apk.disables_cache()
}

/// `--no-cache` for every apk of the RUN, and no `apk update` where it can go. `None` when one of them cannot be edited.
fn edits(facts: &Facts<'_>, run: &Run) -> Option<Vec<Edit>> {
    let commands: Vec<Apk<'_>> = run.invocations.iter().filter_map(Apk::read).filter(fills_cache).collect();
    let mut edits = Vec::new();
    for apk in &commands {
        let update = (apk.action == ApkAction::Update).then(|| facts.delete_before_next(apk.invocation)).flatten();
        // Only an `apk update` in front of another apk is without purpose once nothing is kept.
        let followed = commands.iter().any(|other| other.invocation.range.start() > apk.invocation.range.end());
        edits.push(match update.filter(|_| followed) {
            Some(edit) => edit,
            None => facts.insert_after(apk.invocation, apk.subcommand, "--no-cache")?,
        });
    }
    edits.sort();
    edits.dedup();
    Some(edits)
}
