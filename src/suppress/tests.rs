use super::*;
use crate::diagnostic::{Severity, Span};
use crate::rules::SYNTAX_ERROR;

fn read(text: &str) -> (SourceFile, Suppressions) {
    let source = SourceFile::new("Dockerfile", text.as_bytes());
    let suppressions = Suppressions::read(&source, &Dockerfile::parse(text));
    (source, suppressions)
}

fn finding(file: &str, at: usize) -> Diagnostic {
    Diagnostic::new(SYNTAX_ERROR, Severity::Error, "", Span::new(file, TextRange::from_usize(at, at + 1)))
}

/// Whether a finding at the first `needle` of `text` is silenced.
fn silenced(text: &str, needle: &str) -> bool {
    let (_, mut suppressions) = read(text);
    suppressions.silences("Dockerfile", &finding("Dockerfile", text.find(needle).unwrap()), |_| None)
}

#[test]
fn a_comment_above_silences_its_instruction_alone() {
    let text = "FROM a\n# slimlint ignore=syntax-error we know\n# more\nRUN one \\\n  two\nRUN three\n";
    assert!(silenced(text, "one") && silenced(text, "two"));
    assert!(!silenced(text, "three") && !silenced(text, "FROM"));
    let (_, mut suppressions) = read(text);
    assert!(!suppressions.silences("Dockerfile", &finding("requirements.txt", text.find("one").unwrap()), |_| None));
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
}

#[test]
fn a_misspelt_comment_is_told_and_a_foreign_one_is_not() {
    for (comment, count) in
        [("# slimlint ignore syntax-error", 1), ("# hadolint ignore=DL9999", 0), ("# hadolint ignore", 0)]
    {
        let (_, suppressions) = read(&format!("FROM a\n{comment}\nRUN one\n"));
        assert_eq!(suppressions.invalid.len(), count, "{comment}");
    }
}

#[test]
fn a_stage_comment_silences_its_stage_alone() {
    let text = "# slimlint stage ignore=syntax-error generated\nFROM a\nRUN one\n# more\nRUN two\nFROM b\nRUN three\n";
    assert!(silenced(text, "one") && silenced(text, "two") && silenced(text, "FROM a"));
    assert!(!silenced(text, "three") && !silenced(text, "FROM b"));
    let (_, suppressions) =
        read("FROM a\n# slimlint stage ignore=syntax-error\nRUN one\n# hadolint stage ignore=DL3042\nRUN two\n");
    let told: Vec<&str> = suppressions.invalid.iter().map(|notice| notice.message.as_str()).collect();
    assert_eq!(told, ["this ignore comment stands above no stage"]);
}

#[test]
fn a_file_comment_silences_all_of_the_service() {
    let text = "FROM a\nRUN one\n\n# slimlint file ignore=syntax-error\n\nRUN two\n";
    assert!(silenced(text, "FROM") && silenced(text, "two"));
    let (_, mut suppressions) = read(text);
    assert!(suppressions.silences("Dockerfile", &finding("requirements.txt", 0), |_| None));
}

#[test]
fn comments_in_other_files_count_unless_programs_write_them() {
    let read_lines = |name: &str| {
        let source = SourceFile::new(name, *b"# slimlint ignore=syntax-error\nflask\n");
        let (_, mut suppressions) = read("FROM a\n");
        suppressions.silences("Dockerfile", &finding(name, 32), |_| Some(Arc::new(source)))
    };
    assert!(read_lines("requirements.txt") && read_lines("a/pyproject.toml") && read_lines(".dockerignore"));
    assert!(!read_lines("uv.lock") && !read_lines("package.json") && !read_lines("pylock.toml"));
}

#[test]
fn names_that_silence_nothing_are_unused_when_their_rules_ran() {
    let text = "# check=skip=JSONArgsRecommended\nFROM a\n# slimlint ignore=syntax-error,unreadable-file,pip-cache-kept\nRUN one\n\
                # hadolint ignore=DL3042\nRUN two\n";
    let (source, mut suppressions) = read(text);
    assert!(suppressions.silences("Dockerfile", &finding("Dockerfile", text.find("one").unwrap()), |_| None));
    let unused = |ran: fn(&Page) -> bool| -> Vec<String> {
        let notices = suppressions.unused(ran);
        notices.iter().map(|notice| source.slice(notice.range).to_owned()).collect()
    };
    assert_eq!(unused(|_| true), ["unreadable-file", "pip-cache-kept"]);
    assert_eq!(unused(|page| page.name != "pip-cache-kept"), ["unreadable-file"]);
}

#[test]
fn of_several_comments_that_silence_a_finding_none_is_unused() {
    let text = "# slimlint file ignore=syntax-error\n\n# slimlint stage ignore=syntax-error\nFROM a\n# slimlint ignore=syntax-error\n\
                # slimlint ignore=syntax-error again\nRUN one\n";
    let (_, mut suppressions) = read(text);
    assert_eq!(suppressions.unused(|_| true).len(), 4);
    assert!(suppressions.silences("Dockerfile", &finding("Dockerfile", text.find("one").unwrap()), |_| None));
    assert!(suppressions.unused(|_| true).is_empty());
}
