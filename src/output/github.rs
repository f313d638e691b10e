//! Workflow commands: GitHub Actions turns each `::warning file=…,line=…::message` of a log into an annotation of that line.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Severity};
use crate::workspace::Workspace;

use super::places::{self, Region, findings, repository};
use super::{Results, Totals, escape, evidence, shown_path};

pub(super) fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let base = repository(results);
    for (workspace, diagnostic) in findings(results) {
        let path = shown_path(workspace.root(), &diagnostic.primary.file, base);
        writeln!(out, "{}", command(workspace, diagnostic, &path))?;
    }
    let totals = Totals::of(results.reports);
    if totals.dockerfiles > 0 {
        writeln!(out, "{}", totals.sentence())?;
    }
    Ok(())
}

fn command(workspace: &Workspace, diagnostic: &Diagnostic, path: &str) -> String {
    let name = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = format!("file={}", property(&escape(path)));
    let region = Region::of(workspace, &diagnostic.primary);
    let _ = write!(properties, ",line={}", places::line(region.as_ref()));
    if let Some(Region { start, end, .. }) = region {
        let _ = write!(properties, ",endLine={}", end.line);
        // GitHub takes columns only within one line.
        if start.line == end.line {
            let _ = write!(properties, ",col={},endColumn={}", start.column, end.column);
        }
    }
    let mut message = escape(&diagnostic.message).into_owned();
    for (heading, text) in evidence::rows(diagnostic) {
        for (index, line) in text.lines().enumerate() {
            let heading = if index == 0 { format!("{heading}: ") } else { String::new() };
            let _ = write!(message, "\n{heading}{}", escape(line));
        }
    }
    let title = property(&format!("slimlint: {}", diagnostic.rule));
    format!("::{name} {properties},title={title}::{}", data(&message))
}

/// A message as commands have it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value in front of the message.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
