//! The image that is shipped stands on a release that gets no security updates any more.

use crate::catalogue::{self, EndOfLife};
use crate::diagnostic::Severity;
use crate::facts::{Facts, ShippedBase};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for base in facts.shipped_bases() {
        // A tag of somebody's own image may only sound like a release.
        let ends = base.stage.image.end_of_life.iter().filter(|end| end.is_over() && base.stage.image.is_known);
        let ends: Vec<&EndOfLife> = ends.collect();
        if !ends.is_empty() {
            report(facts, &base, &ends, reporter);
        }
    }
}

fn report(facts: &Facts<'_>, base: &ShippedBase<'_>, ends: &[&EndOfLife], reporter: &mut Reporter<'_>) {
    let names: Vec<String> = ends.iter().map(|end| format!("{} ended on {}", end.release, end.date)).collect();
    let mut finding = reporter.report(
        base.word.range,
        format!("`{}` gets no security updates any more: {}", base.reference, names.join(", ")),
    );
    finding.argument_of(facts, base.word);
    if !facts.runs_a_program(base) {
        finding.severity(Severity::Info);
    }
    if let Some(heirs) = facts.heirs(base) {
        finding.note("image", heirs);
    }
    finding.note("date", format!("by the published schedules, as of {}", catalogue::ends_as_of()));
    finding.help(match &base.stage.image.slimmer {
        Some(slimmer) if slimmer.reference.starts_with("eclipse-temurin") => {
            "move to a maintained build of Java such as `eclipse-temurin`"
        }
        _ => "move to a release that is supported",
    });
}
