use std::sync::OnceLock;

use super::TextRange;

/// How a file's bytes were turned into text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark. Offsets in the text are offsets in the file.
    Utf8,
    /// Mostly UTF-8: each byte that is not was replaced by one `?` in the text, so offsets still agree.
    Utf8Lossy,
    /// UTF-16 with a byte order mark, decoded. Offsets do not agree with the file, so it is never edited.
    Utf16,
}

/// The line terminator that a file uses most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewlineStyle {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl NewlineStyle {
    /// The terminator itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// A place for people: 1-based line and 1-based column, counted in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters (Unicode scalar values).
    pub column: u32,
}

/// One file: its path as shown to people, its bytes as they are on disk, and its text for reading.
///
/// The text always has the same length as the bytes (see [`Encoding`]; UTF-16 is the exception), so that a range found in the
/// text can be spliced into the bytes, and a file with stray bytes survives a rewrite unharmed.
#[derive(Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    /// The file as it is on disk, where that is not the text.
    raw: Option<Vec<u8>>,
    encoding: Encoding,
    lines: OnceLock<LineIndex>,
    newline_style: OnceLock<NewlineStyle>,
}

impl SourceFile {
    /// Decodes `bytes`. `path` is relative to the workspace's root with `/` between its parts.
    #[must_use]
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let path = path.into();
        let (text, raw, encoding) = if let Some(text) = decode_utf16(&bytes) {
            (text, Some(bytes), Encoding::Utf16)
        } else {
            match String::from_utf8(bytes) {
                Ok(text) => (text, None, Encoding::Utf8),
                Err(error) => {
                    let bytes = error.into_bytes();
                    (decode_lossy(&bytes), Some(bytes), Encoding::Utf8Lossy)
                }
            }
        };
        Self { path, text, raw, encoding, lines: OnceLock::new(), newline_style: OnceLock::new() }
    }

    /// Path relative to the workspace's root, `/`-separated.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The file as it is on disk.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// The decoded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The slice of the text at `range`.
    #[must_use]
    pub fn slice(&self, range: TextRange) -> &str {
        range.slice(&self.text)
    }

    /// How the bytes were decoded.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Line starts, computed once.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// 1-based line and column of a byte offset.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        self.lines().position(&self.text, offset)
    }

    /// 1-based line of a byte offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        self.lines().line(offset)
    }

    /// The terminator most lines end with; `\n` when there is none. Computed once.
    #[must_use]
    pub fn newline_style(&self) -> NewlineStyle {
        *self.newline_style.get_or_init(|| {
            let feeds = self.text.bytes().filter(|&b| b == b'\n').count();
            let pairs = self.text.matches("\r\n").count();
            if pairs * 2 > feeds { NewlineStyle::CrLf } else { NewlineStyle::Lf }
        })
    }
}

/// Where lines begin. Lines end at `\n`, as BuildKit counts them.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// How many characters begin before each [`BLOCK`] of bytes, so that no column needs counting from the start of a long line. Empty
    /// where characters are bytes.
    blocks: Vec<u32>,
}

/// Bytes of a block whose characters are counted ahead.
const BLOCK: usize = 1024;

impl LineIndex {
    /// Finds the line starts of `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i as u32 + 1));
        let mut blocks = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                blocks.push(before);
                before += characters(block);
            }
            blocks.push(before);
        }
        Self { starts, blocks }
    }

    /// 1-based line of `offset`.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset) as u32
    }

    /// Byte offset at which the 1-based `line` begins; `None` past the last line.
    #[must_use]
    pub fn start(&self, line: u32) -> Option<u32> {
        self.starts.get(line.checked_sub(1)? as usize).copied()
    }

    /// 1-based line and column of `offset` in `text`.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line(offset);
        let start = self.start(line).unwrap_or_default() as usize;
        let end = (offset as usize).clamp(start, text.len().max(start));
        let column = self.characters_before(text, end) - self.characters_before(text, start);
        Position { line, column: column + 1 }
    }

    /// How many characters begin before `offset`.
    fn characters_before(&self, text: &str, offset: usize) -> u32 {
        let Some(before) = self.blocks.get(offset / BLOCK) else { return offset as u32 };
        let block = text.as_bytes().get(offset / BLOCK * BLOCK..offset).unwrap_or_default();
        before + characters(block)
    }
}

/// How many characters begin in a part of a text.
fn characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32
}

fn decode_lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

fn decode_utf16(bytes: &[u8]) -> Option<String> {
    let (little, rest) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (true, rest),
        [0xFE, 0xFF, rest @ ..] => (false, rest),
        _ => return None,
    };
    let pairs = rest.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    let units = pairs.map(|pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) });
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_bytes_keep_offsets() {
        let file = SourceFile::new("Dockerfile", &b"FROM a\xff\xfeb\nRUN \xe9\n"[..]);
        assert_eq!(file.text(), "FROM a??b\nRUN ?\n");
        assert_eq!(file.encoding(), Encoding::Utf8Lossy);
    }

    #[test]
    fn utf16_with_a_mark_is_decoded() {
        let bytes: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("torch\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let file = SourceFile::new("requirements.txt", bytes);
        assert_eq!(file.text(), "torch\n");
        assert_eq!(file.encoding(), Encoding::Utf16);
    }

    #[test]
    fn columns_count_characters() {
        let file = SourceFile::new("Dockerfile", "FROM a\n# äöü x\n".as_bytes());
        assert_eq!(file.position(17), Position { line: 2, column: 8 });
    }

    #[test]
    fn columns_of_a_long_line_are_those_that_counting_gives() {
        for text in [
            "a好é👩x\r\n".repeat(700),
            "好é\t".repeat(3_000),
            "x".repeat(5_000),
            format!("é{}", "x".repeat(BLOCK * 2 - 2)),
        ] {
            let file = SourceFile::new("Dockerfile", text.as_bytes());
            let (mut line, mut column) = (1, 1);
            for (offset, c) in text.char_indices() {
                assert_eq!(file.position(offset as u32), Position { line, column }, "{offset}");
                column += 1;
                if c == '\n' {
                    (line, column) = (line + 1, 1);
                }
            }
            assert_eq!(file.position(text.len() as u32), Position { line, column });
            assert_eq!(file.position(u32::MAX), Position { line, column });
        }
    }
}
