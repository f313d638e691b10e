//! Which packages of npm other packages load by names of their own: the driver of a dialect, the compiler of a configuration.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::workspace::{join, parent};

use super::super::Facts;
use super::super::paths::{file_name, has_ending, is_below, lies_in_any};
use super::node_imports::imports;
use super::node_manifest::Manifest;

/// Larger sources are not looked into.
const MAX_BYTES: u64 = 256_000;
const MAX_FILES: usize = 2_000;
/// Suffixes of sources and settings that name a dialect.
const SOURCES: [&str; 7] = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json"];
/// Folders of what the program does not run.
const FOR_WORK: [&str; 8] = ["test", "tests", "__tests__", "spec", "e2e", "examples", "docs", "node_modules"];
/// Mappers of objects to tables that load a driver by the name of its dialect.
const MAPPERS: [&str; 4] = ["sequelize", "sequelize-typescript", "@sequelize/core", "typeorm"];
/// Dialects of `Sequelize` and `TypeORM`, and the packages that they load for them.
const DRIVERS: [(&str, &[&str]); 13] = [
    ("postgres", &["pg", "pg-hstore"]),
    ("postgresql", &["pg", "pg-hstore"]),
    ("cockroachdb", &["pg"]),
    ("mysql", &["mysql2", "mysql"]),
    ("aurora-mysql", &["mysql2"]),
    ("mariadb", &["mariadb", "mysql2", "mysql"]),
    ("sqlite", &["sqlite3"]),
    ("better-sqlite3", &["better-sqlite3"]),
    ("sqljs", &["sql.js"]),
    ("mssql", &["tedious", "mssql"]),
    ("oracle", &["oracledb"]),
    ("mongodb", &["mongodb"]),
    ("mongodb+srv", &["mongodb"]),
];
/// Endings of the settings of a program, as the first of them that is there.
const SETTINGS: [&str; 5] = ["js", "mjs", "ts", "cjs", "mts"];
/// What translates a configuration of another language when it is loaded; `ts-node-dev` brings `ts-node`.
const TRANSLATORS: [&str; 10] = [
    "ts-node",
    "ts-node-dev",
    "tsx",
    "typescript",
    "tsconfig-paths",
    "sucrase",
    "esbuild-register",
    "@swc/core",
    "@swc/register",
    "@swc-node/register",
];

impl Facts<'_> {
    /// Those of `packages` that a mapper among the ordinary dependencies loads as its driver, each with what needs it: a source that names
    /// the dialect, `new Sequelize({ dialect: 'sqlite' })`, or the mapper where nothing tells which one it takes.
    pub(super) fn drivers_of(&self, path: &str, manifest: &Manifest, packages: &[String]) -> Vec<(String, String)> {
        let is_driver = |name: &str| DRIVERS.iter().any(|(_, drivers)| drivers.contains(&name));
        let own: Vec<&String> = packages.iter().filter(|name| is_driver(name)).collect();
        let Some(mapper) = MAPPERS.into_iter().find(|mapper| manifest.depends_on(mapper)).filter(|_| !own.is_empty())
        else {
            return Vec::new();
        };
        let folder = parent(path);
        let mut named: BTreeSet<(&str, String)> = BTreeSet::new();
        let files = self.copied_sources(MAX_BYTES, may_name_a_dialect);
        let files = files.into_iter().filter(|file| folder.is_empty() || is_below(file, folder));
        for file in files.take(MAX_FILES) {
            let Ok(source) = self.workspace.read(&file) else { continue };
            named.extend(dialects(source.text()).into_iter().map(|dialect| (dialect, file.clone())));
        }
        let file_of = |package: &str| {
            let of_dialect =
                |dialect: &str| DRIVERS.iter().any(|(name, drivers)| *name == dialect && drivers.contains(&package));
            named.iter().find(|(dialect, _)| of_dialect(dialect)).map(|(_, file)| file.clone())
        };
        // Beside a driver that is an ordinary dependency another one is there for tests.
        let has_ordinary = DRIVERS.iter().any(|(_, all)| all.iter().any(|name| manifest.depends_on(name)));
        let is_open = !has_ordinary && own.iter().all(|package| file_of(package).is_none());
        let needed = own.into_iter().filter_map(|package| {
            let file = file_of(package).or_else(|| is_open.then(|| mapper.to_owned()))?;
            Some((package.clone(), file))
        });
        needed.collect()
    }

    /// Those of `packages` with which a program that one of `lines` starts reads its configuration, each with that file: `npx knex
    /// migrate:latest` beside a `knexfile.ts`, `sequelize-cli db:migrate` beside a `.sequelizerc` that calls `@babel/register`.
    pub(super) fn loaded_with_configuration(
        &self,
        path: &str,
        manifest: &Manifest,
        lines: &[String],
        packages: &[String],
    ) -> Vec<(String, String)> {
        let folder = parent(path);
        let is_there = |name: &str| join(folder, name).is_some_and(|path| self.workspace.is_file(&path));
        let knexfile = |command: &[&str]| {
            let at = command.iter().position(|word| file_name(word) == "knex")?;
            let behind = command.get(at + 1..)?;
            // It writes a file for who develops.
            if behind.iter().any(|word| word.ends_with(":make")) {
                return None;
            }
            let told = behind.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--knexfile") {
                Some("") => behind.get(at + 1).copied(),
                rest => rest?.strip_prefix('='),
            });
            let file =
                told.or_else(|| Some("knexfile.ts").filter(|name| is_there(name) && !is_there("knexfile.js")))?;
            (has_ending(file, "ts") || has_ending(file, "mts")).then(|| file.to_owned())
        };
        let sequelize = |command: &[&str]| {
            let runs = command.iter().any(|word| matches!(file_name(word), "sequelize" | "sequelize-cli"));
            (runs && is_there(".sequelizerc")).then_some(())
        };
        let mut found: Vec<(String, String)> = Vec::new();
        if let Some(file) = lines.iter().find_map(|line| manifest.finds(line, &knexfile)) {
            let translators = packages.iter().filter(|name| TRANSLATORS.contains(&name.as_str()) || is_of_babel(name));
            found.extend(translators.map(|name| (name.clone(), file.clone())));
        }
        let settings = lines.iter().find_map(|line| manifest.finds(line, &sequelize));
        let settings = settings.and_then(|()| self.workspace.read(&join(folder, ".sequelizerc")?).ok());
        if let Some(settings) = settings {
            let named = imports(settings.text(), packages);
            let by_typescript = named.iter().any(|name| TRANSLATORS.contains(name));
            let by_babel = named.iter().any(|name| is_of_babel(name));
            let needed = packages.iter().filter(|name| {
                named.contains(&name.as_str())
                    || by_typescript && TRANSLATORS.contains(&name.as_str())
                    || by_babel && is_of_babel(name)
            });
            found.extend(needed.map(|name| (name.clone(), ".sequelizerc".to_owned())));
        }
        // `const analyze = require("@next/bundle-analyzer")(…)` in `next.config.js`, `import "dotenv/config"` in `dappetizer.config.ts`.
        let settings_of = |command: &[&str]| {
            let program = own_program(command)?;
            SETTINGS.into_iter().find_map(|ending| {
                let name = format!("{program}.config.{ending}");
                let file = self.workspace.read(&join(folder, &name)?).ok()?;
                Some((program.clone(), name, file))
            })
        };
        for (program, name, file) in lines.iter().filter_map(|line| manifest.finds(line, &settings_of)) {
            let outermost = file.text().lines().filter(|line| !line.starts_with(char::is_whitespace));
            let outermost = outermost.collect::<Vec<_>>().join("\n");
            let named = imports(&outermost, packages);
            // Next.js says itself what it needs for TypeScript.
            let is_typed = has_ending(&name, "ts") && program != "next";
            let translators = packages.iter().filter(|package| is_typed && TRANSLATORS.contains(&package.as_str()));
            let needed = named.into_iter().chain(translators.map(String::as_str));
            found.extend(needed.map(|package| (package.to_owned(), name.clone())));
        }
        found
    }

    /// What a program needs to read its configuration: `next start` translates `next.config.ts`.
    pub(super) fn compiles_its_configuration(&self, manifest: &str) -> Option<(&'static str, &'static str)> {
        const TYPED: [&str; 2] = ["next.config.ts", "next.config.mts"];
        let folder = parent(manifest);
        let there = |name: &&str| join(folder, name).is_some_and(|path| self.workspace.is_file(&path));
        let typed = TYPED.into_iter().find(there)?;
        let needs = self.node_manifest(manifest)?;
        let is_one = needs.depends_on("next") && needs.all_development().iter().any(|name| name == "typescript");
        is_one.then_some(("typescript", typed))
    }

    /// The script of each install that calls `nuxt prepare`, with `nuxt`, where the configuration names one of `packages`, without which
    /// it fails: `modules: ['@nuxtjs/tailwindcss']`.
    pub(super) fn prepares_with(
        &self,
        path: &str,
        manifest: &Manifest,
        packages: &[String],
    ) -> Option<(&'static str, String)> {
        let script = manifest.prepares_nuxt()?;
        let configuration = ["nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs"].into_iter().find_map(|name| {
            let path = join(parent(path), name)?;
            self.workspace.read(&path).ok()
        })?;
        let text = configuration.text();
        let mut quoted = text.split(['\'', '"', '`']).skip(1).step_by(2);
        let names = |word: &str| {
            packages.iter().any(|name| {
                word.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        quoted.any(names).then(|| (script, "nuxt".to_owned()))
    }
}

/// The program of `node_modules` that a command starts to serve or to run: `next` of `npx next start`. What builds or develops reads its
/// settings then, not when the image runs.
fn own_program(command: &[&str]) -> Option<String> {
    const BUILDS: [&str; 6] = ["build", "dev", "generate", "lint", "test", "watch"];
    let sets = |word: &&&str| word.contains('=') || matches!(**word, "cross-env" | "env");
    let command: Vec<&str> = command.iter().skip_while(sets).copied().collect();
    let calls_script = matches!(command.first().map(|word| file_name(word)), Some("npm" | "yarn" | "pnpm" | "bun"))
        && command.get(1) != Some(&"exec");
    if calls_script {
        return None;
    }
    let mut words = command.iter().map(|word| file_name(word)).skip_while(|word| {
        matches!(*word, "npx" | "bunx" | "yarn" | "pnpm" | "npm" | "exec" | "node")
            || word.contains('=')
            || word.starts_with('-')
    });
    let program = words.next()?.trim_end_matches(".js");
    let is_plain = !program.is_empty() && program.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    (is_plain && !words.any(|word| BUILDS.contains(&word))).then(|| program.to_owned())
}

/// Babel calls its core and the presets that its configuration names, but no program for the command line.
fn is_of_babel(name: &str) -> bool {
    (name.starts_with("@babel/") || name.starts_with("babel-"))
        && !matches!(name, "@babel/cli" | "@babel/node" | "babel-cli")
}

fn may_name_a_dialect(path: &str) -> bool {
    let name = file_name(path);
    let is_for_work = |part: &str| matches!(part, "test" | "spec" | "d");
    SOURCES.iter().any(|suffix| name.ends_with(suffix))
        && !name.starts_with("package")
        && !name.split('.').any(is_for_work)
        && !lies_in_any(path, &FOR_WORK)
}

/// The dialects that a source names: `dialect: 'sqlite'`, `type: "mysql"`, `'postgres://…'`.
fn dialects(text: &str) -> Vec<&'static str> {
    // Of settings for several purposes those of tests say nothing of what runs.
    let json: Option<Json> =
        Some(text).filter(|text| text.trim_start().starts_with('{')).and_then(|text| serde_json::from_str(text).ok());
    let without_tests = json.and_then(|mut json| {
        json.as_object_mut()?.remove("test");
        serde_json::to_string_pretty(&json).ok()
    });
    let text = without_tests.as_deref().unwrap_or(text);
    let lines = text.lines().filter(|line| !["//", "*", "/*"].iter().any(|start| line.trim_start().starts_with(start)));
    let mut found = Vec::new();
    for line in lines {
        let is_told = ["dialect", "type"].iter().any(|key| line.contains(key));
        for word in line.split(['\'', '"', '`']).skip(1).step_by(2) {
            let scheme = word.split_once(':').map(|(scheme, _)| scheme);
            let named = if is_told { scheme.or(Some(word)) } else { scheme };
            found.extend(
                named
                    .and_then(|named| DRIVERS.iter().find(|(dialect, _)| *dialect == named))
                    .map(|(dialect, _)| *dialect),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{dialects, own_program};

    #[test]
    fn a_command_serves_with_a_program_of_its_own() {
        for (line, expected) in [
            ("next start", Some("next")),
            ("npx dappetizer start", Some("dappetizer")),
            ("node node_modules/next/dist/bin/next start", Some("next")),
            ("NODE_ENV=production node server.js", Some("server")),
            ("npm start", None),
            ("next build", None),
            ("vite dev", None),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(own_program(&words).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn dialects_are_told_by_settings_and_addresses() {
        for (text, expected) in [
            ("new Sequelize({ dialect: 'sqlite', storage })", vec!["sqlite"]),
            ("new Sequelize('sqlite::memory:')", vec!["sqlite"]),
            ("export const url = \"postgres://db/shop\"", vec!["postgres"]),
            ("  type: 'mysql',", vec!["mysql"]),
            ("// dialect: 'mysql'", vec![]),
            ("dialect: process.env.DIALECT", vec![]),
            ("type: 'varchar'", vec![]),
            ("console.log('mysql')", vec![]),
            (r#"{"test": {"dialect": "sqlite"}, "production": {"dialect": "postgres"}}"#, vec!["postgres"]),
        ] {
            assert_eq!(dialects(text), expected, "{text}");
        }
    }
}
