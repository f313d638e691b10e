use super::super::{Argument, Invocation};
use super::Options;

/// What `apt-get` or `apt` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AptAction {
    /// `update`: fetches the package lists.
    Update,
    /// `install`, `upgrade`, `dist-upgrade`, `full-upgrade`, `build-dep`, `satisfy`.
    Install,
    /// `remove`, `purge`, `autoremove`.
    Remove,
    /// `clean` and `autoclean`: archives, not lists.
    Clean,
    /// Anything else.
    Other,
}

/// An invocation of `apt-get`, `apt` or `aptitude`.
#[derive(Debug)]
pub struct Apt<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: AptAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, and operands behind the subcommand.
    pub options: Options<'i>,
}

const WITH_VALUE: &[&str] = &[
    "-o",
    "--option",
    "-c",
    "--config-file",
    "-t",
    "--target-release",
    "--default-release",
    "-a",
    "--host-architecture",
];

impl<'i> Apt<'i> {
    /// Reads an invocation of apt; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if !matches!(invocation.program.as_str(), "apt-get" | "apt" | "aptitude") {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let action = match subcommand.value.known()? {
            "update" => AptAction::Update,
            "install" | "upgrade" | "dist-upgrade" | "full-upgrade" | "build-dep" | "satisfy" | "reinstall" => {
                AptAction::Install
            }
            "remove" | "purge" | "autoremove" | "autopurge" => AptAction::Remove,
            "clean" | "autoclean" | "distclean" => AptAction::Clean,
            _ => AptAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }

    /// Names of the packages that are known, without version and architecture.
    pub fn packages(&self) -> impl Iterator<Item = (&'i str, &'i Argument)> + '_ {
        self.options.operands.iter().filter_map(|&(_, argument)| {
            let text = argument.value.known()?;
            if is_archive(text) {
                return Some((text, argument));
            }
            Some((text.split(['=', '/', ':']).next().unwrap_or(text), argument))
        })
    }

    /// `--no-install-recommends`, `--install-recommends` or the same as `-o`: what the command line says, if anything.
    #[must_use]
    pub fn recommends(&self) -> Option<bool> {
        if self.options.has(&["--no-install-recommends", "--without-recommends", "-R"]) {
            return Some(false);
        }
        if self.options.has(&["--install-recommends"]) {
            return Some(true);
        }
        self.options.values(&["-o", "--option"]).find_map(|value| recommends_option(value.text()))
    }
}

/// Whether a word names a package file rather than a package.
#[must_use]
pub fn is_archive(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(_, extension)| extension == "deb")
}

/// `APT::Install-Recommends=0` as an option or a line of a configuration file.
pub(in crate::facts) fn recommends_option(text: &str) -> Option<bool> {
    let lower = text.to_ascii_lowercase();
    let (_, value) = lower.split_once("apt::install-recommends")?;
    let value = value.trim_start_matches([' ', '=', '"', '\'', '\\', '\t']);
    let off = ["0", "false", "no", "off", "without"].iter().any(|word| value.starts_with(word));
    Some(!off)
}
