//! `[tool.uv]` and `[tool.pdm]`.

use toml_edit::Item;

use super::reader::{Reader, each_table, range_of, strings, table};
use super::{Index, Pyproject, Source, string};
use crate::python::PackageName;

impl Pyproject {
    /// uv's documentation, "Settings".
    pub(super) fn read_uv(&mut self, reader: Reader<'_>, tool: &Item) {
        let Some(uv) = tool.get("uv") else { return };
        self.has_uv = true;
        self.is_package = uv.get("package").and_then(Item::as_bool).or(self.is_package);
        if let Some((key, members)) = uv.as_table_like().and_then(|table| table.get_key_value("dev-dependencies")) {
            self.add_group("dev", range_of(key.span()), reader.requirements(Some(members)));
        }
        self.default_groups = uv.get("default-groups").map(|groups| strings(Some(groups)));
        for (key, item) in table(uv.get("sources")) {
            let sources = each_table(Some(item)).iter().filter_map(source).collect();
            self.uv_sources.insert(PackageName::new(key.get()), sources);
        }
        self.read_indexes(uv.get("index"));
        for option in ["index-url", "extra-index-url", "find-links"] {
            let urls = strings(uv.get(option)).into_iter();
            self.indexes.extend(urls.map(|url| Index { name: None, url, explicit: false }));
        }
    }

    /// pdm's documentation, "Configure the project".
    pub(super) fn read_pdm(&mut self, reader: Reader<'_>, tool: &Item) {
        let Some(pdm) = tool.get("pdm") else { return };
        self.is_package = pdm.get("distribution").and_then(Item::as_bool).or(self.is_package);
        for (key, members) in table(pdm.get("dev-dependencies")) {
            self.add_group(key.get(), range_of(key.span()), reader.requirements(Some(members)));
        }
        self.read_indexes(pdm.get("source"));
    }

    pub(super) fn read_indexes(&mut self, indexes: Option<&Item>) {
        self.indexes.extend(each_table(indexes).iter().filter_map(|index| {
            let is_explicit = index.get("explicit").and_then(Item::as_bool).unwrap_or_default();
            let priority = index.get("priority").and_then(Item::as_str);
            Some(Index {
                name: string(index.get("name")),
                url: string(index.get("url"))?,
                explicit: is_explicit || priority == Some("explicit"),
            })
        }));
    }
}

/// One source of a package: uv's tables and poetry's dependency tables use the same keys.
pub(super) fn source(item: &Item) -> Option<Source> {
    let of_kind = |kind: &str| Some(format!("{kind}:{}", item.get(kind)?.as_str()?));
    let from = string(item.get("index"))
        .or_else(|| string(item.get("source")))
        .or_else(|| of_kind("git"))
        .or_else(|| of_kind("path"))
        .or_else(|| of_kind("url"))
        .or_else(|| item.get("workspace")?.as_bool()?.then(|| "workspace".to_owned()))?;
    let conditions = [
        // `marker` of uv, `markers` of poetry.
        item.get("marker").or_else(|| item.get("markers")).and_then(Item::as_str).map(str::to_owned),
        item.get("extra").and_then(Item::as_str).map(|extra| format!("extra == '{extra}'")),
        item.get("group").and_then(Item::as_str).map(|group| format!("'{group}' in dependency_groups")),
    ];
    Some(Source { from, marker: conjunction(conditions.into_iter().flatten()) })
}

/// The markers joined by `and`.
pub(super) fn conjunction(markers: impl Iterator<Item = String>) -> Option<String> {
    markers.reduce(|left, right| {
        let wrapped = |marker: String| if marker.contains(" or ") { format!("({marker})") } else { marker };
        format!("{} and {}", wrapped(left), wrapped(right))
    })
}
