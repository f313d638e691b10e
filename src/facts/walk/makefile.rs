//! `make TARGET` where the Makefile is in the context.

use std::collections::HashSet;

use crate::dockerfile::Value;

use super::super::paths::resolve_value;
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

impl Follow<'_, '_, '_> {
    /// Follows the recipes of the targets that `make` is asked for.
    pub(super) fn make(&mut self, arguments: &[Argument], starter: Starter<'_>) {
        let mut folder = self.shell.workdir.clone();
        let mut file = None;
        let mut targets = Vec::new();
        let mut overrides = Vec::new();
        let mut words = arguments.iter().skip(1).map(|argument| argument.value.text());
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
        let Some((path, mut makefile)) = names.iter().find_map(|name| self.read_makefile(&folder, name)) else {
            self.unread();
            return;
        };
        for (name, value) in overrides {
            makefile.variables.set(&name, &value);
        }
        if targets.is_empty() {
            targets.extend(makefile.targets.iter().map(|(name, _)| name).find(|name| !name.starts_with('.')).cloned());
        }
        let mut seen = HashSet::new();
        let mut text = String::new();
        for target in targets {
            makefile.collect(&target, &mut seen, &mut text);
        }
        let outer = std::mem::replace(&mut self.shell.workdir, folder);
        self.foreign(&text, starter, Origin::Elsewhere(path), true);
        self.shell.workdir = outer;
    }

    fn read_makefile(&self, folder: &Value, name: &str) -> Option<(String, Makefile)> {
        let mut makefile = Makefile::default();
        let mut pending = vec![name.to_owned()];
        let mut first = None;
        for _ in 0..INCLUDE_LIMIT {
            let Some(name) = pending.pop() else { break };
            let path = resolve_value(folder, &Value::new(name));
            let origin = self.facts.origin(self.stage, self.run.instruction, path.known()?, Some(&self.run.mounts));
            let Some(file) = origin.and_then(|origin| self.facts.workspace.read(&origin).ok()) else { continue };
            first.get_or_insert_with(|| file.path().to_owned());
            makefile.read(file.text(), &mut pending);
        }
        Some((first?, makefile))
    }
}

impl Makefile {
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
