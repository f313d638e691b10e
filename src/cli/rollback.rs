//! `slimlint rollback`: back to the files as they were before `--fix`.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::fix::{Action, Recovered, Restored, RollbackRequest, plan_rollback};
use crate::output::{Paint, escape, shown_path, write_object};

use super::args::{ListFormat, Rollback};
use super::{Status, Terminal};

pub(super) fn rollback(arguments: &Rollback, terminal: &mut Terminal<'_>) -> Status {
    let (cwd, state) = (terminal.cwd.clone(), terminal.state.clone());
    let request = RollbackRequest {
        path: arguments.path.as_deref(),
        cwd: &cwd,
        to: arguments.to.as_deref(),
        force: arguments.force,
        state: state.as_deref(),
    };
    let plan = match plan_rollback(&request) {
        Ok(plan) => plan,
        Err(error) => return terminal.error(&error.to_string()),
    };
    for (root, recovered) in &plan.recovered {
        tell_recovered(root, recovered, terminal);
    }
    let (files, by_name) = (plan.files.clone(), plan.by_name);
    if files.is_empty() {
        let undone = plan.recovered.iter().any(|(_, recovered)| matches!(recovered, Recovered::Undone { .. }));
        if !undone {
            terminal.note(
                "there is nothing to roll back: no run of slimlint --fix is on record here, and no backup lies here",
            );
        }
        return show(&files, arguments, by_name, terminal);
    }
    let refused = plan.is_impossible() || (plan.needs_force() && !arguments.force);
    if arguments.dry_run {
        let status = if refused { refuse(&files, by_name, arguments, terminal) } else { Status::Clean };
        return status.max(show(&files, arguments, by_name, terminal));
    }
    if refused {
        return refuse(&files, by_name, arguments, terminal);
    }
    if let Err(error) = plan.apply(&terminal.write_options(false)) {
        return terminal.error(&error.to_string());
    }
    if by_name {
        terminal.note("no journal knows of this: files that slimlint created, if any, are still there");
    }
    show(&files, arguments, by_name, terminal)
}

/// Tells what became of a run that was killed.
pub(super) fn tell_recovered(root: &Path, recovered: &Recovered, terminal: &mut Terminal<'_>) {
    let Recovered::Undone { kept } = recovered else {
        return terminal.note("an earlier run was interrupted when all files were written; it counts as done");
    };
    terminal.note("an earlier run was interrupted; what it had changed was put back");
    for path in kept {
        let path = shown_path(root, path, &terminal.cwd);
        terminal.note(&format!(
            "{path} was edited since and stays as it is; what it held before is in the backup beside it, if it was kept"
        ));
    }
}

/// Says why nothing is done.
fn refuse(files: &[Restored], by_name: bool, arguments: &Rollback, terminal: &mut Terminal<'_>) -> Status {
    for file in files {
        let path = shown_path(&file.root, &file.path, &terminal.cwd);
        if let Action::Impossible(reason) = file.action {
            terminal.error(&format!(
                "{path} cannot be restored: {reason}; take it from git (`git restore`), then run this again"
            ));
        } else if file.changed_since && !arguments.force {
            terminal.error(&format!("{path} was edited since slimlint wrote it"));
        } else if let (true, false, Action::Restore(backup)) = (by_name, arguments.force, &file.action) {
            terminal
                .error(&format!("{path} would be restored from {backup}, which no journal knows: look at it first"));
        }
    }
    let remedy = if files.iter().any(|file| matches!(file.action, Action::Impossible(_))) {
        "or name a PATH without these files"
    } else {
        "--force restores these files, and keeps what they hold now in a backup"
    };
    terminal.error(&format!("nothing was changed; {remedy}"))
}

#[derive(Serialize)]
struct Shown {
    version: u32,
    dry_run: bool,
    recorded: bool,
    files: Vec<ShownFile>,
}

#[derive(Serialize)]
struct ShownFile {
    file: String,
    action: &'static str,
    backup: Option<String>,
    changed_since: bool,
}

fn show(files: &[Restored], arguments: &Rollback, by_name: bool, terminal: &mut Terminal<'_>) -> Status {
    let cwd = terminal.cwd.clone();
    match arguments.format {
        ListFormat::Text => terminal.write(|out, paint| text(files, arguments.dry_run, &cwd, paint, out)),
        ListFormat::Json => {
            let shown = Shown {
                version: 1,
                dry_run: arguments.dry_run,
                recorded: !by_name,
                files: files
                    .iter()
                    .map(|file| ShownFile {
                        file: shown_path(&file.root, &file.path, &cwd),
                        action: match file.action {
                            Action::Restore(_) => "restore",
                            Action::Remove => "remove",
                            Action::Nothing => "nothing",
                            Action::Impossible(_) => "impossible",
                        },
                        backup: match &file.action {
                            Action::Restore(backup) => Some(backup.clone()),
                            _ => None,
                        },
                        changed_since: file.changed_since,
                    })
                    .collect(),
            };
            terminal.write(|out, _| write_object(&shown, out))
        }
    }
}

fn text(files: &[Restored], dry: bool, cwd: &Path, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for file in files {
        let path = shown_path(&file.root, &file.path, cwd);
        let what = match (&file.action, dry) {
            (Action::Restore(backup), false) => format!("restored from {backup}"),
            (Action::Restore(backup), true) => format!("would be restored from {backup}"),
            (Action::Remove, false) => "removed; slimlint had created it".to_owned(),
            (Action::Remove, true) => "would be removed; slimlint created it".to_owned(),
            (Action::Nothing, _) => "is already as it was".to_owned(),
            (Action::Impossible(reason), _) => format!("cannot be restored: {reason}"),
        };
        writeln!(out, "{}   {}", paint.strong(&escape(&path)), escape(&what))?;
    }
    Ok(())
}
