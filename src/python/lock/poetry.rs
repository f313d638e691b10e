//! Dependencies and extras as poetry's lock writes them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::python::{PackageName, Requirement};

use super::toml::Toml;
use super::{Edge, LockedPackage};

/// One entry of `[package.dependencies]`.
#[derive(Clone, Debug)]
pub(super) struct Dependency {
    name: PackageName,
    specifier: Option<String>,
    extras: Vec<PackageName>,
    markers: Option<String>,
    /// `python`, from before markers were written out.
    python: Option<String>,
    optional: bool,
}

/// One entry of `[package.extras]`.
#[derive(Clone, Debug)]
pub(super) struct Extra {
    name: PackageName,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    name: PackageName,
    extras: Vec<PackageName>,
}

impl Dependency {
    pub(super) fn new(name: PackageName) -> Self {
        Self { name, specifier: None, extras: Vec::new(), markers: None, python: None, optional: false }
    }

    /// Takes the value of one key of the dependency's table.
    pub(super) fn read(&mut self, key: &str, toml: &mut Toml<'_>) {
        match key {
            "version" => self.specifier = toml.string().map(Cow::into_owned),
            "markers" => self.markers = toml.string().map(Cow::into_owned),
            "python" => self.python = toml.string().map(Cow::into_owned),
            "extras" => self.extras = toml.strings().iter().map(|extra| PackageName::new(extra)).collect(),
            "optional" => self.optional = toml.is_true(),
            _ => toml.skip_value(),
        }
    }
}

impl Extra {
    /// `members` are requirements as poetry writes them: `foo (>=1) ; marker`, `package[other]`.
    pub(super) fn new(name: &str, members: &[Cow<'_, str>]) -> Self {
        let members = members.iter().filter_map(|member| {
            let text = member.split([';']).next().unwrap_or_default().trim();
            let end =
                text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']' | ',')));
            let found = Requirement::parse(text.get(..end.unwrap_or(text.len())).unwrap_or_default(), 0)?;
            Some(Member { name: found.name, extras: found.extras })
        });
        Self { name: PackageName::new(name), members: members.collect() }
    }
}

/// Takes what stands behind the key `name` of `[package.dependencies]`: a version, a table, or an array of both.
pub(super) fn dependencies(name: &PackageName, toml: &mut Toml<'_>, found: &mut Vec<Dependency>) {
    if toml.is_array() {
        toml.elements(|toml| found.push(dependency(name, toml)));
    } else {
        found.push(dependency(name, toml));
    }
}

fn dependency(name: &PackageName, toml: &mut Toml<'_>) -> Dependency {
    let mut dependency = Dependency::new(name.clone());
    if toml.is_table() {
        toml.members(|toml, key| dependency.read(key, toml));
    } else {
        dependency.specifier = toml.string().map(Cow::into_owned);
    }
    dependency
}

/// Makes edges of what was read about `package`.
pub(super) fn connect(
    package: &mut LockedPackage,
    dependencies: Vec<Dependency>,
    extras: &[Extra],
    mut keep: impl FnMut(&str) -> Arc<str>,
) {
    for extra in extras {
        package.extras.push((extra.name.clone(), Vec::new()));
        for member in extra.members.iter().filter(|member| member.name == package.name) {
            if let Some((_, edges)) = package.extras.last_mut() {
                edges.push(Edge { extras: member.extras.clone(), ..Edge::to(member.name.clone()) });
            }
        }
    }
    for dependency in dependencies {
        let python = dependency.python.as_deref().and_then(python_marker);
        let marker = match (dependency.markers, python) {
            (Some(markers), Some(python)) => Some(format!("({markers}) and {python}")),
            (markers, python) => markers.or(python),
        };
        let specifier = dependency.specifier.as_deref().and_then(specifiers);
        let edge = Edge {
            specifier: specifier.map(Into::into),
            extras: dependency.extras,
            marker: marker.map(|marker| keep(&marker)),
            ..Edge::to(dependency.name)
        };
        if !dependency.optional {
            package.dependencies.push(edge);
            continue;
        }
        for (extra, (_, edges)) in extras.iter().zip(&mut package.extras) {
            if extra.members.iter().any(|member| member.name == edge.name) {
                edges.push(edge.clone());
            }
        }
    }
}

/// Poetry's version as PEP 440 specifiers. Locks hold the specifiers of metadata, so that carets are rare; what is not plain is
/// not told.
fn specifiers(version: &str) -> Option<String> {
    let version = version.trim();
    let plain = version.starts_with(['=', '<', '>', '!']) || version.starts_with("~=");
    if plain && !version.contains("||") {
        return Some(version.to_owned());
    }
    let exact = version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['|', ' ', '*']);
    exact.then(|| format!("=={version}"))
}

/// `>=3.6,<3.8 || >=3.10` as a marker.
fn python_marker(versions: &str) -> Option<String> {
    let mut alternatives = Vec::new();
    for alternative in versions.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        let mut clauses = Vec::new();
        for clause in alternative.split(',').map(str::trim) {
            let operator =
                ["<=", ">=", "!=", "==", "<", ">"].into_iter().find(|&operator| clause.starts_with(operator))?;
            let version = clause.get(operator.len()..).unwrap_or_default().trim();
            let name = if version.matches('.').count() > 1 { "python_full_version" } else { "python_version" };
            clauses.push(format!("{name} {operator} '{version}'"));
        }
        alternatives.push(clauses.join(" and "));
    }
    (!alternatives.is_empty()).then(|| format!("({})", alternatives.join(" or ")))
}
