use std::borrow::Cow;

use crate::dockerfile::Value;

use super::super::{Argument, Invocation};

/// Flags and operands of a command line, wherever they stand.
#[derive(Debug, Default)]
pub struct Options<'i> {
    /// Flags in order.
    pub flags: Vec<Flag<'i>>,
    /// Words that are no flags and no values of flags, with their index among the arguments.
    pub operands: Vec<(usize, &'i Argument)>,
}

/// A flag with its value.
#[derive(Debug, Clone)]
pub struct Flag<'i> {
    /// As written, with its dashes and without its value: `--index-url`, `-r`.
    pub name: Cow<'i, str>,
    /// Its value, when it takes one.
    pub value: Option<Value>,
    /// The word that holds the flag.
    pub argument: &'i Argument,
    /// The word that holds the value; the same one for `--flag=value`.
    pub value_argument: Option<&'i Argument>,
}

impl<'i> Options<'i> {
    /// Reads `arguments`. `with_value` names the flags that take a value: long ones with `--`, short ones as `-x`.
    #[must_use]
    pub fn read(arguments: &'i [Argument], with_value: &[&str]) -> Self {
        let mut options = Self::default();
        let mut words = arguments.iter().enumerate().peekable();
        let mut only_operands = false;
        while let Some((index, argument)) = words.next() {
            let text = argument.value.text();
            if only_operands || !text.starts_with('-') || text == "-" {
                options.operands.push((index, argument));
                continue;
            }
            if text == "--" {
                only_operands = true;
                continue;
            }
            if text.starts_with("--") {
                let (name, inline) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
                let takes = with_value.contains(&name);
                let (value, value_argument) = match inline {
                    Some(value) => (Some(Value::new(value)), Some(argument)),
                    None if takes => {
                        words.next().map_or((None, None), |(_, next)| (Some(next.value.clone()), Some(next)))
                    }
                    None => (None, None),
                };
                options.flags.push(Flag { name: Cow::Borrowed(name), value, argument, value_argument });
                continue;
            }
            let mut letters = text.char_indices().skip(1).peekable();
            while let Some((at, letter)) = letters.next() {
                let end = at + letter.len_utf8();
                let name = match text.get(..end) {
                    Some(first) if at == 1 => Cow::Borrowed(first),
                    _ => Cow::Owned(format!("-{letter}")),
                };
                if !with_value.contains(&&*name) {
                    options.flags.push(Flag { name, value: None, argument, value_argument: None });
                    // `-q=2`: the rest belongs to this flag.
                    if letters.peek().is_some_and(|&(_, next)| next == '=') {
                        break;
                    }
                    continue;
                }
                let rest = text.get(end..).unwrap_or_default();
                let rest = rest.strip_prefix('=').unwrap_or(rest);
                let (value, value_argument) = if rest.is_empty() {
                    words.next().map_or((None, None), |(_, next)| (Some(next.value.clone()), Some(next)))
                } else {
                    (Some(Value::new(rest)), Some(argument))
                };
                options.flags.push(Flag { name, value, argument, value_argument });
                break;
            }
        }
        options
    }

    /// Reads the words of a tool whose first operand says what it does (`pip --quiet install flask`), and takes that one out.
    /// `None` without operands.
    #[must_use]
    pub fn with_subcommand(invocation: &'i Invocation, with_value: &[&str]) -> Option<(&'i Argument, Self)> {
        let mut options = Self::read(&invocation.arguments, with_value);
        let subcommand = options.take_operand()?;
        Some((subcommand, options))
    }

    /// Takes the first operand out.
    pub(super) fn take_operand(&mut self) -> Option<&'i Argument> {
        (!self.operands.is_empty()).then(|| self.operands.remove(0).1)
    }

    /// The operand at `index`, when it is there and known.
    #[must_use]
    pub fn word(&self, index: usize) -> Option<&'i str> {
        self.operands.get(index).and_then(|(_, argument)| argument.value.known())
    }

    /// The flags of these names with their values, sorted by name: what two commands agree in that do the same.
    #[must_use]
    pub fn given<'a>(&'a self, names: &'a [&str]) -> Vec<(&'a str, Option<&'a Value>)> {
        let mut given: Vec<_> = self.uses(names).map(|flag| (&*flag.name, flag.value.as_ref())).collect();
        given.sort_by_key(|&(name, _)| name);
        given
    }

    /// Whether one of the flags is given.
    #[must_use]
    pub fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&&*flag.name))
    }

    /// The uses of the flags.
    pub fn uses<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Flag<'i>> {
        self.flags.iter().filter(move |flag| names.contains(&&*flag.name))
    }

    /// The last value of the flags.
    #[must_use]
    pub fn value(&self, names: &[&str]) -> Option<&Value> {
        self.flags.iter().rev().find(|flag| names.contains(&&*flag.name))?.value.as_ref()
    }

    /// All values of the flags.
    pub fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Value> {
        self.uses(names).filter_map(|flag| flag.value.as_ref())
    }
}
