//! What the files of a repository say of how its images are built: compose and bake files, CI, Makefiles, scripts. What is not literal is left out.

pub(super) mod bake;
mod command;
mod given;
mod makefile;
mod script;
mod setting;
mod workflow;
pub(super) mod yaml;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Workspace;
use super::compose::{ComposeBuild, is_compose_name};
use super::paths::{join, parent};
use command::Built;
pub(super) use given::Given;
use script::{Machine, Variables};
pub(super) use setting::Setting;

/// Files of one folder that are read for what they build, and how large they may be.
const MAX_FILES: usize = 80;
const MAX_BYTES: usize = 256_000;

/// A build of a Dockerfile, where a file of the repository says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BuildDefinition {
    /// The Dockerfile, relative to the root; whether it exists is not looked at.
    pub(super) dockerfile: String,
    /// The build context, relative to the root; `""` is the root.
    pub(super) context: String,
    /// The stage that is built; the last one where none is named.
    pub(super) target: Setting,
    /// What it gives to the build.
    pub(super) arguments: Given,
    /// The platform that is built for, `linux/arm64`.
    pub(super) platform: Setting,
    /// Whether the same step pushes the image, where it says.
    pub(super) pushed: Option<bool>,
    /// The job for tests that keeps the image for itself.
    pub(super) tried_in: Option<String>,
    /// What kind of file says it.
    pub(super) kind: DefinitionKind,
    /// That file, relative to the root.
    pub(super) file: String,
    /// The 1-based line in it.
    pub(super) line: u32,
}

/// Kinds of files that say how images are built, those first that are believed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DefinitionKind {
    /// A compose file.
    Compose,
    /// A file for `docker buildx bake`.
    Bake,
    /// A workflow of GitHub, or a file of another CI service.
    Workflow,
    /// A Makefile or a shell script.
    Script,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bake {
        is_json: bool,
    },
    Workflow,
    Makefile,
    Script,
    /// `package.json`, whose scripts may build.
    Package,
}

/// Folders that hold such files, below the one that they are about.
const FOLDERS: [&str; 24] = [
    ".github/workflows",
    ".gitlab",
    ".gitlab/ci",
    ".gitlab-ci",
    ".circleci",
    ".buildkite",
    ".ci",
    "ci",
    "scripts",
    "script",
    "bin",
    "hack",
    "tools",
    "build",
    "docker",
    "deploy",
    "deployment",
    "infra",
    "dev",
    "make",
    "compose",
    "docker-compose",
    "deployments",
    ".devcontainer",
];

impl Workspace {
    /// What the files in the folders from the one of `dockerfile` up to the root say of its builds, the nearest first.
    pub(super) fn build_definitions(&self, dockerfile: &str) -> Vec<BuildDefinition> {
        self.definitions_above(parent(dockerfile), |definition| definition.dockerfile == dockerfile)
    }

    /// What the files in the folders from `context` up to the root say of builds in it, the nearest first.
    pub(super) fn definitions_with_context(&self, context: &str) -> Vec<BuildDefinition> {
        self.definitions_above(context, |definition| definition.context == context)
    }

    fn definitions_above(&self, folder: &str, is_wanted: impl Fn(&BuildDefinition) -> bool) -> Vec<BuildDefinition> {
        let mut found: Vec<BuildDefinition> = Vec::new();
        let mut folder = folder;
        loop {
            let here = self.definitions_in(folder);
            for definition in here.iter().filter(|definition| is_wanted(definition)) {
                if !found.contains(definition) {
                    found.push(definition.clone());
                }
            }
            if folder.is_empty() {
                return found;
            }
            folder = parent(folder);
        }
    }

    /// What the files of `folder` say, and those in folders made for such files.
    fn definitions_in(&self, folder: &str) -> Arc<Vec<BuildDefinition>> {
        self.remembered_of_surroundings(&format!("build definitions {folder}"), || {
            let mut found = Vec::new();
            self.read_definitions(folder, folder, &mut found);
            let entries = self.entries(folder);
            let is_listed = |name: &str| {
                let place = entries.binary_search_by(|entry| entry.name.as_str().cmp(name));
                place.ok().and_then(|place| entries.get(place)).is_some_and(|entry| entry.is_dir)
            };
            // Most folders have none of them.
            for below in FOLDERS.iter().filter(|below| is_listed(below.split('/').next().unwrap_or(below))) {
                let below = if folder.is_empty() { (*below).to_owned() } else { format!("{folder}/{below}") };
                if self.is_dir(&below) {
                    self.read_definitions(&below, folder, &mut found);
                }
            }
            found
        })
    }

    /// What the files in `folder` say, in a project at `project`.
    fn read_definitions(&self, folder: &str, project: &str, found: &mut Vec<BuildDefinition>) {
        let entries = self.entries(folder);
        let files = entries.iter().filter(|entry| !entry.is_dir);
        let files = files.filter_map(|entry| Some((entry.name.as_str(), form(&entry.name, folder)?)));
        if folder != project && entries.iter().any(|entry| !entry.is_dir && is_compose_name(&entry.name)) {
            found.extend(self.composed_in(folder));
        }
        for (name, form) in files.take(MAX_FILES) {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let Ok(source) = self.read(&path) else { continue };
            let text = source.text();
            let by_name = matches!(form, Form::Bake { .. });
            if text.len() > MAX_BYTES || !(by_name || may_build(text)) {
                continue;
            }
            let (kind, builds) = match form {
                Form::Bake { is_json } => (DefinitionKind::Bake, bake::builds(text, is_json, &path)),
                Form::Workflow => (DefinitionKind::Workflow, workflow::builds(text, project)),
                Form::Makefile => {
                    let places = places([folder, project]);
                    let builds = places.into_iter().flat_map(|place| makefile::builds(text, project, place));
                    (DefinitionKind::Script, builds.collect())
                }
                Form::Script => (DefinitionKind::Script, script_builds(text, &path, project)),
                Form::Package => (DefinitionKind::Script, package_builds(text, folder)),
            };
            for (line, built) in builds {
                let Built { context, dockerfile, target, arguments, platform, pushed, tried_in } = built;
                let file = path.clone();
                let definition = BuildDefinition {
                    dockerfile,
                    context,
                    target,
                    arguments,
                    platform,
                    pushed,
                    tried_in,
                    kind,
                    file,
                    line,
                };
                if !found.contains(&definition) {
                    found.push(definition);
                }
            }
        }
    }

    /// The files that say how `dockerfile` is built in `context`, with what these read: the variables of compose files, and the files
    /// that their services extend.
    #[must_use]
    pub fn definition_files(&self, dockerfile: &str, context: &str) -> BTreeSet<String> {
        let mut files: BTreeSet<String> = self.build_definitions(dockerfile).into_iter().map(|it| it.file).collect();
        for file in self.compose_files(dockerfile, context).iter().flat_map(|files| files.iter()) {
            let builds = file
                .services
                .iter()
                .any(|service| service.build.as_ref().is_some_and(|build| build.dockerfile == dockerfile));
            if builds {
                files.insert(file.path.clone());
            }
        }
        let folders: BTreeSet<String> = files.iter().map(|file| parent(file).to_owned()).collect();
        for folder in folders {
            for file in
                self.compose_files_in(&folder).iter().filter(|file| files.contains(&file.path)).collect::<Vec<_>>()
            {
                files.extend(join(&folder, ".env"));
                files.extend(file.services.iter().filter_map(|service| join(&folder, &service.extended_file()?)));
            }
        }
        files
    }

    /// What the compose files in the folders from the one of `dockerfile` up to the root say of its builds.
    pub(super) fn composed(&self, dockerfile: &str) -> Vec<BuildDefinition> {
        let mut found = Vec::new();
        let mut folder = parent(dockerfile);
        loop {
            found.extend(self.composed_in(folder).into_iter().filter(|build| build.dockerfile == dockerfile));
            if folder.is_empty() {
                return found;
            }
            folder = parent(folder);
        }
    }

    /// What the compose files in `folder` build.
    fn composed_in(&self, folder: &str) -> Vec<BuildDefinition> {
        let files = self.compose_files_in(folder);
        let builds = files.iter().flat_map(|file| {
            file.services.iter().filter_map(move |service| Some((file.path.clone(), service.build.clone()?)))
        });
        let definition = |(file, build): (String, ComposeBuild)| BuildDefinition {
            dockerfile: build.dockerfile,
            context: build.context,
            target: build.target.map_or(Setting::Unset, |target| Some(target).filter(|it| !it.contains('$')).into()),
            arguments: build.arguments,
            platform: build.platform,
            pushed: None,
            tried_in: None,
            kind: DefinitionKind::Compose,
            file,
            line: build.line,
        };
        builds.map(definition).collect()
    }
}

/// A script runs where people call it: in the project, or where it lies. Where neither is meant, no Dockerfile is there.
fn script_builds(text: &str, path: &str, project: &str) -> Vec<(u32, Built)> {
    let places = places([parent(path), project]);
    let from = |place: &str| {
        let mut machine = Machine::new(project, Some(place.to_owned()), Variables::new()).of_file(path);
        machine.run(text).into_iter().map(|(line, built)| (line + 1, built)).collect::<Vec<_>>()
    };
    places.into_iter().flat_map(from).collect()
}

/// `"docker:build": "docker build -f docker/Dockerfile ."`: npm runs scripts in the folder of the package.
fn package_builds(text: &str, folder: &str) -> Vec<(u32, Built)> {
    let Ok(file) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let Some(scripts) = file.get("scripts").and_then(serde_json::Value::as_object) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, script) in scripts {
        let Some(script) = script.as_str().filter(|script| script.contains("build")) else { continue };
        let at = text.find(&format!("\"{name}\"")).and_then(|at| text.get(..at)).unwrap_or_default();
        let line = u32::try_from(at.matches('\n').count() + 1).unwrap_or(u32::MAX);
        let builds = Machine::new(folder, Some(folder.to_owned()), Variables::new()).run(script);
        found.extend(builds.into_iter().map(|(_, built)| (line, built)));
    }
    found
}

fn places([own, project]: [&str; 2]) -> Vec<&str> {
    if own == project { vec![own] } else { vec![own, project] }
}

/// How a file of this name in this folder is read.
fn form(name: &str, folder: &str) -> Option<Form> {
    const ENDINGS: [&str; 8] = ["sh", "bash", "mk", "yml", "yaml", "hcl", "json", ""];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !ENDINGS.iter().any(|ending| extension.eq_ignore_ascii_case(ending)) {
        return None;
    }
    let lower = name.to_lowercase();
    let extension = extension.to_lowercase();
    match extension.as_str() {
        _ if is_compose_name(name) => None,
        "json" if lower == "package.json" => Some(Form::Package),
        "hcl" | "json" if lower.contains("bake") => Some(Form::Bake { is_json: extension == "json" }),
        "sh" | "bash" => Some(Form::Script),
        "mk" => Some(Form::Makefile),
        "yml" | "yaml" => {
            let last = folder.rsplit('/').next().unwrap_or(folder);
            let of_service =
                ["workflows", ".gitlab", "ci", ".ci", ".gitlab-ci", ".circleci", ".buildkite"].contains(&last);
            let known = [
                ".gitlab-ci.",
                "azure-pipelines",
                "bitbucket-pipelines",
                "buildspec",
                ".travis.",
                "taskfile.",
                "action.",
                "cloudbuild",
            ];
            (of_service || known.iter().any(|start| lower.starts_with(start))).then_some(Form::Workflow)
        }
        "" if matches!(lower.as_str(), "makefile" | "gnumakefile") => Some(Form::Makefile),
        _ => None,
    }
}

/// Whether a text may say how an image is built.
fn may_build(text: &str) -> bool {
    let builds = [" build", "build-push-action", "buildah", "executor"].iter().any(|sign| text.contains(sign));
    builds && ["docker", "podman", "buildah", "kaniko", "nerdctl", "DOCKER"].iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_packages() {
        let text = "{\n  \"name\": \"x\",\n  \"scripts\": {\n    \"build\": \"tsc\",\n    \"image\": \"docker build -t x -f docker/D --target prod .\"\n  }\n}\n";
        let found = package_builds(text, "web");
        let [(5, built)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (built.context.as_str(), built.dockerfile.as_str(), built.target.known()),
            ("web", "web/docker/D", Some("prod"))
        );
        assert!(package_builds("{", "").is_empty());
    }
}
