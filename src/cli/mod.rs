//! The command line: reads arguments, runs a command, and turns what comes of it into an exit code.

mod args;
mod audit;
mod backups;
mod check;
mod closure;
mod config;
mod explain;
mod feeds;
mod known;
mod lsp;
mod options;
mod output_file;
mod parse;
mod progress;
mod reports;
mod rollback;
mod run;
mod settings;
mod setup;
mod since;
mod stdin;
mod why;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;

use crate::fix::{WriteOptions, backup_date, state_dir};
use crate::output::{Paint, escape};
use args::{Arguments, Command, Debug};

/// How a run ended; the worst of several counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) enum Status {
    /// Nothing to say.
    #[default]
    Clean,
    /// Findings, or a patch.
    Findings,
    /// Usage, input or output, or a bug in slimlint.
    Trouble,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Where a command writes, and where it is run.
pub(crate) struct Terminal<'t> {
    /// Results.
    pub out: &'t mut dyn Write,
    /// Trouble and notes.
    pub err: &'t mut dyn Write,
    /// Colours of results.
    pub paint: Paint,
    /// Whether results are read by a person right now.
    pub interactive: bool,
    /// Whether a person sees what is told meanwhile.
    pub is_watched: bool,
    /// The working directory, without links.
    pub cwd: PathBuf,
    /// The variable `SOURCE_DATE_EPOCH`.
    pub source_date_epoch: Option<String>,
    /// Where slimlint remembers what it changed.
    pub state: Option<PathBuf>,
    /// When the program was called, in nanoseconds since 1970: what it changed below several roots belongs together.
    pub called: u64,
}

impl Terminal<'_> {
    /// Tells of trouble. That the message cannot be written changes nothing about it.
    pub fn error(&mut self, message: &str) -> Status {
        let _ = writeln!(self.err, "error: {}", escape(message));
        Status::Trouble
    }

    /// Tells something that is no trouble.
    pub fn note(&mut self, message: &str) {
        let _ = writeln!(self.err, "note: {}", escape(message));
    }

    /// How files are written in this call of the program.
    pub fn write_options(&self, backup: bool) -> WriteOptions {
        WriteOptions {
            backup,
            date: backup_date(self.source_date_epoch.as_deref()),
            time: self.called,
            state: self.state.clone(),
        }
    }

    /// Writes results with `write`. A reader that has seen enough (`slimlint | head`) is no trouble.
    pub fn write(&mut self, write: impl FnOnce(&mut dyn Write, Paint) -> io::Result<()>) -> Status {
        match write(self.out, self.paint).and_then(|()| self.out.flush()) {
            Ok(()) => Status::Clean,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::Clean,
            Err(error) => self.error(&format!("the results cannot be written: {error}")),
        }
    }
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(message) => {
            // clap quotes the words as they are, and a hook passes the names of files: `--\n::error::…/Dockerfile`.
            let harmless = words.iter().map(|word| escape(&word.to_string_lossy()).into_owned());
            let message = Arguments::try_parse_from(harmless).err().unwrap_or(message);
            // Help and version are no trouble; clap knows which is which, and where it belongs.
            let _ = message.print();
            return if message.use_stderr() { Status::Trouble.into() } else { Status::Clean.into() };
        }
    };
    // The bar of a long run is drawn by other threads, which must get at standard error.
    // Those of a server write what an editor is told.
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let (is_terminal, is_watched) = (stdout.is_terminal(), stderr.is_terminal());
    let variable = |name: &str| std::env::var(name).ok();
    let (mut out, mut err) = (BufWriter::with_capacity(1 << 16, stdout), stderr);
    let mut terminal = Terminal {
        paint: Paint::choose(is_terminal, variable),
        interactive: is_terminal,
        is_watched,
        out: &mut out,
        err: &mut err,
        cwd: PathBuf::new(),
        source_date_epoch: variable("SOURCE_DATE_EPOCH"),
        state: state_dir(|name| std::env::var_os(name)),
        called: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|now| u64::try_from(now.as_nanos()).ok())
            .unwrap_or_default(),
    };
    let status = match std::env::current_dir().and_then(|cwd| cwd.canonicalize()) {
        Ok(cwd) => {
            terminal.cwd = cwd;
            dispatch(arguments, &mut terminal)
        }
        Err(error) => terminal.error(&format!("the working directory cannot be read: {error}")),
    };
    status.into()
}

fn dispatch(arguments: Arguments, terminal: &mut Terminal<'_>) -> Status {
    match arguments.command {
        None => {
            let mut check = arguments.check;
            // `slimlint --fix check`: options came first, so clap took the command for a path.
            let is_command = check.paths.first().is_some_and(|path| path.as_os_str() == "check");
            if is_command && !terminal.cwd.join("check").exists() {
                check.paths.remove(0);
            }
            check::check(&check, terminal)
        }
        Some(Command::Check(check)) => check::check(&check, terminal),
        Some(Command::Audit(audit)) => audit::audit(&audit, terminal),
        Some(Command::Why(why)) => why::why(&why, terminal),
        Some(Command::Explain { rule }) => explain::explain(&rule, terminal),
        Some(Command::Rules { format }) => explain::list(format, terminal),
        Some(Command::Rollback(rollback)) => rollback::rollback(&rollback, terminal),
        Some(Command::Backups(backups)) => backups::backups(&backups, terminal),
        Some(Command::Lsp(arguments)) => lsp::lsp(&arguments),
        Some(Command::Config(arguments)) => config::config(&arguments, terminal),
        Some(Command::Schema) => setup::schema(terminal),
        Some(Command::Completions { shell }) => setup::completions(shell, terminal),
        Some(Command::Man) => setup::man(terminal),
        Some(Command::Debug(Debug::Closure { paths })) => closure::closure(&paths, terminal),
        Some(Command::Debug(Debug::Parse { paths })) => parse::parse(&paths, terminal),
    }
}
