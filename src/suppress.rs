//! Ignore comments: which findings the author of a Dockerfile does not want to see.
//!
//! `# slimlint ignore=NAME[,NAME] reason` directly above an instruction, or between its continued lines, silences the
//! findings of those rules whose primary place lies in that instruction. `# hadolint ignore=DL3042` does the same through
//! the rules' aliases, and the directive `# check=skip=NAME` of `BuildKit` does it for the whole file.

use crate::diagnostic::Diagnostic;
use crate::dockerfile::{Comment, Dockerfile};
use crate::rules::{closest_name, named};
use crate::text::{SourceFile, TextRange};

/// The ignore comments of one Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    /// Sorted by range. Instructions do not overlap.
    instructions: Vec<(TextRange, Vec<&'static str>)>,
    file: Vec<&'static str>,
    /// Own comments that do nothing.
    pub invalid: Vec<InvalidIgnore>,
}

/// An own ignore comment, or a name in it, that silences nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidIgnore {
    /// The comment or the name.
    pub range: TextRange,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// The remedy.
    pub help: String,
}

impl Suppressions {
    /// Reads the comments of a Dockerfile.
    #[must_use]
    pub fn read(source: &SourceFile, dockerfile: &Dockerfile) -> Self {
        let mut suppressions = Self::default();
        for directive in dockerfile.directives.iter().filter(|directive| directive.name == "check") {
            suppressions.read_check(&directive.value);
        }
        for (index, comment) in dockerfile.comments.iter().enumerate() {
            let text = source.slice(comment.range);
            if let Some(list) = list_after(text, "hadolint") {
                if let Some(range) = target(dockerfile, index) {
                    let rules = names(list.names).flat_map(|(_, name)| named(name)).map(|page| page.name);
                    suppressions.add(range, rules);
                }
            } else if let Some(list) = list_after(text, "slimlint") {
                suppressions.read_own(target(dockerfile, index), *comment, &list);
            } else if is_misspelt(text) {
                suppressions.invalid.push(InvalidIgnore {
                    range: comment.range,
                    message: "this ignore comment silences nothing, for it names no rule".to_owned(),
                    help: "write `# slimlint ignore=NAME reason`".to_owned(),
                });
            }
        }
        suppressions.instructions.sort_by_key(|(range, _)| *range);
        suppressions
    }

    /// Whether a comment silences `diagnostic`; `path` is the Dockerfile that was read.
    #[must_use]
    pub fn silences(&self, path: &str, diagnostic: &Diagnostic) -> bool {
        if &*diagnostic.primary.file != path {
            return false;
        }
        if self.file.contains(&diagnostic.rule) {
            return true;
        }
        let start = diagnostic.primary.range.start();
        let end = self.instructions.partition_point(|(range, _)| range.start() <= start);
        let before = self.instructions.get(..end).unwrap_or_default().iter().rev();
        before.take_while(|(range, _)| range.contains(start)).any(|(_, rules)| rules.contains(&diagnostic.rule))
    }

    fn add(&mut self, range: TextRange, rules: impl Iterator<Item = &'static str>) {
        self.instructions.push((range, rules.collect()));
    }

    fn read_own(&mut self, target: Option<TextRange>, comment: Comment, list: &List<'_>) {
        let Some(range) = target else {
            self.invalid.push(InvalidIgnore {
                range: comment.range,
                message: "this ignore comment stands above no instruction".to_owned(),
                help: "put it on the line above the instruction it is meant for".to_owned(),
            });
            return;
        };
        let mut rules = Vec::new();
        for (offset, name) in names(list.names) {
            let before = rules.len();
            rules.extend(named(name).map(|page| page.name));
            if rules.len() == before {
                let start = comment.range.start() + (list.offset + offset) as u32;
                let help = match closest_name(name) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "`slimlint rules` lists all names".to_owned(),
                };
                self.invalid.push(InvalidIgnore {
                    range: TextRange::new(start, start + name.len() as u32),
                    message: format!("no rule is called `{name}`"),
                    help,
                });
            }
        }
        self.add(range, rules.into_iter());
    }

    /// `skip=NAME,NAME;error=true`. `skip=all` is about `BuildKit`'s own checks, so it silences none of ours.
    fn read_check(&mut self, value: &str) {
        for part in value.split(';') {
            if let Some(list) = part.trim().strip_prefix("skip=") {
                let pages = list.split(',').flat_map(|name| named(name.trim()));
                self.file.extend(pages.map(|page| page.name));
            }
        }
    }
}

/// The instruction that the comment at `index` is about: the one it stands in, or the one right below it and the comments
/// that follow it.
fn target(dockerfile: &Dockerfile, index: usize) -> Option<TextRange> {
    let comment = dockerfile.comments.get(index)?;
    if let Some(inside) = comment.inside {
        return dockerfile.instructions.get(inside).map(|instruction| instruction.range);
    }
    let followers = dockerfile.comments.get(index..).unwrap_or_default();
    let lines = followers
        .iter()
        .zip(comment.line..)
        .take_while(|(follower, line)| follower.line == *line && follower.inside.is_none());
    let below = comment.line + lines.count() as u32;
    let position = dockerfile.instructions.partition_point(|instruction| instruction.start_line < below);
    let instruction = dockerfile.instructions.get(position)?;
    (instruction.start_line == below).then_some(instruction.range)
}

/// The names behind `ignore=`.
struct List<'t> {
    /// Names with commas and spaces between.
    names: &'t str,
    /// Where they begin in the comment.
    offset: usize,
}

/// The list in `# TOOL ignore=A,B reason`, or `None` when the comment is no such.
fn list_after<'t>(comment: &'t str, tool: &str) -> Option<List<'t>> {
    let rest = word(comment.trim_start_matches('#').trim_start(), tool)?;
    let rest = word(rest, "ignore")?.strip_prefix('=')?.trim_start();
    let mut end = 0;
    // A name ends the list unless a comma stands behind it, so that a reason may follow.
    loop {
        let tail = rest.get(end..)?;
        let name = tail.trim_start();
        let length = name.find(|next: char| next == ',' || next.is_whitespace()).unwrap_or(name.len());
        end += tail.len() - name.len() + length;
        match rest.get(end..)?.trim_start().strip_prefix(',') {
            Some(after) => end = rest.len() - after.len(),
            None => break,
        }
    }
    let names = rest.get(..end)?;
    (!names.trim_matches([',', ' ', '\t']).is_empty()).then_some(List { names, offset: comment.len() - rest.len() })
}

/// What follows `expected` at the start of `text`, in any case, and the white space behind it.
fn word<'t>(text: &'t str, expected: &str) -> Option<&'t str> {
    let found = text.get(..expected.len())?.eq_ignore_ascii_case(expected);
    let rest = text.get(expected.len()..).filter(|_| found)?;
    rest.starts_with(|next: char| !next.is_alphanumeric() && next != '-').then(|| rest.trim_start())
}

/// Names with their offsets in `list`.
fn names(list: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    list.split(',').filter_map(move |part| {
        let offset = at + part.len() - part.trim_start().len();
        at += part.len() + 1;
        let name = part.trim();
        (!name.is_empty()).then_some((offset, name))
    })
}

/// Whether the comment means to be one of ours, but has not its form: `# slimlint ignore NAME`, `# slimlint: ignore=NAME`.
fn is_misspelt(comment: &str) -> bool {
    let text = comment.trim_start_matches('#').trim_start();
    let Some(rest) = word(text, "slimlint") else { return false };
    let rest = rest.trim_start_matches([':', '=']).trim_start();
    rest.eq_ignore_ascii_case("ignore") || word(rest, "ignore").is_some()
}

#[cfg(test)]
mod tests;
