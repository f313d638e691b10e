//! A stage that no later one uses.

use crate::diagnostic::Severity;
use crate::facts::{Facts, StageFacts, Targets};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Stage(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, reporter: &mut Reporter<'_>) {
    let is_last = stage.index + 1 == facts.stages.len();
    // A file of nothing but `FROM` lines pins versions for a tool that updates them.
    if facts.dockerfile.stages.iter().all(|stage| stage.instructions.len() == 1) {
        return;
    }
    if is_last || !facts.dockerfile.errors.is_empty() || has_foreign_syntax(facts) || facts.may_be_used(stage) {
        return;
    }
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
