//! What a build needs of its context besides the folders that it copies as a whole.

use std::collections::BTreeSet;

use crate::context::{CopySource, Tree};
use crate::dockerfile::{Dockerfile, Instruction, Keyword, UNKNOWN, Value};
use crate::workspace::{Service, Workspace, join, locate_from_sources};

use super::super::commands::{Npm, NpmAction};
use super::super::paths::{is_below, resolve};
use super::super::{Base, Facts, Guard, Invocation, Run, Source, StageFacts};
use super::kinds::{self, Entry};
use super::readers::git_command_in;

/// Larger files are not taken for start scripts.
const MAX_SCRIPT_BYTES: u64 = 64_000;

/// What one Dockerfile needs.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Its path.
    pub dockerfile: String,
    /// Sources of `COPY`, `ADD` and bind mounts that name something, relative to the context.
    pub sources: Vec<String>,
    /// Sources that take a folder as a whole.
    pub folders: Vec<String>,
    /// Names of the table that commands, variables and start scripts mention.
    mentions: BTreeSet<String>,
    /// Whether it installs npm packages.
    pub installs_node: bool,
    /// Whether it runs Node.js.
    pub runs_node: bool,
    /// Whether it is there to run Python and nothing else, as far as its steps tell.
    pub only_python: bool,
    /// Whether it makes a virtual environment.
    pub makes_environment: bool,
    /// Whether it runs cargo or Maven.
    pub compiles: bool,
    /// A command that reads the history, in words.
    pub git: Option<String>,
    /// Whether git can run in it.
    pub has_git: bool,
    /// A step behind a copy of the context that cannot be read, in words.
    pub unreadable: Option<String>,
}

impl Needs {
    /// The needs of the Dockerfile at `path` when it is built in `context`; `None` when it is not, or has an ignore file of its own.
    pub(super) fn of(workspace: &Workspace, context: &str, path: &str, tree: &Tree) -> Option<Self> {
        let source = workspace.read(path).ok()?;
        let service = Service {
            dockerfile: path.to_owned(),
            context: context.to_owned(),
            context_evidence: String::new(),
            ignore_file: workspace.ignore_file_for(path, context),
        };
        if service.ignore_file.is_some() {
            return None;
        }
        let dockerfile = Dockerfile::parse(source.text());
        let facts = Facts::compute(workspace, &service, &source, &dockerfile);
        let mut needs = Self { dockerfile: path.to_owned(), ..Self::default() };
        needs.read_sources(&facts);
        if !may_be_built_in(workspace, context, path, &needs.sources) {
            return None;
        }
        for stage in &facts.stages {
            needs.has_git |= has_git(&facts, stage);
            for run in &stage.runs {
                needs.read_run(&facts, stage, run);
            }
            let values = stage.state.environment.iter().map(|(_, variable)| variable.value.text());
            values.for_each(|value| needs.mention(value));
        }
        needs.read_start(&facts, tree);
        needs.read_tools(&facts);
        Some(needs)
    }

    /// Whether a source names what the row is about.
    pub(super) fn names(&self, entry: &Entry) -> bool {
        self.sources.iter().any(|source| names(source, entry))
    }

    /// Whether a command, a variable or a start script mentions it.
    pub(super) fn mentions(&self, entry: &Entry) -> bool {
        self.mentions.iter().any(|word| entry.is(word, true) || entry.is(word, false))
    }

    /// Whether a source that names something is not known.
    pub(super) fn names_unknown(&self) -> bool {
        self.sources.iter().any(|source| source.contains(UNKNOWN))
    }

    /// Whether a folder is taken as a whole in which `path` lies.
    pub(super) fn takes(&self, path: &str) -> bool {
        self.folders.iter().any(|folder| is_below(&format!("/{path}"), &format!("/{folder}")) || folder.contains(['*', '?']))
    }

    fn read_sources(&mut self, facts: &Facts<'_>) {
        let copies = facts.folder_copies();
        self.folders = copies.iter().map(|copy| copy.source.clone()).collect();
        let transfers = facts.stages.iter().flat_map(|stage| &stage.transfers);
        let from_context = transfers.filter(|transfer| transfer.source == Source::Context);
        let mut sources: BTreeSet<String> =
            from_context.flat_map(|transfer| &transfer.paths).map(|(path, _)| path.text().to_owned()).collect();
        let mounts = facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.mounts);
        for mount in mounts.filter(|mount| mount.kind == "bind" && mount.from.is_none()) {
            let source = resolve("", mount.source.as_ref().map_or("", Value::text)).trim_start_matches('/').to_owned();
            if facts.workspace.is_dir(&join(&facts.service.context, &source).unwrap_or_default()) {
                self.folders.push(source.clone());
            }
            sources.insert(source);
        }
        sources.retain(|source| !source.contains("://") && CopySource::parse(source).is_none_or(|parts| !parts.names_nothing()));
        self.sources = sources.into_iter().collect();
    }

    fn read_run(&mut self, facts: &Facts<'_>, stage: &StageFacts, run: &Run) {
        let copied = whole_context(facts, stage, run.instruction);
        for invocation in run.invocations.iter().filter(|invocation| invocation.guard != Guard::Never) {
            self.read_invocation(invocation);
            if self.git.is_none() && invocation.program == "git" && reads_history(invocation, stage, run, &copied) {
                let line = facts.source.line(invocation.range.start());
                let subcommand = invocation.argument(0).unwrap_or_default();
                self.git = Some(format!("`{}` line {line} runs `git {subcommand}`", self.dockerfile));
            }
        }
        if run.script.is_none() || run.opaque {
            self.mention(run.range.slice(facts.source.text()));
        }
        let line = facts.source.line(run.range.start());
        if run.script.is_none() && git_command_in(run.range.slice(facts.source.text())).is_some() {
            self.git.get_or_insert_with(|| format!("`{}` line {line} runs `git`", self.dockerfile));
        }
        let mounted = run.mounts.iter().any(|mount| mount.kind == "bind" && mount.from.is_none());
        if run.opaque && (mounted || !copied.is_empty()) {
            self.unreadable.get_or_insert_with(|| format!("`{}` line {line} runs what cannot be read here", self.dockerfile));
        }
    }

    fn read_invocation(&mut self, invocation: &Invocation) {
        if !matches!(invocation.program.as_str(), "rm" | "rmdir" | "find" | "echo") {
            let arguments = invocation.arguments.iter().map(|argument| &argument.value);
            let variables = invocation.environment.iter().map(|(_, value)| value);
            let values = arguments.chain(variables).chain([&invocation.path]);
            values.for_each(|value| self.mention(value.text()));
        }
        let first = invocation.argument(0).unwrap_or_default();
        match invocation.program.as_str() {
            "npm" => {
                let script = invocation.argument(1).unwrap_or_default();
                self.installs_node |= Npm::read(invocation).is_some_and(|npm| npm.action == NpmAction::Install)
                    || (matches!(first, "run" | "run-script") && matches!(script, "setup" | "bootstrap" | "install" | "ci"));
            }
            "yarn" => self.installs_node |= invocation.arguments.iter().all(|argument| argument.value.text().starts_with('-')) || first == "install" || first == "workspaces",
            "pnpm" | "bun" | "cnpm" | "ni" | "lerna" | "rush" => {
                self.installs_node |= invocation
                    .arguments
                    .iter()
                    .any(|argument| matches!(argument.value.text(), "install" | "i" | "ci" | "fetch" | "deploy" | "bootstrap"));
            }
            "uv" | "poetry" | "pdm" | "pipenv" | "hatch" | "pixi" | "virtualenv" | "rye" => self.makes_environment = true,
            "python" => self.makes_environment |= invocation.has_argument("venv") || invocation.has_argument("virtualenv"),
            "cargo" | "mvn" | "mvnw" => self.compiles = true,
            _ => {}
        }
    }

    /// `CMD`, `ENTRYPOINT` and `HEALTHCHECK`, with the scripts of the context that they start.
    fn read_start(&mut self, facts: &Facts<'_>, tree: &Tree) {
        let starts = |instruction: &&Instruction| {
            matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
        };
        for instruction in facts.dockerfile.instructions.iter().filter(starts) {
            let text = instruction.range.slice(facts.source.text());
            self.mention(text);
            let words = text.split(|character: char| character.is_whitespace() || "\"',[]".contains(character));
            for name in words.filter_map(|word| word.rsplit('/').next()).filter(|name| name.len() > 2) {
                self.runs_node |= is_node(name);
                let scripts = tree.files.iter().filter(|file| {
                    file.bytes <= MAX_SCRIPT_BYTES && is_script(name) && file.path.rsplit('/').next() == Some(name)
                });
                for script in scripts.take(4) {
                    let path = join(&facts.service.context, &script.path);
                    let Some(file) = path.and_then(|path| facts.workspace.read(&path).ok()) else { continue };
                    self.mention(file.text());
                    if let Some(command) = git_command_in(file.text()) {
                        self.git.get_or_insert_with(|| format!("`{}` runs `{command}`", script.path));
                    }
                }
            }
        }
    }

    fn read_tools(&mut self, facts: &Facts<'_>) {
        let invocations = || facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        self.runs_node |= invocations().any(|invocation| is_node(&invocation.program))
            || facts.stages.iter().any(|stage| is_node(stage.image.repository.rsplit('/').next().unwrap_or_default()));
        let installs_python = invocations()
            .any(|invocation| matches!(invocation.program.as_str(), "pip" | "uv" | "poetry" | "pdm" | "pipenv" | "conda"));
        let others = invocations().any(|invocation| {
            matches!(invocation.program.as_str(), "bundle" | "gem" | "composer" | "php" | "go" | "mix" | "mvn" | "gradle" | "dotnet" | "cargo")
        });
        let runs_python = installs_python || facts.finals().any(|stage| stage.image.python.is_some());
        self.only_python = runs_python && !others && !self.runs_node;
    }

    /// Notes the names of the table that stand in `text` as words or parts of paths.
    fn mention(&mut self, text: &str) {
        let is_name = |character: char| character.is_alphanumeric() || "._-".contains(character);
        for word in text.split(|character| !is_name(character)).filter(|word| word.len() > 2) {
            if kinds::find(word, true).or_else(|| kinds::find(word, false)).is_some() {
                self.mentions.insert(word.to_owned());
            }
        }
    }
}

/// Whether a Dockerfile can be built in `context`: its sources are found there best, or they tell nothing.
fn may_be_built_in(workspace: &Workspace, context: &str, path: &str, sources: &[String]) -> bool {
    let known: Vec<String> = sources.iter().filter(|source| !source.contains(UNKNOWN)).cloned().collect();
    let (located, _) = locate_from_sources(workspace, path, &known, &[]);
    let exists = |source: &String| join(&located, source).is_some_and(|path| workspace.exists(&path)) || source.contains(['*', '?']);
    located == context || !known.iter().any(exists)
}

/// Whether a part of `source` means the row's name. What is not known counts as a `*`, and a glob that takes everything names nothing.
fn names(source: &str, entry: &Entry) -> bool {
    let Some(source) = CopySource::parse(&source.replace(UNKNOWN, "*")) else { return true };
    let sample = entry.pattern().replace('*', "x");
    source.parts().iter().any(|part| match part.literal() {
        Some(name) => entry.is(name, true) || entry.is(name, false),
        None => part.matches(&sample) && !part.matches("any-other-name") && !part.matches(".any-other-name"),
    })
}

/// Where the steps before instruction `before` of a stage put the whole context.
fn whole_context(facts: &Facts<'_>, stage: &StageFacts, before: usize) -> Vec<Option<String>> {
    let copies = facts.folder_copies();
    let here = copies.iter().filter(|copy| {
        let own = copy.stage == stage.index && copy.transfer.instruction < before;
        own || facts.ancestors(stage).any(|ancestor| ancestor.index == copy.stage)
    });
    here.filter_map(|copy| copy.takes(".git")).collect()
}

/// Whether `git` is asked about the repository that the context is.
fn reads_history(invocation: &Invocation, stage: &StageFacts, run: &Run, copied: &[Option<String>]) -> bool {
    let subcommand = invocation.arguments.iter().map(|argument| argument.value.text()).find(|text| !text.starts_with('-'));
    let subcommand = subcommand.unwrap_or_default();
    if matches!(subcommand, "clone" | "config" | "init" | "lfs" | "version" | "ls-remote" | "") {
        return false;
    }
    let mounted = run.mounts.iter().any(|mount| mount.kind == "bind" && mount.from.is_none());
    if copied.is_empty() && !mounted {
        return false;
    }
    let inside = |place: &Option<String>| match (place, invocation.workdir.known()) {
        (Some(place), Some(workdir)) => {
            let root = place.strip_suffix("/.git").filter(|root| !root.is_empty()).unwrap_or("/");
            is_below(workdir, root) || is_below(root, workdir)
        }
        _ => true,
    };
    if !mounted && !copied.iter().any(inside) {
        return false;
    }
    // What follows a clone is about the clone.
    let all = stage.runs.iter().filter(|other| other.instruction <= run.instruction).flat_map(|run| &run.invocations);
    let cloned = all.filter(|other| other.program == "git").any(|other| matches!(other.argument(0), Some("clone" | "init")));
    !(cloned && matches!(subcommand, "checkout" | "fetch" | "pull" | "submodule" | "apply" | "reset" | "switch" | "am" | "remote" | "rev-parse" | "log"))
}

/// Whether git is, or can be, in the stage.
fn has_git(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    let by_base = match stage.base {
        Base::Scratch | Base::Stage(_) => false,
        Base::Image(_) => stage.image.has_build_tools != Some(false),
    };
    by_base
        || stage.runs.iter().any(|run| facts.system_installs(stage, run).iter().any(|install| install.name.starts_with("git")))
}

fn is_node(name: &str) -> bool {
    matches!(name, "node" | "nodejs" | "npm" | "npx" | "yarn" | "pnpm" | "bun" | "bunx" | "deno" | "next" | "corepack")
}

fn is_script(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, None | Some("sh" | "bash" | "py" | "js" | "mjs" | "cjs"))
}
