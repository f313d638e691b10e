//! Whose home folder a command works with, and where tools keep their caches in it.

use crate::catalogue::Distribution;
use crate::dockerfile::Value;

use super::commands::Options;
use super::paths::resolve;
use super::{Facts, Invocation, Run, StageFacts};

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

    /// Folders that can be the home of whoever runs the invocation, without a slash at the end. Several when the base image
    /// decides.
    #[must_use]
    pub fn homes(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Vec<String> {
        if invocation.other_user {
            return vec!["/root".to_owned()];
        }
        if let Some(home) = self.variable(run, invocation, "HOME").and_then(Value::known) {
            return vec![home.trim_end_matches('/').to_owned()];
        }
        if let Some(home) = run.state.home() {
            // `adduser --system app` of Debian makes no home, and nobody else can.
            if self.has_no_home(stage, run) {
                return Vec::new();
            }
            return vec![home.trim_end_matches('/').to_owned()];
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

    /// Whether the user of a `RUN` was made as one of Debian's system without a home.
    fn has_no_home(&self, stage: &StageFacts, run: &Run) -> bool {
        let Some(user) = run.state.user.as_ref().and_then(Value::known) else { return false };
        let runs = std::iter::once(stage).chain(self.ancestors(stage)).flat_map(|stage| &stage.runs);
        let makes_it = |invocation: &Invocation| {
            let options = Options::read(
                &invocation.arguments,
                &["--shell", "--uid", "--gid", "--ingroup", "--gecos", "--comment"],
            );
            options.has(&["--system"])
                && !options.flags.iter().any(|flag| flag.name.starts_with("--home"))
                && (0..options.operands.len()).any(|place| options.word(place) == Some(user))
        };
        runs.into_iter()
            .filter(|run| stage.image.distribution != Distribution::Alpine && !run.opaque)
            .flat_map(|run| &run.invocations)
            .any(|invocation| invocation.program == "adduser" && makes_it(invocation))
    }

    /// A folder below the first of [`Facts::homes`], as messages name it: `~/.npm` where nothing tells which home it is.
    #[must_use]
    pub fn shown_folder(&self, run: &Run, invocation: &Invocation, folder: &str) -> String {
        match folder.strip_prefix("/root/").filter(|_| self.is_home_guessed(run, invocation)) {
            Some(rest) => format!("~/{rest}"),
            None => folder.to_owned(),
        }
    }

    /// `USER 1001` without `HOME`, or `sudo -u "$USERNAME"`: the folder could be anywhere.
    fn is_home_guessed(&self, run: &Run, invocation: &Invocation) -> bool {
        if invocation.other_user {
            return !self.is_plain_sudo(invocation);
        }
        let home = self.variable(run, invocation, "HOME").is_some() || run.state.home().is_some();
        run.state.user.is_some() && !home
    }

    /// Whether the command runs as root through `sudo` without flags, which could choose another user or keep the caller's home.
    #[must_use]
    pub fn is_plain_sudo(&self, invocation: &Invocation) -> bool {
        let rest = invocation.range.slice(self.source.text()).strip_prefix("sudo ");
        let program = invocation.path.known().unwrap_or_default();
        rest.is_some_and(|rest| rest.trim_start().starts_with(program))
    }
}
