//! Commands and calls that install or compile, in scripts and in Python.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::facts::paths::{bare, file_name};

use super::pips::calls_a_pip;

/// Programs with the words behind which they install or compile; without words they always do.
const INSTALLERS: [(&str, &[&str]); 47] = [
    ("pip", &["install", "wheel"]),
    ("pip2", &["install", "wheel"]),
    ("pip3", &["install", "wheel"]),
    ("pip-sync", &[]),
    ("pipx", &["install", "run"]),
    ("uvx", &[]),
    ("uv", &["sync", "add", "install"]),
    ("poetry", &["install", "add", "update"]),
    ("pipenv", &["install", "sync"]),
    ("pdm", &["install", "sync", "add"]),
    ("conda", &["install", "create", "update"]),
    ("mamba", &["install", "create", "update"]),
    ("bundle", &["install", "update"]),
    ("bundler", &["install", "update"]),
    ("gem", &["install"]),
    ("npm", &["install", "i", "ci", "add", "rebuild"]),
    ("yarn", &["install", "add"]),
    ("pnpm", &["install", "i", "add"]),
    ("go", &["install", "get", "build", "run", "test", "generate", "mod", "list"]),
    ("cargo", &["install", "build", "run"]),
    ("pecl", &["install"]),
    ("phpize", &[]),
    ("apxs", &[]),
    ("docker-php-ext-install", &[]),
    ("luarocks", &["install"]),
    ("mix", &["setup", "compile", "deps.get", "deps.compile", "phx.server", "run"]),
    ("dotnet", &["run", "build", "watch", "ef", "test", "tool", "publish", "restore"]),
    ("mvn", &[]),
    ("mvnw", &[]),
    ("gradle", &[]),
    ("gradlew", &[]),
    ("sbt", &[]),
    ("javac", &[]),
    ("cpan", &[]),
    ("cpanm", &[]),
    ("apt-get", &["install"]),
    ("apt", &["install"]),
    ("apk", &["add"]),
    ("yum", &["install"]),
    ("dnf", &["install"]),
    ("microdnf", &["install"]),
    ("make", &[]),
    ("cmake", &[]),
    ("gcc", &[]),
    ("g++", &[]),
    ("clang", &[]),
    ("rustc", &[]),
];
/// What runs another program that stands behind it.
const WRAPPERS: [&str; 31] = [
    "if", "elif", "while", "until", "then", "do", "else", "!", "exec", "time", "env", "sudo", "nohup", "{", "-c", "-m",
    "--", "gosu", "su-exec", "su", "runuser", "nice", "sh", "bash", "python", "python3", "python2", "eval", "run",
    "xvfb-run", "iex",
];
/// Words that say that an install is for developing or testing.
const FOR_WORK: [&str; 9] =
    ["dev", "develop", "development", "test", "tests", "testing", "debug", "debugpy", "watchdog"];
/// What starts a program in a Python source.
const CALLERS: [&str; 10] = [
    "subprocess",
    "os.system(",
    "Popen(",
    "check_call(",
    "check_output(",
    "run(",
    "getoutput(",
    "create_subprocess",
    "popen(",
    "execute(",
];
/// Calls that take the words of a command one by one.
const STARTING: [&str; 4] = ["subprocess_exec(", "execvp(", "execlp(", "spawnlp("];
/// Installers that Python sources call, as the list of their words begins.
const LISTED_CALLS: [(&str, &str); 11] = [
    ("pip", "install"),
    ("pip3", "install"),
    ("uv", "sync"),
    ("pipx", "run"),
    ("poetry", "install"),
    ("bundle", "install"),
    ("gem", "install"),
    ("go", "install"),
    ("go", "build"),
    ("cargo", "install"),
    ("cargo", "build"),
];
/// Programs that compile whatever stands behind them.
const COMPILING: [&str; 5] = ["make", "cmake", "gcc", "g++", "rustc"];
/// What a driver of builds is told: `./mach build`, `./x.py bootstrap`.
const BUILD_WORDS: [&str; 4] = ["build", "bootstrap", "compile", "install"];

/// The command of a line of a script that installs or compiles: `pip install`.
pub(in crate::facts) fn install_call(line: &str) -> Option<String> {
    let line = line.trim_start();
    if line.starts_with('#') {
        return None;
    }
    let line = named_programs(line.split(" #").next().unwrap_or(line));
    let separated = line.replace("&&", ";").replace("||", ";").replace("$(", ";");
    separated.split([';', '|', '`', '(', ')']).find_map(|command| {
        let words: Vec<&str> = command.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
        // `bundle install --without development test` and `poetry install --no-dev` leave them out.
        let mut leaves_out = false;
        let for_work = words
            .iter()
            .filter(|word| {
                let is_option = word.starts_with('-');
                leaves_out = if is_option { word.starts_with("--without") } else { leaves_out };
                !leaves_out && !word.starts_with("--no-") && !word.starts_with("--omit")
            })
            // `/tmp/dev_0` is where a package lies, `/app[dev]` and `/app/requirements/dev.in` say which.
            .map(|word| match word.find('[') {
                Some(at) => word.get(at..).unwrap_or(word),
                None if word.starts_with('/') && !word.contains('.') => "",
                None => word,
            })
            .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
            .any(|part| FOR_WORK.contains(&part));
        // What stands in front of the program, and what that takes: `gosu app pip install`.
        let mut wrapped = true;
        for (at, word) in words.iter().enumerate() {
            let program = file_name(word);
            // `pip3.12`
            let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            let entry = INSTALLERS.iter().find(|(name, _)| *name == program || *name == "pip" && plain == "pip");
            let entry = entry.filter(|_| wrapped);
            if let Some((name, subcommands)) = entry {
                let rest = words.get(at + 1..).unwrap_or_default();
                if subcommands.is_empty() {
                    return (!matches!(rest.first(), Some(&"--version" | &"-v"))).then(|| (*name).to_owned());
                }
                if let Some(call) = runs_a_tool(name, rest) {
                    return Some(call.to_owned());
                }
                // `exec go "$@"`
                if matches!(rest.first(), Some(&"$@")) {
                    return Some((*name).to_owned());
                }
                if rest.is_empty() && matches!(*name, "bundle" | "yarn") {
                    return Some((*name).to_owned());
                }
                // What is installed for tests only is not installed where the image serves; a compiler is called all the same.
                let sub = rest.iter().take(4).find(|word| subcommands.contains(word)).filter(|_| !for_work);
                return sub.map(|sub| format!("{name} {sub}"));
            }
            let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
            // A function of the script: `exec_as_redmine bundle install`.
            let is_function = ["_as_", "run_as", "exec_as", "as_user"].iter().any(|part| word.contains(part));
            let is_user = matches!(file_name(before), "gosu" | "su-exec" | "su" | "runuser" | "-u");
            wrapped = wrapped
                && (is_function
                    || WRAPPERS.contains(&program)
                    || word.contains('=')
                    || is_user
                    || word.starts_with(['-', '$']));
        }
        None
    })
}

/// What uv installs to run it: `uv tool run ruff`, `uv run --with $PACKAGE report.py`. A package that is named is known to whoever made the
/// image.
fn runs_a_tool(program: &str, rest: &[&str]) -> Option<&'static str> {
    match rest {
        ["tool", "run", ..] if program == "uv" => Some("uv tool run"),
        ["run", behind @ ..] if program == "uv" => {
            let with = behind.iter().position(|word| word.split('=').next() == Some("--with"))?;
            let given = behind.get(with..with + 2).unwrap_or_default();
            given.iter().any(|word| word.contains(['$', '{'])).then_some("uv run --with")
        }
        _ => None,
    }
}

/// `line` with the names of programs for what looks them up: `$(command -v pip) install` is `pip install`.
fn named_programs(line: &str) -> String {
    let mut line = line.to_owned();
    for (start, end) in [("$(command -v ", ')'), ("$(which ", ')'), ("`which ", '`'), ("`command -v ", '`')] {
        while let Some(at) = line.find(start) {
            let Some(length) = line.get(at + start.len()..).and_then(|rest| rest.find(end)) else { break };
            let name = at + start.len()..at + start.len() + length;
            line = format!("{}{}{}", &line[..at], line[name.clone()].trim(), &line[name.end + 1..]);
        }
    }
    line
}

/// The command of a Python source that installs: `["pip", "install", …]`, `os.system("pip install …")`.
pub(super) fn source_call(text: &str) -> Option<String> {
    // Airflow makes an environment for each such task.
    let is_task = |line: &str| line.contains("PythonVirtualenvOperator(") || line.contains("@task.virtualenv");
    if text.lines().any(|line| is_task(line) && !line.trim_start().starts_with('#')) {
        return Some("pip install".to_owned());
    }
    let code = || {
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        code.join("\n")
    };
    // Python itself compiles, as a program of its own or when something is imported.
    if text.contains("pyximport.install(") && code().contains("pyximport.install(") {
        return Some("pyximport".to_owned());
    }
    // cffi compiles what `ffi.verify("#include …")` is given.
    if text.contains("ffi.verify(") && code().contains("ffi.verify(") {
        return Some("cffi".to_owned());
    }
    if text.contains("nuitka") && has_listed(&code(), "-m", "nuitka") {
        return Some("nuitka".to_owned());
    }
    if text.contains("pip") && text.contains("install") && calls_a_pip(&code()) {
        return Some("pip install".to_owned());
    }
    // Most sources name none of the programs, and need not be read word by word.
    if !names_a_program(text) {
        return None;
    }
    let code = code();
    // pip as a library.
    if ["pip.main(", "pip._internal", "from pip import main"].iter().any(|call| code.contains(call)) {
        return Some("pip install".to_owned());
    }
    let listed = LISTED_CALLS.iter().find(|(program, subcommand)| has_listed(&code, program, subcommand));
    if let Some((program, subcommand)) = listed {
        return Some(format!("{program} {subcommand}"));
    }
    if begins_a_list(&code, "uvx") {
        return Some("uvx".to_owned());
    }
    if let Some(program) = COMPILING.iter().find(|program| begins_words(&code, program)) {
        return Some((*program).to_owned());
    }
    if has_listed(&code, "uv", "run") && has_listed(&code, "run", "--with") {
        return Some("uv run --with".to_owned());
    }
    if has_listed(&code, "uv", "tool") && has_listed(&code, "tool", "run") {
        return Some("uv tool run".to_owned());
    }
    // `command = (sys.executable, "-m", "pip")`, and `[*command, "install", …]` elsewhere.
    if has_listed(&code, "-m", "pip") && (code.contains("\"install\"") || code.contains("'install'")) {
        return Some("pip install".to_owned());
    }
    if let Some(call) = kept_call(&code) {
        return Some(call);
    }
    let mut opened = false;
    for line in code.lines() {
        let code = line.trim();
        // A line of a shell that some container is started with: `parts.append(f"cp -r {path} /tmp && pip install /tmp/{name}")`.
        let calls = opened
            || CALLERS.iter().any(|caller| code.contains(caller))
            || runs_a_string(code)
            || code.contains(" && ") && !is_said_to_people(code);
        opened = calls && code.ends_with('(');
        if !calls {
            continue;
        }
        // What a quote opens may be a command line; a compiler's name alone is any word, and who builds a page in JavaScript
        // compiles nothing.
        if let Some(call) = quoted_call(code).or_else(|| quoted_build(code)) {
            return Some(call);
        }
    }
    None
}

/// The program that a command line in a string of a source compiles with: `f"cd {folder} && cmake . && make -j4"`, `"make all"`; not
/// `"make sure that it is there"`.
fn quoted_build(line: &str) -> Option<String> {
    const TARGETS: [&str; 7] = ["all", "build", "clean", "install", "run", "test", ".."];
    const OF_SHELL: [&str; 16] = [
        "cd",
        "mkdir",
        "git",
        "rm",
        "cp",
        "export",
        "source",
        ".",
        "make",
        "cmake",
        "ninja",
        "./configure",
        "sudo",
        "timeout",
        "nice",
        "set",
    ];
    let speaks_shell = |quoted: &&str| {
        quoted.split_whitespace().next().is_some_and(|word| OF_SHELL.contains(&word) || word.contains('='))
    };
    line.split(['"', '\'']).skip(1).step_by(2).filter(speaks_shell).find_map(|quoted| {
        quoted.replace("&&", ";").split([';', '|']).find_map(|command| {
            let mut words = command.split_whitespace().peekable();
            // `timeout 10m make`, `CC=gcc make`
            while let Some(word) = words.peek() {
                if *word == "timeout" {
                    words.next();
                    words.next();
                } else if *word == "nice" || word.contains('=') {
                    words.next();
                } else {
                    break;
                }
            }
            let program = words.next().filter(|word| matches!(*word, "make" | "cmake" | "ninja" | "./configure"))?;
            let is_last = quoted.contains("&&") && command.len() < quoted.len();
            let builds = match words.next() {
                None => is_last || program == "./configure",
                Some(next) => {
                    next.starts_with(['-', '.', '{', '/']) || TARGETS.contains(&next) && words.next().is_none()
                }
            };
            builds.then(|| program.to_owned())
        })
    })
}

/// Whether a line of a source tells people something: `raise ImportError("git clone … && pip install .")`.
fn is_said_to_people(line: &str) -> bool {
    ["raise ", "print(", "log.", "logger.", "logging.", "Error(", "Exception(", "warn", "help=", "epilog", "echo("]
        .iter()
        .any(|word| line.contains(word))
}

/// Whether a word of `text` may be a program that [`source_call`] looks for, `pip3.12` among them; `gone` is not `go`.
fn names_a_program(text: &str) -> bool {
    static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let names = LISTED_CALLS.iter().map(|(program, _)| *program).chain(COMPILING).chain(["uvx"]);
        AhoCorasick::new(names.collect::<BTreeSet<_>>()).ok()
    });
    let Some(names) = NAMES.as_ref() else { return true };
    names.find_overlapping_iter(text).any(|found| {
        let before = text.get(..found.start()).and_then(|before| before.chars().next_back());
        let behind = text.get(found.end()..).and_then(|behind| behind.chars().next());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && !behind.is_some_and(|c| c.is_alphabetic() || c == '_')
    })
}

/// Whether a list of words begins with `program`: `command = ["uvx"]`.
fn begins_a_list(code: &str, program: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        code.match_indices(&format!("{quote}{program}{quote}"))
            .any(|(at, _)| code.get(..at).is_some_and(|before| before.trim_end().ends_with('[')))
    })
}

/// Whether a list of several words, or the arguments of a call that starts a program, begin with `program`: `["make", "-C", folder]`; not
/// the list of names `["gcc"]`, nor `which("gcc")`.
fn begins_words(code: &str, program: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        let word = format!("{quote}{program}{quote}");
        code.match_indices(&word).any(|(at, _)| {
            let before = code.get(..at).unwrap_or_default().trim_end();
            let behind = code.get(at + word.len()..).unwrap_or_default().trim_start();
            let Some(next) = behind.strip_prefix(',').map(str::trim_start) else { return false };
            let argument = next.starts_with('-') || next.get(1..).is_some_and(|word| word.starts_with('-'));
            begins_a_command(before) && (argument || !next.starts_with(['"', '\'', ']', ')']))
        })
    })
}

/// Whether what comes next is the first word of a command: behind `[` of an argument, or behind `create_subprocess_exec(`.
fn begins_a_command(before: &str) -> bool {
    before.ends_with('[') || STARTING.iter().any(|call| before.ends_with(call))
}

/// A program of a checkout, by a relative path that nothing in the repository has, that a Python source starts to build: `["./mach",
/// "build"]`. `is_there` tells whether the repository has a file at a path.
pub(super) fn driver_call(text: &str, is_there: impl Fn(&str) -> bool) -> Option<String> {
    ['"', '\''].into_iter().find_map(|quote| {
        text.match_indices(&format!("{quote}./")).find_map(|(at, _)| {
            let before = text.get(..at)?.trim_end();
            let (program, behind) = text.get(at + 1..)?.split_once(quote)?;
            let words: Vec<&str> = behind.split([']', ')']).next()?.split(quote).skip(1).step_by(2).take(3).collect();
            let word = words.iter().find(|word| BUILD_WORDS.contains(word))?;
            let plain = program.len() > 2 && program.len() < 60 && !program.contains([' ', '\n', '{', '$']);
            (plain && begins_a_command(before) && !is_there(program)).then(|| format!("{program} {word}"))
        })
    })
}

/// The installer's command line that a line of a source quotes.
pub(super) fn quoted_call(line: &str) -> Option<String> {
    let quoted = line.split(['"', '\'']).skip(1).step_by(2).find_map(install_call);
    quoted.filter(|call| {
        call.as_str() == "uvx"
            || LISTED_CALLS
                .iter()
                .any(|(program, _)| call.strip_prefix(program).is_some_and(|rest| rest.starts_with(' ')))
    })
}

/// The installer's command line that has a name, where what starts programs takes that name: `command = "pip install -r {}".format(file)`,
/// then `subprocess.check_call(command.split())`.
fn kept_call(code: &str) -> Option<String> {
    code.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let value = value.trim_start().trim_start_matches(['f', 'r']);
        let call = quoted_call(value).filter(|_| is_name && value.starts_with(['"', '\'']))?;
        let takes = |line: &str| {
            CALLERS.iter().any(|caller| {
                line.split_once(caller).is_some_and(|(_, rest)| {
                    rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
                })
            })
        };
        code.lines().any(takes).then_some(call)
    })
}

/// Whether a function that runs commands, by its name, is given a string: `run_cmd("uv sync")`; not `print("uv sync")`.
fn runs_a_string(code: &str) -> bool {
    const RUNNING: [&str; 10] = ["run", "cmd", "call", "exec", "execute", "shell", "sh", "system", "command", "spawn"];
    ["(\"", "('", "(f\"", "(f'"].iter().flat_map(|opening| code.match_indices(opening)).any(|(at, _)| {
        let before = code.get(..at).unwrap_or_default();
        let name = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        name.split('_').any(|part| RUNNING.contains(&part))
    })
}

/// Whether two strings stand one behind the other: `"pip", "install"`, also on two lines.
fn has_listed(text: &str, first: &str, second: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        text.match_indices(&format!("{quote}{first}{quote}")).any(|(at, found)| {
            let rest = text.get(at + found.len()..).unwrap_or_default().trim_start();
            let Some(mut rest) = rest.strip_prefix(',').map(str::trim_start) else { return false };
            // `"uv", "pip", "install"`, `"pip", "--python", python, "install"`
            for _ in 0..3 {
                if rest
                    .strip_prefix(quote)
                    .and_then(|rest| rest.strip_prefix(second))
                    .is_some_and(|rest| rest.starts_with(quote))
                {
                    return true;
                }
                let flag = rest.strip_prefix(quote).is_some_and(|rest| rest.starts_with('-'));
                let Some((_, behind)) =
                    rest.split_once(',').filter(|(word, _)| flag || !word.contains(['"', '\'', '\n', ']', ')']))
                else {
                    return false;
                };
                rest = behind.trim_start();
            }
            false
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_words() {
        for text in ["['pip', 'x']", "run(\"/usr/bin/go build\")", "`pip3.12 install`", "(uvx)", "'g++'"] {
            assert!(names_a_program(text), "{text}");
        }
        for text in ["is gone", "uvicorn.run(app)", "management", "pipeline = make_pipeline()", "uv_loop", ""] {
            assert!(!names_a_program(text), "{text}");
        }
    }

    #[test]
    fn scripts_install() {
        for (line, expected) in [
            ("python3 -m pip install -r requirements.txt", Some("pip install")),
            ("  pip install tenacity==8.2.2", Some("pip install")),
            ("bundle check || bundle install", Some("bundle install")),
            ("gosu app pip install x", Some("pip install")),
            ("exec_as_redmine bundle install --jobs 4", Some("bundle install")),
            ("mix phx.server", Some("mix phx.server")),
            ("iex -S mix phx.server", Some("mix phx.server")),
            ("pip3.12 install x", Some("pip install")),
            ("yarn && node server.js", Some("yarn")),
            ("if ! npm ci; then", Some("npm ci")),
            ("\"$PYTHON\" -m pip install x", Some("pip install")),
            ("sh -c pip install x && uvicorn app:app", Some("pip install")),
            ("echo run pip install x", None),
            ("# pip install x", None),
            ("pip list", None),
            ("pip install -r requirements-dev.txt", None),
            ("pip install --no-cache-dir -r requirements-dev.txt", None),
            ("bundle install --without development test rmagick", Some("bundle install")),
            ("poetry install --no-dev", Some("poetry install")),
            ("pip-sync dependencies/requirements.txt 1>/dev/null", Some("pip-sync")),
            ("echo \"make sure\"", None),
            ("exec make run", Some("make")),
        ] {
            assert_eq!(install_call(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn drivers_of_builds_stand_in_a_checkout() {
        let call = |text: &str| driver_call(text, |path| path == "./manage");
        assert_eq!(call("args = [\n  \"./mach\", \"build\"]").as_deref(), Some("./mach build"));
        let text = "asyncio.create_subprocess_exec(\n    \"./mach\",\n    \"--quiet\",\n    \"bootstrap\",\n)";
        assert_eq!(call(text).as_deref(), Some("./mach bootstrap"));
        assert_eq!(call("subprocess.run(['./manage', 'build'])"), None);
        assert_eq!(call("print(\"run ./mach build\")\nopen(\"./build\")"), None);
        assert_eq!(call("subprocess.run([\"./bin/ffmpeg\", \"-i\", name])"), None);
    }

    #[test]
    fn sources_install() {
        for (text, expected) in [
            ("subprocess.check_call([sys.executable, \"-m\", \"pip\", \"install\", name])", Some("pip install")),
            ("return (\n  \"uv\",\n  \"pip\",\n  \"install\",\n)", Some("pip install")),
            ("[\"pip\", \"--python\", python, \"install\"]", Some("pip install")),
            ("import pip\npip.main([\"install\", \"-q\", package])", Some("pip install")),
            ("os.system(f\"pip install {name}\")", Some("pip install")),
            ("subprocess.run(\n  \"uv pip install x\", shell=True)", Some("uv install")),
            (
                "command = \"pip3 install -r {}\".format(path)\nsubprocess.check_call(command.split())",
                Some("pip install"),
            ),
            ("hint = \"pip3 install foo\"\nlog.error(hint)\nsubprocess.run(other)", None),
            ("# subprocess.run([\"pip\", \"install\"])", None),
            ("args = ['go', 'build']\nargs.extend(['-o', output])\nsubprocess.check_output(args)", Some("go build")),
            ("subprocess.run([\"make\", \"-C\", folder])", Some("make")),
            ("await asyncio.create_subprocess_exec(\"gcc\", source, \"-o\", target)", Some("gcc")),
            ("deps_apt = [\"gcc\", \"git\", \"make\"]\nshutil.which(\"gcc\")", None),
            ("cmd = [\"uvx\"]\ncmd.extend([\"--with\", package])\nsubprocess.run(cmd)", Some("uvx")),
            ("subprocess.run([\"uv\", \"run\", \"--with\", package, \"python\"])", Some("uv run --with")),
            ("subprocess.run([\"uv\", \"tool\", \"run\", name])", Some("uv tool run")),
            ("os.system(f\"uv run --with {package} report.py\")", Some("uv run --with")),
            ("run([\"npm\", \"install\"])", None),
            ("names = {\"uvx\": 1}", None),
            ("raise ImportError(\"pip install foo\")", None),
            ("subprocess.run(\"make -j4\", shell=True)", Some("make")),
            ("cmd = (f\"cd {folder} && cmake -Bbuild ./ && cd build && \"\n  f\"timeout 10m make\")", Some("cmake")),
            ("os.system(\"make all\")", Some("make")),
            ("import pyximport\npyximport.install()", Some("pyximport")),
            ("ffi = cffi.FFI()\nlib = ffi.verify(\"#include <png.h>\")", Some("cffi")),
            ("ffi = cffi.FFI()\ntoken.verify(key)", None),
            ("subprocess.run([sys.executable, \"-m\", \"nuitka\", path])", Some("nuitka")),
            ("run(\"make sure that it is there\")", None),
            ("run_check(\"make install first\")", None),
            ("HELP = \"see docs && make install\"", None),
            ("# pyximport.install()", None),
            ("logger.info(\"run cmake . && make\")", None),
            ("print('run: pip install foo')", None),
        ] {
            assert_eq!(source_call(text).as_deref(), expected, "{text}");
        }
    }
}
