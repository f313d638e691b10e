//! `apt-get update` leaves the package lists in a layer.

use crate::catalogue;
use crate::diagnostic::{Applicability, Basis, Component, Fix, Savings};
use crate::facts::commands::{Apt, AptAction, removal};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts, is_mounted};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// Where apt keeps the lists.
const LISTS: &str = "/var/lib/apt/lists";
const REMOVE: &str = "rm -rf /var/lib/apt/lists/*";

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    if is_mounted(run, LISTS) {
        return;
    }
    let Some((index, update)) = unremoved_update(run) else { return };
    if facts.fate(stage, run, index, &[LISTS.to_owned()]) != Fate::Kept {
        return;
    }
    let program = update.program.as_str();
    let mut finding = reporter.report(update.range, format!("`{program} update` leaves the package lists in the image"));
    finding.primary_label(format!("fills `{LISTS}`"));
    finding.help(format!("delete them in the same `RUN`: `&& {REMOVE}`; `apt-get clean` does not"));
    if let Some(bytes) = catalogue::apt_lists_bytes(stage.image.distribution) {
        finding.savings(Savings::of(Component::Path(LISTS.to_owned()), bytes, Basis::Catalogue));
    }
    if let Some(script) = update.script() {
        finding.note("script", format!("the command stands in `{script}`"));
    }
    if let Some(range) = later_removal(stage, run) {
        finding.label(range, "deleted here, in a later layer, which frees nothing");
    }
    if let Some(fix) = fix(facts, stage, run, index) {
        finding.fix(fix);
    }
}

/// The last command that fetches lists which nothing behind it in the `RUN` deletes.
fn unremoved_update(run: &Run) -> Option<(usize, &Invocation)> {
    let mut open = None;
    for (index, invocation) in run.invocations.iter().enumerate().filter(|(_, invocation)| invocation.guard != Guard::Never) {
        if fetches_lists(invocation) {
            open = open.or(Some((index, invocation)));
        } else if removal(invocation).is_some_and(|removal| removal.covers(LISTS)) {
            open = None;
        }
    }
    open
}

fn fetches_lists(invocation: &Invocation) -> bool {
    match Apt::read(invocation) {
        Some(apt) => apt.action == AptAction::Update,
        None => invocation.program == "add-apt-repository" && !invocation.has_argument("-n") && !invocation.has_argument("--no-update"),
    }
}

/// Whether a command reads the lists.
fn needs_lists(invocation: &Invocation) -> bool {
    match Apt::read(invocation) {
        Some(apt) => matches!(apt.action, AptAction::Update | AptAction::Install),
        None => matches!(invocation.program.as_str(), "add-apt-repository" | "apt-cache" | "apt-file" | "gdebi" | "aptitude"),
    }
}

fn later_removal(stage: &StageFacts, run: &Run) -> Option<TextRange> {
    let later = stage.runs.iter().filter(|later| later.instruction > run.instruction);
    let mut invocations = later.flat_map(|later| &later.invocations);
    invocations.find(|invocation| removal(invocation).is_some_and(|removal| removal.covers(LISTS))).map(|found| found.range)
}

fn fix(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> Option<Fix> {
    let users: Vec<&Invocation> = run.invocations.iter().skip(index).filter(|invocation| needs_lists(invocation)).collect();
    let last = users.last()?;
    // In branches one removal does not serve all.
    if users.iter().any(|user| user.guard != Guard::Always && user.site.list != last.site.list) {
        return None;
    }
    let caution = match later_use(facts, stage, run) {
        LaterUse::Certain => return None,
        LaterUse::Possible => Some("a later step runs a script that cannot be read here and may install without `apt-get update`".to_owned()),
        LaterUse::None => None,
    };
    let edit = facts.command_after(last, REMOVE)?;
    Some(Fix {
        title: "delete the package lists in the same `RUN`".to_owned(),
        applicability: if caution.is_some() { Applicability::Unsafe } else { Applicability::Safe },
        caution,
        edits: vec![edit],
    })
}

enum LaterUse {
    None,
    Possible,
    Certain,
}

/// Whether a later `RUN`, here or in a stage built on this one, installs with these lists.
fn later_use(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> LaterUse {
    let mut possible = false;
    for index in facts.descendants(stage.index) {
        let Some(heir) = facts.stages.get(index) else { continue };
        let mut fetched = false;
        let after = |other: &&Run| index != stage.index || other.instruction > run.instruction;
        for later in heir.runs.iter().filter(after) {
            for invocation in &later.invocations {
                if fetches_lists(invocation) {
                    fetched = true;
                } else if needs_lists(invocation) && !fetched && installs_by_name(invocation) {
                    return LaterUse::Certain;
                }
            }
            possible |= later.opaque && !fetched;
        }
    }
    if possible { LaterUse::Possible } else { LaterUse::None }
}

/// Local archives (`apt-get install ./x.deb`) need no lists unless they depend on something; that may be, so they count.
fn installs_by_name(invocation: &Invocation) -> bool {
    Apt::read(invocation).is_none_or(|apt| apt.action == AptAction::Install)
}
