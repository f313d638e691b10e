//! Order, and one finding for one cause.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;

use super::{Report, ServiceReport, ServiceSummary};

/// What makes two findings the same.
type Key = (std::sync::Arc<str>, u32, u32, &'static str, String);

fn key(diagnostic: &Diagnostic) -> Key {
    let range = diagnostic.primary.range;
    let file = std::sync::Arc::clone(&diagnostic.primary.file);
    (file, range.start(), range.end(), diagnostic.rule, diagnostic.message.clone())
}

/// Sorts by file, place, rule and message and makes one of those that say the same.
pub(super) fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_cached_key(key);
    diagnostics.dedup_by(|later, first| {
        let same = key(later) == key(first);
        if same {
            join(first, later);
        }
        same
    });
}

/// Puts the reports of services together. A finding that several of them have, such as one in a requirements file that they
/// share, is listed once and counts for each.
pub(super) fn merge(mut reports: Vec<ServiceReport>) -> Report {
    reports.sort_by(|a, b| a.service.dockerfile.cmp(&b.service.dockerfile));
    let suppressed = reports.iter().map(|report| report.suppressed).sum();
    let mut diagnostics: Vec<Diagnostic> =
        reports.iter().flat_map(|report| report.diagnostics.iter().cloned()).collect();
    sort(&mut diagnostics);
    let indexes: HashMap<Key, usize> =
        diagnostics.iter().enumerate().map(|(index, found)| (key(found), index)).collect();
    let summary = |report: ServiceReport| {
        let findings = report.diagnostics.iter().filter_map(|found| indexes.get(&key(found)).copied()).collect();
        ServiceSummary {
            service: report.service,
            source: report.source,
            findings,
            known: Vec::new(),
            contents: report.contents,
        }
    };
    Report { services: reports.into_iter().map(summary).collect(), diagnostics, suppressed, known: Vec::new() }
}

/// Adds to `first` the places, evidence and bytes that only `other` has.
fn join(first: &mut Diagnostic, other: &mut Diagnostic) {
    for label in other.labels.drain(..) {
        if !first.labels.contains(&label) {
            first.labels.push(label);
        }
    }
    for note in other.notes.drain(..) {
        if !first.notes.contains(&note) {
            first.notes.push(note);
        }
    }
    first.severity = first.severity.max(other.severity);
    let bytes = |diagnostic: &Diagnostic| diagnostic.savings.as_ref().map(crate::diagnostic::Savings::bytes);
    if bytes(other) > bytes(first) {
        first.savings = other.savings.take();
    }
    // A fix must hold for every service; when they differ on it, none is certain.
    let agreed = first.fix == other.fix;
    first.fix = first.fix.take().filter(|_| agreed);
}
