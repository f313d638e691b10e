use std::fs;

use super::super::testing::folder;
use super::*;

/// What is found, as `root-below-folder: dockerfiles`, and the problems as `path: kind`.
fn found(base: &Path, paths: &[&str], cwd: &str) -> (Vec<String>, Vec<String>) {
    let base = fs::canonicalize(base).expect("exists");
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let discovery = discover(&paths, &base.join(cwd));
    let workspaces = discovery
        .workspaces
        .iter()
        .map(|(workspace, dockerfiles)| format!("{}: {}", relative(workspace.root(), &base), dockerfiles.join(" ")));
    let problems = discovery.problems.iter().map(|problem| format!("{}: {:?}", problem.path.display(), problem.kind));
    (workspaces.collect(), problems.collect())
}

#[test]
fn folders_are_walked_by_name_and_gitignore() {
    let folder = folder(&[
        (".gitignore", "build/\n*.local\n"),
        ("Dockerfile", ""),
        ("Dockerfile.local", ""),
        ("Dockerfile.dockerignore", ""),
        ("Dockerfile.pre-slim.20260101", ""),
        ("api/cuda.dockerfile", ""),
        ("api/Dockerfile.j2", ""),
        (".devcontainer/Dockerfile", ""),
        ("build/Dockerfile", ""),
        ("node_modules/x/Dockerfile", ""),
        ("model/.ipynb_checkpoints/Dockerfile", ""),
        (".git/Dockerfile", ""),
        ("docs/Dockerfile.md", ""),
        ("vendor/modules.txt", ""),
        ("vendor/example.org/tail/Dockerfile", ""),
        ("Containerfile/notes.txt", ""),
    ]);
    let all = ": .devcontainer/Dockerfile Dockerfile api/cuda.dockerfile";
    let template = "./api/Dockerfile.j2: Template";
    assert_eq!(found(folder.path(), &["."], ""), (vec![all.into()], vec![template.into()]));
    assert_eq!(found(folder.path(), &[], ""), (vec![all.into()], vec![template.into()]));
    assert_eq!(found(folder.path(), &["api/..", "Dockerfile"], "").0, [all]);
    assert_eq!(found(folder.path(), &["build"], "").0, [": build/Dockerfile"]);
    let copy = "model/.ipynb_checkpoints/Dockerfile";
    assert_eq!(found(folder.path(), &[copy], "").0, [format!(": {copy}")], "a named file is taken");
    assert_eq!(found(folder.path(), &["docs"], ""), (vec![], vec!["docs: NoDockerfiles".into()]));
}

#[test]
fn placeholders_in_place_of_a_keyword_or_an_image_make_a_template() {
    let folder = folder(&[
        ("a/Dockerfile", "FROM {{ base }}\n"),
        ("b/Dockerfile", "{% if x %}\nFROM a\n{% endif %}\n"),
        ("c/Dockerfile", "FROM a\nRUN docker ps --format '{{.ID}}' \\\n  {{.X}}\n"),
        ("d/Dockerfile", "FROM a\nRUN sh install.sh <<version>> && rm install.sh\n"),
        ("e/Dockerfile", "FROM a\nRUN cat <<EOF>> file\nx\nEOF\n"),
        ("f/Dockerfile.runtime_template", "FROM a\n"),
    ]);
    let (workspaces, problems) = found(folder.path(), &["."], "");
    assert_eq!(workspaces, [": c/Dockerfile e/Dockerfile"]);
    let templates = ["a/Dockerfile", "b/Dockerfile", "d/Dockerfile", "f/Dockerfile.runtime_template"];
    assert_eq!(problems, templates.map(|path| format!("./{path}: Template")));
    assert_eq!(found(folder.path(), &["a/Dockerfile"], "").0, [": a/Dockerfile"], "a named file is taken");
}

#[test]
fn gitignore_holds_outside_a_repository() {
    let folder = folder(&[(".gitignore", "out\n"), ("a/Dockerfile", ""), ("out/Dockerfile", "")]);
    assert_eq!(found(folder.path(), &["."], "").0, [": a/Dockerfile"]);
}

#[test]
fn named_files_are_taken_whatever_their_name() {
    let folder = folder(&[
        (".git/HEAD", ""),
        (".gitignore", "*.txt\n"),
        ("x/Dockerfile.j2", ""),
        ("image.txt", ""),
        ("Dockerfile.pre-slim.20260101", ""),
    ]);
    let named = ["x/Dockerfile.j2", "image.txt", "./image.txt", "Dockerfile.pre-slim.20260101", "gone", "x/y/z"];
    let (workspaces, problems) = found(folder.path(), &named, "");
    assert_eq!(workspaces, [": Dockerfile.pre-slim.20260101 image.txt x/Dockerfile.j2"]);
    assert_eq!(problems, ["gone: Missing", "x/y/z: Missing"]);
    assert!(
        ProblemKind::Missing.is_error() && !ProblemKind::NoDockerfiles.is_error() && !ProblemKind::Template.is_error()
    );
}

#[test]
fn the_root_is_the_repository_or_the_working_directory_or_the_folder() {
    let folder = folder(&[
        ("repo/.git/HEAD", ""),
        ("repo/a/Dockerfile", ""),
        ("repo/sub/.git", "gitdir: elsewhere"),
        ("repo/sub/b/Dockerfile", ""),
        ("plain/c/Dockerfile", ""),
        ("plain/d/e/Dockerfile", ""),
        ("work/", ""),
    ]);
    assert_eq!(found(folder.path(), &["."], "repo/a").0, ["repo: a/Dockerfile"]);
    assert_eq!(found(folder.path(), &["."], "repo").0, ["repo: a/Dockerfile", "repo/sub: b/Dockerfile"]);
    assert_eq!(found(folder.path(), &["c/Dockerfile", "d"], "plain").0, ["plain: c/Dockerfile d/e/Dockerfile"]);
    assert_eq!(
        found(folder.path(), &["../plain/c/Dockerfile", "../plain/d"], "work").0,
        ["plain/c: Dockerfile", "plain/d/e: Dockerfile"]
    );
}

#[test]
fn what_is_not_kept_is_not_told_of() {
    let folder =
        folder(&[(".git/HEAD", ""), ("Dockerfile", ""), ("a/Dockerfile", "FROM {{ x }}"), ("a/Dockerfile.j2", "")]);
    let paths = [PathBuf::from("."), PathBuf::from("Dockerfile")];
    let mut asked = Vec::new();
    let discovery = discover_where(&paths, folder.path(), |_, path, named| {
        asked.push(format!("{path} {named}"));
        named
    });
    assert_eq!(asked, ["Dockerfile true", "a/Dockerfile false", "a/Dockerfile.j2 false"]);
    assert_eq!((discovery.workspaces[0].1.as_slice(), discovery.problems.len()), (&["Dockerfile".to_owned()][..], 0));
}

#[test]
fn text_stands_in_for_a_file() {
    let folder = folder(&[("repo/.git/HEAD", ""), ("repo/a/Dockerfile", "FROM x"), ("plain/x", "")]);
    let base = fs::canonicalize(folder.path()).expect("exists");
    for (path, root, file) in [
        ("repo/a/Dockerfile", "repo", "a/Dockerfile"),
        ("repo/a/../b/c/Dockerfile", "repo", "b/c/Dockerfile"),
        ("repo/new/../Dockerfile", "repo", "Dockerfile"),
        ("plain/Dockerfile", "", "plain/Dockerfile"),
    ] {
        let (workspace, found) = with_text(Path::new(path), &base, b"FROM y".to_vec()).expect(path);
        assert_eq!((relative(workspace.root(), &base).as_str(), found.as_str()), (root, file));
        assert_eq!(workspace.read(&found).expect(path).text(), "FROM y");
    }
    for path in ["repo", "repo/a/..", "/", ""] {
        assert_eq!(
            with_text(Path::new(path), &base, Vec::new()).map(|(_, path)| path),
            Err(ProblemKind::NotAFile),
            "{path}"
        );
    }
    assert!(!base.join("repo/b").exists());
}

#[cfg(unix)]
#[test]
fn links_are_taken_when_named_and_met_under_one_name() {
    use super::super::testing::link;
    let folder = folder(&[(".git/HEAD", ""), ("a/Dockerfile", "FROM x"), ("b/", "")]);
    link(folder.path(), "b/Dockerfile", "../a/Dockerfile");
    link(folder.path(), "c", "a");
    link(folder.path(), "Dockerfile", "/dev/null");
    assert_eq!(found(folder.path(), &["."], "").0, [": a/Dockerfile"]);
    assert_eq!(found(folder.path(), &["b/Dockerfile", "c/Dockerfile"], "").0, [": a/Dockerfile b/Dockerfile"]);
    assert_eq!(found(folder.path(), &["Dockerfile"], "").1, ["Dockerfile: NotAFile"]);
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_repository_are_refused() {
    use super::super::testing::link;
    let folder = folder(&[("repo/.git/HEAD", ""), ("repo/a/Dockerfile", "FROM x"), ("other/Dockerfile", "FROM x")]);
    link(folder.path(), "repo/out", "../other");
    link(folder.path(), "repo/in", "a");
    link(folder.path(), "repo/a/back", "../in");
    assert_eq!(
        found(folder.path(), &["out", "out/Dockerfile"], "repo").1,
        ["out: LeadsOut", "out/Dockerfile: LeadsOut"]
    );
    assert_eq!(found(folder.path(), &["a/back/Dockerfile", "in"], "repo").0, ["repo: a/Dockerfile"]);
    assert_eq!(found(folder.path(), &["../other"], "repo").0, ["other: Dockerfile"]);
    let absolute = folder.path().join("repo/out");
    assert_eq!(found(folder.path(), &[absolute.to_str().unwrap()], "repo").0, ["other: Dockerfile"]);
}
