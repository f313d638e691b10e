//! Taking what is known out of a report.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::config::SettingsFor;
use crate::dockerfile::Dockerfile;
use crate::rules::{self, INTERNAL_ERROR, UNREADABLE_FILE};
use crate::workspace::{Workspace, holder, relative_to};

use super::super::{Report, is_unreadable};
use super::file::{Baseline, Known};
use super::identity::{Pointed, Texts};

/// The baselines of a run.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    /// In the order in which they were added.
    pub all: Vec<Baseline>,
}

/// What one report showed of the baselines.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    /// Findings that are told, of Dockerfiles that have a baseline.
    pub(super) new: usize,
    /// Findings that are hidden.
    pub(super) left: usize,
    /// Those of them that were known by their words only, as the text around these changed.
    pub rewritten: usize,
    /// For each baseline, what was met of it.
    pub(super) met: Vec<Met>,
}

/// What a report showed of one baseline.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    /// All findings of its Dockerfiles, each with the index of the one that is known.
    pub(super) found: Vec<(Known, Option<usize>)>,
    /// For findings by index, the Dockerfiles that were linted with the rule.
    pub(super) looked: HashMap<usize, BTreeSet<String>>,
}

impl Met {
    /// The indexes of known findings that are there.
    pub(super) fn known(&self) -> impl Iterator<Item = usize> {
        self.found.iter().filter_map(|(_, known)| *known)
    }
}

/// Troubles are no findings: they are always told.
fn can_be_known(rule: &str) -> bool {
    !matches!(rule, INTERNAL_ERROR | UNREADABLE_FILE)
}

impl Baselines {
    /// Takes out of `report`, which is on `workspace`, what the baselines know. `of` gives the index of a Dockerfile's baseline.
    ///
    /// Where several services have a finding it is hidden when the baseline of each of them knows it. Of findings that are equal as
    /// many are hidden as are known.
    ///
    /// Fixes change the text by which findings are known. `earlier` is what was met before they did: of that, what marks the same words
    /// is known still.
    pub fn hide(
        &self,
        workspace: &Workspace,
        report: &mut Report,
        settings: &impl SettingsFor,
        of: impl Fn(&str) -> Option<usize>,
        earlier: Option<&Sighting>,
    ) -> Sighting {
        let dockerfiles: HashSet<&str> =
            report.services.iter().map(|service| service.service.dockerfile.as_str()).collect();
        let mut texts = Texts::new(workspace);
        let pointed: Vec<Pointed> = report
            .diagnostics
            .iter()
            .map(|found| texts.pointed(found, dockerfiles.contains(&*found.primary.file)))
            .collect();
        // By finding: the Dockerfiles that have it, with their baselines.
        let mut owners: Vec<Vec<(&str, Option<usize>)>> = vec![Vec::new(); report.diagnostics.len()];
        for service in &report.services {
            let path = file_of(&service.service.dockerfile);
            for &index in &service.findings {
                if let Some(owners) = owners.get_mut(index) {
                    owners.push((path, of(path)));
                }
            }
        }
        let mut sighting = Sighting::default();
        let mut known_in: Vec<HashSet<usize>> = Vec::new();
        for (number, baseline) in self.all.iter().enumerate() {
            let place = Place { folder: baseline.folder(), root: workspace.root() };
            let mut met = Met { found: Vec::new(), looked: looked(report, settings, &of, number, baseline, &place) };
            let mut indexes = Vec::new();
            for (index, (found, pointed)) in report.diagnostics.iter().zip(&pointed).enumerate() {
                let own: BTreeSet<&str> = owners
                    .get(index)
                    .into_iter()
                    .flatten()
                    .filter(|(_, its)| *its == Some(number))
                    .map(|(path, _)| *path)
                    .collect();
                if own.is_empty() || !can_be_known(found.rule) {
                    continue;
                }
                let file = place.written(&found.primary.file);
                let mut builds: Vec<String> = own.into_iter().map(|path| place.written(path)).collect();
                builds.sort();
                let dockerfiles = if builds == [file.clone()] { Vec::new() } else { builds };
                let Pointed { text, at } = pointed.clone();
                let known = Known { file, rule: found.rule.to_owned(), text, nth: 1, at, dockerfiles };
                indexes.push(index);
                met.found.push((known, None));
            }
            let earlier = earlier.and_then(|earlier| earlier.met.get(number));
            let earlier: BTreeSet<usize> = earlier.into_iter().flat_map(Met::known).collect();
            sighting.rewritten += pair(&baseline.findings, &mut met.found, &earlier);
            let known = indexes.iter().zip(&met.found).filter(|(_, (_, known))| known.is_some());
            known_in.push(known.map(|(index, _)| *index).collect());
            sighting.met.push(met);
        }
        let is_known = |index: usize, baseline: Option<usize>| {
            baseline.and_then(|number| known_in.get(number)).is_some_and(|known| known.contains(&index))
        };
        let hidden: Vec<bool> = owners
            .iter()
            .enumerate()
            .map(|(index, owners)| !owners.is_empty() && owners.iter().all(|(_, its)| is_known(index, *its)))
            .collect();
        let judged = |(index, owners): &(usize, &Vec<(&str, Option<usize>)>)| {
            let rule = report.diagnostics.get(*index).map_or("", |found| found.rule);
            can_be_known(rule) && owners.iter().any(|(_, its)| its.is_some())
        };
        let of_baselines: Vec<usize> = owners.iter().enumerate().filter(judged).map(|(index, _)| index).collect();
        drop_hidden(report, &hidden);
        sighting.left = hidden.iter().filter(|hidden| **hidden).count();
        sighting.new = of_baselines.len().saturating_sub(sighting.left);
        sighting
    }
}

/// Takes the findings out, and keeps them apart.
fn drop_hidden(report: &mut Report, hidden: &[bool]) {
    let mut kept = Vec::with_capacity(report.diagnostics.len());
    // Where each finding is now: among those that are told, or among those that are known.
    let mut places: Vec<Result<usize, usize>> = Vec::with_capacity(hidden.len());
    for (index, found) in std::mem::take(&mut report.diagnostics).into_iter().enumerate() {
        if hidden.get(index).copied().unwrap_or_default() {
            places.push(Err(report.known.len()));
            report.known.push(found);
        } else {
            places.push(Ok(kept.len()));
            kept.push(found);
        }
    }
    report.diagnostics = kept;
    for service in &mut report.services {
        for index in std::mem::take(&mut service.findings) {
            match places.get(index) {
                Some(Ok(place)) => service.findings.push(*place),
                Some(Err(place)) => service.known.push(*place),
                None => {}
            }
        }
    }
}

/// What `look` makes of the reports with what baselines hide told behind the rest.
pub fn with_known<T>(reports: &mut [(Workspace, Report)], look: impl FnOnce(&[(Workspace, Report)]) -> T) -> T {
    let told: Vec<usize> = reports.iter().map(|(_, report)| report.diagnostics.len()).collect();
    for ((_, report), told) in reports.iter_mut().zip(&told) {
        report.diagnostics.append(&mut report.known);
        for service in &mut report.services {
            service.findings.extend(service.known.iter().map(|known| told + known));
        }
    }
    let made = look(reports);
    for ((_, report), told) in reports.iter_mut().zip(&told) {
        report.known = report.diagnostics.split_off(*told);
        for service in &mut report.services {
            service.findings.retain(|index| index < told);
        }
    }
    made
}

/// How the paths of a workspace are written in a baseline.
struct Place<'p> {
    folder: PathBuf,
    root: &'p Path,
}

impl Place<'_> {
    fn written(&self, path: &str) -> String {
        relative_to(&self.root.join(path), &self.folder)
    }
}

/// For the findings of `baseline`, the Dockerfiles that were linted with the rule: what is not found in them is not there.
fn looked(
    report: &Report,
    settings: &impl SettingsFor,
    of: &impl Fn(&str) -> Option<usize>,
    number: usize,
    baseline: &Baseline,
    place: &Place<'_>,
) -> HashMap<usize, BTreeSet<String>> {
    let mut by_build: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, known) in baseline.findings.iter().enumerate() {
        for build in known.builds() {
            by_build.entry(build).or_default().push(index);
        }
    }
    let mut looked: HashMap<usize, BTreeSet<String>> = HashMap::new();
    // One that could not be read shows nothing of itself.
    let linted = report.services.iter().filter(|service| {
        service.source.as_ref().is_some_and(|source| {
            let is_foreign = || is_unreadable(&Dockerfile::parse(source.text()));
            !(source.text().contains("syntax") && is_foreign())
        })
    });
    let paths: BTreeSet<&str> = linted.map(|service| file_of(&service.service.dockerfile)).collect();
    for path in paths {
        let written = place.written(path);
        let settings = settings.settings_for(path);
        for &index in by_build.get(written.as_str()).into_iter().flatten() {
            // A rule that does not exist any more finds nothing.
            let ran = baseline.findings.get(index).is_none_or(|known| {
                rules::find(&known.rule).is_none_or(|rule| settings.severity_of(rule.page).is_some())
            });
            if ran && of(path) == Some(number) {
                looked.entry(index).or_default().insert(written.clone());
            }
        }
    }
    looked
}

/// Pairs findings with those that are known, one with one; returns how many only the words told.
fn pair(known: &[Known], found: &mut [(Known, Option<usize>)], earlier: &BTreeSet<usize>) -> usize {
    let by_text = |known: &Known| [known.file.clone(), known.rule.clone(), known.text.clone()];
    let by_words = |known: &Known| [known.file.clone(), known.rule.clone(), known.at.clone()];
    let mut free: BTreeMap<[String; 3], Vec<usize>> = BTreeMap::new();
    for (index, one) in known.iter().enumerate() {
        free.entry(by_text(one)).or_default().push(index);
    }
    // Of equal ones those that mark the same words go first.
    for same_words in [true, false] {
        for (one, its) in found.iter_mut().filter(|(_, its)| its.is_none()) {
            let Some(free) = free.get_mut(&by_text(one)) else { continue };
            let matches = |index: &usize| !same_words || known.get(*index).is_some_and(|known| known.at == one.at);
            if let Some(place) = free.iter().position(matches) {
                *its = Some(free.remove(place));
            }
        }
    }
    let mut rest: BTreeMap<[String; 3], Vec<usize>> = BTreeMap::new();
    let mut rewritten = 0;
    for index in free.into_values().flatten().filter(|index| earlier.contains(index)) {
        if let Some(one) = known.get(index).filter(|one| !one.at.is_empty()) {
            rest.entry(by_words(one)).or_default().push(index);
        }
    }
    for (one, its) in found.iter_mut().filter(|(_, its)| its.is_none()) {
        *its = rest.get_mut(&by_words(one)).and_then(Vec::pop);
        rewritten += usize::from(its.is_some());
    }
    rewritten
}

/// The file that a Dockerfile stands in.
fn file_of(dockerfile: &str) -> &str {
    holder(dockerfile).unwrap_or(dockerfile)
}
