//! The journal: what runs of `--fix` changed, kept in the user's state directory, one folder for each root.
//!
//! A run is written down as `pending.json` before it touches anything and renamed to `NUMBER.json` when it is done, so that a
//! run that was killed is known by the file it left. What is read back is checked like any other file: names that would lead
//! anywhere but to a file beside the one that was changed make the record unreadable.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::workspace::{BackupName, normalise, parent};

use super::write::{Folder, Stamp, hexadecimal};

const PENDING: &str = "pending.json";
const LOCK: &str = "lock";
/// Larger records are not ours.
const MAX_RECORD_BYTES: u64 = 64 << 20;
/// How long another run below the same root is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The folder in which slimlint remembers what it changed: `SLIMLINT_STATE_DIR`, or `slimlint` in `XDG_STATE_HOME`, else where the
/// system has such things. `variable` reads the environment. `None` when nothing there says where.
#[must_use]
pub fn state_dir(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    // Relative ones are ignored, as the XDG specification demands: else a repository could bring its own journal.
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(folder) = absolute("SLIMLINT_STATE_DIR") {
        return Some(folder);
    }
    if let Some(folder) = absolute("XDG_STATE_HOME") {
        return Some(folder.join("slimlint"));
    }
    if cfg!(windows) {
        absolute("LOCALAPPDATA").map(|folder| folder.join("slimlint"))
    } else if cfg!(target_vendor = "apple") {
        absolute("HOME").map(|home| home.join("Library/Application Support/slimlint"))
    } else {
        absolute("HOME").map(|home| home.join(".local/state/slimlint"))
    }
}

/// How far a run got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    /// No file of the repository has been changed.
    Preparing,
    /// All new files and copies are on disk, and take their places.
    Replacing,
    /// Everything is in its place; copies may lie about.
    Placed,
    /// Nothing is left to do.
    Done,
}

/// One run below one root.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub version: u32,
    pub number: u64,
    pub phase: Phase,
    /// For people and for searching; the folder of the record says which root it is.
    pub root: String,
    /// The day, `YYYYMMDD`.
    pub date: String,
    /// Nanoseconds since 1970, the same for all roots of one call of the program.
    pub time: u64,
    /// Whether the record is kept when the run is done.
    pub keep: bool,
    /// Part of the names of temporary files.
    pub token: String,
    pub files: Vec<Entry>,
}

/// One file of a run. Created when there is no `before`, removed when there is no `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Relative to the root, without links.
    pub path: String,
    pub before: Option<Stamp>,
    pub after: Option<Stamp>,
    /// The name of the backup, beside the file.
    pub backup: Option<String>,
}

impl Entry {
    pub fn folder(&self) -> &str {
        parent(&self.path)
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

impl Run {
    /// Where the new bytes of the `index`th file wait.
    pub fn staged(&self, index: usize) -> String {
        format!(".slimlint-{}-{index}.new.tmp", self.token)
    }

    /// Where the old bytes of the `index`th file are kept for as long as the run takes.
    pub fn aside(&self, index: usize) -> String {
        format!(".slimlint-{}-{index}.old.tmp", self.token)
    }

    fn is_sound(&self) -> bool {
        let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "." && name != "..";
        let is_hash =
            |stamp: &Stamp| stamp.sha256.len() == 64 && stamp.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_entry = |entry: &Entry| {
            !entry.path.is_empty()
                && normalise(&entry.path).as_ref() == Some(&entry.path)
                && (entry.before.is_some() || entry.after.is_some())
                && entry.before.iter().chain(&entry.after).all(is_hash)
                && entry.backup.as_deref().is_none_or(|backup| {
                    is_name(backup) && BackupName::parse(backup).is_some_and(|parts| parts.original == entry.name())
                })
        };
        self.version == 1
            && !self.token.is_empty()
            && self.token.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && self.files.iter().all(is_entry)
    }
}

/// Why there is no journal to write to.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Neither the environment nor the system says where it belongs.
    #[error("there is no state directory; set XDG_STATE_HOME or HOME")]
    Nowhere,
    /// The system refused.
    #[error("`{}` cannot be used ({source})", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run has the root.
    #[error("another run of slimlint is writing below `{}`; nothing was written, run slimlint again when it is done", .0.display())]
    Busy(PathBuf),
    /// A record is not what slimlint writes.
    #[error("the record `{}` cannot be read; move it away when nothing in it is needed", .0.display())]
    Unreadable(PathBuf),
}

/// The records of one root.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    folder: PathBuf,
}

/// A journal that nobody else writes to for as long as this lives.
#[derive(Debug)]
pub(super) struct Locked {
    pub journal: Journal,
    _lock: File,
}

impl Journal {
    /// The journal of `root`, which is absolute and without links; it need not exist.
    pub fn of(state: &Path, root: &Path) -> Self {
        Self { folder: folder_of(state).join(key(root)) }
    }

    /// The roots that have records and are named in them.
    pub fn roots(state: &Path) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(folder_of(state)) else { return Vec::new() };
        let mut roots = Vec::new();
        for entry in entries.flatten() {
            let journal = Self { folder: entry.path() };
            let (runs, _) = journal.runs();
            let pending = journal.pending().ok().flatten();
            let Some(run) = runs.first().or(pending.as_ref()) else { continue };
            let root = PathBuf::from(&run.root);
            if entry.file_name().to_str() == Some(key(&root).as_str()) {
                roots.push(root);
            }
        }
        roots.sort();
        roots
    }

    /// Whether there is, or was, anything in it.
    pub fn exists(&self) -> bool {
        self.folder.is_dir()
    }

    /// The folder of the records.
    pub fn path(&self) -> PathBuf {
        self.folder.clone()
    }

    /// Takes the lock, and waits for a while when somebody else has it.
    pub fn lock(&self, root: &Path) -> Result<Locked, JournalError> {
        self.lock_within(root, PATIENCE)
    }

    pub fn lock_within(&self, root: &Path, patience: Duration) -> Result<Locked, JournalError> {
        make_private(&self.folder).map_err(|source| JournalError::Io { path: self.folder.clone(), source })?;
        let path = self.folder.join(LOCK);
        let failed = |source| JournalError::Io { path: path.clone(), source };
        let lock = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let begin = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Locked { journal: self.clone(), _lock: lock }),
                Err(TryLockError::WouldBlock) if begin.elapsed() < patience => thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::WouldBlock) => return Err(JournalError::Busy(root.to_owned())),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Whether a run was begun and not ended. It may be going on.
    pub fn has_pending(&self) -> bool {
        self.folder.join(PENDING).symlink_metadata().is_ok()
    }

    /// Whether somebody holds the lock right now.
    pub fn is_busy(&self) -> bool {
        let lock = File::options().read(true).write(true).open(self.folder.join(LOCK));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// The run that was begun and not ended.
    pub fn pending(&self) -> Result<Option<Run>, JournalError> {
        let path = self.folder.join(PENDING);
        match read(&path) {
            Ok(run) => Ok(Some(run)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(JournalError::Unreadable(path)),
            Err(source) => Err(JournalError::Io { path, source }),
        }
    }

    /// The runs that are done, oldest first, and the records that cannot be read.
    pub fn runs(&self) -> (Vec<Run>, Vec<PathBuf>) {
        let (mut runs, mut bad) = (Vec::new(), Vec::new());
        for path in fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let Some(number) = number_of(&path) else { continue };
            match read(&path) {
                Ok(run) => runs.push(Run { number, phase: Phase::Done, ..run }),
                Err(_) => bad.push(path),
            }
        }
        runs.sort_by_key(|run| run.number);
        bad.sort();
        (runs, bad)
    }
}

impl Locked {
    /// The number of the next run.
    pub fn next_number(&self) -> u64 {
        let entries = fs::read_dir(&self.journal.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| number_of(&entry.path())).max().unwrap_or(0) + 1
    }

    /// Writes down the run that is going on.
    pub fn put_pending(&self, run: &Run) -> io::Result<()> {
        self.put(PENDING, run)
    }

    /// Writes down that the run is done, or forgets it.
    pub fn end(&self, run: &Run) -> io::Result<()> {
        let folder = Folder::open(&self.journal.folder, "")?;
        if run.keep {
            folder.rename(PENDING, &record(run.number))?;
        } else {
            folder.remove(PENDING)?;
        }
        folder.sync()
    }

    /// Forgets the run that was going on.
    pub fn drop_pending(&self) -> io::Result<()> {
        let folder = Folder::open(&self.journal.folder, "")?;
        folder.remove(PENDING)?;
        folder.sync()
    }

    /// Writes a run that is done anew, or forgets it when no file is left of it.
    pub fn update(&self, run: &Run) -> io::Result<()> {
        if run.files.is_empty() {
            return Folder::open(&self.journal.folder, "")?.remove(&record(run.number));
        }
        self.put(&record(run.number), run)
    }

    fn put(&self, name: &str, run: &Run) -> io::Result<()> {
        let folder = Folder::open(&self.journal.folder, "")?;
        let bytes = serde_json::to_vec_pretty(run)?;
        let new = format!("{name}.new");
        folder.remove(&new)?;
        folder.create(&new, &bytes, None)?;
        folder.rename(&new, name)?;
        folder.sync()
    }
}

fn folder_of(state: &Path) -> PathBuf {
    state.join("undo")
}

/// The name of a root's folder.
fn key(root: &Path) -> String {
    let mut digits = hexadecimal(&Sha256::digest(root.as_os_str().as_encoded_bytes()));
    digits.truncate(32);
    digits
}

fn record(number: u64) -> String {
    format!("{number:06}.json")
}

fn number_of(path: &Path) -> Option<u64> {
    let digits = path.file_name()?.to_str()?.strip_suffix(".json")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn read(path: &Path) -> io::Result<Run> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_RECORD_BYTES).read_to_end(&mut bytes)?;
    let run: Run = serde_json::from_slice(&bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    if run.is_sound() { Ok(run) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests;
