//! How the group `dev` stays out of the environments that `uv sync` and `uv run` make.

use crate::diagnostic::Edit;
use crate::facts::Facts;
use crate::facts::commands::Uv;
use crate::facts::python::{PythonInstall, SyncAgain, Tool};

/// The first version of uv that reads `UV_NO_DEV`.
const NO_DEV_SINCE: (u32, u32, u32) = (0, 8, 7);
const NO_DEV: &str = "ENV UV_NO_DEV=1";

/// The instruction that keeps it out of every sync, where the uv of the Dockerfile reads it.
pub(super) fn switch(facts: &Facts<'_>) -> Option<&'static str> {
    facts.uv_is_since(NO_DEV_SINCE).then_some(NO_DEV)
}

/// What syncs the environment again with the default groups, unless a later sync in the stage that does so settles that.
pub(super) fn syncs_again(facts: &Facts<'_>, install: &PythonInstall) -> Option<SyncAgain> {
    let again = facts.syncs_again(install).filter(|_| install.tool == Tool::UvSync)?;
    let settles = |other: &&PythonInstall| {
        other.tool == Tool::UvSync
            && other.stage > install.stage
            && !facts.descendants(install.stage).contains(&other.stage)
            && facts.descendants(other.stage).contains(&again.stage)
    };
    facts.python_installs().iter().find(settles).is_none().then_some(again)
}

/// Puts `switch` in front of the instruction that installs, where it also holds for what syncs again.
pub(super) fn set_above(facts: &Facts<'_>, install: &PythonInstall, again: &SyncAgain, switch: &str) -> Option<Edit> {
    let (_, run, _) = facts.site_of(install)?;
    let holds = facts.descendants(install.stage).contains(&again.stage);
    facts.line_above(run.instruction, switch).filter(|_| holds)
}

/// What keeps the group out of every `uv sync` of the Dockerfile; nothing where it is left out already.
pub(super) fn without_group(facts: &Facts<'_>) -> Option<Vec<Edit>> {
    let syncs = facts.python_installs().iter().filter(|install| install.tool == Tool::UvSync);
    let mut edits = Vec::new();
    for install in syncs {
        if let Some(again) = syncs_again(facts, install) {
            edits.push(set_above(facts, install, &again, switch(facts)?)?);
        } else if !facts.leaves_out_dev(install) {
            let (_, _, invocation) = facts.site_of(install)?;
            edits.push(facts.insert_after(invocation, Uv::read(invocation)?.subcommand, "--no-dev")?);
        }
    }
    edits.dedup();
    Some(edits)
}
