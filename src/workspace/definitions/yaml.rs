//! YAML as far as files that build images need it: mappings, lists and scalars with their lines. Aliases and merged keys stay unknown.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Nodes deeper than this are in no file that people write.
const MAX_DEPTH: usize = 48;

/// A node with the 1-based line on which it begins.
#[derive(Debug)]
pub(super) enum Node {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A scalar.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// The line of its first character; of a block that is the one below `|`.
    pub(super) line: u32,
    /// Whether each line of the text is a line of the file: `|`.
    pub(super) literal: bool,
}

enum Frame {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

impl Node {
    /// The first document of `text`; `None` when it is no YAML.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut frames: Vec<Frame> = Vec::new();
        for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
            let (event, span) = event.ok()?;
            let node = match event {
                Event::Scalar(value, style, ..) => Self::Scalar(Scalar {
                    text: value.into_owned(),
                    line: u32::try_from(span.start.line()).unwrap_or(u32::MAX),
                    literal: style == ScalarStyle::Literal,
                }),
                Event::Alias(_) => Self::List(Vec::new()),
                Event::SequenceStart(..) | Event::MappingStart(..) if frames.len() >= MAX_DEPTH => return None,
                Event::SequenceStart(..) => {
                    frames.push(Frame::List(Vec::new()));
                    continue;
                }
                Event::MappingStart(..) => {
                    frames.push(Frame::Map(Vec::new(), None));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match frames.pop()? {
                    Frame::List(items) => Self::List(items),
                    Frame::Map(members, _) => Self::Map(members),
                },
                _ => continue,
            };
            match frames.last_mut() {
                None => return Some(node),
                Some(Frame::List(items)) => items.push(node),
                Some(Frame::Map(members, key)) => match (key.take(), node) {
                    (Some(key), node) => members.push((key, node)),
                    (None, Self::Scalar(scalar)) => *key = Some(scalar.text),
                    // A key that is no scalar is none that is looked for.
                    (None, _) => *key = Some(String::new()),
                },
            }
        }
        None
    }

    pub(super) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// Scalars of a mapping by their keys.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members().iter().filter_map(|(name, node)| Some((name.as_str(), node.text()?)))
    }
}
