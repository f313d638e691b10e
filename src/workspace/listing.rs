//! What folders on disk hold, read once for all that is asked of them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::SystemTime;

use super::paths::{below, parent, relative};
use super::stamp::{Seen, Stamp};
use super::{Entry, ReadError, Workspace};

/// Names beyond these in one folder are not listed.
const MAX_LISTED: usize = 100_000;

/// What stands at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    File,
    Directory,
    Other,
}

/// What a folder on disk holds.
#[derive(Default)]
pub(super) struct Listing {
    /// By name.
    pub(super) entries: Arc<Vec<Entry>>,
    /// What each of them is, without asking where a link leads; `None` for a link.
    pub(super) kinds: Vec<Option<Kind>>,
    /// Bytes of regular files that were asked for.
    bytes: Vec<OnceLock<Option<u64>>>,
    /// Names that are not Unicode, which cannot be asked for again, with their bytes.
    unspoken: Vec<(String, Option<u64>)>,
    /// Whether nothing else is in the folder.
    pub(super) complete: bool,
    /// When the folder's own stamp tells whether this still holds: its stamp.
    seen: RwLock<Option<Seen>>,
}

/// What a listing tells of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Absent,
    Present(Kind),
    /// A link, or a name that the listing may lack.
    Unknown,
}

impl Listing {
    pub(super) fn place(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name))
    }

    pub(super) fn tells(&self, name: &str) -> Listed {
        match self.place(name) {
            Ok(at) => self.kinds.get(at).copied().flatten().map_or(Listed::Unknown, Listed::Present),
            Err(_) if self.complete => Listed::Absent,
            Err(_) => Listed::Unknown,
        }
    }

    /// Whether it holds the same names of the same kinds.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.complete == other.complete
            && self.kinds == other.kinds
            && self.entries == other.entries
            && self.unspoken == other.unspoken
    }

    /// Whether the folder's `stamp` proves that it holds the same names.
    pub(super) fn still_holds(&self, stamp: &Stamp) -> bool {
        self.seen().is_some_and(|seen| seen.still_holds(stamp))
    }

    /// When the folder's own stamp tells whether this still holds: its stamp.
    pub(super) fn seen(&self) -> Option<Seen> {
        *self.seen.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over the stamp of a listing that was read later and is like this one.
    fn renew(&self, later: &Self) {
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = later.seen();
    }

    /// The names whose bytes were asked for, with what was found.
    pub(super) fn measured(&self) -> impl Iterator<Item = (&str, Option<u64>)> {
        let known = self.entries.iter().zip(&self.bytes);
        let known = known.filter(|(entry, _)| !self.unspoken.iter().any(|(name, _)| *name == entry.name));
        known.filter_map(|(entry, bytes)| Some((entry.name.as_str(), *bytes.get()?)))
    }
}

impl Workspace {
    /// What the listing of its folder tells of `path`: one listing answers for all the files that slimlint asks a folder for.
    pub(super) fn listed(&self, path: &str) -> Listed {
        if path.is_empty() {
            return Listed::Present(Kind::Directory);
        }
        let folder = parent(path);
        let name = below(path, folder).unwrap_or(path);
        let known = self.listings.look(folder, |listing| listing.tells(name));
        known.unwrap_or_else(|| self.listing(folder).tells(name))
    }

    /// Whether nothing can be read at `path`, as its folder says. Where case does not count, a person may write a name otherwise than its
    /// folder does.
    pub(super) fn is_absent(&self, path: &str) -> bool {
        cfg!(not(any(windows, target_os = "macos"))) && self.listed(path) == Listed::Absent
    }

    pub(super) fn listing(&self, directory: &str) -> Arc<Listing> {
        self.listings.get_or_make(directory, || {
            // Its parent says so without asking the system.
            let is_absent = self.is_absent(directory);
            let nothing = || Listing { complete: true, ..Listing::default() };
            Arc::new(if is_absent { nothing() } else { self.list_disk(directory) })
        })
    }

    /// The bytes of the regular file at place `at` of the listing of `directory`, asked of the disk once.
    pub(super) fn listed_bytes(&self, directory: &str, listing: &Listing, at: usize) -> Option<u64> {
        let (entry, bytes) = (listing.entries.get(at)?, listing.bytes.get(at)?);
        let ask = || {
            // Most that is measured was read before.
            if let Some(Ok(read)) = self.files.get(&join(directory, &entry.name))
                && read.seen.is_some()
            {
                return Some(read.source.bytes().len() as u64);
            }
            self.count_look();
            let folder = self.real_folder(directory).ok()?;
            Some(fs::symlink_metadata(folder.join(&entry.name)).ok()?.len())
        };
        *bytes.get_or_init(ask)
    }

    pub(super) fn list_disk(&self, directory: &str) -> Listing {
        let real = match self.real_folder(directory) {
            Ok(real) => real,
            Err(ReadError::NotFound) => return Listing { complete: true, ..Listing::default() },
            Err(_) => return Listing::default(),
        };
        let now = SystemTime::now();
        let seen = fs::symlink_metadata(&real).ok().map(|metadata| Seen::at(&metadata, now));
        match fs::read_dir(&real) {
            Ok(names) => self.listing_of(directory, names, seen),
            // A folder that may be entered but not listed can hold anything.
            Err(_) => Listing::default(),
        }
    }

    fn listing_of(&self, directory: &str, names: fs::ReadDir, seen: Option<Seen>) -> Listing {
        let mut found = Vec::new();
        let (mut complete, mut exact) = (true, true);
        let mut unspoken = Vec::new();
        let real = self.hides_any().then(|| self.real_folder(directory).ok()).flatten();
        let real = real.map(|real| relative(&real, self.root()));
        let is_hidden = |name: &OsStr| {
            real.as_deref().zip(name.to_str()).is_some_and(|(folder, name)| self.hides(&join(folder, name)))
        };
        for entry in names {
            let Some((entry, name, kind)) = entry.ok().and_then(|entry| {
                let (name, kind) = (entry.file_name(), entry.file_type().ok()?);
                Some((entry, name, kind))
            }) else {
                complete = false;
                continue;
            };
            if is_hidden(&name) {
                continue;
            }
            if found.len() == MAX_LISTED {
                complete = false;
                break;
            }
            let bytes = OnceLock::new();
            let name = name.into_string().unwrap_or_else(|name| {
                // The name that people see is not one to ask the system with.
                let length = entry.metadata().ok().map(|metadata| metadata.len());
                let _ = bytes.set(length);
                exact = false;
                unspoken.push((name.to_string_lossy().into_owned(), length));
                name.to_string_lossy().into_owned()
            });
            found.push((name, kind, bytes));
        }
        found.sort_unstable_by(|(a, ..), (b, ..)| a.cmp(b));
        unspoken.sort_unstable();
        let mut listing = Listing { unspoken, complete, ..Listing::default() };
        let mut entries = Vec::with_capacity(found.len());
        for (name, kind, bytes) in found {
            let is_link = kind.is_symlink();
            let leads_to_folder = is_link && self.link_leads_to_folder(&join(directory, &name));
            entries.push(Entry { name, is_dir: kind.is_dir() || leads_to_folder });
            listing.kinds.push(match kind {
                kind if kind.is_file() => Some(Kind::File),
                kind if kind.is_dir() => Some(Kind::Directory),
                _ if is_link => None,
                _ => Some(Kind::Other),
            });
            listing.bytes.push(bytes);
            // Where a link leads can change without the folder that it is in.
            exact &= !is_link;
        }
        listing.entries = Arc::new(entries);
        listing.seen = RwLock::new(seen.filter(|_| exact && complete));
        listing
    }

    /// Lets `listing` hold for as long as `later` does, which was read later and is like it.
    pub(super) fn renew_listing(&self, listing: &Listing, later: &Listing) {
        self.count_look();
        listing.renew(later);
    }

    fn link_leads_to_folder(&self, path: &str) -> bool {
        // Its folder is being listed, and cannot be asked about it.
        self.resolve(path).is_ok_and(|real| real.is_dir())
    }
}

/// The path of `name` in `directory`.
pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { [directory, "/", name].concat() }
}

/// The stamp of what stands at `path` itself, were it a link.
pub(super) fn stamp_at(path: &Path) -> Option<Stamp> {
    fs::symlink_metadata(path).ok().map(|metadata| Stamp::of(&metadata))
}
