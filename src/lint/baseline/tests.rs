use std::path::Path;

use super::*;
use crate::config::Settings;
use crate::lint::{Report, lint};
use crate::workspace::Workspace;

const PIP: &str = "FROM python:3.12-slim\nRUN pip install flask\n";
const ROOT: &str = "/workspace";

type Files<'f> = [(&'f str, &'f str)];

fn report(files: &Files<'_>, paths: &[&str]) -> (Workspace, Report, Settings) {
    let settings = Settings { select: Some(vec!["pip-cache-kept".to_owned()]), ..Settings::default() };
    let bytes = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let workspace = Workspace::in_memory(bytes);
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    let report = lint(&workspace, &paths, &settings);
    (workspace, report, settings)
}

/// What is told of `files` where `baselines` are known, and how the run stands to them.
fn look(baselines: &Baselines, files: &Files<'_>, paths: &[&str]) -> (Report, Sighting, BaselineCounts) {
    let (workspace, mut report, settings) = report(files, paths);
    let sighting = baselines.hide(&workspace, &mut report, &settings, |_| Some(0), None);
    let is_gone = |path: &Path| !files.iter().any(|(file, _)| Path::new(ROOT).join(file) == path);
    let counts = baselines.counts(std::slice::from_ref(&sighting), is_gone);
    (report, sighting, counts)
}

fn renewed(baselines: &Baselines, files: &Files<'_>, paths: &[&str]) -> Baselines {
    let (_, sighting, _) = look(baselines, files, paths);
    Baselines { all: baselines.renewed(&[sighting], |_| false) }
}

fn of(files: &Files<'_>, paths: &[&str]) -> Baselines {
    renewed(&Baselines { all: vec![Baseline::new(Path::new(ROOT), "ci/baseline.json")] }, files, paths)
}

/// `new, fixed, left` of a Dockerfile for which another one is known.
fn after(before: &str, after: &str) -> (usize, usize, usize) {
    let baselines = of(&[("Dockerfile", before)], &["Dockerfile"]);
    let (_, _, BaselineCounts { new, fixed, left }) = look(&baselines, &[("Dockerfile", after)], &["Dockerfile"]);
    (new, fixed, left)
}

#[test]
fn what_is_known_is_not_told() {
    let baselines = of(&[("Dockerfile", PIP)], &["Dockerfile"]);
    let (report, _, counts) = look(&baselines, &[("Dockerfile", PIP)], &["Dockerfile"]);
    assert_eq!((report.diagnostics.len(), report.known.len()), (0, 1));
    assert_eq!(report.services[0].known, [0]);
    assert!(report.services[0].findings.is_empty());
    assert_eq!(counts, BaselineCounts { new: 0, fixed: 0, left: 1 });
}

#[test]
fn shifts_and_layout_change_nothing() {
    let above = format!("FROM python:3.12-slim\n{}RUN pip install flask\n", "# more\n".repeat(50));
    let split = "FROM python:3.12-slim\nRUN   pip install \\\n    # why\n\n    flask\n";
    for text in [&above, split, &PIP.replace('\n', "\r\n"), &split.replace('\n', "\r\n"), &format!("\u{feff}{PIP}")] {
        assert_eq!(after(PIP, text), (0, 0, 1), "{text}");
    }
    assert_eq!(after(split, PIP), (0, 0, 1));
    let windows = "# escape=`\nFROM python:3.12-slim\nRUN pip install `\n  flask\n";
    assert_eq!(after(PIP, windows), (0, 0, 1));
}

#[test]
fn a_copy_is_new_and_a_move_is_not() {
    let twice = format!("{PIP}RUN pip install flask\n");
    assert_eq!(after(PIP, &twice), (1, 0, 1));
    assert_eq!(after(&twice, &twice), (0, 0, 2));
    assert_eq!(after(&twice, PIP), (0, 1, 1));
    let (one, two) = ("RUN pip install flask\n", "RUN pip install rich\n");
    let base = "FROM python:3.12-slim\n";
    assert_eq!(after(&format!("{base}{one}{two}"), &format!("{base}{two}{one}")), (0, 0, 2));
    assert_eq!(after(&format!("{base}{one}"), &format!("{base}{two}")), (1, 1, 0));
    assert_eq!(after(&format!("{base}{one}"), &format!("{base}{two}{one}")), (1, 0, 1));
}

#[test]
fn of_equal_findings_the_one_with_other_words_is_told() {
    let before = "FROM python:3.12-slim\nRUN pip install flask && pip install rich\n";
    let baselines = of(&[("Dockerfile", before)], &["Dockerfile"]);
    let mut known = baselines.clone();
    assert_eq!(known.all[0].findings.len(), 2);
    let removed = known.all[0].findings.remove(0);
    let (report, _, _) = look(&known, &[("Dockerfile", before)], &["Dockerfile"]);
    let told: Vec<&str> = report
        .diagnostics
        .iter()
        .map(|found| {
            let range = found.primary.range;
            &before[range.start() as usize..range.end() as usize]
        })
        .collect();
    assert_eq!(told, [removed.at]);
}

#[test]
fn only_what_was_looked_at_is_fixed() {
    let files = [("a/Dockerfile", PIP), ("b/Dockerfile", PIP)];
    let baselines = of(&files, &["a/Dockerfile", "b/Dockerfile"]);
    let clean = [("a/Dockerfile", "FROM scratch\n"), ("b/Dockerfile", "FROM scratch\n")];
    assert_eq!(look(&baselines, &clean, &["a/Dockerfile"]).2, BaselineCounts { new: 0, fixed: 1, left: 0 });
    assert_eq!(look(&baselines, &clean, &["a/Dockerfile", "b/Dockerfile"]).2.fixed, 2);
    // The rule did not run.
    let (workspace, mut report, _) = report(&clean, &["a/Dockerfile"]);
    let settings = Settings { select: Some(vec!["apt-recommends".to_owned()]), ..Settings::default() };
    let sighting = baselines.hide(&workspace, &mut report, &settings, |_| Some(0), None);
    assert_eq!(baselines.counts(&[sighting], |_| false).fixed, 0);
    // One that is gone below what was searched is fixed as well.
    assert_eq!(look(&baselines, &clean[..1], &["a/Dockerfile"]).2.fixed, 2);
}

#[test]
fn writing_a_part_keeps_the_rest() {
    let files = [("a/Dockerfile", PIP), ("b/Dockerfile", PIP)];
    let baselines = of(&files, &["a/Dockerfile", "b/Dockerfile"]);
    let clean = [("a/Dockerfile", "FROM scratch\n"), ("b/Dockerfile", PIP)];
    let part = renewed(&baselines, &clean, &["a/Dockerfile"]);
    let files: Vec<&str> = part.all[0].findings.iter().map(|known| known.file.as_str()).collect();
    assert_eq!(files, ["../b/Dockerfile"]);
    let whole = renewed(&part, &files_of(PIP), &["a/Dockerfile", "b/Dockerfile"]);
    assert_eq!(whole.all[0].findings, baselines.all[0].findings);
}

fn files_of(text: &str) -> [(&'static str, &str); 2] {
    [("a/Dockerfile", text), ("b/Dockerfile", text)]
}

#[test]
fn a_file_that_builds_share_is_fixed_when_all_of_them_were_looked_at() {
    let settings = Settings::default();
    let docker = "FROM python:3.12-slim\nCOPY pyproject.toml ./\nRUN pip install --no-cache-dir .\n";
    let broken = "[project]\nname = \"a\"\ndependencies = [\n";
    let workspace = |manifest: &str| {
        Workspace::in_memory(
            [("Dockerfile", docker), ("b.Dockerfile", docker), ("pyproject.toml", manifest)]
                .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())),
        )
    };
    let hide = |baselines: &Baselines, manifest: &str, paths: &[&str]| {
        let workspace = workspace(manifest);
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let mut report = lint(&workspace, &paths, &settings);
        baselines.hide(&workspace, &mut report, &settings, |_| Some(0), None)
    };
    let empty = Baselines { all: vec![Baseline::new(Path::new(ROOT), "baseline.json")] };
    let both = ["Dockerfile", "b.Dockerfile"];
    let baselines = Baselines { all: empty.renewed(&[hide(&empty, broken, &both)], |_| false) };
    let shared = baselines.all[0].findings.iter().find(|known| known.rule == "unreadable-manifest").unwrap();
    assert_eq!((shared.file.as_str(), shared.dockerfiles.as_slice()), ("pyproject.toml", &both.map(str::to_owned)[..]));
    let fine = "[project]\nname = \"a\"\ndependencies = []\n";
    let fixed = |paths: &[&str]| baselines.counts(&[hide(&baselines, fine, paths)], |_| false).fixed;
    assert_eq!(fixed(&both) - fixed(&["Dockerfile"]), 1 + fixed(&["b.Dockerfile"]));
}

#[test]
fn what_fixes_changed_is_known_by_its_words_when_it_was_known_before() {
    let before = "FROM python:3.12-slim\nRUN pip install flask && echo a\n";
    let changed = "FROM python:3.12-slim\nRUN pip install flask && echo b\n";
    let baselines = of(&[("Dockerfile", before)], &["Dockerfile"]);
    let (_, earlier, _) = look(&baselines, &[("Dockerfile", before)], &["Dockerfile"]);
    let (workspace, mut report, settings) = report(&[("Dockerfile", changed)], &["Dockerfile"]);
    let again = baselines.hide(&workspace, &mut report, &settings, |_| Some(0), Some(&earlier));
    assert_eq!((again.left, again.rewritten), (1, 1));
    // By itself an instruction that changed is another one.
    assert_eq!(after(before, changed), (1, 1, 0));
    let (_, unknown, _) = look(&baselines, &[("Dockerfile", changed)], &["Dockerfile"]);
    let (workspace, mut report, settings) = self::report(&[("Dockerfile", changed)], &["Dockerfile"]);
    assert_eq!(baselines.hide(&workspace, &mut report, &settings, |_| Some(0), Some(&unknown)).left, 0);
}

#[test]
fn each_service_is_held_to_its_own_baseline() {
    let files = [("a/Dockerfile", PIP), ("b/Dockerfile", PIP)];
    let mut baselines = of(&files, &["a/Dockerfile", "b/Dockerfile"]);
    baselines.all.push(Baseline::new(Path::new(ROOT), "b/baseline.json"));
    let (workspace, mut report, settings) = report(&files, &["a/Dockerfile", "b/Dockerfile"]);
    let of = |path: &str| Some(usize::from(path.starts_with("b/")));
    let sighting = baselines.hide(&workspace, &mut report, &settings, of, None);
    assert_eq!((sighting.new, sighting.left), (1, 1));
    assert_eq!(&*report.diagnostics[0].primary.file, "b/Dockerfile");
    assert_eq!((&report.services[0].findings, &report.services[1].findings), (&vec![], &vec![0]));
    let (workspace, mut report, settings) = self::report(&files, &["a/Dockerfile", "b/Dockerfile"]);
    let none = baselines.hide(&workspace, &mut report, &settings, |path| path.starts_with("a/").then_some(0), None);
    assert_eq!((none.new, none.left, report.diagnostics.len()), (0, 1, 1));
}

#[test]
fn the_file_is_stable_and_harmless() {
    let text = "FROM python:3.12-slim\nRUN pip install --index-url https://me:s3cret@example.invalid/simple \u{202e}flask\nRUN pip install flask\nRUN pip install flask\n";
    let baselines = of(&[("Dockerfile", text)], &["Dockerfile"]);
    let printed = baselines.all[0].print();
    assert!(printed.is_ascii() && !printed.contains("s3cret"), "{printed}");
    assert!(printed.contains("\"nth\":2"), "{printed}");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 3 + 3 + 2, "{printed}");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::write(root.join("b.json"), &printed).unwrap();
    let read = Baseline::read(&root, "b.json").unwrap();
    assert_eq!(read.findings, baselines.all[0].findings);
    assert_eq!(read.print(), printed);
    let long = format!("FROM python:3.12-slim\nRUN pip install flask {}\n", "x ".repeat(500));
    let other = long.replace(" x \n", " y \n");
    assert_eq!(after(&long, &long), (0, 0, 1));
    assert_eq!(after(&long, &other), (1, 1, 0));
    assert!(of(&[("Dockerfile", &long)], &["Dockerfile"]).all[0].print().lines().all(|line| line.len() < 500));
}

#[test]
fn what_is_no_baseline_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let told = |text: &str| {
        std::fs::write(root.join("b.json"), text).unwrap();
        Baseline::read(&root, "b.json").map(|_| ()).unwrap_err().to_string()
    };
    assert!(told("{").contains("is no baseline"));
    assert!(told("[]").contains("is no baseline"));
    assert!(told("{\"version\": 1, \"findings\": [{\"file\": 1}]}").contains("is no baseline"));
    assert!(told("{\"version\": 2, \"more\": []}").contains("has version 2"));
    assert!(told("{\n<<<<<<< HEAD\n").contains("marks of a merge"));
    assert!(Baseline::read(&root, "none.json").unwrap_err().to_string().contains("--write-baseline="));
    assert!(matches!(Baseline::read(&root, "../b.json"), Err(BaselineError::Outside(_))));
}
