//! What the rules about caches of package managers share: which command's cache stays, and what to say and do about it.

use crate::diagnostic::{Applicability, Basis, Component, Edit, Fix, Savings};
use crate::facts::commands::{Uv, removal};
use crate::facts::{Facts, Fate, Guard, Invocation, Run, StageFacts, is_below};

use super::Finding;
use super::insertion::runs_untried;

/// A command that leaves its cache in an image that is shipped.
#[derive(Debug)]
pub struct Fill<'r> {
    /// Its number in the `RUN`.
    pub index: usize,
    /// The command.
    pub invocation: &'r Invocation,
    /// Where its cache can be; the first is the likeliest.
    pub folders: Vec<String>,
}

impl Fill<'_> {
    /// Where its cache is likeliest.
    pub fn folder(&self) -> &str {
        self.folders.first().map_or("", String::as_str)
    }
}

/// How the cache can be named for one command alone, so that the same program would not find it again.
#[derive(Clone, Copy, Debug)]
pub struct Tie {
    /// Beginnings of the command's own words.
    pub flags: &'static [&'static str],
    /// Variables set for the command or in the script.
    pub variables: &'static [&'static str],
}

impl Tie {
    /// Whether one of the commands has its cache named so.
    #[must_use]
    pub fn holds(self, fills: &[Fill<'_>]) -> bool {
        let flagged = |word: &str| self.flags.iter().any(|flag| word.starts_with(flag));
        fills.iter().map(|fill| fill.invocation).any(|invocation| {
            invocation.arguments.iter().any(|word| flagged(word.value.text()))
                || self.variables.iter().any(|name| invocation.variable(name).is_some())
        })
    }
}

impl Facts<'_> {
    /// The commands of `run` whose cache stays in an image. `fills` names the folders that the command at an index fills, none for
    /// other commands; `empties` tells whether a command empties the cache, `asks` whether it prints where the cache is.
    pub(super) fn kept_caches<'r>(
        &self,
        stage: &StageFacts,
        run: &'r Run,
        fills: impl Fn(usize, &'r Invocation) -> Vec<String>,
        empties: impl Fn(&Invocation) -> bool,
        asks: impl Fn(&Invocation) -> bool,
    ) -> Vec<Fill<'r>> {
        let runs = run.invocations.iter().enumerate().filter(|(_, invocation)| invocation.guard != Guard::Never);
        let mut kept = Vec::new();
        for (index, invocation) in runs {
            let folders = fills(index, invocation);
            if folders.is_empty() || self.fate(stage, run, index, &folders) != Fate::Kept {
                continue;
            }
            let later: Vec<&Invocation> = self.effective_after(stage, run, index).collect();
            // `rm -rf "$(yarn cache dir)"`
            let removes_unknown = |later: &&Invocation| removal(later).is_some_and(|gone| !gone.unknown.is_empty());
            let asked = later.iter().any(|later| asks(later)) && later.iter().any(removes_unknown);
            if !asked && !later.iter().any(|later| empties(later) && !later.runs_instead_of(invocation)) {
                kept.push(Fill { index, invocation, folders });
            }
        }
        kept
    }

    /// Whether a step from `run` on, here or in a stage built on this one, is one that `needs` the cache, or has no network.
    pub(super) fn needs_cache_later(
        &self,
        stage: &StageFacts,
        run: &Run,
        needs: impl Fn(&Run, &Invocation) -> bool,
    ) -> bool {
        let heirs = self.descendants(stage.index).into_iter().filter_map(|index| self.stages.get(index));
        heirs.into_iter().any(|heir| {
            let later =
                heir.runs.iter().filter(|other| heir.index != stage.index || other.instruction >= run.instruction);
            later.into_iter().any(|later| later.invocations.iter().any(|invocation| needs(later, invocation)))
        })
    }

    /// Whether a `RUN` has no network, so that what it installs comes from a cache.
    pub(super) fn has_no_network(&self, run: &Run) -> bool {
        let instruction = self.dockerfile.instructions.get(run.instruction);
        let network = instruction.and_then(|instruction| instruction.effective().flag("network"));
        network.is_some_and(|flag| flag.value.as_deref() == Some("none"))
    }

    /// Runs the fills' own program with `arguments` behind them, as [`Facts::clean_each`] does. `None` where it would not find
    /// the same cache, because that was named for a fill alone or by a variable.
    pub(super) fn clean_by_own_program(
        &self,
        run: &Run,
        fills: &[Fill<'_>],
        arguments: &str,
        tie: Tie,
    ) -> Option<Vec<Edit>> {
        let last = fills.last()?;
        let same = |fill: &Fill<'_>| fill.folders == last.folders && fill.invocation.program == last.invocation.program;
        if !fills.iter().all(same) || tie.holds(fills) {
            return None;
        }
        self.clean_each(run, &invocations(fills), |fill| {
            let program = fill.path.known()?;
            let started_plainly = !fill.other_user || self.is_plain_sudo(fill);
            let is_there = self.is_found_as(fill, program) && !runs_untried(fill);
            (is_there && started_plainly).then(|| format!("{program} {arguments}"))
        })
    }

    /// Deletes the downloaded files with `remove` behind the fills, as [`Facts::clean_each`] does. `None` where the fills have
    /// different caches.
    pub(super) fn removal_fix(&self, run: &Run, fills: &[Fill<'_>], remove: &str) -> Option<Fix> {
        let last = fills.last()?;
        if fills.iter().any(|fill| fill.folders != last.folders) {
            return None;
        }
        let edits = self.clean_each(run, &invocations(fills), |_| Some(remove.to_owned()))?;
        let title = "delete the downloaded files in the same `RUN`".to_owned();
        Some(Fix { title, applicability: Applicability::Safe, caution: None, edits })
    }

    /// Whether another stage or image takes the cache on purpose: `COPY --from=builder /root/.cache /root/.cache`.
    pub(super) fn is_cache_taken(&self, stage: &StageFacts, fills: &[Fill<'_>]) -> bool {
        fills.iter().flat_map(|fill| &fill.folders).any(|folder| self.is_taken(stage.index, folder))
    }

    /// What the wheels in the cache weigh that the invocation at `index` of `run` fills at `folder`. More may lie beside them.
    pub(super) fn wheel_savings(&self, stage: &StageFacts, run: &Run, index: usize, folder: &str) -> Option<Savings> {
        let bytes = self.downloaded_wheels(stage, run, index)?;
        let component = Component::Path(format!("{folder} in layer {}", run.instruction));
        let mut savings = Savings::of(component, bytes, Basis::Catalogue);
        savings.complete = false;
        Some(savings)
    }

    /// What the unpacked wheels weigh in the cache of uv that the invocation at `index` of `run` fills at `folder`, unless an
    /// earlier one in the same image did: what that one brought is not unpacked again, and how much this leaves is not known.
    pub(super) fn new_copy_savings(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        folder: &str,
    ) -> Option<Savings> {
        let installs = |earlier: &Invocation| Uv::read(earlier).is_some_and(|uv| uv.installs() && !uv.disables_cache());
        if self.earlier_or_copied(stage, run, index).any(installs) {
            return None;
        }
        let bytes = self.unpacked_wheels(stage, run, index)?;
        let component = Component::Path(format!("{folder} in layer {}", run.instruction));
        let mut savings = Savings::of(component, bytes, Basis::Catalogue);
        savings.complete = false;
        Some(savings)
    }

    /// [`Facts::wheel_savings`], unless an earlier command `installs`: what that one brought is not downloaded again, and how much
    /// this leaves is not known.
    pub(super) fn new_wheel_savings(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        folder: &str,
        installs: impl Fn(&Invocation) -> bool,
    ) -> Option<Savings> {
        let again = self.earlier_or_copied(stage, run, index).any(installs);
        if again { None } else { self.wheel_savings(stage, run, index, folder) }
    }
}

impl Finding<'_> {
    /// Marks the fills behind the first, which the finding stands at.
    pub(super) fn other_fills(&mut self, fills: &[Fill<'_>]) {
        let Some((first, others)) = fills.split_first() else { return };
        // A function that is called twice is read twice.
        for other in others.iter().filter(|other| other.invocation.range != first.invocation.range) {
            self.label(other.invocation.range, "and so does this one");
        }
    }

    /// Points at a cache mount of `run` that was meant for the cache in `folder` and lies in another home: `target=/root/.cache/uv`
    /// for a `USER` who is not root.
    pub(super) fn missed_mount(&mut self, run: &Run, folder: &str) {
        let folder = folder.trim_end_matches("/_cacache");
        let name = |path: &str| path.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        let missed = |target: &str| name(target) == name(folder) && !is_below(folder, target);
        let mut mounts = run.mounts.iter().filter(|mount| mount.kind == "cache");
        if let Some(mount) = mounts.find(|mount| mount.target.known().is_some_and(missed)) {
            self.label(mount.range, "this mount is not where the cache is");
        }
    }
}

/// The commands that fill.
fn invocations<'r>(fills: &[Fill<'r>]) -> Vec<&'r Invocation> {
    fills.iter().map(|fill| fill.invocation).collect()
}

/// What empties the cache at `folder`, as advice: the command `clean`, or an `rm` where that would look elsewhere.
pub(super) fn emptying(fills: &[Fill<'_>], tie: Tie, folder: &str, clean: &str) -> String {
    if tie.holds(fills) { format!("`&& rm -rf {folder}`") } else { format!("`&& {clean}`") }
}

/// The advice to mount a cache at `folder`, to be put behind another advice; nothing where it is not known whose `~` that is. It
/// names who may write there: a cache mount belongs to root unless it says otherwise.
pub(super) fn or_mount(stage: &StageFacts, run: &Run, invocation: &Invocation, folder: &str) -> String {
    if folder.starts_with('~') {
        return String::new();
    }
    let user = match &run.state.user {
        Some(user) => user.known(),
        None => Some(stage.image.default_user.unwrap_or("root")),
    };
    let owner = match user {
        _ if invocation.other_user => String::new(),
        Some("root" | "0" | "") => String::new(),
        Some("node") if stage.image.repository == "node" => ",uid=1000".to_owned(),
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!(",uid={number}"),
        _ => ",uid=UID".to_owned(),
    };
    format!(", or mount a cache: `RUN --mount=type=cache,target={folder}{owner} …`")
}
