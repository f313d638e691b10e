//! What a repository says of the stages that people build with `--target`.

use std::sync::Arc;

use crate::context::Tree;
use crate::text::SourceFile;
use crate::workspace::{NameKind, Workspace, is_dockerfile_name};

use super::paths::file_name;
use super::{Base, Facts, StageFacts};

/// Files looked into, and how large they may be, before the answer is that nobody knows.
const MAX_FILES: usize = 4_000;
const MAX_BYTES: u64 = 400_000;
/// Dockerfiles beyond these are not looked at.
const MAX_DOCKERFILES: usize = 2_000;

/// Names of stages that are made to be built by hand, in whatever part of the name they stand.
const PURPOSES: [&str; 62] = [
    "test",
    "tests",
    "testing",
    "unittest",
    "unittests",
    "e2e",
    "integration",
    "dev",
    "devel",
    "develop",
    "development",
    "devenv",
    "devenvs",
    "envs",
    "lint",
    "linter",
    "linting",
    "debug",
    "debugger",
    "ci",
    "cd",
    "devcontainer",
    "docs",
    "doc",
    "bench",
    "benchmark",
    "validate",
    "validation",
    "verify",
    "check",
    "checks",
    "vet",
    "audit",
    "format",
    "fmt",
    "coverage",
    "export",
    "exports",
    "artifact",
    "artifacts",
    "output",
    "out",
    "release",
    "prod",
    "production",
    "staging",
    "stage",
    "local",
    "final",
    "runtime",
    "run",
    "runner",
    "main",
    "server",
    "cli",
    "shell",
    "interactive",
    "update",
    "generate",
    "image",
    "slim",
    "target",
];

/// What the files of a repository say of targets.
#[derive(Debug, Default)]
pub struct Targets {
    /// Files that say how images are built, and texts that mention targets.
    texts: Vec<(String, Arc<SourceFile>)>,
    /// A file in which a target is computed, so that any stage may be one.
    pub computed: Option<String>,
    /// Whether some file of them builds an image.
    pub builds: bool,
    /// Whether all files were looked at.
    pub complete: bool,
}

impl Targets {
    fn of(workspace: &Workspace) -> Self {
        let tree = repository(workspace);
        let mut targets = Self { complete: tree.complete, ..Self::default() };
        // Texts count here, and their sizes, but which files speak does not change as one is typed.
        let speaking = workspace.remembered_of_names("files that speak of targets", || {
            let kinds = tree.files.iter().map(|file| Kind::of(&file.path)).enumerate();
            kinds.filter_map(|(place, kind)| Some((place, kind?))).collect::<Vec<(usize, Kind)>>()
        });
        let mut seen = 0;
        for &(place, kind) in speaking.iter() {
            let Some(file) = tree.files.get(place) else { continue };
            seen += 1;
            if seen > MAX_FILES || file.bytes > MAX_BYTES {
                targets.complete &= kind != Kind::Build && seen <= MAX_FILES;
                continue;
            }
            let Ok(source) = workspace.read(&file.path) else { continue };
            let text = source.text();
            let read = || Speech::of(kind, &file.path, text);
            // Only while somebody types are the others asked for again.
            let speech = if workspace.has_unsaved() {
                *workspace.remembered_of(&format!("speech of targets\0{}", file.path), &source, read)
            } else {
                read()
            };
            let Some(Speech { builds, computes }) = speech else { continue };
            targets.builds |= builds;
            if targets.computed.is_none() && computes {
                targets.computed = Some(file.path.clone());
            }
            targets.texts.push((file.path.clone(), source));
        }
        targets
    }

    /// The files that say how images are built and run, with their texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, source)| (path.as_str(), source.text()))
    }

    /// How many files were looked at.
    #[must_use]
    pub fn files(&self) -> usize {
        self.texts.len()
    }

    /// Whether the repository itself builds `dockerfile`, as far as its folder tells.
    #[must_use]
    pub fn is_own(dockerfile: &str) -> bool {
        !dockerfile
            .split('/')
            .any(|part| matches!(part, "vendor" | "third_party" | "node_modules" | "fixtures" | "testdata"))
    }

    /// A file other than `dockerfile` that has `name` as a word. Another Dockerfile, with a stage of the same name, builds none of this one.
    #[must_use]
    pub fn mention(&self, name: &str, dockerfile: &str) -> Option<&str> {
        let mut others = self.texts.iter().filter(|(path, _)| path != dockerfile && !is_dockerfile(path));
        others.find(|(_, source)| has_word(source.text(), name)).map(|(path, _)| path.as_str())
    }
}

/// What one file says of targets.
#[derive(Clone, Copy)]
struct Speech {
    /// Whether it builds an image.
    builds: bool,
    /// Whether it computes a target.
    computes: bool,
}

impl Speech {
    /// `None` where a file of this `kind` has to speak of targets and does not.
    fn of(kind: Kind, path: &str, text: &str) -> Option<Self> {
        if kind == Kind::Other && !text.to_lowercase().contains("target") {
            return None;
        }
        let by_code = kind == Kind::Other && !is_prose(path) && text.contains("--target");
        Some(Self {
            builds: (kind == Kind::Build || is_prose(path)) && builds_images(text),
            computes: by_code || text.lines().any(computes_target),
        })
    }
}

/// The files of the repository, less what others made.
pub(super) fn repository(workspace: &Workspace) -> Arc<Tree> {
    workspace.own_files()
}

/// Their Dockerfiles, at most so many, by path.
pub(super) fn own_dockerfiles(workspace: &Workspace) -> Arc<Vec<String>> {
    workspace.remembered_of_names("own Dockerfiles", || {
        let files = repository(workspace);
        let named = files.files.iter().filter(|file| is_dockerfile(&file.path));
        named.map(|file| file.path.clone()).take(MAX_DOCKERFILES).collect()
    })
}

fn is_dockerfile(path: &str) -> bool {
    is_dockerfile_name(file_name(path)) == NameKind::Yes
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It may build images.
    Build,
    /// It may speak of building.
    Other,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        const BUILDS: [&str; 30] = [
            "yml",
            "yaml",
            "hcl",
            "json",
            "jsonc",
            "json5",
            "sh",
            "bash",
            "zsh",
            "mk",
            "groovy",
            "toml",
            "bat",
            "ps1",
            "cmd",
            "env",
            "tf",
            "star",
            "bzl",
            "bazel",
            "cfg",
            "ini",
            "nix",
            "just",
            "gradle",
            "kts",
            "conf",
            "xml",
            "properties",
            "jsonnet",
        ];
        const CODE: [&str; 12] = ["py", "ts", "js", "mjs", "cjs", "go", "rb", "rs", "java", "cs", "php", "ex"];
        const LOCKS: [&str; 4] = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "composer.lock"];
        let lower = path.to_lowercase();
        let name = lower.rsplit('/').next().unwrap_or(&lower);
        if LOCKS.contains(&name) {
            return None;
        }
        if is_dockerfile_name(name) == NameKind::Yes {
            return Some(Self::Other);
        }
        match name.rsplit_once('.') {
            None | Some(("", _)) => Some(Self::Build),
            Some((_, extension)) if BUILDS.contains(&extension) => Some(Self::Build),
            Some(("makefile" | "jenkinsfile" | "justfile" | "taskfile" | "gnumakefile", _)) => Some(Self::Build),
            Some(_) if is_prose(&lower) => Some(Self::Other),
            Some((_, extension)) if CODE.contains(&extension) && is_for_building(&lower) => Some(Self::Other),
            Some(_) if name.starts_with(".env") => Some(Self::Build),
            Some(_) => None,
        }
    }
}

fn is_prose(path: &str) -> bool {
    [".md", ".rst", ".txt", ".adoc", ".mdx"].iter().any(|ending| path.ends_with(ending))
}

/// Whether code with such a path may build images.
fn is_for_building(path: &str) -> bool {
    const PARTS: [&str; 16] = [
        "docker", "build", "ci", "script", "tool", "dev", "task", "release", "deploy", "infra", "hack", "make", "nox",
        "test", "fab", "image",
    ];
    PARTS.iter().any(|part| path.contains(part))
}

fn builds_images(text: &str) -> bool {
    const SIGNS: [&str; 14] = [
        "docker build",
        "docker buildx",
        "docker image build",
        "podman build",
        "buildah",
        "nerdctl build",
        "build-push-action",
        "kaniko",
        "bake-action",
        "docker compose",
        "docker-compose",
        "dockerfile:",
        "DOCKER_BUILD",
        "    build:",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// `--target "$STAGE"`, `target: ${{ matrix.target }}`, `--target {target}`.
fn computes_target(line: &str) -> bool {
    let lower = line.to_lowercase();
    lower.match_indices("target").any(|(at, word)| {
        let rest = lower.get(at + word.len()..).unwrap_or_default();
        let value = rest.trim_start_matches([' ', '=', ':', '"', '\'', ',', '\t', '`', '[', '(']);
        // `"target": {` begins a table.
        let names = |value: &str| value.starts_with(|c: char| c.is_alphanumeric() || "_{%.".contains(c));
        let is_computed = value.starts_with(['$', '%', '<']) || value.strip_prefix('{').is_some_and(names);
        value.len() < rest.len() && is_computed
    })
}

fn has_word(text: &str, name: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
    let lower;
    // Stage names are compared without regard to case.
    let text = if text.chars().any(char::is_uppercase) {
        lower = text.to_lowercase();
        lower.as_str()
    } else {
        text
    };
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

impl Facts<'_> {
    /// What the files of the repository say of targets.
    #[must_use]
    pub fn targets(&self) -> Arc<Targets> {
        self.workspace.remembered("targets", || Targets::of(self.workspace))
    }

    /// Whether a stage may be made to be built by itself, as far as the Dockerfile tells: its name says what it is for, it starts
    /// something, or it holds files alone, as a stage that is exported does.
    #[must_use]
    pub fn may_be_target(&self, stage: &StageFacts) -> bool {
        let Some(name) = stage.name.as_deref() else { return false };
        let purpose = name.split(['-', '_', '.']).any(|part| PURPOSES.contains(&part));
        let mut chain = std::iter::once(stage).chain(self.ancestors(stage));
        let starts = chain.any(|stage| stage.command.is_some() || stage.entrypoint.is_some());
        let mut chain = std::iter::once(stage).chain(self.ancestors(stage));
        let files_alone = chain.any(|stage| matches!(stage.base, Base::Scratch));
        purpose || starts || files_alone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_that_are_computed() {
        for (line, expected) in [
            ("docker build --target \"$STAGE\" .", true),
            ("docker build --target=${STAGE} .", true),
            ("    target: ${{ matrix.target }}", true),
            ("cmd = [\"docker\", \"--target\", f\"{target}\"]", false),
            ("docker build --target=api .", false),
            ("      target: api", false),
            ("targets", false),
            ("docker build --target {{ stage }} .", true),
            ("  \"target\": {", false),
        ] {
            assert_eq!(computes_target(line), expected, "{line}");
        }
        assert!(has_word("target: Api", "api") && !has_word("target: api-x", "api"));
    }
}
