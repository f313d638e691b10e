//! A lock after a dependency is taken out is the lock that uv would keep. Where `uv` is on the path it is asked; `SLIMLINT_LOCKS` may
//! name folders (separated by `:`) that hold more projects with a `pyproject.toml` and a `uv.lock`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{files_below, root};
use slimlint::python::PackageName;
use slimlint::python::lock::{Lock, Removal, relocked};
use toml_edit::{Document, Item};

/// Projects with a lock, in the corpus and where the environment says.
fn projects() -> Vec<PathBuf> {
    let elsewhere = std::env::var("SLIMLINT_LOCKS").unwrap_or_default();
    let folders = elsewhere.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folders = std::iter::once(root().join("corpus")).chain(folders);
    let mut found: Vec<PathBuf> = folders
        .flat_map(|folder| files_below(&folder))
        .filter(|path| path.file_name().is_some_and(|name| name == "uv.lock"))
        .filter(|path| path.with_file_name("pyproject.toml").is_file() && !path.iter().any(|part| part == "out-unsafe"))
        .collect();
    found.sort();
    assert!(found.len() >= 2, "{found:?}");
    found
}

/// The lock after each dependency of `manifest` in turn is taken out, with the manifest without it.
fn removals(lock: &str, manifest: &str) -> Vec<(String, String, String)> {
    let parsed = Lock::parse(lock);
    let document = Document::parse(manifest.to_owned()).unwrap();
    let Some(project) = document.get("project").and_then(Item::as_table_like) else { return Vec::new() };
    let own = PackageName::new(project.get("name").and_then(Item::as_str).unwrap_or_default());
    let lists = [None].into_iter().chain(
        project
            .get("optional-dependencies")
            .and_then(Item::as_table_like)
            .into_iter()
            .flat_map(|table| table.iter().map(|(extra, _)| Some(extra.to_owned())).collect::<Vec<_>>()),
    );
    let mut found = Vec::new();
    for extra in lists {
        let list = match &extra {
            None => project.get("dependencies"),
            Some(extra) => project.get("optional-dependencies").and_then(|table| table.get(extra)),
        };
        let Some(entries) = list.and_then(Item::as_array) else { continue };
        for place in 0..entries.len().min(PER_PROJECT) {
            let Some(requirement) = entries.get(place).and_then(toml_edit::Value::as_str) else { continue };
            let name =
                requirement.split(|one: char| !one.is_ascii_alphanumeric() && !"-_.".contains(one)).next().unwrap();
            let normal = extra.as_deref().map(PackageName::new);
            let names = BTreeSet::from([PackageName::new(name)]);
            let removal = Removal { project: &own, extra: normal.as_ref(), names, group: None };
            let Some(edits) = relocked(lock, &parsed, &removal) else { continue };
            let mut text = lock.to_owned();
            for (range, with) in edits.iter().rev() {
                text.replace_range(range.as_usize(), with);
            }
            let span = entries.get(place).and_then(toml_edit::Value::span).unwrap();
            let rest = &manifest[span.end..];
            let comma = rest.find(|one: char| !one.is_whitespace()).filter(|&at| rest.as_bytes()[at] == b',');
            let mut without = manifest.to_owned();
            without.replace_range(span.start..span.end + comma.map_or(0, |at| at + 1), "");
            found.push((format!("{own}{extra:?} without {name}"), text, without));
        }
    }
    found
}

#[test]
fn what_is_left_is_a_lock_in_which_everything_leads_somewhere() {
    let mut seen = 0;
    for path in projects() {
        let (lock, manifest) = (read(&path), read(&path.with_file_name("pyproject.toml")));
        for (what, text, _) in removals(&lock, &manifest).into_iter().take(PER_PROJECT) {
            seen += 1;
            let (before, after) = (Lock::parse(&lock), Lock::parse(&text));
            assert!(Document::parse(text.clone()).is_ok(), "{what}");
            assert!(!text.contains("\n\n\n") && text.ends_with('\n') && !text.ends_with("\n\n"), "{what}");
            for package in &after.packages {
                let same =
                    before.find(&package.name).any(|old| old.version == package.version && old.files == package.files);
                assert!(same, "{what}: {}", package.name);
                for edge in package.dependencies.iter().chain(package.extras.iter().flat_map(|(_, edges)| edges)) {
                    assert!(after.find(&edge.name).next().is_some(), "{what}: {} leads nowhere", edge.name);
                }
            }
        }
    }
    assert!(seen >= 20, "{seen}");
}

#[test]
fn uv_finds_nothing_to_change_in_it() {
    if Command::new("uv").arg("--version").output().is_err() {
        eprintln!("skipped: `uv` is not on the path; `pip install uv` brings it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let check = |lock: &str, manifest: &str| {
        fs::write(folder.path().join("uv.lock"), lock).unwrap();
        fs::write(folder.path().join("pyproject.toml"), manifest).unwrap();
        let arguments = ["lock", "--check", "--offline", "--no-progress", "--no-cache"];
        let output = Command::new("uv").args(arguments).current_dir(folder.path()).output().unwrap();
        output.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (mut asked, mut projects_asked) = (0, 0);
    for path in projects() {
        let (lock, manifest) = (read(&path), read(&path.with_file_name("pyproject.toml")));
        // Members of a workspace, folders beside it and other interpreters are not at hand.
        if check(&lock, &manifest).is_err() {
            continue;
        }
        projects_asked += 1;
        for (what, text, without) in removals(&lock, &manifest).into_iter().take(PER_PROJECT) {
            asked += 1;
            check(&text, &without).unwrap_or_else(|error| panic!("{}: {what}: {error}", path.display()));
        }
    }
    println!("uv agreed to {asked} locks of {projects_asked} projects");
}

/// Removals of one list, and of one project, that are tried.
const PER_PROJECT: usize = 12;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
