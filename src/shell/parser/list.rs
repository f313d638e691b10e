//! Lists, and-or lists, pipelines, and which kind of command begins.

use super::{MAX_ERRORS, Parser, Result};
use crate::shell::ast::{AndOr, Command, Connector, List, ListItem, Pipeline, Separator, SeparatorKind};
use crate::text::TextRange;

impl Parser<'_> {
    /// Commands up to whatever ends a list; the caller looks at what that is.
    pub(super) fn list(&mut self) -> Result<List> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines();
            if self.at_list_end() {
                break;
            }
            let and_or = self.and_or()?;
            let separator = self.separator();
            items.push(ListItem { and_or, separator });
            if separator.is_none() {
                self.skip_blanks();
                break;
            }
        }
        let range = match (items.first(), items.last()) {
            (Some(first), Some(last)) => {
                first.and_or.range.cover(last.separator.map_or(last.and_or.range, |separator| separator.range))
            }
            _ => self.range_from(self.position),
        };
        Ok(List { range, items })
    }

    /// A list that may not be empty, as branches and bodies hold it.
    pub(super) fn body(&mut self) -> Result<List> {
        let list = self.list()?;
        if list.items.is_empty() {
            self.missing_command();
        }
        Ok(list)
    }

    fn and_or(&mut self) -> Result<AndOr> {
        let first = self.pipeline()?;
        let mut range = first.range;
        let mut rest = Vec::new();
        loop {
            let end = self.position;
            self.skip_blanks();
            let start = self.position;
            let connector = if self.take("&&") {
                Connector::And
            } else if self.take("||") {
                Connector::Or
            } else {
                self.position = end;
                return Ok(AndOr { range, first, rest });
            };
            let operator = self.range_from(start);
            self.skip_newlines();
            let pipeline = self.pipeline()?;
            range = range.cover(pipeline.range);
            rest.push((connector, operator, pipeline));
        }
    }

    fn separator(&mut self) -> Option<Separator> {
        let end = self.position;
        self.skip_blanks();
        let start = self.position;
        let kind = match (self.byte()?, self.next_byte()) {
            (b';', next) if !matches!(next, Some(b';' | b'&')) => SeparatorKind::Semicolon,
            (b'&', next) if next != Some(b'&') => SeparatorKind::Background,
            _ => {
                let range = TextRange::from_usize(start, start + self.newline_length(start));
                if self.newline() {
                    return Some(Separator { range, kind: SeparatorKind::Newline });
                }
                self.position = end;
                return None;
            }
        };
        self.position += 1;
        Some(Separator { range: self.range_from(start), kind })
    }

    fn pipeline(&mut self) -> Result<Pipeline> {
        let start = self.position;
        let mut negated = false;
        loop {
            if self.byte() == Some(b'!') && self.ends_word(self.position + 1) {
                self.position += 1;
                negated = !negated;
            } else if !self.take_time() {
                break;
            }
            self.skip_blanks();
        }
        let mut commands = vec![self.command()?];
        loop {
            let end = self.position;
            self.skip_blanks();
            if self.byte() != Some(b'|') || self.next_byte() == Some(b'|') {
                self.position = end;
                break;
            }
            self.advance(if self.next_byte() == Some(b'&') { 2 } else { 1 });
            self.skip_newlines();
            commands.push(self.command()?);
        }
        Ok(Pipeline { range: self.range_from(start), negated, commands })
    }

    /// Consumes `time` and `time -p` before a construct. Before a simple command it is a word like any other.
    fn take_time(&mut self) -> bool {
        let start = self.position;
        if self.at_word("time") {
            self.position += "time".len();
            self.skip_blanks();
            if self.at_word("-p") {
                self.position += "-p".len();
                self.skip_blanks();
            }
            let negation = self.byte() == Some(b'!') && self.ends_word(self.position + 1);
            if negation || self.at_construct() {
                return true;
            }
            self.position = start;
        }
        false
    }

    /// Whether a construct that holds commands begins here.
    pub(super) fn at_construct(&self) -> bool {
        self.byte() == Some(b'(') || (self.reserved().is_some() && !self.at_list_end())
    }

    /// One command. Outside of other constructs it never fails.
    pub(super) fn command(&mut self) -> Result<Command> {
        let start = self.position;
        match self.try_command() {
            Err(_) if self.depth == self.floor => Ok(self.opaque_rest(start)),
            result => result,
        }
    }

    fn try_command(&mut self) -> Result<Command> {
        match self.byte() {
            Some(b';' | b'|') if !self.at_list_end() => self.stray_operator(),
            Some(b'&') if self.next_byte() != Some(b'>') => self.stray_operator(),
            Some(b'(') => self.nested(Self::parenthesized),
            Some(b'\n' | b'\r') if self.newline_length(self.position) > 0 => Ok(self.missing_command()),
            _ if self.at_list_end() => Ok(self.missing_command()),
            _ => match self.reserved() {
                Some(word) => self.nested(|parser| parser.construct(word)),
                None => self.simple(),
            },
        }
    }

    /// Nothing stands where a command must, but what follows is clear.
    fn missing_command(&mut self) -> Command {
        let _ = self.expected("a command");
        Command::Opaque(self.range_from(self.position))
    }

    /// An operator stands where a command must; reads on at the next separator.
    fn stray_operator(&mut self) -> Result<Command> {
        let start = self.position;
        let fatal = self.expected("a command");
        if self.errors.len() >= MAX_ERRORS {
            return Err(fatal);
        }
        self.advance(self.token_range().len() as usize);
        loop {
            let end = self.position;
            self.skip_blanks();
            let ends = match (self.byte(), self.next_byte()) {
                (None | Some(b';' | b')'), _) | (Some(b'|'), Some(b'|')) => true,
                (Some(b'&'), next) => next != Some(b'>'),
                _ => self.newline_length(self.position) > 0,
            };
            if ends {
                self.position = end;
                return Ok(Command::Opaque(self.range_from(start)));
            }
            match (self.byte(), self.next_byte()) {
                (Some(b'('), _) | (Some(b'<'), Some(b'<')) => return Err(fatal),
                (Some(b'&' | b'|' | b'<' | b'>'), _) => self.position += 1,
                _ => drop(self.word()?),
            }
        }
    }
}
