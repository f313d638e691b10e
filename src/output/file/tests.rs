use std::path::Path;

use tempfile::TempDir;

use crate::workspace::testing::folder;

use super::*;

fn new(root: &Path, path: &str) -> Result<ReportFile, ReportFileError> {
    ReportFile::new(Format::Json, Path::new(path), root, [root])
}

fn put(file: &ReportFile, text: &str) -> Result<(), ReportFileError> {
    file.write(|out| out.write_all(text.as_bytes()))
}

fn real(folder: &TempDir) -> PathBuf {
    folder.path().canonicalize().unwrap()
}

fn names(root: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let folder = folder(&[("old.json", "before")]);
    let root = real(&folder);
    for path in ["new.json", "old.json", "./x/../new.json"] {
        let file = new(&root, path).unwrap();
        put(&file, "after").unwrap();
        assert_eq!(fs::read_to_string(root.join(path.trim_start_matches("./x/../"))).unwrap(), "after");
    }
    let failing = new(&root, "old.json").unwrap().write(|out| {
        out.write_all(b"half")?;
        Err(io::Error::other("full"))
    });
    assert!(failing.unwrap_err().to_string().contains("`old.json` cannot be written: full; check"), "{root:?}");
    assert_eq!(fs::read_to_string(root.join("old.json")).unwrap(), "after");
    assert_eq!(names(&root), ["new.json", "old.json"]);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_done() {
    let folder = folder(&[("folder/", ""), ("file", "x")]);
    let root = real(&folder);
    for (path, told) in [
        ("absent/a.json", "there is no folder `absent`; make it first"),
        ("folder", "`folder` is a folder; name a file, such as `folder"),
        ("new/", "`new/` is a folder"),
        ("file/a.json", "`file/a.json` cannot be written: "),
    ] {
        let error = new(&root, path).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let first = new(&root, "a.json").unwrap();
    let second = new(&root, "folder/../a.json").unwrap();
    assert!(matches!(second.differs(&[first]), Err(ReportFileError::Twice(_))));
    assert_eq!(names(&root), ["file", "folder"]);
}

#[test]
fn sources_are_spared_and_reports_are_not() {
    let report = "{\"version\":1,\"diagnostics\":[]}";
    let folder = folder(&[("Dockerfile", "FROM a\n"), ("a.toml", "x"), ("b.toml", "x"), ("old.json", report)]);
    let workspace = Workspace::open(folder.path()).unwrap();
    let root = workspace.root();
    for path in ["Dockerfile", "a.toml", "old.json"] {
        workspace.read(path).unwrap();
    }
    let dockerfiles = ["Dockerfile".to_owned()];
    for (path, spared) in
        [("Dockerfile", false), ("a.toml", false), ("b.toml", true), ("old.json", true), ("new", true)]
    {
        let spares = new(root, path).unwrap().spares(&workspace, &dockerfiles);
        assert_eq!(spares.is_ok(), spared, "{path}: {spares:?}");
    }
}

#[test]
fn streams_of_the_program_are_not_opened() {
    let folder = folder(&[]);
    let root = real(&folder);
    for (path, output) in
        [("/dev/stdout", Some(Output::Out)), ("-", Some(Output::Out)), ("/dev/fd/2", Some(Output::Err)), ("a", None)]
    {
        assert_eq!(new(&root, path).unwrap().output(), output, "{path}");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn no_link_leads_out_of_the_repository() {
        let (repository, outside) = (folder(&[("in/", ""), ("there", "x")]), folder(&[("victim", "precious")]));
        let (root, out) = (real(&repository), real(&outside));
        symlink(out.join("victim"), root.join("file")).unwrap();
        symlink(&out, root.join("folder")).unwrap();
        symlink("/dev/null", root.join("device")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink("there", root.join("inside")).unwrap();
        for path in ["file", "folder/victim", "folder/new", "device"] {
            assert!(matches!(new(&root, path), Err(ReportFileError::OutsideRoot(_))), "{path}");
        }
        assert!(matches!(new(&root, "dangling"), Err(ReportFileError::DanglingLink(_))));
        put(&new(&root, "inside").unwrap(), "after").unwrap();
        assert!(root.join("inside").is_symlink() && fs::read_to_string(root.join("there")).unwrap() == "after");
        // A link that the person has outside of any repository is theirs.
        symlink(root.join("there"), out.join("mine")).unwrap();
        put(&ReportFile::new(Format::Json, &out.join("mine"), &root, [&*root]).unwrap(), "again").unwrap();
        assert_eq!(fs::read_to_string(root.join("there")).unwrap(), "again");
    }

    #[test]
    fn a_report_is_as_programs_make_files_and_keeps_the_mode_of_another() {
        let folder = folder(&[("old", "x"), ("read-only", "x"), ("plain", "x")]);
        let root = real(&folder);
        let mode = |path: &str| fs::metadata(root.join(path)).unwrap().mode() & 0o777;
        fs::set_permissions(root.join("old"), fs::Permissions::from_mode(0o640)).unwrap();
        fs::set_permissions(root.join("read-only"), fs::Permissions::from_mode(0o444)).unwrap();
        for path in ["old", "new"] {
            put(&new(&root, path).unwrap(), "after").unwrap();
        }
        assert_eq!((mode("old"), mode("new")), (0o640, mode("plain")));
        assert!(matches!(new(&root, "read-only"), Err(ReportFileError::ReadOnly(_))));
    }

    #[test]
    fn a_pipe_is_written_to() {
        let folder = folder(&[]);
        let root = real(&folder);
        let pipe = root.join("pipe");
        if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
            return;
        }
        let read = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
        assert_eq!(new(&root, "/dev/null").unwrap().output(), None);
        put(&new(&root, "pipe").unwrap(), "report").unwrap();
        assert_eq!(read.join().unwrap(), "report");
        assert_eq!(names(&root), ["pipe"]);
    }
}
