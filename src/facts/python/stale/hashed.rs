//! Locks that keep a hash of their manifest: those of poetry, pdm and pipenv.

use crate::facts::Facts;
use crate::facts::python::Tool;
use crate::python::lock_hash;
use crate::text::TextRange;

use super::{Beside, Difference};

impl Facts<'_> {
    /// Nothing unless the lock keeps a hash that its tool has never made for such a manifest. Then what is missing in the lock, or else no
    /// more than that.
    pub(super) fn hash_differences(&self, beside: &Beside<'_>) -> Vec<(Difference, TextRange)> {
        let Beside { install, lock, manifest, parsed } = beside;
        let (Ok(text), Ok(written)) = (self.workspace.read(manifest), self.workspace.read(&lock.path)) else {
            return Vec::new();
        };
        let possible = match install.tool {
            Tool::Poetry => lock_hash::of_poetry(text.text()),
            Tool::Pdm => lock_hash::of_pdm(text.text()),
            Tool::Pipenv => lock_hash::of_pipfile(text.text()),
            _ => None,
        };
        let Some((kept, possible)) = lock_hash::kept_in(written.text()).zip(possible) else { return Vec::new() };
        if possible.contains(&kept) {
            return Vec::new();
        }
        let mut found = Vec::new();
        if let Ok(locked) = self.workspace.lock(&lock.path) {
            let declared =
                parsed.dependencies.iter().chain(parsed.groups.values().flat_map(|group| &group.requirements));
            for requirement in declared.filter(|requirement| requirement.url.is_none()) {
                let name = &requirement.name;
                let known = locked.find(name).next().is_some() || parsed.name.as_ref() == Some(name);
                let told = found.iter().any(|(difference, _)| *difference == Difference::Missing(name.clone()));
                if !known && !told {
                    found.push((Difference::Missing(name.clone()), requirement.range));
                }
            }
        }
        if found.is_empty() {
            found.push((Difference::Hash, TextRange::empty(0)));
        }
        found
    }
}
