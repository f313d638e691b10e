//! What begins with `$`, process substitutions, and text that is only skipped.

use super::cursor::{is_name, is_name_start};
use super::{Parser, Result};
use crate::shell::ast::{List, Parameter, Part};

impl Parser<'_> {
    /// Whether the `$` here begins an expansion or a quoted string, rather than standing for itself.
    pub(super) fn starts_expansion(&self, in_double_quotes: bool) -> bool {
        match self.byte_at(self.after_continuations(self.position + 1)) {
            Some(b'(' | b'{' | b'[' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => true,
            Some(b'\'' | b'"') => !in_double_quotes,
            next => next.is_some_and(is_name),
        }
    }

    /// The expansion or string that begins with the `$` here.
    pub(super) fn expansion(&mut self, in_double_quotes: bool) -> Result<Part> {
        let start = self.position;
        self.position = self.after_continuations(start + 1);
        match self.byte() {
            Some(b'\'') => self.ansi_quoted(start),
            Some(b'"') => self.double_quoted(start),
            Some(b'(') => self.nested(|parser| parser.parenthesized_expansion(start)),
            Some(b'{') => self.nested(|parser| parser.braced_parameter(start, in_double_quotes)),
            Some(b'[') => self.nested(|parser| parser.bracketed_arithmetic(start)),
            _ => {
                let name_start = self.position;
                self.position = self.parameter_end(name_start);
                let name = self.without_continuations(name_start, self.position);
                Ok(Part::Parameter(Parameter { range: self.range_from(start), name, operator: String::new() }))
            }
        }
    }

    /// The end of the name of an unbraced parameter: a variable, one digit or one special character.
    fn parameter_end(&self, start: usize) -> usize {
        if self.byte_at(start).is_some_and(is_name_start) { self.name_end(start) } else { start + 1 }
    }

    /// `$((…))` or `$(…)`.
    fn parenthesized_expansion(&mut self, start: usize) -> Result<Part> {
        self.position += 1;
        if self.byte() == Some(b'(') {
            self.position += 1;
            if self.arithmetic()? {
                return Ok(Part::Arithmetic(self.range_from(start)));
            }
            self.position -= 1;
        }
        let commands = self.substituted(start, 2)?;
        Ok(Part::Substitution { range: self.range_from(start), commands })
    }

    /// Skips an arithmetic expression and its `))`. `false` when parentheses show that it is none: then nothing is skipped.
    pub(super) fn arithmetic(&mut self) -> Result<bool> {
        let closed = self.attempt(|parser| {
            parser.skip_nested(b'(', b')').ok()?;
            parser.take(")").then_some(())
        });
        Ok(closed?.is_some())
    }

    /// `$[…]`, the old form of `$((…))`.
    fn bracketed_arithmetic(&mut self, start: usize) -> Result<Part> {
        self.position += 1;
        if self.attempt(|parser| parser.skip_nested(b'[', b']').ok())?.is_some() {
            return Ok(Part::Arithmetic(self.range_from(start)));
        }
        self.position -= 1;
        Ok(Part::Literal { range: self.range_from(start), text: "$".to_owned(), quoted: false })
    }

    pub(super) fn at_process_substitution(&self) -> bool {
        matches!((self.byte(), self.next_byte()), (Some(b'<' | b'>'), Some(b'(')))
    }

    /// `<(…)` or `>(…)`.
    pub(super) fn process_substitution(&mut self) -> Result<Part> {
        let start = self.position;
        self.position += 2;
        let commands = self.substituted(start, 2)?;
        Ok(Part::Process { range: self.range_from(start), commands })
    }

    /// The commands of a substitution and its `)`. Heredocs outside of it begin behind a newline outside of it.
    fn substituted(&mut self, start: usize, opening: usize) -> Result<List> {
        let outer = std::mem::take(&mut self.pending);
        self.substitutions += 1;
        let list = self.list();
        self.substitutions -= 1;
        // Where the body of a heredoc begins that was opened inside is another question on which shells disagree.
        let inner = std::mem::replace(&mut self.pending, outer);
        let list = list?;
        if let Some(heredoc) = inner.first() {
            return Err(self.fatal(heredoc.redirect, format!("the heredoc `{}` has no body", heredoc.delimiter)));
        }
        match self.byte() {
            Some(b')') => {
                self.position += 1;
                Ok(list)
            }
            None => Err(self.unclosed(start, opening, "the substitution")),
            Some(_) => Err(self.expected("`)`")),
        }
    }

    /// `${…}` from the brace on.
    fn braced_parameter(&mut self, start: usize, in_double_quotes: bool) -> Result<Part> {
        self.position += 1;
        let prefix = self.braced_prefix();
        let name_start = self.position;
        match self.byte() {
            Some(byte) if is_name_start(byte) => self.position = self.name_end(name_start),
            Some(b'0'..=b'9') => {
                while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                    self.position += 1;
                }
            }
            Some(b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => self.position += 1,
            _ => {}
        }
        let operator_start = self.position;
        self.skip_braced(start, in_double_quotes)?;
        let range = self.range_from(start);
        if operator_start == name_start {
            return Ok(Part::Opaque(range));
        }
        let name = self.without_continuations(name_start, operator_start);
        let operator = self.slice(operator_start, self.position - 1);
        let operator = if prefix.is_empty() { operator.to_owned() } else { format!("{prefix}{operator}") };
        Ok(Part::Parameter(Parameter { range, name, operator }))
    }

    /// The `#` or `!` before the name, told apart from the parameters `$#` and `$!`.
    fn braced_prefix(&mut self) -> &'static str {
        let Some(next) = self.next_byte() else { return "" };
        let prefix = match self.byte() {
            Some(b'#') if is_name(next) => "#len",
            Some(b'#') if matches!(next, b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                if matches!(self.byte_at(self.position + 2), Some(b'}')) { "#len" } else { "" }
            }
            Some(b'!') if is_name(next) || matches!(next, b'@' | b'*' | b'#') => "!",
            _ => "",
        };
        self.position += usize::from(!prefix.is_empty());
        prefix
    }

    /// Skips the operator of a parameter and the closing brace.
    fn skip_braced(&mut self, start: usize, in_double_quotes: bool) -> Result<()> {
        // Inside double quotes `'` quotes in `"${x%'}'}"`. In `"${x:-'}'}"` it does in bash and does not in dash: an odd number
        // of them before the brace is read in two ways.
        let quotes = !in_double_quotes || matches!(self.byte(), Some(b'%' | b'#' | b'/' | b'^' | b','));
        let mut plain_quotes = 0_u32;
        loop {
            match self.byte() {
                None => return Err(self.unclosed(start, 2, "the parameter expansion")),
                Some(b'}') if plain_quotes.is_multiple_of(2) => {
                    self.position += 1;
                    return Ok(());
                }
                Some(b'}') => return Err(self.fatal(self.range_from(start), "shells disagree about the single quote")),
                Some(b'\'') if !quotes => {
                    plain_quotes += 1;
                    self.position += 1;
                }
                Some(_) => self.skip_unit(in_double_quotes)?,
            }
        }
    }

    /// Skips up to the `close` that matches the `open` just before.
    pub(super) fn skip_nested(&mut self, open: u8, close: u8) -> Result<()> {
        let start = self.position.saturating_sub(1);
        let mut depth = 1_u32;
        loop {
            match self.byte() {
                None => return Err(self.unclosed(start, 1, "the bracket")),
                Some(byte) if byte == close => {
                    self.position += 1;
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Some(byte) if byte == open => {
                    self.position += 1;
                    depth += 1;
                }
                Some(_) => self.skip_unit(false)?,
            }
        }
    }

    /// Skips a byte, or the quoted text or expansion that begins with it.
    fn skip_unit(&mut self, in_double_quotes: bool) -> Result<()> {
        match self.byte() {
            Some(b'\\') => self.advance(2),
            Some(b'\'') => drop(self.single_quoted()?),
            Some(b'"') => drop(self.double_quoted(self.position)?),
            Some(b'`') => drop(self.backticks()?),
            Some(b'$') if self.starts_expansion(in_double_quotes) => drop(self.expansion(in_double_quotes)?),
            _ => self.advance(1),
        }
        Ok(())
    }
}
