//! A repository is not trusted: what it may contain makes slimlint read, write, run or print nothing that it should not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A word that stands in files outside the repository only.
const MARKER: &str = "marker-from-outside";
/// Longer than any of these runs may take, on a machine with other things to do.
const LIMIT: Duration = Duration::from_mins(1);

/// A folder with a repository in `inside` and files that are none of its business in `outside`.
struct Ground {
    folder: TempDir,
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Ground {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("inside/.git")).unwrap();
        let ground = Self { folder };
        for (path, text) in files {
            ground.put(path, text);
        }
        ground
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn inside(&self) -> std::path::PathBuf {
        self.folder.path().join("inside")
    }

    fn run(&self, line: &str) -> Run {
        run(&self.inside(), line)
    }
}

/// Runs the program; a run that does not end is killed and fails.
fn run(cwd: &Path, line: &str) -> Run {
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str| fs::File::create(scratch.path().join(name)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_slimlint"))
        .current_dir(cwd)
        .env_clear()
        .env("XDG_STATE_HOME", scratch.path())
        .args(line.split_whitespace())
        .stdin(Stdio::null())
        .stdout(file("out"))
        .stderr(file("err"))
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("`slimlint {line}` does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |name: &str| String::from_utf8(fs::read(scratch.path().join(name)).unwrap()).unwrap();
    Run { code: status.code().expect("killed"), out: text("out"), err: text("err") }
}

/// Ways to name a requirements file, each in its own repository.
fn ways_to_a_requirements_file(target: &str) -> Vec<Vec<(String, String)>> {
    let dockerfile =
        |lines: &str| ("inside/app/Dockerfile".to_owned(), format!("FROM python:3.12-slim\nWORKDIR /app\n{lines}"));
    let file = |path: &str, text: String| (format!("inside/app/{path}"), text);
    let copied = || dockerfile("COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n");
    let project =
        |table: String| vec![dockerfile("COPY . .\nRUN pip install --no-cache-dir .\n"), file("pyproject.toml", table)];
    vec![
        vec![dockerfile(&format!("COPY {target} r.txt\nRUN pip install --no-cache-dir -r r.txt\n"))],
        vec![dockerfile(&format!(
            "RUN --mount=type=bind,source={target},target=r.txt pip install --no-cache-dir -r r.txt\n"
        ))],
        vec![copied(), file("requirements.txt", format!("-r {target}\n"))],
        vec![copied(), file("requirements.txt", format!("-c {target}\nflask\n"))],
        vec![copied(), file("requirements.txt", format!("-r ./x/../{target}\n"))],
        project(format!(
            "[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n[tool.setuptools.dynamic]\ndependencies = {{file = [\"{target}\"]}}\n"
        )),
    ]
}

#[test]
fn names_that_lead_outside_are_not_followed() {
    let torch = format!("torch\n{MARKER}\n");
    for target in ["../../outside/requirements.txt", "/../../outside/requirements.txt"] {
        for files in ways_to_a_requirements_file(target) {
            let ground = Ground::new(&[("outside/requirements.txt", &torch), ("inside/.dockerignore", ".git\n")]);
            for (path, text) in &files {
                ground.put(path, text);
            }
            let absolute = ground.folder.path().join("outside/requirements.txt");
            for arguments in ["--format json", "--fix --unsafe-fixes --format json", "--diff --unsafe-fixes"] {
                let run = ground.run(arguments);
                let said = format!("{}{}", run.out, run.err);
                assert!(!said.contains(MARKER) && !said.contains("cuda-torch-on-cpu"), "{files:?}\n{said}");
            }
            assert_eq!(fs::read_to_string(absolute).unwrap(), torch);
        }
    }
}

/// The same names inside the repository are followed, so that the test above can fail.
#[test]
fn names_that_stay_inside_are_followed() {
    let mut found = 0;
    let ways = ways_to_a_requirements_file("inner/requirements.txt");
    for files in &ways {
        let ground = Ground::new(&[
            ("inside/app/inner/requirements.txt", "torch\n"),
            ("inside/app/x/inner/requirements.txt", "torch\n"),
            ("inside/.dockerignore", ".git\n"),
        ]);
        for (path, text) in files {
            ground.put(path, text);
        }
        found += usize::from(ground.run("--format concise").out.contains("cuda-torch-on-cpu"));
    }
    // A constraint installs nothing.
    assert_eq!(found, ways.len() - 1);
}

#[test]
fn addresses_show_no_credentials() {
    let secret = "s3cr3t-token";
    let index = format!("https://user:{secret}@example.invalid/simple");
    let ground = Ground::new(&[
        (
            "inside/Dockerfile",
            &format!(
                "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install --index-url {index} -r requirements.txt\nRUM {index}\n"
            ),
        ),
        ("inside/requirements.txt", &format!("--extra-index-url {index}\ntorch\nx @ {index}/x.whl\n{index} !\n")),
    ]);
    for format in ["text", "concise", "json"] {
        let run = ground.run(&format!("--format {format}"));
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(!format!("{}{}", run.out, run.err).contains(secret), "{format}: {}", run.out);
    }
}

#[test]
fn git_and_its_hooks_are_not_run() {
    let trap = "#!/bin/sh\ntouch \"$(dirname \"$0\")/../../../sprung\"\n";
    let ground = Ground::new(&[
        ("inside/Dockerfile", "FROM python:3.12-slim\nCOPY . .\nRUN pip install flask\n"),
        ("inside/.git/config", "[core]\n\tfsmonitor = .git/hooks/trap\n[diff]\n\texternal = .git/hooks/trap\n"),
        ("inside/.git/hooks/trap", trap),
        ("inside/.git/hooks/pre-commit", trap),
        ("inside/.git/HEAD", "ref: refs/heads/main\n"),
    ]);
    #[cfg(unix)]
    for hook in ["trap", "pre-commit"] {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(ground.inside().join(".git/hooks").join(hook), fs::Permissions::from_mode(0o755)).unwrap();
    }
    for arguments in ["", "--diff", "--fix --unsafe-fixes"] {
        ground.run(arguments);
    }
    assert!(!ground.folder.path().join("sprung").exists());
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_lead_outside_are_neither_read_nor_written() {
        let outside = "FROM python:3.12-slim\nRUN pip install marker-from-outside\n";
        for name in [
            "Dockerfile",
            "requirements.txt",
            ".dockerignore",
            "pyproject.toml",
            "install.sh",
            "docker-compose.yml",
            "Makefile",
        ] {
            let ground = Ground::new(&[
                (
                    "inside/Dockerfile",
                    "FROM python:3.12-slim\nCOPY . .\nRUN ./install.sh && make x && pip install -r requirements.txt .\n",
                ),
                ("outside/file", outside),
            ]);
            let link = ground.inside().join(name);
            let _ = fs::remove_file(&link);
            symlink("../outside/file", &link).unwrap();
            for arguments in ["--format json", "--fix --unsafe-fixes", "Dockerfile --fix --unsafe-fixes"] {
                let run = ground.run(arguments);
                assert!(!format!("{}{}", run.out, run.err).contains(MARKER), "{name} {arguments}: {}", run.out);
            }
            assert_eq!(fs::read_to_string(ground.folder.path().join("outside/file")).unwrap(), outside, "{name}");
            let below: Vec<_> = fs::read_dir(ground.folder.path().join("outside")).unwrap().collect();
            assert_eq!(below.len(), 1, "{name}: {below:?}");
        }
    }

    #[test]
    fn folders_that_lead_outside_are_neither_read_nor_written() {
        let ground = Ground::new(&[
            (
                "inside/Dockerfile",
                "FROM python:3.12-slim\nCOPY sub/requirements.txt .\nRUN pip install -r requirements.txt\n",
            ),
            ("outside/requirements.txt", &format!("torch\n{MARKER}\n")),
            ("outside/Dockerfile", "FROM python:3.12-slim\nCOPY . .\nRUN pip install flask\n"),
        ]);
        symlink("../outside", ground.inside().join("sub")).unwrap();
        for arguments in ["--format json", "--fix --unsafe-fixes", "sub/Dockerfile --fix", "--context sub --fix"] {
            let run = ground.run(arguments);
            assert!(!format!("{}{}", run.out, run.err).contains(MARKER), "{arguments}: {}", run.out);
        }
        assert_eq!(fs::read_dir(ground.folder.path().join("outside")).unwrap().count(), 2);
        let dockerfile = fs::read_to_string(ground.folder.path().join("outside/Dockerfile")).unwrap();
        assert!(!dockerfile.contains("--no-cache-dir"));
    }

    #[test]
    fn what_never_ends_is_not_read() {
        let ground = Ground::new(&[(
            "inside/Dockerfile",
            "FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt .\n",
        )]);
        let inside = ground.inside();
        for name in ["requirements.txt", "pyproject.toml", ".dockerignore", "pipe/Dockerfile", "poetry.lock", "uv.lock"]
        {
            let path = inside.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        }
        symlink("/dev/zero", inside.join("Dockerfile.zero")).unwrap();
        symlink(".", inside.join("again")).unwrap();
        symlink("circle", inside.join("circle")).unwrap();
        for arguments in ["", "--fix", "pipe/Dockerfile", "Dockerfile.zero", "circle", "again/again/again/Dockerfile"] {
            ground.run(arguments);
        }
    }
}

#[test]
fn files_that_include_each_other_end() {
    let ground = Ground::new(&[
        ("inside/Dockerfile", "FROM python:3.12-slim\nCOPY . .\nRUN ./a.sh && make loop && pip install -r a.txt\n"),
        ("inside/a.txt", "-r b.txt\n"),
        ("inside/b.txt", "-r a.txt\n-c a.txt\n"),
        ("inside/a.sh", "#!/bin/sh\n. ./b.sh\n"),
        ("inside/b.sh", "#!/bin/sh\n./a.sh\n./a.sh\n"),
        ("inside/Makefile", "include Makefile\nloop:\n\t$(MAKE) loop\n\t$(MAKE) loop\n"),
    ]);
    assert!(ground.run("--format json").code <= 1);
}

#[test]
fn bombs_of_variables_and_scripts_end() {
    use std::fmt::Write as _;
    let mut doubling = String::from("FROM python:3.12-slim\nARG A0=pip\n");
    let mut shell = String::from("RUN a0='pip install x'");
    for number in 1..64 {
        let _ = writeln!(doubling, "ARG A{number}=$A{0}$A{0}$A{0}", number - 1);
        let _ = write!(shell, "; a{number}=\"$a{0} $a{0} $a{0}\"", number - 1);
    }
    let ground = Ground::new(&[]);
    ground.put("inside/Dockerfile", &format!("{doubling}{shell}; $a63\nRUN $A63 install x\n"));
    assert!(ground.run("--format json").code <= 1);
}

/// What grows with the square of a file's length: each of these took from ten seconds to minutes, or gigabytes, in a release build.
#[test]
fn long_files_end_soon() {
    let many = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let python = "FROM python:3.12-slim\n";
    let globals = many(4_000, &|i| format!("ARG A{i}=b{i}\n"));
    let own = many(4_000, &|i| format!("ARG A{i}\nRUN pip install $A{i}\n"));
    let function = many(1_000, &|i| format!("pip install x{i}; "));
    let calls = many(1_000, &|i| format!("f {i}; "));
    let branches = many(1_000, &|i| {
        format!("case $X in a) P{i}=x$P{};; b) P{i}=y;; c) P{i}=$P{0}$P{0};; esac; ", i.saturating_sub(1))
    });
    let downloads = many(2_000, &|i| format!("RUN curl -o /d/x{i}.tar http://example.invalid/\n"));
    let removals = many(2_000, &|i| format!("RUN rm -rf /d/x{i}.tar\n"));
    for (claim, text) in [
        (
            "stages",
            many(2_000, &|i| {
                format!("FROM python:3.12 AS s{i}\nCOPY --from=s{} / /\nRUN pip install x\n", i.saturating_sub(1))
            }),
        ),
        ("runs", format!("{python}{}", many(8_000, &|i| format!("RUN pip install x{i}\n")))),
        ("arguments", format!("{globals}{python}{own}")),
        ("functions", format!("{python}RUN f() {{ {function} }}; {calls}\n")),
        ("branches", format!("{python}RUN {branches} pip install $P999\n")),
        ("removals", format!("{python}COPY . /d\n{downloads}{removals}")),
        ("ignores", format!("{python}{}", many(4_000, &|i| format!("# slimlint ignore=no-such-{i}\nRUN true\n")))),
    ] {
        let ground = Ground::new(&[("inside/Dockerfile", &text)]);
        let start = Instant::now();
        assert!(ground.run("--format concise").code <= 1, "{claim}");
        assert!(start.elapsed() < LIMIT / 2, "{claim}: {:?}", start.elapsed());
    }
}

/// A hook passes the names of files, and one that begins with `-` is taken for an option.
#[test]
fn names_taken_for_options_forge_no_lines() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_slimlint")).arg("--x\n::error::forged\u{202e}/Dockerfile").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("forged") && !said.contains('\u{202e}'), "{said}");
    assert!(!said.lines().any(|line| line.starts_with("::error")), "{said}");
}
