use std::fs::File;

use super::super::MAX_FILE_BYTES;
use super::super::testing::{folder, write};
use super::*;

fn open(files: &[(&str, &str)]) -> (tempfile::TempDir, Workspace) {
    let folder = folder(files);
    let workspace = Workspace::open(folder.path()).expect("opens");
    (folder, workspace)
}

fn text(workspace: &Workspace, path: &str) -> Result<String, String> {
    workspace.read(path).map(|file| file.text().to_owned()).map_err(|error| format!("{error:?}"))
}

#[test]
fn a_file_is_read_once_under_any_spelling() {
    let (folder, workspace) = open(&[("a/b.txt", "one")]);
    let first = workspace.read("a/b.txt").expect("reads");
    write(folder.path(), "a/b.txt", "two");
    for path in ["a/b.txt", "./a//b.txt", "a/c/../b.txt"] {
        assert!(Arc::ptr_eq(&first, &workspace.read(path).expect("reads")), "{path}");
    }
    assert_eq!(first.path(), "a/b.txt");
    workspace.forget("a/b.txt");
    assert_eq!(text(&workspace, "a/b.txt").as_deref(), Ok("two"));
}

#[test]
fn a_file_that_appears_is_seen_once_forgotten() {
    let (folder, workspace) = open(&[("a/", "")]);
    assert!(!workspace.exists("a/b/c"));
    assert!(workspace.list("a").is_empty());
    write(folder.path(), "a/b/c", "x");
    workspace.forget("a/b/c");
    assert!(workspace.is_file("a/b/c") && workspace.is_dir("a/b"));
    assert_eq!(workspace.list("a").len(), 1);
    workspace.forget("");
    assert!(workspace.is_file("a/b/c"));
}

#[test]
fn unsaved_text_comes_first_and_can_create() {
    let (_folder, workspace) = open(&[("Dockerfile", "FROM a\n"), ("src/main.py", "")]);
    workspace.set_overlay("./Dockerfile", Some(b"FROM bb\n".to_vec()));
    workspace.set_overlay("new/deep/.dockerignore", Some(b".git\n".to_vec()));
    workspace.set_overlay("../out", Some(Vec::new()));
    assert_eq!(text(&workspace, "Dockerfile").as_deref(), Ok("FROM bb\n"));
    assert!(workspace.is_file("new/deep/.dockerignore") && workspace.is_dir("new/deep") && workspace.exists("new"));
    assert!(!workspace.exists("new/dee") && matches!(workspace.read("new"), Err(ReadError::NotAFile)));
    let listed: Vec<_> = workspace.list("").into_iter().map(|entry| (entry.name, entry.is_dir)).collect();
    assert_eq!(listed, [("Dockerfile".into(), false), ("new".into(), true), ("src".into(), true)]);
    assert_eq!((workspace.file_bytes("Dockerfile"), workspace.file_bytes("new")), (Some(8), None));
    workspace.set_overlay("Dockerfile", None);
    workspace.set_overlay("new/deep/.dockerignore", None);
    assert_eq!(text(&workspace, "Dockerfile").as_deref(), Ok("FROM a\n"));
    assert!(!workspace.exists("new"));
}

#[test]
fn memory_is_like_a_disk() {
    let files = [("a/b.txt", "x"), ("./Dockerfile", "FROM a"), ("../out", "no")];
    let workspace = Workspace::in_memory(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
    assert!(workspace.root().is_absolute() || cfg!(windows));
    assert!(
        workspace.is_file("Dockerfile") && workspace.is_dir("a") && workspace.is_dir("") && !workspace.exists("out")
    );
    assert!(matches!(workspace.read("etc/hostname"), Err(ReadError::NotFound)));
    assert_eq!(workspace.list("").iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["Dockerfile", "a"]);
    workspace.set_overlay("a/b.txt", Some(b"yy".to_vec()));
    assert_eq!(workspace.file_bytes("a/b.txt"), Some(2));
    workspace.set_overlay("a/b.txt", None);
    assert_eq!(text(&workspace, "a/b.txt").as_deref(), Ok("x"));
}

#[test]
fn nothing_outside_the_root_is_named() {
    let (_folder, workspace) = open(&[("a", "x")]);
    for path in ["..", "../x", "a/../../x", "/etc/passwd"] {
        assert!(matches!(workspace.read(path), Err(ReadError::OutsideRoot)), "{path}");
        assert!(!workspace.exists(path) && workspace.list(path).is_empty(), "{path}");
    }
    for path in ["missing", "a/b", "a\0b"] {
        assert!(matches!(workspace.read(path), Err(ReadError::NotFound)), "{path:?}");
    }
    assert!(matches!(workspace.read(""), Err(ReadError::NotAFile)));
}

#[test]
fn a_missing_or_false_root_is_refused() {
    let folder = folder(&[("file", "")]);
    let missing = Workspace::open(&folder.path().join("no"));
    assert!(matches!(missing, Err(WorkspaceError::Root { .. })));
    assert!(matches!(Workspace::open(&folder.path().join("file")), Err(WorkspaceError::NotADirectory(_))));
}

#[test]
fn the_ignore_file_beside_the_dockerfile_wins() {
    let (_folder, workspace) = open(&[
        ("docker/api.Dockerfile", ""),
        ("docker/api.Dockerfile.dockerignore", ""),
        ("docker/web.Dockerfile", ""),
        (".dockerignore", ""),
        (".containerignore", ""),
        ("pod/.containerignore", ""),
    ]);
    for (dockerfile, context, expected) in [
        ("docker/api.Dockerfile", "", Some("docker/api.Dockerfile.dockerignore")),
        ("docker/web.Dockerfile", "", Some(".dockerignore")),
        ("docker/web.Dockerfile", "docker", None),
        ("pod/Containerfile", "pod", Some("pod/.containerignore")),
    ] {
        assert_eq!(workspace.ignore_file_for(dockerfile, context).as_deref(), expected, "{dockerfile} in {context}");
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let (folder, workspace) = open(&[("model.bin", "")]);
    let file = File::options().write(true).open(folder.path().join("model.bin")).expect("opens");
    file.set_len(MAX_FILE_BYTES + 1).expect("a sparse file");
    let error = workspace.read("model.bin").expect_err("too large");
    assert!(matches!(error, ReadError::TooLarge { bytes } if bytes == MAX_FILE_BYTES + 1));
    assert_eq!(workspace.file_bytes("model.bin"), Some(MAX_FILE_BYTES + 1));
}

#[test]
fn threads_share_one_reading() {
    let (_folder, workspace) = open(&[("a", "x")]);
    let files: Vec<_> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8).map(|_| scope.spawn(|| workspace.read("a").expect("reads"))).collect();
        readers.into_iter().map(|reader| reader.join().expect("no panic")).collect()
    });
    assert!(files.iter().all(|file| files.first().is_some_and(|first| Arc::ptr_eq(first, file))));
}

#[test]
fn a_manifest_is_parsed_again_only_when_its_text_changes() {
    let (_folder, workspace) = open(&[("requirements.txt", "torch\n"), ("pyproject.toml", "[project\n")]);
    let first = workspace.requirements("requirements.txt").expect("parses");
    assert!(Arc::ptr_eq(&first, &workspace.requirements("./requirements.txt").expect("parses")));
    workspace.set_overlay("requirements.txt", Some(b"torch\nnumpy\n".to_vec()));
    let second = workspace.requirements("requirements.txt").expect("parses");
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(matches!(workspace.lock("uv.lock"), Err(ReadError::NotFound)));
    assert!(matches!(workspace.pyproject("no.toml"), Err(super::super::ManifestProblem::Read(ReadError::NotFound))));
}

#[cfg(unix)]
mod links {
    use super::super::super::testing::link;
    use super::*;

    #[test]
    fn links_are_followed_inside_the_root_only() {
        let outside = folder(&[("secret", "x"), ("dir/file", "x")]);
        let (folder, workspace) = open(&[("real/file", "x")]);
        link(folder.path(), "inner", "real");
        link(folder.path(), "file", "real/file");
        link(folder.path(), "out", outside.path());
        link(folder.path(), "secret", outside.path().join("secret"));
        link(folder.path(), "null", "/dev/null");
        link(folder.path(), "loop", "loop");
        link(folder.path(), "dangling", "nowhere");
        assert_eq!(text(&workspace, "inner/file").as_deref(), Ok("x"));
        assert!(workspace.is_file("file") && workspace.is_dir("inner"));
        for path in ["out/secret", "out/dir/file", "secret", "null"] {
            assert!(matches!(workspace.read(path), Err(ReadError::OutsideRoot)), "{path}");
            assert!(!workspace.exists(path), "{path}");
        }
        assert!(workspace.list("out").is_empty() && !workspace.is_dir("out"));
        link(outside.path(), "back", folder.path().join("real"));
        let back = workspace.real_path("out/back/file").expect("inside again");
        assert_eq!(back, workspace.root().join("real/file"));
        assert!(matches!(workspace.real_path("out/missing"), Err(ReadError::NotFound)));
        assert!(matches!(workspace.read("dangling"), Err(ReadError::NotFound)));
        assert!(workspace.read("loop").is_err() && !workspace.exists("loop"));
        let folders: Vec<_> =
            workspace.list("").into_iter().filter(|entry| entry.is_dir).map(|entry| entry.name).collect();
        assert_eq!(folders, ["inner", "real"]);
    }

    #[test]
    fn pipes_and_sockets_are_not_read() {
        let (folder, workspace) = open(&[]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("a socket");
        let pipe = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().expect("mkfifo runs");
        assert!(pipe.success());
        for path in ["socket", "pipe"] {
            assert!(matches!(workspace.read(path), Err(ReadError::NotAFile)), "{path}");
            assert!(workspace.exists(path) && !workspace.is_file(path), "{path}");
        }
        let tree = workspace.tree("", None);
        assert!(tree.complete && tree.files.is_empty());
    }
}
