//! Constructs that hold commands.

use super::{Parser, Result};
use crate::shell::ast::{CaseArm, Command, Compound, CompoundKind, IfBranch, List, Part, Word};
use crate::text::TextRange;

impl Parser<'_> {
    /// The construct that the reserved `word` here begins.
    pub(super) fn construct(&mut self, word: &'static str) -> Result<Command> {
        let start = self.position;
        self.position += word.len();
        let kind = match word {
            "{" => CompoundKind::Group(self.enclosed(start, "{", "}")?),
            "if" => self.if_clause(start)?,
            "for" | "select" => self.for_clause(start)?,
            "while" | "until" => {
                let condition = self.body()?;
                let body = self.do_group(start, word)?;
                if word == "while" {
                    CompoundKind::While { condition, body }
                } else {
                    CompoundKind::Until { condition, body }
                }
            }
            "case" => self.case_clause(start)?,
            "[[" => self.test(start)?,
            "function" => {
                self.skip_blanks();
                let name = self.word()?.range;
                if name.is_empty() {
                    return Err(self.expected("a name"));
                }
                return self.function_definition(start, name);
            }
            "coproc" => return self.coprocess(start),
            _ => return Err(self.unexpected()),
        };
        self.compound(start, kind)
    }

    /// Reads the redirections behind a construct.
    fn compound(&mut self, start: usize, kind: CompoundKind) -> Result<Command> {
        let redirects = self.redirects()?;
        Ok(Command::Compound(Box::new(Compound { range: self.range_from(start), kind, redirects })))
    }

    /// `(( … ))` or `( … )`.
    pub(super) fn parenthesized(&mut self) -> Result<Command> {
        let start = self.position;
        self.position += 1;
        if self.byte() == Some(b'(') {
            self.position += 1;
            if self.arithmetic()? {
                return self.compound(start, CompoundKind::Arithmetic);
            }
            self.position -= 1;
        }
        let list = self.body()?;
        if self.take(")") {
            return self.compound(start, CompoundKind::Subshell(list));
        }
        Err(self.not_closed(start, "(", ")"))
    }

    /// A list and the reserved word that closes it.
    fn enclosed(&mut self, start: usize, open: &str, close: &str) -> Result<List> {
        let list = self.body()?;
        self.close(start, open, close)?;
        Ok(list)
    }

    fn close(&mut self, start: usize, open: &str, close: &str) -> Result<()> {
        self.skip_newlines();
        if self.take_reserved(close) { Ok(()) } else { Err(self.not_closed(start, open, close)) }
    }

    fn not_closed(&mut self, start: usize, open: &str, close: &str) -> super::Fatal {
        if self.byte().is_some() {
            return self.expected(&format!("`{close}`"));
        }
        let range = TextRange::from_usize(start, start + open.len());
        self.fatal(range, format!("`{open}` is never closed by `{close}`"))
    }

    fn take_reserved(&mut self, word: &str) -> bool {
        self.at_word(word) && self.take(word)
    }

    fn expect_reserved(&mut self, word: &str) -> Result<()> {
        if self.take_reserved(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    fn if_clause(&mut self, start: usize) -> Result<CompoundKind> {
        let mut branches = Vec::with_capacity(1);
        let mut otherwise = None;
        loop {
            let condition = self.body()?;
            self.expect_reserved("then")?;
            branches.push(IfBranch { condition, body: self.body()? });
            if self.take_reserved("elif") {
                continue;
            }
            if self.take_reserved("else") {
                otherwise = Some(self.body()?);
            }
            self.close(start, "if", "fi")?;
            return Ok(CompoundKind::If { branches, otherwise });
        }
    }

    /// `for` and `select`.
    fn for_clause(&mut self, start: usize) -> Result<CompoundKind> {
        self.skip_blanks();
        if self.take("((") {
            if !self.arithmetic()? {
                return Err(self.unclosed(self.position - 2, 2, "the arithmetic expression"));
            }
            self.skip_blanks();
            self.take(";");
            self.skip_newlines();
            return Ok(CompoundKind::ArithmeticFor { body: self.do_group(start, "for")? });
        }
        let name = self.word()?.range;
        if name.is_empty() {
            return Err(self.expected("a variable"));
        }
        let name = self.without_continuations(name.start() as usize, name.end() as usize);
        self.skip_newlines();
        let mut words = None;
        if self.take_reserved("in") {
            let list = words.insert(Vec::new());
            self.skip_blanks();
            while self.at_word_start() {
                list.push(self.word()?);
                self.skip_blanks();
            }
            if self.byte() != Some(b';') && self.newline_length(self.position) == 0 {
                return Err(self.expected("`;` or a new line before `do`"));
            }
        }
        self.take(";");
        self.skip_newlines();
        Ok(CompoundKind::For { name, words, body: self.do_group(start, "for")? })
    }

    /// `do … done`, or the braces that bash allows instead.
    fn do_group(&mut self, start: usize, opener: &str) -> Result<List> {
        let brace = self.position;
        if opener == "for" && self.take_reserved("{") {
            return self.enclosed(brace, "{", "}");
        }
        self.expect_reserved("do")?;
        self.enclosed(start, opener, "done")
    }

    fn case_clause(&mut self, start: usize) -> Result<CompoundKind> {
        self.skip_blanks();
        let subject = self.word()?;
        if subject.range.is_empty() {
            return Err(self.expected("a word"));
        }
        self.skip_newlines();
        self.expect_reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines();
            if self.take_reserved("esac") {
                return Ok(CompoundKind::Case { subject, arms });
            }
            if self.byte().is_none() {
                return Err(self.not_closed(start, "case", "esac"));
            }
            let patterns = self.case_patterns()?;
            let body = self.list()?;
            arms.push(CaseArm { patterns, body });
            self.skip_newlines();
            if !(self.take(";;&") || self.take(";;") || self.take(";&") || self.at_word("esac")) {
                return Err(self.not_closed(start, "case", "esac"));
            }
        }
    }

    fn case_patterns(&mut self) -> Result<Vec<Word>> {
        self.take("(");
        let mut patterns = Vec::with_capacity(1);
        loop {
            self.skip_blanks();
            let pattern = self.word()?;
            if pattern.range.is_empty() {
                return Err(self.expected("a pattern"));
            }
            patterns.push(pattern);
            self.skip_blanks();
            if self.take(")") {
                return Ok(patterns);
            }
            if !self.take("|") {
                return Err(self.expected("`)`"));
            }
        }
    }

    /// The rest of a function from the `()` on, which the keyword `function` makes optional.
    pub(super) fn function_definition(&mut self, start: usize, name: TextRange) -> Result<Command> {
        self.skip_blanks();
        let parenthesis = self.position;
        if self.take("(") {
            let range = self.range_from(parenthesis);
            self.skip_blanks();
            if !self.take(")") {
                return Err(self.fatal(range, format!("unexpected `(` behind `{}`", name.slice(self.text))));
            }
        }
        self.skip_newlines();
        let body = Box::new(self.nested(Self::command)?);
        let name = name.slice(self.text).to_owned();
        let kind = CompoundKind::Function { name, body };
        Ok(Command::Compound(Box::new(Compound { range: self.range_from(start), kind, redirects: Vec::new() })))
    }

    /// `coproc`, with or without a name; what it runs is not looked into.
    fn coprocess(&mut self, start: usize) -> Result<Command> {
        self.skip_blanks();
        let command = self.position;
        if !self.at_construct() {
            self.position = self.name_end(command);
            let named = self.position > command && self.ends_word(self.position);
            self.skip_blanks();
            if !named || !self.at_construct() {
                self.position = command;
            }
        }
        self.command()?;
        Ok(Command::Opaque(self.range_from(start)))
    }

    /// `[[ … ]]`
    fn test(&mut self, start: usize) -> Result<CompoundKind> {
        let mut words = Vec::new();
        let mut regex = false;
        loop {
            self.skip_newlines();
            if self.take_reserved("]]") {
                return Ok(CompoundKind::Test(words));
            }
            let operator = match (self.byte(), self.next_byte()) {
                (None, _) => return Err(self.not_closed(start, "[[", "]]")),
                (Some(b'('), _) if regex => 0,
                (Some(b'&'), Some(b'&')) | (Some(b'|'), Some(b'|')) => 2,
                (Some(b'(' | b')'), _) => 1,
                (Some(b'<' | b'>'), _) if !self.at_process_substitution() => 1,
                _ => 0,
            };
            let word = if operator > 0 {
                let from = self.position;
                self.position += operator;
                let range = self.range_from(from);
                let text = range.slice(self.text).to_owned();
                Word { range, parts: vec![Part::Literal { range, text, quoted: false }] }
            } else if regex {
                self.regex()?
            } else {
                self.word()?
            };
            if word.range.is_empty() {
                return Err(self.expected("`]]`"));
            }
            regex = word.range.slice(self.text) == "=~";
            words.push(word);
        }
    }
}
