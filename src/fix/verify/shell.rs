//! The scripts of an instruction before and after its edits.

use std::collections::HashSet;

use crate::dockerfile::{Instruction, RunScript};
use crate::shell::{Command, CompoundKind, List, Part, Script, SeparatorKind, SimpleCommand, Word};
use crate::text::{SourceFile, TextRange};

use super::super::splice::Splice;
use super::Violation;

/// What a script is made of, with places in the file.
#[derive(Default)]
struct Reading {
    /// Words, assignments and redirections, those inside substitutions included, and operators.
    tokens: Vec<(Token, TextRange)>,
    /// Errors and commands that could not be read.
    troubles: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Token {
    Word,
    Assignment,
    Redirect,
    Operator,
}

/// A script that was not there before must be read without trouble.
pub(super) fn verify_new(instruction: &Instruction, file: &SourceFile) -> Result<(), Violation> {
    match read(instruction, file) {
        Some(reading) if reading.troubles > 0 || reading.tokens.is_empty() => {
            Err(Violation::Script(instruction.start_line))
        }
        _ => Ok(()),
    }
}

/// A script that was edited: no new trouble, every token beside the edits is still one, and what was inserted takes part.
pub(super) fn verify_edited(
    old: &Instruction,
    new: &Instruction,
    before: &SourceFile,
    after: &SourceFile,
    splice: &Splice,
) -> Result<(), Violation> {
    let line = old.start_line;
    let (Some(old_reading), Some(new_reading)) = (read(old, before), read(new, after)) else { return Ok(()) };
    if new_reading.troubles > old_reading.troubles || (new_reading.tokens.is_empty() && !old_reading.tokens.is_empty())
    {
        return Err(Violation::Script(line));
    }
    let tokens: HashSet<(Token, TextRange)> = new_reading.tokens.iter().copied().collect();
    for &(token, range) in &old_reading.tokens {
        if !is_edited(splice, before, range) && !tokens.contains(&(token, splice.map(range))) {
            return Err(Violation::Word { line, word: before.slice(range).to_owned() });
        }
    }
    for piece in splice.at(old.range) {
        let inserts_code = piece.text.chars().any(|c| !c.is_whitespace() && c != '\\' && c != '`');
        let is_flag = new.effective().flags.iter().any(|flag| flag.range.overlaps(piece.new));
        let is_inside = new.range.contains_range(piece.new) && piece.new.start() > new.range.start();
        let is_comment = || piece.text.lines().all(|line| matches!(line.trim_start().chars().next(), None | Some('#')));
        if inserts_code
            && is_inside
            && !is_flag
            && !is_comment()
            && !new_reading.tokens.iter().any(|(_, range)| range.overlaps(piece.new))
        {
            return Err(Violation::NotRun(line));
        }
    }
    Ok(())
}

/// Whether an edit changes `range`, or glues text to one of its ends.
pub(super) fn is_edited(splice: &Splice, before: &SourceFile, range: TextRange) -> bool {
    let parts = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>' | '\\' | '`');
    let text = before.slice(range);
    splice.at(range).any(|piece| {
        if piece.old.overlaps(range) {
            return true;
        }
        let glued_before = piece.old.end() == range.start()
            && piece.text.chars().next_back().is_some_and(|c| !parts(c))
            && text.chars().next().is_some_and(|c| !parts(c));
        let glued_behind = piece.old.start() == range.end()
            && piece.text.chars().next().is_some_and(|c| !parts(c))
            && text.chars().next_back().is_some_and(|c| !parts(c));
        glued_before || glued_behind
    })
}

/// The reading of what the instruction gives to a shell; `None` when it runs no shell.
fn read(instruction: &Instruction, file: &SourceFile) -> Option<Reading> {
    let RunScript::Shell(text) = instruction.effective().script(file.text())? else { return None };
    let script = Script::parse(text);
    let mut reading = Reading { troubles: script.errors.len(), ..Reading::default() };
    Reader { script: &script, reading: &mut reading }.list(&script.body);
    Some(reading)
}

struct Reader<'a> {
    script: &'a Script,
    reading: &'a mut Reading,
}

impl Reader<'_> {
    fn token(&mut self, token: Token, range: TextRange) {
        if !range.is_empty() {
            self.reading.tokens.push((token, self.script.source_range(range)));
        }
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            for command in &item.and_or.first.commands {
                self.command(command);
            }
            for (_, operator, pipeline) in &item.and_or.rest {
                self.token(Token::Operator, *operator);
                for command in &pipeline.commands {
                    self.command(command);
                }
            }
            if let Some(separator) = &item.separator
                && separator.kind != SeparatorKind::Newline
            {
                self.token(Token::Operator, separator.range);
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound) => {
                self.compound(&compound.kind);
                for redirect in &compound.redirects {
                    self.token(Token::Redirect, redirect.range);
                }
            }
            Command::Opaque(range) => {
                self.reading.troubles += 1;
                self.token(Token::Word, *range);
            }
        }
    }

    fn simple(&mut self, simple: &SimpleCommand) {
        for assignment in &simple.assignments {
            self.token(Token::Assignment, assignment.range);
            self.parts(&assignment.value.parts);
        }
        for word in &simple.words {
            self.word(word);
        }
        for redirect in &simple.redirects {
            self.token(Token::Redirect, redirect.range);
            self.parts(&redirect.target.parts);
        }
    }

    fn compound(&mut self, kind: &CompoundKind) {
        match kind {
            CompoundKind::Group(list) | CompoundKind::Subshell(list) | CompoundKind::ArithmeticFor { body: list } => {
                self.list(list);
            }
            CompoundKind::If { branches, otherwise } => {
                for branch in branches {
                    self.list(&branch.condition);
                    self.list(&branch.body);
                }
                if let Some(list) = otherwise {
                    self.list(list);
                }
            }
            CompoundKind::For { words, body, .. } => {
                for word in words.iter().flatten() {
                    self.word(word);
                }
                self.list(body);
            }
            CompoundKind::While { condition, body } | CompoundKind::Until { condition, body } => {
                self.list(condition);
                self.list(body);
            }
            CompoundKind::Case { subject, arms } => {
                self.word(subject);
                for arm in arms {
                    for pattern in &arm.patterns {
                        self.word(pattern);
                    }
                    self.list(&arm.body);
                }
            }
            CompoundKind::Function { body, .. } => self.command(body),
            CompoundKind::Test(words) => {
                for word in words {
                    self.word(word);
                }
            }
            CompoundKind::Arithmetic => {}
        }
    }

    fn word(&mut self, word: &Word) {
        self.token(Token::Word, word.range);
        self.parts(&word.parts);
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::DoubleQuoted { parts, .. } => self.parts(parts),
                Part::Substitution { commands, .. } | Part::Process { commands, .. } => self.list(commands),
                _ => {}
            }
        }
    }
}
