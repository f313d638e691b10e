//! Which heredocs a line opens, and their lines.

use crate::text::{Joined, TextRange};

use super::lex::{Lexer, Lookup, Options};
use super::lines::Lines;
use super::{Heredoc, ParseError, PieceKind};

/// A heredoc that a line opens.
struct Opening {
    name: String,
    chomp: bool,
    expand: bool,
    word: TextRange,
}

/// Reads the bodies of all heredocs that `line` opens. Returns the offset just behind the last line that was read.
pub(super) fn read(lines: &mut Lines<'_>, line: &Joined) -> (Vec<Heredoc>, Option<u32>) {
    let mut heredocs = Vec::new();
    let mut last = None;
    for opening in openings(line) {
        let (heredoc, end) = read_body(lines, opening);
        heredocs.push(heredoc);
        last = end.or(last);
    }
    (heredocs, last)
}

fn read_body(lines: &mut Lines<'_>, opening: Opening) -> (Heredoc, Option<u32>) {
    let mut body: Option<TextRange> = None;
    let mut last = None;
    let mut end = None;
    while let Some(line) = lines.next_line() {
        last = Some(line.content_end as u32);
        let mut content = lines.slice(line.start, line.content_end);
        if opening.chomp {
            content = content.trim_start_matches('\t');
        }
        if content == opening.name {
            lines.piece(PieceKind::HeredocEnd, line.start, line.end);
            end = Some(TextRange::from_usize(line.start, line.content_end));
            break;
        }
        lines.piece(PieceKind::HeredocBody, line.start, line.end);
        let range = TextRange::from_usize(line.start, line.end);
        body = Some(body.map_or(range, |body| body.cover(range)));
    }
    if end.is_none() {
        let message = format!("the heredoc `{}` is not terminated", opening.name);
        lines.errors.push(ParseError { range: opening.word, message });
    }
    let at = last.unwrap_or(opening.word.end());
    let end = end.unwrap_or(TextRange::empty(at));
    let body = body.unwrap_or(TextRange::empty(end.start()));
    let Opening { name, chomp, expand, word } = opening;
    (Heredoc { name, chomp, expand, word, body, end }, last)
}

fn openings(line: &Joined) -> Vec<Opening> {
    if !line.text().contains("<<") {
        return Vec::new();
    }
    // The lexer knows only the backslash here, whatever the escape directive says, and a bad word means no heredoc at all.
    let options = Options { escape: '\\', raw_quotes: true, raw_escapes: true, keep_unset: true };
    let words = Lexer::new(line.text(), options, &|_| Lookup::Unset).words().unwrap_or_default();
    words
        .into_iter()
        .filter_map(|(word, range)| {
            let word_range = line.source_range(TextRange::from_usize(range.start, range.end));
            opening(&word, word_range)
        })
        .collect()
}

/// `^(\d*)<<(-?)\s*([^<]*)$` with a single, non-empty word in the last group.
fn opening(word: &str, range: TextRange) -> Option<Opening> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (chomp, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let rest = rest.trim_start();
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let name = single_word(rest, false)?;
    let raw = single_word(rest, true)?;
    let quotes = |text: &str| text.matches(['\'', '"']).count();
    let expand = quotes(&name) == quotes(&raw);
    Some(Opening { name, chomp, expand, word: range })
}

fn single_word(text: &str, raw_quotes: bool) -> Option<String> {
    let options = Options { escape: '\\', raw_quotes, raw_escapes: false, keep_unset: true };
    let mut words = Lexer::new(text, options, &|_| Lookup::Unset).words().ok()?.into_iter();
    match (words.next(), words.next()) {
        (Some((word, _)), None) => Some(word),
        _ => None,
    }
}
