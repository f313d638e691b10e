//! `--baseline` and `--write-baseline`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;
use slimlint::dockerfile::Dockerfile;
use slimlint::lint::Report;
use slimlint::lint::baseline::{Baseline, BaselineCounts, Baselines};

use super::common::example::{Example, Files};
use super::common::samples;
use super::{CLEAN, PIP, folder, json, put, slimlint, text};

const FILE: &str = "slimlint-baseline.json";

/// Fifty lines of comments above each instruction in which something is found.
fn shifted(example: &Example, report: &Report) -> Files {
    let mut files = example.files.clone();
    for path in &example.dockerfiles {
        let Ok(text) = str::from_utf8(&example.files[path]) else { continue };
        let dockerfile = Dockerfile::parse(text);
        let starts: BTreeSet<usize> = report
            .diagnostics
            .iter()
            .filter(|found| *found.primary.file == *path.as_str())
            .filter_map(|found| {
                let start = found.primary.range.start();
                dockerfile.instructions.iter().find(|instruction| instruction.range.contains(start))
            })
            .map(|instruction| instruction.range.start() as usize)
            .filter(|start| *start == 0 || text.as_bytes()[start - 1] == b'\n')
            .collect();
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut shifted = text.to_owned();
        for start in starts.into_iter().rev() {
            shifted.insert_str(start, &format!("# shifted{newline}").repeat(50));
        }
        files.insert(path.clone(), shifted.into_bytes());
    }
    files
}

/// How a run stands to the baseline that is written of `example` when its files have become `files`.
fn stands(example: &Example, mut report: Report, files: Files) -> BaselineCounts {
    let hide = |example: &Example, report: &mut Report, baselines: &Baselines| {
        baselines.hide(&example.workspace(), report, &example.settings, |_| Some(0), None)
    };
    let empty = Baselines { all: vec![Baseline::new(Path::new("/workspace"), FILE)] };
    let baselines = Baselines { all: empty.renewed(&[hide(example, &mut report, &empty)], |_| false) };
    let later = example.with(files);
    let sighting = hide(&later, &mut later.lint(), &baselines);
    baselines.counts(&[sighting], |_| false)
}

#[test]
fn lines_above_findings_make_none_of_them_new() {
    let mut left = 0;
    for example in samples::own() {
        let report = example.lint();
        let files = shifted(&example, &report);
        let counts = stands(&example, report, files);
        assert_eq!((counts.new, counts.fixed), (0, 0), "{}", example.name);
        left += counts.left;
    }
    assert!(left > 500, "only {left} findings were known");
}

#[test]
fn carriage_returns_make_no_finding_new() {
    for example in samples::own() {
        let files = example.files.iter().filter_map(|(path, bytes)| {
            let text = str::from_utf8(bytes).ok().filter(|text| !text.contains('\r'))?;
            Some((path.clone(), text.replace('\n', "\r\n").into_bytes()))
        });
        let counts = stands(&example, example.lint(), files.collect());
        assert_eq!((counts.new, counts.fixed), (0, 0), "{}", example.name);
    }
}

#[test]
fn a_service_of_the_corpus_is_quiet_once_its_baseline_is_written() {
    for example in samples::corpus() {
        let here = folder(&[]);
        for (path, bytes) in &example.files {
            put(&here, path, bytes);
        }
        let report = example.lint();
        let found = report.diagnostics.len();
        let wrote = slimlint(here.path(), &["--write-baseline"]);
        assert_eq!(wrote.code, 0, "{}: {}", example.name, wrote.err);
        for (path, bytes) in shifted(&example, &report) {
            put(&here, &path, &bytes);
        }
        let run = json(here.path(), &["--baseline", FILE]);
        assert_eq!(run["summary"]["baseline"], json!({ "new": 0, "fixed": 0, "left": found }), "{}", example.name);
    }
}

#[test]
fn new_fixed_and_left_are_told_and_only_new_ones_fail() {
    let here = folder(&[("a/Dockerfile", PIP), ("b/Dockerfile", PIP)]);
    let wrote = slimlint(here.path(), &["--write-baseline"]);
    assert_eq!((wrote.code, wrote.err.contains("holds 2 findings")), (0, true), "{}", wrote.err);
    assert!(wrote.out.contains("Nothing new in 2 Dockerfiles, 2 known from the baseline."), "{}", wrote.out);
    let quiet = slimlint(here.path(), &["--baseline", FILE]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, "note: baseline: 0 new, 0 fixed, 2 left\n"));
    put(&here, "a/Dockerfile", "FROM python:3.12-slim\nRUN pip install rich\n");
    let changed = slimlint(here.path(), &["--baseline", FILE, "--format", "concise"]);
    assert_eq!((changed.code, changed.err.as_str()), (1, "note: baseline: 1 new, 1 fixed, 1 left\n"));
    assert_eq!(changed.out.matches("pip-cache-kept").count(), 1, "{}", changed.out);
    let all = slimlint(here.path(), &["--baseline", FILE, "--exit-zero"]);
    assert_eq!(all.code, 0);
    // What was not linted is not called fixed.
    put(&here, "b/Dockerfile", CLEAN);
    let one = json(here.path(), &["--baseline", FILE, "a"]);
    assert_eq!(one["summary"]["baseline"], json!({ "new": 1, "fixed": 1, "left": 0 }));
}

#[test]
fn writing_a_part_keeps_what_is_known_of_the_rest() {
    let here = folder(&[("a/Dockerfile", PIP), ("b/Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    let both = text(&here, FILE);
    put(&here, "a/Dockerfile", CLEAN);
    let part = slimlint(here.path(), &["--write-baseline", "a"]);
    assert!(part.err.contains("0 added, 1 removed, 0 as before"), "{}", part.err);
    assert_eq!(text(&here, FILE).matches("\"file\"").count(), 1);
    assert!(text(&here, FILE).contains("b/Dockerfile"));
    put(&here, "a/Dockerfile", PIP);
    slimlint(here.path(), &["--write-baseline", "a"]);
    assert_eq!(text(&here, FILE), both);
    // A rule that does not run says nothing of its findings.
    slimlint(here.path(), &["--write-baseline", "--select", "apt-recommends"]);
    assert_eq!(text(&here, FILE), both);
    // What is gone below the folder that is searched is gone.
    fs::remove_dir_all(here.path().join("a")).unwrap();
    let less = slimlint(here.path(), &["--write-baseline"]);
    assert!(less.err.contains("1 removed"), "{}", less.err);
}

#[test]
fn paths_are_relative_to_the_baseline() {
    let here = folder(&[("apps/a/Dockerfile", PIP), ("ci/README", "")]);
    let wrote = slimlint(here.path(), &["--write-baseline=ci/known.json"]);
    assert_eq!(wrote.code, 0, "{}", wrote.err);
    assert!(text(&here, "ci/known.json").contains("{\"file\":\"../apps/a/Dockerfile\",\"rule\":\"pip-cache-kept\""));
    let inside = slimlint(&here.path().join("apps"), &["--baseline", "../ci/known.json"]);
    assert_eq!(inside.code, 0, "{}", inside.out);
}

#[test]
fn the_configuration_names_a_baseline() {
    let here = folder(&[("a/Dockerfile", PIP), ("slimlint.toml", "baseline = \"ci/known.json\"\n"), ("ci/README", "")]);
    let missing = slimlint(here.path(), &[]);
    assert_eq!(missing.code, 2);
    assert!(
        missing
            .err
            .contains("there is no baseline `ci/known.json`; `slimlint --write-baseline=ci/known.json` writes it"),
        "{}",
        missing.err
    );
    assert_eq!(slimlint(here.path(), &["--write-baseline"]).code, 0);
    assert!(!here.path().join(FILE).exists());
    for cwd in [here.path(), &here.path().join("a")] {
        assert_eq!(slimlint(cwd, &[]).code, 0);
    }
    assert_eq!(slimlint(here.path(), &["--no-baseline"]).code, 1);
    assert_eq!(slimlint(here.path(), &["--isolated"]).code, 1);
    assert!(slimlint(here.path(), &["--show-settings"]).out.contains("baseline       "));
    // One of the command line takes its place.
    put(&here, "none.json", "{\"version\": 1, \"findings\": []}");
    assert_eq!(slimlint(here.path(), &["--baseline", "none.json"]).code, 1);
}

#[test]
fn each_folder_may_have_its_own() {
    let own = "baseline = \"known.json\"\n";
    let here =
        folder(&[("a/Dockerfile", PIP), ("a/slimlint.toml", own), ("b/Dockerfile", PIP), ("b/slimlint.toml", own)]);
    assert_eq!(slimlint(here.path(), &["--write-baseline"]).code, 0);
    for path in ["a/known.json", "b/known.json"] {
        assert_eq!(text(&here, path).matches("\"file\":\"Dockerfile\"").count(), 1);
    }
    put(&here, "b/Dockerfile", "FROM python:3.12-slim\nRUN pip install rich\n");
    let run = slimlint(here.path(), &["--format", "concise"]);
    assert_eq!((run.code, run.out.contains("b/Dockerfile:2"), run.out.contains("a/Dockerfile:2")), (1, true, false));
}

#[test]
fn a_repository_names_no_baseline_outside_of_it() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("known.json"), "{\"version\": 1, \"findings\": []}").unwrap();
    for name in ["../known.json", "/etc/hostname"] {
        let here = folder(&[("Dockerfile", PIP), ("slimlint.toml", &format!("baseline = \"{name}\"\n"))]);
        for arguments in [&[][..], &["--write-baseline"]] {
            let run = slimlint(here.path(), arguments);
            assert_eq!(run.code, 2, "{name}: {}", run.err);
        }
    }
    #[cfg(unix)]
    {
        let here = folder(&[("Dockerfile", PIP), ("slimlint.toml", "baseline = \"link/known.json\"\n")]);
        std::os::unix::fs::symlink(outside.path(), here.path().join("link")).unwrap();
        for arguments in [&[][..], &["--write-baseline"]] {
            let run = slimlint(here.path(), arguments);
            assert_eq!(run.code, 2, "{}", run.err);
        }
        assert_eq!(fs::read(outside.path().join("known.json")).unwrap(), b"{\"version\": 1, \"findings\": []}");
    }
}

#[test]
fn what_cannot_be_used_is_trouble() {
    let here = folder(&[
        ("Dockerfile", PIP),
        ("README.md", "# no baseline\n"),
        ("newer.json", "{\"version\": 9}"),
        ("merge.json", "{\n<<<<<<< ours\n=======\n>>>>>>> theirs\n}\n"),
    ]);
    for (file, said) in [
        ("README.md", "is no baseline"),
        ("newer.json", "has version 9"),
        ("merge.json", "marks of a merge"),
        ("none.json", "there is no baseline"),
        ("nowhere/none.json", "name a file in a folder that exists"),
        (".", "it is a folder"),
    ] {
        let run = slimlint(here.path(), &["--baseline", file]);
        assert_eq!((run.code, run.err.contains(said), run.out.is_empty()), (2, true, true), "{file}: {}", run.err);
    }
    // Nor is a file overwritten that is something else.
    assert_eq!(slimlint(here.path(), &["--write-baseline=README.md"]).code, 2);
    assert_eq!(text(&here, "README.md"), "# no baseline\n");
    assert_eq!(slimlint(here.path(), &["--write-baseline", "--fix"]).code, 2);
    assert_eq!(slimlint(here.path(), &["--write-baseline", "-"]).code, 2);
}

const TORCH: &str = "FROM python:3.12-slim\nRUN pip install --no-cache-dir torch\n";

#[test]
fn what_is_known_weighs_all_the_same() {
    let here = folder(&[("Dockerfile", TORCH)]);
    let limit = ["--max-saving", "500MB", "--exit-zero"];
    let before = slimlint(here.path(), &limit);
    assert!(before.code == 1 && before.err.contains("over the 500 MB of --max-saving"), "{}", before.err);
    slimlint(here.path(), &["--write-baseline"]);
    let run = slimlint(here.path(), &[&["--baseline", FILE][..], &limit].concat());
    assert!(run.code == 1 && run.err.contains("over the 500 MB of --max-saving"), "{}", run.err);
    assert!(run.out.contains("Nothing new in 1 Dockerfile"), "{}", run.out);
}

#[test]
fn a_merge_that_keeps_the_lines_of_both_sides_is_a_baseline() {
    let written = |files: &[(&str, &str)]| {
        let here = folder(files);
        slimlint(here.path(), &["--write-baseline"]);
        text(&here, FILE)
    };
    let merge = |base: &str, ours: &str, theirs: &str| {
        let here = folder(&[("base", base), ("ours", ours), ("theirs", theirs)]);
        let mut command = std::process::Command::new("git");
        let command = command.args(["merge-file", "-p", "--union", "ours", "base", "theirs"]);
        String::from_utf8(command.current_dir(here.path()).output().unwrap().stdout).unwrap()
    };
    let none = ("none/Dockerfile", CLEAN);
    let (a, b, c) = (("a/Dockerfile", PIP), ("b/Dockerfile", PIP), ("c/Dockerfile", PIP));
    // Both sides add one at the end, one removes the last while the other adds, and both add the same.
    for (base, ours, theirs, all) in [
        (&[a][..], &[a, b][..], &[a, c][..], &[a, b, c][..]),
        (&[none][..], &[b][..], &[c][..], &[b, c][..]),
        (&[a, b][..], &[a][..], &[a, b, c][..], &[a, b, c][..]),
        (&[a][..], &[a, b][..], &[a, b][..], &[a, b][..]),
    ] {
        let merged = merge(&written(base), &written(ours), &written(theirs));
        let here = folder(all);
        put(&here, FILE, &merged);
        let run = slimlint(here.path(), &["--baseline", FILE]);
        assert!(
            run.code == 0 && run.err.contains(&format!("0 new, 0 fixed, {} left", all.len())),
            "{merged}{}",
            run.err
        );
        slimlint(here.path(), &["--write-baseline"]);
        assert_eq!(text(&here, FILE), written(all));
    }
}

#[test]
fn of_two_findings_with_one_number_none_is_dropped() {
    let here =
        folder(&[("Dockerfile", "FROM python:3.12-slim\nRUN pip install a && pip install b && pip install c\n")]);
    slimlint(here.path(), &["--write-baseline"]);
    // As two branches write them that each know the first and one more.
    put(&here, FILE, &text(&here, FILE).replace("\"nth\":3", "\"nth\":2"));
    let run = slimlint(here.path(), &["--baseline", FILE]);
    assert!(run.err.contains("0 new, 0 fixed, 3 left"), "{}", run.err);
}

#[test]
fn a_mark_of_the_byte_order_is_no_part_of_a_baseline() {
    let here = folder(&[("Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    put(&here, FILE, &format!("\u{feff}{}", text(&here, FILE)));
    assert_eq!(slimlint(here.path(), &["--baseline", FILE]).code, 0);
}

#[test]
#[cfg(unix)]
fn a_link_of_the_default_name_is_followed_and_a_name_that_cannot_be_told_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let outside = tempfile::tempdir().unwrap();
    let there = outside.path().join("known.json");
    fs::write(&there, "{\"version\": 1, \"findings\": []}").unwrap();
    let here = folder(&[("Dockerfile", PIP)]);
    std::os::unix::fs::symlink(&there, here.path().join(FILE)).unwrap();
    let run = slimlint(here.path(), &["--write-baseline"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(fs::read_to_string(&there).unwrap().contains("pip-cache-kept"));
    assert!(here.path().join(FILE).is_symlink());
    let name = std::ffi::OsString::from_vec(b"--write-baseline=k\xff.json".to_vec());
    let run = super::slimlint_with(here.path(), &[], |command| {
        command.arg(name);
    });
    assert!(run.code == 2 && run.err.contains("is not Unicode"), "{}", run.err);
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 3);
}

#[test]
fn settings_are_not_shown_in_the_place_of_a_baseline() {
    let here = folder(&[("Dockerfile", PIP)]);
    assert_eq!(slimlint(here.path(), &["--write-baseline", "--show-settings"]).code, 2);
}

#[test]
fn a_dockerfile_that_left_its_compose_file_is_gone() {
    let compose = |name: &str| {
        format!(
            "services:\n  app:\n    build:\n      context: .\n      {name}: |\n        FROM python:3.12-slim\n        RUN pip install flask\n"
        )
    };
    for rest in [&[][..], &[("web/Dockerfile", CLEAN)][..]] {
        let here = folder(&[&[("compose.yml", compose("dockerfile_inline").as_str())][..], rest].concat());
        slimlint(here.path(), &["--write-baseline"]);
        put(&here, "compose.yml", "services:\n  app:\n    image: nginx\n");
        let run = slimlint(here.path(), &["--baseline", FILE]);
        assert!(run.err.contains("0 new, 1 fixed, 0 left"), "{}", run.err);
        slimlint(here.path(), &["--write-baseline"]);
        assert!(text(&here, FILE).contains("\"findings\": []"));
    }
}

#[test]
fn what_cannot_be_looked_at_is_not_gone() {
    let here = folder(&[("a/Dockerfile", PIP), ("b/Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    // A frontend that knows more than is read here.
    put(&here, "a/Dockerfile", &format!("# syntax=devthefuture/dockerfile-x\nINCLUDE ./other\n{PIP}"));
    let run = slimlint(here.path(), &["--baseline", FILE]);
    assert!(run.err.contains("0 new, 0 fixed, 1 left"), "{}", run.err);
    // A folder that became a file holds nothing.
    fs::remove_dir_all(here.path().join("b")).unwrap();
    put(&here, "b", "");
    let run = slimlint(here.path(), &["--baseline", FILE]);
    assert!(run.err.contains("0 new, 1 fixed, 0 left"), "{}", run.err);
}

#[test]
#[cfg(unix)]
fn what_lies_in_a_folder_that_cannot_be_entered_is_not_gone() {
    use std::os::unix::fs::symlink;
    let here = folder(&[("a/Dockerfile", PIP), ("b/Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    // To root every folder is open, but not one that a link leads to round in a circle.
    fs::remove_dir_all(here.path().join("b")).unwrap();
    symlink("b", here.path().join("b")).unwrap();
    let run = slimlint(here.path(), &["--baseline", FILE]);
    assert!(run.err.contains("0 new, 0 fixed, 1 left"), "{}", run.err);
}

#[test]
fn comments_come_before_the_baseline() {
    let ignored = "FROM python:3.12-slim\n# slimlint ignore=pip-cache-kept on purpose\nRUN pip install flask\n";
    let here = folder(&[("Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    put(&here, "Dockerfile", ignored);
    let run = json(here.path(), &["--baseline", FILE]);
    assert_eq!(run["summary"]["suppressed"], 1);
    assert_eq!(run["summary"]["baseline"], json!({ "new": 0, "fixed": 1, "left": 0 }));
    // What a comment silences is not written down.
    slimlint(here.path(), &["--write-baseline"]);
    assert!(text(&here, FILE).contains("\"findings\": []"), "{}", text(&here, FILE));
}

#[test]
fn fixes_are_made_of_what_is_told_only() {
    let here = folder(&[("Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    let both = format!("{PIP}RUN pip install rich\n");
    put(&here, "Dockerfile", &both);
    let patch = slimlint(here.path(), &["--diff", "--baseline", FILE]);
    assert_eq!((patch.code, patch.out.matches("+RUN").count()), (1, 1), "{}", patch.out);
    let fixed = slimlint(here.path(), &["--fix", "--no-backup", "--baseline", FILE]);
    assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
    assert_eq!(text(&here, "Dockerfile"), format!("{PIP}RUN pip install --no-cache-dir rich\n"));
    slimlint(here.path(), &["--fix", "--no-backup", "--no-baseline"]);
    assert!(!text(&here, "Dockerfile").contains("install flask"));
}

#[test]
fn a_fix_beside_a_known_finding_leaves_it_known_in_that_run() {
    let known = "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n";
    let both = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n";
    let here = folder(&[("Dockerfile", both)]);
    slimlint(here.path(), &["--write-baseline", "--ignore", "apt-lists-kept"]);
    let run = slimlint(here.path(), &["--fix", "--no-backup", "--baseline", FILE]);
    assert_eq!(text(&here, "Dockerfile"), known, "{}{}", run.out, run.err);
    assert!(run.err.contains("writes them down anew"), "{}", run.err);
    assert_eq!(run.code, 0, "{}", run.out);
}

#[test]
fn standard_input_is_held_to_the_baseline_of_its_file() {
    let here = folder(&[("Dockerfile", PIP)]);
    slimlint(here.path(), &["--write-baseline"]);
    let run =
        super::slimlint_with(here.path(), &["--baseline", FILE, "--stdin-filename", "Dockerfile", "-"], |command| {
            command.stdin(fs::File::open(here.path().join("Dockerfile")).unwrap());
        });
    assert_eq!((run.code, run.err.contains("1 left")), (0, true), "{}", run.err);
}
