//! How the image of a Python service comes apart into a stage that builds and one that runs.
//!
//! Only what is sure is split: the packages lie in one virtual environment, or go into one when it is made before they are
//! installed; every instruction up to the last install belongs to the builder, to both stages, or to the run-time stage; and
//! nothing that the service does when it runs needs what the builder keeps to itself. Everything else is refused, with the reason.

mod base;
mod commands;
mod environment;
mod later;
mod packages;
mod program;
mod sides;
mod start;

use std::collections::BTreeSet;

use crate::catalogue::{self, Release};
use crate::dockerfile::Keyword;
use crate::dockerfile::edit::Cut;

use super::python::{Installer, InstallerTool, InstallerUse, PythonInstall, Way};
use super::{Facts, Guard, Shell, StageFacts};

pub use environment::Environment;
use packages::Packages;

/// Why an image cannot be split.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What stands against it, one sentence without a full stop. Empty where a split is out of the question anyway.
    pub reason: String,
}

impl Refusal {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    fn unsaid() -> Self {
        Self { reason: String::new() }
    }
}

/// An instruction that the run-time stage repeats.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// Index of the instruction.
    pub instruction: usize,
    /// What is left out of it, or put in the place of something.
    pub cuts: Vec<Cut>,
    /// Whether the builder has no use for it, and nothing is lost when it leaves.
    pub leaves_builder: bool,
}

/// A build in two stages.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Split {
    /// The `FROM` word of the run-time stage.
    pub base: String,
    /// Whether that is a smaller image than the one that builds.
    pub slimmed: bool,
    /// Where the packages are.
    pub environment: Environment,
    /// The first instruction that installs packages of the service: a new environment is made before it.
    pub first_install: usize,
    /// The last instruction of the builder.
    pub last: usize,
    /// What the run-time stage repeats of the builder, in order.
    pub repeats: Vec<Repeat>,
    /// Whether the environment is copied behind everything that is repeated, because a repeated copy covers its place.
    pub environment_last: bool,
    /// Whether `PATH` must lead to the environment, because the start no longer goes through an installer.
    pub sets_path: bool,
    /// Changes of instructions that stay: a start without its installer, mounts that two stages share.
    pub changes: Vec<Cut>,
    /// Later instructions that only take away what the run-time stage never has.
    pub dropped: Vec<usize>,
    /// Libraries that nothing of the original names, but the run-time stage needs.
    pub added: Vec<&'static str>,
    /// The system packages that only the builder has.
    pub removed: Vec<String>,
    /// The libraries that stand in for development packages.
    pub libraries: Vec<&'static str>,
    /// What the image loses in packages and installers, in bytes, as far as it is known.
    pub saved: Option<u64>,
    /// What it loses by standing on a smaller image.
    pub saved_base: Option<u64>,
    /// Whether it loses more than that.
    pub saves_more: bool,
}

/// What of a package's Installed-Size lands in a slim image, in thousandths: dpkg leaves out documentation, manuals and locales there.
/// Measured on layers of gcc (907) and build-essential (921), 2026-11-21.
const SLIM_SHARE: u64 = 915;
/// An environment of its own holds another pip: with setuptools before Python 3.12. Measured with `du` on a venv of 3.11 and 3.12.
const ENVIRONMENT_BYTES: [u64; 2] = [23_000_000, 14_000_000];

impl Facts<'_> {
    /// How the image comes apart.
    ///
    /// # Errors
    ///
    /// Where it cannot be split for sure: the reason.
    pub fn split(&self) -> Result<Split, Refusal> {
        let [stage] = self.stages.as_slice() else { return Err(Refusal::unsaid()) };
        let installs: Vec<&PythonInstall> =
            self.python_installs().iter().filter(|install| install.guard != Guard::Never).collect();
        let of_service = |install: &&PythonInstall| {
            let named = |name: &str| !matches!(name, "pip" | "setuptools" | "wheel" | "uv" | "poetry" | "virtualenv");
            !install.projects.is_empty()
                || install.roots.iter().any(|root| named(root.requirement.name.as_str()))
                || install.unknown
        };
        if !installs.iter().any(of_service) || !self.dockerfile.errors.is_empty() {
            return Err(Refusal::unsaid());
        }
        self.is_plain(stage)?;
        let base = base::runtime_base(self, stage)?;
        let environment = environment::environment(self, stage)?;
        let mut packages = Packages::default();
        let tools = self.kept_installers(stage)?;
        let mut split = sides::split(self, stage, base, environment, &tools, &mut packages)?;
        split.slimmed = split.is_slimmed(stage);
        if packages.removed.is_empty() && !split.slimmed {
            return Err(Refusal::unsaid());
        }
        let lost = packages::lost_commands(&packages.removed);
        program::runs_without_compiler(self, stage, &installs, &lost, split.environment.is_new)?;
        later::tail_needs_nothing(self, stage, split.last, &split.dropped, &lost)?;
        split.added = base::libraries(self, stage, &installs, &packages, split.slimmed)?;
        let starts = self.start_changes(&tools)?;
        split.change(self, starts);
        split.sets_path = !split.environment.in_path && (split.environment.is_new || !tools.wrapping.is_empty());
        split.weigh(self, stage, &packages, &tools);
        split.removed = packages.removed.iter().map(|(name, _)| name.clone()).collect();
        split.libraries = packages.libraries;
        Ok(split)
    }

    /// Whether the Dockerfile does nothing that a second stage would change the meaning of.
    fn is_plain(&self, stage: &StageFacts) -> Result<(), Refusal> {
        let has = |keyword: Keyword| self.dockerfile.instructions.iter().any(|found| found.keyword == keyword);
        if has(Keyword::Onbuild) || has(Keyword::Shell) || stage.state.shell != (Shell::Posix { errexit: false }) {
            return Err(Refusal::new("`SHELL` or `ONBUILD` would have to be in both stages"));
        }
        let platform = ["TARGETARCH", "TARGETPLATFORM", "BUILDPLATFORM", "TARGETOS", "BUILDARCH", "TARGETVARIANT"];
        if let Some(name) = platform.iter().find(|name| self.source.text().contains(**name)) {
            return Err(Refusal::new(format!("`{name}` makes the build differ by platform")));
        }
        let absolute = |value: &str| !value.contains("PATH");
        let path = self.dockerfile.instructions.iter().filter(|found| found.keyword == Keyword::Env).any(|found| {
            matches!(&found.arguments, crate::dockerfile::Arguments::Pairs(pairs)
                if pairs.iter().any(|pair| pair.name.text == "PATH" && absolute(&pair.value.text)))
        });
        if path {
            return Err(Refusal::new("`ENV PATH` sets a whole `PATH`"));
        }
        Ok(())
    }

    /// Which of the installers the run-time stage must have.
    fn kept_installers(&self, stage: &StageFacts) -> Result<Tools, Refusal> {
        let mut tools = Tools::default();
        for installer in self.installers() {
            let tool = installer.tool;
            match self.installer_use(stage, tool) {
                InstallerUse::Unused => {
                    tools.dropped.insert(tool);
                }
                InstallerUse::Wrapper(reached) => {
                    if reached.file != self.source.path() || self.wraps_elsewhere(stage, tool) {
                        return Err(Refusal::new(format!("`{}` in `{}` starts the program", reached.by, reached.file)));
                    }
                    tools.dropped.insert(tool);
                    tools.wrapping.insert(tool);
                }
                InstallerUse::Needed(reached) => {
                    tools.keep(tool, &installer.way, || {
                        format!("`{}` in `{}` needs `{}` when the image runs", reached.by, reached.file, tool.name())
                    })?;
                }
                InstallerUse::Unknown => {
                    tools.keep(tool, &installer.way, || {
                        format!("whether `{}` is called when the image runs is not known", tool.name())
                    })?;
                }
            }
        }
        Ok(tools)
    }

    fn start_changes(&self, tools: &Tools) -> Result<Vec<Cut>, Refusal> {
        let mut cuts = Vec::new();
        for &tool in &tools.wrapping {
            let found = start::without_wrapper(self, tool);
            let refusal = || Refusal::new(format!("`{} run` does more than start the program", tool.name()));
            cuts.extend(found.ok_or_else(refusal)?);
        }
        Ok(cuts)
    }
}

/// Installers by what becomes of them.
#[derive(Debug, Default)]
struct Tools {
    /// Only the builder has them.
    dropped: BTreeSet<InstallerTool>,
    /// Both stages copy them.
    kept: BTreeSet<InstallerTool>,
    /// What starts the program until now.
    wrapping: BTreeSet<InstallerTool>,
}

impl Tools {
    /// What a `COPY` brings can be copied twice.
    fn keep(&mut self, tool: InstallerTool, way: &Way, reason: impl Fn() -> String) -> Result<(), Refusal> {
        if !matches!(way, Way::Copied(_)) {
            return Err(Refusal::new(reason()));
        }
        self.kept.insert(tool);
        Ok(())
    }
}

impl Split {
    /// Takes changes of instructions: where the run-time stage repeats the instruction, its copy changes.
    fn change(&mut self, facts: &Facts<'_>, cuts: Vec<Cut>) {
        for cut in cuts {
            let holds = |repeat: &&mut Repeat| {
                let instruction = facts.dockerfile.instructions.get(repeat.instruction);
                instruction.is_some_and(|instruction| instruction.range.contains_range(cut.0))
            };
            match self.repeats.iter_mut().find(holds) {
                Some(repeat) => repeat.cuts.push(cut),
                None => self.changes.push(cut),
            }
        }
    }

    /// Whether the run-time stage stands on a smaller image than the build did.
    fn is_slimmed(&self, stage: &StageFacts) -> bool {
        !stage.image.slim && catalogue::base_image(&self.base).slim
    }

    fn weigh(&mut self, facts: &Facts<'_>, stage: &StageFacts, packages: &Packages, tools: &Tools) {
        let installer = |tool| facts.installers().iter().find(|found| found.tool == tool);
        let dropped = tools.dropped.iter().filter_map(|&tool| installer(tool));
        let installers: u64 = dropped.map(Installer::bytes).sum();
        let minor = stage.image.python.as_deref().and_then(|version| version.split_once('.')?.1.parse::<u32>().ok());
        let environment = match (self.environment.is_new, minor) {
            (false, _) => 0,
            (true, Some(minor)) if minor >= 12 => ENVIRONMENT_BYTES[1],
            (true, _) => ENVIRONMENT_BYTES[0],
        };
        if self.slimmed {
            // How much of the packages the full image has anyway is not known.
            let small = catalogue::base_image(&self.base).bytes;
            let base = stage.image.bytes.zip(small).map(|(full, small)| full.saturating_sub(small));
            self.saved_base = base.map(|bytes| bytes.saturating_sub(environment));
            self.saved = Some(installers);
        } else {
            let gone = packages.saved_bytes(Release::of(&stage.image)).map(|bytes| bytes / 1000 * SLIM_SHARE);
            self.saved = gone.map(|bytes| (bytes + installers).saturating_sub(environment));
        }
        self.saves_more = self.slimmed || packages.recommended;
    }
}

/// A command as it is told of: whole when it is short.
fn quoted(text: &str, otherwise: &str) -> String {
    const LONGEST: usize = 50;
    let text = text.trim();
    let plain = text.len() <= LONGEST && !text.contains(['\n', '`']);
    if plain { format!("`{text}`") } else { format!("`{otherwise}`") }
}
