use super::glob::Glob;
use super::path;

/// A source of `COPY` or `ADD` as the build reads it: rooted at the context, `..` never leading out of it.
#[derive(Clone, Debug)]
pub struct CopySource {
    parts: Vec<SourcePart>,
}

/// One part of the path of a [`CopySource`].
#[derive(Clone, Debug)]
pub struct SourcePart {
    text: String,
    /// `None` for a plain name.
    glob: Option<Glob>,
}

impl CopySource {
    /// Reads a source. `None` when a glob in it is malformed.
    #[must_use]
    pub fn parse(source: &str) -> Option<Self> {
        let parts = path::parts_in_context(source).into_iter().map(|part| {
            let glob = if part.contains(['*', '?', '[', '\\']) { Some(Glob::match_pattern(part)?) } else { None };
            Some(SourcePart { text: part.to_owned(), glob })
        });
        Some(Self { parts: parts.collect::<Option<_>>()? })
    }

    /// The parts of the path; none for the context itself.
    #[must_use]
    pub fn parts(&self) -> &[SourcePart] {
        &self.parts
    }

    /// Whether it takes whatever there is, as `.` and `*` do, and so names nothing.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.parts.iter().all(|part| part.text.chars().all(|character| matches!(character, '*' | '?' | '.')))
    }
}

impl SourcePart {
    /// The name, when it is no glob.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.glob.is_none().then_some(&self.text)
    }

    /// Whether it is `**`, any number of folders under `COPY --parents`.
    #[must_use]
    pub fn is_any_depth(&self) -> bool {
        self.text == "**"
    }

    /// Whether `name` is taken.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.glob.as_ref().map_or(self.text == name, |glob| glob.matches(name))
    }
}
