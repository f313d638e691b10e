//! Commands that give files of earlier layers another owner or mode, which writes the whole files once more.

use rustc_hash::FxHashSet;

use crate::dockerfile::{Keyword, Value};
use crate::text::TextRange;
use crate::workspace::parent;

use super::super::commands::removal;
use super::super::paths::{file_name, is_below, resolve};
use super::super::{Base, Facts, Guard, Invocation, Run, Source, StageFacts, Transfer};
use super::gone::Gone;
use super::modes::is_usual;
use super::recursive::{Named, OwnershipAction, Recursive};
use super::written::written;
use super::{WORTH_BYTES, Way, kinds, on_mount};

/// How far copies between stages are followed back.
const DEPTH_LIMIT: u32 = 6;

/// A recursive `chown`, `chgrp` or `chmod` over files that earlier layers hold.
#[derive(Debug)]
pub struct OwnershipChange<'f> {
    /// The command.
    pub invocation: &'f Invocation,
    /// What it changes.
    pub action: OwnershipAction,
    /// The owner, group or mode that it gives, where one is named.
    pub given: Option<Value>,
    /// The folders that it names, absolute, as far as they hold something.
    pub folders: Vec<String>,
    /// The same as a message names them: as written, where nothing tells to which folder they are relative.
    pub names: Vec<String>,
    /// What earlier layers hold in them, in order.
    pub held: Vec<Held>,
    /// What later commands of the `RUN` change of the same folders: what they do, and what they give.
    pub also: Vec<(OwnershipAction, Option<Value>)>,
}

/// Files that a layer holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The folder or file, absolute.
    pub path: String,
    /// How they came there.
    pub way: Way,
    /// Index of the instruction that brought them into this image.
    pub instruction: usize,
    /// The command or the instruction.
    pub range: TextRange,
    /// Their bytes, where they can be told.
    pub bytes: Option<u64>,
    /// Whether there may be more bytes than that.
    pub at_least: bool,
    /// How the bytes are known.
    pub source: ByteSource,
    /// Whether they are Python packages.
    pub is_python: bool,
}

/// Where the bytes of files come from that a layer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteSource {
    /// Measured in the context.
    Context,
    /// The lock's sizes of wheels.
    Lock,
    /// The catalogue, or nothing.
    Catalogue,
}

impl Facts<'_> {
    /// The commands of `run` that change the owner or mode of what earlier layers of the same shipped image hold. Of several over the
    /// same folder the first writes the files.
    #[must_use]
    pub fn ownership_changes<'f>(&'f self, stage: &'f StageFacts, run: &'f Run) -> Vec<OwnershipChange<'f>> {
        if !self.is_in_final(stage.index) || self.runs_in_others(run) {
            return Vec::new();
        }
        let is_placed = self.knows_folder(stage, run.instruction);
        let mut done: Vec<String> = Vec::new();
        let mut found: Vec<OwnershipChange<'f>> = Vec::new();
        let certain = |(_, invocation): &(usize, &Invocation)| invocation.guard == Guard::Always;
        for (index, invocation) in run.invocations.iter().enumerate().filter(certain) {
            let Some(recursive) = Recursive::read(invocation) else { continue };
            let mut held: Vec<Held> = Vec::new();
            let (mut folders, mut names) = (Vec::new(), Vec::new());
            for Named { path, without_hidden, relative } in recursive.paths.clone() {
                if let Some(first) = found.iter_mut().find(|change| change.folders.contains(&path)) {
                    first.also.push((recursive.action, recursive.given.clone()));
                }
                if done.iter().any(|done| is_below(&path, done)) || on_mount(run, &path) {
                    continue;
                }
                let mut here = self.held(stage, run.instruction, &path, 0);
                here.retain(|one| !without_hidden || !is_hidden(&one.path, &path));
                here.retain(|one| self.may_change(stage, run, invocation, one));
                here.retain(|one| !self.has_owner_already(stage, one, &recursive));
                here.retain(|one| !self.was_given_before(stage, one, &recursive, run.instruction));
                here.retain(|one| !self.keeps_owner(stage, one, &recursive));
                // `chgrp -R 0 /srv && chmod -R g=u /srv` is said of the first.
                let changes_mode = |later: &Invocation| {
                    Recursive::read(later).is_some_and(|later| {
                        later.action == OwnershipAction::Mode && later.paths.iter().any(|named| named.path == path)
                    })
                };
                let is_alone = !run.invocations.iter().skip(index + 1).any(changes_mode);
                here.retain(|one| !(is_alone && self.has_roots_group_already(stage, one, &recursive)));
                let removals = || run.invocations.iter().take(index).filter_map(removal);
                here.retain(|one| !removals().any(|removal| removal.deletes(&one.path)));
                // `chgrp -R www-data` behind `COPY --chown=app:www-data` writes nothing; `chmod -R` behind it does.
                if !here.is_empty() {
                    done.push(path.clone());
                }
                if is_worth_a_word(&here) {
                    names.push(relative.filter(|_| !is_placed).unwrap_or_else(|| path.clone()));
                    folders.push(path);
                    held.extend(here.into_iter().filter(|one| !done_before(&done, &one.path)));
                }
            }
            if !held.is_empty() {
                held.sort_by_key(|one| (one.instruction, one.range));
                let Recursive { action, given, .. } = recursive;
                found.push(OwnershipChange { invocation, action, given, folders, names, held, also: Vec::new() });
            }
        }
        found
    }

    /// Whether paths that are not absolute are known to stand below `/` or a `WORKDIR` of this file.
    fn knows_folder(&self, stage: &StageFacts, before: usize) -> bool {
        let root = self.chain(stage).last().unwrap_or(stage);
        let own = |stage: &StageFacts| self.dockerfile.stages.get(stage.index).map(|stage| stage.instructions.clone());
        let sets = |number: usize| {
            let instruction = self.dockerfile.instructions.get(number).filter(|_| number < before);
            instruction.is_some_and(|instruction| instruction.keyword == Keyword::Workdir)
        };
        root.image.is_known
            || !matches!(root.base, Base::Image(_))
            || self.chain(stage).filter_map(own).flatten().any(sets)
    }

    /// What the layers below and in `stage`, as far as instruction `before`, evidently hold at or below `path` (absolute).
    pub(in crate::facts) fn held(&self, stage: &StageFacts, before: usize, path: &str, depth: u32) -> Vec<Held> {
        let mut found = Vec::new();
        if depth > DEPTH_LIMIT {
            return found;
        }
        let mut seen = FxHashSet::default();
        let commands: usize =
            self.runs_before_instruction(stage, before).map(|(_, run)| run.invocations.len() + 1).sum();
        for holder in self.chain(stage) {
            for transfer in holder.transfers.iter().filter(|transfer| transfer.instruction < before) {
                let gone = self.removals_behind(stage, before, transfer.instruction);
                let brought = self.held_by_transfer(transfer, path, depth, &gone, &mut seen);
                if !self.afford_comparisons(4 + brought.len() * commands) {
                    return Vec::new();
                }
                let stays = |one: &Held| {
                    let mut later = self
                        .runs_before_instruction(stage, before)
                        .filter(|(_, other)| other.instruction > transfer.instruction);
                    !later.any(|(_, other)| super::deletes(other, 0, &one.path) || moves_out(other, 0, &one.path, path))
                };
                found.extend(brought.into_iter().filter(stays));
            }
        }
        for (holder, run) in self.runs_before_instruction(stage, before) {
            if !self.afford_comparisons(4 * run.invocations.len() + 4) {
                return Vec::new();
            }
            let written = self.held_by_run(holder, run, path);
            if !self.afford_comparisons(written.len() * commands) {
                return Vec::new();
            }
            let stays = |one: &Held| {
                let mut later = self
                    .runs_before_instruction(stage, before)
                    .filter(|(_, other)| other.instruction > run.instruction);
                !later.any(|(_, other)| super::deletes(other, 0, &one.path) || moves_out(other, 0, &one.path, path))
            };
            found.extend(written.into_iter().filter(stays));
        }
        found
    }

    /// Whether the user of the step is one who can change files: root, or their owner. `chmod -R go-w /app || true` behind `USER node` changes
    /// none of root's.
    fn may_change(&self, stage: &StageFacts, run: &Run, invocation: &Invocation, held: &Held) -> bool {
        let user = run.state.user_name().map_or_else(|| "0".to_owned(), |user| self.user_of(stage, user));
        // A copy between stages keeps owners.
        let instruction = self.dockerfile.instructions.get(held.instruction);
        let is_kept = held.way == Way::Taken && instruction.is_none_or(|copy| copy.flag("chown").is_none());
        user == "0"
            || invocation.other_user
            || is_kept
            || self.owner_before(stage, held, run.instruction).is_none_or(|owner| self.user_of(stage, &owner) == user)
    }

    /// Whether files have the owner that `chown` gives them. They are written again all the same where the builder's file system copies
    /// a file on any change, but not everywhere.
    pub(super) fn has_owner_already(&self, stage: &StageFacts, held: &Held, change: &Recursive) -> bool {
        // Git keeps files with 644 and 755, so that each can be read by all.
        if change.action == OwnershipAction::Mode && held.way == Way::Copied && change.known().is_some_and(is_usual) {
            return true;
        }
        if change.action == OwnershipAction::Group {
            let owner = self.owner_as_brought(stage, held);
            let group = owner.as_deref().and_then(|owner| owner.split_once(':')).map(|(_, group)| group);
            return group.is_some() && group == change.known();
        }
        let Some(given) = change.owner() else { return false };
        self.owner_as_brought(stage, held).is_none_or(|owner| self.user_of(stage, &owner) == self.user_of(stage, given))
    }

    /// Whether `chgrp` gives the group, root's, that a copy without an owner gave.
    fn has_roots_group_already(&self, stage: &StageFacts, held: &Held, change: &Recursive) -> bool {
        change.action == OwnershipAction::Group
            && matches!(change.known(), Some("0" | "root"))
            && held.way == Way::Copied
            && self.owner_as_brought(stage, held).as_deref() == Some("root")
    }

    /// Whether an earlier command gave the files what this one gives them: `chown -R app /srv/venv` in the step that made it, then
    /// `chown -R app /srv`. What has its owner and mode already comes into no layer.
    pub(super) fn was_given_before(&self, stage: &StageFacts, held: &Held, now: &Recursive, before: usize) -> bool {
        let Some(given) = now.known() else { return false };
        let same = |earlier: &str| match now.action {
            OwnershipAction::Mode | OwnershipAction::Group => earlier == given,
            OwnershipAction::Owner => self.user_of(stage, earlier) == self.user_of(stage, given),
        };
        let mut runs =
            self.runs_before_instruction(stage, before).filter(|(_, run)| run.instruction >= held.instruction);
        runs.any(|(_, run)| {
            let certain = run.invocations.iter().filter(|invocation| invocation.guard == Guard::Always);
            let behind = certain.filter(|invocation| {
                run.instruction > held.instruction || invocation.range.start() > held.range.start()
            });
            behind.filter_map(Recursive::read).any(|earlier| {
                earlier.action == now.action
                    && earlier.given.as_ref().and_then(Value::known).is_some_and(same)
                    && earlier.paths.iter().any(|named| !named.without_hidden && is_below(&held.path, &named.path))
            })
        })
    }

    fn runs_before_instruction<'f>(
        &'f self,
        stage: &'f StageFacts,
        before: usize,
    ) -> impl Iterator<Item = (&'f StageFacts, &'f Run)> {
        let runs = self.chain(stage).flat_map(|stage| stage.runs.iter().map(move |run| (stage, run)));
        runs.filter(move |(_, run)| run.instruction < before && !self.runs_in_others(run))
    }

    fn held_by_transfer(
        &self,
        transfer: &Transfer,
        path: &str,
        depth: u32,
        gone: &Gone,
        seen: &mut FxHashSet<String>,
    ) -> Vec<Held> {
        let Some(destination) = transfer.destination.known() else { return Vec::new() };
        let instruction = self.dockerfile.instructions.get(transfer.instruction);
        let is_trigger = instruction.is_none_or(|it| it.keyword == Keyword::Onbuild);
        let excludes = instruction.is_some_and(|it| it.flag("exclude").is_some());
        if is_trigger || excludes || !(is_below(destination, path) || is_below(path, destination)) {
            return Vec::new();
        }
        let held = |path: String, way: Way, bytes: Option<u64>| Held {
            path,
            way,
            instruction: transfer.instruction,
            range: transfer.range,
            bytes,
            at_least: bytes.is_none(),
            source: ByteSource::Context,
            is_python: false,
        };
        let mut found = Vec::new();
        let mut sum = 0;
        for source in transfer.paths.iter().filter_map(|(source, _)| source.known()) {
            match &transfer.source {
                Source::Context if source.contains("://") => {}
                // What an archive becomes is not known.
                Source::Context if transfer.add && kinds::is_unpacked(source) => {}
                Source::Context => {
                    let is_gone = |file: &str| gone.len() > 0 && self.afford_comparisons(gone.len()) && gone.has(file);
                    self.landed(transfer, source, destination, &mut |file, bytes| {
                        if is_below(&file, path) && !is_gone(&file) && seen.insert(file) {
                            sum += bytes;
                        }
                    });
                }
                Source::Stage(from) => {
                    let Some(from) = self.stages.get(*from) else { continue };
                    let inner = match path.strip_prefix(destination).filter(|_| is_below(path, destination)) {
                        Some(rest) => resolve("/", &format!("{source}/{rest}")),
                        None => source.to_owned(),
                    };
                    for one in self.held(from, usize::MAX, &inner, depth + 1) {
                        let rest = one.path.strip_prefix(source).unwrap_or_default();
                        let arrived = resolve("/", &format!("{destination}/{rest}"));
                        found.push(Held {
                            instruction: transfer.instruction,
                            range: transfer.range,
                            path: arrived,
                            way: Way::Taken,
                            ..one
                        });
                    }
                }
                Source::Image(_) => {}
            }
        }
        if sum > 0 {
            let place = if is_below(path, destination) { path } else { destination };
            // Of what is deleted by its name only a part is left.
            let bytes = Some(sum).filter(|_| !gone.takes_some(place));
            found.push(held(place.to_owned(), Way::Copied, bytes));
        }
        found
    }

    /// What the commands of a `RUN` write below `path` and leave there.
    fn held_by_run(&self, stage: &StageFacts, run: &Run, path: &str) -> Vec<Held> {
        let mut found = self.installed(stage, run, path);
        for (index, invocation) in run.invocations.iter().enumerate() {
            if invocation.guard != Guard::Always || matches!(invocation.program.as_str(), "python" | "virtualenv") {
                continue;
            }
            for written in written(invocation) {
                let gone = on_mount(run, &written.path)
                    || super::deletes(run, index + 1, &written.path)
                    || moves_out(run, index + 1, &written.path, path)
                    || written.way == Way::Unpacked
                        && (moves_another_out(run, index + 1, &written.path, path)
                            || !is_told_where(invocation) && self.loses_another(stage, run, index, &written.path));
                if is_below(&written.path, path) && written.path != "/" && !gone {
                    found.push(Held {
                        path: written.path,
                        way: written.way,
                        instruction: run.instruction,
                        range: invocation.range,
                        bytes: None,
                        at_least: true,
                        source: ByteSource::Catalogue,
                        is_python: false,
                    });
                }
            }
        }
        for model in self.baked_models(stage, run) {
            let range = run.invocations.get(model.invocation).map(|invocation| invocation.range);
            if let (Some(place), Some(range)) = (model.place, range)
                && is_below(&place, path)
            {
                let (way, instruction) = (Way::Downloaded, run.instruction);
                let source = ByteSource::Catalogue;
                let bytes = None;
                found.push(Held {
                    path: place,
                    way,
                    instruction,
                    range,
                    bytes,
                    at_least: true,
                    source,
                    is_python: false,
                });
            }
        }
        found
    }

    /// Whether commands behind the one at `index`, which unpacks an archive under names that nobody knows, delete or move a folder beside
    /// `path` that no step made before: `unzip fonts.zip && install ./Sans_Print/*.ttf /usr/share/fonts && rm -rf ./Sans_Print`.
    fn loses_another(&self, stage: &StageFacts, run: &Run, index: usize, path: &str) -> bool {
        let always = |it: &&Invocation| it.guard == Guard::Always;
        let behind = run.invocations.iter().skip(index + 1).filter(always);
        let is_beside = |other: &str| parent(other) == parent(path) && !other.contains(['*', '?']);
        let lost = behind.flat_map(|invocation| match invocation.program.as_str() {
            "rm" => removal(invocation).map(|removal| removal.paths).unwrap_or_default(),
            "mv" => moved(invocation),
            _ => Vec::new(),
        });
        let lost: Vec<String> =
            lost.map(|path| path.trim_end_matches('/').to_owned()).filter(|it| is_beside(it)).collect();
        lost.iter().any(|other| {
            let made = |invocation: &Invocation| super::names(invocation, other);
            let before = self.runs_before(stage, run).flat_map(|(_, run)| &run.invocations);
            !before.chain(run.invocations.iter().take(index + 1)).any(made)
                && self.origin(stage.index, run.instruction, other, Some(&run.mounts)).is_none()
        })
    }

    /// Python packages that a `RUN` installs below `path`.
    fn installed(&self, stage: &StageFacts, run: &Run, path: &str) -> Vec<Held> {
        let mut found: Vec<Held> = Vec::new();
        for install in self.python_installs().iter().filter(|install| install.stage == stage.index) {
            let Some((_, own, invocation)) = self.site_of(install) else { continue };
            if own.instruction != run.instruction || install.guard != Guard::Always {
                continue;
            }
            let Some(folder) = self.certain_holder(install).filter(|folder| is_below(folder, path)) else { continue };
            let next = install.invocation + 1;
            if on_mount(run, &folder) || super::deletes(run, next, &folder) || moves_out(run, next, &folder, path) {
                continue;
            }
            let sum = self.closure(install).total();
            let bytes = Some(sum.on_disk(install.compiles.unwrap_or_default())).filter(|bytes| *bytes > 0);
            found.push(Held {
                path: folder,
                way: Way::Made,
                instruction: run.instruction,
                range: invocation.range,
                bytes,
                at_least: bytes.is_none() || sum.unknown > 0 || install.unknown,
                source: if sum.exact > 0 { ByteSource::Lock } else { ByteSource::Catalogue },
                is_python: true,
            });
        }
        found
    }
}

/// Whether a command of `run` from the one at `first` on moves `path` out of `folder`: `mv node_modules ../`.
fn moves_out(run: &Run, first: usize, path: &str, folder: &str) -> bool {
    let moves = run.invocations.iter().skip(first).filter(|it| it.program == "mv" && it.guard == Guard::Always);
    moves.into_iter().any(|invocation| {
        let Some(workdir) = invocation.workdir.known() else { return false };
        let words = invocation.arguments.iter().map(|word| &word.value).filter(|word| !word.text().starts_with('-'));
        let places: Option<Vec<String>> = words.map(|word| Some(resolve(workdir, word.known()?))).collect();
        let Some((destination, sources)) = places.as_deref().and_then(<[String]>::split_last) else { return false };
        !is_below(destination, folder) && sources.iter().any(|source| is_below(path, source))
    })
}

/// Whether a command moves what lies beside `path` out of `folder`: what a packed file becomes need not be called like it, `tar -xf
/// openjdk-11_linux.tar.gz && mv jdk-11 /usr/lib/jvm`.
fn moves_another_out(run: &Run, first: usize, path: &str, folder: &str) -> bool {
    let moves = run.invocations.iter().skip(first).filter(|it| it.program == "mv" && it.guard == Guard::Always);
    moves.into_iter().any(|invocation| {
        let Some(workdir) = invocation.workdir.known() else { return false };
        let words = invocation.arguments.iter().map(|word| &word.value).filter(|word| !word.text().starts_with('-'));
        let words: Vec<&Value> = words.collect();
        let Some((destination, sources)) = words.split_last() else { return false };
        let leaves = destination.known().is_none_or(|it| !is_below(&resolve(workdir, it), folder));
        // It shares the first letters of its name, or those of the version, with what it came from: `jdk-11.0.2` of `openjdk-11.0.2_linux`.
        let stem = |name: &str| name.split(['-', '_', '.']).find(|part| part.len() > 2).unwrap_or_default().to_owned();
        let is_beside = |source: &str| {
            let source = resolve(workdir, source);
            let (own, packed) = (file_name(&source), file_name(path));
            parent(&source) == parent(path) && !stem(own).is_empty() && packed.contains(&stem(own))
        };
        leaves && sources.iter().any(|source| source.known().is_none_or(is_beside))
    })
}

/// What `mv` takes away from where it is, absolute.
fn moved(invocation: &Invocation) -> Vec<String> {
    let Some(workdir) = invocation.workdir.known() else { return Vec::new() };
    let words = invocation.arguments.iter().filter_map(|word| word.value.known()).filter(|word| !word.starts_with('-'));
    let mut paths: Vec<String> = words.map(|word| resolve(workdir, word)).collect();
    let destination = paths.pop().unwrap_or_default();
    // It stays below the folder.
    paths.retain(|path| !is_below(&destination, parent(path)));
    paths
}

/// Whether a command says where it unpacks an archive: `unzip -d /opt`, `tar -C /opt`.
fn is_told_where(invocation: &Invocation) -> bool {
    ["-d", "-C"].iter().any(|flag| invocation.has_argument(flag))
}

fn done_before(done: &[String], path: &str) -> bool {
    let before = done.split_last().map_or(&[][..], |(_, before)| before);
    before.iter().any(|done| is_below(path, done))
}

/// Whether `path` is hidden in `folder`, or below something that is.
fn is_hidden(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.trim_start_matches('/').starts_with('.'))
}

/// Few bytes are not worth a word; unknown ones are, of what rarely is small.
fn is_worth_a_word(held: &[Held]) -> bool {
    let known: u64 = held.iter().filter_map(|one| one.bytes).sum();
    known >= WORTH_BYTES || held.iter().any(|one| one.bytes.is_none())
}
