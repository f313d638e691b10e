//! Patterns that were meant for a path and do not leave it out.

use super::{IgnoreFile, Pattern};

/// Why a pattern does not leave out a path that it seems to be meant for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Miss {
    /// It is matched from the root of the context, where a `.gitignore` would match at every depth.
    RootOnly,
    /// What looks like a comment behind it belongs to it.
    Comment,
    /// It names the context's own folder, as if it were rooted above.
    Above,
    /// It is a `!` pattern, and takes the path back.
    TakesBack,
}

impl IgnoreFile {
    /// The pattern that seems to be meant for `path`, or takes it back, when the path is not left out. `folder` is the context's
    /// folder in the repository.
    #[must_use]
    pub fn miss(&self, path: &str, folder: &str) -> Option<(&Pattern, Miss)> {
        let leaves_out = |pattern: &str| {
            let file = Self::parse(pattern);
            file.excluded(path) || file.excluded(&format!("{path}/a-file"))
        };
        let back = self.patterns.iter().enumerate().rev().find(|(index, pattern)| {
            pattern.exclusion && self.up_to(*index).excluded(path) && !self.up_to(index + 1).excluded(path)
        });
        if let Some((_, pattern)) = back {
            return Some((pattern, Miss::TakesBack));
        }
        let denials = self.patterns.iter().filter(|pattern| !pattern.exclusion);
        denials.rev().find_map(|pattern| {
            let text = pattern.text.as_str();
            let above = |folder: &str| text.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            let last = folder.rsplit('/').next().unwrap_or_default();
            let commented = text.split_once(" #").map(|(pattern, _)| pattern.trim());
            if !text.starts_with("**") && leaves_out(&format!("**/{text}")) {
                return Some((pattern, Miss::RootOnly));
            }
            if commented.is_some_and(|text| leaves_out(text) || leaves_out(&format!("**/{text}"))) {
                return Some((pattern, Miss::Comment));
            }
            let named_above =
                [folder, last].into_iter().filter(|name| !name.is_empty()).filter_map(above).any(leaves_out);
            named_above.then_some((pattern, Miss::Above))
        })
    }

    /// The patterns before number `end`.
    fn up_to(&self, end: usize) -> Self {
        Self { patterns: self.patterns.iter().take(end).cloned().collect(), errors: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        for (text, path, folder, expected) in [
            ("node_modules\n", "web/node_modules", "", Some(("node_modules", Miss::RootOnly))),
            ("/node_modules/\n", "web/node_modules", "", Some(("node_modules", Miss::RootOnly))),
            ("*.pyc\n", "a/b.pyc", "", Some(("*.pyc", Miss::RootOnly))),
            ("node_modules/**\n", "web/node_modules", "", Some(("node_modules/**", Miss::RootOnly))),
            (".venv # mine\n", ".venv", "", Some((".venv # mine", Miss::Comment))),
            ("backend/.venv\n", ".venv", "backend", Some(("backend/.venv", Miss::Above))),
            ("services/api/.venv\n", ".venv", "services/api", Some(("services/api/.venv", Miss::Above))),
            ("api/.venv\n", ".venv", "services/api", Some(("api/.venv", Miss::Above))),
            ("**/node_modules\n!web/**\n", "web/node_modules", "", Some(("web/**", Miss::TakesBack))),
            ("src\n!src/web\n", "src/web/node_modules", "", Some(("src/web", Miss::TakesBack))),
            ("**/node_modules\n!api\n", "web/node_modules", "", None),
            ("node_modules_old\n", "web/node_modules", "", None),
            ("web\n", "api/node_modules", "", None),
            ("docs\n*.md\n", ".git", "", None),
            ("", ".git", "", None),
        ] {
            let file = IgnoreFile::parse(text);
            let found = file.miss(path, folder).map(|(pattern, miss)| (pattern.text.as_str(), miss));
            assert_eq!(found, expected, "{text:?} and {path}");
        }
    }
}
