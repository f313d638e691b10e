//! hadolint's configuration in the place of ours.

use std::fs;

use super::{PIP, concise, put, repository, slimlint};

const HADOLINT: &str = "---\n# https://github.com/hadolint/hadolint#configure\nfailure-threshold: error\nignored:\n  - DL3008 # pinned elsewhere\n\
    override:\n  error:\n    - DL3042\ntrustedRegistries:\n  - registry.example.invalid\nformat: sarif\n";

#[test]
fn it_holds_where_there_is_no_configuration_of_ours() {
    let folder = repository(&[
        (".hadolint.yaml", HADOLINT),
        ("Dockerfile", PIP),
        ("a/Dockerfile", PIP),
        ("a/.hadolint.yml", "ignored: [DL3042]\n"),
        ("b/Dockerfile", PIP),
        ("b/slimlint.toml", "severity = { caches = 'info' }\n"),
    ]);
    let run = slimlint(folder.path(), "--format concise");
    let found = |run: &str| -> Vec<String> {
        let lines = run.lines().filter(|line| line.contains("pip-cache-kept"));
        lines.filter_map(|line| Some(line.split_once(": `")?.0.to_owned())).collect()
    };
    let told = found(&run.out);
    assert!(told.len() == 2 && told[0].starts_with("Dockerfile:2:5: error"), "the nearest holds, alone: {}", run.out);
    assert!(told[1].starts_with("b/Dockerfile:2:5: info"), "one of ours counts more: {}", run.out);
    assert_eq!(concise(&folder, "--select caches").len(), 3, "options count more");
    let run = slimlint(folder.path(), "--fail-on never");
    assert_eq!(run.err.matches(".hadolint.yaml: of this file does not carry over: ").count(), 1, "{}", run.err);
    for left in [
        "`trustedRegistries`: slimlint does not judge registries",
        "`format`: give it on the command line, `--format sarif`",
    ] {
        assert!(run.err.contains(left), "{}", run.err);
    }
    let run = slimlint(folder.path(), "--isolated --format concise Dockerfile");
    assert!(run.out.contains("Dockerfile:2:5: warning: ") && !run.err.contains("hadolint"), "{}{}", run.out, run.err);
    let run = slimlint(folder.path(), "--config .hadolint.yaml --format concise b/Dockerfile");
    assert!(run.out.contains("b/Dockerfile:2:5: error: "), "{}{}", run.out, run.err);
}

#[test]
fn one_that_cannot_be_used_is_told_and_passed_over() {
    let folder = repository(&[(".hadolint.yaml", "ignored: [DL3042\n"), ("Dockerfile", PIP)]);
    let run = slimlint(folder.path(), "--format concise --select pip-cache-kept");
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains(".hadolint.yaml: it is no YAML, and is not used"), "{}", run.err);
}

#[test]
fn it_is_written_as_one_of_ours() {
    let folder = repository(&[(".hadolint.yaml", HADOLINT), ("a/Dockerfile", PIP), ("none.yaml", "- a\n")]);
    let expected = "# Taken over from hadolint's configuration.\n\
        # Does not carry over: `trustedRegistries`: slimlint does not judge registries\n\
        # Does not carry over: `format`: give it on the command line, `--format sarif`\n\
        # slimlint has no such rules: DL3008\n\
        fail-on = \"error\"\n\n[severity]\npip-cache-kept = \"error\"\n";
    for (cwd, line) in [
        ("", "config --from-hadolint"),
        ("a", "config --from-hadolint"),
        ("a", "config --from-hadolint ../.hadolint.yaml"),
    ] {
        let run = slimlint(&folder.path().join(cwd), line);
        assert_eq!((run.code, run.out.as_str()), (0, expected), "{cwd} {line}: {}", run.err);
    }
    let line = "config --from-hadolint --output a/slimlint.toml";
    assert_eq!(slimlint(folder.path(), line).code, 0);
    assert_eq!(fs::read_to_string(folder.path().join("a/slimlint.toml")).unwrap(), expected);
    put(&folder, "a/slimlint.toml", "mine");
    for (line, error) in [
        (line, "it is there already"),
        ("config --from-hadolint none.yaml", "none.yaml: it is no mapping of keys to values"),
        ("config --from-hadolint gone.yaml", "gone.yaml: "),
        ("config", "--from-hadolint"),
    ] {
        let run = slimlint(folder.path(), line);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}: {}", run.err);
        assert!(run.err.contains(error), "{line}: {}", run.err);
    }
    assert_eq!(fs::read_to_string(folder.path().join("a/slimlint.toml")).unwrap(), "mine");
}
