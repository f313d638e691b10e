use std::fmt;

use crate::text::normal_name;

/// A distribution name in normal form: lower case, runs of `-`, `_` and `.` turned into one `-` (PEP 503).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(String);

impl PackageName {
    /// Normalises `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(normal_name(name).into_owned())
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_case_do_not_matter() {
        assert_eq!(PackageName::new("Sentence_Transformers"), PackageName::new("sentence-transformers"));
        assert_eq!(PackageName::new("ruamel.yaml").as_str(), "ruamel-yaml");
    }
}
