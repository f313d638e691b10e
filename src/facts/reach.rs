//! What ends up in an image that is shipped.

use std::collections::HashSet;

use crate::dockerfile::Arguments;

use super::layers::deletes;
use super::paths::{is_below, resolve};
use super::transfer::Source;
use super::{Base, Facts, StageFacts};

/// Names of stages that exist for a purpose of their own and are built with `--target`, but not shipped.
const SIDE_STAGES: [&str; 14] = [
    "test",
    "tests",
    "testing",
    "dev",
    "devel",
    "development",
    "lint",
    "linter",
    "debug",
    "ci",
    "devcontainer",
    "docs",
    "benchmark",
    "validate",
];

/// Names of stages that try out the stage they are built on.
const TEST_STAGES: [&str; 6] = ["test", "tests", "testing", "lint", "linter", "validate"];

/// Parts of names of stages that are built for what they leave to others, or to check that they can be built.
const PARTS: [&str; 22] = [
    "base",
    "build",
    "builder",
    "builders",
    "building",
    "cache",
    "compile",
    "compiler",
    "dependencies",
    "deps",
    "export",
    "exports",
    "artifact",
    "artifacts",
    "binaries",
    "out",
    "output",
    "wheels",
    "install",
    "installer",
    "local",
    "check",
];

/// Marks the stages that are shipped: the last one, each that nothing refers to unless its name says test or development, and those that
/// files of the repository build to run or publish them.
///
/// A last stage that tries out another one, `FROM app AS test`, is shipped only where there is nothing else to ship; so is one to work in,
/// `FROM app AS dev`, where files build the image by its name and no build takes what is last.
pub(super) fn compute(facts: &mut Facts<'_>) {
    let named = named(facts);
    let test = facts.stages.last().filter(|last| tries_out(last)).map(|last| last.index);
    let mut used = used_stages(&facts.stages, test);
    used.extend(alternatives(facts));
    let last = facts.stages.len().saturating_sub(1);
    // A name that is given again means the later stage.
    let names: Vec<Option<String>> = facts.stages.iter().map(|stage| stage.name.clone()).collect();
    let is_renamed = |stage: &StageFacts| {
        stage.name.is_some() && names.iter().skip(stage.index + 1).any(|other| *other == stage.name)
    };
    let unused = |stage: &StageFacts| {
        let is_beside = stage.index != last && hands_out(stage) || is_renamed(stage);
        !used.contains(&stage.index) && !stage.name.as_deref().is_some_and(is_side_stage) && !is_beside
    };
    let by_name = !named.is_empty() && facts.service.builds.takes_last.is_none();
    let is_left = by_name && facts.stages.last().is_some_and(|last| last.name.as_deref().is_some_and(is_side_stage));
    let is_last_shipped = !is_left && (test.is_none() || !facts.stages.iter().any(unused));
    let mut children = vec![Vec::new(); facts.stages.len()];
    for stage in &mut facts.stages {
        let is_last = stage.index == last && is_last_shipped;
        stage.is_final = unused(stage) || is_last || named.contains(&stage.index);
        if let Base::Stage(parent) = stage.base
            && let Some(children) = children.get_mut(parent)
        {
            children.push(stage.index);
        }
    }
    // A stage is built on an earlier one, so one pass from the end settles all.
    let mut in_final: Vec<bool> = facts.stages.iter().map(|stage| stage.is_final).collect();
    for stage in facts.stages.iter().rev() {
        if let Base::Stage(parent) = stage.base
            && in_final.get(stage.index).copied().unwrap_or_default()
            && let Some(parent) = in_final.get_mut(parent)
        {
            *parent = true;
        }
    }
    let mut takers = vec![Vec::new(); facts.stages.len()];
    for stage in &facts.stages {
        for (number, transfer) in stage.transfers.iter().enumerate() {
            if let Source::Stage(from) = transfer.source
                && let Some(takers) = takers.get_mut(from)
            {
                takers.push((stage.index, number));
            }
        }
    }
    facts.takers = takers;
    facts.children = children;
    facts.in_final = in_final;
}

/// The stages that compose services run, and those that other files build by name and that start something.
fn named(facts: &Facts<'_>) -> HashSet<usize> {
    let mut found = HashSet::new();
    for target in facts.service.builds.targets() {
        let name = target.stage.value.as_str();
        let is_part = name.split(['-', '_', '.']).any(|part| PARTS.contains(&part));
        let stage = facts.stages.iter().rfind(|stage| stage.name.as_deref() == Some(name));
        // `FROM build AS dev-envs` stands last, nothing builds it, and compose runs `build`: that is the image, whatever it is called.
        let is_run = target.is_service
            && facts.service.builds.takes_last.is_none()
            && facts.stages.last().is_some_and(|last| last.name.as_deref().is_some_and(is_side_stage))
            && stage.is_some_and(|stage| stage.command.is_some() || stage.entrypoint.is_some());
        if (is_part || is_side_stage(name)) && !is_run {
            continue;
        }
        let starts = |stage: &StageFacts| {
            let mut chain = std::iter::once(stage).chain(facts.ancestors(stage));
            chain.any(|stage| stage.command.is_some() || stage.entrypoint.is_some())
        };
        found.extend(stage.filter(|stage| target.is_service || starts(stage)).map(|stage| stage.index));
    }
    found
}

/// Whether a stage is there to test the stage that it is built on.
fn tries_out(stage: &StageFacts) -> bool {
    let is_test = |name: &str| name.split(['-', '_', '.']).any(|part| TEST_STAGES.contains(&part));
    matches!(stage.base, Base::Stage(_)) && stage.name.as_deref().is_some_and(is_test)
}

/// Whether people take what a stage makes out of it, as its name says, rather than run it: `tarball-builder`.
fn hands_out(stage: &StageFacts) -> bool {
    const MADE: [&str; 10] =
        ["artifact", "artifacts", "build", "builder", "compile", "export", "exporter", "exports", "tarball", "wheels"];
    let is_named = |name: &str| name.split(['-', '_', '.']).any(|part| MADE.contains(&part));
    stage.command.is_none() && stage.entrypoint.is_none() && stage.name.as_deref().is_some_and(is_named)
}

/// The stages that others are built on or take from. That `test` is built on one does not count.
fn used_stages(stages: &[StageFacts], test: Option<usize>) -> HashSet<usize> {
    let mut used = HashSet::new();
    for stage in stages {
        if let Base::Stage(parent) = stage.base
            && test != Some(stage.index)
        {
            used.insert(parent);
        }
        used.extend(taken_from(stages, stage));
    }
    used
}

/// The stages that a stage copies from, and those that its steps mount by name or number.
pub(super) fn taken_from<'s>(stages: &'s [StageFacts], stage: &'s StageFacts) -> impl Iterator<Item = usize> + 's {
    let copied = stage.transfers.iter().filter_map(|transfer| match transfer.source {
        Source::Stage(from) => Some(from),
        _ => None,
    });
    let called = |from: &str| {
        let earlier = || stages.iter().take(stage.index);
        let named = earlier().rfind(|other| other.name.as_deref() == Some(from.to_lowercase().as_str()));
        named.map(|other| other.index).or_else(|| from.parse().ok().filter(|number| *number < stage.index))
    };
    let mounts = stage.runs.iter().flat_map(|run| &run.mounts).filter_map(|mount| mount.from.as_ref()?.known());
    copied.chain(mounts.filter_map(called))
}

/// Stages between which an argument chooses: `FROM builder-${MODE}` is built on `builder-0` or `builder-1`, and none of them is
/// shipped for itself.
fn alternatives(facts: &Facts<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    for stage in &facts.stages {
        let Some(Arguments::From { image: Some(word), .. }) =
            facts.dockerfile.instructions.get(stage.from).map(|instruction| &instruction.arguments)
        else {
            continue;
        };
        let Some((head, rest)) = word.text.split_once('$') else { continue };
        let (_, variable) = rest.rsplit_once('$').unwrap_or(("", rest));
        let tail = match variable.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map_or("", |(_, tail)| tail),
            None => variable.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        };
        let earlier = facts.stages.iter().take(stage.index);
        if head.is_empty() && tail.is_empty() {
            // `ARG SRC=clone`, `FROM ${SRC} AS build`: the argument chooses among stages that start nothing.
            let chooses = matches!(stage.base, Base::Stage(_));
            let made = earlier.filter(|other| chooses && other.command.is_none() && other.entrypoint.is_none());
            found.extend(made.map(|other| other.index));
            continue;
        }
        let (head, tail) = (head.to_lowercase(), tail.to_lowercase());
        let fits =
            |name: &str| name.len() >= head.len() + tail.len() && name.starts_with(&head) && name.ends_with(&tail);
        found.extend(earlier.filter(|other| other.name.as_deref().is_some_and(fits)).map(|other| other.index));
    }
    found
}

pub(super) fn is_side_stage(name: &str) -> bool {
    name.split(['-', '_', '.']).any(|part| SIDE_STAGES.contains(&part))
}

/// How many places one file is followed to.
const REACH_LIMIT: usize = 500;

/// How much of a folder is looked for in later stages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Something of it.
    Any,
    /// All of it.
    Whole,
}

impl Facts<'_> {
    /// The final stages.
    pub fn finals(&self) -> impl Iterator<Item = &StageFacts> {
        self.stages.iter().filter(|stage| stage.is_final)
    }

    /// Whether the stage's layers are layers of a final image: it is one, or one is built on it.
    #[must_use]
    pub fn is_in_final(&self, stage: usize) -> bool {
        self.in_final.get(stage).copied().unwrap_or_default()
    }

    /// The stages whose files include those of `stage`: itself and all that are built on it.
    #[must_use]
    pub fn descendants(&self, stage: usize) -> Vec<usize> {
        let mut found = vec![stage];
        let mut at = 0;
        while let Some(&index) = found.get(at) {
            found.extend(self.children.get(index).into_iter().flatten().copied());
            at += 1;
        }
        found
    }

    /// Whether what the instruction `number` of a stage copies to `place` (absolute, `None` where nobody knows) is in an image that is
    /// shipped. A later step can take it out of a stage from which only files are copied: `RUN rm -rf /app/.git`.
    #[must_use]
    pub fn ships_copied(&self, stage: usize, number: usize, place: Option<&str>) -> bool {
        if self.is_in_final(stage) {
            return true;
        }
        let runs = || self.stages.get(stage).into_iter().flat_map(|stage| &stage.runs);
        place.is_some_and(|place| {
            let is_gone = runs().filter(|run| run.instruction > number).any(|run| deletes(run, 0, place));
            !is_gone && self.reaches_final(stage, place)
        })
    }

    /// Whether bytes that stage `stage` writes at `path` (absolute) are in an image that is shipped: through the `FROM` chain,
    /// or through copies that take the path or a folder around it.
    #[must_use]
    pub fn reaches_final(&self, stage: usize, path: &str) -> bool {
        self.reaches(stage, path, &|stage| self.is_in_final(stage))
    }

    /// Whether all that stage `stage` writes below `folder` (absolute) is in an image that is shipped: through the `FROM` chain, or
    /// through copies of the folder or one around it. `COPY --from=builder /usr/lib/libssl.so*` takes no whole `/usr/lib`.
    #[must_use]
    pub fn whole_reaches_final(&self, stage: usize, folder: &str) -> bool {
        self.goes_on(stage, folder, Part::Whole, &|stage| self.is_in_final(stage), &mut HashSet::new())
    }

    /// Whether bytes that stage `stage` writes at `path` (absolute) are in a layer of a stage that `is_end` takes.
    pub(super) fn reaches(&self, stage: usize, path: &str, is_end: &dyn Fn(usize) -> bool) -> bool {
        self.goes_on(stage, path, Part::Any, is_end, &mut HashSet::new())
    }

    fn goes_on(
        &self,
        stage: usize,
        path: &str,
        part: Part,
        is_end: &dyn Fn(usize) -> bool,
        seen: &mut HashSet<(usize, String)>,
    ) -> bool {
        if !seen.insert((stage, path.to_owned())) || seen.len() > REACH_LIMIT {
            return false;
        }
        if is_end(stage) {
            return true;
        }
        for holder in self.descendants(stage) {
            for &(taker, number) in self.takers.get(holder).into_iter().flatten() {
                let transfers = self.stages.get(taker).map(|taker| &taker.transfers);
                let Some(transfer) = transfers.and_then(|transfers| transfers.get(number)) else { continue };
                let Some(destination) = transfer.destination.known() else { continue };
                for (source, _) in &transfer.paths {
                    let Some(source) = source.known() else { continue };
                    let arrives = if is_below(path, source) {
                        let rest = path.strip_prefix(source).unwrap_or_default();
                        resolve("/", &format!("{destination}/{rest}"))
                    } else if part == Part::Any && is_below(source, path) {
                        destination.to_owned()
                    } else {
                        continue;
                    };
                    if self.goes_on(taker, &arrives, part, is_end, seen) {
                        return true;
                    }
                }
            }
        }
        false
    }
}
