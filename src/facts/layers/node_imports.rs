//! Which packages of npm the sources of a program import, as far as their text tells.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use crate::workspace::{join, parent};

use super::super::Facts;
use super::super::paths::{file_name, is_below, lies_in_any};

/// More and larger sources are not looked into.
const MAX_FILES: usize = 2_000;
const MAX_BYTES: u64 = 256_000;
/// Suffixes of what Node.js runs, compiled or as it is. Components of user interfaces go into bundles.
const SOURCES: [&str; 6] = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
/// Words in the name of what serves the work on a program: `vite.config.ts`, `app.spec.ts`, `types.d.ts`.
const FOR_WORK: [&str; 17] = [
    "config",
    "conf",
    "test",
    "spec",
    "stories",
    "d",
    "setup",
    "gulpfile",
    "gruntfile",
    "webpack",
    "rollup",
    "jest",
    "vite",
    "eslintrc",
    "esbuild",
    "tsup",
    "build",
];
/// Packages that only tests and measurements import, and who imports one is one.
const OF_TESTS: [&str; 14] = [
    "@jest/globals",
    "@playwright/test",
    "@testing-library/",
    "ava",
    "benchmark",
    "chai",
    "cypress",
    "jest",
    "mocha",
    "node:test",
    "playwright/test",
    "sinon",
    "supertest",
    "vitest",
];
/// Folders of such files.
const WORK_FOLDERS: [&str; 17] = [
    "test",
    "tests",
    "integration_tests",
    "__tests__",
    "__mocks__",
    "mocks",
    "spec",
    "e2e",
    "cypress",
    "playwright",
    "scripts",
    "tools",
    "docs",
    "examples",
    "node_modules",
    "config",
    "build",
];

/// Modules of Node.js itself that are packages as well.
const OF_NODE: [&str; 14] = [
    "assert",
    "buffer",
    "console",
    "constants",
    "events",
    "path",
    "process",
    "punycode",
    "querystring",
    "stream",
    "string_decoder",
    "timers",
    "url",
    "util",
];

impl Facts<'_> {
    /// Those of `packages` that a source below the folder of `manifest` imports for more than its types, each with the source: one that
    /// this Dockerfile copies, and that serves the program and not the work on it.
    pub(super) fn imported_of(&self, manifest: &str, packages: &[String]) -> Vec<(String, String)> {
        let folder = parent(manifest);
        let is_workspace = join(folder, "pnpm-workspace.yaml").is_some_and(|path| self.workspace.is_file(&path));
        if self.bundles_its_server(folder) {
            return Vec::new();
        }
        let is_own = |path: &str| folder.is_empty() || is_below(path, folder);
        let mut files = VecDeque::from(self.copied_sources(MAX_BYTES, serves_the_program));
        files.retain(|path| is_own(path));
        // Where an ignore file lets in only what they are compiled to, the sources tell all the same.
        if files.is_empty() {
            let all = self.workspace.own_files();
            let sources = all.files.iter().filter(|file| file.bytes <= MAX_BYTES && is_own(&file.path));
            files.extend(sources.map(|file| file.path.clone()).filter(|path| serves_the_program(path)));
        }
        files.truncate(MAX_FILES);
        let is_bundled = self.node_manifest(manifest).is_some_and(|manifest| {
            manifest.scripts().any(|(_, script)| script.contains("esbuild") && script.contains("--bundle"))
        });
        let mut seen: FxHashSet<String> = files.iter().cloned().collect();
        let mut found: Vec<(String, String)> = Vec::new();
        while let Some(path) = files.pop_front() {
            let Ok(source) = self.workspace.read(&path) else { continue };
            if is_test(source.text()) {
                continue;
            }
            // `server/index.ts` imports `./vite`, and that `../vite.config`: whatever they are called, the program needs them.
            for reached in reached_from(source.text(), is_bundled).filter_map(|name| self.source_beside(&path, name)) {
                if seen.len() < MAX_FILES && is_own(&reached) && seen.insert(reached.clone()) {
                    files.push_back(reached);
                }
            }
            for package in imports(source.text(), packages) {
                let is_new = found.iter().all(|(known, _)| known != package);
                if is_new && !(is_workspace && self.has_it_from_member(&path, folder, package)) {
                    found.push((package.to_owned(), path.clone()));
                }
            }
        }
        found
    }

    /// The source that another one imports by a relative name, `./vite` or `../lib/a.js`, which may stand for `a.ts`.
    fn source_beside(&self, importer: &str, name: &str) -> Option<String> {
        let plain = join(parent(importer), name)?;
        let stem = [".js", ".mjs", ".cjs"].iter().find_map(|suffix| plain.strip_suffix(suffix)).unwrap_or(&plain);
        let indexes = SOURCES.iter().map(|suffix| format!("{plain}/index{suffix}"));
        let named = SOURCES.iter().map(|suffix| format!("{stem}{suffix}"));
        let is_source = |path: &String| SOURCES.iter().any(|suffix| path.ends_with(suffix));
        std::iter::once(plain.clone())
            .chain(named)
            .chain(indexes)
            .find(|path| is_source(path) && self.workspace.is_file(path) && !lies_in_any(path, &["node_modules"]))
    }

    /// Whether a manifest between the source and `folder`, that of a member of a workspace, has the package among its dependencies.
    fn has_it_from_member(&self, source: &str, folder: &str, package: &str) -> bool {
        let above = std::iter::successors(Some(parent(source)), |folder| Some(parent(folder)));
        let members = above.take_while(|own| *own != folder && !own.is_empty());
        let mut manifests = members.filter_map(|own| self.node_manifest(&join(own, "package.json")?));
        manifests.any(|manifest| manifest.depends_on(package))
    }

    /// Whether the server of a `SvelteKit` program goes into a bundle with what it needs beside its ordinary dependencies
    /// (`@sveltejs/adapter-node`: "Anything in devDependencies will get included in the bundled code").
    fn bundles_its_server(&self, folder: &str) -> bool {
        let texts = ["svelte.config.js", "svelte.config.ts", "svelte.config.mjs"].into_iter().filter_map(|name| {
            let path = join(folder, name)?;
            self.workspace.read(&path).ok()
        });
        texts.into_iter().any(|file| file.text().contains("@sveltejs/adapter-node"))
    }
}

fn serves_the_program(path: &str) -> bool {
    let name = file_name(path);
    let is_source = SOURCES.iter().any(|suffix| name.ends_with(suffix));
    // `vitest.globalSetup.ts`; what `render.playwright.js` needs may be needed, and a test that names too much does no harm.
    let is_for_work =
        || name.starts_with('.') || name.starts_with("vitest.") || name.split('.').any(|part| FOR_WORK.contains(&part));
    is_source && !is_for_work() && !lies_in_any(path, &WORK_FOLDERS)
}

/// Whether a source imports what only tests do.
fn is_test(text: &str) -> bool {
    imported(text).any(|name| {
        OF_TESTS.iter().any(|one| {
            name.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || one.ends_with('/'))
        })
    })
}

/// Those of `packages` that a line of the text imports, or gives by their whole name to what loads them:
/// `transport: { target: "pino-pretty" }`.
pub(super) fn imports<'p>(text: &str, packages: &'p [String]) -> Vec<&'p str> {
    // Node.js takes its own, whatever is installed.
    let packages = || packages.iter().filter(|name| !OF_NODE.contains(&name.as_str()));
    let named = |word: &str| {
        packages()
            .find(|name| word.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    // A name of one word may be any word.
    let telling: FxHashSet<&str> = packages().map(String::as_str).filter(|name| name.contains(['-', '/'])).collect();
    let is_type =
        |line: &str| ["import type ", "export type "].iter().any(|start| line.trim_start().starts_with(start));
    let lines = text.lines().filter(|line| !is_comment(line) && !is_type(line));
    let quoted: FxHashSet<&str> = lines
        .flat_map(|line| line.split(['\'', '"', '`']).skip(1).step_by(2))
        .filter(|word| telling.contains(word))
        .collect();
    let given = packages().filter(|name| quoted.contains(name.as_str()));
    imported(text).filter_map(named).chain(given).map(String::as_str).collect()
}

fn is_comment(line: &str) -> bool {
    ["//", "*", "/*"].iter().any(|start| line.trim_start().starts_with(start))
}

/// What stands in quotes on the lines of the text that import: `import express from 'express'`, `require("a/b")`.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim_start).filter(|line| {
        let is_other = ["//", "*", "/*", "import type ", "export type "].iter().any(|start| line.starts_with(start));
        !is_other && (line.contains("import") || line.contains("require(") || line.contains(" from "))
    });
    lines.flat_map(|line| line.split(['\'', '"', '`']).skip(1).step_by(2))
}

/// The relative names that a source imports wherever it runs. What stands inside of a block or behind a condition may be for development
/// alone, unless a bundler takes it along: esbuild puts the packages that `await import('../vite.config')` leads to at the head of a bundle.
fn reached_from(text: &str, is_bundled: bool) -> impl Iterator<Item = &str> {
    const INSIDE: [&str; 8] = ["if", "else", "for", "while", "switch", "try", "function", "async"];
    let is_outside = |line: &str| {
        let first = line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let goes_on = line.starts_with('}') && !line.contains(" from ");
        !line.starts_with([' ', '\t', '/', '*']) && !INSIDE.contains(&first) && !goes_on
    };
    let lines = text.lines().filter(move |line| is_bundled || is_outside(line));
    lines.flat_map(imported).filter(|name| name.starts_with("./") || name.starts_with("../"))
}

#[cfg(test)]
mod tests {
    use super::{imports, is_test, serves_the_program};

    #[test]
    fn imports_are_told_from_types_and_comments() {
        let packages = ["express".to_owned(), "@scope/tool".to_owned()];
        for text in ["import express from 'express';", "const x = require(\"@scope/tool/lib\");", "} from 'express'"] {
            assert!(!imports(text, &packages).is_empty(), "{text}");
        }
        for text in [
            "import type { Request } from 'express';",
            "import type { A } from '@scope/tool';",
            "// import 'express'",
            "import x from 'express-session'",
        ] {
            assert!(imports(text, &packages).is_empty(), "{text}");
        }
        assert!(serves_the_program("src/main.ts") && !serves_the_program("vite.config.ts"));
        assert!(!serves_the_program("esbuild.ts"));
        assert!(!serves_the_program("src/app.test.ts") && !serves_the_program("cypress/a.js"));
        assert!(!serves_the_program("vitest.globalSetup.ts"));
        assert!(!serves_the_program("functional-tests/fixtures/base.ts") && serves_the_program("latest/main.ts"));
        assert!(
            is_test("const Benchmark = require('benchmark')") && is_test("import { test } from '@playwright/test'")
        );
        assert!(!is_test("import chain from 'chai-chain'") && !is_test("const a = 'vitest'"));
    }
}
