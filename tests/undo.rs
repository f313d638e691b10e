//! `--fix` and the way back, as a user runs them: rollback, backups, kills, two at once, hostile repositories.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const PIP: &str = "FROM python:3.12-slim\nRUN pip install flask\n";
const PIP_FIXED: &str = "FROM python:3.12-slim\nRUN pip install --no-cache-dir flask\n";
/// 2025-11-21 and later days, as seconds.
const DAY: u64 = 1_763_683_200;
const BACKUP: &str = "Dockerfile.pre-slim.20251121";

struct Run {
    code: i32,
    out: String,
    err: String,
}

/// A repository, and the journal beside it.
struct Sandbox {
    repository: TempDir,
    state: TempDir,
}

impl Sandbox {
    fn new(files: &[(&str, &str)]) -> Self {
        let sandbox = Self { repository: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap() };
        fs::create_dir(sandbox.path().join(".git")).unwrap();
        for (path, text) in files {
            sandbox.put(path, text);
        }
        sandbox
    }

    fn path(&self) -> &Path {
        self.repository.path()
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// All files but those of git, with their text.
    fn listing(&self) -> Vec<(String, String)> {
        let files = walkdir::WalkDir::new(self.path()).sort_by_file_name().into_iter();
        let files = files.filter_entry(|entry| entry.file_name() != ".git").map(Result::unwrap);
        files
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| {
                let name = entry.path().strip_prefix(self.path()).unwrap().display().to_string().replace('\\', "/");
                (name, fs::read_to_string(entry.path()).unwrap_or_default())
            })
            .collect()
    }

    fn command(&self, line: &str, day: u64) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slimlint"));
        let date = DAY + day * 86_400;
        command.current_dir(self.path()).env_clear().env("SOURCE_DATE_EPOCH", date.to_string()).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", self.state.path()).args(line.split_whitespace());
        command
    }

    fn run_on(&self, line: &str, day: u64) -> Run {
        finished(self.command(line, day).output().unwrap())
    }

    fn run(&self, line: &str) -> Run {
        self.run_on(line, 0)
    }

    /// Runs what must succeed.
    fn ok(&self, line: &str) -> Run {
        let run = self.run(line);
        assert_eq!(run.code, 0, "slimlint {line}\n{}{}", run.out, run.err);
        run
    }
}

fn finished(Output { status, stdout, stderr }: Output) -> Run {
    let string = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: status.code().expect("killed"), out: string(stdout), err: string(stderr) }
}

const FIX: &str = "--fix --select pip-cache-kept";

#[test]
fn fix_and_back() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP), ("a/Dockerfile", PIP)]);
    let before = sandbox.listing();
    let fixed = sandbox.ok(FIX);
    assert!(fixed.out.contains("Undo: slimlint rollback "), "{}", fixed.out);
    assert_eq!(sandbox.text("a/Dockerfile"), PIP_FIXED);
    let dry = sandbox.ok("rollback --dry-run");
    assert!(dry.out.contains(&format!("Dockerfile   would be restored from {BACKUP}")), "{}", dry.out);
    assert_eq!(sandbox.text("a/Dockerfile"), PIP_FIXED);
    let back = sandbox.ok("rollback");
    assert_eq!(back.out, format!("Dockerfile   restored from {BACKUP}\na/Dockerfile   restored from {BACKUP}\n"));
    assert_eq!((sandbox.listing(), back.err.as_str()), (before, ""));
    let again = sandbox.ok("rollback");
    assert!(again.err.contains("nothing to roll back") && again.out.is_empty(), "{}", again.err);
}

#[test]
fn created_files_go_and_links_stay() {
    let big = "x".repeat(3_000_000);
    let sandbox = Sandbox::new(&[
        ("Dockerfile", "FROM python:3.12-slim\nCOPY . .\nRUN pip install flask\n"),
        ("node_modules/a.js", &big),
    ]);
    let before = sandbox.listing();
    let fixed = sandbox.run("--fix");
    assert!(
        fixed.out.contains("created") && sandbox.path().join(".dockerignore").exists(),
        "{}{}",
        fixed.out,
        fixed.err
    );
    let back = sandbox.ok("rollback --format json");
    let value: serde_json::Value = serde_json::from_str(&back.out).unwrap();
    assert_eq!((value["version"].as_u64(), value["recorded"].as_bool()), (Some(1), Some(true)));
    assert_eq!(
        value["files"][0],
        serde_json::json!({
            "file": ".dockerignore", "action": "remove", "backup": null, "changed_since": false
        })
    );
    assert_eq!(sandbox.listing(), before);
}

#[test]
fn an_edit_is_not_overwritten() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP)]);
    sandbox.ok(FIX);
    sandbox.put("Dockerfile", "FROM mine\n");
    for line in ["rollback", "rollback --dry-run", "rollback Dockerfile", "rollback --to 2025-11-01"] {
        let refused = sandbox.run(line);
        assert_eq!(refused.code, 2, "{line}");
        assert!(
            refused.err.contains("Dockerfile was edited since") && refused.err.contains("--force"),
            "{}",
            refused.err
        );
        assert_eq!(sandbox.text("Dockerfile"), "FROM mine\n");
    }
    sandbox.ok("rollback --force");
    assert_eq!(sandbox.text("Dockerfile"), PIP);
    assert!(sandbox.listing().iter().any(|(_, text)| text == "FROM mine\n"));
    sandbox.ok("rollback");
    assert_eq!(sandbox.text("Dockerfile"), "FROM mine\n");
}

#[test]
fn without_backup_there_is_no_way_back_but_git() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP)]);
    let fixed = sandbox.ok(&format!("{FIX} --no-backup"));
    assert!(fixed.out.contains("Undo: git restore"), "{}", fixed.out);
    for line in ["rollback", "rollback --force"] {
        let refused = sandbox.run(line);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""));
        assert!(refused.err.contains("keep no backup") && refused.err.contains("git restore"), "{}", refused.err);
    }
    assert_eq!(sandbox.listing(), [("Dockerfile".to_owned(), PIP_FIXED.to_owned())]);
}

#[test]
fn backups_that_no_journal_knows_are_asked_about() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP_FIXED), ("Dockerfile.pre-slim.20200101", "FROM hostile\n")]);
    let refused = sandbox.run("rollback");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("which no journal knows") && refused.err.contains("--force"), "{}", refused.err);
    assert_eq!(sandbox.text("Dockerfile"), PIP_FIXED);
    // What a journal knows comes before what lies about.
    sandbox.put("Dockerfile", PIP);
    sandbox.ok(FIX);
    sandbox.ok("rollback");
    assert_eq!(sandbox.text("Dockerfile"), PIP);
    // Forced, it says what it cannot know, and keeps what was there.
    let forced = sandbox.ok("rollback --force");
    assert!(forced.err.contains("files that slimlint created"), "{}", forced.err);
    assert_eq!(sandbox.text("Dockerfile"), "FROM hostile\n");
    assert!(sandbox.listing().iter().any(|(_, text)| text == PIP));
}

#[test]
fn a_journal_that_cannot_be_written_stops_no_fix() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP), ("a/Dockerfile", PIP)]);
    let file = sandbox.path().join(".git/file");
    fs::write(&file, "").unwrap();
    for (variable, value) in [("HOME", None), ("XDG_STATE_HOME", Some(&file))] {
        let mut command = sandbox.command(FIX, 0);
        command.env_remove("XDG_STATE_HOME");
        if let Some(value) = value {
            command.env(variable, value);
        }
        let fixed = finished(command.output().unwrap());
        assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
        assert!(
            fixed.err.contains("not in the journal") && fixed.out.contains("rollback --force"),
            "{}{}",
            fixed.out,
            fixed.err
        );
        assert_eq!(sandbox.text("Dockerfile"), PIP_FIXED);
        let mut command = sandbox.command("rollback --force", 0);
        command.env_remove("XDG_STATE_HOME");
        assert_eq!(finished(command.output().unwrap()).code, 0);
        assert_eq!((sandbox.text("Dockerfile"), sandbox.text("a/Dockerfile")), (PIP.to_owned(), PIP.to_owned()));
    }
}

#[test]
fn backups_are_listed_and_old_ones_removed() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP), ("gone.pre-slim.20250101", "only copy"), ("b/Dockerfile", PIP)]);
    sandbox.ok(FIX);
    let listed = sandbox.run_on("backups", 3);
    assert_eq!((listed.code, listed.err.as_str()), (0, ""));
    let first = listed.out.lines().next().unwrap();
    assert!(
        first.starts_with(BACKUP) && first.contains("2025-11-21 (3 days)") && first.ends_with("run 1, file differs"),
        "{}",
        listed.out
    );
    assert!(
        listed.out.contains("gone.pre-slim.20250101") && listed.out.contains("not in the journal, file missing"),
        "{}",
        listed.out
    );
    let json = sandbox.run_on("backups --format json b", 3);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["backups"].as_array().unwrap().len(), 1);
    assert_eq!(
        value["backups"][0],
        serde_json::json!({
            "backup": format!("b/{BACKUP}"), "file": "b/Dockerfile", "date": "2025-11-21", "age_days": 3,
            "bytes": PIP.len(), "run": 1, "original": "differs", "altered": false
        })
    );
    let before = sandbox.listing();
    for (line, day, removed) in [
        ("backups --prune", 7, 0),
        ("backups --prune --dry-run", 8, 0),
        ("backups --prune --older-than 30", 8, 0),
        ("backups --prune b", 8, 1),
        ("backups --prune", 8, 2),
    ] {
        let pruned = sandbox.run_on(line, day);
        assert_eq!(pruned.code, 0, "{}", pruned.err);
        assert_eq!(before.len() - sandbox.listing().len(), removed, "{line}: {}", pruned.out);
    }
    assert_eq!(sandbox.text("gone.pre-slim.20250101"), "only copy");
    // The record went with its backups.
    assert!(sandbox.run_on("rollback Dockerfile", 8).err.contains("nothing to roll back"));
    for (line, code) in [
        ("backups no/such/place", 2),
        ("backups --older-than 3", 2),
        ("backups --dry-run", 2),
        ("rollback --to yesterday", 2),
        ("rollback no/such/place", 2),
    ] {
        assert_eq!(sandbox.run(line).code, code, "{line}");
    }
}

#[test]
fn an_image_does_not_change_by_being_fixed() {
    let dockerfile = "FROM python:3.12-slim\nCOPY . .\nRUN pip install flask\n";
    let sandbox = Sandbox::new(&[("Dockerfile", dockerfile), (".dockerignore", ".git\n"), ("a", "")]);
    let before = sandbox.listing();
    let fixed = sandbox.ok(FIX);
    assert!(fixed.out.contains(".dockerignore   leaves backups out"), "{}", fixed.out);
    assert!(sandbox.text(".dockerignore").ends_with("**/*.pre-slim.*\n"));
    sandbox.ok("rollback");
    assert_eq!(sandbox.listing(), before);
    sandbox.ok(&format!("{FIX} --no-backup"));
    assert_eq!(sandbox.text(".dockerignore"), ".git\n");
}

#[test]
fn a_backup_that_is_named_is_not_fixed() {
    let sandbox = Sandbox::new(&[("Dockerfile", PIP)]);
    sandbox.ok(FIX);
    let fixed = sandbox.listing();
    let named = sandbox.ok(&format!("{FIX} Dockerfile {BACKUP}"));
    assert!(named.err.contains("backups are never changed"), "{}", named.err);
    assert_eq!(sandbox.listing(), fixed);
    sandbox.ok("rollback");
    assert_eq!(sandbox.text("Dockerfile"), PIP);
}

#[test]
fn several_roots_come_back_together() {
    let parent = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(&[]);
    for name in ["one", "two"] {
        fs::create_dir_all(parent.path().join(name).join(".git")).unwrap();
        fs::write(parent.path().join(name).join("Dockerfile"), PIP).unwrap();
    }
    let text = |name: &str| fs::read_to_string(parent.path().join(name).join("Dockerfile")).unwrap();
    let run = |line: &str| finished(sandbox.command(line, 0).current_dir(parent.path()).output().unwrap());
    assert_eq!(run(&format!("{FIX} one")).code, 0);
    assert_eq!(run(&format!("{FIX} two")).code, 0);
    assert_eq!(run("rollback").code, 0);
    assert_eq!((text("one").as_str(), text("two").as_str()), (PIP_FIXED, PIP));
    assert_eq!(run("rollback").code, 0);
    assert_eq!(text("one"), PIP);
    assert_eq!(run(FIX).code, 0);
    assert_eq!((text("one").as_str(), text("two").as_str()), (PIP_FIXED, PIP_FIXED));
    assert_eq!(run("rollback").code, 0);
    assert_eq!((text("one").as_str(), text("two").as_str()), (PIP, PIP));
}

/// Names and number of Dockerfiles of the tests with real processes.
fn many(count: usize) -> Vec<(String, &'static str)> {
    (0..count).map(|number| (format!("services/{number:03}/Dockerfile"), PIP)).collect()
}

fn sandbox_of(files: &[(String, &'static str)]) -> Sandbox {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    Sandbox::new(&files)
}

fn spawn(sandbox: &Sandbox, line: &str) -> Child {
    sandbox.command(line, 0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn kill_nine_during_fix_leaves_all_or_nothing() {
    let files = many(60);
    let sandbox = sandbox_of(&files);
    let old = sandbox.listing();
    sandbox.ok(FIX);
    let new = sandbox.listing();
    sandbox.ok("rollback");
    assert_eq!(sandbox.listing(), old);
    let (mut half, mut delay) = (0, 0);
    for attempt in 0..16 {
        let mut child = spawn(&sandbox, FIX);
        // Kills fall into the writing when they follow what can be seen of it.
        let begun = || sandbox.path().join("services/000").read_dir().unwrap().count() > 1;
        while !begun() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_millis(delay));
        delay = (delay * 7 + attempt * 13 + 3) % 150;
        let _ = child.kill();
        child.wait().unwrap();
        let killed = sandbox.listing();
        half += usize::from(killed != old && killed != new);
        // Any command says so, and the next one that writes puts it in order.
        let line = if attempt % 2 == 0 { "rollback" } else { FIX };
        if killed != old && killed != new {
            let seen = sandbox.run(["--exit-zero", "--exit-zero --diff"][attempt as usize / 2 % 2]);
            assert!(seen.err.contains("interrupted"), "{}", seen.err);
        }
        let run = sandbox.ok(line);
        let found = sandbox.listing();
        assert!(found == old || found == new, "{}{}", run.out, run.err);
        while sandbox.listing() != old {
            sandbox.ok("rollback");
        }
    }
    assert!(half > 0, "no kill fell into the writing");
}

#[test]
fn two_at_once_are_one_after_the_other() {
    let files = many(40);
    let sandbox = sandbox_of(&files);
    let old = sandbox.listing();
    let children: Vec<Child> = (0..4).map(|_| spawn(&sandbox, FIX)).collect();
    let runs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(runs.iter().any(|run| run.status.success()));
    for run in runs.iter().filter(|run| !run.status.success()) {
        let err = String::from_utf8_lossy(&run.stderr);
        assert!(err.contains("changed on disk since it was read") || err.contains("another run"), "{err}");
    }
    assert!(files.iter().all(|(path, _)| sandbox.text(path) == PIP_FIXED));
    assert_eq!(sandbox.listing().len(), 2 * files.len(), "one backup of each");
    sandbox.ok("rollback");
    assert_eq!(sandbox.listing(), old);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn planted_links_are_neither_followed_nor_replaced() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("precious"), "p").unwrap();
        let sandbox = Sandbox::new(&[("Dockerfile", PIP)]);
        symlink(outside.path().join("precious"), sandbox.path().join(BACKUP)).unwrap();
        symlink(outside.path().join("missing"), sandbox.path().join(format!("{BACKUP}.2"))).unwrap();
        let fixed = sandbox.ok(FIX);
        assert!(fixed.out.contains(&format!("{BACKUP}.3")), "{}", fixed.out);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        sandbox.ok("rollback");
        assert_eq!(sandbox.text("Dockerfile"), PIP);
        // Nor read, when a journal does not help: a link is no backup.
        fs::remove_dir_all(sandbox.state.path()).unwrap();
        let nothing = sandbox.ok("rollback --force");
        assert!(nothing.err.contains("nothing to roll back"), "{}", nothing.err);
        sandbox.run_on("backups --prune", 100);
        assert!(sandbox.path().join(BACKUP).symlink_metadata().is_ok());
        assert_eq!(fs::read_to_string(outside.path().join("precious")).unwrap(), "p");
    }

    #[test]
    fn a_backup_that_is_swapped_for_a_link_is_not_read() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let sandbox = Sandbox::new(&[("Dockerfile", PIP)]);
        sandbox.ok(FIX);
        fs::remove_file(sandbox.path().join(BACKUP)).unwrap();
        symlink(outside.path().join("secret"), sandbox.path().join(BACKUP)).unwrap();
        let refused = sandbox.run("rollback --force");
        assert_eq!(refused.code, 2, "{}", refused.out);
        assert_eq!(sandbox.text("Dockerfile"), PIP_FIXED);
    }

    #[test]
    fn a_folder_that_becomes_a_link_is_not_entered() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("Dockerfile"), PIP_FIXED).unwrap();
        fs::write(outside.path().join(BACKUP), PIP).unwrap();
        let sandbox = Sandbox::new(&[("a/Dockerfile", PIP)]);
        sandbox.ok(FIX);
        fs::rename(sandbox.path().join("a"), sandbox.path().join("b")).unwrap();
        symlink(outside.path(), sandbox.path().join("a")).unwrap();
        for line in ["rollback", "rollback --force", "backups --prune"] {
            sandbox.run_on(line, 100);
            assert_eq!(fs::read_to_string(outside.path().join("Dockerfile")).unwrap(), PIP_FIXED, "{line}");
            assert_eq!(fs::read_to_string(outside.path().join(BACKUP)).unwrap(), PIP, "{line}");
        }
    }

    #[test]
    fn modes_and_links_survive_the_way_there_and_back() {
        let sandbox = Sandbox::new(&[("real/Dockerfile", PIP)]);
        let real = sandbox.path().join("real/Dockerfile");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real/Dockerfile", sandbox.path().join("Dockerfile")).unwrap();
        sandbox.ok(&format!("{FIX} Dockerfile"));
        assert_eq!(sandbox.text("real/Dockerfile"), PIP_FIXED);
        sandbox.ok("rollback Dockerfile");
        assert_eq!(sandbox.text("real/Dockerfile"), PIP);
        assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(sandbox.path().join("Dockerfile")).unwrap().is_symlink());
        assert_eq!(fs::read_dir(sandbox.path().join("real")).unwrap().count(), 1);
    }

    #[test]
    fn other_names_of_a_file_keep_what_they_had() {
        let sandbox = Sandbox::new(&[("a/Dockerfile", PIP)]);
        fs::create_dir(sandbox.path().join("b")).unwrap();
        fs::hard_link(sandbox.path().join("a/Dockerfile"), sandbox.path().join("b/Dockerfile")).unwrap();
        sandbox.ok(&format!("{FIX} a"));
        assert_eq!((sandbox.text("a/Dockerfile"), sandbox.text("b/Dockerfile")), (PIP_FIXED.into(), PIP.into()));
        sandbox.ok(&format!("{FIX} b"));
        assert_eq!(sandbox.text("b/Dockerfile"), PIP_FIXED);
        sandbox.ok("rollback --to 2025-11-21");
        assert_eq!((sandbox.text("a/Dockerfile"), sandbox.text("b/Dockerfile")), (PIP.into(), PIP.into()));
    }

    #[test]
    fn nothing_of_a_record_acts_on_the_terminal() {
        let name = "a\u{1b}[31m\u{202e}/Dockerfile";
        let sandbox = Sandbox::new(&[(name, PIP)]);
        sandbox.ok(FIX);
        for line in ["backups", "rollback --dry-run", "backups --format json", "rollback"] {
            let run = sandbox.ok(line);
            let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!run.out.chars().any(acts) && !run.err.chars().any(acts), "{line}: {:?}{:?}", run.out, run.err);
            assert!(run.out.contains("202e"), "{line}: {}", run.out);
        }
    }
}
