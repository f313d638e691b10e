//! Lines and their joining, as `parser.go` of `BuildKit` does it.

use crate::text::{Joined, TextRange};

use super::{Comment, Directive, ParseError, Piece, PieceKind};

/// `bufio.MaxScanTokenSize`: `BuildKit` refuses a longer line.
const LINE_LIMIT: usize = 64 * 1024;

/// Reads the file line by line and keeps the pieces.
pub(super) struct Lines<'t> {
    text: &'t str,
    at: usize,
    /// Lines read so far, which is the 1-based number of the last one.
    pub(super) line: u32,
    pub(super) escape: char,
    seen: Vec<Directive>,
    directives_done: bool,
    pub(super) pieces: Vec<Piece>,
    pub(super) comments: Vec<Comment>,
    pub(super) errors: Vec<ParseError>,
}

/// An instruction's lines put together.
pub(super) struct LogicalLine {
    pub(super) joined: Joined,
    pub(super) start_line: u32,
    /// Offset just behind the last line that was read, its terminator excluded.
    pub(super) end: u32,
}

/// One line: `start..content_end` without the terminator, `end` behind it.
#[derive(Clone, Copy)]
pub(super) struct RawLine {
    pub(super) start: usize,
    pub(super) content_end: usize,
    pub(super) end: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut lines = Self {
            text,
            at: 0,
            line: 0,
            escape: '\\',
            seen: Vec::new(),
            directives_done: false,
            pieces: Vec::new(),
            comments: Vec::new(),
            errors: Vec::new(),
        };
        if text.starts_with('\u{feff}') {
            lines.piece(PieceKind::ByteOrderMark, 0, '\u{feff}'.len_utf8());
            lines.at = '\u{feff}'.len_utf8();
        }
        lines
    }

    pub(super) fn into_parts(self) -> (Vec<Directive>, Vec<Piece>, Vec<Comment>, Vec<ParseError>) {
        (self.seen, self.pieces, self.comments, self.errors)
    }

    pub(super) fn piece(&mut self, kind: PieceKind, start: usize, end: usize) {
        if start < end {
            self.pieces.push(Piece { kind, range: TextRange::from_usize(start, end) });
        }
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The next physical line. All `\r` and `\n` at its end belong to its terminator.
    pub(super) fn next_line(&mut self) -> Option<RawLine> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |index| index + 1);
        let line = rest.get(..length).unwrap_or_default();
        self.at = start + length;
        self.line += 1;
        if length >= LINE_LIMIT {
            self.errors.push(ParseError {
                range: TextRange::from_usize(start, start),
                message: format!("line {} is longer than the {} bytes that BuildKit reads", self.line, LINE_LIMIT - 1),
            });
        }
        Some(RawLine { start, content_end: start + line.trim_end_matches(['\r', '\n']).len(), end: self.at })
    }

    /// The next instruction's line, joined. Comments, blank lines and directives on the way are recorded.
    /// `index` is the index that the instruction will have.
    pub(super) fn next_logical(&mut self, index: usize) -> Option<LogicalLine> {
        loop {
            let line = self.next_line()?;
            let content = self.slice(line.start, line.content_end);
            let trimmed = content.trim_start();
            let start = line.content_end - trimmed.len();
            let is_directive = self.directive(trimmed, start);
            if trimmed.starts_with('#') {
                if is_directive {
                    self.piece(PieceKind::Directive, line.start, line.end);
                } else {
                    self.comment(line, start, None);
                }
                continue;
            }
            if trimmed.is_empty() {
                self.piece(PieceKind::Blank, line.start, line.end);
                continue;
            }
            self.piece(PieceKind::Space, line.start, start);
            return Some(self.join(line, start, index));
        }
    }

    fn join(&mut self, first: RawLine, start: usize, index: usize) -> LogicalLine {
        let mut joined = Joined::new();
        let start_line = self.line;
        let mut continued = self.append(&mut joined, first, start);
        let mut end = first.content_end;
        while continued {
            let Some(line) = self.next_line() else { break };
            let content = self.slice(line.start, line.content_end);
            let trimmed = content.trim_start();
            if trimmed.starts_with('#') {
                self.comment(line, line.content_end - trimmed.len(), Some(index));
            } else if trimmed.is_empty() {
                self.piece(PieceKind::Blank, line.start, line.end);
            } else {
                continued = self.append(&mut joined, line, line.start);
            }
            end = line.content_end;
        }
        LogicalLine { joined, start_line, end: end as u32 }
    }

    /// Adds a line's text to `joined`; true when an escape character continues it.
    fn append(&mut self, joined: &mut Joined, line: RawLine, start: usize) -> bool {
        let content = self.slice(start, line.content_end);
        let code = continued(content, self.escape);
        let kept = code.unwrap_or(content);
        joined.push(kept, start as u32);
        let code_end = start + kept.len();
        self.piece(PieceKind::Code, start, code_end);
        let rest = if code.is_some() { PieceKind::Continuation } else { PieceKind::Space };
        self.piece(rest, code_end, line.end);
        code.is_some()
    }

    fn comment(&mut self, line: RawLine, start: usize, inside: Option<usize>) {
        self.piece(PieceKind::Comment, line.start, line.end);
        let range = TextRange::from_usize(start, line.content_end);
        self.comments.push(Comment { range, line: self.line, inside });
    }

    /// Reads a parser directive. They stand before anything else: a blank line, an ordinary comment or an instruction ends them.
    fn directive(&mut self, line: &str, start: usize) -> bool {
        if self.directives_done {
            return false;
        }
        let Some((name, value)) = line.strip_prefix('#').and_then(|rest| directive_parts(rest.trim_start())) else {
            self.directives_done = true;
            return false;
        };
        let range = TextRange::from_usize(start, start + line.len());
        if self.seen.iter().any(|directive| directive.name == name) {
            self.errors.push(ParseError { range, message: format!("only one `{name}` parser directive can be used") });
            return false;
        }
        if name == "escape" {
            match value {
                "\\" => self.escape = '\\',
                "`" => self.escape = '`',
                other => {
                    let message = format!("the escape character must be a backslash or a backtick, not `{other}`");
                    self.errors.push(ParseError { range, message });
                }
            }
        }
        self.seen.push(Directive { name, value: value.to_owned(), range });
        true
    }
}

/// `name = value` with a known name in any case.
fn directive_parts(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end().to_ascii_lowercase();
    let value = value.trim();
    (matches!(name.as_str(), "syntax" | "escape" | "check") && !value.is_empty()).then_some((name, value))
}

/// The text before an escape character that continues the line. An escape character before it makes it an ordinary one.
fn continued(content: &str, escape: char) -> Option<&str> {
    let before = content.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}
