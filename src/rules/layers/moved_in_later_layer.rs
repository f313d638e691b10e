//! A command moves or rewrites what an earlier layer holds, which stores it a second time.

use std::collections::BTreeMap;

use crate::diagnostic::{Basis, Component, Saving, Savings};
use crate::dockerfile::Keyword;
use crate::facts::{Addition, Facts, Invocation, LateMove, Rewriting, Run, StageFacts, Way, is_below};
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// How many files a message names.
const LISTED: usize = 3;
/// How many places are marked.
const LABELLED: usize = 4;

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for late in facts.late_moves(stage, run) {
        let mut finding = reporter.report(late.invocation.range, message(facts, stage, run, &late));
        finding.primary_label(match late.how {
            Rewriting::Moves => "writes the bytes once more, and hides those of the earlier layer",
            Rewriting::Unpacks => "puts the content in its place, and hides the packed file",
            Rewriting::Shrinks => "writes the file once more, and hides the one of the earlier layer",
            Rewriting::Marks => "a layer holds a file whose mode or owner it changes as a whole",
        });
        for (range, text) in labels(&late.files) {
            finding.label(range, text);
        }
        finding.script_of(late.invocation);
        finding.help(help(facts, run, &late));
        finding.savings(savings(&late.files));
    }
}

fn message(facts: &Facts<'_>, stage: &StageFacts, run: &Run, late: &LateMove<'_>) -> String {
    let place = |file: &Addition| format!("`{}`", facts.shown_place(stage, run, late.invocation, &file.path));
    let mut paths: Vec<String> = late.files.iter().map(place).collect();
    paths.dedup();
    let program = &late.invocation.program;
    let earlier = if paths.len() == 1 { "an earlier layer keeps it" } else { "earlier layers keep them" };
    let paths = listed_up_to(&paths, LISTED);
    match late.how {
        Rewriting::Moves => format!("`{program}` stores {paths} a second time: {earlier} too"),
        Rewriting::Unpacks => format!("`{program}` frees nothing of {paths}: {earlier} packed"),
        Rewriting::Shrinks | Rewriting::Marks => {
            format!("`{program}` stores {paths} a second time: {earlier} as it was")
        }
    }
}

fn labels(files: &[Addition]) -> Vec<(TextRange, String)> {
    let mut labels: BTreeMap<TextRange, String> = BTreeMap::new();
    for file in files {
        let verb = match file.way {
            Way::Copied | Way::Taken => "is copied",
            Way::Downloaded => "is downloaded",
            Way::Cloned => "is cloned",
            Way::Unpacked => "is unpacked",
            Way::Made => "is made",
        };
        labels.entry(file.range).or_insert_with(|| format!("`{}` {verb} here", file.path));
    }
    labels.into_iter().take(LABELLED).collect()
}

fn help(facts: &Facts<'_>, run: &Run, late: &LateMove<'_>) -> String {
    let adds = |file: &Addition| {
        facts
            .dockerfile
            .instructions
            .get(file.instruction)
            .is_some_and(|instruction| instruction.keyword == Keyword::Add)
    };
    let by_add = late.files.iter().all(adds);
    let copied = late.files.iter().all(|file| matches!(file.way, Way::Copied | Way::Taken));
    let cloned = late.files.iter().any(|file| file.way == Way::Cloned);
    // `git clone … /opt/app && mv /root/pages/* /opt/app/pages/`: what was copied there before is in the way of the clone.
    if late.how == Rewriting::Moves && copied && fills_destination_first(run, late) {
        return "copy each to where it belongs behind this `RUN`, or mount the files in it: `RUN --mount=type=bind,…`"
            .to_owned();
    }
    match (late.how, &late.destination) {
        (Rewriting::Moves, Some(destination)) if copied && late.files.len() == 1 => {
            format!("copy it to where it belongs: `COPY … {destination}`")
        }
        (Rewriting::Moves, _) if copied => "copy each to where it belongs".to_owned(),
        // Git clones into no folder that holds something: `mv pretrained_models/* /app/pretrained_models/`.
        (Rewriting::Moves, Some(destination)) if late.files.len() == 1 && !cloned => {
            format!("write it to `{destination}` at once, or move it in the `RUN` that writes it")
        }
        (Rewriting::Moves, _) => "move it in the `RUN` that writes it".to_owned(),
        (Rewriting::Unpacks, _) if copied => {
            "unpack it before the build, or in a builder stage from which the content is copied".to_owned()
        }
        (Rewriting::Shrinks, _) if copied => {
            "do it before the build, or in a builder stage from which the file is copied".to_owned()
        }
        (Rewriting::Marks, _) if copied => match late.invocation.program.as_str() {
            "chmod" => "copy it with its mode: `COPY --chmod=MODE …`".to_owned(),
            _ => "copy it with its owner: `COPY --chown=USER:GROUP …`".to_owned(),
        },
        (Rewriting::Marks, _) if by_add => match late.invocation.program.as_str() {
            "chmod" => "fetch it with its mode: `ADD --chmod=MODE …`".to_owned(),
            _ => "fetch it with its owner: `ADD --chown=USER:GROUP …`".to_owned(),
        },
        (Rewriting::Unpacks | Rewriting::Shrinks | Rewriting::Marks, _) => {
            "do it in the `RUN` that writes the file".to_owned()
        }
    }
}

/// Whether the same `RUN` makes the folder that the files are moved to, or deletes it, before it moves them.
fn fills_destination_first(run: &Run, late: &LateMove<'_>) -> bool {
    let Some(destination) = late.destination.as_deref() else { return false };
    let before = run.invocations.iter().take_while(|one| !std::ptr::eq(*one, late.invocation));
    let makes = |one: &&Invocation| one.program == "rm" || (one.program == "git" && one.has_argument("clone"));
    before.filter(makes).any(|one| {
        one.arguments
            .iter()
            .filter_map(|argument| argument.value.known())
            .any(|word| word.starts_with('/') && word != "/" && is_below(destination, word))
    })
}

/// The bytes that are known.
fn savings(files: &[Addition]) -> Option<Savings> {
    let known = files.iter().filter_map(|file| {
        Some(Saving { component: Component::Path(file.path.clone()), bytes: file.bytes?, basis: Basis::Context })
    });
    let items: Vec<Saving> = known.collect();
    let complete = items.len() == files.len();
    (!items.is_empty()).then_some(Savings { items, complete, in_image: true })
}
