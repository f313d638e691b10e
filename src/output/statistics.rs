//! How many findings each rule has, and what they come to.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Applicability, format_bytes};
use crate::lint::Report;
use crate::workspace::Workspace;

use super::totals::report_bytes;
use super::{Paint, Results, Totals};

/// The findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RuleCount {
    pub(super) rule: &'static str,
    pub(super) findings: usize,
    pub(super) safe_fixes: usize,
    pub(super) unsafe_fixes: usize,
    /// Bytes in the images; what several findings of a service are about counts once.
    pub(super) bytes: u64,
}

/// All rules with findings: those about most bytes first, then those with most findings.
pub(super) fn count(reports: &[(Workspace, Report)]) -> Vec<RuleCount> {
    let mut counts: BTreeMap<&'static str, RuleCount> = BTreeMap::new();
    for found in reports.iter().flat_map(|(_, report)| &report.diagnostics) {
        let rule = found.rule;
        let count =
            counts.entry(rule).or_insert(RuleCount { rule, findings: 0, safe_fixes: 0, unsafe_fixes: 0, bytes: 0 });
        count.findings += 1;
        match found.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => count.safe_fixes += 1,
            Some(Applicability::Unsafe) => count.unsafe_fixes += 1,
            Some(Applicability::Display) | None => {}
        }
    }
    let mut counts: Vec<RuleCount> = counts.into_values().collect();
    for count in &mut counts {
        count.bytes = reports.iter().map(|(_, report)| report_bytes(report, |found| found.rule == count.rule)).sum();
    }
    counts.sort_by_key(|count| std::cmp::Reverse((count.bytes, count.findings)));
    counts
}

pub(super) fn write(results: &Results<'_>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let counts = count(results.reports);
    let column = counts.iter().map(|count| count.rule.len()).max().unwrap_or_default().max("rule".len());
    if !counts.is_empty() {
        let heading = format!("{:column$}  findings  safe fixes  unsafe fixes  saves", "rule");
        writeln!(out, "{}", paint.strong(&heading))?;
    }
    for RuleCount { rule, findings, safe_fixes, unsafe_fixes, bytes } in counts {
        let saves = if bytes > 0 { format!("−{}", format_bytes(bytes)) } else { String::new() };
        let line = format!("{rule:column$}  {findings:8}  {safe_fixes:10}  {unsafe_fixes:12}  {saves}");
        writeln!(out, "{}", line.trim_end())?;
    }
    let totals = Totals::of(results.reports);
    if totals.dockerfiles > 0 {
        writeln!(out, "{}", totals.sentence())?;
    }
    Ok(())
}
