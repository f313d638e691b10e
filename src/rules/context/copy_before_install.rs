//! Sources are copied before an install that needs manifests only.

use std::collections::BTreeMap;

use crate::diagnostic::{Applicability, Edit, Fix, Severity, format_bytes};
use crate::dockerfile::{Arguments, Instruction, Keyword};
use crate::facts::context::FolderCopy;
use crate::facts::{EarlyCopy, Facts, ManifestInstall, Source, StageFacts, Transfer, is_below};
use crate::rules::phrase::listed;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;
use crate::workspace::{join, parent};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// A whole command is quoted up to this length.
const MAX_QUOTED: usize = 60;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for early in facts.early_copies().into_iter().filter(|early| early.is_plain(facts)) {
        report(facts, &early, reporter);
    }
}

fn report(facts: &Facts<'_>, early: &EarlyCopy<'_>, reporter: &mut Reporter<'_>) {
    let stage = early.stage;
    let (Some(copy), Some(invocation)) = (early.copies.first(), early.run.invocations.get(early.index)) else { return };
    let in_final = facts.is_in_final(stage.index);
    let command = quoted(facts.source.slice(invocation.range), &early.install.command);
    let copied = quoted(facts.source.slice(copy.transfer.range), "COPY");
    let message = format!("{copied} stands before {command}, so every change of a source installs its packages anew");
    let mut finding = reporter.report(copy.range, message);
    finding.severity(if in_final { Severity::Warning } else { Severity::Info });
    let takes_manifests = early.install.manifests.iter().any(|path| copy.takes(path).is_some());
    finding.primary_label(if takes_manifests { "takes sources and manifests" } else { "takes sources" });
    let manifests: Vec<String> = early.install.manifests.iter().map(|path| format!("`{path}`")).collect();
    let manifests = listed(&manifests);
    finding.label(
        invocation.range,
        match early.install.split {
            Some(option) => format!("with `{option}` it would read only {manifests}"),
            None => format!("reads only {manifests}"),
        },
    );
    for other in early.copies.iter().skip(1) {
        finding.label(other.range, "so does this one");
    }
    if in_final && let Some(bytes) = facts.downloaded_wheels(stage, early.run, early.index) {
        let bytes = format_bytes(bytes);
        finding.note(
            "bytes",
            format!("wheels of {bytes} at least are in a layer that changes with every version (catalogue)"),
        );
    }
    let tool = &early.install.command;
    finding.help(match early.install.split {
        Some(option) => {
            format!("copy {manifests} first, install with `{option}`, then copy the rest and install the project")
        }
        None => format!("copy {manifests} first, run `{tool}`, then copy the rest"),
    });
    let fix = fix(facts, stage, early);
    if let Some(writes) = early.install.writes.filter(|_| fix.is_none() && early.install.split.is_none())
        && !is_written_folder_kept_out(facts, copy, &early.install)
    {
        finding.note(
            "order",
            format!("`.dockerignore` must leave out `{writes}`, or the later copy lays it over what was installed"),
        );
    }
    finding.fix(fix);
}

fn quoted(text: &str, otherwise: &str) -> String {
    let text = text.trim();
    let plain = text.len() <= MAX_QUOTED && !text.contains(['\n', '`']);
    if plain { format!("`{text}`") } else { format!("`{otherwise}`") }
}

/// Whether the folder that an install writes beside its manifest cannot come from the context.
fn is_written_folder_kept_out(facts: &Facts<'_>, copy: &FolderCopy<'_>, install: &ManifestInstall) -> bool {
    let Some(writes) = install.writes else { return true };
    install.manifests.iter().all(|manifest| {
        let folder = parent(manifest);
        let path = if folder.is_empty() { writes.to_owned() } else { format!("{folder}/{writes}") };
        facts.is_kept_out(&path) || copy.takes(&path).is_none()
    })
}

/// What copies only the manifests in the place of an early copy of sources: one line for each folder, none where they are there
/// already. `None` where the install may need more.
pub(in crate::rules) fn manifests_instead(
    facts: &Facts<'_>,
    early: &EarlyCopy<'_>,
    copy: &FolderCopy<'_>,
) -> Option<Vec<String>> {
    let all = early.all.as_ref()?;
    let instruction = facts.dockerfile.instructions.get(copy.transfer.instruction)?;
    let [_] = early.copies.as_slice() else { return None };
    let possible = is_movable(facts, early.stage, early, copy, instruction)
        && is_written_folder_kept_out(facts, copy, all)
        && early.is_plain(facts);
    if !possible {
        return None;
    }
    let taken: Vec<String> = all.manifests.iter().filter(|path| copy.takes(path).is_some()).cloned().collect();
    manifest_copies(facts, early.stage, copy, instruction, &taken)
}

/// Copies the manifests where the sources were copied, and the sources behind the install.
fn fix(facts: &Facts<'_>, stage: &StageFacts, early: &EarlyCopy<'_>) -> Option<Fix> {
    let all = early.all.as_ref()?;
    let mut moves = Vec::new();
    let mut missing: Vec<String> = all.manifests.clone();
    for copy in &early.copies {
        let instruction = facts.dockerfile.instructions.get(copy.transfer.instruction)?;
        if moves.iter().any(|(other, _): &(&Instruction, _)| other.range == instruction.range)
            || !is_movable(facts, stage, early, copy, instruction)
            || !is_written_folder_kept_out(facts, copy, all)
        {
            return None;
        }
        let (taken, left): (Vec<String>, Vec<String>) =
            missing.into_iter().partition(|manifest| copy.takes(manifest).is_some());
        missing = left;
        moves.push((instruction, manifest_copies(facts, stage, copy, instruction, &taken)?));
    }
    // What no source copy takes was copied by itself.
    let edits = edits(facts, early, &moves)?;
    let copied: Vec<String> =
        moves.iter().map(|(instruction, _)| format!("`{}`", facts.source.slice(instruction.range))).collect();
    let copied = copied.join(" and ");
    let title = if moves.iter().all(|(_, lines)| lines.is_empty()) {
        format!("move {copied} behind the install")
    } else {
        format!("copy the manifests first, and move {copied} behind the install")
    };
    Some(Fix {
        title,
        applicability: Applicability::Unsafe,
        caution: Some("an install script of a package may read more of the sources than the manifests".to_owned()),
        edits,
    })
}

/// Whether the copy can be taken down behind the install: nothing between needs or changes what it brings.
fn is_movable(
    facts: &Facts<'_>,
    stage: &StageFacts,
    early: &EarlyCopy<'_>,
    copy: &FolderCopy<'_>,
    instruction: &Instruction,
) -> bool {
    let Arguments::Transfer { sources, destination: Some(destination), json: false } = &instruction.arguments else {
        return false;
    };
    let plain_flags = instruction.flags.iter().all(|flag| matches!(flag.name.as_str(), "chown" | "chmod" | "link"));
    let plain = sources.len() == 1
        && instruction.heredocs.is_empty()
        && instruction.start_line == instruction.end_line
        && plain_flags
        && !destination.text.contains(['"', '\'', '\\', '`'])
        && !copy.source.contains(['*', '?', '[', '$']);
    let text = facts.source.slice(instruction.range);
    let between = (copy.transfer.instruction + 1)..early.run.instruction;
    let others = facts.dockerfile.instructions.get(between.clone()).unwrap_or_default();
    let Some(target) = copy.transfer.destination.known() else { return false };
    let moves_folder = !destination.text.starts_with('/');
    let can_pass = others.iter().all(|other| match other.keyword {
        Keyword::Workdir => !moves_folder,
        Keyword::Env | Keyword::Arg => !text.contains('$'),
        Keyword::Volume | Keyword::Onbuild | Keyword::Unknown | Keyword::From => false,
        _ => true,
    });
    let moved_too = |number: usize| early.copies.iter().any(|other| other.transfer.instruction == number);
    let mut transfers = stage.transfers.iter();
    let apart = transfers.all(|other| {
        !between.contains(&other.instruction)
            || moved_too(other.instruction)
            || places(facts, other)
                .is_some_and(|places| places.iter().all(|place| !is_below(place, target) && !is_below(target, place)))
    });
    plain && can_pass && apart
}

/// Where a copy may put something; `None` when that is not known.
fn places(facts: &Facts<'_>, transfer: &Transfer) -> Option<Vec<String>> {
    let destination = transfer.destination.known()?;
    let place = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let file = join(&facts.service.context, path).filter(|path| facts.workspace.is_file(path));
        let by_name = transfer.source == Source::Context && transfer.into_folder && !transfer.add && file.is_some();
        if by_name { format!("{}/{name}", destination.trim_end_matches('/')) } else { destination.to_owned() }
    };
    transfer.paths.iter().map(|(path, _)| path.known().map(place)).collect()
}

/// The instructions that copy the manifests to where the sources put them; none when they are there already.
fn manifest_copies(
    facts: &Facts<'_>,
    stage: &StageFacts,
    copy: &FolderCopy<'_>,
    instruction: &Instruction,
    manifests: &[String],
) -> Option<Vec<String>> {
    let Arguments::Transfer { destination: Some(destination), .. } = &instruction.arguments else { return None };
    let is_plain =
        |path: &String| path.chars().all(|character| character.is_alphanumeric() || "._-/@+".contains(character));
    if !manifests.iter().all(is_plain) {
        return None;
    }
    let mut by_folder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for manifest in manifests {
        let place = copy.takes(manifest)??;
        if instruction.flags.is_empty() && is_copied_before(facts, stage, copy, manifest, &place) {
            continue;
        }
        let rest = if copy.source.is_empty() {
            manifest.as_str()
        } else {
            manifest.strip_prefix(&copy.source)?.strip_prefix('/')?
        };
        by_folder.entry(parent(rest)).or_default().push(manifest);
    }
    let flags: Vec<&str> = instruction.flags.iter().map(|flag| facts.source.slice(flag.range)).collect();
    let keyword = if instruction.raw_keyword.chars().all(char::is_lowercase) { "copy" } else { "COPY" };
    let target = destination.text.trim_end_matches('/');
    let line = |(folder, files): (&str, Vec<&str>)| {
        let slash = if folder.is_empty() { "" } else { "/" };
        let words = [keyword].into_iter().chain(flags.iter().copied()).chain(files);
        format!("{} {target}/{folder}{slash}", words.collect::<Vec<_>>().join(" "))
    };
    Some(by_folder.into_iter().map(line).collect())
}

/// Whether an earlier copy brought the manifest to the same place.
fn is_copied_before(facts: &Facts<'_>, stage: &StageFacts, copy: &FolderCopy<'_>, manifest: &str, place: &str) -> bool {
    let found = facts.origin(stage.index, copy.transfer.instruction, place, None);
    found.is_some() && found == join(&facts.service.context, manifest)
}

/// The edits. Comments that stand right above a copy go with it where no other comment would be overtaken.
fn edits(facts: &Facts<'_>, early: &EarlyCopy<'_>, moves: &[(&Instruction, Vec<String>)]) -> Option<Vec<Edit>> {
    const FOR_TOOLS: [&str; 6] = ["hadolint", "slimlint", "check=", "trivy", "checkov", "nosemgrep"];
    let text = facts.source.text();
    let end = early.run.range.end();
    let first = moves.first()?.0.range.end();
    let starts: Vec<u32> =
        moves.iter().map(|(instruction, _)| facts.dockerfile.with_comments_above(instruction).start()).collect();
    let goes_along = |comment: TextRange| {
        let mut blocks = starts.iter().zip(moves);
        blocks.any(|(&start, (instruction, _))| comment.start() >= start && comment.end() <= instruction.range.start())
    };
    let comments = facts.dockerfile.comments.iter().map(|comment| comment.range);
    let between = comments.filter(|comment| comment.start() > first && comment.start() < end);
    let overtakes = between.into_iter().any(|comment| !goes_along(comment));
    let edit = |range: TextRange, text: String| Edit { file: facts.file(), range, text };
    let (mut edits, mut moved) = (Vec::new(), Vec::new());
    let mut gap = "\n";
    // Where the copy before this one was taken away, and whether a blank line stood before it.
    let mut taken_away = (0, false);
    for (&above, (instruction, lines)) in starts.iter().zip(moves) {
        let mut start = above;
        if overtakes {
            let comment = text.get(start as usize..instruction.range.start() as usize)?;
            // A comment that tells a tool about this very instruction must not end up above another.
            if FOR_TOOLS.iter().any(|tool| comment.contains(tool)) {
                return None;
            }
            start = instruction.range.start();
        }
        moved.push(text.get(start as usize..instruction.range.end() as usize)?.replace("\r\n", "\n"));
        let after = text.get(instruction.range.end() as usize..)?;
        let (rest, next) = after.split_once('\n')?;
        if !rest.trim().is_empty() {
            return None;
        }
        let blank = next.split('\n').next().filter(|line| line.trim().is_empty()).map_or(0, |line| line.len() + 1);
        if blank > 0 {
            gap = "\n\n";
        }
        let mut stop = instruction.range.end();
        if lines.is_empty() {
            // The line goes, and a blank line behind it where one stands before it.
            let before = text.get(..start as usize)?;
            let (last, last_blank) = taken_away;
            let after_blank = before.ends_with("\n\n") || before.ends_with("\n\r\n") || (last == start && last_blank);
            stop += (rest.len() + 1 + if after_blank { blank } else { 0 }) as u32;
            taken_away = (stop, after_blank);
        }
        edits.push(edit(TextRange::new(start, stop), lines.join("\n")));
    }
    edits.push(edit(TextRange::empty(end), format!("{gap}{}", moved.join("\n"))));
    Some(edits)
}
