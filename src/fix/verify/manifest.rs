//! Every other file: TOML, requirements, ignore files.

use crate::python::requirements::RequirementsFile;
use crate::text::{SourceFile, TextRange};

use super::super::splice::Splice;
use super::{Violation, comments, shell};

pub(super) fn verify(before: Option<&SourceFile>, after: &SourceFile, splice: &Splice) -> Result<(), Violation> {
    let has_extension = |wanted: &str| {
        after.path().rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case(wanted))
    };
    if let Some(before) = before {
        let old = comment_lines(before).map(|(_, line)| line);
        comments(after, old, comment_lines(after), |offset| splice.inserted_at(offset).is_some())?;
    }
    if has_extension("toml") || is_toml_lock(after.path()) {
        return toml(before, after);
    }
    match before {
        Some(before) if has_extension("txt") || has_extension("in") => requirements(before, after, splice),
        _ => Ok(()),
    }
}

/// `uv.lock` and its like; `Pipfile.lock` is JSON.
fn is_toml_lock(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("uv.lock" | "poetry.lock" | "pdm.lock"))
}

fn comment_lines(file: &SourceFile) -> impl Iterator<Item = (u32, &str)> {
    let mut offset = 0;
    file.text().split_inclusive('\n').filter_map(move |line| {
        let start = offset + (line.len() - line.trim_start().len()) as u32;
        offset += line.len() as u32;
        line.trim_start().starts_with('#').then(|| (start, line.trim()))
    })
}

fn toml(before: Option<&SourceFile>, after: &SourceFile) -> Result<(), Violation> {
    let parse = |file: &SourceFile| toml_edit::Document::parse(file.text().trim_start_matches('\u{feff}').to_owned());
    match parse(after) {
        Err(error) if before.is_none_or(|before| parse(before).is_ok()) => {
            Err(Violation::ParseError(error.message().to_owned()))
        }
        _ => Ok(()),
    }
}

fn requirements(before: &SourceFile, after: &SourceFile, splice: &Splice) -> Result<(), Violation> {
    let (old, new) = (RequirementsFile::parse(before.text()), RequirementsFile::parse(after.text()));
    if new.errors.len() > old.errors.len() {
        let message = new.errors.first().map(|(_, message)| message.clone()).unwrap_or_default();
        return Err(Violation::ParseError(message));
    }
    let places: std::collections::HashSet<TextRange> = new.entries.iter().map(|entry| entry.range).collect();
    let lost = old
        .entries
        .iter()
        .find(|entry| !shell::is_edited(splice, before, entry.range) && !places.contains(&splice.map(entry.range)));
    lost.map_or(Ok(()), |entry| Err(Violation::Entry(before.line(entry.range.start()))))
}
