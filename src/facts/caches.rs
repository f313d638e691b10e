//! What becomes of the folders that tools write besides what they are asked for.

use crate::dockerfile::{UNKNOWN, Value};

use super::commands::removal;
use super::paths::{is_below, resolve};
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

/// Where a tool keeps a cache.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CacheFolders {
    /// Absolute paths that it can be at.
    pub folders: Vec<String>,
    /// How a command of the same script names it: `~` where the home folder is whatever the user's is.
    pub word: String,
}

impl CacheFolders {
    /// The folder that a setting names, as the command finds it.
    #[must_use]
    pub fn named(invocation: &Invocation, value: &Value) -> Self {
        let path = value.known().zip(invocation.workdir.known()).map(|(path, workdir)| resolve(workdir, path));
        let word = path.clone().unwrap_or_default();
        Self { folders: path.into_iter().collect(), word }
    }

    /// Folders of this name below it.
    #[must_use]
    pub fn below(&self, name: &str) -> Vec<String> {
        self.folders.iter().map(|folder| format!("{folder}/{name}")).collect()
    }

    /// The word with `rest` behind it, when a shell reads it as that one word.
    #[must_use]
    pub fn shell_word(&self, rest: &str) -> Option<String> {
        let plain = |character: char| character.is_ascii_alphanumeric() || "/._-~+@%".contains(character);
        let home = self.word.strip_prefix("~/").unwrap_or(&self.word);
        let safe = !home.is_empty() && !home.contains('~') && home != "/" && home.chars().all(plain);
        safe.then(|| format!("{}{rest}", self.word))
    }
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
        let removals: Vec<_> = self.effective_after(stage, run, index).filter_map(removal).collect();
        if any(&|folder| removals.iter().any(|removal| removal.covers(folder))) {
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

    /// Where a tool that goes by the XDG folders keeps the cache called `name`: what the first known one of `variables` says,
    /// else below `XDG_CACHE_HOME` or the home folders. Empty when that is not known.
    #[must_use]
    pub fn cache_folders(
        &self,
        stage: &StageFacts,
        run: &Run,
        invocation: &Invocation,
        variables: &[&str],
        name: &str,
    ) -> CacheFolders {
        let named = variables.iter().find_map(|variable| self.variable(run, invocation, variable));
        if let Some(named) = named.filter(|value| !value.text().is_empty()) {
            return CacheFolders::named(invocation, named);
        }
        if let Some(base) = self.variable(run, invocation, "XDG_CACHE_HOME").filter(|value| !value.text().is_empty()) {
            return CacheFolders::named(invocation, &Value::new(format!("{}/{name}", base.text())));
        }
        let folders: Vec<String> =
            self.homes(stage, run, invocation).into_iter().map(|home| format!("{home}/.cache/{name}")).collect();
        let own_home = invocation.other_user || self.variable(run, invocation, "HOME").is_some();
        let word = match folders.as_slice() {
            [folder, ..] if own_home => folder.clone(),
            _ => format!("~/.cache/{name}"),
        };
        CacheFolders { folders, word }
    }

    /// Folders that can be the home of whoever runs the invocation. Several when the base image decides.
    #[must_use]
    pub fn homes(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Vec<String> {
        if invocation.other_user {
            return vec!["/root".to_owned()];
        }
        if let Some(home) = self.variable(run, invocation, "HOME").and_then(Value::known) {
            return vec![home.to_owned()];
        }
        if let Some(home) = run.state.home() {
            return vec![home];
        }
        let mut homes = vec!["/root".to_owned()];
        homes.extend(stage.image.default_user.iter().map(|user| format!("/home/{user}")));
        // A `USER` by number or variable: the mounts of the RUN tell which home is meant.
        let hints = run.mounts.iter().filter_map(|mount| mount.target.known());
        let folders = ["/.cache", "/.npm", "/.yarn/berry", "/.local/share/pnpm"];
        let home = |path: &str| {
            let at = folders.iter().find_map(|folder| path.find(folder))?;
            path.get(..at).map(str::to_owned)
        };
        homes.extend(hints.filter_map(home));
        homes
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
