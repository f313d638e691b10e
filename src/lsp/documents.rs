//! Texts as editors have them, saved or not.

use std::path::PathBuf;

use lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::positions::{Encoding, Lines};

/// Where a document belongs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    /// The root of its workspace; a path that does not exist for a document that is no file.
    pub root: PathBuf,
    /// Its path there.
    pub path: String,
}

/// A document that is open.
#[derive(Debug)]
pub(super) struct Document {
    /// As the editor names it.
    pub uri: Uri,
    /// Where it belongs.
    pub place: Place,
    /// What the editor takes it for.
    pub language: String,
    /// Counted by the editor.
    pub version: i32,
    /// Its text.
    pub text: String,
    /// Its lines.
    pub lines: Lines,
}

impl Document {
    /// Makes the changes, each in the text that the one before it left.
    pub fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, version: i32, encoding: Encoding) {
        self.version = version;
        for TextDocumentContentChangeEvent { range, text, .. } in changes {
            match range {
                None => self.text = text,
                Some(range) => {
                    let range = self.lines.bytes(&self.text, range, encoding).as_usize();
                    self.text.replace_range(range, &text);
                }
            }
            self.lines = Lines::new(&self.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use lsp_types::{Position, Range};

    use super::*;

    #[test]
    fn changes_build_on_each_other() {
        let text = "FROM a\r\nRUN é x\r\n".to_owned();
        let mut document = Document {
            uri: Uri::from_str("file:///a").unwrap(),
            place: Place { root: PathBuf::new(), path: "a".to_owned() },
            language: String::new(),
            version: 1,
            lines: Lines::new(&text),
            text,
        };
        let change = |from: (u32, u32), to: (u32, u32), text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1))),
            range_length: None,
            text: text.to_owned(),
        };
        document.change(vec![change((0, 5), (0, 6), "b\n\n"), change((3, 4), (3, 6), "😀")], 7, Encoding::Utf16);
        assert_eq!((document.text.as_str(), document.version), ("FROM b\n\n\r\nRUN 😀x\r\n", 7));
        document.change(vec![change((3, 6), (99, 9), "")], 8, Encoding::Utf16);
        assert_eq!(document.text, "FROM b\n\n\r\nRUN 😀");
        document.change(vec![change((1, 0), (0, 0), "?")], 9, Encoding::Utf16);
        assert_eq!(document.text, "FROM b\n?\n\r\nRUN 😀");
    }
}
