use std::sync::Arc;

use crate::text::TextRange;

/// How far a fix may be trusted. Ordered, so that `>=` says what may be applied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Applicability {
    /// Shown, never applied.
    Display,
    /// The behaviour of the image could differ.
    Unsafe,
    /// The image does and holds the same, less what nothing can read.
    Safe,
}

impl Applicability {
    /// The word that output uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// One replacement. A file that does not exist is created by an edit at `0..0`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edit {
    /// Path relative to the workspace's root, `/`-separated.
    pub file: Arc<str>,
    /// Bytes that are replaced; empty for an insertion.
    pub range: TextRange,
    /// What stands there afterwards, with `\n` line ends; the fixer gives the file its own.
    pub text: String,
}

/// A change that removes a finding. All of its edits are made, or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// Why it is not safe, when it is not.
    pub caution: Option<String>,
    /// The edits.
    pub edits: Vec<Edit>,
}
