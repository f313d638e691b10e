use super::super::testing::{folder, write};
use super::*;

fn paths(tree: &Tree) -> Vec<&str> {
    tree.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn a_context_is_what_its_ignore_file_leaves() {
    let folder = folder(&[
        (".git/HEAD", "ref"),
        (".gitignore", "src\n"),
        ("src/main.py", "12345"),
        ("src/a/__pycache__/m.pyc", "x"),
        ("node_modules/x/README.md", "1"),
        ("node_modules/x/index.js", "1"),
        ("Dockerfile.pre-slim.20260101", "backup"),
        ("empty/", ""),
    ]);
    let workspace = Workspace::open(folder.path()).expect("opens");
    let all = workspace.tree("", None);
    assert!(all.complete);
    assert_eq!(
        paths(&all),
        [
            ".git/HEAD",
            ".gitignore",
            "node_modules/x/README.md",
            "node_modules/x/index.js",
            "src/a/__pycache__/m.pyc",
            "src/main.py"
        ]
    );
    let ignore = IgnoreFile::parse(".git*\nnode_modules\n!**/README.md\n**/*.pyc\n");
    let left = workspace.tree("./", Some(&ignore));
    assert_eq!(paths(&left), ["node_modules/x/README.md", "src/main.py"]);
    assert_eq!(left.bytes(), 6);
    assert_eq!(paths(&workspace.tree("src", Some(&ignore))), ["main.py"]);
    assert!(Arc::ptr_eq(&left, &workspace.tree("", Some(&ignore))));
}

#[test]
fn what_is_no_folder_has_no_complete_tree() {
    let folder = folder(&[("file", "x")]);
    let workspace = Workspace::open(folder.path()).expect("opens");
    for context in ["missing", "file", "..", "/"] {
        let tree = workspace.tree(context, None);
        assert!(tree.files.is_empty() && !tree.complete, "{context}");
    }
}

#[test]
fn unsaved_files_are_in_the_tree() {
    let folder = folder(&[("app/a.py", "1"), ("app/b.py", "1")]);
    let disk = Workspace::open(folder.path()).expect("opens");
    let memory = Workspace::in_memory(["app/a.py", "app/b.py"].map(|path| (path.to_owned(), b"1".to_vec())));
    let ignore = IgnoreFile::parse("secret\n");
    for workspace in [disk, memory] {
        let before = workspace.tree("app", Some(&ignore));
        assert_eq!((before.bytes(), before.complete), (2, true));
        workspace.set_overlay("app/a.py", Some(b"12345".to_vec()));
        workspace.set_overlay("app/c.py", Some(b"12".to_vec()));
        workspace.set_overlay("app/secret", Some(b"12".to_vec()));
        workspace.set_overlay("apple", Some(b"12".to_vec()));
        let after = workspace.tree("app", Some(&ignore));
        assert_eq!(paths(&after), ["a.py", "b.py", "c.py"]);
        assert_eq!(after.bytes(), 8);
        assert_eq!(*workspace.python_sources("app", 10), ["app/a.py", "app/b.py", "app/c.py"]);
        assert_eq!(*workspace.python_sources("app", 2), ["app/a.py", "app/b.py"]);
        for path in ["app/a.py", "app/c.py", "app/secret"] {
            workspace.set_overlay(path, None);
        }
        assert_eq!(workspace.tree("app", Some(&ignore)).bytes(), 2);
    }
}

#[test]
fn python_sources_are_the_projects_own() {
    let folder = folder(&[
        ("app/main.py", ""),
        ("app/data.txt", ""),
        ("app/__pycache__/x.py", ""),
        (".venv/lib/x.py", ""),
        ("env/pyvenv.cfg", ""),
        ("env/lib/x.py", ""),
        ("node_modules/gyp/x.py", ""),
        ("vendor/site-packages/x.py", ""),
        ("setup.py", ""),
        (".hidden/x.py", ""),
    ]);
    let workspace = Workspace::open(folder.path()).expect("opens");
    assert_eq!(*workspace.python_sources("", 100), [".hidden/x.py", "app/main.py", "setup.py"]);
    assert_eq!(*workspace.python_sources("app", 100), ["app/main.py"]);
    assert!(workspace.python_sources("..", 100).is_empty());
}

#[test]
fn depth_is_capped() {
    let folder = folder(&[("top", "x")]);
    let deep = "d/".repeat(MAX_DEPTH + 6) + "f";
    write(folder.path(), &deep, "x");
    let workspace = Workspace::open(folder.path()).expect("opens");
    let tree = workspace.tree("", None);
    assert_eq!(paths(&tree), ["top"]);
    assert!(!tree.complete);
    assert!(workspace.tree("", Some(&IgnoreFile::parse("d"))).complete);
}

#[cfg(unix)]
#[test]
fn links_count_nothing_and_lead_nowhere() {
    use super::super::testing::link;
    let outside = folder(&[("big", "123456")]);
    let folder = folder(&[("a/file", "123")]);
    link(folder.path(), "a/cycle", "..");
    link(folder.path(), "out", outside.path());
    link(folder.path(), "copy", "a/file");
    let workspace = Workspace::open(folder.path()).expect("opens");
    let tree = workspace.tree("", None);
    assert_eq!(paths(&tree), ["a/cycle", "a/file", "copy", "out"]);
    assert_eq!((tree.bytes(), tree.complete), (3, true));
    assert!(!workspace.tree("out", None).complete);
    assert_eq!(workspace.tree("a/cycle/a", None).bytes(), 3);
}
