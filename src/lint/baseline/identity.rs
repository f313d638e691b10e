//! By what a finding is known again: the text that it points at, with nothing in it that editing elsewhere changes.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::diagnostic::Diagnostic;
use crate::dockerfile::Dockerfile;
use crate::suppress::takes_comments;
use crate::text::{SourceFile, mask_credentials};
use crate::workspace::Workspace;

/// Characters of a text that is written as a whole.
const WHOLE: usize = 160;
/// Characters of a longer one, in front of its hash.
const CUT: usize = 100;

/// The texts that the findings of a report point at.
pub(super) struct Texts<'w> {
    workspace: &'w Workspace,
    read: HashMap<Arc<str>, Option<Text>>,
}

struct Text {
    source: Arc<SourceFile>,
    /// When it is a Dockerfile.
    dockerfile: Option<Dockerfile>,
}

/// What a finding points at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Pointed {
    /// The instruction, or the line with those that it goes on in.
    pub(super) text: String,
    /// What of it is marked.
    pub(super) at: String,
}

impl<'w> Texts<'w> {
    pub(super) fn new(workspace: &'w Workspace) -> Self {
        Self { workspace, read: HashMap::new() }
    }

    /// What `found` points at; `is_dockerfile` says whether its file is a Dockerfile. What programs write, such as locks, has lines that
    /// change with every update, so a finding there is about the file as a whole.
    pub(super) fn pointed(&mut self, found: &Diagnostic, is_dockerfile: bool) -> Pointed {
        let (file, range) = (&found.primary.file, found.primary.range);
        let nothing = Pointed { text: String::new(), at: String::new() };
        if (range.is_empty() && range.start() == 0) || !takes_comments(file) {
            return nothing;
        }
        let workspace = self.workspace;
        let read = self.read.entry(Arc::clone(file)).or_insert_with(|| {
            let source = workspace.read(file).ok()?;
            let dockerfile = is_dockerfile.then(|| Dockerfile::parse(source.text()));
            Some(Text { source, dockerfile })
        });
        let Some(read) = read else { return nothing };
        let text = read.instruction(range.start()).unwrap_or_else(|| read.line(range.start()));
        let escape = read.dockerfile.as_ref().map_or('\\', |dockerfile| dockerfile.escape);
        let mut at = String::new();
        read.source.slice(range).split('\n').for_each(|line| push_line(&mut at, line, escape));
        Pointed { text: written(&text), at: written(&at) }
    }
}

impl Text {
    /// The instruction at `offset`, its continued lines joined and the comments between them left out.
    fn instruction(&self, offset: u32) -> Option<String> {
        let dockerfile = self.dockerfile.as_ref()?;
        let index = dockerfile.instructions.partition_point(|instruction| instruction.range.end() <= offset);
        let instruction = dockerfile.instructions.get(index)?;
        if !instruction.range.contains(offset) {
            return None;
        }
        let mut comments = dockerfile.comments.iter().filter(|comment| comment.inside == Some(index)).peekable();
        let mut text = String::new();
        for (line, number) in self.source.slice(instruction.range).split('\n').zip(instruction.start_line..) {
            if comments.next_if(|comment| comment.line == number).is_none() {
                push_line(&mut text, line, dockerfile.escape);
            }
        }
        Some(text)
    }

    /// The line at `offset` with those before and after it that a backslash joins.
    fn line(&self, offset: u32) -> String {
        let lines: Vec<&str> = self.source.text().split('\n').collect();
        let here = (self.source.line(offset) as usize).saturating_sub(1);
        let goes_on = |index: usize| lines.get(index).is_some_and(|line| line.trim_end().ends_with('\\'));
        let mut first = here;
        while first > 0 && goes_on(first - 1) {
            first -= 1;
        }
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate().skip(first) {
            push_line(&mut text, line, '\\');
            if index >= here && !goes_on(index) {
                break;
            }
        }
        text
    }
}

/// Adds a line, joined to the next one when it goes on there.
fn push_line(text: &mut String, line: &str, escape: char) {
    let line = line.trim_end();
    if let Some(continued) = line.strip_suffix(escape) {
        text.push_str(continued);
    } else {
        text.push_str(line);
        text.push(' ');
    }
}

/// `text` with one space for any white space and without credentials; when it is long, its beginning and a hash of all of it.
fn written(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let text = mask_credentials(&text);
    if text.chars().nth(WHOLE).is_none() {
        return text.into_owned();
    }
    let mut cut: String = text.chars().take(CUT).collect();
    cut.push_str("… #");
    for byte in Sha256::digest(text.as_bytes()).iter().take(8) {
        let _ = write!(cut, "{byte:02x}");
    }
    cut
}
