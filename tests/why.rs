//! `slimlint why`: what brings a package in, as people and programs are told it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;
use std::process::Command;

use common::folder::repository;
use common::root;
use serde_json::Value;

/// Standard output and exit code of `slimlint why` with `arguments` in `folder`.
fn why(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_slimlint")).arg("why").args(arguments).current_dir(folder).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn a_lock_tells_chain_version_and_bytes() {
    let (text, code) = why(&root().join("corpus/graphiti-mcp-providers-extra/in"), &["Torch"]);
    assert_eq!(
        text,
        "torch 2.12.1   532 MB wheel, ~1.2 GB installed; with 25 packages that only it needs ~4.9 GB\n\
         └─ sentence-transformers 5.4.0\n   \
            └─ memory-mcp[providers]               pyproject.toml:21, installed by Dockerfile:21\n\
         It is not installed without the extra `providers`, nor without `sentence-transformers`.\n\
         Known from `uv.lock`.\n"
    );
    assert_eq!(code, 0);
}

/// `storage` needs `core`, and only `firestore` asks for its extra.
const LOCK: &str = "version = 1\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [\n    \
    { name = \"firestore\" },\n    { name = \"storage\" },\n]\n[[package]]\nname = \"firestore\"\nversion = \"2\"\ndependencies = [\n    \
    { name = \"core\", extra = [\"wired\"] },\n]\n[[package]]\nname = \"storage\"\nversion = \"3\"\ndependencies = [\n    { name = \"core\" },\n]\n\
    [[package]]\nname = \"core\"\nversion = \"4\"\n[package.optional-dependencies]\nwired = [\n    { name = \"wire\" },\n]\n\
    [[package]]\nname = \"wire\"\nversion = \"5\"\n";
const MANIFEST: &str = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"firestore\", \"storage\"]\n";

#[test]
fn an_extra_comes_only_from_those_that_ask_for_it() {
    let dockerfile = "FROM python:3.12\nCOPY . .\nRUN uv sync --frozen\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("pyproject.toml", MANIFEST), ("uv.lock", LOCK)]);
    let (text, _) = why(folder.path(), &["wire"]);
    assert_eq!(
        text,
        "wire 5   size unknown\n\
         └─ core[wired]\n   \
            └─ firestore 2\n      \
               └─ app                              pyproject.toml:4, installed by Dockerfile:3\n\
         Without `firestore` it is not installed.\nKnown from `uv.lock`.\n"
    );
    let (text, _) = why(folder.path(), &["wire", "--format", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["installed"][0]["chains"], serde_json::json!([["app", "firestore", "core[wired]", "wire"]]));
    let (text, _) = why(folder.path(), &["core"]);
    assert!(text.contains("├─ firestore 2\n") && text.contains("└─ storage 3\n"), "{text}");
    assert!(!text.contains("ithout"), "either is enough: {text}");
}

#[test]
fn what_is_not_installed_is_said_with_what_was_not_followed() {
    let dockerfile = "FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("requirements.txt", "fastapi\n")]);
    let (text, code) = why(folder.path(), &["pytest"]);
    assert_eq!(
        text,
        "`pytest` is not installed by 1 Dockerfile.\n  Dockerfile:3 may bring it: without a lock only heavy packages are known\n"
    );
    assert_eq!(code, 1);
    let (text, code) = why(&root().join("corpus/elevendops-uv/in"), &["nothing-of-the-kind"]);
    assert_eq!((text.as_str(), code), ("`nothing-of-the-kind` is not installed by 1 Dockerfile.\n", 1));
}

#[test]
fn a_name_is_a_name() {
    for name in ["torch==2", "a b", ""] {
        let output = Command::new(env!("CARGO_BIN_EXE_slimlint")).args(["why", name]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("is no name of a package"), "{name}");
    }
}
