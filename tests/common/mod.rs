//! What the tests share: examples in Markdown, the text of a report, and the comparison of expectations.

#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test")]

pub mod example;
pub mod folder;
pub mod markdown;
pub mod report;
pub mod samples;

use std::path::{Path, PathBuf};

use similar::TextDiff;
use slimlint::config::Settings;

/// The folder of the crate.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether expectations are rewritten instead of compared.
pub fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value != "0" && !value.is_empty())
}

/// Settings with which only the rules of these names run.
pub fn only(rules: &[String]) -> Settings {
    Settings { select: Some(rules.to_vec()), ..Settings::default() }
}

/// A unified diff from what is expected to what was found; `None` when they are the same.
pub fn difference(expected: &str, found: &str, title: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let diff = TextDiff::from_lines(expected, found);
    Some(diff.unified_diff().context_radius(3).header(&format!("{title} (expected)"), "found").to_string())
}

/// Regular files below `folder`, sorted; nothing when there is no such folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    walk.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// The path of `file` relative to `folder`, `/`-separated.
pub fn relative(file: &Path, folder: &Path) -> String {
    let relative = file.strip_prefix(folder).unwrap_or(file);
    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
