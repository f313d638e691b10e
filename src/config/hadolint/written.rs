//! A configuration of hadolint's written as one of slimlint's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostic::Severity;

use super::Hadolint;

impl Hadolint {
    /// The TOML of a `slimlint.toml` that says the same. What does not carry over stands in comments.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = "# Taken over from hadolint's configuration.\n".to_owned();
        for left in &self.left {
            let _ = writeln!(text, "# Does not carry over: {left}");
        }
        if !self.foreign.is_empty() {
            let _ = writeln!(text, "# slimlint has no such rules: {}", unique(&self.foreign).join(", "));
        }
        let ignore: Vec<String> = unique(&self.ignore).iter().map(|name| format!("\"{name}\"")).collect();
        if !ignore.is_empty() {
            let _ = writeln!(text, "ignore = [{}]", ignore.join(", "));
        }
        if let Some(fail_on) = self.fail_on {
            let _ = writeln!(text, "fail-on = \"{}\"", fail_on.name());
        }
        // Of several the last counts, and TOML takes a key once.
        let severities: BTreeMap<&str, Severity> = self.severities.iter().copied().collect();
        if !severities.is_empty() {
            text.push_str("\n[severity]\n");
        }
        for (name, severity) in severities {
            let _ = writeln!(text, "{name} = \"{}\"", severity.name());
        }
        text
    }
}

fn unique<T: AsRef<str>>(names: &[T]) -> Vec<&str> {
    let mut seen: Vec<&str> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}
