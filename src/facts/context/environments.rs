//! Virtual environments that a build makes or uses, by their place in the image.

use std::collections::BTreeSet;

use super::super::paths::resolve;
use super::super::{Facts, Invocation};

/// Their folders, absolute.
pub(super) fn of(facts: &Facts<'_>) -> BTreeSet<String> {
    let invocations = facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    let by_commands = invocations.flat_map(by_command);
    let variables = facts.stages.iter().flat_map(|stage| stage.state.environment.iter());
    let by_variables = variables
        .filter(|(name, _)| matches!(*name, "VIRTUAL_ENV" | "UV_PROJECT_ENVIRONMENT"))
        .filter_map(|(_, variable)| Some(resolve("/", variable.value.known()?)));
    by_commands.chain(by_variables).collect()
}

/// `./venv/bin/pip`, `python -m venv venv`, `uv venv`, `uv sync`
fn by_command(invocation: &Invocation) -> Vec<String> {
    let Some(workdir) = invocation.workdir.known() else { return Vec::new() };
    let mut folders: Vec<String> = Vec::new();
    if let Some((folder, _)) = invocation.path.known().and_then(|path| path.rsplit_once("/bin/"))
        && !folder.is_empty()
    {
        folders.push(resolve(workdir, folder));
    }
    let mut words = invocation.arguments.iter().filter_map(|argument| argument.value.known());
    let first = words.next().unwrap_or_default();
    let place = match (invocation.program.as_str(), first) {
        ("python", "-m") => match words.next() {
            Some("venv" | "virtualenv") => words.find(|word| !word.starts_with('-')),
            _ => None,
        },
        ("python", "-mvenv") => words.find(|word| !word.starts_with('-')),
        ("virtualenv", first) => std::iter::once(first).chain(words).find(|word| !word.starts_with('-')),
        ("uv", "venv") => Some(words.find(|word| !word.starts_with('-')).unwrap_or(".venv")),
        ("uv", "sync") => Some(".venv"),
        _ => None,
    };
    folders.extend(place.map(|place| resolve(workdir, place)));
    folders
}
