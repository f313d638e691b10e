use std::fs;

use crate::workspace::testing::folder;

use super::super::testing::{listing, owned, plan};
use super::*;

fn options(backup: bool) -> WriteOptions {
    WriteOptions { backup, date: "20261121".to_owned(), time: 1, state: None }
}

#[test]
fn backups_are_never_overwritten() {
    let folder = folder(&[("Dockerfile", "a")]);
    for (before, after) in [("a", "b"), ("b", "c"), ("c", "d")] {
        write(folder.path(), &plan(&[("Dockerfile", before, after)]), &options(true)).unwrap();
    }
    let expected = [
        ("Dockerfile", "d"),
        ("Dockerfile.pre-slim.20261121", "a"),
        ("Dockerfile.pre-slim.20261121.2", "b"),
        ("Dockerfile.pre-slim.20261121.3", "c"),
    ];
    assert_eq!(listing(folder.path()), owned(&expected));
}

#[test]
fn creates_and_changes_and_tells() {
    let folder = folder(&[("a/Dockerfile", "a")]);
    let plan = plan(&[("a/.dockerignore", "", ".git\n"), ("a/Dockerfile", "a", "b")]);
    let written = write(folder.path(), &plan, &options(true)).unwrap();
    let told: Vec<(bool, bool)> = written.files.iter().map(|file| (file.created, file.backup.is_some())).collect();
    assert_eq!(told, [(true, false), (false, true)]);
    let expected = [("a/.dockerignore", ".git\n"), ("a/Dockerfile", "b"), ("a/Dockerfile.pre-slim.20261121", "a")];
    assert_eq!(listing(folder.path()), owned(&expected));
}

#[test]
fn nothing_is_written_when_one_file_is_not_as_it_was() {
    let files = [("a", "1"), ("b", "2")];
    for (plan, expected) in [
        (plan(&[("a", "1", "x"), ("b", "other", "y")]), "changed on disk"),
        (plan(&[("a", "1", "x"), ("gone", "2", "y")]), "changed on disk"),
        (plan(&[("a", "1", "x"), ("b", "", "y")]), "appeared"),
        (plan(&[("a", "1", "x"), ("no/folder", "", "y")]), "cannot be written"),
        (plan(&[("a", "1", "x"), ("../out", "", "y")]), "outside"),
    ] {
        let folder = folder(&files);
        let error = write(folder.path(), &plan, &options(true)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(listing(folder.path()), owned(&files), "{expected}");
    }
}

#[test]
fn a_file_that_appears_at_the_last_moment_stops_everything() {
    let folder = folder(&[("a", "1"), ("b", "2")]);
    let root = folder.path().canonicalize().unwrap();
    let plan = plan(&[("a", "1", "x"), ("b", "2", "y"), ("new", "", "z"), ("other", "", "w")]);
    let theirs = root.join("other");
    let hook = move |_: usize, name: &str| {
        // Somebody else creates a file when everything is prepared.
        if name == "exchange" && !theirs.exists() {
            fs::write(&theirs, "theirs").unwrap();
        }
        Ok(())
    };
    let (result, _) = fault::with(hook, || write(&root, &plan, &options(true)));
    assert!(matches!(result, Err(WriteError::Appeared(_))), "{result:?}");
    assert_eq!(listing(folder.path()), owned(&[("a", "1"), ("b", "2"), ("other", "theirs")]));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    fn mode(folder: &TempDir, name: &str) -> u32 {
        fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn modes_are_kept() {
        let folder = folder(&[("Dockerfile", "a"), ("plain", "a")]);
        fs::set_permissions(folder.path().join("Dockerfile"), fs::Permissions::from_mode(0o750)).unwrap();
        write(folder.path(), &plan(&[("Dockerfile", "a", "b"), (".dockerignore", "", "x")]), &options(true)).unwrap();
        assert_eq!((mode(&folder, "Dockerfile"), mode(&folder, "Dockerfile.pre-slim.20261121")), (0o750, 0o750));
        assert_eq!(mode(&folder, ".dockerignore"), mode(&folder, "plain"));
    }

    #[test]
    fn read_only_files_are_refused_before_anything_is_written() {
        let folder = folder(&[("a", "1"), ("b", "2")]);
        fs::set_permissions(folder.path().join("b"), fs::Permissions::from_mode(0o444)).unwrap();
        let plan = plan(&[("a", "1", "x"), ("b", "2", "y")]);
        assert!(matches!(write(folder.path(), &plan, &options(true)), Err(WriteError::ReadOnly(_))));
        assert_eq!(listing(folder.path()), owned(&[("a", "1"), ("b", "2")]));
    }

    #[test]
    fn links_stay_links() {
        let folder = folder(&[("real/Dockerfile", "a")]);
        symlink("real/Dockerfile", folder.path().join("Dockerfile")).unwrap();
        let both = plan(&[("Dockerfile", "a", "b"), ("real/Dockerfile", "a", "b")]);
        write(folder.path(), &both, &options(true)).unwrap();
        let expected = [
            ("Dockerfile", "-> real/Dockerfile"),
            ("real/Dockerfile", "b"),
            ("real/Dockerfile.pre-slim.20261121", "a"),
        ];
        assert_eq!(listing(folder.path()), owned(&expected));
        let differ = plan(&[("Dockerfile", "b", "c"), ("real/Dockerfile", "b", "d")]);
        assert!(matches!(write(folder.path(), &differ, &options(true)), Err(WriteError::TwoNames(_))));
    }

    #[test]
    fn links_that_leave_the_root_are_refused() {
        let outside = folder(&[("Dockerfile", "a")]);
        let folder = folder(&[("x", "1")]);
        symlink(outside.path().join("Dockerfile"), folder.path().join("Dockerfile")).unwrap();
        symlink(outside.path(), folder.path().join("sub")).unwrap();
        for files in [[("x", "1", "2"), ("Dockerfile", "a", "b")], [("x", "1", "2"), ("sub/.dockerignore", "", "b")]] {
            assert!(matches!(write(folder.path(), &plan(&files), &options(true)), Err(WriteError::OutsideRoot(_))));
        }
        assert_eq!(listing(outside.path()), owned(&[("Dockerfile", "a")]));
        assert_eq!(fs::read_to_string(folder.path().join("x")).unwrap(), "1");
    }
}
