use super::super::{Argument, Invocation};
use super::Options;

/// What `uv` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UvAction {
    /// `uv sync`
    Sync,
    /// `uv pip install`
    PipInstall,
    /// `uv pip sync`
    PipSync,
    /// `uv pip uninstall`
    PipUninstall,
    /// `uv pip compile`
    PipCompile,
    /// `uv export`
    Export,
    /// `uv lock`
    Lock,
    /// `uv add`
    Add,
    /// `uv tool install`
    ToolInstall,
    /// `uv run`
    Run,
    /// `uv cache clean` or `uv cache prune`
    CacheClean,
    /// Anything else.
    Other,
}

/// An invocation of `uv`.
#[derive(Debug)]
pub struct Uv<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: UvAction,
    /// The last word that says so: `install` of `uv pip install`.
    pub subcommand: &'i Argument,
    /// Flags, those before the subcommand included, and operands behind it.
    pub options: Options<'i>,
}

/// Options of uv 0.13 that take a value, from the help of `uv sync`, `uv pip install`, `uv export`, `uv run` and `uv`.
const WITH_VALUE: &[&str] = &[
    "-r",
    "--requirements",
    "--requirement",
    "-c",
    "--constraints",
    "--constraint",
    "--overrides",
    "--override",
    "--excludes",
    "-e",
    "--editable",
    "-b",
    "--build-constraints",
    "--build-constraint",
    "--extra",
    "--no-extra",
    "--group",
    "--no-group",
    "--only-group",
    "--package",
    "--index",
    "--default-index",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-P",
    "--upgrade-package",
    "--reinstall-package",
    "--index-strategy",
    "--keyring-provider",
    "--resolution",
    "--prerelease",
    "--fork-strategy",
    "--exclude-newer",
    "--exclude-newer-package",
    "--link-mode",
    "-C",
    "--config-setting",
    "--config-settings",
    "--config-settings-package",
    "--no-build-isolation-package",
    "--no-build-package",
    "--no-binary-package",
    "--no-binary",
    "--only-binary",
    "--cache-dir",
    "-p",
    "--python",
    "--python-version",
    "--python-platform",
    "--target",
    "-t",
    "--prefix",
    "--color",
    "--directory",
    "--project",
    "--config-file",
    "--allow-insecure-host",
    "--torch-backend",
    "--no-install-package",
    "--format",
    "-o",
    "--output-file",
    "--with",
    "--with-editable",
    "--with-requirements",
    "--env-file",
    "--from",
    "--no-emit-package",
    "--prune",
    "--annotation-style",
    "-m",
    "--module",
    "--python-preference",
    "--no-sources-package",
];

impl<'i> Uv<'i> {
    /// Reads an invocation of `uv`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "uv" {
            return None;
        }
        let (first, mut options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let word = first.value.known()?;
        let two_words = matches!(word, "pip" | "cache" | "tool");
        let second = options.word(0);
        let action = match (word, second) {
            ("sync", _) => UvAction::Sync,
            ("export", _) => UvAction::Export,
            ("lock", _) => UvAction::Lock,
            ("add", _) => UvAction::Add,
            ("run", _) => UvAction::Run,
            ("pip", Some("install")) => UvAction::PipInstall,
            ("pip", Some("sync")) => UvAction::PipSync,
            ("pip", Some("uninstall")) => UvAction::PipUninstall,
            ("pip", Some("compile")) => UvAction::PipCompile,
            ("cache", Some("clean" | "prune")) => UvAction::CacheClean,
            ("tool", Some("install")) => UvAction::ToolInstall,
            _ => UvAction::Other,
        };
        let second = if two_words && second.is_some() { options.take_operand() } else { None };
        let subcommand = second.unwrap_or(first);
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether it brings packages into the image.
    #[must_use]
    pub fn installs(&self) -> bool {
        matches!(
            self.action,
            UvAction::Sync | UvAction::PipInstall | UvAction::PipSync | UvAction::Add | UvAction::ToolInstall
        )
    }

    /// Whether the command line itself keeps nothing in the cache.
    #[must_use]
    pub fn disables_cache(&self) -> bool {
        self.options.has(&["--no-cache", "--no-cache-dir", "-n"])
    }
}
