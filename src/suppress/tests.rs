use super::*;
use crate::diagnostic::{Severity, Span};
use crate::rules::SYNTAX_ERROR;

fn read(text: &str) -> (SourceFile, Suppressions) {
    let source = SourceFile::new("Dockerfile", text.as_bytes());
    let suppressions = Suppressions::read(&source, &Dockerfile::parse(text));
    (source, suppressions)
}

fn finding(file: &str, at: usize) -> Diagnostic {
    Diagnostic {
        rule: SYNTAX_ERROR,
        severity: Severity::Error,
        message: String::new(),
        primary: Span::new(file, TextRange::from_usize(at, at + 1)),
        primary_label: String::new(),
        labels: Vec::new(),
        notes: Vec::new(),
        help: None,
        savings: None,
        fix: None,
    }
}

/// Whether a finding at the first `needle` of `text` is silenced.
fn silenced(text: &str, needle: &str) -> bool {
    let (_, suppressions) = read(text);
    suppressions.silences("Dockerfile", &finding("Dockerfile", text.find(needle).unwrap()))
}

#[test]
fn a_comment_above_silences_its_instruction_alone() {
    let text = "FROM a\n# slimlint ignore=syntax-error we know\n# more\nRUN one \\\n  two\nRUN three\n";
    assert!(silenced(text, "one") && silenced(text, "two"));
    assert!(!silenced(text, "three") && !silenced(text, "FROM"));
    let (_, suppressions) = read(text);
    assert!(!suppressions.silences("Dockerfile", &finding("requirements.txt", text.find("one").unwrap())));
    assert!(suppressions.invalid.is_empty());
}

#[test]
fn a_comment_inside_a_continuation_silences_the_whole_instruction() {
    let text = "FROM a\nRUN one \\\n# SlimLint Ignore = syntax-error , invalid-ignore\n  two\n";
    assert!(silenced(text, "one") && silenced(text, "two"));
}

#[test]
fn a_blank_line_parts_the_comment_from_the_instruction() {
    let text = "FROM a\n# slimlint ignore=syntax-error\n\nRUN one\n# slimlint ignore=syntax-error\n";
    assert!(!silenced(text, "one"));
    let (source, suppressions) = read(text);
    let lines: Vec<u32> = suppressions.invalid.iter().map(|invalid| source.line(invalid.range.start())).collect();
    assert_eq!(lines, [2, 5]);
}

#[test]
fn unknown_names_are_told_with_a_suggestion() {
    let (source, suppressions) = read("FROM a\n# slimlint ignore=syntax-error, syntx-error because\nRUN one\n");
    let [invalid] = suppressions.invalid.as_slice() else { panic!("{suppressions:?}") };
    assert_eq!(source.slice(invalid.range), "syntx-error");
    assert_eq!(invalid.help, "did you mean `syntax-error`?");
    for text in
        ["# slimlint ignore syntax-error", "# slimlint: ignore=syntax-error", "#slimlint ignore=", "# slimlint ignore"]
    {
        let (_, suppressions) = read(&format!("FROM a\n{text}\nRUN one\n"));
        assert_eq!(suppressions.invalid.len(), 1, "{text}");
    }
    for text in ["# slimlint is fine", "# slimlint-ignore", "# hadolint ignore=DL9999", "# ignore=x"] {
        let (_, suppressions) = read(&format!("FROM a\n{text}\nRUN one\n"));
        assert!(suppressions.invalid.is_empty(), "{text}");
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
    ] {
        let list = list_after(comment, "slimlint").unwrap();
        let found: Vec<&str> = names(list.names).map(|(_, name)| name).collect();
        assert_eq!(found, expected, "{comment}");
        for (offset, name) in names(list.names) {
            assert!(comment[list.offset + offset..].starts_with(name), "{comment}");
        }
    }
}
