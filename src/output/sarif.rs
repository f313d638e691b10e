//! SARIF 2.1.0, for code scanning services and editors: one run, the rules that speak in it, a result for each finding.
//!
//! Only rules with results are listed. Their pages make most of a report of few findings, and those who read it look rules up by the
//! results.

mod document;
mod uri;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Severity};
use crate::rules::{self, Page};
use crate::text::Encoding;
use crate::workspace::Workspace;

use super::fingerprint::Fingerprints;
use super::places::{self, findings, repository};
use super::{Results, escape, evidence, shown_path, write_object};
use document::{
    ArtifactChange, ArtifactContent, ArtifactLocation, BaseUri, Configuration, Document, Driver, Finding, Fixed,
    Location, Message, PhysicalLocation, Region, Replacement, ResultProperties, RuleProperties, Run, Savings, Speaker,
    Texts, Tool,
};

/// The name of the folder that paths are relative to. Where it lies on this machine is nobody's business.
const BASE: &str = "%SRCROOT%";

pub(super) fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let base = repository(results);
    let pages: Vec<&Page> = rules::rules().iter().map(|rule| rule.page).collect();
    let mut said: BTreeMap<&str, usize> = findings(results).map(|(_, found)| (found.rule, 0)).collect();
    let pages: Vec<&Page> = pages.into_iter().filter(|page| said.contains_key(page.name)).collect();
    for (index, page) in pages.iter().enumerate() {
        said.insert(page.name, index);
    }
    let mut fingerprints = Fingerprints::default();
    let found = findings(results).map(|(workspace, diagnostic)| {
        let files = Files { workspace, base };
        let rule_index = said.get(diagnostic.rule).copied().unwrap_or_default();
        files.result(diagnostic, rule_index, &mut fingerprints)
    });
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "slimlint",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules: pages.into_iter().map(speaker).collect(),
            },
        },
        original_uri_base_ids: BTreeMap::from([(
            BASE,
            BaseUri {
                description: Message::new("The root of the repository, or the folder in which slimlint was run."),
            },
        )]),
        results: found.collect(),
        column_kind: "unicodeCodePoints",
    };
    let document =
        Document { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: vec![run] };
    write_object(&document, out)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn speaker(page: &'static Page) -> Speaker {
    let prose = page.prose();
    // The title says the name once more.
    let prose = prose.strip_prefix("# ").and_then(|rest| rest.split_once('\n')).map_or(prose, |(_, rest)| rest).trim();
    let severity = page.severity.unwrap_or(Severity::Warning);
    Speaker {
        id: page.name,
        short_description: Message::new(page.summary()),
        full_description: Message::new(page.description()),
        help: Texts { text: prose, markdown: prose },
        help_uri: page.url(),
        default_configuration: Configuration {
            enabled: page.severity.is_none().then_some(false),
            level: level(severity),
        },
        properties: RuleProperties {
            tags: vec![page.group, "docker"],
            confidence: page.confidence.name(),
            precision: page.confidence.name(),
            problem_severity: match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
            aliases: page.aliases,
        },
    }
}

#[derive(Clone, Copy)]
struct Files<'r> {
    workspace: &'r Workspace,
    base: &'r Path,
}

impl Files<'_> {
    fn result(self, diagnostic: &Diagnostic, rule_index: usize, fingerprints: &mut Fingerprints) -> Finding {
        let region = places::Region::of(self.workspace, &diagnostic.primary);
        let path = shown_path(self.workspace.root(), &diagnostic.primary.file, self.base);
        let fingerprint = fingerprints.next(&path, diagnostic, region.as_ref());
        let label = (!diagnostic.primary_label.is_empty()).then(|| message(&diagnostic.primary_label));
        let location = Location {
            id: None,
            place: PhysicalLocation {
                artifact_location: self.artifact(&diagnostic.primary.file),
                region: region.as_ref().map(self::region),
            },
            message: label,
        };
        let savings = diagnostic.savings.as_ref().map(|savings| Savings {
            bytes: savings.bytes(),
            basis: savings.basis().map(crate::diagnostic::Basis::name),
            complete: savings.complete,
            in_image: savings.in_image,
        });
        Finding {
            rule_id: diagnostic.rule,
            rule_index,
            level: level(diagnostic.severity),
            message: full_message(diagnostic),
            locations: vec![location],
            related_locations: diagnostic.labels.iter().zip(1..).map(|(label, id)| self.related(label, id)).collect(),
            partial_fingerprints: BTreeMap::from([("slimlint/v1", fingerprint)]),
            fixes: diagnostic.fix.as_ref().and_then(|fix| self.fix(fix)).into_iter().collect(),
            properties: savings.map(|savings| ResultProperties { savings }),
        }
    }

    fn related(self, label: &Label, id: usize) -> Location {
        let region = places::Region::of(self.workspace, &label.span);
        Location {
            id: Some(id),
            place: PhysicalLocation {
                artifact_location: self.artifact(&label.span.file),
                region: region.as_ref().map(self::region),
            },
            message: Some(message(&label.message)),
        }
    }

    /// A file above the base has an absolute address: `..` is not allowed in one with a base.
    fn artifact(self, file: &str) -> ArtifactLocation {
        let path = shown_path(self.workspace.root(), file, self.base);
        if path == ".." || path.starts_with("../") {
            let absolute = self.workspace.root().join(file).to_string_lossy().into_owned();
            let absolute = if cfg!(windows) { absolute.replace('\\', "/") } else { absolute };
            return ArtifactLocation { uri: uri::absolute(&absolute), uri_base_id: None };
        }
        ArtifactLocation { uri: uri::relative(&path), uri_base_id: Some(BASE) }
    }

    /// What can be applied. Those who read this offer to make a fix whatever is said about it, so one that is only for people to read is
    /// left out, and so is one that creates a file, which SARIF has no word for.
    fn fix(self, fix: &Fix) -> Option<Fixed> {
        if fix.applicability == Applicability::Display || fix.edits.is_empty() {
            return None;
        }
        let mut files: Vec<(&str, Vec<&Edit>)> = Vec::new();
        for edit in &fix.edits {
            match files.iter_mut().find(|(file, _)| *file == &*edit.file) {
                Some((_, edits)) => edits.push(edit),
                None => files.push((&edit.file, vec![edit])),
            }
        }
        let changes = files.into_iter().map(|(file, edits)| self.change(file, edits));
        let artifact_changes = changes.collect::<Option<Vec<_>>>()?;
        let kind = if fix.applicability == Applicability::Unsafe { "(unsafe) " } else { "" };
        let caution = fix.caution.as_ref().map_or_else(String::new, |caution| format!("; {caution}"));
        Some(Fixed { description: message(&format!("{kind}{}{caution}", fix.title)), artifact_changes })
    }

    fn change(self, file: &str, mut edits: Vec<&Edit>) -> Option<ArtifactChange> {
        edits.sort_by_key(|edit| edit.range);
        let source = self.workspace.read(file).ok().filter(|source| source.encoding() != Encoding::Utf16)?;
        let newline = source.newline_style().as_str();
        let replacements = edits.into_iter().map(|edit| {
            let place = places::Region::of_range(self.workspace, file, edit.range)?;
            let text = crate::fix::with_line_ends(&edit.text, newline);
            Some(Replacement { deleted_region: region(&place), inserted_content: ArtifactContent { text } })
        });
        Some(ArtifactChange {
            artifact_location: self.artifact(file),
            replacements: replacements.collect::<Option<Vec<_>>>()?,
        })
    }
}

/// Lines and columns only. With byte offsets beside them the viewer of VS Code takes the file for a binary one.
fn region(place: &places::Region) -> Region {
    let places::Region { start, end, .. } = place;
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

/// The message with the evidence, a line for each.
fn full_message(diagnostic: &Diagnostic) -> Message {
    let mut text = escape(&diagnostic.message).into_owned();
    for (heading, rest) in evidence::rows(diagnostic) {
        for (index, line) in rest.lines().enumerate() {
            let heading = if index == 0 { format!("{heading}: ") } else { String::new() };
            text.extend(["\n", &heading, &escape(line)]);
        }
    }
    Message::new(unlinked(&text))
}

fn message(text: &str) -> Message {
    Message::new(unlinked(&escape(text)))
}

/// Text without `[text](address)`, the one markup that plain messages have: what comes from a repository makes no links. Braces stay as
/// they are, since nobody replaces `{0}` where there are no arguments.
fn unlinked(text: &str) -> String {
    text.replace("](", "]\\(")
}
