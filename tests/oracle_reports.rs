//! Reports over real files, read by the readers that others have for them: `jsonschema` and `junitparser` from the Python package index.
//!
//! The JSON Schema of SARIF is not in this repository. Where `SLIMLINT_SARIF_SCHEMA` names it (`sarif-schema-2.1.0.json` of the OASIS
//! committee), reports are held to it as well.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
mod oracles;

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use common::root;
use oracles::{ask, report, say};

/// As they were when the expectations were written.
const PACKAGES: [&str; 2] = ["jsonschema==4.26.0", "junitparser==5.0.3"];
const FORMATS: [&str; 4] = ["sarif", "gitlab", "junit", "checkstyle"];

#[test]
fn reports_are_what_others_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    // All Dockerfiles of examples in one repository, each in a folder of its own, some of an odd name.
    for (index, file) in oracles::dockerfiles().iter().enumerate() {
        let odd = ["a b%20#?&<\">'|", "\u{202e}é:好,", "plain"][index % 3];
        let place = if cfg!(windows) {
            folder.path().join(format!("{index}"))
        } else {
            folder.path().join(format!("{index} {odd}"))
        };
        fs::create_dir(&place).unwrap();
        fs::write(place.join("Dockerfile"), file.bytes()).unwrap();
    }
    let corpus = root().join("corpus");
    let mut lines = Vec::new();
    let mut bytes = 0;
    for (name, cwd, path) in [
        ("examples", folder.path(), "."),
        ("corpus", root().as_path(), "corpus"),
        ("outside", folder.path(), corpus.to_str().unwrap()),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
        command.current_dir(cwd).arg(path).args(["--isolated", "--exit-zero", "--format", "gnu"]);
        for format in FORMATS {
            let file = folder.path().join(format!("{name}.{format}"));
            command.args(["--output-file", &format!("{format}={}", file.display())]);
        }
        let output = command.output().unwrap();
        let findings = String::from_utf8_lossy(&output.stdout).lines().count();
        assert!(findings > 20, "{name}: {}", String::from_utf8_lossy(&output.stderr));
        for format in FORMATS {
            let text = fs::read_to_string(folder.path().join(format!("{name}.{format}"))).unwrap();
            bytes += text.len();
            lines.push(serde_json::json!({"name": name, "format": format, "text": text}).to_string());
        }
    }
    let schema = std::env::var_os("SLIMLINT_SARIF_SCHEMA");
    let arguments: Vec<&OsStr> = schema.iter().map(AsRef::as_ref).collect();
    let answers = ask::<Vec<String>>("reports.py", &["jsonschema", "junitparser"], &PACKAGES, &arguments, &lines);
    let Some(answers) = answers else { return };
    let with = if schema.is_some() { "with" } else { "without (SLIMLINT_SARIF_SCHEMA)" };
    say(&format!("{} reports of {bytes} bytes read, {with} the schema of SARIF", lines.len()));
    report("problems in reports", &answers.concat());
}
