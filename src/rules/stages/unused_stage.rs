//! A stage that no later one uses.

use crate::diagnostic::Severity;
use crate::facts::{Facts, StageFacts, Targets};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// A file with more stages that have a name and no use is a collection of targets.
const MAX_NAMED: usize = 20;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    // A file of nothing but `FROM` lines pins versions for a tool that updates them.
    let only_pins = facts.dockerfile.stages.iter().all(|stage| stage.instructions.len() == 1);
    if facts.stages.len() < 2 || only_pins || !facts.dockerfile.errors.is_empty() || has_foreign_syntax(facts) {
        return;
    }
    let mut unused = facts.unused_stages();
    unused.retain(|stage| stage.index + 1 < facts.stages.len());
    let named = unused.iter().filter(|stage| stage.name.is_some()).count();
    for stage in unused.into_iter().filter(|stage| stage.name.is_none() || named <= MAX_NAMED) {
        report(facts, stage, reporter);
    }
}

fn report(facts: &Facts<'_>, stage: &StageFacts, reporter: &mut Reporter<'_>) {
    let Some(from) = facts.dockerfile.instructions.get(stage.from) else { return };
    let Some(name) = &stage.name else {
        let text = facts.source.slice(from.range).trim();
        let stage_words = if text.contains(['\n', '`']) { "FROM" } else { text };
        let mut finding = reporter.report(from.range, format!("`{stage_words}` begins a stage that no later one uses"));
        finding
            .primary_label("nothing of it is in the image; BuildKit skips it, the classic builder builds it each time");
        finding
            .help("delete it, or take what it makes: `COPY --from=…`. A second `FROM` starts from its own image alone");
        return;
    };
    if facts.may_be_target(stage) || !Targets::is_own(&facts.service.dockerfile) {
        return;
    }
    let targets = facts.targets();
    let is_told = targets.builds && targets.complete && targets.computed.is_none();
    if !is_told || targets.mention(name, &facts.service.dockerfile).is_some() {
        return;
    }
    let mut finding = reporter.report(from.range, format!("no later stage uses the stage `{name}`"));
    finding.severity(Severity::Info);
    finding.primary_label("nothing of it is in the image; BuildKit skips it, the classic builder builds it each time");
    finding
        .note("targets", format!("`{name}` is in none of the files that may build images ({} read)", targets.files()));
    finding.help(format!("delete it, or name it where it is built with `--target {name}`"));
}

/// Whether another language than Docker's own reads the file.
fn has_foreign_syntax(facts: &Facts<'_>) -> bool {
    facts.dockerfile.directives.iter().any(|directive| {
        directive.name == "syntax" && !directive.value.trim_start_matches("docker.io/").starts_with("docker/dockerfile")
    })
}
