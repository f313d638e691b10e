//! A clone with its whole history stays in an image.

use crate::catalogue::Distribution;
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
        let flags = shallow(facts, stage, kept.invocation);
        finding.help(match kept.asks {
            // Without its `.git` a manager of plugins (Vundle) would be cloned again when somebody calls it.
            None => format!("take the last commit only, `git clone {flags} …`"),
            Some(_) if kept.asks_in_later_step => format!(
                "run that command in the `RUN` of the clone, and delete `{folder}/.git` behind it, or clone in a builder stage"
            ),
            Some(_) => format!(
                "when the sources are as wanted, delete `{folder}/.git` in the same `RUN`, or clone in a builder stage"
            ),
        });
        finding.fix(fix(facts, &kept, flags));
    }
}

/// The flags that leave earlier commits out, also those of submodules where the clone takes them along.
fn shallow(facts: &Facts<'_>, stage: &StageFacts, clone: &Invocation) -> &'static str {
    // `--shallow-submodules` came with git 2.9 (its release notes), later than Ubuntu 16.04 and CentOS 7.
    let root = facts.ancestors(stage).last().unwrap_or(stage);
    let is_recent = match root.image.distribution {
        Distribution::Debian | Distribution::Ubuntu => facts.release_of(stage).is_listed(),
        Distribution::Alpine => true,
        _ => false,
    };
    let takes_modules = clone.arguments.iter().any(|word| {
        let word = word.value.text();
        ["--recursive", "--recurse-submodules"]
            .iter()
            .any(|flag| word == *flag || word.starts_with("--recurse-submodules="))
    });
    if takes_modules && is_recent { "--depth 1 --shallow-submodules" } else { "--depth 1" }
}

/// `--depth 1`, where no later command of git works in the clone.
fn fix(facts: &Facts<'_>, kept: &KeptHistory<'_>, flags: &str) -> Option<Fix> {
    if kept.asks.is_some() || kept.invocation.site.captured {
        return None;
    }
    let edit = facts.insert_after(kept.invocation, kept.subcommand, flags)?;
    Some(Fix {
        title: format!("clone with `{flags}`"),
        applicability: Applicability::Unsafe,
        caution: Some("a build that asks git for tags or earlier commits finds none".to_owned()),
        edits: vec![edit],
    })
}
