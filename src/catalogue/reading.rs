//! The data files as the tests read them.

use toml_edit::{Document, Table, TableLike};

/// `source`, parsed.
pub(super) fn document(source: &'static str) -> Document<&'static str> {
    Document::parse(source).expect("valid TOML")
}

/// The table `[name]`.
pub(super) fn section<'a>(root: &'a Table, name: &str) -> &'a dyn TableLike {
    root.get(name).and_then(|item| item.as_table_like()).expect("the section")
}
