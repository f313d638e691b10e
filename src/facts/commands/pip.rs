use super::super::{Argument, Invocation};
use super::Options;

/// What `pip` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PipAction {
    /// `pip install`
    Install,
    /// `pip download`
    Download,
    /// `pip wheel`
    Wheel,
    /// `pip uninstall`
    Uninstall,
    /// `pip cache purge`
    CachePurge,
    /// `pip config set NAME VALUE`
    ConfigSet,
    /// Anything else.
    Other,
}

/// An invocation of `pip`.
#[derive(Debug)]
pub struct Pip<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: PipAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, those before the subcommand included, and operands behind it.
    pub options: Options<'i>,
}

/// Options of pip 26 that take a value, from `pip install --help`, `pip download --help` and `pip wheel --help`.
pub(super) const WITH_VALUE: &[&str] = &[
    "-r",
    "--requirement",
    "--requirements",
    "-c",
    "--constraint",
    "-e",
    "--editable",
    "-t",
    "--target",
    "--platform",
    "--python-version",
    "--implementation",
    "--abi",
    "--root",
    "--prefix",
    "--src",
    "-b",
    "--build",
    "--upgrade-strategy",
    "-C",
    "--config-settings",
    "--config-setting",
    "--global-option",
    "--install-option",
    "--build-option",
    "--no-binary",
    "--only-binary",
    "--progress-bar",
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--cache-dir",
    "--timeout",
    "--default-timeout",
    "--retries",
    "--trusted-host",
    "--cert",
    "--client-cert",
    "--proxy",
    "--log",
    "--log-file",
    "--python",
    "--root-user-action",
    "--report",
    "--group",
    "--use-feature",
    "--use-deprecated",
    "--exists-action",
    "-d",
    "--dest",
    "-w",
    "--wheel-dir",
    "--keyring-provider",
    "--resume-retries",
    "--build-constraint",
    "--uploaded-prior-to",
];

impl<'i> Pip<'i> {
    /// Reads an invocation of `pip`; `None` for other programs and for `pip` alone.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "pip" {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let action = match (subcommand.value.known()?, options.word(0)) {
            ("install", _) => PipAction::Install,
            ("download", _) => PipAction::Download,
            ("wheel", _) => PipAction::Wheel,
            ("uninstall", _) => PipAction::Uninstall,
            ("cache", Some("purge")) => PipAction::CachePurge,
            ("config", Some("set")) => PipAction::ConfigSet,
            _ => PipAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether the command line itself keeps nothing in the cache. pip takes any unambiguous abbreviation, so
    /// `--no-cache` and `--no-cache-di` are `--no-cache-dir` (measured).
    #[must_use]
    pub fn disables_cache(&self) -> bool {
        self.options
            .flags
            .iter()
            .any(|flag| flag.name.starts_with("--no-ca") && "--no-cache-dir".starts_with(&*flag.name))
    }
}
