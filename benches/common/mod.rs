//! What benchmarks share.

use std::io::Write;
use std::time::{Duration, Instant};

/// Times that are taken of each thing.
pub const ROUNDS: usize = 21;

/// The best and the median time of several runs.
pub fn measure(mut run: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    let best = times.first().copied().unwrap_or_default();
    (best, times.get(ROUNDS / 2).copied().unwrap_or_default())
}

/// One line: what was measured, the best and the median.
///
/// # Errors
/// When it cannot be written.
pub fn report(out: &mut impl Write, what: &str, (best, median): (Duration, Duration)) -> std::io::Result<()> {
    writeln!(out, "{what:24} {:9.2} ms {:9.2} ms", best.as_secs_f64() * 1e3, median.as_secs_f64() * 1e3)
}
