//! Projects elsewhere in the repository, by name.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::facts::paths::file_name;
use crate::facts::{Facts, Source};
use crate::python::PackageName;
use crate::workspace::{Workspace, parent};

/// Folders that are looked into.
const FOLDER_LIMIT: usize = 600;
/// How deep below the root.
const DEPTH_LIMIT: usize = 4;
/// Sources of one project: more are not read.
const SOURCE_LIMIT: usize = 3_000;
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

    /// Sources of local projects that are installed, where the build does not copy them: through a mount, as a path dependency, from
    /// a wheel.
    pub(in crate::facts) fn project_sources(&self) -> Vec<String> {
        let copied: HashSet<&str> = self.program().sources.iter().map(String::as_str).collect();
        let folders = self.project_folders().into_iter();
        let sources = folders.flat_map(|folder| self.workspace.python_sources(&folder, SOURCE_LIMIT));
        sources.filter(|path| !copied.contains(path.as_str())).collect()
    }

    /// The folders of local projects that are installed.
    pub(in crate::facts) fn project_folders(&self) -> BTreeSet<String> {
        let projects = self.python_installs().iter().flat_map(|install| &install.projects);
        let manifests = projects.map(|project| project.manifest.to_string()).chain(self.projects_of_wheels());
        manifests.map(|manifest| parent(&manifest).to_owned()).collect()
    }

    /// The manifests of the projects of the repository whose wheels or archives the build copies: `COPY mitmproxy-*.whl /wheels/`.
    fn projects_of_wheels(&self) -> impl Iterator<Item = String> {
        let copied = self.stages.iter().flat_map(|stage| &stage.transfers);
        let copied = copied.filter(|copied| copied.source == Source::Context).flat_map(|copied| &copied.paths);
        copied.filter_map(|(path, _)| {
            let path = path.known()?;
            let file = path.strip_suffix(".whl").or_else(|| path.strip_suffix(".tar.gz"))?;
            let (name, _) = file_name(file).split_once('-')?;
            self.sibling_project(&PackageName::new(name))
        })
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
