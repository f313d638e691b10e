//! What stands behind the keyword, instruction by instruction, as `line_parsers.go` of `BuildKit` splits it.

use crate::text::{Joined, TextRange};

use super::json::{self, Json};
use super::{Arguments, CommandLine, Declaration, Flag, Keyword, Pair, ParseError, Word};

/// The white space of `BuildKit`'s `reWhitespace`.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x0b | 0x0c | b'\r' | b' ')
}

/// Splits the keyword off. Returns it and the range of the rest.
pub(super) fn split_keyword(text: &str) -> (TextRange, TextRange) {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    let end = start + trimmed.len();
    let length = trimmed.bytes().position(is_space).unwrap_or(trimmed.len());
    let rest = text.get(start + length..end).unwrap_or_default();
    let gap = rest.bytes().position(|byte| !is_space(byte)).unwrap_or(rest.len());
    (TextRange::from_usize(start, start + length), TextRange::from_usize(start + length + gap, end))
}

/// Reads `--name=value` words at the start of `rest`. Returns them with the range of what follows.
pub(super) fn flags(line: &Joined, rest: TextRange, escape: char) -> (Vec<Flag>, TextRange) {
    let text = line.text();
    let mut flags = Vec::new();
    let mut at = rest.start() as usize;
    let end = rest.end() as usize;
    loop {
        let tail = text.get(at..end).unwrap_or_default();
        let start = at + (tail.len() - tail.trim_start().len());
        let tail = tail.trim_start();
        if !tail.starts_with("--") {
            return (flags, TextRange::from_usize(start, end));
        }
        let (word, length) = flag_word(tail, escape);
        at = start + length;
        if word == "--" {
            let tail = text.get(at..end).unwrap_or_default();
            return (flags, TextRange::from_usize(end - tail.trim_start().len(), end));
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let range = line.source_range(TextRange::from_usize(start, at));
        flags.push(Flag { name: name.trim_start_matches("--").to_owned(), value, range });
    }
}

/// One word with quotes and escapes removed, and its length in `text`.
fn flag_word(text: &str, escape: char) -> (String, usize) {
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match quote {
            None if character.is_whitespace() => return (word, index),
            None if matches!(character, '\'' | '"') => quote = Some(character),
            Some(open) if character == open => quote = None,
            _ if character == escape => word.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => word.push(character),
        }
    }
    (word, text.len())
}

/// Reads the arguments of an instruction; `body` is all of them. ONBUILD is not handled here.
pub(super) fn read(
    keyword: Keyword,
    body: &Joined,
    escape: char,
    errors: &mut Vec<ParseError>,
    at: TextRange,
) -> Arguments {
    let mut fail = |message: String| errors.push(ParseError { range: at, message });
    if body.text().is_empty() && keyword != Keyword::Unknown {
        fail(format!("`{}` needs an argument", keyword.name()));
        return Arguments::None;
    }
    match keyword {
        Keyword::From => from(body, &mut fail),
        Keyword::Add | Keyword::Copy => transfer(keyword, body, &mut fail),
        Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell => {
            Arguments::Command(command(keyword, body, &mut fail))
        }
        Keyword::Healthcheck => healthcheck(body, &mut fail),
        Keyword::Env | Keyword::Label => pairs(keyword, body, escape, &mut fail),
        Keyword::Arg => Arguments::Declarations(words(body, escape).into_iter().map(declaration).collect()),
        Keyword::Expose => Arguments::Words(space_delimited(body)),
        Keyword::Volume => match json::read(body) {
            Json::Strings(words) => Arguments::Words(words),
            Json::NotStrings => {
                fail(not_strings(keyword));
                Arguments::None
            }
            Json::Text => Arguments::Words(space_delimited(body)),
        },
        Keyword::Workdir | Keyword::User | Keyword::Stopsignal | Keyword::Maintainer => Arguments::Text(whole(body)),
        Keyword::Onbuild | Keyword::Unknown => Arguments::None,
    }
}

fn not_strings(keyword: Keyword) -> String {
    format!("the JSON form of `{}` must hold strings only", keyword.name())
}

fn whole(body: &Joined) -> Word {
    let range = TextRange::from_usize(0, body.text().len());
    Word { text: body.text().to_owned(), range: body.source_range(range) }
}

fn slice_word(body: &Joined, start: usize, end: usize) -> Word {
    let range = TextRange::from_usize(start, end);
    Word { text: range.slice(body.text()).to_owned(), range: body.source_range(range) }
}

fn space_delimited(body: &Joined) -> Vec<Word> {
    let text = body.text();
    let mut words = Vec::new();
    let mut start = None;
    for (index, byte) in text.bytes().enumerate() {
        match (start, is_space(byte)) {
            (None, false) => start = Some(index),
            (Some(from), true) => {
                words.push(slice_word(body, from, index));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push(slice_word(body, from, text.len()));
    }
    words
}

fn from(body: &Joined, fail: &mut impl FnMut(String)) -> Arguments {
    let words = space_delimited(body);
    let named = words.len() == 3 && words.get(1).is_some_and(|word| word.text.eq_ignore_ascii_case("as"));
    if words.len() != 1 && !named {
        fail("`FROM` takes an image and, behind `AS`, a name".to_owned());
    }
    let mut words = words.into_iter();
    Arguments::From { image: words.next(), name: words.nth(1).filter(|_| named) }
}

fn transfer(keyword: Keyword, body: &Joined, fail: &mut impl FnMut(String)) -> Arguments {
    let (mut sources, json) = match json::read(body) {
        Json::Strings(words) => (words, true),
        Json::NotStrings => {
            fail(not_strings(keyword));
            return Arguments::None;
        }
        Json::Text => (space_delimited(body), false),
    };
    let destination = sources.pop();
    if sources.is_empty() {
        fail(format!("`{}` needs a source and a destination", keyword.name()));
    }
    Arguments::Transfer { sources, destination, json }
}

fn command(keyword: Keyword, body: &Joined, fail: &mut impl FnMut(String)) -> CommandLine {
    match json::read(body) {
        Json::Strings(words) => CommandLine::Exec(words),
        Json::NotStrings => {
            fail(not_strings(keyword));
            CommandLine::Exec(Vec::new())
        }
        Json::Text => {
            if keyword == Keyword::Shell {
                fail("`SHELL` takes a JSON array".to_owned());
            }
            CommandLine::Shell
        }
    }
}

fn healthcheck(body: &Joined, fail: &mut impl FnMut(String)) -> Arguments {
    let (kind, rest) = split_keyword(body.text());
    match kind.slice(body.text()).to_ascii_uppercase().as_str() {
        "NONE" => Arguments::Healthcheck(None),
        "CMD" => Arguments::Healthcheck(Some(command(Keyword::Healthcheck, &body.part(rest), fail))),
        other => {
            fail(format!("`HEALTHCHECK` takes `CMD` or `NONE`, not `{other}`"));
            Arguments::None
        }
    }
}

fn declaration(word: Word) -> Declaration {
    match word.text.split_once('=') {
        None => Declaration { name: word, default: None },
        Some((name, default)) => {
            let split = word.range.start() + name.len() as u32;
            Declaration {
                name: Word { text: name.to_owned(), range: TextRange::new(word.range.start(), split) },
                default: Some(Word {
                    text: default.to_owned(),
                    range: TextRange::new((split + 1).min(word.range.end()), word.range.end()),
                }),
            }
        }
    }
}

fn pairs(keyword: Keyword, body: &Joined, escape: char, fail: &mut impl FnMut(String)) -> Arguments {
    let words = words(body, escape);
    if !words.first().is_some_and(|word| word.text.contains('=')) {
        let (name, rest) = split_keyword(body.text());
        if rest.is_empty() {
            fail(format!("`{}` needs a name and a value", keyword.name()));
            return Arguments::None;
        }
        let name = slice_word(body, name.start() as usize, name.end() as usize);
        let value = slice_word(body, rest.start() as usize, rest.end() as usize);
        return Arguments::Pairs(vec![Pair { name, value, legacy: true }]);
    }
    let mut pairs = Vec::new();
    for word in words {
        if !word.text.contains('=') {
            fail(format!("`{}` must have the form name=value", word.text));
            continue;
        }
        let Declaration { name, default } = declaration(word);
        if let Some(value) = default {
            pairs.push(Pair { name, value, legacy: false });
        }
    }
    Arguments::Pairs(pairs)
}

/// Words with their quotes and escapes, as `parseWords` splits them.
fn words(body: &Joined, escape: char) -> Vec<Word> {
    let text = body.text();
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        if start.is_none() {
            if character.is_whitespace() {
                continue;
            }
            start = Some(index);
        }
        match quote {
            None if character.is_whitespace() => {
                if let Some(from) = start.take() {
                    words.push(slice_word(body, from, index));
                }
            }
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None | Some('"') if character == escape => {
                characters.next();
            }
            Some(open) if character == open => quote = None,
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push(slice_word(body, from, text.len()));
    }
    words
}
