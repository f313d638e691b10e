//! Runs the scripts of `RUN`s before and after fixes, with programs that only write down how they are called: once as it is,
//! once for each call that fails, and once without each package manager. Calls and outcome must be the same but for what the
//! fixes insert.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::example::{Example, Files};
use common::{only, samples};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use slimlint::diagnostic::Applicability;
use slimlint::dockerfile::{Arguments, Dockerfile, Instruction, Keyword, RunScript};

/// The rules whose fixes change scripts only by flags and by cleaning up, which the programs here leave out of what they
/// write down.
const RULES: [&str; 15] = [
    "pip-cache-kept",
    "uv-cache-kept",
    "apk-cache-kept",
    "apt-lists-kept",
    "apt-recommends",
    "npm-cache-kept",
    "yarn-cache-kept",
    "pnpm-cache-kept",
    "conda-cache-kept",
    "poetry-cache-kept",
    "pdm-cache-kept",
    "pipenv-cache-kept",
    "yum-cache-kept",
    "dnf-cache-kept",
    "zypper-cache-kept",
];

/// Programs that fixes call to clean up behind themselves.
const MANAGERS: [&str; 12] =
    ["npm", "yarn", "pnpm", "conda", "mamba", "micromamba", "yum", "dnf", "dnf5", "microdnf", "tdnf", "zypper"];

/// Dockerfiles, each after a line `# --- NAME`.
const SCRIPTS: &str = include_str!("semantics/scripts.txt");

const STUB: &str = include_str!("semantics/stub.sh");

/// Programs that are themselves, wherever they lie.
const REAL: [&str; 9] = ["sh", "bash", "dash", "env", "xargs", "tee", "cat", "nice", "time"];

/// Words that a shell runs itself.
const BUILTINS: [&str; 40] = [
    "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case", "esac", "set", "echo",
    "printf", "test", "true", "false", "export", "exit", "return", "break", "continue", "cd", "read", "wait", "trap",
    "eval", "exec", "shift", "local", "umask", "unset", "command", "type", "function", "select", "times", "alias",
];

/// How many programs of one script fail in turn.
const FAILURE_LIMIT: usize = 8;

#[test]
fn fixed_scripts_do_what_they_did() {
    let shells: Vec<PathBuf> = ["bash", "dash"].iter().filter_map(|name| located(name)).collect();
    if shells.is_empty() {
        let _ = writeln!(std::io::stderr(), "skipped: neither bash nor dash is here");
        return;
    }
    // Written once, before anything is started: a process that is started while a file is open for writing holds it open for
    // a moment, and who runs it then is told "text file busy".
    let stub = tempfile::tempdir().unwrap();
    let path = stub.path().join("stub");
    fs::write(&path, STUB).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let problems: Vec<String> =
        examples().par_iter().flat_map_iter(|example| compare(example, &shells, &path)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Pages, cases, corpus and the scripts beside this file.
fn examples() -> Vec<Example> {
    let mut examples = samples::own();
    for block in SCRIPTS.split("# --- ").skip(1) {
        let (name, text) = block.split_once('\n').unwrap();
        let files = Files::from([("Dockerfile".to_owned(), text.as_bytes().to_vec())]);
        let dockerfiles = vec!["Dockerfile".to_owned()];
        examples.push(Example { name: name.to_owned(), files, dockerfiles, settings: only(&[]) });
    }
    for example in &mut examples {
        example.settings = only(&RULES.map(str::to_owned));
    }
    examples
}

fn compare(example: &Example, shells: &[PathBuf], stub: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, after) in example.fixed(Applicability::Unsafe) {
        let Some(before) = example.files.get(&path) else { continue };
        let (before, after) = (scripts(before), scripts(&after));
        assert_eq!(before.len(), after.len(), "{}: another number of scripts", example.name);
        for shell in shells {
            let (old, new) = (Sandbox::new(&before, stub), Sandbox::new(&after, stub));
            for (old_script, new_script) in before.iter().zip(&after) {
                let start = (old.state(), new.state());
                let (was, is) = (old.run(shell, old_script, None), new.run(shell, new_script, None));
                let end = (old.state(), new.state());
                let mut check = |what: &str, was: &Outcome, is: &Outcome| {
                    if was != is {
                        let shell = shell.display();
                        problems.push(format!(
                            "{} in {shell}, {what}\n{}\nbecame\n{}\nwas {was:?}\nis {is:?}",
                            example.name, old_script.text, new_script.text
                        ));
                    }
                };
                check("all well", &was, &is);
                if old_script.text == new_script.text {
                    continue;
                }
                let lines: BTreeSet<&String> = was.calls.iter().collect();
                for line in lines.into_iter().take(FAILURE_LIMIT) {
                    old.set_state(&start.0);
                    new.set_state(&start.1);
                    let (was, is) = (old.run(shell, old_script, Some(line)), new.run(shell, new_script, Some(line)));
                    check(&format!("failing: {line}"), &was, &is);
                }
                for manager in MANAGERS.into_iter().filter(|manager| old.has(manager)) {
                    old.set_state(&start.0);
                    new.set_state(&start.1);
                    let run = |sandbox: &Sandbox, script| sandbox.without(manager, || sandbox.run(shell, script, None));
                    check(&format!("without {manager}"), &run(&old, old_script), &run(&new, new_script));
                }
                old.set_state(&end.0);
                new.set_state(&end.1);
            }
        }
    }
    problems
}

/// The script of a `RUN`, and what stands before it in its Dockerfile.
struct Body {
    text: String,
    errexit: bool,
    variables: Vec<(String, String)>,
}

/// Scripts in order. What runs them need not be the shell of the image: both sides are run alike.
fn scripts(bytes: &[u8]) -> Vec<Body> {
    let text = String::from_utf8_lossy(bytes);
    let dockerfile = Dockerfile::parse(&text);
    let mut found = Vec::new();
    let (mut variables, mut errexit) = (Vec::new(), false);
    for instruction in dockerfile.instructions.iter().map(Instruction::effective) {
        let plain = |word: &str| word.trim_matches(['"', '\'']).to_owned();
        match &instruction.arguments {
            Arguments::Pairs(pairs) if instruction.keyword == Keyword::Env => {
                variables.extend(pairs.iter().map(|pair| (pair.name.text.clone(), plain(&pair.value.text))));
            }
            Arguments::Declarations(declarations) => {
                let with_default = declarations
                    .iter()
                    .filter_map(|one| Some((one.name.text.clone(), plain(&one.default.as_ref()?.text))));
                variables.extend(with_default);
            }
            _ if instruction.keyword == Keyword::Shell => {
                errexit = text[instruction.range.start() as usize..instruction.range.end() as usize].contains("-e");
            }
            _ if instruction.keyword == Keyword::Run => {
                let (body, errexit) = match instruction.script(&text) {
                    Some(RunScript::Shell(body)) => (body.text().to_owned(), errexit),
                    Some(RunScript::Interpreter { interpreter, text }) if interpreter.contains("sh") => {
                        (text.text().to_owned(), interpreter.contains(" -e"))
                    }
                    _ => continue,
                };
                if is_confined(&body) {
                    found.push(Body { text: body, errexit, variables: variables.clone() });
                }
            }
            _ => {}
        }
    }
    found
}

/// The caches that are there, by the programs they belong to.
type State = BTreeSet<String>;

/// What a script did.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    calls: Vec<String>,
    code: Option<i32>,
}

/// A folder with programs, in which scripts run.
struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    fn new(scripts: &[Body], stub: &Path) -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap() };
        let programs = sandbox.path("programs");
        fs::create_dir(&programs).unwrap();
        fs::create_dir(sandbox.path("tmp")).unwrap();
        for name in REAL {
            if let Some(real) = located(name) {
                symlink(real, programs.join(name)).unwrap();
            }
        }
        let texts = scripts
            .iter()
            .map(|script| &script.text)
            .chain(scripts.iter().flat_map(|script| script.variables.iter().map(|(_, value)| value)));
        let words: BTreeSet<&str> = texts
            .flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))))
            .filter(|word| {
                word.starts_with(|c: char| c.is_ascii_lowercase()) && !REAL.contains(word) && !BUILTINS.contains(word)
            })
            .chain(["rm", "sudo"])
            .collect();
        for word in words {
            let _ = symlink(stub, programs.join(word));
        }
        sandbox.set_state(&State::new());
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn state(&self) -> State {
        let entries = fs::read_dir(self.path("state")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn set_state(&self, state: &State) {
        let folder = self.path("state");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        for name in state {
            fs::write(folder.join(name), "").unwrap();
        }
    }

    fn has(&self, program: &str) -> bool {
        self.path("programs").join(program).is_symlink()
    }

    /// Runs something while a program is not there.
    fn without<T>(&self, program: &str, run: impl FnOnce() -> T) -> T {
        let path = self.path("programs").join(program);
        let target = fs::read_link(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let result = run();
        symlink(target, &path).unwrap();
        result
    }

    fn run(&self, shell: &Path, script: &Body, failing: Option<&str>) -> Outcome {
        fs::write(self.path("log"), "").unwrap();
        // Which user a later `RUN` has is not told by what an earlier one ran under `sudo`.
        self.set_state(&self.state().into_iter().filter(|name| !name.contains(".root")).collect());
        // Paths of the image lie in the sandbox; its folders of programs are the one here.
        let inside = self.folder.path().to_str().unwrap();
        let text = without_folders(&script.text);
        let text = absolute_moved(&text, &format!("{inside}/tmp"));
        let text = format!("cd() {{ :; }}\n{text}");
        let mut command = Command::new(shell);
        command.args(script.errexit.then_some("-e")).args(["-c", &text]).env_clear().current_dir(self.path("tmp"));
        command.envs(script.variables.iter().map(|(name, value)| (name, without_folders(value))));
        command
            .env("PATH", self.path("programs"))
            .env("HOME", self.path("tmp"))
            .env("STATE", self.path("state"))
            .env("LOG", self.path("log"));
        command.envs(failing.map(|line| ("FAIL", line)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let code = wait(&mut child);
        let log = fs::read_to_string(self.path("log")).unwrap();
        let mut calls: Vec<String> = log.lines().map(|line| line.replace(inside, "")).collect();
        if code.is_none() {
            calls.clear();
        }
        // Programs of a pipeline write in any order.
        if script.text.contains(['|', '&']) && script.text.replace("||", "").replace("&&", "").contains(['|', '&']) {
            calls.sort();
        }
        Outcome { calls, code }
    }
}

/// The exit code; `None` when it does not come to an end.
fn wait(child: &mut std::process::Child) -> Option<i32> {
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Whether a script can be run here: nothing in it leads to programs or files outside the sandbox.
fn is_confined(text: &str) -> bool {
    const ESCAPES: [&str; 9] =
        ["PATH=", "--login", "command -p", "env -i", "env -", "/dev/tcp", "..", "BASH_ENV", "ENV="];
    let login = text
        .split_whitespace()
        .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('l') && word.ends_with('c'));
    let login = login || text.contains(" -l ");
    let open_target = text
        .split('>')
        .skip(1)
        .any(|target| target.trim_start_matches(['>', '|', '&', ' ', '"', '\'']).starts_with('$'));
    let odd_root = text.match_indices('/').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_some_and(|c| !(c.is_ascii_alphanumeric() || "._-~/*:'\"=;&|(<>`+@}".contains(c) || c.is_whitespace()))
    });
    !login && !open_target && !odd_root && !ESCAPES.iter().any(|escape| text.contains(escape))
}

/// `/usr/bin/apt-get` and `$VENV/bin/pip` without their folders.
fn without_folders(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("/bin/") {
        let (before, after) = rest.split_at(at);
        let start = before.rfind(|c: char| c.is_whitespace() || "'\"=;&|(<>`".contains(c)).map_or(0, |at| at + 1);
        result.push_str(&before[..start]);
        rest = &after["/bin/".len()..];
    }
    result + rest
}

/// Every absolute path moved below `folder`.
fn absolute_moved(text: &str, folder: &str) -> String {
    let mut result = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if c == '/' && (before.is_whitespace() || "'\"=;&|(<>`:".contains(before)) {
            result.push_str(folder);
        }
        result.push(c);
        before = c;
    }
    result
}

fn located(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}
