//! From lines to instructions and stages.

use crate::text::{Joined, TextRange};

use super::lines::{Lines, LogicalLine};
use super::{Arguments, CommandLine, Dockerfile, Instruction, Keyword, ParseError, Stage, arguments, heredoc};

/// `ONBUILD ONBUILD …` past which the rest is no instruction; `BuildKit` rejects the second.
const TRIGGER_LIMIT: u32 = 4;

/// So many lines that begin with no instruction may be misspelled, or just be written.
const FEW: usize = 2;

pub(super) fn parse(text: &str) -> Dockerfile {
    let mut lines = Lines::new(text);
    let mut instructions = Vec::new();
    while let Some(line) = lines.next_logical(instructions.len()) {
        instructions.push(instruction(&mut lines, &line));
    }
    if instructions.is_empty() {
        let message = "the file holds no instruction".to_owned();
        lines.errors.push(ParseError { range: TextRange::empty(0), message });
    }
    let escape = lines.escape;
    let (directives, pieces, comments, mut errors) = lines.into_parts();
    let stages = stages(&instructions);
    if let Some(first) = instructions.iter().find(|instruction| instruction.keyword != Keyword::Arg)
        && first.keyword != Keyword::From
    {
        let message = "the first instruction must be `FROM`, or `ARG` before it".to_owned();
        errors.push(ParseError { range: first.keyword_range, message });
    }
    if let Some(first) = instructions.first()
        && instructions.len() > FEW
        && instructions.iter().all(|instruction| instruction.keyword == Keyword::Unknown)
    {
        // A file of another kind: what each of its lines is not says nothing.
        errors.retain(|error| error.range < first.keyword_range);
        let message =
            format!("no line begins with an instruction of a Dockerfile, the first with `{}`", first.raw_keyword);
        errors.push(ParseError { range: first.keyword_range, message });
    }
    errors.sort_by_key(|error| error.range);
    Dockerfile { escape, directives, comments, instructions, stages, errors, pieces }
}

fn instruction(lines: &mut Lines<'_>, line: &LogicalLine) -> Instruction {
    let whole = TextRange::from_usize(0, line.joined.text().len());
    let mut instruction = statement(lines, &line.joined, whole, 0);
    let mut end = line.end;
    if can_hold_heredoc(&instruction) {
        let (heredocs, last) = heredoc::read(lines, &line.joined);
        end = last.unwrap_or(end);
        if let Arguments::Trigger(trigger) = &mut instruction.arguments {
            trigger.heredocs.clone_from(&heredocs);
        }
        instruction.heredocs = heredocs;
    }
    instruction.range = TextRange::new(instruction.keyword_range.start(), end);
    instruction.start_line = line.start_line;
    instruction.end_line = lines.line;
    if let Arguments::Trigger(trigger) = &mut instruction.arguments {
        trigger.range = TextRange::new(trigger.keyword_range.start(), end);
        trigger.start_line = instruction.start_line;
        trigger.end_line = instruction.end_line;
    }
    instruction
}

/// Reads `KEYWORD --flags arguments` at `range` of `line`; lines and ranges of the whole are set by the caller.
fn statement(lines: &mut Lines<'_>, line: &Joined, range: TextRange, depth: u32) -> Instruction {
    let text = range.slice(line.text());
    let shift = |inner: TextRange| TextRange::new(inner.start() + range.start(), inner.end() + range.start());
    let (keyword_range, rest) = arguments::split_keyword(text);
    let raw_keyword = keyword_range.slice(text).to_owned();
    let keyword = Keyword::parse(&raw_keyword);
    let keyword_range = line.source_range(shift(keyword_range));
    if keyword == Keyword::Unknown {
        let message = format!("unknown instruction `{raw_keyword}`");
        lines.errors.push(ParseError { range: keyword_range, message });
    }
    let (flags, rest) = arguments::flags(line, shift(rest), lines.escape);
    let body = line.part(rest);
    let arguments = if keyword == Keyword::Onbuild && !rest.is_empty() && depth < TRIGGER_LIMIT {
        Arguments::Trigger(Box::new(statement(lines, line, rest, depth + 1)))
    } else {
        arguments::read(keyword, &body, lines.escape, &mut lines.errors, keyword_range)
    };
    Instruction {
        range: keyword_range,
        start_line: 0,
        end_line: 0,
        keyword,
        keyword_range,
        raw_keyword,
        flags,
        arguments,
        body,
        heredocs: Vec::new(),
    }
}

fn can_hold_heredoc(instruction: &Instruction) -> bool {
    let instruction = match &instruction.arguments {
        Arguments::Trigger(trigger) => trigger,
        _ => instruction,
    };
    matches!(instruction.keyword, Keyword::Add | Keyword::Copy | Keyword::Run)
        && !matches!(
            &instruction.arguments,
            Arguments::Transfer { json: true, .. } | Arguments::Command(CommandLine::Exec(_))
        )
}

fn stages(instructions: &[Instruction]) -> Vec<Stage> {
    let starts: Vec<usize> = (0..instructions.len())
        .filter(|&index| instructions.get(index).is_some_and(|instruction| instruction.keyword == Keyword::From))
        .collect();
    starts
        .iter()
        .enumerate()
        .map(|(number, &from)| {
            let end = starts.get(number + 1).copied().unwrap_or(instructions.len());
            let name = match instructions.get(from).map(|instruction| &instruction.arguments) {
                Some(Arguments::From { name: Some(name), .. }) => Some(name.text.to_lowercase()),
                _ => None,
            };
            Stage { name, from, instructions: from..end }
        })
        .collect()
}
