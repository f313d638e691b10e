use super::*;

fn locate(files: &str, dockerfile: &str, sources: &str, named: &str) -> (String, String) {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let workspace = Workspace::in_memory(words(files).into_iter().map(|path| (path, Vec::new())));
    locate_from_sources(&workspace, dockerfile, &words(sources), &words(named))
}

#[test]
fn the_folder_with_most_evidence_is_the_context() {
    for (files, dockerfile, sources, named, context) in [
        ("Dockerfile requirements.txt", "Dockerfile", "requirements.txt .", "", ""),
        ("docker/Dockerfile requirements.txt src/a", "docker/Dockerfile", "requirements.txt src/", "", ""),
        ("api/Dockerfile api/requirements.txt requirements.txt", "api/Dockerfile", "requirements.txt", "", "api"),
        ("s/api/Dockerfile s/api/r.txt s/lib/x", "s/api/Dockerfile", "api/r.txt lib", "", "s"),
        ("s/api/Dockerfile s/api/r.txt", "s/api/Dockerfile", "s/api/r.txt", "", ""),
        // What takes everything says nothing.
        ("docker/Dockerfile app.py", "docker/Dockerfile", ". ./ * / *.* ./*", "", "docker"),
        ("docker/Dockerfile app.py", "docker/Dockerfile", ". https://x/app.py $X/app.py <<EOF", "", "docker"),
        // A generated source exists nowhere; the best score wins.
        ("docker/Dockerfile package.json", "docker/Dockerfile", "package.json dist/", "", ""),
        ("docker/Dockerfile package.json", "docker/Dockerfile", "dist/", "", "docker"),
        // RUN decides between equals, but not against COPY.
        ("docker/Dockerfile requirements.txt", "docker/Dockerfile", ".", "requirements.txt", ""),
        ("docker/Dockerfile app/x", "docker/Dockerfile", ".", "/app/x", "docker"),
        ("d/Dockerfile d/a r.txt s.txt", "d/Dockerfile", "a", "r.txt s.txt", "d"),
        // Globs, and `..` that cannot leave the context.
        ("docker/Dockerfile requirements-dev.txt", "docker/Dockerfile", "requirements*.txt", "", ""),
        ("docker/Dockerfile a/b/c.py", "docker/Dockerfile", "a/*/c.py", "", ""),
        ("docker/Dockerfile a/b/d/c.py", "docker/Dockerfile", "a/**/c.py", "", ""),
        ("docker/Dockerfile a/b.py", "docker/Dockerfile", "../a/b.py", "", ""),
        ("docker/Dockerfile a/b.py", "docker/Dockerfile", "/a/b.py", "", ""),
        ("docker/Dockerfile a/b.py", "docker/Dockerfile", "[", "", "docker"),
    ] {
        assert_eq!(locate(files, dockerfile, sources, named).0, context, "{dockerfile} with {sources} in {files}");
    }
}

#[test]
fn the_evidence_is_told() {
    let files = "docker/Dockerfile a b c d requirements.txt";
    for (sources, named, evidence) in [
        ("a b c d e", "", "4 of 5 COPY sources exist here"),
        ("a", "", "1 of 1 COPY source exists here"),
        (".", "requirements.txt x", "1 of 2 files named in RUN exist here"),
        ("a b", "requirements.txt", "2 of 2 COPY sources exist here, and 1 of 1 file named in RUN exists"),
        (".", "", "no COPY source names a file, so its own folder"),
        ("dist", "", "what it copies exists nowhere, so its own folder"),
    ] {
        assert_eq!(locate(files, "docker/Dockerfile", sources, named).1, evidence);
    }
}

#[test]
fn an_override_wins() {
    let workspace = Workspace::in_memory([("a/.dockerignore".to_owned(), Vec::new())]);
    let context = Some(Said { value: "./a/".to_owned(), by: "named".to_owned() });
    let overrides = Overrides { context, gpu: None };
    let service = Service::from_sources(&workspace, "a/b/Dockerfile", &[], &[], &[], &overrides);
    assert_eq!((service.context.as_str(), service.ignore_file.as_deref()), ("a", Some("a/.dockerignore")));
}

#[test]
fn globs_over_endless_folders_end() {
    let mut files = vec!["docker/Dockerfile".to_owned()];
    files.extend((0..2000).map(|index| format!("d{}/e{}/f{index}/g", index % 20, index % 100)));
    let workspace = Workspace::in_memory(files.into_iter().map(|path| (path, Vec::new())));
    let sources = ["*/*/*/*/x".to_owned()];
    assert_eq!(locate_from_sources(&workspace, "docker/Dockerfile", &sources, &[]).0, "docker");
}

/// Files with their texts, a Dockerfile and its sources: the context, and why.
fn said(files: &[(&str, &str)], dockerfile: &str, sources: &[&str]) -> (String, String) {
    let workspace =
        Workspace::in_memory(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    let sources: Vec<String> = sources.iter().map(|&source| source.to_owned()).collect();
    locate_from_sources(&workspace, dockerfile, &sources, &[])
}

#[test]
fn who_is_believed() {
    let here = |context: &str, by: &str| (context.to_owned(), format!("from {by}"));
    let make = ("Makefile", "all:\n\tdocker build -f docker/Dockerfile .\n");
    let workflow = (
        ".github/workflows/x.yml",
        "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          file: docker/Dockerfile\n          context: docker\n",
    );
    let compose =
        ("compose.yml", "services:\n  a:\n    build:\n      context: src\n      dockerfile: ../docker/Dockerfile\n");
    let (file, source) = (("docker/Dockerfile", ""), ("src/a.py", ""));
    let sources = ["."];
    assert_eq!(said(&[make, file, source], "docker/Dockerfile", &sources), here("", "`Makefile` line 2"));
    let found = said(&[make, workflow, file, source], "docker/Dockerfile", &sources);
    assert_eq!(found, here("docker", "`.github/workflows/x.yml` line 4"));
    let found = said(&[make, workflow, compose, file, source], "docker/Dockerfile", &sources);
    assert_eq!(found, here("src", "`compose.yml` line 3"));
    // What is copied is not there: a workflow that moves files, or one of another time.
    let found = said(&[make, workflow, file, source], "docker/Dockerfile", &["src/a.py"]);
    assert_eq!(found, here("", "`Makefile` line 2"));
    let found = said(&[workflow, file, source], "docker/Dockerfile", &["src/a.py"]);
    assert_eq!(found, (String::new(), "1 of 1 COPY source exists here".to_owned()));
}

#[test]
fn a_folder_that_does_not_exist_is_no_context() {
    let make = ("Makefile", "all:\n\tdocker build -f docker/Dockerfile dist\n");
    assert_eq!(said(&[make, ("docker/Dockerfile", "")], "docker/Dockerfile", &["."]).0, "docker");
}

#[test]
fn a_project_below_the_root_has_its_own_files() {
    let script = ("p/scripts/build.sh", "#!/bin/sh\ndocker build -f docker/Dockerfile .\n");
    let found = said(&[script, ("p/docker/Dockerfile", "")], "p/docker/Dockerfile", &["."]);
    assert_eq!(found, ("p".to_owned(), "from `p/scripts/build.sh` line 2".to_owned()));
    let above = ("p/docker/build.sh", "docker build -t x -f Dockerfile ..\n");
    assert_eq!(said(&[above, ("p/docker/Dockerfile", "")], "p/docker/Dockerfile", &["."]).0, "p");
}
