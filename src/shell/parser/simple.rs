//! Simple commands and assignments.

use super::cursor::is_name_start;
use super::{Parser, Result};
use crate::shell::ast::{Assignment, Command, Part, SimpleCommand, Word};
use crate::text::TextRange;

impl Parser<'_> {
    /// Assignments, words and redirections, or the definition of a function.
    pub(super) fn simple(&mut self) -> Result<Command> {
        let start = self.position;
        let mut end = start;
        let mut command = SimpleCommand { words: Vec::with_capacity(2), ..SimpleCommand::default() };
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                command.redirects.push(redirect);
            } else if command.words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                command.assignments.push(assignment);
            } else if self.byte() == Some(b'(') {
                if !self.array_argument(&mut command)? {
                    let ([name], [], []) = (&*command.words, &*command.assignments, &*command.redirects) else {
                        return Err(self.unexpected());
                    };
                    let name = name.range;
                    return self.function_definition(start, name);
                }
            } else if self.at_word_start() {
                command.words.push(self.word()?);
            } else {
                break;
            }
            end = self.position;
        }
        self.position = end;
        command.range = TextRange::from_usize(start, end);
        Ok(Command::Simple(command))
    }

    /// Whether a word begins here, a process substitution included.
    pub(super) fn at_word_start(&self) -> bool {
        !self.ends_word(self.position) || self.at_process_substitution()
    }

    fn assignment(&mut self) -> Result<Option<Assignment>> {
        let start = self.position;
        if !self.byte().is_some_and(is_name_start) {
            return Ok(None);
        }
        let name_end = self.name_end(start);
        let mut at = self.after_continuations(name_end);
        if self.byte_at(at) == Some(b'[') {
            self.position = at + 1;
            let closed = self.attempt(|parser| {
                parser.skip_nested(b'[', b']').ok()?;
                matches!((parser.byte(), parser.next_byte()), (Some(b'='), _) | (Some(b'+'), Some(b'=')))
                    .then_some(parser.position)
            });
            self.position = start;
            match closed? {
                Some(end) => at = end,
                None => return Ok(None),
            }
        }
        let append = self.byte_at(at) == Some(b'+');
        if self.byte_at(at + usize::from(append)) != Some(b'=') {
            return Ok(None);
        }
        self.position = at + usize::from(append) + 1;
        let value = if self.byte() == Some(b'(') {
            let array = self.array()?;
            Word { range: array.range(), parts: vec![array] }
        } else {
            self.word()?
        };
        Ok(Some(Assignment {
            range: self.range_from(start),
            name: self.without_continuations(start, name_end),
            append,
            value,
        }))
    }

    /// `(x y)` behind `=`.
    fn array(&mut self) -> Result<Part> {
        let start = self.position;
        self.position += 1;
        loop {
            self.skip_newlines();
            match self.byte() {
                Some(b')') => {
                    self.position += 1;
                    return Ok(Part::Opaque(self.range_from(start)));
                }
                None => return Err(self.unclosed(start, 1, "the array")),
                _ if self.at_word_start() => drop(self.word()?),
                _ => return Err(self.expected("`)`")),
            }
        }
    }

    /// An array behind `NAME=` as an argument of `declare` and its like; it joins the word before it.
    fn array_argument(&mut self, command: &mut SimpleCommand) -> Result<bool> {
        let (Some(first), Some(last)) = (command.words.first(), command.words.last()) else { return Ok(false) };
        let declares = ["declare", "local", "export", "readonly", "typeset", "eval", "alias", "let"]
            .iter()
            .any(|name| first.is(name));
        let adjacent = last.range.end() as usize == self.position && last.range.slice(self.text).ends_with('=');
        if !declares || !adjacent {
            return Ok(false);
        }
        let array = self.array()?;
        if let Some(last) = command.words.last_mut() {
            last.range = last.range.cover(array.range());
            last.parts.push(array);
        }
        Ok(true)
    }
}
