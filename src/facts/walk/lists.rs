//! Lists, branches and loops.

use crate::shell::{
    AndOr, Command, Compound, CompoundKind, Connector, List, Pipeline, Script, Separator, SeparatorKind,
};
use crate::text::TextRange;

use super::{Errexit, Follow, Functions, Guard, ShellState, Site, Value};

/// What is known around a command.
#[derive(Clone, Copy)]
struct Around<'s> {
    and_or: &'s AndOr,
    separator: Option<Separator>,
    tested: bool,
}

/// What pipelines came to.
#[derive(Clone, Copy)]
struct Outcome {
    success: bool,
    /// Whether that is a test's outcome: other commands are taken to succeed.
    certain: bool,
}

impl Outcome {
    /// Before the first.
    const START: Self = Self { success: true, certain: true };
}

/// Something for any platform, and for that of the build.
#[derive(Clone, Copy)]
struct Both<T> {
    anywhere: T,
    on_platform: T,
}

/// Whether a pipeline runs that stands behind pipelines that came to `so_far`, where that is known: `[ "$X" = 1 ] && pip install y`.
fn runs(connector: Option<Connector>, so_far: Option<Outcome>) -> Option<bool> {
    match (connector, so_far) {
        (None, _) => Some(true),
        (Some(Connector::And), known) => known.map(|known| known.success),
        // A command that is no test may fail: `pip install x || pip install y`.
        (Some(Connector::Or), Some(Outcome { success: true, certain: false })) => None,
        (Some(Connector::Or), known) => known.map(|known| !known.success),
    }
}

/// What the pipelines came to with one more.
fn behind_pipeline(
    connector: Option<Connector>,
    before: Option<Outcome>,
    runs: Option<bool>,
    outcome: Option<Outcome>,
) -> Option<Outcome> {
    match (runs, connector) {
        (Some(true), _) => outcome,
        (Some(false), _) => before,
        // What stands behind `||` runs when what stands before it failed: either way there is one that did not.
        (None, Some(Connector::Or)) => outcome.filter(|outcome| outcome.success),
        (None, _) => outcome.filter(|outcome| !outcome.success),
    }
}

/// Where a pipeline stands in its and-or list.
#[derive(Clone, Copy)]
struct Place {
    followed: bool,
    chained: bool,
    alternative: bool,
}

impl Follow<'_, '_, '_> {
    /// Follows the commands of a list. `tested` says that their outcome is a condition.
    pub(super) fn list<'s>(&mut self, script: &'s Script, list: &'s List, functions: &mut Functions<'s>, tested: bool) {
        let outer = self.tail;
        for (index, item) in list.items.iter().enumerate() {
            let background = item.separator.is_some_and(|separator| separator.kind == SeparatorKind::Background);
            self.tail = outer && index + 1 == list.items.len() && !background;
            self.and_or(script, Around { and_or: &item.and_or, separator: item.separator, tested }, functions);
        }
        self.tail = outer;
    }

    fn and_or<'s>(&mut self, script: &'s Script, around: Around<'s>, functions: &mut Functions<'s>) {
        let outer = self.guard;
        let mut so_far = Both { anywhere: Some(Outcome::START), on_platform: Some(Outcome::START) };
        let count = around.and_or.rest.len();
        let mut alternative = false;
        for (index, (connector, pipeline)) in around.and_or.pipelines().enumerate() {
            alternative |= connector == Some(Connector::Or);
            let behind = around.and_or.rest.get(index..).unwrap_or_default();
            let chained = behind.iter().all(|(connector, ..)| *connector == Connector::And)
                && behind.last().is_none_or(|(.., pipeline)| !pipeline.negated);
            let runs =
                Both { anywhere: runs(connector, so_far.anywhere), on_platform: runs(connector, so_far.on_platform) };
            self.guard = outer.min(match (runs.anywhere, runs.on_platform) {
                (Some(true), _) => Guard::Always,
                (Some(false), _) => Guard::Never,
                (None, Some(false)) => Guard::Elsewhere,
                (None, _) => Guard::Sometimes,
            });
            // `first || second`: where the shell reads the Dockerfile's own text, the place of `first` is known.
            let fallback = connector == Some(Connector::Or) && self.frame.anchor.is_none();
            if fallback {
                let before = TextRange::new(around.and_or.range.start(), pipeline.range.start());
                let before = self.place(script, before);
                self.instead_of.push(before);
            }
            self.pipeline(script, around, pipeline, Place { followed: index < count, chained, alternative }, functions);
            if fallback {
                self.instead_of.pop();
            }
            if runs.anywhere != Some(false) {
                let anywhere = self.outcome(script, pipeline);
                let on_platform = anywhere.or_else(|| self.for_platform(|follow| follow.outcome(script, pipeline)));
                so_far = Both {
                    anywhere: behind_pipeline(connector, so_far.anywhere, runs.anywhere, anywhere),
                    on_platform: behind_pipeline(connector, so_far.on_platform, runs.on_platform, on_platform),
                };
            }
        }
        self.guard = outer;
    }

    /// Whether a pipeline succeeds; `None` for an open test.
    fn outcome(&mut self, script: &Script, pipeline: &Pipeline) -> Option<Outcome> {
        let (result, certain) = match pipeline.commands.as_slice() {
            [command] => (self.test(script, command)?, super::condition::is_test(command)),
            _ => (true, false),
        };
        Some(Outcome { success: result != pipeline.negated, certain })
    }

    fn pipeline<'s>(
        &mut self,
        script: &'s Script,
        around: Around<'s>,
        pipeline: &'s Pipeline,
        place: Place,
        functions: &mut Functions<'s>,
    ) {
        let piped = pipeline.commands.len() > 1;
        let tested = around.tested || pipeline.negated;
        let suspended = self.suspended || tested || place.followed;
        let outer = (std::mem::replace(&mut self.suspended, suspended), self.list, self.tail);
        let site = self.frame.site.clone().unwrap_or_else(|| Site {
            pipeline: self.place(script, pipeline.range),
            list: self.place(script, around.and_or.range),
            followed: place.followed,
            chained: place.chained,
            alternative: place.alternative,
            instead_of: self.instead_of.clone(),
            repeated: self.repeated,
            tail: self.tail,
            piped,
            tested,
            separator: around.separator.map(|separator| separator.kind),
            errexit: if suspended { Errexit::Off } else { self.shell.errexit },
            list_errexit: if outer.0 || around.tested { Errexit::Off } else { self.shell.errexit },
            direct: self.frame.direct && self.frame.anchor.is_none(),
            captured: self.frame.captured,
            heredoc: self.frame.heredoc,
        });
        self.list = site.list;
        self.tail = piped || (self.tail && !place.followed);
        if piped {
            self.piped_into_shell(pipeline);
        }
        for command in &pipeline.commands {
            // Each command of a pipeline runs in a shell of its own.
            let before = piped.then(|| self.shell.clone());
            match command {
                Command::Simple(simple) => self.simple(script, simple, &site, functions),
                Command::Compound(compound) => self.compound(script, compound, functions, tested),
                Command::Opaque(_) => self.obscure(),
            }
            if let Some(before) = before {
                self.shell = before;
            }
        }
        (self.suspended, self.list, self.tail) = outer;
    }

    /// Follows what may run more than once.
    fn repeatedly<T>(&mut self, follow: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.repeated, true);
        let result = follow(self);
        self.repeated = outer;
        result
    }

    /// `curl … | sh` runs what nobody here can read.
    fn piped_into_shell(&mut self, pipeline: &Pipeline) {
        let is_shell = |command: &Command| match command {
            Command::Simple(simple) => simple.words.iter().any(|word| {
                word.literal()
                    .is_some_and(|word| matches!(super::super::paths::file_name(&word), "sh" | "bash" | "ash" | "dash"))
            }),
            _ => false,
        };
        if pipeline.commands.iter().skip(1).any(is_shell) {
            self.obscure();
        }
    }

    fn branch<'s>(
        &mut self,
        script: &'s Script,
        list: &'s List,
        guard: Guard,
        functions: &mut Functions<'s>,
    ) -> ShellState {
        if !self.afford(self.shell.weight()) {
            return self.shell.clone();
        }
        let before = self.shell.clone();
        let inner = self.guard.min(guard);
        let outer = std::mem::replace(&mut self.guard, inner);
        self.list(script, list, functions, false);
        self.guard = outer;
        std::mem::replace(&mut self.shell, before)
    }

    fn compound<'s>(
        &mut self,
        script: &'s Script,
        compound: &'s Compound,
        functions: &mut Functions<'s>,
        tested: bool,
    ) {
        match &compound.kind {
            CompoundKind::Group(list) => self.list(script, list, functions, tested),
            CompoundKind::Subshell(list) => {
                let before = self.shell.clone();
                let tail = std::mem::replace(&mut self.tail, true);
                self.list(script, list, functions, tested);
                self.tail = tail;
                self.shell = before;
            }
            CompoundKind::If { branches, otherwise } => {
                let mut outcomes = Vec::new();
                // The first branch that certainly runs rules out those behind it.
                let mut rest = Guard::Always;
                for branch in branches {
                    let inner = self.guard.min(rest);
                    let outer = std::mem::replace(&mut self.guard, inner);
                    self.list(script, &branch.condition, functions, true);
                    self.guard = outer;
                    let (here, next) = self.guards(|follow| follow.condition(script, &branch.condition));
                    let guard = rest.min(here);
                    let outcome = self.branch(script, &branch.body, guard, functions);
                    if guard != Guard::Never {
                        outcomes.push(outcome);
                    }
                    rest = rest.min(next);
                }
                match otherwise {
                    Some(list) => {
                        let outcome = self.branch(script, list, rest, functions);
                        if rest != Guard::Never {
                            outcomes.push(outcome);
                        }
                    }
                    None if rest != Guard::Never => outcomes.push(self.shell.clone()),
                    None => {}
                }
                self.merge(outcomes);
            }
            CompoundKind::Case { subject, arms } => {
                let mut outcomes = Vec::new();
                let mut rest = Guard::Always;
                for arm in arms {
                    let (here, next) = self.guards(|follow| follow.arm_fits(script, subject, &arm.patterns));
                    let guard = rest.min(here);
                    let outcome = self.branch(script, &arm.body, guard, functions);
                    if guard != Guard::Never {
                        outcomes.push(outcome);
                    }
                    rest = rest.min(next);
                }
                if rest != Guard::Never {
                    outcomes.push(self.shell.clone());
                }
                self.merge(outcomes);
            }
            CompoundKind::For { name, words, body } => {
                let values: Vec<Value> = match words {
                    Some(words) => words
                        .iter()
                        .flat_map(|word| self.expand_word(script, word))
                        .map(|argument| argument.value)
                        .collect(),
                    None => vec![Value::unknown()],
                };
                let values = if values.len() > super::ALTERNATIVES_LIMIT { vec![Value::unknown()] } else { values };
                self.shell.variables.insert(name.clone(), values);
                let outcome = self.repeatedly(|follow| follow.branch(script, body, Guard::Always, functions));
                self.shell = outcome;
            }
            CompoundKind::ArithmeticFor { body } => {
                let outcome = self.repeatedly(|follow| follow.branch(script, body, Guard::Sometimes, functions));
                self.shell = outcome;
            }
            CompoundKind::While { condition, body } | CompoundKind::Until { condition, body } => {
                let outcome = self.repeatedly(|follow| {
                    follow.list(script, condition, functions, true);
                    follow.branch(script, body, Guard::Sometimes, functions)
                });
                self.merge(vec![self.shell.clone(), outcome]);
            }
            CompoundKind::Function { name, body } => {
                functions.insert(name, body);
            }
            CompoundKind::Test(_) | CompoundKind::Arithmetic => {}
        }
    }

    /// Runs a function of the script: its commands stand elsewhere than its call.
    pub(super) fn call<'s>(&mut self, script: &'s Script, body: &'s Command, functions: &mut Functions<'s>) {
        if self.depth > super::DEPTH_LIMIT {
            self.obscure();
            return;
        }
        if !self.afford(1) {
            return;
        }
        self.depth += 1;
        let direct = std::mem::replace(&mut self.frame.direct, false);
        match body {
            Command::Compound(compound) => {
                self.repeatedly(|follow| follow.compound(script, compound, functions, false));
            }
            Command::Simple(_) | Command::Opaque(_) => self.obscure(),
        }
        self.frame.direct = direct;
        self.depth -= 1;
    }
}
