//! Where findings lie, for programs and services that read reports.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Span};
use crate::text::{Position, SourceFile, TextRange};
use crate::workspace::Workspace;

use super::Results;

/// The folder that services take paths relative to: the root of the repository that the working directory lies in, also where slimlint
/// is run further down; else the working directory.
pub(super) fn repository<'r>(results: &Results<'r>) -> &'r Path {
    let mut roots = results.reports.iter().map(|(workspace, _)| workspace.root());
    roots.find(|root| results.cwd.starts_with(root)).unwrap_or(results.cwd)
}

/// All findings with the files that they are in.
pub(super) fn findings<'r>(results: &Results<'r>) -> impl Iterator<Item = (&'r Workspace, &'r Diagnostic)> {
    let of = |(workspace, report): &'r (Workspace, crate::lint::Report)| {
        report.diagnostics.iter().map(move |diagnostic| (workspace, diagnostic))
    };
    results.reports.iter().flat_map(of)
}

/// A part of a file. Lines and columns are 1-based, columns count characters; a byte order mark is none.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub file: Arc<SourceFile>,
    pub range: TextRange,
    pub start: Position,
    /// Just past the last character.
    pub end: Position,
}

impl Region {
    /// Where `span` lies; `None` when it means the file as a whole, or one that cannot be read.
    pub fn of(workspace: &Workspace, span: &Span) -> Option<Self> {
        let is_whole = span.range.is_empty() && span.range.start() == 0;
        if is_whole { None } else { Self::of_range(workspace, &span.file, span.range) }
    }

    /// Where `range` lies, be it empty at the start of the file; `None` when that cannot be read.
    pub fn of_range(workspace: &Workspace, file: &str, range: TextRange) -> Option<Self> {
        let file = workspace.read(file).ok()?;
        let [start, end] = [range.start(), range.end()].map(|offset| position(&file, offset));
        Some(Self { file, range, start, end })
    }

    /// The last character's place, or the start where there is none.
    pub fn last(&self) -> Position {
        let text = self.file.slice(self.range);
        let last = text.chars().next_back().map_or(0, char::len_utf8);
        if last == 0 { self.start } else { position(&self.file, self.range.end() - last as u32) }
    }

    /// What the region holds of its first line, and that line, without white space around them. Neither is longer than tells it apart.
    pub fn first_line(&self) -> (&str, &str) {
        const LONGEST: usize = 400;
        let text = self.file.text();
        let start = self.file.lines().start(self.start.line).unwrap_or_default() as usize;
        let line = |from: usize, to: usize| {
            let to = text.floor_char_boundary(to.min(from + LONGEST).min(text.len()));
            let part = text.get(from..to).unwrap_or_default();
            part.split('\n').next().unwrap_or_default().trim()
        };
        (line(self.range.start() as usize, self.range.end() as usize), line(start, text.len()))
    }
}

/// The line of a finding; 1 when the file as a whole is meant.
pub(super) fn line(region: Option<&Region>) -> u32 {
    region.map_or(1, |region| region.start.line)
}

fn position(file: &SourceFile, offset: u32) -> Position {
    let Position { line, column } = file.position(offset);
    let has_mark = line == 1 && column > 1 && file.text().starts_with('\u{feff}');
    Position { line, column: column - u32::from(has_mark) }
}
