//! `[tool.poetry]` (poetry's documentation, "The pyproject.toml file" and "Dependency specification").

use toml_edit::{Item, Key};

use super::reader::{Reader, each_table, extent, range_of, strings, table};
use super::sources::{conjunction, source};
use super::{Pyproject, string};
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;

impl Pyproject {
    /// `is_declared`: `[project]` declares dependencies itself. Then, as in poetry 2, those of `[tool.poetry]` only say where a
    /// package comes from, unless `dynamic` lets them add more.
    pub(super) fn read_poetry(&mut self, reader: Reader<'_>, poetry: &Item, is_declared: bool) {
        self.name = self.name.take().or_else(|| string(poetry.get("name")).map(|name| PackageName::new(&name)));
        self.readme = self.readme.take().or_else(|| strings(poetry.get("readme")).into_iter().next());
        for (key, script) in table(poetry.get("scripts")) {
            let target =
                string(Some(script)).or_else(|| string(script.get("reference").or_else(|| script.get("callable"))));
            if let Some(target) = target {
                self.entry_points.push(target.clone());
                self.scripts.entry(key.get().to_owned()).or_insert(target);
            }
        }
        for (_, names) in table(poetry.get("plugins")) {
            self.entry_points.extend(table(Some(names)).filter_map(|(_, value)| string(Some(value))));
        }
        self.read_indexes(poetry.get("source"));
        self.read_main(reader, poetry, is_declared);

        if let Some((key, dependencies)) =
            poetry.as_table_like().and_then(|table| table.get_key_value("dev-dependencies"))
        {
            let requirements = self.all_of(dependencies);
            self.add_group("dev", range_of(key.span()), requirements);
        }
        for (key, item) in table(poetry.get("group")) {
            let requirements =
                item.get("dependencies").map(|dependencies| self.all_of(dependencies)).unwrap_or_default();
            let group = self.add_group(key.get(), range_of(key.span()), requirements);
            group.optional |= item.get("optional").and_then(Item::as_bool).unwrap_or_default();
            group.includes.extend(strings(item.get("include-groups")));
        }
    }

    fn read_main(&mut self, reader: Reader<'_>, poetry: &Item, is_declared: bool) {
        let dependencies = poetry.get("dependencies");
        if self.requires_python.is_none() {
            let python = dependencies.and_then(|dependencies| dependencies.get("python"));
            self.requires_python = python.and_then(Item::as_str).map(specifier);
        }
        let is_mixed = self.dynamic.iter().any(|field| field == "dependencies");
        let mut optional = Vec::new();
        for (key, item) in table(dependencies) {
            let is_known = self.dependencies.iter().any(|known| known.name == PackageName::new(key.get()));
            for (found, is_optional) in self.dependency(key, item) {
                if is_optional {
                    optional.push(found);
                } else if !is_declared || (is_mixed && !is_known) {
                    self.dependencies.push(found);
                }
            }
        }
        for (key, members) in table(poetry.get("extras")) {
            let extra = self.extras.entry(PackageName::new(key.get())).or_default();
            if extra.range.is_empty() {
                extra.range = range_of(key.span());
            }
            for member in members.as_array().into_iter().flatten() {
                let Some(written) = reader.requirement(member) else { continue };
                let before = extra.requirements.len();
                extra.requirements.extend(optional.iter().filter(|known| known.name == written.name).cloned());
                if extra.requirements.len() == before {
                    extra.requirements.push(written);
                }
            }
        }
    }

    pub(super) fn all_of(&mut self, dependencies: &Item) -> Vec<Requirement> {
        table(Some(dependencies)).flat_map(|(key, item)| self.dependency(key, item)).map(|(found, _)| found).collect()
    }

    /// The requirements of one key, several when it has several constraints, each with whether it is optional.
    fn dependency(&mut self, key: &Key, item: &Item) -> Vec<(Requirement, bool)> {
        let name = PackageName::new(key.get());
        if name.as_str() == "python" {
            return Vec::new();
        }
        let name_range = range_of(key.span());
        let range = extent(item).map_or(name_range, |extent| name_range.cover(extent));
        let constraints = each_table(Some(item));
        for found in constraints.iter().filter(|_| !item.is_str()).filter_map(source) {
            self.uv_sources.entry(name.clone()).or_default().push(found);
        }
        constraints.iter().map(|constraint| requirement(&name, constraint, range, name_range)).collect()
    }
}

fn requirement(name: &PackageName, item: &Item, range: TextRange, name_range: TextRange) -> (Requirement, bool) {
    let text = |key: &str| item.get(key).and_then(Item::as_str);
    let version = item.as_str().or_else(|| text("version")).unwrap_or_default();
    let url = text("git").map(|url| if url.starts_with("git") { url.to_owned() } else { format!("git+{url}") });
    let markers = [
        text("markers").map(str::to_owned),
        text("python").and_then(python_marker),
        text("platform").map(|platform| format!("sys_platform == '{platform}'")),
    ];
    let found = Requirement {
        name: name.clone(),
        extras: strings(item.get("extras")).iter().map(|extra| PackageName::new(extra)).collect(),
        specifier: specifier(version),
        url: url.or_else(|| text("path").or_else(|| text("file")).or_else(|| text("url")).map(str::to_owned)),
        marker: conjunction(markers.into_iter().flatten()),
        range,
        name_range,
    };
    (found, item.get("optional").and_then(Item::as_bool).unwrap_or_default())
}

/// `^3.9` as a marker. Alternatives become `or`.
fn python_marker(constraint: &str) -> Option<String> {
    let alternatives = constraint.split("||").map(|alternative| {
        let clauses = specifier(alternative);
        let clauses = clauses.split(',').filter(|clause| !clause.is_empty()).map(|clause| {
            let version = clause.trim_start_matches(['=', '<', '>', '!', '~']);
            let operator = clause.strip_suffix(version).unwrap_or_default();
            // `python_version` has two parts, so a third can only be told from the full version.
            let is_full = version.trim_end_matches(".*").split('.').count() > 2;
            format!("{} {operator} '{version}'", if is_full { "python_full_version" } else { "python_version" })
        });
        clauses.collect::<Vec<_>>().join(" and ")
    });
    let alternatives: Vec<String> = alternatives.collect();
    if alternatives.iter().any(String::is_empty) { None } else { Some(alternatives.join(" or ")) }
}

/// Poetry's constraint as PEP 440 specifiers. Alternatives (`||`) have none and are kept as written.
fn specifier(constraint: &str) -> String {
    if constraint.contains('|') {
        return constraint.split_whitespace().collect();
    }
    let mut clauses: Vec<String> = Vec::new();
    let mut operator = String::new();
    for word in constraint.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty()) {
        // An operator may stand apart from its version: `>= 1.0`.
        if word.chars().all(|c| "<>=!~^".contains(c)) {
            operator.push_str(word);
            continue;
        }
        let clause = clause(&format!("{}{word}", std::mem::take(&mut operator)));
        clauses.extend(Some(clause).filter(|clause| !clause.is_empty()));
    }
    clauses.extend(Some(operator).filter(|dangling| !dangling.is_empty()));
    clauses.join(",")
}

fn clause(word: &str) -> String {
    if word == "*" {
        return String::new();
    }
    if let Some(version) = word.strip_prefix('^') {
        return between(version, |release| release.iter().position(|&part| part != 0).unwrap_or(release.len() - 1));
    }
    if let Some(version) = word.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        return between(version, |release| usize::from(release.len() > 1));
    }
    if let Some(version) = word.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        return format!("=={version}");
    }
    if word.starts_with(|first: char| first.is_ascii_digit()) { format!("=={word}") } else { word.to_owned() }
}

/// `>=version,<bound`, the bound being the release with the part that `bumped` names raised by one and zeros behind it.
fn between(version: &str, bumped: impl Fn(&[u64]) -> usize) -> String {
    let lower = version.trim_end_matches(".*");
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().ok();
    let (epoch, plain) = lower.split_once('!').map_or(("", lower), |(epoch, rest)| (epoch, rest));
    let plain = plain.split(['+', '-']).next().unwrap_or_default();
    let mut release = Vec::new();
    for part in plain.trim_start_matches('v').split('.') {
        let Some(number) = digits(part) else { break };
        release.push(number);
        // `2b1`: what follows is no longer of the release.
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            break;
        }
    }
    if release.is_empty() {
        return version.to_owned();
    }
    let index = bumped(&release);
    let upper: Vec<String> = release
        .iter()
        .enumerate()
        .map(|(at, &part)| match at.cmp(&index) {
            std::cmp::Ordering::Less => part.to_string(),
            std::cmp::Ordering::Equal => part.saturating_add(1).to_string(),
            std::cmp::Ordering::Greater => "0".to_owned(),
        })
        .collect();
    let epoch = if epoch.is_empty() { String::new() } else { format!("{epoch}!") };
    format!(">={lower},<{epoch}{}", upper.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_become_pep_440() {
        for (constraint, expected) in [
            ("*", ""),
            ("^1.2", ">=1.2,<2.0"),
            ("^1.2.3", ">=1.2.3,<2.0.0"),
            ("^0.2.3", ">=0.2.3,<0.3.0"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0.0", ">=0.0,<0.1"),
            ("^0", ">=0,<1"),
            ("^1!2.0", ">=1!2.0,<1!3.0"),
            ("^2.0.0b1", ">=2.0.0b1,<3.0.0"),
            ("~1.2.3", ">=1.2.3,<1.3.0"),
            ("~1.2", ">=1.2,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.2", "~=1.2"),
            ("1.2.*", "==1.2.*"),
            ("1.2.3", "==1.2.3"),
            ("=1.2", "==1.2"),
            (">= 1.0, < 2", ">=1.0,<2"),
            (">=1.0 <2", ">=1.0,<2"),
            ("^1 || ^2", "^1||^2"),
            ("^", "^"),
        ] {
            assert_eq!(specifier(constraint), expected, "{constraint}");
        }
        assert_eq!(python_marker("^3.8").as_deref(), Some("python_version >= '3.8' and python_version < '4.0'"));
        assert_eq!(
            python_marker("<3.9.2 || >=3.12").as_deref(),
            Some("python_full_version < '3.9.2' or python_version >= '3.12'")
        );
    }
}
