//! `slimlint debug parse`: what the parser reads, for comparison with other parsers.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::dockerfile::{Dockerfile, Keyword};
use crate::output::{shown_path, write_object};
use crate::workspace::discover;

use super::{Status, Terminal};

#[derive(Serialize)]
struct Parsed {
    file: String,
    instructions: Vec<ParsedInstruction>,
    errors: Vec<ParsedError>,
}

#[derive(Serialize)]
struct ParsedInstruction {
    keyword: String,
    start_line: u32,
    end_line: u32,
}

#[derive(Serialize)]
struct ParsedError {
    line: u32,
    message: String,
}

pub(super) fn parse(paths: &[PathBuf], terminal: &mut Terminal<'_>) -> Status {
    let mut status = Status::Clean;
    for path in paths {
        for (parsed, is_trouble) in parse_path(path, &terminal.cwd) {
            let trouble = if is_trouble { Status::Trouble } else { Status::Clean };
            let written = terminal.write(|out, _| write_object(&parsed, out));
            status = status.max(trouble).max(written);
        }
    }
    status
}

/// The files that `path` gives, under names that begin with it, and whether each is trouble.
fn parse_path(path: &Path, cwd: &Path) -> Vec<(Parsed, bool)> {
    let found = discover(&[path.to_owned()], cwd);
    let problems = found.problems.iter().map(|problem| {
        let file = problem.path.to_string_lossy().into_owned();
        (failed(file, problem.kind.to_string()), problem.kind.is_error())
    });
    let mut parsed: Vec<(Parsed, bool)> = problems.collect();
    let folder = cwd.join(path).canonicalize().ok().filter(|path| path.is_dir());
    for (workspace, dockerfiles) in &found.workspaces {
        for dockerfile in dockerfiles.iter().filter(|path| folder.is_none() || !workspace.is_holder(path)) {
            let below = folder.as_ref().map(|folder| path.join(shown_path(workspace.root(), dockerfile, folder)));
            let file = below.as_deref().unwrap_or(path).to_string_lossy().into_owned();
            parsed.push(match workspace.read(dockerfile) {
                Ok(source) => (read(file, source.text()), false),
                Err(error) => (failed(file, error.to_string()), true),
            });
        }
    }
    parsed
}

fn failed(file: String, message: String) -> Parsed {
    Parsed { file, instructions: Vec::new(), errors: vec![ParsedError { line: 0, message }] }
}

fn read(file: String, text: &str) -> Parsed {
    let dockerfile = Dockerfile::parse(text);
    let lines = crate::text::LineIndex::new(text);
    let instructions = dockerfile.instructions.iter().map(|instruction| ParsedInstruction {
        keyword: match instruction.keyword {
            Keyword::Unknown => instruction.raw_keyword.to_uppercase(),
            keyword => keyword.name().to_owned(),
        },
        start_line: instruction.start_line,
        end_line: instruction.end_line,
    });
    let errors = dockerfile
        .errors
        .iter()
        .map(|error| ParsedError { line: lines.line(error.range.start()), message: error.message.clone() });
    Parsed { file, instructions: instructions.collect(), errors: errors.collect() }
}
