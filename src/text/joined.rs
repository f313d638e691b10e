use super::TextRange;

/// Text put together from several pieces of a source, with the way back.
///
/// Dockerfile lines joined over continuations are not what stands in the file: the escape characters, newlines and comment
/// lines between the pieces are gone. Parsers read [`Joined::text`]; whoever reports or edits maps offsets back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    text: String,
    /// (offset in `text`, offset in the source) where each piece begins, ascending in the first.
    pieces: Vec<(u32, u32)>,
}

impl Joined {
    /// An empty text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A single piece: `text` stands in the source at `offset` as it is.
    #[must_use]
    pub fn verbatim(text: &str, offset: u32) -> Self {
        Self { text: text.to_owned(), pieces: vec![(0, offset)] }
    }

    /// Appends `text`, which stands in the source at `offset`.
    pub fn push(&mut self, text: &str, offset: u32) {
        if text.is_empty() {
            return;
        }
        let at = self.text.len() as u32;
        let follows_on = self.pieces.last().is_some_and(|&(joined, source)| source + (at - joined) == offset);
        if !follows_on {
            self.pieces.push((at, offset));
        }
        self.text.push_str(text);
    }

    /// The joined text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Source offset of the byte at `offset`. Past the end it is just behind the last byte.
    #[must_use]
    pub fn source_offset(&self, offset: u32) -> u32 {
        let index = self.pieces.partition_point(|&(joined, _)| joined <= offset);
        match index.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some(&(joined, source)) => source + (offset.min(self.text.len() as u32) - joined),
            None => self.pieces.first().map_or(0, |&(_, source)| source),
        }
    }

    /// Source range of a joined range. Its end lies just behind the last byte, never across a following continuation.
    #[must_use]
    pub fn source_range(&self, range: TextRange) -> TextRange {
        let start = self.source_offset(range.start());
        if range.is_empty() {
            return TextRange::empty(start);
        }
        TextRange::new(start, self.source_offset(range.end() - 1) + 1)
    }

    /// The part `range` of the text as a text of its own, still mapped to the source.
    #[must_use]
    pub fn part(&self, range: TextRange) -> Self {
        let mut part = Self::new();
        let mut at = range.start();
        while at < range.end() {
            let next = self.pieces.get(self.pieces.partition_point(|&(joined, _)| joined <= at));
            let end = next.map_or(range.end(), |&(joined, _)| joined.min(range.end()));
            part.push(TextRange::new(at, end).slice(&self.text), self.source_offset(at));
            at = end;
        }
        if part.pieces.is_empty() {
            part.pieces.push((0, self.source_offset(range.start())));
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_every_byte_back_through_a_continuation() {
        let source = "RUN a \\\n# note\n  b\n";
        let mut joined = Joined::new();
        joined.push("a ", 4);
        joined.push("  b", 15);
        assert_eq!(joined.text(), "a   b");
        for (offset, byte) in joined.text().bytes().enumerate() {
            assert_eq!(source.as_bytes()[joined.source_offset(offset as u32) as usize], byte);
        }
        assert_eq!(joined.source_range(TextRange::new(0, 2)), TextRange::new(4, 6));
        let part = joined.part(TextRange::new(1, 5));
        assert_eq!(part.text(), "   b");
        assert_eq!(part.source_range(TextRange::new(3, 4)), TextRange::new(17, 18));
    }
}
