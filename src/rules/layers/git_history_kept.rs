//! A clone with its whole history stays in an image.

use crate::diagnostic::{Applicability, Fix};
use crate::facts::{Facts, Invocation, KeptHistory, Run, StageFacts};
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
            None => format!("take the last commit only, `git clone {} …`, or {delete}", shallow(kept.invocation)),
            Some(_) => format!("when the sources are as wanted, {delete}, or clone in a builder stage"),
        });
        finding.fix(fix(facts, &kept));
    }
}

/// The flags that leave earlier commits out, also those of submodules where the clone takes them along.
fn shallow(clone: &Invocation) -> &'static str {
    let takes_modules = clone.arguments.iter().any(|word| {
        let word = word.value.text();
        ["--recursive", "--recurse-submodules"]
            .iter()
            .any(|flag| word == *flag || word.starts_with("--recurse-submodules="))
    });
    if takes_modules { "--depth 1 --shallow-submodules" } else { "--depth 1" }
}

/// `--depth 1`, where no later command of git works in the clone.
fn fix(facts: &Facts<'_>, kept: &KeptHistory<'_>) -> Option<Fix> {
    if kept.asks.is_some() || kept.invocation.site.captured {
        return None;
    }
    let flags = shallow(kept.invocation);
    let edit = facts.insert_after(kept.invocation, kept.subcommand, flags)?;
    Some(Fix {
        title: format!("clone with `{flags}`"),
        applicability: Applicability::Unsafe,
        caution: Some("a build that asks git for tags or earlier commits finds none".to_owned()),
        edits: vec![edit],
    })
}
