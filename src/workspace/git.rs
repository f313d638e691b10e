//! What git says has changed. The one place that starts a program.
//!
//! A repository is not trusted, and its own settings are read whenever git runs. So only plumbing is called that starts nothing by
//! itself: no hooks, no file monitor, no external diff, no filters of file contents (each that is set is emptied), nothing by itself inside
//! submodules, which are asked like repositories of their own, and no transport, so that a partial clone fetches nothing.

mod changes;
mod error;
mod questions;

pub use changes::Changes;
pub(super) use changes::with_their_folders;
pub use error::GitError;

use std::borrow::Cow;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use error::{failed, start_error};

/// Variables that would point git at another repository or make it start something. Those that only set options, by which a person
/// may trust the folder, stay.
const VARIABLES: [&str; 17] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_EXTERNAL_DIFF",
    "GIT_ICASE_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// Calls of git in one repository.
struct Git<'r> {
    root: &'r Path,
    /// What holds in the place of the repository's own settings, as `-c` takes it.
    settings: Vec<String>,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        let root = plain(self.root);
        command.current_dir(&root);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        // Neither a repository above the root nor one that the root's own settings point at is meant.
        if let Some(above) = root.parent() {
            command.env("GIT_CEILING_DIRECTORIES", above);
        }
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.env("LC_ALL", "C");
        // It runs there.
        command.args(["--no-pager", "--no-replace-objects", "--work-tree=."]);
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.bare=false",
            "core.quotePath=false",
            "protocol.allow=never",
            "submodule.recurse=false",
        ] {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, GitError> {
        self.command(arguments).output().map_err(start_error)
    }

    /// What it prints when all is well.
    fn read(&self, name: &'static str, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.run(arguments)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(name, &output)) }
    }

    /// What it prints when it is given `input`.
    fn answer(&self, name: &'static str, arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, GitError> {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().map_err(start_error)?;
        let stdin = child.stdin.take();
        // It answers while it is asked, and a pipe holds only so much.
        let asking = thread::spawn(move || {
            // That it wants no more is seen by its answer.
            let _ = stdin.map(|mut stdin| stdin.write_all(&input));
        });
        let output = child.wait_with_output().map_err(GitError::Start)?;
        let _ = asking.join();
        if output.status.success() { Ok(output.stdout) } else { Err(failed(name, &output)) }
    }

    fn check_repository(&self) -> Result<(), GitError> {
        let output = self.run(&["rev-parse", "--git-dir"])?;
        if output.status.success() {
            return Ok(());
        }
        let error = failed("rev-parse", &output);
        // It refuses the repositories of others with a word on what to do.
        let is_none = matches!(&error, GitError::Failed { said, .. } if said.contains("not a git repository"));
        Err(if is_none { GitError::NotARepository(self.root.to_owned()) } else { error })
    }

    /// Settings that empty every filter. A file that was changed in the second in which the index was written is read and compared, and
    /// for that git would start its filter.
    fn no_filters(&self) -> Result<Vec<String>, GitError> {
        let output = self.run(&["config", "--null", "--name-only", "--get-regexp", r"^filter\."])?;
        // 1 is how it says that there is none.
        if !output.status.success() && output.status.code() != Some(1) {
            return Err(failed("config", &output));
        }
        let mut settings = Vec::new();
        for name in output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            // `-c` could not name it.
            let name = str::from_utf8(name).ok().filter(|name| !name.contains(['=', '\n']));
            let Some(name) = name else {
                let said =
                    "a filter is set up under a name that cannot be switched off; rename or remove it".to_owned();
                return Err(GitError::Failed { command: "config", said });
            };
            let value = if name.ends_with(".required") { "false" } else { "" };
            settings.push(format!("{name}={value}"));
        }
        Ok(settings)
    }
}

/// `\\?\C:\folder` without what Windows puts in front of a path that is resolved: git does not know that.
fn plain(path: &Path) -> Cow<'_, Path> {
    let bare = path.to_str().and_then(|path| path.strip_prefix(r"\\?\"));
    match bare.map(|bare| (bare, bare.strip_prefix(r"UNC\"))) {
        None => Cow::Borrowed(path),
        Some((_, Some(share))) => Cow::Owned(PathBuf::from(format!(r"\\{share}"))),
        Some((bare, None)) => Cow::Owned(PathBuf::from(bare)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_told_paths_as_people_write_them() {
        for (path, expected) in [
            ("/srv/app", "/srv/app"),
            (r"\\?\C:\srv\app", r"C:\srv\app"),
            (r"\\?\UNC\server\share\app", r"\\server\share\app"),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected));
        }
        let git = Git { root: Path::new(r"\\?\C:\srv\app"), settings: Vec::new() };
        let command = git.command(&["status"]);
        let told = command.get_args().chain(command.get_envs().filter_map(|(_, value)| value));
        assert!(told.into_iter().all(|text| !text.to_string_lossy().contains('?')));
    }
}
