//! What a Python source file imports and which strings it holds.
//!
//! A scanner of tokens ("Lexical analysis" in the language reference), not a parser: it knows comments, strings, brackets and
//! continuations, so that it also reads files of other Python versions and files that are being typed.

use std::collections::HashSet;

mod strings;
use strings::is_string_prefix;

/// Modules and strings of one source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imports {
    /// Dotted module names: `import a.b` gives `a.b`, `from a.b import c` gives `a.b` and `a.b.c`, `importlib.import_module("x.y")`
    /// and `__import__("x")` give `x.y` and `x`; relative imports are left out. Sorted, without repeats.
    pub modules: Vec<String>,
    /// Contents of string literals that could name a module, package, model or backend: at most 120 characters, no white space,
    /// at least one letter. Docstrings, f-strings and strings with escapes are left out. Sorted, without repeats.
    pub strings: Vec<String>,
    /// Identifiers and attribute names used in code (`HuggingFaceEmbeddings`, `cuda`), imported names among them; keywords,
    /// comments and strings left out. Sorted, without repeats.
    pub identifiers: Vec<String>,
    /// Whether it imports what something else than a plain string names: `import_module(f"plugins.{name}")`.
    pub computed: bool,
}

impl Imports {
    /// Scans the text of a `.py` file; never fails. Lazy imports inside functions and `try` are found like any other.
    #[must_use]
    pub fn scan(text: &str) -> Self {
        let mut scanner = Scanner::new(text);
        scanner.run();
        let mut modules: Vec<String> = scanner.modules.into_iter().collect();
        modules.sort_unstable();
        let (strings, identifiers) = (sorted(&scanner.strings), sorted(&scanner.identifiers));
        Self { modules, strings, identifiers, computed: scanner.computed }
    }

    /// Whether `module` or something below it is imported.
    #[must_use]
    pub fn reaches(&self, module: &str) -> bool {
        self.modules
            .iter()
            .any(|name| name == module || name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.')))
    }
}

/// Whether the text of a `.py` file imports `module`, or something below it, as soon as it is loaded: in a statement that is not
/// indented. What stands inside a function, `try` or `if` may never be reached. A line of a string that reads like such a
/// statement counts, too.
#[must_use]
pub fn loads(text: &str, module: &str) -> bool {
    let is_it = |name: &str| {
        let name = name.split_whitespace().next().unwrap_or_default();
        name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    text.lines().any(|line| match (line.strip_prefix("from "), line.strip_prefix("import ")) {
        (Some(rest), _) => is_it(rest),
        (_, Some(rest)) => rest.split([',', ';']).any(is_it),
        _ => false,
    })
}

const RECENT: usize = 256;

/// Names, each once.
struct Names<'a> {
    all: HashSet<&'a str>,
    /// Some that were added: most words of a source were there a few lines before.
    recent: [&'a str; RECENT],
}

impl<'a> Names<'a> {
    fn insert(&mut self, name: &'a str) {
        let bytes = name.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
        let sum = bytes.len() * 67 + byte(0) * 31 + byte(bytes.len() / 2) * 17 + byte(bytes.len().wrapping_sub(1));
        let place = self.recent.get_mut(sum % RECENT);
        if place.as_ref().is_some_and(|known| **known == name) {
            return;
        }
        self.all.insert(name);
        if let Some(place) = place {
            *place = name;
        }
    }
}

impl Default for Names<'_> {
    fn default() -> Self {
        Self { all: HashSet::new(), recent: [""; RECENT] }
    }
}

fn sorted(names: &Names<'_>) -> Vec<String> {
    let mut names: Vec<&str> = names.all.iter().copied().collect();
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    brackets: u32,
    /// Nothing but strings has been seen in this statement; they are kept in `leading` until it is known to go on.
    only_strings: bool,
    leading: Vec<&'a str>,
    /// An f-string did not close as PEP 701 nests them: read the rest of the file's as plain strings.
    plain_formats: bool,
    /// A module is imported whose name is made at run time.
    computed: bool,
    modules: HashSet<String>,
    strings: Names<'a>,
    identifiers: Names<'a>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            brackets: 0,
            only_strings: true,
            leading: Vec::new(),
            plain_formats: false,
            computed: false,
            modules: HashSet::new(),
            strings: Names::default(),
            identifiers: Names::default(),
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
                b'#' => self.at = self.line_end(self.at),
                b'\\' => {
                    let before = self.at;
                    self.skip_blank(false);
                    self.at = self.at.max(before + 1);
                }
                b'\n' => {
                    self.at += 1;
                    if self.brackets == 0 {
                        self.end_statement();
                    }
                }
                b';' => {
                    self.at += 1;
                    self.end_statement();
                }
                b'"' | b'\'' => self.string("", self.at),
                _ if is_name_byte(byte) => self.word(),
                _ => {
                    self.go_on();
                    match byte {
                        b'(' | b'[' | b'{' => self.brackets += 1,
                        b')' | b']' | b'}' => self.brackets = self.brackets.saturating_sub(1),
                        _ => {}
                    }
                    self.at += 1;
                }
            }
        }
    }

    fn line_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
    }

    /// A statement of strings alone is documentation.
    fn end_statement(&mut self) {
        self.leading.clear();
        self.only_strings = true;
    }

    fn go_on(&mut self) {
        if self.only_strings {
            self.only_strings = false;
            for string in std::mem::take(&mut self.leading) {
                self.strings.insert(string);
            }
        }
    }

    fn take_word(&mut self) -> &'a str {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|&byte| is_name_byte(byte)) {
            self.at += 1;
        }
        self.slice(start, self.at)
    }

    fn word(&mut self) {
        let word = self.take_word();
        if matches!(self.byte(self.at), b'"' | b'\'') && is_string_prefix(word) {
            return self.string(word, self.at);
        }
        self.go_on();
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return;
        }
        match word {
            // `import` and `from … import` stand in no expression: whatever bracket is open before them was never closed.
            "import" => {
                self.brackets = 0;
                self.import_list();
            }
            "from" => self.import_from(),
            "import_module" | "__import__" => {
                self.identifiers.insert(word);
                self.import_call();
            }
            _ if is_keyword(word) => {}
            _ => {
                self.identifiers.insert(word);
            }
        }
    }

    /// Skips blanks and continuations, and in brackets also newlines and comments.
    fn skip_blank(&mut self, in_brackets: bool) {
        loop {
            match self.byte(self.at) {
                b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
                b'\\' if self.byte(self.at + 1) == b'\n' => self.at += 2,
                b'\\' if self.byte(self.at + 1) == b'\r' && self.byte(self.at + 2) == b'\n' => self.at += 3,
                b'\n' if in_brackets => self.at += 1,
                b'#' if in_brackets => self.at = self.line_end(self.at),
                _ => return,
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte(self.at) == byte;
        self.at += usize::from(found);
        found
    }

    /// `a.b.c`; empty, and nothing consumed, when no name stands here.
    fn dotted_name(&mut self) -> String {
        let mut name = String::new();
        loop {
            let before = self.at;
            self.skip_blank(false);
            let part = self.take_word();
            if part.is_empty() || is_keyword(part) || part.starts_with(|first: char| first.is_ascii_digit()) {
                self.at = before;
                return name;
            }
            self.identifiers.insert(part);
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(part);
            let after = self.at;
            self.skip_blank(false);
            if !self.eat(b'.') {
                self.at = after;
                return name;
            }
        }
    }

    fn alias(&mut self, in_brackets: bool) {
        self.skip_blank(in_brackets);
        let before = self.at;
        if self.take_word() != "as" {
            self.at = before;
            return;
        }
        self.skip_blank(in_brackets);
        let name = self.take_word();
        if !name.is_empty() {
            self.identifiers.insert(name);
        }
    }

    /// Behind `import`: `a.b as c, d`.
    fn import_list(&mut self) {
        loop {
            let name = self.dotted_name();
            if name.is_empty() {
                return;
            }
            self.modules.insert(name);
            self.alias(false);
            self.skip_blank(false);
            if !self.eat(b',') {
                return;
            }
        }
    }

    /// Behind `from`: `a.b import c as d, e`. In `raise … from` and `yield from` no `import` follows, and nothing is consumed.
    fn import_from(&mut self) {
        let start = self.at;
        self.skip_blank(false);
        let mut is_relative = false;
        while self.eat(b'.') {
            is_relative = true;
            self.skip_blank(false);
        }
        let module = self.dotted_name();
        self.skip_blank(false);
        if self.take_word() != "import" {
            self.at = start;
            return;
        }
        self.brackets = 0;
        self.skip_blank(false);
        let in_brackets = self.eat(b'(');
        let is_absolute = !is_relative && !module.is_empty();
        if is_absolute {
            self.modules.insert(module.clone());
        }
        loop {
            self.skip_blank(in_brackets);
            let before = self.at;
            let name = self.take_word();
            // `import` or `from` here: the list is being typed and the next statement follows.
            if name.is_empty() || is_keyword(name) {
                self.at = before;
                break;
            }
            self.identifiers.insert(name);
            if is_absolute {
                self.modules.insert(format!("{module}.{name}"));
            }
            self.alias(in_brackets);
            self.skip_blank(in_brackets);
            if !self.eat(b',') {
                break;
            }
        }
        if in_brackets {
            self.skip_blank(true);
            self.eat(b')');
        }
    }

    /// Behind `import_module` or `__import__`: a call whose first argument is a string. The call itself is left to be read on.
    fn import_call(&mut self) {
        let start = self.at;
        self.skip_blank(false);
        if self.eat(b'(') {
            self.skip_blank(true);
            let quote = self.byte(self.at);
            self.computed |= is_name_byte(quote);
            if matches!(quote, b'"' | b'\'') {
                let name_start = self.at + 1;
                let length = self
                    .bytes
                    .get(name_start..)
                    .unwrap_or_default()
                    .iter()
                    .take_while(|&&byte| is_name_byte(byte) || byte == b'.')
                    .count();
                let name = self.slice(name_start, name_start + length);
                let is_module = name.split('.').all(|part| !part.is_empty()) && self.byte(name_start + length) == quote;
                if is_module {
                    self.modules.insert(name.to_owned());
                }
            }
        }
        self.at = start;
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_keyword(word: &str) -> bool {
    // As bytes it is a few comparisons of letters, as text one with each keyword of the same length.
    matches!(
        word.as_bytes(),
        b"False"
            | b"None"
            | b"True"
            | b"and"
            | b"as"
            | b"assert"
            | b"async"
            | b"await"
            | b"break"
            | b"class"
            | b"continue"
            | b"def"
            | b"del"
            | b"elif"
            | b"else"
            | b"except"
            | b"finally"
            | b"for"
            | b"from"
            | b"global"
            | b"if"
            | b"import"
            | b"in"
            | b"is"
            | b"lambda"
            | b"nonlocal"
            | b"not"
            | b"or"
            | b"pass"
            | b"raise"
            | b"return"
            | b"try"
            | b"while"
            | b"with"
            | b"yield"
    )
}

#[cfg(test)]
#[path = "imports/tests.rs"]
mod tests;
