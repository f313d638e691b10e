//! What one comment asks for.

/// Who understands the comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// `# slimlint …`
    Own,
    /// `# hadolint …`
    Hadolint,
}

/// How far the comment reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// `ignore=`
    Instruction,
    /// `stage ignore=`
    Stage,
    /// `file ignore=`, or `global ignore=` as hadolint calls it.
    File,
}

/// A comment that silences findings: `# slimlint [stage|file] ignore=NAME[,NAME] reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IgnoreComment<'t> {
    pub dialect: Dialect,
    pub reach: Reach,
    /// The names, each with the offset in the comment at which it begins.
    pub names: Vec<(usize, &'t str)>,
}

/// What a comment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading<'t> {
    Ignore(IgnoreComment<'t>),
    /// It means to be one of ours, but has not its form: `# slimlint ignore NAME`, `# slimlint: ignore=NAME`.
    Misspelt,
    Other,
}

/// Reads a comment from its `#` on.
pub(super) fn read(comment: &str) -> Reading<'_> {
    let text = comment.trim_start_matches('#').trim_start();
    let hadolint = word(text, "hadolint").map(|rest| (Dialect::Hadolint, rest));
    let Some((dialect, rest)) = hadolint.or_else(|| word(text, "slimlint").map(|rest| (Dialect::Own, rest))) else {
        return Reading::Other;
    };
    let (reach, list) = reach(rest);
    if let Some(names) = word(list, "ignore").and_then(|rest| rest.strip_prefix('=')).map(names) {
        let place = |name: &str| name.as_ptr() as usize - comment.as_ptr() as usize;
        let names: Vec<_> = names.into_iter().map(|name| (place(name), name)).collect();
        if !names.is_empty() {
            return Reading::Ignore(IgnoreComment { dialect, reach, names });
        }
    }
    let (_, meant) = self::reach(rest.trim_start_matches([':', '=']).trim_start());
    let is_meant = meant.eq_ignore_ascii_case("ignore") || word(meant, "ignore").is_some();
    if dialect == Dialect::Own && is_meant { Reading::Misspelt } else { Reading::Other }
}

fn reach(text: &str) -> (Reach, &str) {
    for (name, reach) in [("stage", Reach::Stage), ("file", Reach::File), ("global", Reach::File)] {
        if let Some(rest) = word(text, name) {
            return (reach, rest.trim_start_matches('-'));
        }
    }
    (Reach::Instruction, text)
}

/// What follows `expected` at the start of `text`, in any case, and the white space behind it.
fn word<'t>(text: &'t str, expected: &str) -> Option<&'t str> {
    let found = text.get(..expected.len())?.eq_ignore_ascii_case(expected);
    let rest = text.get(expected.len()..).filter(|_| found)?;
    rest.starts_with(|next: char| !next.is_alphanumeric() && next != '-').then(|| rest.trim_start())
}

/// The names at the start of `list`. A name ends the list unless a comma stands behind it, so that a reason may follow.
fn names(list: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = list;
    loop {
        let tail = rest.trim_start();
        let length = tail.find(|next: char| next == ',' || next.is_whitespace()).unwrap_or(tail.len());
        let (name, behind) = tail.split_at(length);
        if !name.is_empty() {
            names.push(name);
        }
        match behind.trim_start().strip_prefix(',') {
            Some(next) => rest = next,
            None => return names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(comment: &str) -> IgnoreComment<'_> {
        match read(comment) {
            Reading::Ignore(ignore) => ignore,
            other => panic!("{comment}: {other:?}"),
        }
    }

    #[test]
    fn lists_end_where_the_reason_begins() {
        for (comment, expected) in [
            ("# slimlint ignore=a,b reason, with comma", vec!["a", "b"]),
            ("# slimlint ignore=a , b,c", vec!["a", "b", "c"]),
            ("#slimlint  ignore= a reason", vec!["a"]),
            ("# slimlint ignore=a,", vec!["a"]),
            ("# slimlint ignore=a, b", vec!["a", "b"]),
            ("# hadolint ignore=DL3008,DL3009 # reason", vec!["DL3008", "DL3009"]),
        ] {
            let ignore = ignore(comment);
            assert_eq!(ignore.names.iter().map(|(_, name)| *name).collect::<Vec<_>>(), expected, "{comment}");
            for (offset, name) in ignore.names {
                assert!(comment[offset..].starts_with(name), "{comment}");
            }
        }
    }

    #[test]
    fn reach_stands_in_front() {
        for (comment, expected) in [
            ("# slimlint ignore=a", (Dialect::Own, Reach::Instruction)),
            ("# slimlint stage ignore=a", (Dialect::Own, Reach::Stage)),
            ("# SlimLint File Ignore = a", (Dialect::Own, Reach::File)),
            ("# slimlint global ignore=a", (Dialect::Own, Reach::File)),
            ("# hadolint global ignore=a", (Dialect::Hadolint, Reach::File)),
            ("#hadolint stage ignore=a", (Dialect::Hadolint, Reach::Stage)),
        ] {
            let ignore = ignore(comment);
            assert_eq!((ignore.dialect, ignore.reach), expected, "{comment}");
        }
    }

    #[test]
    fn what_is_meant_for_us_but_has_not_the_form() {
        for comment in [
            "# slimlint ignore syntax-error",
            "# slimlint: ignore=syntax-error",
            "#slimlint ignore=",
            "# slimlint ignore",
            "# slimlint stage ignore syntax-error",
            "# slimlint: file ignore=syntax-error",
        ] {
            assert_eq!(read(comment), Reading::Misspelt, "{comment}");
        }
        for comment in [
            "# slimlint is fine",
            "# slimlint-ignore",
            "# hadolint ignore",
            "# ignore=x",
            "# slimlint stages ignore=x",
            "# hadolint shell=bash",
            "#",
        ] {
            assert_eq!(read(comment), Reading::Other, "{comment}");
        }
    }
}
