//! One image that is shipped: what it holds, and what could go.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::diagnostic::{Applicability, Component, Diagnostic};
use crate::facts::Contents;
use crate::lint::{Report, ServiceSummary, on_pool};
use crate::output::shown_path;
use crate::rules;
use crate::text::TextRange;
use crate::workspace::Workspace;

/// A part of an image.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// The image that it is built on.
    Base,
    /// Packages of the distribution.
    System,
    /// Python packages.
    Python,
    /// `node_modules`.
    Node,
    /// Files of the build context.
    Copied,
    /// Downloads, builds, and files of other images.
    Other,
    /// Caches, lists and second copies, which nothing reads.
    Leftovers,
}

impl Part {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Base, Self::System, Self::Python, Self::Node, Self::Copied, Self::Other, Self::Leftovers];

    /// The word that output uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::System => "system",
            Self::Python => "python",
            Self::Node => "node",
            Self::Copied => "copied",
            Self::Other => "other",
            Self::Leftovers => "leftovers",
        }
    }

    /// What the bytes of a finding of the rule `rule` are part of.
    fn of(rule: &str, component: &Component) -> Self {
        if matches!(component, Component::Base(_)) {
            return Self::Base;
        }
        if rule == "node-dev-dependencies-in-runtime" {
            return Self::Node;
        }
        match rules::find(rule).map(|rule| rule.page.group) {
            Some("base") => Self::Base,
            Some("system") => Self::System,
            Some("python") if matches!(component, Component::Package(_)) => Self::Python,
            Some("python" | "stages") => Self::Other,
            Some("context") => Self::Copied,
            _ => Self::Leftovers,
        }
    }
}

/// Bytes of one part of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartBytes {
    /// Which.
    pub part: Part,
    /// How many; `None` when nothing of it is known.
    pub bytes: Option<u64>,
    /// Whether nothing is missing.
    pub complete: bool,
    /// How many of them could go.
    pub reclaimable: u64,
}

/// Something that can be done about a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lever {
    /// The rule.
    pub rule: &'static str,
    /// What its fix does, or what was found.
    pub title: String,
    /// What it is about in bytes; `None` when that is not known.
    pub bytes: Option<u64>,
    /// How far its fix may be trusted, when it has one.
    pub applicability: Option<Applicability>,
    /// Where, as people see it: `api/Dockerfile:3`.
    pub place: String,
}

/// A Dockerfile in its context, with the stage that is shipped.
#[derive(Clone, Debug)]
pub struct AuditedService {
    /// What it is called: the folder of its Dockerfile, and whatever more tells it from others.
    pub name: String,
    /// The Dockerfile, as people see it.
    pub dockerfile: String,
    /// The folder of the context, as people see it.
    pub context: String,
    /// The stage, when the Dockerfile ships several or its builds name one.
    pub target: Option<String>,
    /// The external image that it is built on.
    pub base: Option<String>,
    /// What it holds, in the order of [`Part::ALL`].
    pub parts: Vec<PartBytes>,
    /// What could go, in bytes. What several findings are about counts once.
    pub reclaimable_bytes: u64,
    /// How many findings are about bytes in the image that nobody knows.
    pub unmeasured: usize,
    /// The package or part with most bytes.
    pub dominant: Option<String>,
    /// What can be done, first what returns most.
    pub levers: Vec<Lever>,
    /// Its findings, as indexes into the diagnostics of its report.
    pub findings: Vec<usize>,
    /// The root that it lies below.
    pub(super) root: std::path::PathBuf,
    /// The Dockerfile, relative to the root.
    pub(super) path: String,
}

impl AuditedService {
    /// The image in bytes, as far as it is known, with its base or without; `None` when nothing is.
    #[must_use]
    pub fn image_bytes(&self) -> Option<u64> {
        let known: u64 = self.parts.iter().filter_map(|part| part.bytes).sum();
        (known > 0 || self.is_complete()).then_some(known)
    }

    /// What could go in bytes, as far as it is known; `None` when something could go, and nobody knows how much.
    #[must_use]
    pub fn reclaimable(&self) -> Option<u64> {
        (self.reclaimable_bytes > 0 || self.unmeasured == 0).then_some(self.reclaimable_bytes)
    }

    /// The bytes of one part, as far as they are known.
    #[must_use]
    pub fn bytes_of(&self, part: Part) -> Option<u64> {
        self.parts.iter().find(|known| known.part == part)?.bytes
    }

    /// The parts of which something is not known.
    pub fn unknown(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().filter(|part| !part.complete).map(|part| part.part.name())
    }

    /// Whether nothing is missing from [`AuditedService::image_bytes`].
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unknown().next().is_none()
    }
}

/// The services of one root.
pub(super) fn services(workspace: &Workspace, report: &Report, cwd: &Path) -> Vec<AuditedService> {
    let one = |summary: &ServiceSummary| {
        let images: Vec<Option<&Contents>> = match summary.contents.split_last() {
            None => vec![None],
            // Nobody builds an earlier stage that has no name.
            Some((last, earlier)) => {
                earlier.iter().filter(|image| image.target.is_some()).chain([last]).map(Some).collect()
            }
        };
        let several = images.len() > 1;
        images.into_iter().map(|image| audited(workspace, report, summary, image, several, cwd)).collect::<Vec<_>>()
    };
    on_pool(|| report.services.par_iter().flat_map_iter(one).collect())
}

fn audited(
    workspace: &Workspace,
    report: &Report,
    summary: &ServiceSummary,
    image: Option<&Contents>,
    several: bool,
    cwd: &Path,
) -> AuditedService {
    let own = &summary.service.dockerfile;
    let is_of_image = |finding: &Diagnostic| {
        let places: Vec<TextRange> = std::iter::once(&finding.primary)
            .chain(finding.labels.iter().map(|label| &label.span))
            .filter(|span| *span.file == **own)
            .map(|span| span.range)
            .collect();
        // What stands in no stage, or in a manifest, is about all images.
        let stages = image.map(|image| image.stages.as_slice()).unwrap_or_default();
        let within = |place: &TextRange| {
            stages.iter().any(|stage| stage.start() <= place.start() && place.start() <= stage.end())
        };
        !several || places.is_empty() || places.iter().any(within)
    };
    let all = summary.findings.iter().filter_map(|&index| Some((index, report.diagnostics.get(index)?)));
    let findings: Vec<(usize, &Diagnostic)> = all.filter(|(_, finding)| is_of_image(finding)).collect();
    let components = components(&findings);
    let target = image.and_then(|image| image.target.clone());
    let is_built = |target: &String| summary.service.builds.targets().iter().any(|built| built.stage.value == *target);
    let target = target.filter(|target| several || is_built(target));
    let dockerfile = shown_path(workspace.root(), own, cwd);
    let parts = parts(image, &findings, &components);
    AuditedService {
        name: name(&dockerfile, target.as_deref()),
        context: shown_path(workspace.root(), &summary.service.context, cwd),
        dockerfile,
        target,
        base: image.and_then(|image| image.base.clone()),
        reclaimable_bytes: parts.iter().map(|part| part.reclaimable).sum(),
        unmeasured: findings.iter().filter(|(_, finding)| is_unmeasured(finding)).count(),
        dominant: dominant(image, &parts),
        levers: levers(workspace, &findings, cwd),
        findings: findings.iter().map(|(index, _)| *index).collect(),
        parts,
        root: workspace.root().to_owned(),
        path: own.clone(),
    }
}

/// Whether a finding is about bytes in the image, known or not.
pub(super) fn is_about_bytes(finding: &Diagnostic) -> bool {
    let group = rules::find(finding.rule).map(|rule| rule.page.group);
    match &finding.savings {
        Some(savings) => savings.in_image,
        None => matches!(group, Some("caches" | "layers" | "system")),
    }
}

/// Whether a finding is about bytes in the image of which not all are known.
fn is_unmeasured(finding: &Diagnostic) -> bool {
    is_about_bytes(finding) && finding.savings.as_ref().is_none_or(|savings| !savings.complete)
}

/// For each component the finding that is about most of its bytes.
fn components(findings: &[(usize, &Diagnostic)]) -> Vec<(usize, Component, u64)> {
    let mut largest: BTreeMap<&Component, (u64, usize)> = BTreeMap::new();
    for (index, finding) in findings {
        let savings = finding.savings.iter().filter(|savings| savings.in_image);
        for item in savings.flat_map(|savings| &savings.items) {
            let known = largest.entry(&item.component).or_insert((0, *index));
            if item.bytes > known.0 {
                *known = (item.bytes, *index);
            }
        }
    }
    largest.into_iter().map(|(component, (bytes, index))| (index, component.clone(), bytes)).collect()
}

fn parts(
    image: Option<&Contents>,
    findings: &[(usize, &Diagnostic)],
    components: &[(usize, Component, u64)],
) -> Vec<PartBytes> {
    let rules: HashMap<usize, &'static str> = findings.iter().map(|(index, finding)| (*index, finding.rule)).collect();
    let mut reclaimable: BTreeMap<Part, u64> = BTreeMap::new();
    for (index, component, bytes) in components {
        let part = Part::of(rules.get(index).copied().unwrap_or_default(), component);
        *reclaimable.entry(part).or_default() += bytes;
    }
    let part = |part: Part| {
        let reclaimable = reclaimable.get(&part).copied().unwrap_or_default();
        let known = image.map(|image| match part {
            Part::Base => (image.base_bytes, image.base_bytes.is_some()),
            Part::System => (Some(image.system.bytes), image.system.complete),
            Part::Python => (Some(image.python.bytes), image.python.complete),
            Part::Node => (Some(image.node.bytes), image.node.complete),
            Part::Copied => (Some(image.copied.bytes), image.copied.complete),
            Part::Other => (Some(image.other.bytes), image.other.complete),
            Part::Leftovers => (Some(0), true),
        });
        let (bytes, complete) = known.unwrap_or((None, false));
        let nothing_known = bytes.is_none_or(|bytes| bytes == 0) && !complete;
        // What could go is there.
        let bytes =
            if nothing_known && reclaimable == 0 { None } else { Some(bytes.unwrap_or_default().max(reclaimable)) };
        // What could go of a base does not tell how large it is.
        let bytes = if part == Part::Base && !complete { None } else { bytes };
        PartBytes { part, bytes, complete, reclaimable }
    };
    Part::ALL.into_iter().map(part).collect()
}

/// `torch (CUDA)`, or the part with most bytes.
fn dominant(image: Option<&Contents>, parts: &[PartBytes]) -> Option<String> {
    if let Some(dominant) = image.and_then(|image| image.dominant.as_ref()) {
        let cuda = if dominant.with_cuda { " (CUDA)" } else { "" };
        return Some(format!("{}{cuda}", dominant.package));
    }
    let largest =
        parts.iter().filter(|part| part.bytes.is_some_and(|bytes| bytes > 0)).max_by_key(|part| part.bytes)?;
    let text = match largest.part {
        Part::Base => "base image",
        Part::System => "system packages",
        Part::Python => "Python packages",
        Part::Node => "node_modules",
        Part::Copied => "copied files",
        Part::Other => "downloads and builds",
        Part::Leftovers => "caches and second copies",
    };
    Some(text.to_owned())
}

fn levers(workspace: &Workspace, findings: &[(usize, &Diagnostic)], cwd: &Path) -> Vec<Lever> {
    let mut levers: Vec<Lever> = findings
        .iter()
        .map(|(_, finding)| *finding)
        .filter(|finding| is_about_bytes(finding))
        .map(|finding| {
            let savings = finding.savings.as_ref();
            let line = workspace
                .read(&finding.primary.file)
                .map_or(1, |file| file.position(finding.primary.range.start()).line);
            Lever {
                rule: finding.rule,
                title: finding.fix.as_ref().map_or(&finding.message, |fix| &fix.title).clone(),
                bytes: savings.filter(|savings| !savings.items.is_empty()).map(crate::diagnostic::Savings::bytes),
                applicability: finding.fix.as_ref().map(|fix| fix.applicability),
                place: format!("{}:{line}", shown_path(workspace.root(), &finding.primary.file, cwd)),
            }
        })
        .collect();
    levers.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.place.cmp(&b.place)).then_with(|| a.rule.cmp(b.rule)));
    levers
}

/// `comps/asr` for `comps/asr/Dockerfile`, `docker/standalone.Dockerfile`, `api/Dockerfile#worker`.
fn name(dockerfile: &str, target: Option<&str>) -> String {
    let folder = dockerfile.strip_suffix("Dockerfile").and_then(|folder| folder.strip_suffix('/'));
    let name = folder.filter(|folder| !folder.is_empty() && !folder.ends_with("..")).unwrap_or(dockerfile);
    match target {
        Some(target) => format!("{name}#{target}"),
        None => name.to_owned(),
    }
}

/// Images of one Dockerfile whose stages have no names still have names of their own.
pub(super) fn name_apart(services: &mut [AuditedService]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for service in services {
        let number = seen.entry(service.name.clone()).or_default();
        *number += 1;
        if *number > 1 {
            service.name = format!("{} ({number})", service.name);
        }
    }
}
