//! What packages of npm need of a full image.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::catalogue;
use crate::workspace::{join, parent};

use super::super::commands::{Npm, NpmAction, Yarn, YarnAction};
use super::super::paths::{file_name, resolve};
use super::super::{Invocation, Source, StageFacts};
use super::{Collector, yarn_lock};

/// How an address begins that npm gives to git.
const SCHEMES: [&str; 7] = ["git+", "git://", "git@", "github:", "gitlab:", "bitbucket:", "gist:"];
/// What only compiling needs.
const COMPILING: [&str; 4] = ["python3", "make", "g++", "gcc"];

impl Collector<'_, '_> {
    /// What the script of the `package.json` at `manifest` calls that `words` run, `yarn build`, with the scripts that it runs in turn.
    pub(super) fn package_script(&mut self, manifest: &str, words: &[&str], depth: u32) {
        const MAX_DEPTH: u32 = 4;
        let name = match words {
            ["run" | "run-script", name, ..] | [name @ ("start" | "test"), ..] => *name,
            [name, ..] if !name.starts_with('-') => *name,
            _ => return,
        };
        let Some(script) = self.facts.script_of_package(manifest, name).filter(|_| depth < MAX_DEPTH) else { return };
        self.script(&script, manifest);
        for command in script.split(['&', ';', '|']) {
            let words: Vec<&str> = command.split_whitespace().collect();
            match words.as_slice() {
                ["npm" | "yarn" | "pnpm", rest @ ..] => self.package_script(manifest, rest, depth + 1),
                ["sh" | "bash", path, ..] | [path, ..] if super::is_script(path) => {
                    let path = join(parent(manifest), path).and_then(|path| self.facts.workspace.read(&path).ok());
                    if let Some(file) = path {
                        self.script(file.text(), file.path());
                    }
                }
                _ => {}
            }
        }
    }

    /// `npm install -g git://example.org/team/tool.git`
    pub(super) fn npm_from_git(&mut self, command: &Invocation) {
        if !matches!(command.argument(0), Some("install" | "i" | "add")) {
            return;
        }
        for word in command.arguments.iter().filter_map(|argument| argument.value.known()) {
            // `tool@git+https://example.org/team/tool.git`
            let address = word.split_once('@').map_or(word, |(_, address)| address);
            if SCHEMES.iter().any(|scheme| word.starts_with(scheme) || address.starts_with(scheme)) {
                self.add("git", format!("for `{word}`"));
                self.certificates_of_git(word);
            }
        }
    }

    /// A package that is cloned from `address` when it is installed.
    fn cloned(&mut self, name: &str, address: &str) {
        self.add("git", format!("for `{name}` from a git repository"));
        self.certificates_of_git(address);
    }

    /// The certificates that git needs for `address`, where the slim image has none. Of hosts that npm knows it takes `https://` first.
    fn certificates_of_git(&mut self, address: &str) {
        let hosts =
            ["github:", "gitlab:", "bitbucket:", "gist:", "https://", "github.com", "gitlab.com", "bitbucket.org"];
        if hosts.iter().any(|host| address.contains(host)) {
            self.certificates_of("git");
        }
    }

    /// What a Node project's packages need: by its manifest, and by what its lock tells of those that they bring along.
    pub(super) fn node(&mut self, manifest: &str, command: &Invocation) {
        let program = command.program.as_str();
        let folder = manifest.strip_suffix("package.json").unwrap_or_default();
        let Ok(manifest) = self.facts.workspace.read(manifest) else { return };
        // Yarn 1 and pnpm fetch archives from GitHub instead.
        if let Some((name, address)) = dependency_on_git(manifest.text()).filter(|_| program == "npm") {
            self.cloned(&name, &address);
        }
        let read = |name: &str| self.facts.workspace.read(&format!("{folder}{name}")).ok();
        let yarn = read("yarn.lock");
        let own: Option<Json> = serde_json::from_str(manifest.text()).ok();
        let own = own.as_ref().and_then(|json| json.get("name")?.as_str());
        // Without a name it installs the workspace in whose folder it runs.
        let focused = focused(command).map(|names| if names.is_empty() { own.into_iter().collect() } else { names });
        if focused.is_none() || yarn.is_none() {
            self.npm_packages(|name| manifest.text().contains(&format!("\"{name}\":")));
        }
        if let Some(lock) = &yarn {
            self.yarn(lock.text(), focused.as_deref().unwrap_or_default(), program);
        }
        for lock in ["pnpm-lock.yaml", "bun.lock"].into_iter().filter_map(read) {
            // `node-rdkafka@^2.3.3:`, `"@google-cloud/profiler@^5.0.0":`, `  /node-rdkafka@2.18.0:`, `"node-rdkafka": [`
            let starts = lock.text().lines().map(|line| line.trim_start_matches([' ', '"', '\'', '/']));
            let starts: BTreeSet<&str> = starts.collect();
            let begins = |start: String| {
                starts.range(start.as_str()..).next().is_some_and(|line| line.starts_with(start.as_str()))
            };
            self.npm_packages(|name| {
                name != "node-gyp" && ['@', '/', '"'].into_iter().any(|behind| begins(format!("{name}{behind}")))
            });
        }
        let Some(file) = read("package-lock.json").or_else(|| read("npm-shrinkwrap.json")) else {
            let is_there = |name: &&str| self.facts.workspace.is_file(&format!("{folder}{name}"));
            self.needs.unlocked |= !["yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"].iter().any(is_there)
                && has_dependencies(manifest.text());
            return;
        };
        let (mut name, mut entry) = ("", "");
        for line in file.text().lines().map(str::trim) {
            if let Some(key) = line.strip_suffix("\": {").and_then(|line| line.strip_prefix('"')) {
                entry = key.rsplit_once("node_modules/").map_or(key, |(_, name)| name);
            }
            // `"version": "github:team/tool#…"` of npm 6 and before, `"resolved": "git+ssh://git@example.org/team/tool.git#…"` since.
            let address = line.strip_prefix("\"resolved\": \"").or_else(|| line.strip_prefix("\"version\": \""));
            if let Some(address) =
                address.filter(|address| program == "npm" && SCHEMES.iter().any(|scheme| address.starts_with(scheme)))
            {
                self.cloned(entry, address);
            }
            if let Some((_, rest)) = line.split_once("node_modules/").filter(|_| line.ends_with("\": {")) {
                let path = rest.strip_suffix("\": {").unwrap_or_default();
                name = path.rsplit_once("node_modules/").map_or(path, |(_, name)| name);
            } else if line.starts_with("\"hasInstallScript\": true") && !catalogue::is_harmless_script(name) {
                for package in ["python3", "make", "g++"] {
                    self.add(package, format!("for the install script of `{name}`"));
                }
            }
        }
    }

    /// What the packages of a `yarn.lock` need: all, or those that the workspaces called `focused` bring.
    fn yarn(&mut self, lock: &str, focused: &[&str], program: &str) {
        let packages = yarn_lock::packages(lock);
        let reached =
            if focused.is_empty() { packages.iter().collect() } else { yarn_lock::reached(&packages, focused) };
        let names: BTreeSet<&str> = reached.iter().map(|package| package.name).collect();
        self.npm_packages(|name| name != "node-gyp" && names.contains(name));
        if !matches!(program, "yarn" | "yarnpkg") {
            return;
        }
        for name in yarn_lock::compiled(&reached).into_iter().filter(|name| !catalogue::is_harmless_script(name)) {
            for package in ["python3", "make", "g++"] {
                self.add(package, format!("for `{name}`, which is compiled"));
            }
        }
        for (name, address) in reached.iter().filter_map(|package| Some((package.name, package.cloned()?))) {
            self.cloned(name, address);
        }
    }

    /// What packages of npm open or call when they run that are copied from another stage: `COPY --from=builder /app/.next/standalone ./`.
    pub(super) fn taken(&mut self, stage: &StageFacts) {
        for transfer in &stage.transfers {
            let Source::Stage(from) = transfer.source else { continue };
            for source in transfer.paths.iter().filter_map(|(source, _)| source.known()) {
                let with_modules = matches!(file_name(source), "node_modules" | "standalone" | ".output");
                let own = std::iter::once(source).filter(|_| !with_modules);
                let around = source.match_indices('/').rev().filter(|_| with_modules);
                let folders = own.chain(around.filter_map(|(at, _)| source.get(..at)));
                let manifest = |folder: &str| {
                    self.facts.origin(from, usize::MAX, &resolve("/", &format!("{folder}/package.json")), None)
                };
                let Some(manifest) = folders.into_iter().find_map(manifest) else { continue };
                let Ok(manifest) = self.facts.workspace.read(&manifest) else { continue };
                let json: Option<Json> = serde_json::from_str(manifest.text()).ok();
                let names = json.as_ref().and_then(|json| json.get("dependencies")?.as_object());
                for (name, packages) in catalogue::needs_of_npm_packages() {
                    let is_there = names.is_some_and(|names| names.contains_key(name));
                    let is_for_building = |package: &&str| COMPILING.contains(package) || package.ends_with("-dev");
                    for package in packages.split(' ').filter(|package| is_there && !is_for_building(package)) {
                        self.add(package, format!("for `{name}`"));
                    }
                }
            }
        }
    }

    /// What those packages of npm need that are compiled.
    fn npm_packages(&mut self, is_there: impl Fn(&str) -> bool) {
        for (name, packages) in catalogue::needs_of_npm_packages() {
            if is_there(name) {
                packages.split(' ').for_each(|package| self.add(package, format!("for `{name}`")));
            }
        }
    }
}

/// A dependency of a `package.json` that npm asks git for: `"mediasoup": "github:versatica/mediasoup#v3"`.
fn dependency_on_git(manifest: &str) -> Option<(String, String)> {
    let json: Json = serde_json::from_str(manifest).ok()?;
    let keys = ["dependencies", "devDependencies", "optionalDependencies"];
    let mut all = keys.iter().filter_map(|key| json.get(key)?.as_object()).flatten();
    let is_git = |version: &str| {
        let of_user = version.split('#').next().is_some_and(|path| {
            let plain = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            };
            path.split_once('/').is_some_and(|(user, name)| plain(user) && plain(name) && !user.starts_with('.'))
        });
        of_user || SCHEMES.iter().any(|scheme| version.starts_with(scheme))
    };
    let known = |version: &str| SCHEMES.iter().any(|scheme| version.starts_with(scheme));
    // `team/tool` is short for `github:team/tool`.
    let address = |version: &str| if known(version) { version.to_owned() } else { format!("github:{version}") };
    all.find_map(|(name, version)| Some((name.clone(), address(version.as_str().filter(|version| is_git(version))?))))
}

/// The workspaces that `yarn workspaces focus` installs; none for a command that installs all.
fn focused(command: &Invocation) -> Option<Vec<&str>> {
    let yarn = Yarn::read(command)?;
    let words: Vec<&str> = yarn.subcommand.iter().filter_map(|word| word.value.known()).collect();
    let all = yarn.options.has(&["--all", "-A"]);
    (words == ["workspaces", "focus"] && !all)
        .then(|| yarn.options.operands.iter().filter_map(|(_, word)| word.value.known()).collect())
}

/// Whether it brings packages of npm, from a manifest or by name.
pub(super) fn installs(command: &Invocation) -> bool {
    match command.program.as_str() {
        "npm" => Npm::read(command).is_some_and(|npm| npm.action == NpmAction::Install),
        "yarn" | "yarnpkg" => Yarn::read(command).is_some_and(|yarn| yarn.installs()),
        "pnpm" | "bun" => matches!(command.argument(0), Some("install" | "i" | "add")),
        _ => false,
    }
}

/// `yarn workspaces focus`, which installs as `yarn install` does.
pub(super) fn is_focus(command: &Invocation) -> bool {
    let yarn = Yarn::read(command);
    yarn.is_some_and(|yarn| yarn.action == YarnAction::Install && yarn.subcommand.len() == 2)
}

/// Whether a `package.json` names packages to install.
fn has_dependencies(manifest: &str) -> bool {
    let json: Option<Json> = serde_json::from_str(manifest).ok();
    json.is_some_and(|json| {
        let keys = ["dependencies", "devDependencies", "optionalDependencies"];
        keys.iter().filter_map(|key| json.get(key)?.as_object()).any(|names| !names.is_empty())
    })
}
