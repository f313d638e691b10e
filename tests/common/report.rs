//! The text of a report, one finding after the other, that pages and the corpus expect.

use std::fmt::Write as _;

use slimlint::diagnostic::{Diagnostic, Savings, Span, format_bytes};
use slimlint::workspace::Workspace;

/// All findings.
pub fn render(workspace: &Workspace, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        one(&mut text, workspace, diagnostic);
    }
    text
}

/// `path:line:column`, or the path alone of a file that is not there.
pub fn place(workspace: &Workspace, span: &Span) -> String {
    let Ok(file) = workspace.read(&span.file) else { return span.file.to_string() };
    let position = file.position(span.range.start());
    format!("{}:{}:{}", span.file, position.line, position.column)
}

fn one(text: &mut String, workspace: &Workspace, found: &Diagnostic) {
    let savings = found.savings.as_ref().map(saved).unwrap_or_default();
    let place_of = |span| place(workspace, span);
    let _ = writeln!(
        text,
        "{}: {}: {} [{}]{savings}",
        place_of(&found.primary),
        found.severity.name(),
        found.message,
        found.rule
    );
    if !found.primary_label.is_empty() {
        let _ = writeln!(text, "  here: {}", found.primary_label);
    }
    for label in &found.labels {
        let _ = writeln!(text, "  label {}: {}", place_of(&label.span), label.message);
    }
    for (heading, note) in &found.notes {
        let _ = writeln!(text, "  note {heading}: {note}");
    }
    if let Some(help) = &found.help {
        let _ = writeln!(text, "  help: {help}");
    }
    if let Some(fix) = &found.fix {
        let caution = fix.caution.as_ref().map(|caution| format!(" — {caution}")).unwrap_or_default();
        let _ = writeln!(text, "  fix ({}): {}{caution}", fix.applicability.name(), fix.title);
    }
}

fn saved(savings: &Savings) -> String {
    let bound = if savings.complete { "" } else { "≥ " };
    let sent = if savings.in_image { "" } else { " of context" };
    format!(" [−{bound}{}{sent}]", format_bytes(savings.bytes()))
}
