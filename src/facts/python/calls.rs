//! What calls an installer when an image runs, as far as the repository tells.

mod text;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::dockerfile::{Instruction, Keyword};
use crate::facts::paths::{file_name, resolve};
use crate::facts::{Facts, StageFacts};
use crate::workspace::{join, parent};

use super::installers::InstallerTool;
use super::sieve::Words;
use super::{Program, Reached, Tool, has_extension};
pub(super) use text::calls_in;
use text::{Call, calls_container, is_container_command};

/// Scripts that a start leads to, at most.
const SCRIPT_LIMIT: usize = 24;
/// Python sources that are looked through, at most.
const SOURCE_LIMIT: usize = 12_000;
/// Programs that read from a file of the working folder what to start.
const RUNNERS: [&str; 14] = [
    "make",
    "just",
    "honcho",
    "foreman",
    "task",
    "npm",
    "pnpm",
    "yarn",
    "pm2",
    "supervisord",
    "s6-svscan",
    "overmind",
    "invoke",
    "circusd",
];
/// What such programs read.
const RUN_FILES: [&str; 14] = [
    "Makefile",
    "makefile",
    "GNUmakefile",
    "justfile",
    "Justfile",
    "Procfile",
    "Taskfile.yml",
    "Taskfile.yaml",
    "package.json",
    "ecosystem.config.js",
    "supervisord.conf",
    "circus.ini",
    "tasks.py",
    "pyproject.toml",
];
/// Files in which platforms are told what to start.
const PLATFORM_FILES: [&str; 12] = [
    "procfile",
    "fly.toml",
    "railway.toml",
    "railway.json",
    "render.yaml",
    "app.json",
    "app.yaml",
    "heroku.yml",
    "koyeb.yaml",
    "dokploy.json",
    "smithery.yaml",
    "nixpacks.toml",
];

/// What needs an installer when an image runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InstallerUse {
    /// Nothing that can be seen.
    Unused,
    /// Only the start, as a wrapper around a program of the environment: `uv run gunicorn`. What is started, and where it says so.
    Wrapper(Reached),
    /// Something that cannot do without it.
    Needed(Reached),
    /// It cannot be told: a script that is not seen, a program without sources.
    Unknown,
}

impl Facts<'_> {
    /// What calls the installer when `image` runs.
    #[must_use]
    pub fn installer_use(&self, image: &StageFacts, tool: InstallerTool) -> InstallerUse {
        let program = self.program();
        let known = program.sources.iter().any(|path| !Program::is_aside(path) && !path.ends_with("setup.py"));
        let sources = self.all_sources();
        if !known || sources.len() >= SOURCE_LIMIT {
            return InstallerUse::Unknown;
        }
        let mut calls = Vec::new();
        if !self.start_calls(image, tool, &mut calls) {
            return InstallerUse::Unknown;
        }
        if let Some(needed) = calls.iter().find(|call| !call.is_wrapper) {
            return InstallerUse::Needed(needed.reached.clone());
        }
        let elsewhere = self
            .written_calls(image, tool)
            .or_else(|| self.source_calls(tool, &sources))
            .or_else(|| self.deployed_calls(tool));
        if let Some(reached) = elsewhere {
            return InstallerUse::Needed(reached);
        }
        match calls.first() {
            None => InstallerUse::Unused,
            // Without an environment that the build made, the wrapper makes it.
            Some(call) if self.makes_environment(tool) => InstallerUse::Wrapper(call.reached.clone()),
            Some(call) => InstallerUse::Needed(call.reached.clone()),
        }
    }

    /// Whether another file than the Dockerfile calls the installer when `image` starts.
    #[must_use]
    pub(in crate::facts) fn wraps_elsewhere(&self, image: &StageFacts, tool: InstallerTool) -> bool {
        let mut calls = Vec::new();
        !self.start_calls(image, tool, &mut calls) || calls.iter().any(|call| call.reached.file != self.source.path())
    }

    fn makes_environment(&self, tool: InstallerTool) -> bool {
        let wanted = |install: Tool| match tool {
            InstallerTool::Uv => install == Tool::UvSync,
            InstallerTool::Poetry => install == Tool::Poetry,
            _ => false,
        };
        self.python_installs().iter().any(|install| wanted(install.tool) && self.ships(install))
    }

    /// Calls in `CMD`, `ENTRYPOINT`, `HEALTHCHECK`, `ENV` and the scripts that the start leads to. `false` when one of those cannot
    /// be seen.
    pub(super) fn start_calls(&self, image: &StageFacts, tool: InstallerTool, calls: &mut Vec<Call>) -> bool {
        let mut scripts: Vec<(String, String)> = Vec::new();
        let mut complete = true;
        for instruction in self.own_instructions(image) {
            let keyword = instruction.keyword;
            if !matches!(
                keyword,
                Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Env | Keyword::Onbuild
            ) {
                continue;
            }
            let text: String = instruction
                .body
                .text()
                .chars()
                .map(|character| if matches!(character, '[' | ']' | ',') { ' ' } else { character })
                .collect();
            // `ENV POETRY_HOME=/opt/poetry` is no call.
            let found = calls_in(&text, tool, self.source.path());
            calls.extend(found.into_iter().filter(|call| keyword != Keyword::Env || call.is_wrapper));
            if matches!(keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck) {
                complete &= self.scripts_of(image, &text, &mut scripts);
            }
        }
        let composed = self.composed_words(image).join(" ");
        complete &= self.scripts_of(image, &composed, &mut scripts);
        let services = self.program().texts.iter().filter(|path| is_for_services(path));
        for path in services {
            if let Ok(file) = self.workspace.read(path) {
                calls.extend(calls_in(file.text(), tool, path));
            }
        }
        let mut at = 0;
        while let Some((path, text)) = scripts.get(at).cloned() {
            at += 1;
            if at > SCRIPT_LIMIT {
                return false;
            }
            calls.extend(calls_in(&text, tool, &path));
            // What is not found from within a script may be anything, such as a program of the base.
            self.scripts_of(image, &text, &mut scripts);
        }
        complete
    }

    /// The instructions that make `image`, those of the stages that it is built on included.
    fn own_instructions<'a>(&'a self, image: &'a StageFacts) -> impl Iterator<Item = &'a Instruction> {
        let chain = std::iter::once(image).chain(self.ancestors(image));
        chain
            .filter_map(|stage| self.dockerfile.stages.get(stage.index))
            .flat_map(|stage| stage.instructions.clone())
            .filter_map(|number| self.dockerfile.instructions.get(number))
    }

    /// Adds the files of the context that `text` names, as the image finds them. `false` when one that must be a script is not
    /// there.
    fn scripts_of(&self, image: &StageFacts, text: &str, scripts: &mut Vec<(String, String)>) -> bool {
        let mut complete = true;
        let workdir = image.state.workdir.text();
        for word in text.split(|character: char| character.is_whitespace() || "\"';|&()`,=".contains(character)) {
            let name = file_name(word);
            let mut found = Vec::new();
            if RUNNERS.contains(&name) {
                let paths = RUN_FILES
                    .iter()
                    .filter_map(|file| self.origin(image.index, usize::MAX, &resolve(workdir, file), None));
                found.extend(paths);
            } else if word.contains(['/', '.']) && !word.contains("://") && !word.starts_with('-') {
                let in_image = self.origin(image.index, usize::MAX, &resolve(workdir, word), None);
                let beside = || join(&self.service.context, word.trim_start_matches(['.', '/']));
                found.extend(in_image.or_else(beside).filter(|path| self.workspace.is_file(path)));
                let is_script = [".sh", ".bash"].iter().any(|ending| name.ends_with(ending)) || name == "entrypoint";
                complete &= !(is_script && found.is_empty());
            }
            for path in found.into_iter().filter(|path| !has_extension(path, &["py"])) {
                if scripts.iter().any(|(known, _)| *known == path) {
                    continue;
                }
                if let Ok(file) = self.workspace.read(&path) {
                    scripts.push((path, file.text().to_owned()));
                }
            }
        }
        complete
    }

    /// Calls in files that the build writes: `RUN echo "uv run …" > /start.sh`, a heredoc of a `COPY`.
    fn written_calls(&self, image: &StageFacts, tool: InstallerTool) -> Option<Reached> {
        let path = self.source.path();
        let needed = |text: &str| calls_in(text, tool, path).into_iter().next().map(|call| call.reached);
        let heredocs = self.own_instructions(image).flat_map(|instruction| {
            let is_script =
                instruction.keyword == Keyword::Run && instruction.body.text().trim_start().starts_with("<<");
            instruction.heredocs.iter().map(move |heredoc| (is_script, heredoc.body.slice(self.source.text())))
        });
        // A heredoc within a script: what stands behind its beginning is written.
        let heredocs =
            heredocs.filter_map(
                |(is_script, text)| {
                    if is_script { text.split_once("<<").map(|(_, rest)| rest) } else { Some(text) }
                },
            );
        if let Some(reached) = heredocs.into_iter().find_map(needed) {
            return Some(reached);
        }
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let mut invocations = chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        invocations.find_map(|invocation| {
            let writes = matches!(invocation.program.as_str(), "echo" | "printf" | "tee" | "cat" | "sed" | "crontab")
                || invocation.output.as_ref().is_some_and(|output| output.text() != "/dev/null");
            let words = invocation.arguments.iter().filter(|_| writes);
            words.map(|word| word.value.text()).find_map(needed)
        })
    }

    /// The sources that the image can hold, where the program is too large to be read as a whole those of the context.
    fn all_sources(&self) -> Arc<Vec<String>> {
        let program = self.program();
        if !program.truncated {
            return Arc::clone(&program.sources);
        }
        self.workspace.python_sources(&self.service.context, SOURCE_LIMIT)
    }

    /// Sources that start it: `subprocess.run(["uv", "pip", …])`, `shell("uv pip install …")`.
    fn source_calls(&self, tool: InstallerTool, sources: &[String]) -> Option<Reached> {
        let quoted: Vec<String> = tool
            .commands()
            .iter()
            .flat_map(|command| {
                ["\"", "'"].map(|quote| [format!("{quote}{command}{quote}"), format!("{quote}{command} ")])
            })
            .flatten()
            .collect();
        let module = tool.name().replace('-', "_");
        let imports = [format!("import {module}"), format!("from {module}")];
        let said: Vec<&String> = quoted.iter().chain(&imports).collect();
        let said = Words::of(&said);
        let find = |path: &String| {
            let file = self.workspace.read(path).ok()?;
            let text = file.text();
            // Most sources say none of it.
            if !said.are_in(text) {
                return None;
            }
            let word = quoted.iter().find(|word| text.contains(word.as_str()));
            let imported = || {
                let line = text.lines().map(str::trim).find(|line| {
                    imports.iter().any(|start| {
                        line.strip_prefix(start.as_str())
                            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
                    })
                });
                line.map(str::to_owned)
            };
            let by = word.map(|word| word.trim().to_owned()).or_else(imported)?;
            Some(Reached { file: path.clone(), by })
        };
        let question = format!("calls\0{}", tool.name());
        let answer = || sources.par_iter().filter(|path| !is_test(path)).find_map_first(find);
        // `sources` are those of the program, or of the context that its key names.
        let is_whole = !self.program().truncated;
        let found = if is_whole { self.of_sources(&question, answer) } else { self.of_program(&question, answer) };
        (*found).clone()
    }

    /// Files of the repository that call it in a container: compose, Kubernetes, platforms, `docker exec`.
    fn deployed_calls(&self, tool: InstallerTool) -> Option<Reached> {
        let reached = |file: &str, call: Call| Reached { file: file.to_owned(), by: call.reached.by };
        let folders = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        for file in folders.iter().flat_map(|files| files.iter()) {
            for service in &file.services {
                let other = service.build.as_ref().is_some_and(|build| build.dockerfile != self.service.dockerfile);
                let call = || calls_in(&service.lines.join("\n"), tool, &file.path).into_iter().next();
                if let Some(call) = (!other).then(call).flatten() {
                    return Some(reached(&file.path, call));
                }
            }
        }
        let mut near: BTreeSet<&str> = [self.service.context.as_str(), "", parent(&self.service.dockerfile)].into();
        near.extend(self.service.dockerfile.rsplit_once('/').map(|(folder, _)| folder));
        let targets = self.targets();
        for (path, text) in targets.texts() {
            let name = file_name(path).to_lowercase();
            let platform = PLATFORM_FILES.contains(&name.as_str())
                || (name.starts_with("fly.") && has_extension(&name, &["toml"]));
            if platform && near.contains(parent(path)) {
                if let Some(call) = calls_in(text, tool, path).into_iter().next() {
                    return Some(reached(path, call));
                }
                continue;
            }
            if is_for_tests(path) || !tool.commands().iter().any(|command| text.contains(command)) {
                continue;
            }
            let manifest = has_extension(&name, &["yml", "yaml"]) && !name.contains("compose");
            let line = text.lines().find(|line| {
                let line = line.trim();
                calls_container(line, tool) || (manifest && is_container_command(line, tool))
            });
            if let Some(line) = line {
                return Some(Reached { file: path.to_owned(), by: line.trim().chars().take(60).collect() });
            }
        }
        None
    }
}

/// Whether a file is one that an init system starts by where it stands: s6, cron and their like.
fn is_for_services(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "rootfs"
                | "s6"
                | "s6-rc.d"
                | "s6-overlay"
                | "cont-init.d"
                | "services.d"
                | "init.d"
                | "conf.d"
                | "cron.d"
                | "supervisor"
        )
    })
}

/// Whether a file tells how the repository is tested, which says nothing of how its images run.
fn is_for_tests(path: &str) -> bool {
    let lower = path.to_lowercase();
    lower.split(['/', '.', '-', '_']).any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "testing"
                | "e2e"
                | "benchmark"
                | "benchmarks"
                | "github"
                | "gitlab"
                | "circleci"
                | "buildkite"
                | "travis"
        )
    })
}

/// Tests and tasks of developers, which an image does not run.
fn is_test(path: &str) -> bool {
    let name = file_name(path);
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "noxfile.py" | "setup.py" | "fabfile.py" | "dodo.py")
        || path.split('/').any(|part| matches!(part, "tests" | "test" | "docs" | "examples"))
}
