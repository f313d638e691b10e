//! A lossless, error-tolerant parser for Dockerfiles.
//!
//! Lines are joined as `BuildKit`'s `frontend/dockerfile/parser` joins them: parser directives, the byte order mark, escape
//! characters at line ends, comments and blank lines inside continuations, heredocs on any word of `RUN`, `COPY` and `ADD`
//! (also behind `ONBUILD`), JSON forms. Where `BuildKit` rejects the file, this parser records a [`ParseError`] and goes on with
//! the next instruction, so one bad line loses nothing else.
//!
//! All ranges are byte ranges in the file. [`Dockerfile::print`] puts the file together again from its pieces.

mod arguments;
pub mod edit;
mod expand;
mod heredoc;
mod json;
mod lex;
mod lines;
mod parse;
mod script;

pub use expand::{Lookup, MAX_EXPANSION_BYTES, UNKNOWN, Value, expand};
pub use script::RunScript;

use crate::text::{Joined, TextRange};

/// A parsed Dockerfile. Always returned, whatever the text.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The escape character, `\` unless an `escape` directive says `` ` ``.
    pub escape: char,
    /// Parser directives in order.
    pub directives: Vec<Directive>,
    /// All comments, those inside continuations included.
    pub comments: Vec<Comment>,
    /// All instructions in order.
    pub instructions: Vec<Instruction>,
    /// Build stages in order.
    pub stages: Vec<Stage>,
    /// What `BuildKit` would reject.
    pub errors: Vec<ParseError>,
    pieces: Vec<Piece>,
}

/// A parser directive such as `# syntax=docker/dockerfile:1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Its name in lower case: `syntax`, `escape` or `check`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The line without its terminator.
    pub range: TextRange,
}

/// A comment line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line.
    pub range: TextRange,
    /// 1-based line.
    pub line: u32,
    /// Index of the instruction whose continuation it stands in.
    pub inside: Option<usize>,
}

/// Something `BuildKit` would reject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where.
    pub range: TextRange,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
}

/// A build stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name in lower case, as `BuildKit` compares names.
    pub name: Option<String>,
    /// Index of its `FROM` instruction.
    pub from: usize,
    /// Indexes of its instructions, `FROM` included.
    pub instructions: std::ops::Range<usize>,
}

/// The instructions of the Dockerfile reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// Not an instruction.
    Unknown,
}

impl Keyword {
    const NAMES: [(&'static str, Self); 18] = [
        ("ADD", Self::Add),
        ("ARG", Self::Arg),
        ("CMD", Self::Cmd),
        ("COPY", Self::Copy),
        ("ENTRYPOINT", Self::Entrypoint),
        ("ENV", Self::Env),
        ("EXPOSE", Self::Expose),
        ("FROM", Self::From),
        ("HEALTHCHECK", Self::Healthcheck),
        ("LABEL", Self::Label),
        ("MAINTAINER", Self::Maintainer),
        ("ONBUILD", Self::Onbuild),
        ("RUN", Self::Run),
        ("SHELL", Self::Shell),
        ("STOPSIGNAL", Self::Stopsignal),
        ("USER", Self::User),
        ("VOLUME", Self::Volume),
        ("WORKDIR", Self::Workdir),
    ];

    /// Reads a keyword in any case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map_or(Self::Unknown, |&(_, keyword)| keyword)
    }

    /// The keyword in upper case.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|&&(_, keyword)| keyword == self).map_or("unknown", |(name, _)| name)
    }
}

/// One instruction.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// From the keyword to the end of its last line, heredocs included, the last line terminator excluded.
    pub range: TextRange,
    /// 1-based first line.
    pub start_line: u32,
    /// 1-based last line, heredocs and lines swallowed by a continuation included.
    pub end_line: u32,
    /// Which instruction.
    pub keyword: Keyword,
    /// Where the keyword stands; `raw_keyword` is how it is written.
    pub keyword_range: TextRange,
    /// The keyword as written.
    pub raw_keyword: String,
    /// `--name=value` words before the arguments.
    pub flags: Vec<Flag>,
    /// What stands behind keyword and flags.
    pub arguments: Arguments,
    /// The arguments as one text, joined over continuations.
    pub body: Joined,
    /// Heredocs in order.
    pub heredocs: Vec<Heredoc>,
}

impl Instruction {
    /// The first flag of that name.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// All flags of that name.
    pub fn flags_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Flag> {
        self.flags.iter().filter(move |flag| flag.name == name)
    }

    /// The instruction itself, or the trigger of an `ONBUILD`.
    #[must_use]
    pub fn effective(&self) -> &Self {
        match &self.arguments {
            Arguments::Trigger(trigger) => trigger.effective(),
            _ => self,
        }
    }
}

/// A flag of an instruction, such as `--from=builder` or `--link`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The name without dashes.
    pub name: String,
    /// The value, quotes and escapes removed; `None` without `=`.
    pub value: Option<String>,
    /// The flag as it stands.
    pub range: TextRange,
}

/// A word or value of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it stands, quotes and variables included; in a JSON form the decoded string.
    pub text: String,
    /// Where it stands. A word that spans a continuation covers it.
    pub range: TextRange,
}

/// What stands behind the keyword and the flags.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// `FROM image [AS name]`
    From {
        /// The image or stage.
        image: Option<Word>,
        /// The stage's name.
        name: Option<Word>,
    },
    /// `ADD` and `COPY`
    Transfer {
        /// Everything but the last word.
        sources: Vec<Word>,
        /// The last word.
        destination: Option<Word>,
        /// Whether the words are a JSON array, in which no heredoc is meant.
        json: bool,
    },
    /// `RUN`, `CMD`, `ENTRYPOINT` and `SHELL`
    Command(CommandLine),
    /// `HEALTHCHECK NONE` (no command) or `HEALTHCHECK CMD …`
    Healthcheck(Option<CommandLine>),
    /// `ENV` and `LABEL`
    Pairs(Vec<Pair>),
    /// `ARG`
    Declarations(Vec<Declaration>),
    /// `EXPOSE` and `VOLUME`
    Words(Vec<Word>),
    /// `WORKDIR`, `USER`, `STOPSIGNAL`, `MAINTAINER`: all the text as one word
    Text(Word),
    /// `ONBUILD`
    Trigger(Box<Instruction>),
    /// Missing, or the keyword is unknown.
    None,
}

/// The two forms of a command.
#[derive(Clone, Debug)]
pub enum CommandLine {
    /// `["program", "argument"]`
    Exec(Vec<Word>),
    /// Text for the shell, see [`Instruction::body`].
    Shell,
}

/// `name=value` of `ENV` or `LABEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name as it stands.
    pub name: Word,
    /// The value as it stands, quotes included.
    pub value: Word,
    /// Whether it is the old form `ENV name value`.
    pub legacy: bool,
}

/// `name[=default]` of `ARG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The name.
    pub name: Word,
    /// The default as it stands, quotes included.
    pub default: Option<Word>,
}

/// A heredoc of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter without quotes.
    pub name: String,
    /// Whether it is `<<-`: leading tabs are dropped.
    pub chomp: bool,
    /// Whether variables in the body are expanded: no part of the delimiter is quoted.
    pub expand: bool,
    /// Where the word `<<NAME` stands.
    pub word: TextRange,
    /// The lines between, terminators included.
    pub body: TextRange,
    /// The terminator line without its line end; empty at the end of the file when it is missing.
    pub end: TextRange,
}

/// A piece of the file. The pieces of a file lie side by side and cover it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Where it stands.
    pub range: TextRange,
}

/// Kinds of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// The byte order mark.
    ByteOrderMark,
    /// A parser directive with its line end.
    Directive,
    /// A comment with the white space before it and its line end.
    Comment,
    /// A line of white space.
    Blank,
    /// Text of an instruction.
    Code,
    /// An escape character that continues the line, what stands behind it, and the line end.
    Continuation,
    /// White space before an instruction or a line end behind it.
    Space,
    /// A heredoc's lines.
    HeredocBody,
    /// A heredoc's terminator line.
    HeredocEnd,
}

impl Dockerfile {
    /// The image that reads the file in the place of BuildKit's own frontend, as `# syntax=` names it: what it takes for an instruction is
    /// its own affair. A mirror of Docker's, `registry/docker/dockerfile:1`, is BuildKit's own.
    #[must_use]
    pub fn foreign_frontend(&self) -> Option<&str> {
        let image = &self.directives.iter().find(|directive| directive.name == "syntax")?.value;
        let name = image.split_whitespace().next()?;
        let repository = name.split('@').next()?;
        let last = repository.rsplit('/').next()?.split(':').next()?;
        (!matches!(last, "dockerfile" | "dockerfile-upstream")).then_some(name)
    }

    /// Parses the text of a Dockerfile. Never fails; see [`Dockerfile::errors`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        parse::parse(text)
    }

    /// The pieces that cover the file.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Puts the file together again from its pieces; `source` is the text that was parsed.
    #[must_use]
    pub fn print(&self, source: &str) -> String {
        self.pieces.iter().map(|piece| piece.range.slice(source)).collect()
    }

    /// The instructions of a stage.
    #[must_use]
    pub fn stage_instructions(&self, stage: &Stage) -> &[Instruction] {
        self.instructions.get(stage.instructions.clone()).unwrap_or_default()
    }

    /// The instructions before the first `FROM`.
    #[must_use]
    pub fn preamble(&self) -> &[Instruction] {
        let end = self.stages.first().map_or(self.instructions.len(), |stage| stage.from);
        self.instructions.get(..end).unwrap_or_default()
    }
}
