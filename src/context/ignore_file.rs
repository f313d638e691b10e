use crate::text::TextRange;

use super::glob::Glob;
use super::path;

/// A `.dockerignore` file, read and matched by moby's rules: patterns are rooted at the context, a pattern that matches a
/// folder takes what is below it, and the last pattern that matches decides.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFile {
    /// The patterns in file order. Those with which a build fails are in [`IgnoreFile::errors`] instead.
    pub patterns: Vec<Pattern>,
    /// Patterns that are malformed: the build stops at them. Each with what is wrong, one sentence without a full stop.
    pub errors: Vec<(TextRange, String)>,
}

/// One line of a `.dockerignore`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The pattern, cleaned: without `!`, leading `/`, `./` and `..` steps.
    pub text: String,
    /// Whether it began with `!` and so takes back what earlier patterns left out.
    pub exclusion: bool,
    /// Where the line's text stands, `!` included, without surrounding white space.
    pub range: TextRange,
    glob: Glob,
}

/// Which patterns matched a folder, so that what is below it need not ask again.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    by_pattern: Vec<bool>,
    excluded: bool,
}

impl Matched {
    /// Above everything: no pattern has matched yet.
    pub const NONE: Self = Self { by_pattern: Vec::new(), excluded: false };

    /// Whether the folder is left out of the build.
    #[must_use]
    pub fn excluded(&self) -> bool {
        self.excluded
    }
}

/// Tells of many paths whether an [`IgnoreFile`] leaves them out: those of one folder that follow each other ask of the folder once.
#[derive(Debug)]
pub struct InTurn<'i> {
    ignore: &'i IgnoreFile,
    folder: String,
    matched: Matched,
}

impl InTurn<'_> {
    /// [`IgnoreFile::excluded`].
    #[must_use]
    pub fn excluded(&mut self, path: &str) -> bool {
        let path = path::clean(path);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if self.folder != folder {
            self.matched = self.ignore.matched(folder);
            folder.clone_into(&mut self.folder);
        }
        path != "." && self.ignore.excluded_in(&self.matched, &path)
    }
}

impl IgnoreFile {
    /// Reads the text of a `.dockerignore`; never fails.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let content = if start == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
            // Only a `#` in the first column begins a comment.
            let trimmed = content.trim();
            if content.starts_with('#') || trimmed.is_empty() {
                continue;
            }
            let from = start + (line.len() - content.trim_start().len());
            file.add(trimmed, TextRange::from_usize(from, from + trimmed.len()));
        }
        file
    }

    fn add(&mut self, line: &str, range: TextRange) {
        let exclusion = line.starts_with('!');
        let written = line.strip_prefix('!').unwrap_or(line).trim();
        let cleaned = path::clean(written);
        let text = match cleaned.strip_prefix('/') {
            Some(rest) if !rest.is_empty() => rest.to_owned(),
            _ => cleaned.into_owned(),
        };
        if exclusion && (written.is_empty() || text == "/") {
            self.errors.push((range, "`!` stands without a pattern, and the build stops at it".to_owned()));
            return;
        }
        match Glob::ignore_pattern(&text) {
            Some(glob) => self.patterns.push(Pattern { text, exclusion, range, glob }),
            None => self.errors.push((range, format!("`{text}` is malformed, and the build stops at it"))),
        }
    }

    /// Whether the file or folder at `path` (relative to the context, `/`-separated) is left out of the build.
    /// The context itself (`""` or `.`) never is.
    #[must_use]
    pub fn excluded(&self, path: &str) -> bool {
        let path = path::clean(path);
        path != "." && self.matched(&path).excluded
    }

    /// Asks of many paths.
    #[must_use]
    pub fn in_turn(&self) -> InTurn<'_> {
        InTurn { ignore: self, folder: String::new(), matched: Matched::NONE }
    }

    /// Whether `directory` is left out and no `!` pattern can take back anything below it.
    #[must_use]
    pub fn prunes(&self, directory: &str) -> bool {
        let directory = path::clean(directory);
        directory != "." && self.prunes_matched(&self.matched(&directory), &directory)
    }

    /// Whether it leaves out everything and takes back what it names.
    #[must_use]
    pub fn is_allow_list(&self) -> bool {
        let takes_all = |pattern: &Pattern| matches!(pattern.text.as_str(), "*" | "**" | "**/*" | "*/**" | "**/**");
        let first = self.patterns.iter().position(|pattern| !pattern.exclusion && takes_all(pattern));
        first.is_some_and(|first| self.patterns.iter().skip(first).any(|pattern| pattern.exclusion))
    }

    /// What matching needs, as a text: equal for two files that leave out the same for the same reasons.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut fingerprint = String::new();
        for pattern in &self.patterns {
            fingerprint.push_str(if pattern.exclusion { "!" } else { "=" });
            fingerprint.push_str(&pattern.text);
            fingerprint.push('\n');
        }
        fingerprint
    }

    /// One step of a walk: `path` (cleaned) lies in the folder that `parent` is of; at the top that is [`Matched::NONE`].
    #[must_use]
    pub fn enter(&self, parent: &Matched, path: &str) -> Matched {
        let mut by_pattern = Vec::with_capacity(self.patterns.len());
        let excluded = self.decide(parent, path, |matched| by_pattern.push(matched));
        Matched { by_pattern, excluded }
    }

    /// The same for a file, for which only the outcome counts.
    #[must_use]
    pub fn excluded_in(&self, parent: &Matched, path: &str) -> bool {
        self.decide(parent, path, |_| ())
    }

    fn decide(&self, parent: &Matched, path: &str, mut tell: impl FnMut(bool)) -> bool {
        let mut excluded = false;
        for (index, pattern) in self.patterns.iter().enumerate() {
            let inherited = parent.by_pattern.get(index) == Some(&true);
            // A pattern that would change nothing is not asked; in moby this decides what folders hand down.
            let matched = inherited || (pattern.exclusion == excluded && pattern.glob.matches(path));
            if matched {
                excluded = !pattern.exclusion;
            }
            tell(matched);
        }
        excluded
    }

    /// Whether the folder `directory`, to which `matched` belongs, is left out with everything below it.
    #[must_use]
    pub fn prunes_matched(&self, matched: &Matched, directory: &str) -> bool {
        // Below, every pattern that matched the folder matches still: only later `!` patterns can change the outcome.
        let last = matched.by_pattern.iter().rposition(|&matched| matched);
        matched.excluded
            && last.is_some_and(|last| {
                self.patterns
                    .iter()
                    .skip(last + 1)
                    .all(|pattern| !pattern.exclusion || !pattern.glob.reaches_below(directory))
            })
    }

    fn matched(&self, path: &str) -> Matched {
        path::steps(path).fold(Matched::NONE, |parent, step| self.enter(&parent, step))
    }
}

#[cfg(test)]
mod tests;
