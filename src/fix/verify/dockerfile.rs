//! A Dockerfile before and after its edits.

use std::mem::discriminant;

use crate::dockerfile::{Arguments, Dockerfile, Heredoc, Instruction, Keyword};
use crate::text::{NewlineStyle, SourceFile, TextRange};

use super::super::splice::{Piece, Splice};
use super::{Violation, comments, shell};

pub(super) fn verify(before: Option<&SourceFile>, after: &SourceFile, splice: &Splice) -> Result<(), Violation> {
    let new = Dockerfile::parse(after.text());
    let Some(before) = before else {
        return new.errors.first().map_or(Ok(()), |error| Err(Violation::ParseError(error.message.clone())));
    };
    let old = Dockerfile::parse(before.text());
    let check = Check { before, after, splice };
    errors(&old, &new)?;
    check.directives(&old, &new)?;
    check.comments(&old, &new)?;
    check.instructions(&old, &new)
}

/// Every error of the result must have been there before.
fn errors(old: &Dockerfile, new: &Dockerfile) -> Result<(), Violation> {
    let mut known: Vec<&str> = old.errors.iter().map(|error| error.message.as_str()).collect();
    for error in &new.errors {
        match known.iter().position(|&message| message == error.message) {
            Some(index) => drop(known.swap_remove(index)),
            None => return Err(Violation::ParseError(error.message.clone())),
        }
    }
    Ok(())
}

struct Check<'a> {
    before: &'a SourceFile,
    after: &'a SourceFile,
    splice: &'a Splice,
}

impl Check<'_> {
    fn directives(&self, old: &Dockerfile, new: &Dockerfile) -> Result<(), Violation> {
        let untouched = |range: TextRange| self.splice.within(range).next().is_none();
        let kept = old.directives.iter().filter(|directive| untouched(directive.range)).all(|directive| {
            new.directives.iter().any(|other| other.name == directive.name && other.value == directive.value)
        });
        let made = new.directives.iter().all(|directive| {
            old.directives.iter().any(|other| other.name == directive.name)
                || self.splice.inserted_at(directive.range.start()).is_some()
        });
        if kept && made && old.escape == new.escape { Ok(()) } else { Err(Violation::Directive) }
    }

    fn comments(&self, old: &Dockerfile, new: &Dockerfile) -> Result<(), Violation> {
        comments(
            self.after,
            old.comments.iter().map(|comment| self.before.slice(comment.range)),
            new.comments.iter().map(|comment| (comment.range.start(), self.after.slice(comment.range))),
            |offset| self.splice.inserted_at(offset).is_some(),
        )
    }

    /// Walks both lists: each old instruction whose first byte stays must be found where the edits moved it, and what else is
    /// in the new list must begin in inserted text that does not lie inside an instruction.
    fn instructions(&self, old: &Dockerfile, new: &Dockerfile) -> Result<(), Violation> {
        let mut found = new.instructions.iter().peekable();
        for (index, instruction) in old.instructions.iter().enumerate() {
            if self.is_replaced(instruction) {
                continue;
            }
            let start = self.splice.map_start(instruction.range.start());
            while let Some(brought) = found.next_if(|other| other.range.start() < start) {
                self.brought(brought, old)?;
            }
            let Some(other) = found.next_if(|other| other.range.start() == start) else {
                return Err(Violation::Instruction(instruction.start_line));
            };
            let next_is_merged = old.instructions.get(index + 1).is_some_and(|next| self.is_replaced(next));
            self.instruction(instruction, other, next_is_merged)?;
        }
        found.try_for_each(|brought| self.brought(brought, old))
    }

    fn is_replaced(&self, instruction: &Instruction) -> bool {
        self.splice.within(instruction.range).any(|piece| piece.old.contains(instruction.range.start()))
    }

    /// An instruction that an edit brought.
    fn brought(&self, brought: &Instruction, old: &Dockerfile) -> Result<(), Violation> {
        let Some(piece) = self.splice.inserted_at(brought.range.start()) else {
            return Err(Violation::Instruction(self.before.line(brought.range.start())));
        };
        let before = old.instructions.partition_point(|other| other.range.start() < piece.old.start());
        let around = before.checked_sub(1).and_then(|index| old.instructions.get(index));
        if let Some(around) = around
            && !self.is_replaced(around)
            && is_inside(piece, around)
        {
            return Err(Violation::Boundary(around.start_line));
        }
        if brought.keyword == Keyword::Unknown {
            return Err(Violation::ParseError(format!("unknown instruction `{}`", brought.raw_keyword)));
        }
        if self.after.newline_style() == NewlineStyle::CrLf && !brought.heredocs.is_empty() {
            return Err(Violation::Heredoc(brought.start_line));
        }
        shell::verify_new(brought, self.after)
    }

    fn instruction(&self, old: &Instruction, new: &Instruction, next_is_merged: bool) -> Result<(), Violation> {
        let touched = self.splice.at(old.range).any(|piece| piece.old.overlaps(old.range) || is_inside(piece, old));
        if !touched {
            let range = self.splice.map(old.range);
            let same = new.range == range
                && new.keyword == old.keyword
                && new.flags.len() == old.flags.len()
                && new.heredocs.len() == old.heredocs.len()
                && self.before.slice(old.range) == self.after.slice(new.range);
            return if same { Ok(()) } else { Err(Violation::Instruction(old.start_line)) };
        }
        let straddles = self.splice.within(old.range).any(|piece| piece.old.end() > old.range.end());
        if !straddles && !next_is_merged && new.range.end() != self.expected_end(old) {
            return Err(Violation::Boundary(old.start_line));
        }
        let keyword_touched = self.splice.within(old.keyword_range).next().is_some();
        if !keyword_touched && (new.keyword != old.keyword || !same_form(old, new)) {
            return Err(Violation::Instruction(old.start_line));
        }
        self.flags(old.effective(), new.effective(), old.start_line)?;
        self.heredocs(old, new)?;
        shell::verify_edited(old, new, self.before, self.after, self.splice)
    }

    fn expected_end(&self, old: &Instruction) -> u32 {
        let end = old.range.end();
        let grows = self.splice.at(TextRange::empty(end)).any(|piece| piece.old.is_empty() && is_inside(piece, old));
        if grows { self.splice.map_start(end) } else { self.splice.map_end(end) }
    }

    fn flags(&self, old: &Instruction, new: &Instruction, line: u32) -> Result<(), Violation> {
        let kept =
            old.flags.iter().filter(|flag| !shell::is_edited(self.splice, self.before, flag.range)).all(|flag| {
                let range = self.splice.map(flag.range);
                new.flags.iter().any(|other| other.range == range && other.name == flag.name)
            });
        let made = new.flags.iter().all(|flag| {
            self.splice.inserted_at(flag.range.start()).is_some()
                || old.flags.iter().any(|other| self.splice.map_start(other.range.start()) == flag.range.start())
        });
        if kept && made { Ok(()) } else { Err(Violation::Flag(line)) }
    }

    fn heredocs(&self, old: &Instruction, new: &Instruction) -> Result<(), Violation> {
        let is_cut = |heredoc: &Heredoc| {
            self.splice.within(heredoc.word).next().is_some() || self.splice.within(heredoc.end).next().is_some()
        };
        let stands = |heredoc: &Heredoc, other: &Heredoc| {
            let ends = |offset: u32| [self.splice.map_start(offset), self.splice.map_end(offset)];
            other.name == heredoc.name
                && other.chomp == heredoc.chomp
                && other.expand == heredoc.expand
                && other.word == self.splice.map(heredoc.word)
                && ends(heredoc.body.start()).contains(&other.body.start())
                && ends(heredoc.body.end()).contains(&other.body.end())
        };
        let kept = old
            .heredocs
            .iter()
            .filter(|heredoc| !is_cut(heredoc))
            .all(|heredoc| new.heredocs.iter().any(|other| stands(heredoc, other)));
        let made = new.heredocs.iter().all(|heredoc| {
            old.heredocs.iter().any(|other| stands(other, heredoc))
                || (self.splice.inserted_at(heredoc.word.start()).is_some()
                    && self.after.newline_style() == NewlineStyle::Lf)
        });
        if kept && made { Ok(()) } else { Err(Violation::Heredoc(old.start_line)) }
    }
}

/// Whether `piece` changes `instruction` rather than what stands before or behind it. Text at its end belongs to it unless it
/// begins a new line.
fn is_inside(piece: &Piece, instruction: &Instruction) -> bool {
    let (at, range) = (piece.old.start(), instruction.range);
    let at_end = at == range.end()
        && piece.old.is_empty()
        && !piece.text.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    range.start() < at && (at < range.end() || at_end)
}

fn same_form(old: &Instruction, new: &Instruction) -> bool {
    match (&old.arguments, &new.arguments) {
        (Arguments::Command(old), Arguments::Command(new)) => discriminant(old) == discriminant(new),
        (Arguments::Trigger(old), Arguments::Trigger(new)) => old.keyword == new.keyword && same_form(old, new),
        (old, new) => discriminant(old) == discriminant(new),
    }
}
