//! Words and their unquoted text.

use super::cursor::is_special;
use super::{Parser, Result};
use crate::shell::ast::{Part, Word};

/// What a word may hold beyond the usual.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Plain,
    /// Behind `=~`, where `|` and groups are part of the word.
    Regex,
}

/// Text put together from what is left between escapes and continuations.
pub(super) struct Unescaped {
    text: String,
    from: usize,
}

impl Unescaped {
    pub(super) fn new(from: usize) -> Self {
        Self { text: String::new(), from }
    }

    /// Takes the text up to `until` and leaves out what stands before `resume`.
    pub(super) fn cut(&mut self, source: &str, until: usize, resume: usize) {
        self.text.push_str(source.get(self.from..until).unwrap_or_default());
        self.from = resume;
    }

    pub(super) fn finish(mut self, source: &str, end: usize) -> String {
        self.cut(source, end, end);
        self.text
    }
}

impl Parser<'_> {
    /// The word that begins here; empty when none does.
    pub(super) fn word(&mut self) -> Result<Word> {
        self.word_in(Dialect::Plain)
    }

    /// The regular expression behind `=~` in `[[ … ]]`.
    pub(super) fn regex(&mut self) -> Result<Word> {
        self.word_in(Dialect::Regex)
    }

    fn word_in(&mut self, dialect: Dialect) -> Result<Word> {
        let start = self.position;
        let mut parts = Vec::new();
        loop {
            let part = match self.byte() {
                Some(b'\'') => self.single_quoted()?,
                Some(b'"') => self.double_quoted(self.position)?,
                Some(b'`') => self.backticks()?,
                Some(b'$') if self.starts_expansion(false) => self.expansion(false)?,
                Some(b'<' | b'>') if self.at_process_substitution() => self.nested(Self::process_substitution)?,
                Some(b'(') if dialect == Dialect::Regex => self.parentheses()?,
                Some(b'@' | b'?' | b'*' | b'+' | b'!') if self.next_byte() == Some(b'(') => self.parentheses()?,
                _ => {
                    let before = self.position;
                    if let Some(literal) = self.literal(dialect) {
                        parts.reserve_exact(usize::from(parts.is_empty()));
                        parts.push(literal);
                    }
                    if self.position == before {
                        return Ok(Word { range: self.range_from(start), parts });
                    }
                    continue;
                }
            };
            parts.push(part);
        }
    }

    /// Unquoted text up to the next part of the word or its end.
    fn literal(&mut self, dialect: Dialect) -> Option<Part> {
        let start = self.position;
        let mut text = Unescaped::new(start);
        let mut quoted = false;
        let mut plain_from = start;
        loop {
            let rest = self.bytes.get(self.position..).unwrap_or_default();
            self.position += rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len());
            match self.byte() {
                Some(b'\\') => {
                    let next = self.after_continuations(self.position);
                    if next > self.position {
                        if self.ends_word(next) {
                            break;
                        }
                        text.cut(self.text, self.position, next);
                        self.position = next;
                        plain_from = next;
                    } else {
                        quoted = true;
                        // A backslash at the very end stands for itself.
                        if self.next_byte().is_some() {
                            text.cut(self.text, self.position, self.position + 1);
                        }
                        self.advance(2);
                        plain_from = self.position;
                    }
                }
                Some(b'$') if !self.starts_expansion(false) => self.position += 1,
                Some(b'\r') if self.newline_length(self.position) == 0 => self.position += 1,
                Some(b'|') if dialect == Dialect::Regex && self.next_byte() != Some(b'|') => self.position += 1,
                // `x@(` begins an extended glob: the byte before the parenthesis belongs to it.
                Some(b'(') if self.position > plain_from => {
                    let last = self.position - 1;
                    if matches!(self.byte_at(last), Some(b'@' | b'?' | b'*' | b'+' | b'!')) {
                        self.position = last;
                    }
                    break;
                }
                _ => break,
            }
        }
        let text = text.finish(self.text, self.position);
        (!text.is_empty() || quoted).then(|| Part::Literal { range: self.range_from(start), text, quoted })
    }

    /// `(…)` of a regular expression, or of an extended glob with the character before it.
    fn parentheses(&mut self) -> Result<Part> {
        let start = self.position;
        self.advance(if self.byte() == Some(b'(') { 1 } else { 2 });
        self.skip_nested(b'(', b')')?;
        Ok(Part::Opaque(self.range_from(start)))
    }
}
