//! What `uv lock` would leave of a lock when a project asks for less.
//!
//! To ask for less changes no version: `uv lock` keeps what is pinned as long as it fits. So the new lock is the old one without the
//! lines that named the dependency, and without the packages that nothing leads to any more. Where that is not certain, there is no
//! answer.

use std::collections::{BTreeSet, HashSet};

use crate::python::PackageName;
use crate::text::TextRange;

use super::{Edge, Lock, LockKind};

/// Dependencies that a project no longer has where it had them.
#[derive(Clone, Debug)]
pub struct Removal<'a> {
    /// The project.
    pub project: &'a PackageName,
    /// The extra that named them; `None` for the project's own dependencies.
    pub extra: Option<&'a PackageName>,
    /// Which.
    pub names: BTreeSet<PackageName>,
    /// The group of `[dependency-groups]` that has them from now on.
    pub group: Option<&'a str>,
}

/// The ranges of the text of a `uv.lock` to replace, in order, so that it is the lock of the project after `removal`; `None` where
/// that is not certain.
#[must_use]
pub fn relocked(text: &str, lock: &Lock, removal: &Removal<'_>) -> Option<Vec<(TextRange, String)>> {
    if text.contains('\r') {
        return with_carriage_returns(text, removal);
    }
    if lock.kind != LockKind::Uv || lock.conflicts {
        return None;
    }
    let project = *lock.places(removal.project).iter().find(|&&place| is_local(lock, place))?;
    let block = Block::of(text, lock, project)?;
    let mut edits = block.edits(removal)?;
    if removal.group.is_none() {
        // What is not reached as it stands was reached in a way that is not understood.
        let whole = reached(lock, |_, _, _| false);
        if whole.packages().len() != lock.packages.len() {
            return None;
        }
        let is_cut = |from: usize, extra: Option<&PackageName>, edge: &Edge| {
            from == project && extra == removal.extra && removal.names.contains(&edge.name)
        };
        let kept = reached(lock, is_cut);
        let mut gone: Vec<TextRange> = Vec::new();
        let packages = kept.packages();
        for (place, package) in lock.packages.iter().enumerate() {
            if packages.contains(&place) {
                let idle = |(extra, _): &&(PackageName, Vec<Edge>)| !kept.0.contains(&(place, Some(extra)));
                let idle: Vec<&str> = package.extras.iter().filter(idle).map(|(extra, _)| extra.as_str()).collect();
                if !idle.is_empty() {
                    edits.extend(Block::of(text, lock, place)?.without_extras(&idle, package.extras.len())?);
                }
                continue;
            }
            // An edge that tells two versions apart would be written in another way when one of them is gone.
            if package.is_local || lock.places(&package.name).len() > 1 {
                return None;
            }
            let range = Block::of(text, lock, place)?.range;
            match gone.last_mut() {
                Some(last) if last.end() == range.start() => *last = TextRange::new(last.start(), range.end()),
                _ => gone.push(range),
            }
        }
        // A block ends with the empty line behind it, the last one with the file.
        if let Some(last) = gone.last_mut().filter(|last| last.end() as usize == text.len()) {
            *last = TextRange::new(last.start().checked_sub(1)?, last.end());
        }
        edits.extend(gone.into_iter().map(|range| (range, String::new())));
    }
    edits.sort_by_key(|(range, _)| range.start());
    Some(edits)
}

/// uv ends lines with a line feed; git may check them out in another way.
fn with_carriage_returns(text: &str, removal: &Removal<'_>) -> Option<Vec<(TextRange, String)>> {
    let plain = text.replace("\r\n", "\n");
    if plain.contains('\r') || plain.matches('\n').count() != text.matches('\r').count() {
        return None;
    }
    let edits = relocked(&plain, &Lock::parse(&plain), removal)?;
    let original = |at: u32| Some(at as usize + plain.get(..at as usize)?.matches('\n').count());
    let converted = edits.into_iter().map(|(range, text)| {
        let range = TextRange::from_usize(original(range.start())?, original(range.end())?);
        Some((range, text.replace('\n', "\r\n")))
    });
    converted.collect()
}

fn is_local(lock: &Lock, place: usize) -> bool {
    lock.packages.get(place).is_some_and(|package| package.is_local || package.is_virtual)
}

/// Packages, and extras of them, that something leads to.
struct Reached<'l>(HashSet<(usize, Option<&'l PackageName>)>);

impl Reached<'_> {
    fn packages(&self) -> HashSet<usize> {
        self.0.iter().map(|(place, _)| *place).collect()
    }
}

/// What the local projects lead to, with all of their extras and groups, on whatever platform.
fn reached(lock: &Lock, is_cut: impl Fn(usize, Option<&PackageName>, &Edge) -> bool) -> Reached<'_> {
    let mut seen: HashSet<(usize, Option<&PackageName>)> = HashSet::new();
    let mut queue: Vec<(usize, Option<&PackageName>)> = Vec::new();
    let targets = |edge: &Edge| -> Vec<usize> {
        let fits = |place: &&usize| {
            lock.packages.get(**place).is_some_and(|package| {
                edge.version.as_deref().is_none_or(|version| package.version == version)
                    && edge.source.as_deref().is_none_or(|source| package.source.as_deref() == Some(source))
            })
        };
        lock.places(&edge.name).iter().filter(fits).copied().collect()
    };
    let local: Vec<usize> = (0..lock.packages.len()).filter(|&place| is_local(lock, place)).collect();
    for &place in &local {
        queue.push((place, None));
        queue.extend(
            lock.packages
                .get(place)
                .into_iter()
                .flat_map(|package| &package.extras)
                .map(|(extra, _)| (place, Some(extra))),
        );
    }
    let of_groups = local.iter().filter_map(|&place| lock.packages.get(place)).flat_map(|package| &package.groups);
    for edge in of_groups.chain(&lock.groups).flat_map(|(_, edges)| edges).chain(&lock.requirements) {
        for to in targets(edge) {
            queue.push((to, None));
            queue.extend(edge.extras.iter().map(|extra| (to, Some(extra))));
        }
    }
    while let Some((place, extra)) = queue.pop() {
        let Some(package) = lock.packages.get(place).filter(|_| seen.insert((place, extra))) else { continue };
        let edges = extra.map_or(package.dependencies.as_slice(), |extra| package.extra(extra));
        for edge in edges.iter().filter(|edge| !is_cut(place, extra, edge)) {
            for to in targets(edge) {
                queue.push((to, None));
                queue.extend(edge.extras.iter().map(|extra| (to, Some(extra))));
            }
        }
    }
    Reached(seen)
}

/// What the lock says of one package, from its `[[package]]` to the next.
struct Block<'t> {
    text: &'t str,
    range: TextRange,
}

/// One line of a list in a block.
#[derive(Clone, Copy, Debug)]
struct Entry<'t> {
    /// `package.optional-dependencies`; empty for the table of the package itself.
    table: &'t str,
    /// The key whose list it stands in.
    key: &'t str,
    /// The line with its line end.
    range: TextRange,
    line: &'t str,
}

impl<'t> Entry<'t> {
    fn value(&self, key: &str) -> Option<&'t str> {
        let (_, rest) = self.line.split_once(&format!(" {key} = \""))?;
        rest.split('"').next()
    }

    fn is_of(&self, extra: Option<&PackageName>) -> bool {
        let marker = self.value("marker").unwrap_or_default();
        match extra {
            None => !marker.contains("extra =="),
            Some(extra) => marker.contains(&format!("extra == '{extra}'")),
        }
    }
}

const HEADER: &str = "[[package]]\n";
const OPTIONAL: &str = "\n[package.optional-dependencies]\n";
const INDENT: &str = "    ";

impl<'t> Block<'t> {
    fn of(text: &'t str, lock: &Lock, place: usize) -> Option<Self> {
        let name = lock.packages.get(place)?.range.start() as usize;
        let start = text.get(..name)?.rfind(HEADER)?;
        let behind = start + HEADER.len();
        let end = text.get(behind..)?.find(&format!("\n{HEADER}")).map_or(text.len(), |at| behind + at + 1);
        Some(Self { text, range: TextRange::from_usize(start, end) })
    }

    /// The lines of its lists. `None` when it is not written as uv writes it.
    fn entries(&self) -> Vec<Entry<'t>> {
        let (mut table, mut key) = ("", None);
        let mut found = Vec::new();
        let mut at = self.range.start();
        for line in self.range.slice(self.text).split_inclusive('\n') {
            let range = TextRange::new(at, at + line.len() as u32);
            at = range.end();
            let bare = line.trim_end();
            if let Some(header) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                (table, key) = (header.trim_matches(['[', ']']), None);
            } else if let Some(list) = bare.strip_suffix(" = [") {
                key = Some(list);
            } else if bare == "]" {
                key = None;
            } else if let Some(key) = key.filter(|_| line.starts_with(INDENT)) {
                found.push(Entry { table, key, range, line });
            } else if let Some((key, _)) = bare.split_once(" = [{ ") {
                found.push(Entry { table, key, range, line });
            }
        }
        found
    }

    /// The lists of extras that nothing asks for, out of the `all` that the package has.
    fn without_extras(&self, idle: &[&str], all: usize) -> Option<Vec<(TextRange, String)>> {
        let own = self.range.slice(self.text);
        let at = own.find(OPTIONAL)?;
        let table = own.get(at + OPTIONAL.len()..)?;
        let end = table.find("\n[").map_or(table.trim_end_matches('\n').len() + 1, |at| at + 1);
        let start = self.range.start() as usize + at;
        if idle.len() == all {
            // With the empty line in front of it, and up to the one behind.
            let end = start + OPTIONAL.len() + table.get(..end)?.trim_end_matches('\n').len() + 1;
            return Some(vec![(TextRange::from_usize(start, end), String::new())]);
        }
        let base = start + OPTIONAL.len();
        let list = |extra: &&str| -> Option<(TextRange, String)> {
            let head = format!("{extra} = [");
            let from = if table.starts_with(&head) { 0 } else { table.find(&format!("\n{head}"))? + 1 };
            let rest = table.get(from..end)?;
            let is_inline = rest.lines().next()?.ends_with(']');
            let length = if is_inline { rest.find('\n')? + 1 } else { rest.find("\n]\n")? + 3 };
            Some((TextRange::from_usize(base + from, base + from + length), String::new()))
        };
        idle.iter().map(list).collect()
    }

    fn edits(&self, removal: &Removal<'_>) -> Option<Vec<(TextRange, String)>> {
        let entries = self.entries();
        let (table, list) = match removal.extra {
            None => ("package", "dependencies"),
            Some(extra) => ("package.optional-dependencies", extra.as_str()),
        };
        let is_named = |entry: &&Entry<'_>| {
            entry.value("name").is_some_and(|name| removal.names.contains(&PackageName::new(name)))
        };
        let of = |table: &'static str, key: &str| -> Vec<Entry<'t>> {
            entries.iter().filter(|entry| entry.table == table && entry.key == key).copied().collect()
        };
        let mut edits = Vec::new();
        for (all, into) in [(of(table, list), DEV), (of("package.metadata", "requires-dist"), DEV_METADATA)] {
            let is_declared = into == DEV_METADATA;
            let is_gone = |entry: &&Entry<'_>| is_named(entry) && (!is_declared || entry.is_of(removal.extra));
            let gone: Vec<Entry<'t>> = all.iter().filter(is_gone).copied().collect();
            // One line for each, lists that are left, and each on a line of its own.
            let whole = gone.iter().all(|entry| entry.line.starts_with(INDENT));
            if gone.len() != removal.names.len() || gone.len() == all.len() || !whole {
                return None;
            }
            edits.extend(gone.iter().map(|entry| (entry.range, String::new())));
            if let Some(group) = removal.group {
                edits.extend(self.insertions(&of(into, group), into, group, &gone)?);
            }
        }
        Some(edits)
    }

    /// The lines put into the list `group` of `table`, sorted by name as uv sorts them.
    fn insertions(
        &self,
        there: &[Entry<'t>],
        table: &str,
        group: &str,
        lines: &[Entry<'t>],
    ) -> Option<Vec<(TextRange, String)>> {
        let body = |lines: &[&str]| lines.concat();
        let name = |entry: &Entry<'t>| entry.value("name").unwrap_or_default();
        if let [only] = there
            && !only.line.starts_with(INDENT)
        {
            let inner = only.line.trim_end().split_once(" = [")?.1.strip_suffix(']')?;
            let own = format!("{INDENT}{inner},\n");
            let mut all: Vec<(&str, &str)> = lines.iter().map(|entry| (name(entry), entry.line)).collect();
            all.push((name(only), &own));
            all.sort_unstable();
            let lines: Vec<&str> = all.iter().map(|(_, line)| *line).collect();
            return Some(vec![(only.range, format!("{group} = [\n{}]\n", body(&lines)))]);
        }
        if let Some(last) = there.last() {
            let insertion = |entry: &Entry<'t>| {
                let before = there.iter().find(|other| name(other) > name(entry));
                let at = before.map_or(last.range.end(), |other| other.range.start());
                (TextRange::empty(at), entry.line.to_owned())
            };
            return Some(lines.iter().map(insertion).collect());
        }
        let lines: Vec<&str> = lines.iter().map(|entry| entry.line).collect();
        let list = format!("{group} = [\n{}]\n", body(&lines));
        let own = self.range.slice(self.text);
        let behind = |header: &str| own.find(header).map(|at| self.range.start() + (at + header.len()) as u32);
        // Groups are sorted by name; a new one in front of others is right only when it sorts there.
        if let Some(at) = behind(&format!("\n[{table}]\n")) {
            let rest = TextRange::new(at, self.range.end()).slice(self.text);
            let first = rest.split(" = [").next()?;
            return (group < first).then(|| vec![(TextRange::empty(at), list)]);
        }
        let header = format!("[{table}]\n{list}");
        if table == DEV_METADATA {
            let is_last = self.range.end() as usize == self.text.len();
            let at = if is_last { self.range.end() } else { self.range.end().checked_sub(1)? };
            return Some(vec![(TextRange::empty(at), format!("\n{header}"))]);
        }
        let at = self.range.start() + u32::try_from(own.find("[package.metadata]\n")?).ok()?;
        Some(vec![(TextRange::empty(at), format!("{header}\n"))])
    }
}

const DEV: &str = "package.dev-dependencies";
const DEV_METADATA: &str = "package.metadata.requires-dev";
