//! Order, and one finding for one cause.

use std::cmp::Ordering;

use crate::diagnostic::Diagnostic;

use super::{Report, ServiceReport, ServiceSummary};

/// Findings that are equal in this are the same.
fn order(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    let place = |found: &Diagnostic| (found.primary.range.start(), found.primary.range.end(), found.rule);
    a.primary.file.cmp(&b.primary.file).then_with(|| place(a).cmp(&place(b))).then_with(|| a.message.cmp(&b.message))
}

/// Sorts by file, place, rule and message and makes one of those that say the same.
pub(super) fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(order);
    diagnostics.dedup_by(|later, first| {
        let same = order(later, first).is_eq();
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
    let mut report = Report { suppressed: reports.iter().map(|report| report.suppressed).sum(), ..Report::default() };
    let mut all: Vec<(Diagnostic, usize)> = Vec::with_capacity(reports.iter().map(|one| one.diagnostics.len()).sum());
    for (service, one) in reports.into_iter().enumerate() {
        all.extend(one.diagnostics.into_iter().map(|found| (found, service)));
        report.services.push(ServiceSummary {
            service: one.service,
            source: one.source,
            findings: Vec::new(),
            known: Vec::new(),
            contents: one.contents,
        });
    }
    // Those of most services stand in their own Dockerfiles, which are in order already.
    all.sort_by(|(a, _), (b, _)| order(a, b));
    for (mut found, service) in all {
        match report.diagnostics.last_mut() {
            Some(first) if order(first, &found).is_eq() => join(first, &mut found),
            _ => report.diagnostics.push(found),
        }
        if let Some(summary) = report.services.get_mut(service) {
            summary.findings.push(report.diagnostics.len() - 1);
        }
    }
    report
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
