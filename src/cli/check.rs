//! `slimlint check`: from arguments to workspaces and settings.

use std::path::Path;
use std::sync::Arc;

use crate::config::{ConfigError, Configurations, Origin, PathSettings};
use crate::output::shown_path;
use crate::rules;
use crate::workspace::{DiscoveryProblem, ProblemKind, Workspace, discover_where};

use super::args::Check;
use super::feeds::with_readers;
use super::{Status, Terminal, options, run, settings, since, stdin};

/// Commands that a path may be a misspelling of.
const COMMANDS: [&str; 12] = [
    "audit",
    "backups",
    "check",
    "completions",
    "config",
    "explain",
    "lsp",
    "man",
    "rollback",
    "rules",
    "schema",
    "why",
];

pub(super) fn check(arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
    let mut configurations = match options::configurations(arguments, terminal) {
        Ok(configurations) => configurations,
        Err(status) => return status,
    };
    match stdin::requested(arguments) {
        Ok(None) => {}
        Ok(Some(_)) if arguments.changed_since.is_some() || arguments.write_baseline.is_some() => {
            return terminal.error("--changed-since and --write-baseline are about files; leave them out with standard input, or lint the file");
        }
        Ok(Some(path)) => return stdin::check(&path, arguments, &mut configurations, terminal),
        Err(message) => return terminal.error(&message),
    }
    let mut found = discover_where(&arguments.paths, &terminal.cwd, |workspace, path, named| {
        configurations.keeps(workspace, path, named)
    });
    let mut status = Status::Clean;
    for problem in &found.problems {
        status = status.max(tell(problem, terminal));
    }
    let mut tasks = Vec::new();
    for (workspace, paths) in found.workspaces {
        if let Some(message) = options::context_outside(&arguments.configuration, &workspace, &terminal.cwd) {
            return terminal.error(&message);
        }
        let feeds = found.feeds.remove(workspace.root());
        let (paths, settings, trouble) = with_readers(&workspace, paths, feeds, &mut configurations, terminal);
        status = status.max(trouble);
        tasks.push((workspace, paths, settings));
    }
    if let Some(revision) = &arguments.changed_since
        && let Err(trouble) = since::retain_touched(&mut tasks, revision, arguments, terminal)
    {
        return trouble;
    }
    if arguments.show_settings {
        return status.max(settings::show(&tasks, terminal));
    }
    status.max(run::run(tasks, arguments, terminal))
}

/// The settings of the Dockerfiles. Those whose configuration cannot be used are left out, and each such configuration is
/// told once.
pub(super) fn configured(
    workspace: &Workspace,
    paths: Vec<String>,
    configurations: &mut Configurations,
    terminal: &mut Terminal<'_>,
) -> (Vec<String>, PathSettings, Status) {
    let mut errors: Vec<Arc<ConfigError>> = Vec::new();
    let mut kept = Vec::with_capacity(paths.len());
    for path in paths {
        match configurations.settings(workspace, &path) {
            Ok(settings) => kept.push((path, settings)),
            Err(error) if errors.iter().any(|known| known.says_the_same(&error)) => {}
            Err(error) => errors.push(error),
        }
    }
    for note in configurations.take_notes() {
        let name = shown_path(&note.path, "", &terminal.cwd);
        terminal.note(&format!("{name}: {}", note.text));
    }
    let mut status = Status::Clean;
    for error in &errors {
        status = tell_configuration(error, terminal);
    }
    let paths = kept.iter().map(|(path, _)| path.clone()).collect();
    (paths, kept.into_iter().collect(), status)
}

/// `path:line:column: what is wrong`, a line for each problem.
pub(super) fn tell_configuration(error: &ConfigError, terminal: &mut Terminal<'_>) -> Status {
    let name = match &error.origin {
        Origin::File(path) => shown_path(path, "", &terminal.cwd),
        Origin::Option(option) => option.clone(),
    };
    for (position, problem) in &error.problems {
        let place = position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        terminal.error(&format!("{name}{place}: {problem}"));
    }
    Status::Trouble
}

/// What to say of a name that no rule has.
pub(super) fn unknown_rule(name: &str) -> String {
    let hint = rules::closest_name(name).map_or_else(String::new, |closest| format!("; did you mean `{closest}`?"));
    format!("no rule or group is named `{name}`{hint} (`slimlint rules` lists them)")
}

/// Tells what is the matter with a path that gave no Dockerfile.
pub(super) fn tell(problem: &DiscoveryProblem, terminal: &mut Terminal<'_>) -> Status {
    let status = tell_path(&problem.path, &problem.kind, terminal);
    if problem.kind.is_error() { status } else { Status::Clean }
}

/// Tells what is the matter with a path.
pub(super) fn tell_path(path: &Path, kind: &ProblemKind, terminal: &mut Terminal<'_>) -> Status {
    let name = path.to_string_lossy();
    let mut message = format!("{name}: {kind}");
    if !kind.is_error() {
        terminal.note(&message);
        return Status::Clean;
    }
    if *kind == ProblemKind::Missing
        && let Some(command) = similar::get_close_matches(&*name, &COMMANDS, 1, 0.7).first()
    {
        message = format!("{message} (or did you mean `slimlint {command}`?)");
    }
    terminal.error(&message)
}
