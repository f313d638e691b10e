//! Every point at which a run can be killed or can fail, one after the other.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::workspace::testing as disk;

use super::super::testing::{Listing, listing, owned, plan};
use super::super::write::{WriteError, WriteOptions, Written, fault, write};
use super::*;

/// A repository and a journal of its own.
struct Sandbox {
    folder: TempDir,
    state: TempDir,
}

const FILES: [(&str, &str); 3] = [("Dockerfile", "old one"), ("sub/Dockerfile", "old two"), ("sub/other", "x")];
const PLAN: [(&str, &str, &str); 3] = [
    ("Dockerfile", "old one", "new one"),
    ("sub/.dockerignore", "", "created"),
    ("sub/Dockerfile", "old two", "new two"),
];

impl Sandbox {
    fn new() -> Self {
        Self { folder: disk::folder(&FILES), state: tempfile::tempdir().unwrap() }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn put(&self, path: &str, text: &str) {
        disk::write(&self.root(), path, text);
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    fn options(&self, backup: bool) -> WriteOptions {
        let state = Some(self.state.path().to_owned());
        WriteOptions { backup, date: "20261121".to_owned(), time: 1, state }
    }

    fn write(&self, files: &[(&str, &str, &str)], backup: bool) -> Result<Written, WriteError> {
        write(&self.root(), &plan(files), &self.options(backup))
    }

    fn recover(&self) -> Option<Recovered> {
        recover(&self.root(), Some(self.state.path())).unwrap()
    }

    fn plan_rollback(&self, path: Option<&str>, to: Option<&str>, force: bool) -> Result<Rollback, RollbackError> {
        let (root, path) = (self.root(), path.map(PathBuf::from));
        let request = RollbackRequest { path: path.as_deref(), cwd: &root, to, force, state: Some(self.state.path()) };
        plan_rollback(&request)
    }

    /// Rolls the newest run back, which must be possible.
    fn rollback(&self) -> Rollback {
        let plan = self.plan_rollback(None, None, false).unwrap();
        assert!(!plan.needs_force() && !plan.is_impossible(), "{plan:?}");
        plan
    }

    /// All files with their text.
    fn listing(&self) -> Listing {
        listing(&self.root())
    }

    fn holds(&self, text: &str) -> bool {
        self.listing().iter().any(|(_, found)| found == text)
    }
}

fn old() -> Listing {
    owned(&FILES)
}

fn new(backup: bool) -> Listing {
    let mut files = vec![
        ("Dockerfile", "new one"),
        ("sub/.dockerignore", "created"),
        ("sub/Dockerfile", "new two"),
        ("sub/other", "x"),
    ];
    if backup {
        files.push(("Dockerfile.pre-slim.20261121", "old one"));
        files.push(("sub/Dockerfile.pre-slim.20261121", "old two"));
    }
    owned(&files)
}

/// Runs `work`; from step `last` on nothing reaches the disk any more, cleaning up included. On systems that exchange files and on
/// others.
fn killed_at<T>(last: usize, exchanges: bool, work: impl FnOnce() -> T) -> (T, usize) {
    let hook = move |step: usize, name: &str| match name {
        _ if step >= last => Err(std::io::Error::other("killed")),
        "exchange" if !exchanges => Err(std::io::ErrorKind::Unsupported.into()),
        _ => Ok(()),
    };
    fault::with(hook, work)
}

/// Every way to write: with and without backups, with and without exchange.
const WAYS: [(bool, bool); 4] = [(true, true), (true, false), (false, true), (false, false)];

#[test]
fn a_run_that_is_killed_at_any_step_leaves_all_or_nothing() {
    for (backup, exchanges) in WAYS {
        let mut ends = (0, 0);
        for last in 0.. {
            let sandbox = Sandbox::new();
            let (result, steps) = killed_at(last, exchanges, || sandbox.write(&PLAN, backup));
            sandbox.recover();
            let found = sandbox.listing();
            assert!(found == old() || found == new(backup), "step {last}, {backup} {exchanges}: {found:#?}");
            assert!(sandbox.recover().is_none(), "nothing is left to be put in order");
            if found == old() {
                ends.0 += 1;
            } else {
                ends.1 += 1;
            }
            // Whatever happened, the next run goes through, and back.
            if found == old() {
                sandbox.write(&PLAN, backup).unwrap();
            }
            assert_eq!(sandbox.listing(), new(backup), "step {last}");
            if backup {
                sandbox.rollback().apply(&sandbox.options(false)).unwrap();
                assert_eq!(sandbox.listing(), old(), "step {last}");
            }
            if steps <= last {
                result.unwrap();
                break;
            }
        }
        assert!(ends.0 > 15 && ends.1 > 1, "{ends:?}");
    }
}

#[test]
fn a_recovery_that_is_killed_goes_on_next_time() {
    for (backup, exchanges) in [(true, true), (false, false)] {
        for last in 0.. {
            let sandbox = Sandbox::new();
            let (_, steps) = killed_at(last, exchanges, || sandbox.write(&PLAN, backup));
            if steps <= last {
                break;
            }
            for again in 0.. {
                let sandbox = Sandbox::new();
                let _ = killed_at(last, exchanges, || sandbox.write(&PLAN, backup));
                let work = || recover(&sandbox.root(), Some(sandbox.state.path()));
                let (_, steps) = killed_at(again, exchanges, work);
                sandbox.recover();
                let found = sandbox.listing();
                assert!(found == old() || found == new(backup), "steps {last} {again}: {found:#?}");
                if steps <= again {
                    break;
                }
            }
        }
    }
}

#[test]
fn what_somebody_edits_after_the_kill_stays_and_nothing_is_lost() {
    for (backup, exchanges) in WAYS {
        for (edited, original) in [("Dockerfile", "old one"), ("sub/Dockerfile", "old two"), ("sub/.dockerignore", "")]
        {
            for last in 0.. {
                let sandbox = Sandbox::new();
                let (_, steps) = killed_at(last, exchanges, || sandbox.write(&PLAN, backup));
                let was_new = sandbox.root().join(edited).exists() && !sandbox.text(edited).starts_with("old");
                sandbox.put(edited, "edited");
                sandbox.recover();
                let context = format!("step {last}, {backup} {exchanges}, {edited}: {:#?}", sandbox.listing());
                assert_eq!(sandbox.text(edited), "edited", "{context}");
                let others = ["Dockerfile", "sub/Dockerfile"].into_iter().filter(|path| *path != edited);
                let are_new: Vec<bool> = others.map(|path| sandbox.text(path).starts_with("new")).collect();
                assert!(are_new.iter().all(|is_new| *is_new == are_new[0]), "{context}");
                // Who asked for no backup gets none of a run that was done.
                let is_asked = are_new[0] && !backup;
                assert!(!was_new || is_asked || original.is_empty() || sandbox.holds(original), "{context}");
                let done = steps <= last;
                assert!(!sandbox.listing().iter().any(|(name, _)| name.contains(".slimlint-")), "{context}");
                if done {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_step_that_fails_is_taken_back_at_once() {
    for (backup, exchanges) in WAYS {
        for failing in 0.. {
            let sandbox = Sandbox::new();
            let hook = move |step: usize, name: &str| match name {
                _ if step == failing => Err(std::io::ErrorKind::StorageFull.into()),
                "exchange" if !exchanges => Err(std::io::ErrorKind::Unsupported.into()),
                _ => Ok(()),
            };
            let (result, steps) = fault::with(hook, || sandbox.write(&PLAN, backup));
            let _ = sandbox.recover();
            let expected = if result.is_ok() { new(backup) } else { old() };
            assert_eq!(sandbox.listing(), expected, "step {failing}, {backup} {exchanges}: {result:?}");
            if steps <= failing {
                break;
            }
        }
    }
}

#[test]
fn a_disk_that_fills_up_loses_nothing_and_needs_no_room_to_go_back() {
    for (backup, exchanges) in WAYS {
        for full in 0.. {
            let sandbox = Sandbox::new();
            let hook = move |step: usize, name: &str| match name {
                "create" | "write" if step >= full => Err(std::io::ErrorKind::StorageFull.into()),
                "exchange" if !exchanges => Err(std::io::ErrorKind::Unsupported.into()),
                _ => Ok(()),
            };
            let (result, steps) = fault::with(hook, || sandbox.write(&PLAN, backup));
            let expected = if result.is_ok() { new(backup) } else { old() };
            // Without recovery: there is nothing to recover.
            assert_eq!(sandbox.listing(), expected, "step {full}: {result:?}");
            if steps <= full {
                break;
            }
        }
    }
}

#[test]
fn a_rollback_that_is_killed_at_any_step_leaves_all_or_nothing() {
    for exchanges in [true, false] {
        for last in 0.. {
            let sandbox = Sandbox::new();
            sandbox.write(&PLAN, true).unwrap();
            let (result, steps) = killed_at(last, exchanges, || sandbox.rollback().apply(&sandbox.options(false)));
            sandbox.recover();
            let texts = ["Dockerfile", "sub/Dockerfile"].map(|path| sandbox.text(path));
            let created = sandbox.root().join("sub/.dockerignore").exists();
            let is_old = texts == ["old one", "old two"] && !created;
            let is_new = texts == ["new one", "new two"] && created;
            assert!(is_old || is_new, "step {last}: {:#?}", sandbox.listing());
            assert!(sandbox.holds("old one") && sandbox.holds("old two"));
            sandbox.rollback().apply(&sandbox.options(false)).unwrap();
            assert_eq!(sandbox.listing(), old(), "step {last}");
            if steps <= last {
                result.unwrap();
                break;
            }
        }
    }
}

#[test]
fn a_rollback_that_fails_is_taken_back_at_once() {
    for failing in 0.. {
        let sandbox = Sandbox::new();
        sandbox.write(&PLAN, true).unwrap();
        let hook = move |step: usize, _: &str| {
            if step == failing { Err(std::io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
        };
        let (result, steps) = fault::with(hook, || sandbox.rollback().apply(&sandbox.options(false)));
        let _ = sandbox.recover();
        if result.is_err() {
            assert_eq!(sandbox.listing(), new(true), "step {failing}");
        }
        sandbox.rollback().apply(&sandbox.options(false)).unwrap();
        assert_eq!(sandbox.listing(), old(), "step {failing}");
        if steps <= failing {
            break;
        }
    }
}

/// What an editor does: a new file in the place of the old one.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn save(path: &std::path::Path, text: &str) {
    let new = path.with_extension("editor");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
#[test]
fn what_is_saved_at_the_very_last_moment_comes_back() {
    // Between the last look and the exchange, then killed at each step after it.
    for last in [None, Some(1), Some(2), Some(3)] {
        let sandbox = Sandbox::new();
        let path = sandbox.root().join("Dockerfile");
        let mut saved_at = None;
        let hook = move |step: usize, name: &str| {
            if name == "exchange" && saved_at.is_none() {
                save(&path, "saved");
                saved_at = Some(step);
            }
            match (saved_at, last) {
                (Some(at), Some(last)) if step >= at + last => Err(std::io::Error::other("killed")),
                _ => Ok(()),
            }
        };
        let (result, _) = fault::with(hook, || sandbox.write(&PLAN, true));
        assert!(result.is_err());
        sandbox.recover();
        assert_eq!(sandbox.text("Dockerfile"), "saved", "{last:?}: {:#?}", sandbox.listing());
        assert_eq!(sandbox.text("sub/Dockerfile"), "old two");
        assert!(!sandbox.listing().iter().any(|(name, _)| name.contains(".slimlint-")));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_swapped_for_a_link_at_any_step_leads_nowhere() {
    use std::os::unix::fs::symlink;
    for swapped in 0.. {
        let (sandbox, outside) = (Sandbox::new(), tempfile::tempdir().unwrap());
        for (name, text) in [("Dockerfile", "old two"), ("precious", "p")] {
            fs::write(outside.path().join(name), text).unwrap();
        }
        let (root, target) = (sandbox.root(), outside.path().to_owned());
        let hook = move |step: usize, _: &str| {
            if step == swapped {
                fs::rename(root.join("sub"), root.join("moved")).unwrap();
                symlink(&target, root.join("sub")).unwrap();
            }
            Ok(())
        };
        let (_, steps) = fault::with(hook, || sandbox.write(&PLAN, true));
        let _ = recover(&sandbox.root(), Some(sandbox.state.path()));
        let mut names: Vec<_> = fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["Dockerfile", "precious"], "step {swapped}");
        assert_eq!(fs::read_to_string(outside.path().join("Dockerfile")).unwrap(), "old two", "step {swapped}");
        assert!(sandbox.holds("old one") && sandbox.holds("old two"), "step {swapped}: {:#?}", sandbox.listing());
        if steps <= swapped {
            break;
        }
    }
}

#[test]
fn runs_are_a_stack() {
    let sandbox = Sandbox::new();
    sandbox.write(&[("Dockerfile", "old one", "second")], true).unwrap();
    sandbox.write(&[("Dockerfile", "second", "third"), ("sub/Dockerfile", "old two", "new two")], true).unwrap();
    let plan = sandbox.rollback();
    assert_eq!(plan.files.len(), 2);
    plan.apply(&sandbox.options(false)).unwrap();
    assert_eq!((sandbox.text("Dockerfile"), sandbox.text("sub/Dockerfile")), ("second".into(), "old two".into()));
    sandbox.rollback().apply(&sandbox.options(false)).unwrap();
    assert_eq!(sandbox.listing(), old());
    assert!(sandbox.rollback().files.is_empty());
}

#[test]
fn back_to_a_day_at_once() {
    let sandbox = Sandbox::new();
    for (date, before, after) in [("20261119", "old one", "a"), ("20261120", "a", "b"), ("20261121", "b", "c")] {
        let options = WriteOptions { date: date.to_owned(), ..sandbox.options(true) };
        write(&sandbox.root(), &plan(&[("Dockerfile", before, after)]), &options).unwrap();
    }
    let back = |to: &str| {
        let plan = sandbox.plan_rollback(None, Some(to), false).unwrap();
        assert!(!plan.needs_force());
        plan.apply(&sandbox.options(false)).unwrap();
        sandbox.text("Dockerfile")
    };
    assert_eq!(back("20261122"), "c");
    assert_eq!(back("20261120"), "a");
    assert_eq!(sandbox.listing().len(), FILES.len() + 1, "two backups are spent");
    assert_eq!(back("20200101"), "old one");
    assert_eq!(sandbox.listing(), old());
}

#[test]
fn what_was_edited_since_is_kept_in_a_backup() {
    let sandbox = Sandbox::new();
    sandbox.write(&PLAN, true).unwrap();
    sandbox.put("Dockerfile", "edited");
    sandbox.put("sub/.dockerignore", "edited too");
    let plan = sandbox.plan_rollback(None, None, false).unwrap();
    assert!(plan.needs_force());
    let changed: Vec<&str> =
        plan.files.iter().filter(|file| file.changed_since).map(|file| file.path.as_str()).collect();
    assert_eq!(changed, ["Dockerfile", "sub/.dockerignore"]);
    drop(plan);
    sandbox.plan_rollback(None, None, true).unwrap().apply(&sandbox.options(false)).unwrap();
    assert_eq!((sandbox.text("Dockerfile"), sandbox.text("sub/Dockerfile")), ("old one".into(), "old two".into()));
    assert!(!sandbox.root().join("sub/.dockerignore").exists());
    assert!(sandbox.holds("edited") && sandbox.holds("edited too"));
    // And back.
    sandbox.rollback().apply(&sandbox.options(false)).unwrap();
    assert_eq!((sandbox.text("Dockerfile"), sandbox.text("sub/.dockerignore")), ("edited".into(), "edited too".into()));
    assert_eq!(sandbox.text("sub/Dockerfile"), "new two");
}

#[test]
fn an_edit_between_two_runs_is_not_lost() {
    let sandbox = Sandbox::new();
    sandbox.write(&[("Dockerfile", "old one", "a")], true).unwrap();
    sandbox.put("Dockerfile", "between");
    sandbox.write(&[("Dockerfile", "between", "b")], true).unwrap();
    assert!(sandbox.plan_rollback(None, Some("20000101"), false).unwrap().needs_force());
    sandbox.plan_rollback(None, Some("20000101"), true).unwrap().apply(&sandbox.options(false)).unwrap();
    assert_eq!(sandbox.text("Dockerfile"), "old one");
    assert!(sandbox.holds("between"), "{:#?}", sandbox.listing());
}

#[test]
fn without_backups_git_is_the_backup() {
    let sandbox = Sandbox::new();
    sandbox.write(&PLAN, false).unwrap();
    let plan = sandbox.plan_rollback(None, None, true).unwrap();
    assert!(plan.is_impossible());
    drop(plan);
    assert_eq!(sandbox.listing(), new(false));
    // What git brought back needs nothing; what was created still goes.
    sandbox.put("Dockerfile", "old one");
    sandbox.put("sub/Dockerfile", "old two");
    sandbox.rollback().apply(&sandbox.options(false)).unwrap();
    assert_eq!(sandbox.listing(), old());
}

#[test]
fn a_part_of_a_run() {
    let sandbox = Sandbox::new();
    sandbox.write(&PLAN, true).unwrap();
    sandbox.plan_rollback(Some("sub"), None, false).unwrap().apply(&sandbox.options(false)).unwrap();
    assert_eq!((sandbox.text("Dockerfile"), sandbox.text("sub/Dockerfile")), ("new one".into(), "old two".into()));
    assert!(sandbox.plan_rollback(Some("sub"), None, false).unwrap().files.is_empty());
    assert!(matches!(sandbox.plan_rollback(Some("no/such"), None, false), Err(RollbackError::NoSuchPath(_))));
    sandbox.rollback().apply(&sandbox.options(false)).unwrap();
    assert_eq!(sandbox.listing(), old());
}

#[test]
fn backups_that_are_gone_or_edited_are_not_restored() {
    for (spoil, reason) in [(None, "gone"), (Some("hostile"), "changed")] {
        let sandbox = Sandbox::new();
        sandbox.write(&PLAN, true).unwrap();
        match spoil {
            Some(text) => sandbox.put("Dockerfile.pre-slim.20261121", text),
            None => fs::remove_file(sandbox.root().join("Dockerfile.pre-slim.20261121")).unwrap(),
        }
        let plan = sandbox.plan_rollback(None, None, true).unwrap();
        assert!(matches!(plan.files[0].action, Action::Impossible(said) if said.contains(reason)), "{plan:?}");
    }
}

#[test]
fn without_a_journal_names_are_all_there_is() {
    let sandbox = Sandbox::new();
    sandbox.write(&PLAN, true).unwrap();
    fs::remove_dir_all(sandbox.state.path()).unwrap();
    sandbox.put("Dockerfile.pre-slim.20200101", "planted");
    let plan = sandbox.plan_rollback(None, None, false).unwrap();
    assert!(plan.by_name && plan.needs_force());
    let paths: Vec<&str> = plan.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["Dockerfile", "sub/Dockerfile"]);
    drop(plan);
    sandbox.plan_rollback(None, None, true).unwrap().apply(&sandbox.options(false)).unwrap();
    assert_eq!((sandbox.text("Dockerfile"), sandbox.text("sub/Dockerfile")), ("old one".into(), "old two".into()));
    assert!(sandbox.holds("new one") && sandbox.root().join("sub/.dockerignore").exists());
    // Which was a run like any other.
    sandbox.rollback().apply(&sandbox.options(false)).unwrap();
    assert_eq!(sandbox.text("Dockerfile"), "new one");
}

#[test]
fn two_runs_at_once_wait_or_stop() {
    let sandbox = Sandbox::new();
    let rollback = sandbox.write(&PLAN, true).map(|_| sandbox.rollback()).unwrap();
    let journal = super::super::journal::Journal::of(sandbox.state.path(), &sandbox.root());
    assert!(journal.is_busy());
    assert!(!is_interrupted(&sandbox.root(), Some(sandbox.state.path())));
    drop(rollback);
    assert!(!journal.is_busy());
}

#[test]
fn interruption_is_seen() {
    let sandbox = Sandbox::new();
    let state = Some(sandbox.state.path());
    assert!(!is_interrupted(&sandbox.root(), state));
    let _ = killed_at(14, true, || sandbox.write(&PLAN, true));
    assert!(is_interrupted(&sandbox.root(), state));
    assert!(matches!(sandbox.write(&PLAN, true), Err(WriteError::Interrupted(_) | WriteError::Changed(_))));
    let plan = sandbox.plan_rollback(None, None, false).unwrap();
    assert_eq!(plan.recovered.len(), 1);
    assert!(plan.files.is_empty(), "a run that was killed is taken back alone");
    drop(plan);
    assert_eq!(sandbox.listing(), old());
}

#[test]
fn only_old_backups_beside_their_files_are_pruned() {
    let sandbox = Sandbox::new();
    sandbox.write(&PLAN, true).unwrap();
    for (name, text) in [
        ("Dockerfile.pre-slim.20261101", "by name"),
        ("Dockerfile.pre-slim.20261114", "seven days"),
        ("gone.pre-slim.20261101", "only copy"),
        ("Dockerfile.pre-slim.2026", "other"),
        ("Dockerfile.pre-slim.gpu", "other"),
        (".slimlint-x.tmp", "other"),
        (".git/Dockerfile.pre-slim.20261101", "other"),
        (".git/Dockerfile", "other"),
    ] {
        sandbox.put(name, text);
    }
    let root = sandbox.root();
    let state = Some(sandbox.state.path());
    let before = sandbox.listing();
    let list = list_backups(None, &root, state, "20261121").unwrap();
    let names: Vec<(&str, i64, Option<u64>)> =
        list.backups.iter().map(|backup| (backup.path.as_str(), backup.age_days, backup.run)).collect();
    let expected = [
        ("Dockerfile.pre-slim.20261121", 0, Some(1)),
        ("Dockerfile.pre-slim.20261114", 7, None),
        ("Dockerfile.pre-slim.20261101", 20, None),
        ("gone.pre-slim.20261101", 20, None),
        ("sub/Dockerfile.pre-slim.20261121", 0, Some(1)),
    ];
    assert_eq!(names, expected);
    let removed = |dry: bool, today: &str| {
        let list = list_backups(None, &root, state, today).unwrap();
        let pruned = prune(&list, 7, state, today, dry).unwrap();
        assert!(pruned.failed.is_empty());
        pruned.removed.iter().map(|backup| backup.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(removed(true, "20261121"), ["Dockerfile.pre-slim.20261101"]);
    assert_eq!(sandbox.listing(), before);
    assert_eq!(removed(false, "20261121"), ["Dockerfile.pre-slim.20261101"]);
    assert!(!sandbox.holds("by name") && sandbox.holds("only copy"));
    assert_eq!(sandbox.listing().len(), before.len() - 1);
    sandbox.put("Dockerfile.pre-slim.20261121", "edited");
    assert_eq!(removed(false, "20261201"), ["Dockerfile.pre-slim.20261114", "sub/Dockerfile.pre-slim.20261121"]);
    assert!(sandbox.holds("edited") && sandbox.holds("other"));
}
