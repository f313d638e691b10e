//! Shell scripts as `RUN` holds them: lists, pipelines, commands and words, each with its range.
//!
//! The grammar is POSIX `sh` with the parts of bash that real Dockerfiles use. The parser never fails: what it cannot read
//! becomes [`Command::Opaque`], which no rule touches, and an entry in [`Script::errors`]. All ranges are in the joined
//! text of the script ([`Script::source`]); [`Script::source_range`] maps them to the file.

mod ast;
mod parser;

pub use ast::{
    AndOr, Assignment, CaseArm, Command, Compound, CompoundKind, Connector, IfBranch, List, ListItem, Parameter, Part,
    Pipeline, Redirect, RedirectKind, Separator, SeparatorKind, ShellError, SimpleCommand, Word,
};

use crate::text::{Joined, TextRange};

/// A parsed script.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text that was parsed, with its map to the file.
    pub source: Joined,
    /// What it runs.
    pub body: List,
    /// What could not be read; empty when the whole script was understood.
    pub errors: Vec<ShellError>,
}

impl Script {
    /// Parses a script. Never fails; see [`Script::errors`].
    #[must_use]
    pub fn parse(source: Joined) -> Self {
        let (body, errors) = parser::parse(source.text());
        Self { source, body, errors }
    }

    /// The text at `range` of the script.
    #[must_use]
    pub fn slice(&self, range: TextRange) -> &str {
        range.slice(self.source.text())
    }

    /// The range in the file of a range in the script.
    #[must_use]
    pub fn source_range(&self, range: TextRange) -> TextRange {
        self.source.source_range(range)
    }
}
