//! `slimlint rollback`: the files as they were before a run.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::super::journal::{Entry, Journal, JournalError, Locked, Run};
use super::super::write::{Change, Folder, Found, Likeness, WriteError, WriteOptions, perform};
use super::backups::{Backup, walk};
use super::places::Place;
use super::recover::{RecoverError, Recovered, recover_locked};

/// What is to be undone.
#[derive(Clone, Debug)]
pub struct RollbackRequest<'r> {
    /// Only files there; without it, all that the newest run below or above the working directory changed.
    pub path: Option<&'r Path>,
    /// The working directory, without links.
    pub cwd: &'r Path,
    /// All runs since the beginning of that day (`YYYYMMDD`), not only the newest.
    pub to: Option<&'r str>,
    /// Also files that somebody changed since; what they hold is kept in a backup.
    pub force: bool,
    /// Where the journal is, see [`state_dir`](crate::fix::state_dir).
    pub state: Option<&'r Path>,
}

/// What rolling back would do.
#[derive(Debug, Default)]
pub struct Rollback {
    /// The files, by root and path.
    pub files: Vec<Restored>,
    /// Runs that were killed and have been put in order on the way, by root. Where one was undone, nothing else is.
    pub recovered: Vec<(PathBuf, Recovered)>,
    /// Whether the files go by the names of backups, since no journal knows of them. Created files are not known then.
    pub by_name: bool,
    parts: Vec<Part>,
}

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The root.
    pub root: PathBuf,
    /// Relative to the root, without links.
    pub path: String,
    /// What is done.
    pub action: Action,
    /// Whether somebody changed it since slimlint wrote it.
    pub changed_since: bool,
}

/// What is done to a file to undo a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It gets the bytes of the backup of this name.
    Restore(String),
    /// It was created, and is removed.
    Remove,
    /// It is already as it was.
    Nothing,
    /// It cannot be restored, for this reason.
    Impossible(&'static str),
}

/// Why nothing was rolled back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// There is no such place.
    #[error("{}: there is no such file or folder", .0.display())]
    NoSuchPath(PathBuf),
    /// A run that was killed cannot be put in order.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The files cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file cannot be read.
    #[error("`{}` cannot be read ({source}); nothing was changed", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What is undone below one root.
#[derive(Debug)]
struct Part {
    root: PathBuf,
    locked: Option<Locked>,
    changes: Vec<Change>,
    /// The runs, newest first, with the paths that are undone of each.
    undone: Vec<(Run, Vec<String>)>,
    /// Backups (path below the root, name, content) that are of no use when it is done.
    spent: Vec<(Entry, String)>,
}

/// Finds out what rolling back means. Runs that were killed are put in order on the way; else nothing is written. Other runs below
/// the same roots wait until the result is dropped.
///
/// # Errors
/// See [`RollbackError`].
pub fn plan_rollback(request: &RollbackRequest<'_>) -> Result<Rollback, RollbackError> {
    let place = Place::new(request.path, request.cwd)
        .ok_or_else(|| RollbackError::NoSuchPath(request.path.unwrap_or(request.cwd).to_owned()))?;
    let mut rollback = Rollback::default();
    let mut candidates = Vec::new();
    for root in request.state.map(|state| place.roots(state)).unwrap_or_default() {
        let Some(state) = request.state else { continue };
        let locked = Journal::of(state, &root).lock(&root)?;
        if let Some(recovered) = recover_locked(&root, &locked)? {
            rollback.recovered.push((root.clone(), recovered));
        }
        let (runs, bad) = locked.journal.runs();
        if let Some(path) = bad.into_iter().next() {
            return Err(JournalError::Unreadable(path).into());
        }
        let mut runs: Vec<Run> =
            runs.into_iter().filter(|run| run.files.iter().any(|entry| place.covers(&root, &entry.path))).collect();
        runs.reverse();
        candidates.push((root, locked, runs));
    }
    if rollback.recovered.iter().any(|(_, recovered)| matches!(recovered, Recovered::Undone { .. })) {
        return Ok(rollback);
    }
    let newest = candidates.iter().filter_map(|(_, _, runs)| Some(runs.first()?.time)).max();
    for (root, locked, mut runs) in candidates {
        if let Some(date) = request.to {
            runs.retain(|run| run.date.as_str() >= date);
        } else {
            runs.truncate(1);
            runs.retain(|run| Some(run.time) == newest);
        }
        if !runs.is_empty() {
            rollback.add_recorded(&root, locked, &runs, &place, request.force)?;
        }
    }
    if newest.is_none() {
        rollback.add_by_name(&place, request)?;
    }
    Ok(rollback)
}

impl Rollback {
    /// Whether a file would lose what somebody wrote into it since, or goes by the name of a file that anybody can have put
    /// there.
    #[must_use]
    pub fn needs_force(&self) -> bool {
        let is_restored = |file: &Restored| matches!(file.action, Action::Restore(_));
        self.files.iter().any(|file| file.changed_since || (self.by_name && is_restored(file)))
    }

    /// Whether a file cannot be restored.
    #[must_use]
    pub fn is_impossible(&self) -> bool {
        self.files.iter().any(|file| matches!(file.action, Action::Impossible(_)))
    }

    fn add_recorded(
        &mut self,
        root: &Path,
        locked: Locked,
        runs: &[Run],
        place: &Place,
        force: bool,
    ) -> Result<(), RollbackError> {
        let mut chains: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in runs.iter().flat_map(|run| &run.files).filter(|entry| place.covers(root, &entry.path)) {
            chains.entry(&entry.path).or_default().push(entry);
        }
        let mut part = Part {
            root: root.to_owned(),
            locked: Some(locked),
            changes: Vec::new(),
            undone: Vec::new(),
            spent: Vec::new(),
        };
        for chain in chains.values() {
            let file = part.add_chain(chain)?;
            self.files.push(file);
        }
        // Once somebody's work is in the way, all of it can be taken back.
        let backup = force && self.files.iter().any(|file| file.root == root && file.changed_since);
        for change in &mut part.changes {
            change.backup = backup;
        }
        part.undone = runs
            .iter()
            .map(|run| {
                let covered = run.files.iter().filter(|entry| place.covers(root, &entry.path));
                (run.clone(), covered.map(|entry| entry.path.clone()).collect())
            })
            .collect();
        self.parts.push(part);
        Ok(())
    }

    /// What the names of backups say: of each file the newest of the newest day, or the oldest since the day asked for.
    fn add_by_name(&mut self, place: &Place, request: &RollbackRequest<'_>) -> Result<(), RollbackError> {
        let root = place.root(request.cwd);
        let mut backups = walk(&root, place);
        let newest = backups.iter().map(|backup| backup.date.clone()).max();
        match request.to {
            Some(date) => backups.retain(|backup| backup.date.as_str() >= date),
            None => backups.retain(|backup| Some(&backup.date) == newest.as_ref()),
        }
        backups.sort_by(|one, other| {
            (&one.original, &one.date, one.number).cmp(&(&other.original, &other.date, other.number))
        });
        if request.to.is_none() {
            backups.reverse();
        }
        backups.dedup_by(|later, first| later.original == first.original);
        backups.sort_by(|one, other| one.original.cmp(&other.original));
        if backups.is_empty() {
            return Ok(());
        }
        self.by_name = true;
        let locked = match request.state.map(|state| Journal::of(state, &root).lock(&root)) {
            Some(Ok(locked)) => Some(locked),
            // Without a journal everything goes on as before.
            Some(Err(JournalError::Io { .. })) | None => None,
            Some(Err(error)) => return Err(error.into()),
        };
        let mut part = Part { root, locked, changes: Vec::new(), undone: Vec::new(), spent: Vec::new() };
        for backup in &backups {
            let file = part.add_named(backup)?;
            self.files.push(file);
        }
        self.parts.push(part);
        Ok(())
    }

    /// Does it. The journal forgets the runs, or keeps what is left of them; where files had been changed since, rolling back
    /// is a run of its own, which can be rolled back.
    ///
    /// # Errors
    /// See [`WriteError`]; the roots before the one that failed are done.
    pub fn apply(self, options: &WriteOptions) -> Result<(), WriteError> {
        for mut part in self.parts {
            let keep = part.changes.iter().any(|change| change.backup);
            if !part.changes.is_empty() {
                perform(&part.root, &part.changes, part.locked.as_ref(), options, keep)?;
            }
            // What fails from here on leaves records of files that are already as they were.
            part.forget();
        }
        Ok(())
    }
}

impl Part {
    /// Follows one file back through the runs, newest first.
    fn add_chain(&mut self, chain: &[&Entry]) -> Result<Restored, RollbackError> {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
            return Ok(self.restored("", Action::Nothing, false));
        };
        let path = first.path.as_str();
        let folder = match self.open(first) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            folder => Some(folder.map_err(|source| self.unreadable(path, source))?),
        };
        let read = |name: &str| folder.as_ref().map_or(Ok(None), |folder| folder.read(name));
        let present = read(first.name()).map_err(|source| self.unreadable(path, source))?;
        let stamp = present.as_ref().map(Found::stamp);
        let mut expected = stamp.clone();
        let mut changed_since = false;
        for (index, entry) in chain.iter().enumerate() {
            changed_since |= expected != entry.after;
            expected.clone_from(&entry.before);
            // What slimlint wrote can be had again; what somebody wrote between two runs cannot.
            let is_ours = chain.get(index + 1).is_none_or(|older| older.after == entry.before);
            if let Some(backup) = entry.backup.clone().filter(|_| is_ours) {
                self.spent.push(((*entry).clone(), backup));
            }
        }
        if stamp == last.before {
            return Ok(self.restored(path, Action::Nothing, false));
        }
        let Some(wanted) = &last.before else {
            self.changes.push(change(path, present.map(|found| found.bytes), None, None));
            return Ok(self.restored(path, Action::Remove, changed_since));
        };
        let Some(name) = &last.backup else {
            return Ok(self.restored(path, Action::Impossible("slimlint was told to keep no backup"), changed_since));
        };
        match read(name) {
            Ok(Some(backup)) if backup.stamp() == *wanted => {
                let before = present.map(|found| found.bytes);
                self.changes.push(change(path, before, Some(backup.bytes), Some(backup.likeness)));
                Ok(self.restored(path, Action::Restore(name.clone()), changed_since))
            }
            Ok(Some(_)) => Ok(self.restored(path, Action::Impossible("its backup was changed"), changed_since)),
            _ => Ok(self.restored(path, Action::Impossible("its backup is gone"), changed_since)),
        }
    }

    fn add_named(&mut self, backup: &Backup) -> Result<Restored, RollbackError> {
        let path = backup.original.as_str();
        let entry = Entry { path: path.to_owned(), before: None, after: None, backup: None };
        let name = backup.path.rsplit('/').next().unwrap_or(&backup.path);
        let unreadable = |source| self.unreadable(path, source);
        let folder = self.open(&entry).map_err(unreadable)?;
        let present = folder.read(entry.name()).map_err(unreadable)?;
        let Some(old) = folder.read(name).map_err(unreadable)? else {
            return Ok(self.restored(path, Action::Impossible("its backup is gone"), false));
        };
        if present.as_ref().map(|found| &found.bytes) == Some(&old.bytes) {
            return Ok(self.restored(path, Action::Nothing, false));
        }
        let before = present.map(|found| found.bytes);
        let mut change = change(path, before, Some(old.bytes), Some(old.likeness));
        change.backup = true;
        self.changes.push(change);
        Ok(self.restored(path, Action::Restore(name.to_owned()), false))
    }

    fn forget(&mut self) {
        let mut stay = Vec::new();
        for (entry, backup) in &self.spent {
            let remove = |folder: Folder| match folder.stamp(backup)? {
                stamp if stamp.is_some() && stamp == entry.before => folder.remove(backup),
                _ => Ok(()),
            };
            if self.open(entry).and_then(remove).is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
                stay.push(entry.clone());
            }
        }
        let Some(locked) = &self.locked else { return };
        for (run, paths) in &mut self.undone {
            run.files.retain(|entry| !paths.contains(&entry.path) || stay.contains(entry));
            let _ = locked.update(run);
        }
    }

    fn open(&self, entry: &Entry) -> io::Result<Folder> {
        Folder::open(&self.root, entry.folder())
    }

    fn restored(&self, path: &str, action: Action, changed_since: bool) -> Restored {
        Restored { root: self.root.clone(), path: path.to_owned(), action, changed_since }
    }

    fn unreadable(&self, path: &str, source: io::Error) -> RollbackError {
        RollbackError::Read { path: self.root.join(path), source }
    }
}

fn change(path: &str, before: Option<Vec<u8>>, after: Option<Vec<u8>>, likeness: Option<Likeness>) -> Change {
    Change { path: path.to_owned(), before, after, backup: false, likeness }
}
