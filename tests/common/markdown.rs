//! Examples in Markdown: headings are tests, fenced files form a service. Lossless, so that expectations can be rewritten.

use std::fmt::Write as _;
use std::ops::Range;

use slimlint::rules::PROSE_SECTIONS;

/// A page with its examples.
#[derive(Debug)]
pub struct Document {
    /// Path below the crate's folder.
    pub path: String,
    /// The text as it is on disk.
    pub text: String,
    /// `rules = ["…"]` of the front matter.
    pub rules: Option<Vec<String>>,
    pub sections: Vec<Section>,
}

/// A heading with the fences below it.
#[derive(Debug)]
pub struct Section {
    pub title: String,
    /// 1-based line of the heading.
    pub line: usize,
    pub fences: Vec<Fence>,
    /// Byte offset behind the last line that is not blank, where new fences go.
    pub end: usize,
}

/// A fenced block that means something to the tests.
#[derive(Clone, Debug)]
pub struct Fence {
    pub kind: Kind,
    /// The word behind the backticks.
    pub language: String,
    /// The file's path; empty for a report.
    pub path: String,
    /// `crlf`, `bom` and `no-newline` behind the path.
    pub bytes: Bytes,
    /// The lines between the fences, as bytes of the page.
    pub content: Range<usize>,
    /// The whole block with its fences, as bytes of the page.
    pub whole: Range<usize>,
}

/// What a fenced block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of the service.
    Input,
    /// A file of which only the size is given, such as `250 MB`.
    Size,
    /// The expected findings.
    Report,
    /// A file after safe fixes.
    Fixed,
    /// A file after all fixes.
    FixedUnsafe,
}

/// What a file has on disk that a page cannot show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub crlf: bool,
    pub mark: bool,
    pub no_newline: bool,
}

impl Bytes {
    /// The file's bytes for the lines of a fence.
    pub fn encode(self, lines: &str) -> Vec<u8> {
        let mut text = if self.mark { format!("\u{feff}{lines}") } else { lines.to_owned() };
        if self.no_newline && text.ends_with('\n') {
            text.pop();
        }
        if self.crlf { text.replace('\n', "\r\n").into_bytes() } else { text.into_bytes() }
    }

    /// The lines of a fence for a file's bytes. What [`Bytes::encode`] does not make of them stays visible.
    pub fn decode(self, bytes: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if self.mark {
            text =
                text.strip_prefix('\u{feff}').map_or_else(|| "⟨no byte order mark⟩".to_owned() + &text, str::to_owned);
        }
        if self.crlf {
            text = text.replace("\r\n", "\u{0}").replace('\n', "⟨lone newline⟩\n").replace('\u{0}', "\n");
        }
        let ends = text.ends_with('\n') || text.is_empty();
        match (self.no_newline, ends) {
            (true, false) => text + "\n",
            (true, true) => text + "⟨newline at the end⟩\n",
            (false, false) => text + "⟨no newline at the end⟩\n",
            (false, true) => text,
        }
    }

    fn words(self) -> String {
        [(self.crlf, " crlf"), (self.mark, " bom"), (self.no_newline, " no-newline")]
            .into_iter()
            .filter_map(|(set, word)| set.then_some(word))
            .collect()
    }
}

impl Section {
    /// Whether the section says that its files must be silent.
    pub fn is_silent(&self) -> bool {
        self.title.starts_with("Not flagged")
    }
}

impl Document {
    /// Reads a page.
    pub fn parse(path: &str, text: &str) -> Self {
        let mut document =
            Self { path: path.to_owned(), text: text.to_owned(), rules: rules_of(path, text), sections: Vec::new() };
        let mut open: Option<(usize, Option<Fence>)> = None;
        let mut at = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let (start, end) = (at, at + line.len());
            at = end;
            let ticks = line.len() - line.trim_start_matches('`').len();
            if let Some((length, fence)) = &mut open {
                if ticks >= *length && line.trim_end().len() == ticks {
                    if let Some(mut fence) = fence.take() {
                        fence.content.end = start;
                        fence.whole.end = end;
                        if let Some(section) = document.sections.last_mut() {
                            section.fences.push(fence);
                        }
                    }
                    open = None;
                }
            } else if ticks >= 3 {
                open = Some((ticks, fence(&line[ticks..], start, end)));
            } else if line.starts_with("## ") {
                let title = line.trim_start_matches('#').trim().to_owned();
                document.sections.push(Section { title, line: number + 1, fences: Vec::new(), end });
            }
            if let Some(section) = document.sections.last_mut().filter(|_| !line.trim().is_empty()) {
                section.end = end;
            }
        }
        assert!(open.is_none(), "{path}: a fence is not closed");
        let is_linted = |fence: &Fence| {
            let content = &text[fence.content.clone()];
            fence.kind == Kind::Input && (fence.language == "dockerfile" || holds_dockerfile(content))
        };
        let is_test =
            |section: &Section| !PROSE_SECTIONS.contains(&&*section.title) && section.fences.iter().any(is_linted);
        document.sections.retain(is_test);
        document
    }

    /// What stands in a fence.
    pub fn content(&self, fence: &Fence) -> &str {
        &self.text[fence.content.clone()]
    }
}

/// Whether a Dockerfile stands in a file of another kind.
pub fn holds_dockerfile(content: &str) -> bool {
    content.contains("dockerfile_inline") || content.contains("dockerfile-inline")
}

/// A block with its fences, as a page has it.
pub fn block(kind: Kind, language: &str, path: &str, bytes: Bytes, content: &str) -> String {
    let longest = content.lines().map(|line| line.len() - line.trim_start_matches('`').len()).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    let mut block = String::new();
    let suffix = match kind {
        Kind::Fixed => " fixed",
        Kind::FixedUnsafe => " fixed unsafe",
        Kind::Input | Kind::Size | Kind::Report => "",
    };
    let path = if path.is_empty() || (language == "dockerfile" && path == "Dockerfile") {
        String::new()
    } else {
        format!(" {path}")
    };
    let _ = write!(block, "{ticks}{language}{path}{}{suffix}\n{content}{ticks}\n", bytes.words());
    block
}

/// Reads `LANGUAGE [PATH] [crlf|bom|no-newline]… [fixed [unsafe]]`. A block without a path is only shown, unless it is a
/// Dockerfile.
fn fence(info: &str, start: usize, content: usize) -> Option<Fence> {
    let mut words = info.split_whitespace();
    let language = words.next()?.to_owned();
    let mut path = None;
    let mut bytes = Bytes::default();
    let (mut fixed, mut all) = (false, false);
    for word in words {
        match word {
            "fixed" => fixed = true,
            "unsafe" => all = true,
            "crlf" => bytes.crlf = true,
            "bom" => bytes.mark = true,
            "no-newline" => bytes.no_newline = true,
            name => path = Some(name.to_owned()),
        }
    }
    let kind = match (language.as_str(), fixed, all) {
        ("report", ..) => Kind::Report,
        (_, true, true) => Kind::FixedUnsafe,
        (_, true, false) => Kind::Fixed,
        ("size", ..) => Kind::Size,
        _ => Kind::Input,
    };
    let path = match (path, language.as_str()) {
        (Some(path), _) => path,
        (None, "dockerfile") => "Dockerfile".to_owned(),
        (None, "report") => String::new(),
        (None, _) => return None,
    };
    Some(Fence { kind, language, path, bytes, content: content..content, whole: start..content })
}

/// `rules = [..]` of a case, or the rule that a page in `rules/` is of.
fn rules_of(path: &str, text: &str) -> Option<Vec<String>> {
    if let Some(name) = path.strip_prefix("rules/") {
        return Some(vec![name.trim_end_matches(".md").to_owned()]);
    }
    let front = text.strip_prefix("---\n")?.split_once("\n---")?.0;
    let front: toml_edit::Document<String> = front.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let rules = front.get("rules")?.as_array().unwrap_or_else(|| panic!("{path}: `rules` is not a list"));
    Some(rules.iter().filter_map(|rule| rule.as_str().map(str::to_owned)).collect())
}
