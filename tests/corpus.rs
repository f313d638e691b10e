//! Whole services in `corpus/CASE/in`, with the findings in `report.txt` and the files that safe fixes change in `out` (what
//! unsafe ones change besides, in `out-unsafe`). `UPDATE=1 cargo test` rewrites both; a person reads the diff.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::example::Files;
use common::{difference, files_below, relative, report, root, samples, updating};
use slimlint::diagnostic::Applicability;

#[test]
fn services_give_their_reports() {
    let mut problems = String::new();
    for example in samples::corpus() {
        let folder = root().join(&example.name);
        let found = report::render(&example.workspace(), &example.lint().diagnostics);
        let expected = Files::from([("report.txt".to_owned(), found.into_bytes())]);
        let kept = fs::read(folder.join("report.txt")).map(|bytes| ("report.txt".to_owned(), bytes));
        compare(&folder, &kept.into_iter().collect(), &expected, &mut problems);
        let safe = example.fixed(Applicability::Safe);
        let mut all = example.fixed(Applicability::Unsafe);
        all.retain(|path, bytes| safe.get(path) != Some(bytes));
        for (name, changed) in [("out", &safe), ("out-unsafe", &all)] {
            let folder = folder.join(name);
            let kept: Files =
                files_below(&folder).iter().map(|file| (relative(file, &folder), fs::read(file).unwrap())).collect();
            compare(&folder, &kept, changed, &mut problems);
        }
    }
    assert!(problems.is_empty(), "\n{problems}\nUPDATE=1 cargo test rewrites what is expected; read the diff\n");
}

#[test]
fn services_say_where_they_come_from() {
    for example in samples::corpus() {
        assert!(root().join(&example.name).join("README.md").is_file(), "{}/README.md is missing", example.name);
        assert!(!example.dockerfiles.is_empty(), "{}/in holds no Dockerfile", example.name);
    }
}

/// Holds the files that are kept in `folder` to those that were found, or rewrites them.
fn compare(folder: &Path, kept: &Files, found: &Files, problems: &mut String) {
    for path in kept.keys().filter(|path| !found.contains_key(*path)) {
        if updating() {
            fs::remove_file(folder.join(path)).unwrap();
        } else {
            let _ = writeln!(problems, "{}: `{path}` is not changed", folder.display());
        }
    }
    for (path, bytes) in found {
        let before = kept.get(path);
        if before == Some(bytes) {
            continue;
        }
        if updating() {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
            continue;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\r', "␍");
        let expected = before.map(|before| text(before)).unwrap_or_default();
        let title = folder.join(path).display().to_string();
        let difference = difference(&expected, &text(bytes), &title);
        let _ = writeln!(problems, "{}", difference.unwrap_or_else(|| format!("{title} is missing; it is empty")));
    }
}
