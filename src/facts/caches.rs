//! What becomes of the folders that tools write besides what they are asked for.

use crate::dockerfile::{UNKNOWN, Value};

use super::commands::removal;
use super::paths::is_below;
use super::transfer::Source;
use super::{Facts, Invocation, Run, StageFacts, Transfer};

/// What becomes of a folder that a command fills.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is in a layer of an image that is shipped.
    Kept,
    /// It lies on a cache or tmpfs mount, so it never is in a layer.
    Mounted,
    /// A later command deletes it: of the same `RUN`, or of any later one in a stage from which only files are copied.
    Removed,
    /// No shipped image takes it from the stage.
    NotShipped,
}

impl Facts<'_> {
    /// What becomes of `folders` (absolute; the same content seen under several possible paths counts when one path is
    /// mounted or removed), filled by the invocation at `index` of `run`.
    #[must_use]
    pub fn fate(&self, stage: &StageFacts, run: &Run, index: usize, folders: &[String]) -> Fate {
        let any = |holds: &dyn Fn(&str) -> bool| folders.iter().any(|folder| holds(folder));
        if any(&|folder| is_mounted(run, folder)) {
            return Fate::Mounted;
        }
        // `rm -rf ~/.cache/pip` of a user whose home the base image decides may well be the folder.
        let removals: Vec<_> = self.effective_after(stage, run, index).filter_map(removal).collect();
        if any(&|folder| removals.iter().any(|removal| removal.covers(folder) || removal.may_cover(folder))) {
            return Fate::Removed;
        }
        if !any(&|folder| self.reaches_final(stage.index, folder)) {
            return Fate::NotShipped;
        }
        Fate::Kept
    }

    /// The commands behind the invocation at `index` of `run` that can take away what it wrote: those of the same `RUN`, and,
    /// where the stage's layers are in no image that is shipped, those of its later `RUN`s too.
    pub fn effective_after<'a>(
        &'a self,
        stage: &'a StageFacts,
        run: &'a Run,
        index: usize,
    ) -> impl Iterator<Item = &'a Invocation> {
        let files_only = !self.is_in_final(stage.index);
        let later = stage.runs.iter().filter(move |later| files_only && later.instruction > run.instruction);
        let behind = run.invocations.iter().skip(index + 1).chain(later.flat_map(|later| &later.invocations));
        behind.filter(|invocation| invocation.guard != super::Guard::Never)
    }

    /// The `RUN`s that have the layer of `run` below them: the later ones of its stage, and those of stages built on it.
    #[must_use]
    pub fn runs_after<'a>(&'a self, stage: &StageFacts, run: &Run) -> Vec<&'a Run> {
        let heirs = self.descendants(stage.index).into_iter().filter_map(|index| self.stages.get(index));
        heirs.flat_map(|heir| &heir.runs).filter(|other| other.instruction > run.instruction).collect()
    }

    /// Whether another stage or image takes the content of `folder` (absolute) on purpose, and not with all that is around it.
    #[must_use]
    pub fn is_taken(&self, stage: usize, folder: &str) -> bool {
        let parent = folder.rsplit_once('/').map_or("/", |(parent, _)| parent);
        let holders = self.descendants(stage);
        let takes = |path: &Value| path.known().is_some_and(|path| is_below(path, parent) || is_below(path, folder));
        let from_holder =
            |transfer: &&Transfer| matches!(transfer.source, Source::Stage(from) if holders.contains(&from));
        let transfers = self.stages.iter().flat_map(|stage| &stage.transfers).filter(from_holder);
        transfers.flat_map(|transfer| &transfer.paths).any(|(path, _)| takes(path))
    }

    /// The value of an environment variable for an invocation: the script's, else the stage's.
    #[must_use]
    pub fn variable<'a>(&self, run: &'a Run, invocation: &'a Invocation, name: &str) -> Option<&'a Value> {
        invocation.variable(name).or_else(|| run.state.environment.get(name).map(|variable| &variable.value))
    }
}

/// Whether a cache or tmpfs mount of the `RUN` takes what is written below `folder`, or may do so.
#[must_use]
pub fn is_mounted(run: &Run, folder: &str) -> bool {
    run.mounts.iter().any(|mount| {
        let on_it = match mount.target.known() {
            Some(target) => is_below(folder, target),
            // `target=$CACHE` may be anywhere.
            None => folder.starts_with(mount.target.text().split(UNKNOWN).next().unwrap_or_default()),
        };
        matches!(mount.kind.as_str(), "cache" | "tmpfs") && on_it
    })
}
