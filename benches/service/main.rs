//! How long a large Python service takes: 2,000 sources and a lock of 10,000 lines, as a process that starts from nothing, and in
//! a process that keeps what it read.
//!
//! `cargo bench --bench service`. With `SLIMLINT_BENCH_SERVICE=/folder` the services are made there and kept, for other tools to
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
use slimlint::lint::lint;
use slimlint::workspace::Workspace;

const DOCKERFILE: &str = "Dockerfile";

fn main() -> std::io::Result<()> {
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

    let process = |folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
        command.arg(folder.join(DOCKERFILE)).stdout(Stdio::null()).stderr(Stdio::null());
        measure(|| drop(command.status()))
    };
    let (with, without) = (process(&large), process(&small));
    report(&mut out, "process, without", without)?;
    report(&mut out, "process, with", with)?;
    report(&mut out, "process, added", (with.0.saturating_sub(without.0), with.1.saturating_sub(without.1)))?;

    let paths = [DOCKERFILE.to_owned()];
    let run = |workspace: &Workspace| drop(std::hint::black_box(lint(workspace, &paths, &Settings::default())));
    let open = || Workspace::open(&large).map_err(std::io::Error::other);
    open()?;
    report(&mut out, "library, cold", measure(|| drop(open().map(|workspace| run(&workspace)))))?;
    // What was just written is not believed to be unchanged by its time alone.
    std::thread::sleep(Duration::from_secs(4));
    let workspace = open()?;
    run(&workspace);
    let _ = workspace.refresh();
    report(
        &mut out,
        "library, unchanged",
        measure(|| {
            let _ = workspace.refresh();
            run(&workspace);
        }),
    )?;
    let mut lines = generate::DOCKERFILE.to_owned();
    report(
        &mut out,
        "library, as one types",
        measure(|| {
            lines.push_str("# x\n");
            workspace.set_overlay(DOCKERFILE, Some(lines.clone().into_bytes()));
            run(&workspace);
        }),
    )?;
    report(
        &mut out,
        "refresh",
        measure(|| {
            let _ = workspace.refresh();
        }),
    )
}
