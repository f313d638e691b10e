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
        let Some(apk) = Apk::read(invocation).filter(|apk| fills_cache(apk) && invocation.guard != Guard::Never) else {
            continue;
        };
        let emptied = |later: &Invocation| Apk::read(later).is_some_and(|later| later.action == ApkAction::CacheClean);
        if run.invocations.iter().skip(index + 1).any(emptied) {
            continue;
        }
        if facts.fate(stage, run, index, &[FOLDER.to_owned()]) != Fate::Kept
            || crate::facts::is_mounted(run, "/etc/apk/cache")
        {
            continue;
        }
        // The index is one and the same for every apk of the RUN: one finding.
        if seen.is_some() {
            continue;
        }
        seen = Some(index);
        let name = apk.subcommand.value.text();
        let mut finding =
            reporter.report(invocation.range, format!("`apk {name}` keeps the package index in the image"));
        finding.primary_label(format!("leaves the index in `{FOLDER}`"));
        let verb = if apk.action == ApkAction::Upgrade { "upgrade" } else { "add" };
        finding.help(format!(
            "use `apk {verb} --no-cache`, which fetches the index and keeps nothing; `apk update` is then not needed"
        ));
        finding.script_of(invocation);
        if let Some((edits, caution)) = fix(facts, stage, run) {
            finding.fix(Fix {
                title: format!("use `apk {verb} --no-cache`"),
                applicability: if caution.is_some() { Applicability::Unsafe } else { Applicability::Safe },
                caution,
                edits,
            });
        }
    }
}

/// `apk update --no-cache` writes nothing; `apk add` without it leaves the index.
fn fills_cache(apk: &Apk<'_>) -> bool {
    matches!(apk.action, ApkAction::Add | ApkAction::Update | ApkAction::Upgrade) && !apk.disables_cache()
}

/// What makes the fix unsafe, if anything. `None` when something reads the index.
fn fix(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> Option<(Vec<Edit>, Option<String>)> {
    let later = facts.runs_after(stage, run);
    let later = || later.iter().copied();
    // `apk add` fetches an index where there is none; `apk search` and its like do not.
    let reads = |invocation: &Invocation| {
        Apk::read(invocation).map_or(invocation.program == "apk", |apk| apk.action == ApkAction::Other)
    };
    if std::iter::once(run).chain(later()).flat_map(|run| &run.invocations).any(reads) {
        return None;
    }
    let explicit = |invocation: &Invocation| Apk::read(invocation).is_some_and(|apk| apk.action == ApkAction::Update);
    let unread = !run.unread.is_empty() || later().any(|run| run.opaque || !run.unread.is_empty());
    let caution = (unread && run.invocations.iter().any(explicit)).then(|| {
        "a step runs a script that cannot be read here and may need the index that `apk update` fetches".to_owned()
    });
    Some((edits(facts, run)?, caution))
}

/// `--no-cache` for every apk of the RUN, and no `apk update` where it can go. `None` when one of them cannot be edited.
fn edits(facts: &Facts<'_>, run: &Run) -> Option<Vec<Edit>> {
    let commands: Vec<Apk<'_>> = run.invocations.iter().filter_map(Apk::read).filter(fills_cache).collect();
    let mut edits = Vec::new();
    for apk in &commands {
        let update = (apk.action == ApkAction::Update).then(|| facts.delete_before_next(apk.invocation)).flatten();
        // Only an `apk update` in front of another apk is without purpose once nothing is kept: `apk add --no-cache` fetches its own.
        let fetches = |other: &Apk<'_>| matches!(other.action, ApkAction::Add | ApkAction::Update | ApkAction::Upgrade);
        let others = run.invocations.iter().filter_map(Apk::read).filter(fetches);
        let followed = others.into_iter().any(|other| other.invocation.range.start() > apk.invocation.range.end());
        edits.push(match update.filter(|_| followed) {
            Some(edit) => edit,
            None => facts.insert_after(apk.invocation, apk.subcommand, "--no-cache")?,
        });
    }
    edits.sort();
    edits.dedup();
    Some(edits)
}
