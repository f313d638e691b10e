//! `slimlint --stdin-filename PATH -`: a text that need not be on disk. Nothing is ever written.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::config::Configurations;
use crate::output::{self, Paint, Results, escape_lines};
use crate::workspace::{MAX_FILE_BYTES, with_text};

use super::args::Check;
use super::check::{configured, tell_path};
use super::known::Gate;
use super::run::{self, Task};
use super::{Status, Terminal, reports};

/// What standard input is called without `--stdin-filename`.
const DEFAULT_NAME: &str = "Dockerfile";

/// The name of standard input, when that is to be linted.
pub(super) fn requested(arguments: &Check) -> Result<Option<PathBuf>, String> {
    let is_dash = |path: &PathBuf| path.as_os_str() == "-";
    let named = arguments.stdin_filename.clone();
    match arguments.paths.as_slice() {
        [] => Ok(named),
        [path] if is_dash(path) => Ok(Some(named.unwrap_or_else(|| DEFAULT_NAME.into()))),
        paths if paths.iter().any(is_dash) => {
            Err("`-` is linted alone; leave out the other paths, or the `-`".to_owned())
        }
        _ if named.is_some() => {
            Err("--stdin-filename names standard input, so the path is `-`; leave out the others".to_owned())
        }
        _ => Ok(None),
    }
}

pub(super) fn check(
    path: &Path,
    arguments: &Check,
    configurations: &mut Configurations,
    terminal: &mut Terminal<'_>,
) -> Status {
    let text = match read() {
        Ok(text) => text,
        Err(message) => return terminal.error(&message),
    };
    let (workspace, file) = match with_text(path, &terminal.cwd, text.clone()) {
        Ok(placed) => placed,
        Err(kind) => return tell_path(path, &kind, terminal),
    };
    if let Some(message) = super::options::context_outside(&arguments.configuration, &workspace, &terminal.cwd) {
        return terminal.error(&message);
    }
    if !configurations.keeps(&workspace, &file, true) {
        return nothing(&text, arguments, terminal);
    }
    let (paths, settings, status) = configured(&workspace, vec![file], configurations, terminal);
    if status > Status::Clean {
        return status;
    }
    let task = (workspace, paths, settings);
    if arguments.show_settings {
        return super::settings::show(&[task], terminal);
    }
    if arguments.writes() && !arguments.diff {
        fix(task, &text, arguments, terminal)
    } else {
        run::run(vec![task], arguments, terminal)
    }
}

/// For a text that is excluded: what reads reports wants one all the same, with nothing in it.
fn nothing(text: &[u8], arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
    if arguments.diff || arguments.show_settings {
        return Status::Clean;
    }
    if !arguments.writes() {
        return run::run(Vec::new(), arguments, terminal);
    }
    let files = match reports::prepare(arguments, &[], terminal) {
        Ok(files) => files,
        Err(status) => return status,
    };
    let printed = print(text, terminal);
    let results = Results { reports: &[], fixed: None, baseline: None, cwd: &terminal.cwd.clone() };
    printed.max(reports::write_files(&files, &results, arguments, terminal))
}

fn read() -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err("standard input is too large to read (the limit is 64 MiB)".to_owned());
    }
    Ok(text)
}

/// Prints the fixed text, and what is left to say to where trouble is told.
fn fix(task: Task, text: &[u8], arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
    let tasks = [task];
    let files = match reports::prepare(arguments, &tasks, terminal) {
        Ok(files) => files,
        Err(status) => return status,
    };
    let gate = match Gate::open(&tasks, arguments, terminal) {
        Ok(gate) => gate,
        Err(status) => return status,
    };
    let [(workspace, paths, settings)] = tasks;
    let only = paths.first().cloned();
    let (plan, status) = run::plan(&workspace, &paths, &settings, &gate, only.as_deref(), arguments, terminal);
    let after = plan.files.first().map_or(text, |file| &file.after);
    let printed = print(after, terminal);
    for file in &plan.files {
        workspace.set_overlay(&file.path, Some(file.after.clone()));
    }
    let judged = run::judge(&plan.remaining, &settings, arguments);
    let mut reports = [(workspace, plan.remaining)];
    let (baseline, _) = gate.close(&mut reports, &[], arguments, terminal);
    let results = Results { reports: &reports, fixed: None, baseline, cwd: &terminal.cwd.clone() };
    let write = if arguments.statistics { output::write_statistics } else { output::write };
    // That it cannot be told changes nothing about it.
    let _ = write(&results, arguments.format, Paint::new(false), terminal.err);
    let filed = reports::write_files(&files, &results, arguments, terminal);
    status.max(printed).max(judged).max(filed)
}

/// The text as it is, unless a terminal would act on it.
fn print(text: &[u8], terminal: &mut Terminal<'_>) -> Status {
    let is_terminal = terminal.interactive;
    terminal.write(
        |out, _| {
            if is_terminal { out.write_all(escape_lines(text).as_bytes()) } else { out.write_all(text) }
        },
    )
}
