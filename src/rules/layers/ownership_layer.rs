//! A recursive `chown`, `chgrp` or `chmod` writes files of earlier layers a second time.

mod remedy;

use std::collections::BTreeMap;

use crate::diagnostic::{Basis, Component, Saving, Savings};
use crate::facts::{ByteSource, Facts, Held, OwnershipAction, OwnershipChange, Run, StageFacts, Way};
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// How many folders a message names.
const LISTED: usize = 2;
/// How many places are marked.
const LABELLED: usize = 4;

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for change in facts.ownership_changes(stage, run) {
        let command = &change.invocation.program;
        let folders: Vec<String> = change.folders.iter().map(|folder| format!("`{folder}`")).collect();
        let message = format!(
            "`{command} -R` writes the files of {} a second time, into this layer",
            listed_up_to(&folders, LISTED)
        );
        let mut finding = reporter.report(change.invocation.range, message);
        finding.primary_label("a layer holds each file whose owner or mode it changes as a whole");
        for (range, text) in labels(&change.held) {
            finding.label(range, text);
        }
        finding.script_of(change.invocation);
        finding.help(help(&change));
        finding.savings(savings(&change.held));
        finding.fix(remedy::fix(facts, stage, run, &change));
    }
}

fn labels(held: &[Held]) -> Vec<(TextRange, String)> {
    let mut labels: BTreeMap<TextRange, String> = BTreeMap::new();
    for one in held {
        let verb = match one.way {
            Way::Copied | Way::Taken => "are copied",
            Way::Downloaded => "are downloaded",
            Way::Cloned => "are cloned",
            Way::Unpacked => "are unpacked",
            Way::Made => "are installed",
        };
        labels.entry(one.range).or_insert_with(|| format!("files of `{}` {verb} here", one.path));
    }
    labels.into_iter().take(LABELLED).collect()
}

/// Nothing is counted twice: of installs into one folder, the largest counts.
fn savings(held: &[Held]) -> Option<Savings> {
    let mut by_path: BTreeMap<(&str, bool), &Held> = BTreeMap::new();
    for one in held {
        let key = (one.path.as_str(), one.source == ByteSource::Context);
        let largest = by_path.entry(key).or_insert(one);
        if one.bytes > largest.bytes {
            *largest = one;
        }
    }
    let known = by_path.values().filter_map(|one| {
        let basis = match one.source {
            ByteSource::Context => Basis::Context,
            ByteSource::Lock => Basis::Lock,
            ByteSource::Catalogue => Basis::Catalogue,
        };
        Some(Saving { component: Component::Path(one.path.clone()), bytes: one.bytes?, basis })
    });
    let items: Vec<Saving> = known.collect();
    let complete = by_path.len() == held.len() && held.iter().all(|one| !one.at_least);
    (!items.is_empty()).then_some(Savings { items, complete, in_image: true })
}

fn help(change: &OwnershipChange<'_>) -> String {
    let copied = |one: &Held| matches!(one.way, Way::Copied | Way::Taken);
    let some_copied = change.held.iter().any(copied);
    let all_copied = change.held.iter().all(copied);
    let given = change.given.as_ref().and_then(|given| given.known());
    // What `COPY` brings has that group already.
    let is_default = given.is_some_and(|given| matches!(given, "0" | "root"));
    match change.action {
        OwnershipAction::Group if is_default => {
            let place = if all_copied {
                "copy the files with it, `COPY --chmod=MODE …`"
            } else {
                "run `chmod` in the `RUN` that writes the files"
            };
            format!("the group of these files is `root` already, only their mode matters: {place}")
        }
        OwnershipAction::Owner => {
            let owner = given.unwrap_or("USER:GROUP");
            let user = owner.split(':').next().unwrap_or(owner);
            let copy = format!("copy the files with their owner, `COPY --chown={owner} …`");
            if all_copied {
                copy
            } else if some_copied {
                format!(
                    "{copy}, and install as the user, behind `USER {user}`, or run `chown` in the `RUN` that installs"
                )
            } else {
                format!("install as the user, behind `USER {user}`, or run `chown` in the `RUN` that writes the files")
            }
        }
        OwnershipAction::Group if all_copied => {
            "copy the files with their owner and group, `COPY --chown=USER:GROUP …`".to_owned()
        }
        OwnershipAction::Mode if all_copied => "copy the files with their mode, `COPY --chmod=MODE …`".to_owned(),
        OwnershipAction::Group | OwnershipAction::Mode => {
            format!("run `{}` in the `RUN` that writes the files", change.invocation.program)
        }
    }
}
