//! Files of a context that read the history or `.env`, as far as their text tells.

use std::sync::Arc;

use crate::context::{Tree, TreeFile};
use crate::workspace::{Workspace, join};

/// Files looked into, and how large they may be, before the answer is that nobody knows.
const MAX_FILES: usize = 5_000;
const MAX_BYTES: u64 = 512_000;

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
}

impl Sources<'_> {
    /// What in the files reads the history of the repository. `runs_git` says whether git can run in an image.
    pub(super) fn reader_of_git(&self, runs_git: bool) -> Option<Reader> {
        let certain = self.first("git manifest", is_build_manifest, |name, text| history_in_manifest(name, text));
        match certain {
            Ok(Some((file, what))) => return Some(Reader::Certain(format!("`{file}` uses `{what}`"))),
            Err(reason) => return Some(Reader::Possible(reason)),
            Ok(None) => {}
        }
        if !runs_git {
            return None;
        }
        match self.first("git code", is_code, |_, text| git_command_in(text).or_else(|| git_library_in(text))) {
            Ok(Some((file, what))) => Some(Reader::Possible(format!("`{file}` may run `{what}`"))),
            Err(reason) => Some(Reader::Possible(reason)),
            Ok(None) => None,
        }
    }

    /// What in the files reads `.env`.
    pub(super) fn reader_of_dotenv(&self) -> Option<Reader> {
        let found = self.first("dotenv", |name| is_code(name) || is_manifest(name), dotenv_in);
        match found {
            Ok(Some((file, what))) => Some(Reader::Possible(format!("`{file}` ({what})"))),
            Err(reason) => Some(Reader::Possible(reason)),
            Ok(None) => None,
        }
    }

    /// The first Python file that names `node_modules`.
    pub(super) fn python_reader_of_node_modules(&self) -> Option<Reader> {
        let mentions = |_: &str, text: &str| text.contains("node_modules").then(|| "node_modules".to_owned());
        match self.first("node_modules", |name| name.ends_with(".py"), mentions) {
            Ok(Some((file, _))) => Some(Reader::Possible(format!("`{file}` names it"))),
            Err(reason) => Some(Reader::Possible(reason)),
            Ok(None) => None,
        }
    }

    /// The first file (relative to the context) among those `wanted` by name in which `search` finds something. An error says
    /// why nobody knows.
    fn first(
        &self,
        key: &str,
        wanted: impl Fn(&str) -> bool,
        search: impl Fn(&str, &str) -> Option<String>,
    ) -> Result<Option<(String, String)>, String> {
        let mut seen = 0;
        for file in self.own.iter().filter_map(|&index| self.tree.files.get(index)) {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            if !wanted(name) || file.bytes > MAX_BYTES || is_aside(&file.path) {
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

    fn search(&self, key: &str, file: &TreeFile, name: &str, search: &impl Fn(&str, &str) -> Option<String>) -> Option<String> {
        let path = join(self.context, &file.path)?;
        let source = self.workspace.read(&path).ok()?;
        let found: Arc<Option<String>> =
            self.workspace.remembered_of(&format!("{key}\0{path}"), &source, || search(name, source.text()));
        (*found).clone()
    }
}

/// Folders whose files neither a build nor a service runs.
fn is_aside(path: &str) -> bool {
    const ASIDE: [&str; 14] = [
        "tests", "test", "__tests__", "docs", "doc", "examples", "example", ".github", "site-packages", "benchmarks", "fixtures",
        "notebooks", "e2e", "cypress",
    ];
    path.split('/').any(|part| ASIDE.contains(&part))
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_code(name: &str) -> bool {
    matches!(extension(name), "py" | "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "rb" | "php" | "go")
}

fn is_manifest(name: &str) -> bool {
    let requirements = extension(name) == "txt" && name.contains("requirements");
    requirements || matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile" | "package.json" | "composer.json" | "Gemfile" | "go.mod" | "Cargo.toml" | "mix.exs" | "pom.xml" | "bunfig.toml") || name.ends_with(".gradle") || name.ends_with(".gradle.kts")
}

/// Files that say how a version is made.
fn is_build_manifest(name: &str) -> bool {
    let named = matches!(
        name,
        "pyproject.toml" | "setup.py" | "setup.cfg" | "versioneer.py" | "package.json" | "Cargo.toml" | "build.rs" | "pom.xml"
            | "meson.build" | "mix.exs" | "mkdocs.yml" | "mkdocs.yaml" | "lerna.json" | "nx.json" | "GitVersion.yml" | "version.json"
    );
    named
        || matches!(extension(name), "gradle" | "kts" | "cmake" | "csproj" | "fsproj" | "props" | "targets" | "gemspec" | "sbt")
        || name == "CMakeLists.txt"
        || name.contains(".config.")
        || name.starts_with("docusaurus")
}

/// What of a build manifest needs the history.
fn history_in_manifest(name: &str, text: &str) -> Option<String> {
    const TOOLS: [&str; 32] = [
        "setuptools_scm", "setuptools-scm", "hatch-vcs", "hatch_vcs", "versioningit", "versioneer", "pbr", "dunamai",
        "poetry-dynamic-versioning", "poetry-version-plugin", "uv-dynamic-versioning", "flit_scm", "setuptools-git", "setuptools_git",
        "hatch-regex-commit", "miniver", "vergen", "shadow-rs", "shadow_rs", "git-version", "git_version", "git2", "Nerdbank.GitVersioning",
        "MinVer", "GitVersion", "git-commit-id", "gradle-git-properties", "axion-release", "jgitver", "git-revision-date",
        "git-revision-webpack-plugin", "git-rev-sync",
    ];
    let word_around = |at: usize, length: usize| {
        let joins = |character: char| character.is_alphanumeric() || character == '_';
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + length..).and_then(|after| after.chars().next());
        !before.is_some_and(joins) && !after.is_some_and(joins)
    };
    if name == "versioneer.py" {
        return Some("versioneer".to_owned());
    }
    let tool = TOOLS.iter().find(|tool| text.match_indices(**tool).any(|(at, _)| word_around(at, tool.len())));
    let scm = (name == "pyproject.toml" && text.contains("source = \"scm\"")).then_some(&"source = \"scm\"");
    let restored = text.contains("showLastUpdateTime").then_some(&"showLastUpdateTime");
    tool.or(scm).or(restored).map(|tool| (*tool).to_owned()).or_else(|| git_command_in(text))
}

/// A command of git that reads a repository, as shells and programs write it: `git describe`, `["git", "describe"`.
pub(super) fn git_command_in(text: &str) -> Option<String> {
    const READING: [&str; 19] = [
        "rev-parse", "describe", "log", "ls-files", "show", "tag", "status", "rev-list", "shortlog", "branch", "symbolic-ref", "diff",
        "submodule", "archive", "name-rev", "cat-file", "blame", "for-each-ref", "show-ref",
    ];
    let named = text.match_indices("git").find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || "-_.@:".contains(character)) {
            return None;
        }
        let rest = text.get(at + 3..)?;
        let skipped = rest.trim_start_matches([' ', '"', '\'', ',', '`']);
        if skipped.len() == rest.len() || rest.len() - skipped.len() > 6 {
            return None;
        }
        let end = skipped.find(|character: char| !(character.is_ascii_lowercase() || character == '-')).unwrap_or(skipped.len());
        READING.contains(&skipped.get(..end)?).then(|| format!("git {}", skipped.get(..end).unwrap_or_default()))
    });
    named.or_else(|| (text.contains(".git/HEAD") || text.contains(".git/refs")).then(|| ".git/HEAD".to_owned()))
}

/// A library that reads the repository around the program.
fn git_library_in(text: &str) -> Option<String> {
    let found = ["search_parent_directories", "git.Repo(", "from git import Repo", "vcs.revision", "simpleGit("];
    found.into_iter().find(|library| text.contains(library)).map(str::to_owned)
}

/// What of a file reads `.env`.
fn dotenv_in(name: &str, text: &str) -> Option<String> {
    if matches!(name, "package.json" | "composer.json" | "bunfig.toml") {
        // Vite, Next.js, Create React App, Laravel, Symfony: most tools of these ecosystems read it unasked.
        return Some("its tools read `.env`".to_owned());
    }
    const SIGNS: [&str; 12] = [
        "dotenv", "decouple", "environs", "dynaconf", "env_file", "read_env", "pydantic-settings", "pydantic_settings", "viper", "\".env", "'.env",
        "/.env",
    ];
    SIGNS.into_iter().find(|sign| text.contains(sign)).map(|sign| format!("`{}`", sign.trim_start_matches(['"', '\''])))
}
