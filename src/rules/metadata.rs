//! What the rules about RPM package managers share: the same finding for each of the programs.

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::facts::commands::{Rpm, RpmAction, RpmTool};
use crate::facts::{Facts, Guard, Invocation, KeptMetadata, Origin, Run, StageFacts};

use super::Reporter;
use super::insertion::runs_untried;

/// Reports the metadata that `run` leaves in the image, when one of `tools` is the first that fetched it.
pub(super) fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, tools: &[RpmTool], reporter: &mut Reporter<'_>) {
    let Some(kept) = facts.kept_metadata(stage, run).filter(|kept| tools.contains(&kept.command.tool)) else { return };
    let invocation = kept.command.invocation;
    let program = invocation.program.as_str();
    let what = if kept.with_packages { "the repository metadata and the packages" } else { "the repository metadata" };
    let subcommand = kept.command.words();
    let folder = kept.folders.first().map(String::as_str).unwrap_or_default();
    let mut finding = reporter.report(invocation.range, format!("`{program} {subcommand}` keeps {what} in the image"));
    finding.primary_label(format!("fills `{folder}`"));
    if let Some(missed) = kept.missed {
        finding.label(missed.range, format!("does not delete what lies in `{folder}`"));
    }
    if let Some(too_late) = kept.too_late {
        finding.label(too_late, "deleted here, in a later layer, which frees nothing");
    }
    if kept.command.tool == RpmTool::Yum && !kept.folders.iter().any(|folder| folder.ends_with("/yum")) {
        finding.note("yum", format!("in this image `yum` is `dnf`, which keeps its cache in `{folder}`"));
    }
    finding.script_of(invocation);
    let only_fetched = !run.invocations.iter().filter_map(Rpm::read).any(|rpm| rpm.action == RpmAction::Install);
    let mount = format!("or mount a cache: `RUN --mount=type=cache,target={folder} …`");
    if only_fetched {
        finding.help(format!("fetch it in the `RUN` that installs packages, and clean up there, {mount}"));
        return;
    }
    let (command, own) = clean(&kept, folder);
    finding.help(format!("clean up in the same `RUN`: `&& {command}`, {mount}"));
    if !own || is_there(facts, run, &kept) {
        finding.fix(fix(facts, stage, run, &kept, &command));
    }
}

/// Whether the program that fetched the metadata can be called again behind all that use it.
fn is_there(facts: &Facts<'_>, run: &Run, kept: &KeptMetadata<'_>) -> bool {
    let fetched = kept.command.invocation;
    let program = fetched.program.as_str();
    let users = || run.invocations.iter().skip(kept.index).filter(|invocation| Rpm::read(invocation).is_some());
    let Some(last) = users().next_back() else { return false };
    // `dnf install … || yum install …`: only one of them is there.
    let another = last.program != program
        && (fetched.guard != Guard::Always || users().any(|invocation| invocation.site.alternative));
    let removed = users().filter_map(Rpm::read).any(|rpm| {
        rpm.action == RpmAction::Remove
            && rpm.options.operands.iter().any(|(_, word)| word.value.known() == Some(program))
    });
    let text = fetched.program_range.slice(facts.source.text());
    // `$PM install`, which another build calls with another program.
    let named = fetched.origin != Origin::Instruction || !text.contains('$');
    named && !another && !removed && !fetched.found_elsewhere && !runs_untried(last)
}

/// What deletes the metadata, and whether that is the program that fetched it.
fn clean(kept: &KeptMetadata<'_>, folder: &str) -> (String, bool) {
    let program = kept.command.invocation.program.as_str();
    if kept.command.root().is_some() || kept.command.named_cache().is_some() {
        return (format!("rm -rf {folder}"), false);
    }
    let command = match kept.command.tool {
        RpmTool::Zypper => "zypper clean -a".to_owned(),
        _ => format!("{program} clean all"),
    };
    (command, true)
}

fn fix(facts: &Facts<'_>, stage: &StageFacts, run: &Run, kept: &KeptMetadata<'_>, command: &str) -> Option<Fix> {
    let plain = |path: &String| path.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.".contains(c)) && path != "/";
    if !kept.folders.iter().all(plain) {
        return None;
    }
    // `dnf -C` takes what is there and fetches nothing.
    let relies = |invocation: &Invocation| Rpm::read(invocation).is_some_and(|rpm| rpm.relies_on_cache());
    let needed = facts.runs_after(stage, run).into_iter().flat_map(|other| &other.invocations).any(relies);
    if needed || kept.folders.iter().any(|folder| facts.is_taken(stage.index, folder)) {
        return None;
    }
    let edit = complete(facts, run, kept).or_else(|| {
        let is_user = |invocation: &Invocation| Rpm::read(invocation).is_some();
        Some(facts.clean_once(run, kept.index, is_user, command)?.edit)
    });
    Some(Fix {
        title: "delete the repository metadata in the same `RUN`".to_owned(),
        applicability: Applicability::Safe,
        caution: None,
        edits: vec![edit?],
    })
}

/// Makes `zypper clean`, which deletes packages only, delete the metadata too where it is the last command of zypper.
fn complete(facts: &Facts<'_>, run: &Run, kept: &KeptMetadata<'_>) -> Option<Edit> {
    let last = run.invocations.iter().filter_map(Rpm::read).next_back()?;
    let only_packages = last.tool == RpmTool::Zypper && last.action == RpmAction::CleanPackages;
    let certain = last.invocation.guard == Guard::Always && !last.invocation.site.alternative;
    let same = last.root() == kept.command.root() && last.options.operands.is_empty();
    (only_packages && certain && same).then(|| facts.insert_after(last.invocation, last.subcommand, "-a")).flatten()
}
