use super::*;
use crate::diagnostic::Severity;

fn workspace(files: &[(&str, &str)]) -> Workspace {
    Workspace::in_memory(files.iter().map(|&(path, text)| (path.to_owned(), text.as_bytes().to_vec())))
}

fn said(report: &Report) -> Vec<(&str, &str)> {
    report.diagnostics.iter().map(|found| (found.rule, &*found.primary.file)).collect()
}

#[test]
fn trouble_with_one_file_does_not_stop_the_others() {
    let workspace = workspace(&[("a/Dockerfile", "FROM a\nFRUM b\n"), ("b/Dockerfile", "FROM a\n")]);
    let paths = ["missing/Dockerfile", "b/Dockerfile", "a/Dockerfile"].map(str::to_owned);
    let report = lint(&workspace, &paths, &Settings::default());
    assert_eq!(said(&report), [(SYNTAX_ERROR, "a/Dockerfile"), (UNREADABLE_FILE, "missing/Dockerfile")]);
    let services: Vec<_> =
        report.services.iter().map(|service| (&*service.service.dockerfile, service.findings.as_slice())).collect();
    assert_eq!(services, [("a/Dockerfile", &[0][..]), ("b/Dockerfile", &[]), ("missing/Dockerfile", &[1])]);
}

#[test]
fn comments_silence_and_are_counted() {
    let workspace = workspace(&[("Dockerfile", "FROM a\n# slimlint ignore=syntax-error meant so\nFRUM b\nFRUM c\n")]);
    let report = lint(&workspace, &["Dockerfile".to_owned()], &Settings::default());
    assert_eq!((report.diagnostics.len(), report.suppressed), (1, 1));
}

#[test]
fn configured_severities_win() {
    let workspace = workspace(&[("Dockerfile", "FROM a\n# slimlint ignore=nothing\nRUN b\n")]);
    let mut settings = Settings::default();
    settings.severities.insert(INVALID_IGNORE.to_owned(), Severity::Error);
    let report = lint_one(&workspace, "Dockerfile", &settings);
    assert_eq!(report.diagnostics.iter().map(|found| found.severity).collect::<Vec<_>>(), [Severity::Error]);
}

#[test]
fn thousands_of_stages_are_not_walked_for_each_other() {
    use std::fmt::Write as _;
    let mut text = String::from("FROM a AS s0\n");
    for number in 1..5_000 {
        let _ = write!(
            text,
            "FROM s{} AS s{number}\n# slimlint ignore=syntax-error\nRUN echo {number}\nCOPY x{number} /\n",
            number - 1
        );
    }
    let workspace = workspace(&[("Dockerfile", &text)]);
    let start = std::time::Instant::now();
    let report = lint(&workspace, &["Dockerfile".to_owned()], &Settings::default());
    assert!(said(&report).iter().all(|(rule, _)| *rule != INTERNAL_ERROR));
    // A walk over all stages for each of them takes minutes here; a machine that is busy with other things takes seconds.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// A repository whose report depends on sources, manifests, a lock and an ignore file.
const SERVICE: [(&str, &str); 8] = [
    (".git/HEAD", "ref: refs/heads/main\n"),
    (
        "Dockerfile",
        "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"-m\", \"app\"]\n",
    ),
    (
        "worker/Dockerfile",
        "FROM python:3.12-slim\nCOPY --from=ghcr.io/astral-sh/uv /uv /bin/uv\nWORKDIR /srv\nCOPY worker worker\n\
         RUN cd worker && uv sync --frozen\nCMD [\"worker/.venv/bin/python\", \"-m\", \"job\"]\n",
    ),
    ("requirements.txt", "torch==2.5.1\nnumpy\nfastapi\n"),
    ("app/__main__.py", "import fastapi\nimport torch\n"),
    ("worker/job.py", "import httpx\n"),
    ("worker/pyproject.toml", "[project]\nname = \"job\"\nversion = \"1\"\ndependencies = [\"httpx\"]\n"),
    (
        "worker/uv.lock",
        "version = 1\n\n[[package]]\nname = \"httpx\"\nversion = \"1.0\"\nsource = { registry = \"https://example.invalid/simple\" }\n\n\
         [[package]]\nname = \"job\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"httpx\" }]\n\n\
         [package.metadata]\nrequires-dist = [{ name = \"httpx\" }]\n",
    ),
];

/// Everything that is told of the service.
fn told(workspace: &Workspace) -> String {
    let paths = ["Dockerfile", "worker/Dockerfile"].map(str::to_owned);
    let report = lint(workspace, &paths, &Settings::default());
    let services: Vec<_> = report.services.iter().map(|it| (&it.service, &it.findings, &it.contents)).collect();
    format!("{:#?}\n{services:#?}", report.diagnostics)
}

#[test]
fn a_workspace_that_is_kept_says_what_a_new_one_would() {
    use crate::workspace::testing::{folder, write};
    let folder = folder(&SERVICE);
    let root = folder.path();
    let kept = Workspace::open(root).expect("opens");
    let mut before = told(&kept);
    let edits: [(&str, Option<&str>); 13] = [
        ("app/__main__.py", Some("import fastapi\nimport numpy\n")),
        ("requirements.txt", Some("torch==2.6.0\nnumpy\nfastapi\n")),
        ("app/more.py", Some("import torch\n")),
        ("app/more.py", None),
        (".dockerignore", Some(".git\napp\n")),
        (".dockerignore", Some(".git\n")),
        ("compose.yaml", Some("services:\n  a:\n    build: .\n    gpus: all\n")),
        ("compose.yaml", None),
        (
            "worker/pyproject.toml",
            Some("[project]\nname = \"job\"\nversion = \"1\"\ndependencies = [\"httpx\", \"torch\"]\n"),
        ),
        ("worker/uv.lock", Some("version = 1\n")),
        ("worker/uv.lock", None),
        ("data/large.bin", Some(&"x".repeat(2_000_000))),
        (
            "Dockerfile",
            Some(
                "FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"-m\", \"app\"]\n",
            ),
        ),
    ];
    let mut silent = Vec::new();
    for (path, text) in edits {
        match text {
            Some(text) => write(root, path, text),
            None => std::fs::remove_file(root.join(path)).expect("removes"),
        }
        assert!(kept.refresh(), "{path}");
        let now = told(&kept);
        assert_eq!(now, told(&Workspace::open(root).expect("opens")), "{path}: {text:?}");
        if now == before {
            silent.push(path);
        }
        before = now;
    }
    assert!(silent.len() <= 3, "the edits must change what is said: {silent:?}");
    assert!(!kept.refresh());
    assert_eq!(told(&kept), before);
}

#[test]
fn what_is_typed_counts_at_once() {
    use crate::workspace::testing::folder;
    let folder = folder(&SERVICE);
    let kept = Workspace::open(folder.path()).expect("opens");
    let first = told(&kept);
    let edits: [(&str, Option<&str>); 9] = [
        ("app/__main__.py", Some("import fastapi\nimport numpy\n")),
        ("app/__main__.py", None),
        ("requirements.txt", Some("torch==2.6.0\n")),
        ("requirements.txt", None),
        (".dockerignore", Some(".git\napp\nrequirements.txt\n")),
        (".dockerignore", None),
        ("worker/uv.lock", Some("version = 1\n")),
        ("worker/uv.lock", None),
        ("Dockerfile", Some("FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n")),
    ];
    for (path, text) in edits {
        kept.set_overlay(path, text.map(|text| text.as_bytes().to_vec()));
        let new = Workspace::open(folder.path()).expect("opens");
        new.set_overlay(path, text.map(|text| text.as_bytes().to_vec()));
        assert_eq!(told(&kept), told(&new), "{path}: {text:?}");
        assert_eq!(told(&kept) == first, text.is_none(), "{path}: {text:?}");
    }
}

#[test]
fn a_file_in_the_language_of_another_frontend_is_left_alone() {
    let rules = |syntax: &str| {
        let text = format!("# syntax={syntax}\nINCLUDE base.dockerfile\nFROM base\nRUN pip install flask\n");
        let workspace = Workspace::in_memory([("Dockerfile".to_owned(), text.into_bytes())]);
        let report = lint(&workspace, &["Dockerfile".to_owned()], &Settings::default());
        report.diagnostics.iter().map(|found| found.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules("devthefuture/dockerfile-x"), [""; 0]);
    for own in [
        "docker/dockerfile:1",
        "registry.example.invalid/docker/dockerfile:1.7-labs",
        "docker/dockerfile-upstream:master",
    ] {
        assert!(rules(own).contains(&"syntax-error"), "{own}");
    }
}
