//! One workspace for many runs: what was read is believed for as long as the system says that it is unchanged.

use std::mem::discriminant;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::disk::OnDisk;
use super::listing::{Kind, Listing, stamp_at};
use super::paths::{below, parent};
use super::stamp::StampsIn;
use super::{ReadError, Workspace};

mod standing;

pub(super) use standing::Standing;

type Read = Result<OnDisk, ReadError>;

/// What was read of one folder.
#[derive(Default)]
struct Known<'k> {
    listing: Option<Arc<Listing>>,
    /// Names and paths of files, with what was read.
    files: Vec<(&'k str, &'k Arc<str>, &'k Read)>,
}

/// What has to be put in the place of what was read of one folder.
#[derive(Default)]
struct Renewed {
    listing: Option<Arc<Listing>>,
    files: Vec<(Arc<str>, Read)>,
    /// Whether any of it is other than it was.
    changed: bool,
}

impl Renewed {
    fn is_any(&self) -> bool {
        self.changed || self.listing.is_some() || !self.files.is_empty()
    }
}

/// What was learned of the disk, by path.
#[derive(Default)]
struct Learned {
    folders: Vec<(Arc<str>, Result<PathBuf, ReadError>)>,
    listings: Vec<(Arc<str>, Arc<Listing>)>,
    files: Vec<(Arc<str>, Read)>,
    kinds: Vec<(Arc<str>, Option<Kind>)>,
}

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
        let standing = self.standing();
        let mut changed = false;
        if standing.holds() {
            changed = self.refresh_what_is(&standing.rest);
            if !changed {
                return false;
            }
        }
        // What a stamp showed to hold may not, once something else changed: a listing tells of folders below it.
        changed |= self.refresh_what_is(&self.all_learned());
        if changed {
            self.walks.clear();
            self.gitignored_folders.clear();
            self.memo.clear();
            self.count_change();
        }
        changed
    }

    fn all_learned(&self) -> Learned {
        Learned {
            folders: self.folders.made(),
            listings: self.listings.made(),
            files: self.files.made(),
            kinds: self.kinds.made(),
        }
    }

    /// Looks at each of what was learned, and puts what changed in its place.
    fn refresh_what_is(&self, learned: &Learned) -> bool {
        if self.has_moved(&learned.folders) {
            self.forget("");
            return true;
        }
        // What a folder holds first: what is not in it is not looked for.
        let mut changed = self.refresh_listings(&learned.listings);
        changed |= self.refresh_files(learned);
        changed |= self.refresh_kinds(&learned.kinds);
        changed
    }

    /// Whether a folder lies elsewhere than before, since links were put in its way or taken out of it. It is resolved below where its parent
    /// lay, which is looked at like all others.
    fn has_moved(&self, folders: &[(Arc<str>, Result<PathBuf, ReadError>)]) -> bool {
        let same = |now: &Result<PathBuf, ReadError>, before: &Result<PathBuf, ReadError>| match (now, before) {
            (Ok(now), Ok(before)) => now == before,
            (Err(now), Err(before)) => discriminant(now) == discriminant(before),
            _ => false,
        };
        folders.par_iter().any(|(path, before)| !same(&self.resolve(path), before))
    }

    fn refresh_listings(&self, listings: &[(Arc<str>, Arc<Listing>)]) -> bool {
        let renewed = listings.par_iter().filter_map(|(folder, before)| {
            let real = self.real_folder(folder).ok();
            if real.as_deref().and_then(stamp_at).is_some_and(|stamp| before.still_holds(&stamp)) {
                return None;
            }
            let now = Arc::new(self.list_disk(folder));
            if before.is_like(&now) {
                self.renew_listing(before, &now);
                return None;
            }
            Some((Arc::clone(folder), now))
        });
        let renewed: Vec<(Arc<str>, Arc<Listing>)> = renewed.collect();
        let changed = !renewed.is_empty();
        for (folder, listing) in renewed {
            self.listings.put(folder, listing);
        }
        changed
    }

    fn refresh_files(&self, learned: &Learned) -> bool {
        let mut folders: FxHashMap<&str, Known<'_>> = FxHashMap::default();
        folders.reserve(learned.listings.len());
        for (folder, _) in &learned.listings {
            folders.entry(folder).or_default().listing = self.listings.get(folder);
        }
        for (path, read) in &learned.files {
            let folder = parent(path);
            let name = below(path, folder).unwrap_or(path);
            folders.entry(folder).or_default().files.push((name, path, read));
        }
        let folders: Vec<(&str, Known<'_>)> = folders.into_iter().collect();
        let renewed = folders.par_iter().map(|(folder, known)| (*folder, self.renewed(folder, known)));
        let renewed: Vec<(&str, Renewed)> = renewed.filter(|(_, renewed)| renewed.is_any()).collect();
        let mut changed = false;
        for (folder, renewed) in renewed {
            changed |= renewed.changed;
            if let Some(listing) = renewed.listing {
                self.listings.put(folder.into(), listing);
            }
            for (path, read) in renewed.files {
                self.files.put(path, read);
            }
        }
        changed
    }

    /// Reads again what may have changed of the files in `folder`.
    fn renewed(&self, folder: &str, known: &Known<'_>) -> Renewed {
        let mut renewed = Renewed::default();
        let real = self.real_folder(folder).ok();
        let stamps = real.map(StampsIn::folder);
        let stamp_of = |name: &str| stamps.as_ref().and_then(|stamps| stamps.stamp(name));
        // A file whose bytes were counted may have another size now.
        let mut measured: FxHashMap<&str, Option<u64>> =
            known.listing.iter().flat_map(|listing| listing.measured()).collect();
        let mut is_resized = false;
        for (name, path, before) in &known.files {
            let stamp = stamp_of(name);
            if let Some(before) = measured.remove(name) {
                is_resized |= stamp.map(|stamp| stamp.bytes()) != before;
            }
            if let (Ok(OnDisk { seen: Some(seen), .. }), Some(stamp)) = (before, &stamp)
                && seen.still_holds(stamp)
            {
                continue;
            }
            let read = match (before, self.read_from_disk(path)) {
                // The same text is the same file, so that what was made of it stays.
                (Ok(before), Ok(now)) if before.source.bytes() == now.source.bytes() => {
                    Ok(OnDisk { source: Arc::clone(&before.source), seen: now.seen })
                }
                (Err(before), Err(now)) if discriminant(before) == discriminant(&now) => continue,
                (_, now) => {
                    renewed.changed = true;
                    now
                }
            };
            renewed.files.push((Arc::clone(path), read));
        }
        if is_resized || measured.into_iter().any(|(name, before)| stamp_of(name).map(|stamp| stamp.bytes()) != before)
        {
            renewed.changed = true;
            renewed.listing = Some(Arc::new(self.list_disk(folder)));
        }
        renewed
    }

    fn refresh_kinds(&self, kinds: &[(Arc<str>, Option<Kind>)]) -> bool {
        let now = kinds.par_iter().map(|(path, before)| (path, *before, self.kind_on_disk(path)));
        let changed: Vec<(&Arc<str>, Option<Kind>)> =
            now.filter(|(_, before, now)| now != before).map(|(path, _, now)| (path, now)).collect();
        for (path, now) in &changed {
            self.kinds.put(Arc::clone(path), *now);
        }
        !changed.is_empty()
    }
}

#[cfg(test)]
mod tests;
