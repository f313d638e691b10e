//! Tools for developers among what a program declares for itself.

use crate::catalogue;
use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::python::PackageName;
use crate::workspace::MakeVariables;

use super::development::names_development;
use super::idle::has_needing_parent;
use super::sieve::Words;
use super::usage::{speaks, speaks_in_turn, starts_programs};
use super::{Declared, Program, PythonInstall, Root, has_extension};

/// Tools that install or build: a command that installs them means to run them.
const INSTALLERS: [&str; 8] = ["poetry", "pdm", "pipenv", "hatch", "build", "pip-tools", "uv", "tox"];
/// Programs that test or check, which people also run in the image of the program.
const CHECKERS: [&str; 14] = [
    "pytest", "py.test", "coverage", "mypy", "ruff", "black", "flake8", "pylint", "isort", "tox", "nox", "pyright",
    "locust", "behave",
];
/// What runs notebooks works together.
const NOTEBOOKS: [&str; 9] = [
    "ipykernel",
    "ipython",
    "jupyter",
    "jupyter-client",
    "jupyter-core",
    "nbclient",
    "nbconvert",
    "nbformat",
    "papermill",
];
/// Files in which people write how they run them.
const TASKS: [&str; 9] = [
    "makefile",
    "gnumakefile",
    "justfile",
    "taskfile.yml",
    "taskfile.yaml",
    ".gitlab-ci.yml",
    "jenkinsfile",
    "package.json",
    ".travis.yml",
];
/// Folders of such files.
const TASK_FOLDERS: [&str; 9] =
    ["scripts", "script", "bin", "make", ".github/workflows", ".circleci", ".buildkite", "ci", "tools"];

impl Facts<'_> {
    /// What the install is asked for as a dependency of the program, and is a tool for developers that nothing in the image, no
    /// other package and nobody who runs the image uses.
    #[must_use]
    pub fn main_tools(&self, install: &PythonInstall) -> Vec<&Root> {
        let bundles = self.development_bundles(install);
        let bundled = |place: usize| bundles.iter().any(|bundle| bundle.members.contains(&place));
        // An image without sources may be one that people run their own code in.
        let has_sources = !self.program().sources.is_empty();
        let of_program = |place: usize, root: &Root| {
            let name = root.requirement.name.as_str();
            catalogue::is_development_tool(name)
                && !root.is_of_extra()
                && root.group.is_none()
                && !root.is_brought_along()
                && !has_needing_parent(root)
                && !bundled(place)
                && !(root.declared == Declared::Dockerfile && (INSTALLERS.contains(&name) || !has_sources))
                && !names_development(&root.place.file)
        };
        let places: Vec<usize> = install
            .roots
            .iter()
            .enumerate()
            .filter(|(place, root)| of_program(*place, root))
            .map(|(place, _)| place)
            .collect();
        let Some(index) = self.python_installs().iter().position(|other| std::ptr::eq(other, install)) else {
            return Vec::new();
        };
        let Some(install) = self.python_installs().get(index).filter(|_| !places.is_empty()) else { return Vec::new() };
        if self.has_unknown_words(install) || self.is_checked_in_containers() {
            return Vec::new();
        }
        let needed = |name: &str| {
            let others = self.python_installs().iter().flat_map(|install| &install.roots);
            let others = others.map(|root| root.requirement.name.as_str());
            others
                .filter(|other| !catalogue::is_development_tool(other))
                .any(|other| catalogue::brings(other).contains(name))
        };
        let found = places.into_iter().filter_map(|place| install.roots.get(place));
        found
            .filter(|root| {
                let name = root.requirement.name.as_str();
                !needed(name)
                    && !self.is_explained_for_use(root)
                    && !self.uses_tool(name)
                    && !self.is_way_to_another(name)
            })
            .collect()
    }

    fn uses_tool(&self, name: &str) -> bool {
        let together: &[&str] = if NOTEBOOKS.contains(&name) { &NOTEBOOKS } else { &[] };
        let started = || {
            // A command of several words has the first.
            let commands = catalogue::commands(name).iter().filter_map(|command| command.split(' ').next());
            let first: Vec<&str> = commands.chain([name]).collect();
            let words = Words::of(&first);
            let starts = |path: &String| {
                let Ok(file) = self.workspace.read(path) else { return false };
                let text = file.text();
                if !words.are_in(text) {
                    return false;
                }
                let speaking = |line: &str| line.contains(['"', '\'']) && speaks(&line.to_lowercase(), name);
                let named = text.contains(name) && text.lines().any(speaking);
                (named || catalogue::commands(name).iter().any(|command| speaks_in_turn(text, command)))
                    && self.imports_of(path).is_some_and(|imports| starts_programs(&imports))
            };
            *self.of_sources(&format!("started\0{name}"), || {
                self.first_in_sources(|path| (!Program::is_aside(path) && starts(path)).then_some(())).is_some()
            })
        };
        std::iter::once(name).chain(together.iter().copied()).any(|name| self.runtime_use(name).is_some()) || started()
    }

    /// Whether the program uses what only the tool brings: `pytest-playwright` for playwright.
    fn is_way_to_another(&self, name: &str) -> bool {
        let others = || self.python_installs().iter().flat_map(|install| &install.roots);
        let others = || others().map(|root| root.requirement.name.as_str()).filter(|other| *other != name);
        catalogue::brings(name)
            .into_iter()
            .filter(|brought| *brought != name && !catalogue::is_development_tool(brought))
            .filter(|brought| !others().any(|other| catalogue::brings(other).contains(brought)))
            .any(|brought| self.runtime_use(brought).is_some())
    }

    /// Whether people test or check inside the image: `docker compose run web pytest` in a Makefile, `command: pytest` in a
    /// compose file.
    #[must_use]
    pub fn is_checked_in_containers(&self) -> bool {
        let composed = self.deployment_files().filter(|path| has_extension(path, &["yml", "yaml"]));
        if composed
            .into_iter()
            .any(|path| self.has_line(&path, |line| line.contains("command") || line.starts_with("- ")))
        {
            return true;
        }
        let mut folders: Vec<String> = vec![
            String::new(),
            self.service.context.clone(),
            crate::workspace::parent(&self.service.dockerfile).to_owned(),
        ];
        folders.dedup();
        let bases = folders.clone();
        folders.extend(bases.iter().flat_map(|base| {
            TASK_FOLDERS
                .iter()
                .map(move |folder| if base.is_empty() { (*folder).to_owned() } else { format!("{base}/{folder}") })
        }));
        folders.sort_unstable();
        folders.dedup();
        folders.iter().any(|folder| {
            let aside = TASK_FOLDERS.iter().any(|name| folder.ends_with(name));
            self.workspace.list(folder).into_iter().any(|entry| {
                let name = entry.name.to_lowercase();
                let tells = TASKS.contains(&name.as_str())
                    || has_extension(&name, &["sh", "mk"])
                    || (aside && (has_extension(&name, &["yml", "yaml"]) || !name.contains('.')));
                let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
                !entry.is_dir
                    && tells
                    && self.has_line(&path, |line| {
                        (line.contains("docker")
                            || line.contains("compose")
                            || line.contains("podman")
                            || line.contains("kubectl"))
                            && (line.contains("run ") || line.contains("exec "))
                    })
            })
        })
    }

    /// Whether a line that `speaks` has one of the checkers as a word.
    fn has_line(&self, path: &str, speaks: impl Fn(&str) -> bool) -> bool {
        let Ok(file) = self.workspace.read(path) else { return false };
        // The plugin of Buildkite runs each command of the file in a service.
        let all = file.text().contains("docker-compose#");
        let variables = MakeVariables::read(file.text());
        let lines = file.text().lines().map(|line| variables.expanded(line.trim()));
        let mut lines = lines.filter(|line| all || speaks(line));
        lines.any(|line| {
            let words = line.split(|character: char| character.is_whitespace() || "\"'[],;=".contains(character));
            words.map(file_name).any(|word| {
                let is_test_script = has_extension(word, &["sh"]) && word.to_lowercase().contains("test");
                CHECKERS.contains(&word) || CHECKERS.contains(&PackageName::new(word).as_str()) || is_test_script
            })
        })
    }
}
