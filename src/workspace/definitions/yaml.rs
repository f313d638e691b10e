//! YAML as far as files that build images need it: mappings, lists and scalars with their lines, aliases and merged keys put in.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Nodes deeper than this are in no file that people write.
const MAX_DEPTH: usize = 48;

/// Nodes that aliases may add to a file; those behind stay unknown.
const MAX_COPIED: usize = 20_000;

/// A node with the 1-based line on which it begins.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A key of a mapping with its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// The 1-based line of the key.
    pub(crate) line: u32,
    pub(crate) node: Node,
}

/// A scalar.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// The line of its first character; of a block that is the one below `|`.
    pub(crate) line: u32,
    /// Whether each line of the text is a line of the file: `|`.
    pub(crate) literal: bool,
    /// Whether it stands without quotes, so that it may be a number or a truth value.
    pub(crate) plain: bool,
}

enum Frame {
    List(Vec<Node>),
    Map(Vec<Member>, Option<(String, u32)>),
}

impl Node {
    /// The first document of `text`; `None` when it is no YAML.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut frames: Vec<(Frame, usize)> = Vec::new();
        let mut anchors: HashMap<usize, Self> = HashMap::new();
        let mut left = MAX_COPIED;
        for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
            let (event, span) = event.ok()?;
            let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
            let (node, anchor) = match event {
                Event::Scalar(value, style, anchor, _) => {
                    let literal = style == ScalarStyle::Literal;
                    let plain = style == ScalarStyle::Plain;
                    (Self::Scalar(Scalar { text: value.into_owned(), line, literal, plain }), anchor)
                }
                Event::Alias(anchor) => {
                    (anchors.get(&anchor).map_or(Self::List(Vec::new()), |it| it.copy(&mut left)), 0)
                }
                Event::SequenceStart(..) | Event::MappingStart(..) if frames.len() >= MAX_DEPTH => return None,
                Event::SequenceStart(anchor, _) => {
                    frames.push((Frame::List(Vec::new()), anchor));
                    continue;
                }
                Event::MappingStart(anchor, _) => {
                    frames.push((Frame::Map(Vec::new(), None), anchor));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match frames.pop()? {
                    (Frame::List(items), anchor) => (Self::List(items), anchor),
                    (Frame::Map(members, _), anchor) => (Self::Map(merged(members)), anchor),
                },
                _ => continue,
            };
            if anchor != 0 {
                anchors.insert(anchor, node.copy(&mut left));
            }
            match frames.last_mut().map(|(frame, _)| frame) {
                None => return Some(node),
                Some(Frame::List(items)) => items.push(node),
                Some(Frame::Map(members, key)) => match (key.take(), node) {
                    (Some((key, line)), node) => members.push(Member { key, line, node }),
                    (None, Self::Scalar(scalar)) => *key = Some((scalar.text, line)),
                    // A key that is no scalar is none that is looked for.
                    (None, _) => *key = Some((String::new(), line)),
                },
            }
        }
        None
    }

    /// A copy of it, or an empty list where copies have become too many: `&a [*b, *b]`, `&b [*c, *c]` and so on.
    fn copy(&self, left: &mut usize) -> Self {
        let size = self.size(*left);
        let Some(rest) = left.checked_sub(size) else { return Self::List(Vec::new()) };
        *left = rest;
        self.clone()
    }

    /// How many nodes it has, counted no further than past `limit`.
    fn size(&self, limit: usize) -> usize {
        let mut size = 1;
        let parts: Vec<&Self> = match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter().collect(),
            Self::Map(members) => members.iter().map(|member| &member.node).collect(),
        };
        for part in parts {
            if size > limit {
                break;
            }
            size += part.size(limit - size.min(limit));
        }
        size
    }

    pub(crate) fn members(&self) -> &[Member] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.member(key).map(|member| &member.node)
    }

    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// Scalars of a mapping by their keys.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members().iter().filter_map(|member| Some((member.key.as_str(), member.node.text()?)))
    }
}

/// Puts in what `<<: *base` and `<<: [*one, *two]` merge: what stands in the mapping itself wins, then what is merged first.
fn merged(members: Vec<Member>) -> Vec<Member> {
    if !members.iter().any(|member| member.key == "<<") {
        return members;
    }
    let (merges, mut own): (Vec<Member>, Vec<Member>) = members.into_iter().partition(|member| member.key == "<<");
    let maps = merges.into_iter().flat_map(|member| match member.node {
        Node::List(maps) => maps,
        map => vec![map],
    });
    for map in maps {
        let Node::Map(members) = map else { continue };
        for member in members {
            if !own.iter().any(|known| known.key == member.key) {
                own.push(member);
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_merged_keys_are_put_in() {
        let text = "a: &a\n  x: 1\n  y: &y [p, q]\nb:\n  <<: *a\n  x: 2\nc: *y\nd:\n  <<: [*a, {z: 3}]\n";
        let node = Node::parse(text).expect("YAML");
        let texts = |key: &str| {
            node.get(key).map(|node| node.texts().map(|(key, text)| format!("{key}={text}")).collect::<Vec<_>>())
        };
        assert_eq!(texts("b"), Some(vec!["x=2".to_owned()]));
        assert_eq!(node.get("b").and_then(|b| b.get("y")).map(|y| y.items().len()), Some(2));
        assert_eq!(node.get("c").map(|c| c.items().len()), Some(2));
        assert_eq!(texts("d"), Some(vec!["x=1".to_owned(), "z=3".to_owned()]));
        assert_eq!(node.member("c").map(|member| member.line), Some(7));
    }

    #[test]
    fn aliases_that_grow_stay_bounded() {
        let lines = (0..40).map(|n| format!("a{}: &a{} [*a{n}, *a{n}, *a{n}]", n + 1, n + 1)).collect::<Vec<_>>();
        let node = Node::parse(&format!("a0: &a0 x\n{}\n", lines.join("\n"))).expect("YAML");
        assert!(node.size(usize::MAX) < 3 * MAX_COPIED);
    }
}
