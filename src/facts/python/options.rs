//! Which extras and groups `uv sync`, `uv export`, `poetry`, `pdm` and `pipenv` install.

use crate::dockerfile::Value;
use crate::facts::commands::Options;
use crate::facts::paths::resolve;
use crate::python::pyproject::Pyproject;
use crate::python::{PackageName, Requirement};
use crate::text::TextRange;

use super::projects::{ChosenGroup, Selection};
use super::reader::{Extras, Reader};
use super::{GroupChoice, InstalledExtra, Omitted};

impl Reader<'_, '_> {
    /// The project of `uv sync` and `uv export`.
    pub(super) fn uv_sync(&mut self, options: &Options<'_>) {
        for name in options.values(&["--no-install-package", "--no-emit-package"]) {
            self.install.excluded.push(PackageName::new(name.text()));
        }
        self.python_of_uv(options);
        self.install.omitted =
            if options.has(&["--no-install-workspace", "--no-install-local", "--no-emit-workspace", "--no-emit-local"])
            {
                Omitted::Workspace
            } else if options.has(&["--no-install-project", "--no-emit-project"]) {
                Omitted::Project
            } else {
                Omitted::None
            };
        self.install.all_members = options.has(&["--all-packages"]);
        self.install.unknown |= options
            .flags
            .iter()
            .any(|flag| flag.name == "--extra" && flag.value.as_ref().is_some_and(|value| value.known().is_none()));
        let member = options.value(&["--package"]).and_then(Value::known);
        let manifest = match member {
            Some(member) => self.facts.sibling_project(&PackageName::new(member)),
            None => self.manifest_above("pyproject.toml"),
        };
        let Some(manifest) = manifest else {
            self.install.unknown = true;
            return;
        };
        let word = self.first_word(options);
        let parsed = match self.facts.workspace.pyproject(&manifest) {
            Ok(parsed) => parsed,
            Err(problem) => return self.unreadable(&manifest, word, &problem),
        };
        if self.install.platform.python.is_none() {
            self.install.platform.python = parsed.requires_python.as_deref().and_then(only_python);
        }
        let selection = self.uv_selection(&parsed, options);
        self.lock_of(&manifest, "uv.lock");
        self.project(&manifest, &selection, word, Vec::new(), true);
        if self.install.all_members {
            self.install.unknown = true;
        }
    }

    /// The Python that uv is told to use, in place of the image's: `--python 3.12`, `UV_PYTHON`, `.python-version`.
    fn python_of_uv(&mut self, options: &Options<'_>) {
        let variable = || self.facts.variable(self.at.run, self.at.invocation, "UV_PYTHON");
        let named = options.value(&["--python", "-p"]).or_else(variable).map(|value| value.text().to_owned());
        let pinned = || {
            let file = self.manifest_above(".python-version")?;
            let text = self.facts.workspace.read(&file).ok()?;
            let lines = text.text().lines().map(str::trim);
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).next()
        };
        let Some(version) = named.or_else(pinned) else { return };
        let version = version.trim_start_matches("cpython").trim_start_matches(['@', '-']);
        let mut numbers = version.split('.').map(str::parse::<u32>);
        if let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) {
            let same = self.install.platform.python == Some((major, minor));
            let patch = numbers.next().and_then(Result::ok);
            self.install.platform.patch = patch.or(self.install.platform.patch.filter(|_| same));
            self.install.platform.python = Some((major, minor));
        }
    }

    fn uv_selection(&self, parsed: &Pyproject, options: &Options<'_>) -> Selection {
        let set = |name: &str| {
            let value = self.facts.variable(self.at.run, self.at.invocation, name);
            // A value that is not known may leave the group out.
            value.is_some_and(|value| {
                value.known().is_none()
                    || matches!(value.text().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t")
            })
        };
        let no_dev = options.has(&["--no-dev"]) || set("UV_NO_DEV");
        let no_defaults = options.has(&["--no-default-groups"]) || set("UV_NO_DEFAULT_GROUPS");
        let all_names = || parsed.groups.keys().cloned().collect::<Vec<_>>();
        let defaults = match &parsed.default_groups {
            Some(names) if names.iter().any(|name| name == "all") => all_names(),
            Some(names) => names.clone(),
            None => vec!["dev".to_owned()],
        };
        let only = options.has(&["--only-group", "--only-dev"]);
        let word = self.first_word(options);
        let mut groups = named(options, &["--group", "--only-group"]);
        if !no_dev {
            let dev = options.uses(&["--only-dev", "--dev"]).next();
            groups.extend(dev.map(|flag| ChosenGroup::named("dev", flag.argument.range)));
        }
        let mut unnamed: Vec<ChosenGroup> = match options.uses(&["--all-groups"]).next() {
            Some(flag) => ChosenGroup::several(all_names(), GroupChoice::All, flag.argument.range),
            None if no_defaults || only => Vec::new(),
            None => ChosenGroup::several(defaults, GroupChoice::Default, word),
        };
        unnamed.retain(|group| !(no_dev && group.name == "dev"));
        groups.extend(unnamed);
        let variable = self.facts.variable(self.at.run, self.at.invocation, "UV_NO_GROUP").map(Value::text);
        let without: Vec<&str> = options
            .values(&["--no-group"])
            .map(Value::text)
            .chain(variable.unwrap_or_default().split_whitespace())
            .collect();
        groups.retain(|group| !without.contains(&group.name.as_str()));
        Selection { main: !only, extras: extras(parsed, &Extras::of(options)), groups }
    }

    /// `poetry install` and `poetry export`.
    pub(super) fn poetry(&mut self, options: &Options<'_>) {
        let Some(manifest) = self.manifest_above("pyproject.toml") else {
            self.install.unknown = true;
            return;
        };
        let parsed = match self.facts.workspace.pyproject(&manifest) {
            Ok(parsed) => parsed,
            Err(problem) => return self.unreadable(&manifest, self.first_word(options), &problem),
        };
        let list = |names: &[&str]| -> Vec<String> {
            let values = options.values(names).flat_map(|value| value.text().split(','));
            values.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        let (only, with, without) = (list(&["--only"]), list(&["--with"]), list(&["--without"]));
        let no_dev = options.has(&["--no-dev"]);
        let all = options.uses(&["--all-groups"]).next();
        let alone = options.has(&["--only-root"]);
        let word = self.first_word(options);
        let exports = self.at.invocation.arguments.iter().any(|argument| argument.value.text() == "export");
        let mut groups = Vec::new();
        for (name, group) in parsed.groups.iter().filter(|_| !alone) {
            let flag = options.uses(&["--with", "--only"]).find(|flag| {
                flag.value.as_ref().is_some_and(|value| value.text().split(',').any(|part| part.trim() == name))
            });
            let by_default = !(group.optional || exports || no_dev && name.as_str() == "dev");
            let taken = if only.is_empty() {
                (with.contains(name) || by_default || all.is_some()) && !without.contains(name)
            } else {
                only.contains(name)
            };
            let (why, word) = match (flag, all) {
                (Some(flag), _) => (GroupChoice::Named, flag.value_argument.unwrap_or(flag.argument).range),
                (None, Some(flag)) if group.optional => (GroupChoice::All, flag.argument.range),
                _ => (GroupChoice::Default, word),
            };
            groups.extend(taken.then(|| ChosenGroup { name: name.clone(), why, word }));
        }
        let main = !alone
            && (only.is_empty() || only.iter().any(|name| name == "main"))
            && !without.iter().any(|name| name == "main");
        let selection = Selection { main, extras: extras(&parsed, &Extras::of(options)), groups };
        self.install.omitted = if options.has(&["--no-root"]) || exports { Omitted::Project } else { Omitted::None };
        self.lock_of(&manifest, "poetry.lock");
        self.project(&manifest, &selection, word, Vec::new(), true);
    }

    /// `pdm install` and `pdm sync` (pdm's documentation, "Select a subset of dependency groups to install").
    pub(super) fn pdm(&mut self, options: &Options<'_>) {
        let Some(manifest) = self.manifest_above("pyproject.toml") else {
            self.install.unknown = true;
            return;
        };
        let word = self.first_word(options);
        let parsed = match self.facts.workspace.pyproject(&manifest) {
            Ok(parsed) => parsed,
            Err(problem) => return self.unreadable(&manifest, word, &problem),
        };
        let asked = named(options, &["-G", "--group", "--with"]);
        let without = named(options, &["--without"]);
        let is_named = |name: &str| asked.iter().any(|group| group.name == name);
        let everything = is_named(":all");
        let production = options.has(&["--prod", "--production"]);
        let only_named = parsed.groups.keys().any(|name| is_named(name));
        let plain = asked.is_empty()
            && without.is_empty()
            && !production
            && !options.has(&["-d", "--dev", "--no-default", "--with", "--without"]);
        self.lock_of(&manifest, "pdm.lock");
        let locked = self.install.lock.as_ref().and_then(|lock| self.facts.workspace.lock(&lock.path).ok());
        let locked = locked.filter(|lock| plain && !lock.locked_groups.is_empty());
        let is_locked = |name: &str| {
            locked.as_ref().is_none_or(|lock| {
                lock.locked_groups.iter().any(|group| PackageName::new(group) == PackageName::new(name))
            })
        };
        let mut selection = Selection { main: !options.has(&["--no-default"]), ..Selection::default() };
        for name in parsed.groups.keys().filter(|name| !production && is_locked(name)) {
            let choice = asked.iter().find(|group| group.name == *name);
            match choice {
                Some(choice) => selection.groups.push(choice.clone()),
                None if only_named => {}
                None => {
                    selection.groups.push(ChosenGroup { name: name.clone(), why: GroupChoice::Default, word });
                }
            }
        }
        // Without a word about groups pdm installs all that the lock holds, and `--without` leaves out of everything.
        let everything = everything || (asked.is_empty() && !without.is_empty());
        for name in parsed.extras.keys() {
            let choice = asked.iter().find(|group| PackageName::new(&group.name) == *name);
            let word = choice.map_or(word, |choice| choice.word);
            if everything || choice.is_some() || (locked.is_some() && is_locked(name.as_str())) {
                selection.extras.push(InstalledExtra { name: name.clone(), word, all: choice.is_none() });
            }
        }
        selection.groups.retain(|group| without.iter().all(|other| other.name != group.name));
        selection.extras.retain(|extra| without.iter().all(|other| PackageName::new(&other.name) != extra.name));
        let alone = options.has(&["--no-self"]);
        self.install.omitted = if alone { Omitted::Project } else { Omitted::None };
        self.project(&manifest, &selection, word, Vec::new(), true);
    }

    /// What `pipenv install` and `pipenv sync` take from the Pipfile.
    pub(super) fn pipenv(&mut self, options: &Options<'_>) {
        let Some(manifest) = self.manifest_above("Pipfile") else {
            self.install.unknown = true;
            return;
        };
        let word = self.first_word(options);
        let categories: Vec<String> = options
            .values(&["--categories"])
            .flat_map(|value| value.text().split([' ', ',']))
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let names = |wanted: &[&str]| categories.iter().any(|name| wanted.contains(&name.as_str()));
        let mut groups = Vec::new();
        if let Some(flag) = options.uses(&["-d", "--dev", "--dev-only"]).next().filter(|_| categories.is_empty()) {
            groups.push(ChosenGroup::named("dev-packages", flag.argument.range));
        }
        for name in &categories {
            let name = if name == "develop" { "dev-packages" } else { name };
            groups.push(ChosenGroup::named(name, word));
        }
        let main = if categories.is_empty() { !options.has(&["--dev-only"]) } else { names(&["packages", "default"]) };
        let selection = Selection { main, extras: Vec::new(), groups };
        if !options.has(&["--skip-lock"]) {
            self.lock_of(&manifest, "Pipfile.lock");
        }
        self.project(&manifest, &selection, word, Vec::new(), true);
    }

    /// The nearest manifest at or above the folder that the command runs in.
    fn manifest_above(&self, name: &str) -> Option<String> {
        let mut folder = self.at.invocation.workdir.known()?.to_owned();
        loop {
            let found = self.origin(&resolve(&folder, name));
            if found.as_deref().is_some_and(|found| self.facts.workspace.is_file(found)) {
                return found;
            }
            if folder == "/" {
                return None;
            }
            folder = resolve(&folder, "..");
        }
    }

    /// The word that says what to do: `sync`, `install`.
    fn first_word(&self, _options: &Options<'_>) -> TextRange {
        let words = &self.at.invocation.arguments;
        let word = words.iter().find(|word| matches!(word.value.text(), "sync" | "install" | "export" | "add"));
        word.or_else(|| words.first()).map_or(self.at.invocation.range, |word| word.range)
    }
}

impl ChosenGroup {
    fn named(name: &str, word: TextRange) -> Self {
        Self { name: name.to_owned(), why: GroupChoice::Named, word }
    }

    fn several(names: Vec<String>, why: GroupChoice, word: TextRange) -> Vec<Self> {
        names.into_iter().map(|name| Self { name, why, word }).collect()
    }
}

/// The one minor release of Python 3 that `versions` allow: uv brings it where the image has none that fits.
fn only_python(versions: &str) -> Option<(u32, u32)> {
    let requirement = Requirement::parse(&format!("python{versions}"), 0)?;
    // A bound such as `<3.13.2` lies between patch releases: any that fits counts.
    let fits =
        |minor: &u32| [0, 9, 99].iter().any(|patch| requirement.accepts(&format!("3.{minor}.{patch}")) != Some(false));
    let mut minors = (6..40).filter(fits);
    let only = minors.next()?;
    minors.next().is_none().then_some((3, only))
}

/// The groups that flags name, separated by commas.
fn named(options: &Options<'_>, flags: &[&str]) -> Vec<ChosenGroup> {
    let mut found = Vec::new();
    for flag in options.uses(flags) {
        let word = flag.value_argument.unwrap_or(flag.argument).range;
        let names = flag.value.as_ref().map(Value::text).unwrap_or_default().split(',').map(str::trim);
        found.extend(names.filter(|name| !name.is_empty()).map(|name| ChosenGroup::named(name, word)));
    }
    found
}

/// The extras of a project that a command line asks for.
pub(super) fn extras(parsed: &Pyproject, asked: &Extras) -> Vec<InstalledExtra> {
    let mut extras = match asked.all {
        Some(word) => {
            let names = parsed.extras.keys().chain(parsed.dynamic_extra_files.keys());
            names.map(|name| InstalledExtra { name: name.clone(), word, all: true }).collect()
        }
        None => asked.named.clone(),
    };
    extras.retain(|extra| !asked.without.contains(&extra.name));
    extras
}
