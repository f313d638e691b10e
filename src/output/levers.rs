//! Below a service's findings: what is worth doing, the largest first.

use std::io::{self, Write};
use std::path::Path;

use crate::diagnostic::{Diagnostic, format_bytes};
use crate::lint::{Report, ServiceSummary};
use crate::workspace::Workspace;

use super::totals::image_bytes;
use super::wrap::width;
use super::{Paint, escape, shown_path};

/// Less than this is not worth a line.
const WORTHWHILE: u64 = 20_000_000;
/// Lines for each service.
const MOST: usize = 5;
/// Columns that the text of a lever may take.
const TITLE_COLUMNS: usize = 52;

pub(super) fn write(
    workspace: &Workspace,
    report: &Report,
    cwd: &Path,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    for service in &report.services {
        let levers = levers(service, report);
        // A single one was told with its finding.
        if levers.len() > 1 {
            let path = shown_path(workspace.root(), &service.service.dockerfile, cwd);
            let total = format_bytes(image_bytes(levers.iter().copied()));
            writeln!(out, "{}   ~{total} to save", paint.strong(&escape(&path)))?;
            lines(&levers, out)?;
        }
    }
    Ok(())
}

/// Findings about bytes in the image, the largest first.
fn levers<'r>(service: &ServiceSummary, report: &'r Report) -> Vec<&'r Diagnostic> {
    let findings = service.findings.iter().filter_map(|&index| report.diagnostics.get(index));
    let mut levers: Vec<&Diagnostic> = findings.filter(|finding| bytes(finding) >= WORTHWHILE).collect();
    levers.sort_by_key(|finding| std::cmp::Reverse(bytes(finding)));
    levers
}

fn bytes(finding: &Diagnostic) -> u64 {
    finding.savings.as_ref().filter(|savings| savings.in_image).map_or(0, crate::diagnostic::Savings::bytes)
}

fn lines(levers: &[&Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = levers
        .iter()
        .take(MOST)
        .map(|finding| {
            let title = finding.fix.as_ref().map_or(&finding.message, |fix| &fix.title);
            let applicability = finding.fix.as_ref().map_or("", |fix| fix.applicability.name());
            let saved = format!("−{}", format_bytes(bytes(finding)));
            [shortened(&escape(title)), saved, finding.rule.to_owned(), applicability.to_owned()]
        })
        .collect();
    let column =
        |index: usize| rows.iter().filter_map(|row| row.get(index)).map(|cell| width(cell)).max().unwrap_or_default();
    let padded = |cell: &str, index: usize| format!("{cell}{}", " ".repeat(column(index).saturating_sub(width(cell))));
    for (number, [title, saved, rule, applicability]) in rows.iter().enumerate() {
        let line = format!(
            "  {}. {}  {}  {}  {applicability}",
            number + 1,
            padded(title, 0),
            padded(saved, 1),
            padded(rule, 2)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    let rest = match levers.len().saturating_sub(MOST) {
        0 => format!("nothing else is worth more than {}", format_bytes(WORTHWHILE)),
        more => format!("and {more} more"),
    };
    writeln!(out, "  {rest}\n")
}

fn shortened(text: &str) -> String {
    if width(text) <= TITLE_COLUMNS {
        return text.to_owned();
    }
    let short: String = text.chars().take(TITLE_COLUMNS - 1).collect();
    format!("{}…", short.trim_end())
}
