//! What an install brings for development only: groups, extras and requirements files that are made for it.

use std::sync::Arc;

use crate::catalogue;
use crate::dockerfile::{Keyword, UNKNOWN, Value};
use crate::facts::commands::{Pdm, Pip, PipAction, Poetry, Uv, removal};
use crate::facts::paths::{bare, file_name, resolve};
use crate::facts::purpose::is_folder_of_tests;
use crate::facts::{Facts, Guard, Invocation, StageFacts};
use crate::python::PackageName;
use crate::text::TextRange;

use super::sieve::Words;
use super::usage::speaks_in_turn;
use super::{Declared, GroupChoice, Place, Program, PythonInstall, Reached, Root, Tool};

/// Parts of the names of groups, extras and requirements files that are for development.
const NAMES: [&str; 28] = [
    "dev",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "lint",
    "linter",
    "linters",
    "linting",
    "typing",
    "types",
    "typecheck",
    "mypy",
    "format",
    "formatting",
    "style",
    "qa",
    "quality",
    "ci",
    "doc",
    "docs",
    "check",
    "checks",
    "debug",
    "coverage",
    "e2e",
    "benchmark",
];

/// How development dependencies are bundled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BundleKind {
    /// A dependency group, and why it is installed.
    Group(GroupChoice),
    /// An extra of a local project.
    Extra,
    /// A requirements file.
    File,
}

/// Development dependencies that are installed together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bundle {
    /// What they are bundled as.
    pub kind: BundleKind,
    /// The name of the group or extra; the path of the file.
    pub name: String,
    /// Where it is declared.
    pub place: Place,
    /// The word of the Dockerfile that asks for it, or the one that installs.
    pub word: TextRange,
    /// Indexes among the install's roots.
    pub members: Vec<usize>,
}

impl Bundle {
    /// Whether both are the same group, extra or file.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.place.file == other.place.file
            && std::mem::discriminant(&self.kind) == std::mem::discriminant(&other.kind)
    }
}

/// Whether a group, extra or file of this name is for development.
#[must_use]
pub fn speaks_of_development(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.split(['-', '_', '.', '/', ' ']).any(|part| NAMES.contains(&part))
}

impl Facts<'_> {
    /// The bundles of development dependencies among what the install takes: those whose name says so, and groups and extras that
    /// hold nothing but tools for developers. An extra or a file must hold one such tool at least.
    #[must_use]
    pub fn development_bundles(&self, install: &PythonInstall) -> Vec<Bundle> {
        let mut found = Vec::new();
        let members_of = |wanted: &dyn Fn(&Root) -> bool| -> Vec<usize> {
            install.roots.iter().enumerate().filter(|(_, root)| wanted(root)).map(|(index, _)| index).collect()
        };
        for group in &install.groups {
            let members =
                members_of(&|root| root.group.as_ref() == Some(&group.name) && root.place.file == group.place.file);
            if !members.is_empty() && (speaks_of_development(&group.name) || only_tools(install, &members)) {
                let kind = BundleKind::Group(group.why);
                let place = group.place.clone();
                found.push(Bundle { kind, name: group.name.clone(), place, word: group.word, members });
            }
        }
        for project in install.projects.iter().filter(|project| project.direct) {
            let Ok(parsed) = self.workspace.pyproject(&project.manifest) else { continue };
            for extra in &project.extras {
                let own = |root: &Root| root.place.file == project.manifest || root.declared == Declared::Project;
                let members = members_of(&|root| root.extra.as_ref() == Some(&extra.name) && own(root));
                let named = speaks_of_development(extra.name.as_str());
                if !(named && holds_tool(install, &members) || only_tools(install, &members)) {
                    continue;
                }
                let range = parsed.extras.get(&extra.name).map(|extra| extra.range).unwrap_or_default();
                let place = Place { file: Arc::clone(&project.manifest), range };
                let name = extra.name.to_string();
                found.push(Bundle { kind: BundleKind::Extra, name, place, word: extra.word, members });
            }
        }
        self.included_extras(install, &mut found);
        let mut files: Vec<&Arc<str>> = Vec::new();
        for root in install.roots.iter().filter(|root| root.declared == Declared::Requirements) {
            if files.contains(&&root.place.file) || !names_development(&root.place.file) {
                continue;
            }
            files.push(&root.place.file);
            let members = members_of(&|other| other.place.file == root.place.file && !other.is_brought_along());
            if holds_tool(install, &members) {
                let place = Place { file: Arc::clone(&root.place.file), range: TextRange::empty(0) };
                let name = root.place.file.to_string();
                found.push(Bundle { kind: BundleKind::File, name, place, word: root.word, members });
            }
        }
        found
    }

    /// Whether the command line may hold more than is known: `uv sync $SYNC_FLAGS`.
    #[must_use]
    pub fn has_unknown_words(&self, install: &PythonInstall) -> bool {
        let Some((_, _, invocation)) = self.site_of(install) else { return true };
        invocation.arguments.iter().any(|argument| argument.value.text().starts_with(UNKNOWN))
    }

    /// Whether a later command takes the bundle out again before its bytes are in a layer of a shipped image: an exact sync
    /// without it, an uninstall, a removal of the environment.
    #[must_use]
    pub fn is_taken_out(&self, install: &PythonInstall, bundle: &Bundle) -> bool {
        let Some((stage, run, _)) = self.site_of(install) else { return false };
        let own_layers = self.is_in_final(install.stage);
        let later = |other_run: usize, other: usize| {
            (other_run == install.run && other > install.invocation) || (!own_layers && other_run > install.run)
        };
        let synced = self.python_installs().iter().any(|other| {
            other.stage == install.stage
                && later(other.run, other.invocation)
                && other.guard == Guard::Always
                && other.tool == install.tool
                && self.site_of(other).is_some_and(|(_, _, invocation)| is_exact(other, invocation))
                && !self.development_bundles(other).iter().any(|kept| kept.is_same(bundle))
        });
        let workdir =
            run.invocations.get(install.invocation).and_then(|invocation| invocation.workdir.known()).unwrap_or("/");
        let environment = resolve(workdir, ".venv");
        let runs = stage.runs.iter().enumerate();
        let invocations =
            runs.flat_map(|(at, run)| run.invocations.iter().enumerate().map(move |(i, one)| (at, i, one)));
        let undone = invocations.filter(|&(at, index, _)| later(at, index)).any(|(_, _, invocation)| {
            let uninstalls = Pip::read(invocation).is_some_and(|pip| pip.action == PipAction::Uninstall)
                || Uv::read(invocation).is_some_and(|uv| uv.action == crate::facts::commands::UvAction::PipUninstall);
            uninstalls || removal(invocation).is_some_and(|removal| removal.covers(&environment))
        });
        synced || undone
    }

    /// How what is shipped uses `package` when it is built or run: a command, an import outside tests, an application that a string
    /// names. `None` when nothing is seen to.
    #[must_use]
    pub fn runtime_use(&self, package: &str) -> Option<Reached> {
        let modules = catalogue::import_names(package);
        let names = |word: &str| {
            let word = file_name(word);
            PackageName::new(word).as_str() == package || modules.iter().any(|module| module == word)
        };
        let command_in =
            |text: &str| catalogue::commands(package).iter().copied().find(|command| speaks_in_turn(text, command));
        let dockerfile = |by: &str| Reached { file: self.source.path().to_owned(), by: by.to_owned() };
        let starts = self.dockerfile.instructions.iter().filter(|instruction| {
            matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
        });
        let text = |word: &str| bare(word).to_owned();
        if let Some(command) = starts.clone().find_map(|instruction| command_in(instruction.body.text())) {
            return Some(dockerfile(command));
        }
        for word in starts.flat_map(|instruction| instruction.body.text().split_whitespace().map(text)) {
            if names(&word) {
                return Some(dockerfile(&word));
            }
            let script = crate::workspace::join(&self.service.context, word.trim_start_matches(['.', '/']));
            let script = script.into_iter().chain(self.start_script(&word)).find_map(|path| {
                let file = self.workspace.read(&path).ok()?;
                let word = file.text().split_whitespace().find(|word| names(&text(word)));
                word.or_else(|| command_in(file.text())).map(|by| (path, by.to_owned()))
            });
            if let Some((file, by)) = script {
                return Some(Reached { file, by });
            }
        }
        let runs = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        for invocation in runs.filter(|invocation| invocation.guard != Guard::Never) {
            let module = invocation.has_argument("-m").then(|| {
                let at = invocation.arguments.iter().position(|argument| argument.value.known() == Some("-m"));
                at.and_then(|at| invocation.argument(at + 1)).unwrap_or_default()
            });
            let called = format!("{} {}", invocation.program, invocation.argument(0).unwrap_or_default());
            let of_other_name =
                catalogue::commands(package).iter().any(|command| *command == invocation.program || *command == called);
            if names(&invocation.program) || of_other_name || module.is_some_and(names) {
                return Some(dockerfile(&format!("RUN {}", module.unwrap_or(&invocation.program))));
            }
        }
        let spelled = Words::of(&modules);
        let find = |path: &String| {
            let imports = self.imports_of_speaking(path, &spelled).filter(|_| !is_test(path))?;
            let module = modules.iter().find(|module| {
                let named = |text: &String| {
                    text == *module || text.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'))
                };
                imports.reaches(module) || imports.strings.iter().any(named)
            })?;
            Some(Reached { file: path.clone(), by: module.clone() })
        };
        let found = self.of_sources(&format!("imported when it runs\0{package}"), || self.first_in_sources(find));
        (*found).clone()
    }

    /// The file of the context behind a path of the image that `CMD` or `ENTRYPOINT` names.
    pub(in crate::facts) fn start_script(&self, word: &str) -> Option<String> {
        let last = self.stages.last()?;
        if !word.contains(['/', '.']) {
            return None;
        }
        let workdir = last.state.workdir.known().unwrap_or("/");
        // `ENTRYPOINT ["docker-entrypoint.sh"]` is looked for along `PATH`.
        let folders: &[&str] = if word.contains('/') { &[] } else { &["/usr/local/bin", "/usr/bin", "/bin"] };
        std::iter::once(&workdir)
            .chain(folders)
            .find_map(|folder| self.origin(last.index, usize::MAX, &resolve(folder, word), None))
    }

    /// Whether an image that is there to run a program, and not to develop or test it, holds what the install brings.
    #[must_use]
    pub fn ships_for_use(&self, install: &PythonInstall) -> bool {
        self.stage_is_for_use(install.stage) && self.ships(install)
    }

    /// Whether what the stage of that number writes can be in an image that is there to run a program, and not to develop or test
    /// it.
    #[must_use]
    pub fn stage_is_for_use(&self, stage: usize) -> bool {
        let in_use = |image: &StageFacts| {
            self.is_runtime_image(image) && !self.serves_development(image) && !self.serves_notebooks(image)
        };
        if self.is_in_final(stage) {
            let heirs = self.descendants(stage);
            return self.finals().any(|image| heirs.contains(&image.index) && in_use(image));
        }
        self.finals().all(in_use)
    }
}

/// Whether an install removes what it is not asked for.
fn is_exact(install: &PythonInstall, invocation: &Invocation) -> bool {
    match install.tool {
        Tool::UvSync => !invocation.has_argument("--inexact"),
        Tool::Poetry => Poetry::read(invocation).is_some_and(|poetry| {
            poetry.subcommand.value.known() == Some("sync") || poetry.options.has(&["--sync", "--remove-untracked"])
        }),
        Tool::Pdm => Pdm::read(invocation).is_some_and(|pdm| pdm.options.has(&["--clean", "--only-keep"])),
        Tool::UvPipSync => true,
        _ => false,
    }
}

fn is_tool(install: &PythonInstall, member: usize) -> bool {
    let root = install.roots.get(member);
    root.is_some_and(|root| catalogue::is_development_tool(root.requirement.name.as_str()))
}

pub(super) fn holds_tool(install: &PythonInstall, members: &[usize]) -> bool {
    members.iter().any(|&member| is_tool(install, member))
}

fn only_tools(install: &PythonInstall, members: &[usize]) -> bool {
    members.len() > 1 && members.iter().all(|&member| is_tool(install, member))
}

/// `requirements-dev.txt`, `dev-requirements.txt`, `requirements/test.txt`
pub(super) fn names_development(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let about = stem.to_lowercase().contains("requirement") || folder.to_lowercase().contains("requirement");
    about && speaks_of_development(stem)
}

/// Whether a source is a test or a task of developers.
fn is_test(path: &str) -> bool {
    let name = file_name(path);
    let named = name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(
            name,
            "conftest.py" | "noxfile.py" | "setup.py" | "tasks.py" | "fabfile.py" | "dodo.py" | "tests.py"
        );
    named || Program::is_aside(path) || path.split('/').any(|part| part.starts_with("test"))
}

/// Whether a switch with this value is on; an unknown one may be.
fn may_be_on(value: &Value) -> bool {
    !matches!(value.text().to_lowercase().as_str(), "" | "0" | "false" | "no" | "off")
}

impl Facts<'_> {
    /// [`Facts::serves_development`], found out.
    pub(in crate::facts) fn is_set_for_development(&self, image: &StageFacts) -> bool {
        const TOOLS: [&str; 17] = [
            "locust",
            "pytest",
            "py.test",
            "tox",
            "nox",
            "mypy",
            "ruff",
            "flake8",
            "pylint",
            "black",
            "pre-commit",
            "coverage",
            "mkdocs",
            "jupyter",
            "jupyter-lab",
            "jupyter-notebook",
            "watchmedo",
        ];
        let side = image.name.as_deref().is_some_and(crate::facts::reach::is_side_stage);
        let variable = |name: &str| image.state.environment.get(name).map(|variable| &variable.value);
        let switched = ["TESTING", "TEST", "CI"].iter().any(|name| variable(name).is_some_and(may_be_on));
        let modes = [
            "ENV",
            "ENVIRONMENT",
            "APP_ENV",
            "FLASK_ENV",
            "DJANGO_ENV",
            "PYTHON_ENV",
            "APP_ENVIRONMENT",
            "NODE_ENV",
            "RAILS_ENV",
            "RACK_ENV",
            "MIX_ENV",
        ];
        // `ARG RAILS_ENV=production`: who builds it without a word gets that.
        let by_default = |name: &str| {
            let arguments = self.dockerfile.instructions.iter().filter(|it| it.keyword == Keyword::Arg);
            let mut pairs =
                arguments.flat_map(|it| it.body.text().split_whitespace()).filter_map(|it| it.split_once('='));
            pairs.any(|(own, value)| own == name && bare(value).to_lowercase().starts_with("prod"))
        };
        let mode = modes.iter().filter(|name| !by_default(name)).filter_map(|name| variable(name)).any(|value| {
            matches!(
                value.text().to_lowercase().as_str(),
                "dev" | "develop" | "development" | "test" | "testing" | "local"
            )
        });
        // `DJANGO_SETTINGS_MODULE=site.settings.local`, `DJANGO_CONFIGURATION=Local`
        let settings = ["DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION"];
        let mode = mode
            || settings.iter().filter_map(|name| variable(name)).any(|value| {
                let text = value.text().to_lowercase();
                let last = text.rsplit('.').next().unwrap_or_default();
                last.split('_').any(|part| matches!(part, "local" | "dev" | "develop" | "development" | "test"))
            });
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let starts = [chain().find_map(|stage| stage.entrypoint), chain().find_map(|stage| stage.command)];
        let instructions = starts.into_iter().flatten().filter_map(|at| self.dockerfile.instructions.get(at));
        let words: Vec<String> = instructions
            .flat_map(|instruction| instruction.body.text().split_whitespace())
            .map(|word| bare(word).to_owned())
            .collect();
        let tool = words.iter().any(|word| TOOLS.contains(&file_name(word)))
            || words.iter().any(|word| word.starts_with("--reload"))
            || words.windows(2).any(|pair| matches!(pair, [one, two] if one == "fastapi" && two == "dev"));
        let path = self.service.dockerfile.to_lowercase();
        let parts = [
            "local",
            "editable",
            "e2e",
            "qa",
            "docs",
            "doc",
            "bench",
            "benchmark",
            "benchmarks",
            "unittest",
            "jupyter",
            "notebook",
        ];
        let named = file_name(&path).split(['.', '-', '_']).any(|part| parts.contains(&part));
        let folders = [
            "tests",
            "test",
            "e2e",
            ".devcontainer",
            "devcontainer",
            "ci",
            ".ci",
            ".github",
            "docs",
            "benchmarks",
            "dev",
            "development",
        ];
        let mut above = path.split('/').rev().skip(1);
        let beside = above.any(|folder| folders.contains(&folder) || is_folder_of_tests(folder));
        side || switched || mode || tool || named || beside || image.image.repository.contains("devcontainers")
    }
}
