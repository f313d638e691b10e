//! Installs that fill `node_modules` with all dependencies.

use crate::catalogue::BaseImage;
use crate::workspace::{join, parent};

use super::super::paths::file_name;
use super::super::{Facts, Guard, Invocation, Run, Source, StageFacts};
use super::dependencies::modules as modules_of;
use super::development::DevelopmentModules;
use super::on_mount;
use super::written::installs_node_modules;

/// Flags with which an install is about another folder, part of a workspace, or nothing.
const ELSEWHERE: [&str; 18] = [
    "--prefix",
    "--cwd",
    "-C",
    "--dir",
    "--filter",
    "-F",
    "--workspace",
    "--workspaces",
    "-w",
    "--global",
    "-g",
    "--omit",
    "--only",
    "--production",
    "--prod",
    "--package-lock-only",
    "--lockfile-only",
    "--dry-run",
];
/// Variables and files that may leave development dependencies out.
const VARIABLES: [&str; 5] =
    ["NPM_CONFIG_OMIT", "NPM_CONFIG_PRODUCTION", "npm_config_omit", "npm_config_production", "YARN_PRODUCTION"];

/// Flags without which another install may fail, or do what the first one does not.
const FLAGS: [&str; 7] =
    ["--legacy-peer-deps", "--force", "-f", "--ignore-engines", "--ignore-platform", "--ignore-scripts", "--registry"];

impl Facts<'_> {
    /// Whether what is copied with `package.json` is not where that was found: the build has another context, and another manifest in it.
    fn is_of_another_project(&self, stage: &StageFacts) -> bool {
        let copied = self.chain(stage).flat_map(|stage| &stage.transfers);
        let copied = copied.filter(|transfer| transfer.source == Source::Context);
        copied.into_iter().any(|transfer| {
            let sources: Vec<&str> = transfer.paths.iter().filter_map(|(path, _)| path.known()).collect();
            let is_there = |source: &&str| {
                // Of `server/package*.json` the folder.
                let literal = match source.find(['*', '?', '[', '$', '{']) {
                    Some(at) => parent(source.get(..at).unwrap_or_default()),
                    None => source,
                };
                join(&self.service.context, literal.trim_start_matches('/')).is_none_or(|path| {
                    path.is_empty()
                        || self.workspace.exists(&path)
                        || self.workspace.gitignored(&path, false).is_some()
                        || self.workspace.gitignored(&path, true).is_some()
                })
            };
            let is_manifest = |source: &&str| file_name(source).starts_with("package");
            sources.iter().any(is_manifest) && !sources.iter().all(is_there)
        })
    }

    /// The first command of a `RUN` that fills `node_modules` with all dependencies, when they stay behind the `later` ones.
    pub(super) fn installs_all(&self, stage: &StageFacts, run: &Run, later: &[&Run]) -> Option<DevelopmentModules> {
        let (at, install) = run.invocations.iter().enumerate().find(|(_, invocation)| {
            invocation.guard == Guard::Always
                && installs_node_modules(invocation)
                && !self.leaves_out_development(run, invocation)
                && self.is_plain_install(stage, run, invocation)
        })?;
        let folder = modules_of(install)?;
        let path = self.origin_in(stage.index, run, &install.workdir, "package.json")?;
        let manifest = self.node_manifest(&path).filter(|manifest| !manifest.has_workspaces())?;
        if self.is_of_another_project(stage) {
            return None;
        }
        let mut packages = manifest.development();
        let lock = join(parent(&path), "package-lock.json").filter(|_| install.program == "npm");
        if let Some(lock) = lock.and_then(|lock| self.workspace.read(&lock).ok()) {
            packages.retain(|name| !stays_without_development(lock.text(), name));
        }
        let runs_scripts = !install.has_argument("--ignore-scripts");
        let script = manifest
            .calls_a_tool_when_installed()
            .filter(|_| runs_scripts)
            .or_else(|| self.prepares_with(&path, &manifest, &packages));
        let mut later = later.iter().map(|other| (*other, 0)).chain([(run, at + 1)]);
        let gone = later.any(|(other, first)| other.opaque || self.takes_out(other, first, &folder));
        let workspace = join(parent(&path), "pnpm-workspace.yaml");
        let is_pnpm_workspace = workspace.is_some_and(|path| self.workspace.is_file(&path));
        (!packages.is_empty() && !gone && !on_mount(run, &folder)).then(|| DevelopmentModules {
            folder,
            range: install.range,
            install: install.range,
            copied_from: None,
            aside: None,
            manifest: path,
            packages,
            needed: Vec::new(),
            twice: Vec::new(),
            program: install.program.clone(),
            script,
            needs_scripts: manifest.patches_when_installed()
                || install.program == "yarn"
                    && self.origin_in(stage.index, run, &install.workdir, "yarn.lock").is_none(),
            is_pnpm_workspace,
            by_lock: install.program == "npm"
                && matches!(install.argument(0), Some("ci" | "clean-install" | "ic" | "install-clean")),
            flags: flags_of(install),
            shared_by: None,
            node: node_of(&self.ancestors(stage).last().unwrap_or(stage).image),
            late: None,
            builds: true,
            has_generated_client: false,
            output: None,
        })
    }

    /// Whether nothing but `package.json` decides what is installed.
    fn is_plain_install(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
        let words = || invocation.arguments.iter().map(|argument| argument.value.text());
        let operands = words().filter(|word| !word.starts_with('-')).count();
        let elsewhere = words().any(|word| {
            let name = word.split('=').next().unwrap_or(word);
            ELSEWHERE.contains(&name)
        });
        let by_variable = VARIABLES.iter().any(|name| self.variable(run, invocation, name).is_some())
            || self.chain(stage).flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations).any(sets_omit);
        // `NODE_ENV=$MODE` may be anything, and an image that is not Docker's own may set it.
        let root = self.ancestors(stage).last().unwrap_or(stage);
        let unsure = match self.variable(run, invocation, "NODE_ENV") {
            Some(value) => value.known().is_none(),
            None => !leaves_environment_alone(&root.image),
        };
        let configured = [".npmrc", ".yarnrc.yml", ".yarnrc"].iter().any(|name| {
            let file = self.project_file(stage, run, &invocation.workdir, name);
            file.is_some_and(|file| {
                let text = file.text();
                *name == ".yarnrc.yml" || text.contains("omit") || text.contains("production")
            })
        });
        operands <= 1 && !elsewhere && !by_variable && !unsure && !configured
    }
}

/// `npm config set omit dev`, `npm set omit=dev`
fn sets_omit(invocation: &Invocation) -> bool {
    let words: Vec<&str> = invocation.arguments.iter().map(|argument| argument.value.text()).collect();
    let pairs = || {
        words
            .iter()
            .filter_map(|word| word.split_once('='))
            .chain(words.iter().copied().zip(words.iter().skip(1).copied()))
    };
    let omits = |pair| matches!(pair, ("omit", "dev") | ("production", "true") | ("only", "prod" | "production"));
    invocation.program == "npm"
        && matches!(words.as_slice(), ["config" | "c", "set", ..] | ["set", ..])
        && pairs().any(omits)
}

/// Whether a lock of npm says that an ordinary dependency may take the package too, so that npm leaves it when it takes out development
/// dependencies: `"devOptional": true`.
fn stays_without_development(lock: &str, name: &str) -> bool {
    let start = format!("\n    \"node_modules/{name}\": {{");
    let entry = lock.find(&start).and_then(|at| lock.get(at + start.len()..));
    entry.and_then(|entry| entry.split("\n    }").next()).is_some_and(|entry| entry.contains("\"devOptional\": true"))
}

/// The major version of `node:20.11-slim`; `None` for other images and tags.
fn node_of(image: &BaseImage) -> Option<u32> {
    let tag = image.tag.as_deref().filter(|_| image.repository == "node")?;
    tag.split(['.', '-']).next()?.parse().ok()
}

/// Whether an image is known not to set `NODE_ENV`. Those that bring Node.js may, unless they are the official one: App Engine's does.
fn leaves_environment_alone(image: &BaseImage) -> bool {
    let repository = image.repository.as_str();
    repository == "node" || (image.is_known && !repository.contains("node") && !repository.starts_with("bitnami"))
}

/// Those of [`FLAGS`] that an install has, as they are written: `--legacy-peer-deps=true`.
fn flags_of(install: &Invocation) -> Vec<String> {
    let words = install.arguments.iter().filter_map(|argument| argument.value.known());
    let is_one = |word: &&str| {
        let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
        FLAGS.contains(&name) && (name == "--registry") == value.is_some_and(|value| value != "true")
    };
    words.filter(is_one).map(str::to_owned).collect()
}
