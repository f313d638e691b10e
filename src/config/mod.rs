//! Options resolved into settings.
//!
//! * [`Options`]: what one source says, such as a file or the command line; [`KEYS`] lists what it can say.
//! * [`Configurations`]: the sources that hold for a Dockerfile. The command line counts more than the nearest file upward, and that
//!   more than the defaults; nothing above the workspace's root is read.
//! * [`Hadolint`]: what hadolint's configuration says, which holds where there is none of ours.
//! * [`Settings`]: what they come to.

mod effect;
mod error;
mod find;
mod hadolint;
mod keys;
mod options;
mod pattern;
mod reader;
mod reference;
mod schema;
mod selection;
mod size;
mod written;

pub use error::{ConfigError, ConfigProblem, ContextProblem, Origin};
pub use find::{Configurations, FILE_NAMES, Note};
pub use hadolint::{HADOLINT_NAMES, Hadolint, HadolintProblem};
pub use keys::{KEYS, Key, Kind, SERVICE_KEYS};
pub use options::{BaselineFile, Level, Options, PathIgnore, Place, ServiceOptions};
pub use pattern::{Pattern, PatternError, Scope};
pub use reference::reference;
pub use schema::schema;
pub use size::parse_size;
pub use written::{Wanted, wanted_at};

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Severity;
use crate::workspace::holder;

/// The page on configurations, in Markdown.
pub const PAGE: &str = include_str!("configuration.md");

/// What a run does with a Dockerfile, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Names of the rules that run; `None` is all that are on by default.
    pub select: Option<Vec<String>>,
    /// Names of rules that do not run.
    pub ignore: Vec<String>,
    /// Severities that differ from the pages'.
    pub severities: BTreeMap<String, Severity>,
    /// Rules that are silent about some files.
    pub per_path_ignores: Vec<PathIgnore>,
    /// From which severity on a finding fails the run.
    pub fail_on: FailOn,
    /// A finding known to be about fewer bytes is only worth knowing.
    pub min_saving: u64,
    /// What a search passes over.
    pub exclude: Vec<Pattern>,
    /// Whether named files are passed over, too.
    pub force_exclude: bool,
    /// Whether a copy is kept of what fixes change.
    pub backup: bool,
    /// What is known already.
    pub baseline: Option<BaselineFile>,
    /// How services are built and run; of those that match the last counts.
    pub services: Vec<ServiceOptions>,
    /// The build context named on the command line, relative to the workspace's root.
    pub context: Option<String>,
    /// The file that has a part in them.
    pub file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            select: None,
            ignore: Vec::new(),
            severities: BTreeMap::new(),
            per_path_ignores: Vec::new(),
            fail_on: FailOn::default(),
            min_saving: 0,
            exclude: Vec::new(),
            force_exclude: false,
            backup: true,
            baseline: None,
            services: Vec::new(),
            context: None,
            file: None,
        }
    }
}

/// From which severity on a finding fails the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    #[default]
    Warning,
    /// Everything.
    Info,
    /// Nothing.
    Never,
}

impl FailOn {
    /// All, as they are listed.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Info, Self::Never];
    /// Their words.
    pub const NAMES: &[&str] = &["error", "warning", "info", "never"];

    /// The word of configuration and command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Never => "never",
        }
    }

    /// Whether a finding of that severity fails the run.
    #[must_use]
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => severity >= Severity::Info,
            Self::Never => false,
        }
    }
}

/// The settings of each Dockerfile of a workspace.
pub trait SettingsFor: Sync {
    /// Those of the Dockerfile at `path`, relative to the root.
    fn settings_for(&self, path: &str) -> &Settings;
}

/// The same for all.
impl SettingsFor for Settings {
    fn settings_for(&self, _: &str) -> &Settings {
        self
    }
}

/// Settings by Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct PathSettings {
    paths: HashMap<String, Arc<Settings>>,
    /// For Dockerfiles that are not listed.
    others: Arc<Settings>,
}

impl PathSettings {
    /// Whether fixes keep copies: when one of the Dockerfiles wants them.
    #[must_use]
    pub fn backup(&self) -> bool {
        self.paths.is_empty() || self.paths.values().any(|settings| settings.backup)
    }
}

impl FromIterator<(String, Arc<Settings>)> for PathSettings {
    fn from_iter<I: IntoIterator<Item = (String, Arc<Settings>)>>(settings: I) -> Self {
        Self { paths: settings.into_iter().collect(), others: Arc::default() }
    }
}

impl SettingsFor for PathSettings {
    fn settings_for(&self, path: &str) -> &Settings {
        let holder = || self.paths.get(holder(path)?);
        self.paths.get(path).or_else(holder).unwrap_or(&self.others)
    }
}

#[cfg(test)]
mod tests;
