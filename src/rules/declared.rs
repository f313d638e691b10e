//! What rules about declared dependencies share: which stand in one file, what they weigh, and how they go.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Applicability, Basis, Component, Fix, format_bytes};
use crate::facts::Facts;
use crate::facts::python::{Declared, PythonInstall, Root, Tool};
use crate::python::PackageName;

use super::deletion::without_requirements;
use super::phrase::listed;
use super::weight::lost;

/// Files and packages that were reported.
pub(super) type Told = BTreeSet<(String, PackageName)>;

/// Those of `roots` that were not told before, file by file; in each the heaviest first.
pub(super) fn by_file<'r>(
    facts: &Facts<'_>,
    install: &PythonInstall,
    roots: Vec<&'r Root>,
    told: &mut Told,
) -> Vec<Vec<&'r Root>> {
    let mut files: BTreeMap<&str, Vec<&Root>> = BTreeMap::new();
    for root in roots {
        if told.insert((root.place.file.to_string(), root.requirement.name.clone())) {
            files.entry(root.place.file.as_ref()).or_default().push(root);
        }
    }
    let mut files: Vec<Vec<&Root>> = files.into_values().collect();
    for members in &mut files {
        let bytes = |root: &Root| lost(facts, install, &[root]).map(|lost| lost.bytes);
        members.sort_by_cached_key(|&root| (std::cmp::Reverse(bytes(root)), root.place.range.start()));
    }
    files
}

/// The names in backticks.
pub(super) fn quoted(members: &[&Root]) -> Vec<String> {
    members.iter().map(|root| format!("`{}`", root.requirement.name)).collect()
}

/// `app > poetry > cryptography, virtualenv …`: the way to a package that a project asks for, and the heaviest of what only it brings,
/// where a lock tells.
pub(super) fn chain(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> Option<String> {
    if root.declared != Declared::Project {
        return None;
    }
    let name = root.requirement.name.as_str();
    let lost = lost(facts, install, &[root])?;
    let mut below: Vec<(u64, String)> = lost
        .savings
        .items
        .iter()
        .filter_map(|item| match &item.component {
            Component::Package(package) if package != name && item.basis == Basis::Lock => {
                Some((item.bytes, package.clone()))
            }
            _ => None,
        })
        .collect();
    below.sort_by(|one, other| other.cmp(one));
    let more = if below.len() > BELOW { " …" } else { "" };
    let below: Vec<String> = below.into_iter().take(BELOW).map(|(_, package)| package).collect();
    let own = [name.to_owned()];
    let last = Some(format!("{}{more}", below.join(", "))).filter(|_| !below.is_empty());
    Some(root.via.iter().chain(&own).cloned().chain(last).collect::<Vec<_>>().join(" > "))
}

/// Packages that the end of a chain names.
const BELOW: usize = 3;

/// What stands behind a figure that does not count all.
pub(super) fn and_unknown(unknown: usize) -> String {
    if unknown == 0 { String::new() } else { format!("; {unknown} more of unknown size") }
}

/// `pytest` ≈ 2.9 MB, for those that are known; one that is asked for twice goes only with both.
pub(super) fn weighed(facts: &Facts<'_>, install: &PythonInstall, members: &[&Root]) -> Vec<String> {
    let weigh = |name: &PackageName| {
        let same: Vec<&Root> = members.iter().copied().filter(|root| root.requirement.name == *name).collect();
        let lost = lost(facts, install, &same)?;
        Some(format!("`{name}` ≈ {}", format_bytes(lost.bytes)))
    };
    names_of(members).into_iter().filter_map(weigh).collect()
}

/// The names, each once.
pub(super) fn names_of<'r>(members: &[&'r Root]) -> Vec<&'r PackageName> {
    let mut seen = BTreeSet::new();
    members.iter().map(|root| &root.requirement.name).filter(|name| seen.insert(*name)).collect()
}

/// The command that takes packages out of the project that asks for `root`, called where the build calls its own.
pub(super) fn remove_command(facts: &Facts<'_>, install: &PythonInstall, root: &Root, names: &str) -> Option<String> {
    let option = member_option(facts, install, root);
    match install.tool {
        Tool::UvSync | Tool::UvAdd => Some(format!("`uv remove {option}{names}`")),
        Tool::Poetry => Some(format!("`poetry remove {names}`")),
        Tool::Pdm => Some(format!("`pdm remove {names}`")),
        Tool::Pipenv => Some(format!("`pipenv uninstall {names}`")),
        _ => None,
    }
}

/// `--package NAME ` where the requirement is of another member of the workspace than the one at its root.
pub(super) fn member_option(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> String {
    let is_own = install.projects.iter().any(|project| project.direct && project.manifest == root.place.file);
    let manifest = facts.workspace.pyproject(&root.place.file).ok().filter(|_| !is_own);
    let name = manifest.and_then(|manifest| manifest.name.clone());
    name.map(|name| format!("--package {name} ")).unwrap_or_default()
}

/// Deletes `members` from the requirements file that only this build reads.
pub(super) fn deletion(facts: &Facts<'_>, members: &[&Root], caution: &str) -> Option<Fix> {
    let first = members.first()?;
    let file = &first.place.file;
    if first.declared != Declared::Requirements || !facts.is_only_reader_of(file) {
        return None;
    }
    Some(Fix {
        title: format!("delete {} from `{file}`", listed(&quoted(members))),
        applicability: Applicability::Unsafe,
        caution: Some(caution.to_owned()),
        edits: without_requirements(facts, members)?,
    })
}
