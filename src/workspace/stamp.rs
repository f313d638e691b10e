//! What the system says of a file without reading it, and how long that can be believed.

use std::fs::Metadata;
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

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn last_change(&self) -> Option<SystemTime> {
        let Some((seconds, nanoseconds)) = self.changed else { return self.modified };
        let since = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
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

    /// Whether `stamp`, taken later, proves that the content is the same.
    pub(super) fn still_holds(&self, stamp: &Stamp) -> bool {
        self.settled && self.stamp == *stamp
    }
}
