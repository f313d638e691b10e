//! `make TARGET` where the Makefile is in the context.

use std::collections::HashSet;

use crate::dockerfile::Value;

use super::super::paths::resolve_value;
use super::super::{Facts, Mount};
use super::{Argument, Follow, Origin, Starter};
use crate::workspace::MakeVariables;

/// What of a Makefile matters here.
#[derive(Default)]
struct Makefile {
    variables: MakeVariables,
    targets: Vec<(String, Target)>,
}

#[derive(Default)]
struct Target {
    needs: Vec<String>,
    recipe: Vec<String>,
}

/// Files that a Makefile may include before the rest is left out.
const INCLUDE_LIMIT: usize = 16;

/// What `make` runs.
pub(in crate::facts) struct Recipes {
    /// The Makefile.
    pub(in crate::facts) path: String,
    /// The folder in which `make` works.
    pub(in crate::facts) folder: Value,
    /// The commands, one a line.
    pub(in crate::facts) text: String,
}

impl Follow<'_, '_, '_> {
    /// Follows the recipes of the targets that `make` is asked for.
    pub(super) fn make(&mut self, arguments: &[Argument], starter: Starter<'_>) {
        let words = arguments.iter().skip(1).map(|argument| argument.value.text());
        let place = (self.stage, self.run.instruction, Some(self.run.mounts.as_slice()));
        let Some(recipes) = self.facts.recipes(place, &self.shell.workdir, words) else {
            self.unread();
            return;
        };
        let outer = std::mem::replace(&mut self.shell.workdir, recipes.folder);
        self.foreign(&recipes.text, starter, Origin::Elsewhere(recipes.path), true);
        self.shell.workdir = outer;
    }
}

/// The stage, the number of the instruction before which, and the mounts with which files are looked for.
type Place<'m> = (usize, usize, Option<&'m [Mount]>);

impl Facts<'_> {
    /// What `make` runs that is called with `words` in the folder `workdir`. `None` without a Makefile.
    pub(in crate::facts) fn recipes<'w>(
        &self,
        place: Place<'_>,
        workdir: &Value,
        mut words: impl Iterator<Item = &'w str>,
    ) -> Option<Recipes> {
        let mut folder = workdir.clone();
        let mut file = None;
        let mut targets = Vec::new();
        let mut overrides = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "-C" | "--directory" => folder = resolve_value(&folder, &Value::new(words.next().unwrap_or_default())),
                "-f" | "--file" | "--makefile" => file = words.next().map(str::to_owned),
                "-j" | "-l" | "-I" | "-o" | "-W" => {}
                flag if flag.starts_with('-') => {}
                word => match word.split_once('=') {
                    Some((name, value)) => overrides.push((name.to_owned(), value.to_owned())),
                    None => targets.push(word.to_owned()),
                },
            }
        }
        let names =
            file.map_or_else(|| ["GNUmakefile", "makefile", "Makefile"].map(str::to_owned).to_vec(), |file| vec![file]);
        let (path, mut makefile) = names.iter().find_map(|name| self.read_makefile(place, &folder, name))?;
        for (name, value) in overrides {
            makefile.variables.set(&name, &value);
        }
        if targets.is_empty() {
            targets.extend(makefile.default_goal());
        }
        let mut seen = HashSet::new();
        let mut text = String::new();
        for target in targets {
            makefile.collect(&target, &mut seen, &mut text);
        }
        Some(Recipes { path, folder, text })
    }

    fn read_makefile(&self, place: Place<'_>, folder: &Value, name: &str) -> Option<(String, Makefile)> {
        let (stage, before, mounts) = place;
        let mut makefile = Makefile::default();
        // What make itself sets (GNU make, "Variables Used by Implicit Rules"), of which recipes call what deletes.
        makefile.variables.set("RM", "rm -f");
        let mut pending = vec![name.to_owned()];
        let mut first = None;
        for _ in 0..INCLUDE_LIMIT {
            let Some(name) = pending.pop() else { break };
            let path = resolve_value(folder, &Value::new(name));
            let origin = self.origin(stage, before, path.known()?, mounts);
            let Some(file) = origin.and_then(|origin| self.workspace.read(&origin).ok()) else { continue };
            first.get_or_insert_with(|| file.path().to_owned());
            makefile.read(file.text(), &mut pending);
        }
        Some((first?, makefile))
    }
}

impl Makefile {
    /// What is made when nobody says what: `.DEFAULT_GOAL`, else the first target.
    fn default_goal(&self) -> Option<String> {
        const NAMED: &str = "$(.DEFAULT_GOAL)";
        let named = self.variables.expanded(NAMED);
        if named != NAMED {
            return Some(named);
        }
        self.targets.iter().map(|(name, _)| name).find(|name| !name.starts_with('.')).cloned()
    }

    fn read(&mut self, text: &str, includes: &mut Vec<String>) {
        let joined = text.replace("\r\n", "\n").replace("\\\n", " ");
        let mut current: Vec<usize> = Vec::new();
        for line in joined.lines() {
            if let Some(recipe) = line.strip_prefix('\t') {
                for &index in &current {
                    if let Some((_, target)) = self.targets.get_mut(index) {
                        target.recipe.push(recipe.to_owned());
                    }
                }
                continue;
            }
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(files) = line.strip_prefix("include ").or_else(|| line.strip_prefix("-include ")) {
                includes.extend(files.split_whitespace().map(str::to_owned));
            } else if !self.variables.assign(line)
                && let Some((names, needs)) = line.split_once(':')
            {
                current.clear();
                for name in names.split_whitespace() {
                    let needs = needs.split_whitespace().map(str::to_owned).collect();
                    current.push(self.targets.len());
                    self.targets.push((name.to_owned(), Target { needs, recipe: Vec::new() }));
                }
            }
        }
    }

    /// The recipes of a target and of what it needs, one command a line.
    fn collect(&self, name: &str, seen: &mut HashSet<String>, text: &mut String) {
        if seen.len() > 200 || !seen.insert(name.to_owned()) {
            return;
        }
        for (_, target) in self.targets.iter().filter(|(target, _)| target == name) {
            for need in &target.needs {
                self.collect(need, seen, text);
            }
            for line in &target.recipe {
                text.push_str(&self.variables.expanded(line.trim_start_matches(['@', '-', '+', ' '])));
                text.push('\n');
            }
        }
    }
}
