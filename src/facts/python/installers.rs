//! Programs that install packages and lie in an image as something of their own: `uv`, `poetry` and their like.

mod ways;

use crate::catalogue;
use crate::dockerfile::Arguments;
use crate::facts::commands::{Pip, PipAction, Uv, UvAction, removal};
use crate::facts::paths::file_name;
use crate::facts::{Base, Facts, Guard, Invocation, StageFacts};
use crate::python::PackageName;
use crate::text::TextRange;

use ways::{by_command, copied, distribution};

/// A program that installs packages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InstallerTool {
    /// `uv` with `uvx`
    Uv,
    /// `poetry`
    Poetry,
    /// `pipenv`
    Pipenv,
    /// `pdm`
    Pdm,
    /// `hatch`
    Hatch,
    /// `pip-sync` and `pip-compile`
    PipTools,
}

impl InstallerTool {
    const ALL: [Self; 6] = [Self::Uv, Self::Poetry, Self::Pipenv, Self::Pdm, Self::Hatch, Self::PipTools];

    /// Its name, which is that of its distribution too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pipenv => "pipenv",
            Self::Pdm => "pdm",
            Self::Hatch => "hatch",
            Self::PipTools => "pip-tools",
        }
    }

    /// The commands that it brings.
    #[must_use]
    pub const fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Uv => &["uv", "uvx"],
            Self::Poetry => &["poetry"],
            Self::Pipenv => &["pipenv"],
            Self::Pdm => &["pdm"],
            Self::Hatch => &["hatch"],
            Self::PipTools => &["pip-sync", "pip-compile"],
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = PackageName::new(name);
        Self::ALL.into_iter().find(|tool| tool.name() == name.as_str())
    }

    /// The one whose own installer stands at this address.
    pub(super) fn of_address(address: &str) -> Option<Self> {
        const ADDRESSES: [(&str, InstallerTool); 4] = [
            ("astral.sh/uv/", InstallerTool::Uv),
            ("install.python-poetry.org", InstallerTool::Poetry),
            ("pdm-project.org/install-pdm.py", InstallerTool::Pdm),
            ("pdm.fming.dev/install-pdm.py", InstallerTool::Pdm),
        ];
        ADDRESSES.into_iter().find(|(part, _)| address.contains(part)).map(|(_, tool)| tool)
    }
}

/// How an installer comes into a stage.
#[derive(Clone, Debug)]
pub enum Way {
    /// The base image has it.
    Base,
    /// A `COPY --from`, by its index among the stage's transfers.
    Copied(usize),
    /// A command: its run and its index there.
    Command(usize, usize),
}

/// An installer in a stage.
#[derive(Clone, Debug)]
pub struct Installer {
    /// Which.
    pub tool: InstallerTool,
    /// The stage that it comes into.
    pub stage: usize,
    /// How.
    pub way: Way,
    /// What brings it, in the Dockerfile.
    pub range: TextRange,
    /// Where its program can stand, absolute.
    pub places: Vec<String>,
    /// What tells its version: a pin, a tag or a part of an address, when it begins with a number.
    pub version: Option<String>,
}

impl Installer {
    /// What it takes in the image, without `.pyc`; 0 when nothing is known of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let release = || catalogue::uv_release(self.version.as_deref());
        match (self.tool, &self.way) {
            (InstallerTool::Uv, Way::Command(..)) => release().map_or(0, |release| release.distribution_bytes),
            (InstallerTool::Uv, Way::Base | Way::Copied(_)) => release().map_or(0, |release| release.program_bytes),
            (tool, _) => catalogue::weight(&[tool.name()]).installed_bytes,
        }
    }
}

/// The version that a text begins with; `None` for `latest` and what is not known.
fn version(text: &str) -> Option<String> {
    text.starts_with(|first: char| first.is_ascii_digit()).then(|| text.to_owned())
}

/// The version in an image's tag: `0.9.26` of `ghcr.io/astral-sh/uv:0.9.26@sha256:…`.
fn tagged(reference: &str) -> Option<String> {
    let name = reference.split('@').next()?;
    version(name.rsplit('/').next()?.split_once(':')?.1)
}

/// Whether a reference names the image of uv.
#[must_use]
pub fn is_uv_image(reference: &str) -> bool {
    let name = reference.split('@').next().unwrap_or_default();
    let (folder, last) = name.rsplit_once('/').unwrap_or(("", name));
    let repository = last.split(':').next().unwrap_or_default();
    repository == "uv" && matches!(file_name(folder), "astral-sh" | "astral")
}

pub(super) fn collect(facts: &Facts<'_>) -> Vec<Installer> {
    let mut found = Vec::new();
    for stage in &facts.stages {
        if let Base::Image(reference) = &stage.base
            && is_uv_image(reference.text())
        {
            let range = facts.dockerfile.instructions.get(stage.from).map(|from| match &from.arguments {
                Arguments::From { image: Some(word), .. } => word.range,
                _ => from.range,
            });
            let places = vec!["/usr/local/bin/uv".to_owned(), "/uv".to_owned()];
            let range = range.unwrap_or_default();
            let version = tagged(reference.text());
            let (tool, way) = (InstallerTool::Uv, Way::Base);
            found.push(Installer { tool, stage: stage.index, way, range, places, version });
        }
        for (number, transfer) in stage.transfers.iter().enumerate() {
            found.extend(copied(facts, stage, number, transfer));
        }
        for (run_index, run) in stage.runs.iter().enumerate() {
            for (index, invocation) in run.invocations.iter().enumerate() {
                if invocation.guard != Guard::Never {
                    found.extend(by_command(facts, stage, (run_index, run), index, invocation));
                }
            }
        }
    }
    found
}

impl Facts<'_> {
    /// Whether a shipped image holds the installer: it reaches one, and no later command takes it away again.
    #[must_use]
    pub fn keeps_installer(&self, installer: &Installer) -> bool {
        let Some(stage) = self.stages.get(installer.stage) else { return false };
        let ships = self.is_in_final(stage.index)
            || installer.places.iter().any(|place| self.reaches_final(stage.index, place));
        ships && !self.is_installer_removed(stage, installer)
    }

    /// Whether something behind takes it away, in whatever layer: the bytes that an earlier layer keeps are another matter.
    fn is_installer_removed(&self, stage: &StageFacts, installer: &Installer) -> bool {
        let (after, index) = match installer.way {
            Way::Command(run, index) => (stage.runs.get(run).map_or(0, |run| run.instruction), Some(index)),
            Way::Copied(number) => (stage.transfers.get(number).map_or(0, |copy| copy.instruction), None),
            Way::Base => (0, None),
        };
        let heirs = self.descendants(stage.index);
        let heirs = heirs.into_iter().filter_map(|index| self.stages.get(index));
        let runs = heirs.flat_map(|heir| &heir.runs).filter(|run| run.instruction >= after);
        let later = runs.flat_map(|run| {
            let skipped = if run.instruction == after { index.map_or(0, |index| index + 1) } else { 0 };
            run.invocations.iter().skip(skipped)
        });
        let name = installer.tool.name();
        later.filter(|invocation| invocation.guard != Guard::Never).any(|invocation| {
            let names_it = |operands: &[(usize, &crate::facts::Argument)]| {
                operands.iter().any(|(_, argument)| distribution(argument.value.text()) == Some(installer.tool))
            };
            let uninstalled = match (Pip::read(invocation), Uv::read(invocation)) {
                (Some(pip), _) => pip.action == PipAction::Uninstall && names_it(&pip.options.operands),
                (None, Some(uv)) => uv.action == UvAction::PipUninstall && names_it(&uv.options.operands),
                (None, None) => {
                    matches!(invocation.program.as_str(), "apk" | "apt-get" | "apt" | "dnf" | "yum" | "pipx")
                        && invocation.arguments.iter().any(|word| {
                            matches!(word.value.text(), "del" | "purge" | "remove" | "autoremove" | "uninstall")
                        })
                        && invocation.has_argument(name)
                }
            };
            uninstalled
                || removal(invocation).is_some_and(|removal| {
                    installer.places.iter().any(|place| removal.covers(place))
                        || removal.paths.iter().chain(&removal.files).any(|path| {
                            let path = file_name(path.trim_end_matches(['*', '/']));
                            installer.tool.commands().contains(&path)
                        })
                })
        })
    }

    /// The stages in which a command of the build calls the installer.
    #[must_use]
    pub fn installer_callers(&self, tool: InstallerTool) -> Vec<usize> {
        let calls = |stage: &&StageFacts| {
            let invocations = stage.runs.iter().flat_map(|run| &run.invocations);
            invocations.into_iter().any(|invocation| tool.is_called_by(invocation))
        };
        self.stages.iter().filter(calls).map(|stage| stage.index).collect()
    }

    /// Whether an image runs a program where it is deployed, rather than giving people or agents a place to work in.
    #[must_use]
    pub fn is_for_use(&self, image: &StageFacts) -> bool {
        const WORKPLACES: [&str; 14] = [
            "editable",
            "base",
            "sandbox",
            "sandboxes",
            "interpreter",
            "workspace",
            "workspaces",
            "devbox",
            "playground",
            "toolbox",
            "terminal",
            "codespace",
            "jupyter",
            "jupyterlab",
        ];
        const DESKS: [&str; 9] = [
            "sshd",
            "code-server",
            "ttyd",
            "jupyter",
            "jupyter-lab",
            "jupyterhub-singleuser",
            "tmux",
            "start-notebook.sh",
            "startup",
        ];
        let path = self.service.dockerfile.to_lowercase();
        let named = path.split(['/', '.', '-', '_']).any(|part| WORKPLACES.contains(&part));
        let staged = image.name.as_deref().is_some_and(|name| WORKPLACES.contains(&name));
        let container =
            ["devcontainer.json", ".devcontainer/devcontainer.json", ".devcontainer.json"].iter().any(|file| {
                let file = self.workspace.read(file).ok();
                file.is_some_and(|file| {
                    [format!("/{path}\""), format!("\"{path}\"")]
                        .iter()
                        .any(|name| file.text().to_lowercase().contains(name))
                })
            });
        !named
            && !staged
            && !container
            && !self.starts_with(image, &DESKS)
            && self.is_runtime_image(image)
            && !self.serves_development(image)
    }

    /// The finals that hold an installer of `stage` at one of `places`.
    #[must_use]
    pub fn finals_with(&self, installer: &Installer) -> Vec<&StageFacts> {
        let heirs = self.descendants(installer.stage);
        let own: Vec<&StageFacts> = self.finals().filter(|image| heirs.contains(&image.index)).collect();
        if own.is_empty() { self.finals().collect() } else { own }
    }
}

impl InstallerTool {
    /// Whether the invocation is one of the tool, other than a question for its version.
    #[must_use]
    pub fn is_called_by(self, invocation: &Invocation) -> bool {
        let module = || {
            invocation.program == "python"
                && invocation.argument(0) == Some("-m")
                && invocation.argument(1) == Some(self.name())
        };
        let version = || {
            !invocation.arguments.is_empty()
                && invocation.arguments.iter().all(|word| matches!(word.value.text(), "--version" | "-V" | "version"))
        };
        (self.commands().contains(&invocation.program.as_str()) || module()) && !version()
    }
}
