//! Text of a Dockerfile for structural rewrites: instructions with what belongs to them, copied with parts left out.

use crate::text::TextRange;

use super::{Dockerfile, Instruction};

/// A part of a text and what stands in its place.
pub type Cut = (TextRange, String);

/// `range` of `text` with the cuts made. Cuts outside of `range` do not count, nor do those that overlap one before them.
#[must_use]
pub fn with_cuts(text: &str, range: TextRange, cuts: &[Cut]) -> String {
    let mut cuts: Vec<&Cut> = cuts.iter().filter(|(cut, _)| range.contains_range(*cut)).collect();
    cuts.sort_by_key(|(cut, _)| *cut);
    let mut result = String::new();
    let mut at = range.start();
    for (cut, replacement) in cuts {
        if cut.start() < at {
            continue;
        }
        result.push_str(TextRange::new(at, cut.start()).slice(text));
        result.push_str(replacement);
        at = cut.end();
    }
    result.push_str(TextRange::new(at, range.end()).slice(text));
    result
}

impl Dockerfile {
    /// An instruction with the comment lines that stand right above it.
    #[must_use]
    pub fn with_comments_above(&self, instruction: &Instruction) -> TextRange {
        let (mut start, mut line) = (instruction.range.start(), instruction.start_line);
        let above = self.comments.iter().rev().filter(|comment| comment.range.end() <= instruction.range.start());
        for comment in above {
            if comment.line + 1 != line || comment.inside.is_some() {
                break;
            }
            (start, line) = (comment.range.start(), comment.line);
        }
        TextRange::new(start, instruction.range.end())
    }

    /// Whether a comment stands in `range`.
    #[must_use]
    pub fn holds_comment(&self, range: TextRange) -> bool {
        self.comments.iter().any(|comment| range.overlaps(comment.range))
    }
}

/// `range` with the white space before it on its line and the line end behind it; `None` when something else shares its lines.
#[must_use]
pub fn whole_lines(text: &str, range: TextRange) -> Option<TextRange> {
    let before = text.get(..range.start() as usize)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(range.end() as usize..)?;
    let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let alone = before.get(line_start..)?.trim().is_empty() && rest.get(..length)?.trim().is_empty();
    alone.then(|| TextRange::new(line_start as u32, range.end() + length as u32))
}

/// Whether a line of white space, or the start of the file, stands before `offset`, which begins a line.
#[must_use]
pub fn stands_apart(text: &str, offset: u32) -> bool {
    let before = text.get(..offset as usize).unwrap_or_default();
    let mut lines = before.trim_end_matches([' ', '\t']).rsplit('\n').skip(1);
    lines.next().is_none_or(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_made_in_order_and_only_inside() {
        let text = "abcdefghij";
        let cut = |start, end, with: &str| (TextRange::new(start, end), with.to_owned());
        let cuts = [cut(6, 7, ""), cut(2, 4, "X"), cut(3, 5, "lost"), cut(9, 10, "outside")];
        assert_eq!(with_cuts(text, TextRange::new(1, 9), &cuts), "bXefhi");
    }

    #[test]
    fn comments_right_above_belong_to_an_instruction() {
        let text = "# far\n\n# one\n# two\nRUN a\nRUN b\n";
        let file = Dockerfile::parse(text);
        let blocks: Vec<&str> =
            file.instructions.iter().map(|found| file.with_comments_above(found).slice(text)).collect();
        assert_eq!(blocks, ["# one\n# two\nRUN a", "RUN b"]);
        assert!(stands_apart(text, 7) && !stands_apart(text, 25) && stands_apart(text, 0));
    }
}
