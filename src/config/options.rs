//! What one source of configuration says, and how several become the settings of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnostic::Severity;
use crate::rules::{self, Page};

use crate::text::Position;

use super::error::Origin;
use super::pattern::Pattern;
use super::selection::selects;
use super::{FailOn, Settings};

/// What a file or the command line says; what it leaves open the next source decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The rules that run.
    pub select: Option<Vec<String>>,
    /// Rules that run besides.
    pub extend_select: Vec<String>,
    /// Rules that do not.
    pub ignore: Vec<String>,
    /// Severities by rule, group or `all`.
    pub severities: Vec<(String, Level)>,
    /// Rules that are silent about some files.
    pub per_path_ignores: Vec<PathIgnore>,
    /// From which severity on a finding fails the run.
    pub fail_on: Option<FailOn>,
    /// Findings known to be about fewer bytes do not fail the run.
    pub min_saving: Option<u64>,
    /// What a search passes over.
    pub exclude: Option<Vec<Pattern>>,
    /// What it passes over besides.
    pub extend_exclude: Vec<Pattern>,
    /// Whether named files are passed over, too.
    pub force_exclude: Option<bool>,
    /// Whether `--fix` keeps a copy of the files it changes.
    pub backup: Option<bool>,
    /// What is known already.
    pub baseline: Option<BaselineFile>,
    /// How services are built and run.
    pub services: Vec<ServiceOptions>,
}

/// A severity that is set for rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// They do not run.
    Off,
    /// They run, and this is how bad their findings are.
    At(Severity),
}

impl Level {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::At(severity) => Some(severity),
        }
    }
}

/// Rules that say nothing about the files of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PathIgnore {
    /// Which files.
    pub pattern: Pattern,
    /// Which rules, groups or `all`.
    pub rules: Vec<String>,
}

/// What is said of the Dockerfiles of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceOptions {
    /// Which Dockerfiles.
    pub pattern: Pattern,
    /// The build context, absolute, and where that is said.
    pub context: Option<(PathBuf, Place)>,
    /// Whether the image runs on a GPU, and which file says so.
    pub gpu: Option<(bool, String)>,
}

/// The file of findings that are known already, and what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineFile {
    /// Absolute.
    pub path: PathBuf,
    /// The file or option that names it.
    pub origin: Origin,
}

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file or option.
    pub origin: Origin,
    /// Line and column in a file.
    pub position: Option<Position>,
}

/// What a source says of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    On { named: bool },
    Off { ignored: bool },
    Open,
}

impl Options {
    /// What this source says of the rule, and whether it leaves nothing to those below it.
    fn verdict(&self, page: &Page) -> Verdict {
        let any = |selectors: &[String]| selectors.iter().any(|selector| selects(selector, page));
        if any(&self.ignore) || self.level(page) == Some(Level::Off) {
            return Verdict::Off { ignored: true };
        }
        let selectors = || self.select.iter().flatten().chain(&self.extend_select);
        if selectors().any(|selector| selects(selector, page)) {
            return Verdict::On { named: selectors().any(|selector| page.is_named(selector)) };
        }
        if self.select.is_some() { Verdict::Off { ignored: false } } else { Verdict::Open }
    }

    /// The severity that is set for the rule: by its name, else by its group, else by `all`.
    fn level(&self, page: &Page) -> Option<Level> {
        let by = |holds: &dyn Fn(&str) -> bool| {
            self.severities.iter().rev().find(|(selector, _)| holds(selector)).map(|(_, level)| *level)
        };
        by(&|selector| page.is_named(selector)).or_else(|| {
            // A rule that is off by default is not switched on with its group.
            let by_group = by(&|selector| page.group.eq_ignore_ascii_case(selector))
                .or_else(|| by(&|selector| selector.eq_ignore_ascii_case("all")));
            by_group.filter(|level| *level == Level::Off || page.severity.is_some())
        })
    }

    fn speaks_of_rules(&self) -> bool {
        self.select.is_some()
            || !(self.extend_select.is_empty() && self.ignore.is_empty() && self.severities.is_empty())
    }
}

impl Settings {
    /// The settings that `sources` make, the first of which counts most.
    ///
    /// Of a rule the first source decides that names it, its group or `all`; one with `select` decides all that it and
    /// those before it leave open. What is added up: `per-path-ignores`, `extend-exclude`, `services`.
    #[must_use]
    pub fn resolve(sources: &[&Options]) -> Self {
        let first = |get: fn(&Options) -> Option<bool>| sources.iter().find_map(|source| get(source));
        let mut settings = Self {
            fail_on: sources.iter().find_map(|source| source.fail_on).unwrap_or_default(),
            min_saving: sources.iter().find_map(|source| source.min_saving).unwrap_or_default(),
            exclude: sources.iter().find_map(|source| source.exclude.clone()).unwrap_or_default(),
            force_exclude: first(|source| source.force_exclude).unwrap_or(false),
            backup: first(|source| source.backup).unwrap_or(true),
            baseline: sources.iter().find_map(|source| source.baseline.clone()),
            ..Self::default()
        };
        // The last that matches counts, so those of the first source come last.
        for source in sources.iter().rev() {
            settings.exclude.extend(source.extend_exclude.iter().cloned());
            settings.per_path_ignores.extend(source.per_path_ignores.iter().cloned());
            settings.services.extend(source.services.iter().cloned());
        }
        if sources.iter().any(|source| source.speaks_of_rules()) {
            settings.decide_rules(sources);
        }
        settings
    }

    fn decide_rules(&mut self, sources: &[&Options]) {
        let mut select = Vec::new();
        let mut severities = BTreeMap::new();
        for page in rules::rules().iter().map(|rule| rule.page) {
            let severity = sources.iter().find_map(|source| source.level(page)?.severity());
            let verdict = sources.iter().map(|source| source.verdict(page)).find(|verdict| *verdict != Verdict::Open);
            let runs = match verdict {
                Some(Verdict::Off { .. }) => false,
                Some(Verdict::On { named: true }) => true,
                _ => severity.or(page.severity).is_some(),
            };
            if runs {
                select.push(page.name.to_owned());
            } else if verdict == Some(Verdict::Off { ignored: true }) {
                self.ignore.push(page.name.to_owned());
            }
            severities.extend(severity.map(|severity| (page.name.to_owned(), severity)));
        }
        self.select = Some(select);
        self.severities = severities;
    }
}
