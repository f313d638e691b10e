use super::super::{Argument, Invocation};
use super::Options;

/// What `pnpm` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PnpmAction {
    /// `pnpm install` and `pnpm ci`: what the lock names.
    Install,
    /// `pnpm add`, `pnpm update`: asks the registry for versions.
    Add,
    /// `pnpm fetch`: fills the store for a later `pnpm install --offline`.
    Fetch,
    /// `pnpm deploy`
    Deploy,
    /// `pnpm prune`, `pnpm remove`
    Prune,
    /// `pnpm store prune`
    StorePrune,
    /// `pnpm store path`, which prints where the store is.
    StorePath,
    /// Anything else.
    Other,
}

/// An invocation of `pnpm`.
#[derive(Debug)]
pub struct Pnpm<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: PnpmAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, those before the subcommand included, and operands behind it.
    pub options: Options<'i>,
}

/// Options of pnpm 9 that take a value, from `pnpm help install`, `pnpm help add` and `pnpm help recursive`.
const WITH_VALUE: &[&str] = &[
    "-C",
    "--dir",
    "--prefix",
    "-F",
    "--filter",
    "--filter-prod",
    "--store-dir",
    "--cache-dir",
    "--package-import-method",
    "--registry",
    "--loglevel",
    "--reporter",
    "--virtual-store-dir",
    "--modules-dir",
    "--lockfile-dir",
    "--node-linker",
    "--network-concurrency",
    "--child-concurrency",
    "--workspace-concurrency",
    "--fetch-timeout",
    "--fetch-retries",
    "--global-dir",
    "--global-bin-dir",
];

impl<'i> Pnpm<'i> {
    /// Reads an invocation of `pnpm`; `None` for other programs and for `pnpm` alone, which prints its help.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "pnpm" {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let action = match (subcommand.value.known()?, options.word(0)) {
            ("install" | "i" | "ci" | "clean-install", None) => PnpmAction::Install,
            ("install" | "i" | "add" | "update" | "up" | "upgrade", _) => PnpmAction::Add,
            ("fetch", _) => PnpmAction::Fetch,
            ("deploy", _) => PnpmAction::Deploy,
            ("prune" | "remove" | "rm" | "uninstall" | "un", _) => PnpmAction::Prune,
            ("store", Some("prune")) => PnpmAction::StorePrune,
            ("store", Some("path")) => PnpmAction::StorePath,
            _ => PnpmAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }
}
