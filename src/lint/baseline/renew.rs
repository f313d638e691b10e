//! From what was met to the counts, and to the next baseline.

use std::collections::BTreeSet;
use std::path::Path;

use crate::workspace::lexical;

use super::BaselineCounts;
use super::file::{Baseline, Known};
use super::hide::{Baselines, Sighting};

impl Baselines {
    /// How the run stands to what was known. `is_gone` says of the path of a Dockerfile that it was looked for and is no more.
    ///
    /// A known finding counts as fixed when every Dockerfile that had it was linted with its rule, or is gone: what a run does not
    /// look at it says nothing of.
    #[must_use]
    pub fn counts(&self, sightings: &[Sighting], is_gone: impl Fn(&Path) -> bool) -> BaselineCounts {
        let fixed = self.all.iter().enumerate().map(|(number, baseline)| {
            let standing = |index: &usize| baseline.standing(number, *index, sightings, &is_gone).is_empty();
            let met = met(number, sightings);
            (0..baseline.findings.len()).filter(|index| !met.contains(index)).filter(standing).count()
        });
        BaselineCounts {
            new: sightings.iter().map(|sighting| sighting.new).sum(),
            fixed: fixed.sum(),
            left: sightings.iter().map(|sighting| sighting.left).sum(),
        }
    }

    /// The baselines with what was found, and with what was known of Dockerfiles that were not looked at.
    #[must_use]
    pub fn renewed(&self, sightings: &[Sighting], is_gone: impl Fn(&Path) -> bool) -> Vec<Baseline> {
        let renew = |(number, baseline): (usize, &Baseline)| {
            let mut findings = Vec::new();
            for (found, known) in of(number, sightings).flat_map(|met| &met.found) {
                let elsewhere = known.map(|index| baseline.standing(number, index, sightings, &is_gone));
                findings.push(found.with_builds(found.builds().iter().cloned().chain(elsewhere.unwrap_or_default())));
            }
            let met = met(number, sightings);
            for (index, known) in baseline.findings.iter().enumerate().filter(|(index, _)| !met.contains(index)) {
                let standing = baseline.standing(number, index, sightings, &is_gone);
                if !standing.is_empty() {
                    findings.push(known.with_builds(standing));
                }
            }
            let mut renewed = baseline.clone();
            renewed.findings = numbered(findings);
            renewed
        };
        self.all.iter().enumerate().map(renew).collect()
    }
}

impl Baseline {
    /// The Dockerfiles that have the finding as far as is known: those that were not looked at.
    fn standing(
        &self,
        number: usize,
        index: usize,
        sightings: &[Sighting],
        is_gone: &impl Fn(&Path) -> bool,
    ) -> Vec<String> {
        let was_linted = |build: &String| {
            of(number, sightings).any(|met| met.looked.get(&index).is_some_and(|builds| builds.contains(build)))
        };
        let folder = self.folder();
        let builds = self.findings.get(index).map(Known::builds).unwrap_or_default();
        builds.iter().filter(|build| !was_linted(build) && !is_gone(&lexical(&folder.join(build)))).cloned().collect()
    }
}

fn of(number: usize, sightings: &[Sighting]) -> impl Iterator<Item = &super::hide::Met> {
    sightings.iter().filter_map(move |sighting| sighting.met.get(number))
}

/// The indexes of known findings that are there still.
fn met(number: usize, sightings: &[Sighting]) -> BTreeSet<usize> {
    of(number, sightings).flat_map(super::hide::Met::known).collect()
}

/// In the order of a baseline, equal ones with their numbers.
fn numbered(mut findings: Vec<Known>) -> Vec<Known> {
    for known in &mut findings {
        known.nth = 1;
    }
    findings.sort();
    let mut before: Option<Known> = None;
    for known in &mut findings {
        if let Some(before) = before
            .as_ref()
            .filter(|before| (&before.file, &before.rule, &before.text) == (&known.file, &known.rule, &known.text))
        {
            known.nth = before.nth + 1;
        }
        before = Some(known.clone());
    }
    findings
}
