//! The program as a user runs it: exit codes, formats, what is written and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "cli/configuration.rs"]
mod configuration;
#[path = "cli/definitions.rs"]
mod definitions;
#[path = "common/folder.rs"]
mod folder;
#[path = "cli/hadolint.rs"]
mod hadolint;
#[path = "cli/reports.rs"]
mod reports;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use folder::{put, repository, text};
use tempfile::TempDir;

/// A finding with a safe fix.
const PIP: &str = "FROM python:3.12-slim\nRUN pip install flask\n";
/// The same, fixed.
const PIP_FIXED: &str = "FROM python:3.12-slim\nRUN pip install --no-cache-dir flask\n";
const CLEAN: &str = "FROM scratch\nLABEL a=b\n";
const DATE: &str = "20251121";

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn program(cwd: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
    command.current_dir(cwd).env_clear().env("SOURCE_DATE_EPOCH", "1763683200").stdin(Stdio::null());
    // A journal beside the repository, which goes with it.
    command.env("SLIMLINT_STATE_DIR", cwd.join(".git/slimlint-state"));
    command
}

fn slimlint(cwd: &Path, line: &str) -> Run {
    let Output { status, stdout, stderr } = program(cwd).args(line.split_whitespace()).output().unwrap();
    let string = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: status.code().expect("killed"), out: string(stdout), err: string(stderr) }
}

/// The program with `input` on standard input.
fn slimlint_with(cwd: &Path, line: &str, input: &[u8]) -> Run {
    let mut command = program(cwd);
    command.args(line.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may be gone before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let string = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: status.code().expect("killed"), out: string(stdout), err: string(stderr) }
}

/// `path:line:column: severity: ` of each finding.
fn concise(folder: &TempDir, line: &str) -> Vec<String> {
    let run = slimlint(folder.path(), &format!("--format concise {line}"));
    assert!(run.code < 2, "slimlint {line}\n{}", run.err);
    let findings = run.out.lines().filter_map(|line| line.split_once('`').map(|(place, _)| place.to_owned()));
    findings.collect()
}

/// The names in an object.
fn keys(value: &serde_json::Value) -> String {
    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

/// Names below the folder but `.git`, sorted.
fn names(folder: &TempDir) -> Vec<String> {
    let walk = walkdir::WalkDir::new(folder.path()).min_depth(1);
    let mut names: Vec<String> = walk
        .into_iter()
        .map(Result::unwrap)
        .map(|entry| entry.path().strip_prefix(folder.path()).unwrap().display().to_string())
        .filter(|name| !name.starts_with(".git/") && name != ".git")
        .collect();
    names.sort();
    names
}

#[test]
fn exit_codes() {
    let pip = repository(&[("Dockerfile", PIP), ("clean/Dockerfile", CLEAN), ("empty/notes.txt", "x")]);
    for (line, code) in [
        ("--select pip-cache-kept", 1),
        ("check --select pip-cache-kept", 1),
        ("--select pip-cache-kept Dockerfile", 1),
        ("--select dl3042", 1),
        ("--select caches", 1),
        ("--select pip-cache-kept clean", 0),
        ("--select pip-cache-kept empty", 0),
        ("--select pip-cache-kept --fail-on error", 0),
        ("--select pip-cache-kept --fail-on info", 1),
        ("--select pip-cache-kept --fail-on never", 0),
        ("--select pip-cache-kept --exit-zero", 0),
        ("--select pip-cache-kept,no-such-rule", 2),
        ("--ignore pip-cach-kept", 2),
        ("--select pip-cache-kept missing", 2),
        ("--select pip-cache-kept --exit-zero missing", 2),
        ("--no-such-option", 2),
        ("--fix --diff", 2),
        ("--context /", 2),
        ("--context missing", 2),
        ("--context clean --select pip-cache-kept clean", 0),
        ("--diff --select pip-cache-kept", 1),
        ("--diff --select pip-cache-kept clean", 0),
        ("--diff --select pip-cache-kept --exit-zero", 0),
        ("explain pip-cache-kept", 0),
        ("explain DL3042", 0),
        ("explain nothing", 2),
        ("rules", 0),
        ("rules --format json", 0),
        ("--version", 0),
        ("--help", 0),
    ] {
        let run = slimlint(pip.path(), line);
        assert_eq!(run.code, code, "slimlint {line}\n{}{}", run.out, run.err);
        assert_eq!(run.code == 2, run.err.contains("error"), "slimlint {line}\n{}", run.err);
        assert!(!run.err.contains("panicked"), "slimlint {line}\n{}", run.err);
    }
    assert_eq!(text(&pip, "Dockerfile"), PIP);
}

#[test]
fn usage_errors_say_what_was_meant() {
    let folder = repository(&[("Dockerfile", PIP)]);
    for (line, hint) in [
        ("--select pip-cach-kept", "`pip-cache-kept`"),
        ("explain pip-cache-kep", "`pip-cache-kept`"),
        ("explian", "`slimlint explain`"),
        ("missing/Dockerfile", "missing/Dockerfile: there is no such file"),
    ] {
        let run = slimlint(folder.path(), line);
        assert!(run.err.contains(hint), "slimlint {line}\n{}", run.err);
    }
}

#[test]
fn check_is_the_default_and_gives_way_to_folders() {
    let folder = repository(&[("check/Dockerfile", PIP), ("b/Dockerfile", CLEAN)]);
    for (line, dockerfiles) in [
        ("--format json", 2),
        ("check --format json", 2),
        ("check check --format json", 1),
        ("./check --format json", 1),
        ("--format json check", 1),
        ("--format json -- check b", 2),
    ] {
        let run = slimlint(folder.path(), line);
        let value: serde_json::Value = serde_json::from_str(&run.out).expect(&run.out);
        assert_eq!(value["summary"]["dockerfiles"], dockerfiles, "slimlint {line}");
    }
    let run = slimlint(&folder.path().join("b"), "--format json check");
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn formats() {
    let folder = repository(&[("a/Dockerfile", PIP)]);
    let run = slimlint(folder.path(), "--select pip-cache-kept");
    assert!(run.out.starts_with("warning[pip-cache-kept]: "), "{}", run.out);
    assert!(run.out.contains("─[a/Dockerfile:2:"), "{}", run.out);
    assert!(run.out.ends_with("Found 1 problem in 1 Dockerfile (1 safe fix with --fix).\n"), "{}", run.out);
    assert!(!run.out.contains('\u{1b}'), "no colour without a terminal");

    let run = slimlint(&folder.path().join("a"), "--select pip-cache-kept --format concise ..");
    assert!(run.out.starts_with("Dockerfile:2:5: warning: "), "{}", run.out);
    assert!(run.out.lines().next().unwrap().contains(" [pip-cache-kept]"), "{}", run.out);

    let run = slimlint(folder.path(), "--select pip-cache-kept --format json");
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(keys(&value), "diagnostics summary version");
    let found = &value["diagnostics"][0];
    assert_eq!(
        keys(found),
        "column end_column end_line file fix help labels line message notes rule savings severity url"
    );
    assert_eq!((found["file"].as_str(), found["line"].as_u64()), (Some("a/Dockerfile"), Some(2)));
    let edit = &found["fix"]["edits"][0];
    let (start, end) = (edit["start"].as_u64().unwrap() as usize, edit["end"].as_u64().unwrap() as usize);
    let mut fixed = PIP.to_owned();
    fixed.replace_range(start..end, edit["text"].as_str().unwrap());
    assert_eq!(fixed, PIP_FIXED);

    let clean = repository(&[("Dockerfile", CLEAN)]);
    let run = slimlint(clean.path(), "--select caches");
    assert_eq!(run.out, "Nothing to slim in 1 Dockerfile.\n");
}

#[test]
fn colour_is_asked_for() {
    let folder = repository(&[("Dockerfile", PIP)]);
    for (variables, colored) in
        [(&[("CLICOLOR_FORCE", "1")][..], true), (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false), (&[], false)]
    {
        let output =
            program(folder.path()).envs(variables.iter().copied()).arg("--select=pip-cache-kept").output().unwrap();
        assert_eq!(output.stdout.contains(&0x1b), colored, "{variables:?}");
    }
}

#[test]
fn one_bad_path_does_not_stop_the_others() {
    let folder = repository(&[("Dockerfile", PIP), ("folder/Dockerfile/x", ""), ("bad/Dockerfile", "FRM a\nRUN \\\n")]);
    let run =
        slimlint(folder.path(), "--select pip-cache-kept missing Dockerfile folder/Dockerfile bad --format concise");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("missing: "), "{}", run.err);
    assert!(
        run.out.contains("Dockerfile:2:5: warning") && run.out.contains("bad/Dockerfile:1:1: error"),
        "{}",
        run.out
    );
}

#[cfg(unix)]
#[test]
fn unreadable_files_are_told() {
    let folder = repository(&[("a/Dockerfile", PIP)]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("Dockerfile")).unwrap();
    let outside = repository(&[("Dockerfile", PIP)]);
    std::os::unix::fs::symlink(outside.path().join("Dockerfile"), folder.path().join("Dockerfile.out")).unwrap();
    let made =
        Command::new("mkfifo").arg(folder.path().join("Dockerfile.pipe")).status().is_ok_and(|status| status.success());
    for name in ["Dockerfile", "Dockerfile.out"].into_iter().chain(made.then_some("Dockerfile.pipe")) {
        let run = slimlint(folder.path(), &format!("--select pip-cache-kept --format concise {name} a"));
        assert_eq!(run.code, 2, "{name}: {}{}", run.out, run.err);
        assert!(run.out.contains("a/Dockerfile:2:5: warning"), "{name}: {}", run.out);
        assert!(format!("{}{}", run.out, run.err).contains(name), "{name}");
    }
    let run = slimlint(folder.path(), "--select pip-cache-kept --format concise");
    assert!(run.out.contains("a/Dockerfile:2:5: warning"), "{}{}", run.out, run.err);
}

#[test]
fn fixes_with_a_backup_that_is_never_overwritten() {
    let folder = repository(&[("Dockerfile", PIP)]);
    let run = slimlint(folder.path(), "--fix --select pip-cache-kept");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.contains(&format!("Dockerfile   1 fixed   (backup Dockerfile.pre-slim.{DATE})")), "{}", run.out);
    assert_eq!(text(&folder, "Dockerfile"), PIP_FIXED);
    assert_eq!(text(&folder, &format!("Dockerfile.pre-slim.{DATE}")), PIP);

    let run = slimlint(folder.path(), "--fix --select pip-cache-kept");
    assert_eq!((run.code, run.out.as_str()), (0, "Nothing to slim in 1 Dockerfile.\n"));
    let backup = format!("Dockerfile.pre-slim.{DATE}");
    assert_eq!(names(&folder), ["Dockerfile".to_owned(), backup.clone()]);

    put(&folder, "Dockerfile", format!("{PIP}\n").as_bytes());
    slimlint(folder.path(), "--fix --select pip-cache-kept");
    assert_eq!(text(&folder, &backup), PIP);
    assert_eq!(text(&folder, &format!("{backup}.2")), format!("{PIP}\n"));

    put(&folder, "Dockerfile", PIP.as_bytes());
    slimlint(folder.path(), "--fix --no-backup --select pip-cache-kept");
    assert_eq!(text(&folder, "Dockerfile"), PIP_FIXED);
    assert_eq!(names(&folder).len(), 3);
}

#[test]
fn fixes_keep_bytes_line_ends_and_links() {
    let crlf = PIP.replace('\n', "\r\n");
    let stray = [b"# \xff\xe9\n", PIP.as_bytes()].concat();
    let open_end = PIP.trim_end().to_owned();
    let marked = format!("\u{feff}{PIP}");
    let folder =
        repository(&[("crlf/Dockerfile", &crlf), ("open/Dockerfile", &open_end), ("mark/Dockerfile", &marked)]);
    put(&folder, "stray/Dockerfile", &stray);
    let run = slimlint(folder.path(), "--fix --no-backup --select pip-cache-kept");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(text(&folder, "crlf/Dockerfile"), PIP_FIXED.replace('\n', "\r\n"));
    assert_eq!(text(&folder, "open/Dockerfile"), PIP_FIXED.trim_end());
    assert_eq!(text(&folder, "mark/Dockerfile"), format!("\u{feff}{PIP_FIXED}"));
    assert_eq!(
        fs::read(folder.path().join("stray/Dockerfile")).unwrap(),
        [b"# \xff\xe9\n", PIP_FIXED.as_bytes()].concat()
    );
}

#[cfg(unix)]
#[test]
fn fixes_keep_modes_and_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = repository(&[("real/Dockerfile", PIP)]);
    let real = folder.path().join("real/Dockerfile");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o754)).unwrap();
    symlink("real/Dockerfile", folder.path().join("Dockerfile")).unwrap();
    let run = slimlint(folder.path(), "--fix --select pip-cache-kept Dockerfile");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(text(&folder, "real/Dockerfile"), PIP_FIXED);
    assert!(fs::symlink_metadata(folder.path().join("Dockerfile")).unwrap().is_symlink());
    for path in [real, folder.path().join(format!("real/Dockerfile.pre-slim.{DATE}"))] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o754);
    }
}

#[cfg(unix)]
/// `.dockerignore -> .gitignore`: what a build has no use for, git may have to see.
#[cfg(unix)]
#[test]
fn an_ignore_file_that_is_a_link_is_left_alone() {
    let folder = repository(&[
        (".gitignore", "__pycache__\n.venv\n"),
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"app.py\"]\n",
        ),
        ("requirements.txt", "flask\n"),
        ("app.py", "import flask\n"),
        ("docs/guide.md", &"words\n".repeat(200_000)),
    ]);
    std::os::unix::fs::symlink(".gitignore", folder.path().join(".dockerignore")).unwrap();
    let run = slimlint(folder.path(), "check --fix --unsafe-fixes --exit-zero");
    assert!(run.out.contains("[incomplete-dockerignore]"), "{}", run.out);
    assert!(text(&folder, "Dockerfile").contains("--no-cache-dir"));
    assert_eq!(text(&folder, ".gitignore"), "__pycache__\n.venv\n");
}

#[test]
fn all_files_or_none() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = repository(&[("a/Dockerfile", PIP), ("b/Dockerfile", PIP)]);
    let locked = folder.path().join("b/Dockerfile");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
    let before = names(&folder);
    let run = slimlint(folder.path(), "--fix --select pip-cache-kept");
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("b/Dockerfile") && run.err.contains("read-only"), "{}", run.err);
    assert!(run.out.contains("Found 2 problems in 2 Dockerfiles"), "{}", run.out);
    assert_eq!((text(&folder, "a/Dockerfile"), text(&folder, "b/Dockerfile")), (PIP.to_owned(), PIP.to_owned()));
    assert_eq!(names(&folder), before);
}

#[test]
fn the_patch_does_what_fix_does() {
    let crlf = PIP.replace('\n', "\r\n");
    let files = [
        ("a b/Dockerfile", PIP),
        ("crlf/Dockerfile", crlf.as_str()),
        ("open/Dockerfile", PIP.trim_end()),
        (
            "root.Dockerfile",
            "FROM python:3.12\nRUN apt-get update \\\n\n  # why\n && apt-get install -y gcc && pip install x\nCOPY . .\n",
        ),
        ("data/big.csv", "1,2\n"),
    ];
    let (patched, fixed) = (repository(&files), repository(&files));
    for unsafe_fixes in ["", "--unsafe-fixes"] {
        let patch = slimlint(patched.path(), &format!("--diff {unsafe_fixes}"));
        assert!(patch.code < 2, "{}", patch.err);
        let mut git = Command::new("git")
            .args(["apply", "--allow-empty", "-"])
            .current_dir(patched.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git");
        git.stdin.take().unwrap().write_all(patch.out.as_bytes()).unwrap();
        let applied = git.wait_with_output().unwrap();
        assert!(applied.status.success(), "{}\n{}", patch.out, String::from_utf8_lossy(&applied.stderr));
        let run = slimlint(fixed.path(), &format!("--fix --no-backup {unsafe_fixes}"));
        assert!(run.code < 2, "{}", run.err);
        assert_eq!(names(&patched), names(&fixed));
        for name in names(&fixed) {
            let read = |folder: &TempDir| fs::read(folder.path().join(&name)).ok();
            assert_eq!(read(&patched), read(&fixed), "{name}");
        }
        let again = slimlint(fixed.path(), &format!("--diff {unsafe_fixes}"));
        assert_eq!((again.code, again.out.as_str()), (0, ""), "a second run changes nothing");
    }
    assert_eq!(
        text(&fixed, "crlf/Dockerfile").matches('\n').count(),
        text(&fixed, "crlf/Dockerfile").matches("\r\n").count()
    );
}

#[test]
fn a_reader_that_leaves_is_no_trouble() {
    // Many times what a pipe holds.
    let lines = "RUN pip install package\n".repeat(2_000);
    let folder = repository(&[("Dockerfile", &format!("FROM python:3.12\n{lines}"))]);
    let mut child = program(folder.path())
        .args(["--select", "pip-cache-kept"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 64]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""));
}

#[test]
fn extreme_files_are_linted() {
    let long = format!("FROM python:3.12\nRUN pip install {}x\n", "package ".repeat(1_000_000 / 8));
    let stages = "FROM python:3.12 AS stage\nRUN pip install x\n".repeat(500);
    let nested = format!("FROM a\nRUN {}x{}\n", "$(".repeat(20_000), ")".repeat(20_000));
    // BuildKit reads no line of 1 MB, so what is left after the fix of the first is an error.
    for (name, dockerfile, code, left) in [("long", long, 1, 1), ("stages", stages, 1, 0), ("nested", nested, 0, 0)] {
        let folder = repository(&[("Dockerfile", &dockerfile)]);
        for format in ["text", "concise", "json"] {
            let run = slimlint(folder.path(), &format!("--select pip-cache-kept --format {format}"));
            assert_eq!(run.code, code, "{name} {format}: {}", run.err);
            assert!(format == "json" || run.out.lines().all(|line| line.chars().count() < 400), "{name} {format}");
        }
        let run = slimlint(folder.path(), "--select pip-cache-kept --fix");
        assert_eq!(run.code, left, "{name}: {}", run.err);
    }
}

#[test]
fn nothing_from_a_file_acts_on_the_terminal() {
    let dockerfile = "FROM python:3.12\nRUN pip install \u{1b}]0;x\u{7}\u{202e}\u{9b}2J flask\nB\u{1b}[2JD x\n";
    let folder = repository(&[("Dockerfile.\u{202e}x", dockerfile)]);
    for format in ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "gnu", "markdown"] {
        let run = slimlint(folder.path(), &format!("--format {format}"));
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.out.chars().any(acts) && !run.err.chars().any(acts), "{format}: {:?}{:?}", run.out, run.err);
        assert!(
            ["u202e", "u{202e}", "%E2%80%AE"].iter().any(|escape| run.out.contains(escape)),
            "{format}: {}",
            run.out
        );
    }
}

#[test]
fn debug_parse_prints_one_line_for_each_file() {
    let folder = repository(&[("a/Dockerfile", "from x\nRUN a \\\n b\nBAD y\n"), ("b/Containerfile", CLEAN)]);
    let run = slimlint(folder.path(), "debug parse . a/Dockerfile missing");
    let lines: Vec<serde_json::Value> = run.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let files: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(
        files.iter().map(|file| file.trim_start_matches("./")).collect::<Vec<_>>(),
        ["a/Dockerfile", "b/Containerfile", "a/Dockerfile", "missing"]
    );
    let first = &lines[0];
    assert_eq!(first["instructions"][1], serde_json::json!({"keyword": "RUN", "start_line": 2, "end_line": 3}));
    assert_eq!(
        (first["instructions"][0]["keyword"].as_str(), first["errors"][0]["line"].as_u64()),
        (Some("FROM"), Some(4))
    );
    assert_eq!((run.code, lines[3]["errors"].as_array().map(Vec::len)), (2, Some(1)));
}

#[test]
fn several_roots_in_one_run() {
    let (one, two) = (repository(&[("Dockerfile", PIP)]), repository(&[("Dockerfile", PIP)]));
    let paths: Vec<PathBuf> = [&one, &two].map(|folder| folder.path().join("Dockerfile")).into();
    let line = format!("--select pip-cache-kept --fix {} {}", paths[0].display(), paths[1].display());
    let run = slimlint(one.path(), &line);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!((text(&one, "Dockerfile"), text(&two, "Dockerfile")), (PIP_FIXED.to_owned(), PIP_FIXED.to_owned()));
}

#[test]
fn findings_that_are_there_can_be_ignored() {
    let before = "# syntax=docker/dockerfile:1\nFROM python:3.12-slim\nRUN pip install flask && apt-get update\nRUN pip install x\n";
    let folder = repository(&[("Dockerfile", before)]);
    let rules = "--select pip-cache-kept,apt-lists-kept";
    let preview = slimlint(folder.path(), &format!("{rules} --add-ignores=later --diff"));
    assert!(preview.out.contains("+# slimlint ignore="), "{}", preview.out);
    assert_eq!(text(&folder, "Dockerfile"), before);
    let run = slimlint(folder.path(), &format!("{rules} --add-ignores=later"));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("3 ignored") && run.out.contains("slimlint rollback"), "{}", run.out);
    let after = "# syntax=docker/dockerfile:1\nFROM python:3.12-slim\n\
                 # slimlint ignore=pip-cache-kept,apt-lists-kept later\nRUN pip install flask && apt-get update\n\
                 # slimlint ignore=pip-cache-kept later\nRUN pip install x\n";
    assert_eq!(text(&folder, "Dockerfile"), after);
    assert_eq!(
        slimlint(folder.path(), "--select all").out,
        "Nothing to slim in 1 Dockerfile, 3 silenced by ignore comments.\n"
    );
    // A second run has nothing to add, and one without a reason adds none.
    assert_eq!(slimlint(folder.path(), &format!("{rules} --add-ignores")).code, 0);
    assert_eq!(text(&folder, "Dockerfile"), after);
    assert_eq!(slimlint(folder.path(), "--add-ignores=x --fix").code, 2);
}
