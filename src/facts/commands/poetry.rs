use super::super::{Argument, Invocation};
use super::Options;

/// What `poetry` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PoetryAction {
    /// `poetry install` and `poetry sync`
    Install,
    /// `poetry add` and `poetry update`
    Add,
    /// `poetry export`
    Export,
    /// `poetry cache clear`
    CacheClear,
    /// Anything else.
    Other,
}

/// An invocation of `poetry`.
#[derive(Debug)]
pub struct Poetry<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: PoetryAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags and operands.
    pub options: Options<'i>,
}

const WITH_VALUE: &[&str] = &[
    "--without",
    "--with",
    "--only",
    "-E",
    "--extras",
    "-C",
    "--directory",
    "-P",
    "--project",
    "-f",
    "--format",
    "-o",
    "--output",
    "-G",
    "--group",
    "--source",
    "--python",
    "--platform",
];

impl<'i> Poetry<'i> {
    /// Reads an invocation of `poetry`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "poetry" {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let action = match (subcommand.value.known()?, options.word(0)) {
            ("install" | "sync", _) => PoetryAction::Install,
            ("add" | "update", _) => PoetryAction::Add,
            ("export", _) => PoetryAction::Export,
            ("cache", Some("clear")) => PoetryAction::CacheClear,
            _ => PoetryAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }
}
