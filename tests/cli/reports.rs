//! Formats for other programs, and `--output-file`.

use std::fs;

use serde_json::Value;

use super::{CLEAN, PIP, PIP_FIXED, names, program, put, repository, slimlint, slimlint_with, text};

/// Every format but those for people, with what a report of nothing begins with.
const FORMATS: [(&str, &str); 6] = [
    ("json", r#"{"version":1,"diagnostics":[],"#),
    ("sarif", r#"{"$schema":"#),
    ("gitlab", "[]"),
    ("junit", "<?xml "),
    ("checkstyle", "<?xml "),
    ("markdown", "### slimlint\n\nNothing to slim in "),
];

const ONLY: &str = "--select pip-cache-kept";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

#[test]
fn several_reports_in_one_run() {
    let folder = repository(&[("Dockerfile", PIP), ("out/x", "")]);
    let run = slimlint(
        folder.path(),
        &format!(
            "{ONLY} --format concise --output-file sarif=out/a.sarif --output-file=junit=out/b.xml --output-file Gitlab=out/c=d.json"
        ),
    );
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    assert!(run.out.starts_with("Dockerfile:2:5: warning: "), "{}", run.out);
    assert_eq!(json(&text(&folder, "out/a.sarif"))["runs"][0]["results"][0]["ruleId"], "pip-cache-kept");
    assert!(text(&folder, "out/b.xml").contains("failures=\"1\""));
    assert_eq!(json(&text(&folder, "out/c=d.json"))[0]["check_name"], "pip-cache-kept");
    assert_eq!(names(&folder).len(), 6, "nothing else is left: {:?}", names(&folder));
}

#[test]
fn what_is_in_a_file_is_what_standard_output_has() {
    let folder = repository(&[("Dockerfile", PIP), ("clean/Dockerfile", CLEAN)]);
    for format in ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "gnu", "markdown"] {
        let line = format!("{ONLY} Dockerfile clean --format {format} --output-file {format}=report");
        let mut command = program(folder.path());
        // Colours are for standard output, where they are asked for.
        let output = command.env("CLICOLOR_FORCE", "1").args(line.split(' ')).output().unwrap();
        let report = text(&folder, "report");
        assert!(!report.contains('\u{1b}') && !report.is_empty(), "{format}");
        let is_for_people = matches!(format, "text" | "concise");
        assert_eq!(String::from_utf8(output.stdout).unwrap() == report, !is_for_people, "{format}");
        let run = slimlint(folder.path(), &format!("{ONLY} Dockerfile clean --format {format}"));
        assert_eq!(run.out, report, "{format}");
    }
}

#[test]
fn reports_are_complete_when_there_is_nothing_to_say() {
    let folder = repository(&[("Dockerfile", CLEAN), ("empty/x", "")]);
    for (format, start) in FORMATS {
        for line in ["", "empty", "--exclude * .", "--statistics", "--fix", "--exit-zero"] {
            let run = slimlint(folder.path(), &format!("{ONLY} --format {format} {line}"));
            assert_eq!(run.code, 0, "{format} {line}: {}", run.err);
            assert!(run.out.starts_with(start), "{format} {line}: {}", run.out);
        }
        for line in ["-", "--force-exclude --exclude Dockerfile -"] {
            let run = slimlint_with(folder.path(), &format!("{ONLY} --format {format} {line}"), CLEAN.as_bytes());
            assert!(run.code == 0 && run.out.starts_with(start), "{format} {line}: {}{}", run.out, run.err);
        }
    }
}

#[test]
fn reports_of_fix_are_about_the_files_as_they_are_then() {
    let folder = repository(&[("Dockerfile", PIP)]);
    let run = slimlint(
        folder.path(),
        &format!("{ONLY} --fix --no-backup --output-file sarif=a.sarif --output-file json=a.json"),
    );
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(text(&folder, "Dockerfile"), PIP_FIXED);
    assert_eq!(json(&text(&folder, "a.sarif"))["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(json(&text(&folder, "a.json"))["summary"]["fixed"], 1);

    let line = format!("{ONLY} --fix --output-file gitlab=b.json --stdin-filename Dockerfile -");
    let run = slimlint_with(folder.path(), &line, PIP.as_bytes());
    assert_eq!((run.out.as_str(), text(&folder, "b.json").as_str()), (PIP_FIXED, "[]\n"));
}

#[test]
fn sources_are_never_replaced() {
    let pyproject = "[project]\nname = \"app\"\ndependencies = [\"flask\"]\n";
    let dockerfile = "FROM python:3.12-slim\nCOPY pyproject.toml .\nRUN pip install .\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("pyproject.toml", pyproject), ("other", "x")]);
    for (path, told) in [
        ("Dockerfile", "`Dockerfile` is a source that is linted"),
        ("pyproject.toml", "`pyproject.toml` is a source that is linted"),
        ("../absent/a", "there is no folder `../absent`"),
    ] {
        let run = slimlint(folder.path(), &format!("--output-file json={path}"));
        assert!(run.code == 2 && run.err.contains(told), "{path}: {}", run.err);
    }
    assert_eq!((text(&folder, "Dockerfile"), text(&folder, "pyproject.toml")), (dockerfile.into(), pyproject.into()));
    assert_eq!(names(&folder), ["Dockerfile", "other", "pyproject.toml"]);
    // What cannot be written is told before anything is fixed.
    let run = slimlint(folder.path(), &format!("{ONLY} --fix --output-file json=Dockerfile"));
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert_eq!(text(&folder, "Dockerfile"), dockerfile);
    // A report of an earlier run is no source.
    for _ in 0..2 {
        let run = slimlint(folder.path(), &format!("{ONLY} --output-file json=report.json"));
        assert_eq!(run.code, 1, "{}", run.err);
    }
}

#[test]
fn wrong_usage_says_what_is_right() {
    let folder = repository(&[("Dockerfile", PIP)]);
    for (line, told) in [
        ("--output-file report.sarif", "write it as FORMAT=PATH, such as sarif=slimlint.sarif"),
        (
            "--output-file serif=x",
            "take one of text, concise, json, sarif, github, gitlab, junit, checkstyle, gnu, markdown",
        ),
        ("--output-file sarif=", "a path has to stand behind `=`"),
        ("--output-file sarif=x --output-file json=./x", "two reports would be written to `./x`"),
        ("--output-file sarif=x --diff", "cannot be used with"),
        ("--format checkstile", "checkstyle"),
    ] {
        let run = slimlint(folder.path(), line);
        assert!(run.code == 2 && run.err.contains(told), "{line}: {}", run.err);
    }
    assert_eq!(names(&folder), ["Dockerfile"]);
    let run = slimlint(folder.path(), &format!("{ONLY} --statistics --output-file sarif=a.sarif"));
    assert!(run.err.contains("only text, concise, json and markdown have a place for --statistics"), "{}", run.err);
}

/// What a report names is named because of the finding. A second run must find what the first one did.
#[test]
fn a_report_in_the_context_hides_no_finding() {
    let folder = repository(&[
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir .\nCMD [\"python\", \"-m\", \"app\"]\n",
        ),
        ("pyproject.toml", "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"pandas\", \"flask\"]\n"),
        ("app/__init__.py", ""),
        ("app/__main__.py", "import flask\n"),
    ]);
    let line = "--select unused-dependency --output-file json=a.json --output-file gitlab=b.json --output-file sarif=c.json \
        --output-file junit=d.xml --output-file checkstyle=e.xml --format gnu";
    let first = slimlint(folder.path(), line);
    assert!(first.out.contains("`pandas`"), "{}{}", first.out, first.err);
    assert!(text(&folder, "a.json").contains("pandas") && text(&folder, "e.xml").contains("pandas"));
    let second = slimlint(folder.path(), line);
    assert_eq!((first.out, first.code), (second.out, second.code), "{}", second.err);
}

#[cfg(target_os = "linux")]
#[test]
fn streams_and_pipes_take_reports() {
    use std::process::Command;

    let folder = repository(&[("Dockerfile", PIP)]);
    let run = slimlint(folder.path(), &format!("{ONLY} --format gnu --output-file gitlab=/dev/stdout"));
    let (first, second) = run.out.split_once('\n').unwrap();
    assert!(first.starts_with("Dockerfile:2.5-") && json(second).is_array(), "{}", run.out);
    // Where standard output is a file, what comes later goes behind both.
    let script = format!(
        "{{ '{}' {ONLY} --format gnu --output-file gitlab=/dev/stdout --output-file junit=/dev/null; echo end; }} > .git/log",
        env!("CARGO_BIN_EXE_slimlint")
    );
    let status = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).status().unwrap();
    assert!(status.success());
    let lines: Vec<String> = text(&folder, ".git/log").lines().map(str::to_owned).collect();
    assert_eq!((lines.len(), lines[2].as_str()), (3, "end"), "{lines:?}");
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());

    put(&folder, "x", b"");
    let pipe = folder.path().join("pipe");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        let read = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
        let run = slimlint(folder.path(), &format!("{ONLY} --output-file sarif=pipe"));
        assert_eq!(run.code, 1, "{}", run.err);
        assert_eq!(json(&read.join().unwrap())["version"], "2.1.0");
    }
}

#[test]
fn a_reader_that_leaves_does_not_keep_the_files_from_being_written() {
    let folder = repository(&[("Dockerfile", PIP)]);
    let mut command = program(folder.path());
    command.args([ONLY, "--output-file", "sarif=a.sarif"].join(" ").split(' '));
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(text(&folder, "a.sarif").ends_with("}\n"));
}
