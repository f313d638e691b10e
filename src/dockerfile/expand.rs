use std::fmt;

use super::lex::{Lexer, Options};

pub use super::lex::{Lookup, MAX_EXPANSION_BYTES, UNKNOWN};

/// Text in which some stretches may not be known; each is one [`UNKNOWN`] character.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Value(String);

impl Value {
    /// A value from text that may hold [`UNKNOWN`].
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A value of which nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self(UNKNOWN.to_string())
    }

    /// The text when all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        // Nearly all are ASCII, which is quick to see.
        (self.0.is_ascii() || !self.0.contains(UNKNOWN)).then_some(&self.0)
    }

    /// The text with [`UNKNOWN`] for what is not known.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.replace(UNKNOWN, "⟨?⟩"))
    }
}

/// Removes the quotes of a Dockerfile word and puts in its variables. A word that `BuildKit` rejects is unknown.
pub fn expand(text: &str, escape: char, environment: &dyn Fn(&str) -> Lookup) -> Value {
    if !text.contains(['$', '\'', '"', escape]) {
        return Value::new(text);
    }
    let options = Options { escape, raw_quotes: false, raw_escapes: false, keep_unset: false };
    Lexer::new(text, options, environment).word().map_or_else(|_| Value::unknown(), Value::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_double_one_another_become_unknown() {
        let long = "x".repeat(MAX_EXPANSION_BYTES / 2);
        let environment = |_: &str| Lookup::Known(long.clone());
        assert_eq!(expand("$A\"$A\"", '\\', &environment).text().len(), 2 * long.len());
        for word in ["$A$A$A", "\"$A${A}$A\"", "${A:+$A$A}$A$A"] {
            assert_eq!(expand(word, '\\', &environment).known(), None, "{word}");
        }
    }

    #[test]
    fn words_expand_as_buildkit_expands_them() {
        let environment = |name: &str| match name {
            "A" => Lookup::Known("alpha".into()),
            "P" => Lookup::Known("a/b/c.txt".into()),
            "E" => Lookup::Known(String::new()),
            "Q" => Lookup::Unknown,
            "W" => Lookup::Known("\u{fffc}-slim".into()),
            _ => Lookup::Unset,
        };
        for (word, expected) in [
            ("plain", "plain"),
            ("$A-x", "alpha-x"),
            ("${A}x", "alphax"),
            ("'$A'", "$A"),
            ("\"$A b\"", "alpha b"),
            ("\\$A", "$A"),
            ("${N:-d}", "d"),
            ("${E:-d}", "d"),
            ("${E-d}", ""),
            ("${A:+y}", "y"),
            ("${N}", ""),
            ("python:${Q}-slim", "python:\u{fffc}-slim"),
            ("${P##*/}", "c.txt"),
            ("${P#*/}", "b/c.txt"),
            ("${P%/*}", "a/b"),
            ("${P%%/*}", "a"),
            ("${P/b/x}", "a/x/c.txt"),
            ("${P//\\//-}", "a-b-c.txt"),
            ("${P/b/$A}", "a/alpha/c.txt"),
            ("${P/?/x}", "\u{fffc}"),
            ("${W/slim/x}", "\u{fffc}"),
            ("${W#v}", "\u{fffc}"),
            ("${A[0]}", "\u{fffc}"),
            ("\"unterminated", "\u{fffc}"),
        ] {
            assert_eq!(expand(word, '\\', &environment).text(), expected, "{word}");
        }
    }
}
