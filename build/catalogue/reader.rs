//! Typed reading of a data file. Every complaint names the line and the whole key.

use toml_edit::{Document, Item, TableLike};

use crate::problem::Problem;

/// A table of a data file.
pub struct Section<'d> {
    source: &'d str,
    /// The keys that lead to it, joined by `.`; empty for the file itself.
    path: String,
    /// Where it begins.
    offset: usize,
    table: &'d dyn TableLike,
}

impl<'d> Section<'d> {
    /// The whole file.
    pub fn whole(source: &'d str, document: &'d Document<&str>) -> Self {
        Self { source, path: String::new(), offset: 0, table: document.as_table() }
    }

    /// Its keys, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &'d str> {
        self.table.iter().map(|(key, _)| key)
    }

    /// A complaint about the value of `key`, or that it is missing.
    pub fn problem(&self, key: &str, message: &str) -> Problem {
        let offset = self.table.get(key).and_then(Item::span).map_or(self.offset, |span| span.start);
        let line = self.source.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        Problem::new(line, format!("key `{}`: {message}", self.path_to(key)))
    }

    /// Complains of the first key that is not one of `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.keys().find(|key| !known.contains(key)) {
            Some(key) => Err(self.problem(key, &format!("it is unknown; the keys are {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    /// The table `key`.
    pub fn section(&self, key: &str) -> Result<Self, Problem> {
        self.optional_section(key)?.ok_or_else(|| self.missing(key))
    }

    /// The table `key`, where it stands.
    pub fn optional_section(&self, key: &str) -> Result<Option<Self>, Problem> {
        self.read(key, "a table", |item| {
            let offset = item.span().map_or(self.offset, |span| span.start);
            Some(Self { source: self.source, path: self.path_to(key), offset, table: item.as_table_like()? })
        })
    }

    /// The tables `[[key]]`.
    pub fn rows(&self, key: &str) -> Result<Vec<Self>, Problem> {
        let rows = self.read(key, "a list of tables", |item| item.as_array_of_tables())?;
        let rows = rows.ok_or_else(|| self.missing(key))?.iter().enumerate().map(|(index, table)| Self {
            source: self.source,
            path: format!("{}[{index}]", self.path_to(key)),
            offset: table.span().map_or(self.offset, |span| span.start),
            table,
        });
        Ok(rows.collect())
    }

    /// A string that is not empty.
    pub fn text(&self, key: &str) -> Result<&'d str, Problem> {
        self.optional_text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A string that is not empty, where it stands.
    pub fn optional_text(&self, key: &str) -> Result<Option<&'d str>, Problem> {
        self.read(key, "a string that is not empty", |item| item.as_str().filter(|text| !text.is_empty()))
    }

    /// A list of strings; none where it does not stand.
    pub fn texts(&self, key: &str) -> Result<Vec<&'d str>, Problem> {
        let texts = self.read(key, "a list of strings", |item| {
            item.as_array()?.iter().map(|value| value.as_str().filter(|text| !text.is_empty())).collect()
        });
        texts.map(Option::unwrap_or_default)
    }

    /// A list of strings with at least one.
    pub fn some_texts(&self, key: &str) -> Result<Vec<&'d str>, Problem> {
        let texts = self.texts(key)?;
        if texts.is_empty() { Err(self.problem(key, "it must name at least one")) } else { Ok(texts) }
    }

    /// A list of whole numbers that are not negative.
    pub fn numbers(&self, key: &str) -> Result<Vec<u64>, Problem> {
        let numbers = self.read(key, "a list of whole numbers", |item| {
            item.as_array()?.iter().map(|value| u64::try_from(value.as_integer()?).ok()).collect()
        });
        numbers?.ok_or_else(|| self.missing(key))
    }

    /// A truth value, where it stands.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, Problem> {
        self.read(key, "true or false", Item::as_bool)
    }

    /// A whole number that is not negative, where it stands.
    pub fn number(&self, key: &str) -> Result<Option<u64>, Problem> {
        self.read(key, "a whole number that is not negative", |item| u64::try_from(item.as_integer()?).ok())
    }

    /// A number of MB (10^6) as bytes, where it stands.
    pub fn megabytes(&self, key: &str) -> Result<Option<u64>, Problem> {
        self.number(key).map(|number| number.map(|number| number * 1_000_000))
    }

    /// Such a number that must stand.
    pub fn some_megabytes(&self, key: &str) -> Result<u64, Problem> {
        self.megabytes(key)?.ok_or_else(|| self.missing(key))
    }

    /// A day, `YYYY-MM-DD`.
    pub fn date(&self, key: &str) -> Result<&'d str, Problem> {
        let text = self.text(key)?;
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if shape == "0000-00-00" { Ok(text) } else { Err(self.problem(key, "it is not a day such as \"2026-11-21\"")) }
    }

    /// One of the words `choices`, where it stands.
    pub fn choice(&self, key: &str, choices: &[&str]) -> Result<Option<&'d str>, Problem> {
        match self.optional_text(key)? {
            Some(text) if !choices.contains(&text) => {
                Err(self.problem(key, &format!("{text:?} is not one of {}", choices.join(", "))))
            }
            text => Ok(text),
        }
    }

    /// One of the words `choices` that must stand.
    pub fn some_choice(&self, key: &str, choices: &[&str]) -> Result<&'d str, Problem> {
        self.choice(key, choices)?.ok_or_else(|| self.missing(key))
    }

    fn read<T>(&self, key: &str, what: &str, read: impl FnOnce(&'d Item) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        read(item).map(Some).ok_or_else(|| self.problem(key, &format!("it is not {what}")))
    }

    fn missing(&self, key: &str) -> Problem {
        self.problem(key, "it is missing")
    }

    fn path_to(&self, key: &str) -> String {
        let is_bare = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}
