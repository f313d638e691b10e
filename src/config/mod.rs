//! Options resolved into settings.

mod selection;

use std::collections::BTreeMap;

use crate::diagnostic::Severity;

/// What a run does, resolved.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Names of the rules that run; `None` is all that are on by default.
    pub select: Option<Vec<String>>,
    /// Names of rules that do not run.
    pub ignore: Vec<String>,
    /// Severities that differ from the pages'.
    pub severities: BTreeMap<String, Severity>,
    /// The build context named on the command line, relative to the workspace's root.
    pub context: Option<String>,
}
