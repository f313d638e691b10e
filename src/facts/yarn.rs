//! Which Yarn a command runs: Yarn 1 keeps one cache for the user; Yarn 2 and later may run the program from theirs.

use crate::dockerfile::Value;

use super::commands::{Yarn, YarnAction};
use super::configuration::line_value;
use super::transfer::Source;
use super::{Facts, Invocation, Run, StageFacts};

/// Which Yarn runs, as far as a cache is concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum YarnVersion {
    /// Yarn 1.
    Classic,
    /// Yarn 2 or later.
    Modern(ModernYarn),
    /// Nothing tells.
    Unknown,
}

/// Settings of Yarn 2 and later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModernYarn {
    /// Whether packages are written to `node_modules`. Otherwise programs are run out of the cache.
    pub node_modules: bool,
    /// Whether the cache is the user's; `None` when the version that decides is not known.
    pub global_cache: Option<bool>,
    /// `cacheFolder`, as written.
    pub folder: Option<Value>,
    /// The folder of the project, absolute.
    pub project: Value,
}

impl Facts<'_> {
    /// Which Yarn `yarn` is.
    #[must_use]
    pub fn yarn_version(&self, stage: &StageFacts, run: &Run, index: usize, yarn: &Yarn<'_>) -> YarnVersion {
        let folder = project(yarn);
        let file = |name: &str| self.project_file(stage, run, &folder, name);
        if yarn.is_modern() == Some(false) {
            return YarnVersion::Classic;
        }
        let settings = file(".yarnrc.yml");
        let manifest = file("package.json");
        let lock = file("yarn.lock");
        let asked = manifest.as_ref().and_then(|manifest| package_manager(manifest.text()));
        let lock_version = lock.as_ref().and_then(|lock| lock_version(lock.text()));
        let modern = settings.is_some()
            || yarn.is_modern() == Some(true)
            || asked.is_some_and(|major| major >= 2)
            || lock_version.is_some_and(|version| version > 1);
        if modern {
            let text = settings.as_ref().map_or("", |settings| settings.text());
            let by_path = setting(text, "yarnPath").and_then(|path| major_in_path(&path));
            let major = by_path.or(asked).or(lock_version.map(|version| if version >= 8 { 4 } else { 3 }));
            return YarnVersion::Modern(self.modern_yarn(run, yarn.invocation, text, major, folder.clone()));
        }
        let classic_lock = lock_version == Some(1);
        if classic_lock || asked == Some(1) {
            return YarnVersion::Classic;
        }
        let told_otherwise = self.earlier(stage, run, index).any(chooses_version);
        let seen = match manifest {
            // corepack takes Yarn 1 when the manifest names no other.
            Some(_) => true,
            None => self.brings_classic(stage, run, index) && !self.may_hold_settings(stage, run),
        };
        if seen && !told_otherwise { YarnVersion::Classic } else { YarnVersion::Unknown }
    }

    /// Whether `yarn` is the Yarn 1 of the official images or of an installer, whatever a manifest that is not in the workspace
    /// asks corepack for.
    fn brings_classic(&self, stage: &StageFacts, run: &Run, index: usize) -> bool {
        let installs = |invocation: &Invocation| {
            matches!(invocation.program.as_str(), "npm" | "apt-get" | "apt" | "apk") && invocation.has_argument("yarn")
        };
        let corepack = self.earlier(stage, run, index).any(|earlier| earlier.program == "corepack");
        !corepack && (stage.image.repository == "node" || self.earlier(stage, run, index).any(installs))
    }

    fn modern_yarn(
        &self,
        run: &Run,
        invocation: &Invocation,
        settings: &str,
        major: Option<u32>,
        project: Value,
    ) -> ModernYarn {
        let of = |variable: &str, key: &str| {
            let variable = self.variable(run, invocation, variable).cloned();
            variable.or_else(|| setting(settings, key).map(Value::new))
        };
        let global = of("YARN_ENABLE_GLOBAL_CACHE", "enableGlobalCache");
        ModernYarn {
            node_modules: of("YARN_NODE_LINKER", "nodeLinker").is_some_and(|linker| linker.text() == "node-modules"),
            global_cache: match global.as_ref().map(Value::known) {
                Some(Some(value)) => Some(matches!(value, "true" | "1")),
                Some(None) => None,
                None => major.map(|major| major >= 4),
            },
            folder: of("YARN_CACHE_FOLDER", "cacheFolder"),
            project,
        }
    }

    /// Whether what was copied before `run` may hold a `.yarnrc.yml` that is not in the workspace.
    fn may_hold_settings(&self, stage: &StageFacts, run: &Run) -> bool {
        let own = stage.transfers.iter().filter(|transfer| transfer.instruction < run.instruction);
        let all = own.chain(self.ancestors(stage).flat_map(|stage| &stage.transfers));
        let mounts = run.mounts.iter().any(|mount| mount.kind == "bind");
        mounts
            || all
                .filter(|transfer| !matches!(transfer.source, Source::Image(_)))
                .flat_map(|transfer| &transfer.paths)
                .any(|(path, _)| path.known().is_none_or(|path| !is_manifest(path)))
    }
}

/// The folder that Yarn works in: `--cwd`, else the command's own.
fn project(yarn: &Yarn<'_>) -> Value {
    let workdir = &yarn.invocation.workdir;
    yarn.options
        .value(&["--cwd"])
        .map_or_else(|| workdir.clone(), |folder| super::paths::resolve_value(workdir, folder))
}

/// Whether a path names a manifest or a lock and not a folder: `package*.json`, `yarn.lock*`, `pnpm-lock.yaml`. A star at the start
/// takes hidden files too.
fn is_manifest(path: &str) -> bool {
    let name = super::paths::file_name(path).trim_end_matches(['*', '?']);
    !name.starts_with(['.', '*']) && [".json", ".lock", ".yaml", ".yml"].iter().any(|end| name.ends_with(end))
}

/// Whether a command may put another Yarn in place.
fn chooses_version(invocation: &Invocation) -> bool {
    let names_yarn = |argument: &super::Argument| {
        let text = argument.value.text();
        text.strip_prefix("yarn@").is_some_and(|version| !version.starts_with('1')) || text.starts_with("@yarnpkg/")
    };
    Yarn::read(invocation).is_some_and(|yarn| yarn.action == YarnAction::SetVersion)
        || (matches!(invocation.program.as_str(), "corepack" | "npm") && invocation.arguments.iter().any(names_yarn))
}

/// The value of a key at the top of a YAML file.
fn setting(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| line_value(line, key)).map(str::to_owned)
}

/// The major version of the Yarn that `packageManager` of a `package.json` asks for.
fn package_manager(text: &str) -> Option<u32> {
    let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
    let version = manifest.get("packageManager")?.as_str()?.strip_prefix("yarn@")?;
    version.split('.').next()?.parse().ok()
}

/// 1 for a lock of Yarn 1, else the version of the lock's own format: 8 is Yarn 4's.
fn lock_version(text: &str) -> Option<u32> {
    let mut lines = text.lines().take(20);
    if text.lines().take(3).any(|line| line.trim() == "# yarn lockfile v1") {
        return Some(1);
    }
    lines.find(|line| line.starts_with("__metadata:"))?;
    let version = lines.next()?.trim().strip_prefix("version:")?;
    version.trim().parse().ok()
}

/// `4` of `.yarn/releases/yarn-4.1.0.cjs`.
fn major_in_path(path: &str) -> Option<u32> {
    let name = super::paths::file_name(path).strip_prefix("yarn-")?;
    name.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_where_yarn_writes_them() {
        assert_eq!(package_manager(r#"{"packageManager": "yarn@4.9.2+sha512.abc"}"#), Some(4));
        assert_eq!(package_manager(r#"{"packageManager": "pnpm@9.0.0"}"#), None);
        assert_eq!(lock_version("# THIS IS AN AUTOGENERATED FILE.\n# yarn lockfile v1\n\n\n"), Some(1));
        assert_eq!(lock_version("# This file is generated\n\n__metadata:\n  version: 8\n"), Some(8));
        assert_eq!(lock_version("lodash@^4:\n  version \"4.17.21\"\n"), None);
        assert_eq!(major_in_path(".yarn/releases/yarn-3.8.7.cjs"), Some(3));
        assert_eq!(setting("nodeLinker: node-modules # as before\n", "nodeLinker").as_deref(), Some("node-modules"));
        assert_eq!(setting("  nodeLinker: pnp\n", "nodeLinker"), None);
    }
}
