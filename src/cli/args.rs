//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::audit::{self, AuditFormat, Order};
use crate::config;
use crate::fix::read_date;
use crate::lint::Sizes;
use crate::output::Format;

use super::output_file::{OutputFile, output_file};

const EXAMPLES: &str = "\
Examples:
  slimlint                          lint every Dockerfile below the working directory
  slimlint services/api --diff      show what --fix would change
  slimlint --write-baseline         write down what is known; with --baseline only the rest is told
  slimlint --changed-since main     only the Dockerfiles that a branch touches
  slimlint --fix                    make the safe fixes, with a backup beside each file
  slimlint rollback                 take the last --fix back
  slimlint --select pip-cache-kept  only this rule
  slimlint why torch                what brings a package in, and its bytes
  slimlint explain pip-cache-kept   why a finding matters, and what to do
  slimlint --output-file sarif=slimlint.sarif --output-file junit=slimlint.xml
  slimlint --stdin-filename api/Dockerfile - < buffer

`check` is the default command; a folder that is named like a command is given as `./explain`.

Configuration: options of the command line count more than the nearest `slimlint.toml`,
`.slimlint.toml` or `[tool.slimlint]` in `pyproject.toml` above a Dockerfile, and that more than
the defaults; nothing above the repository is read. --ignore, --extend-select and
--extend-exclude add to the file; with --select its `select` and `ignore` do not count.

Exit code: 0 clean, 1 findings at or above --fail-on (or, with --diff, a patch), 2 trouble:
wrong usage or configuration, a file that cannot be read or written, a bug in slimlint.";

const AUDIT: &str = "\
Examples:
  slimlint audit                        every service below the working directory
  slimlint audit repositories --limit 20 --format markdown
  slimlint audit --max-size 250MB       the size gate of a CI, without a build

Sizes are estimates from locks, measured files and the built-in catalogue. What is not known is shown as unknown, and counted.

Exit code: 0, 1 when a service is over --max-size or --max-saving, 2 trouble.";

const WHY: &str = "\
Locks and compiled requirements tell every package; without them only the heavy ones are known, from the built-in catalogue.

Exit code: 0 it is installed, 1 it is not, as far as is known, 2 trouble.";

const ROLLBACK: &str = "\
Without PATH all files that the newest run at the working directory changed are restored together, and those that it
created are removed; with PATH only those of them that lie there. A run that was killed is taken back first, and alone.

Nothing is changed when a file was edited since, or when its backup is gone or was edited. With --force an edited file is
restored all the same; what it held is kept in a backup, and a second rollback brings it back.

Where no journal knows of a run (another machine, a fresh clone) the names of backups are all there is to go by. Anybody
can have put such files there, so this asks for --force, and files that were created are not known.

Exit code: 0 done, or there is nothing to take back; 2 trouble, and nothing was changed.";

const BACKUPS: &str = "\
--prune removes only files that are named as slimlint names backups and lie beside the file that they are a copy of.

Exit code: 0 done, 2 trouble.";

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
    Check(Box<Check>),
    /// Rank every service by what could be saved in its image
    #[command(after_help = AUDIT)]
    Audit(Box<Audit>),
    /// Show what brings a Python package into an image, and what it weighs
    #[command(after_help = WHY)]
    Why(Why),
    /// Show the page of a rule or a topic
    Explain {
        /// A rule, what another tool calls it, or `configuration` or `ignoring`
        rule: String,
    },
    /// List all rules
    Rules {
        /// How to write the list
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Take back what --fix changed
    #[command(after_help = ROLLBACK)]
    Rollback(Rollback),
    /// List the backups that --fix keeps, or remove old ones
    #[command(after_help = BACKUPS)]
    Backups(Backups),
    /// Serve an editor: findings, fixes and bytes while you type
    #[command(after_help = super::lsp::HELP)]
    Lsp(super::lsp::Lsp),
    /// Turn the configuration of another linter into slimlint's
    Config(Config),
    /// Print the JSON Schema of the configuration
    Schema,
    /// Print completions for a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Tools for those who work on slimlint
    #[command(hide = true, subcommand)]
    Debug(Debug),
}

#[derive(Debug, Subcommand)]
pub(super) enum Debug {
    /// Print what each install of Python packages brings, one JSON line for each file
    Closure {
        /// Files or folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Print what the parser reads, one JSON line for each file
    Parse {
        /// Files or folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// Only what lies in this file or folder
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// All runs of that day (2026-11-21 or 20261121) and after it, not only the newest
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub to: Option<String>,

    /// Also files that were edited since, or that no journal knows; what they hold is kept in a backup
    #[arg(long)]
    pub force: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How to write what was done
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct Config {
    /// hadolint's configuration [default: the nearest .hadolint.yaml or .hadolint.yml upward in the repository]
    #[arg(long, value_name = "FILE", num_args = 0..=1, required = true)]
    #[expect(clippy::option_option, reason = "the option may stand without a file")]
    pub from_hadolint: Option<Option<PathBuf>>,

    /// Write it to a file that is not there yet, such as slimlint.toml, in the place of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Backups {
    /// Only what lies in this file or folder [default: .]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// Remove those that are older than --older-than
    #[arg(long)]
    pub prune: bool,

    /// Days for which backups are kept
    #[arg(long, value_name = "DAYS", default_value_t = 7, requires = "prune")]
    pub older_than: u32,

    /// Say what would be removed, and remove nothing
    #[arg(long, requires = "prune")]
    pub dry_run: bool,

    /// How to write the list
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

fn date(text: &str) -> Result<String, String> {
    read_date(text).ok_or_else(|| "there is no such day; write it as 2026-11-21".to_owned())
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(super) struct Check {
    /// Dockerfiles, folders to search for them, or files that their builds read, such as requirements.txt; `-` is standard input
    /// [default: .]
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

    /// Above each instruction with findings, write a comment that ignores them, to start with a clean slate
    #[arg(
        long,
        value_name = "REASON",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["fix", "unsafe_fixes"],
        help_heading = "Fixing"
    )]
    pub add_ignores: Option<String>,

    /// Keep no copy of the files that --fix changes
    #[arg(long, help_heading = "Fixing")]
    pub no_backup: bool,

    /// Only these rules: names, aliases or groups
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub select: Option<Vec<String>>,

    /// These rules besides
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub extend_select: Vec<String>,

    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub ignore: Vec<String>,

    /// Findings known to be about less, such as 20MB, become `info` and fail nothing
    #[arg(long, value_name = "SIZE", value_parser = config::parse_size, help_heading = "Rules")]
    pub min_saving: Option<u64>,

    /// Do not look for Dockerfiles in what these patterns match
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "Files")]
    pub exclude: Option<Vec<String>>,

    /// The same, besides what the configuration excludes
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "Files")]
    pub extend_exclude: Vec<String>,

    /// Exclude also files that are named
    #[arg(long, help_heading = "Files")]
    pub force_exclude: bool,

    /// The name that standard input has, whether that file exists or not
    #[arg(long, value_name = "PATH", help_heading = "Files")]
    pub stdin_filename: Option<PathBuf>,

    /// Only Dockerfiles whose builds a change since REV touches: since its merge base with HEAD, uncommitted and untracked files included
    #[arg(long, value_name = "REV", allow_hyphen_values = true, help_heading = "Files")]
    pub changed_since: Option<String>,

    /// Neither tell nor fix the findings in FILE; only others count
    #[arg(long, value_name = "FILE", help_heading = "Known findings")]
    pub baseline: Option<PathBuf>,

    /// Write what is found into FILE, to be told no more [default: the configured baseline, else slimlint-baseline.json]
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with_all = ["fix", "diff", "add_ignores", "unsafe_fixes", "baseline", "stdin_filename", "show_settings"],
        help_heading = "Known findings"
    )]
    #[expect(clippy::option_option, reason = "the option may stand without a file")]
    pub write_baseline: Option<Option<PathBuf>>,

    /// Tell everything, whatever baseline the configuration names
    #[arg(long, conflicts_with_all = ["baseline", "write_baseline"], help_heading = "Known findings")]
    pub no_baseline: bool,

    #[command(flatten)]
    pub gates: Gates,

    #[command(flatten)]
    pub configuration: Configuration,

    /// Print the settings of each Dockerfile, and lint nothing
    #[arg(long, help_heading = "Configuration")]
    pub show_settings: bool,

    /// Exit with 1 when there is a finding at least as bad [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Output")]
    pub fail_on: Option<FailOn>,

    /// Print how many findings each rule has, and their bytes
    #[arg(long, conflicts_with = "diff", help_heading = "Output")]
    pub statistics: bool,

    /// Exit with 0 whatever is found
    #[arg(long, help_heading = "Output")]
    pub exit_zero: bool,

    /// Say which build context each Dockerfile has, and why
    #[arg(long, short, help_heading = "Output")]
    pub verbose: bool,

    /// How to write the findings
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,

    /// Also write them to a file, in the same or another format; can be given several times
    #[arg(
        long,
        value_name = "FORMAT=PATH",
        value_parser = output_file,
        conflicts_with_all = ["diff", "show_settings"],
        help_heading = "Output"
    )]
    pub output_file: Vec<OutputFile>,
}

/// What decides which configuration holds.
#[derive(Debug, Default, Args)]
pub(super) struct Configuration {
    /// The folder that is given to `docker build`, where slimlint finds another one
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub context: Option<PathBuf>,

    /// A file to use in the place of those it would find, or a line of TOML
    #[arg(long, value_name = "FILE|KEY=VALUE", help_heading = "Configuration")]
    pub config: Vec<String>,

    /// Use no configuration files
    #[arg(long, help_heading = "Configuration")]
    pub isolated: bool,
}

#[derive(Debug, Args)]
pub(super) struct Audit {
    /// Repositories, folders or Dockerfiles [default: .]
    #[arg(value_name = "ROOT")]
    pub paths: Vec<PathBuf>,

    /// By what the services are ordered
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub sort: Order,

    /// List at most so many services; sums and causes are over all of them
    #[arg(long, value_name = "NUMBER", help_heading = "Output")]
    pub limit: Option<usize>,

    /// List only services of which so much can be saved, such as 100MB
    #[arg(long, value_name = "SIZE", value_parser = config::parse_size, help_heading = "Output")]
    pub min_saving: Option<u64>,

    /// Say what a registry holds that keeps so many versions of each image
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Output")]
    pub keep: Option<u32>,

    /// How to write the audit
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: AuditFormat,

    #[command(flatten)]
    pub gates: Gates,

    #[command(flatten)]
    pub configuration: Configuration,
}

/// Limits that services must keep.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Gates {
    /// Exit with 1 when an image is estimated at more, such as 250MB
    #[arg(long, value_name = "SIZE", value_parser = config::parse_size, help_heading = "Gates")]
    pub max_size: Option<u64>,

    /// Exit with 1 when more could be saved in one image, such as 500MB
    #[arg(long, value_name = "SIZE", value_parser = config::parse_size, help_heading = "Gates")]
    pub max_saving: Option<u64>,
}

impl From<Gates> for audit::Gates {
    fn from(Gates { max_size, max_saving }: Gates) -> Self {
        Self { max_size, max_saving }
    }
}

#[derive(Debug, Args)]
pub(super) struct Why {
    /// The package, without version and extras
    #[arg(value_name = "PACKAGE")]
    pub package: String,

    /// Dockerfiles, or folders to search for them [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub configuration: Configuration,

    /// How to write what is found
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: ListFormat,
}

impl Check {
    /// Whether files are changed, unless --diff only shows how.
    pub fn writes(&self) -> bool {
        self.fix || self.add_ignores.is_some()
    }

    /// Of which images the results tell the sizes, or judge them, when so many services are linted.
    pub fn sizes(&self, services: usize) -> Sizes {
        if audit::Gates::from(self.gates).is_any() {
            return Sizes::All;
        }
        let formats = self.output_file.iter().map(|file| file.format).chain([self.format]);
        formats.map(|format| format.sizes(services)).max().unwrap_or_default()
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl From<FailOn> for config::FailOn {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Info => Self::Info,
            FailOn::Never => Self::Never,
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
                Some(Command::Check(check)) => *check,
                _ => arguments.check,
            };
            assert_eq!(check.paths, paths.iter().map(PathBuf::from).collect::<Vec<_>>(), "{line}");
        }
    }
}
