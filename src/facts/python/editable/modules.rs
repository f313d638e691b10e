//! Where the sources of a project can be imported from.

use crate::facts::Facts;
use crate::facts::python::{Program, has_extension};

/// Folders of a project that hold no package of it.
const OTHERS: [&str; 8] = ["build", "dist", "venv", "env", "node_modules", "migrations", "static", "templates"];

impl Facts<'_> {
    /// The folders and files, relative to the project in `folder` of the workspace, that importing it reads: those called like the
    /// project, else every package. Nothing when there are none.
    pub(super) fn modules_of(&self, folder: &str, name: Option<&str>) -> Vec<String> {
        let at = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
        if let Some(name) = name {
            let module = name.replace(['-', '.'], "_").to_lowercase();
            for path in [format!("src/{module}"), module.clone()] {
                if self.workspace.is_dir(&at(&path)) {
                    return vec![path];
                }
                if self.workspace.is_file(&at(&format!("{path}.py"))) {
                    return vec![format!("{path}.py")];
                }
            }
        }
        let in_sources = self.packages_in(&at("src"));
        if !in_sources.is_empty() {
            return in_sources.into_iter().map(|module| format!("src/{module}")).collect();
        }
        self.packages_in(folder)
    }

    /// Folders with Python sources, right below `folder`.
    fn packages_in(&self, folder: &str) -> Vec<String> {
        let entries = self.workspace.list(folder).into_iter().filter(|entry| entry.is_dir);
        let names = entries.map(|entry| entry.name).filter(|name| {
            let path = format!("{}{}{name}", folder, if folder.is_empty() { "" } else { "/" });
            let is_package = || {
                let files = self.workspace.list(&path);
                files.iter().any(|file| !file.is_dir && has_extension(&file.name, &["py"]))
            };
            !name.starts_with('.') && !OTHERS.contains(&name.as_str()) && !Program::is_aside(name) && is_package()
        });
        names.collect()
    }
}
