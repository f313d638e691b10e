//! What one layer adds and a later one takes away again, which leaves the bytes in the image.
//!
//! Only what this Dockerfile evidently wrote counts, and no caches: what becomes of those is said where they are filled.

mod additions;
mod archives;
mod dependencies;
mod development;
mod gone;
mod kinds;
mod modes;
mod moves;
mod node_generated;
mod node_imports;
mod node_installs;
mod node_loads;
mod node_manifest;
mod owners;
mod ownership;
mod recursive;
mod written;

pub use additions::{Addition, Way};
pub use archives::KeptArchive;
pub use development::DevelopmentModules;
pub use moves::{LateMove, Rewriting};
pub use ownership::{ByteSource, Held, OwnershipChange};
pub use recursive::OwnershipAction;

pub(in crate::facts) use written::installs_node_modules;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dockerfile::Keyword;
use crate::text::{TextRange, normal_name};

use super::commands::{Pip, PipAction, Removal, Uv, UvAction, removal};
use super::paths::{is_below, resolve};
use super::python::Tool;
use super::system::takes_dependencies;
use super::{Facts, Guard, Invocation, Run, StageFacts, SystemInstall, SystemRemoval};

/// Copied files that are known to be smaller together are not worth a word.
const WORTH_BYTES: u64 = 1_000_000;
/// How many files and commands of earlier layers removals are compared with, all in all. Beyond that nothing is said of a removal.
const COMPARISON_LIMIT: usize = 2_000_000;

/// The comparisons that a Dockerfile may take.
pub(super) fn allowance() -> AtomicUsize {
    AtomicUsize::new(COMPARISON_LIMIT)
}

/// A command that deletes what an earlier layer of the same image added.
#[derive(Debug)]
pub struct LateRemoval<'f> {
    /// The command.
    pub invocation: &'f Invocation,
    /// What it deletes.
    pub what: Late<'f>,
}

/// What a late removal deletes, with the places that added it.
#[derive(Debug)]
pub enum Late<'f> {
    /// Files and folders.
    Files(Vec<Addition>),
    /// System packages.
    SystemPackages {
        /// Those that were installed.
        installs: Vec<SystemInstall<'f>>,
        /// Whether it removes what they depend on as well.
        with_dependencies: bool,
    },
    /// Python packages, each with the word of the Dockerfile that installs it.
    PythonPackages(Vec<(String, TextRange)>),
    /// `node_modules` with the development dependencies.
    DevelopmentDependencies(Addition),
}

impl Facts<'_> {
    /// The commands of `run` that delete what earlier layers of the same shipped image added.
    #[must_use]
    pub fn late_removals<'f>(&'f self, stage: &'f StageFacts, run: &'f Run) -> Vec<LateRemoval<'f>> {
        if !self.is_in_final(stage.index) || self.runs_in_others(run) {
            return Vec::new();
        }
        let mut late: Vec<LateRemoval<'f>> = Vec::new();
        // What `cp A B && rm A` moves is said of the `cp`.
        let moves = self.late_moves(stage, run).into_iter().filter(|one| one.invocation.program == "cp");
        let mut gone: Vec<String> = moves.flat_map(|one| one.files).map(|file| file.path).collect();
        for (index, invocation) in run.invocations.iter().enumerate() {
            if invocation.guard == Guard::Never {
                continue;
            }
            // `find` deletes what its tests leave.
            if let Some(removal) = removal(invocation).filter(|_| invocation.program != "find") {
                let mut files = self.late_files(stage, run, index, &removal);
                files.retain(|addition| !gone.contains(&addition.path));
                gone.extend(files.iter().map(|addition| addition.path.clone()));
                if !files.is_empty() {
                    late.push(LateRemoval { invocation, what: Late::Files(files) });
                }
                continue;
            }
            let what = self
                .late_packages(stage, run, index)
                .or_else(|| self.late_python_packages(stage, run, invocation))
                .or_else(|| self.late_development_dependencies(stage, run, index));
            // `rm -rf node_modules && yarn install --production` is one clean-up.
            let what = what.filter(
                |what| !matches!(what, Late::DevelopmentDependencies(addition) if gone.contains(&addition.path)),
            );
            late.extend(what.map(|what| LateRemoval { invocation, what }));
        }
        late
    }

    /// Takes `count` from [`COMPARISON_LIMIT`]; `false` when it is used up.
    pub(in crate::facts) fn afford_comparisons(&self, count: usize) -> bool {
        let rest = self.comparisons_left.load(Ordering::Relaxed).saturating_sub(count);
        self.comparisons_left.store(rest, Ordering::Relaxed);
        rest > 0
    }

    /// The stages whose layers lie below and in `stage`.
    pub(in crate::facts) fn chain<'f>(&'f self, stage: &'f StageFacts) -> impl Iterator<Item = &'f StageFacts> {
        std::iter::once(stage).chain(self.ancestors(stage))
    }

    /// The `RUN`s of those stages before `run`, with their stage.
    fn runs_before<'f>(
        &'f self,
        stage: &'f StageFacts,
        run: &'f Run,
    ) -> impl Iterator<Item = (&'f StageFacts, &'f Run)> {
        let runs = self.chain(stage).flat_map(|stage| stage.runs.iter().map(move |run| (stage, run)));
        runs.filter(move |(_, earlier)| earlier.instruction < run.instruction && !self.runs_in_others(earlier))
    }

    /// Whether a `RUN` stands behind `ONBUILD`, so that it is a layer of other images and not of this one.
    fn runs_in_others(&self, run: &Run) -> bool {
        let instruction = self.dockerfile.instructions.get(run.instruction);
        instruction.is_some_and(|instruction| instruction.keyword == Keyword::Onbuild)
    }

    fn late_files(&self, stage: &StageFacts, run: &Run, index: usize, removal: &Removal) -> Vec<Addition> {
        let before = || run.invocations.iter().take(index);
        let mut found = self.additions(stage, run, removal);
        found.retain(|addition| {
            // `tar -xf /app.tar.gz -C /` writes below `/`, and reads the archive: it does not write it again.
            let again = before().any(|earlier| {
                let reads = names(earlier, &addition.path);
                let is_it = |path: &str| path == addition.path || (!reads && is_below(&addition.path, path));
                written::written(earlier).iter().any(|written| is_it(&written.path))
            });
            let behind = |earlier: &Run| earlier.instruction > addition.instruction;
            let already = self
                .runs_before(stage, run)
                .filter(|(_, earlier)| behind(earlier))
                .any(|(_, earlier)| deletes(earlier, 0, &addition.path));
            !again && !already && !on_mount(run, &addition.path) && !kinds::is_secret(&addition.path)
        });
        let known: Option<u64> = found.iter().map(|addition| addition.bytes).sum();
        if !self.afford_comparisons(found.len()) {
            found.clear();
        }
        if known.is_some_and(|bytes| bytes < WORTH_BYTES) {
            found.clear();
        }
        found
    }

    fn late_packages<'f>(&'f self, stage: &'f StageFacts, run: &'f Run, index: usize) -> Option<Late<'f>> {
        let invocation = run.invocations.get(index)?;
        let removal = SystemRemoval::read(invocation)?;
        let mut installs: Vec<SystemInstall<'f>> = Vec::new();
        for (earlier_stage, earlier) in self.runs_before(stage, run) {
            if !self.afford_comparisons(1 + 8 * earlier.invocations.len()) {
                return None;
            }
            let taken = self.system_installs(earlier_stage, earlier);
            for install in taken.into_iter().filter(|install| removal.takes(install)) {
                let known = installs.iter().any(|other| other.name == install.name);
                let mut between =
                    self.runs_before(stage, run).filter(|(_, other)| other.instruction > earlier.instruction);
                let already = between.any(|(_, other)| removes_package(other, other.invocations.len(), &install));
                // Who installs it again did not want it smaller.
                let again = self.system_installs(stage, run).iter().any(|other| other.name == install.name);
                if !known && !already && !again && !removes_package(run, index, &install) {
                    installs.push(install);
                }
            }
        }
        installs.sort_by_key(|install| (install.instruction, install.argument.range));
        let with_dependencies = takes_dependencies(run, invocation);
        (!installs.is_empty()).then_some(Late::SystemPackages { installs, with_dependencies })
    }

    fn late_python_packages<'f>(
        &'f self,
        stage: &'f StageFacts,
        run: &'f Run,
        invocation: &'f Invocation,
    ) -> Option<Late<'f>> {
        let names = uninstalled(invocation)?;
        // What becomes of torch is a matter of its own.
        let is_torch = |word: TextRange| {
            self.torch_installs().iter().any(|torch| torch.corrected.as_ref().is_some_and(|it| it.word == word))
        };
        if invocation.arguments.iter().any(|argument| is_torch(argument.range)) {
            return None;
        }
        let chain: Vec<usize> = self.chain(stage).map(|stage| stage.index).collect();
        let mut found: Vec<(String, TextRange)> = Vec::new();
        for install in self.python_installs().iter().filter(|install| chain.contains(&install.stage)) {
            let Some((_, earlier, at)) = self.site_of(install) else { continue };
            let installs = install.guard == Guard::Always && install.tool != Tool::PipWheel;
            if earlier.instruction >= run.instruction || !installs {
                continue;
            }
            let removed_there =
                |other: &Invocation| other.range != at.range && uninstalled(other).is_some_and(|other| other == names);
            if earlier.invocations.iter().any(removed_there) {
                continue;
            }
            let gone = |name: &str| {
                let between = self.runs_before(stage, run).filter(|(_, other)| other.instruction > earlier.instruction);
                let mut removals = between.flat_map(|(_, other)| &other.invocations).filter_map(uninstalled);
                removals.any(|removed| removed.iter().any(|other| other == name))
            };
            for root in &install.roots {
                let name = root.requirement.name.as_str();
                if gone(name) {
                    continue;
                }
                if names.iter().any(|other| other == name) && !found.iter().any(|(other, _)| other == name) {
                    found.push((name.to_owned(), root.word));
                }
            }
        }
        (!found.is_empty()).then_some(Late::PythonPackages(found))
    }
}

/// Whether a mount of `run` stands in for `path`, or it lies in memory, so that the layer does not hold what is written there.
fn on_mount(run: &Run, path: &str) -> bool {
    is_below(path, "/dev/shm")
        || run.mounts.iter().any(|mount| mount.target.known().is_none_or(|target| is_below(path, target)))
}

/// Whether a word of the command is `path` (absolute).
fn names(invocation: &Invocation, path: &str) -> bool {
    let Some(workdir) = invocation.workdir.known() else { return false };
    invocation.arguments.iter().filter_map(|argument| argument.value.known()).any(|word| resolve(workdir, word) == path)
}

/// Whether an invocation of `run` from `first` on deletes `path`.
pub(super) fn deletes(run: &Run, first: usize, path: &str) -> bool {
    let invocations = run.invocations.iter().skip(first).filter(|invocation| invocation.guard != Guard::Never);
    invocations.filter_map(removal).any(|removal| removal.deletes(path))
}

/// Whether one of the first `count` invocations of `run` removes the package.
fn removes_package(run: &Run, count: usize, install: &SystemInstall<'_>) -> bool {
    run.invocations.iter().take(count).filter_map(SystemRemoval::read).any(|removal| removal.takes(install))
}

/// Names of the Python packages that an invocation uninstalls.
fn uninstalled(invocation: &Invocation) -> Option<Vec<String>> {
    let operands = match (Pip::read(invocation), Uv::read(invocation)) {
        (Some(pip), _) if pip.action == PipAction::Uninstall => pip.options.operands,
        (_, Some(uv)) if uv.action == UvAction::PipUninstall => uv.options.operands,
        _ => return None,
    };
    let known = operands.iter().filter_map(|(_, argument)| argument.value.known());
    Some(known.map(|name| normal_name(name).into_owned()).collect())
}
