//! One workspace for many runs: what was read is believed for as long as the system says that it is unchanged.

use std::collections::HashMap;
use std::mem::discriminant;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::disk::OnDisk;
use super::listing::{Listing, join, stamp_at};
use super::paths::{below, parent};
use super::stamp::Stamp;
use super::{ReadError, Workspace};

type Read = Result<OnDisk, ReadError>;

type Stamps = HashMap<String, Option<Stamp>>;

impl Workspace {
    /// Looks whether anything that was read from the disk has changed there, and forgets what has; returns whether anything did.
    /// What is unsaved stays. Afterwards the workspace answers as one would that was just opened.
    ///
    /// A file is believed to be unchanged by its size, times and inode, unless it had been changed within seconds before it was
    /// read: such a file is read and compared. No other thread may be linting in the workspace meanwhile.
    #[must_use]
    pub fn refresh(&self) -> bool {
        if self.is_in_memory() {
            return false;
        }
        if self.folders_moved() {
            self.forget("");
            return true;
        }
        let mut changed = self.refresh_listings();
        let stamps = self.refresh_files(&mut changed);
        changed |= self.refresh_sizes(&stamps);
        changed |= self.refresh_kinds();
        if changed {
            self.walks.clear();
            self.memo.clear();
            self.count_change();
        }
        changed
    }

    /// Whether a folder lies elsewhere than before, since links were put in its way or taken out of it.
    fn folders_moved(&self) -> bool {
        let mut before = self.folders.made();
        // A folder is resolved below the one that holds it.
        before.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        self.folders.clear();
        let same = |now: &Result<PathBuf, ReadError>, before: &Result<PathBuf, ReadError>| match (now, before) {
            (Ok(now), Ok(before)) => now == before,
            (Err(now), Err(before)) => discriminant(now) == discriminant(before),
            _ => false,
        };
        before.iter().any(|(path, before)| !same(&self.real_folder(path), before))
    }

    fn refresh_listings(&self) -> bool {
        let known = self.listings.made();
        let later: Vec<Option<Arc<Listing>>> = known
            .par_iter()
            .map(|(directory, listing)| {
                let stamp = self.real_folder(directory).ok().and_then(|real| stamp_at(&real));
                let holds = stamp.is_some_and(|stamp| listing.still_holds(&stamp));
                (!holds).then(|| Arc::new(self.list_disk(directory)))
            })
            .collect();
        let mut changed = false;
        for ((directory, listing), later) in known.into_iter().zip(later) {
            match later {
                Some(later) if listing.is_like(&later) => listing.renew(&later),
                Some(later) => {
                    self.listings.put(directory, later);
                    changed = true;
                }
                None => {}
            }
        }
        changed
    }

    /// Reads again what may have changed. Returns the stamps of what was asked for.
    fn refresh_files(&self, changed: &mut bool) -> Stamps {
        let known = self.files.made();
        let later: Vec<(Option<Stamp>, Option<Read>)> = known
            .par_iter()
            .map(|(path, file)| {
                let Ok(OnDisk { seen: Some(seen), .. }) = file else { return (None, Some(self.read_from_disk(path))) };
                let stamp = self.stamp_of(path);
                let holds = stamp.is_some_and(|stamp| seen.still_holds(&stamp));
                (stamp, (!holds).then(|| self.read_from_disk(path)))
            })
            .collect();
        let mut stamps = Stamps::with_capacity(known.len());
        for ((path, before), (stamp, now)) in known.into_iter().zip(later) {
            if stamp.is_some() {
                stamps.insert(path.clone(), stamp);
            }
            let kept = match (before, now) {
                (_, None) => continue,
                // The same text is the same file, so that what was made of it stays.
                (Ok(before), Some(Ok(now))) if before.source.bytes() == now.source.bytes() => {
                    Ok(OnDisk { source: before.source, seen: now.seen })
                }
                (Err(before), Some(Err(now))) if discriminant(&before) == discriminant(&now) => continue,
                (_, Some(now)) => {
                    *changed = true;
                    now
                }
            };
            self.files.put(path, kept);
        }
        stamps
    }

    /// Whether a file whose bytes were counted has another size now.
    fn refresh_sizes(&self, stamps: &Stamps) -> bool {
        let known = self.listings.made();
        let resized: Vec<&String> = known
            .par_iter()
            .filter(|(directory, listing)| {
                let Ok(folder) = self.real_folder(directory) else { return listing.measured().next().is_some() };
                listing.measured().any(|(name, bytes)| {
                    let stamp = stamps.get(&join(directory, name)).copied();
                    stamp.unwrap_or_else(|| stamp_at(&folder.join(name))).map(|stamp| stamp.bytes()) != bytes
                })
            })
            .map(|(directory, _)| directory)
            .collect();
        for directory in &resized {
            self.listings.put((*directory).clone(), Arc::new(self.list_disk(directory)));
        }
        !resized.is_empty()
    }

    fn refresh_kinds(&self) -> bool {
        let mut changed = false;
        for (path, before) in self.kinds.made() {
            let now = self.kind_on_disk(&path);
            if now != before {
                self.kinds.put(path, now);
                changed = true;
            }
        }
        changed
    }

    fn stamp_of(&self, path: &str) -> Option<Stamp> {
        let folder = parent(path);
        let real = self.real_folder(folder).ok()?;
        stamp_at(&real.join(below(path, folder).unwrap_or(path)))
    }
}

#[cfg(test)]
mod tests;
