//! Places in a script where text can be put without changing what stands around it.
//!
//! Edits only ever insert behind a word or delete a whole command: no word is quoted anew, nothing is reordered, comments and
//! continuations stay.

use std::sync::Arc;

use crate::diagnostic::Edit;
use crate::shell::SeparatorKind;
use crate::text::TextRange;

use crate::facts::{Argument, Errexit, Facts, Guard, Invocation, Origin};

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
        // Behind `--` a flag is an operand.
        let mut before = invocation.arguments.iter().take_while(|other| other.range.start() < argument.range.start());
        let only_operands = before.any(|other| other.value.text() == "--");
        let end = argument.range.end();
        if invocation.origin != Origin::Instruction || !argument.last || only_operands {
            return None;
        }
        // `RUN ["pip", "install", "flask"]`: an element of the array, not a word.
        let text = if self.is_exec_form(invocation.site.pipeline) {
            let words: Vec<String> = text.split(' ').map(|word| format!(", \"{word}\"")).collect();
            words.concat()
        } else {
            format!(" {text}")
        };
        let possible = text.starts_with(',') || self.is_word_end(end);
        possible.then(|| Edit { file: self.file(), range: TextRange::empty(end), text })
    }

    /// Puts `line` in front of the instruction of that number and the comments that stand right above it. `None` when something else
    /// stands on its line.
    #[must_use]
    pub fn line_above(&self, instruction: usize, line: &str) -> Option<Edit> {
        let text = self.source.text();
        let mut at = self.dockerfile.instructions.get(instruction)?.range.start() as usize;
        let line_start = |at: usize| text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let start = line_start(at);
        let indent = text.get(start..at)?;
        if !indent.trim().is_empty() {
            return None;
        }
        at = start;
        let is_comment = |at: usize| {
            self.dockerfile
                .comments
                .iter()
                .any(|comment| comment.inside.is_none() && line_start(comment.range.start() as usize) == at)
        };
        while at > 0 && is_comment(line_start(at - 1)) {
            at = line_start(at - 1);
        }
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let text = format!("{indent}{line}{end}");
        Some(Edit { file: self.file(), range: TextRange::empty(u32::try_from(at).ok()?), text })
    }

    /// Whether a word can end at `offset`: white space, a line end, a quote or an operator follows.
    fn is_word_end(&self, offset: u32) -> bool {
        let rest = self.source.text().get(offset as usize..).unwrap_or_default();
        rest.chars().next().is_none_or(|next| next.is_whitespace() || "'\";&|)<>\\`".contains(next))
    }

    /// Runs `command`, as the user who runs the invocation, behind the invocation's pipeline or its whole list when that
    /// succeeded, and leaves the outcome of the script as it is. `None` where that cannot be had: in conditions, in the
    /// background, in other files.
    #[must_use]
    pub fn command_after(&self, invocation: &Invocation, command: &str, behind: Behind) -> Option<Edit> {
        self.command_after_as(invocation, invocation, command, behind)
    }

    /// [`Facts::command_after`], as the user who runs `as_user`.
    #[must_use]
    pub(super) fn command_after_as(
        &self,
        invocation: &Invocation,
        as_user: &Invocation,
        command: &str,
        behind: Behind,
    ) -> Option<Edit> {
        let site = &invocation.site;
        if invocation.origin != Origin::Instruction || site.tested || site.separator == Some(SeparatorKind::Background)
        {
            return None;
        }
        // `X=$(dnf list installed)`: what the command prints would be a part of it.
        if site.captured {
            return None;
        }
        let command = &format!("{}{command}", self.elevation(as_user)?);
        let exec_form = !site.direct && site.pipeline == site.list && self.is_exec_form(site.pipeline);
        if exec_form || site.pipeline.is_empty() {
            return None;
        }
        let (range, followed, errexit) = match behind {
            Behind::Pipeline => (site.pipeline, site.followed, site.errexit),
            Behind::List if site.chained => (site.list, false, site.list_errexit),
            Behind::List => return None,
        };
        // Under `set -e` a command in front of `&&` no longer ends the script, so the last one of a list gets a statement behind it.
        let alone = site.list == site.pipeline;
        let statement = match errexit {
            Errexit::Off => false,
            _ if followed => false,
            // One in front of the last of a list never ended it: there the outcome of the list counts, when it ends the script.
            Errexit::On if alone || !site.tail => true,
            Errexit::On => false,
            Errexit::Open => return None,
        };
        if errexit == Errexit::On && !followed && !alone && (site.repeated || self.asks_for_status(site.list)) {
            return None;
        }
        // The word behind `<<` takes up a `;`.
        if statement && range.slice(self.source.text()).contains("<<") {
            return None;
        }
        let mut end = range.end();
        let style = self.line_style(invocation, range, statement);
        if matches!(style, LineStyle::NewLine(_)) {
            // A comment stays with its command.
            end += self.line_rest(end).trim_end().len() as u32;
        }
        let text = match (style, statement) {
            (LineStyle::Inline, true) => format!("; {command}"),
            (LineStyle::Inline, false) => format!(" && {command}"),
            (LineStyle::NewLine(indent), true) => format!("\n{indent}{command}"),
            (LineStyle::Continued(indent) | LineStyle::Leading(indent), true) => {
                format!("; {}\n{indent}{command}", self.dockerfile.escape)
            }
            (LineStyle::Leading(indent), false) => format!(" {}\n{indent}&& {command}", self.dockerfile.escape),
            (LineStyle::Continued(indent) | LineStyle::NewLine(indent), false) => {
                format!(" && {}\n{indent}{command}", self.dockerfile.escape)
            }
        };
        Some(Edit { file: self.file(), range: TextRange::empty(end), text })
    }

    /// Whether `program`, as a word of a script, is what the invocation starts: its own word says so, and the shell finds it
    /// where the invocation does.
    pub(super) fn is_found_as(&self, invocation: &Invocation, program: &str) -> bool {
        // `$PIP install`, `"npm" ci`
        !invocation.found_elsewhere && invocation.program_range.slice(self.source.text()) == program
    }

    /// Whether something in the instruction around `range` looks at the last command's outcome.
    fn asks_for_status(&self, range: TextRange) -> bool {
        let mut instructions = self.dockerfile.instructions.iter().map(|instruction| instruction.range);
        instructions.any(|instruction| {
            instruction.contains_range(range) && instruction.slice(self.source.text()).contains("$?")
        })
    }

    /// What stands in front of a command to run it as the invocation's user: nothing, or `sudo`.
    fn elevation(&self, invocation: &Invocation) -> Option<&'static str> {
        if !invocation.other_user {
            return Some("");
        }
        let mut words = invocation.range.slice(self.source.text()).split_whitespace();
        let plain =
            words.next() == Some("sudo") && !words.any(|word| word.starts_with("-u") || word.starts_with("--user"));
        plain.then_some("sudo ")
    }

    /// The text from `offset` to the end of its line.
    fn line_rest(&self, offset: u32) -> &str {
        let rest = self.source.text().get(offset as usize..).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default()
    }

    /// Whether a command is the array of a `RUN`, without a shell: `RUN ["bundle", "install"]`.
    #[must_use]
    pub fn is_array(&self, invocation: &Invocation) -> bool {
        let array = self.dockerfile.instructions.iter().find(|it| it.range == invocation.site.pipeline);
        // Not `RUN ["sh", "-c", "bundle install"]`, which is a line for a shell.
        let starts = |text: &str| text.trim_start_matches(['[', ' ', '"']).starts_with(invocation.program.as_str());
        invocation.origin == Origin::Instruction
            && !invocation.site.direct
            && array.is_some_and(|instruction| starts(instruction.body.text()))
    }

    fn is_exec_form(&self, range: TextRange) -> bool {
        self.dockerfile.instructions.iter().any(|instruction| instruction.range == range)
    }

    /// How the lines around the command are broken.
    fn line_style(&self, invocation: &Invocation, range: TextRange, statement: bool) -> LineStyle {
        let site = &invocation.site;
        let text = self.source.text();
        let list = site.list.slice(text);
        if site.heredoc {
            let line_start =
                text.get(..range.start() as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let indent = text.get(line_start..range.start() as usize).unwrap_or_default();
            let rest = self.line_rest(range.end()).trim();
            let alone = indent.trim().is_empty() && (rest.is_empty() || rest.starts_with('#'));
            return if statement && alone && site.direct {
                LineStyle::NewLine(indent.to_owned())
            } else {
                LineStyle::Inline
            };
        }
        let several_lines =
            self.is_continued(site.list) || (statement && self.is_continued(self.instruction_range(invocation)));
        if !site.direct || !several_lines {
            return LineStyle::Inline;
        }
        let lines = || list.lines().skip(1).map(|line| (line, line.trim_start()));
        let indent_of =
            |(line, trimmed): (&str, &str)| line.get(..line.len() - trimmed.len()).unwrap_or_default().to_owned();
        if let Some(line) = lines().find(|(_, trimmed)| trimmed.starts_with("&&")) {
            return LineStyle::Leading(indent_of(line));
        }
        let before = |index: usize| {
            list.lines().nth(index).unwrap_or_default().trim_end_matches(['\\', '`', ' ', '\t']).ends_with("&&")
        };
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
        self.dockerfile
            .instructions
            .iter()
            .map(|instruction| instruction.range)
            .find(|&range| holds(range))
            .unwrap_or(invocation.range)
    }

    /// Deletes the invocation's pipeline with the `&&` behind it, up to the command that follows. `None` when nothing follows
    /// it in its list, or a comment stands between.
    #[must_use]
    pub fn delete_before_next(&self, invocation: &Invocation) -> Option<Edit> {
        let site = &invocation.site;
        if invocation.origin != Origin::Instruction || !site.followed || site.piped || site.tested || !site.direct {
            return None;
        }
        // `a || b && c`: without `b`, `c` runs only when `a` fails.
        if site.alternative || invocation.output.as_ref().is_some_and(|output| output.text() != "/dev/null") {
            return None;
        }
        let text = self.source.text();
        // What a variable holds can be another command the next time.
        if invocation.program_range.slice(text).contains('$') {
            return None;
        }
        let rest = text.get(site.pipeline.end() as usize..site.list.end() as usize)?;
        let gap =
            |text: &str| text.len() - text.trim_start_matches([' ', '\t', '\r', '\n', self.dockerfile.escape]).len();
        let to_operator = gap(rest);
        let behind = rest.get(to_operator..)?.strip_prefix("&&")?;
        let operator_end = site.pipeline.end() as usize + to_operator + 2;
        let to_next = operator_end + gap(behind);
        // A comment line stays, and with it the continuation in front of it.
        let comment_follows = text.get(to_next..).is_some_and(|rest| rest.starts_with('#'));
        let end = if comment_follows {
            operator_end + behind.len() - behind.trim_start_matches([' ', '\t']).len()
        } else {
            to_next
        };
        let range = TextRange::new(site.pipeline.start(), end as u32);
        let holds_comment = self.dockerfile.comments.iter().any(|comment| range.overlaps(comment.range));
        (!holds_comment).then(|| Edit { file: self.file(), range, text: String::new() })
    }
}

/// Whether [`Facts::command_after`] runs its command when the invocation is not even tried: under `set -e`, a command behind
/// `[ -x … ] && program …` is a statement of its own.
pub(super) fn runs_untried(invocation: &Invocation) -> bool {
    let site = &invocation.site;
    let behind_test = invocation.guard != Guard::Always && site.list.start() < site.pipeline.start();
    behind_test && !site.followed && !site.tail && site.errexit == Errexit::On
}

/// Where a command goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind {
    /// Right behind the pipeline.
    Pipeline,
    /// Behind the last command that is joined to it with `&&`.
    List,
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
