//! `apt-get update` leaves the package lists in a layer.

use crate::catalogue;
use crate::diagnostic::{Applicability, Basis, Component, Fix, Savings};
use crate::facts::commands::{Apt, AptAction, removal};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts, is_mounted};
use crate::rules::insertion::Behind;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

mod later;

use later::{LaterUse, later_use, reads_lists};

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
    let mut finding =
        reporter.report(update.range, format!("`{program} update` leaves the package lists in the image"));
    finding.primary_label(format!("fills `{LISTS}`"));
    finding.help(format!("delete them in the same `RUN`: `&& {REMOVE}`; `apt-get clean` does not"));
    if let Some(bytes) = catalogue::apt_lists_bytes(stage.image.distribution) {
        finding.savings(Savings::of(
            Component::Path(format!("{LISTS} in layer {}", run.instruction)),
            bytes,
            Basis::Catalogue,
        ));
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
    for (index, invocation) in
        run.invocations.iter().enumerate().filter(|(_, invocation)| invocation.guard != Guard::Never)
    {
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
        None => {
            invocation.program == "add-apt-repository"
                && !invocation.has_argument("-n")
                && !invocation.has_argument("--no-update")
        }
    }
}

fn later_removal(stage: &StageFacts, run: &Run) -> Option<TextRange> {
    let later = stage.runs.iter().filter(|later| later.instruction > run.instruction);
    let mut invocations = later.flat_map(|later| &later.invocations);
    invocations
        .find(|invocation| removal(invocation).is_some_and(|removal| removal.covers(LISTS)))
        .map(|found| found.range)
}

fn fix(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> Option<Fix> {
    // Where the shell reads a script in a way of its own, nobody knows what stands behind what.
    if run.script.as_ref().is_some_and(|script| !script.errors.is_empty()) {
        return None;
    }
    let is_user = |invocation: &Invocation| fetches_lists(invocation) || reads_lists(invocation);
    let invocations = run.invocations.iter().enumerate().skip(index);
    let users: Vec<(usize, &Invocation)> = invocations.filter(|(_, invocation)| is_user(invocation)).collect();
    let &(last_index, last) = users.last()?;
    let users = || users.iter().map(|&(_, user)| user);
    if !serves_all(last, users()) {
        return None;
    }
    // `exec` leaves nobody to run what comes behind.
    if last.range.slice(facts.source.text()).starts_with("exec ") {
        return None;
    }
    let unread: Vec<_> = run.unread.iter().filter(|unread| unread.after > last_index).collect();
    let (behind, unread_later) = match unread.as_slice() {
        [] => (Behind::Pipeline, false),
        unread if last.site.chained && unread.iter().all(|unread| unread.list == last.site.list) => {
            (Behind::List, false)
        }
        _ => (Behind::Pipeline, true),
    };
    let later = later_use(facts, stage, run);
    if later == LaterUse::Certain {
        return None;
    }
    let possible = unread_later || later == LaterUse::Possible;
    let caution =
        possible.then(|| "a later command cannot be read here and may install without `apt-get update`".to_owned());
    let edit = facts.command_after(last, REMOVE, behind)?;
    Some(Fix {
        title: "delete the package lists in the same `RUN`".to_owned(),
        applicability: if caution.is_some() { Applicability::Unsafe } else { Applicability::Safe },
        caution,
        edits: vec![edit],
    })
}

/// Whether one removal behind `last` comes after every use, however often and in whichever branch the uses run.
fn serves_all<'u>(last: &Invocation, users: impl Iterator<Item = &'u Invocation> + Clone) -> bool {
    let beside = |user: &&Invocation| user.site.list == last.site.list;
    let together = users.clone().all(|user| beside(&user));
    let always = |user: &Invocation| user.guard == Guard::Always;
    let reached = users.clone().filter(beside).any(always) && users.clone().all(|user| beside(&user) || always(user));
    // A function that is called where `set -e` holds and where it does not is read once for each call.
    let readings_agree =
        users.filter(|user| user.site.pipeline == last.site.pipeline).all(|user| user.site == last.site);
    readings_agree && (together || (reached && !last.site.repeated))
}
