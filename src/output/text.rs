//! Findings for people: what, where, the evidence, the bytes, the remedy.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Span};
use crate::rules;
use crate::workspace::Workspace;

use super::snippet::{self, Mark};
use super::wrap::{COLUMNS, wrap};
use super::{Paint, Results, Totals, escape, evidence, fixed, levers, shown_path};

/// Where the lines below a frame begin.
const INDENT: &str = "      ";

pub(super) fn write(results: &Results<'_>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let totals = Totals::of(results.reports);
    if let Some(files) = results.fixed.filter(|files| files.iter().any(|files| files.fixed > 0)) {
        fixed::write(files, results, paint, out)?;
        return writeln!(out, "{}", totals.sentence());
    }
    for (workspace, report) in results.reports {
        for diagnostic in &report.diagnostics {
            finding(diagnostic, workspace, results.cwd, paint, out)?;
        }
        levers::write(workspace, report, results.cwd, paint, out)?;
    }
    if totals.dockerfiles > 0 {
        writeln!(out, "{}", totals.sentence())?;
    }
    Ok(())
}

fn finding(
    diagnostic: &Diagnostic,
    workspace: &Workspace,
    cwd: &Path,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let heading = format!("{}[{}]: ", diagnostic.severity.name(), diagnostic.rule);
    let lines = wrap(&format!("{heading}{}", escape(&diagnostic.message)), COLUMNS);
    for (index, line) in lines.iter().enumerate() {
        match line.strip_prefix(heading.trim_end()).filter(|_| index == 0) {
            Some(rest) => {
                let name = rules::find(diagnostic.rule)
                    .map_or_else(|| diagnostic.rule.to_owned(), |rule| paint.link(&rule.page.url(), rule.page.name));
                let heading = format!("{}[{name}]:", diagnostic.severity.name());
                writeln!(out, "{}{}", paint.severity(diagnostic.severity, &heading), paint.strong(rest))?;
            }
            None => writeln!(out, "  {}", paint.strong(line))?,
        }
    }
    for (file, marks) in by_file(diagnostic) {
        let path = shown_path(workspace.root(), &file, cwd);
        let source = workspace.read(&file).ok().filter(|source| !source.text().is_empty());
        let (places, wholes): (Vec<Mark>, Vec<Mark>) =
            marks.into_iter().partition(|mark| source.is_some() && !(mark.range.is_empty() && mark.range.start() == 0));
        for whole in wholes {
            out.write_all(snippet::bare(&path, &whole.message).as_bytes())?;
        }
        if let Some(source) = source.filter(|_| !places.is_empty()) {
            out.write_all(snippet::draw(&source, &path, &places, paint).as_bytes())?;
        }
    }
    notes(diagnostic, paint, out)?;
    writeln!(out)
}

/// The marks of a finding by file, the file of the finding first.
fn by_file(diagnostic: &Diagnostic) -> Vec<(Arc<str>, Vec<Mark>)> {
    let mut files: Vec<(Arc<str>, Vec<Mark>)> = Vec::new();
    let mut add = |span: &Span, message: &str| {
        let mark = Mark { range: span.range, message: message.to_owned() };
        match files.iter_mut().find(|(file, _)| *file == span.file) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((Arc::clone(&span.file), vec![mark])),
        }
    };
    add(&diagnostic.primary, &diagnostic.primary_label);
    for label in &diagnostic.labels {
        add(&label.span, &label.message);
    }
    files
}

fn notes(diagnostic: &Diagnostic, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let rows = evidence::rows(diagnostic);
    let column = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, text) in rows {
        let mut name = name;
        for line in text.lines().flat_map(|line| wrap(&escape(line), COLUMNS - INDENT.len() - column - 2)) {
            writeln!(out, "{INDENT}{}  {line}", paint.faint(&format!("{name:column$}")))?;
            name = "";
        }
    }
    Ok(())
}
