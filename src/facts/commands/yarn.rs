use super::super::{Argument, Invocation};
use super::Options;

/// What `yarn` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum YarnAction {
    /// `yarn`, `yarn install`, `yarn add`, `yarn upgrade`, `yarn workspaces focus` and the like.
    Install,
    /// `yarn global add`, which only Yarn 1 has.
    GlobalAdd,
    /// `yarn cache clean` of everything.
    CacheClean,
    /// `yarn cache dir`, which prints where the cache is.
    CacheFolder,
    /// `yarn set version` and `yarn policies set-version`: another Yarn from here on.
    SetVersion,
    /// Anything else.
    Other,
}

/// An invocation of `yarn`, of any version.
#[derive(Debug)]
pub struct Yarn<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: YarnAction,
    /// The words that say so; none for `yarn` alone.
    pub subcommand: Vec<&'i Argument>,
    /// Flags, those before the subcommand included, and operands behind it.
    pub options: Options<'i>,
}

/// Options of Yarn 1.22 that take a value, from `yarn install --help`, and `--cwd`, which all versions know.
const WITH_VALUE: &[&str] = &[
    "--cwd",
    "--cache-folder",
    "--preferred-cache-folder",
    "--use-yarnrc",
    "--modules-folder",
    "--global-folder",
    "--link-folder",
    "--mutex",
    "--network-timeout",
    "--network-concurrency",
    "--registry",
    "--proxy",
    "--https-proxy",
    "--prefix",
    "--har",
    "--otp",
];

impl<'i> Yarn<'i> {
    /// Reads an invocation of `yarn` or `yarnpkg`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if !matches!(invocation.program.as_str(), "yarn" | "yarnpkg") {
            return None;
        }
        let mut options = Options::read(&invocation.arguments, WITH_VALUE);
        let word = |index: usize| match options.operands.get(index) {
            Some((_, argument)) => argument.value.known().map(Some),
            None => Some(None),
        };
        let words = (word(0)?, word(1)?, word(2)?);
        let (action, length) = match words {
            (None, ..) if options.has(&["--version", "-v", "--help", "-h"]) => (YarnAction::Other, 0),
            (None, ..) => (YarnAction::Install, 0),
            (Some("install" | "add" | "upgrade" | "up"), ..) => (YarnAction::Install, 1),
            (Some("workspaces"), Some("focus"), _) => (YarnAction::Install, 2),
            (Some("workspace"), Some(_), Some("add" | "install" | "upgrade" | "up")) => (YarnAction::Install, 3),
            (Some("global"), Some("add" | "upgrade"), _) => (YarnAction::GlobalAdd, 2),
            // With names behind it, it empties the cache of those packages alone.
            (Some("cache"), Some("clean"), None) => (YarnAction::CacheClean, 2),
            (Some("cache"), Some("dir"), _) => (YarnAction::CacheFolder, 2),
            (Some("set"), Some("version"), _) | (Some("policies"), Some("set-version"), _) => {
                (YarnAction::SetVersion, 2)
            }
            (Some(_), ..) => (YarnAction::Other, 1),
        };
        let subcommand = options.operands.drain(..length).map(|(_, argument)| argument).collect();
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether it brings packages into the image.
    #[must_use]
    pub fn installs(&self) -> bool {
        matches!(self.action, YarnAction::Install | YarnAction::GlobalAdd)
    }

    /// Whether the command line is one that only Yarn 2 and later understand (true) or only Yarn 1 (false), where it tells.
    #[must_use]
    pub fn is_modern(&self) -> Option<bool> {
        let word = self.subcommand.first().and_then(|word| word.value.known());
        if self.options.has(&["--immutable", "--immutable-cache", "--check-cache"]) || word == Some("workspaces") {
            return Some(true);
        }
        let classic = ["--production", "--prod", "--pure-lockfile", "--ignore-engines", "--ignore-scripts"];
        (self.action == YarnAction::GlobalAdd || self.options.has(&classic)).then_some(false)
    }
}
