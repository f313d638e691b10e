//! Writing ignore comments.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::dockerfile::Dockerfile;
use crate::rules::{INTERNAL_ERROR, INVALID_IGNORE, UNREADABLE_FILE, UNUSED_IGNORE};
use crate::text::{SourceFile, TextRange};

use super::comment::{Dialect, Reach, Reading, read};

/// In the place of each finding's fix puts one that adds an ignore comment with `reason` above the instruction it is found in, or
/// its rule to the comment that is there. Findings in other files than the Dockerfile `source`, and those that no comment
/// above an instruction silences, get none.
pub fn ignore_instead_of_fixing(
    diagnostics: &mut [&mut Diagnostic],
    source: &SourceFile,
    dockerfile: &Dockerfile,
    reason: &str,
) {
    let instruction_of = |diagnostic: &Diagnostic| {
        let can = !matches!(diagnostic.rule, INTERNAL_ERROR | INVALID_IGNORE | UNREADABLE_FILE | UNUSED_IGNORE);
        let here = can && &*diagnostic.primary.file == source.path();
        let start = diagnostic.primary.range.start();
        here.then(|| dockerfile.instructions.iter().position(|instruction| instruction.range.contains(start))).flatten()
    };
    let mut rules: BTreeMap<usize, Vec<&'static str>> = BTreeMap::new();
    for diagnostic in diagnostics.iter() {
        if let Some(instruction) = instruction_of(diagnostic) {
            let rules = rules.entry(instruction).or_default();
            if !rules.contains(&diagnostic.rule) {
                rules.push(diagnostic.rule);
            }
        }
    }
    for diagnostic in diagnostics {
        diagnostic.fix = None;
        diagnostic.fix_repeats.clear();
        let Some(instruction) = instruction_of(diagnostic) else { continue };
        let Some(rules) = rules.get(&instruction) else { continue };
        // All findings of an instruction get the same comment, so that it is written once.
        diagnostic.fix = edit(source, dockerfile, instruction, rules, reason).map(|edit| Fix {
            title: "add an ignore comment".to_owned(),
            applicability: Applicability::Safe,
            caution: None,
            edits: vec![edit],
        });
    }
}

fn edit(
    source: &SourceFile,
    dockerfile: &Dockerfile,
    instruction: usize,
    rules: &[&'static str],
    reason: &str,
) -> Option<Edit> {
    let file: Arc<str> = Arc::from(source.path());
    let instruction = dockerfile.instructions.get(instruction)?;
    if let Some(end) = names_above(source, dockerfile, instruction.start_line) {
        return Some(Edit { file, range: TextRange::empty(end), text: format!(",{}", rules.join(",")) });
    }
    // Above the instruction is below all parser directives, which end where anything else begins.
    let start = source.lines().start(instruction.start_line)?;
    let mark = if source.text().get(start as usize..)?.starts_with('\u{feff}') { 3 } else { 0 };
    let start = start + mark;
    let indent = source.text().get(start as usize..instruction.range.start() as usize)?;
    let reason = if reason.is_empty() { String::new() } else { format!(" {reason}") };
    let text = format!("{indent}# slimlint ignore={}{reason}\n", rules.join(","));
    Some(Edit { file, range: TextRange::empty(start), text })
}

/// The edit that silences `rule` on the line of the byte `at`, in a file made of lines that takes comments: a manifest, requirements, an
/// ignore file. `None` where no comment can stand above the line.
#[must_use]
pub fn ignore_on_line(source: &SourceFile, at: u32, rule: &str, reason: &str) -> Option<Edit> {
    let file: Arc<str> = Arc::from(source.path());
    let line = source.line(at);
    let start = source.lines().start(line)?;
    let text_of = |line: u32| {
        let start = source.lines().start(line)? as usize;
        source.text().get(start..)?.split('\n').next().map(|text| text.trim_end_matches('\r'))
    };
    // Comments that stand together are all about the line below them.
    let mut number = line;
    while let Some(above) = number.checked_sub(1).filter(|above| *above > 0).and_then(text_of) {
        number -= 1;
        if !above.trim_start().starts_with('#') {
            break;
        }
        if let Reading::Ignore(ignore) = read(above.trim_start())
            && (ignore.dialect, ignore.reach) == (Dialect::Own, Reach::Instruction)
        {
            let (offset, name) = ignore.names.last()?;
            let comment = source.lines().start(number)? + (above.len() - above.trim_start().len()) as u32;
            let end = comment + (offset + name.len()) as u32;
            return Some(Edit { file, range: TextRange::empty(end), text: format!(",{rule}") });
        }
    }
    // What goes on from the line above would take the comment for a part of it.
    if line > 1 && text_of(line - 1).is_some_and(|above| above.ends_with('\\')) {
        return None;
    }
    let own = text_of(line)?;
    let mark = if own.starts_with('\u{feff}') { 3 } else { 0 };
    // Patterns are no comments unless their line begins with `#`.
    let is_patterns = source.path().ends_with("ignore");
    let indent = own.get(mark..).map_or("", |own| own.get(..own.len() - own.trim_start().len()).unwrap_or_default());
    let indent = if is_patterns { "" } else { indent };
    let reason = if reason.is_empty() { String::new() } else { format!(" {reason}") };
    let text = format!("{indent}# slimlint ignore={rule}{reason}\n");
    Some(Edit { file, range: TextRange::empty(start + mark as u32), text })
}

/// Where the list of an own comment right above `line` ends.
fn names_above(source: &SourceFile, dockerfile: &Dockerfile, line: u32) -> Option<u32> {
    let above = dockerfile.comments.iter().rev().filter(|comment| comment.inside.is_none() && comment.line < line);
    let adjoining = above.zip(1..).take_while(|(comment, distance)| comment.line + distance == line);
    for (comment, _) in adjoining {
        if let Reading::Ignore(ignore) = read(source.slice(comment.range))
            && (ignore.dialect, ignore.reach) == (Dialect::Own, Reach::Instruction)
        {
            return ignore.names.last().map(|(offset, name)| comment.range.start() + (offset + name.len()) as u32);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Severity, Span};

    fn finding(rule: &'static str, at: usize) -> Diagnostic {
        let primary = Span::new("Dockerfile", TextRange::from_usize(at, at + 1));
        Diagnostic::new(rule, Severity::Error, "", primary)
    }

    /// The file with the comments for findings of `rules` at the first `needle`.
    fn ignoring(text: &str, rules: &[&'static str], needle: &str) -> String {
        let source = SourceFile::new("Dockerfile", text.as_bytes());
        let mut findings: Vec<_> = rules.iter().map(|rule| finding(rule, text.find(needle).unwrap())).collect();
        ignore_instead_of_fixing(
            &mut findings.iter_mut().collect::<Vec<_>>(),
            &source,
            &Dockerfile::parse(text),
            "for now",
        );
        let mut edits: Vec<Edit> = findings.into_iter().flat_map(|found| found.fix.unwrap().edits).collect();
        edits.dedup();
        let mut result = text.to_owned();
        for edit in edits.iter().rev() {
            result.insert_str(edit.range.start() as usize, &edit.text);
        }
        result
    }

    #[test]
    fn a_comment_stands_above_its_instruction_and_below_directives() {
        assert_eq!(
            ignoring("# syntax=docker/dockerfile:1\nFROM a\n", &["syntax-error"], "FROM"),
            "# syntax=docker/dockerfile:1\n# slimlint ignore=syntax-error for now\nFROM a\n"
        );
        assert_eq!(
            ignoring("\u{feff}FROM a\n", &["syntax-error"], "FROM"),
            "\u{feff}# slimlint ignore=syntax-error for now\nFROM a\n"
        );
        assert_eq!(
            ignoring("FROM a\n  RUN b \\\n # c\n c\n", &["pip-cache-kept", "uv-cache-kept", "pip-cache-kept"], "b \\"),
            "FROM a\n  # slimlint ignore=pip-cache-kept,uv-cache-kept for now\n  RUN b \\\n # c\n c\n"
        );
    }

    #[test]
    fn a_line_of_a_manifest_gets_a_comment_above_it() {
        for (path, text, expected) in [
            ("requirements.txt", "a\ntorch\n", Some("a\n# slimlint ignore=x why\ntorch\n")),
            ("requirements.txt", "torch", Some("# slimlint ignore=x why\ntorch")),
            ("requirements.txt", "\u{feff}torch", Some("\u{feff}# slimlint ignore=x why\ntorch")),
            ("requirements.txt", "a \\\ntorch\n", None),
            ("pyproject.toml", "d = [\n  \"torch\",\n]\n", Some("d = [\n  # slimlint ignore=x why\n  \"torch\",\n]\n")),
            (".dockerignore", "  torch\n", Some("# slimlint ignore=x why\n  torch\n")),
            (
                "requirements.txt",
                "# slimlint ignore=y so\r\n# more\r\ntorch\r\n",
                Some("# slimlint ignore=y,x so\r\n# more\r\ntorch\r\n"),
            ),
            (
                "requirements.txt",
                "# slimlint ignore=y so\n\ntorch\n",
                Some("# slimlint ignore=y so\n\n# slimlint ignore=x why\ntorch\n"),
            ),
        ] {
            let source = SourceFile::new(path, text.as_bytes());
            let edit = ignore_on_line(&source, text.find("torch").unwrap() as u32, "x", "why");
            let result = edit.map(|edit| {
                let mut result = text.to_owned();
                result.insert_str(edit.range.start() as usize, &edit.text);
                result
            });
            assert_eq!(result.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_comment_that_is_there_gets_the_rule() {
        assert_eq!(
            ignoring("FROM a\n# slimlint ignore=x , y reason\n# more\nRUN b\n", &["syntax-error"], "RUN"),
            "FROM a\n# slimlint ignore=x , y,syntax-error reason\n# more\nRUN b\n"
        );
        let text = "FROM a\n# slimlint ignore=x\n\n# hadolint ignore=DL1\n# slimlint stage ignore=x\nRUN b\n";
        assert!(
            ignoring(text, &["syntax-error"], "RUN").contains("ignore=x\n# slimlint ignore=syntax-error for now\nRUN")
        );
    }
}
