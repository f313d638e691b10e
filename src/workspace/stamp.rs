//! What the system says of a file without reading it, and how long that can be believed.

use std::fs::{self, Metadata};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A file that was changed less than this before it was looked at may change once more without its stamp saying so: some
/// file systems count whole seconds, FAT pairs of them.
const RESOLUTION: Duration = Duration::from_secs(3);

/// What changes when a file or the names in a folder do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Seconds and nanoseconds of the last change of content or metadata, which no program can set back; where the system has it.
    changed: Option<(i64, i64)>,
    /// Device and inode, where the system has them.
    identity: (u64, u64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let (changed, identity) = details(metadata);
        Self { bytes: metadata.len(), modified: metadata.modified().ok(), changed, identity }
    }

    /// [`Stamp::of`] of the same thing; `None` where it was changed before 1970.
    #[cfg(target_os = "linux")]
    fn of_stat(found: &rustix::fs::Stat) -> Option<Self> {
        let nanoseconds = u32::try_from(found.st_mtime_nsec).ok()?;
        let modified = Duration::new(u64::try_from(found.st_mtime).ok()?, nanoseconds);
        Some(Self {
            bytes: u64::try_from(found.st_size).ok()?,
            modified: SystemTime::UNIX_EPOCH.checked_add(modified),
            changed: Some((found.st_ctime, i64::try_from(found.st_ctime_nsec).ok()?)),
            identity: (found.st_dev, found.st_ino),
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn last_change(&self) -> Option<SystemTime> {
        let Some((seconds, nanoseconds)) = self.changed else { return self.modified };
        let since = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}

/// Asks for the stamps of many things in one folder.
pub(super) struct StampsIn {
    folder: PathBuf,
    /// The folder, so that the system need not find it for each name.
    #[cfg(target_os = "linux")]
    opened: Option<rustix::fd::OwnedFd>,
}

impl StampsIn {
    /// For the folder at the real path `folder`.
    #[cfg(target_os = "linux")]
    pub(super) fn folder(folder: PathBuf) -> Self {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Self { opened: open(&folder, flags, Mode::empty()).ok(), folder }
    }

    /// For the folder at the real path `folder`.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The stamp of the folder itself; `None` where it is none, or a link.
    pub(super) fn own(&self) -> Option<Stamp> {
        #[cfg(target_os = "linux")]
        if let Some(stamp) = Stamp::of_stat(&rustix::fs::fstat(self.opened.as_ref()?).ok()?) {
            return Some(stamp);
        }
        fs::symlink_metadata(&self.folder).ok().filter(Metadata::is_dir).map(|metadata| Stamp::of(&metadata))
    }

    /// The stamp of what is called `name`, were it a link.
    pub(super) fn stamp(&self, name: &str) -> Option<Stamp> {
        #[cfg(target_os = "linux")]
        if let Some(folder) = &self.opened {
            let found = rustix::fs::statat(folder, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).ok()?;
            if let Some(stamp) = Stamp::of_stat(&found) {
                return Some(stamp);
            }
        }
        fs::symlink_metadata(self.folder.join(name)).ok().map(|metadata| Stamp::of(&metadata))
    }
}

#[cfg(unix)]
fn details(metadata: &Metadata) -> (Option<(i64, i64)>, (u64, u64)) {
    use std::os::unix::fs::MetadataExt as _;
    (Some((metadata.ctime(), metadata.ctime_nsec())), (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn details(_: &Metadata) -> (Option<(i64, i64)>, (u64, u64)) {
    (None, (0, 0))
}

/// A stamp that was taken just before the content was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    stamp: Stamp,
    settled: bool,
}

impl Seen {
    /// `metadata` as it is at `now`.
    pub(super) fn at(metadata: &Metadata, now: SystemTime) -> Self {
        let stamp = Stamp::of(metadata);
        let age = stamp.last_change().and_then(|change| now.duration_since(change).ok());
        Self { stamp, settled: age.is_some_and(|age| age >= RESOLUTION) }
    }

    /// The stamp, where it proves that the content is the same for as long as it stays.
    pub(super) fn settled(&self) -> Option<Stamp> {
        self.settled.then_some(self.stamp)
    }

    /// Whether `stamp`, taken later, proves that the content is the same.
    pub(super) fn still_holds(&self, stamp: &Stamp) -> bool {
        self.settled && self.stamp == *stamp
    }
}
