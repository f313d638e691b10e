//! Programs that keep the command lines of compilers in their sources: judges of contests, playgrounds.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use rayon::prelude::*;

use crate::facts::paths::{bare, file_name, has_ending, lies_in_any};
use crate::facts::python::{Reached, each_in_key};
use crate::facts::{Facts, StageFacts};
use crate::workspace::parent;

use super::SOURCE_LIMIT;

/// Compilers, each with the endings of what it compiles.
const COMPILERS: [(&str, &[&str]); 12] = [
    ("gcc", &["c"]),
    ("cc", &["c"]),
    ("g++", &["cpp", "cc", "cxx"]),
    ("c++", &["cpp", "cc", "cxx"]),
    ("clang", &["c", "cpp"]),
    ("clang++", &["cpp", "cc", "cxx"]),
    ("rustc", &["rs"]),
    ("javac", &["java"]),
    ("gfortran", &["f", "f90"]),
    ("ghc", &["hs"]),
    ("fpc", &["pas"]),
    ("make", &[]),
];
/// Tools that compile by a word behind them, each with those words.
const TOOLS: [(&str, &[&str]); 2] =
    [("go", &["build", "install", "run", "test"]), ("cargo", &["build", "install", "run"])];
/// Endings of sources that may keep a command line.
const SOURCES: [&str; 29] = [
    "js", "mjs", "cjs", "ts", "mts", "cts", "py", "rb", "php", "go", "java", "kt", "cs", "rs", "ex", "exs", "erl",
    "lua", "pl", "scala", "json", "c", "cc", "cpp", "cxx", "h", "hpp", "yaml", "yml",
];
/// What starts a program in Rust, and where that comes from; in one piece it would look as if this program started any.
const OF_PROCESSES: &str = concat!("process", "::Command");
const RUST: &str = concat!("Command", "::new(");
/// What starts a program and takes its name, or a command line, first: `ProcessBuilder("g++")`, `system("g++ -O2 main.cpp")`.
const STARTING: [&str; 29] = [
    RUST,
    "ProcessBuilder(",
    "System.cmd(",
    "os:cmd(",
    "os.execute(",
    "io.popen(",
    "exec.Command(",
    "exec.CommandContext(",
    "LookPath(",
    "execl(",
    "execlp(",
    "execle(",
    "execv(",
    "execvp(",
    "execve(",
    "posix_spawn(",
    "posix_spawnp(",
    "popen(",
    "system(",
    "spawn(",
    "spawnSync(",
    "execFile(",
    "execFileSync(",
    "execSync(",
    "exec(",
    "Open3.capture3(",
    "Process.Start(",
    "ProcessStartInfo(",
    "FileName = ",
];
/// Compilers whose names are no other words and no names of languages, so that a source which keeps one by itself means to call it:
/// `prog = "g++"`.
const UNMISTAKABLE: [&str; 5] = ["g++", "clang++", "rustc", "ghc", "fpc"];
/// Names under which sources and settings keep command lines of compilers that others give: `config["compile_command"]`.
const KEYS: [&str; 4] = ["compile_command", "compileCommand", "compile_cmd", "compileCmd"];
/// Calls of libraries that call the toolchain, each with what that calls.
const LIBRARIES: [(&str, &str); 2] =
    [("ToolProvider.getSystemJavaCompiler", "javac"), ("\"golang.org/x/tools/go/packages\"", "go")];
/// What [`Reached::by`] says where a source runs whatever compiler it is told.
const ANY: &str = "a compiler that it is told";
/// Larger sources are bundles.
const MAX_BYTES: u64 = 256_000;
/// Longer lines are those of bundles, too.
const LINE_BYTES: usize = 400;
/// Parts of paths of what serves the work on a program, and of what goes to a browser as it is.
const ASIDE: [&str; 39] = [
    "__mocks__",
    "__tests__",
    "assets",
    "bench",
    "benchmark",
    "benchmarks",
    "build",
    "ci",
    "contrib",
    "cypress",
    "dist",
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "frontend",
    "hack",
    "notebooks",
    "node_modules",
    "out",
    "public",
    "release",
    "script",
    "scripts",
    "site-packages",
    "spec",
    "static",
    "target",
    "test",
    "testdata",
    "testing",
    "tests",
    "third_party",
    "tools",
    "vendor",
    "website",
    "xtask",
];
/// Words in names of files for tests, builds and settings of tools: `main_test.go`, `webpack.config.js`, `setup.py`.
const FOR_WORK: [&str; 16] = [
    "magefile",
    "test",
    "tests",
    "spec",
    "conf",
    "min",
    "bundle",
    "stories",
    "setup",
    "build",
    "gulpfile",
    "gruntfile",
    "webpack",
    "package",
    "noxfile",
    "conftest",
];
/// What a line does that only says something.
const SAYING: [&str; 10] =
    ["console.", "print", "log", "throw", "rror", "raise", "puts ", "help", "description", "message"];

impl Facts<'_> {
    /// A source of the program that keeps a command line of a compiler that the image has: `compileCommand: 'gcc -std=c17 main.c -o main'`.
    pub(super) fn keeps_a_compilers_line(&self, image: &StageFacts) -> Option<Reached> {
        let root = self.ancestors(image).last().unwrap_or(image);
        let installs = self.installs_of_image(image);
        let builds_java =
            || ["mvn", "mvnw", "gradle", "gradlew", "javac"].iter().any(|tool| self.builds_with(image, tool));
        let brings = |compiler: &str| {
            let of_base = match compiler {
                "javac" => builds_java(),
                "go" => root.image.repository == "golang" || !root.image.is_known && self.builds_with(image, "go"),
                "cargo" => root.image.repository == "rust" || !root.image.is_known && self.builds_with(image, "cargo"),
                _ => root.image.has_build_tools == Some(true),
            };
            of_base
                || installs.iter().any(|install| {
                    install.name == compiler
                        || install.build_tool().is_some_and(|tool| tool.commands.contains(&compiler))
                })
        };
        let has_one = COMPILERS.iter().chain(&TOOLS).any(|(compiler, _)| brings(compiler));
        if !has_one {
            return None;
        }
        let keeps = |reached: &&Reached| (reached.by == ANY || brings(&reached.by)) && self.may_build(&reached.file);
        self.kept_lines().iter().find(keeps).cloned()
    }

    /// Whether a step of the image or of one that it is built on calls `tool`.
    pub(super) fn builds_with(&self, image: &StageFacts, tool: &str) -> bool {
        let mut chain = std::iter::once(image).chain(self.ancestors(image));
        chain.any(|stage| stage.runs.iter().flat_map(|run| &run.invocations).any(|call| call.program == tool))
    }

    /// Whether what the steps build may hold the source `path`: not a file of Go beside those that `go build cmd/server.go` names.
    fn may_build(&self, path: &str) -> bool {
        let calls = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let words = calls.filter(|call| call.program == "go").flat_map(|call| &call.arguments);
        let named = words.filter_map(|word| word.value.known()).filter(|word| has_ending(word, "go"));
        let named = named.map(|word| word.trim_start_matches("./"));
        let beside: Vec<&str> = named.filter(|word| ends_in(parent(path), parent(word))).collect();
        beside.is_empty() || beside.into_iter().any(|word| ends_in(path, word))
    }

    /// Whether a source of the program starts `tool` to compile: `exec.Command("go", "run", "job.go")`.
    pub(crate) fn keeps_a_line_of(&self, tool: &str) -> bool {
        self.kept_lines().iter().any(|reached| reached.by == tool && self.may_build(&reached.file))
    }

    /// The first line of a compiler that each source of the program keeps.
    fn kept_lines(&self) -> Arc<Vec<Reached>> {
        let folders = self.folders_of_started();
        let key = format!(
            "lines of compilers\0{}\0{}",
            each_in_key(self.context_sources()),
            each_in_key(folders.iter().map(String::as_str))
        );
        self.of_program(&key, || {
            // `CMD ["node", "scripts/worker.mjs"]` makes a program of what lies there.
            let is_started = |path: &str| {
                folders.iter().any(|folder| {
                    let before = parent(path).strip_suffix(folder.as_str());
                    before.is_some_and(|before| {
                        before.is_empty() || before.ends_with('/') && !lies_in_any(before, &ASIDE)
                    })
                })
            };
            let serves =
                |path: &str| serves_the_program(path) || is_started(path) && serves_the_program(file_name(path));
            let paths = self.copied_sources(MAX_BYTES, serves).into_iter().take(SOURCE_LIMIT);
            let paths: Vec<String> = paths.collect();
            let scripts = self.scripts_named_by(&paths);
            let found = paths.into_par_iter().filter_map(|path| {
                let file = self.workspace.read(&path).ok()?;
                let settings = has_ending(&path, "yml") || has_ending(&path, "yaml");
                let text = Some(file.text()).filter(|text| settings || may_keep_a_line(text))?;
                // A generator, or a list of tools, is no part of the program.
                if text.contains("//go:build ignore") || text.contains("//go:build tools") {
                    return None;
                }
                let by = if settings {
                    kept_setting(text)?
                } else {
                    let by_name = || (!has_ending(&path, "json")).then(|| started_by_name(text)).flatten();
                    compilers_line(text).or_else(|| listed_words(text)).or_else(by_name)?
                };
                Some(Reached { file: path, by: by.to_owned() })
            });
            let mut found: Vec<Reached> = found.collect();
            found.extend(scripts);
            found
        })
    }

    /// The scripts of the context that call a compiler, and that one of `sources` names, each with the first compiler:
    /// `execSync('bash ./task.sh')`.
    fn scripts_named_by(&self, sources: &[String]) -> Vec<Reached> {
        let is_script = |path: &str| has_ending(path, "sh") || has_ending(path, "bash");
        let scripts = self.copied_sources(MAX_BYTES, is_script).into_iter().take(SOURCE_LIMIT);
        let mut found: Vec<Reached> = scripts
            .filter_map(|path| {
                let file = self.workspace.read(&path).ok()?;
                let by = called_in_script(file.text())?;
                Some(Reached { file: path, by: by.to_owned() })
            })
            .collect();
        if found.is_empty() {
            return found;
        }
        let names: Vec<String> = found.iter().map(|script| file_name(&script.file).to_owned()).collect();
        let Ok(matcher) = AhoCorasick::new(&names) else { return Vec::new() };
        let code: Vec<&String> = sources
            .iter()
            .filter(|path| !["json", "yml", "yaml"].iter().any(|ending| has_ending(path, ending)))
            .collect();
        let named = code.into_par_iter().filter_map(|path| self.workspace.read(path).ok()).flat_map_iter(|file| {
            let text = file.text();
            let hits = matcher.find_overlapping_iter(text).filter(|hit| is_started_there(text, hit.range()));
            hits.map(|hit| hit.pattern().as_usize()).collect::<BTreeSet<usize>>()
        });
        let named: BTreeSet<usize> = named.collect();
        let mut number = 0..;
        found.retain(|_| number.next().is_some_and(|number| named.contains(&number)));
        found
    }

    /// The folders, as they are written, of sources that the final images start and that would else be no part of a program: `scripts` of
    /// `node scripts/worker.mjs`.
    fn folders_of_started(&self) -> BTreeSet<String> {
        let words = self.finals().flat_map(|image| self.all_start_words(image)).map(bare);
        let sources = words.filter(|word| SOURCES.iter().any(|ending| has_ending(word, ending)));
        let words = sources.map(|word| word.trim_start_matches("./")).filter(|word| lies_in_any(word, &ASIDE));
        words.map(|word| parent(word).to_owned()).filter(|folder| !folder.starts_with('/')).collect()
    }
}

/// Whether the name of a script stands in a line of code as a path in a string, or behind a shell there: `'bash task.sh'`.
fn is_started_there(text: &str, name: std::ops::Range<usize>) -> bool {
    const SHELLS: [&str; 7] = ["bash", "sh", "exec", "source", "sudo", "env", "timeout"];
    let Some((line, at)) = line_around(text, name.start) else { return false };
    let before = line.get(..at).unwrap_or_default();
    let behind = text.get(name.end..).unwrap_or_default();
    let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let by_shell = before.strip_suffix(' ').is_some_and(|before| {
        let word = before.rsplit([' ', '"', '\'', '`', '/']).next().unwrap_or_default();
        SHELLS.contains(&word) && before.contains(['"', '\'', '`'])
    });
    ends && (by_shell || before.ends_with(['/', '"', '\'', '`']))
}

/// The compiler or tool that a shell script calls to compile: `[ -e "$out" ] || make "$out"`.
fn called_in_script(text: &str) -> Option<&'static str> {
    const BEFORE: [&str; 10] = ["if", "then", "else", "do", "!", "{", "exec", "time", "sudo", "env"];
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut commands = lines.flat_map(|line| line.split([';', '|', '&', '(', '`']));
    commands.find_map(|command| {
        let is_before = |word: &&str| BEFORE.contains(word) || word.contains('=');
        let mut words = command.split_whitespace().skip_while(is_before);
        let program = file_name(words.next()?);
        let compiler = COMPILERS.iter().find(|(name, _)| *name == program);
        let first = words.next();
        let tool =
            TOOLS.iter().find(|(name, behind)| *name == program && first.is_some_and(|word| behind.contains(&word)));
        compiler.or(tool).map(|(name, _)| *name)
    })
}

/// Whether a string, or a path in one, may begin with a compiler or a tool: most sources have none.
fn may_keep_a_line(text: &str) -> bool {
    static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let names = COMPILERS.iter().chain(&TOOLS).map(|(name, _)| *name);
        let words = names.flat_map(|name| ['"', '\'', '`', '/'].map(|start| format!("{start}{name}")));
        let others = KEYS.into_iter().chain(LIBRARIES.map(|(call, _)| call)).map(str::to_owned);
        AhoCorasick::new(words.chain(others)).ok()
    });
    NAMES.as_ref().is_none_or(|names| names.is_match(text))
}

/// The compiler that a text starts with its words one by one: `exec.Command("go", "run", file)`, also over several lines,
/// `spawn("g++", ["main.cpp"])`.
fn listed_words(text: &str) -> Option<&'static str> {
    COMPILERS.iter().chain(&TOOLS).find_map(|(name, behind)| {
        let is_tool = TOOLS.iter().any(|(tool, _)| tool == name);
        let starts = ['"', '\''].into_iter().any(|quote| {
            let word = format!("{quote}{name}{quote}");
            text.match_indices(&word).any(|(at, _)| {
                let before = text.get(..at).unwrap_or_default().trim_end();
                let Some(rest) = text.get(at + word.len()..) else { return false };
                let Some(rest) = rest.trim_start().strip_prefix(',') else { return false };
                let rest = rest.trim_start().trim_start_matches('[').trim_start();
                let Some(next) = rest.strip_prefix(quote).and_then(|rest| rest.split(quote).next()) else {
                    return false;
                };
                let is_source = next.rsplit_once('.').is_some_and(|(_, ending)| behind.contains(&ending));
                let compiles =
                    if is_tool { behind.contains(&next) } else { is_source || next == "-o" || next.starts_with("-O") };
                compiles && before.ends_with(['(', '[', ',', '{'])
            })
        });
        starts.then_some(*name)
    })
}

/// The compiler that a source calls by its name alone, whatever follows, or by a library.
fn started_by_name(text: &str) -> Option<&'static str> {
    if let Some((_, by)) = LIBRARIES.iter().find(|(call, _)| code_with(text, call).next().is_some()) {
        return Some(by);
    }
    if KEYS.iter().any(|key| code_with(text, key).any(|line| takes_key(line, key))) {
        return Some(ANY);
    }
    let is_rust = text.contains(OF_PROCESSES);
    quoted_names(text).find_map(|(name, line, at)| {
        let quote = line.get(at..)?.chars().next()?;
        let behind = line.get(at + 1 + name.len()..)?;
        let before = line.get(..at)?;
        let in_context = before.strip_suffix("ctx, ").filter(|before| before.ends_with("CommandContext("));
        let before = in_context.unwrap_or(before);
        let starts = STARTING.iter().find(|call| before.ends_with(**call)).is_some_and(|call| match *call {
            RUST => is_rust,
            // `pattern.exec("make")`
            "exec(" => before.strip_suffix(call).is_some_and(|before| {
                !before.ends_with('.') || before.ends_with("child_process.") || before.ends_with("cp.")
            }),
            _ => true,
        });
        let is_whole = behind.starts_with(quote);
        let takes_line = behind.strip_prefix(' ').is_some_and(|rest| rest.starts_with(['-', '%', '/', '"', '\'']));
        let is_given =
            before.trim_end().strip_suffix('=').is_some_and(|before| !before.ends_with(['=', '!', '<', '>']));
        let is_kept = is_whole && UNMISTAKABLE.contains(&name) && is_given;
        let asks = ["--version", "-v\"", "-dump", "\"version\""].iter().any(|flag| behind.contains(flag));
        ((starts && (is_whole || takes_line) || is_kept) && !asks).then_some(name)
    })
}

/// The lines of code that have `word`; comments and very long lines are left out.
fn code_with<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(word).filter_map(|(at, _)| line_around(text, at)).map(|(line, _)| line)
}

/// The line of code around the byte `at`, and where that is in it; `None` for a comment and for a line of a bundle.
fn line_around(text: &str, at: usize) -> Option<(&str, usize)> {
    let bytes = text.as_bytes();
    let first = at.saturating_sub(LINE_BYTES);
    let start = bytes.get(first..at)?.iter().rposition(|byte| *byte == b'\n').map(|place| first + place + 1);
    let start = start.or((first == 0).then_some(0))?;
    let rest = bytes.get(at..bytes.len().min(at + LINE_BYTES))?;
    let length =
        rest.iter().position(|byte| *byte == b'\n').or((at + LINE_BYTES > bytes.len()).then_some(rest.len()))?;
    let line = text.get(start..at + length)?;
    let is_comment = ["//", "#", "*", "/*", "--"].iter().any(|mark| line.trim_start().starts_with(mark));
    (!is_comment).then_some((line, at - start))
}

/// Each name of a compiler or tool that a quote stands in front of, with its line and the place of the quote in it.
fn quoted_names(text: &str) -> impl Iterator<Item = (&'static str, &str, usize)> {
    static NAMES: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| COMPILERS.iter().map(|(name, _)| *name).chain(TOOLS.iter().map(|(name, _)| *name)).collect());
    static QUOTED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let quoted = NAMES.iter().flat_map(|name| ['"', '\''].map(|quote| format!("{quote}{name}")));
        AhoCorasick::new(quoted).ok()
    });
    let found = QUOTED.as_ref().into_iter().flat_map(move |names| names.find_overlapping_iter(text));
    found.filter_map(move |found| {
        let name = NAMES.get(found.pattern().as_usize() / 2)?;
        let (line, at) = line_around(text, found.start())?;
        Some((*name, line, at))
    })
}

/// Whether a line takes what lies under a key: `config["compile_command"]`, `language.compileCommand`.
fn takes_key(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let behind = line.get(at + key.len()..).unwrap_or_default();
        let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_taken = ["[\"", "['", "get(\"", "get('", "."].iter().any(|start| before.ends_with(start));
        ends && is_taken && !line.contains("codeop")
    })
}

/// The compiler whose command line is the value of a setting: `compile: g++ -O2 {source}`.
fn kept_setting(text: &str) -> Option<&'static str> {
    text.lines().find_map(|line| {
        let (key, value) =
            line.trim_start().trim_start_matches("- ").split_once(": ").filter(|_| !line.contains('#'))?;
        let mut words = value.trim_start_matches(['"', '\'']).split_whitespace();
        let program = file_name(words.next()?);
        let (compiler, endings) = COMPILERS.iter().find(|(compiler, _)| *compiler == program)?;
        let takes = words.any(|word| word.starts_with(['-', '{', '$']));
        (key.to_lowercase().contains("compil") && takes && !endings.is_empty()).then_some(*compiler)
    })
}

/// Whether the last parts of `path` are those of `end`.
fn ends_in(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || end.is_empty())
}

fn serves_the_program(path: &str) -> bool {
    let name = file_name(path);
    let is_source = name.rsplit_once('.').is_some_and(|(_, ending)| SOURCES.contains(&ending));
    let for_work = || {
        name.starts_with('.') || name == "tasks.py" || name.split(['.', '_', '-']).any(|part| FOR_WORK.contains(&part))
    };
    is_source && !for_work() && !lies_in_any(path, &ASIDE)
}

/// The compiler whose command line, with a source or options, a string of the text is: `"g++ -O2 main.cpp"`; not `"gcc is missing"`, nor
/// what is printed or stands in a comment.
fn compilers_line(text: &str) -> Option<&'static str> {
    let code = text.lines().filter(|line| line.len() < LINE_BYTES).map(str::trim_start);
    let mut code = code.filter(|line| !["//", "#", "*", "/*", "--"].iter().any(|start| line.starts_with(start)));
    code.find_map(|line| {
        // `{ usage: "go run main.go" }` tells people.
        let keeps = |quoted: &str| {
            let before = line.split(quoted).next().unwrap_or_default().to_lowercase();
            !["usage", "help", "example", "descri", "hint", "text", "title", "label"]
                .iter()
                .any(|word| before.contains(word))
        };
        let says = || SAYING.iter().any(|word| line.contains(word));
        ['"', '\'', '`'].into_iter().flat_map(|quote| line.split(quote).skip(1).step_by(2)).find_map(|quoted| {
            let mut words = quoted.split(' ');
            let program = file_name(words.next()?);
            let words: Vec<&str> = words.collect();
            // `go run main.go`
            if let ("go", Some(&("run" | "build"))) = (program, words.first()) {
                let is_line = words.iter().any(|word| has_ending(word, "go")) && keeps(quoted) && !says();
                return is_line.then_some("go");
            }
            let (compiler, endings) = COMPILERS.iter().find(|(compiler, _)| *compiler == program)?;
            let is_source = |word: &&str| word.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending));
            let is_option = |word: &&str| word.len() > 1 && word.starts_with('-');
            let compiles = if endings.is_empty() {
                words.first().is_some_and(|word| matches!(*word, "-C" | "-f" | "-j"))
            } else {
                words.iter().any(is_source) || words.len() > 1 && words.iter().any(is_option)
            };
            let asks =
                || words.iter().any(|word| word.starts_with("--version") || *word == "-v" || word.starts_with("-dump"));
            (compiles && !asks() && !says()).then_some(*compiler)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_the_line_of_a_compiler() {
        for (line, expected) in [
            ("    compileCommand: 'gcc -std=c17 main.c -o main',", Some("gcc")),
            ("var lang = Language{Compile: \"/usr/bin/g++ -O2 {src} -o {exe}\"}", Some("g++")),
            ("  \"compile\": \"javac Main.java\",", Some("javac")),
            ("$commands = ['rust' => `rustc main.rs -o main`];", Some("rustc")),
            ("const build = 'make -C ' + folder;", Some("make")),
            ("return { command: \"go run main.go\" };", Some("go")),
            ("text: 'go build it yourself'", None),
            ("{ usage: \"go run main.go\" }", None),
            ("title: 'make sure that it is there'", None),
            ("install: 'gcc is missing'", None),
            ("console.log('gcc -o main main.c')", None),
            ("// 'gcc -o main main.c'", None),
            ("check('gcc --version')", None),
            ("names = ['gcc', 'g++ ']", None),
        ] {
            assert_eq!(compilers_line(line), expected, "{line}");
        }
    }

    #[test]
    fn words_one_by_one_are_the_line_of_a_compiler() {
        for (text, expected) in [
            ("cmd = exec.Command(\n\t\"go\", \"run\", \"cmd/container.go\",\n)", Some("go")),
            ("exec.CommandContext(ctx, \"go\", \"build\", \".\")", Some("go")),
            ("spawn('g++', ['main.cpp', '-o', 'main'])", Some("g++")),
            ("exec.Command(\"gcc\", \"-o\", name)", Some("gcc")),
            ("names := []string{\"go\", \"python\"}", None),
            ("exec.Command(\"go\", \"version\")", None),
            ("languages = ['gcc', '-', 'g++']", None),
        ] {
            assert_eq!(listed_words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_compiler_is_started_by_its_name() {
        for (text, expected) in [
            (concat!("use std::process", "::Command;\nCommand", "::new(\"cargo\").arg(\"build\")"), Some("cargo")),
            // That of a library for command lines.
            (concat!("use clap::Command;\nCommand", "::new(\"make\")"), None),
            ("system(\"g++ -O2 main.cpp -o main\");", Some("g++")),
            ("execlp(\"gcc\", \"gcc\", path, nullptr);", Some("gcc")),
            ("prog = \"g++\", std = \"-std=c++98\";", Some("g++")),
            ("new ProcessBuilder(\"javac\", path)", Some("javac")),
            ("System.cmd(\"g++\", [path])", Some("g++")),
            ("path, err := exec.LookPath(\"go\")", Some("go")),
            ("exec.CommandContext(ctx, \"g++\", args...)", Some("g++")),
            ("tracer.Start(ctx, \"go\")", None),
            ("/x/.exec(\"make\")", None),
            ("if language == \"g++\" {", None),
            ("NAMES = [\"python\", \"g++\", \"java\"]", None),
            ("// see compile_commands.json", None),
            ("from codeop import compile_command", None),
            ("database = \"compile_commands.json\"", None),
            ("import \"golang.org/x/tools/go/packages\"", Some("go")),
            ("JavaCompiler c = ToolProvider.getSystemJavaCompiler();", Some("javac")),
            ("command = config[\"compile_command\"]", Some(ANY)),
            ("system(\"gcc is missing\")", None),
            ("exec.Command(\"go\", \"version\")", None),
            ("lang = \"go\"", None),
            ("compiler = \"gcc\"", None),
            (concat!("// Command", "::new(\"cargo\")"), None),
            (concat!("Command", "::new(\"gccgo\")"), None),
        ] {
            assert_eq!(started_by_name(text), expected, "{text}");
        }
        assert_eq!(kept_setting("languages:\n  - compile: g++ -O2 {src}"), Some("g++"));
        assert_eq!(kept_setting("run: make test\nname: gcc"), None);
        assert_eq!(kept_setting("  - compiler: gcc\n# compile: gcc -O2"), None);
    }

    #[test]
    fn tests_and_builds_keep_lines_for_others() {
        assert!(serves_the_program("src/utils/language-support.ts") && serves_the_program("judge.go"));
        assert!(!serves_the_program("src/run_test.go") && !serves_the_program("webpack.config.js"));
        assert!(!serves_the_program("public/ace/mode.js") && !serves_the_program("scripts/release.ts"));
        assert!(!serves_the_program("README.md") && !serves_the_program("functional-tests/a.js"));
    }
}
