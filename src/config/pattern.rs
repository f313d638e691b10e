//! Patterns of paths: `/` on every platform, relative to a folder.

use std::path::{Component, Path};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// What a pattern without `/` means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// A name in any folder, as in `.gitignore`.
    AnyFolder,
    /// A name in the base folder itself.
    Base,
}

/// A pattern that paths are held to.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written.
    text: String,
    /// The folder it is relative to, absolute.
    base: Arc<Path>,
    glob: GlobSet,
}

/// The glob follows from text and folder.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.base == other.base
    }
}

/// Why something is no pattern; what to do is part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A pattern must match something.
    #[error("a pattern is empty; name a file or folder, such as `tests/**`")]
    Empty,
    /// `\` stands for nothing.
    #[error("`{0}` holds `\\`; write `/` between folders on every platform: `{1}`")]
    Backslash(String, String),
    /// It begins at the root of the file system or of a drive.
    #[error("`{0}` is absolute; write it relative to the folder of the configuration")]
    Absolute(String),
    /// It leads out of the folder.
    #[error("`{0}` leads out of the folder of the configuration; put a configuration into the folder that holds both")]
    Outside(String),
    /// The glob is malformed.
    #[error("`{0}` is not a pattern: {1}")]
    Malformed(String, String),
}

impl Pattern {
    /// A pattern that is relative to `base`. `*`, `?`, `[…]` and `{a,b}` stay within a name, `**` crosses folders, `./`
    /// binds a name to `base`. What matches a folder matches all below it.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn new(text: &str, base: &Arc<Path>, scope: Scope) -> Result<Self, PatternError> {
        let owned = || text.to_owned();
        if text.contains('\\') {
            return Err(PatternError::Backslash(owned(), text.replace('\\', "/")));
        }
        let drive = text.as_bytes().get(1) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
        if text.starts_with('/') || drive {
            return Err(PatternError::Absolute(owned()));
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") {
            return Err(PatternError::Outside(owned()));
        }
        let is_bound = scope == Scope::Base || parts.len() > 1 || text.starts_with("./");
        let path = match parts.join("/") {
            // `.` is the folder itself.
            empty if empty.is_empty() && text.starts_with('.') => "**".to_owned(),
            empty if empty.is_empty() => return Err(PatternError::Empty),
            path if is_bound => path,
            name => format!("**/{name}"),
        };
        let malformed = |error: globset::Error| PatternError::Malformed(owned(), error.kind().to_string());
        let glob = GlobBuilder::new(&path).literal_separator(true).build().map_err(malformed)?;
        let glob = GlobSetBuilder::new().add(glob).build().map_err(malformed)?;
        Ok(Self { text: owned(), base: Arc::clone(base), glob })
    }

    /// Whether the absolute `path`, or a folder above it and below the base, is meant.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.base) else { return false };
        let parts: Vec<_> = rest
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        (1..=parts.len()).rev().any(|count| parts.get(..count).is_some_and(|parts| self.glob.is_match(parts.join("/"))))
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, scope: Scope, path: &str) -> bool {
        let base: Arc<Path> = Arc::from(Path::new("/repo/sub"));
        Pattern::new(pattern, &base, scope).expect(pattern).matches(Path::new(path))
    }

    #[test]
    fn patterns_are_relative_to_their_folder() {
        for (pattern, path, anywhere, bound) in [
            ("tests/**", "/repo/sub/tests/Dockerfile", true, true),
            ("tests", "/repo/sub/tests/Dockerfile", true, true),
            ("tests/", "/repo/sub/tests/a/Dockerfile", true, true),
            ("tests", "/repo/sub/a/tests/Dockerfile", true, false),
            ("./tests", "/repo/sub/a/tests/Dockerfile", false, false),
            ("./tests", "/repo/sub/tests/Dockerfile", true, true),
            ("a/tests", "/repo/sub/b/a/tests/Dockerfile", false, false),
            ("**/tests", "/repo/sub/b/a/tests/Dockerfile", true, true),
            ("Dockerfile", "/repo/sub/Dockerfile", true, true),
            ("Dockerfile", "/repo/sub/a/Dockerfile", true, false),
            ("Dockerfile", "/repo/Dockerfile", false, false),
            ("*.Dockerfile", "/repo/sub/a/b.Dockerfile", true, false),
            ("a/*/Dockerfile", "/repo/sub/a/b/Dockerfile", true, true),
            ("a/*/Dockerfile", "/repo/sub/a/b/c/Dockerfile", false, false),
            ("a/{b,c}/Dockerfile", "/repo/sub/a/c/Dockerfile", true, true),
            ("a/[bc]/Dockerfile", "/repo/sub/a/b/Dockerfile", true, true),
            (".", "/repo/sub/Dockerfile", true, true),
            ("**", "/repo/sub/x/Dockerfile", true, true),
        ] {
            assert_eq!(matches(pattern, Scope::AnyFolder, path), anywhere, "{pattern} {path}");
            assert_eq!(matches(pattern, Scope::Base, path), bound, "{pattern} {path}, bound");
        }
    }

    #[test]
    fn what_is_no_pattern_says_what_to_do() {
        let base: Arc<Path> = Arc::from(Path::new("/repo"));
        for (pattern, message) in [
            (r"tests\unit", "`tests/unit`"),
            ("/tests", "is absolute"),
            ("C:/tests", "is absolute"),
            ("../tests", "leads out"),
            ("a/../../b", "leads out"),
            ("", "is empty"),
            ("a[", "is not a pattern"),
            ("{a", "is not a pattern"),
        ] {
            let error = Pattern::new(pattern, &base, Scope::AnyFolder).expect_err(pattern).to_string();
            assert!(error.contains(message), "{pattern}: {error}");
        }
    }
}
