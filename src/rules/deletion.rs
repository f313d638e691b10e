//! Taking words out of a command line.

use crate::diagnostic::Edit;
use crate::facts::python::{InstalledExtra, PythonInstall, Root, Tool};
use crate::facts::{Argument, Facts, Invocation, Origin};
use crate::python::PackageName;
use crate::python::conda::CondaEnvironment;
use crate::python::requirements::{Entry, EntryKind};
use crate::text::{Encoding, TextRange};

/// Takes the extra out of the command line.
pub(super) fn without_extra(facts: &Facts<'_>, install: &PythonInstall, extra: &InstalledExtra) -> Option<Edit> {
    let (_, _, invocation) = facts.site_of(install)?;
    if invocation.origin != Origin::Instruction {
        return None;
    }
    let position = invocation.arguments.iter().position(|argument| argument.range == extra.word && argument.whole)?;
    let word = invocation.arguments.get(position)?;
    if extra.all {
        let text = format!("--no-extra {}", extra.name);
        return if install.tool == Tool::UvSync { facts.insert_after(invocation, word, &text) } else { None };
    }
    let written = word.range.slice(facts.source.text());
    if let Some((open, close)) = written.find('[').zip(written.rfind(']')) {
        return from_list(facts, word.range, written.get(open + 1..close)?, open, extra);
    }
    match word.value.known()? {
        value if PackageName::new(value) == extra.name => delete(facts, invocation, position.checked_sub(1)?, word),
        value => {
            let attached = value
                .split_once('=')
                .is_some_and(|(flag, name)| flag.starts_with("--extra") && PackageName::new(name) == extra.name);
            if attached { delete(facts, invocation, position, word) } else { None }
        }
    }
}

/// `.[a,b]` without one name, or without its brackets.
fn from_list(facts: &Facts<'_>, word: TextRange, list: &str, open: usize, extra: &InstalledExtra) -> Option<Edit> {
    let start = word.start() as usize + open;
    let names: Vec<&str> = list.split(',').collect();
    let at = names.iter().position(|name| PackageName::new(name) == extra.name)?;
    let before: usize = names.iter().take(at).map(|name| name.len() + 1).sum();
    let length = names.get(at)?.len();
    let range = match (names.len(), at) {
        (1, _) => TextRange::from_usize(start, start + list.len() + 2),
        (_, 0) => TextRange::from_usize(start + 1, start + 1 + length + 1),
        _ => TextRange::from_usize(start + before, start + 1 + before + length),
    };
    Some(Edit { file: facts.file(), range, text: String::new() })
}

/// Deletes the words from the argument at `first` to `last` with the space in front of them.
pub(super) fn delete(facts: &Facts<'_>, invocation: &Invocation, first: usize, last: &Argument) -> Option<Edit> {
    let flag = invocation.arguments.get(first).filter(|argument| argument.whole)?;
    let before = invocation.arguments.get(first.checked_sub(1)?)?;
    let range = TextRange::new(before.range.end(), last.range.end());
    let gap = TextRange::new(before.range.end(), flag.range.start()).slice(facts.source.text());
    let blank = gap.chars().all(|character| character.is_whitespace() || character == facts.dockerfile.escape);
    (blank && !gap.is_empty()).then(|| Edit { file: facts.file(), range, text: String::new() })
}

/// Deletes the lines of `members` from their requirements file, continuations and line ends included. `None` when one of them
/// does not stand on lines of its own, was written by a compiler, or found by a guess, or when nothing would be left below `pip:` of conda's file.
pub(super) fn without_requirements(facts: &Facts<'_>, members: &[&Root]) -> Option<Vec<Edit>> {
    members
        .iter()
        .map(|root| {
            let source = facts.workspace.read(&root.place.file).ok()?;
            if source.encoding() != Encoding::Utf8 || !root.parents.is_empty() || facts.is_guessed(&root.place.file) {
                return None;
            }
            let entries = &facts.workspace.requirements(&root.place.file).ok()?.entries;
            let of_conda = CondaEnvironment::is_name(&root.place.file);
            if of_conda && entries.len() <= members.len() {
                return None;
            }
            let is_it = |entry: &&Entry| {
                matches!(&entry.kind, EntryKind::Requirement(requirement) if requirement.range == root.place.range)
            };
            let range = entries.iter().find(is_it)?.range;
            let text = source.text();
            let start = text.get(..range.start() as usize)?.rfind('\n').map_or(0, |at| at + 1);
            let head = text.get(start..range.start() as usize)?.trim_start_matches('\u{feff}').trim();
            let is_own = if of_conda { matches!(head, "-" | "- \"" | "- '") } else { head.is_empty() };
            let end = range.end() as usize;
            let rest = text.get(end..)?;
            let line_end = rest.find('\n').map_or(text.len(), |at| end + at + 1);
            let tail = rest.lines().next().unwrap_or_default();
            let tail = head.strip_prefix("- ").map_or(tail, |quote| tail.trim_start_matches(quote)).trim();
            let starts_file = text.starts_with('\u{feff}') && start == 0;
            (is_own && !starts_file && (tail.is_empty() || tail.starts_with('#'))).then(|| Edit {
                file: root.place.file.clone(),
                range: TextRange::from_usize(start, line_end),
                text: String::new(),
            })
        })
        .collect()
}
