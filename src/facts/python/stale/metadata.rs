//! uv's locks, which keep what the manifest asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Facts;
use crate::python::lock_metadata::{Locked, LockedManifest, are_plain, specifiers};
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;

use super::{Beside, Difference, StaleEffect};

/// What a manifest asks for under one name, each with its specifiers unless it comes from elsewhere, and where the first stands.
type Asked = (Vec<Option<BTreeSet<String>>>, TextRange);

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
        let text = self.workspace.read(&lock.path).ok()?;
        let own = parsed.name.as_ref()?;
        let locked = LockedManifest::parse(text.text(), own)?;
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
