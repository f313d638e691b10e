//! Places as editors count them: lines from 0, and columns in the units that were agreed on.

use lsp_types::{Position, PositionEncodingKind, Range};

use crate::text::TextRange;

/// In what columns are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which every editor knows.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// Bytes where the editor offers them, for they need no counting; else the first that is known of what it offers.
    pub fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let known = |kind: &PositionEncodingKind| match kind.as_str() {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "utf-32" => Some(Self::Utf32),
            _ => None,
        };
        let mut all = offered.unwrap_or_default().iter().filter_map(known);
        let first = all.clone().next().unwrap_or_default();
        all.find(|encoding| *encoding == Self::Utf8).unwrap_or(first)
    }

    /// As the protocol calls it.
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units_of(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }

    fn units(self, text: &str) -> usize {
        if self == Self::Utf8 || text.is_ascii() {
            return text.len();
        }
        text.chars().map(|character| self.units_of(character)).sum()
    }
}

/// Where the lines of a text begin. As the protocol has it, a line ends at `\n`, `\r\n` or `\r`.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    starts: Vec<u32>,
    /// Bytes of a byte order mark, which is no character to an editor that reads the file from the disk.
    mark: u32,
}

impl Lines {
    /// The lines of a text that an editor has sent.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts, mark: 0 }
    }

    /// The lines of a file as an editor would show them.
    pub fn of_file(text: &str) -> Self {
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { mark, ..Self::new(text) }
    }

    /// The text of a line without what ends it, and where it begins.
    pub fn line<'t>(&self, text: &'t str, line: u32) -> Option<(u32, &'t str)> {
        let index = line as usize;
        let mut start = *self.starts.get(index)?;
        if index == 0 {
            start += self.mark;
        }
        let end = self.starts.get(index + 1).map_or(text.len(), |end| *end as usize);
        Some((start, text.get(start as usize..end)?.trim_end_matches(['\n', '\r'])))
    }

    /// The line of a byte, from 0.
    pub fn line_of(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|start| *start <= offset) as u32).saturating_sub(1)
    }

    /// The place of a byte. Inside what ends a line it is the end of the line.
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let line = self.line_of(offset);
        let Some((start, content)) = self.line(text, line) else { return Position::new(line, 0) };
        let mut length = (offset.saturating_sub(start) as usize).min(content.len());
        while !content.is_char_boundary(length) {
            length -= 1;
        }
        Position::new(line, encoding.units(content.get(..length).unwrap_or_default()) as u32)
    }

    /// The place of a range of bytes.
    pub fn range(&self, text: &str, range: TextRange, encoding: Encoding) -> Range {
        Range::new(self.position(text, range.start(), encoding), self.position(text, range.end(), encoding))
    }

    /// The byte at a place. A column behind the end of the line is its end, and a line behind the last one the end of the text.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> u32 {
        let Some((start, content)) = self.line(text, position.line) else { return text.len() as u32 };
        let wanted = position.character as usize;
        let mut units = 0;
        for (at, character) in content.char_indices() {
            units += encoding.units_of(character);
            if units > wanted {
                return start + at as u32;
            }
        }
        start + content.len() as u32
    }

    /// The bytes of a range of places; empty where it is reversed.
    pub fn bytes(&self, text: &str, range: Range, encoding: Encoding) -> TextRange {
        TextRange::new(self.offset(text, range.start, encoding), self.offset(text, range.end, encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_where_they_are_offered() {
        let kinds =
            |names: &[&'static str]| names.iter().map(|&name| PositionEncodingKind::new(name)).collect::<Vec<_>>();
        for (offered, expected) in [
            (None, Encoding::Utf16),
            (Some(kinds(&[])), Encoding::Utf16),
            (Some(kinds(&["utf-16", "utf-8"])), Encoding::Utf8),
            (Some(kinds(&["ebcdic", "utf-32"])), Encoding::Utf32),
            (Some(kinds(&["ebcdic"])), Encoding::Utf16),
        ] {
            assert_eq!(Encoding::negotiate(offered.as_deref()), expected, "{offered:?}");
        }
    }

    #[test]
    fn every_byte_has_a_place_and_leads_back() {
        let text = "a\u{e9}\u{1f600}b\r\n\rc\n\nd";
        let lines = Lines::new(text);
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (offset, character) in text.char_indices() {
                let position = lines.position(text, offset as u32, encoding);
                let back = lines.offset(text, position, encoding);
                // Between the two of `\r\n` there is no place.
                let expected = if character == '\n' && text[..offset].ends_with('\r') { offset - 1 } else { offset };
                assert_eq!(back as usize, expected, "{encoding:?} {position:?}");
            }
        }
        let at = |offset, encoding| lines.position(text, offset, encoding);
        assert_eq!(at(7, Encoding::Utf8), Position::new(0, 7));
        assert_eq!(at(7, Encoding::Utf16), Position::new(0, 4));
        assert_eq!(at(7, Encoding::Utf32), Position::new(0, 3));
        assert_eq!(at(11, Encoding::Utf16), Position::new(2, 0));
    }

    #[test]
    fn what_lies_outside_is_moved_to_the_nearest_place() {
        let text = "ab\u{1f600}\ncd";
        let lines = Lines::new(text);
        for (line, column, expected) in [(0, 99, 6), (9, 0, 9), (1, 9, 9), (0, 3, 2)] {
            assert_eq!(lines.offset(text, Position::new(line, column), Encoding::Utf16), expected, "{line}:{column}");
        }
        assert_eq!(lines.position(text, 999, Encoding::Utf16), Position::new(1, 2));
        assert_eq!(lines.position(text, 3, Encoding::Utf16), Position::new(0, 2));
    }

    #[test]
    fn a_byte_order_mark_of_a_file_takes_no_column() {
        let text = "\u{feff}FROM a\nRUN b";
        let lines = Lines::of_file(text);
        assert_eq!(lines.position(text, 3, Encoding::Utf16), Position::new(0, 0));
        assert_eq!(lines.position(text, 0, Encoding::Utf16), Position::new(0, 0));
        assert_eq!(lines.offset(text, Position::new(0, 4), Encoding::Utf16), 7);
    }
}
