//! What services have in common: one requirements file or base image behind forty of them is one cause.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Applicability, Component, Diagnostic, Span};
use crate::lint::Report;
use crate::output::shown_path;
use crate::workspace::{NameKind, Workspace, is_dockerfile_name};

use super::service::{AuditedService, is_about_bytes};

/// Findings of one rule in one or more services.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The rule.
    pub rule: &'static str,
    /// What could go of all services together, in bytes.
    pub bytes: u64,
    /// Whether more could go, which nobody knows.
    pub at_least: bool,
    /// Who can put it right.
    pub remedy: Remedy,
    /// Indexes of the services, as the audit ranks them.
    pub services: Vec<usize>,
    /// Where it lies; first where most could go.
    pub wheres: Vec<Where>,
}

/// Who can put a cause right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// `--fix`
    Safe,
    /// `--fix --unsafe-fixes`
    Unsafe,
    /// A person.
    ByHand,
    /// Fixes in some places, a person in others.
    Partly,
}

impl Remedy {
    fn of(finding: &Diagnostic) -> Self {
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => Self::Safe,
            Some(Applicability::Unsafe) => Self::Unsafe,
            Some(Applicability::Display) | None => Self::ByHand,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Safe | Self::Unsafe, Self::Safe | Self::Unsafe) => Self::Unsafe,
            _ => Self::Partly,
        }
    }

    /// The words that output uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe fix",
            Self::Unsafe => "unsafe fix",
            Self::ByHand => "by hand",
            Self::Partly => "fix in part",
        }
    }
}

/// One place to change, with the services that it would change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Where {
    /// What.
    pub subject: Subject,
    /// What could go, in bytes.
    pub bytes: u64,
    /// Whether more could go, which nobody knows.
    pub at_least: bool,
    /// Indexes of the services.
    pub services: Vec<usize>,
}

/// What a cause lies in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// A line of a file other than a Dockerfile, such as a manifest, as people see it.
    Line {
        /// The file.
        file: String,
        /// Counted from 1.
        line: u32,
    },
    /// An image that services are built on.
    Base(String),
    /// The Dockerfile of a service, as people see it.
    Dockerfile(String),
}

impl Subject {
    /// `comps/requirements.txt:4`, `python:3.11`, `api/Dockerfile`
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Line { file, line } => format!("{file}:{line}"),
            Self::Base(name) | Self::Dockerfile(name) => name.clone(),
        }
    }

    /// The word that output uses.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Line { .. } => "line",
            Self::Base(_) => "base",
            Self::Dockerfile(_) => "dockerfile",
        }
    }
}

#[derive(Default)]
struct Gathered {
    bytes: u64,
    services: BTreeSet<usize>,
    unmeasured: bool,
    remedy: Option<Remedy>,
    wheres: BTreeMap<Subject, Place>,
}

#[derive(Default)]
struct Place {
    bytes: u64,
    services: BTreeSet<usize>,
    unmeasured: bool,
}

/// The causes of what `services` have, which are ranked already.
pub(super) fn causes(reports: &[(Workspace, Report)], services: &[AuditedService], cwd: &Path) -> Vec<Cause> {
    let by_root: HashMap<PathBuf, &(Workspace, Report)> =
        reports.iter().map(|both| (both.0.root().to_owned(), both)).collect();
    let mut found: BTreeMap<&'static str, Gathered> = BTreeMap::new();
    for (number, service) in services.iter().enumerate() {
        let Some((workspace, report)) = by_root.get(&service.root) else { continue };
        // Of one cause each component counts once for a service, whichever finding counts it for the service as a whole.
        let mut own: BTreeMap<(&'static str, Subject), BTreeMap<&Component, u64>> = BTreeMap::new();
        for finding in service.findings.iter().filter_map(|&index| report.diagnostics.get(index)) {
            if !is_about_bytes(finding) {
                continue;
            }
            let subject = subject(workspace, service, finding, cwd);
            let gathered = found.entry(finding.rule).or_default();
            let remedy = Remedy::of(finding);
            gathered.remedy = Some(gathered.remedy.map_or(remedy, |before| before.and(remedy)));
            let savings = finding.savings.as_ref();
            if savings.is_none_or(|savings| !savings.complete) {
                gathered.unmeasured = true;
                gathered.wheres.entry(subject.clone()).or_default().unmeasured = true;
            }
            let components = own.entry((finding.rule, subject)).or_default();
            for item in savings.into_iter().flat_map(|savings| &savings.items) {
                let bytes = components.entry(&item.component).or_default();
                *bytes = item.bytes.max(*bytes);
            }
        }
        let mut counted: BTreeSet<(&'static str, &Component)> = BTreeSet::new();
        for ((rule, subject), components) in own {
            let gathered = found.entry(rule).or_default();
            gathered.services.insert(number);
            let place = gathered.wheres.entry(subject).or_default();
            place.services.insert(number);
            for (component, saved) in components {
                if counted.insert((rule, component)) {
                    place.bytes += saved;
                    gathered.bytes += saved;
                }
            }
        }
    }
    let mut causes: Vec<Cause> = found.into_iter().map(|(rule, gathered)| cause(rule, gathered)).collect();
    causes.sort_by_key(|cause| (Reverse(cause.bytes), Reverse(cause.services.len()), cause.rule));
    causes
}

fn cause(rule: &'static str, gathered: Gathered) -> Cause {
    let where_of = |(subject, Place { bytes, services, unmeasured }): (Subject, Place)| Where {
        subject,
        bytes,
        at_least: unmeasured,
        services: services.into_iter().collect(),
    };
    let mut wheres: Vec<Where> = gathered.wheres.into_iter().map(where_of).collect();
    wheres.sort_by_key(|place| (Reverse(place.bytes), Reverse(place.services.len())));
    Cause {
        rule,
        bytes: gathered.bytes,
        at_least: gathered.unmeasured,
        remedy: gathered.remedy.unwrap_or(Remedy::ByHand),
        services: gathered.services.into_iter().collect(),
        wheres,
    }
}

/// What has to be changed: the line of a manifest that the finding names, the base image, else the Dockerfile.
fn subject(workspace: &Workspace, service: &AuditedService, finding: &Diagnostic, cwd: &Path) -> Subject {
    let items = finding.savings.iter().flat_map(|savings| &savings.items);
    let base = items.map(|item| &item.component).find_map(|component| match component {
        Component::Base(name) => Some(name),
        Component::Path(_) | Component::Package(_) => None,
    });
    if let Some(base) = base {
        return Subject::Base(base.clone());
    }
    let spans = std::iter::once(&finding.primary).chain(finding.labels.iter().map(|label| &label.span));
    let elsewhere = |span: &&Span| shown_path(workspace.root(), &span.file, cwd) != service.dockerfile;
    let is_manifest = |span: &&Span| is_dockerfile_name(file_name(&span.file)) == NameKind::No;
    match spans.filter(elsewhere).find(is_manifest) {
        Some(span) => Subject::Line {
            file: shown_path(workspace.root(), &span.file, cwd),
            line: workspace.read(&span.file).map_or(1, |file| file.position(span.range.start()).line),
        },
        None => Subject::Dockerfile(service.dockerfile.clone()),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
