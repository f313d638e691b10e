//! A forward reader of TOML as the writers of locks write it: one pass, no tree.

use std::borrow::Cow;

use crate::text::TextRange;

/// A place in a TOML text, moving forward.
///
/// Every reader of a value takes exactly one value, whatever its type, so that what is not understood is passed over. Text that is
/// not TOML gives less, and never stops the reader.
#[derive(Clone, Debug)]
pub(super) struct Toml<'t> {
    text: &'t str,
    at: usize,
    /// The line that `counted` stands in, 1-based.
    line: u32,
    counted: usize,
}

/// What begins a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement<'t> {
    /// `[a.b]` or `[[a.b]]`: the keys, and whether it is an element of an array.
    Header(Vec<Cow<'t, str>>, bool),
    /// `key =`; the value is next. A dotted key is given by its first part, with `false`.
    Key(Cow<'t, str>, bool),
}

impl<'t> Toml<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line: 1, counted: 0 }
    }

    /// The next header or key; `None` at the end.
    pub(super) fn statement(&mut self) -> Option<Statement<'t>> {
        loop {
            self.skip_space();
            let byte = self.peek()?;
            if byte == b'[' {
                self.at += 1;
                let array = self.eat(b'[');
                let keys = self.keys();
                self.skip_line();
                return Some(Statement::Header(keys, array));
            }
            let before = self.at;
            if let Some((key, single)) = self.key_of_value() {
                return Some(Statement::Key(key, single));
            }
            // Not TOML: what is left of the line is passed over.
            self.skip_line();
            if self.at == before {
                self.at += 1;
            }
        }
    }

    /// The line that the reader stands in, 1-based.
    pub(super) fn line(&mut self) -> u32 {
        let passed = self.text.as_bytes().get(self.counted..self.at).unwrap_or_default();
        self.line += passed.split(|&byte| byte == b'\n').skip(1).count() as u32;
        self.counted = self.at.max(self.counted);
        self.line
    }

    /// Takes a value; its text when it is a string.
    pub(super) fn string(&mut self) -> Option<Cow<'t, str>> {
        self.ranged_string().map(|(text, _)| text)
    }

    /// [`Toml::string`] with where its content stands.
    pub(super) fn ranged_string(&mut self) -> Option<(Cow<'t, str>, TextRange)> {
        if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            return Some(self.quoted(quote));
        }
        self.skip_value();
        None
    }

    /// Takes a value; whether it is `true`.
    pub(super) fn is_true(&mut self) -> bool {
        let truth = self.rest().starts_with("true");
        self.skip_value();
        truth
    }

    /// Takes a value; its number when it is a whole one.
    pub(super) fn number(&mut self) -> Option<u64> {
        let before = self.at;
        self.skip_value();
        let digits = self.text.get(before..self.at)?.trim();
        digits.parse().ok().or_else(|| digits.replace('_', "").parse().ok())
    }

    /// Whether a table in braces is next.
    pub(super) fn is_table(&self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Whether an array is next.
    pub(super) fn is_array(&self) -> bool {
        self.peek() == Some(b'[')
    }

    /// Takes an array; `element` takes each of its values. Any other value is passed over.
    pub(super) fn elements(&mut self, element: impl FnMut(&mut Self)) {
        self.enclosed((b'[', b']'), element);
    }

    /// Takes a table in braces; `member` takes the value of each key. Any other value is passed over.
    pub(super) fn members(&mut self, mut member: impl FnMut(&mut Self, &str)) {
        self.enclosed((b'{', b'}'), |toml| {
            if let Some((key, _)) = toml.key_of_value() {
                toml.taking(&mut |toml| member(toml, &key));
            }
        });
    }

    /// Takes what stands between two brackets, separated by commas; `one` takes each part. Any other value is passed over.
    fn enclosed(&mut self, (open, close): (u8, u8), mut one: impl FnMut(&mut Self)) {
        if self.peek() != Some(open) {
            self.skip_value();
            return;
        }
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek() {
                None => return,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return;
                }
                Some(b',') => self.at += 1,
                Some(_) => self.taking(&mut one),
            }
        }
    }

    /// Strings of an array.
    pub(super) fn strings(&mut self) -> Vec<Cow<'t, str>> {
        let mut found = Vec::new();
        self.elements(|toml| found.extend(toml.string()));
        found
    }

    /// Takes one value of any type. Does not recurse.
    pub(super) fn skip_value(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => return,
                Some(quote @ (b'"' | b'\'')) => {
                    self.quoted(quote);
                }
                Some(b'[' | b'{') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b']' | b'}') => {
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                    self.at += 1;
                }
                Some(b'#') if depth > 0 => self.skip_line(),
                Some(b',' | b'\n' | b'#') if depth == 0 => return,
                Some(_) => {
                    let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                    let plain =
                        |byte: &u8| !matches!(byte, b'"' | b'\'' | b'[' | b'{' | b']' | b'}' | b'#' | b',' | b'\n');
                    self.at += rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len()).max(1);
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Runs `take`, which must move.
    fn taking(&mut self, take: &mut impl FnMut(&mut Self)) {
        let before = self.at;
        take(self);
        if self.at == before {
            self.skip_character();
        }
    }

    /// Dotted keys.
    fn keys(&mut self) -> Vec<Cow<'t, str>> {
        let mut keys = Vec::new();
        while let Some(key) = self.key() {
            keys.push(key);
            if !self.eat(b'.') {
                break;
            }
        }
        keys
    }

    /// One part of a key, with the blanks around it.
    fn key(&mut self) -> Option<Cow<'t, str>> {
        self.skip_blank();
        let key = if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            self.quoted(quote).0
        } else {
            let rest = self.rest();
            let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let length = rest.bytes().position(|byte| !bare(byte)).unwrap_or(rest.len());
            self.at += length;
            Cow::Borrowed(rest.get(..length).filter(|key| !key.is_empty())?)
        };
        self.skip_blank();
        Some(key)
    }

    /// A key whose value is next: its first part, and whether it is all of it. `None` when there is none.
    fn key_of_value(&mut self) -> Option<(Cow<'t, str>, bool)> {
        let first = self.key()?;
        let dotted = self.eat(b'.');
        if dotted {
            self.keys();
        }
        self.eat(b'=').then(|| {
            self.skip_blank();
            (first, !dotted)
        })
    }

    /// The string that begins with `quote`, up to its end or, when it is not closed, to the end of its line.
    fn quoted(&mut self, quote: u8) -> (Cow<'t, str>, TextRange) {
        let bytes = self.text.as_bytes();
        let is_quote = |at: usize| bytes.get(at) == Some(&quote);
        let long = is_quote(self.at + 1) && is_quote(self.at + 2);
        let start = self.at + if long { 3 } else { 1 };
        let mut at = start;
        let mut escaped = false;
        let end = loop {
            match bytes.get(at) {
                None => break bytes.len(),
                Some(b'\\') if quote == b'"' => {
                    escaped = true;
                    at += 2;
                }
                Some(b'\n') if !long => break at,
                Some(byte) if *byte == quote && (!long || is_quote(at + 1) && is_quote(at + 2)) => break at,
                Some(_) => at += 1,
            }
        };
        let end = end.min(bytes.len());
        let closed = is_quote(end);
        self.at = (end
            + if !closed {
                0
            } else if long {
                3
            } else {
                1
            })
        .min(bytes.len());
        // `""""a""""`: quotes may touch the closing ones.
        while long && closed && is_quote(self.at) {
            self.at += 1;
        }
        let content = self.text.get(start..end).unwrap_or_default();
        let content = if escaped { Cow::Owned(unescape(content)) } else { Cow::Borrowed(content) };
        (content, TextRange::from_usize(start, end))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// White space, line ends and comments.
    fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'#') => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
    }

    fn skip_character(&mut self) {
        self.at += self.rest().chars().next().map_or(1, char::len_utf8);
    }
}

/// TOML's escapes; one that is not known stays as it is.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut characters = after.chars();
        let kind = characters.next();
        rest = characters.as_str();
        match kind {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('u' | 'U') => {
                let length = if kind == Some('u') { 4 } else { 8 };
                let code = rest.get(..length).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                if let Some(character) = code.and_then(char::from_u32) {
                    plain.push(character);
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
            // A line end is dropped with the white space behind it.
            Some('\n' | '\r' | ' ') => rest = rest.trim_start(),
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_type_are_taken_whole() {
        let text = "a = \"x\\\"\\u00e9\" # c\nb.c = 'y'\nd = [1, [2, '#]'], # ]\n {e = \"]\"}]\nf = \"\"\"\ng = 1\n\"\"\"\n\"h i\" = 1_000\n[j.'k.l']\n[[m]] # n\no=true";
        let mut toml = Toml::new(text);
        let mut seen = Vec::new();
        while let Some(statement) = toml.statement() {
            match statement {
                Statement::Header(keys, array) => seen.push(format!("{} {keys:?} {array}", toml.line())),
                Statement::Key(key, single) => {
                    let line = toml.line();
                    let value = match &*key {
                        "d" => {
                            let mut count = 0;
                            toml.elements(|toml| {
                                count += 1;
                                toml.skip_value();
                            });
                            count.to_string()
                        }
                        "h i" => toml.number().unwrap_or_default().to_string(),
                        "o" => toml.is_true().to_string(),
                        _ => toml.string().unwrap_or_default().into_owned(),
                    };
                    seen.push(format!("{line} {key} {single} {value}"));
                }
            }
        }
        assert_eq!(
            seen,
            [
                "1 a true x\"é",
                "2 b false y",
                "3 d true 3",
                "5 f true \ng = 1\n",
                "8 h i true 1000",
                "9 [\"j\", \"k.l\"] false",
                "10 [\"m\"] true",
                "11 o true true",
            ]
        );
    }

    #[test]
    fn text_that_is_not_toml_ends() {
        for text in [
            "a = [",
            "a = {",
            "a = \"",
            "a = \"\"\"x",
            "a = {{{{",
            "= = =\n]]]\n",
            "é = é\n[é",
            "a = [é, {é = é}]",
            "a = \"\\",
        ] {
            let mut toml = Toml::new(text);
            while let Some(statement) = toml.statement() {
                if matches!(statement, Statement::Key(..)) {
                    toml.elements(|toml| toml.members(|toml, _| toml.skip_value()));
                }
            }
        }
        let deep = "a = ".to_owned() + &"[{x=".repeat(200_000);
        let mut toml = Toml::new(&deep);
        toml.statement();
        toml.skip_value();
        assert_eq!(toml.statement(), None);
    }
}
