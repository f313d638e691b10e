//! The configuration as its documentation and its JSON Schema tell it: both follow from the table of keys, and hold what
//! the parser does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::path::Path;

use common::{difference, root, updating};
use serde_json::{Map, Value, json};
use slimlint::config::{Configurations, KEYS, Kind, SERVICE_KEYS, reference, schema};
use slimlint::rules::rules;
use toml_edit::Item;

/// What is accepted, with what is wrong otherwise.
fn parse(text: &str) -> Result<(), String> {
    Configurations::default()
        .add_inline(text, Path::new("/repository"))
        .map_err(|error| format!("{:?}", error.problems))
}

fn json_of(text: &str) -> Value {
    fn value(found: &toml_edit::Value) -> Value {
        match found {
            toml_edit::Value::String(text) => json!(text.value()),
            toml_edit::Value::Integer(number) => json!(number.value()),
            toml_edit::Value::Float(number) => json!(number.value()),
            toml_edit::Value::Boolean(boolean) => json!(boolean.value()),
            toml_edit::Value::Datetime(date) => json!({ "date": date.value().to_string() }),
            toml_edit::Value::Array(array) => array.iter().map(value).collect(),
            toml_edit::Value::InlineTable(table) => {
                Value::Object(table.iter().map(|(key, item)| (key.to_owned(), value(item))).collect())
            }
        }
    }
    fn item(found: &Item) -> Value {
        match found {
            Item::None => Value::Null,
            Item::Value(found) => value(found),
            Item::Table(table) => {
                Value::Object(table.iter().map(|(key, found)| (key.to_owned(), item(found))).collect())
            }
            Item::ArrayOfTables(tables) => tables.iter().map(|table| item(&Item::Table(table.clone()))).collect(),
        }
    }
    item(toml_edit::Document::parse(text).expect(text).as_item())
}

/// Whether `value` is valid: the part of JSON Schema that ours uses. An unknown keyword fails.
fn is_valid(value: &Value, schema: &Value, whole: &Value) -> bool {
    let empty = Map::new();
    let object = value.as_object().unwrap_or(&empty);
    let keywords = schema.as_object().unwrap();
    let all = |schemas: &Value| {
        schemas.as_array().unwrap().iter().map(|schema| is_valid(value, schema, whole)).collect::<Vec<_>>()
    };
    keywords.iter().all(|(keyword, given)| match keyword.as_str() {
        "$schema" | "$id" | "title" | "description" | "definitions" => true,
        "$ref" => is_valid(
            value,
            whole.pointer(given.as_str().unwrap().trim_start_matches('#')).expect("a definition"),
            whole,
        ),
        "type" => match given.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            other => panic!("the type {other}"),
        },
        "const" => value == given,
        "enum" => given.as_array().unwrap().contains(value),
        "anyOf" => all(given).contains(&true),
        "allOf" => !all(given).contains(&false),
        "minimum" => value.as_i64().is_none_or(|number| number >= given.as_i64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= given.as_u64().unwrap()),
        "pattern" => value.as_str().is_none_or(|text| matches(given.as_str().unwrap(), text)),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| is_valid(item, given, whole))),
        "properties" => {
            let known = given.as_object().unwrap();
            object.iter().all(|(name, member)| known.get(name).is_none_or(|schema| is_valid(member, schema, whole)))
        }
        "propertyNames" => object.keys().all(|name| is_valid(&json!(name), given, whole)),
        "additionalProperties" => {
            let known = keywords.get("properties").and_then(Value::as_object).unwrap_or(&empty);
            object.iter().filter(|(name, _)| !known.contains_key(*name)).all(|(_, member)| match given {
                Value::Bool(allowed) => *allowed,
                schema => is_valid(member, schema, whole),
            })
        }
        other => panic!("the keyword {other} is not known here"),
    })
}

/// The two expressions of the schema, done by hand.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        r"^[^\\/][^\\]*$" => !text.is_empty() && !text.starts_with('/') && !text.contains('\\'),
        r"^\s*[0-9]+(\.[0-9]{1,9})?\s*([kKmMgG]?[bB])?\s*$" => {
            let text = text.trim();
            let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
            let unit = text[number.len()..].trim().to_lowercase();
            let parts: Vec<&str> = number.split('.').collect();
            let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            ["", "b", "kb", "mb", "gb"].contains(&unit.as_str())
                && parts.len() <= 2
                && parts.iter().all(digits)
                && parts.get(1).is_none_or(|fraction| fraction.len() <= 9)
        }
        other => panic!("the expression {other} is not known here"),
    }
}

#[test]
fn every_key_is_documented() {
    const START: &str = "<!-- keys: generated, UPDATE=1 cargo test rewrites it -->\n";
    const END: &str = "<!-- end of keys -->";
    let path = root().join("src/config/configuration.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap_or_else(|| panic!("src/config/configuration.md lacks {START}"));
    let (found, after) = rest.split_once(END).unwrap_or_else(|| panic!("src/config/configuration.md lacks {END}"));
    let expected = format!("\n{}\n", reference());
    if updating() {
        fs::write(&path, format!("{before}{START}{expected}{END}{after}")).unwrap();
    } else if let Some(difference) = difference(found, &expected, "src/config/configuration.md") {
        panic!("\n{difference}");
    }
}

#[test]
fn examples_are_accepted_and_valid() {
    let schema = schema();
    let page = fs::read_to_string(root().join("src/config/configuration.md")).unwrap();
    let fences = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let examples: Vec<&str> =
        KEYS.iter().map(|key| key.example).chain(SERVICE_KEYS.iter().map(|key| key.example)).chain(fences).collect();
    assert!(examples.len() > 2 * (KEYS.len() + SERVICE_KEYS.len()), "the page shows none");
    for example in examples {
        assert_eq!(parse(example), Ok(()), "{example}");
        assert!(is_valid(&json_of(example), &schema, &schema), "{example}");
    }
    for key in KEYS {
        assert!(key.example.contains(key.name), "the example of `{}` shows something else", key.name);
        let is_value =
            key.default.starts_with(['[', '{', '"']) || key.default.parse::<bool>().is_ok() || key.default == "0";
        let default = format!("{} = {}", key.name, key.default);
        assert!(!is_value || parse(&default).is_ok(), "{default}");
    }
}

#[test]
fn the_schema_knows_the_keys_and_the_rules() {
    let schema = schema();
    let names = |pointer: &str| -> Vec<String> {
        schema.pointer(pointer).and_then(Value::as_object).expect(pointer).keys().cloned().collect()
    };
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut keys = names("/properties");
    keys.sort();
    assert_eq!(keys, sorted(KEYS.iter().map(|key| key.name).collect()));
    let mut keys = names("/properties/services/additionalProperties/properties");
    keys.sort();
    assert_eq!(keys, sorted(SERVICE_KEYS.iter().map(|key| key.name).collect()));
    let severities = names("/properties/severity/properties");
    for page in rules().iter().map(|rule| rule.page) {
        for name in [&page.name].into_iter().chain(page.aliases).chain([&page.group, &"all"]) {
            for text in [format!("select = ['{name}']"), format!("severity.'{name}' = 'info'")] {
                assert!(is_valid(&json_of(&text), &schema, &schema) && parse(&text).is_ok(), "{text}");
            }
            assert!(severities.iter().any(|known| known == name));
        }
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let schema = schema();
    let mut refused: Vec<String> = [
        "selct = []",
        "select = 'caches'",
        "select = ['no-such-rule']",
        "severity.caches = 'fatal'",
        "severity.no-such-rule = 'info'",
        "fail-on = 'fatal'",
        "min-saving = '20 apples'",
        "min-saving = -1",
        "min-saving = 1.5",
        r"exclude = ['a\b']",
        "exclude = ['/a']",
        "exclude = ['']",
        r"per-path-ignores = { 'a\b' = ['all'] }",
        "per-path-ignores = { a = ['no-such-rule'] }",
        "baseline = '/a'",
        "baseline = ''",
        "services.a.gpus = true",
        "services.a.gpu = 1",
        r"services.a.context = 'a\b'",
        "services.a = true",
    ]
    .map(str::to_owned)
    .into();
    for key in KEYS {
        refused.push(format!("{} = 2001-01-01", key.name));
        refused.push(format!("{} = [2001-01-01]", key.name));
        if key.kind != Kind::Boolean {
            refused.push(format!("{} = true", key.name));
        }
    }
    for text in refused {
        assert!(parse(&text).is_err(), "the parser takes {text}");
        assert!(!is_valid(&json_of(&text), &schema, &schema), "the schema takes {text}");
    }
}
