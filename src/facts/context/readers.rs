//! Files of a context that read the history or `.env`, as far as their text tells.

use std::sync::Arc;

use crate::context::{Tree, TreeFile};
use crate::workspace::{Workspace, join};

use super::super::paths::file_name;
use super::history::{git_command_in, git_library_in, history_in_manifest};
use super::needs::{Does, Needs};

/// Files looked into, and how large they may be, before the answer is that nobody knows.
pub(super) const MAX_FILES: usize = 5_000;
pub(super) const MAX_BYTES: u64 = 512_000;

/// What reads something, and how sure that is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reader {
    /// The build or the image does; in words.
    Certain(String),
    /// It may.
    Possible(String),
}

/// Files of a context that are its own.
pub(super) struct Sources<'w> {
    pub workspace: &'w Workspace,
    pub context: &'w str,
    pub tree: &'w Tree,
    /// Indexes into the tree's files.
    pub own: &'w [usize],
    /// The Dockerfiles that take what is looked for.
    pub takers: Vec<&'w Needs>,
}

impl Sources<'_> {
    /// What in the files reads the history of the repository.
    pub(super) fn reader_of_git(&self) -> Option<Reader> {
        let wanted = |path: &str| is_build_manifest(file_name(path)) && self.is_used(file_name(path));
        let certain = self.first("git manifest", wanted, history_in_manifest);
        match certain {
            Ok(Some((file, what))) => return Some(Reader::Certain(format!("`{file}` uses `{what}`"))),
            Err(reason) => return Some(Reader::Possible(reason)),
            Ok(None) => {}
        }
        if !self.takers.iter().any(|build| build.does(Does::HaveGit)) {
            return None;
        }
        let wanted = |path: &str| is_code(path) && (!is_for_developers(path) || self.is_run(file_name(path)));
        match self.first("git code", wanted, |_, text| git_command_in(text).or_else(|| git_library_in(text))) {
            Ok(Some((file, what))) => Some(Reader::Possible(format!("`{file}` may run `{what}`"))),
            Err(reason) => Some(Reader::Possible(reason)),
            Ok(None) => None,
        }
    }

    /// Whether a step can read a manifest of this name.
    fn is_used(&self, name: &str) -> bool {
        let runs = |program: &str| self.takers.iter().any(|build| build.programs.contains(program));
        match name {
            "package.json" | "lerna.json" | "nx.json" => self.takers.iter().any(|build| build.does(Does::RunNode)),
            "Makefile" | "makefile" | "GNUmakefile" => runs("make"),
            "justfile" | "Justfile" => runs("just"),
            "Taskfile.yml" | "Taskfile.yaml" => runs("task"),
            "Rakefile" => runs("rake") || runs("bundle"),
            _ if extension(name) == "mk" => runs("make"),
            _ => !name.contains(".config.") || self.takers.iter().any(|build| build.does(Does::RunNode)),
        }
    }

    /// Whether a step or a start script mentions a file of this name.
    fn is_run(&self, name: &str) -> bool {
        self.takers.iter().any(|build| build.says(name) || build.programs.contains(name))
    }

    /// What in the files reads `.env`.
    pub(super) fn reader_of_dotenv(&self) -> Option<Reader> {
        let wanted = |path: &str| is_code(path) || is_manifest(file_name(path));
        // The program itself is better evidence than what lies around it.
        let found = match self.first("dotenv", |path| wanted(path) && !is_for_developers(path), dotenv_in) {
            Ok(None) => self.first("dotenv", |path| wanted(path) && is_for_developers(path), dotenv_in),
            found => found,
        };
        match found {
            Ok(Some((file, what))) => Some(Reader::Possible(format!("{what} of `{file}` may read it"))),
            Err(reason) => Some(Reader::Possible(reason)),
            Ok(None) => None,
        }
    }

    /// The first Python file that names `node_modules`.
    pub(super) fn python_reader_of_node_modules(&self) -> Option<Reader> {
        let mentions = |_: &str, text: &str| text.contains("node_modules").then(|| "node_modules".to_owned());
        match self.first("node_modules", |path| extension(path) == "py" && !is_for_developers(path), mentions) {
            Ok(Some((file, _))) => Some(Reader::Possible(format!("`{file}` names it"))),
            Err(reason) => Some(Reader::Possible(reason)),
            Ok(None) => None,
        }
    }

    /// The first file (relative to the context) among those `wanted` by path in which `search` finds something. An error says
    /// why nobody knows.
    pub(super) fn first(
        &self,
        key: &str,
        wanted: impl Fn(&str) -> bool,
        search: impl Fn(&str, &str) -> Option<String>,
    ) -> Result<Option<(String, String)>, String> {
        let mut seen = 0;
        for file in self.own.iter().filter_map(|&index| self.tree.files.get(index)) {
            let name = file_name(&file.path);
            if !wanted(&file.path) || file.bytes > MAX_BYTES || is_aside(&file.path) {
                continue;
            }
            seen += 1;
            if seen > MAX_FILES {
                return Err("there are too many files to look into".to_owned());
            }
            if let Some(found) = self.search(key, file, name, &search) {
                return Ok(Some((file.path.clone(), found)));
            }
        }
        Ok(None)
    }

    fn search(
        &self,
        key: &str,
        file: &TreeFile,
        name: &str,
        search: &impl Fn(&str, &str) -> Option<String>,
    ) -> Option<String> {
        let path = join(self.context, &file.path)?;
        let source = self.workspace.read(&path).ok()?;
        let found: Arc<Option<String>> =
            self.workspace.remembered_of(&format!("{key}\0{path}"), &source, || search(name, source.text()));
        (*found).clone()
    }
}

/// Folders whose files neither a build nor a service runs.
pub(super) fn is_aside(path: &str) -> bool {
    const ASIDE: [&str; 14] = [
        "tests",
        "test",
        "__tests__",
        "docs",
        "doc",
        "examples",
        "example",
        ".github",
        "site-packages",
        "benchmarks",
        "fixtures",
        "notebooks",
        "e2e",
        "cypress",
    ];
    path.split('/').any(|part| ASIDE.contains(&part))
}

/// Folders whose programs people run on their own machines.
fn is_for_developers(path: &str) -> bool {
    const WORKSHOPS: [&str; 9] = ["scripts", "tools", "tool", "hack", "ci", "skills", "release", "devtools", "contrib"];
    path.rsplit_once('/')
        .is_some_and(|(folders, _)| folders.split('/').any(|part| part.starts_with('.') || WORKSHOPS.contains(&part)))
}

/// What stands behind the last dot.
pub(super) fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Whether a file is a program in a language that has no build manifest of its own to say so.
pub(super) fn is_code(name: &str) -> bool {
    matches!(extension(name), "py" | "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "rb" | "php" | "go")
}

pub(super) fn is_manifest(name: &str) -> bool {
    let requirements = extension(name) == "txt" && name.contains("requirements");
    requirements
        || matches!(
            name,
            "pyproject.toml"
                | "setup.py"
                | "setup.cfg"
                | "Pipfile"
                | "package.json"
                | "composer.json"
                | "Gemfile"
                | "go.mod"
                | "Cargo.toml"
                | "mix.exs"
                | "pom.xml"
                | "bunfig.toml"
        )
        || name.ends_with(".gradle")
        || name.ends_with(".gradle.kts")
}

/// Files that say how a version is made.
fn is_build_manifest(name: &str) -> bool {
    let named = matches!(
        name,
        "pyproject.toml"
            | "setup.py"
            | "setup.cfg"
            | "versioneer.py"
            | "package.json"
            | "Cargo.toml"
            | "build.rs"
            | "pom.xml"
            | "meson.build"
            | "mix.exs"
            | "Makefile"
            | "makefile"
            | "GNUmakefile"
            | "justfile"
            | "Justfile"
            | "Taskfile.yml"
            | "Taskfile.yaml"
            | "Rakefile"
            | "lerna.json"
            | "nx.json"
            | "GitVersion.yml"
            | "version.json"
    );
    named
        || matches!(
            extension(name),
            "gradle" | "kts" | "cmake" | "csproj" | "fsproj" | "props" | "targets" | "gemspec" | "sbt" | "mk"
        )
        || name == "CMakeLists.txt"
        || name.contains(".config.")
}

/// What of a file reads `.env`.
fn dotenv_in(name: &str, text: &str) -> Option<String> {
    const SIGNS: [&str; 12] = [
        "dotenv",
        "decouple",
        "environs",
        "dynaconf",
        "env_file",
        "read_env",
        "pydantic-settings",
        "pydantic_settings",
        "viper",
        "\".env",
        "'.env",
        "/.env",
    ];
    if matches!(name, "package.json" | "composer.json" | "bunfig.toml") {
        // Vite, Next.js, Create React App, Laravel, Symfony: most tools of these ecosystems read it unasked.
        return Some("the tools".to_owned());
    }
    SIGNS.into_iter().find(|sign| text.contains(sign)).map(|sign| format!("`{}`", sign.trim_start_matches(['"', '\''])))
}
