//! Below a service's findings: what is worth doing, the largest first.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use crate::diagnostic::{Diagnostic, format_bytes};
use crate::facts::Contents;
use crate::lint::{Report, ServiceSummary};
use crate::python::closure::Part;
use crate::workspace::Workspace;

use super::totals::image_bytes;
use super::wrap::{COLUMNS, fitted, width, wrap};
use super::{Paint, escape, shown_path};

/// Less than this is not worth a line.
const WORTHWHILE: u64 = 20_000_000;
/// Of so many services each is told of, even where nothing is to be done.
pub(super) const FEW: usize = 10;
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
        // Of several images one figure would tell nothing.
        let contents = match service.contents.as_slice() {
            [contents] => Some(contents),
            _ => None,
        };
        let dominant = contents.and_then(|contents| contents.dominant.as_ref());
        // A single one was told with its finding, and of many services those with nothing to do are passed over.
        let is_told = levers.len() > 1 || dominant.is_some_and(|_| !levers.is_empty() || report.services.len() <= FEW);
        if !is_told {
            continue;
        }
        let path = shown_path(workspace.root(), &service.service.dockerfile, cwd);
        let mut said: Vec<String> = contents.and_then(image).into_iter().collect();
        if !levers.is_empty() {
            said.push(format!("~{} to save", format_bytes(image_bytes(levers.iter().copied()))));
        }
        let path = escape(&path).into_owned();
        for (index, line) in wrap(&format!("{path}   {}", said.join("; ")), COLUMNS - 2).iter().enumerate() {
            match line.strip_prefix(path.as_str()).filter(|_| index == 0) {
                Some(rest) => writeln!(out, "{}{rest}", paint.strong(&path))?,
                None => writeln!(out, "  {line}")?,
            }
        }
        lines(&levers, unmeasured(service, report), !service.known.is_empty(), out)?;
    }
    Ok(())
}

/// `image ~5.4 GB, of it torch with CUDA ~4.9 GB (91 %), pulled by sentence-transformers of the extra providers`
fn image(contents: &Contents) -> Option<String> {
    let bytes = contents.bytes();
    let figure = format_bytes(bytes);
    let mut text = match contents.base_bytes {
        Some(_) if contents.is_complete() => format!("image ~{figure}"),
        Some(_) => format!("image at least {figure}"),
        None if bytes == 0 => return None,
        None => format!("at least {figure} beside the base"),
    };
    let Some(dominant) = &contents.dominant else { return Some(text) };
    let name = escape(dominant.package.as_str()).into_owned();
    let cuda = if dominant.with_cuda { " with CUDA" } else { "" };
    let share = (dominant.bytes.saturating_mul(100) / bytes.max(1)).min(100);
    let _ = write!(text, ", of it `{name}`{cuda} ~{} ({share} %)", format_bytes(dominant.bytes));
    let part = dominant.part.as_ref().and_then(|part| match part {
        Part::Extra(extra) => Some(format!("the extra `{}`", escape(extra.as_str()))),
        Part::Group(group) => Some(format!("the group `{}`", escape(group))),
        Part::Own => None,
    });
    let pulled = dominant.pulled_by.as_ref().map(|package| format!("`{}`", escape(package.as_str())));
    let by = match (pulled, part) {
        (Some(package), Some(part)) => format!(", pulled by {package} of {part}"),
        (Some(by), None) => format!(", pulled by {by}"),
        (None, Some(part)) => format!(", of {part}"),
        (None, None) => return Some(text),
    };
    Some(text + &by)
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

/// Whether of some finding beside the levers it is not known how many bytes it is about.
fn unmeasured(service: &ServiceSummary, report: &Report) -> bool {
    let mut findings = service.findings.iter().filter_map(|&index| report.diagnostics.get(index));
    findings
        .any(|finding| bytes(finding) < WORTHWHILE && finding.savings.as_ref().is_none_or(|savings| !savings.complete))
}

fn lines(levers: &[&Diagnostic], unmeasured: bool, hides: bool, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = levers
        .iter()
        .take(MOST)
        .map(|finding| {
            let title = finding.fix.as_ref().map_or(&finding.message, |fix| &fix.title);
            let applicability = finding.fix.as_ref().map_or("", |fix| fix.applicability.name());
            let saved = format!("−{}", format_bytes(bytes(finding)));
            [fitted(&escape(title), TITLE_COLUMNS), saved, finding.rule.to_owned(), applicability.to_owned()]
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
    let known = if unmeasured { "known to be worth" } else { "worth" };
    // What the baseline hides may be worth more.
    let new = if hides { "new " } else { "" };
    let rest = match levers.len().saturating_sub(MOST) {
        0 if levers.is_empty() => format!("nothing {new}found here is {known} more than {}", format_bytes(WORTHWHILE)),
        0 => format!("nothing else {new}is {known} more than {}", format_bytes(WORTHWHILE)),
        more => format!("and {more} more"),
    };
    writeln!(out, "  {rest}\n")
}
