//! uv's locks, which keep what the manifest asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Facts;
use crate::python::lock::{Edge, LockedManifest};
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;

use super::{Beside, Difference, StaleEffect};

/// What a manifest asks for under one name, each with its specifiers unless it comes from elsewhere, and where the first stands.
type Asked = (Vec<Option<BTreeSet<String>>>, TextRange);

/// What is asked for: name → its specifiers, each time that it is, or `None` for one that comes from a path, a URL or a repository.
type Locked = BTreeMap<PackageName, Vec<Option<BTreeSet<String>>>>;

/// What uv noted of a manifest.
#[derive(Debug, Default)]
struct Noted {
    /// The dependencies of the project itself, those of extras left out.
    dependencies: Locked,
    extras: BTreeMap<PackageName, Locked>,
    /// By normalised name, with what they include.
    groups: BTreeMap<PackageName, Locked>,
}

impl Noted {
    fn of(manifest: &LockedManifest) -> Self {
        let mut noted = Self::default();
        for edge in &manifest.dependencies {
            let extra = edge.marker.as_ref().and_then(|marker| marker.split_once("extra == '")?.1.split('\'').next());
            let asked = match extra {
                Some(extra) => noted.extras.entry(PackageName::new(extra)).or_default(),
                None => &mut noted.dependencies,
            };
            note(asked, edge);
        }
        for (group, edges) in &manifest.groups {
            let asked = noted.groups.entry(PackageName::new(group)).or_default();
            for edge in edges {
                note(asked, edge);
            }
        }
        noted
    }
}

fn note(asked: &mut Locked, edge: &Edge) {
    let known = edge.source.is_none().then(|| specifiers(edge.specifier.as_deref().unwrap_or_default()));
    asked.entry(edge.name.clone()).or_default().push(known);
}

impl Facts<'_> {
    /// What the lock was not made for. Extras and groups that the install leaves out count only where the build looks at the whole lock.
    pub(super) fn metadata_differences(
        &self,
        beside: &Beside<'_>,
        effect: &StaleEffect,
    ) -> Option<Vec<(Difference, TextRange)>> {
        let Beside { install, lock, parsed, .. } = beside;
        let is_dynamic = |field: &str| parsed.dynamic.iter().any(|name| name == field);
        if parsed.has_poetry || is_dynamic("dependencies") {
            return None;
        }
        let pins = self.workspace.lock(&lock.path).ok()?;
        let own = parsed.name.as_ref()?;
        let locked = Noted::of(&pins.find(own).find(|package| package.is_local)?.manifest);
        let mut differences = compared(&parsed.dependencies, &locked.dependencies, own);
        let whole = !matches!(effect, StaleEffect::InstallsOld(_));
        let project = install.projects.iter().find(|project| project.direct)?;
        let none = Locked::new();
        if !is_dynamic("optional-dependencies") {
            for (name, extra) in &parsed.extras {
                if whole || project.extras.iter().any(|asked| asked.name == *name) {
                    let locked = locked.extras.get(name).unwrap_or(&none);
                    differences.extend(compared(&extra.requirements, locked, own));
                }
            }
        }
        for (name, group) in &parsed.groups {
            let name = PackageName::new(name);
            if whole || project.groups.iter().any(|chosen| PackageName::new(chosen) == name) {
                let locked = locked.groups.get(&name).unwrap_or(&none);
                differences.extend(compared(&group.requirements, locked, own));
            }
        }
        let mut seen: Vec<Difference> = Vec::new();
        differences.retain(|(difference, _)| {
            let is_new = !seen.contains(difference);
            seen.push(difference.clone());
            is_new
        });
        Some(differences)
    }
}

fn compared(asked: &[Requirement], locked: &Locked, own: &PackageName) -> Vec<(Difference, TextRange)> {
    let mut declared: BTreeMap<&PackageName, Asked> = BTreeMap::new();
    for requirement in asked {
        let own = requirement.url.is_none().then(|| specifiers(&requirement.specifier));
        declared.entry(&requirement.name).or_insert((Vec::new(), requirement.range)).0.push(own);
    }
    let mut differences = Vec::new();
    for (name, (wanted, range)) in &declared {
        let Some(known) = locked.get(*name) else {
            if own != *name {
                differences.push((Difference::Missing((*name).clone()), *range));
            }
            continue;
        };
        if let ([Some(wanted)], [Some(known)]) = (wanted.as_slice(), known.as_slice())
            && wanted != known
            && are_plain(wanted)
            && are_plain(known)
        {
            let versions = Difference::Versions((*name).clone(), shown(wanted), shown(known));
            differences.push((versions, *range));
        }
    }
    differences
}

fn shown(specifiers: &BTreeSet<String>) -> String {
    if specifiers.is_empty() {
        return "any version".to_owned();
    }
    let parts: Vec<&str> = specifiers.iter().map(String::as_str).collect();
    format!("`{}`", parts.join(","))
}

/// Specifiers one by one, without blanks and without the zeros in front of numbers: `>=2026.07.04` is `>=2026.7.4`.
fn specifiers(text: &str) -> BTreeSet<String> {
    let parts = text.trim_matches(['(', ')', ' ']).split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let part: String = part.chars().filter(|character| !character.is_whitespace()).collect();
            let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
            let operator = part.get(..part.len() - version.len()).unwrap_or_default();
            let numbers: Vec<&str> = version
                .split('.')
                .map(|number| {
                    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                    let plain = if digits { number.trim_start_matches('0') } else { number };
                    if plain.is_empty() { "0" } else { plain }
                })
                .collect();
            format!("{operator}{}", numbers.join("."))
        })
        .collect()
}

/// Whether all specifiers are of plain releases, which have one way to be written: no `1.0-RC1`.
fn are_plain(specifiers: &BTreeSet<String>) -> bool {
    specifiers.iter().all(|part| {
        let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
        version.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'*'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(
            specifiers(" >= 2026.07.04 , !=1.0.* "),
            BTreeSet::from([">=2026.7.4".to_owned(), "!=1.0.*".to_owned()])
        );
        assert!(are_plain(&specifiers("==1.*")) && !are_plain(&specifiers(">=1.0rc1")));
    }
}
