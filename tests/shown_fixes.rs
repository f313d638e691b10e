//! Fixes that are only shown, because slimlint cannot write what has to follow (a lock): what they show is right as far as it goes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use slimlint::config::Settings;
use slimlint::diagnostic::{Applicability, Edit};
use slimlint::lint::lint;
use slimlint::workspace::Workspace;

const UV: &str = "FROM python:3.11-slim\nCOPY . .\nRUN uv sync --locked --no-cache\nCMD [\"app\"]\n";
const POETRY: &str = "FROM python:3.11-slim\nCOPY . .\nRUN poetry install\nCMD [\"app\"]\n";

/// The manifest as the fix of `cuda-torch-on-cpu` shows it; `None` when none is shown.
fn shown(dockerfile: &str, manifest: &str) -> Option<String> {
    let files = [("Dockerfile", dockerfile), ("pyproject.toml", manifest)];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let report = lint(&Workspace::in_memory(files), &["Dockerfile".to_owned()], &Settings::default());
    let finding = report.diagnostics.into_iter().find(|finding| finding.rule == "cuda-torch-on-cpu");
    let fix = finding.expect("it is found").fix?;
    assert_eq!(fix.applicability, Applicability::Display);
    let mut edits: Vec<Edit> = fix.edits;
    edits.sort();
    let mut text = manifest.to_owned();
    for edit in edits.iter().rev() {
        assert_eq!(&*edit.file, "pyproject.toml");
        text.replace_range(edit.range.start() as usize..edit.range.end() as usize, &edit.text);
    }
    let tool = toml_edit::Document::parse(text.clone()).expect("it is TOML").into_mut();
    assert!(tool.get("tool").is_some());
    Some(text)
}

#[test]
fn uv_is_told_the_index_and_the_source() {
    let manifest = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"sentence-transformers>=3\"]\n";
    assert_eq!(
        shown(UV, manifest).unwrap(),
        "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"sentence-transformers>=3\", \"torch\"]\n\n\
         [[tool.uv.index]]\nname = \"pytorch-cpu\"\nurl = \"https://download.pytorch.org/whl/cpu\"\nexplicit = true\n\n\
         [tool.uv.sources]\ntorch = [{ index = \"pytorch-cpu\", marker = \"sys_platform == 'linux'\" }]\n"
    );
}

#[test]
fn sources_and_indexes_that_are_there_are_added_to() {
    let manifest = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\n    \"torch==2.5.1\",\n]\n\n[tool.uv.sources] # ours\n\
                    lib = { git = \"https://example.invalid/lib\" }\n\n[[tool.uv.index]]\nname = \"cpu\"\n\
                    url = \"https://download.pytorch.org/whl/cpu/\"\nexplicit = true\n\n[tool.ruff]\n";
    let line = "torch = [{ index = \"cpu\", marker = \"sys_platform == 'linux'\" }]\n";
    assert_eq!(shown(UV, manifest).unwrap(), manifest.replace("# ours\n", &format!("# ours\n{line}")));
    // Whoever wrote `sources = { … }` has to write the rest as well.
    let inline = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"torch\"]\n[tool.uv]\nsources = { lib = { path = \"lib\" } }\n";
    assert_eq!(shown(UV, inline), None);
}

#[test]
fn poetry_gets_a_constraint_for_each_system() {
    let head = "[tool.poetry]\nname = \"app\"\nversion = \"1\"\n\n[tool.poetry.dependencies]\npython = \"^3.11\"\n";
    let source = "\n[[tool.poetry.source]]\nname = \"pytorch-cpu\"\nurl = \"https://download.pytorch.org/whl/cpu\"\npriority = \"explicit\"\n";
    let torch = |constraint: &str| {
        format!(
            "torch = [\n    {{ {constraint}, source = \"pytorch-cpu\", markers = \"sys_platform == 'linux'\" }},\n    \
             {{ {constraint}, markers = \"sys_platform != 'linux'\" }},\n]\n"
        )
    };
    for (written, expected) in [
        ("torch = \"^2.5\"\n", torch("version = \"^2.5\"")),
        (
            "torch = { version = \"^2.5\", extras = [\"opt-einsum\"] }\n",
            torch("version = \"^2.5\", extras = [\"opt-einsum\"]"),
        ),
        ("sentence-transformers = \"^3\"\n", format!("sentence-transformers = \"^3\"\n{}", torch("version = \"*\""))),
    ] {
        assert_eq!(shown(POETRY, &format!("{head}{written}")).unwrap(), format!("{head}{expected}{source}"));
    }
    assert_eq!(shown(POETRY, &format!("{head}torch = {{ version = \"^2\", platform = \"linux\" }}\n")), None);
}
