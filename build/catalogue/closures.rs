//! What packages weigh beyond what they require.

use std::collections::{BTreeMap, BTreeSet};

use super::packages::Entry;

/// How entries hang together.
pub struct Links<'e> {
    entries: &'e [Entry],
    by_key: BTreeMap<&'e str, usize>,
}

impl<'e> Links<'e> {
    pub fn new(entries: &'e [Entry]) -> Self {
        let by_key = entries.iter().enumerate().map(|(index, entry)| (entry.key.as_str(), index)).collect();
        Self { entries, by_key }
    }

    /// Whether `key` has an entry.
    pub fn knows(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// Whether `key` brings itself.
    pub fn is_circular(&self, key: &str) -> bool {
        self.by_key.get(key).is_some_and(|index| self.below(*index).contains(index))
    }

    /// The links of each entry as Rust. No entry may bring itself.
    pub fn code(&self) -> Vec<String> {
        let mut own = BTreeMap::new();
        for index in 0..self.entries.len() {
            self.settle(index, &mut own);
        }
        let code = |(index, own): (usize, Option<[i64; 3]>)| {
            let own = own.map(|own| format!("[{}]", own.map(signed).join(", ")));
            format!("Links {{ direct: &{:?}, own: {} }}", self.direct(index), super::code::option(own))
        };
        own.into_iter().map(code).collect()
    }

    fn direct(&self, index: usize) -> Vec<usize> {
        let keys = self.entries.get(index).into_iter().flat_map(|entry| &entry.direct);
        keys.filter_map(|key| self.by_key.get(key.as_str()).copied()).collect()
    }

    /// Everything that `index` brings, at any depth.
    fn below(&self, index: usize) -> BTreeSet<usize> {
        let mut below = BTreeSet::new();
        let mut next = self.direct(index);
        while let Some(index) = next.pop() {
            if below.insert(index) {
                next.extend(self.direct(index));
            }
        }
        below
    }

    /// Computes the own part of `index` after those of everything it brings: its closure less theirs. It is negative where
    /// closures that it requires overlap; `None` where the closure was not measured.
    fn settle(&self, index: usize, own: &mut BTreeMap<usize, Option<[i64; 3]>>) {
        if own.contains_key(&index) {
            return;
        }
        let below = self.below(index);
        for &other in &below {
            self.settle(other, own);
        }
        let figures = self.entries.get(index).and_then(|entry| entry.figures);
        let rest = figures.map(|figures| {
            let mut rest = figures.map(u64::cast_signed);
            for theirs in below.iter().filter_map(|other| own.get(other).copied().flatten()) {
                for (mine, theirs) in rest.iter_mut().zip(theirs) {
                    *mine -= theirs;
                }
            }
            rest
        });
        own.insert(index, rest);
    }
}

fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", super::code::number(number.unsigned_abs()))
}
