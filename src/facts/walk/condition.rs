//! Tests whose outcome the known values decide.

use crate::shell::{Command, CompoundKind, List, Script, Word};

use super::{Follow, Value};

impl Follow<'_, '_, '_> {
    /// Whether a condition holds; `None` when that is open.
    pub(super) fn condition(&mut self, script: &Script, list: &List) -> Option<bool> {
        let [item] = list.items.as_slice() else { return None };
        let mut value: Option<bool> = None;
        for (connector, pipeline) in item.and_or.pipelines() {
            let [command] = pipeline.commands.as_slice() else { return None };
            let result = if is_test(command) { self.test(script, command) } else { None };
            let result = result.map(|result| result != pipeline.negated);
            value = match connector {
                None => result,
                Some(crate::shell::Connector::And) => match (value, result) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
                Some(crate::shell::Connector::Or) => match (value, result) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
            };
        }
        value
    }

    /// The outcome of one command: of a test where it is known, `None` where it is open, true for everything else.
    pub(super) fn test(&mut self, script: &Script, command: &Command) -> Option<bool> {
        match command {
            Command::Simple(simple) => {
                // `DEPS="gcc make" && apt-get install $DEPS`, `$PIP install x && …`
                let Some(name) = simple.words.first().and_then(Word::literal) else { return Some(true) };
                match name.as_str() {
                    "[" | "test" => {
                        let words = simple.words.get(1..).unwrap_or_default();
                        let words = match words.split_last() {
                            Some((last, before)) if last.is("]") => before,
                            _ => words,
                        };
                        self.evaluate(script, words)
                    }
                    "false" => Some(false),
                    "command" | "which" | "type" | "hash" | "grep" | "id" | "getent" | "diff" | "cmp" => None,
                    // `dpkg -i x.deb && …` installs, and `ls && …` only shows.
                    "dpkg" => {
                        let words = simple.words.iter().skip(1).filter_map(Word::literal);
                        let queries = ["-s", "-l", "-L", "-S", "--status", "--list", "--listfiles", "--search"];
                        words.into_iter().all(|word| !queries.contains(&word.as_str())).then_some(true)
                    }
                    "ls" => simple.redirects.is_empty().then_some(true),
                    _ => Some(true),
                }
            }
            Command::Compound(compound) => match &compound.kind {
                CompoundKind::Test(words) => self.evaluate(script, words),
                CompoundKind::Arithmetic => None,
                _ => Some(true),
            },
            Command::Opaque(_) => None,
        }
    }

    fn evaluate(&mut self, script: &Script, words: &[Word]) -> Option<bool> {
        let values: Vec<Value> = words.iter().map(|word| self.expand_one(script, word)).collect();
        let texts: Vec<Option<&str>> = values.iter().map(Value::known).collect();
        match texts.as_slice() {
            [Some("!"), rest @ ..] => evaluate(rest).map(|value| !value),
            rest => evaluate(rest),
        }
    }

    /// Whether a `case` arm takes the subject.
    pub(super) fn arm_fits(&mut self, script: &Script, subject: &Word, patterns: &[Word]) -> Option<bool> {
        let subject = self.expand_one(script, subject);
        let mut open = false;
        for pattern in patterns {
            let pattern = self.expand_one(script, pattern);
            match (subject.known(), pattern.known()) {
                (_, Some("*")) => return if open { None } else { Some(true) },
                (Some(subject), Some(pattern)) if !pattern.contains(['*', '?', '[']) => {
                    if subject == pattern {
                        return Some(true);
                    }
                }
                _ => open = true,
            }
        }
        if open { None } else { Some(false) }
    }
}

fn evaluate(words: &[Option<&str>]) -> Option<bool> {
    match words {
        [Some("-z"), value] => Some(value.as_ref()?.is_empty()),
        [Some("-n"), value] | [value @ Some(_)] => Some(!value.as_ref()?.is_empty()),
        [left, Some("=" | "=="), right] => {
            let right = (*right)?;
            if right.contains(['*', '?']) { None } else { Some((*left)? == right) }
        }
        [left, Some("!="), right] => {
            let right = (*right)?;
            if right.contains(['*', '?']) { None } else { Some((*left)? != right) }
        }
        _ => None,
    }
}

pub(super) fn is_test(command: &Command) -> bool {
    match command {
        Command::Simple(simple) => simple
            .words
            .first()
            .and_then(Word::literal)
            .is_some_and(|name| matches!(name.as_str(), "[" | "test" | "true" | "false" | ":")),
        Command::Compound(compound) => matches!(compound.kind, CompoundKind::Test(_)),
        Command::Opaque(_) => false,
    }
}
