//! Sums over reports.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use crate::diagnostic::{Applicability, Component, Diagnostic, Severity};
use crate::lint::Report;
use crate::workspace::Workspace;

/// What several reports come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Dockerfiles linted.
    pub dockerfiles: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings that are only worth knowing.
    pub infos: usize,
    /// Findings whose fix is safe.
    pub safe_fixes: usize,
    /// Findings whose fix is unsafe.
    pub unsafe_fixes: usize,
    /// Findings silenced by ignore comments.
    pub suppressed: usize,
    /// Findings that a baseline hides.
    pub known: usize,
    /// Bytes in the images that could be saved. What several findings of a service are about counts once.
    pub bytes: u64,
}

impl Totals {
    /// Counts over all reports.
    #[must_use]
    pub fn of(reports: &[(Workspace, Report)]) -> Self {
        let mut totals = Self::default();
        for (_, report) in reports {
            totals.dockerfiles += report.services.len();
            totals.suppressed += report.suppressed;
            totals.known += report.known.len();
            totals.bytes += report_bytes(report, |_| true);
            for diagnostic in &report.diagnostics {
                totals.count(diagnostic);
            }
        }
        totals
    }

    /// All findings.
    #[must_use]
    pub fn findings(&self) -> usize {
        self.errors + self.warnings + self.infos
    }

    fn count(&mut self, diagnostic: &Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Info => self.infos += 1,
        }
        match diagnostic.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => self.safe_fixes += 1,
            Some(Applicability::Unsafe) => self.unsafe_fixes += 1,
            Some(Applicability::Display) | None => {}
        }
    }

    /// `Found 4 problems in 2 Dockerfiles (1 safe fix with --fix, 2 more with --unsafe-fixes).`
    pub(super) fn sentence(&self) -> String {
        let mut silenced = match self.suppressed {
            0 => String::new(),
            number => format!(", {number} silenced by ignore comments"),
        };
        if self.known > 0 {
            let _ = write!(silenced, ", {} known from the baseline", self.known);
        }
        let dockerfiles = counted(self.dockerfiles, "Dockerfile");
        if self.findings() == 0 {
            let what = if self.known > 0 { "Nothing new" } else { "Nothing to slim" };
            return format!("{what} in {dockerfiles}{silenced}.");
        }
        let fixes = match (self.safe_fixes, self.unsafe_fixes) {
            (0, 0) => String::new(),
            (safe, 0) => format!(" ({} with --fix)", counted(safe, "safe fix")),
            (0, risky) => format!(" ({} with --fix --unsafe-fixes)", counted(risky, "unsafe fix")),
            (safe, risky) => format!(" ({} with --fix, {risky} more with --unsafe-fixes)", counted(safe, "safe fix")),
        };
        format!("Found {} in {dockerfiles}{silenced}{fixes}.", counted(self.findings(), "problem"))
    }
}

/// Bytes that are in images and need not be: the union over the components of each service, since each image holds its own copy.
pub(super) fn report_bytes(report: &Report, wanted: impl Fn(&Diagnostic) -> bool) -> u64 {
    let mut counted: HashSet<usize> = HashSet::new();
    let mut bytes = 0;
    for service in &report.services {
        counted.extend(&service.findings);
        let findings = service.findings.iter().filter_map(|&index| report.diagnostics.get(index));
        bytes += image_bytes(findings.filter(|found| wanted(found)));
    }
    let rest = report.diagnostics.iter().enumerate().filter(|(index, _)| !counted.contains(index));
    bytes + image_bytes(rest.map(|(_, diagnostic)| diagnostic).filter(|found| wanted(found)))
}

/// The bytes in one image. Of two figures for one component the larger holds.
pub(super) fn image_bytes<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>) -> u64 {
    let mut components: BTreeMap<&Component, u64> = BTreeMap::new();
    for savings in diagnostics.filter_map(|diagnostic| diagnostic.savings.as_ref()).filter(|savings| savings.in_image) {
        for item in &savings.items {
            let bytes = components.entry(&item.component).or_default();
            *bytes = item.bytes.max(*bytes);
        }
    }
    components.values().sum()
}

/// `1 problem`, `2 problems`, `2 fixes`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('x') => format!("{number} {noun}es"),
        _ => format!("{number} {noun}s"),
    }
}
