//! `apt-get update` leaves the package lists in a layer.

use crate::catalogue;
use crate::diagnostic::{Applicability, Basis, Component, Fix, Savings};
use crate::facts::commands::{Apt, AptAction, removal};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts, is_mounted};
use crate::rules::phrase::ONLY_ELSEWHERE;
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
    let Some((index, update)) = unremoved_update(stage, run) else { return };
    if facts.fate(stage, run, index, &[LISTS.to_owned()]) != Fate::Kept {
        return;
    }
    let command = match Apt::read(update) {
        Some(_) => format!("{} update", update.program),
        None => update.program.clone(),
    };
    let mut finding = reporter.report(update.range, format!("`{command}` leaves the package lists in the image"));
    finding.primary_label(format!("fills `{LISTS}`"));
    finding.help(format!("delete them in the same `RUN`: `&& {REMOVE}`; `apt-get clean` does not"));
    if update.guard == Guard::Elsewhere {
        finding.note("bytes", ONLY_ELSEWHERE);
    } else if let Some(bytes) = catalogue::apt_lists_bytes(stage.image.distribution) {
        // A second update finds the lists of the first as they are on the server, and leaves them: in one image they count once.
        finding.savings(Savings::of(Component::Path(LISTS.to_owned()), bytes, Basis::Catalogue));
    }
    finding.script_of(update);
    if let Some(range) = later_removal(facts, stage, run) {
        finding.label(range, "deleted here, in a later layer, which frees nothing");
    }
    if let Some(fix) = fix(facts, stage, run, index) {
        finding.fix(fix);
    }
}

/// The last command that fetches lists which nothing behind it in the `RUN` deletes.
fn unremoved_update<'r>(stage: &StageFacts, run: &'r Run) -> Option<(usize, &'r Invocation)> {
    let mut open = None;
    for (index, invocation) in
        run.invocations.iter().enumerate().filter(|(_, invocation)| invocation.guard != Guard::Never)
    {
        if fetches_lists(stage, invocation) {
            open = open.or(Some((index, invocation)));
        } else if removal(invocation).is_some_and(|removal| removal.covers(LISTS)) {
            open = None;
        }
    }
    open
}

fn fetches_lists(stage: &StageFacts, invocation: &Invocation) -> bool {
    let asked = |flags: [&str; 2]| flags.iter().any(|flag| invocation.has_argument(flag));
    match Apt::read(invocation) {
        Some(apt) => apt.action == AptAction::Update,
        None if invocation.program != "add-apt-repository" => false,
        None => asked(["-u", "--update"]) || (updates_by_itself(stage) && !asked(["-n", "--no-update"])),
    }
}

/// Whether `add-apt-repository` updates without being asked, as software-properties does since 0.96.24: that of Ubuntu 18.04 and
/// of Debian 12.
fn updates_by_itself(stage: &StageFacts) -> bool {
    let older = |release: &str, name: &str, first: f64| {
        let version = release.strip_prefix(name).and_then(|rest| rest.split_whitespace().next());
        version.and_then(|version| version.parse::<f64>().ok()).is_some_and(|version| version < first)
    };
    let old = |release: &str| older(release, "Ubuntu ", 18.04) || older(release, "Debian ", 12.0);
    !stage.image.end_of_life.iter().any(|end| old(end.release))
}

fn later_removal(facts: &Facts<'_>, stage: &StageFacts, run: &Run) -> Option<TextRange> {
    let mut invocations = facts.runs_after(stage, run).into_iter().flat_map(|later| &later.invocations);
    invocations
        .find(|invocation| removal(invocation).is_some_and(|removal| removal.covers(LISTS)))
        .map(|found| found.range)
}

fn fix(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> Option<Fix> {
    let is_user = |invocation: &Invocation| fetches_lists(stage, invocation) || reads_lists(invocation);
    let cleaning = facts.clean_once(run, index, is_user, REMOVE)?;
    let later = later_use(facts, stage, run);
    if later == LaterUse::Certain {
        return None;
    }
    let possible = cleaning.unread_behind || later == LaterUse::Possible;
    let caution =
        possible.then(|| "a later command cannot be read here and may install without `apt-get update`".to_owned());
    Some(Fix {
        title: "delete the package lists in the same `RUN`".to_owned(),
        applicability: if caution.is_some() { Applicability::Unsafe } else { Applicability::Safe },
        caution,
        edits: vec![cleaning.edit],
    })
}
