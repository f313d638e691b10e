use std::cell::RefCell;

use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Severity, Span};
use crate::text::{SourceFile, TextRange};

use super::splice::Splice;
use super::verify::verify;
use super::*;

/// Reads `⟦old→new⟧` marks: the text before, the edits, and the text after.
fn marked(file: &str, text: &str) -> (String, Vec<Edit>, String) {
    let (mut before, mut after, mut edits, mut rest) = (String::new(), String::new(), Vec::new(), text);
    while let Some((head, tail)) = rest.split_once('⟦') {
        let (mark, tail) = tail.split_once('⟧').unwrap();
        let (old, new) = mark.split_once('→').unwrap();
        before.push_str(head);
        after.push_str(head);
        let range = TextRange::from_usize(before.len(), before.len() + old.len());
        edits.push(Edit { file: file.into(), range, text: new.replace("\r\n", "\n") });
        before.push_str(old);
        after.push_str(new);
        rest = tail;
    }
    (before + rest, edits, after + rest)
}

fn verified(file: &str, text: &str) -> Result<(), Violation> {
    let (before, edits, after) = marked(file, text);
    let before = SourceFile::new(file, before.into_bytes());
    let splice = Splice::new(&before, &edits).unwrap();
    let bytes = splice.apply(before.bytes());
    assert_eq!(String::from_utf8_lossy(&bytes), after);
    verify(Some(&before), &SourceFile::new(file, bytes), &splice, false)
}

#[test]
fn accepts_what_says_what_it_means() {
    for text in [
        "FROM a\nRUN pip install⟦→ --no-cache-dir⟧ x\n",
        "FROM a\nRUN apt-get install x⟦→ && rm -rf /var/lib/apt/lists/*⟧\nCOPY a b\n",
        "FROM a\nRUN apt-get install x⟦→ \\\n    && rm -rf /var/lib/apt/lists/*⟧\n",
        "FROM a\nRUN apt-get install x⟦→ && rm -rf /var/lib/apt/lists/*⟧",
        "FROM a\n⟦→RUN x\n⟧RUN y\n",
        "FROM a\nRUN x⟦→\nRUN y⟧\nRUN z\n",
        "FROM a\n⟦RUN x\n→⟧RUN y\n",
        "FROM a\n⟦RUN x→USER b⟧\nRUN y\n",
        "FROM a\nRUN⟦→ --mount=type=cache,target=/c⟧ pip install x\n",
        "FROM a\nRUN --mount=type=cache⟦→,target=/c⟧ --network=none x\n",
        "FROM a\nRUN uv sync⟦ --extra x→⟧ --frozen\n",
        "FROM a\nRUN apk add⟦→ --no-cache⟧ \\\n# why\n  x \\\n\n  y\n",
        "FROM a\nRUN <<EOF\napt-get install x\n⟦→rm -rf /var/lib/apt/lists/*\n⟧EOF\nRUN y\n",
        "FROM a\nRUN <<EOF\n⟦→set -e\n⟧apt-get install x\nEOF\n",
        "FROM a\r\nRUN pip install⟦→ --no-cache-dir⟧ x\r\nRUN y\r\n",
        "FROM a\r\nRUN a⟦→ \\\r\n  && b⟧\r\nRUN y\r\n",
        "# syntax=docker/dockerfile:1\nFROM a⟦→:1⟧ AS b\nRUN x\n",
        "# escape=`\nFROM a\nRUN a `\n  b⟦→ && c⟧\n",
        "FROM a\nRUN pip install \"x⟦[all]→⟧\" y\n",
        "FROM a\nRUN if a; then pip install⟦→ --no-cache-dir⟧ x; fi\n",
        "FROM a\nRUN [\"pip\", \"install\", ⟦→\"--no-cache-dir\", ⟧\"x\"]\n",
        "FROM a\nENV A=b⟦→ C=d⟧\n",
        "FROM a\nONBUILD RUN pip install⟦→ --no-cache-dir⟧ x\n",
        "FROM a\nBROKEN x\nRUN pip install⟦→ --no-cache-dir⟧ x\n",
        "FROM a\n⟦→# note\n⟧RUN x\n",
        // What is brought reads like what follows.
        "FROM a\n⟦→# ==\n⟧RUN x\n# ==\n# two\n# ==\nRUN y\n",
    ] {
        assert_eq!(verified("Dockerfile", text), Ok(()), "{text}");
    }
    assert_eq!(verified("pyproject.toml", "# a\n[project]\ndependencies = [\"x⟦→>=1⟧\"]\n"), Ok(()));
    assert_eq!(verified("requirements.txt", "⟦→--extra-index-url https://x\n⟧torch==1 # why\n-r a.txt\n"), Ok(()));
}

#[test]
fn refuses_what_peers_break() {
    use Violation as V;

    type Is = fn(&V) -> bool;
    let cases: [(&str, Is); 20] = [
        // The end of a line inside a shell comment.
        ("FROM a\nRUN <<EOF\napt-get install x # why⟦→ && rm -rf /x⟧\nEOF\n", |v| matches!(v, V::NotRun(_))),
        ("FROM a\nRUN apt-get install x # why⟦→ && rm -rf /x⟧\n", |v| matches!(v, V::NotRun(_))),
        // A line of its own in the middle of a continuation.
        ("FROM a\nRUN a \\\n⟦→b\n⟧  c\n", |v| matches!(v, V::Boundary(_) | V::Instruction(_) | V::ParseError(_))),
        ("FROM a\nRUN a \\\n# c\n⟦→ && b\n⟧  d\n", |v| {
            matches!(v, V::Boundary(_) | V::Instruction(_) | V::ParseError(_))
        }),
        // A comment goes, or eats code.
        ("FROM a\nRUN a \\\n⟦# c\n→⟧  d\n", |v| matches!(v, V::CommentLost(_))),
        ("FROM a\n⟦→# ==\n⟧RUN x\n# ==\n⟦# ==\n→⟧# ==\n# two\n⟦# x\n→⟧RUN y\n", |v| {
            matches!(v, V::CommentLost(_))
        }),
        ("FROM a\n# c⟦→ d⟧\nRUN a\n", |v| matches!(v, V::CommentLost(_) | V::CommentMade(_))),
        ("FROM a\n⟦→#⟧RUN a\n", |v| matches!(v, V::Instruction(_))),
        // Continuations.
        ("FROM a\nRUN a⟦→ \\⟧\nRUN b\n", |v| matches!(v, V::Boundary(_) | V::Instruction(_))),
        ("FROM a\nRUN a ⟦\\→⟧\n  b\n", |v| matches!(v, V::ParseError(_) | V::Boundary(_))),
        ("FROM a\nRUN a \\\n  b⟦→ && \\\n⟧\nRUN c\n", |v| {
            matches!(v, V::Boundary(_) | V::Instruction(_) | V::Script(_))
        }),
        // Flags become words.
        ("FROM a\nRUN ⟦→set -e && ⟧--mount=type=cache,target=/c x\n", |v| matches!(v, V::Flag(_))),
        // The left side of `||` goes.
        ("FROM a\nRUN ⟦apt-get install x →⟧|| y\n", |v| matches!(v, V::Script(_))),
        ("FROM a\nRUN ⟦x→⟧\n", |v| {
            matches!(v, V::Script(_) | V::ParseError(_) | V::Boundary(_) | V::Instruction(_))
        }),
        // Quotes.
        ("FROM a\nRUN x ⟦→\"⟧a b c\n", |v| matches!(v, V::Script(_) | V::Word { .. })),
        ("FROM a\nRUN x ⟦→'⟧a && b⟦→'⟧\n", |v| matches!(v, V::Script(_) | V::Word { .. })),
        ("FROM a\nRUN x a⟦ →⟧b\n", |v| matches!(v, V::Word { .. })),
        // Heredocs.
        ("FROM a\nRUN <<EOF⟦→ && x⟧\na\nEOF⟦→1⟧\nRUN y\n", |v| !matches!(v, V::Directive)),
        ("FROM a\r\n⟦→RUN <<EOF\r\nb\r\nEOF\r\n⟧RUN a\r\n", |v| matches!(v, V::Heredoc(_))),
        // A directive that is no longer at the top.
        ("⟦→# note\n⟧# escape=`\nFROM a\nRUN b\n", |v| matches!(v, V::Directive)),
    ];
    for (text, is_expected) in cases {
        let violation = verified("Dockerfile", text).expect_err(text);
        assert!(is_expected(&violation), "{text}\n{violation:?}");
    }
    assert!(verified("pyproject.toml", "[project]\na = [\"x⟦\"→⟧]\n").is_err());
    assert!(verified("pyproject.toml", "[project]\n⟦# why\n→⟧a = 1\n").is_err());
    assert!(verified("requirements.txt", "a \\\n⟦→b\n⟧  --hash=sha256:0\n").is_err());
}

fn finding(rule: &'static str, applicability: Applicability, edits: Vec<Edit>) -> Diagnostic {
    let fix = Fix { title: rule.to_owned(), applicability, caution: None, edits };
    let primary = Span::new("Dockerfile", TextRange::default());
    Diagnostic { fix: Some(fix), ..Diagnostic::new(rule, Severity::Warning, "", primary) }
}

fn edit(file: &str, start: usize, end: usize, text: &str) -> Edit {
    Edit { file: file.into(), range: TextRange::from_usize(start, end), text: text.to_owned() }
}

/// A linter that wants `RUN x` repeated at the end, and `y` in its place.
fn repeats_what_changes(workspace: &Workspace) -> Report {
    let source = workspace.read("Dockerfile").unwrap();
    let text = source.text();
    let mut diagnostics = Vec::new();
    if text.matches("RUN").count() == 1 {
        let run = text.lines().find(|line| line.starts_with("RUN")).unwrap();
        let again = vec![edit("Dockerfile", text.len(), text.len(), &format!("{run}\n"))];
        let again = finding("build-tools-in-runtime", Applicability::Unsafe, again);
        let at = text.find(run).unwrap();
        diagnostics.push(Diagnostic { fix_repeats: vec![TextRange::from_usize(at, at + run.len())], ..again });
    }
    if let Some(at) = text.find('x') {
        let other = vec![edit("Dockerfile", at, at + 1, "y")];
        diagnostics.push(finding("unused-system-package", Applicability::Unsafe, other));
    }
    Report { diagnostics, ..Report::default() }
}

#[test]
fn what_repeats_text_waits_for_what_changes_it() {
    let plan = plan_of(&workspace("FROM a\nRUN x\n"), Applicability::Unsafe, repeats_what_changes);
    assert_eq!((plan.rounds, plan.fixed), (2, 2));
    assert_eq!(text_of(&plan, "Dockerfile"), "FROM a\nRUN y\nRUN y\n");
}

/// A linter that wants ` --no-cache-dir` behind each `pip install`.
fn wants_no_cache(workspace: &Workspace) -> Report {
    let source = workspace.read("Dockerfile").unwrap();
    let ends = source.text().match_indices("pip install").map(|(at, found)| at + found.len());
    let bare = ends.filter(|&end| !source.text()[end..].starts_with(" --no-cache-dir"));
    let diagnostics = bare
        .map(|end| {
            finding("pip-cache-kept", Applicability::Safe, vec![edit("Dockerfile", end, end, " --no-cache-dir")])
        })
        .collect();
    Report { diagnostics, ..Report::default() }
}

fn workspace(text: &str) -> Workspace {
    Workspace::in_memory([("Dockerfile".to_owned(), text.as_bytes().to_vec())])
}

fn plan_of(workspace: &Workspace, threshold: Applicability, report: impl Fn(&Workspace) -> Report) -> Plan {
    plan_with(workspace, &["Dockerfile".to_owned()], threshold, report)
}

fn text_of(plan: &Plan, path: &str) -> String {
    let file = plan.files.iter().find(|file| file.path == path).expect(path);
    String::from_utf8(file.after.clone()).unwrap()
}

#[test]
fn a_round_makes_all_that_fit_and_leaves_the_workspace_as_it_was() {
    let before = "FROM a\nRUN pip install x && pip install y\n";
    let workspace = workspace(before);
    let plan = plan_of(&workspace, Applicability::Safe, wants_no_cache);
    assert_eq!(
        text_of(&plan, "Dockerfile"),
        "FROM a\nRUN pip install --no-cache-dir x && pip install --no-cache-dir y\n"
    );
    assert_eq!((plan.rounds, plan.fixed, plan.rejected.len(), plan.remaining.diagnostics.len()), (1, 2, 0, 0));
    assert_eq!(workspace.read("Dockerfile").unwrap().text(), before);
}

#[test]
fn an_unsaved_text_stays_unsaved() {
    let workspace = workspace("FROM a\n");
    let unsaved = "FROM a\nRUN pip install x\n";
    workspace.set_overlay("Dockerfile", Some(unsaved.as_bytes().to_vec()));
    assert_eq!(plan_of(&workspace, Applicability::Safe, wants_no_cache).fixed, 1);
    assert_eq!(workspace.read("Dockerfile").unwrap().text(), unsaved);
}

#[test]
fn the_threshold_holds() {
    let report = |applicability| {
        move |workspace: &Workspace| {
            let mut report = wants_no_cache(workspace);
            for fix in report.diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.fix.as_mut()) {
                fix.applicability = applicability;
            }
            report
        }
    };
    let workspace = workspace("FROM a\nRUN pip install x\n");
    for (threshold, applicability, fixed) in [
        (Applicability::Safe, Applicability::Unsafe, 0),
        (Applicability::Unsafe, Applicability::Unsafe, 1),
        (Applicability::Unsafe, Applicability::Safe, 1),
        (Applicability::Display, Applicability::Display, 0),
    ] {
        assert_eq!(
            plan_of(&workspace, threshold, report(applicability)).fixed,
            fixed,
            "{threshold:?} {applicability:?}"
        );
    }
}

#[test]
fn what_touches_waits_for_the_next_round() {
    let workspace = workspace("FROM a\nRUN x\n");
    let plan = plan_of(&workspace, Applicability::Safe, |workspace| {
        let text = workspace.read("Dockerfile").unwrap().text().to_owned();
        let wanted = ["--a", "--b", "--c"].into_iter().filter(|flag| !text.contains(flag));
        let diagnostics = wanted
            .map(|flag| finding(flag, Applicability::Safe, vec![edit("Dockerfile", 12, 12, &format!(" {flag}"))]))
            .collect();
        Report { diagnostics, ..Report::default() }
    });
    assert_eq!(text_of(&plan, "Dockerfile"), "FROM a\nRUN x --c --b --a\n");
    assert_eq!((plan.rounds, plan.fixed), (3, 3));
}

#[test]
fn a_shared_edit_counts_once_and_a_fix_is_made_whole() {
    let workspace = workspace("FROM a\nRUN x\nRUN y\n");
    let first = RefCell::new(true);
    let plan = plan_of(&workspace, Applicability::Safe, |_| {
        let shared = edit("Dockerfile", 12, 12, " -s");
        let diagnostics = vec![
            finding("one", Applicability::Safe, vec![shared.clone(), edit(".dockerignore", 0, 0, ".git\n")]),
            finding("two", Applicability::Safe, vec![shared, edit("Dockerfile", 18, 18, " -t")]),
            // Its second edit is in the way, so its first is not made either.
            finding(
                "three",
                Applicability::Safe,
                vec![edit("Dockerfile", 13, 16, "USER"), edit("Dockerfile", 17, 18, "z")],
            ),
        ];
        let diagnostics = if first.replace(false) { diagnostics } else { Vec::new() };
        Report { diagnostics, ..Report::default() }
    });
    assert_eq!(text_of(&plan, ".dockerignore"), ".git\n");
    assert!(plan.files.iter().any(|file| file.path == ".dockerignore" && file.before.is_none()));
    assert_eq!(text_of(&plan, "Dockerfile"), "FROM a\nRUN x -s\nRUN y -t\n");
}

#[test]
fn a_wrong_fix_is_dropped_and_told_and_the_others_are_made() {
    let before = "FROM a\nRUN pip install x # why\n";
    let plan = plan_of(&workspace(before), Applicability::Safe, |workspace| {
        let mut report = wants_no_cache(workspace);
        let end = workspace.read("Dockerfile").unwrap().text().trim_end().len();
        let edits = vec![edit("Dockerfile", end, end, " && rm -rf /x"), edit("new", 0, 0, "a")];
        report.diagnostics.push(finding("bad", Applicability::Safe, edits));
        report
    });
    assert_eq!(text_of(&plan, "Dockerfile"), "FROM a\nRUN pip install --no-cache-dir x # why\n");
    assert_eq!(plan.files.len(), 1);
    assert_eq!(plan.rejected.len(), 1);
    assert_eq!((plan.rejected[0].rule, plan.rejected[0].file.as_str()), ("bad", "Dockerfile"));
    assert_eq!(plan.rejected[0].reason, RejectReason::Violation(Violation::NotRun(2)));
}

#[test]
fn fixes_that_undo_each_other_are_dropped_and_told() {
    let before = "FROM a\nRUN pip install x\n";
    let plan = plan_of(&workspace(before), Applicability::Safe, |workspace| {
        let text = workspace.read("Dockerfile").unwrap().text().to_owned();
        let mut report = wants_no_cache(workspace);
        let (from, to) = if text.starts_with("FROM a") { ("a", "b") } else { ("b", "a") };
        report.diagnostics.push(finding(from, Applicability::Safe, vec![edit("Dockerfile", 5, 6, to)]));
        report
    });
    assert!(plan.rejected.iter().all(|rejected| rejected.reason == RejectReason::Endless));
    assert!(!plan.rejected.is_empty());
    assert!(plan.rounds < 10);
    // A rule that has no part in it is not held up.
    assert!(text_of(&plan, "Dockerfile").contains("--no-cache-dir"));
}

#[test]
fn what_cannot_be_edited_is_left() {
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("torch\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let files = [("Dockerfile".to_owned(), b"FROM a\n".to_vec()), ("requirements.txt".to_owned(), utf16)];
    let plan = plan_of(&Workspace::in_memory(files), Applicability::Safe, |_| Report {
        diagnostics: vec![
            finding("utf16", Applicability::Safe, vec![edit("requirements.txt", 0, 0, "x\n")]),
            finding("absent", Applicability::Safe, vec![edit("absent.txt", 4, 5, "x\n")]),
            finding("outside", Applicability::Safe, vec![edit("../x", 0, 0, "x\n")]),
        ],
        ..Report::default()
    });
    assert_eq!((plan.files.len(), plan.fixed, plan.rejected.len()), (0, 0, 0));
    let plan = plan_of(&workspace("FROM a\n"), Applicability::Safe, |_| Report {
        diagnostics: vec![finding("past", Applicability::Safe, vec![edit("Dockerfile", 40, 41, "x\n")])],
        ..Report::default()
    });
    assert!(matches!(plan.rejected[0].reason, RejectReason::Splice(SpliceError::OutOfBounds(_))));
}

#[test]
fn the_patch_is_one() {
    let files = [("a b/Dockerfile".to_owned(), b"FROM a\r\nRUN pip install x".to_vec())];
    let workspace = Workspace::in_memory(files);
    let plan = plan_with(&workspace, &["a b/Dockerfile".to_owned()], Applicability::Safe, |workspace| {
        if workspace.exists("a b/.dockerignore") {
            return Report::default();
        }
        let edits = vec![edit("a b/Dockerfile", 23, 23, " -q"), edit("a b/.dockerignore", 0, 0, ".git\nx\n")];
        Report { diagnostics: vec![finding("two", Applicability::Safe, edits)], ..Report::default() }
    });
    assert_eq!(
        String::from_utf8(plan.diff()).unwrap(),
        "diff --git a/a b/.dockerignore b/a b/.dockerignore\nnew file mode 100644\n--- /dev/null\n+++ b/a b/.dockerignore\t\n\
         @@ -0,0 +1,2 @@\n+.git\n+x\n\
         diff --git a/a b/Dockerfile b/a b/Dockerfile\n--- a/a b/Dockerfile\t\n+++ b/a b/Dockerfile\t\n\
         @@ -1,2 +1,2 @@\n FROM a\r\n-RUN pip install x\n\\ No newline at end of file\n+RUN pip install -q x\n\\ No newline at end of file\n"
    );
}
