//! `--changed-since`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{CLEAN, PIP, Run, folder, put, slimlint, slimlint_with};

const COPIES: &str =
    "FROM python:3.12-slim\nCOPY src/ /srv/\nCOPY requirements.txt /srv/\nRUN pip install -r /srv/requirements.txt\n";
const SERVICE: [(&str, &str); 5] = [
    ("api/Dockerfile", COPIES),
    ("api/src/main.py", "print()\n"),
    ("api/requirements.txt", "flask\n"),
    ("api/README.md", "# api\n"),
    ("web/Dockerfile", PIP),
];

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    for person in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{person}_NAME"), "A").env(format!("GIT_{person}_EMAIL"), "a@example.invalid");
        command.env(format!("GIT_{person}_DATE"), "2025-11-21T00:00:00Z");
    }
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository in which `files` are committed as `base`.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let here = tempfile::tempdir().unwrap();
    git(here.path(), &["init", "-q", "-b", "main"]);
    for (path, text) in files {
        put(&here, path, text);
    }
    commit(&here);
    git(here.path(), &["tag", "base"]);
    here
}

fn commit(folder: &TempDir) {
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "change", "--allow-empty"]);
}

/// The Dockerfiles that are linted, by the notes of `--verbose`.
fn linted(folder: &TempDir, revision: &str) -> Vec<String> {
    let run = slimlint(folder.path(), &["--changed-since", revision, "--verbose", "--exit-zero"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let notes = run.err.lines().filter_map(|line| line.strip_prefix("note: "));
    let paths = notes.filter_map(|note| note.split_once(": context `")).map(|(path, _)| path.to_owned());
    paths.collect()
}

/// What is linted after `change` in a repository of `files`.
fn after(files: &[(&str, &str)], change: impl FnOnce(&TempDir)) -> Vec<String> {
    let here = repository(files);
    change(&here);
    linted(&here, "base")
}

fn failed(folder: &TempDir, revision: &str) -> Run {
    let run = slimlint(folder.path(), &["--changed-since", revision]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    run
}

#[test]
fn what_a_build_reads_touches_it() {
    for path in
        ["api/Dockerfile", "api/src/main.py", "api/src/new/deep.py", "api/requirements.txt", "api/.dockerignore"]
    {
        assert_eq!(after(&SERVICE, |here| put(here, path, "# changed\n")), ["api/Dockerfile"], "{path}");
    }
    for path in ["api/README.md", "README.md", "api/tests/test.py"] {
        assert_eq!(after(&SERVICE, |here| put(here, path, "# changed\n")), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn committed_staged_changed_and_untracked_files_count_and_ignored_ones_do_not() {
    let change = |here: &TempDir| put(here, "api/src/main.py", "print(1)\n");
    assert_eq!(after(&SERVICE, |here| (change(here), commit(here)).1), ["api/Dockerfile"]);
    assert_eq!(after(&SERVICE, |here| (change(here), git(here.path(), &["add", "-A"])).1), ["api/Dockerfile"]);
    assert_eq!(after(&SERVICE, |here| put(here, "api/src/new.py", "")), ["api/Dockerfile"]);
    let mut ignoring = SERVICE.to_vec();
    ignoring.push((".gitignore", "*.log\n"));
    assert!(after(&ignoring, |here| put(here, "api/src/run.log", "")).is_empty());
    assert!(after(&SERVICE, |_| {}).is_empty());
}

#[test]
fn deleted_files_and_both_names_of_renamed_ones_count() {
    let remove = |here: &TempDir| fs::remove_file(here.path().join("api/src/main.py")).unwrap();
    assert_eq!(after(&SERVICE, remove), ["api/Dockerfile"]);
    assert_eq!(after(&SERVICE, |here| (remove(here), commit(here)).1), ["api/Dockerfile"]);
    let away = |here: &TempDir| git(here.path(), &["mv", "api/src/main.py", "main.py"]);
    assert_eq!(after(&SERVICE, away), ["api/Dockerfile"]);
    let hither = |here: &TempDir| git(here.path(), &["mv", "api/README.md", "api/src/README.md"]);
    assert_eq!(after(&SERVICE, hither), ["api/Dockerfile"]);
}

#[test]
fn names_of_all_kinds_are_read() {
    for name in ["api/src/ü b.py", "api/src/a\"b.py", "api/src/a\tb.py", "api/src/-x.py", "api/src/a\nb.py"] {
        let here = repository(&SERVICE);
        put(&here, name, "");
        assert_eq!(linted(&here, "base"), ["api/Dockerfile"], "{name:?} untracked");
        commit(&here);
        assert_eq!(linted(&here, "base"), ["api/Dockerfile"], "{name:?}");
        put(&here, name, "changed");
        assert_eq!(linted(&here, "HEAD"), ["api/Dockerfile"], "{name:?} changed");
    }
}

#[test]
fn what_the_ignore_file_leaves_out_touches_nothing() {
    let mut files = SERVICE.to_vec();
    files.push(("api/.dockerignore", "src/tests\n"));
    assert!(after(&files, |here| put(here, "api/src/tests/test.py", "")).is_empty());
    assert_eq!(after(&files, |here| put(here, "api/src/main.py", "")), ["api/Dockerfile"]);
}

#[test]
fn files_that_define_a_build_count_as_they_are_and_as_they_were() {
    let compose = "services:\n  api:\n    build: ./api\n";
    let mut files = SERVICE.to_vec();
    files.push(("compose.yml", compose));
    let target = compose.replace("./api", "\n      context: ./api\n      target: x");
    assert_eq!(after(&files, |here| put(here, "compose.yml", &target)), ["api/Dockerfile"]);
    // It built it before.
    assert_eq!(after(&files, |here| put(here, "compose.yml", "services: {}\n")), ["api/Dockerfile"]);
    assert_eq!(after(&files, |here| fs::remove_file(here.path().join("compose.yml")).unwrap()), ["api/Dockerfile"]);
    // It does now.
    assert_eq!(after(&SERVICE, |here| put(here, "compose.yml", compose)), ["api/Dockerfile"]);
    let workflow =
        "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: web\n";
    assert_eq!(after(&SERVICE, |here| put(here, ".github/workflows/release.yml", workflow)), ["web/Dockerfile"]);
    assert!(after(&SERVICE, |here| put(here, ".github/workflows/lint.yml", "jobs: {}\n")).is_empty());
}

/// An image with a finding that depends on what the image is for.
const PROXY: &str = "FROM python:3.12\nRUN apt-get update && apt-get install -y build-essential\nCOPY main.py /srv/\nCMD [\"python\", \"/srv/main.py\"]\n";

/// The Dockerfiles that are linted, and the findings of all before and after a change.
type Outcome = (Vec<String>, [String; 2]);

/// What comes of `change` with `--changed-since`.
fn linted_after(files: &[(&str, &str)], change: impl FnOnce(&TempDir)) -> Outcome {
    let here = repository(files);
    let found = || slimlint(here.path(), &["--format", "concise"]).out;
    let before = found();
    change(&here);
    (linted(&here, "base"), [before, found()])
}

#[test]
fn what_changes_a_finding_from_beside_the_build_touches_it() {
    let put_all = |path: &'static str, text: &'static str| move |here: &TempDir| put(here, path, text);
    let proxy = [("proxy/Dockerfile", PROXY), ("proxy/main.py", "print()\n"), ("web/Dockerfile", PIP)];
    let with = |path: &'static str, text: &'static str| {
        let mut files = proxy.to_vec();
        files.push((path, text));
        files
    };
    let readme = with("proxy/README.md", "# JWT signing development proxy\n");
    let procfile = with("proxy/Procfile", "web: python main.py\n");
    let workflow = "jobs:\n  a:\n    uses: owner/ci/.github/workflows/lint.yaml@main\n";
    let ci = with(".github/workflows/ci.yml", workflow);
    let remove = |path: &'static str| move |here: &TempDir| fs::remove_file(here.path().join(path)).unwrap();
    let cases: [(&str, Outcome); 5] = [
        ("the title changes", linted_after(&readme, put_all("proxy/README.md", "# JWT signing proxy\n"))),
        ("the title comes", linted_after(&proxy, put_all("proxy/README.md", "# JWT signing development proxy\n"))),
        ("the Procfile goes", linted_after(&procfile, remove("proxy/Procfile"))),
        ("the Procfile comes", linted_after(&proxy, put_all("proxy/Procfile", "web: python main.py\n"))),
        (
            "the workflow changes",
            linted_after(
                &[ci, procfile.clone()].concat(),
                put_all(
                    ".github/workflows/ci.yml",
                    "jobs:\n  a:\n    uses: owner/ci/.github/workflows/build_and_push_image.yaml@main\n",
                ),
            ),
        ),
    ];
    for (what, (linted, [before, after])) in cases {
        assert_ne!(before, after, "{what}: the case changes nothing");
        assert_eq!(linted, ["proxy/Dockerfile"], "{what}");
    }
}

#[test]
fn a_platform_that_names_another_dockerfile_touches_both() {
    let fly = |name: &str| format!("app = \"a\"\n[build]\n  dockerfile = \"{name}\"\n");
    let (before, after) = (fly("a.Dockerfile"), fly("b.Dockerfile"));
    let files = [("a.Dockerfile", PIP), ("b.Dockerfile", PIP), ("c.Dockerfile", PIP), ("fly.toml", before.as_str())];
    assert_eq!(self::after(&files, |here| put(here, "fly.toml", &after)), ["a.Dockerfile", "b.Dockerfile"]);
}

#[test]
fn a_dockerfile_in_a_compose_file_is_touched_with_it() {
    let compose = "services:\n  app:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM python:3.12-slim\n        RUN pip install flask\n";
    let here = repository(&[("compose.yml", compose), ("web/Dockerfile", PIP)]);
    put(&here, "compose.yml", &compose.replace("flask", "rich"));
    let run = slimlint(here.path(), &["--changed-since", "base", "--format", "concise"]);
    assert!(run.out.contains("compose.yml:7") && !run.out.contains("web/"), "{}{}", run.out, run.err);
}

#[test]
fn configurations_and_baselines_touch_all_that_they_hold_for() {
    assert_eq!(after(&SERVICE, |here| put(here, "slimlint.toml", "")).len(), 2);
    assert_eq!(after(&SERVICE, |here| put(here, "web/slimlint.toml", "")), ["web/Dockerfile"]);
    let mut files = SERVICE.to_vec();
    files.push(("web/pyproject.toml", "[tool.slimlint]\n"));
    assert_eq!(after(&files, |here| put(here, "web/pyproject.toml", "[project]\n")), ["web/Dockerfile"]);
    assert!(after(&SERVICE, |here| put(here, "web/pyproject.toml", "[project]\n")).is_empty());
    let known = "{\"version\": 1, \"findings\": []}";
    let mut files = SERVICE.to_vec();
    files.extend([("web/slimlint.toml", "baseline = \"../known.json\"\n"), ("known.json", known)]);
    assert_eq!(after(&files, |here| put(here, "known.json", &format!("{known}\n"))), ["web/Dockerfile"]);
    let mut files = SERVICE.to_vec();
    files.push(("known.json", known));
    let here = repository(&files);
    let run = || slimlint(here.path(), &["--changed-since", "base", "--baseline", "known.json", "--format", "concise"]);
    assert_eq!(run().code, 0);
    put(&here, "known.json", &format!("{known}\n"));
    let run = run();
    assert!(run.code == 1 && run.err.contains("2 of 2 Dockerfiles touched"), "{}", run.err);
}

#[test]
fn what_the_other_branch_got_meanwhile_does_not_count() {
    let here = repository(&SERVICE);
    git(here.path(), &["switch", "-q", "-c", "feature"]);
    put(&here, "web/Dockerfile", CLEAN);
    commit(&here);
    git(here.path(), &["switch", "-q", "main"]);
    put(&here, "api/Dockerfile", CLEAN);
    commit(&here);
    git(here.path(), &["switch", "-q", "feature"]);
    assert_eq!(linted(&here, "main"), ["web/Dockerfile"]);
}

#[test]
fn how_many_were_left_out_is_told() {
    let here = repository(&SERVICE);
    let none = slimlint(here.path(), &["--changed-since", "base"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert!(none.err.contains("nothing that the builds of 2 Dockerfiles read changed since `base`"), "{}", none.err);
    let object = slimlint(here.path(), &["--changed-since", "base", "--format", "json"]);
    assert!(object.code == 0 && object.out.starts_with("{\"version\":1,\"diagnostics\":[]"), "{}", object.out);
    put(&here, "web/Dockerfile", &PIP.replace("flask", "rich"));
    let one = slimlint(here.path(), &["--changed-since", "base", "--format", "concise"]);
    assert_eq!(
        (one.code, one.err.contains("1 of 2 Dockerfiles touched"), one.err.contains("1 left out")),
        (1, true, true)
    );
}

#[test]
fn a_copy_of_a_repository_has_not_changed() {
    let here = repository(&SERVICE);
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(100);
    for (path, _) in SERVICE {
        fs::File::options().append(true).open(here.path().join(path)).unwrap().set_modified(later).unwrap();
    }
    assert!(linted(&here, "base").is_empty());
    put(&here, "web/Dockerfile", &PIP.replace("flask", "quart"));
    assert_eq!(linted(&here, "base"), ["web/Dockerfile"]);
}

#[test]
fn both_gates_work_together() {
    let here = repository(&SERVICE);
    slimlint(here.path(), &["--write-baseline"]);
    commit(&here);
    git(here.path(), &["tag", "-f", "base"]);
    put(&here, "web/Dockerfile", &format!("{PIP}RUN pip install rich\n"));
    let run = slimlint(here.path(), &["--changed-since", "base", "--baseline", "slimlint-baseline.json"]);
    assert_eq!((run.code, run.err.contains("baseline: 1 new, 0 fixed, 1 left")), (1, true), "{}", run.err);
}

#[test]
fn what_git_cannot_tell_is_trouble() {
    let here = repository(&SERVICE);
    assert!(failed(&here, "nowhere").err.contains("`nowhere` names no commit in `"));
    assert!(failed(&here, "--output=x").err.contains("begins with `-`"));
    assert!(failed(&here, "base:api/Dockerfile").err.contains("names no commit"));
    assert!(!here.path().join("x").exists());
    git(here.path(), &["switch", "-q", "--orphan", "other"]);
    put(&here, "Dockerfile", CLEAN);
    commit(&here);
    assert!(failed(&here, "main").err.contains("no commit in common"));

    let none = folder(&[("Dockerfile", PIP)]);
    assert!(failed(&none, "main").err.contains("is not a git repository"));
    let empty = tempfile::tempdir().unwrap();
    git(empty.path(), &["init", "-q"]);
    put(&empty, "Dockerfile", PIP);
    assert!(failed(&empty, "main").err.contains("no commit yet"));
    let without = slimlint_with(here.path(), &["--changed-since", "main"], |command| {
        command.env("PATH", here.path());
    });
    assert_eq!((without.code, without.err.contains("`git` is not to be found")), (2, true), "{}", without.err);
    let stdin = slimlint(here.path(), &["--changed-since", "main", "-"]);
    assert_eq!(stdin.code, 2, "{}", stdin.err);
}

#[test]
fn one_of_several_repositories_without_the_revision_is_linted_whole() {
    let here = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        let folder = here.path().join(name);
        fs::create_dir(&folder).unwrap();
        git(&folder, &["init", "-q", "-b", "main"]);
        fs::write(folder.join("Dockerfile"), PIP).unwrap();
        git(&folder, &["add", "-A"]);
        git(&folder, &["commit", "-q", "-m", "first"]);
    }
    git(&here.path().join("one"), &["tag", "base"]);
    let run = slimlint(here.path(), &["one", "two", "--changed-since", "base", "--format", "concise"]);
    assert!(run.code == 1 && run.out.contains("two/Dockerfile") && !run.out.contains("one/Dockerfile"), "{}", run.out);
    assert!(run.err.contains("`base` names no commit in `") && run.err.contains("two`"), "{}", run.err);
    // Where none has it, it is a mistake.
    let none = slimlint(here.path(), &["one", "two", "--changed-since", "nowhere"]);
    assert!(none.code == 2 && none.err.contains("one`"), "{}", none.err);
}

#[test]
fn what_is_not_committed_in_a_submodule_touches_what_is_built_of_it() {
    let inner = repository(&[("m.py", "print()\n"), (".gitignore", "*.log\n")]);
    let here = repository(&[("api/Dockerfile", "FROM python:3.12-slim\nCOPY lib/ /srv/\n"), ("web/Dockerfile", PIP)]);
    let url = inner.path().to_str().unwrap();
    git(here.path(), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "api/lib"]);
    commit(&here);
    git(here.path(), &["tag", "-f", "base"]);
    put(&here, "api/lib/run.log", "");
    assert!(linted(&here, "base").is_empty());
    put(&here, "api/lib/m.py", "print(1)\n");
    assert_eq!(linted(&here, "base"), ["api/Dockerfile"]);
    put(&here, "api/lib/m.py", "print()\n");
    assert!(linted(&here, "base").is_empty());
    put(&here, "api/lib/new.py", "");
    assert_eq!(linted(&here, "base"), ["api/Dockerfile"]);
}

#[test]
#[cfg(unix)]
fn what_is_copied_through_a_link_touches() {
    use std::os::unix::fs::symlink;
    let here = repository(&[
        ("Dockerfile", "FROM python:3.12-slim\nCOPY lib/x/ /srv/\n"),
        ("real/Dockerfile", "FROM python:3.12-slim\nCOPY x/ /srv/\n"),
        ("shared/x/m.py", ""),
        ("real/x/m.py", ""),
        ("compose.yml", "services:\n  app:\n    build:\n      context: ctx\n"),
    ]);
    symlink("shared", here.path().join("lib")).unwrap();
    symlink("real", here.path().join("ctx")).unwrap();
    commit(&here);
    git(here.path(), &["tag", "-f", "base"]);
    put(&here, "shared/x/m.py", "print()\n");
    assert_eq!(linted(&here, "base"), ["Dockerfile"]);
    put(&here, "shared/x/m.py", "");
    put(&here, "shared/y.py", "");
    assert!(linted(&here, "base").is_empty());
    put(&here, "real/x/m.py", "print()\n");
    assert_eq!(linted(&here, "base"), ["real/Dockerfile"]);
}

#[test]
fn ends_of_lines_that_git_would_not_keep_are_no_change() {
    let here = repository(&SERVICE);
    git(here.path(), &["config", "core.autocrlf", "true"]);
    let crlf = |text: &str| text.replace('\n', "\r\n");
    put(&here, "web/Dockerfile", &crlf(PIP));
    assert!(linted(&here, "base").is_empty());
    put(&here, "web/Dockerfile", &crlf(&PIP.replace("flask", "rich")));
    assert_eq!(linted(&here, "base"), ["web/Dockerfile"]);
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    let here = repository(&SERVICE);
    git(here.path(), &["switch", "-q", "-c", "feature"]);
    put(&here, "web/Dockerfile", CLEAN);
    commit(&here);
    git(here.path(), &["switch", "-q", "main"]);
    commit(&here);
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", here.path().display());
    git(clone.path(), &["clone", "-q", "--depth", "1", "--no-single-branch", &url, "."]);
    git(clone.path(), &["switch", "-q", "feature"]);
    let said = failed(&clone, "origin/main").err;
    assert!(said.contains("shallow clone") && said.contains("--unshallow"), "{said}");
}

/// A repository may come with settings of its own.
#[test]
#[cfg(unix)]
fn nothing_that_the_repository_sets_up_is_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let here = repository(&SERVICE);
    let program = here.path().join(".git/evil.sh");
    let seen = here.path().join(".git/seen");
    fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", seen.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = program.to_str().unwrap();
    let hooks = here.path().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-index-change", "pre-commit", "reference-transaction"] {
        fs::copy(&program, hooks.join(hook)).unwrap();
    }
    fs::write(here.path().join(".git/info/attributes"), "* filter=evil diff=evil\n").unwrap();
    put(&here, "web/Dockerfile", &PIP.replace("flask", "rich"));
    put(&here, "api/requirements.txt", "flask\n");
    for (key, value) in [
        ("core.fsmonitor", evil),
        ("core.pager", evil),
        ("core.editor", evil),
        ("core.sshCommand", evil),
        ("core.alternateRefsCommand", evil),
        ("diff.external", evil),
        ("diff.evil.textconv", evil),
        ("diff.evil.command", evil),
        ("filter.evil.clean", evil),
        ("filter.evil.smudge", evil),
        ("filter.evil.process", evil),
        ("filter.evil.required", "true"),
        ("credential.helper", evil),
        ("alias.diff-index", &format!("!{evil}")),
        ("core.worktree", "/"),
    ] {
        // git would read its own settings when it is asked to write them.
        let path = here.path().join(".git/config");
        let (section, name) = key.rsplit_once('.').unwrap();
        let heading = section.split_once('.').map_or(format!("[{section}]"), |(one, two)| format!("[{one} \"{two}\"]"));
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{before}{heading}\n\t{name} = {value}\n")).unwrap();
    }
    assert_eq!(linted(&here, "base"), ["web/Dockerfile"]);
    assert!(!seen.exists(), "{}", fs::read_to_string(&seen).unwrap_or_default());
    // A name that cannot be given on a command line is no way out.
    let config = here.path().join(".git/config");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{before}[filter \"a=b\"]\n\tclean = {evil}\n")).unwrap();
    assert!(failed(&here, "base").err.contains("cannot be switched off"));
    assert!(!seen.exists(), "{}", fs::read_to_string(&seen).unwrap_or_default());
    // Nothing is written into it either.
    assert!(!here.path().join(".git/index.lock").exists());
}

/// Nor is what a submodule of it sets up.
#[test]
#[cfg(unix)]
fn nothing_that_a_submodule_sets_up_is_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let inner = repository(&[("m.py", "print()\n")]);
    let here = repository(&[("Dockerfile", "FROM python:3.12-slim\nCOPY lib/ /srv/\n")]);
    let url = inner.path().to_str().unwrap();
    git(here.path(), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "lib"]);
    commit(&here);
    git(here.path(), &["tag", "-f", "base"]);
    let modules = here.path().join(".git/modules/lib");
    let (program, seen) = (modules.join("evil.sh"), modules.join("seen"));
    fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", seen.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = program.display();
    fs::write(modules.join("info/attributes"), "* filter=evil diff=evil\n").unwrap();
    let config = fs::read_to_string(modules.join("config")).unwrap();
    let more = format!(
        "[core]\n\tfsmonitor = {evil}\n[filter \"evil\"]\n\tclean = {evil}\n\tprocess = {evil}\n\trequired = true\n\
         [diff]\n\texternal = {evil}\n[diff \"evil\"]\n\ttextconv = {evil}\n"
    );
    fs::write(modules.join("config"), config + &more).unwrap();
    // Of the same text, so that it is read and compared.
    put(&here, "lib/m.py", "print()\n");
    assert!(linted(&here, "base").is_empty());
    put(&here, "lib/m.py", "print(1)\n");
    assert_eq!(linted(&here, "base"), ["Dockerfile"]);
    assert!(!seen.exists(), "{}", fs::read_to_string(&seen).unwrap_or_default());
}
