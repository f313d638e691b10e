use std::ops::Range;

use toml_edit::{Item, Key, Value};

use crate::python::Requirement;
use crate::text::TextRange;

/// Reads values together with where they stand.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
}

impl Reader<'_> {
    /// The PEP 508 strings of an array; other members are passed over.
    pub(super) fn requirements(self, item: Option<&Item>) -> Vec<Requirement> {
        let members = item.and_then(Item::as_array).into_iter().flatten();
        members.filter_map(|member| self.requirement(member)).collect()
    }

    /// A PEP 508 string. Its ranges lie between the quotes; where escapes keep offsets from agreeing, they are the whole string.
    pub(super) fn requirement(self, value: &Value) -> Option<Requirement> {
        let content = value.as_str()?;
        // pdm's development dependencies may be editable.
        let written = content.strip_prefix("-e ").unwrap_or(content);
        let whole = range_of(value.span());
        let raw = whole.slice(self.text);
        let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
        let is_verbatim =
            raw.get(quotes..).is_some_and(|rest| rest.starts_with(content) && rest.len() == content.len() + quotes);
        let offset = whole.start() + (quotes + content.len() - written.len()) as u32;
        let found = Requirement::parse(written, offset)?;
        Some(if is_verbatim { found } else { found.with_ranges(|_| whole) })
    }
}

/// A span of `toml_edit`; empty at 0 when it has none.
pub(super) fn range_of(span: Option<Range<usize>>) -> TextRange {
    span.map(|span| TextRange::from_usize(span.start, span.end)).unwrap_or_default()
}

/// Where an item and, for a table written as several dotted keys or headers, everything in it stands.
pub(super) fn extent(item: &Item) -> Option<TextRange> {
    if let Some(span) = item.span().filter(|_| item.is_value()) {
        return Some(range_of(Some(span)));
    }
    let own = item.span().map(|span| range_of(Some(span)));
    let members = table(Some(item)).filter_map(|(key, member)| {
        let key = key.span().map(|span| range_of(Some(span)));
        key.into_iter().chain(extent(member)).reduce(TextRange::cover)
    });
    own.into_iter().chain(members).reduce(TextRange::cover)
}

/// The members of a table, however it is written; nothing for anything else.
pub(super) fn table(item: Option<&Item>) -> impl Iterator<Item = (&Key, &Item)> {
    let table = item.and_then(Item::as_table_like);
    table.into_iter().flat_map(|table| table.iter().filter_map(|(name, _)| table.get_key_value(name)))
}

/// The strings of an array, or a lone string.
pub(super) fn strings(item: Option<&Item>) -> Vec<String> {
    let lone = item.and_then(Item::as_str);
    let members = item.and_then(Item::as_array).into_iter().flatten().filter_map(Value::as_str);
    lone.into_iter().chain(members).map(str::to_owned).collect()
}

/// One table given alone, or several as an array of inline tables or as `[[headers]]`: a getter of members for each.
pub(super) fn each_table(item: Option<&Item>) -> Vec<Item> {
    let Some(item) = item else { return Vec::new() };
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().cloned().map(Item::Table).collect();
    }
    if let Some(array) = item.as_array() {
        return array.iter().cloned().map(Item::Value).collect();
    }
    vec![item.clone()]
}
