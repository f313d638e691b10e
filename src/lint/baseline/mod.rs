//! What is known already: findings that an earlier run wrote down are not told again.
//!
//! * [`Baseline`]: a file of findings, each by its rule, its file and the text that it points at, never by lines and messages.
//! * [`Baselines`]: those of a run; [`Baselines::hide`] takes what they know out of a report.
//! * [`Sighting`]: what one report showed of them, from which the counts and the next baseline are made.

mod file;
mod hide;
mod identity;
mod renew;

pub use file::{Baseline, BaselineError, Known};
pub use hide::{Baselines, Sighting, with_known};

/// How a run stands to what was known before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BaselineCounts {
    /// Findings that no baseline knows.
    pub new: usize,
    /// Known ones that are gone, of those that this run would have met.
    pub fixed: usize,
    /// Known ones that are there still.
    pub left: usize,
}

#[cfg(test)]
mod tests;
