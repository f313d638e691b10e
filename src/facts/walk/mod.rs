//! Follows the script of a `RUN` as a shell would, without running anything: which programs start, with which words, where.

mod condition;
mod expansion;
mod files;
mod lists;
mod makefile;
mod platform;
mod programs;
mod wrappers;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dockerfile::{Instruction, RunScript, Value, Word};
use crate::shell::{Command, Script};
use crate::text::{Joined, TextRange};

use super::Facts;
use super::paths::resolve_value;
use super::run::{Argument, Errexit, Guard, Invocation, Mount, Origin, Run, Site, Unread};
use super::stages::{Shell, State};

/// How deep scripts may call each other.
const DEPTH_LIMIT: u32 = 8;
/// How many values a variable may have that two branches set differently.
const ALTERNATIVES_LIMIT: usize = 4;
/// How much work the scripts of one Dockerfile may take before the rest is not looked at. A word or a variable costs one,
/// a program [`INVOCATION_WORK`]; the largest Dockerfiles that people write take a hundredth.
const WORK_LIMIT: usize = 400_000;
/// What a program costs: rules compare each with all that ran before it.
const INVOCATION_WORK: usize = 100;

/// The work that the scripts of a Dockerfile may take.
pub(super) fn allowance() -> AtomicUsize {
    AtomicUsize::new(WORK_LIMIT)
}

/// Follows one `RUN`.
pub(super) fn run(
    facts: &Facts<'_>,
    stage: usize,
    number: usize,
    instruction: &Instruction,
    state: &Arc<State>,
) -> Run {
    let mounts = mounts(instruction, state, facts.dockerfile.escape);
    let mut run = Run {
        instruction: number,
        range: instruction.range,
        state: Arc::clone(state),
        mounts,
        script: None,
        invocations: Vec::new(),
        opaque: false,
        unread: Vec::new(),
    };
    let Shell::Posix { errexit } = state.shell else {
        run.opaque = true;
        return run;
    };
    let Some(script) = instruction.script(facts.source.text()) else { return run };
    match script {
        RunScript::Shell(joined) => {
            let whole = joined.source_range(TextRange::from_usize(0, joined.text().len()));
            let heredoc = instruction.heredocs.first().is_some_and(|heredoc| whole.start() >= heredoc.body.start());
            let script = Script::parse(joined);
            let mut follow = Follow::new(facts, stage, &mut run, errexit);
            follow.script(&script, Frame { heredoc, ..Frame::instruction() });
            run.script = Some(script);
        }
        RunScript::Interpreter { interpreter, text } => {
            if is_shell(&interpreter) {
                let errexit =
                    errexit || interpreter.split_whitespace().any(|word| word.starts_with('-') && word.contains('e'));
                let script = Script::parse(text);
                let mut follow = Follow::new(facts, stage, &mut run, errexit);
                follow.script(&script, Frame { heredoc: true, ..Frame::instruction() });
                run.script = Some(script);
            } else {
                run.opaque = true;
            }
        }
        RunScript::Exec(words) => exec(facts, stage, &mut run, instruction, &words),
    }
    run
}

/// `RUN ["program", "argument"]`
fn exec(facts: &Facts<'_>, stage: usize, run: &mut Run, instruction: &Instruction, words: &[Word]) {
    let arguments: Vec<Argument> = words
        .iter()
        .map(|word| Argument { value: Value::new(word.text.as_str()), range: word.range, whole: true, last: true })
        .collect();
    let site = Site {
        pipeline: instruction.range,
        list: instruction.range,
        followed: false,
        chained: true,
        alternative: false,
        instead_of: Vec::new(),
        repeated: false,
        tail: true,
        piped: false,
        tested: false,
        separator: None,
        errexit: Errexit::Off,
        list_errexit: Errexit::Off,
        direct: false,
        captured: false,
        heredoc: false,
    };
    let mut follow = Follow::new(facts, stage, run, false);
    follow.frame.direct = false;
    follow.launch(arguments, instruction.range, &site, Vec::new(), None, false, None);
}

/// Whether an interpreter line names a POSIX shell or bash.
fn is_shell(interpreter: &str) -> bool {
    interpreter
        .split_whitespace()
        .map(super::paths::file_name)
        .find(|word| *word != "env" && !word.starts_with('-'))
        .is_some_and(|program| matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh"))
}

fn mounts(instruction: &Instruction, state: &State, escape: char) -> Vec<Mount> {
    instruction
        .flags_named("mount")
        .filter_map(|flag| {
            let mut mount = Mount {
                kind: "bind".to_owned(),
                target: Value::unknown(),
                source: None,
                from: None,
                range: flag.range,
            };
            for field in flag.value.as_deref()?.split(',') {
                let (key, value) = field.split_once('=').unwrap_or((field, ""));
                let value = state.expand(value.trim_matches('"'), escape);
                match key.trim().trim_matches('"').to_ascii_lowercase().as_str() {
                    "type" => value.text().clone_into(&mut mount.kind),
                    "target" | "dst" | "destination" => {
                        // The beginning of a path that is known in part still tells it from others.
                        let absolute = value.known().is_none() && value.text().starts_with('/');
                        mount.target = if absolute { value } else { resolve_value(&state.workdir, &value) };
                    }
                    "source" | "src" => mount.source = Some(value),
                    "from" => mount.from = Some(value),
                    _ => {}
                }
            }
            Some(mount)
        })
        .collect()
}

/// Where the script that is being followed stands.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one place")]
#[derive(Clone)]
struct Frame {
    /// The word that starts it, for texts whose places are not places in the Dockerfile.
    anchor: Option<TextRange>,
    origin: Origin,
    direct: bool,
    /// Whether it stands in a substitution.
    captured: bool,
    heredoc: bool,
    /// Where the command stands that starts the script, when the script's own places are not places in the Dockerfile.
    site: Option<Site>,
    /// Whether that command runs under `sudo` or as another user.
    other_user: bool,
}

impl Frame {
    fn instruction() -> Self {
        Self {
            anchor: None,
            origin: Origin::Instruction,
            direct: true,
            captured: false,
            heredoc: false,
            site: None,
            other_user: false,
        }
    }
}

/// What the shell knows at a point of a script.
#[derive(Clone)]
struct ShellState {
    /// Variables that the script set, each with the values it may have.
    variables: BTreeMap<String, Vec<Value>>,
    /// Variables whose value only the platform decides, with that for the build's.
    by_platform: BTreeMap<String, Value>,
    exported: Vec<String>,
    workdir: Value,
    /// Where `cd -` goes back to.
    workdir_before: Option<Value>,
    /// Where each `popd` goes back to.
    pushed: Vec<Value>,
    errexit: Errexit,
}

impl ShellState {
    /// What a copy of it costs, see [`WORK_LIMIT`]: variables, and long ones more.
    fn weight(&self) -> usize {
        self.variables.values().flatten().map(|value| 1 + value.text().len() / 64).sum()
    }
}

/// The command that starts a script.
#[derive(Clone, Copy)]
struct Starter<'s> {
    range: TextRange,
    site: &'s Site,
    other_user: bool,
}

impl Errexit {
    fn of(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts about one place")]
struct Follow<'f, 'w, 'r> {
    facts: &'f Facts<'w>,
    stage: usize,
    run: &'r mut Run,
    shell: ShellState,
    guard: Guard,
    /// Whether what only the platform decides is taken to be that of the build.
    on_platform: bool,
    frame: Frame,
    depth: u32,
    /// Whether the shell ignores `set -e` here.
    suspended: bool,
    /// Whether this is in a loop or a function.
    repeated: bool,
    /// Whether the end of what is being followed is the end of its script.
    tail: bool,
    /// The and-or list that is being followed.
    list: TextRange,
    /// What must have failed before this runs; see [`Site::instead_of`].
    instead_of: Vec<TextRange>,
}

/// Functions of the script that is followed, by name.
type Functions<'s> = HashMap<&'s str, &'s Command>;

impl<'f, 'w, 'r> Follow<'f, 'w, 'r> {
    fn new(facts: &'f Facts<'w>, stage: usize, run: &'r mut Run, errexit: bool) -> Self {
        let workdir = run.state.workdir.clone();
        Self {
            facts,
            stage,
            run,
            shell: ShellState {
                variables: BTreeMap::new(),
                by_platform: BTreeMap::new(),
                exported: Vec::new(),
                workdir,
                workdir_before: None,
                pushed: Vec::new(),
                errexit: Errexit::of(errexit),
            },
            guard: Guard::Always,
            on_platform: false,
            frame: Frame::instruction(),
            depth: 0,
            suspended: false,
            repeated: false,
            tail: true,
            list: TextRange::default(),
            instead_of: Vec::new(),
        }
    }

    /// Follows a whole script.
    fn script(&mut self, script: &Script, frame: Frame) {
        if !script.errors.is_empty() {
            self.obscure();
        }
        if self.depth > DEPTH_LIMIT {
            self.obscure();
            return;
        }
        let outer = std::mem::replace(&mut self.frame, frame);
        self.depth += 1;
        let mut functions = Functions::new();
        self.list(script, &script.body, &mut functions, false);
        self.depth -= 1;
        self.frame = outer;
    }

    /// Follows text that is not in the Dockerfile, or whose places cannot be mapped to it.
    fn foreign(&mut self, text: &str, starter: Starter<'_>, origin: Origin, errexit: bool) {
        if !self.afford(1 + text.len() / 16 + self.shell.weight()) {
            return;
        }
        let script = Script::parse(Joined::verbatim(text, 0));
        let anchor = self.frame.anchor.unwrap_or(starter.range);
        let site = self.frame.site.clone().unwrap_or_else(|| starter.site.clone());
        let outer = self.shell.clone();
        self.shell.errexit = Errexit::of(errexit);
        let other_user = self.frame.other_user || starter.other_user;
        let captured = self.frame.captured;
        let frame = Frame {
            anchor: Some(anchor),
            origin,
            direct: false,
            captured,
            heredoc: false,
            site: Some(site),
            other_user,
        };
        self.as_process(|follow| follow.script(&script, frame));
        self.shell = outer;
    }

    /// A process of its own has its own `set -e` and its own end.
    fn as_process(&mut self, follow: impl FnOnce(&mut Self)) {
        let outer = (std::mem::replace(&mut self.suspended, false), std::mem::replace(&mut self.tail, true));
        follow(self);
        (self.suspended, self.tail) = outer;
    }

    /// Something starts here that cannot be followed.
    fn unread(&mut self) {
        let unread = Unread { after: self.run.invocations.len(), list: self.list };
        if self.run.unread.last() != Some(&unread) {
            self.run.unread.push(unread);
        }
    }

    /// Takes `work` from what is left for this Dockerfile, see [`WORK_LIMIT`]. `false` when there is too little: then what starts
    /// here is noted as something that cannot be followed.
    fn afford(&mut self, work: usize) -> bool {
        let left = &self.facts.work_left;
        // Once it is spent, nothing more is followed, cheap or not: else what is read would have holes.
        let rest = left.load(Ordering::Relaxed).saturating_sub(work);
        left.store(rest, Ordering::Relaxed);
        if rest == 0 {
            self.run.opaque = true;
            // Nothing that follows asks for them, and branches copy them.
            self.shell.variables.clear();
            // One note for all that is left out at one place.
            if self.run.unread.last().is_none_or(|last| last.after < self.run.invocations.len()) {
                self.unread();
            }
        }
        rest > 0
    }

    /// [`Follow::unread`] for what may do anything.
    fn obscure(&mut self) {
        self.run.opaque = true;
        self.unread();
    }

    /// The place in the Dockerfile of a range of the script.
    fn place(&self, script: &Script, range: TextRange) -> TextRange {
        self.frame.anchor.unwrap_or_else(|| script.source_range(range))
    }

    /// The values that a variable may have; `None` when neither the script nor the Dockerfile sets it.
    fn variable(&self, name: &str) -> Option<Vec<Value>> {
        if self.on_platform
            && let Some(value) = self.platform_variable(name)
        {
            return Some(vec![value]);
        }
        if let Some(values) = self.shell.variables.get(name) {
            return Some(values.clone());
        }
        if name == "HOME" {
            return Some(vec![self.run.state.home().map_or_else(Value::unknown, Value::new)]);
        }
        if name == "PWD" {
            return Some(vec![self.shell.workdir.clone()]);
        }
        self.run.state.environment.get(name).map(|variable| vec![variable.value.clone()])
    }

    fn assign(&mut self, name: &str, value: Value, append: bool) {
        let value = if append {
            let before = self.variable(name).unwrap_or_default();
            match before.as_slice() {
                [one] => Value::new(format!("{}{}", one.text(), value.text())),
                _ => Value::unknown(),
            }
        } else {
            value
        };
        self.shell.by_platform.remove(name);
        self.shell.variables.insert(name.to_owned(), vec![value]);
    }

    /// Brings the outcomes of branches together: what they set differently may be either.
    fn merge(&mut self, outcomes: Vec<ShellState>) {
        let mut outcomes = outcomes.into_iter();
        let Some(mut merged) = outcomes.next() else { return };
        let before = self.shell.clone();
        for outcome in outcomes {
            if !self.afford(merged.weight() + outcome.weight()) {
                return;
            }
            let names: Vec<String> = merged.variables.keys().chain(outcome.variables.keys()).cloned().collect();
            for name in names {
                let fallback = || before.variables.get(&name).cloned().unwrap_or_else(|| vec![Value::unknown()]);
                let mut values = merged.variables.get(&name).cloned().unwrap_or_else(fallback);
                for value in outcome.variables.get(&name).cloned().unwrap_or_else(fallback) {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                if values.len() > ALTERNATIVES_LIMIT {
                    values = vec![Value::unknown()];
                }
                merged.variables.insert(name, values);
            }
            if merged.workdir != outcome.workdir {
                merged.workdir = Value::unknown();
            }
            merged.by_platform.retain(|name, value| outcome.by_platform.get(name) == Some(value));
            merged.exported.extend(outcome.exported);
            if merged.errexit != outcome.errexit {
                merged.errexit = Errexit::Open;
            }
        }
        merged.exported.sort();
        merged.exported.dedup();
        self.shell = merged;
    }
}
