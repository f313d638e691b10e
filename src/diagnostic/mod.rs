//! What a rule says: a finding with its evidence, the bytes it is about, and a fix. Plain data that knows no rule.

mod bytes;
mod fix;

pub use bytes::{Basis, Component, Saving, Savings, format_bytes};
pub use fix::{Applicability, Edit, Fix};

use std::sync::Arc;

use crate::text::TextRange;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth changing.
    Warning,
    /// The build fails or the file cannot be read.
    Error,
}

impl Severity {
    /// The word that configuration and output use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file of the workspace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// Path relative to the workspace's root, `/`-separated.
    pub file: Arc<str>,
    /// Bytes in that file; empty at 0 when the file as a whole (or its absence) is meant.
    pub range: TextRange,
}

impl Span {
    /// A span.
    #[must_use]
    pub fn new(file: impl Into<Arc<str>>, range: TextRange) -> Self {
        Self { file: file.into(), range }
    }
}

/// A place that belongs to a finding, with what it says there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, without a full stop.
    pub message: String,
}

/// One finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The fact, one sentence without a full stop, names in backticks.
    pub message: String,
    /// Where it is.
    pub primary: Span,
    /// What the primary place is marked with; may be empty.
    pub primary_label: String,
    /// Further places.
    pub labels: Vec<Label>,
    /// Evidence by heading, such as `chain`, `bytes`, `gpu`.
    pub notes: Vec<(&'static str, String)>,
    /// The remedy.
    pub help: Option<String>,
    /// What it costs, when that is known.
    pub savings: Option<Savings>,
    /// A change that removes it.
    pub fix: Option<Fix>,
    /// What the fix repeats elsewhere of the file where the finding is: what changes that text has to come first.
    pub fix_repeats: Vec<TextRange>,
}

impl Diagnostic {
    /// A finding that says no more than this: without labels, notes, help, savings and fix.
    #[must_use]
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>, primary: Span) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            primary,
            primary_label: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            savings: None,
            fix: None,
            fix_repeats: Vec::new(),
        }
    }
}
