//! What is known of the place under the pointer.

use std::fmt::Write as _;

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use crate::config::FILE_NAMES;
use crate::diagnostic::format_bytes;
use crate::facts::{Added, AddedKind, Amount, ByteSource, StageWeight};
use crate::lint::{Why, why};
use crate::output::{Paint, counted, escape, write_why};
use crate::python::PackageName;
use crate::rules::named;
use crate::suppress::ignore_list;
use crate::text::TextRange;

use super::commands;
use super::documents::{Document, Place};
use super::project::Project;
use super::server::{Failure, Server};

/// Services of which the chains of a package are told.
const MOST_SERVICES: usize = 4;

impl Server {
    pub(super) fn hover(&mut self, params: HoverParams) -> Result<Option<Hover>, Failure> {
        let params = params.text_document_position_params;
        let place = self.place_of(&params.text_document.uri)?;
        let encoding = self.client.encoding;
        let Some(document) = self.documents.get(params.text_document.uri.as_str()) else { return Ok(None) };
        let at = document.lines.offset(&document.text, params.position, encoding);
        let found = rule_at(document, at).or_else(|| {
            let project = self.projects.get_mut(&place.root)?;
            package_at(project, &place, at).or_else(|| added_at(project, &place, at))
        });
        Ok(found.map(|(range, text)| Hover {
            contents: HoverContents::Markup(markdown(text)),
            range: Some(document.lines.range(&document.text, range, encoding)),
        }))
    }
}

/// The page of the rule that an ignore comment or a configuration names at the byte `at`.
fn rule_at(document: &Document, at: u32) -> Option<(TextRange, String)> {
    let (start, line) = document.lines.line(&document.text, document.lines.line_of(at))?;
    let inside = at.checked_sub(start)?;
    let list = ignore_list(line, Server::is_dockerfile(document));
    let of_comment = list.and_then(|list| list.names.into_iter().find(|(range, _)| range.contains(inside)));
    let (range, name) = of_comment.or_else(|| {
        let name = document.place.path.rsplit('/').next()?;
        FILE_NAMES.contains(&name).then(|| word_at(line, inside)).flatten()
    })?;
    let page = named(&name).next()?;
    Some((TextRange::new(start + range.start(), start + range.end()), commands::page(page)))
}

/// The word of letters, digits and dashes at a byte of a line.
fn word_at(line: &str, at: u32) -> Option<(TextRange, String)> {
    let (before, behind) = line.split_at_checked(at as usize)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let start = before.len() - before.chars().rev().take_while(|c| is_part(*c)).count();
    let end = before.len() + behind.chars().take_while(|c| is_part(*c)).count();
    let range = TextRange::from_usize(start, end);
    (start < end).then(|| (range, range.slice(line).to_owned()))
}

/// What brings the package that is named at the byte `at`, and what it weighs.
fn package_at(project: &mut Project, place: &Place, at: u32) -> Option<(TextRange, String)> {
    let services = project.concerned(&place.path);
    let mut found: Option<(PackageName, TextRange)> = None;
    let mut reasons: Vec<Why> = Vec::new();
    for service in services {
        if found.is_none() {
            found = project.look(&service, |facts| facts.package_at(&place.path, at)).flatten();
        }
        let Some((package, _)) = &found else { continue };
        let Some(settings) = project.settings_of(&service) else { continue };
        let reason = why(project.workspace(), &[service], &*settings, package);
        if !reason.installed.is_empty() {
            reasons.push(reason);
        }
        if reasons.len() >= MOST_SERVICES {
            break;
        }
    }
    let (package, range) = found?;
    let workspace = project.workspace();
    let found: Vec<_> = reasons.into_iter().map(|reason| (workspace, reason)).collect();
    let mut text = Vec::new();
    write_why(package.as_str(), &found, workspace.root(), Paint::new(false), &mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    // A path may hold what would end the block.
    Some((range, format!("````text\n{}\n````", text.trim_end().replace("````", "'''' "))))
}

/// What the command or instruction at the byte `at` of a Dockerfile adds.
fn added_at(project: &mut Project, place: &Place, at: u32) -> Option<(TextRange, String)> {
    if !project.is_service(&place.path) {
        return None;
    }
    let weights = project.weights(&place.path)?;
    if let Some(stage) = weights.iter().find(|stage| stage.from.contains(at)) {
        return Some((stage.from, stage_text(stage)));
    }
    let added = || weights.iter().flat_map(|stage| &stage.added);
    let at_place: Vec<&Added> = added().filter(|added| added.range.contains(at)).collect();
    let range = at_place.iter().map(|added| added.range).min_by_key(|range| range.len())?;
    let texts: Vec<String> = at_place.into_iter().filter(|added| added.range == range).map(added_text).collect();
    Some((range, texts.join("\n\n")))
}

/// `≈ 5.3 GB`, `≥ 5.3 GB`
pub(super) fn amount(bytes: u64, at_least: bool) -> String {
    format!("{} {}", if at_least { "≥" } else { "≈" }, format_bytes(bytes))
}

/// A text in Markdown.
pub(super) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

/// Text of a file that is no markup.
fn code(text: &str) -> String {
    format!("`{}`", escape(text).replace('`', "'"))
}

/// What a command adds, for people.
pub(super) fn added_text(added: &Added) -> String {
    let bytes = match added.bytes {
        Some(bytes) => format!("{} installed", amount(bytes, added.at_least)),
        None => "bytes unknown".to_owned(),
    };
    let basis = match (&added.told_by, added.source) {
        (Some(file), _) => code(file),
        (None, ByteSource::Context) => "measured in the context".to_owned(),
        (None, ByteSource::Lock) => "from the lock".to_owned(),
        (None, ByteSource::Catalogue) => "from the built-in catalogue".to_owned(),
    };
    let basis = if added.bytes.is_some() { format!(" ({basis})") } else { String::new() };
    let mut text = match &added.kind {
        AddedKind::Python { command, packages, .. } => {
            format!("{} adds {}: {bytes}{basis}", code(command), counted(*packages, "package"))
        }
        AddedKind::System(names) => {
            let names: Vec<String> = names.iter().take(12).map(|name| code(name)).collect();
            format!("Adds {} and what they need: {bytes}{basis}", names.join(", "))
        }
        AddedKind::Files(paths) => {
            let paths: Vec<String> = paths.iter().take(12).map(|path| code(path)).collect();
            let bytes = bytes.replace(" installed", "");
            format!("Adds {}: {bytes}{basis}", paths.join(", "))
        }
    };
    if let AddedKind::Python { heaviest, .. } = &added.kind {
        text.push('\n');
        for package in heaviest {
            let version = package.version.as_ref().map(|version| format!(" {}", escape(version))).unwrap_or_default();
            let _ = write!(text, "\n- {}{version}: {}", code(&package.name), format_bytes(package.bytes));
        }
    }
    text
}

/// What a stage holds, for people.
pub(super) fn stage_text(stage: &StageWeight) -> String {
    let contents = &stage.contents;
    let name = stage.name.as_ref().map_or("The image".to_owned(), |name| format!("The stage {}", code(name)));
    let mut text = format!("{name} holds {}\n", amount(contents.bytes(), !contents.is_complete()));
    let base = contents.base.as_ref().map(|base| format!(" {}", code(base))).unwrap_or_default();
    let bytes = contents.base_bytes.map_or("unknown".to_owned(), format_bytes);
    let _ = write!(text, "\n- base{base}: {bytes}");
    let parts = [
        ("system packages", contents.system),
        ("Python packages", contents.python),
        ("`node_modules`", contents.node),
        ("files of the context", contents.copied),
        ("other", contents.other),
    ];
    for (what, Amount { bytes, complete }) in parts.into_iter().filter(|(_, part)| part.bytes > 0 || !part.complete) {
        let shown = if bytes == 0 { "unknown".to_owned() } else { amount(bytes, !complete) };
        let _ = write!(text, "\n- {what}: {shown}");
    }
    if let Some(dominant) = &contents.dominant {
        let pulled = dominant.pulled_by.as_ref().map(|by| format!(", pulled by {}", code(by.as_str())));
        let _ = write!(
            text,
            "\n\nMost of it is {} with what only it needs: {}{}",
            code(dominant.package.as_str()),
            format_bytes(dominant.bytes),
            pulled.unwrap_or_default()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_from_each_of_its_letters() {
        let line = "select = [\"pip-cache-kept\", é]";
        for at in 11..25 {
            assert_eq!(word_at(line, at).unwrap().1, "pip-cache-kept", "{at}");
        }
        assert_eq!(word_at(line, 9), None);
        assert_eq!(word_at(line, 29), None);
        assert_eq!(word_at(line, 999), None);
    }

    #[test]
    fn text_of_files_is_no_markup() {
        assert_eq!(code("a`b\u{202e}"), "`a'b\\u{202e}`");
    }
}
