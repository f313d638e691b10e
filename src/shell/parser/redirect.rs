//! Redirections and heredocs.

use super::cursor::is_name;
use super::{Parser, Result};
use crate::shell::ast::{Redirect, RedirectKind};
use crate::text::TextRange;

/// The operators, longer ones before their beginnings.
const OPERATORS: [(&str, RedirectKind); 12] = [
    ("<<<", RedirectKind::HereString),
    ("<<-", RedirectKind::Heredoc),
    ("<<", RedirectKind::Heredoc),
    ("<>", RedirectKind::InputOutput),
    ("<&", RedirectKind::Duplicate),
    ("<", RedirectKind::Input),
    (">>", RedirectKind::Append),
    (">&", RedirectKind::Duplicate),
    (">|", RedirectKind::Output),
    (">", RedirectKind::Output),
    ("&>>", RedirectKind::OutputAndError),
    ("&>", RedirectKind::OutputAndError),
];

/// A heredoc whose body has not been reached.
pub(super) struct PendingHeredoc {
    pub(super) redirect: TextRange,
    pub(super) delimiter: String,
    /// Whether tabs before the terminator are ignored (`<<-`).
    indented: bool,
    /// Whether any part of the delimiter is quoted, so that the body knows no continuations.
    quoted: bool,
}

impl Parser<'_> {
    /// The redirection that begins here, if one does.
    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>> {
        let start = self.position;
        let Some(operator) = self.operator_offset() else { return Ok(None) };
        self.position = operator;
        let Some(&(text, kind)) = OPERATORS.iter().find(|(text, _)| self.looking_at(text)) else {
            self.position = start;
            return Ok(None);
        };
        let descriptor = self.without_continuations(start, operator).parse().ok();
        self.position += text.len();
        self.skip_blanks();
        if !self.at_word_start() {
            return Err(self.expected(&format!("a word behind `{text}`")));
        }
        let target = self.word()?;
        let range = self.range_from(start);
        let mut heredoc = None;
        if kind == RedirectKind::Heredoc {
            heredoc = self.known_bodies.get(&start).copied();
            self.pending.push(PendingHeredoc {
                redirect: range,
                delimiter: target.literal().unwrap_or_else(|| target.range.slice(self.text).to_owned()),
                indented: text == "<<-",
                quoted: target.is_quoted(),
            });
        }
        Ok(Some(Redirect { range, descriptor, kind, target, heredoc }))
    }

    /// The redirections behind a construct. Stops right behind the last.
    pub(super) fn redirects(&mut self) -> Result<Vec<Redirect>> {
        let mut redirects = Vec::new();
        loop {
            let end = self.position;
            self.skip_blanks();
            let Some(redirect) = self.redirect()? else {
                self.position = end;
                return Ok(redirects);
            };
            redirects.push(redirect);
        }
    }

    /// Where the operator of a redirection that begins here stands, behind `2` or `{name}`.
    fn operator_offset(&self) -> Option<usize> {
        let mut at = self.position;
        match self.byte()? {
            b'&' => return (self.next_byte() == Some(b'>')).then_some(at),
            b'0'..=b'9' => {
                while self.byte_at(at).is_some_and(|byte| byte.is_ascii_digit()) {
                    at += 1;
                }
                at = self.after_continuations(at);
            }
            b'{' => {
                at += 1;
                while self.byte_at(at).is_some_and(is_name) {
                    at += 1;
                }
                if at == self.position + 1 || self.byte_at(at) != Some(b'}') {
                    return None;
                }
                at += 1;
            }
            _ => {}
        }
        let process = self.byte_at(at + 1) == Some(b'(');
        (matches!(self.byte_at(at), Some(b'<' | b'>')) && !process).then_some(at)
    }

    /// Reads the bodies of the pending heredocs, which begin here, at the start of a line.
    pub(super) fn read_heredocs(&mut self) {
        for heredoc in std::mem::take(&mut self.pending) {
            let start = self.position;
            let mut continued = false;
            let end = loop {
                let line_start = self.position;
                if line_start >= self.bytes.len() {
                    self.error(heredoc.redirect, format!("the heredoc is never closed by `{}`", heredoc.delimiter));
                    break line_start;
                }
                let line_end = self.line_end();
                let line = self.slice(line_start, line_end).trim_end_matches('\n');
                let line = line.strip_suffix('\r').unwrap_or(line);
                if !continued && let Some(length) = self.terminator(&heredoc, line) {
                    self.position = length.map_or(line_end, |length| line_start + length);
                    break line_start;
                }
                continued = !heredoc.quoted && line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
                self.position = line_end;
            };
            self.bodies.insert(heredoc.redirect.start() as usize, TextRange::from_usize(start, end));
        }
    }

    /// Whether `line` ends the heredoc. Inside `$(…)` the `)` may follow at once: then only the given length belongs to it.
    #[expect(clippy::option_option, reason = "no terminator, a whole line, or the beginning of a line")]
    fn terminator(&self, heredoc: &PendingHeredoc, line: &str) -> Option<Option<usize>> {
        let content = if heredoc.indented { line.trim_start_matches('\t') } else { line };
        match content.strip_prefix(heredoc.delimiter.as_str())? {
            "" => Some(None),
            rest if self.substitutions > 0 && rest.starts_with(')') => Some(Some(line.len() - rest.len())),
            _ => None,
        }
    }

    /// The offset behind the newline that ends this line.
    fn line_end(&self) -> usize {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        rest.iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |length| self.position + length + 1)
    }
}
