//! Which extras and groups `uv sync`, `uv export` and `poetry` install.

use crate::dockerfile::Value;
use crate::facts::commands::Options;
use crate::facts::paths::resolve;
use crate::python::PackageName;
use crate::python::pyproject::Pyproject;

use super::InstalledExtra;
use super::collect::{Extras, Reader};
use super::projects::Selection;

impl Reader<'_, '_> {
    /// The project of `uv sync` and `uv export`.
    pub(super) fn uv_sync(&mut self, options: &Options<'_>) {
        for name in options.values(&["--no-install-package", "--no-emit-package"]) {
            self.install.excluded.push(PackageName::new(name.text()));
        }
        self.install.unknown |= options
            .flags
            .iter()
            .any(|flag| flag.name == "--extra" && flag.value.as_ref().is_some_and(|value| value.known().is_none()));
        let member = options.value(&["--package"]).and_then(Value::known);
        let manifest = match member {
            Some(member) => self.facts.sibling_project(&PackageName::new(member), ""),
            None => self.manifest_above(),
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
        let selection = self.uv_selection(&parsed, options);
        self.lock_of(&manifest, "uv.lock");
        self.project(&manifest, &selection, word, Vec::new(), true);
        if options.has(&["--all-packages"]) {
            self.install.unknown = true;
        }
    }

    fn uv_selection(&self, parsed: &Pyproject, options: &Options<'_>) -> Selection {
        let set = |name: &str| {
            let value = self.facts.variable(self.at.run, self.at.invocation, name);
            value.is_some_and(|value| {
                matches!(value.text().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t")
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
        let mut groups: Vec<String> = if no_defaults || only { Vec::new() } else { defaults };
        if options.has(&["--all-groups"]) {
            groups = all_names();
        }
        if no_dev {
            groups.retain(|name| name != "dev");
        }
        groups.extend(options.values(&["--group", "--only-group"]).map(|value| value.text().to_owned()));
        if options.has(&["--only-dev", "--dev"]) && !no_dev {
            groups.push("dev".to_owned());
        }
        let without: Vec<&str> = options.values(&["--no-group"]).map(Value::text).collect();
        groups.retain(|name| !without.contains(&name.as_str()));
        Selection { main: !only, extras: extras(parsed, &Extras::of(options)), groups }
    }

    /// `poetry install` and `poetry export`.
    pub(super) fn poetry(&mut self, options: &Options<'_>) {
        let Some(manifest) = self.manifest_above() else {
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
        let exports = self.at.invocation.arguments.iter().any(|argument| argument.value.text() == "export");
        let groups = parsed.groups.iter().filter(|(name, group)| {
            let named = with.contains(name);
            let by_default = !(group.optional || exports || no_dev && name.as_str() == "dev");
            if only.is_empty() { (named || by_default) && !without.contains(name) } else { only.contains(name) }
        });
        let groups = groups.map(|(name, _)| name.clone()).collect();
        let main =
            (only.is_empty() || only.iter().any(|name| name == "main")) && !without.iter().any(|name| name == "main");
        let selection = Selection { main, extras: extras(&parsed, &Extras::of(options)), groups };
        self.lock_of(&manifest, "poetry.lock");
        let word = self.first_word(options);
        self.project(&manifest, &selection, word, Vec::new(), true);
    }

    /// The nearest manifest at or above the folder that the command runs in.
    fn manifest_above(&self) -> Option<String> {
        let mut folder = self.at.invocation.workdir.known()?.to_owned();
        loop {
            let found = self.origin(&resolve(&folder, "pyproject.toml"));
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
    fn first_word(&self, _options: &Options<'_>) -> crate::text::TextRange {
        let words = &self.at.invocation.arguments;
        let word = words.iter().find(|word| matches!(word.value.text(), "sync" | "install" | "export" | "add"));
        word.or_else(|| words.first()).map_or(self.at.invocation.range, |word| word.range)
    }
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
