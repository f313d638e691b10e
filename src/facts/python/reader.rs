//! Puts one install together: what its command line, and the files that it names, ask for.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dockerfile::{UNKNOWN, Value};
use crate::facts::commands::{Flag, Options};
use crate::facts::{Argument, Facts};
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;
use crate::workspace::ManifestProblem;

use super::collect::{At, platform};
use super::export::Generated;
use super::projects::{ChosenGroup, Selection};
use super::{
    Declared, GroupChoice, InstalledExtra, Omitted, Place, PythonInstall, Repository, Root, Tool, Trouble, indexes,
};

/// An install takes no more roots than this.
const ROOT_LIMIT: usize = 5_000;

/// Extras and groups that a command line names for the projects that it installs.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) named: Vec<InstalledExtra>,
    pub(super) all: Option<TextRange>,
    pub(super) without: Vec<PackageName>,
}

impl Extras {
    pub(super) fn of(options: &Options<'_>) -> Self {
        let mut extras = Self::default();
        for flag in &options.flags {
            match &*flag.name {
                "--extra" | "-E" | "--extras" => {
                    let Some(value) = &flag.value else { continue };
                    let word = flag.value_argument.map_or(flag.argument.range, |argument| argument.range);
                    let names =
                        value.text().split([' ', ',']).filter(|name| !name.is_empty() && !name.contains(UNKNOWN));
                    extras.named.extend(names.map(|name| InstalledExtra {
                        name: PackageName::new(name),
                        word,
                        all: false,
                    }));
                }
                "--all-extras" => extras.all = Some(flag.argument.range),
                "--no-extra" => extras.without.extend(flag.value.as_ref().map(|value| PackageName::new(value.text()))),
                _ => {}
            }
        }
        extras
    }
}

/// Where a requirement that is read comes from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) file: Arc<str>,
    pub(super) word: TextRange,
    pub(super) via: Vec<String>,
    pub(super) declared: Declared,
    pub(super) extra: Option<PackageName>,
    pub(super) group: Option<String>,
}

/// Puts one install together.
pub(super) struct Reader<'f, 'w> {
    pub(super) facts: &'f Facts<'w>,
    pub(super) at: At<'f>,
    pub(super) generated: &'f Generated,
    pub(super) install: PythonInstall,
    /// Requirements files that are being read, outermost first.
    pub(super) open: Vec<String>,
    /// Files and projects that were read.
    pub(super) done: HashSet<String>,
}

impl<'f, 'w> Reader<'f, 'w> {
    pub(super) fn new(facts: &'f Facts<'w>, at: At<'f>, generated: &'f Generated, tool: Tool) -> Self {
        let install = PythonInstall {
            tool,
            stage: at.stage.index,
            run: at.run_index,
            invocation: at.index,
            guard: at.invocation.guard,
            platform: platform(facts, at.stage),
            roots: Vec::new(),
            conda: Vec::new(),
            constraints: Vec::new(),
            projects: Vec::new(),
            files: Vec::new(),
            guessed: false,
            groups: Vec::new(),
            extensions: Vec::new(),
            indexes: Vec::new(),
            lock: None,
            no_dependencies: false,
            excluded: Vec::new(),
            omitted: Omitted::None,
            all_members: false,
            compiles: compiles(facts, at, tool),
            hashed: false,
            repositories: Vec::new(),
            unnamed: false,
            generated: false,
            unknown: false,
            notes: Vec::new(),
            troubles: Vec::new(),
        };
        Self { facts, at, generated, install, open: Vec::new(), done: HashSet::new() }
    }

    pub(super) fn indexes_of(&mut self, options: &Options<'_>) {
        let uv = self.install.tool.is_uv();
        let pip_interface = matches!(self.install.tool, Tool::UvPip | Tool::UvPipSync);
        let found = &mut self.install.indexes;
        // `-f` of conda names its file.
        if self.install.tool != Tool::Conda {
            indexes::of_options(options, found);
        }
        indexes::of_variables(self.facts, self.at.run, self.at.invocation, uv, pip_interface, found);
        if matches!(self.install.tool, Tool::Pip | Tool::PipWheel | Tool::Conda) {
            indexes::of_configuration(self.facts, self.at.stage, self.at.run, self.at.index, found);
            let named = self.facts.variable(self.at.run, self.at.invocation, "PIP_CONFIG_FILE").and_then(Value::known);
            let file = named.and_then(|path| self.facts.workspace.read(&self.origin(path)?).ok());
            if let Some(file) = file {
                indexes::of_configuration_file(file.text(), &mut self.install.indexes);
            }
        }
    }

    /// The arguments of `pip install` and `uv pip install`.
    pub(super) fn pip(&mut self, options: &Options<'_>) {
        self.install.no_dependencies |= options.has(&["--no-deps"]);
        self.install.hashed |= options.has(&["--require-hashes"]);
        let extras = Extras::of(options);
        for flag in &options.flags {
            let (Some(value), Some(word)) = (&flag.value, flag.value_argument) else { continue };
            match &*flag.name {
                "-r" | "--requirement" | "--requirements" => self.requirements(value, word.range, &extras, false),
                "-c" | "--constraint" | "--constraints" | "--override" | "--overrides" => {
                    self.requirements(value, word.range, &extras, true);
                }
                "-e" | "--editable" => self.named(word, value, &extras),
                "--group" => self.pip_group(flag, value),
                "--no-install-package" => self.install.excluded.push(PackageName::new(value.text())),
                _ => {}
            }
        }
        let variable = if self.install.tool.is_uv() { "UV_CONSTRAINT" } else { "PIP_CONSTRAINT" };
        let named = self.facts.variable(self.at.run, self.at.invocation, variable).map(Value::text).unwrap_or_default();
        for path in named.split_whitespace() {
            self.requirements(&Value::new(path), self.at.invocation.program_range, &extras, true);
        }
        for &(_, word) in &options.operands {
            self.named(word, &word.value, &extras);
        }
    }

    /// `--group dev` and `--group path/pyproject.toml:dev` of pip 25.1 and uv.
    fn pip_group(&mut self, flag: &Flag<'_>, value: &Value) {
        let (path, group) = value.text().rsplit_once(':').unwrap_or(("pyproject.toml", value.text()));
        let word = flag.value_argument.map_or(flag.argument.range, |argument| argument.range);
        let Some(manifest) = self.origin(path) else {
            self.install.unknown = true;
            return;
        };
        let groups = vec![ChosenGroup { name: group.to_owned(), why: GroupChoice::Named, word }];
        let selection = Selection { main: false, extras: Vec::new(), groups };
        self.project(&manifest, &selection, word, Vec::new(), true);
    }

    /// One thing to install: a requirement, a path or a URL.
    fn named(&mut self, word: &Argument, value: &Value, extras: &Extras) {
        let text = value.text();
        if let Some(path) = local_path(text) {
            self.local(path, word.range, Vec::new(), extras, true);
            return;
        }
        let Some(requirement) = Requirement::parse(text, 0) else {
            self.install.unknown = true;
            self.repository(text, word.range);
            return;
        };
        self.install.unknown |= requirement.extras.iter().any(|extra| extra.as_str().contains(UNKNOWN));
        let requirement = Requirement { range: word.range, name_range: word.range, ..requirement };
        let source = Source {
            file: Arc::from(self.facts.source.path()),
            word: word.range,
            via: Vec::new(),
            declared: Declared::Dockerfile,
            extra: None,
            group: None,
        };
        self.add(requirement, &source, Vec::new(), &[]);
    }

    /// Remembers that something is asked for by its address alone, and where that is a repository of version control, which.
    pub(super) fn repository(&mut self, url: &str, word: TextRange) {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        self.install.unnamed |= matches!(scheme, "http" | "https");
        if ["git+", "hg+", "svn+", "bzr+"].iter().any(|system| scheme.starts_with(system)) {
            self.install.repositories.push(Repository { url: url.to_owned(), word });
        }
    }

    /// Takes in one requirement if its marker holds.
    pub(super) fn add(
        &mut self,
        requirement: Requirement,
        source: &Source,
        parents: Vec<String>,
        active: &[PackageName],
    ) {
        if self.install.roots.len() >= ROOT_LIMIT || !requirement.applies(&self.install.platform, active) {
            return;
        }
        if !requirement.extras.is_empty() {
            self.sibling(&requirement, source);
        }
        let place = Place { file: Arc::clone(&source.file), range: requirement.range };
        self.install.roots.push(Root {
            requirement,
            place,
            word: source.word,
            via: source.via.clone(),
            declared: source.declared,
            parents,
            extra: source.extra.clone(),
            group: source.group.clone(),
        });
    }

    /// The file of the workspace that stands at `path` as the command names it.
    pub(super) fn origin(&self, path: &str) -> Option<String> {
        self.facts.origin_in(self.at.stage.index, self.at.run, &self.at.invocation.workdir, path)
    }

    /// Records that `file`, which `word` has read, is not what it must be.
    pub(super) fn trouble(&mut self, file: &str, range: TextRange, word: TextRange, message: String) {
        let trouble = Trouble { place: Place { file: Arc::from(file), range }, word, message };
        if !self.install.troubles.contains(&trouble) {
            self.install.troubles.push(trouble);
        }
    }

    /// [`Reader::trouble`] for a manifest that the workspace could not give.
    pub(super) fn unreadable(&mut self, file: &str, word: TextRange, problem: &ManifestProblem) {
        self.install.unknown = true;
        self.note(format!("`{file}` cannot be read: {problem}"));
        let range = match problem {
            ManifestProblem::Parse(error) => error.range,
            ManifestProblem::Read(_) => TextRange::empty(0),
        };
        self.trouble(file, range, word, format!("`{file}` cannot be read: {problem}"));
    }

    pub(super) fn note(&mut self, text: String) {
        if !self.install.notes.contains(&text) {
            self.install.notes.push(text);
        }
    }
}

/// Whether the command writes `.pyc` files: pip does unless it is told not to, uv and poetry only when they are told to. What
/// `PIP_NO_COMPILE=1` says is the other way round (pip 26.3).
fn compiles(facts: &Facts<'_>, at: At<'_>, tool: Tool) -> Option<bool> {
    let has = |flag: &str| at.invocation.has_argument(flag);
    let variable = |name: &str| facts.variable(at.run, at.invocation, name);
    let is_on = |value: &Value| match value.known()?.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Some(true),
        "0" | "false" | "no" | "off" | "n" | "f" | "" => Some(false),
        _ => None,
    };
    match tool {
        Tool::UvPip | Tool::UvPipSync | Tool::UvSync | Tool::UvAdd => {
            if has("--compile-bytecode") || has("--compile") {
                return Some(true);
            }
            if has("--no-compile-bytecode") || has("--no-compile") {
                return Some(false);
            }
            variable("UV_COMPILE_BYTECODE").map_or(Some(false), is_on)
        }
        Tool::Poetry | Tool::Pdm => Some(has("--compile")),
        Tool::Pip | Tool::Pipenv => {
            if has("--no-compile") {
                return Some(false);
            }
            if has("--compile") {
                return Some(true);
            }
            match (variable("PIP_NO_COMPILE"), variable("PIP_COMPILE")) {
                (Some(value), _) | (None, Some(value)) => is_on(value),
                (None, None) => Some(true),
            }
        }
        Tool::Conda => Some(true),
        Tool::PipWheel => Some(false),
    }
}

/// A path to a project, extras included. Archives and URLs are requirements, or nothing that can be read.
pub(super) fn local_path(text: &str) -> Option<&str> {
    let path = text.strip_prefix("file://").unwrap_or(text);
    let plain = path.split('[').next().unwrap_or_default();
    let is_archive = [".whl", ".zip", ".gz", ".bz2", ".tgz"].iter().any(|suffix| plain.ends_with(suffix));
    let is_path =
        plain.starts_with(['.', '/']) || (plain.contains('/') && !plain.contains('@') && !plain.contains(':'));
    (is_path && !is_archive && !text.contains("://") || text.starts_with("file://")).then_some(path)
}

/// `path[a,b]` as its path and extras; `None` for the extras when they are not known.
pub(super) fn split_extras(text: &str) -> (&str, Option<Vec<PackageName>>) {
    let Some((path, rest)) = text.split_once('[') else { return (text, Some(Vec::new())) };
    let names = rest.split(']').next().unwrap_or_default();
    if names.contains(UNKNOWN) {
        return (path, None);
    }
    (path, Some(names.split(',').filter(|name| !name.trim().is_empty()).map(PackageName::new).collect()))
}
