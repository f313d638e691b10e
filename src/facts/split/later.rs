//! What stands behind the last install.

use std::collections::BTreeSet;

use crate::dockerfile::Instruction;
use crate::dockerfile::edit::whole_lines;
use crate::facts::{Facts, StageFacts, SystemRemoval};

use super::commands::{Role, roles};
use super::packages::{installing, is_for_building};
use super::{Refusal, quoted};

/// Later `RUN`s that remove what was needed for the build: the last instruction of the builder, and those that go.
pub(super) fn purges(
    facts: &Facts<'_>,
    stage: &StageFacts,
    last_install: usize,
) -> Result<(usize, Vec<usize>), Refusal> {
    let (mut last, mut dropped) = (last_install, Vec::new());
    for run in stage.runs.iter().filter(|run| run.instruction > last_install) {
        let roles = roles(run);
        if !roles.contains(&Role::Purges) {
            continue;
        }
        if !roles.iter().all(|role| matches!(role, Role::Purges | Role::Cleans)) {
            return Err(Refusal::new("one `RUN` removes build tools and does other things"));
        }
        let removals = run.invocations.iter().filter_map(SystemRemoval::read);
        let mut names = removals.flat_map(|removal| removal.names);
        if let Some(name) = names.find(|name| !name.contains('*') && !is_for_building(name)) {
            return Err(Refusal::new(format!("`{name}` is removed after the packages are installed")));
        }
        let instruction = facts.dockerfile.instructions.get(run.instruction);
        if instruction.is_some_and(|instruction| is_alone(facts, instruction)) {
            dropped.push(run.instruction);
        } else {
            last = run.instruction;
        }
    }
    dropped.retain(|number| *number > last);
    Ok((last, dropped))
}

/// Whether an instruction can go without a comment being lost or left behind.
pub(super) fn is_alone(facts: &Facts<'_>, instruction: &Instruction) -> bool {
    let block = facts.dockerfile.with_comments_above(instruction);
    block == instruction.range
        && !facts.dockerfile.holds_comment(instruction.range)
        && whole_lines(facts.source.text(), instruction.range).is_some()
}

/// Refuses later commands that need what only the builder has.
pub(super) fn tail_needs_nothing(
    facts: &Facts<'_>,
    stage: &StageFacts,
    last: usize,
    dropped: &[usize],
    lost: &BTreeSet<&str>,
) -> Result<(), Refusal> {
    for run in stage.runs.iter().filter(|run| run.instruction > last && !dropped.contains(&run.instruction)) {
        for (found, role) in run.invocations.iter().zip(roles(run)) {
            let command = || quoted(facts.source.slice(found.range), &found.program);
            if matches!(role, Role::Compiles | Role::BringsInstaller | Role::SetsUp)
                || lost.contains(found.program.as_str())
            {
                return Err(Refusal::new(format!("{} runs after the packages are installed", command())));
            }
            if installing(found).is_some_and(|apt| apt.packages().any(|(name, _)| is_for_building(name))) {
                return Err(Refusal::new("build tools are installed after the packages"));
            }
        }
        if run.opaque || run.script.is_none() {
            return Err(Refusal::new("what a `RUN` after the last install does cannot be seen"));
        }
    }
    Ok(())
}
