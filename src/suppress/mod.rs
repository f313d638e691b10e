//! Ignore comments: which findings the authors of a file do not want to see.
//!
//! * `# slimlint ignore=NAME[,NAME] reason` directly above an instruction, or between its continued lines, silences the
//!   findings of those rules whose primary place lies in that instruction; `# slimlint stage ignore=NAME` above a `FROM` does it
//!   for that stage, `# slimlint file ignore=NAME` anywhere for all that is found about the Dockerfile, whatever file it is found in.
//! * `# hadolint ignore=`, `stage ignore=` and `global ignore=` do the same through the rules' aliases, and the directive
//!   `# check=skip=NAME` of `BuildKit` does it for the whole file.
//! * In manifests and ignore files a comment silences the line it ends or, on a line of its own, the line below it.

mod comment;
mod insert;
mod lines;
mod named;

pub use insert::{ignore_instead_of_fixing, ignore_on_line};
pub use named::{IgnoreList, ignore_list};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::dockerfile::{Comment, Dockerfile};
use crate::rules::{INVALID_IGNORE, Page, UNUSED_IGNORE, closest_name, named};
use crate::text::{SourceFile, TextRange};
use comment::{Dialect, IgnoreComment, Reach, Reading};

/// The page on ignore comments, in Markdown.
pub const PAGE: &str = include_str!("ignoring.md");

/// For how many misspelt names the closest one is looked for, which takes longer than all else.
const MAX_SUGGESTIONS: usize = 100;

/// The ignore comments of one Dockerfile, and of the manifests in which something was found.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// For one instruction each, sorted by range. Instructions do not overlap.
    instructions: Vec<Entry>,
    /// For one stage each, sorted by range. Stages do not overlap.
    stages: Vec<Entry>,
    file: Vec<Entry>,
    /// The comments of other files, by path.
    others: BTreeMap<String, lines::LineSuppressions>,
    /// Own comments that can do nothing.
    pub invalid: Vec<Notice>,
}

/// Something to say of an own ignore comment, or of a name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The comment or the name.
    pub range: TextRange,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// The remedy.
    pub help: String,
}

/// One name in one comment.
#[derive(Clone, Debug)]
struct Entry {
    /// The bytes in which it silences findings.
    scope: TextRange,
    /// The rules that the name means.
    pages: Vec<&'static Page>,
    /// The name, in comments of our own.
    own: Option<TextRange>,
    used: bool,
}

impl Entry {
    /// Whether it is about the rule; then it is of use.
    fn silences(&mut self, rule: &str) -> bool {
        let silences = self.pages.iter().any(|page| page.name == rule);
        self.used |= silences;
        silences
    }
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
            match comment::read(source.slice(comment.range)) {
                Reading::Ignore(ignore) => suppressions.read_ignore(dockerfile, index, *comment, &ignore),
                Reading::Misspelt => suppressions.invalid.push(Notice {
                    range: comment.range,
                    message: "this ignore comment silences nothing, for it names no rule".to_owned(),
                    help: "write `# slimlint ignore=NAME reason`".to_owned(),
                }),
                Reading::Other => {}
            }
        }
        suppressions.instructions.sort_by_key(|entry| entry.scope);
        suppressions.stages.sort_by_key(|entry| entry.scope);
        suppressions
    }

    /// Whether a comment silences `diagnostic`; `path` is the Dockerfile that was read, `read` gives the text of another file.
    pub fn silences(
        &mut self,
        path: &str,
        diagnostic: &Diagnostic,
        read: impl FnOnce(&str) -> Option<Arc<SourceFile>>,
    ) -> bool {
        let rule = diagnostic.rule;
        let (file, start) = (&*diagnostic.primary.file, diagnostic.primary.range.start());
        // All that match are asked, so that none of them is called unused.
        let mut silenced = silences_any(&mut self.file, rule);
        if file == path {
            silenced |= silences_any(covering(&mut self.instructions, start), rule);
            silenced |= silences_any(covering(&mut self.stages, start), rule);
        } else {
            if !self.others.contains_key(file) {
                let source = Some(file).filter(|file| takes_comments(file)).and_then(read);
                let lines = source.map(|source| lines::LineSuppressions::read(&source)).unwrap_or_default();
                self.others.insert(file.to_owned(), lines);
            }
            silenced |= self.others.get(file).is_some_and(|lines| lines.silences(rule, start));
        }
        silenced
    }

    /// Own names of the Dockerfile that have silenced nothing, of those whose rules ran.
    #[must_use]
    pub fn unused(&self, ran: impl Fn(&Page) -> bool) -> Vec<Notice> {
        let entries = self.instructions.iter().chain(&self.stages).chain(&self.file);
        let judged = |page: &&Page| ran(page) && !matches!(page.name, INVALID_IGNORE | UNUSED_IGNORE);
        let idle = entries.filter(|entry| !entry.used && entry.pages.iter().all(judged));
        let notice = |entry: &Entry| {
            let names: Vec<String> = entry.pages.iter().map(|page| format!("`{}`", page.name)).collect();
            Some(Notice {
                range: entry.own?,
                message: format!("nothing is found here that this ignore of {} would silence", names.join(", ")),
                help: "delete it, so that what is found here later is seen".to_owned(),
            })
        };
        idle.filter_map(notice).collect()
    }

    fn read_ignore(&mut self, dockerfile: &Dockerfile, index: usize, comment: Comment, ignore: &IgnoreComment<'_>) {
        let own = ignore.dialect == Dialect::Own;
        let scope = match ignore.reach {
            Reach::File => Ok(TextRange::default()),
            Reach::Stage => stage_at(dockerfile, index).ok_or(("stage", "`FROM`")),
            Reach::Instruction => target(dockerfile, index)
                .and_then(|target| dockerfile.instructions.get(target))
                .map(|instruction| instruction.range)
                .ok_or(("instruction", "instruction")),
        };
        let scope = match scope {
            Ok(scope) => scope,
            Err((what, place)) => {
                if own {
                    self.invalid.push(Notice {
                        range: comment.range,
                        message: format!("this ignore comment stands above no {what}"),
                        help: format!("put it on the line above the {place} it is meant for"),
                    });
                }
                return;
            }
        };
        for &(offset, name) in &ignore.names {
            let start = comment.range.start() + offset as u32;
            let range = TextRange::new(start, start + name.len() as u32);
            let pages: Vec<_> = named(name).collect();
            if pages.is_empty() {
                if own {
                    let close = (self.invalid.len() < MAX_SUGGESTIONS).then(|| closest_name(name)).flatten();
                    self.invalid.push(unknown(range, name, close));
                }
                continue;
            }
            let entries = match ignore.reach {
                Reach::Instruction => &mut self.instructions,
                Reach::Stage => &mut self.stages,
                Reach::File => &mut self.file,
            };
            entries.push(Entry { scope, pages, own: own.then_some(range), used: false });
        }
    }

    /// `skip=NAME,NAME;error=true`. `skip=all` is about `BuildKit`'s own checks, so it silences none of ours.
    fn read_check(&mut self, value: &str) {
        for part in value.split(';') {
            if let Some(list) = part.trim().strip_prefix("skip=") {
                let pages = list.split(',').flat_map(|name| named(name.trim())).collect();
                self.file.push(Entry { scope: TextRange::default(), pages, own: None, used: false });
            }
        }
    }
}

fn unknown(range: TextRange, name: &str, close: Option<&str>) -> Notice {
    let help = match close {
        Some(close) => format!("did you mean `{close}`?"),
        None => "`slimlint rules` lists all names".to_owned(),
    };
    Notice { range, message: format!("no rule is called `{name}`"), help }
}

fn silences_any(entries: &mut [Entry], rule: &str) -> bool {
    let silencing = entries.iter_mut().filter_map(|entry| entry.silences(rule).then_some(()));
    silencing.count() > 0
}

/// Whether people write comments into the file at `path`. Locks are written by programs, and JSON has no comments.
#[must_use]
pub fn takes_comments(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let generated = name.starts_with("pylock.") || name.ends_with("-lock.yaml");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !generated && !matches!(extension, "lock" | "json")
}

/// The entries whose scope holds `at`; scopes are sorted, and overlap only when they are the same.
fn covering(entries: &mut [Entry], at: u32) -> &mut [Entry] {
    let end = entries.partition_point(|entry| entry.scope.start() <= at);
    let before = entries.get_mut(..end).unwrap_or_default();
    let count = before.iter().rev().take_while(|entry| entry.scope.contains(at)).count();
    before.get_mut(end - count..).unwrap_or_default()
}

/// The instruction that the comment at `index` is about: the one it stands in, or the one right below it and the comments
/// that follow it.
fn target(dockerfile: &Dockerfile, index: usize) -> Option<usize> {
    let comment = dockerfile.comments.get(index)?;
    if let Some(inside) = comment.inside {
        return Some(inside);
    }
    let followers = dockerfile.comments.get(index..).unwrap_or_default();
    let lines = followers
        .iter()
        .zip(comment.line..)
        .take_while(|(follower, line)| follower.line == *line && follower.inside.is_none());
    let below = comment.line + lines.count() as u32;
    let position = dockerfile.instructions.partition_point(|instruction| instruction.start_line < below);
    let instruction = dockerfile.instructions.get(position)?;
    (instruction.start_line == below).then_some(position)
}

/// The stage whose `FROM` the comment at `index` is about.
fn stage_at(dockerfile: &Dockerfile, index: usize) -> Option<TextRange> {
    let from = target(dockerfile, index)?;
    let stage = dockerfile.stages.iter().find(|stage| stage.from == from)?;
    let range = |index: usize| dockerfile.instructions.get(index).map(|instruction| instruction.range);
    let (first, last) = (range(from)?, stage.instructions.clone().next_back().and_then(range)?);
    Some(TextRange::new(first.start(), last.end()))
}

#[cfg(test)]
mod tests;
