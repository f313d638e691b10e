//! What a hook names: Dockerfiles, and files that builds read.

use std::fs;
use std::process::Command;

use slimlint::workspace::{NameKind, feeds_builds, is_dockerfile_name};

use super::{PIP, Run, folder, slimlint, text};
use crate::common::root;

const INSTALLS: &str = "FROM python:3.12-slim\nCOPY requirements.txt /\nRUN pip install -r /requirements.txt\n";
const REPOSITORY: [(&str, &str); 8] = [
    ("api/Dockerfile", INSTALLS),
    ("api/requirements.txt", "flask\n"),
    ("api/.dockerignore", ".git\n"),
    ("api/notes.txt", "nothing\n"),
    ("web/Dockerfile", PIP),
    ("web/requirements-dev.txt", "pytest\n"),
    ("compose.yml", "services:\n  web:\n    build: web\n"),
    ("vendor/requirements.txt", "flask\n"),
];

/// The Dockerfiles in which something is found.
fn found(run: &Run) -> Vec<&str> {
    assert!(run.code < 2, "{}", run.err);
    let mut paths: Vec<&str> = run.out.lines().filter_map(|line| line.split_once(':')).map(|(path, _)| path).collect();
    paths.retain(|path| path.contains("Dockerfile"));
    paths.dedup();
    paths
}

#[test]
fn a_named_manifest_means_the_dockerfiles_whose_builds_read_it() {
    let here = folder(&REPOSITORY);
    for (paths, expected) in [
        (&["api/requirements.txt"][..], &["api/Dockerfile"][..]),
        (&["api/.dockerignore"], &["api/Dockerfile"]),
        (&["compose.yml"], &["web/Dockerfile"]),
        (&["web/requirements-dev.txt"], &[]),
        (&["web/Dockerfile", "api/requirements.txt"], &["api/Dockerfile", "web/Dockerfile"]),
        (&["web/Dockerfile", "web/requirements-dev.txt"], &["web/Dockerfile"]),
    ] {
        let run = slimlint(here.path(), &[&["--format", "concise", "--select", "pip-cache-kept"], paths].concat());
        assert_eq!(found(&run), expected, "{paths:?}: {}", run.err);
        assert_eq!(run.code, i32::from(!expected.is_empty()), "{paths:?}");
    }
    let run = slimlint(&here.path().join("web"), &["../api/requirements.txt", "--format", "concise"]);
    assert!(run.out.starts_with("../api/Dockerfile:"), "{}", run.out);
    assert!(
        run.err.contains("`../api/requirements.txt` is no Dockerfile; linted: 1 of 2 whose builds read it"),
        "{}",
        run.err
    );
    let run = slimlint(here.path(), &["web/requirements-dev.txt"]);
    assert!(run.err.contains("of 2 none has a build that reads it"), "{}", run.err);
}

#[test]
fn a_dockerfile_of_any_other_name_is_linted_when_it_is_named() {
    let here = folder(&[("app.txt", PIP), ("production", PIP)]);
    for name in ["app.txt", "production"] {
        let run = slimlint(here.path(), &[name, "--format", "concise", "--select", "pip-cache-kept"]);
        assert!(run.out.starts_with(&format!("{name}:2:5: ")), "{}{}", run.out, run.err);
    }
}

#[test]
fn what_is_excluded_means_nothing_with_force_exclude() {
    let here = folder(&REPOSITORY);
    fs::write(here.path().join("slimlint.toml"), "exclude = ['api']\n").unwrap();
    let fixed = || {
        slimlint(here.path(), &["--fix", "--no-backup", "--force-exclude", "api/Dockerfile", "api/requirements.txt"])
    };
    assert_eq!(fixed().code, 0);
    assert_eq!(text(&here, "api/Dockerfile"), INSTALLS);
    fs::write(here.path().join("slimlint.toml"), "").unwrap();
    let run = fixed();
    assert!(text(&here, "api/Dockerfile").contains("--no-cache-dir"), "{}{}", run.out, run.err);
    assert_eq!(text(&here, "web/Dockerfile"), PIP);
}

#[test]
fn a_configuration_means_the_dockerfiles_that_it_holds_for() {
    let here = folder(&REPOSITORY);
    fs::write(here.path().join("web/slimlint.toml"), "select = ['pip-cache-kept']\n").unwrap();
    let run = slimlint(here.path(), &["web/slimlint.toml", "--format", "concise"]);
    assert_eq!(found(&run), ["web/Dockerfile"], "{}", run.err);
}

/// pre-commit's patterns are Python's.
const MATCH: &str = "
import re, sys
files, exclude = sys.argv[1:3]
for path in sys.argv[3:]:
    print(bool(re.search(files, path) and not re.search(exclude, path)))
";

#[test]
fn hooks_are_given_what_slimlint_takes_for_dockerfiles_and_their_files() {
    let hooks = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let block = |key: &str| {
        let lines = hooks.lines().skip_while(|line| !line.starts_with(&format!("  {key}: &")));
        lines.skip(1).map_while(|line| line.strip_prefix("    ")).collect::<Vec<_>>().join("\n")
    };
    let paths = [
        "Dockerfile",
        "api/dockerfile",
        "Dockerfile.dev",
        "Dockerfile-gpu",
        "api.Dockerfile",
        "Containerfile",
        "Dockerfiles",
        "Dockerfile.md",
        "Dockerfile.j2",
        "Dockerfile.tmpl.gpu",
        "Dockerfile.in",
        "docs/dockerfile.html",
        "Dockerfile~",
        "Dockerfile.pre-slim.20261121",
        "Dockerfile.sh",
        "mydockerfile",
        "dockerfile_parser.py",
        "Dockerfile.dev.bak",
        ".dockerignore",
        "Dockerfile.dockerignore",
        ".containerignore",
        "requirements.txt",
        "a/requirements-dev.in",
        "requirements/base.txt",
        "a/constraints/all.in",
        "base.txt",
        "requirements.md",
        "pyproject.toml",
        "a/setup.cfg",
        "setup.py",
        "my_setup.py",
        "uv.lock",
        "poetry.lock",
        "Cargo.lock",
        "pdm.lock",
        "pylock.toml",
        "pylock.api.toml",
        "Pipfile",
        "Pipfile.lock",
        "environment.yaml",
        "package.json",
        "package-lock.json",
        "web/yarn.lock",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        "tsconfig.json",
        "compose.yml",
        "docker-compose.dev.yaml",
        "my.compose.yaml",
        "a.compose.b.yml",
        "composer.json",
        "docker-bake.hcl",
        "docker-bake.override.json",
        "main.hcl",
        "slimlint.toml",
        "a/.slimlint.toml",
        "a/.hadolint.yml",
        "hadolint.toml",
        "src/main.py",
        "README.md",
        "requirements.txt.pre-slim.20261121",
    ];
    let python = if cfg!(windows) { "python" } else { "python3" };
    let output =
        Command::new(python).args(["-c", MATCH, &block("files"), &block("exclude")]).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdicts = String::from_utf8(output.stdout).unwrap();
    let given: Vec<&str> =
        paths.iter().zip(verdicts.lines()).filter(|(_, it)| *it == "True").map(|(path, _)| *path).collect();
    let is_taken = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        is_dockerfile_name(name) == NameKind::Yes || feeds_builds(path)
    };
    let taken: Vec<&str> = paths.iter().copied().filter(|path| is_taken(path)).collect();
    assert_eq!(given, taken);
    for hook in
        ["- id: slimlint\n", "- id: slimlint-fix\n", "--fix --no-backup --force-exclude\n", "  exclude: *exclude\n"]
    {
        assert!(hooks.contains(hook), "{hook}");
    }
}
