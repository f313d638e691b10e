//! The edits of one file, applied to its bytes, with the map from old offsets to new ones.

use crate::diagnostic::Edit;
use crate::text::{Encoding, SourceFile, TextRange};

/// Why edits cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// An edit reaches past the end of the file.
    #[error("an edit at {0:?} lies outside the file")]
    OutOfBounds(TextRange),
    /// An edit begins or ends inside a character or a line end.
    #[error("an edit at {0:?} splits a character or a line end")]
    SplitsCharacter(TextRange),
    /// Two edits change the same bytes.
    #[error("two edits change the same bytes at {0:?}")]
    Overlap(TextRange),
}

/// One replacement with its place in the new text.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The bytes that go.
    pub old: TextRange,
    /// The bytes that come.
    pub new: TextRange,
    /// What comes, with the file's line ends.
    pub text: String,
}

/// Edits of one file: sorted, side by side.
#[derive(Clone, Debug, Default)]
pub(super) struct Splice {
    pieces: Vec<Piece>,
}

impl Splice {
    /// Orders and checks `edits` of `source`; edits that are the same count once.
    pub fn new<'e>(source: &SourceFile, edits: impl IntoIterator<Item = &'e Edit>) -> Result<Self, SpliceError> {
        let mut edits: Vec<&Edit> = edits.into_iter().collect();
        edits.sort_by_key(|edit| edit.range);
        edits.dedup();
        let newline = source.newline_style().as_str();
        let mut splice = Self::default();
        let (mut end, mut shift) = (0, 0_i64);
        for edit in edits {
            check(source, edit.range)?;
            if edit.range.start() < end {
                return Err(SpliceError::Overlap(edit.range));
            }
            end = edit.range.end();
            let text = with_line_ends(&edit.text, newline);
            let start = shifted(edit.range.start(), shift);
            let new = TextRange::new(start, start + text.len() as u32);
            shift += i64::from(new.len()) - i64::from(edit.range.len());
            splice.pieces.push(Piece { old: edit.range, new, text });
        }
        Ok(splice)
    }

    /// The file with the replacements made. Everything else stays as it is, byte for byte.
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut result =
            Vec::with_capacity(bytes.len() + self.pieces.iter().map(|piece| piece.text.len()).sum::<usize>());
        let mut at = 0;
        for piece in &self.pieces {
            result.extend_from_slice(bytes.get(at..piece.old.start() as usize).unwrap_or_default());
            result.extend_from_slice(piece.text.as_bytes());
            at = piece.old.end() as usize;
        }
        result.extend_from_slice(bytes.get(at..).unwrap_or_default());
        result
    }

    /// Where the byte at `offset` stands afterwards; text inserted at `offset` comes before it.
    pub fn map_start(&self, offset: u32) -> u32 {
        self.moved(offset, self.pieces.partition_point(|piece| piece.old.end() <= offset))
    }

    /// Where something that ended at `offset` ends afterwards; text inserted at `offset` comes behind it.
    pub fn map_end(&self, offset: u32) -> u32 {
        let before = |piece: &Piece| piece.old.end() < offset || (piece.old.end() == offset && !piece.old.is_empty());
        self.moved(offset, self.pieces.partition_point(before))
    }

    /// Where a range that no replacement touches stands afterwards.
    pub fn map(&self, range: TextRange) -> TextRange {
        TextRange::new(self.map_start(range.start()), self.map_end(range.end()))
    }

    /// The replacement whose new text holds the new offset `offset`.
    pub fn inserted_at(&self, offset: u32) -> Option<&Piece> {
        let index = self.pieces.partition_point(|piece| piece.new.end() <= offset);
        self.pieces.get(index).filter(|piece| piece.new.contains(offset))
    }

    /// The replacements that change a byte of `range` or insert inside it; at its ends they do not count.
    pub fn within(&self, range: TextRange) -> impl Iterator<Item = &Piece> {
        let first = self.pieces.partition_point(|piece| piece.old.end() <= range.start());
        let rest = self.pieces.get(first..).unwrap_or_default();
        rest.iter()
            .take_while(move |piece| piece.old.start() < range.end())
            .filter(move |piece| piece.old.overlaps(range))
    }

    /// As [`Splice::within`], with those at the ends of `range`.
    pub fn at(&self, range: TextRange) -> impl Iterator<Item = &Piece> {
        let first = self.pieces.partition_point(|piece| piece.old.end() < range.start());
        self.pieces.get(first..).unwrap_or_default().iter().take_while(move |piece| piece.old.start() <= range.end())
    }

    fn moved(&self, offset: u32, pieces_before: usize) -> u32 {
        match pieces_before.checked_sub(1).and_then(|last| self.pieces.get(last)) {
            Some(piece) => piece.new.end() + offset.saturating_sub(piece.old.end()),
            None => offset,
        }
    }
}

/// Whether two edits of different fixes must wait for each other: they change the same bytes, or the order of what they
/// insert would be a matter of chance.
pub(super) fn conflict(a: TextRange, b: TextRange) -> bool {
    let touches = a.start() <= b.end() && b.start() <= a.end();
    a.overlaps(b) || (touches && (a.is_empty() || b.is_empty()))
}

fn check(source: &SourceFile, range: TextRange) -> Result<(), SpliceError> {
    let text = source.text();
    if source.encoding() == Encoding::Utf16 || range.end() as usize > text.len() {
        return Err(SpliceError::OutOfBounds(range));
    }
    let splits = |offset: u32| {
        let offset = offset as usize;
        !text.is_char_boundary(offset)
            || (text.get(..offset).is_some_and(|head| head.ends_with('\r'))
                && text.get(offset..).is_some_and(|tail| tail.starts_with('\n')))
    };
    // A whole line end may begin at its `\r`, and that offset splits nothing; only one between the two bytes does.
    if splits(range.start()) || splits(range.end()) {
        return Err(SpliceError::SplitsCharacter(range));
    }
    Ok(())
}

/// `text` with every line end as `newline`.
pub(crate) fn with_line_ends(text: &str, newline: &str) -> String {
    let text = if text.contains('\r') { text.replace("\r\n", "\n") } else { text.to_owned() };
    if newline == "\n" { text } else { text.replace('\n', newline) }
}

fn shifted(offset: u32, shift: i64) -> u32 {
    u32::try_from(i64::from(offset) + shift).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { file: "Dockerfile".into(), range: TextRange::new(start, end), text: text.to_owned() }
    }

    #[test]
    fn replaces_inserts_and_maps() {
        let source = SourceFile::new("Dockerfile", &b"abcdefghij"[..]);
        let edits = [edit(8, 8, "YY"), edit(2, 4, "x"), edit(4, 4, "ZZZ")];
        let splice = Splice::new(&source, &edits).unwrap();
        assert_eq!(splice.apply(source.bytes()), b"abxZZZefghYYij");
        assert_eq!(splice.map(TextRange::new(0, 2)), TextRange::new(0, 2));
        assert_eq!(splice.map(TextRange::new(4, 8)), TextRange::new(6, 10));
        assert_eq!(splice.map_start(8), 12);
        assert!(splice.inserted_at(3).is_some() && splice.inserted_at(6).is_none());
        assert_eq!(splice.within(TextRange::new(4, 8)).count(), 0);
        assert_eq!(splice.at(TextRange::new(4, 8)).count(), 3);
    }

    #[test]
    fn takes_the_line_ends_of_the_file() {
        let source = SourceFile::new("Dockerfile", &b"a\r\nb\r\n"[..]);
        let splice = Splice::new(&source, &[edit(3, 3, "x\ny\r\n")]).unwrap();
        assert_eq!(splice.apply(source.bytes()), b"a\r\nx\r\ny\r\nb\r\n");
        assert!(Splice::new(&source, &[edit(2, 2, "x")]).is_err());
    }

    #[test]
    fn stray_bytes_survive() {
        let source = SourceFile::new("Dockerfile", &b"a\xff\xe9 b"[..]);
        let splice = Splice::new(&source, &[edit(4, 5, "c")]).unwrap();
        assert_eq!(splice.apply(source.bytes()), b"a\xff\xe9 c");
    }

    #[test]
    fn refuses_what_cannot_be_meant() {
        let source = SourceFile::new("Dockerfile", "äb".as_bytes());
        assert!(Splice::new(&source, &[edit(1, 2, "")]).is_err());
        assert!(Splice::new(&source, &[edit(2, 9, "")]).is_err());
        assert!(Splice::new(&source, &[edit(0, 2, ""), edit(0, 3, "")]).is_err());
    }

    #[test]
    fn insertions_conflict_where_they_touch() {
        let range = TextRange::new;
        assert!(conflict(range(3, 3), range(3, 3)));
        assert!(conflict(range(3, 5), range(5, 5)));
        assert!(conflict(range(3, 5), range(4, 6)));
        assert!(!conflict(range(3, 5), range(5, 7)));
        assert!(!conflict(range(3, 3), range(4, 4)));
    }
}
