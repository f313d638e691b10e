//! `requirements.txt` and constraints files.

use crate::text::{Joined, TextRange};

use super::Requirement;
use super::requirement::{is_reference, split_reference};

/// A requirements file, entry by entry.
#[derive(Clone, Debug, Default)]
pub struct RequirementsFile {
    /// The entries in order.
    pub entries: Vec<Entry>,
    /// Lines that are neither a requirement nor a known option.
    pub errors: Vec<(TextRange, String)>,
}

/// One logical line.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The logical line without its comment, from the first character to the last (through continuations). Where one line holds
    /// several options, each is an entry with a range of its own.
    pub range: TextRange,
    /// What it says.
    pub kind: EntryKind,
    /// The parents named by `# via` comments of pip-compile or uv behind the entry; empty when there are none.
    pub via: Vec<String>,
}

/// What a line of a requirements file says.
#[derive(Clone, Debug)]
pub enum EntryKind {
    /// A requirement.
    Requirement(Requirement),
    /// `-e` / `--editable` with its path or URL (extras included as written).
    Editable(String, TextRange),
    /// `-r` / `--requirement` with its path.
    Include(String, TextRange),
    /// `-c` / `--constraint` with its path.
    Constraint(String, TextRange),
    /// A path or URL to a project or archive, extras included as written.
    Path(String, TextRange),
    /// `-i`, `--index-url`, `--extra-index-url`, `-f`, `--find-links`: the option's long name without dashes, and its value.
    Index(String, String, TextRange),
    /// Any other option, as written.
    Option(String),
}

impl RequirementsFile {
    /// Reads the whole text as pip does (pip's documentation, "Requirements File Format"); never fails.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader::default();
        let mut logical = Joined::new();
        let mut offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let terminator = if rest.get(length..).is_some_and(|end| end.starts_with("\r\n")) { 2 } else { 1 };
            // A comment line ends the logical line even behind a continuation and is never continued itself.
            let is_comment = line.trim_start().starts_with('#');
            let continues = line.ends_with('\\') && !is_comment;
            if is_comment {
                reader.logical_line(&std::mem::take(&mut logical));
                reader.comment(line);
            } else if continues {
                logical.push(line.trim_end_matches('\\'), offset as u32);
            } else {
                logical.push(line, offset as u32);
                reader.logical_line(&std::mem::take(&mut logical));
            }
            offset += length + terminator;
        }
        reader.logical_line(&logical);
        reader.file
    }

    /// The requirements.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Requirement(requirement) => Some(requirement),
            _ => None,
        })
    }

    /// Values of `--index-url`, `--extra-index-url` and `--find-links`.
    pub fn indexes(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Index(_, value, _) => Some(value.as_str()),
            _ => None,
        })
    }
}

/// Options of a requirements file: long name, short name, whether a value follows.
const OPTIONS: [(&str, Option<char>, bool); 18] = [
    ("requirement", Some('r'), true),
    ("constraint", Some('c'), true),
    ("editable", Some('e'), true),
    ("index-url", Some('i'), true),
    ("pypi-url", None, true),
    ("extra-index-url", None, true),
    ("find-links", Some('f'), true),
    ("no-index", None, false),
    ("no-binary", None, true),
    ("only-binary", None, true),
    ("prefer-binary", None, false),
    ("require-hashes", None, false),
    ("pre", None, false),
    ("trusted-host", None, true),
    ("use-feature", None, true),
    ("hash", None, true),
    ("global-option", None, true),
    ("config-settings", Some('C'), true),
];

#[derive(Default)]
struct Reader {
    file: RequirementsFile,
    /// Behind a lone `# via`, whose parents follow on comment lines of their own.
    in_via: bool,
}

impl Reader {
    fn comment(&mut self, line: &str) {
        let text = line.trim_start().trim_start_matches('#');
        let Some(entry) = self.file.entries.last_mut() else { return };
        let body = text.trim();
        if body == "via" {
            self.in_via = true;
        } else if let Some(parents) = body.strip_prefix("via ") {
            self.in_via = false;
            entry.via.extend(parents.split(',').map(str::trim).filter(|parent| !parent.is_empty()).map(str::to_owned));
        } else if self.in_via && text.starts_with("  ") && !body.is_empty() {
            entry.via.push(body.to_owned());
        } else {
            self.in_via = false;
        }
    }

    fn logical_line(&mut self, line: &Joined) {
        let whole = line.text();
        let content_end = comment_start(whole).unwrap_or(whole.len());
        let content = whole.get(..content_end).unwrap_or_default();
        let start = content.len() - content.trim_start().len();
        let end = content.trim_end().len().max(start);
        if start < end {
            self.in_via = false;
            let kept = line.part(TextRange::from_usize(start, end));
            let options = options_start(kept.text());
            let requirement = kept.text().get(..options).unwrap_or_default().trim_end();
            if requirement.is_empty() {
                self.options(&kept);
            } else {
                self.requirement(&kept, requirement);
            }
        }
        if let Some(comment) = whole.get(content_end..).map(str::trim_start).filter(|comment| !comment.is_empty()) {
            self.comment(comment);
        }
    }

    fn requirement(&mut self, line: &Joined, text: &str) {
        let range = line.source_range(TextRange::from_usize(0, line.text().len()));
        let kind = if let Some(found) = Requirement::parse(text, 0) {
            EntryKind::Requirement(found.with_ranges(|range| line.source_range(range)))
        } else if let Some(path) = path_of(text) {
            EntryKind::Path(path.to_owned(), line.source_range(TextRange::from_usize(0, path.len())))
        } else {
            self.file.errors.push((range, "not a requirement".to_owned()));
            return;
        };
        self.file.entries.push(Entry { range, kind, via: Vec::new() });
    }

    fn options(&mut self, line: &Joined) {
        let text = line.text();
        let source = |start: usize, end: usize| line.source_range(TextRange::from_usize(start, end));
        let mut at = 0;
        while let Some((start, end)) = next_word(text, at) {
            at = end;
            let word = text.get(start..end).unwrap_or_default();
            let Some((name, takes_value, attached)) = option_of(word) else {
                self.file.errors.push((source(start, end), format!("not an option of a requirements file: `{word}`")));
                self.push(source(start, end), EntryKind::Option(word.to_owned()));
                continue;
            };
            let mut value = None;
            if takes_value {
                // A value begins behind `=` or the short letter, else it is the next word.
                value = attached.map(|length| (start + length, end)).or_else(|| next_word(text, at));
                // An editable path runs on to the next option: pip lets it carry a marker, and paths may hold spaces.
                at = value.map_or(end, |(_, value_end)| value_end);
            }
            let Some((value_start, value_end)) = value else {
                self.push(source(start, at), EntryKind::Option(text.get(start..at).unwrap_or_default().to_owned()));
                continue;
            };
            let (value_start, value_end) = unquoted(text, value_start, value_end);
            let value = text.get(value_start..value_end).unwrap_or_default().to_owned();
            let value_range = source(value_start, value_end);
            let kind = match name {
                "requirement" => EntryKind::Include(value, value_range),
                "constraint" => EntryKind::Constraint(value, value_range),
                "editable" => EntryKind::Editable(value, value_range),
                "index-url" | "extra-index-url" | "find-links" => EntryKind::Index(name.to_owned(), value, value_range),
                "pypi-url" => EntryKind::Index("index-url".to_owned(), value, value_range),
                _ => EntryKind::Option(text.get(start..at).unwrap_or_default().to_owned()),
            };
            if name == "editable" {
                at = at + options_start(text.get(at..).unwrap_or_default());
            }
            self.push(source(start, text.get(..at).unwrap_or_default().trim_end().len()), kind);
        }
    }

    fn push(&mut self, range: TextRange, kind: EntryKind) {
        self.file.entries.push(Entry { range, kind, via: Vec::new() });
    }
}

/// A comment begins at `#` at the start of the line or behind white space.
fn comment_start(line: &str) -> Option<usize> {
    line.match_indices('#')
        .map(|(at, _)| at)
        .find(|&at| line.get(..at).is_some_and(|before| before.trim_end().len() < at || at == 0))
}

/// Where the first word that begins with `-` stands: there pip splits a requirement from its options.
fn options_start(text: &str) -> usize {
    let mut at = 0;
    while let Some((start, end)) = next_word(text, at) {
        if text.get(start..end).is_some_and(|word| word.starts_with('-')) {
            return start;
        }
        at = end;
    }
    text.len()
}

/// The next word from `at` on. White space inside quotes does not end it.
fn next_word(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let start = at + (rest.len() - rest.trim_start().len());
    let mut quote = None;
    let word = text.get(start..).filter(|word| !word.is_empty())?;
    let end = word.char_indices().find(|&(_, character)| match quote {
        None if character.is_whitespace() => true,
        None => {
            quote = matches!(character, '\'' | '"').then_some(character);
            false
        }
        Some(open) => {
            if character == open {
                quote = None;
            }
            false
        }
    });
    Some((start, end.map_or(text.len(), |(length, _)| start + length)))
}

/// `start..end` without the quotes around it.
fn unquoted(text: &str, start: usize, end: usize) -> (usize, usize) {
    let value = text.get(start..end).unwrap_or_default();
    let quoted =
        value.len() >= 2 && ['\'', '"'].iter().any(|&quote| value.starts_with(quote) && value.ends_with(quote));
    if quoted { (start + 1, end - 1) } else { (start, end) }
}

/// The long name of the option that `word` begins, whether it takes a value, and where in the word an attached value begins.
/// Like Python's `optparse`, abbreviations are understood when only one option fits.
fn option_of(word: &str) -> Option<(&'static str, bool, Option<usize>)> {
    if let Some(long) = word.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or_default();
        let attached = long.contains('=').then_some("--".len() + name.len() + "=".len());
        let mut fitting = OPTIONS.iter().filter(|(option, ..)| !name.is_empty() && option.starts_with(name));
        let exact = OPTIONS.iter().find(|(option, ..)| *option == name);
        let only = fitting.next().filter(|_| fitting.next().is_none());
        return exact.or(only).map(|&(option, _, takes_value)| (option, takes_value, attached));
    }
    let letter = word.strip_prefix('-')?.chars().next()?;
    let &(option, _, takes_value) = OPTIONS.iter().find(|(_, short, _)| *short == Some(letter))?;
    Some((option, takes_value, (word.len() > 2).then_some(2)))
}

/// `text` as a path or URL, without its marker.
fn path_of(text: &str) -> Option<&str> {
    let (path, marker) = split_reference(text);
    (is_reference(path) && (marker.is_some() || path.len() == text.len())).then_some(path)
}

#[cfg(test)]
#[path = "requirements/tests.rs"]
mod tests;
