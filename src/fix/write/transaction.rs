//! Several files changed, created or removed together: all of them, or none.
//!
//! 1. The run is written down with the names of everything it will make.
//! 2. New files and copies of the old ones are made beside their files; nothing of the repository has changed yet.
//! 3. The run is written down as replacing: from here on, all of 2 is on disk in full.
//! 4. Each file is replaced in one step of the system, after a last look whether it is what it was.
//! 5. The run is written down as placed, copies that are no backups are removed, and it is written down as done.
//!
//! A run that fails is undone at once, one that was killed by the next run, both by [`settle`](super::settle).

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::workspace::backup_name;

use super::super::journal::{Entry, Locked, Phase, Run};
use super::folder::{Folder, Likeness, Replaced, Stamp};
use super::settle::{Settled, settle};
use super::{WriteError, WriteOptions};

/// One file to be changed, created (no `before`) or removed (no `after`).
#[derive(Debug)]
pub(in crate::fix) struct Change {
    /// Relative to the root, without links.
    pub path: String,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
    /// Whether the old bytes are kept in a backup.
    pub backup: bool,
    /// What a created file takes mode and owner from; a changed one takes its own.
    pub likeness: Option<Likeness>,
}

/// Makes the changes below `root`. The record is kept in `journal`, if there is one, when `keep` says so.
pub(in crate::fix) fn perform(
    root: &Path,
    changes: &[Change],
    journal: Option<&Locked>,
    options: &WriteOptions,
    keep: bool,
) -> Result<Run, WriteError> {
    let mut run = begin(root, changes, journal, options, keep)?;
    match carry_out(root, changes, &mut run, journal) {
        Ok(()) => Ok(run),
        Err(cause) => Err(take_back(root, &run, journal, cause)),
    }
}

fn take_back(root: &Path, run: &Run, journal: Option<&Locked>, cause: WriteError) -> WriteError {
    match settle(root, run, false) {
        Ok(Settled::Undone { .. } | Settled::Completed) => {
            // A record that stays is found by the next run, which has nothing to do then.
            let _ = journal.map(Locked::drop_pending);
            cause
        }
        Err((path, restore)) => {
            WriteError::HalfWritten { cause: Box::new(cause), unrestored: root.join(path), restore }
        }
    }
}

fn begin(
    root: &Path,
    changes: &[Change],
    journal: Option<&Locked>,
    options: &WriteOptions,
    keep: bool,
) -> Result<Run, WriteError> {
    let mut files = Vec::with_capacity(changes.len());
    for change in changes {
        let mut entry = Entry {
            path: change.path.clone(),
            before: change.before.as_deref().map(Stamp::of),
            after: change.after.as_deref().map(Stamp::of),
            backup: None,
        };
        if change.backup && change.before.is_some() {
            let folder = open(root, &entry)?;
            entry.backup = Some(free_backup(&folder, entry.name(), &options.date, 1).map_err(failed(root, &entry))?);
        }
        files.push(entry);
    }
    Ok(Run {
        version: 1,
        number: journal.map_or(1, Locked::next_number),
        phase: Phase::Preparing,
        root: root.to_string_lossy().into_owned(),
        date: options.date.clone(),
        time: options.time,
        keep,
        token: token(),
        files,
    })
}

fn carry_out(root: &Path, changes: &[Change], run: &mut Run, journal: Option<&Locked>) -> Result<(), WriteError> {
    let write_down =
        |run: &Run| journal.map_or(Ok(()), |journal| journal.put_pending(run)).map_err(WriteError::Journal);
    write_down(run)?;
    for (index, change) in changes.iter().enumerate() {
        prepare(root, run, index, change)?;
    }
    sync(root, run)?;
    run.phase = Phase::Replacing;
    write_down(run)?;
    for index in 0..run.files.len() {
        put_in_place(root, run, index)?;
    }
    sync(root, run)?;
    // Everything is as it should be; what fails from here on, the next run does.
    run.phase = Phase::Placed;
    let is_known = write_down(run).is_ok();
    if remove_temporary(root, run)
        && is_known
        && let Some(journal) = journal
    {
        let _ = journal.end(run);
    }
    Ok(())
}

/// Removes what is of no use once everything is in its place; whether nothing is left of it.
pub(super) fn remove_temporary(root: &Path, run: &Run) -> bool {
    let mut all = true;
    for (index, entry) in run.files.iter().enumerate() {
        let remove = |folder: Folder| folder.remove(&run.staged(index)).and_then(|()| folder.remove(&run.aside(index)));
        all &= Folder::open(root, entry.folder()).and_then(remove).is_ok();
    }
    all
}

/// Makes the new file and the copy of the old one.
fn prepare(root: &Path, run: &mut Run, index: usize, change: &Change) -> Result<(), WriteError> {
    let (staged, aside) = (run.staged(index), run.aside(index));
    let date = run.date.clone();
    let Some(entry) = run.files.get_mut(index) else { return Ok(()) };
    let folder = open(root, entry)?;
    let error = failed(root, entry);
    let make = || -> io::Result<Result<Option<String>, ()>> {
        let present = folder.read(entry.name())?;
        if present.as_ref().map(|found| &found.bytes) != change.before.as_ref() {
            return Ok(Err(()));
        }
        let likeness = present.as_ref().map(|found| &found.likeness).or(change.likeness.as_ref());
        if let Some(after) = &change.after {
            folder.create(&staged, after, likeness)?;
        }
        let Some(before) = &change.before else { return Ok(Ok(None)) };
        if let Some(wanted) = &entry.backup {
            folder.create(&aside, before, likeness)?;
            return keep_as_backup(&folder, &aside, entry.name(), wanted, &date).map(|name| Ok(Some(name)));
        }
        // What is removed is set aside itself.
        if change.after.is_some() {
            folder.create(&aside, before, likeness)?;
        }
        Ok(Ok(None))
    };
    match make().map_err(error)? {
        Ok(backup) => {
            entry.backup = backup;
            Ok(())
        }
        Err(()) => Err(WriteError::Changed(root.join(&entry.path))),
    }
}

/// Renames the copy to a name that is free, without replacing: an existing backup is somebody's only copy.
pub(super) fn keep_as_backup(folder: &Folder, copy: &str, name: &str, wanted: &str, date: &str) -> io::Result<String> {
    let mut backup = wanted.to_owned();
    for number in 1.. {
        match folder.rename_new(copy, &backup) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                backup = free_backup(folder, name, date, number)?;
            }
            result => return result.map(|()| backup),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The first name of a backup, from the `number`th on, that nothing has.
pub(super) fn free_backup(folder: &Folder, name: &str, date: &str, number: u32) -> io::Result<String> {
    for number in number.. {
        let backup = backup_name(name, date, number);
        if !folder.exists(&backup)? {
            return Ok(backup);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Replaces, creates or removes the file.
fn put_in_place(root: &Path, run: &Run, index: usize) -> Result<(), WriteError> {
    let Some(entry) = run.files.get(index) else { return Ok(()) };
    let (staged, name) = (run.staged(index), entry.name());
    let folder = open(root, entry)?;
    let done = match (&entry.before, &entry.after) {
        (Some(before), Some(_)) => folder.replace(&staged, name, before),
        (Some(before), None) => folder.take_away(name, &run.aside(index), before),
        (None, _) => match folder.rename_new(&staged, name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(WriteError::Appeared(root.join(&entry.path)));
            }
            result => result.map(|()| Replaced::Yes),
        },
    };
    match done.map_err(failed(root, entry))? {
        Replaced::Yes => Ok(()),
        Replaced::Changed => Err(WriteError::Changed(root.join(&entry.path))),
    }
}

fn sync(root: &Path, run: &Run) -> Result<(), WriteError> {
    let folders: BTreeSet<&str> = run.files.iter().map(Entry::folder).collect();
    for folder in folders {
        Folder::open(root, folder).and_then(|folder| folder.sync()).map_err(WriteError::io(&root.join(folder)))?;
    }
    Ok(())
}

fn open(root: &Path, entry: &Entry) -> Result<Folder, WriteError> {
    Folder::open(root, entry.folder()).map_err(WriteError::io(&root.join(entry.folder())))
}

fn failed(root: &Path, entry: &Entry) -> impl FnOnce(io::Error) -> WriteError + use<> {
    WriteError::io(&root.join(&entry.path))
}

/// Unlike that of any other run, so that a name that exists is ours.
fn token() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
