//! `BuildKit`'s word lexer (`frontend/dockerfile/shell`): quotes, escapes and variables of Dockerfile words.

use std::ops::Range;

/// What a variable is, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Its value.
    Known(String),
    /// It is not set.
    Unset,
    /// Nobody can tell, such as a build argument without a default.
    Unknown,
}

/// Stands in a [`super::Value`] for text that is not known (OBJECT REPLACEMENT CHARACTER).
pub const UNKNOWN: char = '\u{fffc}';

/// `BuildKit` would report an error for this word.
pub(super) struct BadWord;

#[derive(Clone, Copy)]
pub(super) struct Options {
    pub(super) escape: char,
    /// Quotes stay in the result.
    pub(super) raw_quotes: bool,
    /// Escape characters stay in the result.
    pub(super) raw_escapes: bool,
    /// References to unset variables stay in the result.
    pub(super) keep_unset: bool,
}

/// Bytes that expansions may add to a word. Variables that double one another grow without end; no program takes a word as long.
pub const MAX_EXPANSION_BYTES: usize = 16 * 1024;

/// Nesting of `${…${…}…}` past which a word is called bad; `BuildKit` has no limit, but no stack is endless.
const DEPTH_LIMIT: u32 = 64;

pub(super) struct Lexer<'t, 'e> {
    text: &'t str,
    at: usize,
    options: Options,
    environment: &'e dyn Fn(&str) -> Lookup,
    depth: u32,
}

/// Words with the range of the text that made each.
#[derive(Default)]
struct Words {
    done: Vec<(String, Range<usize>)>,
    buffer: String,
    started: Option<usize>,
}

impl Words {
    fn space_or_character(&mut self, character: char, at: usize) {
        if character.is_whitespace() {
            self.finish(at);
        } else {
            self.raw(character, at);
        }
    }

    fn raw(&mut self, character: char, at: usize) {
        self.started.get_or_insert(at);
        self.buffer.push(character);
    }

    fn raw_text(&mut self, text: &str, at: usize) {
        self.started.get_or_insert(at);
        self.buffer.push_str(text);
    }

    fn finish(&mut self, at: usize) {
        // As in BuildKit an empty quoted word does not end at white space, so it joins the next one.
        if !self.buffer.is_empty() {
            let start = self.started.take().unwrap_or(at);
            self.done.push((std::mem::take(&mut self.buffer), start..at));
        }
    }
}

impl<'t, 'e> Lexer<'t, 'e> {
    pub(super) fn new(text: &'t str, options: Options, environment: &'e dyn Fn(&str) -> Lookup) -> Self {
        Self { text, at: 0, options, environment, depth: 0 }
    }

    /// The whole text as one word.
    pub(super) fn word(mut self) -> Result<String, BadWord> {
        self.until(None, self.options.raw_escapes).map(|(text, _)| text)
    }

    /// The text split at white space outside quotes.
    pub(super) fn words(mut self) -> Result<Vec<(String, Range<usize>)>, BadWord> {
        self.until(None, self.options.raw_escapes).map(|(_, words)| words.done)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Words), BadWord> {
        let mut result = String::new();
        let mut words = Words::default();
        while let Some(character) = self.peek() {
            let at = self.at;
            if Some(character) == stop {
                self.next();
                words.finish(at);
                return Ok((result, words));
            }
            match character {
                '\'' => {
                    let piece = self.single_quoted()?;
                    words.raw_text(&piece, at);
                    result.push_str(&piece);
                }
                '"' => {
                    let piece = self.double_quoted(raw_escapes)?;
                    words.raw_text(&piece, at);
                    result.push_str(&piece);
                }
                '$' => {
                    let piece = self.variable()?;
                    for character in piece.chars() {
                        words.space_or_character(character, at);
                    }
                    result.push_str(&piece);
                    self.check_length(&result)?;
                }
                '<' => {
                    let piece = self.possible_heredoc();
                    words.raw_text(piece, at);
                    result.push_str(piece);
                }
                _ => {
                    self.next();
                    if character == self.options.escape {
                        if raw_escapes {
                            words.raw(character, at);
                            result.push(character);
                        }
                        let Some(escaped) = self.next() else { break };
                        words.raw(escaped, at);
                        result.push(escaped);
                    } else {
                        words.space_or_character(character, at);
                        result.push(character);
                    }
                }
            }
        }
        if stop.is_some() {
            return Err(BadWord);
        }
        words.finish(self.at);
        Ok((result, words))
    }

    fn check_length(&self, result: &str) -> Result<(), BadWord> {
        if result.len() > self.text.len() + MAX_EXPANSION_BYTES { Err(BadWord) } else { Ok(()) }
    }

    fn single_quoted(&mut self) -> Result<String, BadWord> {
        let start = self.at;
        self.next();
        let length = self.text.get(self.at..).and_then(|rest| rest.find('\'')).ok_or(BadWord)?;
        let inside = self.at..self.at + length;
        self.at = inside.end + 1;
        let range = if self.options.raw_quotes { start..self.at } else { inside };
        Ok(self.text.get(range).unwrap_or_default().to_owned())
    }

    fn double_quoted(&mut self, raw_escapes: bool) -> Result<String, BadWord> {
        let mut result = String::new();
        self.next();
        if self.options.raw_quotes {
            result.push('"');
        }
        loop {
            match self.peek().ok_or(BadWord)? {
                '"' => {
                    self.next();
                    if self.options.raw_quotes {
                        result.push('"');
                    }
                    return Ok(result);
                }
                '$' => {
                    result.push_str(&self.variable()?);
                    self.check_length(&result)?;
                }
                mut character => {
                    self.next();
                    if character == self.options.escape {
                        if raw_escapes {
                            result.push(character);
                        }
                        match self.peek() {
                            None => continue,
                            Some(next) if next == '"' || next == '$' || next == self.options.escape => {
                                character = next;
                                self.next();
                            }
                            Some(_) => {}
                        }
                    }
                    result.push(character);
                }
            }
        }
    }

    /// `<`, or `<<` with the white space behind it, which thereby belongs to the word: `cat << EOF`.
    fn possible_heredoc(&mut self) -> &'t str {
        let start = self.at;
        self.next();
        if self.peek() == Some('<') {
            self.next();
            while matches!(self.peek(), Some(' ' | '\t')) {
                self.next();
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn name(&mut self) -> &'t str {
        let start = self.at;
        match self.peek() {
            Some(first) if first.is_ascii_digit() => {
                while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    self.next();
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => {
                self.next();
            }
            _ => {
                while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    self.next();
                }
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn variable(&mut self) -> Result<String, BadWord> {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(self.value(name, || format!("${name}")));
        }
        self.next();
        if matches!(self.peek(), None | Some('{' | '}' | ':')) {
            return Err(BadWord);
        }
        let name = self.name();
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(BadWord);
        }
        let result = match self.next().ok_or(BadWord)? {
            '}' => Ok(self.value(name, || format!("${{{name}}}"))),
            ':' => match self.next() {
                Some(operator @ ('+' | '-' | '?')) => self.modified(name, operator, true),
                _ => Err(BadWord),
            },
            operator @ ('+' | '-' | '?' | '#' | '%') => self.modified(name, operator, false),
            '/' => self.replaced(name),
            _ => Err(BadWord),
        };
        self.depth -= 1;
        result
    }

    fn value(&self, name: &str, reference: impl Fn() -> String) -> String {
        match (self.environment)(name) {
            Lookup::Known(value) => value,
            Lookup::Unknown => UNKNOWN.to_string(),
            Lookup::Unset if self.options.keep_unset => reference(),
            Lookup::Unset => String::new(),
        }
    }

    fn modified(&mut self, name: &str, operator: char, empty_is_unset: bool) -> Result<String, BadWord> {
        let (word, _) = self.until(Some('}'), matches!(operator, '#' | '%'))?;
        let lookup = (self.environment)(name);
        if lookup == Lookup::Unset && self.options.keep_unset {
            let colon = if empty_is_unset { ":" } else { "" };
            return Ok(format!("${{{name}{colon}{operator}{word}}}"));
        }
        let value = match lookup {
            Lookup::Known(value) if value.is_empty() && empty_is_unset => None,
            Lookup::Known(value) => Some(value),
            Lookup::Unset => None,
            // A build argument without a default is unset unless somebody passes it: `${X:-d}` says what it is then.
            Lookup::Unknown if operator == '-' => None,
            Lookup::Unknown => return Ok(UNKNOWN.to_string()),
        };
        match (operator, value) {
            ('-', None) | ('+', Some(_)) => Ok(word),
            ('+' | '#' | '%', None) => Ok(String::new()),
            ('-' | '?', Some(value)) => Ok(value),
            ('#' | '%', Some(value)) => Ok(trimmed(&value, operator, &word)),
            _ => Err(BadWord),
        }
    }

    fn replaced(&mut self, name: &str) -> Result<String, BadWord> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let (pattern, _) = self.until(Some('/'), true)?;
        let (replacement, _) = self.until(Some('}'), true)?;
        match (self.environment)(name) {
            Lookup::Unset if self.options.keep_unset => Ok(format!("${{{name}/{pattern}/{replacement}}}")),
            Lookup::Unset => Ok(String::new()),
            Lookup::Known(value) if !value.contains(UNKNOWN) => Ok(match plain_pattern(&pattern) {
                Some(pattern) if pattern.contains(['*', '?']) => UNKNOWN.to_string(),
                Some(pattern) if all => value.replace(&pattern, &replacement),
                Some(pattern) => value.replacen(&pattern, &replacement, 1),
                None => UNKNOWN.to_string(),
            }),
            Lookup::Known(_) | Lookup::Unknown => Ok(UNKNOWN.to_string()),
        }
    }
}

/// A pattern without the escapes that `${…}` asks for: `\/` and `\}`. `None` with others, and where it is not all known.
fn plain_pattern(pattern: &str) -> Option<String> {
    let plain = pattern.replace("\\/", "/").replace("\\}", "}");
    (!plain.contains(['\\', UNKNOWN])).then_some(plain)
}

/// `${name#pattern}` and `${name%pattern}`, doubled for the longest match. Patterns with `?` or several stars are not computed, and
/// neither is what is not all known.
fn trimmed(value: &str, operator: char, word: &str) -> String {
    let (greedy, pattern) = word.strip_prefix(operator).map_or((false, word), |rest| (true, rest));
    let pattern = match plain_pattern(pattern) {
        Some(pattern) if !value.contains(UNKNOWN) && !pattern.contains('?') && pattern.matches('*').count() <= 1 => {
            pattern
        }
        _ => return UNKNOWN.to_string(),
    };
    let Some((before, after)) = pattern.split_once('*') else {
        let rest =
            if operator == '#' { value.strip_prefix(pattern.as_str()) } else { value.strip_suffix(pattern.as_str()) };
        return rest.unwrap_or(value).to_owned();
    };
    let matches =
        |piece: &str| piece.len() >= before.len() + after.len() && piece.starts_with(before) && piece.ends_with(after);
    let mut cuts = value.char_indices().map(|(index, _)| index).chain([value.len()]);
    let fits = |&cut: &usize| {
        let piece = if operator == '#' { value.get(..cut) } else { value.get(cut..) };
        piece.is_some_and(matches)
    };
    let cut = if (operator == '#') == greedy { cuts.rfind(fits) } else { cuts.find(fits) };
    match cut {
        Some(cut) if operator == '#' => value.get(cut..).unwrap_or_default().to_owned(),
        Some(cut) => value.get(..cut).unwrap_or_default().to_owned(),
        None => value.to_owned(),
    }
}
