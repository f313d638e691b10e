//! Whole services in `corpus/CASE/in`, with the findings in `report.txt`, the files that safe fixes change in `out` (what
//! unsafe ones change besides, in `out-unsafe`), and what is found after all of them in `report-fixed.txt`. `UPDATE=1 cargo test` rewrites both; a person reads the diff.

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
        let safe = example.fixed(Applicability::Safe);
        let mut all = example.fixed(Applicability::Unsafe);
        let after = example.with(all.clone());
        let left = report::render(&after.workspace(), &after.lint().diagnostics);
        let expected = Files::from([
            ("report.txt".to_owned(), found.into_bytes()),
            ("report-fixed.txt".to_owned(), left.into_bytes()),
        ]);
        let kept = expected.keys().filter_map(|name| Some((name.clone(), fs::read(folder.join(name)).ok()?)));
        compare(&folder, &kept.collect(), &expected, &mut problems);
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

/// The three rebuilds of the playbook: what dominates their images is found, and nothing is left to say of the fixed services.
#[test]
fn rebuilt_services_are_clean() {
    let rebuilt = ["camel-oasis-cuda-torch", "graphiti-mcp-providers-extra", "elevendops-uv"];
    let mut seen = 0;
    for example in
        samples::corpus().into_iter().filter(|example| rebuilt.iter().any(|name| example.name.ends_with(name)))
    {
        assert!(!example.lint().diagnostics.is_empty(), "{}", example.name);
        let after = example.with(example.fixed(Applicability::Unsafe));
        let left = report::render(&after.workspace(), &after.lint().diagnostics);
        assert!(left.is_empty(), "{}:\n{left}", example.name);
        seen += 1;
    }
    assert_eq!(seen, rebuilt.len());
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
