//! What the build installs with Python's installers, seen through requirements files, projects, indexes and locks.
//!
//! * [`PythonInstall`]: one `pip install`, `uv sync`, `poetry install` and so on, with all that it is asked for: [`Root`]s with
//!   the places they are written at.
//! * [`InstallClosure`]: every package that an install brings, through what, and what each weighs.
//! * [`TorchInstall`]: which build of torch an install brings, and through what.
//! * [`Evidence`]: what speaks for a GPU where the image runs, and what against it.
//! * [`Program`]: the sources that the image runs, and whether they reach a package.

mod ahead;
mod browsers;
mod calls;
mod closure;
mod collect;
mod comments;
pub(super) mod compose;
mod conda;
mod corrections;
mod development;
mod dominant;
mod editable;
mod edited;
mod entry_points;
mod evidence;
mod export;
mod extensions;
mod files;
mod foreign;
mod holder;
mod idle;
mod imported;
mod included;
mod indexes;
mod installers;
mod kubernetes;
mod locking;
mod locks;
mod models;
mod mounts;
mod options;
mod otherwise;
mod plugins;
mod program;
mod projects;
mod reader;
mod readers;
mod setup;
mod siblings;
mod sieve;
mod stale;
mod target;
mod tools;
mod torch;
mod usage;
mod uv;
mod wheels;

pub use browsers::{BrowserDownload, BrowserUse};
pub use calls::InstallerUse;
pub use closure::{AskedBy, ClosureBasis, InstallClosure, InstalledPackage, Made, PackageBytes, Step, Sum};
pub use corrections::{Correction, CorrectionKind};
pub use development::{Bundle, BundleKind, speaks_of_development};
pub use dominant::{Dominant, PythonContents};
pub use editable::{Editable, EditableHarm, EditableWay};
pub use evidence::Evidence;
pub use extensions::Extension;
pub use indexes::{Index, IndexKind, IndexRole};
pub use installers::{Installer, InstallerTool, Way, is_uv_image};
pub use locking::{IgnoredLock, LockGap};
pub use locks::LockInUse;
pub use models::BakedModel;
pub(in crate::facts) use program::each_in_key;
pub use program::{Program, Reached};
pub use stale::{Difference, StaleEffect, StaleLock};
pub use torch::{Build, Cause, TorchInstall, is_torch_family};
pub(in crate::facts) use usage::{names_packages_to_install, starts_programs};
pub use uv::SyncAgain;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::python::conda::CondaPackage;
use crate::python::{PackageName, Platform, Requirement};
use crate::text::TextRange;

use super::{Facts, Guard, Invocation, Run, StageFacts};

/// A place in a file of the workspace.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// Path relative to the workspace's root.
    pub file: Arc<str>,
    /// Bytes in that file.
    pub range: TextRange,
}

/// The program that installs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// `pip install`
    Pip,
    /// `pip wheel`: what it collects is installed by another command.
    PipWheel,
    /// `uv pip install`
    UvPip,
    /// `uv pip sync`
    UvPipSync,
    /// `uv sync`
    UvSync,
    /// `uv add`
    UvAdd,
    /// `poetry install`
    Poetry,
    /// `pdm install` and `pdm sync`
    Pdm,
    /// `pipenv install` and `pipenv sync`
    Pipenv,
    /// `conda env create -f environment.yml`, which gives pip what stands below `pip:`
    Conda,
}

impl Tool {
    /// What people type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pip => "pip install",
            Self::PipWheel => "pip wheel",
            Self::UvPip => "uv pip install",
            Self::UvPipSync => "uv pip sync",
            Self::UvSync => "uv sync",
            Self::UvAdd => "uv add",
            Self::Poetry => "poetry install",
            Self::Pdm => "pdm install",
            Self::Pipenv => "pipenv install",
            Self::Conda => "conda env create",
        }
    }

    /// Whether it is one of uv's, which read uv's settings.
    #[must_use]
    pub const fn is_uv(self) -> bool {
        matches!(self, Self::UvPip | Self::UvPipSync | Self::UvSync | Self::UvAdd)
    }

    /// Whether it installs what a project's lock says.
    #[must_use]
    pub const fn locks(self) -> bool {
        matches!(self, Self::UvSync | Self::UvAdd | Self::Poetry | Self::Pdm | Self::Pipenv)
    }

    /// Whether it installs the project that it finds, with the indexes that the manifest names.
    #[must_use]
    pub const fn reads_sources(self) -> bool {
        self.is_uv() || matches!(self, Self::Poetry | Self::Pdm | Self::Pipenv)
    }
}

/// Where a requirement is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Declared {
    /// On the command line.
    Dockerfile,
    /// In a requirements file.
    Requirements,
    /// In a project's manifest.
    Project,
}

/// One thing that an install is asked for.
#[derive(Clone, Debug)]
pub struct Root {
    /// What.
    pub requirement: Requirement,
    /// Where it is written.
    pub place: Place,
    /// The word of the Dockerfile that leads there.
    pub word: TextRange,
    /// How it is led to, for people: `requirements.txt`, `mcp-server[providers]`.
    pub via: Vec<String>,
    /// In what it is written.
    pub declared: Declared,
    /// The parents that a compiled requirements file names.
    pub parents: Vec<String>,
    /// The local project's extra that brings it.
    pub extra: Option<PackageName>,
    /// The dependency group that brings it, as it was chosen: one that another includes goes by the including one's name.
    pub group: Option<String>,
}

impl Root {
    /// Whether the extra of a project brings it, be it one that another project asks for.
    #[must_use]
    pub fn is_of_extra(&self) -> bool {
        self.extra.is_some() || self.via.last().is_some_and(|last| last.ends_with(']'))
    }

    /// Whether a compiler wrote it into the file because another package needs it, and no person asked for it.
    #[must_use]
    pub fn is_brought_along(&self) -> bool {
        !self.parents.is_empty() && !self.parents.iter().any(|parent| is_by_person(parent))
    }

    /// Whether a compiled requirements file says that another package requires it, too.
    #[must_use]
    pub fn is_required_by_others(&self) -> bool {
        self.parents.iter().any(|parent| !is_by_person(parent))
    }
}

/// Whether a parent that a compiled file names is what a person wrote: `-r requirements.in`, `app (pyproject.toml)`.
fn is_by_person(parent: &str) -> bool {
    parent.starts_with('-') || parent.contains('(') || has_extension(parent, &["in"])
}

/// A local project that an install installs.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its manifest.
    pub manifest: Arc<str>,
    /// Its name.
    pub name: Option<PackageName>,
    /// The extras that are installed.
    pub extras: Vec<InstalledExtra>,
    /// The word of the Dockerfile that names it.
    pub word: TextRange,
    /// Whether the command line names it, rather than another project.
    pub direct: bool,
    /// Whether its own dependencies are installed, rather than groups of it only.
    pub main: bool,
    /// The dependency groups that are chosen, whether it has them or not.
    pub groups: Vec<String>,
}

/// Which local projects an install leaves out although it installs what they need.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Omitted {
    /// None: each is installed, or linked.
    #[default]
    None,
    /// The project itself: `--no-install-project`, `--no-root`.
    Project,
    /// All of the workspace: `--no-install-workspace`, `--no-install-local`.
    Workspace,
}

/// An extra that an install asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledExtra {
    /// Which.
    pub name: PackageName,
    /// The word of the Dockerfile that asks for it.
    pub word: TextRange,
    /// Whether all extras are asked for.
    pub all: bool,
}

/// A dependency group that an install takes, whether it was asked for or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledGroup {
    /// Its name, as the manifest spells it.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// Why it is taken.
    pub why: GroupChoice,
    /// The word of the Dockerfile that asks for it, or the one that installs.
    pub word: TextRange,
}

/// Why a dependency group is installed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupChoice {
    /// The tool installs it unless it is told not to.
    Default,
    /// The command line names it.
    Named,
    /// The command line asks for all groups.
    All,
}

/// A repository of version control that a requirement names without the package in it: `git+https://example.org/name.git`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repository {
    /// The address as written, with the system in front.
    pub url: String,
    /// The word of the Dockerfile that leads there.
    pub word: TextRange,
}

/// One command that installs Python packages.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub struct PythonInstall {
    /// The program.
    pub tool: Tool,
    /// Its stage.
    pub stage: usize,
    /// Index among the stage's runs.
    pub run: usize,
    /// Index among the run's invocations.
    pub invocation: usize,
    /// Whether it runs.
    pub guard: Guard,
    /// The machine it installs for.
    pub platform: Platform,
    /// What it is asked for, markers already decided.
    pub roots: Vec<Root>,
    /// conda's own packages, which are installed before, by the names that conda gives them.
    pub conda: Vec<CondaPackage>,
    /// What constraints files demand.
    pub constraints: Vec<Requirement>,
    /// Local projects, with their extras.
    pub projects: Vec<Project>,
    /// Requirements and constraints files that it reads, nested ones included, relative to the workspace's root.
    pub files: Vec<String>,
    /// Whether only a guess found one of them, as the base image decides in which folder the command works: no fix may rely on it.
    pub guessed: bool,
    /// Dependency groups that have members.
    pub groups: Vec<InstalledGroup>,
    /// Local projects with modules in C, C++, Go or Rust, which are compiled when they are installed.
    pub extensions: Vec<Extension>,
    /// The indexes that are asked.
    pub indexes: Vec<Index>,
    /// The lock that decides the versions.
    pub lock: Option<LockInUse>,
    /// `--no-deps`
    pub no_dependencies: bool,
    /// Packages that are left out by name. What they need is installed all the same.
    pub excluded: Vec<PackageName>,
    /// Local projects that are left out.
    pub omitted: Omitted,
    /// Whether every member of the workspace is asked for.
    pub all_members: bool,
    /// Whether `.pyc` files are written beside the sources; `None` when that is not known.
    pub compiles: Option<bool>,
    /// Whether hashes bind the files, so that no other index can give them.
    pub hashed: bool,
    /// Repositories of version control that are asked for by nothing but their address.
    pub repositories: Vec<Repository>,
    /// Whether something is asked for by an address alone that tells no name: `https://…/archive/main.zip`.
    pub unnamed: bool,
    /// Whether an earlier command of the build wrote the requirements.
    pub generated: bool,
    /// Whether something it is asked for could not be followed.
    pub unknown: bool,
    /// What is odd, for people: a cycle of `-r`, a file that is missing.
    pub notes: Vec<String>,
    /// Files that it reads and that are not what they must be.
    pub troubles: Vec<Trouble>,
}

/// A manifest that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The manifest, and where in it; the start when that is not known.
    pub place: Place,
    /// The word of the Dockerfile that has it read.
    pub word: TextRange,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
}

/// Whether `path` has one of the extensions, in any case.
fn has_extension(path: &str, wanted: &[&str]) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    extension.is_some_and(|extension| wanted.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted)))
}

/// What is computed when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Lazy {
    installs: OnceLock<Vec<PythonInstall>>,
    torch: OnceLock<Vec<TorchInstall>>,
    shipped: OnceLock<HashMap<target::Site, bool>>,
    evidence: OnceLock<Evidence>,
    program: OnceLock<Arc<Program>>,
    closures: OnceLock<closure::Closures>,
    installers: OnceLock<Vec<Installer>>,
    kubernetes: OnceLock<kubernetes::Kubernetes>,
}

impl PythonInstall {
    /// Whether the root asks for a project of the repository whose own manifest is read, so that what it needs stands beside it.
    #[must_use]
    pub fn is_project(&self, root: &Root) -> bool {
        self.projects.iter().any(|project| project.name.as_ref() == Some(&root.requirement.name))
    }

    /// What is fetched from repositories of git, for which `git` has to be there: the package's name, or the repository's where
    /// that is all there is, with the word of the Dockerfile that leads there.
    pub fn from_git(&self) -> impl Iterator<Item = (&str, TextRange)> {
        let named = self.roots.iter().filter(|root| root.requirement.url.as_deref().is_some_and(is_git));
        let named = named.map(|root| (root.requirement.name.as_str(), root.word));
        let unnamed = self.repositories.iter().filter(|repository| is_git(&repository.url));
        named.chain(unnamed.map(|repository| (repository.name(), repository.word)))
    }
}

fn is_git(url: &str) -> bool {
    url.starts_with("git+")
}

impl Repository {
    /// The name of what it holds, as far as the address tells: that of the repository, or what `#egg=` says.
    #[must_use]
    pub fn name(&self) -> &str {
        repository_name(&self.url)
    }
}

/// `name` of `git+https://me:token@example.org/group/name.git@v1#subdirectory=x`, or what `#egg=` says.
fn repository_name(url: &str) -> &str {
    if let Some((_, egg)) = url.split_once("egg=") {
        return egg.split(['&', '[']).next().unwrap_or(egg);
    }
    let path = url.split(['#', '?']).next().unwrap_or(url).trim_end_matches('/');
    let last = path.rsplit(['/', ':']).next().unwrap_or(path);
    let name = last.split('@').next().unwrap_or(last);
    name.strip_suffix(".git").unwrap_or(name)
}

impl Facts<'_> {
    /// Every install of Python packages, stage by stage in order.
    pub fn python_installs(&self) -> &[PythonInstall] {
        self.python.installs.get_or_init(|| collect::installs(self))
    }

    /// Every install that brings torch or one of its family, in order.
    pub fn torch_installs(&self) -> &[TorchInstall] {
        self.python.torch.get_or_init(|| torch::installs(self))
    }

    /// What speaks for and against a GPU where the image runs.
    pub fn gpu_evidence(&self) -> &Evidence {
        self.python.evidence.get_or_init(|| evidence::collect(self))
    }

    /// The sources that the image runs.
    pub fn program(&self) -> &Program {
        self.python.program.get_or_init(|| program::collect(self))
    }

    /// The programs that install packages and come into a stage of the build, in order.
    pub fn installers(&self) -> &[Installer] {
        self.python.installers.get_or_init(|| installers::collect(self))
    }

    /// The stage, run and invocation of an install.
    #[must_use]
    pub fn site_of(&self, install: &PythonInstall) -> Option<(&StageFacts, &Run, &Invocation)> {
        let stage = self.stages.get(install.stage)?;
        let run = stage.runs.get(install.run)?;
        Some((stage, run, run.invocations.get(install.invocation)?))
    }
}
