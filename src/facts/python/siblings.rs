//! Projects elsewhere in the repository, by name.

use std::collections::{BTreeSet, HashMap};

use crate::facts::commands::Options;
use crate::facts::paths::file_name;
use crate::facts::{Facts, Invocation, Source};
use crate::python::PackageName;
use crate::workspace::{Workspace, join, parent};

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
        let siblings = self.workspace.remembered_of_others("sibling projects", || collect(self.workspace));
        siblings.by_name.get(name).cloned()
    }

    /// Sources of local projects that are installed, where the build does not copy them: through a mount, as a path dependency, from
    /// a wheel.
    pub(in crate::facts) fn project_sources(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for folder in self.project_folders() {
            let sources = self.workspace.python_sources(&folder, SOURCE_LIMIT);
            // Both are sorted.
            let mut copied = self.program().sources.iter().peekable();
            let others = sources.iter().filter(|path| {
                while copied.next_if(|copied| copied < path).is_some() {}
                copied.peek() != Some(path)
            });
            found.extend(others.cloned());
        }
        found
    }

    /// The folders of local projects that are installed.
    pub(in crate::facts) fn project_folders(&self) -> BTreeSet<String> {
        let projects = self.python_installs().iter().flat_map(|install| &install.projects);
        let manifests = projects.map(|project| project.manifest.to_string()).chain(self.projects_of_wheels());
        manifests.map(|manifest| parent(&manifest).to_owned()).collect()
    }

    /// The names of what is installed, where only one member of a workspace and what that needs is: `uv sync --package worker`. `None` where
    /// something else is installed as well, or that is not known.
    pub(in crate::facts) fn members_installed(&self) -> Option<BTreeSet<PackageName>> {
        let commands = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let mut syncs =
            commands.filter(|command| command.program == "uv" && command.argument(0) == Some("sync")).peekable();
        syncs.peek()?;
        let named = |command: &Invocation| Options::read(&command.arguments, &["--package"]).has(&["--package"]);
        if !syncs.all(named) {
            return None;
        }
        let mut names = BTreeSet::new();
        for install in self.python_installs() {
            install.lock.as_ref()?;
            names.extend(install.roots.iter().map(|root| root.requirement.name.clone()));
            names.extend(self.closure(install).packages.iter().map(|package| package.name.clone()));
            let manifests = install.projects.iter().map(|project| project.manifest.to_string());
            names.extend(manifests.filter_map(|manifest| self.workspace.pyproject(&manifest).ok()?.name.clone()));
        }
        Some(names)
    }

    /// Whether the nearest project around a source is none of those that are installed.
    pub(in crate::facts) fn is_of_another_member(&self, path: &str, installed: &BTreeSet<PackageName>) -> bool {
        let folders = std::iter::successors(Some(parent(path)), |folder| (!folder.is_empty()).then(|| parent(folder)));
        let mut manifests = folders.filter_map(|folder| join(folder, "pyproject.toml"));
        let manifest = manifests.find(|manifest| self.workspace.is_file(manifest));
        let parsed = manifest.and_then(|manifest| self.workspace.pyproject(&manifest).ok());
        parsed.is_some_and(|parsed| parsed.name.as_ref().is_some_and(|name| !installed.contains(name)))
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
