//! What packages of npm need of a full image.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::catalogue;

use super::super::paths::{file_name, resolve};
use super::super::{Invocation, Source, StageFacts};
use super::Collector;

/// How an address begins that npm gives to git.
const SCHEMES: [&str; 7] = ["git+", "git://", "git@", "github:", "gitlab:", "bitbucket:", "gist:"];
/// What only compiling needs.
const COMPILING: [&str; 4] = ["python3", "make", "g++", "gcc"];

impl Collector<'_, '_> {
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
                if word.contains("https://") && !catalogue::has_certificates_when_slim(self.image) {
                    self.add("ca-certificates", "for `https://` of `git`".to_owned());
                }
            }
        }
    }

    /// What a Node project's packages need: by its manifest, and by what its lock tells of those that they bring along.
    pub(super) fn node(&mut self, manifest: &str, program: &str) {
        let folder = manifest.strip_suffix("package.json").unwrap_or_default();
        let Ok(manifest) = self.facts.workspace.read(manifest) else { return };
        // Yarn 1 and pnpm fetch archives from GitHub instead.
        if let Some(name) = dependency_on_git(manifest.text()).filter(|_| program == "npm") {
            self.add("git", format!("for `{name}` from a git repository"));
        }
        self.npm_packages(|name| manifest.text().contains(&format!("\"{name}\":")));
        let read = |name: &str| self.facts.workspace.read(&format!("{folder}{name}")).ok();
        let others = ["yarn.lock", "pnpm-lock.yaml", "bun.lock"];
        for lock in others.into_iter().filter_map(read) {
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
            self.needs.unlocked |=
                !others.iter().chain(&["bun.lockb"]).any(is_there) && has_dependencies(manifest.text());
            return;
        };
        let mut name = "";
        for line in file.text().lines().map(str::trim) {
            if line.starts_with("\"resolved\": \"git+") {
                self.add("git", format!("for `{name}` from a git repository"));
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
fn dependency_on_git(manifest: &str) -> Option<String> {
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
    all.find(|(_, version)| version.as_str().is_some_and(is_git)).map(|(name, _)| name.clone())
}

/// Whether a `package.json` names packages to install.
fn has_dependencies(manifest: &str) -> bool {
    let json: Option<Json> = serde_json::from_str(manifest).ok();
    json.is_some_and(|json| {
        let keys = ["dependencies", "devDependencies", "optionalDependencies"];
        keys.iter().filter_map(|key| json.get(key)?.as_object()).any(|names| !names.is_empty())
    })
}
