use crate::text::{Joined, TextRange};

use super::{Arguments, CommandLine, Heredoc, Instruction, Word};

/// What a `RUN` (or a command in shell form) gives to which program.
#[derive(Clone, Debug)]
pub enum RunScript {
    /// Text for the shell of the stage.
    Shell(Joined),
    /// A heredoc that begins with `#!`: the interpreter line without `#!`, and the text behind it.
    Interpreter {
        /// The interpreter with its arguments, such as `/usr/bin/env python3`.
        interpreter: String,
        /// The whole heredoc.
        text: Joined,
    },
    /// Program and arguments, no shell in between.
    Exec(Vec<Word>),
}

impl Instruction {
    /// What the instruction runs: the arguments of `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD`, heredocs put in as
    /// `BuildKit` does. `source` is the text of the file. `None` when it runs nothing.
    #[must_use]
    pub fn script(&self, source: &str) -> Option<RunScript> {
        let command = match &self.arguments {
            Arguments::Command(command) => command,
            Arguments::Healthcheck(command) => command.as_ref()?,
            _ => return None,
        };
        let body = match (&self.arguments, command) {
            (_, CommandLine::Exec(words)) => return Some(RunScript::Exec(words.clone())),
            (Arguments::Healthcheck(_), CommandLine::Shell) => {
                let (_, rest) = super::arguments::split_keyword(self.body.text());
                self.body.part(rest)
            }
            _ => self.body.clone(),
        };
        match self.heredocs.as_slice() {
            [] => Some(RunScript::Shell(body)),
            [heredoc] if self.is_only_heredoc(heredoc) => Some(heredoc_script(heredoc, source)),
            heredocs => Some(RunScript::Shell(with_heredocs(body, heredocs, source))),
        }
    }

    /// `RUN <<EOF` and nothing else on the line: the heredoc is the script.
    fn is_only_heredoc(&self, heredoc: &Heredoc) -> bool {
        let whole = self.body.source_range(TextRange::from_usize(0, self.body.text().len()));
        whole == heredoc.word
    }
}

fn heredoc_script(heredoc: &Heredoc, source: &str) -> RunScript {
    let mut text = Joined::new();
    push_lines(&mut text, heredoc.body, heredoc.chomp, source);
    match text.text().strip_prefix("#!").and_then(|rest| rest.lines().next()) {
        Some(interpreter) => RunScript::Interpreter { interpreter: interpreter.trim().to_owned(), text },
        None => RunScript::Shell(text),
    }
}

/// The line, a newline, and each heredoc with its terminator, which is what the shell then reads.
fn with_heredocs(mut body: Joined, heredocs: &[Heredoc], source: &str) -> Joined {
    for heredoc in heredocs {
        let before = heredoc.body.start().saturating_sub(1);
        body.push("\n", before);
        push_lines(&mut body, heredoc.body, false, source);
        body.push(heredoc.end.slice(source), heredoc.end.start());
    }
    body
}

fn push_lines(text: &mut Joined, range: TextRange, chomp: bool, source: &str) {
    let mut at = range.start();
    for line in range.slice(source).split_inclusive('\n') {
        let kept = if chomp { line.trim_start_matches('\t') } else { line };
        text.push(kept, at + (line.len() - kept.len()) as u32);
        at += line.len() as u32;
    }
}
