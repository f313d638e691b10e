//! Recursive descent over the bytes of a script.
//!
//! Errors are of two kinds. Where the structure stays clear (a command is missing, a heredoc is not closed) the error is noted
//! and reading goes on. Anything else is [`Fatal`]: it unwinds to the outermost command, which becomes opaque up to the end of
//! the text, because nothing that follows can be trusted. Backticks end at a place that does not depend on what they hold, and
//! so are a text of their own.

mod compound;
mod cursor;
mod expansion;
mod list;
mod quote;
mod redirect;
mod simple;
mod word;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::ast::{AndOr, Command, List, ListItem, Pipeline, ShellError};
use crate::text::TextRange;
use redirect::PendingHeredoc;

/// Constructs inside one another that are read; more would risk the stack of a worker thread.
const MAX_DEPTH: u32 = 200;

/// Errors that are noted; what follows is opaque.
const MAX_ERRORS: usize = 100;

/// Reads `text`. Whatever is not a script becomes opaque commands and errors.
pub(super) fn parse(text: &str) -> (List, Vec<ShellError>) {
    let mut parser = Parser::new(text, BTreeMap::new());
    let mut list = parser.script();
    // The body of a heredoc is met after its redirection is built; the second reading knows it beforehand.
    if !parser.bodies.is_empty() {
        parser = Parser::new(text, parser.bodies);
        list = parser.script();
    }
    (list, parser.errors)
}

/// An error, already noted, after which the structure of the text is unknown.
struct Fatal;

type Result<T> = std::result::Result<T, Fatal>;

struct Parser<'t> {
    text: &'t str,
    /// The bytes of `text`, up to the closing backtick while inside backticks.
    bytes: &'t [u8],
    position: usize,
    depth: u32,
    /// The depth at which commands are not part of another construct, so that a fatal error stops there.
    floor: u32,
    /// How many `$(` and `<(` are open.
    substitutions: u32,
    /// Bytes that may still be read a second time, so that hostile text costs no more than a multiple of its length.
    rereads: usize,
    errors: Vec<ShellError>,
    /// Heredocs whose bodies begin behind the next newline.
    pending: Vec<PendingHeredoc>,
    /// Bodies found, by the start of their redirections.
    bodies: BTreeMap<usize, TextRange>,
    /// `bodies` of the first reading.
    known_bodies: BTreeMap<usize, TextRange>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, known_bodies: BTreeMap<usize, TextRange>) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            position: 0,
            depth: 0,
            floor: 0,
            substitutions: 0,
            rereads: text.len().saturating_mul(4),
            errors: Vec::new(),
            pending: Vec::new(),
            bodies: BTreeMap::new(),
            known_bodies,
        }
    }

    /// Everything up to the end of the bytes.
    fn script(&mut self) -> List {
        let mut list = self.list().unwrap_or_default();
        self.skip_blanks();
        if self.byte().is_some() {
            let _ = self.unexpected();
            let rest = self.opaque_rest(self.position);
            list.range = if list.items.is_empty() { rest.range() } else { list.range.cover(rest.range()) };
            list.items.push(ListItem {
                and_or: AndOr {
                    range: rest.range(),
                    first: Pipeline { range: rest.range(), negated: false, commands: vec![rest] },
                    rest: Vec::new(),
                },
                separator: None,
            });
        }
        for heredoc in std::mem::take(&mut self.pending) {
            self.error(heredoc.redirect, format!("the heredoc `{}` has no body", heredoc.delimiter));
        }
        list
    }

    /// Gives up on everything from `start`.
    fn opaque_rest(&mut self, start: usize) -> Command {
        self.position = self.bytes.len();
        self.pending.clear();
        Command::Opaque(self.range_from(start))
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(
                self.fatal(TextRange::from_usize(self.position, self.position), "constructs are nested too deeply")
            );
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Tries `parse`; when it gives nothing, goes back as if it had not been called.
    fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Result<Option<T>> {
        let (start, errors, pending) = (self.position, self.errors.len(), self.pending.len());
        let result = parse(self);
        if result.is_none() {
            let read = self.position.saturating_sub(start) + 1;
            self.position = start;
            self.errors.truncate(errors);
            self.pending.truncate(pending);
            let Some(left) = self.rereads.checked_sub(read) else {
                return Err(self.fatal(TextRange::from_usize(start, start), "the script is too ambiguous to read"));
            };
            self.rereads = left;
        }
        Ok(result)
    }

    fn error(&mut self, range: TextRange, message: impl Into<String>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(ShellError { range, message: message.into() });
        }
    }

    fn fatal(&mut self, range: TextRange, message: impl Into<String>) -> Fatal {
        self.error(range, message);
        Fatal
    }

    /// A construct that begins with `opening` bytes at `start` and has no end.
    fn unclosed(&mut self, start: usize, opening: usize, what: &str) -> Fatal {
        let range = TextRange::from_usize(start, (start + opening).min(self.bytes.len()));
        self.fatal(range, format!("{what} is never closed"))
    }

    /// Something other than `what` stands here.
    fn expected(&mut self, what: &str) -> Fatal {
        let found = self.token_range();
        let message = match found.slice(self.text) {
            "" if self.byte().is_none() => format!("expected {what} before the end of the script"),
            "" => format!("expected {what} here"),
            "\n" | "\r\n" => format!("expected {what} before the end of the line"),
            text => format!("expected {what}, found `{text}`"),
        };
        self.fatal(found, message)
    }

    /// Something stands here that cannot.
    fn unexpected(&mut self) -> Fatal {
        let found = self.token_range();
        let message = match found.slice(self.text) {
            "" => "unexpected text".to_owned(),
            text => format!("unexpected `{text}`"),
        };
        self.fatal(found, message)
    }

    fn range_from(&self, start: usize) -> TextRange {
        TextRange::from_usize(start, self.position)
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }
}
