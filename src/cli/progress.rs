//! How far a long run has come, for a person at a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Runs that are shorter show nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, from the first second on.
pub(super) struct Progress {
    bar: ProgressBar,
    began: Instant,
}

impl Progress {
    /// For `total` Dockerfiles; `None` where nobody looks.
    pub(super) fn new(total: usize, is_watched: bool) -> Option<Self> {
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} Dockerfiles").ok()?;
        let bar = || ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden()).with_style(style);
        is_watched.then(|| Self { bar: bar(), began: Instant::now() })
    }

    /// One more is done.
    pub(super) fn advance(&self) {
        self.bar.inc(1);
        if self.bar.is_hidden() && self.began.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
