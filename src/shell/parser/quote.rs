//! Quoted text and backticks.

use super::word::Unescaped;
use super::{Parser, Result};
use crate::shell::ast::{List, Part};

impl Parser<'_> {
    /// `'…'`
    pub(super) fn single_quoted(&mut self) -> Result<Part> {
        let start = self.position;
        let inside = start + 1;
        let rest = self.bytes.get(inside..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'\'') else {
            return Err(self.unclosed(start, 1, "the single quote"));
        };
        self.position = inside + length + 1;
        Ok(Part::SingleQuoted { range: self.range_from(start), text: self.slice(inside, inside + length).to_owned() })
    }

    /// `$'…'` from the quote on; `start` is the `$`.
    pub(super) fn ansi_quoted(&mut self, start: usize) -> Result<Part> {
        self.position += 1;
        let inside = self.position;
        loop {
            match self.byte() {
                None => return Err(self.unclosed(start, 2, "the single quote")),
                Some(b'\\') => self.advance(2),
                Some(b'\'') => break,
                Some(_) => self.position += 1,
            }
        }
        let text = unescape_ansi(self.slice(inside, self.position));
        self.position += 1;
        Ok(Part::SingleQuoted { range: self.range_from(start), text })
    }

    /// `"…"` from the quote on; `start` is the quote or the `$` before it.
    pub(super) fn double_quoted(&mut self, start: usize) -> Result<Part> {
        self.position += 1;
        let mut parts = Vec::new();
        loop {
            let part = match self.byte() {
                None => return Err(self.unclosed(start, 1, "the double quote")),
                Some(b'"') => {
                    self.position += 1;
                    return Ok(Part::DoubleQuoted { range: self.range_from(start), parts });
                }
                Some(b'$') if self.starts_expansion(true) => self.expansion(true)?,
                Some(b'`') => self.backticks()?,
                Some(_) => match self.double_quoted_literal() {
                    Some(literal) => literal,
                    None => continue,
                },
            };
            parts.reserve_exact(usize::from(parts.is_empty()));
            parts.push(part);
        }
    }

    /// Text inside double quotes up to the next expansion or the closing quote.
    fn double_quoted_literal(&mut self) -> Option<Part> {
        let start = self.position;
        let mut text = Unescaped::new(start);
        let mut quoted = false;
        loop {
            match self.byte() {
                None | Some(b'"' | b'`') => break,
                Some(b'$') if self.starts_expansion(true) => break,
                Some(b'\\') => {
                    let next = self.after_continuations(self.position);
                    if next > self.position {
                        text.cut(self.text, self.position, next);
                        self.position = next;
                    } else if matches!(self.next_byte(), Some(b'"' | b'\\' | b'$' | b'`')) {
                        quoted = true;
                        text.cut(self.text, self.position, self.position + 1);
                        self.position += 2;
                    } else {
                        self.position += 1;
                    }
                }
                Some(_) => self.position += 1,
            }
        }
        let text = text.finish(self.text, self.position);
        (!text.is_empty()).then(|| Part::Literal { range: self.range_from(start), text, quoted })
    }

    /// `` `…` ``. Escapes inside would have to be removed before reading, so that ranges would be wrong: then nothing is read.
    pub(super) fn backticks(&mut self) -> Result<Part> {
        let start = self.position;
        let mut escapes = false;
        self.position += 1;
        loop {
            match self.byte() {
                None => return Err(self.unclosed(start, 1, "the backtick")),
                Some(b'`') => break,
                Some(b'\\') => {
                    escapes = true;
                    self.advance(2);
                }
                Some(_) => self.position += 1,
            }
        }
        let end = self.position;
        let commands = if escapes {
            List::default()
        } else {
            self.position = start + 1;
            self.nested(|parser| Ok(parser.script_up_to(end)))?
        };
        self.position = end + 1;
        Ok(Part::Substitution { range: self.range_from(start), commands })
    }

    /// The script from here to `end`, as if it were alone.
    fn script_up_to(&mut self, end: usize) -> List {
        let bytes = self.bytes;
        self.bytes = bytes.get(..end).unwrap_or_default();
        let pending = std::mem::take(&mut self.pending);
        let floor = std::mem::replace(&mut self.floor, self.depth);
        let substitutions = std::mem::take(&mut self.substitutions);
        let list = self.script();
        self.bytes = bytes;
        self.pending = pending;
        self.floor = floor;
        self.substitutions = substitutions;
        list
    }
}

/// What `$'…'` stands for. Bytes that are not UTF-8 are replaced.
fn unescape_ansi(text: &str) -> String {
    let mut bytes = text.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = rest;
        if byte != b'\\' {
            result.push(byte);
            continue;
        }
        let Some((&escape, rest)) = bytes.split_first() else {
            result.push(byte);
            break;
        };
        bytes = rest;
        match escape {
            b'a' => result.push(7),
            b'b' => result.push(8),
            b'e' | b'E' => result.push(0x1b),
            b'f' => result.push(12),
            b'n' => result.push(b'\n'),
            b'r' => result.push(b'\r'),
            b't' => result.push(b'\t'),
            b'v' => result.push(11),
            b'\\' | b'\'' | b'"' | b'?' => result.push(escape),
            b'0'..=b'7' => {
                let value = take_number(&mut bytes, 8, 2, u32::from(escape - b'0'));
                result.push((value.unwrap_or_default() & 0xff) as u8);
            }
            b'x' | b'u' | b'U' if bytes.first().is_some_and(u8::is_ascii_hexdigit) => {
                let digits = match escape {
                    b'x' => 2,
                    b'u' => 4,
                    _ => 8,
                };
                let value = take_number(&mut bytes, 16, digits, 0).unwrap_or(u32::MAX);
                if escape == b'x' {
                    result.push((value & 0xff) as u8);
                } else {
                    let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
                    result.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            b'c' if !bytes.is_empty() => {
                if let Some((&control, rest)) = bytes.split_first() {
                    result.push(control & 0x1f);
                    bytes = rest;
                }
            }
            _ => result.extend_from_slice(&[b'\\', escape]),
        }
    }
    String::from_utf8_lossy(&result).into_owned()
}

/// Takes up to `count` digits and appends them to `value`; `None` when it overflows.
fn take_number(bytes: &mut &[u8], radix: u32, count: usize, mut value: u32) -> Option<u32> {
    let digits = bytes.iter().take(count).take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let (number, rest) = bytes.split_at_checked(digits)?;
    *bytes = rest;
    for byte in number {
        value = value.checked_mul(radix)?.checked_add(char::from(*byte).to_digit(radix)?)?;
    }
    Some(value)
}
