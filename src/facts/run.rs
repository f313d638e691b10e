//! What a `RUN` starts.

use std::sync::Arc;

use crate::dockerfile::Value;
use crate::shell::{Script, SeparatorKind};
use crate::text::TextRange;

use super::State;

/// One `RUN` with all that it starts.
#[derive(Clone, Debug)]
pub struct Run {
    /// Index into the Dockerfile's instructions.
    pub instruction: usize,
    /// The whole instruction in the Dockerfile.
    pub range: TextRange,
    /// What holds when it starts.
    pub state: Arc<State>,
    /// `--mount` flags.
    pub mounts: Vec<Mount>,
    /// The parsed script; `None` for other shells than POSIX ones, and for interpreters.
    pub script: Option<Script>,
    /// The programs it starts, in order.
    pub invocations: Vec<Invocation>,
    /// Whether something in it could not be followed: an unreadable construct, a script that is not in the context,
    /// a download that is piped into a shell.
    pub opaque: bool,
    /// Places where something starts that could not be followed, in order.
    pub unread: Vec<Unread>,
}

/// A place in a script where something starts that could not be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// How many of the invocations come before it.
    pub after: usize,
    /// The and-or list that holds it, in the Dockerfile.
    pub list: TextRange,
}

/// Whether a failure ends the script (`set -e`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errexit {
    /// The next command runs.
    Off,
    /// The script ends.
    On,
    /// It depends on something that is not known, or on the shell.
    Open,
}

/// A `--mount` of a `RUN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// `bind`, `cache`, `tmpfs`, `secret` or `ssh`.
    pub kind: String,
    /// Absolute path in the container; for `cache` also by `id` when no target is given.
    pub target: Value,
    /// `source` of a bind mount, relative to the context or the other image.
    pub source: Option<Value>,
    /// `from`: stage or image.
    pub from: Option<Value>,
    /// The flag.
    pub range: TextRange,
}

/// Whether a command runs when the build runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Guard {
    /// It is in a branch that the known values rule out.
    Never,
    /// It depends on the platform, and does not run for that of the build, mostly linux/amd64, for which all bytes are told:
    /// `[ "$TARGETARCH" = ppc64le ] && apt-get install gfortran`.
    Elsewhere,
    /// It depends on something that is not known.
    Sometimes,
    /// It runs, unless a command before it fails.
    Always,
}

/// Where a command was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// In the instruction itself: ranges are places in the Dockerfile, and edits are possible.
    Instruction,
    /// In another text that the instruction runs, such as a script of the context; ranges name the word that starts it.
    Elsewhere(String),
}

/// One program with its arguments.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The program's name without its folder and version: `pip` for `/venv/bin/pip3.11`, `apt-get`, `uv`.
    pub program: String,
    /// The program as it is called, wrappers such as `sudo` and `env` removed.
    pub path: Value,
    /// Everything behind the program.
    pub arguments: Vec<Argument>,
    /// Variables set for it alone or exported in the script, later ones last.
    pub environment: Vec<(String, Value)>,
    /// The folder it runs in, absolute.
    pub workdir: Value,
    /// Whether it runs.
    pub guard: Guard,
    /// Where it was written.
    pub origin: Origin,
    /// From the first word (wrapper included) to the last, in the Dockerfile.
    pub range: TextRange,
    /// Where the program's own word stands.
    pub program_range: TextRange,
    /// Where it stands among the commands around it.
    pub site: Site,
    /// Whether it is run under `sudo` or as another user than the instruction's.
    pub other_user: bool,
    /// Whether it is looked up in other folders than the commands beside it: `conda run -n web npm ci`, `PATH=… npm ci`.
    pub found_elsewhere: bool,
    /// The name of the file that standard output goes to, when it is redirected.
    pub output: Option<Value>,
}

/// One argument after expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its value.
    pub value: Value,
    /// The word in the Dockerfile that it comes from.
    pub range: TextRange,
    /// Whether the word is this argument and nothing else, so that it may be replaced.
    pub whole: bool,
    /// Whether nothing of the word follows this argument, so that text may be put behind the word.
    pub last: bool,
}

/// Where a command stands in its script, as far as an edit must know.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one place")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The pipeline, redirections included, in the Dockerfile.
    pub pipeline: TextRange,
    /// The and-or list that holds it, in the Dockerfile.
    pub list: TextRange,
    /// Whether another pipeline follows in the and-or list.
    pub followed: bool,
    /// Whether all that follows in the and-or list follows with `&&`, and the last of it is not negated.
    pub chained: bool,
    /// Whether `||` stands before it.
    pub alternative: bool,
    /// What must have failed before it runs: what stands in front of each `||` behind which it stands, or a group around it.
    /// Empty in texts other than the Dockerfile.
    pub instead_of: Vec<TextRange>,
    /// Whether it may run more than once: in a loop or a function.
    pub repeated: bool,
    /// Whether its and-or list ends its script, so that its outcome is the script's.
    pub tail: bool,
    /// Whether it is one of several commands of a pipeline.
    pub piped: bool,
    /// Whether `!` stands before the pipeline, or it is the condition of an `if` or a loop.
    pub tested: bool,
    /// What ends its and-or list.
    pub separator: Option<SeparatorKind>,
    /// Whether a failure ends the script at this point. Off where the shell ignores `set -e`: in front of `&&` and `||`, and in
    /// whatever is called from there.
    pub errexit: Errexit,
    /// The same for the end of its and-or list.
    pub list_errexit: Errexit,
    /// Whether it stands in the instruction's own text, not in a substitution, function, `sh -c` or another file.
    pub direct: bool,
    /// Whether another command takes what it prints: it stands in `$(…)` or `<(…)`.
    pub captured: bool,
    /// Whether it stands in a heredoc of the instruction, where lines end commands.
    pub heredoc: bool,
}

impl Invocation {
    /// Whether it runs only where `other` failed, or something that `other` is a part of: `other || this`.
    #[must_use]
    pub fn runs_instead_of(&self, other: &Self) -> bool {
        self.site.instead_of.iter().any(|range| range.contains_range(other.range))
    }

    /// The known value of the argument at `index`.
    #[must_use]
    pub fn argument(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).and_then(|argument| argument.value.known())
    }

    /// Whether one of the arguments is exactly `text`.
    #[must_use]
    pub fn has_argument(&self, text: &str) -> bool {
        self.arguments.iter().any(|argument| argument.value.known() == Some(text))
    }

    /// The file that holds the command, when that is not the Dockerfile.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        match &self.origin {
            Origin::Instruction => None,
            Origin::Elsewhere(path) => Some(path),
        }
    }

    /// The value that a variable has for this command, where the script sets it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.environment.iter().rev().find(|(variable, _)| variable == name).map(|(_, value)| value)
    }
}
