//! The parts of `pyproject.toml` that decide what an install brings.

use std::collections::BTreeMap;

use toml_edit::{Document, Item};

use crate::text::TextRange;

use super::{PackageName, Platform, Requirement};
use reader::{Reader, range_of, strings, table};

mod pipfile;
mod poetry;
mod reader;
mod sources;

/// A `pyproject.toml`.
#[derive(Clone, Debug, Default)]
pub struct Pyproject {
    /// `[project] name` or `[tool.poetry] name`.
    pub name: Option<PackageName>,
    /// `[project] requires-python` as written, else poetry's `python` dependency as PEP 440 specifiers.
    pub requires_python: Option<String>,
    /// `[project] dependencies`, or the non-optional ones of `[tool.poetry.dependencies]` without `python`.
    pub dependencies: Vec<Requirement>,
    /// `[project] dynamic`.
    pub dynamic: Vec<String>,
    /// `[tool.setuptools.dynamic] dependencies = { file = … }`, or those of `hatch-requirements-txt`: the files.
    pub dynamic_dependency_files: Vec<String>,
    /// `[tool.setuptools.dynamic] optional-dependencies.EXTRA = { file = … }`.
    pub dynamic_extra_files: BTreeMap<PackageName, Vec<String>>,
    /// `[project.optional-dependencies]`, or poetry's `[tool.poetry.extras]` with its optional dependencies filled in.
    pub extras: BTreeMap<PackageName, Extra>,
    /// `[dependency-groups]`, `[tool.uv] dev-dependencies` (as `dev`), `[tool.poetry.group.NAME.dependencies]`,
    /// `[tool.poetry.dev-dependencies]` (as `dev`) and `[tool.pdm.dev-dependencies]`; in a Pipfile every table of packages but
    /// `[packages]`.
    pub groups: BTreeMap<String, Group>,
    /// `[tool.uv] default-groups`; `None` when absent (then `["dev"]`). `"all"` is given as `["all"]`.
    pub default_groups: Option<Vec<String>>,
    /// `[tool.uv.sources]`: package → the names of the indexes it may come from (`index = …`), with path, git and url sources
    /// under the names `path:…`, `git:…`, `url:…` and `workspace`. Poetry's `source`, `git`, `path` and `url` are here too.
    pub uv_sources: BTreeMap<PackageName, Vec<Source>>,
    /// `[[tool.uv.index]]`, `[[tool.poetry.source]]` and `[[tool.pdm.source]]`, and `[tool.uv] index-url`, `extra-index-url`, `find-links` without a name.
    pub indexes: Vec<Index>,
    /// Whether it has a `[tool.uv]` table of any kind.
    pub has_uv: bool,
    /// Whether it has a `[tool.poetry]` table.
    pub has_poetry: bool,
    /// `[build-system] requires`.
    pub build_requires: Vec<Requirement>,
    /// `[build-system] build-backend`.
    pub build_backend: Option<String>,
    /// `[project] readme` as a file name, if it is one.
    pub readme: Option<String>,
    /// `[project.scripts]`, `gui-scripts`, `entry-points` and poetry's scripts: name → object reference.
    pub scripts: BTreeMap<String, String>,
    /// The object references of all those, and of poetry's plugins: `package.module:attribute`.
    pub entry_points: Vec<String>,
    /// Whether the project itself is installed, where the manifest says so: `[tool.uv] package`, `[tool.poetry] package-mode`,
    /// `[tool.pdm] distribution`.
    pub is_package: Option<bool>,
    /// Whether `[tool.setuptools]` says where the packages are, so that setuptools does not look for them by itself.
    pub places_packages: bool,
    /// Names of the top-level `[tool.*]` tables.
    pub tools: Vec<String>,
}

/// An extra and its members.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Where its name stands.
    pub range: TextRange,
    /// Its requirements. `project[other]` references to the project's own extras are kept as written.
    pub requirements: Vec<Requirement>,
}

/// A dependency group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Where its name stands.
    pub range: TextRange,
    /// Its requirements.
    pub requirements: Vec<Requirement>,
    /// `{include-group = …}`.
    pub includes: Vec<String>,
    /// Poetry's `optional = true`.
    pub optional: bool,
}

/// One entry of `[tool.uv.sources]` or poetry's `source = …` on a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `index` name, or the kind and value for others, as documented at [`Pyproject::uv_sources`].
    pub from: String,
    /// Its marker. uv's `extra = "x"` and `group = "x"` are given as `extra == 'x'` and `'x' in dependency_groups`, joined with
    /// `and`.
    pub marker: Option<String>,
}

impl Source {
    /// Whether the source can be used on `platform` with `extras` active. What cannot be decided counts as true.
    #[must_use]
    pub fn applies(&self, platform: &Platform, extras: &[PackageName]) -> bool {
        self.marker.as_deref().is_none_or(|marker| platform.allows(marker, extras))
    }
}

/// A package index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its URL.
    pub url: String,
    /// uv's `explicit = true` or poetry's `priority = "explicit"`: used only by packages that name it.
    pub explicit: bool,
}

/// Why a manifest could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// Where, when known.
    pub range: TextRange,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
}

impl Pyproject {
    /// Reads the text.
    ///
    /// # Errors
    /// When it is not TOML. Fields of an unexpected type are passed over.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let document = document(text)?;
        let root = document.as_item();
        let reader = Reader { text };
        let mut found = Self::default();
        if let Some(project) = root.get("project") {
            found.read_project(reader, project);
        }
        if let Some(groups) = root.get("dependency-groups") {
            found.read_groups(reader, groups);
        }
        if let Some(build) = root.get("build-system") {
            found.build_requires = reader.requirements(build.get("requires"));
            found.build_backend = string(build.get("build-backend"));
        }
        if let Some(tool) = root.get("tool") {
            found.tools = table(Some(tool)).map(|(key, _)| key.get().to_owned()).collect();
            found.read_setuptools(tool);
            found.read_hatch(tool);
            found.read_uv(reader, tool);
            found.read_pdm(reader, tool);
            if let Some(poetry) = tool.get("poetry") {
                found.has_poetry = true;
                found.is_package = poetry.get("package-mode").and_then(Item::as_bool).or(found.is_package);
                let declares = |key: &str| root.get("project").is_some_and(|project| !is_empty(project.get(key)));
                let is_declared = declares("dependencies") || declares("optional-dependencies");
                found.read_poetry(reader, poetry, is_declared);
            }
        }
        Ok(found)
    }

    fn read_project(&mut self, reader: Reader<'_>, project: &Item) {
        self.name = string(project.get("name")).map(|name| PackageName::new(&name));
        self.requires_python = string(project.get("requires-python"));
        self.dependencies = reader.requirements(project.get("dependencies"));
        self.dynamic = strings(project.get("dynamic"));
        for (key, members) in table(project.get("optional-dependencies")) {
            let extra = self.extras.entry(PackageName::new(key.get())).or_default();
            extra.range = range_of(key.span());
            extra.requirements.extend(reader.requirements(Some(members)));
        }
        let readme = project.get("readme");
        self.readme = string(readme).or_else(|| string(readme?.get("file")));
        let entry_points = table(project.get("entry-points")).map(|(_, names)| names);
        for names in [project.get("scripts"), project.get("gui-scripts")].into_iter().flatten().chain(entry_points) {
            self.entry_points.extend(table(Some(names)).filter_map(|(_, value)| string(Some(value))));
            self.scripts.extend(
                table(Some(names)).filter_map(|(key, value)| Some((key.get().to_owned(), string(Some(value))?))),
            );
        }
    }

    /// `[dependency-groups]` (PEP 735).
    fn read_groups(&mut self, reader: Reader<'_>, groups: &Item) {
        for (key, members) in table(Some(groups)) {
            let group = self.groups.entry(key.get().to_owned()).or_default();
            group.range = range_of(key.span());
            group.requirements.extend(reader.requirements(Some(members)));
            let members = members.as_array().into_iter().flatten();
            let includes = members.filter_map(|member| member.as_inline_table()?.get("include-group")?.as_str());
            group.includes.extend(includes.map(str::to_owned));
        }
    }

    fn read_setuptools(&mut self, tool: &Item) {
        let places = ["packages", "py-modules", "package-dir"];
        self.places_packages =
            tool.get("setuptools").is_some_and(|setuptools| places.iter().any(|key| setuptools.get(key).is_some()));
        let Some(dynamic) = tool.get("setuptools").and_then(|setuptools| setuptools.get("dynamic")) else { return };
        self.dynamic_dependency_files =
            dynamic.get("dependencies").map(|item| strings(item.get("file"))).unwrap_or_default();
        self.dynamic_extra_files = table(dynamic.get("optional-dependencies"))
            .map(|(key, item)| (PackageName::new(key.get()), strings(item.get("file"))))
            .collect();
    }

    /// The requirements files that hatch's plugin `hatch-requirements-txt` reads.
    fn read_hatch(&mut self, tool: &Item) {
        let hooks = || tool.get("hatch")?.get("metadata")?.get("hooks");
        let Some(hook) = hooks().and_then(|hooks| hooks.get("requirements_txt")) else { return };
        let files = hook.get("files").or_else(|| hook.get("filename"));
        self.dynamic_dependency_files.extend(strings(files));
        let extras = table(hook.get("optional-dependencies"));
        self.dynamic_extra_files.extend(extras.map(|(key, files)| (PackageName::new(key.get()), strings(Some(files)))));
    }

    fn add_group(&mut self, name: &str, range: TextRange, requirements: Vec<Requirement>) -> &mut Group {
        let group = self.groups.entry(name.to_owned()).or_default();
        if group.range.is_empty() {
            group.range = range;
        }
        group.requirements.extend(requirements);
        group
    }
}

fn document(text: &str) -> Result<Document<&str>, ManifestError> {
    Document::parse(text).map_err(|error| ManifestError {
        range: error.span().map(|span| TextRange::from_usize(span.start, span.end)).unwrap_or_default(),
        message: error.message().trim_end_matches('.').replace('\n', ", "),
    })
}

fn string(item: Option<&Item>) -> Option<String> {
    item?.as_str().map(str::to_owned)
}

fn is_empty(item: Option<&Item>) -> bool {
    item.is_none_or(|item| item.as_array().is_none_or(toml_edit::Array::is_empty) && table(Some(item)).next().is_none())
}

#[cfg(test)]
mod tests;
