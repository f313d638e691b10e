//! The gates of `slimlint check`: what is known is not told, and what a change does not touch is not linted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

#[path = "gates/baseline.rs"]
mod baseline;
#[path = "gates/changes.rs"]
mod changes;
#[path = "gates/hooks.rs"]
mod hooks;
#[path = "gates/reads.rs"]
mod reads;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::folder::{put, repository as folder, text};
use serde_json::Value;

/// A finding with a safe fix.
const PIP: &str = "FROM python:3.12-slim\nRUN pip install flask\n";
const CLEAN: &str = "FROM scratch\nLABEL a=b\n";

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn slimlint(cwd: &Path, arguments: &[&str]) -> Run {
    slimlint_with(cwd, arguments, |_| {})
}

fn slimlint_with(cwd: &Path, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
    command.current_dir(cwd).env_clear().env("SOURCE_DATE_EPOCH", "1763683200").stdin(Stdio::null());
    command.env("SLIMLINT_STATE_DIR", cwd.join(".git/slimlint-state"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(arguments);
    change(&mut command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let string = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: status.code().expect("killed"), out: string(stdout), err: string(stderr) }
}

/// The object that `--format json` prints.
fn json(cwd: &Path, arguments: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let run = slimlint(cwd, &all);
    assert!(run.code < 2, "{arguments:?}: {}", run.err);
    serde_json::from_str(&run.out).unwrap()
}
