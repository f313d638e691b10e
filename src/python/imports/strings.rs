//! String literals ("String and Bytes literals" in the language reference, PEP 701 for f-strings).

use super::Scanner;

/// Strings longer than this name nothing.
const STRING_LIMIT: usize = 120;

/// f-strings nested deeper than this are read as plain strings.
const NESTING_LIMIT: u32 = 16;

impl<'a> Scanner<'a> {
    /// Reads the string whose opening quote stands at `open`, behind `prefix`.
    pub(super) fn string(&mut self, prefix: &'a str, open: usize) {
        let quote = self.byte(open);
        let is_triple = self.byte(open + 1) == quote && self.byte(open + 2) == quote;
        let width = if is_triple { 3 } else { 1 };
        let start = open + width;
        let is_format = prefix.bytes().any(|letter| matches!(letter, b'f' | b'F' | b't' | b'T'));
        if is_format && !self.plain_formats {
            if let Some(end) = self.format_end(start, quote, is_triple, 0) {
                self.at = end;
                return self.go_on();
            }
            self.plain_formats = true;
        }
        let content_end = self.plain_end(start, quote, is_triple);
        let is_closed = self.byte(content_end) == quote;
        self.at = if is_closed { content_end + width } else { content_end };
        let content = self.slice(start, content_end);
        if is_format {
            self.go_on();
        } else if is_closed && content.len() <= STRING_LIMIT * 4 && could_name(content) {
            if self.only_strings {
                self.leading.push(content);
            } else {
                self.strings.insert(content);
            }
        }
    }

    /// Where the closing quote of a plain string stands; a string that is not closed ends with its line, or with the file.
    fn plain_end(&self, start: usize, quote: u8, is_triple: bool) -> usize {
        let mut at = start;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' if self.byte(at + 1) == b'\r' && self.byte(at + 2) == b'\n' => at += 3,
                b'\\' => at += 2,
                b'\n' if !is_triple => return at,
                _ if byte == quote && (!is_triple || self.closes_triple(at, quote)) => return at,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    fn closes_triple(&self, at: usize, quote: u8) -> bool {
        self.byte(at + 1) == quote && self.byte(at + 2) == quote
    }

    /// Just past the closing quote of an f-string, whose replacement fields may hold strings with the same quotes (PEP 701).
    fn format_end(&self, start: usize, quote: u8, is_triple: bool, level: u32) -> Option<usize> {
        let (mut at, mut fields) = (start, 0_u32);
        loop {
            let byte = *self.bytes.get(at)?;
            match byte {
                b'\\' if fields == 0 => at += 2,
                b'{' if fields == 0 && self.byte(at + 1) == b'{' => at += 2,
                b'{' => {
                    fields += 1;
                    at += 1;
                }
                b'}' => {
                    fields = fields.saturating_sub(1);
                    at += 1;
                }
                b'\n' if fields == 0 && !is_triple => return None,
                b'"' | b'\'' if fields == 0 => {
                    if byte != quote || (is_triple && !self.closes_triple(at, quote)) {
                        at += 1;
                    } else {
                        return Some(at + if is_triple { 3 } else { 1 });
                    }
                }
                b'"' | b'\'' => at = self.nested_end(at, byte, level)?,
                _ => at += 1,
            }
        }
    }

    /// Just past a string inside a replacement field; `None` when it does not close on its line.
    fn nested_end(&self, open: usize, quote: u8, level: u32) -> Option<usize> {
        let is_triple = self.closes_triple(open, quote);
        let start = open + if is_triple { 3 } else { 1 };
        let is_format = matches!(self.byte(open.wrapping_sub(1)), b'f' | b'F');
        if is_format && level < NESTING_LIMIT {
            return self.format_end(start, quote, is_triple, level + 1);
        }
        let end = self.plain_end(start, quote, is_triple);
        (self.byte(end) == quote).then_some(end + if is_triple { 3 } else { 1 })
    }
}

pub(super) fn is_string_prefix(word: &str) -> bool {
    word.len() <= 2
        && word.bytes().all(|letter| matches!(letter.to_ascii_lowercase(), b'r' | b'b' | b'u' | b'f' | b't'))
}

fn could_name(content: &str) -> bool {
    content.chars().any(char::is_alphabetic)
        && !content.contains(|c: char| c.is_whitespace() || c == '\\')
        && content.chars().count() <= STRING_LIMIT
}
