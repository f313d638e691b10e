//! Whether an edited file says what the edits meant, and nothing else changed its meaning.
//!
//! Bytes outside the edits are the same by construction; what is checked here is how they are read. Peers' fixers break files
//! because text that was an argument becomes a comment, a continuation or an instruction of its own.

mod dockerfile;
mod manifest;
mod shell;

use std::collections::BTreeSet;

use crate::text::{NewlineStyle, SourceFile};
use crate::workspace::{NameKind, is_dockerfile_name};

use super::splice::Splice;

/// What an edit would have broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The file is no longer read without errors.
    #[error("the result does not parse: {0}")]
    ParseError(String),
    /// A comment is gone, or is no longer a comment.
    #[error("the comment `{0}` would be lost")]
    CommentLost(String),
    /// Text became a comment.
    #[error("line {0} would become a comment")]
    CommentMade(u32),
    /// A parser directive changed.
    #[error("a parser directive would change")]
    Directive,
    /// An instruction that no edit touches is read differently, or one is gone.
    #[error("the instruction in line {0} would change though no edit touches it")]
    Instruction(u32),
    /// An edit inside an instruction broke out of it.
    #[error("the instruction in line {0} would end elsewhere, or another would begin in it")]
    Boundary(u32),
    /// A flag is gone or has become one.
    #[error("the flags of the instruction in line {0} would change beside the edit")]
    Flag(u32),
    /// A heredoc is read differently, or one would stand in a file with CRLF line ends.
    #[error("a heredoc of the instruction in line {0} would change")]
    Heredoc(u32),
    /// A script has more errors than before.
    #[error("the script in line {0} would no longer be read by the shell")]
    Script(u32),
    /// A word of a script that no edit touches is read differently.
    #[error("the word `{word}` in the script in line {line} would change though no edit touches it")]
    Word {
        /// Line of the instruction.
        line: u32,
        /// The word as it was.
        word: String,
    },
    /// What an edit inserts would not be run, as behind a `#`.
    #[error("the text inserted into the script in line {0} would not be run")]
    NotRun(u32),
    /// Other line ends than before.
    #[error("the line ends of the file would change")]
    LineEnds,
    /// A line of a manifest that no edit touches is read differently.
    #[error("line {0} would be read differently though no edit touches it")]
    Entry(u32),
}

/// Compares a file before and after `splice`. `before` is `None` for a file that is created.
pub(super) fn verify(
    before: Option<&SourceFile>,
    after: &SourceFile,
    splice: &Splice,
    linted: bool,
) -> Result<(), Violation> {
    let name = after.path().rsplit('/').next().unwrap_or_default();
    if let Some(before) = before {
        line_ends(before, after)?;
    }
    if linted || is_dockerfile_name(name) == NameKind::Yes {
        return dockerfile::verify(before, after, splice);
    }
    manifest::verify(before, after, splice)
}

fn line_ends(before: &SourceFile, after: &SourceFile) -> Result<(), Violation> {
    let count = |file: &SourceFile| {
        let text = file.text();
        let (pairs, feeds, returns) =
            (text.matches("\r\n").count(), text.matches('\n').count(), text.matches('\r').count());
        (pairs, feeds - pairs, returns - pairs)
    };
    let (old, new) = (count(before), count(after));
    let foreign_grew = match before.newline_style() {
        NewlineStyle::Lf => new.0 > old.0,
        NewlineStyle::CrLf => new.1 > old.1,
    };
    if foreign_grew || new.2 > old.2 { Err(Violation::LineEnds) } else { Ok(()) }
}

/// Walks `old` and `new` comments side by side: every old one must stand in the new list, in order, and of the new ones only those that
/// the edits brought, as `is_brought` tells by their offsets, may be others. One that the edits brought may read like the next old one,
/// `# ====`, whether it is that one, moved, or not: both are tried.
fn comments<'t>(
    after: &SourceFile,
    old: impl IntoIterator<Item = &'t str>,
    new: impl IntoIterator<Item = (u32, &'t str)>,
    is_brought: impl Fn(u32) -> bool,
) -> Result<(), Violation> {
    let old: Vec<&str> = old.into_iter().collect();
    // How many of the old ones may have been found so far.
    let mut found = BTreeSet::from([0]);
    for (offset, text) in new {
        let further: Vec<usize> =
            found.iter().filter(|&&count| old.get(count) == Some(&text)).map(|count| count + 1).collect();
        if !is_brought(offset) {
            found.clear();
        }
        found.extend(further);
        if found.is_empty() {
            return Err(Violation::CommentMade(after.line(offset)));
        }
    }
    match found.last().and_then(|&count| old.get(count)) {
        Some(lost) => Err(Violation::CommentLost(lost.trim_end().to_owned())),
        None => Ok(()),
    }
}
