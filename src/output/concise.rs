//! One line for each finding: `path:line:col: warning: message [rule] [−4.4 GB]`.

use std::io::{self, Write};
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::text::Position;
use crate::workspace::Workspace;

use super::evidence::saved;
use super::paths::line_start;
use super::totals::counted;
use super::{Paint, Results, Totals, escape, shown_path};

pub(super) fn write(results: &Results<'_>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for (workspace, report) in results.reports {
        for diagnostic in &report.diagnostics {
            writeln!(out, "{}", line(workspace, diagnostic, results.cwd, paint))?;
        }
    }
    if let Some(fixed) = results.fixed {
        let number = fixed.iter().map(|files| files.fixed).sum();
        if number > 0 {
            writeln!(out, "Fixed {}.", counted(number, "problem"))?;
        }
    }
    let totals = Totals::of(results.reports);
    if totals.dockerfiles > 0 {
        writeln!(out, "{}", totals.sentence())?;
    }
    Ok(())
}

pub(super) fn line(workspace: &Workspace, diagnostic: &Diagnostic, cwd: &Path, paint: Paint) -> String {
    let path = shown_path(workspace.root(), &diagnostic.primary.file, cwd);
    let Position { line, column } = match workspace.read(&diagnostic.primary.file) {
        Ok(file) => file.position(diagnostic.primary.range.start()),
        Err(_) => Position { line: 1, column: 1 },
    };
    let place = paint.strong(&format!("{}:{line}:{column}", line_start(&escape(&path))));
    let severity = paint.severity(diagnostic.severity, diagnostic.severity.name());
    let saves = saved(diagnostic).map_or_else(String::new, |saved| format!(" [{saved}]"));
    format!("{place}: {severity}: {} [{}]{saves}", escape(&diagnostic.message), diagnostic.rule)
}
