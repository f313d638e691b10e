//! `COPY` and `ADD`: what they put where, and the way back.

use std::collections::{BTreeSet, HashMap};

use crate::dockerfile::{Arguments, Instruction, Keyword, Value};
use crate::text::TextRange;
use crate::workspace::{join, parent};

use super::paths::{is_below, resolve, resolve_value};
use super::stages::State;
use super::{Facts, Run};

/// Where a transfer takes its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The build context.
    Context,
    /// Another stage.
    Stage(usize),
    /// Another image or a named context.
    Image(Value),
}

/// A `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Index into the Dockerfile's instructions.
    pub instruction: usize,
    /// The instruction in the Dockerfile.
    pub range: TextRange,
    /// Whether it is `ADD`, which unpacks archives and fetches URLs.
    pub add: bool,
    /// Where the files come from.
    pub source: Source,
    /// The sources, heredocs left out, with their words' ranges. From a stage they are absolute.
    pub paths: Vec<(Value, TextRange)>,
    /// Sources of the context, as written, that climb above it.
    pub escaping: Vec<(String, TextRange)>,
    /// The destination, absolute.
    pub destination: Value,
    /// Whether the destination is a folder: it ends in `/` or there are several sources.
    pub into_folder: bool,
}

pub(super) fn read(
    facts: &Facts<'_>,
    instruction: &Instruction,
    number: usize,
    state: &State,
    names: &HashMap<String, usize>,
) -> Option<Transfer> {
    let Arguments::Transfer { sources, destination, .. } = &instruction.arguments else { return None };
    let escape = facts.dockerfile.escape;
    let raw_destination = state.expand(&destination.as_ref()?.text, escape);
    let source = match instruction.flag("from").and_then(|flag| flag.value.as_deref()) {
        None => Source::Context,
        Some(from) => {
            let from = state.expand(from, escape);
            let stage = from.known().and_then(|name| stage_named(name, names, facts.stages.len().saturating_sub(1)));
            stage.map_or(Source::Image(from), Source::Stage)
        }
    };
    let heredoc = |range: TextRange| instruction.heredocs.iter().any(|heredoc| heredoc.word == range);
    let mut escaping = Vec::new();
    let paths: Vec<_> = sources
        .iter()
        .filter(|word| !heredoc(word.range))
        .map(|word| {
            let path = state.expand(&word.text, escape);
            if source == Source::Context && path.known().is_some_and(climbs_out) {
                escaping.push((path.text().to_owned(), word.range));
            }
            let path = match path.known() {
                Some(known) if source != Source::Context => Value::new(resolve("/", known)),
                Some(known) if !known.contains("://") => Value::new(resolve("", known).trim_start_matches('/')),
                _ => path,
            };
            (path, word.range)
        })
        .collect();
    let ends_like_folder = raw_destination.text().ends_with('/')
        || raw_destination.text().ends_with("/.")
        || raw_destination.text() == ".";
    Some(Transfer {
        instruction: number,
        range: instruction.range,
        add: instruction.keyword == Keyword::Add,
        into_folder: ends_like_folder || sources.len() > 1,
        destination: resolve_value(&state.workdir, &raw_destination),
        source,
        paths,
        escaping,
    })
}

/// Whether a path of the context leads above it. Docker then reads below the context all the same.
fn climbs_out(path: &str) -> bool {
    let mut depth = 0_i32;
    path.split('/').any(|part| {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        depth < 0
    })
}

/// A stage by name or number, as `COPY --from` names it. `current` is the stage that asks.
pub(super) fn stage_named(name: &str, names: &HashMap<String, usize>, current: usize) -> Option<usize> {
    names.get(&name.to_lowercase()).copied().or_else(|| name.parse().ok().filter(|&index: &usize| index < current))
}

/// How far stage copies are followed back.
const DEPTH_LIMIT: u32 = 16;

impl Facts<'_> {
    /// What `COPY` and `ADD` name of the context, as it is written.
    pub(super) fn context_sources(&self) -> impl Iterator<Item = &str> {
        let transfers = self.stages.iter().flat_map(|stage| &stage.transfers);
        let transfers = transfers.filter(|transfer| transfer.source == Source::Context);
        transfers.flat_map(|transfer| &transfer.paths).filter_map(|(source, _)| source.known())
    }

    /// The files of the context of at most `max_bytes` that a `COPY` takes and that are wanted by their path in it; relative to the root.
    #[must_use]
    pub(super) fn copied_sources(&self, max_bytes: u64, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let context = self.service.context.as_str();
        let tree = self.shipped_tree();
        // Of a repository of many services each takes its own folder: what others have is not looked at.
        let sources = self.context_sources();
        let files: BTreeSet<&str> = sources
            .flat_map(|source| tree.matching(source))
            .filter(|file| file.bytes <= max_bytes && is_wanted(&file.path))
            .map(|file| file.path.as_str())
            .collect();
        files.into_iter().filter_map(|path| join(context, path)).collect()
    }

    /// The file or folder of the context (relative to the workspace's root) that stands at `path` in stage `stage` when its
    /// instruction number `before` runs. Follows stage copies and bind mounts of `run`. `None` when it is not from the context.
    #[must_use]
    pub fn origin(&self, stage: usize, before: usize, path: &str, run: Option<&[super::Mount]>) -> Option<String> {
        if let Some(found) = run.and_then(|mounts| self.mounted(mounts, path)) {
            return Some(found);
        }
        self.copied(stage, before, path, 0)
    }

    /// [`Facts::origin`] for a path as a command of `run` names it.
    #[must_use]
    pub fn origin_in(&self, stage: usize, run: &Run, workdir: &Value, path: &str) -> Option<String> {
        let path = resolve_value(workdir, &Value::new(path));
        self.origin(stage, run.instruction, path.known()?, Some(&run.mounts))
    }

    /// [`Facts::origin_in`], and where the base image decides in which folder `run` works, which nobody knows, the one copied file
    /// that a relative path can mean; with it whether that is a guess. Nothing may be changed by what a guess tells.
    #[must_use]
    pub fn likely_origin_in(&self, stage: usize, run: &Run, workdir: &Value, path: &str) -> Option<(String, bool)> {
        if let Some(found) = self.origin_in(stage, run, workdir, path) {
            return Some((found, false));
        }
        if path.starts_with('/') || !self.works_in_unknown_folder(stage, run, workdir) {
            return None;
        }
        let facts = self.stages.get(stage)?;
        let chain = std::iter::once(facts).chain(self.ancestors(facts));
        let transfers = chain.flat_map(|stage| &stage.transfers).filter_map(|transfer| transfer.destination.known());
        // `COPY requirements.txt /app` into the folder, `COPY app.txt /app/requirements.txt` under another name.
        let folders: BTreeSet<&str> = transfers.flat_map(|destination| [destination, parent(destination)]).collect();
        let found = folders.into_iter().filter_map(|folder| {
            self.origin(stage, run.instruction, &resolve(folder, path), None)
                .filter(|file| self.workspace.is_file(file))
        });
        let found: BTreeSet<String> = found.collect();
        let mut found = found.into_iter();
        found.next().filter(|_| found.next().is_none()).map(|file| (file, true))
    }

    /// Whether a command works in the folder that its base image sets, where that is not one of the official images that set none.
    fn works_in_unknown_folder(&self, stage: usize, run: &Run, workdir: &Value) -> bool {
        let Some(stage) = self.stages.get(stage) else { return false };
        let chain: Vec<_> = std::iter::once(stage).chain(self.ancestors(stage)).collect();
        let sets = chain.iter().any(|stage| {
            let own = self.dockerfile.stages.get(stage.index).map(|stage| stage.instructions.clone());
            own.into_iter().flatten().take_while(|number| *number < run.instruction).any(|number| {
                self.dockerfile
                    .instructions
                    .get(number)
                    .is_some_and(|instruction| instruction.keyword == Keyword::Workdir)
            })
        });
        let root = chain.last().map_or(stage, |stage| *stage);
        let official = root.image.is_known && !root.image.repository.contains('/');
        let own = workdir.known().is_none_or(|folder| folder == "/");
        own && !sets && matches!(root.base, super::Base::Image(_)) && !official
    }

    fn mounted(&self, mounts: &[super::Mount], path: &str) -> Option<String> {
        mounts.iter().filter(|mount| mount.kind == "bind" && mount.from.is_none()).find_map(|mount| {
            let target = mount.target.known()?;
            let source = mount.source.as_ref().map_or(Some(""), Value::known)?;
            let rest = is_below(path, target).then(|| path.strip_prefix(target).unwrap_or_default())?;
            self.context_path(&resolve("", &format!("{source}/{rest}")))
        })
    }

    fn copied(&self, stage: usize, before: usize, path: &str, depth: u32) -> Option<String> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        let facts = self.stages.get(stage)?;
        let earlier = facts.transfers.iter().rev().filter(|transfer| transfer.instruction < before);
        for transfer in earlier {
            let Some(destination) = transfer.destination.known() else { continue };
            for (source, _) in &transfer.paths {
                let Some(source) = source.known() else { continue };
                for candidate in candidates(source, destination, path) {
                    let found = match transfer.source {
                        Source::Context => self.context_path(&format!("/{candidate}")),
                        Source::Stage(from) => self.copied(from, usize::MAX, &resolve("/", &candidate), depth + 1),
                        Source::Image(_) => None,
                    };
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        match facts.base {
            super::Base::Stage(parent) => self.copied(parent, usize::MAX, path, depth + 1),
            _ => None,
        }
    }

    /// The workspace path of a path of the context, when something stands there.
    pub(super) fn context_path(&self, path: &str) -> Option<String> {
        let path = path.trim_matches('/');
        let context = self.service.context.as_str();
        let full = match (context, path) {
            ("", path) => path.to_owned(),
            (context, "") => context.to_owned(),
            (context, path) => format!("{context}/{path}"),
        };
        (full.is_empty() || self.workspace.exists(&full)).then_some(full)
    }
}

/// Which source paths could have become `path`.
pub(super) fn candidates(source: &str, destination: &str, path: &str) -> Vec<String> {
    if !is_below(path, destination) {
        return Vec::new();
    }
    let rest = path.strip_prefix(destination).unwrap_or_default().trim_start_matches('/');
    let mut candidates = Vec::new();
    let name = super::paths::file_name(source);
    if name.contains(['*', '?', '[']) {
        let folder = source.strip_suffix(name).unwrap_or_default();
        let first = rest.split('/').next().unwrap_or_default();
        if glob_matches(name, first) {
            candidates.push(format!("{folder}{rest}"));
        }
        return candidates;
    }
    // A folder gives its content, a file itself.
    if rest.is_empty() {
        candidates.push(source.to_owned());
    } else {
        candidates.push(format!("{source}/{rest}"));
        // A folder that exists takes the file into it, with or without a slash at the end of its name.
        if rest == name {
            candidates.push(source.to_owned());
        }
    }
    candidates
}

/// `*` and `?` of one path part; a class counts as a match of anything.
pub(in crate::facts) fn glob_matches(pattern: &str, name: &str) -> bool {
    if pattern.contains('[') {
        return !name.is_empty();
    }
    matches(pattern.as_bytes(), name.as_bytes(), &mut 10_000)
}

/// `budget` bounds the work that a pattern of many stars asks for.
pub(super) fn matches(pattern: &[u8], name: &[u8], budget: &mut u32) -> bool {
    *budget = budget.saturating_sub(1);
    if *budget == 0 {
        return false;
    }
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, name, budget) || name.split_first().is_some_and(|(_, tail)| matches(pattern, tail, budget))
        }
        (Some((b'?', rest)), Some((_, tail))) => matches(rest, tail, budget),
        (Some((left, rest)), Some((right, tail))) if left == right => matches(rest, tail, budget),
        _ => false,
    }
}
