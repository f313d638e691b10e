//! What is wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use crate::text::Position;
use crate::workspace::ReadError;

use super::hadolint::HadolintProblem;
use super::pattern::PatternError;

/// What says something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A file, by its absolute path.
    File(PathBuf),
    /// An option of the command line, as it was given.
    Option(String),
}

/// A configuration that cannot be used, with all that is wrong with it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the configuration cannot be used")]
pub struct ConfigError {
    /// Which.
    pub origin: Origin,
    /// What is wrong, in order of place.
    pub problems: Vec<(Option<Position>, ConfigProblem)>,
}

impl ConfigError {
    /// Whether both tell of the same places.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let places = |error: &Self| error.problems.iter().map(|(position, _)| *position).collect::<Vec<_>>();
        self.origin == other.origin && places(self) == places(other)
    }
}

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigProblem {
    /// The file is there and cannot be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The file is not UTF-8.
    #[error("a configuration is UTF-8 text; save it as such")]
    Encoding,
    /// The file is larger than any that a person writes.
    #[error("a configuration of more than 256 KiB is not read; shorten it, for instance with patterns")]
    TooLarge,
    /// A configuration of hadolint's that is named, and cannot be used.
    #[error("{0}; mend it, or name another file")]
    Hadolint(#[from] HadolintProblem),
    /// It is not TOML.
    #[error("it is not TOML: {0}")]
    Syntax(String),
    /// A file that is named as a configuration holds none.
    #[error("it holds no `[tool.slimlint]`; add the table, or name another file")]
    NoTable,
    /// A key that does not exist.
    #[error("there is no key `{name}`{}", hint(*closest, "`slimlint schema` lists all"))]
    UnknownKey {
        /// What was written.
        name: String,
        /// What may have been meant.
        closest: Option<&'static str>,
    },
    /// A name that no rule has.
    #[error("no rule or group is named `{name}`{}", hint(*closest, "`slimlint rules` lists them"))]
    UnknownRule {
        /// What was written.
        name: String,
        /// What may have been meant.
        closest: Option<&'static str>,
    },
    /// A word where another must stand.
    #[error("`{key}` cannot be `{value}`; write {}", choices(.allowed))]
    UnknownWord {
        /// The key.
        key: String,
        /// What was written.
        value: String,
        /// What can be.
        allowed: &'static [&'static str],
    },
    /// A value of another type.
    #[error("`{key}` takes {expected}, not {found}")]
    Type {
        /// The key.
        key: String,
        /// What it takes, with an example.
        expected: &'static str,
        /// What was written.
        found: &'static str,
    },
    /// Not a pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Not a size.
    #[error("{0}")]
    Size(String),
    /// A build context that is none.
    #[error("`context` names {0}; name the folder of this repository that is given to `docker build`")]
    Context(ContextProblem),
}

/// Why a build context is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextProblem {
    /// Nothing is read outside the root.
    #[error("a folder outside the repository")]
    Outside,
    /// There is no such folder.
    #[error("`{0}`, which is no folder")]
    NoFolder(String),
}

fn hint(closest: Option<&str>, list: &str) -> String {
    closest.map_or_else(|| format!("; {list}"), |closest| format!("; did you mean `{closest}`? ({list})"))
}

fn choices(allowed: &[&str]) -> String {
    let quoted: Vec<String> = allowed.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Option(option) => f.write_str(option),
        }
    }
}
