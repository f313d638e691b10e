//! npm, yarn, pnpm and bun.

use serde_json::Value as Json;

use crate::context::Tree;
use crate::facts::{Facts, Invocation, Run, StageFacts};
use crate::workspace::join;

use super::{ManifestInstall, beside, folder_of};

/// Packages whose own install scripts read files of the project.
const NOSY: [&str; 8] = [
    "prisma",
    "@prisma/client",
    "puppeteer",
    "zenstack",
    "@zenstackhq/runtime",
    "simple-git-hooks",
    "yorkie",
    "electron-builder",
];

/// Scripts of `package.json` that an install runs.
const LIFECYCLE: [&str; 8] =
    ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare", "dependencies"];

/// Whether an invocation installs what `package.json` says.
pub(super) fn is_install(invocation: &Invocation) -> bool {
    let words: Vec<&str> = invocation.arguments.iter().map(|argument| argument.value.text()).collect();
    if words
        .iter()
        .any(|word| matches!(*word, "--package-lock-only" | "--dry-run" | "--lockfile-only" | "--mode=update-lockfile"))
    {
        return false;
    }
    let operands: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    match (invocation.program.as_str(), operands.as_slice()) {
        ("npm", ["ci" | "clean-install" | "install" | "i"])
        | ("pnpm" | "bun", ["install" | "i"])
        | ("yarn", ["install"]) => true,
        ("yarn", []) => !words.iter().any(|word| matches!(*word, "-v" | "--version" | "-h" | "--help")),
        _ => false,
    }
}

impl Facts<'_> {
    /// What an install of Node.js packages reads of the context; `None` when it may read more than manifests.
    pub(super) fn node_manifests(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        tree: &Tree,
    ) -> Option<ManifestInstall> {
        let invocation = run.invocations.get(index).filter(|invocation| is_install(invocation))?;
        let elsewhere =
            ["--prefix", "--cwd", "-C", "--dir", "--filter", "--workspace", "-w", "-g", "--global", "--workspaces"];
        let names_another = invocation.arguments.iter().any(|argument| {
            let text = argument.value.text();
            elsewhere
                .iter()
                .any(|flag| text == *flag || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')))
        });
        let known = invocation.arguments.iter().all(|argument| argument.value.known().is_some());
        if names_another || !known {
            return None;
        }
        let manifest = self.origin(stage.index, run.instruction, &beside(invocation, "package.json")?, None)?;
        let source = self.workspace.read(&manifest).ok()?;
        let package: Json = serde_json::from_str(source.text()).ok()?;
        let runs_scripts = !invocation.has_argument("--ignore-scripts");
        if !is_self_contained(&package, runs_scripts) {
            return None;
        }
        let folder = self.in_context(&manifest).map(|path| folder_of(&path).to_owned())?;
        let beside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let is_there = |name: &str| tree.file(&beside(name)).is_some();
        // Plugins, patches and native code are read too.
        let more = ["lerna.json", "binding.gyp", ".pnp.cjs"].into_iter().any(is_there)
            || [".yarn", "patches"].into_iter().any(|name| !tree.under(&beside(name)).is_empty());
        if more || self.is_pnpm_workspace(&beside("pnpm-workspace.yaml")) {
            return None;
        }
        let files: &[&str] = match invocation.program.as_str() {
            "npm" => &["package-lock.json", "npm-shrinkwrap.json", ".npmrc"],
            "yarn" => &["yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc"],
            "pnpm" => &["pnpm-lock.yaml", "pnpm-workspace.yaml", ".pnpmfile.cjs", ".npmrc"],
            _ => &["bun.lock", "bun.lockb", "bunfig.toml", ".npmrc"],
        };
        let word =
            invocation.arguments.iter().map(|argument| argument.value.text()).find(|word| !word.starts_with('-'));
        let command = format!("{} {}", invocation.program, word.unwrap_or("install"));
        let others = files.iter().filter(|name| is_there(name)).map(|name| beside(name));
        let manifests = std::iter::once(beside("package.json")).chain(others).collect();
        Some(ManifestInstall { manifests, writes: Some("node_modules"), split: None, command })
    }

    /// `pnpm-workspace.yaml` may also hold settings alone.
    fn is_pnpm_workspace(&self, path: &str) -> bool {
        let file = join(&self.service.context, path).and_then(|path| self.workspace.read(&path).ok());
        file.is_some_and(|file| file.text().contains("packages:") || file.text().contains("patchedDependencies"))
    }
}

/// Whether an install of the package reads no file but manifests.
fn is_self_contained(package: &Json, runs_scripts: bool) -> bool {
    let has_script = |name: &&str| package.get("scripts").is_some_and(|scripts| scripts.get(name).is_some());
    let names_files = ["workspaces", "patchedDependencies", "overrides", "resolutions"].iter().any(|key| {
        package
            .get(key)
            .is_some_and(|value| matches!(*key, "workspaces" | "patchedDependencies") || names_a_file(value))
    });
    let pnpm = package.get("pnpm").is_some_and(|settings| settings.get("patchedDependencies").is_some());
    let dependencies = || {
        ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
            .iter()
            .filter_map(|key| package.get(key)?.as_object())
            .flatten()
    };
    let nosy = runs_scripts && dependencies().any(|(name, _)| NOSY.contains(&name.as_str()));
    !(names_files
        || pnpm
        || nosy
        || (runs_scripts && LIFECYCLE.iter().any(has_script))
        || dependencies().any(|(_, value)| names_a_file(value)))
}

fn names_a_file(value: &Json) -> bool {
    const LOCAL: [&str; 7] = ["file:", "link:", "portal:", "workspace:", "patch:", "./", "../"];
    match value {
        Json::String(text) => LOCAL.iter().any(|start| text.starts_with(start)) || text.starts_with('/'),
        Json::Object(members) => members.values().any(names_a_file),
        _ => false,
    }
}
