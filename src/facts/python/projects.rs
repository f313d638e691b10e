//! Local projects: what their manifests, extras and groups ask for.

use std::collections::HashSet;
use std::sync::Arc;

use crate::facts::paths::resolve;
use crate::python::pyproject::{Group, Pyproject};
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;
use crate::workspace::{join, parent};

use super::reader::{Extras, Reader, Source, local_path, split_extras};
use super::{Declared, GroupChoice, IndexKind, IndexRole, InstalledExtra, InstalledGroup, Place, Project, indexes};

/// How deep projects may refer to each other.
const DEPTH_LIMIT: usize = 8;

/// What of a project is installed.
#[derive(Clone, Default)]
pub(super) struct Selection {
    /// The project's own dependencies.
    pub(super) main: bool,
    pub(super) extras: Vec<InstalledExtra>,
    pub(super) groups: Vec<ChosenGroup>,
}

/// A group that is installed if the project has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ChosenGroup {
    pub(super) name: String,
    pub(super) why: GroupChoice,
    /// The word of the Dockerfile that asks for it, or the one that installs.
    pub(super) word: TextRange,
}

impl Selection {
    pub(super) fn of(extras: &Extras) -> Self {
        Self { main: true, extras: extras.named.clone(), groups: Vec::new() }
    }
}

impl Reader<'_, '_> {
    /// A path such as `.[a,b]` or `./packages/x`, as the command names it.
    pub(super) fn local(&mut self, text: &str, word: TextRange, via: Vec<String>, extras: &Extras, direct: bool) {
        let (path, named) = split_extras(text);
        self.install.unknown |= named.is_none();
        let mut selection = Selection::of(extras);
        selection.extras.extend(named.unwrap_or_default().into_iter().map(|name| InstalledExtra {
            name,
            word,
            all: false,
        }));
        let Some(folder) = self.at.invocation.workdir.known().map(|workdir| resolve(workdir, path)) else {
            self.install.unknown = true;
            return;
        };
        let manifest = ["pyproject.toml", "setup.py", "setup.cfg"]
            .iter()
            .find_map(|name| self.origin(&format!("{folder}/{name}")));
        match manifest.filter(|manifest| self.facts.workspace.is_file(manifest)) {
            Some(manifest) => self.project(&manifest, &selection, word, via, direct),
            None => self.install.unknown = true,
        }
    }

    /// The project whose manifest is `manifest`, a file of the workspace.
    pub(super) fn project(
        &mut self,
        manifest: &str,
        selection: &Selection,
        word: TextRange,
        via: Vec<String>,
        direct: bool,
    ) {
        let extras: Vec<&str> = selection.extras.iter().map(|extra| extra.name.as_str()).collect();
        let groups: Vec<&str> = selection.groups.iter().map(|group| group.name.as_str()).collect();
        let key = format!("{manifest} {} {} {}", selection.main, extras.join(","), groups.join(","));
        if !self.done.insert(key) {
            return;
        }
        if via.len() > DEPTH_LIMIT {
            self.install.unknown = true;
            return;
        }
        let folder = parent(manifest).to_owned();
        if selection.main {
            self.extensions_of(&folder);
        }
        if !super::has_extension(manifest, &["toml"]) && !is_pipfile(manifest) {
            self.legacy_project(&folder, selection, word, &via);
            return;
        }
        let parsed = match self.facts.workspace.pyproject(manifest) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.unreadable(manifest, word, &problem);
                return;
            }
        };
        if self.install.tool.reads_sources() {
            indexes::of_manifest(&parsed, manifest, &mut self.install.indexes);
            // The first source of these takes the place of the public index, and which ones do is theirs to say.
            let takes_over = matches!(self.install.tool, super::Tool::Pdm | super::Tool::Pipenv);
            for index in self.install.indexes.iter_mut().filter(|index| takes_over && index.kind == IndexKind::Other) {
                index.role = IndexRole::Default;
            }
        }
        let file: Arc<str> = Arc::from(manifest);
        let folder_name = folder.rsplit('/').next().unwrap_or_default();
        let name = parsed.name.as_ref().map_or(folder_name, PackageName::as_str).to_owned();
        let mut reading =
            Reading { folder, name, word, via, direct, parsed: &parsed, file: Arc::clone(&file), active: Vec::new() };
        reading.active = selection.extras.iter().map(|extra| extra.name.clone()).collect();
        self.install.projects.push(Project {
            manifest: file,
            name: parsed.name.clone(),
            extras: selection.extras.clone(),
            word,
            direct,
            main: selection.main,
            groups: selection.groups.iter().map(|group| group.name.clone()).collect(),
        });
        if selection.main {
            self.main(&reading);
        }
        let mut seen = HashSet::new();
        for extra in &selection.extras {
            self.extra(&reading, extra, &extra.name, &mut seen);
        }
        for group in &selection.groups {
            self.chosen_group(&reading, group, &mut seen);
        }
    }

    fn main(&mut self, reading: &Reading<'_>) {
        let parsed = reading.parsed;
        for requirement in &parsed.dependencies {
            self.member(reading, requirement, &reading.source(None, reading.word));
        }
        let dynamic = parsed.dynamic.iter().any(|field| field == "dependencies");
        for path in &parsed.dynamic_dependency_files {
            self.dynamic_file(reading, path, None);
        }
        // Without `[project]` the older files speak.
        let undeclared = parsed.dependencies.is_empty() && !parsed.has_poetry && !is_pipfile(&reading.file);
        if undeclared && parsed.dynamic_dependency_files.is_empty() && (dynamic || parsed.name.is_none()) {
            let selection = Selection { main: true, ..Selection::default() };
            self.legacy_project(&reading.folder, &selection, reading.word, &reading.via);
        }
    }

    /// A requirement of a manifest: another local project, the project's own extra, or a package.
    fn member(&mut self, reading: &Reading<'_>, requirement: &Requirement, source: &Source) {
        if !requirement.applies(&self.install.platform, &reading.active) {
            return;
        }
        if reading.parsed.name.as_ref() == Some(&requirement.name) {
            let mut seen = HashSet::new();
            for name in &requirement.extras {
                let extra = InstalledExtra { name: name.clone(), word: source.word, all: false };
                self.extra(reading, &extra, name, &mut seen);
            }
            return;
        }
        if let Some(manifest) = self.local_source(reading, requirement) {
            let extras = requirement.extras.iter().map(|name| InstalledExtra {
                name: name.clone(),
                word: source.word,
                all: false,
            });
            let selection = Selection { main: true, extras: extras.collect(), groups: Vec::new() };
            self.project(&manifest, &selection, source.word, source.via.clone(), false);
        }
        self.add(requirement.clone(), source, Vec::new(), &reading.active);
    }

    /// The manifest of the local project that a requirement means, by its path or by a source of uv or poetry.
    fn local_source(&self, reading: &Reading<'_>, requirement: &Requirement) -> Option<String> {
        let workspace = self.facts.workspace;
        let manifest_in = |path: &str| {
            let folder = join(&reading.folder, path.trim_start_matches("file://"))?;
            let manifest =
                if folder.is_empty() { "pyproject.toml".to_owned() } else { format!("{folder}/pyproject.toml") };
            workspace.is_file(&manifest).then_some(manifest)
        };
        if let Some(found) = requirement.url.as_deref().and_then(local_path).and_then(manifest_in) {
            return Some(found);
        }
        if !self.install.tool.reads_sources() {
            return None;
        }
        reading.parsed.uv_sources.get(&requirement.name)?.iter().find_map(|source| match source.from.as_str() {
            "workspace" => self.facts.sibling_project(&requirement.name),
            from => from.strip_prefix("path:").and_then(manifest_in),
        })
    }

    /// An extra, with the extras that it includes; `asked` is the one that the command line names.
    fn extra(
        &mut self,
        reading: &Reading<'_>,
        extra: &InstalledExtra,
        asked: &PackageName,
        seen: &mut HashSet<String>,
    ) {
        if !seen.insert(format!("extra {}", extra.name)) {
            return;
        }
        let Some(members) = reading.parsed.extras.get(&extra.name) else {
            for path in reading.parsed.dynamic_extra_files.get(&extra.name).into_iter().flatten() {
                self.dynamic_file(reading, path, Some(extra));
            }
            return;
        };
        for requirement in &members.requirements {
            if reading.parsed.name.as_ref() == Some(&requirement.name)
                && requirement.applies(&self.install.platform, &reading.active)
            {
                for name in &requirement.extras {
                    let included = InstalledExtra { name: name.clone(), word: extra.word, all: extra.all };
                    self.extra(reading, &included, asked, seen);
                }
                continue;
            }
            let mut source = reading.source(Some(&extra.name), extra.word);
            source.extra = source.extra.map(|_| asked.clone());
            self.member(reading, requirement, &source);
        }
    }

    /// A group as it was chosen; `seen` keeps those that others include from being read twice.
    fn chosen_group(&mut self, reading: &Reading<'_>, chosen: &ChosenGroup, seen: &mut HashSet<String>) {
        let before = self.install.roots.len();
        self.group(reading, &chosen.name, chosen, seen);
        let Some((name, group)) = reading.group(&chosen.name) else { return };
        if self.install.roots.len() > before {
            self.install.groups.push(InstalledGroup {
                name: name.to_owned(),
                place: Place { file: Arc::clone(&reading.file), range: group.range },
                why: chosen.why,
                word: chosen.word,
            });
        }
    }

    fn group(&mut self, reading: &Reading<'_>, name: &str, chosen: &ChosenGroup, seen: &mut HashSet<String>) {
        if !seen.insert(format!("group {}", PackageName::new(name))) {
            return;
        }
        let Some((_, group)) = reading.group(name) else { return };
        for requirement in &group.requirements {
            let mut source = reading.source(None, chosen.word);
            source.group = reading.group(&chosen.name).map(|(name, _)| name.to_owned());
            if let Some(last) = source.via.last_mut() {
                *last = format!("group `{name}` of {last}");
            }
            self.member(reading, requirement, &source);
        }
        for included in &group.includes {
            self.group(reading, included, chosen, seen);
        }
    }

    /// A requirements file that setuptools reads dependencies from.
    fn dynamic_file(&mut self, reading: &Reading<'_>, path: &str, extra: Option<&InstalledExtra>) {
        let Some(file) = join(&reading.folder, path) else { return };
        let Ok(requirements) = self.facts.workspace.requirements(&file) else {
            self.install.unknown = true;
            self.note(format!("`{path}`, which `{}` names, is missing", reading.file));
            return;
        };
        let mut source = reading.source(extra.map(|extra| &extra.name), extra.map_or(reading.word, |extra| extra.word));
        source.file = Arc::from(file.as_str());
        source.via.push(file);
        for requirement in requirements.requirements() {
            self.member(reading, requirement, &source);
        }
    }

    /// A package with extras that is a project elsewhere in the repository: its manifest says what the extras bring.
    pub(super) fn sibling(&mut self, requirement: &Requirement, source: &Source) {
        if crate::catalogue::package(requirement.name.as_str()).is_some() {
            return;
        }
        let Some(manifest) = self.facts.sibling_project(&requirement.name) else { return };
        let extras =
            requirement.extras.iter().map(|name| InstalledExtra { name: name.clone(), word: source.word, all: false });
        let selection = Selection { main: true, extras: extras.collect(), groups: Vec::new() };
        self.project(&manifest, &selection, source.word, source.via.clone(), false);
    }
}

/// A manifest that is being read.
struct Reading<'p> {
    folder: String,
    name: String,
    word: TextRange,
    via: Vec<String>,
    direct: bool,
    parsed: &'p Pyproject,
    file: Arc<str>,
    active: Vec<PackageName>,
}

/// Whether it is pipenv's manifest.
fn is_pipfile(manifest: &str) -> bool {
    manifest.rsplit('/').next() == Some("Pipfile")
}

impl Reading<'_> {
    /// The group of this name, however it is spelt, with the manifest's spelling.
    fn group(&self, name: &str) -> Option<(&str, &Group)> {
        let groups = &self.parsed.groups;
        let wanted = PackageName::new(name);
        let entry =
            groups.get_key_value(name).or_else(|| groups.iter().find(|(key, _)| PackageName::new(key) == wanted));
        entry.map(|(name, group)| (name.as_str(), group))
    }

    fn source(&self, extra: Option<&PackageName>, word: TextRange) -> Source {
        let mut via = self.via.clone();
        via.push(extra.map_or_else(|| self.name.clone(), |extra| format!("{}[{extra}]", self.name)));
        let extra = extra.filter(|_| self.direct).cloned();
        Source { file: Arc::clone(&self.file), word, via, declared: Declared::Project, extra, group: None }
    }
}
