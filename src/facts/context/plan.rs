//! What an ignore file should leave out, one that is there or one that is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::context::{IgnoreFile, Tree, TreeFile};
use crate::workspace::{NameKind, is_dockerfile_name, join};

use super::super::Facts;
use super::super::paths::is_below;
use super::judge::{Judge, Verdict};
use super::kinds::{ENTRIES, Entry, Kind};
use super::large;
use super::likely::is_likely;
use super::needs::Needs;
use super::spare::{self, Spare};
use super::waste::{Promise, Survey, Waste};

/// More Dockerfiles than these are not asked what they need of one context.
const MAX_DOCKERFILES: usize = 300;

/// Small things are worth an ignore file together from here on.
pub const WORTH_BYTES: u64 = 1_000_000;

/// What keeps slimlint's backups out of the context.
const BACKUPS: &str = "**/*.pre-slim.*";
/// The comment above it.
const BACKUPS_COMMENT: &str = "Backups that slimlint makes";

/// Where no Dockerfile of the context lies.
const FOREIGN: &str =
    "**/.git\n**/node_modules\n**/.venv\n**/venv\n**/site-packages\n**/__pycache__\n**/.ipynb_checkpoints\n";

/// What lies in a context that no build reads, and the patterns that leave it out. The same for all Dockerfiles of a context
/// that read the same ignore file.
#[derive(Debug)]
pub struct IgnorePlan {
    /// The files of the context that the ignore file leaves.
    pub tree: Arc<Tree>,
    /// What is there.
    pub waste: Vec<Waste>,
    /// What working copies hold besides.
    pub promised: Vec<Promise>,
    /// Large things that nothing names; looked for only where an ignore file is.
    pub spares: Vec<Spare>,
    /// Large files that nothing names and that an ignore file is not asked about: all of them where there is none, else those of
    /// the kinds that programs open by name.
    pub large: Vec<Spare>,
    /// The ignore file that the builds read; empty when there is none.
    pub ignore: IgnoreFile,
    /// The Dockerfiles, relative to the workspace's root, that are built in the context with this ignore file.
    pub dockerfiles: Vec<String>,
    /// What they need.
    pub(super) builds: Vec<Arc<Needs>>,
    verdicts: BTreeMap<&'static str, Verdict>,
    /// Rows of which a copy takes something.
    taken: BTreeSet<&'static str>,
}

/// A pattern for an ignore file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addition {
    /// What it is about, for a comment.
    pub heading: &'static str,
    /// The pattern.
    pub pattern: String,
}

impl Facts<'_> {
    /// The plan for the service's context and ignore file, made once for all Dockerfiles that share both.
    #[must_use]
    pub fn ignore_plan(&self) -> Arc<IgnorePlan> {
        let (context, ignore_file) = (self.service.context.as_str(), self.service.ignore_file.as_deref());
        let key = format!("ignore plan\0{context}\0{}", ignore_file.unwrap_or_default());
        let make = || IgnorePlan::new(self, ignore_file);
        self.workspace.remembered(&key, make)
    }
}

impl IgnorePlan {
    fn new(asking: &Facts<'_>, ignore_file: Option<&str>) -> Self {
        let (workspace, context) = (asking.workspace, asking.service.context.as_str());
        let ignore = ignore_file.and_then(|path| workspace.read(path).ok()).map(|file| IgnoreFile::parse(file.text()));
        let tree = workspace.tree(context, ignore.as_ref());
        let mut survey = Survey::kept(workspace, context, &tree, ignore.as_ref());
        let mut dockerfiles = if ignore.is_some() {
            // Ignore files often leave out the Dockerfiles themselves.
            let named = workspace.remembered_of_names(&format!("dockerfiles\0{context}"), || {
                dockerfiles(context, workspace.tree(context, Some(&IgnoreFile::parse(FOREIGN))).files.iter())
            });
            (*named).clone()
        } else {
            dockerfiles(context, survey.own.iter().filter_map(|&index| tree.files.get(index)))
        };
        // It is one of them, whatever its name.
        dockerfiles.insert(asking.service.dockerfile.clone());
        let has_file = ignore.is_some();
        let ignore = ignore.unwrap_or_default();
        // Who lists what is taken has thought of each of them.
        let asks = !ignore.is_allow_list();
        let unlisted =
            if asks && !has_file { spare::find(workspace, context, &ignore, &tree, &survey, &[]) } else { Vec::new() };
        let mut large =
            if asks { large::find(workspace, context, &ignore, &tree, &survey, &unlisted) } else { Vec::new() };
        // What the builds need is asked for only where there is something that they could do without.
        let is_idle = !has_file && survey.waste.is_empty() && survey.promised.is_empty() && unlisted.is_empty();
        let is_idle = is_idle && large.is_empty();
        let builds = if is_idle { Vec::new() } else { builds(asking, ignore_file, &tree, &dockerfiles) };
        let mut spares = Vec::new();
        if has_file {
            survey.promised.retain(|promise| is_likely(promise, workspace, context, &ignore, &builds));
            if asks {
                spares = spare::find(workspace, context, &ignore, &tree, &survey, &builds);
            }
            // They are told with what else the ignore file lets through.
            let inside =
                |item: &Spare, spare: &Spare| is_below(&format!("/{}", item.path), &format!("/{}", spare.path));
            large.retain(|item| !spares.iter().any(|spare| inside(item, spare)));
        }
        large.extend(unlisted);
        large.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
        let judge = Judge { workspace, context, ignore: &ignore, tree: &tree, survey: &survey, builds };
        let mut verdicts = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for entry in ENTRIES {
            let there = survey.waste.iter().filter(|waste| waste.entry.name == entry.name).map(|waste| &waste.path);
            let promised = survey.promised.iter().filter(|promise| promise.entry.name == entry.name);
            let mut places = there.chain(promised.map(|promise| &promise.path)).peekable();
            if places.peek().is_none() {
                continue;
            }
            verdicts.insert(entry.name, judge.verdict(entry));
            if places.any(|place| judge.builds.iter().any(|build| build.takes(place))) {
                taken.insert(entry.name);
            }
        }
        let builds = judge.builds;
        let dockerfiles = builds.iter().map(|build| build.dockerfile.clone()).collect();
        Self {
            waste: survey.waste,
            promised: survey.promised,
            tree,
            spares,
            large,
            ignore,
            dockerfiles,
            builds,
            verdicts,
            taken,
        }
    }

    /// What is to become of the things of a row; `None` when there are none.
    #[must_use]
    pub fn verdict(&self, entry: &Entry) -> Option<&Verdict> {
        self.verdicts.get(entry.name)
    }

    /// Whether what no build can need is worth an ignore file: something heavy is, or may be, there, or much of it.
    #[must_use]
    pub fn is_worth_it(&self) -> bool {
        let leaves = |entry: &Entry| self.verdict(entry) == Some(&Verdict::Leave);
        let there = self.waste.iter().filter(|waste| leaves(waste.entry));
        let bytes: u64 = there.clone().map(|waste| waste.bytes).sum();
        bytes >= WORTH_BYTES
            || there.map(|waste| waste.entry).any(|entry| entry.heavy)
            || self.promised.iter().any(|promise| promise.entry.heavy && leaves(promise.entry))
    }

    /// What a build needs, or may need, with the reason.
    pub fn kept(&self) -> impl Iterator<Item = (&'static Entry, &str)> {
        ENTRIES.iter().filter_map(|entry| match self.verdicts.get(entry.name)? {
            Verdict::Leave => None,
            Verdict::Unsure(reason) | Verdict::Keep(reason) => Some((entry, reason.as_str())),
        })
    }

    /// The ignore file, with or without what a build may need.
    #[must_use]
    pub fn ignore_file(&self, with_unsure: bool) -> String {
        let mut text = String::new();
        let mut section = None;
        for entry in ENTRIES {
            let listed = match self.verdicts.get(entry.name) {
                Some(Verdict::Leave) => true,
                Some(Verdict::Unsure(_)) => with_unsure,
                Some(Verdict::Keep(_)) | None => false,
            };
            for pattern in self.patterns(entry).into_iter().filter(|_| listed) {
                if section != Some(entry.section) {
                    let gap = if section.is_some() { "\n" } else { "" };
                    let _ = writeln!(text, "{gap}# {}", entry.section.comment());
                    section = Some(entry.section);
                }
                let _ = writeln!(text, "{pattern}");
            }
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        text + gap + &format!("# {BACKUPS_COMMENT}\n{BACKUPS}\n")
    }

    /// What an ignore file that is there lacks: patterns for what no build can need, a copy takes, and is there or heavy. At the
    /// end of the file they win over what stands before, so nothing is among them that an exception names.
    #[must_use]
    pub fn additions(&self) -> Vec<Addition> {
        let is_there = |entry: &Entry| self.waste.iter().any(|waste| waste.entry.name == entry.name && waste.bytes > 0);
        let lacking = ENTRIES.iter().filter(|entry| {
            // Secrets are another matter.
            entry.kind != Kind::Dotenv
                && self.verdict(entry) == Some(&Verdict::Leave)
                && self.taken.contains(entry.name)
                && (entry.heavy || is_there(entry))
        });
        let additions = lacking.flat_map(|entry| {
            let heading = entry.section.comment();
            self.patterns(entry).into_iter().map(move |pattern| Addition { heading, pattern })
        });
        self.with_backups(additions.collect())
    }

    /// Patterns for what is large and what nothing names.
    #[must_use]
    pub fn spare_additions(&self) -> Vec<Addition> {
        self.listed(self.spares.iter())
    }

    /// Patterns for the large files among `files`.
    #[must_use]
    pub fn large_additions<'s>(&self, files: impl Iterator<Item = &'s Spare>) -> Vec<Addition> {
        self.listed(files)
    }

    fn listed<'s>(&self, spares: impl Iterator<Item = &'s Spare>) -> Vec<Addition> {
        let heading = "Large, and named by no step and no program";
        let patterns = spares.map(|spare| Addition { heading, pattern: spare.path.clone() });
        self.with_backups(patterns.collect())
    }

    fn with_backups(&self, mut additions: Vec<Addition>) -> Vec<Addition> {
        let backed_up = ["Dockerfile.pre-slim.20260101", "a/b/Dockerfile.pre-slim.20260101.2"];
        if !additions.is_empty() && !backed_up.iter().all(|backup| self.ignore.excluded(backup)) {
            additions.push(Addition { heading: BACKUPS_COMMENT, pattern: BACKUPS.to_owned() });
        }
        additions
    }

    /// What an ignore file says of a row.
    fn patterns(&self, entry: &Entry) -> BTreeSet<String> {
        if !entry.is_listed_by_place() {
            return BTreeSet::from([format!("**/{}", entry.pattern())]);
        }
        let there = self.waste.iter().filter(|waste| waste.entry.name == entry.name).map(|waste| waste.path.clone());
        let promised =
            self.promised.iter().filter(|promise| promise.entry.name == entry.name).map(|promise| promise.path.clone());
        there.chain(promised).collect()
    }
}

/// The Dockerfiles among the `files` of the context, by path.
fn dockerfiles<'t>(context: &str, files: impl Iterator<Item = &'t TreeFile>) -> BTreeSet<String> {
    let named =
        files.filter(|file| is_dockerfile_name(file.path.rsplit('/').next().unwrap_or(&file.path)) == NameKind::Yes);
    named.filter_map(|file| join(context, &file.path)).take(MAX_DOCKERFILES).collect()
}

/// What those of the Dockerfiles need that are built in the context of `asking` with this ignore file.
fn builds(
    asking: &Facts<'_>,
    ignore_file: Option<&str>,
    tree: &Tree,
    dockerfiles: &BTreeSet<String>,
) -> Vec<Arc<Needs>> {
    let (workspace, context) = (asking.workspace, asking.service.context.as_str());
    let needs = dockerfiles.iter().filter_map(|path| {
        let source = workspace.read(path).ok()?;
        let key = format!("needs\0{context}\0{}\0{path}", ignore_file.unwrap_or_default());
        let make = || {
            let needs = if *path == asking.service.dockerfile {
                Needs::of_facts(asking, tree)
            } else {
                Needs::of(workspace, context, ignore_file, path, tree)
            };
            needs.map(Arc::new)
        };
        let needs = workspace.remembered_of_with_surroundings(&key, &source, make);
        (*needs).clone()
    });
    needs.collect()
}
