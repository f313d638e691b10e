//! Steps with which no build succeeds, so that there is no image of what stands behind them.

use crate::dockerfile::Keyword;

use super::commands::{Apk, ApkAction, Apt, AptAction};
use super::reach::taken_from;
use super::{Base, Errexit, Facts, Guard, Invocation, Run, StageFacts};

impl Facts<'_> {
    /// The index of the first instruction of the stage, or of those that it is built on, that evidently fails: a package manager of the
    /// system is called by a user who is not root, or is given the word `RUN` of a line that a dangling `\` swallows.
    #[must_use]
    pub fn fails_at(&self, stage: &StageFacts) -> Option<usize> {
        let chain = std::iter::once(stage).chain(self.ancestors(stage));
        let failing = chain.flat_map(|stage| &stage.runs).filter(|run| evidently_fails(run));
        failing.map(|run| run.instruction).min()
    }

    /// Whether what the byte `offset` of the Dockerfile writes stands behind a step that fails, or in an image that copies from a stage
    /// with one.
    #[must_use]
    pub fn is_behind_a_failure(&self, offset: u32) -> bool {
        let begins = |number: usize| self.dockerfile.instructions.get(number).map(|it| it.range.start());
        let own = self.stages.iter().rev().find(|stage| begins(stage.from).is_some_and(|start| start <= offset));
        let failing = own.and_then(|stage| self.fails_at(stage));
        failing.and_then(begins).is_some_and(|start| start <= offset)
            || own.is_some_and(|stage| self.takes_from_a_failure(stage))
    }

    /// Whether the stage, or one that it is built on, takes files from a stage that fails, or that does so itself.
    fn takes_from_a_failure(&self, stage: &StageFacts) -> bool {
        // A stage takes from earlier ones only, so one pass settles all.
        let mut broken: Vec<bool> = Vec::with_capacity(self.stages.len());
        let mut taking: Vec<bool> = Vec::with_capacity(self.stages.len());
        for other in self.stages.iter().take(stage.index + 1) {
            let is_broken = |from: usize| broken.get(from).copied().unwrap_or_default();
            let parent = match other.base {
                Base::Stage(parent) => taking.get(parent).copied().unwrap_or_default(),
                _ => false,
            };
            let takes = parent || taken_from(&self.stages, other).any(is_broken);
            broken.push(takes || self.fails_at(other).is_some());
            taking.push(takes);
        }
        taking.last().copied().unwrap_or_default()
    }
}

/// Whether a step of the instruction fails in every build.
fn evidently_fails(run: &Run) -> bool {
    lacks_root(run) || run.invocations.iter().any(|invocation| takes_an_instruction(invocation) && decides(invocation))
}

/// Whether a package manager is told to install `RUN` or another instruction, which is no name of a package: `apt-get install -y curl \`
/// goes on in the next line, whatever stands there. Debian's and Alpine's names have no capital letters.
fn takes_an_instruction(invocation: &Invocation) -> bool {
    let is_one = |name: &str| name.chars().all(|c| c.is_ascii_uppercase()) && Keyword::parse(name) != Keyword::Unknown;
    let apt = Apt::read(invocation).filter(|apt| apt.action == AptAction::Install);
    let apk = Apk::read(invocation).filter(|apk| apk.action == ApkAction::Add);
    apt.is_some_and(|apt| apt.packages().any(|(name, _)| is_one(name)))
        || apk.is_some_and(|apk| apk.packages().any(|(name, _)| is_one(name)))
}

/// Whether the user of the instruction is not root and a step of it needs root: `USER app`, then `RUN apt-get update`.
fn lacks_root(run: &Run) -> bool {
    let is_root = |user: &str| matches!(user.split(':').next(), Some("root" | "0" | ""));
    let Some(user) = run.state.user_name() else { return false };
    !is_root(user) && run.invocations.iter().any(|invocation| needs_root(invocation) && decides(invocation))
}

/// Whether only root can do it. The lists of packages, too, are root's.
fn needs_root(invocation: &Invocation) -> bool {
    let apt = Apt::read(invocation).is_some_and(|apt| {
        let named = apt.subcommand.value.known();
        apt.action == AptAction::Install || matches!(named, Some("update" | "install"))
    });
    let elsewhere = ["--root", "-p", "--usermode"].iter().any(|flag| invocation.has_argument(flag));
    apt || !elsewhere && Apk::read(invocation).is_some_and(|apk| apk.action == ApkAction::Add)
}

/// Whether it runs as the instruction's user, and the step fails with it.
fn decides(invocation: &Invocation) -> bool {
    let site = &invocation.site;
    let ends = site.tail || site.list_errexit == Errexit::On || site.chained && site.list_errexit != Errexit::Off;
    invocation.guard == Guard::Always
        && !invocation.other_user
        && site.direct
        && !site.alternative
        && !site.tested
        && !site.piped
        && !site.repeated
        && (!site.followed || site.chained)
        && ends
}
