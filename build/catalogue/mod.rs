//! The data files in `rules/catalogue/*.toml` as static tables that `src/catalogue` includes.

mod closures;
mod code;
mod debian;
mod distributions;
mod ends;
mod images;
mod knowledge;
#[path = "../../src/text/names.rs"]
mod names;
mod packages;
mod reader;
mod releases;
mod system;
mod uses;
mod wheels;

use std::fs;
use std::path::Path;

use toml_edit::Document;

use crate::Generated;
use crate::problem::Problem;
use reader::Section;

/// Generated files with their code, or everything that is wrong in one data file.
type Tables = Result<Vec<(&'static str, String)>, Vec<Problem>>;

/// What makes them of a file.
type Reader = fn(&Section<'_>) -> Tables;

const FILES: [(&str, Reader); 8] = [
    ("catalogue/packages.toml", packages::tables),
    ("catalogue/distributions.toml", distributions::tables),
    ("catalogue/system-packages.toml", system::tables),
    ("catalogue/debian-packages.toml", debian::tables),
    ("catalogue/debian-releases.toml", releases::tables),
    ("catalogue/base-images.toml", images::tables),
    ("catalogue/wheels.toml", wheels::tables),
    ("catalogue/uses.toml", uses::tables),
];

/// The tables of all data files.
pub fn generate(rules: &Path) -> Generated {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for (name, tables) in FILES {
        let source = fs::read_to_string(rules.join(name)).map_err(|error| vec![format!("rules/{name}: {error}")])?;
        match read(&source, tables) {
            Ok(code) => files.extend(code),
            Err(wrong) => problems.extend(wrong.iter().map(|problem| problem.in_file(name))),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn read(source: &str, tables: Reader) -> Tables {
    let document = Document::parse(source).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let line = source.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        vec![Problem::new(line, error.message())]
    })?;
    tables(&Section::whole(source, &document))
}

/// What was read, or all problems.
fn all<T>(results: impl Iterator<Item = Result<T, Problem>>) -> Result<Vec<T>, Vec<Problem>> {
    let mut problems = Vec::new();
    let read: Vec<T> = results.filter_map(|result| result.map_err(|problem| problems.push(problem)).ok()).collect();
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

/// One problem as the only one.
fn only_one(problem: Problem) -> Vec<Problem> {
    vec![problem]
}
