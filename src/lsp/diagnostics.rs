//! Findings as the protocol has them.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Position, Range, Uri,
};

use crate::config::ConfigError;
use crate::diagnostic::{Diagnostic as Finding, Severity, Span};
use crate::output::{escape, evidence};
use crate::rules;

use super::capabilities::Client;
use super::positions::Encoding;
use super::project::Project;

/// Who says it.
pub(super) const SOURCE: &str = "slimlint";

/// Headings of evidence that belong to a message; the rest is in the page, or in places of their own.
const SHOWN: [&str; 4] = ["chain", "saves", "risk", "help"];

/// Turns findings of one project into the protocol's.
pub(super) struct Writer<'w> {
    pub project: &'w mut Project,
    pub client: Client,
    /// The address of a file of the project.
    pub uri: &'w dyn Fn(&str) -> Option<Uri>,
}

impl Writer<'_> {
    /// The findings of a file, configurations that are wrong included.
    pub fn all(&mut self, file: &str, findings: &[Finding]) -> Vec<Diagnostic> {
        let mut all: Vec<Diagnostic> = findings.iter().map(|finding| self.finding(finding)).collect();
        if let Some(error) = self.project.configuration_errors().get(file).cloned() {
            all.extend(self.configuration(file, &error));
        }
        all
    }

    /// A finding.
    pub fn finding(&mut self, finding: &Finding) -> Diagnostic {
        let page = rules::find(finding.rule).map(|rule| rule.page);
        let url = page.and_then(|page| Uri::from_str(&page.url()).ok());
        let shown = if self.client.related_information { finding.labels.as_slice() } else { &[] };
        let labels = shown.iter().filter_map(|label| {
            let location = Location { uri: (self.uri)(&label.span.file)?, range: self.range(&label.span) };
            Some(DiagnosticRelatedInformation { location, message: escape(&label.message).into_owned() })
        });
        let related: Vec<DiagnosticRelatedInformation> = labels.collect();
        Diagnostic {
            range: self.range(&finding.primary),
            severity: Some(severity(finding.severity)),
            code: Some(NumberOrString::String(finding.rule.to_owned())),
            code_description: url.filter(|_| self.client.code_descriptions).map(|href| CodeDescription { href }),
            source: Some(SOURCE.to_owned()),
            message: message(finding),
            related_information: Some(related).filter(|related| !related.is_empty()),
            tags: finding.rule.starts_with("unused-").then(|| vec![DiagnosticTag::UNNECESSARY]),
            data: None,
        }
    }

    /// Where something is; the start of the file where that cannot be read.
    pub fn range(&mut self, span: &Span) -> Range {
        let encoding = self.client.encoding;
        self.project
            .file(&span.file)
            .map_or_else(Range::default, |(file, lines)| lines.range(file.text(), span.range, encoding))
    }

    /// What is wrong with a configuration.
    fn configuration(&mut self, path: &str, error: &ConfigError) -> Vec<Diagnostic> {
        let encoding = self.client.encoding;
        let file = self.project.file(path);
        let problem = |(position, problem): &(Option<crate::text::Position>, _)| {
            let place = position.map_or_else(Position::default, |position| {
                let place = Position::new(position.line.saturating_sub(1), position.column.saturating_sub(1));
                // Columns of configurations count characters.
                file.as_ref().map_or(place, |(file, lines)| {
                    lines.position(file.text(), lines.offset(file.text(), place, Encoding::Utf32), encoding)
                })
            });
            let end = file.as_ref().and_then(|(file, lines)| {
                let (start, line) = lines.line(file.text(), place.line)?;
                Some(lines.position(file.text(), start + line.len() as u32, encoding))
            });
            Diagnostic {
                range: Range::new(place, end.unwrap_or(place)),
                severity: Some(DiagnosticSeverity::ERROR),
                code: Some(NumberOrString::String("configuration".to_owned())),
                source: Some(SOURCE.to_owned()),
                message: escape(&format!("{problem}")).into_owned(),
                ..Diagnostic::default()
            }
        };
        error.problems.iter().map(problem).collect()
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Info => DiagnosticSeverity::INFORMATION,
    }
}

/// The fact, and below it what it costs and what to do.
fn message(finding: &Finding) -> String {
    let mut lines = vec![escape(&finding.message).into_owned()];
    for (heading, text) in evidence(finding).into_iter().filter(|(heading, _)| SHOWN.contains(heading)) {
        for (index, line) in text.lines().enumerate() {
            let lead = if index == 0 { format!("{heading}: ") } else { "  ".to_owned() };
            lines.push(format!("{lead}{}", escape(line)));
        }
    }
    lines.join("\n")
}

/// A number for what was found, so that an editor need not be told the same again.
pub(super) fn result_id(found: &[Diagnostic], related: &BTreeMap<String, Vec<Diagnostic>>) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&(found, related)).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
