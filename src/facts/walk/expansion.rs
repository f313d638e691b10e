//! Words of a script with their variables put in.

use crate::dockerfile::{Lookup, MAX_EXPANSION_BYTES, UNKNOWN, expand};
use crate::shell::{Parameter, Part, Script, Word};

use super::{Argument, Follow, Value};

/// Fields that are being put together.
#[derive(Default)]
struct Fields {
    done: Vec<String>,
    current: Option<String>,
    /// Bytes that variables added.
    expanded: usize,
}

impl Fields {
    fn quoted(&mut self, text: &str) {
        self.current.get_or_insert_default().push_str(text);
    }

    fn split(&mut self, text: &str) {
        let mut rest = text;
        while let Some(index) = rest.find(char::is_whitespace) {
            let (field, tail) = rest.split_at(index);
            if !field.is_empty() {
                self.quoted(field);
            }
            self.done.extend(self.current.take());
            rest = tail.trim_start();
        }
        if !rest.is_empty() {
            self.quoted(rest);
        }
    }
}

impl Follow<'_, '_, '_> {
    /// The fields of a word. A variable with several possible values takes its first here; see [`Follow::alternatives`].
    pub(super) fn expand_word(&self, script: &Script, word: &Word) -> Vec<Argument> {
        let mut fields = Fields::default();
        for part in self.without_tilde(word, &mut fields) {
            self.expand_part(script, part, false, &mut fields);
        }
        let Fields { mut done, current, .. } = fields;
        done.extend(current);
        let range = self.place(script, word.range);
        let count = done.len();
        done.into_iter()
            .enumerate()
            .map(|(index, text)| Argument {
                value: Value::new(text),
                range,
                whole: count == 1 && self.frame.anchor.is_none(),
                last: index + 1 == count && self.frame.anchor.is_none(),
            })
            .collect()
    }

    /// The word as a single value, as in a test or an assignment: no splitting.
    pub(super) fn expand_one(&self, script: &Script, word: &Word) -> Value {
        let mut fields = Fields::default();
        for part in self.without_tilde(word, &mut fields) {
            self.expand_part(script, part, true, &mut fields);
        }
        Value::new(fields.current.unwrap_or_default())
    }

    /// Puts the home folder for a `~` at the start of the word, and returns the parts that are left.
    fn without_tilde<'p>(&self, word: &'p Word, fields: &mut Fields) -> &'p [Part] {
        let Some((Part::Literal { text, quoted: false, .. }, rest)) = word.parts.split_first() else {
            return &word.parts;
        };
        let Some(path) = text.strip_prefix('~').filter(|path| path.is_empty() || path.starts_with('/')) else {
            return &word.parts;
        };
        let home = self.variable("HOME").and_then(|values| values.first().cloned()).unwrap_or_else(Value::unknown);
        fields.quoted(&format!("{}{path}", home.text()));
        rest
    }

    fn expand_part(&self, script: &Script, part: &Part, quoted: bool, fields: &mut Fields) {
        match part {
            Part::Literal { text, .. } | Part::SingleQuoted { text, .. } => fields.quoted(text),
            Part::DoubleQuoted { parts, .. } => {
                fields.quoted("");
                for part in parts {
                    self.expand_part(script, part, true, fields);
                }
            }
            Part::Parameter(parameter) => {
                let mut value = self.parameter(script, parameter);
                fields.expanded += value.len();
                if fields.expanded > MAX_EXPANSION_BYTES {
                    value = UNKNOWN.to_string();
                }
                if quoted { fields.quoted(&value) } else { fields.split(&value) }
            }
            Part::Substitution { commands, .. } => {
                let told = located_program(commands).or_else(|| self.platform_told_by(commands).map(str::to_owned));
                fields.quoted(&told.unwrap_or_else(|| UNKNOWN.to_string()));
            }
            Part::Arithmetic(_) | Part::Process { .. } | Part::Opaque(_) => fields.quoted(&UNKNOWN.to_string()),
        }
    }

    fn parameter(&self, script: &Script, parameter: &Parameter) -> String {
        if parameter.name.bytes().next().is_some_and(|byte| !byte.is_ascii_alphabetic() && byte != b'_') {
            return UNKNOWN.to_string();
        }
        let lookup = |name: &str| match self.variable(name).as_deref() {
            Some([value, ..]) if value.text() != UNKNOWN.to_string() => Lookup::Known(value.text().to_owned()),
            _ => Lookup::Unknown,
        };
        if parameter.operator.is_empty() {
            return match lookup(&parameter.name) {
                Lookup::Known(value) => value,
                _ => UNKNOWN.to_string(),
            };
        }
        // The shell's modifiers that Dockerfiles use are those that BuildKit knows too; `${x:=d}` reads like `${x:-d}`.
        let text = script.slice(parameter.range).replacen(":=", ":-", 1);
        expand(&text, '\\', &lookup).text().to_owned()
    }

    /// Names in the words that have several possible values.
    pub(super) fn open_variables(&self, words: &[Word]) -> Vec<String> {
        let mut names = Vec::new();
        for word in words {
            collect_names(&word.parts, &mut names);
        }
        names.retain(|name| self.shell.variables.get(name).is_some_and(|values| values.len() > 1));
        names.sort();
        names.dedup();
        names
    }
}

/// The words of a list that is one command.
pub(super) fn only_command(commands: &crate::shell::List) -> Option<Vec<String>> {
    let [item] = commands.items.as_slice() else { return None };
    let [crate::shell::Command::Simple(simple)] = item.and_or.first.commands.as_slice() else { return None };
    simple.words.iter().map(Word::literal).collect()
}

/// `$(which pip)` and `$(command -v pip)` name a program; anything else is unknown.
pub(super) fn located_program(commands: &crate::shell::List) -> Option<String> {
    match only_command(commands)?.as_slice() {
        [which, program] if which == "which" => Some(program.clone()),
        [command, flag, program] if command == "command" && flag == "-v" => Some(program.clone()),
        _ => None,
    }
}

fn collect_names(parts: &[Part], names: &mut Vec<String>) {
    for part in parts {
        match part {
            Part::Parameter(parameter) => names.push(parameter.name.clone()),
            Part::DoubleQuoted { parts, .. } => collect_names(parts, names),
            _ => {}
        }
    }
}
