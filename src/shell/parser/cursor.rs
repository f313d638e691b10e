//! Reading bytes: white space, continuations, reserved words and what ends a word.

use super::Parser;
use crate::text::TextRange;

/// Ends an unquoted word.
const ENDS_WORD: u8 = 1;
/// Needs a closer look inside an unquoted word.
const SPECIAL: u8 = 2;
/// Part of a variable's name.
const NAME: u8 = 4;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => ENDS_WORD | SPECIAL,
            b'\r' | b'\\' | b'\'' | b'"' | b'`' | b'$' => SPECIAL,
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

pub(super) fn is_special(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & SPECIAL != 0
}

pub(super) fn is_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & NAME != 0
}

pub(super) fn is_name_start(byte: u8) -> bool {
    is_name(byte) && !byte.is_ascii_digit()
}

impl Parser<'_> {
    pub(super) fn byte(&self) -> Option<u8> {
        self.byte_at(self.position)
    }

    pub(super) fn byte_at(&self, offset: usize) -> Option<u8> {
        self.bytes.get(offset).copied()
    }

    pub(super) fn next_byte(&self) -> Option<u8> {
        self.byte_at(self.position + 1)
    }

    /// Moves on by `count` bytes, not past the end.
    pub(super) fn advance(&mut self, count: usize) {
        self.position = (self.position + count).min(self.bytes.len());
    }

    /// Consumes `text` if it stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.position += text.len();
        }
        found
    }

    pub(super) fn looking_at(&self, text: &str) -> bool {
        self.bytes.get(self.position..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    /// Whether `word` stands here, unquoted and whole.
    pub(super) fn at_word(&self, word: &str) -> bool {
        self.looking_at(word) && self.ends_word(self.position + word.len())
    }

    /// Length of the newline at `offset`, 0 when there is none.
    pub(super) fn newline_length(&self, offset: usize) -> usize {
        match self.byte_at(offset) {
            Some(b'\n') => 1,
            Some(b'\r') if self.byte_at(offset + 1) == Some(b'\n') => 2,
            _ => 0,
        }
    }

    /// The offset behind all backslash-newline pairs at `offset`.
    pub(super) fn after_continuations(&self, mut offset: usize) -> usize {
        while self.byte_at(offset) == Some(b'\\') {
            match self.newline_length(offset + 1) {
                0 => break,
                length => offset += 1 + length,
            }
        }
        offset
    }

    /// Whether an unquoted word ends before `offset`.
    pub(super) fn ends_word(&self, offset: usize) -> bool {
        let offset = self.after_continuations(offset);
        self.byte_at(offset).is_none_or(|byte| CLASSES[usize::from(byte)] & ENDS_WORD != 0)
            || self.newline_length(offset) > 0
    }

    /// Skips blanks, continuations and a comment, not newlines.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.position += 1,
                Some(b'\\') => match self.after_continuations(self.position) {
                    next if next == self.position => break,
                    next => self.position = next,
                },
                Some(b'#') => {
                    while self.byte().is_some() && self.newline_length(self.position) == 0 {
                        self.position += 1;
                    }
                }
                _ => break,
            }
        }
    }

    /// Skips blanks, comments and newlines with the heredoc bodies behind them.
    pub(super) fn skip_newlines(&mut self) {
        self.skip_blanks();
        while self.newline() {
            self.skip_blanks();
        }
    }

    /// Consumes a newline and the heredoc bodies behind it.
    pub(super) fn newline(&mut self) -> bool {
        let length = self.newline_length(self.position);
        self.position += length;
        if length > 0 && !self.pending.is_empty() {
            self.read_heredocs();
        }
        length > 0
    }

    /// The reserved word that stands here. Only meaningful where a command may begin.
    pub(super) fn reserved(&self) -> Option<&'static str> {
        let candidates: &[&'static str] = match self.byte()? {
            b'c' => &["case", "coproc"],
            b'd' => &["do", "done"],
            b'e' => &["elif", "else", "esac"],
            b'f' => &["fi", "for", "function"],
            b'i' => &["if"],
            b's' => &["select"],
            b't' => &["then"],
            b'u' => &["until"],
            b'w' => &["while"],
            b'{' => &["{"],
            b'}' => &["}"],
            b'[' => &["[["],
            _ => return None,
        };
        candidates.iter().find(|word| self.at_word(word)).copied()
    }

    /// Whether no further command of a list can begin here.
    pub(super) fn at_list_end(&self) -> bool {
        match self.byte() {
            None | Some(b')') => true,
            Some(b';') => matches!(self.next_byte(), Some(b';' | b'&')),
            _ => matches!(self.reserved(), Some("then" | "elif" | "else" | "fi" | "do" | "done" | "esac" | "}")),
        }
    }

    /// The range of a variable's name that may begin at `offset`, continuations inside included.
    pub(super) fn name_end(&self, offset: usize) -> usize {
        let mut end = offset;
        loop {
            while self.byte_at(end).is_some_and(is_name) {
                end += 1;
            }
            let next = self.after_continuations(end);
            if next == end || !self.byte_at(next).is_some_and(is_name) {
                return end;
            }
            end = next;
        }
    }

    /// The text between two offsets without its continuations.
    pub(super) fn without_continuations(&self, start: usize, end: usize) -> String {
        let text = self.slice(start, end);
        if text.contains('\\') { text.replace("\\\r\n", "").replace("\\\n", "") } else { text.to_owned() }
    }

    /// What stands here, for a message: an operator, a newline or the plain beginning of a word.
    pub(super) fn token_range(&self) -> TextRange {
        let start = self.position;
        let length = match (self.byte(), self.next_byte()) {
            (Some(b'&' | b'|' | b';' | b'<' | b'>'), next) if next == self.byte() => 2,
            (Some(b'&' | b'|' | b';' | b'<' | b'>' | b'(' | b')'), _) => 1,
            (Some(b'\n' | b'\r'), _) => self.newline_length(start),
            _ => self
                .bytes
                .iter()
                .skip(start)
                .take(30)
                .take_while(|byte| byte.is_ascii_graphic() && !is_special(**byte))
                .count(),
        };
        TextRange::from_usize(start, start + length)
    }
}
