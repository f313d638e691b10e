//! From TOML to options, with the place of everything that is wrong.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::{Document, Item, Key as TomlKey};

use crate::diagnostic::Severity;
use crate::rules;
use crate::text::{Encoding, Position, SourceFile, TextRange};

use super::error::{ConfigError, ConfigProblem, Origin};
use super::keys::{KEYS, Key, SERVICE_KEYS, SEVERITIES};
use super::options::{BaselineFile, Level, Options, PathIgnore, Place, ServiceOptions};
use super::pattern::{Pattern, Scope};
use super::{FailOn, parse_size};

/// The table of a manifest that is ours.
const TABLE: [&str; 2] = ["tool", "slimlint"];

/// No configuration is larger; to compile the patterns of one that is could take long.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// A key with what was written for it.
pub(super) struct Value<'v> {
    name: String,
    item: &'v Item,
    range: TextRange,
}

/// Reads one text.
pub(super) struct Reader<'r> {
    file: &'r SourceFile,
    origin: &'r Origin,
    base: Arc<Path>,
    /// How evidence names it.
    pub(super) source: String,
    problems: Vec<(TextRange, ConfigProblem)>,
}

/// Reads a configuration: the whole file, or `[tool.slimlint]` where `is_manifest`. `None` when a manifest has no such
/// table, or is no TOML and does not look as if it had. Paths are relative to `base`; `source` names the file in evidence.
///
/// # Errors
/// With everything that is wrong.
pub(super) fn read(
    file: &SourceFile,
    origin: &Origin,
    base: &Path,
    source: &str,
    is_manifest: bool,
) -> Result<Option<Options>, ConfigError> {
    // Most manifests are none of ours, and to parse them takes longer than to search them.
    if is_manifest && !file.text().contains("slimlint") {
        return Ok(None);
    }
    let mut reader = Reader { file, origin, base: Arc::from(base), source: source.to_owned(), problems: Vec::new() };
    let unusable = match file.encoding() {
        _ if file.text().len() > MOST_BYTES => Some(ConfigProblem::TooLarge),
        Encoding::Utf8Lossy => Some(ConfigProblem::Encoding),
        Encoding::Utf8 | Encoding::Utf16 => None,
    };
    if let Some(problem) = unusable {
        let is_foreign = is_manifest && !has_header(file.text());
        return if is_foreign { Ok(None) } else { Err(reader.failed(TextRange::default(), problem)) };
    }
    let document = match Document::parse(file.text()) {
        Ok(document) => document,
        Err(_) if is_manifest && !has_header(file.text()) => return Ok(None),
        Err(error) => {
            let range = error.span().map(|span| TextRange::from_usize(span.start, span.end)).unwrap_or_default();
            let message = error.message().trim_end_matches('.').replace('\n', ", ");
            return Err(reader.failed(range, ConfigProblem::Syntax(message)));
        }
    };
    let root = document.as_item();
    let item = if is_manifest { TABLE.iter().try_fold(root, |item, name| item.get(*name)) } else { Some(root) };
    let Some(item) = item else { return Ok(None) };
    let mut options = Options::default();
    let whole = Value { name: "tool.slimlint".to_owned(), item, range: Reader::range(item, TextRange::default()) };
    reader.fields(&whole, KEYS, &mut options);
    if reader.problems.is_empty() { Ok(Some(options)) } else { Err(reader.into_error()) }
}

/// Whether a manifest that is no TOML seems to hold our table: then its fault is ours to tell.
fn has_header(text: &str) -> bool {
    text.lines().any(|line| {
        let line: String = line.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
        line.strip_prefix("[tool.slimlint").is_some_and(|rest| rest.starts_with([']', '.']))
    })
}

impl Reader<'_> {
    fn fields<T>(&mut self, table: &Value<'_>, keys: &'static [Key<T>], target: &mut T) {
        for value in self.members(table, "a table of keys and values") {
            if let Some(key) = keys.iter().find(|key| key.name == value.name) {
                (key.read)(self, &value, target);
            } else {
                let closest = closest(&value.name, keys);
                self.problems.push((value.range, ConfigProblem::UnknownKey { closest, name: value.name }));
            }
        }
    }

    /// The members of a table; the range of each is that of its key.
    fn members<'v>(&mut self, value: &Value<'v>, expected: &'static str) -> Vec<Value<'v>> {
        let Some(table) = value.item.as_table_like() else {
            self.mistyped(value, expected);
            return Vec::new();
        };
        let members = table.iter().filter_map(|(name, _)| table.get_key_value(name));
        members
            .map(|(key, item): (&TomlKey, &Item)| {
                let range = key.span().map(|span| TextRange::from_usize(span.start, span.end));
                Value { name: key.get().to_owned(), item, range: range.unwrap_or(value.range) }
            })
            .collect()
    }

    /// Strings of an array, each with its place.
    fn strings(&mut self, value: &Value<'_>, expected: &'static str) -> Option<Vec<(String, TextRange)>> {
        let Some(array) = value.item.as_array() else {
            self.mistyped(value, expected);
            return None;
        };
        let mut strings = Vec::new();
        for member in array {
            let range = member.span().map_or(value.range, |span| TextRange::from_usize(span.start, span.end));
            if let Some(text) = member.as_str() {
                strings.push((text.to_owned(), range));
            } else {
                let (key, found) = (value.name.clone(), name_of(member.type_name()));
                self.problems.push((range, ConfigProblem::Type { key, expected, found }));
            }
        }
        Some(strings)
    }

    pub(super) fn rules(&mut self, value: &Value<'_>) -> Option<Vec<String>> {
        let names = self.strings(value, "an array of rules, such as `[\"pip-cache-kept\", \"caches\"]`")?;
        Some(names.into_iter().filter(|(name, range)| self.is_rule(name, *range)).map(|(name, _)| name).collect())
    }

    fn is_rule(&mut self, name: &str, range: TextRange) -> bool {
        let known = rules::is_selector(name);
        if !known {
            let closest = rules::closest_name(name);
            self.problems.push((range, ConfigProblem::UnknownRule { name: name.to_owned(), closest }));
        }
        known
    }

    pub(super) fn patterns(&mut self, value: &Value<'_>) -> Option<Vec<Pattern>> {
        let texts = self.strings(value, "an array of patterns, such as `[\"vendor\", \"tests/**\"]`")?;
        Some(texts.iter().filter_map(|(text, range)| self.pattern(text, *range, Scope::AnyFolder)).collect())
    }

    fn pattern(&mut self, text: &str, range: TextRange, scope: Scope) -> Option<Pattern> {
        match Pattern::new(text, &self.base, scope) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.problems.push((range, error.into()));
                None
            }
        }
    }

    pub(super) fn path_rules(&mut self, value: &Value<'_>) -> Vec<PathIgnore> {
        let members = self.members(value, "a table from patterns to rules, such as `{ \"tests/**\" = [\"caches\"] }`");
        let mut ignores = Vec::new();
        for member in members {
            let pattern = self.pattern(&member.name, member.range, Scope::AnyFolder);
            let rules = self.rules(&member);
            ignores.extend(pattern.zip(rules).map(|(pattern, rules)| PathIgnore { pattern, rules }));
        }
        ignores
    }

    pub(super) fn severities(&mut self, value: &Value<'_>) -> Vec<(String, Level)> {
        let members = self.members(value, "a table from rules to severities, such as `{ caches = \"info\" }`");
        let mut severities = Vec::new();
        for member in members {
            let is_rule = self.is_rule(&member.name, member.range);
            let word = self.word(&member, SEVERITIES, "a severity, such as `\"info\"`");
            severities.extend(word.filter(|_| is_rule).map(|word| {
                let all = [Severity::Error, Severity::Warning, Severity::Info];
                let severity = all.into_iter().find(|severity| severity.name() == word);
                (member.name, severity.map_or(Level::Off, Level::At))
            }));
        }
        severities
    }

    pub(super) fn fail_on(&mut self, value: &Value<'_>) -> Option<FailOn> {
        let word = self.word(value, FailOn::NAMES, "a severity, such as `\"error\"`")?;
        FailOn::ALL.into_iter().find(|fail_on| fail_on.name() == word)
    }

    fn word(
        &mut self,
        value: &Value<'_>,
        allowed: &'static [&'static str],
        expected: &'static str,
    ) -> Option<&'static str> {
        let Some(text) = value.item.as_str() else {
            self.mistyped(value, expected);
            return None;
        };
        let word = allowed.iter().find(|word| **word == text).copied();
        if word.is_none() {
            let range = Self::range(value.item, value.range);
            let (key, value) = (value.name.clone(), text.to_owned());
            self.problems.push((range, ConfigProblem::UnknownWord { key, value, allowed }));
        }
        word
    }

    pub(super) fn size(&mut self, value: &Value<'_>) -> Option<u64> {
        let range = Self::range(value.item, value.range);
        if let Some(number) = value.item.as_integer() {
            let size = u64::try_from(number).ok();
            if size.is_none() {
                let message = format!("`{number}` is below 0; write a size such as `\"20MB\"`");
                self.problems.push((range, ConfigProblem::Size(message)));
            }
            return size;
        }
        let Some(text) = value.item.as_str() else {
            self.mistyped(value, "a size, such as `\"20MB\"`");
            return None;
        };
        parse_size(text).map_err(|message| self.problems.push((range, ConfigProblem::Size(message)))).ok()
    }

    pub(super) fn boolean(&mut self, value: &Value<'_>) -> Option<bool> {
        let boolean = value.item.as_bool();
        if boolean.is_none() {
            self.mistyped(value, "`true` or `false`");
        }
        boolean
    }

    pub(super) fn folder(&mut self, value: &Value<'_>) -> Option<(PathBuf, Place)> {
        let Some(text) = value.item.as_str() else {
            self.mistyped(value, "a folder, such as `\".\"`");
            return None;
        };
        let range = Self::range(value.item, value.range);
        // Held to the same form as patterns; `..` is resolved against the root when it is used.
        if text.contains('\\') || text.starts_with('/') {
            self.pattern(text, range, Scope::Base);
            return None;
        }
        let place = Place { origin: self.origin.clone(), position: self.position(range) };
        Some((self.base.join(text), place))
    }

    pub(super) fn file(&mut self, value: &Value<'_>) -> Option<BaselineFile> {
        let Some(text) = value.item.as_str() else {
            self.mistyped(value, "a file, such as `\"slimlint-baseline.json\"`");
            return None;
        };
        if text.is_empty() || text.contains('\\') || text.starts_with('/') {
            self.pattern(text, Self::range(value.item, value.range), Scope::Base);
            return None;
        }
        Some(BaselineFile { path: self.base.join(text), origin: self.origin.clone() })
    }

    pub(super) fn services(&mut self, value: &Value<'_>) -> Vec<ServiceOptions> {
        let members = self.members(value, "a table for each Dockerfile, such as `[services.\"api/Dockerfile\"]`");
        let mut services = Vec::new();
        for member in members {
            let Some(pattern) = self.pattern(&member.name, member.range, Scope::Base) else { continue };
            let mut service = ServiceOptions { pattern, context: None, gpu: None };
            self.fields(&member, SERVICE_KEYS, &mut service);
            services.push(service);
        }
        services
    }

    fn mistyped(&mut self, value: &Value<'_>, expected: &'static str) {
        let range = Self::range(value.item, value.range);
        let (key, found) = (value.name.clone(), name_of(value.item.type_name()));
        self.problems.push((range, ConfigProblem::Type { key, expected, found }));
    }

    /// Where a value stands, or else its key.
    fn range(item: &Item, key: TextRange) -> TextRange {
        item.span().filter(|_| item.is_value()).map_or(key, |span| TextRange::from_usize(span.start, span.end))
    }

    fn failed(mut self, range: TextRange, problem: ConfigProblem) -> ConfigError {
        self.problems.push((range, problem));
        self.into_error()
    }

    fn into_error(mut self) -> ConfigError {
        self.problems.sort_by_key(|(range, _)| *range);
        let problems = std::mem::take(&mut self.problems);
        let problems = problems.into_iter().map(|(range, problem)| (self.position(range), problem)).collect();
        ConfigError { origin: self.origin.clone(), problems }
    }

    fn position(&self, range: TextRange) -> Option<Position> {
        matches!(self.origin, Origin::File(_)).then(|| self.file.position(range.start()))
    }
}

/// What people call a type of TOML.
fn name_of(type_name: &str) -> &'static str {
    match type_name {
        "string" => "text",
        "integer" | "float" => "a number",
        "boolean" => "`true` or `false`",
        "array" | "array of tables" => "an array",
        "table" | "inline table" => "a table",
        _ => "a date",
    }
}

/// The key that was most likely meant.
fn closest<T>(name: &str, keys: &'static [Key<T>]) -> Option<&'static str> {
    let names: Vec<&'static str> = keys.iter().map(|key| key.name).collect();
    let wanted = name.to_ascii_lowercase().replace('_', "-");
    similar::get_close_matches(wanted.as_str(), &names, 1, 0.6).into_iter().next()
}
