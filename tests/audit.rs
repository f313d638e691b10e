//! `slimlint audit`: every service, ranked by what could be saved, and the gates of a CI.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "common/folder.rs"]
mod folder;

use std::path::Path;
use std::process::Command;

use folder::repository;
use serde_json::Value;

/// Standard output, standard error and exit code of `slimlint` with `arguments` in `folder`.
fn slimlint(folder: &Path, arguments: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_slimlint")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

const DOCKERFILE: &str =
    "FROM python:3.12-slim\nCOPY req.txt .\nRUN pip install --no-cache-dir -r req.txt\nCMD [\"python\"]\n";

fn services() -> tempfile::TempDir {
    repository(&[
        ("heavy/Dockerfile", DOCKERFILE),
        ("heavy/req.txt", "torch==2.7.1\n"),
        ("light/Dockerfile", DOCKERFILE),
        ("light/req.txt", "click==8.1.8\n"),
    ])
}

#[test]
fn findings_alone_fail_no_audit() {
    let folder = services();
    let (table, errors, code) = slimlint(folder.path(), &["audit"]);
    assert_eq!((errors.as_str(), code), ("", 0));
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[1].starts_with("heavy ") && rows[2].starts_with("light "), "{table}");
    assert!(table.contains("cuda-torch-on-cpu  heavy/req.txt:1"), "{table}");
}

#[test]
fn gates_fail_by_estimate_without_a_build() {
    let folder = services();
    let (_, errors, code) = slimlint(folder.path(), &["audit", "--max-size", "250MB"]);
    assert_eq!(code, 1);
    assert!(errors.starts_with("error: heavy: the image is ") && errors.lines().count() == 1, "{errors}");
    let (_, errors, code) = slimlint(folder.path(), &["audit", "--max-size", "20GB", "--max-saving", "10GB"]);
    assert_eq!((errors.as_str(), code), ("", 0));
    let (_, errors, code) = slimlint(&folder.path().join("light"), &["check", "--max-size", "1MB"]);
    assert_eq!(code, 1);
    assert!(errors.contains("over the 1.0 MB of --max-size"), "{errors}");
}

#[test]
fn several_roots_are_one_audit() {
    let (one, two) = (services(), services());
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (one.path().to_str().unwrap(), two.path().to_str().unwrap());
    let (json, _, code) = slimlint(folder.path(), &["audit", one, two, "--format", "json"]);
    let audit: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, audit["totals"]["services"].as_u64()), (0, Some(4)));
    let bytes = |at: usize| audit["services"][at]["reclaimable_bytes"].as_u64().unwrap();
    assert!(bytes(0) >= bytes(1) && bytes(1) > bytes(2));
    assert_eq!(audit["causes"][0]["services"].as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_without_dockerfiles_is_told() {
    let folder = repository(&[("a.txt", "")]);
    let (table, _, code) = slimlint(folder.path(), &["audit"]);
    assert_eq!((table.as_str(), code), ("There is no Dockerfile here.\n", 0));
}
