use super::super::{Argument, Invocation};
use super::Options;

/// What `apk` is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApkAction {
    /// `apk add`
    Add,
    /// `apk update`
    Update,
    /// `apk upgrade`
    Upgrade,
    /// `apk del`
    Delete,
    /// `apk cache clean` and `apk cache purge`
    CacheClean,
    /// Anything else.
    Other,
}

/// An invocation of `apk`.
#[derive(Debug)]
pub struct Apk<'i> {
    /// The invocation.
    pub invocation: &'i Invocation,
    /// What it does.
    pub action: ApkAction,
    /// The word that says so.
    pub subcommand: &'i Argument,
    /// Flags, and operands behind the subcommand.
    pub options: Options<'i>,
}

const WITH_VALUE: &[&str] = &[
    "-t",
    "--virtual",
    "-X",
    "--repository",
    "-p",
    "--root",
    "--arch",
    "--keys-dir",
    "--repositories-file",
    "--wait",
    "--cache-dir",
    "--cache-max-age",
    "--timeout",
];

impl<'i> Apk<'i> {
    /// Reads an invocation of `apk`; `None` for other programs.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program != "apk" {
            return None;
        }
        let (subcommand, options) = Options::with_subcommand(invocation, WITH_VALUE)?;
        let action = match (subcommand.value.known()?, options.word(0)) {
            ("add", _) => ApkAction::Add,
            ("update", _) => ApkAction::Update,
            ("upgrade", _) => ApkAction::Upgrade,
            ("del", _) => ApkAction::Delete,
            ("cache", Some("clean" | "purge")) => ApkAction::CacheClean,
            _ => ApkAction::Other,
        };
        Some(Self { invocation, action, subcommand, options })
    }

    /// Whether nothing is kept in `/var/cache/apk`.
    #[must_use]
    pub fn disables_cache(&self) -> bool {
        self.options.has(&["--no-cache"])
    }

    /// Names of the packages that are known, without version and repository tag.
    pub fn packages(&self) -> impl Iterator<Item = (&'i str, &'i Argument)> + '_ {
        self.options.operands.iter().filter_map(|&(_, argument)| {
            let text = argument.value.known()?;
            let end = text.find(['=', '<', '>', '~', '@']).unwrap_or(text.len());
            Some((text.get(..end).unwrap_or(text), argument))
        })
    }

    /// The name given with `--virtual`.
    #[must_use]
    pub fn virtual_package(&self) -> Option<&str> {
        self.options.value(&["-t", "--virtual"])?.known()
    }
}
