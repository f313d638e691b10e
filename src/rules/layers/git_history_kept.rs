//! A clone with its whole history stays in an image.

use crate::diagnostic::{Applicability, Fix};
use crate::facts::{Facts, KeptHistory, Run, StageFacts};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for kept in facts.kept_histories(stage, run) {
        let folder = facts.shown_place(stage, run, kept.invocation, &kept.folder);
        let message = format!("the whole history of the clone stays in the image, in `{folder}/.git`");
        let mut finding = reporter.report(kept.invocation.range, message);
        finding.primary_label(if kept.invocation.has_argument("--single-branch") {
            "takes every commit that leads to the branch"
        } else {
            "takes every commit there ever was"
        });
        if let Some(asks) = kept.asks {
            finding.label(asks.range, "may need more than the last commit");
        }
        finding.script_of(kept.invocation);
        let delete = format!("delete `{folder}/.git` in the same `RUN`");
        finding.help(match kept.asks {
            None => format!("take the last commit only, `git clone --depth 1 …`, or {delete}"),
            Some(_) => format!("when the sources are as wanted, {delete}, or clone in a builder stage"),
        });
        finding.fix(fix(facts, &kept));
    }
}

/// `--depth 1`, where no later command of git works in the clone.
fn fix(facts: &Facts<'_>, kept: &KeptHistory<'_>) -> Option<Fix> {
    if kept.asks.is_some() || kept.invocation.site.captured {
        return None;
    }
    let edit = facts.insert_after(kept.invocation, kept.subcommand, "--depth 1")?;
    Some(Fix {
        title: "clone with `--depth 1`".to_owned(),
        applicability: Applicability::Unsafe,
        caution: Some("a build that asks git for tags or earlier commits finds none".to_owned()),
        edits: vec![edit],
    })
}
