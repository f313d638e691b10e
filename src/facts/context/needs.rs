//! What a build needs of its context besides the folders that it copies as a whole.

use std::collections::BTreeSet;

use crate::context::{CopySource, Tree};
use crate::dockerfile::{Dockerfile, Instruction, Keyword, UNKNOWN, Value};
use crate::workspace::{Service, Workspace, join, locate_from_sources, parent};

use super::super::commands::{Npm, NpmAction};
use super::super::paths::{is_below, resolve};
use super::super::{Base, Facts, Guard, Invocation, Run, Source, StageFacts};
use super::copies::FolderCopy;
use super::environments;
use super::history::{git_command_in, needs_repository, reads_history};
use super::kinds::Entry;
use super::readers::is_code;

/// Larger files are not taken for start scripts.
const MAX_SCRIPT_BYTES: u64 = 64_000;

/// Words of commands that are kept.
const MAX_WORDS: usize = 20_000;

/// What matters of a build's steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Does {
    /// It installs npm packages.
    InstallNode,
    /// It runs Node.js.
    RunNode,
    /// It is there to run Python and nothing else, as far as its steps tell.
    OnlyPython,
    /// It makes a virtual environment.
    MakeEnvironment,
    /// It runs cargo or Maven.
    Compile,
    /// It has git, or can have it.
    HaveGit,
    /// It makes an image to work in.
    Workshop,
}

/// What one Dockerfile needs.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Its path.
    pub dockerfile: String,
    /// Sources of `COPY`, `ADD` and bind mounts that name something, relative to the context.
    pub sources: Vec<String>,
    /// Sources that take a folder as a whole.
    pub folders: Vec<String>,
    /// Words and parts of paths that commands, variables and start scripts mention.
    words: BTreeSet<String>,
    /// Names of programs that it runs.
    pub programs: BTreeSet<String>,
    does: BTreeSet<Does>,
    /// Virtual environments that it makes or uses, absolute.
    environments: BTreeSet<String>,
    /// Folders of the context, and where they are put.
    placed: Vec<(String, String)>,
    /// A command that reads the history, in words.
    pub git: Option<String>,
    /// A step behind a copy of the context that cannot be read, in words.
    pub unreadable: Option<String>,
}

impl Needs {
    /// The needs of the Dockerfile at `path` when it is built in `context` with the ignore file `ignore_file`; `None` when it is
    /// not, or reads another. `tree` is what that file leaves of the context.
    pub(super) fn of(
        workspace: &Workspace,
        context: &str,
        ignore_file: Option<&str>,
        path: &str,
        tree: &Tree,
    ) -> Option<Self> {
        let source = workspace.read(path).ok()?;
        let service = Service {
            dockerfile: path.to_owned(),
            context: context.to_owned(),
            context_evidence: String::new(),
            builds: crate::workspace::Builds::default(),
            ignore_file: workspace.ignore_file_for(path, context),
            gpu: None,
        };
        if service.ignore_file.as_deref() != ignore_file {
            return None;
        }
        let dockerfile = Dockerfile::parse(source.text());
        Self::of_facts(&Facts::compute(workspace, &service, &source, &dockerfile), tree)
    }

    /// [`Needs::of`] for a Dockerfile whose facts are there already.
    pub(super) fn of_facts(facts: &Facts<'_>, tree: &Tree) -> Option<Self> {
        let path = &facts.service.dockerfile;
        let mut needs = Self { dockerfile: path.clone(), ..Self::default() };
        needs.read_sources(facts);
        if !may_be_built_in(facts.workspace, &facts.service.context, path, &needs.sources) {
            return None;
        }
        for stage in &facts.stages {
            needs.note(Does::HaveGit, has_git(facts, stage));
            for run in &stage.runs {
                needs.read_run(facts, stage, run);
            }
            let values = stage.state.environment.iter().map(|(_, variable)| variable.value.text());
            values.for_each(|value| needs.mention(value));
        }
        needs.note(Does::Workshop, facts.finals().any(|image| is_workshop(facts, image)));
        needs.read_start(facts, tree);
        needs.read_tools(facts);
        needs.environments = environments::of(facts);
        Some(needs)
    }

    /// Whether the build does it.
    pub(super) fn does(&self, what: Does) -> bool {
        self.does.contains(&what)
    }

    fn note(&mut self, what: Does, holds: bool) {
        if holds {
            self.does.insert(what);
        }
    }

    /// Whether a source names what the row is about.
    pub(super) fn names(&self, entry: &Entry) -> bool {
        self.sources.iter().any(|source| names(source, entry))
    }

    /// Whether a command, a variable or a start script mentions it.
    pub(super) fn mentions(&self, entry: &Entry) -> bool {
        self.words.iter().any(|word| entry.is(word, true) || entry.is(word, false))
    }

    /// Whether one of them is this very word.
    pub(super) fn says(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Whether a source is the folder, or its `package.json` or lock.
    pub(super) fn names_package(&self, folder: &str) -> bool {
        let is_package = |source: &String| source.rsplit_once('/').is_some_and(|(_, name)| name.starts_with("package"));
        self.sources.iter().any(|source| source == folder || (parent(source) == folder && is_package(source)))
    }

    /// Whether it makes an environment where a copy puts what lies at `path` of the context, which would be lost to it.
    pub(super) fn makes_environment_at(&self, path: &str) -> bool {
        self.placed.iter().any(|(folder, destination)| {
            let below = if folder.is_empty() { Some(path) } else { path.strip_prefix(&format!("{folder}/")) };
            below.is_some_and(|rest| self.environments.contains(&resolve(destination, rest)))
        })
    }

    /// Whether a step follows recipes of the context, which can name anything.
    pub(super) fn runs_recipes(&self) -> bool {
        let runners = ["make", "just", "task", "rake", "bazel", "cmake", "meson", "ninja", "invoke", "fab"];
        runners.iter().any(|runner| self.programs.contains(*runner))
    }

    /// Whether a source is the folder or something in it.
    pub(super) fn names_folder(&self, folder: &str) -> bool {
        let folder = format!("/{folder}");
        self.sources.iter().any(|source| is_below(&format!("/{source}"), &folder))
    }

    /// Whether a source that names something is not known.
    pub(super) fn names_unknown(&self) -> bool {
        self.sources.iter().any(|source| source.contains(UNKNOWN))
    }

    /// Whether a folder is taken as a whole in which `path` lies.
    pub(super) fn takes(&self, path: &str) -> bool {
        self.folders
            .iter()
            .any(|folder| is_below(&format!("/{path}"), &format!("/{folder}")) || folder.contains(['*', '?']))
    }

    fn read_sources(&mut self, facts: &Facts<'_>) {
        let copies = facts.folder_copies();
        self.folders = copies.iter().map(|copy| copy.source.clone()).collect();
        let placed = |copy: &FolderCopy<'_>| Some((copy.source.clone(), copy.transfer.destination.known()?.to_owned()));
        self.placed = copies.iter().filter_map(placed).collect();
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
        sources.retain(|source| {
            !source.contains("://") && CopySource::parse(source).is_none_or(|parts| !parts.names_nothing())
        });
        self.sources = sources.into_iter().collect();
    }

    fn read_run(&mut self, facts: &Facts<'_>, stage: &StageFacts, run: &Run) {
        let copied = whole_context(facts, stage, run.instruction);
        for invocation in run.invocations.iter().filter(|invocation| invocation.guard != Guard::Never) {
            self.read_invocation(invocation);
            let reads = match invocation.program.as_str() {
                "git" => reads_history(invocation, stage, run, &copied),
                program => needs_repository(program, invocation),
            };
            if self.git.is_none() && reads {
                let line = facts.source.line(invocation.range.start());
                let (program, argument) = (&invocation.program, invocation.argument(0).unwrap_or_default());
                self.git = Some(format!("`{}` line {line} runs `{program} {argument}`", self.dockerfile));
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
            self.unreadable
                .get_or_insert_with(|| format!("`{}` line {line} runs what cannot be read here", self.dockerfile));
        }
    }

    fn read_invocation(&mut self, invocation: &Invocation) {
        if !matches!(invocation.program.as_str(), "rm" | "rmdir" | "find" | "echo") {
            let arguments = invocation.arguments.iter().map(|argument| &argument.value);
            let variables = invocation.environment.iter().map(|(_, value)| value);
            let values = arguments.chain(variables).chain([&invocation.path]);
            values.for_each(|value| self.mention(value.text()));
        }
        self.programs.insert(invocation.program.clone());
        let first = invocation.argument(0).unwrap_or_default();
        match invocation.program.as_str() {
            "npm" => {
                let script = invocation.argument(1).unwrap_or_default();
                let runs_one =
                    matches!(first, "run" | "run-script") && matches!(script, "setup" | "bootstrap" | "install" | "ci");
                let installs = Npm::read(invocation).is_some_and(|npm| npm.action == NpmAction::Install);
                self.note(Does::InstallNode, installs || runs_one);
            }
            "yarn" => {
                let alone = invocation.arguments.iter().all(|argument| argument.value.text().starts_with('-'));
                self.note(Does::InstallNode, alone || matches!(first, "install" | "workspaces"));
            }
            "pnpm" | "bun" | "cnpm" | "ni" | "lerna" | "rush" => {
                let mut words = invocation.arguments.iter().map(|argument| argument.value.text());
                let installs = |word| matches!(word, "install" | "i" | "ci" | "fetch" | "deploy" | "bootstrap");
                self.note(Does::InstallNode, words.any(installs));
            }
            "uv" | "poetry" | "pdm" | "pipenv" | "hatch" | "pixi" | "virtualenv" | "rye" => {
                self.note(Does::MakeEnvironment, true);
            }
            "python" => {
                let makes = invocation.has_argument("venv") || invocation.has_argument("virtualenv");
                self.note(Does::MakeEnvironment, makes);
            }
            "cargo" | "mvn" | "mvnw" => self.note(Does::Compile, true),
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
                self.note(Does::RunNode, is_node(name));
                if !is_script(name) {
                    continue;
                }
                for script in tree.named(name).filter(|file| file.bytes <= MAX_SCRIPT_BYTES).take(4) {
                    let path = join(&facts.service.context, &script.path);
                    let Some(file) = path.and_then(|path| facts.workspace.read(&path).ok()) else { continue };
                    self.mention(file.text());
                    let command = git_command_in(file.text()).filter(|_| self.does(Does::HaveGit) && !is_code(name));
                    if let Some(command) = command {
                        self.git.get_or_insert_with(|| format!("`{}` runs `{command}`", script.path));
                    }
                }
            }
        }
    }

    fn read_tools(&mut self, facts: &Facts<'_>) {
        let invocations = || facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let by_image =
            facts.stages.iter().any(|stage| is_node(stage.image.repository.rsplit('/').next().unwrap_or_default()));
        self.note(Does::RunNode, by_image || invocations().any(|invocation| is_node(&invocation.program)));
        let installs_python = invocations().any(|invocation| {
            matches!(invocation.program.as_str(), "pip" | "uv" | "poetry" | "pdm" | "pipenv" | "conda")
        });
        let others = invocations().any(|invocation| {
            matches!(
                invocation.program.as_str(),
                "bundle" | "gem" | "composer" | "php" | "go" | "mix" | "mvn" | "gradle" | "dotnet" | "cargo"
            )
        });
        let runs_python = installs_python || facts.finals().any(|stage| stage.image.python.is_some());
        self.note(Does::OnlyPython, runs_python && !others && !self.does(Does::RunNode));
    }

    /// Notes the words of `text` and the parts of its paths.
    fn mention(&mut self, text: &str) {
        let is_name = |character: char| character.is_alphanumeric() || "._-".contains(character);
        let words = text.split(|character| !is_name(character)).filter(|word| word.len() > 2);
        for word in words {
            if self.words.len() < MAX_WORDS && !self.words.contains(word) {
                self.words.insert(word.to_owned());
            }
        }
    }
}

/// Whether a Dockerfile can be built in `context`: its sources are found there best, or they tell nothing.
fn may_be_built_in(workspace: &Workspace, context: &str, path: &str, sources: &[String]) -> bool {
    let known: Vec<String> = sources.iter().filter(|source| !source.contains(UNKNOWN)).cloned().collect();
    let (located, _) = locate_from_sources(workspace, path, &known, &[]);
    let exists = |source: &String| {
        join(&located, source).is_some_and(|path| workspace.exists(&path)) || source.contains(['*', '?'])
    };
    located == context || !known.iter().any(exists)
}

/// Whether a part of `source` means the row's name. What is not known counts as a `*`, and a glob that takes everything names nothing.
pub(super) fn names(source: &str, entry: &Entry) -> bool {
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

/// Whether git is, or can be, in the stage.
fn has_git(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    let by_base = match stage.base {
        Base::Scratch | Base::Stage(_) => false,
        Base::Image(_) => stage.image.has_build_tools != Some(false),
    };
    by_base
        || stage
            .runs
            .iter()
            .any(|run| facts.system_installs(stage, run).iter().any(|install| install.name.starts_with("git")))
}

/// Whether an image starts a shell or nothing, or is named for developing.
pub(super) fn is_workshop(facts: &Facts<'_>, image: &StageFacts) -> bool {
    let mut chain = std::iter::once(image).chain(facts.ancestors(image));
    let starts = chain.any(|stage| stage.command.is_some() || stage.entrypoint.is_some());
    let named = facts.service.dockerfile.split(['/', '.', '-', '_']).any(|part| matches!(part, "devcontainer" | "dev"));
    named || (starts && !facts.is_runtime_image(image))
}

fn is_node(name: &str) -> bool {
    matches!(name, "node" | "nodejs" | "npm" | "npx" | "yarn" | "pnpm" | "bun" | "bunx" | "deno" | "next" | "corepack")
}

fn is_script(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, None | Some("sh" | "bash" | "py" | "js" | "mjs" | "cjs"))
}
