//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::diagnostic::Severity;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  slimlint                          lint every Dockerfile below the working directory
  slimlint services/api --diff      show what --fix would change
  slimlint --fix                    make the safe fixes, with a backup beside each file
  slimlint --select pip-cache-kept  only this rule
  slimlint explain pip-cache-kept   why, and what to do

`check` is the default command; a folder that is named like a command is given as `./explain`.
Exit code: 0 clean, 1 findings at or above --fail-on, 2 trouble.";

/// A linter and auto-rewriter for Dockerfiles that knows what the Python dependencies weigh
#[derive(Debug, Parser)]
#[command(name = "slimlint", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub check: Check,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lint Dockerfiles and what they build (the default command)
    #[command(after_help = EXAMPLES)]
    Check(Check),
    /// Show the page of a rule
    Explain {
        /// Its name, or what another tool calls it
        rule: String,
    },
    /// List all rules
    Rules {
        /// How to write the list
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Tools for those who work on slimlint
    #[command(hide = true, subcommand)]
    Debug(Debug),
}

#[derive(Debug, Subcommand)]
pub(super) enum Debug {
    /// Print what the parser reads, one JSON line for each file
    Parse {
        /// Files or folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(super) struct Check {
    /// Dockerfiles, or folders to search for them [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Make the safe fixes
    #[arg(long, help_heading = "Fixing")]
    pub fix: bool,

    /// With --fix or --diff: also the fixes that could change what the image does
    #[arg(long, help_heading = "Fixing")]
    pub unsafe_fixes: bool,

    /// Print what --fix would change as a patch, and write nothing
    #[arg(long, conflicts_with = "fix", help_heading = "Fixing")]
    pub diff: bool,

    /// Keep no copy of the files that --fix changes
    #[arg(long, help_heading = "Fixing")]
    pub no_backup: bool,

    /// Only these rules: names, aliases or groups
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub select: Option<Vec<String>>,

    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub ignore: Vec<String>,

    /// The folder that is given to `docker build`, where slimlint finds another one
    #[arg(long, value_name = "DIR")]
    pub context: Option<PathBuf>,

    /// Exit with 1 when there is a finding at least as bad
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t, help_heading = "Output")]
    pub fail_on: FailOn,

    /// Exit with 0 whatever is found
    #[arg(long, help_heading = "Output")]
    pub exit_zero: bool,

    /// How to write the findings
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: CheckFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// Snippets, evidence and remedies
    #[default]
    Text,
    /// One line for each finding
    Concise,
    /// One object
    Json,
}

impl From<CheckFormat> for output::Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Text => Self::Text,
            CheckFormat::Concise => Self::Concise,
            CheckFormat::Json => Self::Json,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// A table
    #[default]
    Text,
    /// One object
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    #[default]
    Warning,
    Info,
    Never,
}

impl FailOn {
    /// Whether a finding of that severity fails the run.
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => severity >= Severity::Info,
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn check_is_the_default() {
        for (line, command, paths) in [
            ("slimlint", false, &[][..]),
            ("slimlint Dockerfile", false, &["Dockerfile"]),
            ("slimlint --fix explain", false, &["explain"]),
            ("slimlint ./explain", false, &["./explain"]),
            ("slimlint check", true, &[]),
            ("slimlint check check", true, &["check"]),
            ("slimlint -- check", false, &["check"]),
        ] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(arguments.command.is_some(), command, "{line}");
            let check = match arguments.command {
                Some(Command::Check(check)) => check,
                _ => arguments.check,
            };
            assert_eq!(check.paths, paths.iter().map(PathBuf::from).collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn thresholds() {
        let failing = |fail_on: FailOn| {
            [Severity::Info, Severity::Warning, Severity::Error]
                .into_iter()
                .filter(|&severity| fail_on.fails(severity))
                .count()
        };
        assert_eq!([FailOn::Never, FailOn::Error, FailOn::Warning, FailOn::Info].map(failing), [0, 1, 2, 3]);
    }
}
