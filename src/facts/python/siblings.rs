//! Projects elsewhere in the repository, by name.

use std::collections::HashMap;

use crate::facts::Facts;
use crate::python::PackageName;
use crate::workspace::Workspace;

/// Folders that are looked into.
const FOLDER_LIMIT: usize = 600;
/// How deep below the root.
const DEPTH_LIMIT: usize = 4;
/// Folders that hold no projects of the repository.
const SKIPPED: [&str; 8] = ["node_modules", "venv", "site-packages", "__pycache__", "docs", "tests", "dist", "target"];

/// Manifests by the name that they give their project; the first one found near the root counts.
#[derive(Debug, Default)]
struct Siblings {
    by_name: HashMap<PackageName, String>,
}

impl Facts<'_> {
    /// The manifest of the project called `name`, somewhere in the repository.
    pub(super) fn sibling_project(&self, name: &PackageName) -> Option<String> {
        let siblings = self.workspace.remembered("sibling projects", || collect(self.workspace));
        siblings.by_name.get(name).cloned()
    }
}

fn collect(workspace: &Workspace) -> Siblings {
    let mut found = Siblings::default();
    let mut folders = vec![(String::new(), 0)];
    let mut at = 0;
    while let Some((folder, depth)) = folders.get(at).cloned() {
        at += 1;
        if at > FOLDER_LIMIT {
            break;
        }
        let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        for entry in workspace.list(&folder) {
            if entry.name == "pyproject.toml" && !entry.is_dir {
                let manifest = below("pyproject.toml");
                let parsed = workspace.pyproject(&manifest).ok();
                if let Some(name) = parsed.and_then(|parsed| parsed.name.clone()) {
                    found.by_name.entry(name).or_insert(manifest);
                }
            } else if entry.is_dir
                && depth < DEPTH_LIMIT
                && !entry.name.starts_with('.')
                && !SKIPPED.contains(&entry.name.as_str())
            {
                folders.push((below(&entry.name), depth + 1));
            }
        }
    }
    found
}
