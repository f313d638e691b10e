//! Marked excerpts of files, drawn by miette.
//!
//! miette is given lines that cannot go wrong: escaped, without tabs, cut to the width of the terminal around what is
//! marked, each mark on one line. The path, line and column in the frame are those of the file.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use crate::text::{SourceFile, TextRange, mask_credentials};

use super::wrap::{COLUMNS, char_width, width, wrap};
use super::{Paint, escape};

/// Marks further apart than this many lines get frames of their own.
const LINE_GAP: u32 = 2;
/// Columns before the mark that a cut line keeps.
const LEAD: usize = 30;
/// Columns that the frame takes besides the line number.
const FRAME: usize = 5;
/// Columns that the text of a mark gets at least, even if the line becomes longer than the terminal.
const LABEL_COLUMNS: usize = 24;

/// A place to mark with what to say there.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub range: TextRange,
    pub message: String,
}

/// A frame with nothing in it, for a place that has no text: a file as a whole, or one that does not exist.
pub(super) fn bare(path: &str, message: &str) -> String {
    let mut frame = format!("   ╭─[{}]\n", escape(path));
    for line in wrap(&escape(message), COLUMNS - FRAME).iter().filter(|line| !line.is_empty()) {
        frame.extend(["   · ", line, "\n"]);
    }
    frame + "   ╰────\n"
}

/// Frames around the lines of `file` that `marks` stand in. The first mark names line and column of its frame.
pub(super) fn draw(file: &SourceFile, path: &str, marks: &[Mark], paint: Paint) -> String {
    let Some(first) = marks.first() else { return String::new() };
    let mut sorted: Vec<&Mark> = marks.iter().collect();
    sorted.sort_by_key(|mark| mark.range);
    let mut frames: Vec<Vec<&Mark>> = Vec::new();
    for mark in sorted {
        match frames.last_mut().filter(|frame| frame.last().is_some_and(|last| together(file, last, mark))) {
            Some(frame) => frame.push(mark),
            None => frames.push(vec![mark]),
        }
    }
    // The frame of the first mark comes first, whatever the order in the file.
    frames.sort_by_key(|frame| !frame.iter().any(|mark| std::ptr::eq(*mark, first)));
    let mut drawing = String::new();
    for frame in &frames {
        let named = frame.iter().find(|mark| std::ptr::eq(**mark, first)).or(frame.first());
        let position = file.position(named.map_or(0, |mark| mark.range.start()));
        let name = format!("{}:{}:{}", escape(path), position.line, position.column);
        drawing.push_str(&render(&Excerpt::new(file, name, frame), paint));
    }
    drawing
}

/// Whether two marks fit into one frame. On a line that must be cut they have to be near each other.
fn together(file: &SourceFile, a: &Mark, b: &Mark) -> bool {
    let (line_a, line_b) = (file.line(a.range.start()), file.line(b.range.start()));
    let near = b.range.start() - a.range.start() < (COLUMNS - LEAD) as u32 / 2;
    line_b - line_a <= LINE_GAP && (near || (line_a..=line_b).all(|line| line_text(file, line).1.len() < COLUMNS))
}

/// Offset and text of a 1-based line, without its end.
fn line_text(file: &SourceFile, line: u32) -> (usize, &str) {
    let start = file.lines().start(line).unwrap_or(file.text().len() as u32) as usize;
    let end = file.lines().start(line + 1).map_or(file.text().len(), |next| next as usize);
    (start, file.text().get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']))
}

/// The lines of one frame, as they are shown.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    first_line: u32,
    lines: u32,
    labels: Vec<LabeledSpan>,
}

impl Excerpt {
    fn new(file: &SourceFile, name: String, marks: &[&Mark]) -> Self {
        let line_of = |mark: &Mark| file.line(mark.range.start().min(file.text().len() as u32));
        let first_line = marks.iter().map(|mark| line_of(mark)).min().unwrap_or(1);
        let last_line = marks.iter().map(|mark| line_of(mark)).max().unwrap_or(1);
        let columns = COLUMNS.saturating_sub(FRAME + last_line.to_string().len());
        let mut excerpt =
            Self { name, text: String::new(), first_line, lines: last_line - first_line + 1, labels: Vec::new() };
        for line in first_line..=last_line {
            let (offset, text) = line_text(file, line);
            let marks: Vec<&Mark> = marks.iter().copied().filter(|mark| line_of(mark) == line).collect();
            excerpt.push(offset, text, &marks, columns);
        }
        excerpt
    }

    /// Appends a line and its marks. A mark that goes on in the next line ends with this one.
    fn push(&mut self, offset: usize, text: &str, marks: &[&Mark], columns: usize) {
        let text = &*mask_credentials(text);
        let code = text.trim_end_matches([' ', '\t', '\\', '`']).len();
        let inside = |at: u32| (at as usize).saturating_sub(offset).min(text.len());
        let ranges: Vec<(usize, usize)> = marks
            .iter()
            .map(|mark| {
                let (start, end) = (inside(mark.range.start()), inside(mark.range.end()));
                (start, if mark.range.end() as usize > offset + text.len() { code.max(start) } else { end })
            })
            .collect();
        let window = Window::new(text, ranges.first().map_or(0, |range| range.0), columns);
        let line = self.text.len();
        for (mark, (start, end)) in marks.iter().zip(ranges) {
            let (start, end) = (window.shown(start), window.shown(end));
            let before = window.text.get(..start).map_or(0, width);
            let middle = before + window.text.get(start..end).map_or(0, width) / 2;
            let room = columns.saturating_sub(middle + FRAME).max(LABEL_COLUMNS);
            let message = Some(wrap(&escape(&mark.message), room).join("\n")).filter(|message| !message.is_empty());
            self.labels.push(LabeledSpan::new(message, line + start, end - start));
        }
        self.text.push_str(&window.text);
        self.text.push('\n');
    }
}

/// The part of a line that is shown.
struct Window {
    text: String,
    /// (byte in the line, byte in the shown text) at each character.
    places: Vec<(usize, usize)>,
}

impl Window {
    fn new(line: &str, focus: usize, columns: usize) -> Self {
        let fits = line.len() <= 4 * columns && width(&escape(line)) <= columns;
        let mut start = 0;
        if !fits {
            let lead = line.get(..focus).unwrap_or_default();
            let kept: usize = lead.char_indices().rev().take(LEAD).map(|(_, c)| c.len_utf8()).sum();
            // Nothing is gained by cutting off a few columns.
            start = if lead.len() > 2 * LEAD { lead.len() - kept } else { 0 };
        }
        let mut window = Self { text: String::new(), places: Vec::new() };
        let mut used = 0;
        if start > 0 {
            window.text.push('…');
            used = 1;
        }
        for (index, c) in line.get(start..).unwrap_or_default().char_indices() {
            let mut buffer = [0; 4];
            let shown = escape(c.encode_utf8(&mut buffer));
            let needed: usize = shown.chars().map(char_width).sum();
            // The byte order mark, for instance, is nothing that a reader has to see.
            if c == '\u{feff}' && index == 0 {
                continue;
            }
            window.places.push((start + index, window.text.len()));
            if !fits && used + needed >= columns {
                window.text.push('…');
                return window;
            }
            window.text.push_str(&shown);
            used += needed;
        }
        window
    }

    /// Where the byte at `offset` of the line is shown; at the nearest end when it is cut off.
    fn shown(&self, offset: usize) -> usize {
        let index = self.places.partition_point(|&(place, _)| place < offset);
        self.places.get(index).map_or(self.text.len(), |&(_, shown)| shown)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from((0, self.text.len()));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            whole,
            self.first_line as usize - 1,
            0,
            self.lines as usize,
        )))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl miette::Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

fn render(excerpt: &Excerpt, paint: Paint) -> String {
    let theme = if paint.is_colored() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(COLUMNS)
        .with_context_lines(0)
        .without_primary_span_start();
    let mut drawing = String::new();
    if handler.render_report(&mut drawing, excerpt).is_err() {
        return bare(&excerpt.name, "");
    }
    // miette's own heading stands before the frame; ours has been written already.
    let frame =
        drawing.find('╭').and_then(|corner| drawing.get(..corner)?.rfind('\n')).map_or(0, |newline| newline + 1);
    let lines = drawing.get(frame..).unwrap_or_default().lines();
    lines.flat_map(|line| [line.trim_end(), "\n"]).collect()
}
