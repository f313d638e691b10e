//! Programs that keep the command lines of compilers in their sources: judges of contests, playgrounds.

use crate::facts::paths::{file_name, lies_in_any};
use crate::facts::python::Reached;
use crate::facts::{Facts, StageFacts};

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
/// Endings of sources that may keep a command line.
const SOURCES: [&str; 17] =
    ["js", "mjs", "cjs", "ts", "mts", "cts", "py", "rb", "php", "go", "java", "kt", "cs", "rs", "ex", "scala", "json"];
/// Larger sources are bundles.
const MAX_BYTES: u64 = 256_000;
/// Longer lines are those of bundles, too.
const LINE_BYTES: usize = 400;
/// Parts of paths of what serves the work on a program, and of what goes to a browser as it is.
const ASIDE: [&str; 38] = [
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
];
/// Words in names of files for tests, builds and settings of tools: `main_test.go`, `webpack.config.js`, `setup.py`.
const FOR_WORK: [&str; 16] = [
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
    "tasks",
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
        let brings = |compiler: &str| {
            root.image.has_build_tools == Some(true)
                || installs.iter().any(|install| {
                    install.name == compiler
                        || install.build_tool().is_some_and(|tool| tool.commands.contains(&compiler))
                })
        };
        if !COMPILERS.iter().any(|(compiler, _)| brings(compiler)) {
            return None;
        }
        let key = format!("lines of compilers\0{}", self.context_sources().collect::<Vec<_>>().join("\0"));
        let found = self.of_program(&key, || {
            let paths = self.copied_sources(MAX_BYTES, serves_the_program).into_iter().take(SOURCE_LIMIT);
            let found = paths.filter_map(|path| {
                let file = self.workspace.read(&path).ok()?;
                let by = compilers_line(file.text())?;
                Some(Reached { file: path, by: by.to_owned() })
            });
            found.collect::<Vec<_>>()
        });
        found.iter().find(|reached| brings(&reached.by)).cloned()
    }
}

fn serves_the_program(path: &str) -> bool {
    let name = file_name(path);
    let is_source = name.rsplit_once('.').is_some_and(|(_, ending)| SOURCES.contains(&ending));
    let for_work = || name.starts_with('.') || name.split(['.', '_', '-']).any(|part| FOR_WORK.contains(&part));
    is_source && !for_work() && !lies_in_any(path, &ASIDE)
}

/// The compiler whose command line, with a source or options, a string of the text is: `"g++ -O2 main.cpp"`; not `"gcc is missing"`, nor
/// what is printed or stands in a comment.
fn compilers_line(text: &str) -> Option<&'static str> {
    let code = text.lines().filter(|line| line.len() < LINE_BYTES).map(str::trim_start);
    let mut code = code.filter(|line| !["//", "#", "*", "/*", "--"].iter().any(|start| line.starts_with(start)));
    code.find_map(|line| {
        let says = || SAYING.iter().any(|word| line.contains(word));
        ['"', '\'', '`'].into_iter().flat_map(|quote| line.split(quote).skip(1).step_by(2)).find_map(|quoted| {
            let mut words = quoted.split(' ');
            let program = file_name(words.next()?);
            let (compiler, endings) = COMPILERS.iter().find(|(compiler, _)| *compiler == program)?;
            let words: Vec<&str> = words.collect();
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
    fn tests_and_builds_keep_lines_for_others() {
        assert!(serves_the_program("src/utils/language-support.ts") && serves_the_program("judge.go"));
        assert!(!serves_the_program("src/run_test.go") && !serves_the_program("webpack.config.js"));
        assert!(!serves_the_program("public/ace/mode.js") && !serves_the_program("scripts/release.ts"));
        assert!(!serves_the_program("README.md") && !serves_the_program("functional-tests/a.js"));
    }
}
