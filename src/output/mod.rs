//! Reports for people and programs. Knows reports and files, no rules.
//!
//! Text from files is never shown as it is: control, escape and bidirectional characters are escaped in every format, so that
//! a repository cannot write to the terminal of whoever lints it.

mod concise;
mod escape;
mod fixed;
mod json;
mod levers;
mod paths;
mod snippet;
mod statistics;
mod style;
mod text;
mod totals;
mod why;
mod wrap;

pub use escape::escape;
pub(crate) use escape::escape_lines;
pub use fixed::{Change, FixedFiles};
pub(crate) use json::write_object;
pub use paths::shown_path;
pub use style::Paint;
pub use totals::Totals;
pub use why::{write_why, write_why_json};
pub(crate) use wrap::wrap;

use std::io::{self, Write};
use std::path::Path;

use crate::lint::Report;
use crate::lint::baseline::BaselineCounts;
use crate::workspace::Workspace;

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people: snippets, evidence, remedies.
    #[default]
    Text,
    /// One line for each finding.
    Concise,
    /// One object for programs.
    Json,
}

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Results<'r> {
    /// One report for each root. The workspace holds the texts that the report is about.
    pub reports: &'r [(Workspace, Report)],
    /// What `--fix` did, one for each root in which it changed something; the reports are then those after the fixes. `None`
    /// without `--fix`.
    pub fixed: Option<&'r [FixedFiles]>,
    /// How the run stands to what was known, where there is a baseline.
    pub baseline: Option<BaselineCounts>,
    /// The folder that paths are shown relative to.
    pub cwd: &'r Path,
}

/// Writes `results` to `out`.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(results: &Results<'_>, format: Format, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(results, paint, out),
        Format::Concise => concise::write(results, paint, out),
        Format::Json => json::write(results, false, out),
    }
}

/// Writes how many findings each rule has, and their bytes; as JSON beside the findings, else in their place.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_statistics(results: &Results<'_>, format: Format, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text | Format::Concise => statistics::write(results, paint, out),
        Format::Json => json::write(results, true, out),
    }
}

#[cfg(test)]
mod tests;
