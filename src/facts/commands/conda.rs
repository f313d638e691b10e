use super::super::{Argument, Invocation};
use super::Options;

/// What conda is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CondaAction {
    /// `conda install`, `conda create`, `conda update`, `conda env create` and `conda env update`.
    Install,
    /// `conda clean`
    Clean,
    /// Anything else.
    Other,
}

/// An invocation of `conda`, `mamba` or `micromamba`.
#[derive(Debug)]
pub struct Conda<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: CondaAction,
    /// The words that say so: `env create`.
    pub subcommand: Vec<&'i Argument>,
    /// Flags, and operands behind the subcommand.
    pub options: Options<'i>,
}

/// Options that take a value, from the help of `conda install`, `conda env create` and `micromamba install`.
const WITH_VALUE: &[&str] = &[
    "-n",
    "--name",
    "-p",
    "--prefix",
    "-c",
    "--channel",
    "--file",
    "--solver",
    "--experimental-solver",
    "--clone",
    "--subdir",
    "--platform",
    "--repodata-fn",
    "-r",
    "--root-prefix",
    "--rc-file",
    "--category",
    "--tempfiles",
];

impl<'i> Conda<'i> {
    /// Reads an invocation of `conda`, `mamba` or `micromamba`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if !matches!(invocation.program.as_str(), "conda" | "mamba" | "micromamba") {
            return None;
        }
        let cleans = invocation.has_argument("clean");
        // `-f` names a file for `conda env create`, and forces `conda clean`.
        let with_value: Vec<&str> = WITH_VALUE.iter().copied().chain((!cleans).then_some("-f")).collect();
        let with_value: Vec<&str> = with_value.into_iter().filter(|flag| !(cleans && is_clean_flag(flag))).collect();
        let mut options = Options::read(&invocation.arguments, &with_value);
        let (action, length) = match (options.word(0)?, options.word(1)) {
            ("install" | "create" | "update" | "upgrade", _) => (CondaAction::Install, 1),
            ("env", Some("create" | "update")) => (CondaAction::Install, 2),
            ("clean", _) => (CondaAction::Clean, 1),
            _ => (CondaAction::Other, 1),
        };
        let subcommand = options.operands.drain(..length).map(|(_, argument)| argument).collect();
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether the archives that were downloaded are deleted. `-p` alone deletes unpacked packages that no environment uses, and
    /// `-i` the channels' indexes.
    #[must_use]
    pub fn deletes_archives(&self) -> bool {
        self.action == CondaAction::Clean
            && self.options.has(&["-a", "--all", "-t", "--tarballs", "-f", "--force-pkgs-dirs"])
            && !self.options.has(&["--dry-run", "-d"])
    }
}

/// `-p` and `-c` mean something else to `conda clean`.
fn is_clean_flag(flag: &str) -> bool {
    matches!(flag, "-p" | "-c" | "-f")
}
