//! A recursive `chown`, `chgrp` or `chmod` writes files of earlier layers a second time.

mod places;
mod remedy;

use std::collections::BTreeMap;

use crate::diagnostic::{Basis, Component, Saving, Savings};
use crate::dockerfile::Keyword;
use crate::facts::{ByteSource, Facts, Guard, Held, OwnershipAction, OwnershipChange, Run, StageFacts, Way, is_below};
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

use places::{holds_made_folders, made_by_workdir};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// How many folders a message names.
const LISTED: usize = 2;
/// Files that are smaller together are not marked beside larger ones.
const SMALL: u64 = 100_000;
/// How many places are marked.
const LABELLED: usize = 4;

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    for change in facts.ownership_changes(stage, run) {
        if remedy::is_read_by_git(stage, run, &change) {
            continue;
        }
        let command = &change.invocation.program;
        let folders: Vec<String> = change.names.iter().map(|folder| format!("`{folder}`")).collect();
        let message = format!(
            "`{command} -R` writes the files of {} a second time, into this layer",
            listed_up_to(&folders, LISTED)
        );
        let mut finding = reporter.report(change.invocation.range, message);
        finding.primary_label("a layer holds each file whose owner or mode it changes as a whole");
        for (range, text) in labels(&change) {
            finding.label(range, text);
        }
        finding.script_of(change.invocation);
        let by_number = if is_linked(facts, &change) {
            "; with `--link` give user and group by number, since such a copy looks no names up"
        } else {
            ""
        };
        finding.help(format!("{}{by_number}", help(facts, stage, run, &change)));
        finding.savings(savings(&change.held));
        finding.fix(remedy::fix(facts, stage, run, &change));
    }
}

/// The places that write most: installs and downloads of which nobody knows how much they are, then what is largest.
fn labels(change: &OwnershipChange<'_>) -> Vec<(TextRange, String)> {
    let mut held: Vec<&Held> = change.held.iter().collect();
    let is_small = |one: &&Held| one.bytes.is_some_and(|bytes| bytes < SMALL);
    if !held.iter().all(is_small) {
        held.retain(|one| !is_small(one));
    }
    held.sort_by_key(|one| std::cmp::Reverse(one.bytes.unwrap_or(u64::MAX)));
    let mut labels: BTreeMap<TextRange, String> = BTreeMap::new();
    for one in held {
        let verb = match one.way {
            Way::Copied | Way::Taken => "are copied",
            Way::Downloaded => "are downloaded",
            Way::Cloned => "are cloned",
            Way::Unpacked => "are unpacked",
            Way::Made => "are installed",
        };
        let files =
            if change.names == change.folders { format!("files of `{}`", one.path) } else { "files".to_owned() };
        if labels.len() < LABELLED || labels.contains_key(&one.range) {
            labels.entry(one.range).or_insert_with(|| format!("{files} {verb} here"));
        }
    }
    labels.into_iter().collect()
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

fn help(facts: &Facts<'_>, stage: &StageFacts, run: &Run, change: &OwnershipChange<'_>) -> String {
    let copied = |one: &Held| matches!(one.way, Way::Copied | Way::Taken);
    let some_copied = change.held.iter().any(copied);
    let all_copied = change.held.iter().all(copied);
    let given = change.given.as_ref().and_then(|given| given.known());
    let keyword = keyword(facts, change);
    // What `COPY` brings has that group already.
    let is_default = given.is_some_and(|given| matches!(given, "0" | "root"));
    let both = both(change);
    match change.action {
        OwnershipAction::Group if is_default && both.is_none() => {
            let place = if all_copied {
                format!("copy the files with it, `{keyword} --chmod=MODE …`")
            } else {
                "run `chmod` in the `RUN` that writes the files".to_owned()
            };
            let others = "what other steps make there, folders too, needs its mode in those steps";
            format!("the group of these files is `root` already, only their mode matters: {place}; {others}")
        }
        OwnershipAction::Mode if both.is_some() && some_copied => {
            let flags = both.unwrap_or_default();
            let rest = if all_copied { "" } else { ", and run both commands in the `RUN` that writes the others" };
            format!("{}{flags} …`{rest}", copy_with("their owner and mode", facts, stage, run, change))
        }
        OwnershipAction::Owner => {
            let written = || places::owner_as_written(facts, change).map(str::to_owned);
            let owner = given.map(colon).or_else(written).unwrap_or_else(|| "USER:GROUP".to_owned());
            let user = owner.split(':').next().unwrap_or_default();
            let (what, flags) = match both {
                Some(flags) => ("their owner and mode", flags),
                None => ("their owner", format!("--chown={owner}")),
            };
            let copy = format!("{}{flags} …`", copy_with(what, facts, stage, run, change));
            if places::only_files(change) {
                let written = if change.held.len() == 1 { "it" } else { "them" };
                return format!("run `chown {owner}` in the `RUN` that downloads {written}");
            }
            // `WORKDIR` makes its folder for root.
            let made = holds_made_folders(facts, stage, run, change);
            let files: Vec<String> =
                places::made_files(facts, stage, run, change).iter().map(|path| format!("`{path}`")).collect();
            let alone = if files.is_empty() {
                String::new()
            } else {
                format!(", and `chown {owner}` in the steps that make {}", listed_up_to(&files, LISTED))
            };
            let own = if writes_itself(run, change) {
                let others = if made { " and the folders that earlier steps make there" } else { "" };
                let itself = if made_by_workdir(facts, stage, run, change) {
                    format!(", with `chown {owner}` without `-R` for the folder itself")
                } else {
                    String::new()
                };
                format!(", and in this `RUN` change only what it writes itself{others}{itself}")
            } else if made_by_workdir(facts, stage, run, change) {
                let others = if made { " and those that earlier steps make in it" } else { "" };
                format!(", and `chown {owner}` without `-R` for the folder itself{others}")
            } else if made {
                format!(", and `chown {owner}` for the folders that earlier steps make in it")
            } else {
                String::new()
            };
            // A log that the program opens when it is called is root's otherwise, and stops the program later.
            let called = places::run_as_root(stage, run, change).map_or_else(String::new, |command| {
                format!(
                    "; run `{command}` as the user, too, behind `USER {user}` and a `chown {owner}` without `-R` for the folders that it \
                     writes into: what it leaves there (logs, databases, caches) stays root's otherwise"
                )
            });
            if all_copied {
                format!("{copy}{own}{alone}{called}")
            } else {
                // The folder is root's where `WORKDIR`, `RUN mkdir` or a copy made it, and who is not root writes nothing into it.
                let itself = if made_by_workdir(facts, stage, run, change) {
                    format!(", and `chown {owner}` without `-R` for the folder itself")
                } else {
                    String::new()
                };
                let writes =
                    format!("in each `RUN` that writes some, run `chown -R {owner}` for what it writes{itself}");
                let way = match remedy::made_behind(facts, stage, run, change, true) {
                    _ if some_copied => format!("{copy}; of the others, {writes}"),
                    Some(user) => format!("make the user `{user}` before, and {writes}"),
                    None => writes,
                };
                format!("{way}{called}")
            }
        }
        OwnershipAction::Group if all_copied => {
            format!("copy the files with their owner and group, `{keyword} --chown=USER:GROUP …`")
        }
        OwnershipAction::Mode if some_copied => {
            help_with_mode(keyword, all_copied, writes_itself(run, change), made_by_workdir(facts, stage, run, change))
        }
        OwnershipAction::Group | OwnershipAction::Mode => {
            format!("run `{}` in the `RUN` that writes the files", change.invocation.program)
        }
    }
}

/// `writes` says that the `RUN` itself writes files there, `makes` that `WORKDIR` makes the folder.
fn help_with_mode(keyword: &str, all_copied: bool, writes: bool, makes: bool) -> String {
    let copy = format!("copy the files with their mode, `{keyword} --chmod=MODE …`");
    let own = match (writes, makes) {
        _ if !all_copied => "; for the others run `chmod` in the `RUN` that writes them",
        (true, true) => ", and in this `RUN` change only what it writes itself and, without `-R`, the folder itself",
        (true, false) => ", and in this `RUN` change only what it writes itself",
        (false, true) => ", and `chmod` without `-R` for the folder itself",
        (false, false) => "",
    };
    copy + own
}

/// `--chown=app:app --chmod=MODE`, where the `RUN` changes owner and mode of the same folder.
fn both(change: &OwnershipChange<'_>) -> Option<String> {
    let all = || {
        std::iter::once((change.action, change.given.as_ref()))
            .chain(change.also.iter().map(|(action, given)| (*action, given.as_ref())))
    };
    let mode = all().find(|(action, _)| *action == OwnershipAction::Mode)?.1.and_then(|mode| mode.known());
    let owner = all().find(|(action, _)| *action == OwnershipAction::Owner)?.1.and_then(|owner| owner.known());
    // `COPY --chmod` takes numbers everywhere, and symbols of late.
    let mode = mode.filter(|mode| mode.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or("MODE");
    let owner = owner.map_or_else(|| "USER:GROUP".to_owned(), colon);
    Some(format!("--chown={owner} --chmod={mode}"))
}

/// `user.group` and `user:`, which `chown` takes, as `COPY --chown` takes them.
fn colon(owner: &str) -> String {
    if let Some(user) = owner.strip_suffix(':') {
        return format!("{user}:{user}");
    }
    if owner.contains(':') { owner.to_owned() } else { owner.replacen('.', ":", 1) }
}

/// The instruction that copies the files: `ADD` where each of them comes by that.
fn keyword(facts: &Facts<'_>, change: &OwnershipChange<'_>) -> &'static str {
    let copies = change.held.iter().filter(|one| matches!(one.way, Way::Copied | Way::Taken));
    let mut instructions = copies.filter_map(|one| facts.dockerfile.instructions.get(one.instruction)).peekable();
    let some = instructions.peek().is_some();
    if some && instructions.all(|it| it.keyword == Keyword::Add) { "ADD" } else { "COPY" }
}

/// Whether a copy that would get an owner by its name is one with `--link`, which sees no `/etc/passwd`: `invalid user index: -1`.
fn is_linked(facts: &Facts<'_>, change: &OwnershipChange<'_>) -> bool {
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let named = change.given.as_ref().and_then(|given| given.known()).is_none_or(|given| !is_number(given));
    let mut copies = change.held.iter().filter_map(|one| facts.dockerfile.instructions.get(one.instruction));
    named && change.action != OwnershipAction::Mode && copies.any(|it| it.flag("link").is_some())
}

/// Whether a command of the `RUN` in front of this one writes below one of the folders, which no copy can give an owner.
fn writes_itself(run: &Run, change: &OwnershipChange<'_>) -> bool {
    // All of what `bash -c "…"` is given stands at the place of that.
    let before = run.invocations.iter().take_while(|other| !std::ptr::eq(*other, change.invocation));
    let mut before = before.filter(|other| other.guard != Guard::Never && !remedy::writes_elsewhere(other));
    before.any(|other| {
        let folder = other.workdir.known().unwrap_or_default();
        change.folders.iter().any(|changed| is_below(folder, changed))
    })
}

/// `copy the files with their owner, `, with what has to stand in front of the copies, up to the name of the instruction.
fn copy_with(what: &str, facts: &Facts<'_>, stage: &StageFacts, run: &Run, change: &OwnershipChange<'_>) -> String {
    let keyword = keyword(facts, change);
    match remedy::made_behind(facts, stage, run, change, false) {
        Some(user) => format!("make the user `{user}` before the copies, and copy the files with {what}, `{keyword} "),
        None => format!("copy the files with {what}, `{keyword} "),
    }
}
