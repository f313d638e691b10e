use super::*;
use crate::config::{Configurations, Settings};
use crate::workspace::Workspace;

fn read(text: &str) -> Hadolint {
    Hadolint::read(&SourceFile::new(".hadolint.yaml", text.as_bytes())).expect("a configuration")
}

fn severity(settings: &Settings, name: &str) -> Option<Severity> {
    settings.severity_of(rules::find(name).expect("a rule").page)
}

/// What the file comes to; the TOML that is made of it must come to the same.
fn settings(text: &str) -> Settings {
    let read = read(text);
    let settings = Settings::resolve(&[&read.options()]);
    let mut configurations = Configurations::default();
    let toml = read.to_toml();
    configurations.add_inline(&toml, std::path::Path::new("/repository")).unwrap_or_else(|error| {
        panic!("{toml}\n{:?}", error.problems);
    });
    let written = configurations.settings(&Workspace::in_memory([]), "Dockerfile").expect("a configuration");
    assert_eq!(*written, settings, "{toml}");
    settings
}

#[test]
fn ignored_rules_are_silent_by_the_names_that_rules_have_in_hadolint() {
    let text = "---\nignored:\n  - DL3008 # pinned elsewhere\n  - DL3042\n  - dl3009\n  - SC2086\n";
    let settings = settings(text);
    for (name, runs) in [("pip-cache-kept", false), ("apt-lists-kept", false), ("apt-recommends", true)] {
        assert_eq!(severity(&settings, name).is_some(), runs, "{name}");
    }
    assert_eq!(read(text).left(), [""; 0], "not to run what there is not needs nothing");
    assert!(read(text).to_toml().contains("# slimlint has no such rules: DL3008, SC2086\n"));
}

#[test]
fn overrides_and_the_threshold_carry_over() {
    let settings = settings(
        "failure-threshold: error\noverride:\n  error:\n    - DL3009\n    - DL4006\n  warning: []\n  info:\n    []\n    # - DL3047\n  style:\n    - DL3015\n",
    );
    assert_eq!(severity(&settings, "apt-lists-kept"), Some(Severity::Error));
    assert_eq!(severity(&settings, "apt-recommends"), Some(Severity::Info));
    assert_eq!(severity(&settings, "pip-cache-kept"), Some(Severity::Warning));
    assert_eq!(settings.fail_on, FailOn::Error);
}

#[test]
fn a_rule_that_is_ignored_and_overridden_is_silent() {
    let settings = settings("override:\n  error: [DL3042]\nignored: [DL3042]\n");
    assert_eq!(severity(&settings, "pip-cache-kept"), None);
}

#[test]
fn thresholds_are_those_of_hadolint_and_no_fail_wins() {
    for (text, fail_on) in [
        ("failure-threshold: style", FailOn::Info),
        ("failure-threshold: \"ignore\"", FailOn::Never),
        ("failure-threshold: none", FailOn::Never),
        ("no-fail: true\nfailure-threshold: error", FailOn::Never),
        ("no-fail: false\nfailure-threshold: error", FailOn::Error),
        ("ignored: []", FailOn::Warning),
    ] {
        assert_eq!(settings(text).fail_on, fail_on, "{text}");
    }
}

#[test]
fn what_does_not_carry_over_is_told_with_what_to_do() {
    let text = "failure-threshold: loud\nformat: gitlab_codeclimate\nno-color: false\nstrict-labels: true\n\
        disable-ignore-pragma: true\nlabel-schema:\n  author: text\ntrustedRegistries:\n  - example.invalid\n\
        trusted-registries: [example.invalid]\noverride:\n  fatal: [DL3009]\n\"\\e[31m\": 1\n";
    let read = read(text);
    let keys: Vec<&str> = read.left().iter().map(|left| left.split(':').next().expect("a key")).collect();
    assert_eq!(
        keys,
        [
            "`failure-threshold`",
            "`format`",
            "`strict-labels`",
            "`disable-ignore-pragma`",
            "`label-schema`",
            "`trustedRegistries`",
            "`trusted-registries`",
            "`override`",
            "a key that is no word"
        ]
    );
    assert!(read.left().iter().any(|left| left.contains("--format gitlab")));
    settings(text);
}

#[test]
fn what_is_the_default_needs_no_word() {
    let text = "format: tty\nstrict-labels: false\ndisable-ignore-pragma: false\nno-fail: false\ntrustedRegistries: []\nlabel-schema: {}\nignored:\n";
    assert_eq!(read(text), Hadolint::default());
    for text in ["", "# ignored:\n#   - DL3042\n", "---\n"] {
        assert_eq!(read(text), Hadolint::default(), "{text:?}");
    }
}

#[test]
fn what_cannot_be_used_is_a_problem_and_never_a_panic() {
    for (text, problem) in [
        (&b"- DL3042\n"[..], HadolintProblem::NoMapping),
        (b"ignored: [DL3042\n", HadolintProblem::Syntax),
        (b"a: \xff\n", HadolintProblem::NotText),
    ] {
        assert_eq!(Hadolint::read(&SourceFile::new(".hadolint.yaml", text)), Err(problem));
    }
    let odd = read("ignored:\n  - [DL3042]\n  - \"a b\\nselect = 1\"\n");
    assert_eq!(odd.left().len(), 1);
    settings("ignored:\n  - [DL3042]\n  - \"a b\\nselect = 1\"\n  - DL3042\n");
}
