//! The list of names in an ignore comment, for those who write one.

use crate::text::TextRange;

use super::comment::{Reading, read};

/// The names of an ignore comment, however far it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreList {
    /// Each name with its place in the line.
    pub names: Vec<(TextRange, String)>,
    /// From behind the `=` to where a further name would end.
    pub list: TextRange,
}

/// The list of the ignore comment in `line`, of slimlint's own or hadolint's. In a Dockerfile (`is_dockerfile`) a comment takes a whole
/// line, elsewhere it may stand behind something.
#[must_use]
pub fn ignore_list(line: &str, is_dockerfile: bool) -> Option<IgnoreList> {
    let hashes = line.match_indices('#').map(|(at, _)| at);
    let is_alone = |at: &usize| line.get(..*at).is_some_and(|before| before.trim().is_empty());
    hashes.filter(|at| !is_dockerfile || is_alone(at)).find_map(|at| list_from(line, at))
}

fn list_from(line: &str, at: usize) -> Option<IgnoreList> {
    let comment = line.get(at..)?;
    // Without a name behind it, the comment is not read as one yet.
    let equals = comment.find('=')?;
    let (head, tail) = comment.split_at(equals + 1);
    let Reading::Ignore(_) = read(&format!("{head}x")) else { return None };
    let start = at + equals + 1;
    let mut names = Vec::new();
    if let Reading::Ignore(ignore) = read(comment) {
        let place = |(offset, name): &(usize, &str)| {
            (TextRange::from_usize(at + offset, at + offset + name.len()), (*name).to_owned())
        };
        names = ignore.names.iter().map(place).collect();
    }
    // Behind a comma another name is wanted, behind a name its rest.
    let mut end = names.last().map_or(start, |(range, _)| range.end() as usize);
    let rest = line.get(end..).unwrap_or_default();
    let commas = rest.trim_start_matches([' ', '\t']);
    if names.is_empty() || commas.starts_with(',') {
        end = line.len() - rest.trim_start_matches([' ', '\t', ',']).len();
    }
    if names.is_empty() && !tail.trim().is_empty() {
        return None;
    }
    Some(IgnoreList { names, list: TextRange::from_usize(start, end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_ends_where_the_reason_begins() {
        for (line, expected) in [
            ("# slimlint ignore=", Some((vec![], ""))),
            ("  # slimlint stage ignore=  ", Some((vec![], "  "))),
            ("# slimlint ignore=a", Some((vec!["a"], "a"))),
            ("# slimlint ignore=a,", Some((vec!["a"], "a,"))),
            ("# slimlint ignore=a, b why not", Some((vec!["a", "b"], "a, b"))),
            ("# hadolint ignore=DL3008,DL3009 # x", Some((vec!["DL3008", "DL3009"], "DL3008,DL3009"))),
            ("# slimlint ignore", None),
            ("# other ignore=a", None),
            ("RUN x # slimlint ignore=a", None),
        ] {
            let found = ignore_list(line, true);
            let found = found.map(|list| {
                let names: Vec<&str> = list.names.iter().map(|(range, _)| range.slice(line)).collect();
                (names, list.list.slice(line))
            });
            assert_eq!(found, expected, "{line}");
        }
        assert!(ignore_list("torch # slimlint ignore=a", false).is_some());
        assert!(ignore_list("a @ https://a.invalid/#egg=x # slimlint ignore=a", false).is_some());
    }
}
