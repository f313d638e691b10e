//! Reports for people and programs. Knows reports and files, no rules.
//!
//! Text from files is never shown as it is: control, escape and bidirectional characters are escaped in every format, so that
//! a repository cannot write to the terminal of whoever lints it.

mod by_file;
mod checkstyle;
mod concise;
mod escape;
mod evidence;
mod file;
mod fingerprint;
mod fixed;
mod github;
mod gitlab;
mod gnu;
mod json;
mod junit;
mod levers;
mod markdown;
mod paths;
mod places;
mod sarif;
mod snippet;
mod statistics;
mod style;
mod text;
mod totals;
mod why;
mod wrap;
mod xml;

pub use escape::escape;
pub(crate) use escape::escape_lines;
pub(crate) use evidence::rows as evidence;
pub use file::{Output, ReportFile, ReportFileError};
pub use fixed::{Change, FixedFiles};
pub(crate) use json::write_object;
pub(crate) use markdown::{code as markdown_code, prose as markdown_prose};
pub use paths::shown_path;
pub use style::Paint;
pub use totals::Totals;
pub(crate) use totals::counted;
pub use why::{write_why, write_why_json};
pub(crate) use wrap::{COLUMNS, fitted, fitted_end, width, wrap};
pub(crate) use xml::unmarked;

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;

use crate::lint::baseline::BaselineCounts;
use crate::lint::{Report, Sizes};
use crate::workspace::Workspace;

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// Snippets, evidence and remedies.
    #[default]
    Text,
    /// One line for each finding.
    Concise,
    /// One object.
    Json,
    /// SARIF 2.1.0, for code scanning services and editors.
    Sarif,
    /// Annotations in a log of GitHub Actions.
    Github,
    /// GitLab's Code Quality report.
    Gitlab,
    /// A test suite for each file, as JUnit writes them.
    Junit,
    /// As Checkstyle writes them.
    Checkstyle,
    /// One line for each finding, in the form of the GNU coding standards.
    Gnu,
    /// A table for a comment on a pull request.
    Markdown,
}

impl Format {
    /// Whether there is a place for statistics in it.
    #[must_use]
    pub const fn has_statistics(self) -> bool {
        matches!(self, Self::Text | Self::Concise | Self::Json | Self::Markdown)
    }

    /// Of which images it tells the sizes when so many services are linted.
    #[must_use]
    pub const fn sizes(self, services: usize) -> Sizes {
        match self {
            Self::Text if services <= levers::FEW => Sizes::All,
            Self::Text => Sizes::OfSaving,
            _ => Sizes::None,
        }
    }
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
        Format::Sarif => sarif::write(results, out),
        Format::Github => github::write(results, out),
        Format::Gitlab => gitlab::write(results, out),
        Format::Junit => junit::write(results, out),
        Format::Checkstyle => checkstyle::write(results, out),
        Format::Gnu => gnu::write(results, out),
        Format::Markdown => markdown::write(results, false, out),
    }
}

/// Writes how many findings each rule has, and their bytes: in text in the place of the findings, in JSON and Markdown beside them. The
/// other formats are others' and have no place for it; they are written as [`write()`] does.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_statistics(results: &Results<'_>, format: Format, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text | Format::Concise => statistics::write(results, paint, out),
        Format::Json => json::write(results, true, out),
        Format::Markdown => markdown::write(results, true, out),
        Format::Sarif | Format::Github | Format::Gitlab | Format::Junit | Format::Checkstyle | Format::Gnu => {
            write(results, format, paint, out)
        }
    }
}

#[cfg(test)]
mod tests;
