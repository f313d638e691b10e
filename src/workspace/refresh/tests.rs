use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::super::testing::{folder, write};
use super::*;
use crate::context::IgnoreFile;

fn text(workspace: &Workspace, path: &str) -> Option<String> {
    workspace.read(path).ok().map(|file| file.text().to_owned())
}

/// What a workspace tells of everything that the tests change.
fn told(workspace: &Workspace) -> String {
    let ignore = workspace.read(".dockerignore").ok().map(|file| IgnoreFile::parse(file.text()));
    let paths = ["a.py", "b.py", "app/a.py", "app/new/c.py", "requirements.txt", "link", "link/a.py", ".dockerignore"];
    let mut told = format!("{:?}\n{:?}\n", workspace.tree("", ignore.as_ref()), workspace.python_sources("", 100));
    for path in paths {
        let (is_file, is_dir) = (workspace.is_file(path), workspace.is_dir(path));
        let _ = writeln!(told, "{path}: {:?} {is_file} {is_dir}", text(workspace, path));
        let _ = writeln!(told, "{:?} {:?}", workspace.file_bytes(path), workspace.list(path));
    }
    let _ = writeln!(told, "{:?}", workspace.requirements("requirements.txt").map(|file| format!("{file:?}")).ok());
    told
}

/// Makes everything in `folder` look as if it had been changed at one time long ago.
fn age(folder: &std::path::Path) {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(400_000);
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let file = std::fs::File::options().write(true).open(entry.path()).expect("opens");
        file.set_modified(long_ago).expect("sets the time");
    }
}

const FILES: [(&str, &str); 5] = [
    ("a.py", "import a\n"),
    ("app/a.py", "import aa\n"),
    ("app/b.py", ""),
    ("requirements.txt", "torch==1\n"),
    (".dockerignore", "app/b.py\n"),
];

/// What is done to a repository.
type Change = fn(&std::path::Path);

/// What can happen to [`FILES`], and whether anything is told otherwise afterwards.
const CHANGES: [(&str, bool, Change); 13] = [
    ("nothing", false, |_| {}),
    ("a source of the same size", true, |root| write(root, "a.py", "import b\n")),
    ("a source of another size", true, |root| write(root, "app/a.py", "import aab\n")),
    ("the same text once more", false, |root| write(root, "a.py", "import a\n")),
    ("a manifest", true, |root| write(root, "requirements.txt", "torch==2\n")),
    ("an ignore file", true, |root| write(root, ".dockerignore", "app/a.py\n")),
    ("a new file", true, |root| write(root, "b.py", "import c\n")),
    ("a new folder", true, |root| write(root, "app/new/c.py", "import c\n")),
    ("a file less", true, |root| std::fs::remove_file(root.join("app/b.py")).expect("removes")),
    ("a folder less", true, |root| std::fs::remove_dir_all(root.join("app")).expect("removes")),
    ("a folder for a file", true, |root| {
        std::fs::remove_file(root.join("a.py")).expect("removes");
        write(root, "a.py/b.py", "");
    }),
    ("another file under the name", true, |root| {
        write(root, "other", "import z\n");
        std::fs::rename(root.join("other"), root.join("a.py")).expect("renames");
    }),
    ("a file that nothing asked for", false, |root| write(root, "app/b.py", "import much\n")),
];

/// Changes each of `folders` in its way, and compares what is told then with what a new workspace tells.
fn tells_what_a_new_workspace_does(folders: &[tempfile::TempDir]) {
    for (folder, (name, changes_something, change)) in folders.iter().zip(CHANGES) {
        let workspace = Workspace::open(folder.path()).expect("opens");
        let before = told(&workspace);
        assert!(!workspace.refresh(), "{name}: nothing changed yet");
        change(folder.path());
        assert_eq!(workspace.refresh(), changes_something, "{name}");
        let fresh = told(&Workspace::open(folder.path()).expect("opens"));
        assert_eq!(told(&workspace), fresh, "{name}");
        assert_eq!(before != fresh, changes_something, "{name}");
        assert!(!workspace.refresh(), "{name}: nothing changed since");
        assert_eq!(told(&workspace), fresh, "{name}");
    }
}

#[test]
fn after_any_change_it_tells_what_a_new_workspace_does() {
    tells_what_a_new_workspace_does(&CHANGES.map(|_| folder(&FILES)));
}

#[test]
fn what_was_old_enough_to_be_believed_is_still_looked_at() {
    let folders = CHANGES.map(|_| folder(&FILES));
    // Longer than any file system's times are apart.
    std::thread::sleep(Duration::from_millis(3_200));
    let workspace = Workspace::open(folders[0].path()).expect("opens");
    told(&workspace);
    let standing = workspace.standing();
    assert!(standing.rest.files.is_empty() && standing.rest.kinds.is_empty(), "stamps show all of it");
    let is_folder = |path: &str| workspace.is_dir(path);
    assert!(
        !standing.rest.listings.iter().any(|(path, _)| is_folder(path)),
        "only files that were listed are looked at"
    );
    tells_what_a_new_workspace_does(&folders);
}

#[test]
fn times_that_are_set_back_hide_no_change() {
    let folder = folder(&FILES);
    age(folder.path());
    let workspace = Workspace::open(folder.path()).expect("opens");
    told(&workspace);
    write(folder.path(), "a.py", "import z\n");
    age(folder.path());
    assert!(workspace.refresh());
    assert_eq!(text(&workspace, "a.py").as_deref(), Some("import z\n"));
}

#[test]
fn a_file_that_was_missed_is_found_once_it_is_there() {
    let folder = folder(&FILES);
    let workspace = Workspace::open(folder.path()).expect("opens");
    assert_eq!(text(&workspace, "b.py"), None);
    write(folder.path(), "b.py", "import c\n");
    assert!(workspace.refresh());
    assert_eq!(text(&workspace, "b.py").as_deref(), Some("import c\n"));
}

#[test]
fn what_is_unsaved_stays() {
    let folder = folder(&FILES);
    let workspace = Workspace::open(folder.path()).expect("opens");
    told(&workspace);
    workspace.set_overlay("a.py", Some(b"import mine\n".to_vec()));
    let kept = workspace.read("app/a.py").expect("reads");
    write(folder.path(), "a.py", "import theirs\n");
    assert!(workspace.refresh());
    assert_eq!(text(&workspace, "a.py").as_deref(), Some("import mine\n"));
    assert!(Arc::ptr_eq(&kept, &workspace.read("app/a.py").expect("reads")), "what did not change is not read anew");
    workspace.set_overlay("a.py", None);
    assert_eq!(text(&workspace, "a.py").as_deref(), Some("import theirs\n"));
}

#[test]
fn answers_hold_until_something_they_come_from_changes() {
    let folder = folder(&[("Dockerfile", "FROM a\n"), ("a.py", "1"), ("Dockerfile.env", "")]);
    let workspace = Workspace::open(folder.path()).expect("opens");
    let length =
        || *workspace.remembered_of_surroundings("length", || workspace.read("a.py").map_or(0, |it| it.text().len()));
    let dockerfile = workspace.read("Dockerfile").expect("reads");
    let made = std::sync::atomic::AtomicUsize::new(0);
    let count = || {
        let make = || made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        workspace.remembered_of_with_surroundings("count", &dockerfile, make);
        made.load(std::sync::atomic::Ordering::Relaxed)
    };
    assert_eq!((length(), count()), (1, 1));
    workspace.set_overlay("Dockerfile", Some(b"FROM b\n".to_vec()));
    assert_eq!(count(), 1, "the text of a Dockerfile");
    workspace.set_overlay("Dockerfile.env", Some(b"A=1\n".to_vec()));
    assert_eq!(count(), 2, "which may be an environment file");
    workspace.set_overlay("sub/Dockerfile", Some(b"FROM b\n".to_vec()));
    assert_eq!(count(), 3, "a new file");
    workspace.set_overlay("a.py", Some(b"123".to_vec()));
    assert_eq!((length(), count()), (3, 4));
    workspace.set_overlay("a.py", None);
    write(folder.path(), "a.py", "12");
    assert!(workspace.refresh());
    assert_eq!(length(), 2);
}

#[cfg(unix)]
#[test]
fn links_are_followed_anew() {
    use super::super::testing::link;
    let outside = folder(&[("a.py", "secret")]);
    let changes: [(&str, Change); 3] = [
        ("a link to another folder", |root| {
            std::fs::remove_file(root.join("link")).expect("removes");
            link(root, "link", "two");
        }),
        ("a link in the place of a folder", |root| {
            std::fs::remove_dir_all(root.join("app")).expect("removes");
            link(root, "app", "two");
        }),
        ("what a link leads to", |root| write(root, "one/a.py", "import 4\n")),
    ];
    for (name, change) in changes {
        let folder = folder(&[("one/a.py", "import 1\n"), ("two/a.py", "import 2\n"), ("app/a.py", "import 3\n")]);
        link(folder.path(), "link", "one");
        let workspace = Workspace::open(folder.path()).expect("opens");
        told(&workspace);
        change(folder.path());
        assert!(workspace.refresh(), "{name}");
        assert_eq!(told(&workspace), told(&Workspace::open(folder.path()).expect("opens")), "{name}");
    }
    let folder = folder(&[("app/a.py", "import 3\n")]);
    let workspace = Workspace::open(folder.path()).expect("opens");
    told(&workspace);
    std::fs::remove_file(folder.path().join("app/a.py")).expect("removes");
    link(folder.path(), "app/a.py", outside.path().join("a.py"));
    assert!(workspace.refresh());
    assert_eq!(text(&workspace, "app/a.py"), None, "nothing outside is read");
}
