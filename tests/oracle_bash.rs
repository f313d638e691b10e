//! The shell parser against `bash -n` and tree-sitter's grammar of bash, over the scripts of every `RUN`.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
mod oracles;
#[path = "oracles/shell.rs"]
mod shell;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use common::samples;
use oracles::{dockerfiles, report, say};
use rayon::prelude::*;
use shell::Inventory;
use slimlint::diagnostic::Applicability;
use slimlint::dockerfile::{Dockerfile, Keyword, RunScript};
use slimlint::shell::{Part, Script};
use slimlint::text::{Joined, SourceFile};

/// An empty file.
const NOTHING: &str = "/dev/null";

/// A script of a `RUN` and where it stands.
struct Run {
    place: String,
    script: Joined,
}

/// The scripts of all `RUN`s that a shell reads, behind `ONBUILD` too.
fn runs(files: &[SourceFile]) -> Vec<(&SourceFile, Run)> {
    let mut runs = Vec::new();
    for file in files {
        let parsed = Dockerfile::parse(file.text());
        for instruction in parsed.instructions.iter().map(slimlint::dockerfile::Instruction::effective) {
            if instruction.keyword == Keyword::Run
                && let Some(RunScript::Shell(script)) = instruction.script(file.text())
            {
                let place = format!("{}:{}", file.path(), instruction.start_line);
                runs.push((file, Run { place, script }));
            }
        }
    }
    runs
}

/// Each text once, with the first place where it stands.
fn distinct(runs: Vec<(&SourceFile, Run)>) -> Vec<Run> {
    let mut distinct = BTreeMap::new();
    for (_, run) in runs {
        distinct.entry(run.script.text().to_owned()).or_insert(run);
    }
    distinct.into_values().collect()
}

/// What `bash -n` says to each text, without a warning either. `None` when there is no bash; in CI there must be.
fn accepted_by_bash(texts: &[&str]) -> Option<Vec<bool>> {
    let bash = || {
        let mut bash = Command::new("bash");
        bash.arg("-n").stdin(Stdio::null());
        bash
    };
    if !bash().arg(NOTHING).output().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "there is no bash");
        say("skipped: there is no bash");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let accepts = |(number, text): (usize, &&str)| {
        let file = folder.path().join(number.to_string());
        fs::write(&file, text).unwrap();
        let output = bash().arg(file).output().unwrap();
        output.status.success() && output.stderr.is_empty()
    };
    Some(texts.par_iter().enumerate().map(accepts).collect())
}

#[test]
fn what_bash_accepts_is_read() {
    let files = dockerfiles();
    let runs = distinct(runs(&files));
    let texts: Vec<&str> = runs.iter().map(|run| run.script.text()).collect();
    let Some(accepted) = accepted_by_bash(&texts) else { return };
    let accepted: Vec<&Run> = runs.iter().zip(accepted).filter_map(|(run, accepted)| accepted.then_some(run)).collect();
    let is_opaque = |run: &&&Run| Inventory::of(&Script::parse(run.script.clone())).opaque;
    let opaque: Vec<_> = accepted.iter().filter(is_opaque).collect();
    let (all, read) = (runs.len(), accepted.len() - opaque.len());
    say(&format!("bash -n: {} of {all} distinct scripts accepted, {read} of them read", accepted.len()));
    for run in &opaque {
        say(&format!("not read: {}: {:?}", run.place, Script::parse(run.script.clone()).errors));
    }
    assert!(!accepted.is_empty());
    assert!(opaque.len() * 1000 <= accepted.len(), "{} of {} are not read", opaque.len(), accepted.len());
}

#[test]
fn fixes_leave_what_bash_accepts() {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for example in samples::all() {
        for threshold in [Applicability::Safe, Applicability::Unsafe] {
            let fixed = example.fixed(threshold);
            for path in example.dockerfiles.iter().filter(|path| fixed.contains_key(*path)) {
                let name = format!("{} {path}, {threshold:?} fixes", example.name);
                before.push(SourceFile::new(name.as_str(), example.files[path].as_slice()));
                after.push(SourceFile::new(name, fixed[path].as_slice()));
            }
        }
    }
    let (before, after) = (runs(&before), runs(&after));
    let mut texts: Vec<&str> = before.iter().chain(&after).map(|(_, run)| run.script.text()).collect();
    texts.sort_unstable();
    texts.dedup();
    let Some(accepted) = accepted_by_bash(&texts) else { return };
    let refused = |runs: &[(&SourceFile, Run)]| {
        let mut refused: BTreeMap<String, usize> = BTreeMap::new();
        for (file, run) in runs {
            let at = texts.binary_search(&run.script.text()).unwrap();
            *refused.entry(file.path().to_owned()).or_default() += usize::from(!accepted[at]);
        }
        refused
    };
    let was = refused(&before);
    let mut problems = Vec::new();
    for (file, count) in refused(&after) {
        if count > was.get(&file).copied().unwrap_or(0) {
            problems.push(file);
        }
    }
    say(&format!("bash -n: {} scripts of fixed files, nothing newly refused", after.len()));
    report("files with a script that bash accepts no more", &problems);
}

#[test]
fn ranges_map_back_to_their_bytes() {
    let files = dockerfiles();
    let mut problems = Vec::new();
    let mut words = 0;
    for (file, run) in runs(&files) {
        let source = file.text().as_bytes();
        let text = run.script.text().as_bytes();
        let strays = |&offset: &usize| source.get(run.script.source_offset(offset as u32) as usize) != text.get(offset);
        problems.extend((0..text.len()).find(strays).map(|offset| format!("{}: byte {offset}", run.place)));
        let script = Script::parse(run.script.clone());
        let mut end = 0;
        for word in Inventory::of(&script).words {
            words += 1;
            let kept = script.slice(word.range);
            let range = script.source_range(word.range);
            let parts: String = word.parts.iter().map(|part| script.slice(part.range())).collect();
            let bare = match word.parts.as_slice() {
                [Part::Literal { text, quoted: false, .. }] => text == kept,
                _ => true,
            };
            // Continuations and comments may stand in between; what is left must be the word.
            let is_there = is_subsequence(kept.as_bytes(), range.slice(file.text()).as_bytes());
            if parts != kept || !bare || !is_there {
                problems.push(format!("{}: `{kept}` at {range:?}", run.place));
            }
            end = end.max(word.range.end());
        }
        assert!(end as usize <= text.len(), "{}", run.place);
    }
    say(&format!("shell: {words} words map back to their bytes"));
    report("ranges that do not map back", &problems);
}

fn is_subsequence(needle: &[u8], mut hay: &[u8]) -> bool {
    needle.first() == hay.first()
        && needle.last() == hay.last()
        && needle.iter().all(|byte| {
            let at = hay.iter().position(|other| other == byte);
            hay = at.map_or(&[], |at| &hay[at + 1..]);
            at.is_some()
        })
}

/// Words that are commands to us, and statements of their own to the grammar.
const STATEMENTS: [&str; 8] = ["export", "declare", "typeset", "local", "readonly", "unset", "[", "[["];

/// Where the grammar is mistaken: it takes a word with `=` behind dashes for an assignment, a word that begins with `[` for an
/// array, and the delimiter of a `<<-` heredoc to be indented with blanks.
const MISTAKEN: [&str; 3] = ["flags.Dockerfile:8", "json-broken.Dockerfile:13", "shellcheck-sc1040/Dockerfile:3"];

#[test]
fn commands_are_those_of_tree_sitter() {
    let files = dockerfiles();
    let runs = distinct(runs(&files));
    let (mut compared, mut commands) = (0, 0);
    let mut problems = Vec::new();
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).unwrap();
    for run in &runs {
        let text = run.script.text();
        let tree = parser.parse(text, None).unwrap();
        let script = Script::parse(run.script.clone());
        let inventory = Inventory::of(&script);
        if tree.root_node().has_error() || inventory.opaque {
            continue;
        }
        let mut theirs = Vec::new();
        collect(tree.root_node(), text, &mut theirs);
        let mut ours: Vec<(u32, &str)> = inventory
            .commands
            .iter()
            .filter_map(|command| command.words.first())
            .map(|word| (word.range.start(), script.slice(word.range)))
            .filter(|(_, name)| !STATEMENTS.contains(name))
            .collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        compared += 1;
        commands += ours.len();
        if ours != theirs && !MISTAKEN.iter().any(|place| run.place.ends_with(place)) {
            let ours_only: Vec<_> = ours.iter().filter(|name| !theirs.contains(name)).collect();
            let theirs_only: Vec<_> = theirs.iter().filter(|name| !ours.contains(name)).collect();
            problems.push(format!("{}: {ours_only:?}, not {theirs_only:?}", run.place));
        }
    }
    let equal = compared - problems.len();
    say(&format!("tree-sitter: {equal} of {compared} scripts have the same commands, {commands} in all"));
    report("scripts with other commands", &problems);
}

fn collect<'t>(node: tree_sitter::Node<'_>, text: &'t str, names: &mut Vec<(u32, &'t str)>) {
    if node.kind() == "command_name" {
        names.push((node.start_byte() as u32, &text[node.byte_range()]));
    }
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        collect(child, text, names);
    }
}
