use super::super::{Argument, Invocation};
use super::Options;

/// What `npm` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NpmAction {
    /// `npm ci`, `npm install` and their other names.
    Install,
    /// `npm update`
    Update,
    /// `npm prune`
    Prune,
    /// `npm cache clean`, which npm 5 and later refuse without `--force`.
    CacheClean,
    /// Anything else.
    Other,
}

/// An invocation of `npm`.
#[derive(Debug)]
pub struct Npm<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: NpmAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags and operands.
    pub options: Options<'i>,
}

/// Options of npm 11 that take a value, from `npm help config`.
const WITH_VALUE: &[&str] = &[
    "--prefix",
    "-C",
    "--registry",
    "--loglevel",
    "--cache",
    "-w",
    "--workspace",
    "--fetch-timeout",
    "--fetch-retries",
    "--fetch-retry-mintimeout",
    "--fetch-retry-maxtimeout",
    "--omit",
    "--include",
    "--only",
    "--also",
    "--tag",
    "--userconfig",
    "--globalconfig",
    "--script-shell",
    "--install-strategy",
    "--maxsockets",
    "--location",
    "--cpu",
    "--os",
    "--libc",
    "--before",
];

impl<'i> Npm<'i> {
    /// Reads an invocation of `npm`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "npm" {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let action = match (subcommand.value.known()?, options.word(0)) {
            (
                "ci" | "clean-install" | "ic" | "install-clean" | "isntall-clean" | "install-ci-test" | "cit" | "sit"
                | "install" | "i" | "in" | "ins" | "inst" | "insta" | "instal" | "isntall" | "add" | "install-test"
                | "it",
                _,
            ) => NpmAction::Install,
            ("update" | "up" | "upgrade" | "udpate", _) => NpmAction::Update,
            ("prune", _) => NpmAction::Prune,
            ("cache", Some("clean" | "clear" | "rm")) => NpmAction::CacheClean,
            _ => NpmAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether `npm cache clean` is meant for the whole cache: with a key behind it, it deletes that entry alone.
    #[must_use]
    pub fn cleans_whole_cache(&self) -> bool {
        self.action == NpmAction::CacheClean && self.options.operands.len() == 1
    }

    /// `--force`
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.options.has(&["--force", "-f"])
    }

    /// Whether development dependencies are left out by the command line. `--omit-dev` is not a flag of npm.
    #[must_use]
    pub fn omits_dev(&self) -> bool {
        let only = |value: &crate::dockerfile::Value| matches!(value.text(), "prod" | "production");
        self.options.has(&["--production", "--only-production"])
            || self.options.uses(&["--omit"]).any(|flag| flag.value.as_ref().is_some_and(|value| value.text() == "dev"))
            || self.options.uses(&["--only"]).any(|flag| flag.value.as_ref().is_some_and(only))
    }
}
