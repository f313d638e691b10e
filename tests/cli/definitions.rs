//! What files that build images say, and Dockerfiles that stand in them.

use super::{CLEAN, PIP, concise, repository, slimlint, slimlint_with, text};

const INLINE: &str = "services:\n  app:\n    build:\n      context: app\n      dockerfile_inline: |\n        FROM python:3.12-slim\n        RUN pip install flask\n";

#[test]
fn what_is_given_to_a_build_is_told_with_its_place() {
    let compose = "services:\n  app:\n    build:\n      context: .\n      target: prod\n      args:\n        PYTHON_VERSION: \"3.12\"\n        API_TOKEN: abc123\n";
    let dockerfile =
        "ARG PYTHON_VERSION\nFROM python:${PYTHON_VERSION}-slim AS prod\nARG API_TOKEN\nFROM prod AS dev\n";
    let folder = repository(&[("Dockerfile", dockerfile), ("compose.yml", compose)]);
    let run = slimlint(folder.path(), "-v --exit-zero");
    for said in [
        "Dockerfile: context `.`, from `compose.yml` line 3\n",
        "Dockerfile: every build gives `PYTHON_VERSION=3.12`, from `compose.yml` line 3\n",
        "Dockerfile: every build gives `API_TOKEN=…`, from `compose.yml` line 3\n",
        "Dockerfile: the stage `prod` is built, from `compose.yml` line 3\n",
    ] {
        assert!(run.err.contains(said), "{said}{}", run.err);
    }
    assert!(!run.err.contains("abc123"), "{}", run.err);
}

#[test]
fn a_dockerfile_in_a_compose_file_is_found_and_left_as_it_is() {
    let folder = repository(&[
        ("deploy/compose.yml", INLINE),
        ("deploy/app/main.py", ""),
        ("other.yml", INLINE),
        ("compose.yml", "services: {}\n"),
    ]);
    let found = ["deploy/compose.yml:7:13: warning: "];
    for line in
        ["--select pip-cache-kept", "--select pip-cache-kept deploy", "--select pip-cache-kept deploy/compose.yml"]
    {
        assert_eq!(concise(&folder, line), found, "{line}");
    }
    let run = slimlint(folder.path(), "-v --select pip-cache-kept");
    assert!(
        run.err.contains("deploy/compose.yml#app: context `deploy/app`, from `deploy/compose.yml` line 3"),
        "{}",
        run.err
    );
    let run = slimlint(folder.path(), "--select pip-cache-kept --fix --unsafe-fixes");
    assert_eq!((run.code, text(&folder, "deploy/compose.yml").as_str()), (1, INLINE), "{}{}", run.out, run.err);
    let run = slimlint_with(
        folder.path(),
        "--select pip-cache-kept --format concise --stdin-filename compose.yml -",
        INLINE.as_bytes(),
    );
    assert!(run.out.starts_with("compose.yml:7:13: warning: "), "{}{}", run.out, run.err);
    // The settings for the file hold for what stands in it.
    assert!(concise(&folder, "--select pip-cache-kept --exclude deploy").is_empty());
}

#[test]
fn a_folder_with_compose_files_alone_has_no_dockerfiles() {
    let folder = repository(&[
        ("a/compose.yml", "services:\n  app:\n    image: x\n"),
        ("b/Dockerfile", CLEAN),
        ("c/Dockerfile", PIP),
    ]);
    let run = slimlint(folder.path(), "a");
    assert!(run.err.contains("no Dockerfile lies in this folder"), "{}", run.err);
}
