//! The JSON Schema of the configuration, made from the table of keys and the registry of rules.

use serde_json::{Map, Value, json};

use crate::rules::{self, Page};

use super::keys::{KEYS, Key, Kind, SEVERITIES};

/// The schema (draft 7) of `slimlint.toml` and `[tool.slimlint]`.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("{}/slimlint.schema.json", env!("CARGO_PKG_REPOSITORY")),
        "title": "slimlint",
        "description": "Configuration of slimlint: slimlint.toml, or [tool.slimlint] in pyproject.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties(KEYS),
        "definitions": {
            "selector": selector(),
            "severity": { "enum": SEVERITIES },
            "pattern": {
                "type": "string",
                "minLength": 1,
                "pattern": "^[^\\\\/][^\\\\]*$",
                "description": "A path relative to the folder of the configuration, with `/` and the wildcards `*`, `**`, `?`, `[…]`, `{a,b}`"
            }
        }
    })
}

fn properties<T>(keys: &[Key<T>]) -> Value {
    let property = |key: &Key<T>| {
        let mut property = of(key.kind);
        property.insert("description".to_owned(), key.about.into());
        (key.name.to_owned(), Value::Object(property))
    };
    Value::Object(keys.iter().map(property).collect())
}

fn of(kind: Kind) -> Map<String, Value> {
    let value = match kind {
        Kind::Rules => json!({ "type": "array", "items": reference("selector") }),
        Kind::Patterns => json!({ "type": "array", "items": reference("pattern") }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Folder | Kind::File => json!({ "type": "string", "pattern": "^[^\\\\/][^\\\\]*$" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Size => json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^\\s*[0-9]+(\\.[0-9]{1,9})?\\s*([kKmMgG]?[bB])?\\s*$" }
        ] }),
        Kind::Severities => {
            let severities = selectors()
                .map(|(name, about)| (name, json!({ "allOf": [reference("severity")], "description": about })));
            json!({ "type": "object", "additionalProperties": false, "properties": severities.collect::<Map<_, _>>() })
        }
        Kind::PathRules => json!({
            "type": "object",
            "propertyNames": reference("pattern"),
            "additionalProperties": { "type": "array", "items": reference("selector") }
        }),
        Kind::Tables(keys) => json!({
            "type": "object",
            "propertyNames": reference("pattern"),
            "additionalProperties": { "type": "object", "additionalProperties": false, "properties": properties(keys) }
        }),
    };
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// Everything that can stand for rules, each with what it means.
fn selector() -> Value {
    let all: Vec<Value> = selectors().map(|(name, about)| json!({ "const": name, "description": about })).collect();
    json!({ "anyOf": all })
}

fn selectors() -> impl Iterator<Item = (String, String)> {
    let pages = || rules::rules().iter().map(|rule| rule.page);
    let names = pages().map(|page: &Page| (page.name.to_owned(), page.summary()));
    let groups = rules::groups().map(|group| (group.to_owned(), format!("All rules of the group `{group}`")));
    let mut aliases: Vec<&'static str> = pages().flat_map(|page| page.aliases).copied().collect();
    aliases.sort_unstable();
    aliases.dedup();
    let aliases = aliases.into_iter().map(|alias| {
        let names: Vec<&str> = rules::named(alias).map(|page| page.name).collect();
        (alias.to_owned(), format!("What another linter calls {}", names.join(", ")))
    });
    names.chain(groups).chain([("all".to_owned(), "All rules".to_owned())]).chain(aliases)
}
