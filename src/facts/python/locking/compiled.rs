//! Requirements that are pinned elsewhere in the repository.

use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::facts::python::{PythonInstall, Root, Tool, has_extension};
use crate::python::requirements::RequirementsFile;
use crate::workspace::{join, parent};

/// How people call the requirements of the program itself.
const MAIN: &str = "requirements.txt";

impl Facts<'_> {
    /// What pins the requirements that pip or `uv pip` resolves anew, and the file that they stand in: what was compiled from a
    /// `requirements.in`, or the lock of a project that asks for the same packages. `None` in doubt.
    pub(super) fn pins_beside(&self, install: &PythonInstall) -> Option<(String, String)> {
        let resolves = matches!(install.tool, Tool::Pip | Tool::UvPip)
            && !(install.no_dependencies || install.hashed || install.generated || install.unknown)
            && install.constraints.is_empty();
        if !resolves {
            return None;
        }
        let mut sources = install.files.iter().filter(|file| has_extension(file, &["in"]));
        let compiled = sources.find_map(|file| Some((self.compiled_from(file, install)?, file.clone())));
        compiled.or_else(|| self.lock_beside(install))
    }

    /// The file of pins beside `source` that says to be compiled from it.
    fn compiled_from(&self, source: &str, install: &PythonInstall) -> Option<String> {
        let folder = parent(source);
        let entries = self.workspace.list(folder).into_iter().filter(|entry| !entry.is_dir);
        let files = entries.filter(|entry| has_extension(&entry.name, &["txt"]));
        let mut paths = files.filter_map(|entry| join(folder, &entry.name));
        paths.find(|path| {
            let names = |parent: &String| {
                parent.starts_with("-r ") && file_name(parent.trim_start_matches("-r ")) == file_name(source)
            };
            let is_compiled = |file: &RequirementsFile| {
                let pinned = file.requirements().all(|one| one.pinned().is_some() || one.url.is_some());
                pinned && file.entries.iter().any(|entry| entry.via.iter().any(names))
            };
            !install.files.contains(path) && self.workspace.requirements(path).is_ok_and(|file| is_compiled(&file))
        })
    }

    /// The lock of the project whose manifest asks for all that a hand-written `requirements.txt` beside it does.
    fn lock_beside(&self, install: &PythonInstall) -> Option<(String, String)> {
        let [file] = install.files.as_slice() else { return None };
        let roots: Vec<&Root> = install.roots.iter().collect();
        let loose = roots.iter().filter(|root| root.requirement.pinned().is_none()).count();
        let by_hand = roots
            .iter()
            .all(|root| root.place.file.as_ref() == file && root.parents.is_empty() && root.requirement.url.is_none());
        if file_name(file) != MAIN || !by_hand || loose * 2 <= roots.len() {
            return None;
        }
        let folder = parent(file);
        let parsed = self.workspace.pyproject(&join(folder, "pyproject.toml")?).ok()?;
        let path = ["uv.lock", "poetry.lock", "pdm.lock"]
            .iter()
            .filter_map(|name| join(folder, name))
            .find(|path| self.workspace.is_file(path))?;
        let lock = self.workspace.lock(&path).ok()?;
        let belongs = roots.iter().all(|root| {
            let name = &root.requirement.name;
            parsed.dependencies.iter().any(|declared| declared.name == *name) && lock.find(name).next().is_some()
        });
        belongs.then(|| (path, file.clone()))
    }
}
