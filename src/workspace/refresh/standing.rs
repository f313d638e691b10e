//! What was learned of the disk, sorted by what shows that it still holds.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::disk::OnDisk;
use super::super::listing::{Kind, Listed, Listing};
use super::super::paths::{below, parent};
use super::super::stamp::{Stamp, StampsIn};
use super::super::{ReadError, Workspace};
use super::Learned;

type Listings<'l> = FxHashMap<&'l str, &'l Arc<Listing>>;

/// What was learned, made once and kept until more is: most of it holds for as long as a few stamps stay the same.
pub(in crate::workspace) struct Standing {
    /// [`Workspace::learned`] when it was made.
    learned: [u64; 5],
    folders: Vec<Stamped>,
    /// What has to be looked at each for itself.
    pub(super) rest: Learned,
}

/// A folder whose own stamp and those of its files show that what was learned of them holds.
struct Stamped {
    real: PathBuf,
    /// Its own, where that shows which names it holds and that it lies where it did.
    own: Option<Stamp>,
    /// Paths of files, where their names begin, and their stamps.
    files: Vec<(Arc<str>, usize, Stamp)>,
    /// Names whose bytes were asked for, with what was found.
    bytes: Vec<(String, Option<u64>)>,
}

impl Stamped {
    fn still_holds(&self) -> bool {
        let stamps = StampsIn::folder(self.real.clone());
        self.own.is_none_or(|own| stamps.own() == Some(own))
            && self.files.iter().all(|(path, name, stamp)| {
                path.get(*name..).is_some_and(|name| stamps.stamp(name).as_ref() == Some(stamp))
            })
            && self.bytes.iter().all(|(name, bytes)| stamps.stamp(name).map(|stamp| stamp.bytes()) == *bytes)
    }
}

impl Standing {
    /// Whether all holds that stamps show; the rest is not looked at.
    pub(super) fn holds(&self) -> bool {
        self.folders.par_iter().all(Stamped::still_holds)
    }
}

impl Workspace {
    /// What was learned of the disk so far.
    pub(super) fn standing(&self) -> Arc<Standing> {
        let mut kept = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.learned == self.learned()) {
            return Arc::clone(kept);
        }
        Arc::clone(kept.insert(Arc::new(self.sorted())))
    }

    fn sorted(&self) -> Standing {
        let learned = self.learned();
        let all = self.all_learned();
        let listings: Listings<'_> = all.listings.iter().map(|(folder, listing)| (&**folder, listing)).collect();
        // Where a person may write a name otherwise than its folder does, a listing does not show that nothing has the name.
        let is_absent =
            |path: &str| cfg!(not(any(windows, target_os = "macos"))) && listed(&listings, path) == Listed::Absent;
        let reals: FxHashMap<&str, &PathBuf> =
            all.folders.iter().filter_map(|(folder, real)| Some((&**folder, real.as_ref().ok()?))).collect();
        let mut rest = Learned::default();
        let mut folders: FxHashMap<&str, Stamped> = FxHashMap::default();
        for (folder, real) in &all.folders {
            match real {
                Ok(real) => {
                    let listing = listings.get(&**folder);
                    let own = listing.and_then(|listing| listing.seen()?.settled());
                    // A folder behind a link may lie elsewhere without being another one.
                    let below_parent = reals.get(parent(folder)).is_some_and(|above| {
                        folder.is_empty() || real.parent() == Some(above) && real.file_name() == name_of(folder)
                    });
                    if own.is_none() || !below_parent {
                        rest.folders.push((Arc::clone(folder), Ok(real.clone())));
                    }
                    let stamped = Stamped { real: real.clone(), own, files: Vec::new(), bytes: Vec::new() };
                    folders.insert(folder, stamped);
                }
                Err(ReadError::NotFound) if is_absent(folder) => {}
                Err(_) => rest.folders.push((Arc::clone(folder), real.clone())),
            }
        }
        for (folder, listing) in &all.listings {
            let shown = folders.get(&**folder).is_some_and(|stamped| stamped.own.is_some());
            if !shown && !is_absent(folder) {
                rest.listings.push((Arc::clone(folder), Arc::clone(listing)));
            }
        }
        let mut measured: FxHashMap<&str, FxHashMap<&str, Option<u64>>> =
            listings.iter().map(|(folder, listing)| (*folder, listing.measured().collect())).collect();
        for (path, read) in &all.files {
            let folder = parent(path);
            let stamp = read.as_ref().ok().and_then(|read: &OnDisk| read.seen?.settled());
            match (stamp, folders.get_mut(folder)) {
                (Some(stamp), Some(stamped)) => {
                    let name = below(path, folder).unwrap_or(path);
                    let bytes = measured.get_mut(folder).and_then(|measured| measured.remove(name));
                    // One that was measured at another time has to be measured again.
                    if let Some(bytes) = bytes.filter(|bytes| *bytes != Some(stamp.bytes())) {
                        stamped.bytes.push((name.to_owned(), bytes));
                    }
                    stamped.files.push((Arc::clone(path), path.len() - name.len(), stamp));
                }
                _ if matches!(read, Err(ReadError::NotFound)) && is_absent(path) => {}
                _ => rest.files.push((Arc::clone(path), read.clone())),
            }
        }
        for (folder, names) in measured {
            if let Some(stamped) = folders.get_mut(folder) {
                stamped.bytes.extend(names.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)));
            }
        }
        for (path, kind) in &all.kinds {
            let shown = match kind {
                Some(kind) => listed(&listings, path) == Listed::Present(*kind),
                None => is_absent(path),
            };
            if !shown {
                rest.kinds.push((Arc::clone(path), *kind));
            }
        }
        let folders = folders.into_values().collect();
        Standing { learned, folders, rest }
    }
}

/// What the listings that were read tell of `path`.
fn listed(listings: &Listings<'_>, path: &str) -> Listed {
    if path.is_empty() {
        return Listed::Present(Kind::Directory);
    }
    let folder = parent(path);
    listings.get(folder).map_or(Listed::Unknown, |listing| listing.tells(below(path, folder).unwrap_or(path)))
}

fn name_of(path: &str) -> Option<&std::ffi::OsStr> {
    std::path::Path::new(path).file_name()
}
