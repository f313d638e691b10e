//! Variables in compose files.

use super::super::Workspace;
use super::super::paths::{join, parent};

impl Workspace {
    /// `text` of the compose file at `path` with its first variable as the file beside it sets it, or by its default, or as a sample of
    /// that file shows: `${SOURCES:-./}`, `${SOURCES}` with `SOURCES=./` in `.env.example`.
    #[must_use]
    pub fn likely_in_compose(&self, path: &str, text: &str) -> String {
        const SAMPLES: [&str; 3] = [".env.example", ".env.sample", ".env.dist"];
        let Some((before, name, default, after)) = variable(text) else { return text.to_owned() };
        let set = |file: &str| {
            let source = self.read(&join(parent(path), file)?).ok()?;
            value_in(source.text(), name).map(str::to_owned)
        };
        let default = default.filter(|default| !default.is_empty()).map(str::to_owned);
        let value = set(".env").or(default).or_else(|| SAMPLES.iter().find_map(|file| set(file)));
        match value.filter(|value| !value.is_empty() && !value.contains('$')) {
            Some(value) => format!("{before}{value}{after}"),
            None => text.to_owned(),
        }
    }
}

/// `text` with `${NAME:-default}` filled in where nothing in `dotenv` sets the variable.
pub(super) fn interpolated(text: &str, dotenv: &str) -> Option<String> {
    let (mut result, mut rest) = (String::new(), text);
    while rest.contains('$') {
        let (before, name, default, after) = variable(rest)?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let default =
            default.filter(|default| is_name && !default.contains('$') && value_in(dotenv, name).is_none())?;
        result.push_str(before);
        result.push_str(default);
        rest = after;
    }
    result.push_str(rest);
    Some(result)
}

/// The first variable of a text, `${NAME}` or `${NAME:-default}`: what stands before it, its name, its default, and what stands behind.
fn variable(text: &str) -> Option<(&str, &str, Option<&str>, &str)> {
    let (before, behind) = text.split_once('$')?;
    let (inner, after) = behind.strip_prefix('{')?.split_once('}')?;
    let with_default = inner.split_once(":-").or_else(|| inner.split_once('-'));
    let (name, default) = with_default.map_or((inner, None), |(name, default)| (name, Some(default)));
    Some((before, name, default, after))
}

/// What a file of variables, such as `.env`, sets one to, without a comment behind it.
fn value_in<'t>(dotenv: &'t str, name: &str) -> Option<&'t str> {
    dotenv.lines().find_map(|line| {
        let (key, value) = line.trim_start().trim_start_matches("export ").split_once('=')?;
        let value = value.split(" #").next().unwrap_or(value);
        (key.trim() == name).then(|| value.trim().trim_matches(['"', '\'']))
    })
}
