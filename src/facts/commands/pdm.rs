use super::super::{Argument, Invocation};
use super::Options;

/// What `pdm` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PdmAction {
    /// `pdm install` and `pdm sync`
    Install,
    /// `pdm add` and `pdm update`
    Add,
    /// `pdm cache clear` for all kinds or for what was downloaded
    CacheClear,
    /// Anything else.
    Other,
}

/// An invocation of `pdm`.
#[derive(Debug)]
pub struct Pdm<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: PdmAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, those before the subcommand included, and operands behind it.
    pub options: Options<'i>,
}

/// Options of pdm 2.29 that take a value, from `pdm --help`, `pdm install --help` and `pdm add --help`.
const WITH_VALUE: &[&str] = &[
    "-c",
    "--config",
    "-p",
    "--project",
    "-L",
    "--lockfile",
    "-k",
    "--skip",
    "-C",
    "--config-setting",
    "-G",
    "--group",
    "--with",
    "--without",
    "--venv",
    "--override",
    "-e",
    "--editable",
    "--exclude-newer",
    "--python",
    "--platform",
    "--implementation",
];

impl<'i> Pdm<'i> {
    /// Reads an invocation of `pdm`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "pdm" {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let words: Vec<&str> = options.operands.iter().map(|(_, word)| word.value.text()).collect();
        let action = match (subcommand.value.known()?, words.as_slice()) {
            // `i` is pdm's own short name.
            ("install" | "i" | "sync", _) => PdmAction::Install,
            ("add" | "update", _) => PdmAction::Add,
            ("cache", ["clear"] | ["clear", "http", ..]) => PdmAction::CacheClear,
            _ => PdmAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }
}
