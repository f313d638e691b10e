//! The dependencies and scripts of a `package.json`, and what commands need of them.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::super::Facts;
use super::super::paths::file_name;

/// Programs that serve sources while they are written. They load what the project's configuration names.
const SERVERS: [&str; 17] = [
    "vite",
    "react-scripts",
    "react-app-rewired",
    "craco",
    "webpack",
    "webpack-dev-server",
    "ng",
    "vue-cli-service",
    "storybook",
    "parcel",
    "gatsby",
    "nodemon",
    "ts-node",
    "ts-node-dev",
    "tsx",
    "jest",
    "vitest",
];

/// Programs that packages bring under another name.
const PROGRAMS: [(&str, &str); 7] = [
    ("nest", "@nestjs/cli"),
    ("ng", "@angular/cli"),
    ("sb", "storybook"),
    ("tsc", "typescript"),
    ("vue-cli-service", "@vue/cli-service"),
    ("babel", "@babel/cli"),
    ("remix", "@remix-run/dev"),
];

/// The dependencies and scripts of a `package.json`.
pub(in crate::facts) struct Manifest {
    pub(super) json: Json,
}

impl Facts<'_> {
    /// The `package.json` at `path`, relative to the root.
    pub(in crate::facts) fn node_manifest(&self, path: &str) -> Option<Manifest> {
        let file = self.workspace.read(path).ok()?;
        let json: Json = serde_json::from_str(file.text().trim_start_matches('\u{feff}')).ok()?;
        Some(Manifest { json })
    }
}

/// Scripts that each install of the project itself runs (npm's documentation of scripts).
const WITH_EACH_INSTALL: [&str; 6] = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];

impl Manifest {
    fn names(&self, key: &str) -> Vec<String> {
        let names = self.json.get(key).and_then(Json::as_object).map(|object| object.keys().cloned().collect());
        names.unwrap_or_default()
    }

    pub(super) fn all_development(&self) -> Vec<String> {
        self.names("devDependencies")
    }

    /// Development dependencies that hold more than types, and are not ordinary dependencies too.
    pub(super) fn development(&self) -> Vec<String> {
        let mut names = self.all_development();
        let ordinary = self.names("dependencies");
        names.retain(|name| !name.starts_with("@types/") && !ordinary.contains(name));
        names
    }

    /// Dependencies that are development dependencies too: npm leaves them out with those.
    pub(super) fn declared_twice(&self) -> Vec<String> {
        let development: BTreeSet<String> = self.names("devDependencies").into_iter().collect();
        let mut names = self.names("dependencies");
        names.retain(|name| development.contains(name));
        names
    }

    pub(in crate::facts) fn depends_on(&self, name: &str) -> bool {
        self.names("dependencies").iter().any(|other| other == name)
    }

    /// Whether packages below the folder have manifests of their own, which the same install reads.
    pub(super) fn has_workspaces(&self) -> bool {
        self.json.get("workspaces").is_some()
    }

    pub(super) fn scripts(&self) -> impl Iterator<Item = (&String, &str)> {
        let scripts = self.json.get("scripts").and_then(Json::as_object);
        scripts.into_iter().flatten().filter_map(|(name, script)| Some((name, script.as_str()?)))
    }

    /// The scripts that each install runs, by their names, each as what it calls in the end: `"prepare": "npm run build"`.
    fn install_scripts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        WITH_EACH_INSTALL.into_iter().filter_map(|name| {
            let (_, script) = self.scripts().find(|(other, _)| *other == name)?;
            let words: Vec<&str> = script.split_whitespace().collect();
            let run = words.windows(3).find_map(|three| match three {
                ["npm" | "yarn" | "pnpm", "run", name] => Some(*name),
                _ => None,
            });
            let called = run.and_then(|run| self.scripts().find(|(other, _)| *other == run));
            Some((name, called.map_or(script, |(_, script)| script)))
        })
    }

    /// Whether a script that each install runs calls `patch-package`.
    pub(super) fn patches_when_installed(&self) -> bool {
        self.install_scripts().any(|(_, script)| script.contains("patch-package"))
    }

    /// The script that each install runs which calls a development dependency, with the dependency.
    pub(super) fn calls_a_tool_when_installed(&self) -> Option<(&'static str, String)> {
        let tools = self.all_development();
        // `husky || true` may fail.
        let mut scripts = self.install_scripts().filter(|(_, script)| !script.contains("||"));
        // Without it the patches are gone, whatever else the script calls.
        let first = |script: &str| {
            let called = || tools.iter().filter(|tool| calls_package(script, tool));
            called().find(|tool| *tool == "patch-package").or_else(|| called().next()).cloned()
        };
        scripts.find_map(|(name, script)| Some((name, first(script)?)))
    }

    /// A command for which `holds` of a line, or of the scripts of the manifest that the line runs.
    pub(super) fn finds<T>(&self, line: &str, holds: &dyn Fn(&[&str]) -> Option<T>) -> Option<T> {
        self.finds_below(line, holds, 0)
    }

    fn finds_below<T>(&self, line: &str, holds: &dyn Fn(&[&str]) -> Option<T>, depth: u32) -> Option<T> {
        commands(line).iter().find_map(|command| {
            let run = || {
                let at = command.iter().position(|word| matches!(file_name(word), "npm" | "yarn" | "pnpm"))?;
                let mut behind = command.iter().skip(at + 1).filter(|word| !word.starts_with('-') && **word != "run");
                let name = behind.next()?;
                let around = ["pre", "", "post"].map(|part| format!("{part}{name}"));
                let mut scripts = self.scripts().filter(|(other, _)| depth <= 4 && around.contains(other));
                scripts.find_map(|(_, script)| self.finds_below(script, holds, depth + 1))
            };
            holds(command).or_else(run)
        })
    }

    /// The script that each install runs which calls `nuxt prepare`: it loads what the configuration names.
    pub(super) fn prepares_nuxt(&self) -> Option<&'static str> {
        ["postinstall", "prepare"].into_iter().find(|name| {
            let script = self.scripts().find(|(other, _)| other == name).map(|(_, script)| script);
            script.is_some_and(|script| {
                commands(script)
                    .iter()
                    .any(|command| command.windows(2).any(|pair| matches!(pair, ["nuxt" | "nuxi", "prepare"])))
                    && !script.contains("||")
            })
        })
    }

    /// Whether a command needs no development dependency, where it runs a script of the manifest or a package's program.
    pub(super) fn runs_plainly(&self, command: &[&str]) -> bool {
        let mut rest = command.iter().copied();
        while let Some(word) = rest.next() {
            match file_name(word) {
                "npm" | "yarn" | "pnpm" => {
                    let mut behind = rest.filter(|word| !word.starts_with('-'));
                    let name = match behind.next() {
                        Some("run" | "run-script") => behind.next(),
                        // They install, or set something up.
                        None
                        | Some(
                            "ci" | "install" | "i" | "config" | "cache" | "prune" | "add" | "remove" | "uninstall"
                            | "update" | "upgrade" | "ls" | "list" | "audit" | "outdated" | "version" | "link"
                            | "login" | "init",
                        ) => return true,
                        other => other,
                    };
                    return name.is_some_and(|name| self.starts_plainly(name, 0));
                }
                "npx" => return rest.find(|word| !word.starts_with('-')).is_some_and(|name| self.depends_on(name)),
                _ => {}
            }
        }
        true
    }

    /// Whether the words of a start run Node.js itself: `node server.js`, or `npm start` where the script does.
    pub(super) fn runs_node(&self, words: &[&str]) -> bool {
        let line = words.join(" ");
        let all = commands(&line);
        let mut starts = all.iter().filter_map(|command| {
            let at = command.iter().position(|word| matches!(file_name(word), "node" | "npm" | "yarn" | "pnpm"))?;
            let mut behind = command.iter().skip(at + 1).filter(|word| !word.starts_with('-') && **word != "run");
            Some((file_name(command.get(at)?), behind.next().copied().unwrap_or_default()))
        });
        starts.any(|(program, name)| {
            let script = || self.scripts().find(|(other, _)| *other == name).map(|(_, script)| script);
            let begins = |script: &str| script.split_whitespace().find(|word| !word.contains('=')) == Some("node");
            program == "node" || name == "node" || script().map_or(name == "start", begins)
        })
    }

    /// Whether the script `name` runs Node.js itself or an ordinary dependency, and names no development dependency.
    fn starts_plainly(&self, name: &str, depth: u32) -> bool {
        // Without a script of that name `npm start` runs `node server.js`.
        let has = |other: &str| self.scripts().any(|(name, _)| name == other);
        let around = ["pre", "post"].map(|part| format!("{part}{name}"));
        if depth <= 4 && around.iter().any(|other| has(other) && !self.starts_plainly(other, depth + 1)) {
            return false;
        }
        let Some((_, script)) = self.scripts().find(|(other, _)| *other == name) else { return name == "start" };
        let tools = self.all_development();
        // `next build` runs whatever compiles, which are development dependencies by their nature, named by settings and not by scripts.
        let builds = name.split(':').next() == Some("build") || script.split_whitespace().nth(1) == Some("build");
        if depth > 4
            || builds
            || is_for_work(name)
            || script.split([' ', '=', '/', '&', ';']).any(is_for_work)
            || tools.iter().any(|tool| names_package(script, tool))
        {
            return false;
        }
        script.split(['&', ';', '|']).filter(|part| !part.trim().is_empty()).all(|part| {
            let mut words = part.split_whitespace().skip_while(|word| word.contains('='));
            match words.next() {
                None | Some("node") => true,
                Some("npm" | "yarn" | "pnpm") => {
                    // The script of another manifest: `npm run start -w @area/api`, `yarn workspace api start`.
                    let elsewhere = |word: &str| {
                        let option = word.split('=').next().unwrap_or(word);
                        matches!(
                            option,
                            "-w" | "--workspace"
                                | "--workspaces"
                                | "--prefix"
                                | "-C"
                                | "--cwd"
                                | "--filter"
                                | "-F"
                                | "workspace"
                        )
                    };
                    if words.clone().any(elsewhere) {
                        return false;
                    }
                    let mut words = words.filter(|word| *word != "run" && !word.starts_with('-'));
                    words.next().is_some_and(|name| self.starts_plainly(name, depth + 1))
                }
                Some(program) => self.depends_on(program),
            }
        })
    }
}

/// The commands of a line, each word by word.
pub(super) fn commands(line: &str) -> Vec<Vec<&str>> {
    line.split(['&', ';', '|', '(', ')', '`'])
        .map(|command| {
            let words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'', '[', ']', ',', '$']));
            words.filter(|word| !word.is_empty()).collect()
        })
        .collect()
}

/// Whether a word of a command says that sources are served or watched: `start:dev`, `NODE_ENV=development`, `vite`.
pub(super) fn is_for_work(word: &str) -> bool {
    let parts = || word.split([':', '-', '_', '.', '=']);
    SERVERS.contains(&word) || parts().any(|part| matches!(part, "dev" | "development" | "watch" | "test" | "debug"))
}

/// Whether a script names a package or a program that it brings: `tsc -p .` of `typescript`.
fn calls_package(script: &str, name: &str) -> bool {
    let mut programs = PROGRAMS.iter().filter(|(_, package)| *package == name);
    names_package(script, name) || programs.any(|(program, _)| names_package(script, program))
}

/// Whether `name` stands in `text` as a word of its own: `node -r ts-node/register`.
pub(super) fn names_package(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let is_part = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        !is_part(before) && !is_part(text.as_bytes().get(at + name.len()))
    })
}
