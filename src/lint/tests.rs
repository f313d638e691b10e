use super::*;
use crate::diagnostic::Severity;

fn workspace(files: &[(&str, &str)]) -> Workspace {
    Workspace::in_memory(files.iter().map(|&(path, text)| (path.to_owned(), text.as_bytes().to_vec())))
}

fn said(report: &Report) -> Vec<(&str, &str)> {
    report.diagnostics.iter().map(|found| (found.rule, &*found.primary.file)).collect()
}

#[test]
fn trouble_with_one_file_does_not_stop_the_others() {
    let workspace = workspace(&[("a/Dockerfile", "FROM a\nFRUM b\n"), ("b/Dockerfile", "FROM a\n")]);
    let paths = ["missing/Dockerfile", "b/Dockerfile", "a/Dockerfile"].map(str::to_owned);
    let report = lint(&workspace, &paths, &Settings::default());
    assert_eq!(said(&report), [(SYNTAX_ERROR, "a/Dockerfile"), (UNREADABLE_FILE, "missing/Dockerfile")]);
    let services: Vec<_> =
        report.services.iter().map(|service| (&*service.service.dockerfile, service.findings.as_slice())).collect();
    assert_eq!(services, [("a/Dockerfile", &[0][..]), ("b/Dockerfile", &[]), ("missing/Dockerfile", &[1])]);
}

#[test]
fn comments_silence_and_are_counted() {
    let workspace = workspace(&[("Dockerfile", "FROM a\n# slimlint ignore=syntax-error meant so\nFRUM b\nFRUM c\n")]);
    let report = lint(&workspace, &["Dockerfile".to_owned()], &Settings::default());
    assert_eq!((report.diagnostics.len(), report.suppressed), (1, 1));
}

#[test]
fn configured_severities_win() {
    let workspace = workspace(&[("Dockerfile", "FROM a\n# slimlint ignore=nothing\nRUN b\n")]);
    let mut settings = Settings::default();
    settings.severities.insert(INVALID_IGNORE.to_owned(), Severity::Error);
    let report = lint_one(&workspace, "Dockerfile", &settings);
    assert_eq!(report.diagnostics.iter().map(|found| found.severity).collect::<Vec<_>>(), [Severity::Error]);
}

#[test]
fn thousands_of_stages_take_no_time() {
    use std::fmt::Write as _;
    let mut text = String::from("FROM a AS s0\n");
    for number in 1..5_000 {
        let _ = write!(
            text,
            "FROM s{} AS s{number}\n# slimlint ignore=syntax-error\nRUN echo {number}\nCOPY x{number} /\n",
            number - 1
        );
    }
    let workspace = workspace(&[("Dockerfile", &text)]);
    let start = std::time::Instant::now();
    let report = lint(&workspace, &["Dockerfile".to_owned()], &Settings::default());
    assert!(said(&report).iter().all(|(rule, _)| *rule != INTERNAL_ERROR));
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
