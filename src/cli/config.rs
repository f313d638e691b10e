//! `slimlint config --from-hadolint`: another linter's configuration, in slimlint's words.

use std::path::{Path, PathBuf};

use crate::config::{HADOLINT_NAMES, Hadolint};
use crate::fix::write_file;
use crate::output::shown_path;
use crate::workspace::{Workspace, join, parent, place};

use super::args::Config;
use super::check::tell_path;
use super::{Status, Terminal};

pub(super) fn config(arguments: &Config, terminal: &mut Terminal<'_>) -> Status {
    let named = arguments.from_hadolint.as_ref().and_then(Option::as_deref);
    let cwd = terminal.cwd.clone();
    let (workspace, file) = match open(named.unwrap_or(Path::new(HADOLINT_NAMES[0])), terminal) {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    let found = if named.is_some() { Some(file) } else { nearest(&workspace, parent(&file)) };
    let Some(file) = found else {
        return terminal.error(&format!(
            "there is no `{}` here, nor above in the repository; name the file",
            HADOLINT_NAMES.join("` or `")
        ));
    };
    let shown = shown_path(workspace.root(), &file, &cwd);
    let source = match workspace.read(&file) {
        Ok(source) => source,
        Err(error) => return terminal.error(&format!("{shown}: {error}")),
    };
    let read = match Hadolint::read(&source) {
        Ok(read) => read,
        Err(problem) => return terminal.error(&format!("{shown}: {problem}; mend it, or name another file")),
    };
    for left in read.left() {
        terminal.note(&format!("{shown}: does not carry over: {left}"));
    }
    let text = read.to_toml();
    let Some(output) = &arguments.output else { return terminal.write(|out, _| out.write_all(text.as_bytes())) };
    write(output, &text, terminal)
}

fn write(output: &PathBuf, text: &str, terminal: &mut Terminal<'_>) -> Status {
    let shown = output.display();
    if terminal.cwd.join(output).symlink_metadata().is_ok() {
        return terminal
            .error(&format!("--output {shown}: it is there already, and is not replaced; name another file"));
    }
    let (workspace, file) = match open(output, terminal) {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    match write_file(workspace.root(), &file, None, text.as_bytes()) {
        Ok(()) => {
            terminal.note(&format!("written to {shown}"));
            Status::Clean
        }
        Err(error) => terminal.error(&error.to_string()),
    }
}

/// The workspace of a path, and the path in it.
fn open(path: &Path, terminal: &mut Terminal<'_>) -> Result<(Workspace, String), Status> {
    let (root, file) = place(path, &terminal.cwd).map_err(|kind| tell_path(path, &kind, terminal))?;
    let workspace = Workspace::open(&root).map_err(|error| terminal.error(&error.to_string()))?;
    Ok((workspace, file))
}

/// hadolint's configuration that holds for a folder.
fn nearest(workspace: &Workspace, mut folder: &str) -> Option<String> {
    loop {
        let mut files = HADOLINT_NAMES.iter().filter_map(|name| join(folder, name));
        if let Some(file) = files.find(|file| workspace.exists(file)) {
            return Some(file);
        }
        if folder.is_empty() {
            return None;
        }
        folder = parent(folder);
    }
}
