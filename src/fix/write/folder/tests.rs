use std::fs;

use super::*;

/// The same for both ways of holding a folder.
macro_rules! folders {
    ($($module:ident)*) => {$(
        mod $module {
            use super::*;
            use super::super::$module::{Folder, Likeness};

            #[test]
            fn reads_makes_and_renames() {
                let root = tempfile::tempdir().unwrap();
                fs::create_dir_all(root.path().join("a/b")).unwrap();
                let folder = Folder::open(root.path(), "a/b").unwrap();
                assert!(folder.read("x").unwrap().is_none());
                folder.create("x", b"one", None).unwrap();
                folder.create("y", b"two", None).unwrap();
                assert_eq!(folder.create("x", b"three", None).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
                assert_eq!(folder.rename_new("x", "y").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
                assert_eq!(folder.read("x").unwrap().unwrap().bytes, b"one");
                folder.rename_new("x", "z").unwrap();
                assert!(!folder.exists("x").unwrap() && folder.exists("z").unwrap());
                folder.rename("z", "y").unwrap();
                assert_eq!(folder.read("y").unwrap().unwrap().bytes, b"one");
                let likeness = Likeness::of(&fs::metadata(root.path().join("a/b/y")).unwrap());
                folder.create("w", b"four", Some(&likeness)).unwrap();
                if folder.exchange("w", "y").unwrap() {
                    assert_eq!(folder.read("y").unwrap().unwrap().bytes, b"four");
                }
                folder.remove("w").unwrap();
                folder.remove("w").unwrap();
                folder.sync().unwrap();
            }

            #[test]
            fn keeps_below_the_root() {
                let root = tempfile::tempdir().unwrap();
                fs::create_dir(root.path().join("a")).unwrap();
                for path in ["..", "a/../..", "/", "/etc", "missing"] {
                    assert!(Folder::open(root.path(), path).is_err(), "{path}");
                }
                assert!(Folder::open(root.path(), "a").unwrap().read(".").is_err());
            }

            #[cfg(unix)]
            #[test]
            fn follows_no_link_and_waits_for_no_pipe() {
                use std::os::unix::fs::symlink;
                let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
                let root_path = root.path().canonicalize().unwrap();
                fs::write(outside.path().join("secret"), "s").unwrap();
                symlink(outside.path(), root.path().join("folder")).unwrap();
                symlink(outside.path().join("secret"), root.path().join("file")).unwrap();
                symlink("nowhere", root.path().join("broken")).unwrap();
                assert!(Folder::open(&root_path, "folder").is_err());
                let folder = Folder::open(&root_path, "").unwrap();
                assert!(is_refused(folder.read("file")) && is_refused(folder.read("broken")));
                assert!(folder.exists("broken").unwrap());
                assert!(folder.create("broken", b"x", None).is_err() && folder.create("file", b"x", None).is_err());
                let made = std::process::Command::new("mkfifo").arg(root.path().join("pipe")).status();
                if made.is_ok_and(|status| status.success()) {
                    assert!(is_refused(folder.read("pipe")));
                }
                assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "s");
            }

            #[cfg(unix)]
            #[test]
            fn a_folder_that_becomes_a_link_leads_nowhere() {
                let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
                let root_path = root.path().canonicalize().unwrap();
                fs::create_dir(root.path().join("a")).unwrap();
                let folder = Folder::open(&root_path, "a").unwrap();
                fs::rename(root.path().join("a"), root.path().join("moved")).unwrap();
                std::os::unix::fs::symlink(outside.path(), root.path().join("a")).unwrap();
                let _ = folder.create("x", b"x", None);
                let _ = folder.rename_new("x", "y");
                assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
            }

            #[cfg(unix)]
            fn is_refused<T>(result: io::Result<Option<T>>) -> bool {
                result.is_err_and(|error| super::super::super::is_not_a_file(&error))
            }
        }
    )*};
}

#[cfg(unix)]
folders!(portable unix);
#[cfg(not(unix))]
folders!(portable);

#[test]
fn stamps() {
    let stamp = Stamp::of(b"abc");
    assert_eq!(stamp.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(stamp.bytes, 3);
}
