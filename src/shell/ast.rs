//! The syntax tree. Ranges are byte ranges in the script's joined text.

use crate::text::TextRange;

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellError {
    /// Where.
    pub range: TextRange,
    /// What was expected or found, one sentence without a full stop.
    pub message: String,
}

/// Commands one after the other, as a script, a group or a branch holds them.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// From the first command to the last separator; empty for an empty list.
    pub range: TextRange,
    /// The commands in order.
    pub items: Vec<ListItem>,
}

/// One and-or list with what ends it.
#[derive(Clone, Debug)]
pub struct ListItem {
    /// The commands.
    pub and_or: AndOr,
    /// `;`, `&` or a newline behind it; `None` at the end of the text or before `)`, `}`, `;;`.
    pub separator: Option<Separator>,
}

/// What ends a command in a list.
#[derive(Clone, Copy, Debug)]
pub struct Separator {
    /// Where it stands.
    pub range: TextRange,
    /// Which it is.
    pub kind: SeparatorKind,
}

/// The separators of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeparatorKind {
    /// `;`
    Semicolon,
    /// `&`
    Background,
    /// A newline.
    Newline,
}

/// Pipelines joined by `&&` and `||`, which bind equally and from the left.
#[derive(Clone, Debug)]
pub struct AndOr {
    /// From the first pipeline to the last.
    pub range: TextRange,
    /// The first pipeline.
    pub first: Pipeline,
    /// Each further pipeline with the operator before it and that operator's range.
    pub rest: Vec<(Connector, TextRange, Pipeline)>,
}

impl AndOr {
    /// All pipelines, each with the operator before it (`None` before the first).
    pub fn pipelines(&self) -> impl Iterator<Item = (Option<Connector>, &Pipeline)> {
        std::iter::once((None, &self.first)).chain(self.rest.iter().map(|(c, _, p)| (Some(*c), p)))
    }
}

/// The operator between two pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|` or `|&`.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// From `!` or the first command to the last, redirections included.
    pub range: TextRange,
    /// Whether `!` stands before it.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Clone, Debug)]
pub enum Command {
    /// Assignments, words and redirections.
    Simple(SimpleCommand),
    /// A construct that holds commands.
    Compound(Box<Compound>),
    /// Text that could not be read. Nothing may be concluded from it, and nothing in it edited.
    Opaque(TextRange),
}

impl Command {
    /// The whole command.
    #[must_use]
    pub fn range(&self) -> TextRange {
        match self {
            Self::Simple(simple) => simple.range,
            Self::Compound(compound) => compound.range,
            Self::Opaque(range) => *range,
        }
    }
}

/// `NAME=value… word… >file…` in any legal order.
#[derive(Clone, Debug, Default)]
pub struct SimpleCommand {
    /// From the first assignment, word or redirection to the last.
    pub range: TextRange,
    /// The assignments before the first word.
    pub assignments: Vec<Assignment>,
    /// The command name and its arguments.
    pub words: Vec<Word>,
    /// The redirections in order, wherever they stand.
    pub redirects: Vec<Redirect>,
}

/// `NAME=value` before a command name.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The whole assignment.
    pub range: TextRange,
    /// The name, without an index.
    pub name: String,
    /// Whether it is `+=`.
    pub append: bool,
    /// The value; an empty word when nothing follows `=`. An array `(a b)` is one word with one [`Part::Opaque`].
    pub value: Word,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// From the file descriptor or operator to the end of the target (for a heredoc: of the delimiter).
    pub range: TextRange,
    /// The file descriptor before the operator.
    pub descriptor: Option<u32>,
    /// The operator.
    pub kind: RedirectKind,
    /// The file, descriptor or delimiter behind the operator.
    pub target: Word,
    /// For a heredoc: its body up to the terminator line, exclusive.
    pub heredoc: Option<TextRange>,
}

/// Redirection operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// `<`
    Input,
    /// `>` or `>|`
    Output,
    /// `>>`
    Append,
    /// `<>`
    InputOutput,
    /// `>&`, `<&`
    Duplicate,
    /// `&>` and `&>>`
    OutputAndError,
    /// `<<` and `<<-`
    Heredoc,
    /// `<<<`
    HereString,
}

/// A construct that holds commands, with the redirections behind it.
#[derive(Clone, Debug)]
pub struct Compound {
    /// From its first token to its last, redirections included.
    pub range: TextRange,
    /// Which construct.
    pub kind: CompoundKind,
    /// Redirections behind it.
    pub redirects: Vec<Redirect>,
}

/// The constructs.
#[derive(Clone, Debug)]
pub enum CompoundKind {
    /// `{ list; }`
    Group(List),
    /// `( list )`
    Subshell(List),
    /// `if …; then …; elif …; else …; fi`
    If {
        /// `if` and each `elif`.
        branches: Vec<IfBranch>,
        /// `else`.
        otherwise: Option<List>,
    },
    /// `for name in words; do …; done` (also `select`).
    For {
        /// The variable.
        name: String,
        /// The words behind `in`; `None` without `in`.
        words: Option<Vec<Word>>,
        /// The body.
        body: List,
    },
    /// `for ((…)); do …; done`
    ArithmeticFor {
        /// The body.
        body: List,
    },
    /// `while …; do …; done`
    While {
        /// The condition.
        condition: List,
        /// The body.
        body: List,
    },
    /// `until …; do …; done`
    Until {
        /// The condition.
        condition: List,
        /// The body.
        body: List,
    },
    /// `case word in pattern) … ;; esac`
    Case {
        /// The word that is compared.
        subject: Word,
        /// The arms.
        arms: Vec<CaseArm>,
    },
    /// `name() command` or `function name { … }`
    Function {
        /// The name.
        name: String,
        /// What runs when it is called.
        body: Box<Command>,
    },
    /// `[[ … ]]` with the words between the brackets; operators such as `&&`, `(` and `<` are words of one literal.
    Test(Vec<Word>),
    /// `(( … ))`
    Arithmetic,
}

/// A condition with what runs when it holds.
#[derive(Clone, Debug)]
pub struct IfBranch {
    /// Behind `if` or `elif`.
    pub condition: List,
    /// Behind `then`.
    pub body: List,
}

/// One arm of a `case`.
#[derive(Clone, Debug)]
pub struct CaseArm {
    /// The patterns between `|`.
    pub patterns: Vec<Word>,
    /// What runs.
    pub body: List,
}

/// One word with its quoting and expansions.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// The word as it stands, quotes included.
    pub range: TextRange,
    /// Its parts in order; empty only for an absent value (`NAME=`).
    pub parts: Vec<Part>,
}

/// A piece of a word.
#[derive(Clone, Debug)]
pub enum Part {
    /// Unquoted text, escapes removed (`a\ b` gives `a b`; `quoted` is then set).
    Literal {
        /// Where it stands, escapes included.
        range: TextRange,
        /// The text it stands for.
        text: String,
        /// Whether a backslash took part, so that no glob or tilde is meant.
        quoted: bool,
    },
    /// `'…'` or `$'…'`
    SingleQuoted {
        /// Quotes included.
        range: TextRange,
        /// The text it stands for.
        text: String,
    },
    /// `"…"` or `$"…"`
    DoubleQuoted {
        /// Quotes included.
        range: TextRange,
        /// What is inside: literals, parameters and substitutions.
        parts: Vec<Part>,
    },
    /// `$name`, `${…}`, `$1`, `$@` …
    Parameter(Parameter),
    /// `$(…)` and backticks. Ranges inside backticks that hold escapes are not exact: `commands` is then empty.
    Substitution {
        /// The whole substitution.
        range: TextRange,
        /// What it runs.
        commands: List,
    },
    /// `$((…))`
    Arithmetic(TextRange),
    /// `<(…)` and `>(…)`
    Process {
        /// The whole substitution.
        range: TextRange,
        /// What it runs.
        commands: List,
    },
    /// Something else that is one word to the shell, such as an array value or an extended glob.
    Opaque(TextRange),
}

impl Part {
    /// Where the part stands.
    #[must_use]
    pub fn range(&self) -> TextRange {
        match self {
            Self::Literal { range, .. }
            | Self::SingleQuoted { range, .. }
            | Self::DoubleQuoted { range, .. }
            | Self::Substitution { range, .. }
            | Self::Process { range, .. }
            | Self::Arithmetic(range)
            | Self::Opaque(range) => *range,
            Self::Parameter(parameter) => parameter.range,
        }
    }
}

/// A parameter expansion.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// From `$` to the end.
    pub range: TextRange,
    /// The name, a positional digit or a special character (`@`, `*`, `#`, `?`, `$`, `!`, `-`).
    pub name: String,
    /// Behind the name in `${name…}`: operator and word as they stand, such as `:-default`, `%/*`, `[@]`; empty when there is none.
    /// `${#name}` has the operator `#` with an empty word before the name, given here as `#len`; `${!name}` as `!`.
    pub operator: String,
}

impl Word {
    /// The text of the word when nothing in it is expanded, quotes removed.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let mut text = String::new();
        literal_into(&self.parts, &mut text)?;
        Some(text)
    }

    /// Whether the word is exactly `text`, however it is quoted.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.literal().is_some_and(|literal| literal == text)
    }

    /// Whether any part of the word is quoted or escaped.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Literal { quoted, .. } => *quoted,
            Part::SingleQuoted { .. } | Part::DoubleQuoted { .. } => true,
            _ => false,
        })
    }
}

fn literal_into(parts: &[Part], text: &mut String) -> Option<()> {
    for part in parts {
        match part {
            Part::Literal { text: piece, .. } | Part::SingleQuoted { text: piece, .. } => text.push_str(piece),
            Part::DoubleQuoted { parts, .. } => literal_into(parts, text)?,
            _ => return None,
        }
    }
    Some(())
}
