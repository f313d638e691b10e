//! Names of rules, keys and words, where they can be written.

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionResponse, CompletionTextEdit, Documentation,
    TextEdit,
};

use crate::config::{FILE_NAMES, KEYS, SERVICE_KEYS, Wanted, wanted_at};
use crate::rules::{groups, rules};
use crate::suppress::{ignore_list, takes_comments};
use crate::text::TextRange;

use super::commands;
use super::documents::Document;
use super::hover::markdown;
use super::positions::Encoding;
use super::server::{Failure, Server};

impl Server {
    pub(super) fn complete(&mut self, params: CompletionParams) -> Result<Option<CompletionResponse>, Failure> {
        let params = params.text_document_position;
        let _ = self.place_of(&params.text_document.uri)?;
        let encoding = self.client.encoding;
        let Some(document) = self.documents.get(params.text_document.uri.as_str()) else { return Ok(None) };
        let at = document.lines.offset(&document.text, params.position, encoding);
        let items = in_comment(document, at).or_else(|| in_configuration(document, at));
        let items = items.map(|(start, items)| placed(document, TextRange::new(start, at), items, encoding));
        Ok(items.map(CompletionResponse::Array))
    }
}

/// What can be written, and where the word begins whose place it takes.
type Items = (u32, Vec<CompletionItem>);

fn in_comment(document: &Document, at: u32) -> Option<Items> {
    let is_dockerfile = Server::is_dockerfile(document);
    if !is_dockerfile && !takes_comments(&document.place.path) {
        return None;
    }
    let (start, line) = document.lines.line(&document.text, document.lines.line_of(at))?;
    let inside = at.checked_sub(start)?;
    let list = ignore_list(line, is_dockerfile)?;
    if inside < list.list.start() || inside > list.list.end() {
        return None;
    }
    let name = list.names.iter().find(|(range, _)| range.start() <= inside && inside <= range.end());
    let begin = name.map_or(inside, |(range, _)| range.start());
    Some((start + begin, rule_items().collect()))
}

fn in_configuration(document: &Document, at: u32) -> Option<Items> {
    let name = document.place.path.rsplit('/').next()?;
    if !FILE_NAMES.contains(&name) {
        return None;
    }
    let (wanted, start) = wanted_at(&document.text, at as usize, name == "pyproject.toml")?;
    let items: Vec<CompletionItem> = match wanted {
        Wanted::Rule | Wanted::RuleKey => rule_items().chain(group_items()).collect(),
        Wanted::Key => KEYS.iter().map(|key| key_item(key.name, key.about)).collect(),
        Wanted::ServiceKey => SERVICE_KEYS.iter().map(|key| key_item(key.name, key.about)).collect(),
        Wanted::Word(words) => words.iter().map(|word| item(word, CompletionItemKind::ENUM_MEMBER)).collect(),
    };
    Some((start as u32, items))
}

fn item(label: &str, kind: CompletionItemKind) -> CompletionItem {
    CompletionItem { label: label.to_owned(), kind: Some(kind), ..CompletionItem::default() }
}

fn key_item(name: &str, about: &str) -> CompletionItem {
    let documentation = Some(Documentation::MarkupContent(markdown(about.to_owned())));
    CompletionItem { documentation, ..item(name, CompletionItemKind::PROPERTY) }
}

fn rule_items() -> impl Iterator<Item = CompletionItem> {
    rules().iter().map(|rule| rule.page).map(|page| CompletionItem {
        detail: Some(page.summary()),
        documentation: Some(Documentation::MarkupContent(markdown(commands::page(page)))),
        ..item(page.name, CompletionItemKind::ENUM_MEMBER)
    })
}

fn group_items() -> impl Iterator<Item = CompletionItem> {
    let group = |name: &str| CompletionItem {
        detail: Some("a group of rules".to_owned()),
        // Behind the rules themselves.
        sort_text: Some(format!("~{name}")),
        ..item(name, CompletionItemKind::ENUM)
    };
    groups().chain(["all"]).map(group)
}

/// Puts the items in the place of `range`.
fn placed(
    document: &Document,
    range: TextRange,
    items: Vec<CompletionItem>,
    encoding: Encoding,
) -> Vec<CompletionItem> {
    let range = document.lines.range(&document.text, range, encoding);
    let place = |item: CompletionItem| {
        let edit = TextEdit { range, new_text: item.label.clone() };
        CompletionItem { text_edit: Some(CompletionTextEdit::Edit(edit)), ..item }
    };
    items.into_iter().map(place).collect()
}
