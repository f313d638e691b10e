//! The hash of a manifest that a lock keeps, in the ways in which poetry, pdm and pipenv have made it.
//!
//! Each tool takes the parts that decide what is locked, writes them as JSON as Python's `json.dumps` does with sorted keys, and takes the
//! SHA-256 of that. Which parts these are has changed between versions, so a lock fits when one of the ways gives its hash. Sources: poetry's
//! `Locker` (0.12 to 2.4), pdm's `PyProject` (1.5 to 2.27), and plette for `Pipfile.lock`; each way was checked against real locks.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use toml_edit::{Document, Item, TableLike, Value};

use super::PackageName;

/// The parts of `[tool.poetry]` that poetry has always taken, absent ones as `null`.
const OF_POETRY: [&str; 4] = ["dependencies", "dev-dependencies", "extras", "source"];
/// The parts of `[project]` that poetry 2 takes.
const OF_PROJECT: [&str; 3] = ["requires-python", "dependencies", "optional-dependencies"];
/// Tables of a Pipfile that pipenv does not take as further categories.
const OF_PIPFILE: [&str; 8] =
    ["source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default"];

/// Stands for a value that Python and Rust may write differently. No hash of it is known.
const UNSURE: &str = "\0";

/// What poetry may have written as `content-hash` for this `pyproject.toml`; `None` when it cannot be told.
#[must_use]
pub fn of_poetry(manifest: &str) -> Option<Vec<String>> {
    let root = read(manifest)?;
    let empty = Json::Object(Map::new());
    let poetry = root.pointer("/tool/poetry").unwrap_or(&empty);
    let take = |from: &Json, keys: &[&str]| -> Map<String, Json> {
        let present = keys.iter().filter_map(|&key| Some((key.to_owned(), from.get(key)?.clone())));
        present.collect()
    };
    let of_old = |always: &[&str], keys: &[&str]| {
        let always = always.iter().map(|&key| (key.to_owned(), poetry.get(key).cloned().unwrap_or(Json::Null)));
        let mut parts: Map<String, Json> = always.collect();
        parts.extend(take(poetry, keys));
        Json::Object(parts)
    };
    // Until 1.1, from 1.2 with `[tool.poetry.group]`, and before that in 1.2.0a2 and 1.2.0b1, which people use to this day.
    let of_beta = ["dependencies", "group", "source", "extras"];
    let mut ways = vec![of_old(&OF_POETRY, &[]), of_old(&OF_POETRY, &["group"]), of_old(&of_beta, &[])];
    // From 2.0 with `[project]`, and from 2.3 with `[dependency-groups]`.
    let project = take(root.get("project").unwrap_or(&empty), &OF_PROJECT);
    let groups = root.get("dependency-groups").filter(|groups| groups.as_object().is_some_and(|all| !all.is_empty()));
    for groups in [None, groups] {
        if project.is_empty() && groups.is_none() {
            continue;
        }
        let mut parts = Map::new();
        if !project.is_empty() {
            parts.insert("project".to_owned(), Json::Object(project.clone()));
        }
        parts.extend(groups.map(|groups| ("dependency-groups".to_owned(), groups.clone())));
        let keys: Vec<&str> = OF_POETRY.into_iter().chain(["group"]).collect();
        let own = Map::from_iter([("poetry".to_owned(), Json::Object(take(poetry, &keys)))]);
        parts.insert("tool".to_owned(), Json::Object(own));
        ways.push(Json::Object(parts));
    }
    hashes(&ways, ", ", ": ")
}

/// What pdm may have written as `content_hash` for this `pyproject.toml`, without the algorithm's name.
#[must_use]
pub fn of_pdm(manifest: &str) -> Option<Vec<String>> {
    let root = read(manifest)?;
    let or = |path: &str, other: Json| root.pointer(path).cloned().unwrap_or(other);
    let (list, table) = (|| Json::Array(Vec::new()), || Json::Object(Map::new()));
    let older = or("/tool/pdm/dev-dependencies", table());
    let mut groups: Map<String, Json> = Map::new();
    for path in ["/dependency-groups", "/tool/pdm/dev-dependencies"] {
        for (name, members) in root.pointer(path).and_then(Json::as_object).into_iter().flatten() {
            let group = groups.entry(PackageName::new(name).to_string()).or_insert_with(list);
            if let (Some(group), Some(members)) = (group.as_array_mut(), members.as_array()) {
                group.extend(members.iter().cloned());
            }
        }
    }
    let with = |development: &Json, key: Option<&str>, resolution: Json| {
        let parts = vec![
            ("sources", or("/tool/pdm/source", list())),
            ("dependencies", or("/project/dependencies", list())),
            ("dev-dependencies", development.clone()),
            ("optional-dependencies", or("/project/optional-dependencies", table())),
            ("requires-python", or("/project/requires-python", Json::String(String::new()))),
        ];
        let parts = parts.into_iter().chain(key.map(|key| (key, resolution)));
        Json::Object(parts.map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let resolution = || or("/tool/pdm/resolution", table());
    // From 1.5, from 1.12, from 2.3, from 2.16, and from 2.20 on.
    let ways = [
        with(&older, None, Json::Null),
        with(&older, Some("overrides"), or("/tool/pdm/overrides", table())),
        with(&older, Some("overrides"), or("/tool/pdm/resolution/overrides", table())),
        with(&older, Some("resolution"), resolution()),
        with(&Json::Object(groups), Some("resolution"), resolution()),
    ];
    hashes(&ways, ", ", ": ")
}

/// What pipenv may have written into `_meta.hash` for this Pipfile.
#[must_use]
pub fn of_pipfile(manifest: &str) -> Option<Vec<String>> {
    let root = read(manifest)?;
    let or = |key: &str, other: Json| root.get(key).cloned().unwrap_or(other);
    let table = || Json::Object(Map::new());
    let meta = [("sources", or("source", Json::Array(Vec::new()))), ("requires", or("requires", table()))];
    let meta: Map<String, Json> = meta.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut parts: Map<String, Json> = Map::new();
    parts.insert("_meta".to_owned(), Json::Object(meta));
    parts.insert("default".to_owned(), or("packages", table()));
    parts.insert("develop".to_owned(), or("dev-packages", table()));
    let mut with_categories = parts.clone();
    let others = root.as_object()?.iter().filter(|(key, _)| !OF_PIPFILE.contains(&key.as_str()) && *key != "develop");
    with_categories.extend(others.map(|(key, value)| (key.clone(), value.clone())));
    let ways = [Json::Object(parts), Json::Object(with_categories)];
    hashes(&ways, ",", ":")
}

/// The hash of its manifest that a lock of poetry, pdm or pipenv keeps, when it is a SHA-256.
#[must_use]
pub fn kept_in(lock: &str) -> Option<String> {
    let hash = if lock.trim_start().starts_with('{') {
        let lock: Json = serde_json::from_str(lock).ok()?;
        lock.pointer("/_meta/hash/sha256")?.as_str()?.to_owned()
    } else {
        let line = lock.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            matches!(key.trim(), "content-hash" | "content_hash").then_some(value)
        });
        let hash = line?.trim().trim_matches(['"', '\'']);
        hash.strip_prefix("sha256:").unwrap_or(hash).to_owned()
    };
    (hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(hash)
}

/// The whole text; `None` when it is not TOML.
fn read(text: &str) -> Option<Json> {
    let document = Document::parse(text).ok()?;
    table(document.as_table())
}

fn table(table: &dyn TableLike) -> Option<Json> {
    let entries: Option<Map<String, Json>> =
        table.iter().map(|(key, value)| Some((key.to_owned(), item(value)?))).collect();
    entries.map(Json::Object)
}

fn item(item: &Item) -> Option<Json> {
    match item {
        Item::Table(entries) => table(entries),
        Item::ArrayOfTables(tables) => tables.iter().map(|one| table(one)).collect::<Option<Vec<_>>>().map(Json::Array),
        Item::Value(one) => value(one),
        Item::None => None,
    }
}

fn value(one: &Value) -> Option<Json> {
    match one {
        Value::String(text) => Some(Json::String(text.value().clone())),
        Value::Integer(number) => Some(Json::from(*number.value())),
        Value::Boolean(truth) => Some(Json::Bool(*truth.value())),
        Value::Array(values) => values.iter().map(value).collect::<Option<Vec<_>>>().map(Json::Array),
        Value::InlineTable(entries) => table(entries),
        Value::Float(_) | Value::Datetime(_) => Some(Json::String(UNSURE.to_owned())),
    }
}

/// The hash of each of the ways.
fn hashes(ways: &[Json], between: &str, behind_key: &str) -> Option<Vec<String>> {
    let hash = |parts: &Json| {
        let text = dumped(parts, between, behind_key);
        (!text.contains("\\u0000")).then(|| digest(&text))
    };
    ways.iter().map(hash).collect()
}

fn digest(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// As `json.dumps(…, sort_keys=True)` writes it: only ASCII, and `between` and `behind_key` as separators.
fn dumped(value: &Json, between: &str, behind_key: &str) -> String {
    let joined = |parts: Vec<String>, open: char, close: char| format!("{open}{}{close}", parts.join(between));
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(values) => {
            joined(values.iter().map(|value| dumped(value, between, behind_key)).collect(), '[', ']')
        }
        Json::Object(entries) => {
            let mut entries: Vec<(&String, &Json)> = entries.iter().collect();
            entries.sort_by_key(|&(key, _)| key);
            let write = |(key, value): (&String, &Json)| {
                format!("{}{behind_key}{}", quoted(key), dumped(value, between, behind_key))
            };
            joined(entries.into_iter().map(write).collect(), '{', '}')
        }
    }
}

fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            '\u{8}' => written.push_str("\\b"),
            '\u{c}' => written.push_str("\\f"),
            ' '..='~' => written.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(written, "\\u{unit:04x}");
                }
            }
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each expectation was made with Python's `hashlib` and `json` from the tool's own list of parts.
    #[test]
    fn hashes_are_those_of_the_tools() {
        let old = "[tool.poetry]\nname = \"demo\"\n[tool.poetry.dependencies]\npython = \"^3.12\"\nflask = \"^3\"\n";
        let of_old = of_poetry(old).expect("TOML");
        let expected = "61e2cb9cc42c05aa36ef6b6ef44b3cba046ebb81e086cdf1d61b7ccadcde56a2";
        assert_eq!(of_old.get(..2), Some(&[expected.to_owned(), expected.to_owned()][..]));
        let grouped =
            format!("{old}[tool.poetry.group.dev.dependencies]\n\"é\" = {{version = \"1\", optional = true}}\n");
        assert_eq!(
            of_poetry(&grouped).expect("TOML"),
            [
                expected,
                "280ffd3a7dcf3aaaceba1ea17e829d232dda72e77b608bf519f148e7f9541e67",
                "b659863a7d61d7001e6518fe32b2baa6384552597718f441e97611dc6eec1d65"
            ]
        );
        let project = "[project]\nname = \"demo\"\ndependencies = [\"flask>=3\"]\nrequires-python = \">=3.12\"\n\
                       [dependency-groups]\ndev = [\"pytest\", {include-group = \"docs\"}]\ndocs = []\n";
        let of_project = of_poetry(project).expect("TOML");
        assert_eq!(
            of_project.get(3..),
            Some(
                &[
                    "d8610a35432e123235ab49265bf7128b6eba68f00a1c8522e755ca2578cb8097".to_owned(),
                    "4934ac68189297c5858e5b57cfcce9824def5a9a6fb31eb48dfb77e3bf5a55f0".to_owned()
                ][..]
            )
        );
        let of_pdm = of_pdm(project).expect("TOML");
        assert_eq!(
            of_pdm.get(3..),
            Some(
                &[
                    "5680b67a6306591533ead3ec8f33795b65591db4128572de2aaf2485305973f4".to_owned(),
                    "64fd689a329653ff7e616600e4d064a6aa8526d87d11db3be604c1d180ccf3b4".to_owned()
                ][..]
            )
        );
        let pipfile = "[[source]]\nname = \"pypi\"\nurl = \"https://example.invalid/simple\"\nverify_ssl = true\n\
                       [packages]\nflask = \"*\"\n[docs]\nsphinx = \"*\"\n";
        assert_eq!(
            of_pipfile(pipfile).expect("TOML"),
            [
                "5fe671f80b0c70eea1528e294a1b90d7dd272706a2d3864a7cb67ad1b45fa031",
                "8dced52fd2edbe2130799a0a556d6f5c45f82668d5c3dc8ac1d5cfaac3bd3808"
            ]
        );
    }

    #[test]
    fn the_hash_in_a_lock_is_found() {
        let hash = "0".repeat(64);
        for (lock, found) in [
            (format!("[metadata]\nlock-version = \"2.1\"\ncontent-hash = \"{hash}\"\n"), true),
            (format!("[metadata]\ncontent_hash = \"sha256:{hash}\"\n"), true),
            ("[metadata]\ncontent_hash = \"md5:00\"\n".to_owned(), false),
            (format!("{{\"_meta\": {{\"hash\": {{\"sha256\": \"{hash}\"}}}}}}"), true),
            ("{\"_meta\": {}}".to_owned(), false),
        ] {
            assert_eq!(kept_in(&lock).is_some(), found, "{lock}");
        }
    }
}
