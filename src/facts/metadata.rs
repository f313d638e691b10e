//! What becomes of the metadata that RPM package managers fetch.

use crate::catalogue::{self, RpmGeneration};
use crate::dockerfile::UNKNOWN;
use crate::text::TextRange;

use super::commands::{Rpm, RpmAction, RpmTool, removal};
use super::paths::resolve;
use super::{Facts, Fate, Guard, Invocation, Run, StageFacts};

const YUM: &str = "/var/cache/yum";
const DNF: &str = "/var/cache/dnf";
const DNF5: &str = "/var/cache/libdnf5";
const TDNF: &str = "/var/cache/tdnf";
const ZYPP: &str = "/var/cache/zypp";

/// Metadata of repositories that a `RUN` leaves in an image that is shipped.
#[derive(Debug)]
pub struct KeptMetadata<'f> {
    /// The first command that fetches metadata which nothing behind it deletes.
    pub command: Rpm<'f>,
    /// Its index among the invocations of the `RUN`.
    pub index: usize,
    /// Where the metadata can be, absolute, the likeliest first. Several when the base image decides.
    pub folders: Vec<String>,
    /// Whether the packages themselves are kept as well: `keepcache`.
    pub with_packages: bool,
    /// A command of the `RUN`, behind it, that cleans something else than the metadata.
    pub missed: Option<&'f Invocation>,
    /// A later `RUN` that deletes the metadata, which frees nothing.
    pub too_late: Option<TextRange>,
}

impl Facts<'_> {
    /// The metadata that `run` leaves in an image that is shipped, if any.
    #[must_use]
    pub fn kept_metadata<'f>(&'f self, stage: &'f StageFacts, run: &'f Run) -> Option<KeptMetadata<'f>> {
        run.invocations.iter().enumerate().find_map(|(index, invocation)| {
            let command = Rpm::read(invocation).filter(|rpm| invocation.guard != Guard::Never && fetches(rpm))?;
            // `--installroot=$ROOT` may be a mount.
            let folders = folders(stage, &command);
            if folders.iter().any(|folder| folder.contains(UNKNOWN)) {
                return None;
            }
            let cleaned = self.effective_after(stage, run, index).any(|later| cleans(later, &command));
            if cleaned || self.fate(stage, run, index, &folders) != Fate::Kept {
                return None;
            }
            let behind = || run.invocations.iter().skip(index + 1).filter(|later| later.guard != Guard::Never);
            let missed = behind().find(|later| misses(later));
            let later_runs = self.runs_after(stage, run).into_iter();
            let too_late = later_runs.flat_map(|later| &later.invocations).find(|later| {
                cleans(later, &command)
                    || removal(later).is_some_and(|removal| folders.iter().any(|folder| removal.covers(folder)))
            });
            let keeps =
                command.setting("keepcache").is_some_and(|value| matches!(value, "1" | "True" | "true" | "yes"));
            let too_late = too_late.map(|later| later.range);
            Some(KeptMetadata { command, index, folders, with_packages: keeps, missed, too_late })
        })
    }
}

fn fetches(rpm: &Rpm<'_>) -> bool {
    // yum 3 asks the repositories only for what a package file needs besides itself.
    let only_files = rpm.tool == RpmTool::Yum
        && !rpm.options.operands.is_empty()
        && rpm.packages().all(|(name, _)| name.rsplit('.').next() == Some("rpm"));
    rpm.fetches_metadata() && !rpm.relies_on_cache() && !rpm.options.has(&["--help", "-h"]) && !only_files
}

/// Whether an invocation deletes what `command` fetched, by asking a package manager to.
fn cleans(invocation: &Invocation, command: &Rpm<'_>) -> bool {
    Rpm::read(invocation).is_some_and(|other| {
        let same_family = (other.tool == RpmTool::Zypper) == (command.tool == RpmTool::Zypper);
        let same_place = other.root() == command.root() && other.named_cache() == command.named_cache();
        other.action == RpmAction::Clean && same_family && same_place
    })
}

/// Whether an invocation looks like cleaning up behind a package manager.
fn misses(invocation: &Invocation) -> bool {
    let folders = [YUM, DNF, DNF5, TDNF, ZYPP];
    Rpm::read(invocation).is_some_and(|rpm| matches!(rpm.action, RpmAction::Clean | RpmAction::CleanPackages))
        || removal(invocation).is_some_and(|removal| folders.iter().any(|folder| removal.covers(folder)))
}

/// Where a command keeps the metadata. microdnf's is yum's folder (its source: `CACHEDIR "/var/cache/yum"`).
fn folders(stage: &StageFacts, rpm: &Rpm<'_>) -> Vec<String> {
    if let Some(named) = rpm.named_cache() {
        return vec![resolve("/", named)];
    }
    let generation = catalogue::rpm_generation(&stage.image);
    let folders: &[&str] = match (rpm.tool, generation) {
        (RpmTool::Zypper, _) => &[ZYPP],
        (RpmTool::Tdnf, _) => &[TDNF],
        (RpmTool::Dnf5, _) | (_, Some(RpmGeneration::Dnf5)) => &[DNF5],
        (RpmTool::Microdnf, _) => &[YUM, DNF],
        (RpmTool::Yum | RpmTool::Dnf, Some(RpmGeneration::Dnf)) | (RpmTool::Dnf, Some(RpmGeneration::Yum)) => &[DNF],
        (RpmTool::Yum, Some(RpmGeneration::Yum)) => &[YUM],
        (RpmTool::Dnf, None) => &[DNF, DNF5],
        (RpmTool::Yum, None) => &[YUM, DNF, DNF5],
    };
    let root = rpm.root().unwrap_or_default();
    folders.iter().map(|folder| resolve("/", &format!("{root}{folder}"))).collect()
}
