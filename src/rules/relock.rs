//! Dependencies taken out of a project, with its `uv.lock` brought up to date.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Edit;
use crate::facts::Facts;
use crate::facts::python::{Declared, PythonInstall, Root, Tool};
use crate::python::PackageName;
use crate::python::lock::{Removal, relocked};
use crate::text::{Encoding, SourceFile, TextRange};
use crate::workspace::parent;

use super::phrase::listed;

/// Takes `members`, which the project names among its dependencies or in `extra`, out of the manifest, or moves them to `group`. The
/// lock beside it follows. `None` where other builds read the manifest, where it is not clear how the lock would look, and where an
/// entry does not stand as most people write them.
pub(super) fn without_dependencies(
    facts: &Facts<'_>,
    install: &PythonInstall,
    members: &[&Root],
    extra: Option<&PackageName>,
    group: Option<&str>,
) -> Option<Vec<Edit>> {
    let file = Arc::clone(&members.first()?.place.file);
    let ours = |root: &&Root| root.declared == Declared::Project && root.place.file == file;
    let is_manifest = file.rsplit('/').next() == Some("pyproject.toml");
    if !is_manifest || !members.iter().all(ours) || !facts.is_only_reader_of(&file) {
        return None;
    }
    let source = facts.workspace.read(&file).ok().filter(|source| source.encoding() == Encoding::Utf8)?;
    let mut edits = Vec::new();
    let entries: Vec<ArrayEntry> =
        members.iter().map(|root| ArrayEntry::of(source.text(), root.place.range)).collect::<Option<_>>()?;
    let edit = |range, text| Edit { file: Arc::clone(&file), range, text };
    edits.extend(entries.iter().map(|entry| edit(entry.removed, String::new())));
    if let Some(group) = group {
        let written: Vec<&str> = entries.iter().map(|entry| entry.written.slice(source.text())).collect();
        let (at, text) = into_group(&source, facts, &file, group, &written)?;
        edits.push(edit(TextRange::empty(at), text));
    }
    // Two edits of one list on one line meet at the comma.
    let mut ranges: Vec<TextRange> = edits.iter().map(|edit| edit.range).collect();
    ranges.sort_by_key(|range| range.start());
    if ranges.windows(2).any(|pair| matches!(pair, [one, other] if one.end() > other.start())) {
        return None;
    }
    edits.extend(of_lock(facts, install, &file, members, extra, group)?);
    Some(edits)
}

/// The files that edits change, quoted and listed.
pub(super) fn files_of(edits: &[Edit]) -> String {
    let mut files: Vec<String> = edits.iter().map(|edit| format!("`{}`", edit.file)).collect();
    files.dedup();
    listed(&files)
}

/// The edits of the lock of the project: none where it has no lock.
fn of_lock(
    facts: &Facts<'_>,
    install: &PythonInstall,
    manifest: &str,
    members: &[&Root],
    extra: Option<&PackageName>,
    group: Option<&str>,
) -> Option<Vec<Edit>> {
    let folder = parent(manifest);
    let beside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let exists = |name: &str| facts.workspace.list(folder).iter().any(|entry| entry.name == name);
    if ["poetry.lock", "pdm.lock", "pylock.toml"].iter().any(|name| exists(name)) {
        return None;
    }
    if !exists("uv.lock") {
        // The lock of a workspace lies elsewhere.
        return (install.tool != Tool::UvSync && install.lock.is_none()).then(Vec::new);
    }
    let path = beside("uv.lock");
    let (source, lock) = (facts.workspace.read(&path).ok()?, facts.workspace.lock(&path).ok()?);
    let parsed = facts.workspace.pyproject(manifest).ok()?;
    let names: BTreeSet<PackageName> = members.iter().map(|root| root.requirement.name.clone()).collect();
    let removal = Removal { project: parsed.name.as_ref()?, extra, names, group };
    // A package may be named twice, for different platforms.
    if members.len() != removal.names.len() || !facts.is_only_reader_of(&path) {
        return None;
    }
    let file: Arc<str> = Arc::from(path.as_str());
    let edits = relocked(source.text(), &lock, &removal)?;
    Some(edits.into_iter().map(|(range, text)| Edit { file: Arc::clone(&file), range, text }).collect())
}

/// One string in an array of TOML.
struct ArrayEntry {
    /// The string with its quotes.
    written: TextRange,
    /// What goes with it: its comma, its line where it is alone there.
    removed: TextRange,
}

impl ArrayEntry {
    /// The entry whose content is at `range`.
    fn of(text: &str, range: TextRange) -> Option<Self> {
        let (start, end) = ((range.start() as usize).checked_sub(1)?, range.end() as usize + 1);
        let (open, close) = (text.get(start..start + 1)?, text.get(end - 1..end)?);
        if open != close || !matches!(open, "\"" | "'") {
            return None;
        }
        let written = TextRange::from_usize(start, end);
        let rest = text.get(end..)?;
        let comma = rest.find(|character| character != ' ').filter(|&at| rest.as_bytes().get(at) == Some(&b','));
        let behind = end + comma.map_or(0, |at| at + 1);
        let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        let line_end = text.get(behind..)?.find('\n').map(|at| behind + at + 1)?;
        let (before, after) = (text.get(line..start)?, text.get(behind..line_end)?);
        if before.trim().is_empty() && after.trim().is_empty() {
            return Some(Self { written, removed: TextRange::from_usize(line, line_end) });
        }
        if comma.is_some() {
            let gap = text.get(behind..)?.find(|character| character != ' ')?;
            // The last of a line keeps the line end; a comment behind it may be about it.
            let is_inside = matches!(text.get(behind + gap..behind + gap + 1), Some("\"" | "'"));
            return is_inside.then(|| Self { written, removed: TextRange::from_usize(start, behind + gap) });
        }
        let is_last = rest.trim_start_matches(' ').starts_with(']');
        let front = text.get(..start)?.trim_end_matches(' ');
        (is_last && front.ends_with(','))
            .then(|| Self { written, removed: TextRange::from_usize(front.len() - 1, end) })
    }
}

/// Where the strings `written` go in the manifest to be of the group, and how.
fn into_group(
    source: &SourceFile,
    facts: &Facts<'_>,
    manifest: &str,
    group: &str,
    written: &[&str],
) -> Option<(u32, String)> {
    let text = source.text();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let parsed = facts.workspace.pyproject(manifest).ok()?;
    let Some(there) = parsed.groups.get(group) else {
        let has_table = text.lines().any(|line| line.trim() == "[dependency-groups]");
        let lines: String = written.iter().flat_map(|entry| ["    ", entry, ",", newline]).collect();
        let list = format!("{group} = [{newline}{lines}]{newline}");
        if has_table {
            let at = text.find("[dependency-groups]")?;
            let behind = at + text.get(at..)?.find('\n')? + 1;
            return Some((u32::try_from(behind).ok()?, list));
        }
        let gap = if text.ends_with('\n') { newline.to_owned() } else { newline.repeat(2) };
        return Some((u32::try_from(text.len()).ok()?, format!("{gap}[dependency-groups]{newline}{list}")));
    };
    // Behind the last entry, as that one is written.
    let last = there.requirements.iter().max_by_key(|requirement| requirement.range.end())?;
    let (start, end) = (last.range.start() as usize, last.range.end() as usize);
    let quote = text.get(end..end + 1).filter(|quote| matches!(*quote, "\"" | "'"))?;
    let written_before = text.get(..start)?.strip_suffix(quote)?;
    let indent = written_before.rsplit('\n').next()?;
    let separator = if indent.trim().is_empty() { format!(",{newline}{indent}") } else { ", ".to_owned() };
    let added: String = written.iter().flat_map(|entry| [separator.as_str(), entry]).collect();
    Some((last.range.end() + 1, added))
}
