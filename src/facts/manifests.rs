//! Installs that read nothing but manifests, and the copies of sources that stand in front of them.

mod node;
mod python;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::context::{IgnoreFile, Tree};
use crate::dockerfile::{Keyword, Value};
use crate::workspace::parent;

use super::context::FolderCopy;
use super::paths::{is_below, resolve, resolve_value};
use super::{Base, Facts, Guard, Invocation, Origin, Run, Source, StageFacts};

/// An install that needs manifests of the context and no sources.
#[derive(Clone, Debug)]
pub struct ManifestInstall {
    /// The files that it reads, relative to the context, those that must be there first.
    pub manifests: Vec<String>,
    /// What it writes into the folder it runs in.
    pub writes: Option<&'static str>,
    /// The option without which it installs the project too.
    pub split: Option<&'static str>,
    /// What people type: `uv pip install`.
    pub command: String,
}

/// A copy of sources in front of an install that does not need them.
#[derive(Debug)]
pub struct EarlyCopy<'f> {
    /// The stage.
    pub stage: &'f StageFacts,
    /// The copies, in order; all take sources, some take manifests too.
    pub copies: Vec<FolderCopy<'f>>,
    /// The `RUN` that installs.
    pub run: &'f Run,
    /// Index of the install among its invocations.
    pub index: usize,
    /// What the first install of it needs.
    pub install: ManifestInstall,
    /// What all installs of the `RUN` need, when it does nothing that could need more.
    pub all: Option<ManifestInstall>,
}

enum Step {
    /// It reads nothing of what is copied.
    Harmless,
    Manifests(ManifestInstall),
    /// It does not run with the build arguments' defaults; what it reads, when that is manifests.
    Never(Option<ManifestInstall>),
    /// It may read or change what is copied.
    Other,
}

/// Variables that name a file of settings or certificates for an installer.
const CONFIGURATIONS: [&str; 13] = [
    "PIP_CONFIG_FILE",
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "UV_CONFIG_FILE",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "npm_config_userconfig",
    "NPM_CONFIG_USERCONFIG",
    "npm_config_globalconfig",
    "npm_config_cafile",
    "NPM_CONFIG_CAFILE",
];

impl Facts<'_> {
    /// For each stage the first install that reads only manifests and runs behind copies of the sources, where none runs before.
    #[must_use]
    pub fn early_copies(&self) -> Vec<EarlyCopy<'_>> {
        const INSTALLERS: [&str; 7] = ["pip", "uv", "poetry", "npm", "yarn", "pnpm", "bun"];
        let mut by_stage: BTreeMap<usize, Vec<FolderCopy<'_>>> = BTreeMap::new();
        for copy in self.folder_copies() {
            by_stage.entry(copy.stage).or_default().push(copy);
        }
        by_stage.retain(|&stage, copies| {
            let start = copies.first().map(|copy| copy.transfer.instruction);
            let runs = self.stages.get(stage).into_iter().flat_map(|stage| &stage.runs);
            let mut behind = runs.filter(|run| Some(run.instruction) > start).flat_map(|run| &run.invocations);
            behind.any(|invocation| INSTALLERS.contains(&invocation.program.as_str()))
        });
        if by_stage.is_empty() {
            return Vec::new();
        }
        let tree = self.shipped_tree();
        let installing = self.installing_stages();
        let found = by_stage.into_iter().filter_map(|(stage, mut copies)| {
            copies.retain(|copy| holds_sources(copy, &tree));
            self.early_copy(self.stages.get(stage)?, copies, &tree, &installing)
        });
        found.collect()
    }

    /// For each stage whether it, or one that it is built on, installs from manifests.
    fn installing_stages(&self) -> Vec<bool> {
        let mut installing: Vec<bool> = Vec::new();
        for stage in &self.stages {
            let below = match stage.base {
                Base::Stage(parent) => installing.get(parent).copied().unwrap_or_default(),
                _ => false,
            };
            installing.push(below || self.installs_manifests(stage, &|_| true));
        }
        installing
    }

    fn early_copy<'f>(
        &'f self,
        stage: &'f StageFacts,
        mut copies: Vec<FolderCopy<'f>>,
        tree: &Tree,
        installing: &[bool],
    ) -> Option<EarlyCopy<'f>> {
        let first = copies.first()?;
        let start = first.transfer.instruction;
        let before = |run: &Run| run.instruction < start;
        let is_installing = |stage: usize| installing.get(stage).copied().unwrap_or_default();
        if matches!(stage.base, Base::Stage(parent) if is_installing(parent)) || self.installs_manifests(stage, &before)
        {
            return None;
        }
        let destinations: Option<Vec<&str>> = copies.iter().map(|copy| copy.transfer.destination.known()).collect();
        let destinations = destinations?;
        let behind = stage.runs.iter().filter(|run| !before(run));
        for run in behind {
            let steps = self.steps(stage, run, tree, &destinations);
            let found = steps.iter().position(|step| !matches!(step, Step::Harmless | Step::Never(_)));
            let Some(index) = found else {
                if run.opaque || run.script.is_none() {
                    return None;
                }
                continue;
            };
            let Some(Step::Manifests(install)) = steps.get(index) else { return None };
            if run.unread.first().is_some_and(|unread| unread.after <= index) {
                return None;
            }
            let install = install.clone();
            let all = union(&steps).filter(|_| !run.opaque && !self.has_computed_path(run, &install));
            let between = |other: &&Run| !before(other) && other.instruction <= run.instruction;
            let mut between = stage.runs.iter().filter(between).flat_map(|run| &run.invocations);
            let all = all.filter(|_| !between.any(|invocation| makes_environment(invocation, &destinations)));
            if brings_packages(stage, run, &is_installing) {
                return None;
            }
            copies.retain(|copy| copy.transfer.instruction < run.instruction);
            return (!copies.is_empty()).then_some(EarlyCopy { stage, copies, run, index, install, all });
        }
        None
    }

    /// What of the context the ignore file leaves.
    pub(super) fn shipped_tree(&self) -> std::sync::Arc<Tree> {
        self.workspace.tree(&self.service.context, self.ignore().as_deref())
    }

    /// The ignore file, read once for all services that share it.
    pub(in crate::facts) fn ignore(&self) -> Option<Arc<IgnoreFile>> {
        let path = self.service.ignore_file.as_deref()?;
        let file = self.workspace.read(path).ok()?;
        Some(self.workspace.remembered_of(&format!("ignore file\0{path}"), &file, || IgnoreFile::parse(file.text())))
    }

    /// Whether the ignore file keeps `path` (relative to the context) out of it.
    #[must_use]
    pub fn is_kept_out(&self, path: &str) -> bool {
        self.ignore().is_some_and(|ignore| ignore.excluded(path))
    }

    /// The path of a file of the workspace below the context.
    fn in_context(&self, path: &str) -> Option<String> {
        match self.service.context.as_str() {
            "" => Some(path.to_owned()),
            context => Some(path.strip_prefix(context)?.strip_prefix('/')?.to_owned()),
        }
    }

    /// Whether a stage has an install from manifests or of a project among the `RUN`s that are `wanted`.
    fn installs_manifests(&self, stage: &StageFacts, wanted: &dyn Fn(&Run) -> bool) -> bool {
        let by_python = self.python_installs().iter().filter(|install| install.stage == stage.index).any(|install| {
            let from_files = !(install.files.is_empty() && install.projects.is_empty()) || install.generated;
            from_files && stage.runs.get(install.run).is_some_and(wanted)
        });
        let runs = stage.runs.iter().filter(|run| wanted(run));
        by_python || runs.flat_map(|run| &run.invocations).any(node::is_install)
    }

    /// Whether a variable of the `RUN` decides which manifest is read.
    fn has_computed_path(&self, run: &Run, install: &ManifestInstall) -> bool {
        run.invocations.iter().flat_map(|invocation| &invocation.arguments).any(|argument| {
            let names_one =
                install.manifests.iter().any(|path| argument.value.text().ends_with(super::paths::file_name(path)));
            names_one && self.source.slice(argument.range).contains('$')
        })
    }

    /// `ENV PIP_CONFIG_FILE=/app/pip.conf`: a file of the copy decides where packages come from.
    fn is_configured_by_copy(&self, run: &Run, invocation: &Invocation, copied: &[&str]) -> bool {
        CONFIGURATIONS.iter().filter_map(|name| self.variable(run, invocation, name)).any(|value| {
            let path = resolve_value(&invocation.workdir, value);
            !value.text().is_empty()
                && path.known().is_none_or(|path| copied.iter().any(|folder| is_below(path, folder)))
        })
    }

    fn steps(&self, stage: &StageFacts, run: &Run, tree: &Tree, copied: &[&str]) -> Vec<Step> {
        let step = |(index, invocation): (usize, &Invocation)| {
            let redirects = invocation.output.as_ref().is_some_and(|to| writes(invocation, to, copied));
            if invocation.origin != Origin::Instruction || redirects {
                return if invocation.guard == Guard::Never { Step::Never(None) } else { Step::Other };
            }
            if is_harmless(invocation, copied) {
                return Step::Harmless;
            }
            let mounted = run.mounts.iter().any(|mount| mount.kind == "bind");
            let found = self
                .python_manifests(stage, run, index, copied)
                .or_else(|| self.node_manifests(stage, run, index, tree))
                .filter(|install| !mounted && install.manifests.iter().all(|path| tree.file(path).is_some()))
                .filter(|_| !self.is_configured_by_copy(run, invocation, copied));
            match (found, invocation.guard) {
                // An install of packages by name reads nothing.
                (Some(install), _) if install.manifests.is_empty() => Step::Harmless,
                (found, Guard::Never) => Step::Never(found),
                (Some(install), _) => Step::Manifests(install),
                (None, _) => Step::Other,
            }
        };
        run.invocations.iter().enumerate().map(step).collect()
    }
}

/// Whether the stage takes files of another stage that installs from manifests, such as its environment, before `run`.
fn brings_packages(stage: &StageFacts, run: &Run, is_installing: &dyn Fn(usize) -> bool) -> bool {
    let mut earlier = stage.transfers.iter().filter(|transfer| transfer.instruction < run.instruction);
    earlier.any(|transfer| matches!(transfer.source, Source::Stage(from) if is_installing(from)))
}

/// What the installs among `steps` need together; `None` when something else needs more, or an option must be added.
fn union(steps: &[Step]) -> Option<ManifestInstall> {
    let mut all: Option<ManifestInstall> = None;
    for step in steps {
        let install = match step {
            Step::Harmless => continue,
            Step::Other | Step::Never(None) => return None,
            Step::Manifests(install) | Step::Never(Some(install)) => install,
        };
        let Some(all) = &mut all else {
            all = Some(install.clone());
            continue;
        };
        for path in &install.manifests {
            if !all.manifests.contains(path) {
                all.manifests.push(path.clone());
            }
        }
        if all.writes.is_some() && install.writes.is_some() {
            return None;
        }
        all.split = all.split.or(install.split);
        all.writes = all.writes.or(install.writes);
    }
    all.filter(|all| all.split.is_none())
}

/// Whether what is copied changes when the program is worked on: there is code in it that is no manifest.
fn holds_sources(copy: &FolderCopy<'_>, tree: &Tree) -> bool {
    const CODE: [&str; 32] = [
        "py", "pyx", "js", "mjs", "cjs", "jsx", "ts", "tsx", "mts", "vue", "svelte", "astro", "html", "css", "scss",
        "rb", "go", "rs", "java", "kt", "php", "ipynb", "c", "cc", "cpp", "h", "cs", "ex", "scala", "r", "jl", "sql",
    ];
    copy.files(tree).any(|file| {
        let name = super::paths::file_name(&file.path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        CODE.contains(&extension) && !matches!(name, "setup.py" | "noxfile.py" | "tasks.py")
    })
}

/// Whether `> FILE` may write into a folder of `copied`.
fn writes(invocation: &Invocation, output: &Value, copied: &[&str]) -> bool {
    let path = resolve_value(&invocation.workdir, output);
    path.known().is_none_or(|path| copied.iter().any(|folder| is_below(path, folder)))
}

/// Whether a command neither reads nor changes anything in the folders `copied`.
fn is_harmless(invocation: &Invocation, copied: &[&str]) -> bool {
    let first = invocation.argument(0).unwrap_or_default();
    match invocation.program.as_str() {
        "apt-get"
        | "apt"
        | "aptitude"
        | "apk"
        | "yum"
        | "dnf"
        | "microdnf"
        | "zypper"
        | "add-apt-repository"
        | "locale-gen"
        | "update-locale"
        | "useradd"
        | "adduser"
        | "usermod"
        | "groupadd"
        | "addgroup"
        | "groupmod"
        | "update-ca-certificates"
        | "update-alternatives"
        | "echo"
        | "printf"
        | "export"
        | "set"
        | "unset"
        | "true"
        | ":"
        | "which"
        | "["
        | "[["
        | "test"
        | "exit"
        | "umask"
        | "command"
        | "corepack"
        | "ldconfig"
        | "cd"
        | "mkdir"
        | "uname"
        | "sleep"
        | "virtualenv" => {
            !invocation.arguments.iter().any(|argument| argument.value.text().starts_with("./"))
                || invocation.program == "mkdir"
                || invocation.program == "cd"
        }
        "rm" | "chmod" | "chown" | "chgrp" | "ln" | "touch" => {
            let elsewhere = |value: &Value| {
                let path = value.known().filter(|path| path.starts_with('/')).map(|path| resolve("", path));
                path.is_some_and(|path| !copied.iter().any(|folder| is_below(&path, folder) || is_below(folder, &path)))
            };
            let words = invocation.arguments.iter().map(|argument| &argument.value);
            let operands = words.filter(|value| !value.text().starts_with('-'));
            let owner_or_mode = usize::from(matches!(invocation.program.as_str(), "chmod" | "chown" | "chgrp"));
            operands.skip(owner_or_mode).all(elsewhere)
        }
        "python" => matches!(first, "--version" | "-V") || (first == "-m" && invocation.has_argument("venv")),
        "node" => matches!(first, "--version" | "-v"),
        "pip" => matches!(first, "--version" | "config" | "list" | "cache" | "check" | "freeze" | "debug"),
        "uv" => matches!(first, "--version" | "venv" | "python" | "cache" | "tool" | "self"),
        "poetry" | "pdm" => matches!(first, "--version" | "config" | "cache" | "self" | "env" | "about"),
        "npm" | "yarn" | "pnpm" => {
            matches!(first, "--version" | "-v" | "config" | "cache" | "set" | "store" | "global")
                || invocation.has_argument("-g")
                || invocation.has_argument("--global")
        }
        _ => false,
    }
}

/// Whether a command makes a virtual environment in a folder of `copied`, or nobody knows where.
fn makes_environment(invocation: &Invocation, copied: &[&str]) -> bool {
    let skip = match (invocation.program.as_str(), invocation.argument(0), invocation.argument(1)) {
        ("python", Some("-m"), Some("venv" | "virtualenv")) => 2,
        ("uv", Some("venv"), _) => 1,
        ("virtualenv", ..) => 0,
        _ => return false,
    };
    let words = invocation.arguments.iter().skip(skip).map(|argument| &argument.value);
    let place = words.rev().find(|value| !value.text().starts_with('-'));
    let path = resolve_value(&invocation.workdir, place.unwrap_or(&Value::new(".venv")));
    path.known().is_none_or(|path| copied.iter().any(|folder| is_below(path, folder)))
}

/// The folder of the context in which a stage's path lies, by one of its files.
fn folder_of(manifest: &str) -> &str {
    parent(manifest)
}

/// The absolute path of `name` in the folder that a command runs in.
fn beside(invocation: &Invocation, name: &str) -> Option<String> {
    Some(resolve(invocation.workdir.known()?, name))
}

impl EarlyCopy<'_> {
    /// Whether the copy stands in the Dockerfile itself and is not for a later build.
    #[must_use]
    pub fn is_plain(&self, facts: &Facts<'_>) -> bool {
        self.copies.iter().all(|copy| {
            let instruction = facts.dockerfile.instructions.get(copy.transfer.instruction);
            instruction.is_some_and(|instruction| matches!(instruction.keyword, Keyword::Copy | Keyword::Add))
        })
    }
}
