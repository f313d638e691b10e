//! A table in Markdown, for comments on pull requests and summaries of jobs.
//!
//! Whoever writes a repository chooses what stands in findings. Nothing of it becomes markup: no HTML, image or link, no mention of a
//! person and no reference to an issue.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::diagnostic::{Applicability, Diagnostic, format_bytes};
use crate::rules;
use crate::workspace::Workspace;

use super::evidence::saved;
use super::places::{self, Region, findings, repository};
use super::statistics::{self, RuleCount};
use super::totals::counted;
use super::{Results, Totals, escape, shown_path};

/// Bytes of rows: GitHub takes comments of at most 65,536 characters.
const LONGEST: usize = 60_000;

pub(super) fn write(results: &Results<'_>, with_statistics: bool, out: &mut dyn Write) -> io::Result<()> {
    let totals = Totals::of(results.reports);
    let fixed: usize = results.fixed.unwrap_or_default().iter().map(|files| files.fixed).sum();
    writeln!(out, "### slimlint\n")?;
    if fixed > 0 {
        writeln!(out, "Fixed {}.\n", counted(fixed, "problem"))?;
    }
    writeln!(out, "{}", totals.sentence())?;
    if totals.bytes > 0 {
        writeln!(out, "\nAbout {} in images could be saved.", format_bytes(totals.bytes))?;
    }
    table(results, out)?;
    if with_statistics {
        counts(&statistics::count(results.reports), out)?;
    }
    Ok(())
}

/// The findings, those first that matter most.
fn table(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let base = repository(results);
    let mut all: Vec<(&Workspace, &Diagnostic)> = findings(results).collect();
    if all.is_empty() {
        return Ok(());
    }
    all.sort_by_key(|(_, found)| {
        let savings = found.savings.as_ref().filter(|savings| savings.in_image);
        Reverse((found.severity, savings.map_or(0, crate::diagnostic::Savings::bytes)))
    });
    writeln!(out, "\n| severity | place | finding | saves |\n|---|---|---|---|")?;
    let (mut bytes, mut rows) = (0, 0);
    for (workspace, diagnostic) in &all {
        let path = shown_path(workspace.root(), &diagnostic.primary.file, base);
        let row = row(workspace, diagnostic, &path);
        bytes += row.len();
        if bytes > LONGEST {
            break;
        }
        writeln!(out, "{row}")?;
        rows += 1;
    }
    if rows < all.len() {
        writeln!(out, "\n{} more, which are too many for a comment.", all.len() - rows)?;
    }
    Ok(())
}

fn row(workspace: &Workspace, diagnostic: &Diagnostic, path: &str) -> String {
    let place = match Region::of(workspace, &diagnostic.primary) {
        Some(region) => format!("{path}:{}", places::line(Some(&region))),
        None => path.to_owned(),
    };
    let fix = match diagnostic.fix.as_ref().map(|fix| fix.applicability) {
        Some(Applicability::Safe) => ", safe fix",
        Some(Applicability::Unsafe) => ", unsafe fix",
        Some(Applicability::Display) | None => "",
    };
    let rule = diagnostic.rule;
    let rule = rules::find(rule)
        .map_or_else(|| rule.to_owned(), |rule| format!("[{0}]({1})", rule.page.name, rule.page.url()));
    let saved = saved(diagnostic).unwrap_or_default();
    let message = prose(&diagnostic.message);
    format!("| {} | {} | {message} ({rule}{fix}) | {saved} |", diagnostic.severity.name(), code(&place))
}

fn counts(counts: &[RuleCount], out: &mut dyn Write) -> io::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| rule | findings | safe fixes | unsafe fixes | saves |\n|---|---:|---:|---:|---:|")?;
    for RuleCount { rule, findings, safe_fixes, unsafe_fixes, bytes } in counts {
        let saves = if *bytes > 0 { format!("−{}", format_bytes(*bytes)) } else { String::new() };
        writeln!(out, "| {rule} | {findings} | {safe_fixes} | {unsafe_fixes} | {saves} |")?;
    }
    Ok(())
}

/// A message with names in backticks as code. What stands in them can hold backticks too; that is why nothing outside of them is
/// trusted either.
pub(crate) fn prose(message: &str) -> String {
    let message = escape(message);
    let parts: Vec<&str> = message.split('`').collect();
    let mut markdown = String::with_capacity(message.len() + 32);
    for (index, part) in parts.iter().enumerate() {
        let is_closed = index + 1 < parts.len();
        match index % 2 {
            0 => markdown.push_str(&harmless(part)),
            _ if is_closed => markdown.push_str(&code_of(part)),
            _ => markdown.extend(["&#96;", &harmless(part)]),
        }
    }
    markdown
}

/// One line as code. HTML's element and not backticks: no character that it holds can end it.
pub(crate) fn code(text: &str) -> String {
    code_of(&escape(text))
}

fn code_of(escaped: &str) -> String {
    if escaped.is_empty() { "&#96;&#96;".to_owned() } else { format!("<code>{}</code>", references(escaped)) }
}

/// Every sign that can be markup as a reference to its character, which Markdown takes for text.
fn references(escaped: &str) -> String {
    let mut markdown = String::with_capacity(escaped.len() + 32);
    for c in escaped.chars() {
        push(c, &mut markdown);
    }
    markdown
}

/// Escaped text outside of code. Services look for mentions, references and addresses in the text that comes of the markup, so that
/// no escape of Markdown's helps against them; what stands in code they leave alone.
fn harmless(escaped: &str) -> String {
    let mut markdown = String::with_capacity(escaped.len() + 32);
    let mut rest = escaped.chars();
    let mut before = ['\0'; 3];
    while let Some(c) = rest.next() {
        let next = rest.clone().next().unwrap_or(' ');
        let begins = match c {
            '@' => true,
            '#' | '!' | '~' | '%' | '&' | '$' | '^' | '*' => !next.is_whitespace(),
            ':' => next == '/',
            '.' => before.iter().all(|c| c.eq_ignore_ascii_case(&'w')),
            _ => false,
        };
        markdown.push_str(if begins { "<code>" } else { "" });
        push(c, &mut markdown);
        markdown.push_str(if begins { "</code>" } else { "" });
        before = [before[1], before[2], c];
    }
    markdown
}

fn push(c: char, markdown: &mut String) {
    if matches!(c, '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '\\' | '~' | '!' | '$' | '^') {
        let _ = write!(markdown, "&#{};", u32::from(c));
    } else {
        markdown.push(c);
    }
}
