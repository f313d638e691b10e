//! What the oracles are asked about, and how those that are written in Python are asked.

#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use slimlint::text::SourceFile;

use crate::common::{files_below, relative, root, samples};

/// The package that holds `BuildKit`'s parser, as it was when the expectations were written.
const PACKAGE: &str = "dockerfile==3.4.0";

/// All Dockerfiles: those of rule pages, cases and corpus, the crafted ones in `tests/data/dockerfiles`, and whatever is in
/// the folder that `SLIMLINT_REAL_DOCKERFILES` names.
pub fn dockerfiles() -> Vec<SourceFile> {
    let mut files = Vec::new();
    for example in samples::own() {
        for path in &example.dockerfiles {
            files.push(SourceFile::new(format!("{} {path}", example.name), example.files[path].as_slice()));
        }
    }
    let real = std::env::var_os("SLIMLINT_REAL_DOCKERFILES").map(PathBuf::from);
    for folder in [Some(root().join("tests/data/dockerfiles")), real].into_iter().flatten() {
        let before = files.len();
        files.extend(files_below(&folder).iter().map(|path| read(path, &folder)));
        assert!(files.len() > before, "{} holds no file", folder.display());
    }
    files
}

fn read(path: &Path, folder: &Path) -> SourceFile {
    SourceFile::new(relative(path, folder), fs::read(path).unwrap())
}

/// Says something that `cargo test` shows without being asked.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "oracle: {text}");
}

/// Fails with the first of many problems.
pub fn report(what: &str, problems: &[String]) {
    let shown = problems.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(problems.is_empty(), "{} {what}\n{shown}", problems.len());
}

/// What `BuildKit`'s parser makes of a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    Instructions(Vec<Instruction>),
    Error(String),
}

#[derive(Debug, Deserialize)]
pub struct Instruction {
    pub keyword: String,
    /// The instruction behind `ONBUILD`, else empty.
    pub trigger: String,
    pub start_line: u32,
    pub end_line: u32,
    pub flags: Vec<String>,
    pub json: bool,
    pub value: Vec<String>,
    pub heredocs: Vec<Heredoc>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Heredoc {
    pub name: String,
    pub content: String,
}

/// Asks `BuildKit`'s parser about every text. `None`, with a word on standard error, when it cannot be had here; in CI it must.
pub fn buildkit(texts: &[&str]) -> Option<Vec<Reading>> {
    let lines: Vec<String> = texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
    ask("buildkit.py", &["dockerfile"], &[PACKAGE], &[], &lines)
}

/// Asks a script in `tests/oracles`, which needs `modules` of `packages`: one answer for each line. `None`, with a word on standard error,
/// when they cannot be had here; in CI they must.
pub fn ask<T: serde::de::DeserializeOwned>(
    script: &str,
    modules: &[&str],
    packages: &[&str],
    arguments: &[&OsStr],
    lines: &[String],
) -> Option<Vec<T>> {
    let packages = match installed(modules, packages) {
        Ok(packages) => packages,
        Err(problem) if std::env::var_os("CI").is_some() => panic!("{problem}"),
        Err(problem) => {
            say(&format!("skipped: {script} cannot be asked: {problem}"));
            return None;
        }
    };
    let mut asked = Command::new(python());
    asked.arg(root().join("tests/oracles").join(script)).args(arguments);
    asked.env("PYTHONPATH", packages).env("PYTHONUTF8", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut asked = asked.spawn().unwrap();
    let mut questions = asked.stdin.take().unwrap();
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    let asking = std::thread::spawn(move || questions.write_all(text.as_bytes()));
    let output = asked.wait_with_output().unwrap();
    asking.join().unwrap().unwrap();
    assert!(output.status.success(), "{script}: {}", output.status);
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<T> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), lines.len());
    Some(answers)
}

fn python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

/// The folder with the packages, installed when they are not there yet. One process at a time.
fn installed(modules: &[&str], wanted: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("oracles");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let packages = folder.join(wanted.join("-").replace("==", "-"));
    let works = || {
        let mut check = Command::new(python());
        let check = check.args(["-c", &format!("import {}", modules.join(", "))]).env("PYTHONPATH", &packages);
        check.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if works() {
        return Ok(packages);
    }
    let mut pip = Command::new(python());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]);
    let output = pip.arg(&packages).args(wanted).stdin(Stdio::null()).output();
    match output {
        Err(error) => Err(format!("{}: {error}", python())),
        Ok(output) if !output.status.success() => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("pip: {}", said.lines().last().unwrap_or_default()))
        }
        Ok(_) if !works() => Err(format!("{} was installed and cannot be imported", wanted.join(", "))),
        Ok(_) => Ok(packages),
    }
}
