//! How long `slimlint audit` takes over 10,000 services that share 500 manifests, over twice as many, and how much memory.
//!
//! `cargo bench --bench audit`. With `SLIMLINT_BENCH_AUDIT=/folder` the repositories are made there and kept: `/folder/10000` and
//! `/folder/20000`. Memory is measured on Linux only.

mod generate;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SERVICES: usize = 10_000;
/// Times that are taken of each.
const ROUNDS: usize = 7;

fn main() -> io::Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::var_os("SLIMLINT_BENCH_AUDIT").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "services that share {} manifests; best and median of {ROUNDS} runs, and peak memory",
        generate::MANIFESTS
    )?;
    let mut medians = Vec::new();
    for services in [SERVICES, 2 * SERVICES] {
        let repository = folder.join(services.to_string());
        if !repository.exists() {
            generate::repository(&repository, services)?;
        }
        let (best, median, memory) = measure(&repository)?;
        let memory = memory.map_or_else(|| "not measured".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
        writeln!(
            out,
            "audit, {services:6} services {:9.2} s {:9.2} s   {memory}",
            best.as_secs_f64(),
            median.as_secs_f64()
        )?;
        medians.push(median.as_secs_f64());
    }
    if let [once, twice] = medians.as_slice() {
        writeln!(out, "twice the services take {:.2} times as long", twice / once)?;
    }
    Ok(())
}

/// The best and the median time, and the most memory in bytes.
fn measure(repository: &Path) -> io::Result<(Duration, Duration, Option<u64>)> {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut memory = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_slimlint"))
            .args(["audit", "."])
            .current_dir(repository)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        while child.try_wait()?.is_none() {
            memory = memory.max(peak(child.id()));
            std::thread::sleep(Duration::from_millis(5));
        }
        times.push(start.elapsed());
    }
    times.sort();
    let best = times.first().copied().unwrap_or_default();
    Ok((best, times.get(ROUNDS / 2).copied().unwrap_or_default(), memory))
}

/// The most memory that a process has held so far, in bytes (`VmHWM` of proc(5)).
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(kilobytes.trim().parse::<u64>().ok()? * 1024)
}
