//! How long a large Python service takes: 2,000 sources and a lock of 10,000 lines, as a process that starts from nothing, and in
//! a process that keeps what it read.
//!
//! `cargo bench --bench service`, with words of the lines that are wanted behind it (`-- refresh`). With `SLIMLINT_BENCH_SERVICE=/folder` the services are made there and kept, for other tools to
//! measure: `/folder/large`, and `/folder/small`, the same without sources and lock.

#[path = "../common/mod.rs"]
mod common;
mod generate;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{ROUNDS, measure, report};
use slimlint::config::Settings;
use slimlint::lint::Linter;
use slimlint::workspace::Workspace;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DOCKERFILE: &str = "Dockerfile";

fn main() -> std::io::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |what: &str| wanted.is_empty() || wanted.iter().any(|word| what.contains(word.as_str()));
    let temporary = tempfile::tempdir()?;
    let folder = std::env::var_os("SLIMLINT_BENCH_SERVICE").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let (large, small) = (folder.join("large"), folder.join("small"));
    let made = generate::service(&large, &small)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} sources with {} lines, a lock with {}; best and median of {ROUNDS} runs",
        made.sources, made.lines, made.lock_lines
    )?;

    let added = |with: (Duration, Duration), without: (Duration, Duration)| {
        (with.0.saturating_sub(without.0), with.1.saturating_sub(without.1))
    };
    let process = |folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
        command.arg(folder.join(DOCKERFILE)).stdout(Stdio::null()).stderr(Stdio::null());
        measure(|| drop(command.status()))
    };
    if wants("process") {
        let (with, without) = (process(&large), process(&small));
        report(&mut out, "process, without", without)?;
        report(&mut out, "process, with", with)?;
        report(&mut out, "process, added", added(with, without))?;
    }

    let settings = Settings::default();
    let open = |folder: &Path| Workspace::open(folder).map(Linter::new).map_err(std::io::Error::other);
    let run = |linter: &Linter| drop(std::hint::black_box(linter.lint(DOCKERFILE, &settings)));
    if wants("library, cold") {
        open(&large)?;
        report(&mut out, "library, cold", measure(|| drop(open(&large).map(|linter| run(&linter)))))?;
    }
    // What was just written is not believed to be unchanged by its time alone.
    std::thread::sleep(Duration::from_secs(4));
    let (with, without) = (open(&large)?, open(&small)?);
    for linter in [&with, &without] {
        run(linter);
        let _ = linter.workspace().refresh();
    }
    if wants("refresh") {
        let again = || {
            let _ = std::hint::black_box(with.workspace().refresh());
        };
        report(&mut out, "refresh", measure(again))?;
    }
    let unchanged = |linter: &Linter| {
        measure(|| {
            let _ = linter.workspace().refresh();
            run(linter);
        })
    };
    if wants("unchanged") {
        let (with, without) = (unchanged(&with), unchanged(&without));
        report(&mut out, "unchanged, without", without)?;
        report(&mut out, "unchanged, with", with)?;
        report(&mut out, "unchanged, added", added(with, without))?;
    }
    let typed = |linter: &Linter| {
        let mut lines = generate::DOCKERFILE.to_owned();
        measure(|| {
            lines.push_str("# x\n");
            linter.workspace().set_overlay(DOCKERFILE, Some(lines.clone().into_bytes()));
            run(linter);
        })
    };
    if wants("typed") {
        let (with, without) = (typed(&with), typed(&without));
        report(&mut out, "typed, without", without)?;
        report(&mut out, "typed, with", with)?;
        report(&mut out, "typed, added", added(with, without))?;
    }
    Ok(())
}
