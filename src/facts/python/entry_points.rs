//! What the projects that are installed offer to others by name.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::workspace::{join, parent};

/// The section of `setup.cfg` (setuptools' documentation, "Entry Points").
const SECTION: &str = "[options.entry_points]";

impl Facts<'_> {
    /// The object references of the entry points of local projects that are installed, `package.module:attribute`, each with the file
    /// that declares it. What stands in `setup.py` is read like any source.
    pub(super) fn entry_points(&self) -> Vec<(String, String)> {
        let projects = self.python_installs().iter().flat_map(|install| &install.projects);
        let manifests: BTreeSet<&str> = projects.map(|project| project.manifest.as_ref()).collect();
        let mut found = Vec::new();
        for manifest in manifests {
            if let Ok(parsed) = self.workspace.pyproject(manifest) {
                found.extend(parsed.entry_points.iter().map(|reference| (manifest.to_owned(), reference.clone())));
            }
            let beside = join(parent(manifest), "setup.cfg");
            let Some((path, file)) = beside.and_then(|path| Some((path.clone(), self.workspace.read(&path).ok()?)))
            else {
                continue;
            };
            let lines = file.text().lines().skip_while(|line| line.trim() != SECTION).skip(1);
            let own = lines.take_while(|line| !line.starts_with('['));
            let references = own.filter_map(|line| line.split_once('=')).map(|(_, reference)| reference.trim());
            found.extend(references.filter(|text| !text.is_empty()).map(|text| (path.clone(), text.to_owned())));
        }
        found
    }
}
