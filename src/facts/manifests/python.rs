//! pip, uv and poetry.

use crate::dockerfile::Value;
use crate::facts::commands::{Options, Pip, Poetry, Uv};
use crate::facts::paths::{is_below, resolve_value};
use crate::facts::python::{PythonInstall, Tool};
use crate::facts::{Facts, Invocation, Run, StageFacts};
use crate::python::pyproject::Pyproject;
use crate::python::requirements::EntryKind;
use crate::workspace::join;

use super::{ManifestInstall, beside, folder_of};

/// Variables that have an installer read more files.
const FILES_BY_VARIABLE: [&str; 12] = [
    "PIP_CONSTRAINT",
    "PIP_REQUIREMENT",
    "PIP_FIND_LINKS",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_BUILD_CONSTRAINT",
    "UV_CONSTRAINT",
    "UV_OVERRIDE",
    "UV_BUILD_CONSTRAINT",
    "UV_FIND_LINKS",
    "UV_PROJECT",
    "UV_WORKING_DIRECTORY",
];

impl Facts<'_> {
    /// What a Python install reads of the context; `None` when it may read more than manifests.
    pub(super) fn python_manifests(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        copied: &[&str],
    ) -> Option<ManifestInstall> {
        let number = stage.runs.iter().position(|other| other.instruction == run.instruction)?;
        let is_it =
            |install: &&PythonInstall| (install.stage, install.run, install.invocation) == (stage.index, number, index);
        let install = self.python_installs().iter().find(is_it)?;
        let invocation = run.invocations.get(index)?;
        let by_variable =
            |name: &&str| self.variable(run, invocation, name).is_some_and(|value| !value.text().is_empty());
        if install.unknown
            || install.generated
            || !install.troubles.is_empty()
            || FILES_BY_VARIABLE.iter().any(by_variable)
        {
            return None;
        }
        match install.tool {
            Tool::UvSync => self.uv_project(invocation, install),
            Tool::Poetry => self.poetry_project(invocation, install),
            // What `pdm` and `pipenv` read besides manifest and lock (plugins, `pdm.toml`, `.env`) is not followed.
            Tool::UvAdd | Tool::Pdm | Tool::Pipenv | Tool::Conda => None,
            Tool::Pip | Tool::PipWheel | Tool::UvPip | Tool::UvPipSync => {
                self.requirements_files(stage, run, invocation, install, copied)
            }
        }
    }

    /// `pip install -r requirements.txt`
    fn requirements_files(
        &self,
        stage: &StageFacts,
        run: &Run,
        invocation: &Invocation,
        install: &PythonInstall,
        copied: &[&str],
    ) -> Option<ManifestInstall> {
        if !install.projects.is_empty() {
            return None;
        }
        let pip = Pip::read(invocation).map(|pip| pip.options);
        let options = pip.or_else(|| Uv::read(invocation).map(|uv| uv.options))?;
        if has_local_options(invocation, &options, copied)
            || !install.files.iter().all(|file| self.is_self_contained(file))
        {
            return None;
        }
        let by_path = |install: &PythonInstall| {
            install.roots.iter().any(|root| root.requirement.url.as_deref().is_some_and(is_local))
        };
        if by_path(install) {
            return None;
        }
        let mut manifests: Vec<String> =
            install.files.iter().map(|file| self.in_context(file)).collect::<Option<_>>()?;
        if manifests.is_empty() {
            return Some(ManifestInstall {
                manifests,
                writes: None,
                split: None,
                command: install.tool.name().to_owned(),
            });
        }
        if install.tool.is_uv() {
            self.uv_settings(stage, run, invocation, &mut manifests);
        }
        Some(ManifestInstall { manifests, writes: None, split: None, command: install.tool.name().to_owned() })
    }

    /// Whether a requirements file names no file but other requirements files.
    fn is_self_contained(&self, file: &str) -> bool {
        let Ok(requirements) = self.workspace.requirements(file) else { return false };
        requirements.entries.iter().all(|entry| match &entry.kind {
            EntryKind::Requirement(requirement) => !requirement.url.as_deref().is_some_and(is_local),
            EntryKind::Editable(path, _) | EntryKind::Path(path, _) => !is_local(path),
            EntryKind::Index(option, value, _) => option != "find-links" || value.contains("://"),
            EntryKind::Include(..) | EntryKind::Constraint(..) | EntryKind::Option(_) => true,
        })
    }

    /// Settings that uv reads in the folder it runs in.
    fn uv_settings(&self, stage: &StageFacts, run: &Run, invocation: &Invocation, manifests: &mut Vec<String>) {
        for name in ["uv.toml", "pyproject.toml"] {
            let found = beside(invocation, name)
                .and_then(|path| self.origin(stage.index, run.instruction, &path, None))
                .filter(|path| self.workspace.is_file(path));
            let Some(found) = found else { continue };
            let counts = name == "uv.toml" || self.workspace.pyproject(&found).is_ok_and(|parsed| parsed.has_uv);
            manifests.extend(self.in_context(&found).filter(|path| counts && !manifests.contains(path)));
        }
    }

    /// `uv sync`
    fn uv_project(&self, invocation: &Invocation, install: &PythonInstall) -> Option<ManifestInstall> {
        let options = Uv::read(invocation)?.options;
        let elsewhere = [
            "--directory",
            "--project",
            "--package",
            "--all-packages",
            "--config-file",
            "--script",
            "-p",
            "--find-links",
            "-f",
        ];
        if options.has(&elsewhere) {
            return None;
        }
        let (manifest, parsed) = self.only_project(install)?;
        let text = self.workspace.read(&manifest).ok()?;
        if text.text().contains("tool.uv.workspace") {
            return None;
        }
        let only_others = options.has(&["--no-install-project", "--no-install-workspace", "--no-install-local"]);
        let table = text.text().split("[tool.uv]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
        let says = |value: &str| {
            let mut lines = table.lines().map(|line| line.split('#').next().unwrap_or_default().replace(' ', ""));
            lines.any(|line| line == format!("package={value}"))
        };
        let is_package =
            !says("false") && (says("true") || parsed.build_backend.is_some() || !parsed.build_requires.is_empty());
        let split = (is_package && !only_others).then_some("--no-install-project");
        let manifests = self.with_neighbours(&manifest, "uv.lock", &[".python-version", "uv.toml"])?;
        Some(ManifestInstall { manifests, writes: Some(".venv"), split, command: install.tool.name().to_owned() })
    }

    /// `poetry install`
    fn poetry_project(&self, invocation: &Invocation, install: &PythonInstall) -> Option<ManifestInstall> {
        let options = Poetry::read(invocation)?.options;
        if options.has(&["-C", "--directory", "-P", "--project"]) {
            return None;
        }
        let (manifest, _) = self.only_project(install)?;
        let text = self.workspace.read(&manifest).ok()?;
        let mut lines = text.text().lines().map(|line| line.split('#').next().unwrap_or_default().replace(' ', ""));
        let no_package = lines.any(|line| line == "package-mode=false");
        let split = (!no_package && !options.has(&["--no-root"])).then_some("--no-root");
        let manifests = self.with_neighbours(&manifest, "poetry.lock", &["poetry.toml"])?;
        Some(ManifestInstall { manifests, writes: Some(".venv"), split, command: install.tool.name().to_owned() })
    }

    /// The project of an install, when it has no other that is local.
    fn only_project(&self, install: &PythonInstall) -> Option<(String, std::sync::Arc<Pyproject>)> {
        let [project] = install.projects.as_slice() else { return None };
        let parsed = self.workspace.pyproject(&project.manifest).ok()?;
        let mut sources = parsed.uv_sources.values().flatten();
        if sources.any(|source| source.from == "workspace" || source.from.starts_with("path:")) {
            return None;
        }
        let by_path = |install: &PythonInstall| {
            install.roots.iter().any(|root| root.requirement.url.as_deref().is_some_and(is_local))
        };
        (!by_path(install)).then(|| (project.manifest.to_string(), parsed))
    }

    /// A manifest with its lock, which must be there, and the files of settings that are.
    fn with_neighbours(&self, manifest: &str, lock: &str, settings: &[&str]) -> Option<Vec<String>> {
        let folder = folder_of(manifest);
        let lock = join(folder, lock).filter(|path| self.workspace.is_file(path))?;
        let settings =
            settings.iter().filter_map(|name| join(folder, name)).filter(|path| self.workspace.is_file(path));
        [manifest.to_owned(), lock].into_iter().chain(settings).map(|path| self.in_context(&path)).collect()
    }
}

/// Whether options have pip read more files, or write into a folder of `copied`.
fn has_local_options(invocation: &Invocation, options: &Options<'_>, copied: &[&str]) -> bool {
    let writes = ["-t", "--target", "--prefix", "--root", "--src", "-d", "--dest", "-w", "--wheel-dir"];
    let into_copied = |value: &Value| {
        let path = resolve_value(&invocation.workdir, value);
        path.known().is_none_or(|path| copied.iter().any(|folder| is_below(path, folder)))
    };
    let reads = ["-f", "--find-links", "--config-settings", "-C", "--log", "--report", "--config-file", "--excludes"];
    options.values(&writes).any(into_copied) || options.values(&reads).any(|value| !value.text().contains("://"))
}

/// Whether a requirement's location lies in the image.
fn is_local(location: &str) -> bool {
    location.starts_with("file:") || !location.contains("://")
}
