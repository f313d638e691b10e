use super::super::{Argument, Invocation};
use super::Options;

/// What `pipenv` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PipenvAction {
    /// `pipenv install`
    Install,
    /// `pipenv sync`
    Sync,
    /// `pipenv update` and `pipenv upgrade`
    Update,
    /// `pipenv requirements`, and `pipenv lock -r` of versions before 2022.8.13: writes the lock as a requirements file.
    Export,
    /// `pipenv --clear`
    CacheClear,
    /// Anything else.
    Other,
}

/// An invocation of `pipenv`.
#[derive(Debug)]
pub struct Pipenv<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: PipenvAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, those before the subcommand included, and operands behind it.
    pub options: Options<'i>,
}

/// Options of pipenv 2026.10 that take a value, from `pipenv --help` and `pipenv install --help`.
const WITH_VALUE: &[&str] = &[
    "--python",
    "-p",
    "--pypi-mirror",
    "-r",
    "--requirements",
    "-e",
    "--editable",
    "-i",
    "--index",
    "--extra-pip-args",
    "--extra-index-url",
    "--categories",
];

impl<'i> Pipenv<'i> {
    /// Reads an invocation of `pipenv`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "pipenv" {
            return None;
        }
        let mut options = Options::read(&invocation.arguments, WITH_VALUE);
        let Some(subcommand) = options.take_operand() else {
            let subcommand = options.uses(&["--clear"]).next()?.argument;
            return Some(Self { invocation, action: PipenvAction::CacheClear, subcommand, options });
        };
        let action = match subcommand.value.known()? {
            "install" => PipenvAction::Install,
            "sync" => PipenvAction::Sync,
            "update" | "upgrade" => PipenvAction::Update,
            "requirements" => PipenvAction::Export,
            "lock" if options.has(&["-r", "--requirements"]) => {
                // `-r` of `pipenv lock -r --dev` takes no value.
                let takes = |option: &&str| !matches!(*option, "-r" | "--requirements");
                let with_value: Vec<&str> = WITH_VALUE.iter().copied().filter(takes).collect();
                options = Options::read(&invocation.arguments, &with_value);
                options.take_operand()?;
                PipenvAction::Export
            }
            _ => PipenvAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether it brings packages into the image.
    #[must_use]
    pub fn installs(&self) -> bool {
        matches!(self.action, PipenvAction::Install | PipenvAction::Sync | PipenvAction::Update)
    }
}
