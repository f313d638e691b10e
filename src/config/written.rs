//! What can be written at a place of a configuration. It is asked while a person types, so the text need not be TOML yet.

use super::keys::{KEYS, SERVICE_KEYS, SEVERITIES};
use super::{FailOn, Kind};

/// What can stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A key of the configuration.
    Key,
    /// A key of a table below `services`.
    ServiceKey,
    /// A rule, an alias, a group or `all`, as a key.
    RuleKey,
    /// The same in a string.
    Rule,
    /// One of a few words, in a string.
    Word(&'static [&'static str]),
}

/// What can be written at the byte `at`, and where the word that stands there begins. `None` outside the table that is ours and where
/// nothing is known.
#[must_use]
pub fn wanted_at(text: &str, at: usize, is_manifest: bool) -> Option<(Wanted, usize)> {
    let before = text.get(..at)?;
    let table = table_at(before, is_manifest)?;
    let mut parts = table.iter().map(String::as_str);
    let (first, second) = (parts.next(), parts.next());
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let start = before.rfind(|c| !is_name(c)).map_or(0, |end| end + before.get(end..).map_or(1, first_length));
    let lead = before.get(..start)?;
    let in_string = lead.ends_with(['"', '\'']) && is_open(lead);
    let Some(key) = open_key(before) else {
        let begins = lead.rsplit('\n').next().is_some_and(|line| line.trim_matches([' ', '\t', '"', '\'']).is_empty());
        let wanted = match (first, second) {
            (None, _) => Wanted::Key,
            (Some("severity"), None) => Wanted::RuleKey,
            (Some("services"), Some(_)) => Wanted::ServiceKey,
            _ => return None,
        };
        return begins.then_some((wanted, start));
    };
    if !in_string {
        return None;
    }
    let kind = match (first, second) {
        (None, _) => KEYS.iter().find(|it| it.name == key)?.kind,
        (Some("severity"), None) => Kind::Choice(SEVERITIES),
        (Some("per-path-ignores"), None) => Kind::Rules,
        (Some("services"), Some(_)) => SERVICE_KEYS.iter().find(|it| it.name == key)?.kind,
        _ => return None,
    };
    match kind {
        Kind::Rules => Some((Wanted::Rule, start)),
        Kind::Choice(words) => Some((Wanted::Word(words), start)),
        _ if key == "fail-on" => Some((Wanted::Word(FailOn::NAMES), start)),
        _ => None,
    }
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// The table that holds what stands behind `before`, without `tool.slimlint`; `None` where it is not ours.
fn table_at(before: &str, is_manifest: bool) -> Option<Vec<String>> {
    let mut lines = before.lines().rev();
    // The line that is being written is no header yet.
    if !before.ends_with('\n') {
        lines.next();
    }
    let header = lines.map(str::trim).find(|line| line.starts_with('[') && !line.starts_with("[\"") && is_header(line));
    let names = header.map(parts).unwrap_or_default();
    if !is_manifest {
        return Some(names);
    }
    let rest = names.strip_prefix(&["tool".to_owned(), "slimlint".to_owned()])?;
    Some(rest.to_vec())
}

/// Whether a line is `[name]` rather than a part of an array.
fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or(line).trim_end();
    line.ends_with(']') && !line.contains(',') && !line.trim_matches(['[', ']']).trim().is_empty()
}

/// `services`, `apps/api` of `[services."apps/api"]`.
fn parts(header: &str) -> Vec<String> {
    let inner = header.split(']').next().unwrap_or_default().trim_start_matches('[');
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quote = None;
    for c in inner.chars() {
        match c {
            '"' | '\'' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            '.' if quote.is_none() => parts.push(std::mem::take(&mut part).trim().to_owned()),
            c => part.push(c),
        }
    }
    parts.push(part.trim().to_owned());
    parts
}

/// Whether a string that begins at the end of `lead` is open: the quotes before it pair up on its line.
fn is_open(lead: &str) -> bool {
    let line = lead.rsplit('\n').next().unwrap_or(lead);
    let quote = line.chars().next_back();
    quote.is_some_and(|quote| line.matches(quote).count() % 2 == 1)
}

/// The key whose value is being written at the end of `before`: on this line, or in an array that is open since an earlier one.
fn open_key(before: &str) -> Option<String> {
    let mut closed = 0;
    for (index, line) in before.lines().rev().enumerate() {
        if before.ends_with('\n') && index == 0 && line.is_empty() {
            continue;
        }
        let key = line.split_once('=').map(|(key, value)| (key.trim(), value));
        let is_key =
            |key: &str| !key.is_empty() && !key.starts_with(['#', '[']) && !key.contains(' ') || key.starts_with('"');
        if let Some((key, value)) = key.filter(|(key, _)| is_key(key)) {
            let is_here = index == 0 && !before.ends_with('\n');
            let opens = brackets(value) > closed;
            return (is_here || opens).then(|| key.trim_matches(['"', '\'']).to_owned());
        }
        if is_header(line.trim()) && line.trim_start().starts_with('[') {
            return None;
        }
        closed -= brackets(line);
    }
    None
}

/// How many more brackets are opened than closed.
fn brackets(text: &str) -> i64 {
    text.bytes().fold(0, |open, byte| match byte {
        b'[' => open + 1,
        b']' => open - 1,
        _ => open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted at `|`, with the word that stands before it.
    fn at(text: &str, is_manifest: bool) -> Option<(Wanted, String)> {
        let at = text.find('|').unwrap();
        let text = text.replace('|', "");
        wanted_at(&text, at, is_manifest).map(|(wanted, start)| (wanted, text[start..at].to_owned()))
    }

    #[test]
    fn places_want_what_their_key_takes() {
        let word = |text: &str| text.to_owned();
        for (text, expected) in [
            ("|", Some((Wanted::Key, word("")))),
            ("sel|", Some((Wanted::Key, word("sel")))),
            ("select = [\"pip-|", Some((Wanted::Rule, word("pip-")))),
            ("select = [\"a\", \"pip-|\"]", Some((Wanted::Rule, word("pip-")))),
            ("ignore = [\n  \"a\",\n  \"|\n]\n", Some((Wanted::Rule, word("")))),
            ("ignore = [\n  \"a\",\n]\nfa|", Some((Wanted::Key, word("fa")))),
            ("ignore = [\"a\", |", None),
            ("fail-on = \"|", Some((Wanted::Word(FailOn::NAMES), word("")))),
            ("backup = |", None),
            ("[severity]\nca|", Some((Wanted::RuleKey, word("ca")))),
            ("[severity]\ncaches = \"|\"", Some((Wanted::Word(SEVERITIES), word("")))),
            ("[per-path-ignores]\n\"a/**\" = [\"|\"]", Some((Wanted::Rule, word("")))),
            ("[services.\"a/b.Dockerfile\"]\n|", Some((Wanted::ServiceKey, word("")))),
            ("[services.\"a/b.Dockerfile\"]\ncontext = \"|", None),
            ("[other]\n|", None),
        ] {
            assert_eq!(at(text, false), expected, "{text}");
        }
    }

    #[test]
    fn in_a_manifest_only_our_table_counts() {
        for (text, is_ours) in [
            ("[project]\nname = \"|\"\n", false),
            ("[tool.slimlint]\nselect = [\"|\"]\n", true),
            ("[tool.slimlint.severity]\n|", true),
            ("[tool.slimlint]\n[tool.other]\nselect = [\"|\"]\n", false),
            ("|", false),
        ] {
            assert_eq!(at(text, true).is_some(), is_ours, "{text}");
        }
    }

    #[test]
    fn no_prefix_panics() {
        let text = "é = [\n'[\"\u{1f600}\", \"]\n[severity.\"x\n[[a]]\n= [\n";
        for (end, _) in text.char_indices() {
            for is_manifest in [false, true] {
                let _ = wanted_at(&text[..end], end, is_manifest);
            }
        }
        assert_eq!(wanted_at("é", 1, false), None);
    }
}
