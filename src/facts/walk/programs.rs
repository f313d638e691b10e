//! Simple commands: what they set, and which program they start once wrappers are seen through.

use crate::dockerfile::{UNKNOWN, Value};
use crate::shell::{Part, Redirect, RedirectKind, Script, SimpleCommand, Word};
use crate::text::TextRange;

use super::super::paths::{file_name, resolve_value};
use super::wrappers::{Unwrapped, as_module, changed_folder, has_environment_of_its_own, program_name, unwrap};
use super::{Argument, Errexit, Follow, Frame, Functions, Guard, INVOCATION_WORK, Invocation, Site, Starter};

/// How many combinations of variable values one command is read with.
const COMBINATION_LIMIT: usize = 8;

impl Follow<'_, '_, '_> {
    pub(super) fn simple<'s>(
        &mut self,
        script: &'s Script,
        simple: &'s SimpleCommand,
        site: &Site,
        functions: &mut Functions<'s>,
    ) {
        if !self.afford(1 + simple.words.len()) {
            return;
        }
        self.substitutions(script, simple, functions);
        let Some(first) = simple.words.first() else {
            for assignment in &simple.assignments {
                let value = self.expand_one(script, &assignment.value);
                let there =
                    value.known().is_none().then(|| self.for_platform(|to| to.expand_one(script, &assignment.value)));
                self.assign(&assignment.name, value, assignment.append);
                if let Some(there) = there.filter(|there| there.known().is_some() && !assignment.append) {
                    self.shell.by_platform.insert(assignment.name.clone(), there);
                }
            }
            return;
        };
        if let Some(name) = first.literal() {
            if let Some(body) = functions.get(name.as_str()).copied() {
                self.call(script, body, functions);
                return;
            }
            if self.builtin(script, &name, simple) {
                return;
            }
            if let Some(inner) = self.inline_script(script, &name, simple) {
                self.nested(&inner, simple);
                return;
            }
        }
        let environment: Vec<(String, Value)> = simple
            .assignments
            .iter()
            .map(|assignment| (assignment.name.clone(), self.expand_one(script, &assignment.value)))
            .collect();
        let range = self.place(script, simple.range);
        let output = self.output(script, &simple.redirects);
        let combinations = self.combinations(&simple.words);
        let (first, count) = (self.run.invocations.len(), combinations.len());
        for combination in combinations {
            let several = !combination.is_empty();
            let before = several.then(|| self.shell.clone());
            for (name, value) in combination {
                self.shell.variables.insert(name, vec![value]);
            }
            let arguments: Vec<Argument> =
                simple.words.iter().flat_map(|word| self.expand_word(script, word)).collect();
            if let Some(before) = before {
                self.shell = before;
            }
            let outer = self.guard;
            if several {
                self.guard = self.guard.min(Guard::Sometimes);
            }
            let heredoc = simple.redirects.iter().find_map(|redirect| redirect.heredoc);
            let heredoc = heredoc.map(|range| script.slice(range).to_owned());
            self.launch(arguments, range, site, environment.clone(), output.clone(), false, heredoc.as_deref());
            self.guard = outer;
        }
        if count > 1 {
            self.lock_unless_one_program(first, count);
        }
    }

    /// One text that starts different programs cannot be edited for one of them.
    fn lock_unless_one_program(&mut self, first: usize, count: usize) {
        let readings = self.run.invocations.get_mut(first..).unwrap_or_default();
        let one =
            readings.len() == count && readings.windows(2).all(|pair| matches!(pair, [a, b] if a.program == b.program));
        if !one {
            for argument in readings.iter_mut().flat_map(|reading| &mut reading.arguments) {
                (argument.whole, argument.last) = (false, false);
            }
        }
    }

    /// The ways in which variables with several possible values can be read; one empty way when there are none.
    fn combinations(&self, words: &[Word]) -> Vec<Vec<(String, Value)>> {
        let mut combinations = vec![Vec::new()];
        for name in self.open_variables(words) {
            let values = self.variable(&name).unwrap_or_default();
            let mut next = Vec::new();
            for combination in &combinations {
                for value in &values {
                    let mut combination: Vec<(String, Value)> = combination.clone();
                    combination.push((name.clone(), value.clone()));
                    next.push(combination);
                }
            }
            next.truncate(COMBINATION_LIMIT);
            combinations = next;
        }
        combinations
    }

    /// Commands inside `$(…)` run too.
    fn substitutions<'s>(&mut self, script: &'s Script, simple: &'s SimpleCommand, functions: &mut Functions<'s>) {
        let words = simple.words.iter().chain(simple.assignments.iter().map(|assignment| &assignment.value));
        for word in words {
            self.substitutions_in(script, &word.parts, functions);
        }
    }

    fn substitutions_in<'s>(&mut self, script: &'s Script, parts: &'s [Part], functions: &mut Functions<'s>) {
        for part in parts {
            match part {
                Part::Substitution { commands, .. } if super::expansion::located_program(commands).is_some() => {}
                Part::Substitution { commands, .. } | Part::Process { commands, .. } => {
                    let before = self.shell.clone();
                    let outer = (
                        std::mem::replace(&mut self.frame.direct, false),
                        std::mem::replace(&mut self.frame.captured, true),
                    );
                    // bash does not keep `set -e` in substitutions, other shells do.
                    if self.shell.errexit == Errexit::On {
                        self.shell.errexit = Errexit::Open;
                    }
                    self.list(script, commands, functions, false);
                    (self.frame.direct, self.frame.captured) = outer;
                    self.shell = before;
                }
                Part::DoubleQuoted { parts, .. } => self.substitutions_in(script, parts, functions),
                _ => {}
            }
        }
    }

    fn output(&self, script: &Script, redirects: &[Redirect]) -> Option<Value> {
        let to_file = |redirect: &&Redirect| {
            matches!(redirect.kind, RedirectKind::Output | RedirectKind::Append | RedirectKind::OutputAndError)
                && redirect.descriptor.unwrap_or(1) == 1
        };
        redirects.iter().find(to_file).map(|redirect| self.expand_one(script, &redirect.target))
    }

    /// Commands that change what the shell knows. True when nothing else is to be done.
    fn builtin(&mut self, script: &Script, name: &str, simple: &SimpleCommand) -> bool {
        let arguments = simple.words.get(1..).unwrap_or_default();
        match name {
            "cd" | "pushd" => {
                let words: Vec<Value> = arguments.iter().map(|word| self.expand_one(script, word)).collect();
                // `cd -` goes back to the folder before.
                if name == "cd" && words.last().is_some_and(|word| word.text() == "-") {
                    let before = self.shell.workdir_before.take().unwrap_or_else(Value::unknown);
                    self.shell.workdir_before = Some(std::mem::replace(&mut self.shell.workdir, before));
                    return true;
                }
                let target = words.into_iter().find(|value| !value.text().starts_with('-'));
                let target = target.unwrap_or_else(|| self.run.state.home().map_or_else(Value::unknown, Value::new));
                let next = resolve_value(&self.shell.workdir, &target);
                let before = std::mem::replace(&mut self.shell.workdir, next);
                if name == "pushd" {
                    self.shell.pushed.push(before.clone());
                }
                self.shell.workdir_before = Some(before);
                true
            }
            "popd" => {
                let before = self.shell.pushed.pop().unwrap_or_else(Value::unknown);
                self.shell.workdir_before = Some(std::mem::replace(&mut self.shell.workdir, before));
                true
            }
            "set" => {
                let words: Vec<Value> = arguments.iter().map(|word| self.expand_one(script, word)).collect();
                if let Some(on) = errexit_set(&words) {
                    let certain = self.guard == Guard::Always || self.shell.errexit == Errexit::of(on);
                    self.shell.errexit = if certain { Errexit::of(on) } else { Errexit::Open };
                }
                true
            }
            "export" | "local" | "declare" | "readonly" | "typeset" => {
                for word in arguments {
                    let text = script.slice(word.range);
                    let value = self.expand_one(script, word);
                    match (text.split_once('='), value.text().split_once('=')) {
                        (Some((variable, _)), Some((_, value))) => {
                            self.assign(variable, Value::new(value), false);
                            self.shell.exported.push(variable.to_owned());
                        }
                        _ => self.shell.exported.push(text.to_owned()),
                    }
                }
                true
            }
            "unset" => {
                for word in arguments {
                    if let Some(name) = word.literal() {
                        self.shell.variables.insert(name, vec![Value::new("")]);
                    }
                }
                true
            }
            "eval" => {
                self.obscure();
                true
            }
            // `trap 'exit 1' ERR` acts where `set -e` would, and in other shells not at all.
            "trap" if arguments.iter().any(|word| word.literal().as_deref() == Some("ERR")) => {
                self.shell.errexit = Errexit::Open;
                true
            }
            "exit" | "return" | "true" | "false" | ":" | "echo" | "printf" | "[" | "test" | "wait" | "shift"
            | "umask" | "trap" => {
                // What they print may be a configuration that counts: `echo … > /etc/apt/apt.conf.d/…`.
                !matches!(name, "echo" | "printf")
            }
            _ => false,
        }
    }

    /// `sh -c 'script'` whose text stands in the file as it is, so that its places are known.
    fn inline_script(&self, script: &Script, name: &str, simple: &SimpleCommand) -> Option<crate::text::Joined> {
        if !matches!(file_name(name), "sh" | "bash" | "dash" | "ash") || self.frame.anchor.is_some() {
            return None;
        }
        let mut words = simple.words.iter().skip(1);
        let flag = words.next()?.literal()?;
        let word = words.next().filter(|_| flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c'))?;
        let [part] = word.parts.as_slice() else { return None };
        let (inside, text) = match part {
            Part::SingleQuoted { range, text } => (TextRange::new(range.start() + 1, range.end() - 1), text.clone()),
            Part::DoubleQuoted { range, parts } => match parts.as_slice() {
                [Part::Literal { text, .. }] => (TextRange::new(range.start() + 1, range.end() - 1), text.clone()),
                _ => return None,
            },
            _ => return None,
        };
        (script.slice(inside) == text).then(|| script.source.part(inside))
    }

    fn nested(&mut self, inner: &crate::text::Joined, simple: &SimpleCommand) {
        let errexit =
            simple.words.get(1).and_then(Word::literal).is_some_and(|flag| flag.starts_with('-') && flag.contains('e'));
        let script = Script::parse(inner.clone());
        let outer = self.shell.clone();
        self.shell.errexit = Errexit::of(errexit);
        let frame = Frame { anchor: None, direct: false, heredoc: false, ..self.frame.clone() };
        self.as_process(|follow| follow.script(&script, frame));
        self.shell = outer;
    }

    /// Starts a program: wrappers are taken off, scripts are followed, everything else is recorded.
    #[expect(clippy::too_many_arguments, reason = "the parts of one command, all known only here")]
    pub(super) fn launch(
        &mut self,
        mut arguments: Vec<Argument>,
        range: TextRange,
        site: &Site,
        mut environment: Vec<(String, Value)>,
        output: Option<Value>,
        mut other_user: bool,
        heredoc: Option<&str>,
    ) {
        if !self.afford(INVOCATION_WORK + arguments.len() + self.shell.exported.len()) {
            return;
        }
        let mut workdir = self.shell.workdir.clone();
        let mut found_elsewhere = false;
        loop {
            let Some(program) = arguments.first() else { return };
            let name = file_name(program.value.text()).to_owned();
            match unwrap(&name, &arguments) {
                Some(Unwrapped { skip, variables, user }) => {
                    environment.extend(variables);
                    other_user |= user;
                    found_elsewhere |= has_environment_of_its_own(&name);
                    arguments.drain(..skip.min(arguments.len()));
                }
                None => break,
            }
        }
        found_elsewhere |= environment.iter().any(|(name, _)| name == "PATH");
        let Some(program) = arguments.first().cloned() else { return };
        let path = program.value.clone();
        if path.text().starts_with(UNKNOWN) && !path.text().contains('/') {
            // `$PIP install`: nobody can tell what runs.
            self.unread();
            return;
        }
        let name = program_name(file_name(path.text()));
        let other_user = other_user || self.frame.other_user;
        let starter = Starter { range, site, other_user };
        if self.follow_script(&name, &path, &arguments, starter, heredoc) {
            return;
        }
        let (name, skip) = as_module(&name, &arguments);
        if name == "make" {
            self.make(&arguments, starter);
        }
        let rest = arguments.split_off((1 + skip).min(arguments.len()));
        if let Some(folder) = changed_folder(&name, &rest) {
            workdir = resolve_value(&workdir, &folder);
        }
        let exported = self.exported();
        let origin = self.frame.origin.clone();
        self.run.invocations.push(Invocation {
            program: name,
            path,
            arguments: rest,
            environment: exported.into_iter().chain(environment).collect(),
            workdir,
            guard: self.guard,
            origin,
            range,
            program_range: program.range,
            site: site.clone(),
            other_user,
            found_elsewhere,
            output,
        });
    }

    fn exported(&self) -> Vec<(String, Value)> {
        let value = |name: &String| self.shell.variables.get(name).and_then(|values| values.first()).cloned();
        self.shell.exported.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect()
    }

    /// `sh script`, `./script`, `. script`, `sh -c "$text"` and `bash <<EOF`: true when the command is such a script.
    fn follow_script(
        &mut self,
        name: &str,
        path: &Value,
        arguments: &[Argument],
        starter: Starter<'_>,
        heredoc: Option<&str>,
    ) -> bool {
        let shell = matches!(name, "sh" | "bash" | "dash" | "ash");
        let options = arguments.get(1..).unwrap_or_default();
        let is_flag = |argument: &&Argument| argument.value.text().starts_with(['-', '+']);
        let flags: Vec<&str> = options.iter().take_while(is_flag).map(|argument| argument.value.text()).collect();
        let errexit = flags.iter().any(|flag| !flag.starts_with("--") && flag.contains('e'));
        let operand = options.get(flags.len());
        if shell && flags.iter().any(|flag| !flag.starts_with("--") && flag.ends_with('c')) {
            match operand.and_then(|operand| operand.value.known()) {
                Some(text) => {
                    let (text, origin) = (text.to_owned(), self.frame.origin.clone());
                    self.foreign(&text, starter, origin, errexit);
                }
                None => self.obscure(),
            }
            return true;
        }
        if shell && operand.is_none() {
            match heredoc {
                Some(text) => {
                    let origin = self.frame.origin.clone();
                    self.foreign(text, starter, origin, errexit);
                }
                None => self.obscure(),
            }
            return true;
        }
        let file = match name {
            "." | "source" => arguments.get(1).map(|argument| argument.value.clone()),
            _ if shell => operand.map(|operand| operand.value.clone()),
            _ if path.text().contains('/') => Some(path.clone()),
            _ => None,
        };
        let Some(file) = file else { return false };
        let explicit = shell || matches!(name, "." | "source");
        self.script_file(&file, starter, explicit, errexit)
    }
}

/// What `set` makes of `errexit`: `set -eu`, `set +e`, `set -o errexit`. `None` when it leaves it.
fn errexit_set(words: &[Value]) -> Option<bool> {
    let mut result = None;
    let mut words = words.iter().map(Value::text);
    while let Some(word) = words.next() {
        let (Some(sign), Some(letters)) = (word.get(..1).filter(|sign| matches!(*sign, "-" | "+")), word.get(1..))
        else {
            break;
        };
        if letters.is_empty() || letters.starts_with('-') {
            break;
        }
        let named = letters.ends_with('o') && words.next() == Some("errexit");
        if named || letters.contains('e') {
            result = Some(sign == "-");
        }
    }
    result
}
