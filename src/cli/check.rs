//! `slimlint check`: from arguments to workspaces and settings.

use std::path::Path;

use crate::config::Settings;
use crate::rules;
use crate::workspace::{DiscoveryProblem, ProblemKind, Workspace, discover};

use super::args::Check;
use super::run;
use super::{Status, Terminal};

/// Commands that a path may be a misspelling of.
const COMMANDS: [&str; 3] = ["check", "explain", "rules"];

pub(super) fn check(arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
    let settings = match settings(arguments) {
        Ok(settings) => settings,
        Err(message) => return terminal.error(&message),
    };
    let found = discover(&arguments.paths, &terminal.cwd);
    let mut status = Status::Clean;
    for problem in &found.problems {
        status = status.max(tell(problem, terminal));
    }
    let mut services = Vec::new();
    for (workspace, paths) in found.workspaces {
        let context = arguments.context.as_deref().map(|folder| context(folder, &workspace, &terminal.cwd)).transpose();
        match context {
            Ok(context) => services.push((workspace, paths, Settings { context, ..settings.clone() })),
            Err(message) => return terminal.error(&message),
        }
    }
    status.max(run::run(services, arguments, terminal))
}

fn settings(arguments: &Check) -> Result<Settings, String> {
    let selectors = arguments.select.iter().flatten().chain(&arguments.ignore);
    if let Some(unknown) = selectors.map(|selector| selector.trim()).find(|selector| !rules::is_selector(selector)) {
        return Err(unknown_rule(unknown));
    }
    let trimmed = |selectors: &[String]| selectors.iter().map(|selector| selector.trim().to_owned()).collect();
    Ok(Settings {
        select: arguments.select.as_deref().map(trimmed),
        ignore: trimmed(&arguments.ignore),
        ..Settings::default()
    })
}

/// What to say of a name that no rule has.
pub(super) fn unknown_rule(name: &str) -> String {
    let hint = rules::closest_name(name).map_or_else(String::new, |closest| format!("; did you mean `{closest}`?"));
    format!("no rule or group is named `{name}`{hint} (`slimlint rules` lists them)")
}

/// The folder of `--context`, relative to the root of the workspace.
fn context(folder: &Path, workspace: &Workspace, cwd: &Path) -> Result<String, String> {
    let shown = folder.display();
    let real = cwd.join(folder).canonicalize().map_err(|error| format!("--context {shown}: {error}"))?;
    if !real.is_dir() {
        return Err(format!("--context {shown}: it is not a folder; name the folder that is given to `docker build`"));
    }
    let root = workspace.root();
    let relative = real.strip_prefix(root).map_err(|_| {
        format!("--context {shown}: it lies outside `{}`, where nothing is read; run slimlint from a folder that holds both", root.display())
    })?;
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    Ok(parts.join("/"))
}

fn tell(problem: &DiscoveryProblem, terminal: &mut Terminal<'_>) -> Status {
    let name = problem.path.to_string_lossy();
    let mut message = format!("{name}: {}", problem.kind);
    if !problem.kind.is_error() {
        terminal.note(&message);
        return Status::Clean;
    }
    if problem.kind == ProblemKind::Missing
        && let Some(command) = similar::get_close_matches(&*name, &COMMANDS, 1, 0.7).first()
    {
        message = format!("{message} (or did you mean `slimlint {command}`?)");
    }
    terminal.error(&message)
}
