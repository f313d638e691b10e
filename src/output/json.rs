//! One JSON object, version 1. Lines and columns are 1-based and count characters; edits are byte offsets in the file.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Fix, Savings, Span};
use crate::lint::baseline::BaselineCounts;
use crate::text::{Encoding, Position, SourceFile};
use crate::workspace::Workspace;

use super::escape::escape_json;
use super::statistics::{self, RuleCount};
use super::{Results, Totals, shown_path};

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    diagnostics: Vec<Finding<'r>>,
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Vec<RuleCount>>,
}

#[derive(Serialize)]
struct Finding<'r> {
    rule: &'r str,
    severity: &'static str,
    message: &'r str,
    #[serde(flatten)]
    place: Place,
    labels: Vec<Labelled<'r>>,
    notes: Vec<Note<'r>>,
    help: Option<&'r str>,
    savings: Option<Saved>,
    fix: Option<Change<'r>>,
    url: Option<String>,
}

#[derive(Serialize)]
struct Note<'r> {
    label: &'r str,
    text: &'r str,
}

#[derive(Serialize)]
struct Place {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Labelled<'r> {
    #[serde(flatten)]
    place: Place,
    message: &'r str,
}

#[derive(Serialize)]
struct Saved {
    bytes: u64,
    /// Whether something of it could not be measured.
    at_least: bool,
    basis: Option<&'static str>,
}

#[derive(Serialize)]
struct Change<'r> {
    title: &'r str,
    applicability: &'static str,
    edits: Vec<Replacement>,
}

#[derive(Serialize)]
struct Replacement {
    file: String,
    start: u32,
    end: u32,
    text: String,
}

#[derive(Serialize)]
struct Summary {
    dockerfiles: usize,
    findings: BySeverity,
    safe_fixes: usize,
    unsafe_fixes: usize,
    suppressed: usize,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Known>,
}

#[derive(Serialize)]
struct Known {
    new: usize,
    fixed: usize,
    left: usize,
}

#[derive(Serialize)]
struct BySeverity {
    error: usize,
    warning: usize,
    info: usize,
}

pub(super) fn write(results: &Results<'_>, with_statistics: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut diagnostics = Vec::new();
    for (workspace, report) in results.reports {
        let files = Files { workspace, cwd: results.cwd };
        diagnostics.extend(report.diagnostics.iter().map(|diagnostic| files.finding(diagnostic)));
    }
    let totals = Totals::of(results.reports);
    let summary = Summary {
        dockerfiles: totals.dockerfiles,
        findings: BySeverity { error: totals.errors, warning: totals.warnings, info: totals.infos },
        safe_fixes: totals.safe_fixes,
        unsafe_fixes: totals.unsafe_fixes,
        suppressed: totals.suppressed,
        bytes: totals.bytes,
        fixed: results.fixed.map(|fixed| fixed.iter().map(|files| files.fixed).sum()),
        baseline: results.baseline.map(|BaselineCounts { new, fixed, left }| Known { new, fixed, left }),
    };
    let statistics = with_statistics.then(|| statistics::count(results.reports));
    write_object(&Document { version: 1, diagnostics, summary, statistics }, out)
}

/// One line of JSON, escaped for terminals.
pub(crate) fn write_object(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string(object).map_err(io::Error::other)?;
    out.write_all(escape_json(&json).as_bytes())?;
    out.write_all(b"\n")
}

#[derive(Clone, Copy)]
struct Files<'r> {
    workspace: &'r Workspace,
    cwd: &'r std::path::Path,
}

impl Files<'_> {
    fn finding(self, diagnostic: &Diagnostic) -> Finding<'_> {
        let primary = (!diagnostic.primary_label.is_empty())
            .then(|| Labelled { place: self.place(&diagnostic.primary), message: &diagnostic.primary_label });
        let further =
            diagnostic.labels.iter().map(|label| Labelled { place: self.place(&label.span), message: &label.message });
        Finding {
            rule: diagnostic.rule,
            severity: diagnostic.severity.name(),
            message: &diagnostic.message,
            place: self.place(&diagnostic.primary),
            labels: primary.into_iter().chain(further).collect(),
            notes: diagnostic.notes.iter().map(|(label, text)| Note { label, text }).collect(),
            help: diagnostic.help.as_deref(),
            savings: diagnostic.savings.as_ref().map(saved),
            fix: diagnostic.fix.as_ref().and_then(|fix| self.change(fix)),
            url: crate::rules::find(diagnostic.rule).map(|rule| rule.page.url()),
        }
    }

    fn place(self, span: &Span) -> Place {
        let start_of_file = Position { line: 1, column: 1 };
        let (start, end) = match self.workspace.read(&span.file) {
            Ok(file) => (file.position(span.range.start()), file.position(span.range.end())),
            Err(_) => (start_of_file, start_of_file),
        };
        let file = shown_path(self.workspace.root(), &span.file, self.cwd);
        Place { file, line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }

    /// The edits as they would be written, so with the line ends of their files; none where offsets would not be the file's.
    fn change(self, fix: &Fix) -> Option<Change<'_>> {
        let edits = fix.edits.iter().map(|edit| {
            let source = self.workspace.read(&edit.file).ok();
            if source.as_ref().is_some_and(|source| source.encoding() == Encoding::Utf16) {
                return None;
            }
            let newline = source.as_deref().map_or("\n", |source: &SourceFile| source.newline_style().as_str());
            Some(Replacement {
                file: shown_path(self.workspace.root(), &edit.file, self.cwd),
                start: edit.range.start(),
                end: edit.range.end(),
                text: crate::fix::with_line_ends(&edit.text, newline),
            })
        });
        let edits = edits.collect::<Option<Vec<_>>>()?;
        Some(Change { title: &fix.title, applicability: fix.applicability.name(), edits })
    }
}

fn saved(savings: &Savings) -> Saved {
    Saved {
        bytes: savings.bytes(),
        at_least: !savings.complete,
        basis: savings.basis().map(crate::diagnostic::Basis::name),
    }
}
