//! The documentation of every key, in Markdown.

use std::fmt::Write as _;

use super::keys::{KEYS, Key, Kind};

/// The part of `src/config/configuration.md` that the table of keys gives.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    for key in KEYS {
        describe(&mut text, key, "###", "");
        if let Kind::Tables(keys) = key.kind {
            for inner in keys {
                describe(&mut text, inner, "####", &format!("{}.PATH.", key.name));
            }
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn describe<T>(text: &mut String, key: &Key<T>, heading: &str, prefix: &str) {
    let Key { name, kind, default, flag, about, example, .. } = key;
    // What is no TOML is a sentence.
    let is_value = default.starts_with(['[', '{', '"']) || default.chars().all(char::is_alphanumeric);
    let default = if is_value { format!("`{default}`") } else { (*default).to_owned() };
    let _ = writeln!(text, "{heading} `{prefix}{name}`\n\n{about}\n");
    let _ = writeln!(text, "- Type: {}", type_of(*kind));
    let _ = writeln!(text, "- Default: {default}");
    if let Some(flag) = flag {
        let _ = writeln!(text, "- On the command line: `{flag}`");
    }
    let _ = writeln!(text, "\n```toml\n{example}\n```\n");
}

fn type_of(kind: Kind) -> String {
    match kind {
        Kind::Rules => "array of rules".to_owned(),
        Kind::Patterns => "array of patterns".to_owned(),
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Folder => "path of a folder".to_owned(),
        Kind::File => "path of a file".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        Kind::Size => "size".to_owned(),
        Kind::Severities => "table from rules to severities".to_owned(),
        Kind::PathRules => "table from patterns to arrays of rules".to_owned(),
        Kind::Tables(_) => "table from paths or patterns to tables".to_owned(),
    }
}
