//! `slimlint backups`: which there are, and the end of the old ones.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::diagnostic::format_bytes;
use crate::fix::{Backup, backup_date, list_backups, prune, shown_date};
use crate::output::{Paint, escape, shown_path, write_object};

use super::args::{Backups, ListFormat};
use super::{Status, Terminal};

pub(super) fn backups(arguments: &Backups, terminal: &mut Terminal<'_>) -> Status {
    let (cwd, state) = (terminal.cwd.clone(), terminal.state.clone());
    let today = backup_date(terminal.source_date_epoch.as_deref());
    let Some(list) = list_backups(arguments.path.as_deref(), &cwd, state.as_deref(), &today) else {
        let path = arguments.path.clone().unwrap_or_default();
        return terminal.error(&format!("{}: there is no such file or folder", path.display()));
    };
    let mut status = Status::Clean;
    for path in &list.unreadable {
        status = terminal.error(&format!("the record {} cannot be read", path.display()));
    }
    if !arguments.prune {
        return status.max(show(&list.backups, "backups", arguments.format, terminal));
    }
    let pruned = match prune(&list, i64::from(arguments.older_than), state.as_deref(), &today, arguments.dry_run) {
        Ok(pruned) => pruned,
        Err(error) => return terminal.error(&error.to_string()),
    };
    for (backup, reason) in &pruned.kept {
        let path = shown_path(&backup.root, &backup.path, &cwd);
        terminal.note(&format!("{path} stays: {reason}"));
    }
    for (backup, error) in &pruned.failed {
        let path = shown_path(&backup.root, &backup.path, &cwd);
        status = terminal.error(&format!("{path} cannot be removed ({error})"));
    }
    let what = if arguments.dry_run { "would be removed" } else { "removed" };
    status.max(show(&pruned.removed, what, arguments.format, terminal))
}

#[derive(Serialize)]
struct Shown {
    version: u32,
    what: &'static str,
    backups: Vec<ShownBackup>,
}

#[derive(Serialize)]
struct ShownBackup {
    backup: String,
    file: String,
    date: String,
    age_days: i64,
    bytes: u64,
    run: Option<u64>,
    original: &'static str,
    altered: bool,
}

fn show(backups: &[Backup], what: &'static str, format: ListFormat, terminal: &mut Terminal<'_>) -> Status {
    let cwd = terminal.cwd.clone();
    match format {
        ListFormat::Text => terminal.write(|out, paint| text(backups, what, &cwd, paint, out)),
        ListFormat::Json => {
            let shown = backups.iter().map(|backup| ShownBackup {
                backup: shown_path(&backup.root, &backup.path, &cwd),
                file: shown_path(&backup.root, &backup.original, &cwd),
                date: shown_date(&backup.date),
                age_days: backup.age_days,
                bytes: backup.bytes,
                run: backup.run,
                original: backup.state.name(),
                altered: backup.altered,
            });
            let shown = Shown { version: 1, what, backups: shown.collect() };
            terminal.write(|out, _| write_object(&shown, out))
        }
    }
}

fn text(backups: &[Backup], what: &'static str, cwd: &Path, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = backups
        .iter()
        .map(|backup| {
            let path = escape(&shown_path(&backup.root, &backup.path, cwd)).into_owned();
            let run = backup.run.map_or_else(|| "not in the journal".to_owned(), |run| format!("run {run}"));
            let altered = if backup.altered { ", backup was edited" } else { "" };
            let state = format!("{run}, file {}{altered}", backup.state.name());
            [path, age(backup), format_bytes(backup.bytes), state]
        })
        .collect();
    let column = |index: usize| rows.iter().map(|row| row[index].chars().count()).max().unwrap_or_default();
    let (first, second, third) = (column(0), column(1), column(2));
    for [path, age, size, state] in &rows {
        let gap = " ".repeat(first - path.chars().count());
        writeln!(out, "{}{gap}  {age:<second$}  {size:>third$}  {state}", paint.strong(path))?;
    }
    let bytes: u64 = backups.iter().map(|backup| backup.bytes).sum();
    match (backups.len(), what) {
        (0, "backups") => writeln!(out, "No backups."),
        (0, _) => writeln!(out, "Nothing to remove."),
        (1, "backups") => writeln!(out, "1 backup, {}", format_bytes(bytes)),
        (number, what) => writeln!(out, "{number} {what}, {}", format_bytes(bytes)),
    }
}

/// `2026-11-21 (3 days)`
fn age(backup: &Backup) -> String {
    let date = shown_date(&backup.date);
    match backup.age_days {
        0 => format!("{date} (today)"),
        1 => format!("{date} (1 day)"),
        days => format!("{date} ({days} days)"),
    }
}
