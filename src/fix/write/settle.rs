//! What becomes of a run that failed or was killed: it is undone, or, when everything was in its place, ended.
//!
//! A file that is neither as it was nor as the run would have it was edited by somebody since, and stays.

use std::io;
use std::path::Path;

use super::super::journal::{Entry, Phase, Run};
use super::folder::{Folder, Replaced, Stamp};
use super::transaction::{free_backup, keep_as_backup, remove_temporary};

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fix) enum Settled {
    /// All files are as the run would have them.
    Completed,
    /// All files are as they were before the run, but for those that somebody has changed since.
    Undone { kept: Vec<String> },
}

/// Where it failed, and why.
type Failure = (String, io::Error);

/// Ends or undoes `run`; where `may_complete` is false it is undone in any case.
pub(in crate::fix) fn settle(root: &Path, run: &Run, may_complete: bool) -> Result<Settled, Failure> {
    if run.phase == Phase::Preparing {
        return discard(root, run);
    }
    let is_placed = matches!(run.phase, Phase::Placed | Phase::Done);
    if may_complete && (is_placed || is_complete(root, run)?) {
        // Tried twice by now; a copy that cannot be removed must not stand in the way for ever.
        remove_temporary(root, run);
        return Ok(Settled::Completed);
    }
    let (mut kept, mut failure) = (Vec::new(), None);
    // The last first, and all of them though one fails.
    for (index, entry) in run.files.iter().enumerate().rev() {
        match undo(root, run, index, entry) {
            Ok(Outcome::Restored) => {}
            Ok(Outcome::Kept) => kept.push(entry.path.clone()),
            Err(error) => failure = Some((entry.path.clone(), error)),
        }
    }
    kept.reverse();
    failure.map_or(Ok(Settled::Undone { kept }), Err)
}

/// Removes what was made while nothing had changed yet.
fn discard(root: &Path, run: &Run) -> Result<Settled, Failure> {
    for (index, entry) in run.files.iter().enumerate() {
        let folder = match Folder::open(root, entry.folder()) {
            // With the folder went what was made in it.
            Err(error) if is_gone(&error) => continue,
            folder => folder.map_err(|error| (entry.path.clone(), error))?,
        };
        let remove = || -> io::Result<()> {
            folder.remove(&run.staged(index))?;
            folder.remove(&run.aside(index))?;
            remove_needless_backup(&folder, entry)
        };
        remove().map_err(|error| (entry.path.clone(), error))?;
    }
    Ok(Settled::Undone { kept: Vec::new() })
}

/// Removes the backup when it and the file hold what the file held before the run.
fn remove_needless_backup(folder: &Folder, entry: &Entry) -> io::Result<()> {
    let Some(backup) = &entry.backup else { return Ok(()) };
    let before = entry.before.as_ref();
    let holds_it = |name: &str| Ok::<_, io::Error>(before.is_some() && stamp(folder, name)?.as_ref() == before);
    if holds_it(entry.name())? && holds_it(backup)? { folder.remove(backup) } else { Ok(()) }
}

/// Whether every file is as the run would have it, and no file that somebody saved in between was pushed aside.
fn is_complete(root: &Path, run: &Run) -> Result<bool, Failure> {
    for (index, entry) in run.files.iter().enumerate() {
        let folder = match Folder::open(root, entry.folder()) {
            Err(error) if is_gone(&error) => return Ok(false),
            folder => folder.map_err(|error| (entry.path.clone(), error))?,
        };
        let at = |name: &str| stamp(&folder, name).map_err(|error| (entry.path.clone(), error));
        let is_ours = |found: &Option<Stamp>| found.is_none() || *found == entry.before || *found == entry.after;
        if at(entry.name())? != entry.after || !is_ours(&at(&run.staged(index))?) || !is_ours(&at(&run.aside(index))?) {
            return Ok(false);
        }
    }
    Ok(true)
}

enum Outcome {
    /// The file is as it was before the run.
    Restored,
    /// Somebody changed it since.
    Kept,
}

fn undo(root: &Path, run: &Run, index: usize, entry: &Entry) -> io::Result<Outcome> {
    let folder = match Folder::open(root, entry.folder()) {
        Err(error) if is_gone(&error) => return Ok(Outcome::Kept),
        folder => folder?,
    };
    let (staged, aside, name) = (run.staged(index), run.aside(index), entry.name());
    let present = stamp(&folder, name)?;
    let outcome = if present == entry.before {
        Outcome::Restored
    } else if let Some(displaced) = displaced(&folder, entry, present.as_ref(), &[&staged, &aside])? {
        // The run was killed between pushing aside what somebody had just saved and putting it back.
        match &present {
            Some(ours) => folder.replace(&displaced, name, ours)?,
            None => folder.rename_new(&displaced, name).map(|()| Replaced::Yes)?,
        };
        Outcome::Kept
    } else if present == entry.after {
        restore(&folder, run, index, entry)?
    } else {
        Outcome::Kept
    };
    clean_up(&folder, entry, &outcome, &staged, &aside, &run.date)?;
    Ok(outcome)
}

/// The name under which something lies that is neither the file as it was nor as the run would have it.
fn displaced(folder: &Folder, entry: &Entry, present: Option<&Stamp>, names: &[&str]) -> io::Result<Option<String>> {
    if present != entry.after.as_ref() {
        return Ok(None);
    }
    for name in names {
        let found = stamp(folder, name)?;
        if found.is_some() && found != entry.before && found != entry.after {
            return Ok(Some((*name).to_owned()));
        }
    }
    Ok(None)
}

/// Gives the file what it held before the run. By renaming, which needs no room on the disk.
fn restore(folder: &Folder, run: &Run, index: usize, entry: &Entry) -> io::Result<Outcome> {
    let (staged, aside, name) = (run.staged(index), run.aside(index), entry.name());
    let done = match (&entry.before, &entry.after) {
        (None, Some(after)) => folder.take_away(name, &aside, after)?,
        (Some(_), after) => {
            let mut source = None;
            for candidate in entry.backup.iter().chain([&aside, &staged]) {
                if stamp(folder, candidate)? == entry.before {
                    source = Some(candidate);
                    break;
                }
            }
            let source = source.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "its copy is gone"))?;
            match after {
                Some(after) => folder.replace(source, name, after)?,
                None => folder.rename_new(source, name).map(|()| Replaced::Yes)?,
            }
        }
        (None, None) => Replaced::Yes,
    };
    Ok(if done == Replaced::Yes { Outcome::Restored } else { Outcome::Kept })
}

/// Removes what the run made; never the only copy of what the file held before.
fn clean_up(
    folder: &Folder,
    entry: &Entry,
    outcome: &Outcome,
    staged: &str,
    aside: &str,
    date: &str,
) -> io::Result<()> {
    for name in [staged, aside] {
        let found = stamp(folder, name)?;
        let is_old = found.is_some() && found == entry.before;
        let is_new = found.is_some() && found == entry.after;
        let is_restored = matches!(outcome, Outcome::Restored);
        let has_backup = match &entry.backup {
            Some(backup) => stamp(folder, backup)? == entry.before,
            None => false,
        };
        if is_new || (is_old && (is_restored || has_backup)) {
            folder.remove(name)?;
        } else if found.is_some() {
            let backup = free_backup(folder, entry.name(), date, 1)?;
            keep_as_backup(folder, name, entry.name(), &backup, date)?;
        }
    }
    match (outcome, &entry.backup) {
        (Outcome::Restored, Some(backup)) => {
            // After an exchange that was interrupted the backup's name has what slimlint wrote.
            let found = stamp(folder, backup)?;
            if found.is_some() && found == entry.after {
                folder.remove(backup)
            } else {
                remove_needless_backup(folder, entry)
            }
        }
        _ => Ok(()),
    }
}

/// As [`Folder::stamp`]; what is no regular file is not what a run made or changed.
fn stamp(folder: &Folder, name: &str) -> io::Result<Option<Stamp>> {
    match folder.stamp(name) {
        Err(error) if super::is_not_a_file(&error) => Ok(Some(Stamp { sha256: String::new(), bytes: u64::MAX })),
        result => result,
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
