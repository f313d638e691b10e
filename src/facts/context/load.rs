//! What one copy of a folder takes, and what of it could stay away.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::Facts;
use super::copies::FolderCopy;
use super::kinds::{Entry, Kind};
use super::plan::{IgnorePlan, WORTH_BYTES};
use super::spare::Spare;
use super::waste::Evidence;

/// What one copy takes.
#[derive(Debug)]
pub struct Load<'f> {
    /// The copy.
    pub copy: &'f FolderCopy<'f>,
    /// How many files it takes.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// What is there of each row that could be left out, by the row's name.
    pub waste: BTreeMap<&'static str, Share>,
    /// What is not there but in working copies, row by row.
    pub promised: Vec<Promised<'f>>,
    /// Large things that nothing names, and whether a final image takes them.
    pub spares: Vec<(&'f Spare, bool)>,
    /// Whether a final image takes any of it.
    pub in_image: bool,
}

/// What a copy takes of one row.
#[derive(Debug)]
pub struct Share {
    /// The row.
    pub entry: &'static Entry,
    /// Bytes that are there.
    pub bytes: u64,
    /// Where, relative to the context.
    pub places: Vec<String>,
    /// Whether a final image takes it.
    pub in_image: bool,
}

/// What a copy takes of one row from working copies.
#[derive(Debug)]
pub struct Promised<'f> {
    /// The row.
    pub entry: &'static Entry,
    /// What says so of the first place.
    pub evidence: &'f Evidence,
    /// Where, relative to the context.
    pub places: Vec<&'f str>,
}

impl Share {
    /// Its place, or what it is called everywhere.
    #[must_use]
    pub fn name(&self) -> String {
        match self.places.as_slice() {
            [place] => place.clone(),
            _ => self.entry.pattern(),
        }
    }
}

impl Facts<'_> {
    /// What each of `copies` takes, of the rows that `counts` names, when that is worth leaving out. What costs most comes first.
    pub fn loads<'f>(
        &self,
        plan: &'f IgnorePlan,
        copies: &'f [FolderCopy<'f>],
        counts: impl Fn(&Entry) -> bool,
    ) -> Vec<Load<'f>> {
        let mut loads: Vec<Load<'f>> = copies.iter().map(|copy| Load::new(self, plan, copy, &counts)).collect();
        loads.retain(Load::is_worth_leaving_out);
        loads.sort_by_key(|load| {
            Reverse((load.in_image, load.waste_bytes().saturating_add(load.spare_bytes()), load.promised.len()))
        });
        loads
    }
}

impl<'f> Load<'f> {
    fn new(
        facts: &Facts<'_>,
        plan: &'f IgnorePlan,
        copy: &'f FolderCopy<'f>,
        counts: &impl Fn(&Entry) -> bool,
    ) -> Self {
        let (files, bytes) = copy
            .files(&plan.tree)
            .fold((0, 0_u64), |(files, bytes), file| (files + 1, bytes.saturating_add(file.bytes)));
        let mut load = Self {
            copy,
            files,
            bytes,
            waste: BTreeMap::new(),
            promised: Vec::new(),
            spares: Vec::new(),
            in_image: false,
        };
        let reaches =
            |place: Option<String>| facts.ships_copied(copy.stage, copy.transfer.instruction, place.as_deref());
        for waste in plan.waste.iter().filter(|waste| counts(waste.entry)) {
            let Some(place) = copy.takes(&waste.path) else { continue };
            let in_image = reaches(place);
            load.in_image |= in_image;
            let share = load.waste.entry(waste.entry.name).or_insert_with(|| Share {
                entry: waste.entry,
                bytes: 0,
                places: Vec::new(),
                in_image: false,
            });
            share.bytes = share.bytes.saturating_add(waste.bytes);
            share.in_image |= in_image;
            share.places.push(waste.path.clone());
        }
        for promise in plan.promised.iter().filter(|promise| promise.entry.heavy && counts(promise.entry)) {
            if load.waste.contains_key(promise.entry.name) {
                continue;
            }
            let Some(place) = copy.takes(&promise.path) else { continue };
            load.in_image |= reaches(place);
            let known = load.promised.iter_mut().find(|known| known.entry.name == promise.entry.name);
            match known {
                Some(known) => known.places.push(&promise.path),
                None => load.promised.push(Promised {
                    entry: promise.entry,
                    evidence: &promise.evidence,
                    places: vec![&promise.path],
                }),
            }
        }
        for spare in &plan.spares {
            let Some(place) = copy.takes(&spare.path) else { continue };
            let in_image = reaches(place);
            load.in_image |= in_image;
            load.spares.push((spare, in_image));
        }
        load
    }

    fn is_worth_leaving_out(&self) -> bool {
        !self.promised.is_empty()
            || !self.spares.is_empty()
            || self.waste.values().any(|share| share.entry.heavy)
            || self.waste_bytes() >= WORTH_BYTES
    }

    /// Bytes that are there of all rows.
    #[must_use]
    pub fn waste_bytes(&self) -> u64 {
        self.waste.values().fold(0, |bytes, share| bytes.saturating_add(share.bytes))
    }

    /// Bytes of the large things that nothing names.
    #[must_use]
    pub fn spare_bytes(&self) -> u64 {
        self.spares.iter().fold(0, |bytes, (spare, _)| bytes.saturating_add(spare.bytes))
    }

    /// The shares of at least `bytes` and those that are worth a word by themselves, largest first.
    #[must_use]
    pub fn shares_from(&self, bytes: u64) -> Vec<&Share> {
        let mut told: Vec<&Share> =
            self.waste.values().filter(|share| share.bytes >= bytes || share.entry.heavy).collect();
        told.sort_by_key(|share| Reverse(share.bytes));
        told
    }

    /// Whether an image holds history, or much that is there.
    #[must_use]
    pub fn matters_today(&self) -> bool {
        let history =
            self.promised.iter().any(|promised| promised.entry.kind == Kind::Git) || self.waste.contains_key(".git");
        self.in_image && (history || self.waste_bytes() >= WORTH_BYTES)
    }
}
