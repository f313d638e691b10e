//! Places in a script where text can be put without changing what stands around it.
//!
//! Edits only ever insert behind a word or delete a whole command: no word is quoted anew, nothing is reordered, comments and
//! continuations stay.

use std::sync::Arc;

use crate::diagnostic::Edit;
use crate::shell::SeparatorKind;
use crate::text::TextRange;

use crate::facts::{Argument, Facts, Invocation, Origin};

impl Facts<'_> {
    /// The Dockerfile's path, as edits and spans name it.
    #[must_use]
    pub fn file(&self) -> Arc<str> {
        Arc::from(self.source.path())
    }

    /// Puts ` text` behind the word that ends with `argument`. `None` when that word holds more than the argument, or stands
    /// elsewhere than in the Dockerfile.
    #[must_use]
    pub fn insert_after(&self, invocation: &Invocation, argument: &Argument, text: &str) -> Option<Edit> {
        let possible = invocation.origin == Origin::Instruction && argument.last && self.is_word_end(argument.range.end());
        possible.then(|| Edit { file: self.file(), range: TextRange::empty(argument.range.end()), text: format!(" {text}") })
    }

    /// Whether a word can end at `offset`: white space, a line end, a quote or an operator follows.
    fn is_word_end(&self, offset: u32) -> bool {
        let rest = self.source.text().get(offset as usize..).unwrap_or_default();
        rest.chars().next().is_none_or(|next| next.is_whitespace() || "'\";&|)<>\\`".contains(next))
    }

    /// Runs `command` right behind the invocation's pipeline when that succeeded, and leaves the outcome of the script as it is.
    /// `None` where that cannot be had: in conditions, in the background, in other files.
    #[must_use]
    pub fn command_after(&self, invocation: &Invocation, command: &str) -> Option<Edit> {
        let site = &invocation.site;
        if invocation.origin != Origin::Instruction || site.tested || site.separator == Some(SeparatorKind::Background) {
            return None;
        }
        let exec_form = !site.direct && site.pipeline == site.list && self.is_exec_form(site.pipeline);
        if exec_form || site.pipeline.is_empty() {
            return None;
        }
        // Under `set -e` a command in front of `&&` no longer ends the script, so the last one of a list gets a statement behind it.
        let statement = site.errexit && !site.followed;
        let text = match (self.line_style(invocation, statement), statement) {
            (LineStyle::Inline, true) => format!("; {command}"),
            (LineStyle::Inline, false) => format!(" && {command}"),
            (LineStyle::NewLine(indent), true) => format!("\n{indent}{command}"),
            (LineStyle::Continued(indent) | LineStyle::Leading(indent), true) => format!("; {}\n{indent}{command}", self.dockerfile.escape),
            (LineStyle::Leading(indent), false) => format!(" {}\n{indent}&& {command}", self.dockerfile.escape),
            (LineStyle::Continued(indent) | LineStyle::NewLine(indent), false) => {
                format!(" && {}\n{indent}{command}", self.dockerfile.escape)
            }
        };
        Some(Edit { file: self.file(), range: TextRange::empty(site.pipeline.end()), text })
    }

    fn is_exec_form(&self, range: TextRange) -> bool {
        self.dockerfile.instructions.iter().any(|instruction| instruction.range == range)
    }

    /// How the lines around the command are broken.
    fn line_style(&self, invocation: &Invocation, statement: bool) -> LineStyle {
        let site = &invocation.site;
        let text = self.source.text();
        let list = site.list.slice(text);
        if site.heredoc {
            let line_start = text.get(..site.pipeline.start() as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let indent = text.get(line_start..site.pipeline.start() as usize).unwrap_or_default();
            let alone = indent.trim().is_empty() && site.separator != Some(SeparatorKind::Semicolon);
            return if statement && alone && site.direct { LineStyle::NewLine(indent.to_owned()) } else { LineStyle::Inline };
        }
        let several_lines = self.is_continued(site.list) || (statement && self.is_continued(self.instruction_range(invocation)));
        if !site.direct || !several_lines {
            return LineStyle::Inline;
        }
        let lines = || list.lines().skip(1).map(|line| (line, line.trim_start()));
        let indent_of = |(line, trimmed): (&str, &str)| line.get(..line.len() - trimmed.len()).unwrap_or_default().to_owned();
        if let Some(line) = lines().find(|(_, trimmed)| trimmed.starts_with("&&")) {
            return LineStyle::Leading(indent_of(line));
        }
        let before = |index: usize| list.lines().nth(index).unwrap_or_default().trim_end_matches(['\\', '`', ' ', '\t']).ends_with("&&");
        if let Some((_, line)) = lines().enumerate().find(|&(index, _)| before(index)) {
            return LineStyle::Continued(indent_of(line));
        }
        if statement {
            let instruction = self.instruction_range(invocation).slice(text);
            if let Some(line) = instruction.lines().nth(1) {
                return LineStyle::Continued(indent_of((line, line.trim_start())));
            }
        }
        match lines().next() {
            Some(line) => LineStyle::Leading(indent_of(line)),
            None => LineStyle::Inline,
        }
    }

    fn is_continued(&self, range: TextRange) -> bool {
        range.slice(self.source.text()).contains('\n')
    }

    fn instruction_range(&self, invocation: &Invocation) -> TextRange {
        let holds = |range: TextRange| range.contains_range(invocation.range);
        self.dockerfile.instructions.iter().map(|instruction| instruction.range).find(|&range| holds(range)).unwrap_or(invocation.range)
    }

    /// Deletes the invocation's pipeline with the `&&` behind it, up to the command that follows. `None` when nothing follows
    /// it in its list, or a comment stands between.
    #[must_use]
    pub fn delete_before_next(&self, invocation: &Invocation) -> Option<Edit> {
        let site = &invocation.site;
        if invocation.origin != Origin::Instruction || !site.followed || site.piped || site.tested || !site.direct {
            return None;
        }
        let text = self.source.text();
        let rest = text.get(site.pipeline.end() as usize..site.list.end() as usize)?;
        let gap = |text: &str| text.len() - text.trim_start_matches([' ', '\t', '\r', '\n', self.dockerfile.escape]).len();
        let to_operator = gap(rest);
        let behind = rest.get(to_operator..)?.strip_prefix("&&")?;
        let end = site.pipeline.end() as usize + to_operator + 2 + gap(behind);
        let range = TextRange::new(site.pipeline.start(), end as u32);
        let holds_comment = self.dockerfile.comments.iter().any(|comment| range.overlaps(comment.range));
        (!holds_comment).then(|| Edit { file: self.file(), range, text: String::new() })
    }
}

enum LineStyle {
    /// Behind the command on its line.
    Inline,
    /// A line of its own in a heredoc, with this indentation.
    NewLine(String),
    /// `&& \` at line ends; lines have this indentation.
    Continued(String),
    /// `&&` at line starts, with this indentation.
    Leading(String),
}
