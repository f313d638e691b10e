//! Small readers over the embedded TOML. A value of the wrong type reads as absent; the tests find it.

use toml_edit::{Document, Item, Table, TableLike};

/// One MB as the data files count.
pub(super) const MEGABYTE: u64 = 1_000_000;

/// `source`, parsed.
pub(super) fn document(source: &'static str) -> Option<Document<&'static str>> {
    Document::parse(source).ok()
}

/// The table `[name]`.
pub(super) fn section<'a>(root: &'a Table, name: &str) -> Option<&'a dyn TableLike> {
    root.get(name)?.as_table_like()
}

/// A string.
pub(super) fn text(table: &dyn TableLike, key: &str) -> Option<String> {
    table.get(key)?.as_str().map(str::to_owned)
}

/// A truth value.
pub(super) fn flag(table: &dyn TableLike, key: &str) -> Option<bool> {
    table.get(key)?.as_bool()
}

/// A list of strings; a single string counts as a list of one.
pub(super) fn texts(table: &dyn TableLike, key: &str) -> Vec<String> {
    match table.get(key) {
        Some(Item::Value(value)) => match (value.as_str(), value.as_array()) {
            (Some(one), _) => vec![one.to_owned()],
            (_, Some(several)) => several.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// A whole number that is not negative.
pub(super) fn number(table: &dyn TableLike, key: &str) -> Option<u64> {
    table.get(key)?.as_integer().and_then(|value| u64::try_from(value).ok())
}

/// A number of MB as bytes.
pub(super) fn megabytes(table: &dyn TableLike, key: &str) -> Option<u64> {
    number(table, key).map(|value| value * MEGABYTE)
}
