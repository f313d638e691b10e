//! What reads the history of a repository: commands, libraries, and tools that make a version from it.

use super::super::paths::{file_name, has_ending, is_below};
use super::super::{Argument, Facts, Invocation, Run, StageFacts};
use crate::workspace::join;

/// Whether `git` is asked about the repository that the context is.
pub(super) fn reads_history(invocation: &Invocation, stage: &StageFacts, run: &Run, copied: &[Option<String>]) -> bool {
    let subcommand =
        invocation.arguments.iter().map(|argument| argument.value.text()).find(|text| !text.starts_with('-'));
    let subcommand = subcommand.unwrap_or_default();
    let sets_up = match subcommand {
        // Who trusts a folder means to run git in it.
        "config" => !invocation.has_argument("safe.directory"),
        "lfs" => invocation.has_argument("install"),
        other => matches!(other, "clone" | "init" | "version" | "ls-remote" | ""),
    };
    if sets_up {
        return false;
    }
    let mounted = run.mounts.iter().any(|mount| mount.kind == "bind" && mount.from.is_none());
    if copied.is_empty() && !mounted {
        return false;
    }
    let inside = |place: &Option<String>| match (place, invocation.workdir.known()) {
        (Some(place), Some(workdir)) => {
            let root = place.strip_suffix("/.git").filter(|root| !root.is_empty()).unwrap_or("/");
            is_below(workdir, root) || is_below(root, workdir)
        }
        _ => true,
    };
    if !mounted && !copied.iter().any(inside) {
        return false;
    }
    // What follows a clone is about the clone.
    let all = stage.runs.iter().filter(|other| other.instruction <= run.instruction).flat_map(|run| &run.invocations);
    let cloned =
        all.filter(|other| other.program == "git").any(|other| matches!(other.argument(0), Some("clone" | "init")));
    !(cloned
        && matches!(
            subcommand,
            "checkout"
                | "fetch"
                | "pull"
                | "submodule"
                | "apply"
                | "reset"
                | "switch"
                | "am"
                | "remote"
                | "rev-parse"
                | "log"
        ))
}

impl Facts<'_> {
    /// A requirements file in the build context, whether a step is seen to read it or not, that takes packages from git repositories.
    #[must_use]
    pub fn requirements_from_git(&self) -> Option<String> {
        let key = format!("requirements from git\0{}", self.service.context);
        let found = self.workspace.remembered_of_surroundings(&key, || {
            let tree = self.workspace.own_files();
            let lists = |path: &str| {
                let name = file_name(path);
                has_ending(name, "txt") && (path.contains("requirements") || name.contains("deps"))
            };
            let context = self.service.context.as_str();
            let own = tree.files.iter().filter(|file| context.is_empty() || is_below(&file.path, context));
            let mut files = own.filter(|file| file.bytes < 200_000 && lists(&file.path));
            let names = |path: &str| {
                let is_git = |line: &str| {
                    let line = line.trim_start();
                    !line.starts_with('#') && line.contains("git+")
                };
                self.workspace.read(path).is_ok_and(|file| file.text().lines().any(is_git))
            };
            files.find(|file| names(&file.path)).map(|file| file.path.clone())
        });
        (*found).clone()
    }

    /// The manifest of the project in the build context, and what of it takes the version from git when the project is built:
    /// `pyproject.toml` and `setuptools_scm`.
    #[must_use]
    pub fn version_from_git(&self) -> Option<(String, String)> {
        let names = ["pyproject.toml", "setup.cfg", "setup.py"];
        names.into_iter().find_map(|name| {
            let path = join(&self.service.context, name)?;
            let file = self.workspace.read(&path).ok()?;
            Some((path, history_in_manifest(name, file.text())?))
        })
    }
}

/// Programs that stop, or make something else, outside of a repository.
pub(super) fn needs_repository(program: &str, invocation: &Invocation) -> bool {
    let stamps = |argument: &Argument| matches!(argument.value.text(), "-buildvcs" | "-buildvcs=true");
    match program {
        "pre-commit" | "goreleaser" | "gitversion" | "semantic-release" | "standard-version" | "lefthook"
        | "git-cliff" => true,
        "hugo" => invocation.has_argument("--enableGitInfo"),
        "go" => invocation.arguments.iter().any(stamps),
        _ => false,
    }
}

/// What of a build manifest needs the history.
pub(super) fn history_in_manifest(name: &str, text: &str) -> Option<String> {
    const TOOLS: [&str; 34] = [
        "setuptools_scm",
        "setuptools-scm",
        "hatch-vcs",
        "hatch_vcs",
        "versioningit",
        "versioneer",
        "pbr",
        "dunamai",
        "poetry-dynamic-versioning",
        "poetry-version-plugin",
        "uv-dynamic-versioning",
        "flit_scm",
        "setuptools-git",
        "setuptools_git",
        "hatch-regex-commit",
        "miniver",
        "vergen",
        "shadow-rs",
        "shadow_rs",
        "git-version",
        "git_version",
        "git2",
        "Nerdbank.GitVersioning",
        "MinVer",
        "GitVersion",
        "git-commit-id",
        "gradle-git-properties",
        "axion-release",
        "jgitver",
        "git-revision-date",
        "git-revision-webpack-plugin",
        "git-rev-sync",
        "lefthook install",
        "simple-git-hooks",
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
        "rev-parse",
        "describe",
        "log",
        "ls-files",
        "show",
        "tag",
        "status",
        "rev-list",
        "shortlog",
        "branch",
        "symbolic-ref",
        "diff",
        "submodule",
        "archive",
        "name-rev",
        "cat-file",
        "blame",
        "for-each-ref",
        "show-ref",
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
        let end = skipped
            .find(|character: char| !(character.is_ascii_lowercase() || character == '-'))
            .unwrap_or(skipped.len());
        READING.contains(&skipped.get(..end)?).then(|| format!("git {}", skipped.get(..end).unwrap_or_default()))
    });
    named.or_else(|| (text.contains(".git/HEAD") || text.contains(".git/refs")).then(|| ".git/HEAD".to_owned()))
}

/// A library that reads the repository around the program.
pub(super) fn git_library_in(text: &str) -> Option<String> {
    let found = [
        "search_parent_directories",
        "git.Repo(",
        "from git import Repo",
        "vcs.revision",
        "ReadBuildInfo",
        "simpleGit(",
    ];
    found.into_iter().find(|library| text.contains(library)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_git_are_known_in_shells_and_programs() {
        for (text, expected) in [
            ("VERSION := $(shell git describe --tags)", Some("git describe")),
            (r#"subprocess.run(["git", "rev-parse", "HEAD"])"#, Some("git rev-parse")),
            ("execSync('git log -1')", Some("git log")),
            (r#"exec.Command("git", "status")"#, Some("git status")),
            ("open('.git/HEAD')", Some(".git/HEAD")),
            ("git clone https://github.com/a/log", None),
            ("import git", None),
            ("https://example.org/x.git log", None),
            ("legit show", None),
            ("the git\nlog", None),
            ("digit", None),
            ("git", None),
            ("", None),
        ] {
            assert_eq!(git_command_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn tools_that_version_by_history_are_known_as_words() {
        for (name, text, expected) in [
            ("pyproject.toml", "requires = [\"setuptools_scm[toml]>=8\"]", Some("setuptools_scm")),
            ("setup.py", "setup(setup_requires=['pbr'], pbr=True)", Some("pbr")),
            ("setup.py", "setup(name='webpbrowser')", None),
            ("pyproject.toml", "[tool.pdm.version]\nsource = \"scm\"\n", Some("source = \"scm\"")),
            ("versioneer.py", "", Some("versioneer")),
            (
                "package.json",
                "{\"scripts\": {\"build\": \"VERSION=$(git describe) vite build\"}}",
                Some("git describe"),
            ),
            ("package.json", "{\"repository\": \"git+https://github.com/a/b.git\"}", None),
        ] {
            assert_eq!(history_in_manifest(name, text).as_deref(), expected, "{name}: {text}");
        }
    }
}
