//! Wildcards as Go's `filepath.Match` and moby's `patternmatcher` read them.

use std::iter::Peekable;
use std::str::Chars;

/// Longer patterns are refused: no path is that long, and matching costs pattern times path.
const MAX_CHARACTERS: usize = 4096;

/// What one piece of a pattern takes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Character(char),
    /// `?`: one character but `/`.
    One,
    /// `*`: any number of characters but `/`.
    Some,
    /// `**` at the end: anything.
    Rest,
    /// `**/`: nothing, or anything up to a `/`. Always followed by [`Token::Inside`].
    Folders,
    /// The inside of [`Token::Folders`], once it has begun.
    Inside,
    Class(Class),
    /// What moby's regular expression can never match.
    Never,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    fn takes(&self, character: char) -> bool {
        self.ranges.iter().any(|&(low, high)| low <= character && character <= high) != self.negated
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) enum Glob {
    /// The path itself.
    Exact(String),
    /// `dir/**`: everything that begins so.
    Prefix(String),
    /// `**/name`: everything that ends so, or is the part behind the `/`.
    Suffix(String),
    /// `**/*.py`: the last part of the path decides.
    Name(Sequence),
    /// Anything else.
    Sequence(Sequence),
}

/// Tokens behind a literal beginning.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    literal: String,
    tokens: Vec<Token>,
}

/// How far a text got through a [`Sequence`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Dead,
    /// Not matched, but a longer text could be.
    Alive,
    Matched,
}

impl Glob {
    /// A pattern of a `.dockerignore`, cleaned. `None` when moby refuses it and the build with it.
    pub(super) fn ignore_pattern(pattern: &str) -> Option<Self> {
        // moby asks filepath.Match first whether the pattern is well-formed.
        Self::match_pattern(pattern)?;
        let mut kind = Kind::Exact;
        let mut tokens = Vec::new();
        let mut characters = pattern.chars().peekable();
        let mut first = true;
        while let Some(character) = characters.next() {
            match character {
                '*' if characters.next_if_eq(&'*').is_some() => {
                    characters.next_if_eq(&'/');
                    if characters.peek().is_some() {
                        tokens.extend([Token::Folders, Token::Inside]);
                        kind = Kind::Tokens;
                    } else if kind == Kind::Exact {
                        kind = Kind::Prefix;
                    } else {
                        tokens.push(Token::Rest);
                        kind = Kind::Tokens;
                    }
                    if first {
                        kind = Kind::Suffix;
                    }
                }
                // Outside a class `^` reaches the regular expression as an anchor.
                '^' => tokens.extend((!tokens.is_empty()).then_some(Token::Never)),
                '\\' => {
                    // A letter or digit behind `\` is an escape of the regular expression (`\b`, `\f`), never itself.
                    let escaped = characters.next()?;
                    tokens.push(if escaped.is_ascii_alphanumeric() { Token::Never } else { Token::Character(escaped) });
                    kind = Kind::Tokens;
                }
                _ => {
                    let token = wildcard(character, &mut characters)?;
                    if !matches!(token, Token::Character(_)) || character == ']' {
                        kind = Kind::Tokens;
                    }
                    if matches!(&token, Token::Class(class) if class.ranges.iter().any(|(low, high)| low > high)) {
                        return None;
                    }
                    tokens.push(token);
                }
            }
            first = false;
        }
        Some(match kind {
            Kind::Exact => Self::Exact(pattern.to_owned()),
            Kind::Prefix => Self::Prefix(pattern.strip_suffix("**")?.to_owned()),
            Kind::Suffix => Self::Suffix(pattern.strip_prefix("**")?.to_owned()),
            Kind::Tokens => match tokens.as_slice() {
                [Token::Folders, Token::Inside, name @ ..] if name.iter().all(Token::stays_in_a_name) => {
                    Self::Name(Sequence::new(name.to_vec()))
                }
                _ => Self::Sequence(Sequence::new(tokens)),
            },
        })
    }

    /// A pattern for `filepath.Match`, as sources of `COPY` are. `None` when it is malformed.
    pub(super) fn match_pattern(pattern: &str) -> Option<Self> {
        if pattern.len() > MAX_CHARACTERS {
            return None;
        }
        let mut tokens = Vec::new();
        let mut characters = pattern.chars().peekable();
        while let Some(character) = characters.next() {
            tokens.push(match character {
                '\\' => Token::Character(characters.next()?),
                _ => wildcard(character, &mut characters)?,
            });
        }
        Some(Self::Sequence(Sequence::new(tokens)))
    }

    /// Whether the whole of `path` matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(text) => path == text,
            Self::Prefix(prefix) => path.starts_with(prefix),
            Self::Suffix(suffix) => path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path),
            Self::Name(sequence) => sequence.progress(path.rsplit('/').next().unwrap_or(path)) == Progress::Matched,
            Self::Sequence(sequence) => sequence.progress(path) == Progress::Matched,
        }
    }

    /// Whether something below the folder `directory` could match.
    pub(super) fn reaches_below(&self, directory: &str) -> bool {
        let below = format!("{directory}/");
        match self {
            Self::Exact(text) => text.starts_with(&below),
            Self::Prefix(prefix) => prefix.starts_with(&below) || below.starts_with(prefix),
            Self::Suffix(_) | Self::Name(_) => true,
            Self::Sequence(sequence) => sequence.progress(&below) != Progress::Dead,
        }
    }

    /// What every match begins with.
    pub(super) fn literal(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) => text,
            Self::Sequence(sequence) => &sequence.literal,
            Self::Suffix(_) | Self::Name(_) => "",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exact,
    Prefix,
    Suffix,
    Tokens,
}

impl Token {
    fn stays_in_a_name(&self) -> bool {
        match self {
            Self::Character(character) => *character != '/',
            Self::One | Self::Some | Self::Never => true,
            Self::Class(class) => !class.takes('/'),
            Self::Rest | Self::Folders | Self::Inside => false,
        }
    }
}

/// The token that begins with `character`. `None` when it is malformed.
fn wildcard(character: char, rest: &mut Peekable<Chars<'_>>) -> Option<Token> {
    Some(match character {
        '*' => Token::Some,
        '?' => Token::One,
        '[' => Token::Class(class(rest)?),
        other => Token::Character(other),
    })
}

/// A character class behind its `[`. `None` when it is malformed.
fn class(rest: &mut Peekable<Chars<'_>>) -> Option<Class> {
    let mut class = Class { negated: rest.next_if_eq(&'^').is_some(), ranges: Vec::new() };
    loop {
        if !class.ranges.is_empty() && rest.next_if_eq(&']').is_some() {
            return Some(class);
        }
        let low = class_member(rest)?;
        let high = if rest.next_if_eq(&'-').is_some() { class_member(rest)? } else { low };
        class.ranges.push((low, high));
    }
}

fn class_member(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        other => Some(other),
    }
}

impl Sequence {
    fn new(mut tokens: Vec<Token>) -> Self {
        tokens.dedup_by(|next, previous| *next == Token::Some && *previous == Token::Some);
        let mut literal = String::new();
        let characters = tokens.iter().map_while(|token| match token {
            Token::Character(character) => Some(*character),
            _ => None,
        });
        literal.extend(characters);
        tokens.drain(..literal.chars().count());
        Self { literal, tokens }
    }

    fn progress(&self, text: &str) -> Progress {
        let Some(rest) = text.strip_prefix(self.literal.as_str()) else {
            return if self.literal.starts_with(text) { Progress::Alive } else { Progress::Dead };
        };
        if let [Token::Some, tail @ ..] = self.tokens.as_slice()
            && let Some(ending) = literal_ending(tail, rest)
        {
            return ending;
        }
        self.simulate(rest)
    }

    /// Runs all readings at once, so that no pattern can make matching exponential.
    fn simulate(&self, text: &str) -> Progress {
        let mut now = vec![false; self.tokens.len() + 1];
        let mut next = now.clone();
        self.enter(&mut now, 0);
        for character in text.chars() {
            next.fill(false);
            for (state, token) in self.tokens.iter().enumerate() {
                if now.get(state) == Some(&true) {
                    self.step(token, state, character, &mut next);
                }
            }
            std::mem::swap(&mut now, &mut next);
            if !now.contains(&true) {
                return Progress::Dead;
            }
        }
        if now.last() == Some(&true) { Progress::Matched } else { Progress::Alive }
    }

    fn step(&self, token: &Token, state: usize, character: char, next: &mut [bool]) {
        let advances = match token {
            Token::Character(expected) => *expected == character,
            Token::One => character != '/',
            Token::Class(class) => class.takes(character),
            Token::Inside => character == '/',
            Token::Some | Token::Rest | Token::Folders | Token::Never => false,
        };
        if advances {
            self.enter(next, state + 1);
        }
        let stays = match token {
            Token::Some => character != '/',
            Token::Rest | Token::Inside => true,
            _ => false,
        };
        if stays {
            self.enter(next, state);
        }
    }

    /// Marks `state` and those reached from it without a character.
    fn enter(&self, states: &mut [bool], mut state: usize) {
        while let Some(mark) = states.get_mut(state)
            && !*mark
        {
            *mark = true;
            match self.tokens.get(state) {
                Some(Token::Some | Token::Rest) => state += 1,
                Some(Token::Folders) => {
                    if let Some(inside) = states.get_mut(state + 1) {
                        *inside = true;
                    }
                    state += 2;
                }
                _ => return,
            }
        }
    }
}

/// The shape `*.py`, without the simulation: `tail` stands behind a `*`. `None` when it is another shape.
fn literal_ending(tail: &[Token], text: &str) -> Option<Progress> {
    if text.contains('/') {
        return None;
    }
    let mut characters = text.chars().rev();
    let mut matched = true;
    for token in tail.iter().rev() {
        let Token::Character(expected) = token else { return None };
        matched = matched && characters.next() == Some(*expected);
    }
    Some(if matched { Progress::Matched } else { Progress::Alive })
}
