//! `slimlint backups`: which there are, and the end of the old ones.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::workspace::BackupName;

use super::super::date::days_between;
use super::super::journal::{Journal, JournalError, Run};
use super::super::write::{Folder, Stamp};
use super::places::{Place, below};

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The root.
    pub root: PathBuf,
    /// Relative to the root.
    pub path: String,
    /// The file that it is a copy of, relative to the root.
    pub original: String,
    /// The day, `YYYYMMDD`.
    pub date: String,
    /// Which one of that day, from 1.
    pub number: u32,
    /// Its size.
    pub bytes: u64,
    /// Days since; negative for a day to come.
    pub age_days: i64,
    /// The run that made it, as the journal numbers those of a root; `None` when no journal knows it.
    pub run: Option<u64>,
    /// What became of the file.
    pub state: Original,
    /// Whether it is no longer what was copied.
    pub altered: bool,
}

/// How a file stands to its backup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Original {
    /// It holds the same.
    Same,
    /// It holds something else.
    Differs,
    /// There is none, so that the backup may be the only copy.
    Missing,
}

impl Original {
    /// One word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Missing => "missing",
        }
    }
}

/// The backups at a place.
#[derive(Debug, Default)]
pub struct BackupList {
    /// By root, file and age, the newest first.
    pub backups: Vec<Backup>,
    /// Records that cannot be read.
    pub unreadable: Vec<PathBuf>,
}

/// What [`prune`] did.
#[derive(Debug, Default)]
pub struct Pruned {
    /// Backups that were removed, or would be.
    pub removed: Vec<Backup>,
    /// Old ones that stay, with the reason.
    pub kept: Vec<(Backup, &'static str)>,
    /// Old ones that could not be removed.
    pub failed: Vec<(Backup, io::Error)>,
}

/// The backups at `path`, or below the working directory: those that a journal knows, and those that are known by their names.
/// `None` when there is no such place. `today` is `YYYYMMDD`.
#[must_use]
pub fn list_backups(path: Option<&Path>, cwd: &Path, state: Option<&Path>, today: &str) -> Option<BackupList> {
    let place = Place::new(path, cwd)?;
    let place = Place { named: true, ..place };
    let mut list = BackupList::default();
    let mut found: BTreeMap<PathBuf, Backup> = BTreeMap::new();
    for backup in walk(&place.root(cwd), &place) {
        found.insert(backup.root.join(&backup.path), backup);
    }
    for root in state.map(|state| place.roots(state)).unwrap_or_default() {
        let Some(state) = state else { continue };
        let (runs, unreadable) = Journal::of(state, &root).runs();
        list.unreadable.extend(unreadable);
        for (path, run, before) in recorded(&runs) {
            if let Some(backup) = found.get_mut(&root.join(&path)) {
                backup.run = Some(run);
                backup.altered = stamp(&root, &path).as_ref() != Some(before);
                backup.original = below(&root, &backup.root.join(&backup.original)).unwrap_or_default();
                backup.root.clone_from(&root);
                backup.path = path;
            }
        }
    }
    list.backups = found.into_values().collect();
    for backup in &mut list.backups {
        backup.age_days = days_between(&backup.date, today).unwrap_or_default();
    }
    list.backups.sort_by(|one, other| {
        let key = |backup: &Backup| (backup.root.clone(), backup.original.clone());
        key(one).cmp(&key(other)).then_with(|| (&other.date, other.number).cmp(&(&one.date, one.number)))
    });
    Some(list)
}

/// Path of the backup, number of the run and what was copied.
fn recorded(runs: &[Run]) -> impl Iterator<Item = (String, u64, &Stamp)> {
    runs.iter()
        .flat_map(|run| &run.files)
        .zip(runs.iter().flat_map(|run| run.files.iter().map(|_| run.number)))
        .filter_map(|(entry, number)| {
            let name = entry.backup.as_ref()?;
            let folder = entry.folder();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            Some((path, number, entry.before.as_ref()?))
        })
}

/// The backups at a place by their names; age and run are not known yet.
pub(super) fn walk(root: &Path, place: &Place) -> Vec<Backup> {
    let skipped = |name: &str| matches!(name, ".git" | "node_modules");
    let start = if place.path.is_dir() { place.path.as_path() } else { place.path.parent().unwrap_or(root) };
    let deepest = if place.path.is_dir() { usize::MAX } else { 1 };
    let walk = WalkDir::new(start).max_depth(deepest).into_iter();
    let entries = walk.filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_str().is_some_and(skipped));
    let mut backups = Vec::new();
    for entry in entries.flatten().filter(|entry| entry.file_type().is_file()) {
        let Some((path, name)) = below(root, entry.path()).zip(entry.file_name().to_str()) else { continue };
        let Some(parts) = BackupName::parse(name) else { continue };
        let original = entry.path().with_file_name(parts.original);
        if !(original.starts_with(&place.path) || entry.path().starts_with(&place.path)) {
            continue;
        }
        let Some(original) = below(root, &original) else { continue };
        let state = compare(root, &path, &original);
        backups.push(Backup {
            root: root.to_owned(),
            path,
            original,
            date: parts.date.to_owned(),
            number: parts.number,
            bytes: entry.metadata().map(|metadata| metadata.len()).unwrap_or_default(),
            age_days: 0,
            run: None,
            state,
            altered: false,
        });
    }
    backups
}

fn compare(root: &Path, backup: &str, original: &str) -> Original {
    match stamp(root, original) {
        None => Original::Missing,
        Some(present) if Some(&present) == stamp(root, backup).as_ref() => Original::Same,
        Some(_) => Original::Differs,
    }
}

/// What the regular file at `path` holds.
fn stamp(root: &Path, path: &str) -> Option<Stamp> {
    let (folder, name) = split(path);
    Folder::open(root, folder).ok()?.stamp(name).ok()?
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Removes the backups of `list` that are older than `days`, and the records of runs of which none is left. Only files that are
/// named as slimlint names them and lie beside their original are removed. `dry` removes nothing.
///
/// # Errors
/// When another run is writing below a root.
pub fn prune(
    list: &BackupList,
    days: i64,
    state: Option<&Path>,
    today: &str,
    dry: bool,
) -> Result<Pruned, JournalError> {
    let mut pruned = Pruned::default();
    let mut by_root: BTreeMap<&Path, Vec<&Backup>> = BTreeMap::new();
    for backup in list.backups.iter().filter(|backup| backup.age_days > days) {
        by_root.entry(&backup.root).or_default().push(backup);
    }
    for (root, backups) in by_root {
        let journal = state.map(|state| Journal::of(state, root)).filter(Journal::exists);
        let locked = match journal.map(|journal| journal.lock(root)) {
            Some(Err(error @ JournalError::Busy(_))) => return Err(error),
            Some(Ok(locked)) => Some(locked),
            Some(Err(_)) | None => None,
        };
        for backup in backups {
            match remove(backup, dry) {
                Ok(None) => pruned.removed.push(backup.clone()),
                Ok(Some(reason)) => pruned.kept.push((backup.clone(), reason)),
                Err(error) => pruned.failed.push((backup.clone(), error)),
            }
        }
        let Some(locked) = locked.filter(|_| !dry) else { continue };
        for mut run in locked.journal.runs().0 {
            let is_old = days_between(&run.date, today).is_some_and(|age| age > days);
            let has_backup =
                |run: &Run| recorded(std::slice::from_ref(run)).any(|(path, _, _)| stamp(root, &path).is_some());
            if is_old && !has_backup(&run) {
                run.files.clear();
                let _ = locked.update(&run);
            }
        }
    }
    Ok(pruned)
}

/// Removes one backup; the reason when it stays.
fn remove(backup: &Backup, dry: bool) -> io::Result<Option<&'static str>> {
    if backup.altered {
        return Ok(Some("it is no longer what slimlint copied"));
    }
    let (folder, name) = split(&backup.path);
    let folder = Folder::open(&backup.root, folder)?;
    let Some(original) = BackupName::parse(name).map(|parts| parts.original) else {
        return Ok(Some("it is no backup"));
    };
    if folder.read(original)?.is_none() {
        return Ok(Some("its file is gone, so it may be the only copy"));
    }
    if folder.read(name)?.is_none() {
        return Ok(None);
    }
    if !dry {
        folder.remove(name)?;
        folder.sync()?;
    }
    Ok(None)
}
