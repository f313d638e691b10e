//! What holds at each instruction of a stage.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalogue::{self, BaseImage};
use crate::dockerfile::{Arguments, CommandLine, Instruction, Keyword, Value, expand};
use crate::text::TextRange;

use super::environment::{Environment, Variable, VariableKind};
use super::images::{self, Base};
use super::paths::{file_name, resolve_value};
use super::{Facts, Invocation, Run, Transfer, transfer, walk};

/// The shell that runs the shell form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shell {
    /// A POSIX shell or bash.
    Posix {
        /// `-e` in `SHELL`.
        errexit: bool,
    },
    /// `PowerShell`.
    PowerShell,
    /// Windows' `cmd`.
    Cmd,
    /// Something else, whose scripts are left alone.
    Other,
}

/// What holds at an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Variables of `ENV` and `ARG`.
    pub environment: Environment,
    /// `USER`, without the group; `None` is the base image's own.
    pub user: Option<Value>,
    /// `WORKDIR`, absolute.
    pub workdir: Value,
    /// `SHELL`.
    pub shell: Shell,
}

impl State {
    /// The home folder of the user: `HOME` when it is set, `/root` for root, else `/home/NAME`, as `useradd` makes it. Users that come
    /// with the system have others, each image its own.
    #[must_use]
    pub fn home(&self) -> Option<String> {
        const OF_THE_SYSTEM: [&str; 24] = [
            "_apt", "apache", "backup", "bin", "daemon", "ftp", "games", "guest", "irc", "list", "lp", "mail", "man",
            "mysql", "news", "nginx", "nobody", "postgres", "proxy", "redis", "sync", "sys", "uucp", "www-data",
        ];
        if let Some(home) = self.environment.known("HOME") {
            return Some(home.to_owned());
        }
        match self.user.as_ref().map(Value::known) {
            Some(Some("root" | "0" | "")) => Some("/root".to_owned()),
            Some(Some(user)) if user.bytes().all(|byte| byte.is_ascii_digit()) => None,
            Some(Some(user)) if OF_THE_SYSTEM.contains(&user) => None,
            Some(Some(user)) => Some(format!("/home/{user}")),
            Some(None) | None => None,
        }
    }

    /// The name or number of the user, where one is set and known.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        self.user.as_ref().and_then(Value::known)
    }

    /// Expands a Dockerfile word at this point.
    #[must_use]
    pub fn expand(&self, word: &str, escape: char) -> Value {
        expand(word, escape, &|name| self.environment.lookup(name))
    }
}

/// What is known of a stage.
#[derive(Clone, Debug)]
pub struct StageFacts {
    /// Its number.
    pub index: usize,
    /// Its name in lower case.
    pub name: Option<String>,
    /// Index of its `FROM` instruction.
    pub from: usize,
    /// What it is built on.
    pub base: Base,
    /// What is known of the image at the root of its `FROM` chain.
    pub image: BaseImage,
    /// `--platform` of its `FROM`.
    pub platform: Option<Value>,
    /// Its `RUN`s in order.
    pub runs: Vec<Run>,
    /// Places of the invocations that may configure a tool, as (index of the run, index of the invocation).
    pub(super) configuring: Vec<(usize, usize)>,
    /// Its `COPY`s and `ADD`s in order.
    pub transfers: Vec<Transfer>,
    /// What holds at its end.
    pub state: Arc<State>,
    /// Index of the `CMD` that counts, inherited ones not included.
    pub command: Option<usize>,
    /// Index of the `ENTRYPOINT` that counts, inherited ones not included.
    pub entrypoint: Option<usize>,
    /// Whether the stage is an image that is shipped.
    pub is_final: bool,
}

impl Facts<'_> {
    /// `path`, a place in the image that a command of a `RUN` works with, as a sentence names it: without its `/` where the command names
    /// it from the folder in which it begins, and that is the one of an image that nobody knows.
    #[must_use]
    pub fn shown_place<'p>(&self, stage: &StageFacts, run: &Run, invocation: &Invocation, path: &'p str) -> &'p str {
        let root = self.ancestors(stage).last().unwrap_or(stage);
        let is_told = root.image.is_known
            || matches!(root.base, Base::Scratch)
            || invocation.workdir.known() != Some("/")
            || invocation.has_argument(path)
            || run.invocations.iter().any(|other| other.program == "cd");
        let own = || std::iter::once(stage).chain(self.ancestors(stage));
        let enters = |number: usize| {
            let instruction = self.dockerfile.instructions.get(number);
            number < run.instruction && instruction.is_some_and(|it| it.keyword == Keyword::Workdir)
        };
        let stages = || own().filter_map(|stage| self.dockerfile.stages.get(stage.index));
        let is_entered = || stages().any(|stage| stage.instructions.clone().any(enters));
        if is_told || is_entered() { path } else { path.trim_start_matches('/') }
    }
}

pub(super) fn compute(facts: &mut Facts<'_>) {
    let globals = globals(facts);
    let mut names: HashMap<String, usize> = HashMap::new();
    for (index, stage) in facts.dockerfile.stages.iter().enumerate() {
        let Some(from) = facts.dockerfile.instructions.get(stage.from) else { continue };
        let base = base(facts, from, &globals, &names);
        let (image, state) = match &base {
            Base::Stage(parent) => match facts.stages.get(*parent) {
                Some(parent) => (parent.image.clone(), inherited(&parent.state)),
                None => continue,
            },
            other => {
                let image = images::describe(facts.workspace, other);
                let state = initial(&image, other);
                (image, state)
            }
        };
        let escape = facts.dockerfile.escape;
        let platform = from.flag("platform").and_then(|flag| flag.value.as_deref());
        let platform = platform.map(|value| expand(value, escape, &|name| globals.lookup(name)));
        let state = Arc::new(state);
        facts.stages.push(StageFacts {
            index,
            name: stage.name.clone(),
            from: stage.from,
            base,
            image,
            platform,
            runs: Vec::new(),
            configuring: Vec::new(),
            transfers: Vec::new(),
            state,
            command: None,
            entrypoint: None,
            is_final: false,
        });
        for number in stage.instructions.clone().skip(1) {
            if let Some(instruction) = facts.dockerfile.instructions.get(number) {
                step(facts, index, number, instruction, &globals, &names);
            }
        }
        if let Some(name) = &stage.name {
            names.insert(name.clone(), index);
        }
    }
}

/// `ARG`s before the first `FROM`.
fn globals(facts: &Facts<'_>) -> Environment {
    let mut globals = Environment::default();
    for instruction in facts.dockerfile.preamble() {
        declare(instruction, facts, &mut globals, None);
    }
    globals
}

/// A value that every build gives counts more than the default.
fn declare(instruction: &Instruction, facts: &Facts<'_>, environment: &mut Environment, globals: Option<&Environment>) {
    let escape = facts.dockerfile.escape;
    let Arguments::Declarations(declarations) = &instruction.arguments else { return };
    for declaration in declarations {
        let inherited =
            || globals.and_then(|globals| globals.get(&declaration.name.text)).map(|global| global.value.clone());
        let given = facts.service.builds.argument(&declaration.name.text);
        let value = match (given, &declaration.default) {
            (Some(given), _) => Value::new(given.value.as_str()),
            (None, Some(default)) => expand(&default.text, escape, &|name| environment.lookup(name)),
            (None, None) => inherited().unwrap_or_else(Value::unknown),
        };
        let variable = Variable { value, kind: VariableKind::Arg, set_at: instruction.range };
        environment.set(&declaration.name.text, variable);
    }
}

fn base(facts: &Facts<'_>, from: &Instruction, globals: &Environment, names: &HashMap<String, usize>) -> Base {
    let Arguments::From { image: Some(image), .. } = &from.arguments else { return Base::Image(Value::unknown()) };
    let unset_is_unknown = |name: &str| globals.lookup(name);
    let reference = expand(&image.text, facts.dockerfile.escape, &unset_is_unknown);
    match reference.known() {
        Some(known) => match names.get(&known.to_lowercase()) {
            Some(&stage) => Base::Stage(stage),
            None if known == "scratch" => Base::Scratch,
            None => Base::Image(reference),
        },
        None => Base::Image(reference),
    }
}

fn inherited(parent: &State) -> State {
    State { environment: parent.environment.inherited(), ..parent.clone() }
}

fn initial(image: &BaseImage, base: &Base) -> State {
    let user = match (&image.default_user, base) {
        (Some(user), _) => Some(Value::new(*user)),
        (None, Base::Scratch) => Some(Value::new("root")),
        (None, _) => None,
    };
    let shell = if image.windows { Shell::Cmd } else { Shell::Posix { errexit: false } };
    let workdir =
        if image.windows { Value::unknown() } else { Value::new(catalogue::workdir_of(image).unwrap_or("/")) };
    let mut environment = Environment::default();
    for &(name, value) in catalogue::variables_of(image) {
        let variable = Variable { value: Value::new(value), kind: VariableKind::Env, set_at: TextRange::default() };
        environment.set(name, variable);
    }
    State { environment, user, workdir, shell }
}

fn step(
    facts: &mut Facts<'_>,
    stage: usize,
    number: usize,
    instruction: &Instruction,
    globals: &Environment,
    names: &HashMap<String, usize>,
) {
    let Some(state) = facts.stages.get(stage).map(|stage| Arc::clone(&stage.state)) else { return };
    let instruction = instruction.effective();
    match &instruction.arguments {
        Arguments::Pairs(_) | Arguments::Declarations(_) | Arguments::Text(_) => {
            let mut next = (*state).clone();
            drop(state);
            apply(instruction, facts, globals, &mut next);
            if let Some(stage) = facts.stages.get_mut(stage) {
                stage.state = Arc::new(next);
            }
        }
        Arguments::Command(command) => match instruction.keyword {
            Keyword::Shell => {
                if let (CommandLine::Exec(words), Some(stage)) = (command, facts.stages.get_mut(stage)) {
                    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
                    stage.state = Arc::new(State { shell: shell(&words), ..(*state).clone() });
                }
            }
            Keyword::Run => {
                let run = walk::run(facts, stage, number, instruction, &state);
                if let Some(stage) = facts.stages.get_mut(stage) {
                    let number = stage.runs.len();
                    let places = run.invocations.iter().enumerate().filter(|(_, invocation)| configures(invocation));
                    stage.configuring.extend(places.map(|(index, _)| (number, index)));
                    stage.runs.push(run);
                }
            }
            Keyword::Cmd | Keyword::Entrypoint => {
                if let Some(stage) = facts.stages.get_mut(stage) {
                    let slot =
                        if instruction.keyword == Keyword::Cmd { &mut stage.command } else { &mut stage.entrypoint };
                    *slot = Some(number);
                }
            }
            _ => {}
        },
        Arguments::Transfer { .. } => {
            let transfer = transfer::read(facts, instruction, number, &state, names);
            if let (Some(transfer), Some(stage)) = (transfer, facts.stages.get_mut(stage)) {
                stage.transfers.push(transfer);
            }
        }
        _ => {}
    }
}

/// Tools with a `config` command.
const CONFIGURABLE: [&str; 9] = ["pip", "poetry", "pdm", "npm", "yarn", "pnpm", "conda", "mamba", "micromamba"];

/// Whether an invocation can leave a setting for later ones: `pip config set` and its like, or something that writes a file.
fn configures(invocation: &Invocation) -> bool {
    invocation.output.is_some()
        || invocation.program == "tee"
        || (CONFIGURABLE.contains(&invocation.program.as_str()) && invocation.has_argument("config"))
}

fn apply(instruction: &Instruction, facts: &Facts<'_>, globals: &Environment, state: &mut State) {
    let escape = facts.dockerfile.escape;
    match (instruction.keyword, &instruction.arguments) {
        (Keyword::Env, Arguments::Pairs(pairs)) => {
            // All values of one ENV are expanded with what held before it.
            let before = state.environment.clone();
            for pair in pairs {
                let name = expand(&pair.name.text, escape, &|name| before.lookup(name));
                let value = expand(&pair.value.text, escape, &|name| before.lookup(name));
                if let Some(name) = name.known() {
                    let variable = Variable { value, kind: VariableKind::Env, set_at: instruction.range };
                    state.environment.set(name, variable);
                }
            }
        }
        (Keyword::Arg, Arguments::Declarations(_)) => {
            declare(instruction, facts, &mut state.environment, Some(globals));
        }
        (Keyword::Workdir, Arguments::Text(word)) => {
            let path = state.expand(&word.text, escape);
            state.workdir = resolve_value(&state.workdir, &path);
        }
        (Keyword::User, Arguments::Text(word)) => {
            let user = state.expand(&word.text, escape);
            let name = user.text().split(':').next().unwrap_or_default();
            state.user = Some(Value::new(name));
        }
        _ => {}
    }
}

fn shell(words: &[&str]) -> Shell {
    let program = words.first().map(|word| file_name(&word.replace('\\', "/")).to_lowercase()).unwrap_or_default();
    let program = program.strip_suffix(".exe").unwrap_or(&program);
    match program {
        "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "busybox" => {
            let short = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.contains('e');
            let long = words.windows(2).any(|pair| matches!(pair, ["-o", "errexit"]));
            let options = words.get(1..).unwrap_or_default();
            Shell::Posix { errexit: long || options.iter().any(short) }
        }
        "powershell" | "pwsh" => Shell::PowerShell,
        "cmd" => Shell::Cmd,
        _ => Shell::Other,
    }
}
