//! The JSON form of instructions, with the range of every string.

use crate::text::{Joined, TextRange};

use super::Word;

/// What stands where a JSON array may stand.
pub(super) enum Json {
    /// An array of strings.
    Strings(Vec<Word>),
    /// An array that holds something else, which `BuildKit` rejects.
    NotStrings,
    /// Not JSON, so it is text.
    Text,
}

/// Reads the whole of `body`.
pub(super) fn read(body: &Joined) -> Json {
    let text = body.text().trim_start();
    if !text.starts_with('[') {
        return Json::Text;
    }
    let offset = body.text().len() - text.len();
    match serde_json::from_str::<Vec<serde_json::Value>>(text) {
        Err(_) => Json::Text,
        Ok(values) if !values.iter().all(serde_json::Value::is_string) => Json::NotStrings,
        Ok(values) => {
            let words = values.iter().filter_map(|value| value.as_str().map(str::to_owned));
            let ranges = string_ranges(text, offset);
            let word = |(text, range)| Word { text, range: body.source_range(range) };
            Json::Strings(words.zip(ranges).map(word).collect())
        }
    }
}

/// Ranges of the string literals of a valid array of strings, quotes included.
fn string_ranges(text: &str, offset: usize) -> Vec<TextRange> {
    let mut ranges = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match (start, byte) {
            (None, b'"') => start = Some(index),
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(from), b'"') => {
                ranges.push(TextRange::from_usize(offset + from, offset + index + 1));
                start = None;
            }
            _ => {}
        }
    }
    ranges
}
