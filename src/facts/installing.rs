//! Images that install packages, or compile, when they run.

mod calls;
mod given;
mod hosts;
mod judges;
mod offered;
mod pips;
mod prompted;
mod toolchains;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::dockerfile::{Keyword, Value};
use crate::python::PackageName;
use crate::workspace::{join, parent};

use super::paths::{bare, file_name, has_ending, is_below, resolve};
use super::python::{Program, Reached, each_in_key, starts_programs};
use super::targets::{own_dockerfiles, repository};
use super::{Facts, Source, StageFacts};
pub(super) use calls::install_call;
use calls::{driver_call, source_call};

/// How many scripts are followed from a start.
const SCRIPT_LIMIT: usize = 40;
/// How far scripts are followed that scripts run.
const DEPTH_LIMIT: usize = 4;
/// Longer scripts are not read to their end.
const LINE_LIMIT: usize = 2_000;
/// Sources of a project that is installed from a wheel of its own: more are not read.
const SOURCE_LIMIT: usize = 2_000;
/// Larger sources are bundles, or generated, in bytes.
const SCRIPT_BYTES: u64 = 256_000;
/// How far behind the name of a call its words are looked for, in bytes.
const CALL_BYTES: usize = 200;
/// What a toolchain is told that makes it compile.
const COMPILING_VERBS: [&str; 9] = ["build", "check", "generate", "install", "package", "run", "test", "verify", "vet"];
/// A source without any of these words installs and compiles nothing.
const SPEAKING: [&str; 23] = [
    "ffi.verify(",
    "irtualenv",
    "install",
    "sync",
    "uvx",
    "pipx",
    "--with",
    "tool",
    "build",
    "bootstrap",
    "compile",
    "make\"",
    "make'",
    "make ",
    "configure",
    "nuitka",
    "pyximport",
    "gcc\"",
    "gcc'",
    "g++\"",
    "g++'",
    "rustc\"",
    "rustc'",
];

impl Facts<'_> {
    /// What shows that packages are installed or programs compiled in the container: the start of the image or of a compose service
    /// that builds it, a script that these run or that others call, a source of the program.
    #[must_use]
    pub fn installs_when_it_runs(&self, image: &StageFacts) -> Option<Reached> {
        let answer = || {
            self.start_installs(image)
                .or_else(|| self.sources_install(image))
                .or_else(|| self.installs_into_a_volume(image))
                .or_else(|| self.program_calls_go(image))
                .or_else(|| self.program_calls_dotnet(image))
                .or_else(|| self.scripts_call_pip())
                .or_else(|| self.offers_to_compile(image))
                .or_else(|| self.keeps_a_compilers_line(image))
                .or_else(|| self.prompts_to_install())
                .or_else(|| self.starts_given_servers())
                .or_else(|| self.hosts_node_plugins(image))
        };
        self.purposes.get(image.index).map_or_else(answer, |purpose| purpose.installs.get_or_init(answer).clone())
    }

    /// Whether a shipped image that has what `stage` writes calls `program` when it runs, so that the caches which that fills are of use
    /// there.
    #[must_use]
    pub fn compiles_again(&self, stage: &StageFacts, program: &str) -> bool {
        let holders = self.descendants(stage.index);
        let calls = |image: &StageFacts| {
            self.installs_when_it_runs(image).is_some_and(|call| call.by.split(' ').next() == Some(program))
        };
        self.finals().filter(|image| holders.contains(&image.index)).any(calls)
    }

    fn start_installs(&self, image: &StageFacts) -> Option<Reached> {
        let starts = [self.all_start_words(image)].into_iter().chain(self.started(image));
        let starts = starts.chain(self.composed_starts_of(image));
        let mut scripts: Vec<(String, usize)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        for words in starts {
            let text = words.join(" ").replace(['"', '\'', '[', ']', ','], " ");
            if let Some(by) = install_call(&text) {
                return Some(Reached { file: self.source.path().to_owned(), by });
            }
            self.scripts_in(image, &text, None, 0, &mut seen, &mut scripts);
        }
        for (file, command) in self.platform_commands() {
            for line in self.with_recipes(image, command) {
                if let Some(by) = install_call(&line) {
                    return Some(Reached { file, by });
                }
                self.scripts_in(image, &line, None, 0, &mut seen, &mut scripts);
            }
        }
        // `docker compose run --rm app bundle install` in a script.
        for call in self.container_calls().iter().filter(|call| !call.is_told_in_prose()) {
            let program = call.words.first().map_or("", |word| file_name(word));
            let is_toolchain = matches!(program, "go" | "cargo" | "mvn" | "gradle");
            // `docker exec gateway go test ./...` speaks of another image than one without Go.
            if is_toolchain && !self.builds_with(image, program) {
                continue;
            }
            // What `make` does there is a matter of `make` alone; `go test` compiles.
            let verb = call.words.get(1).filter(|verb| is_toolchain && COMPILING_VERBS.contains(&verb.as_str()));
            let compiles = verb.map(|verb| format!("{program} {verb}"));
            let installs = || install_call(&call.words.join(" ")).filter(|by| by != "make");
            if let Some(by) = compiles.or_else(installs) {
                return Some(Reached { file: call.file.clone(), by });
            }
        }
        // A container that sets something up before the others start may run another script of the image.
        for file in self.manifests_that_run_it().iter().filter_map(|path| self.workspace.read(path).ok()) {
            for line in file.text().lines().take(LINE_LIMIT) {
                self.scripts_in(image, &line.replace([',', '[', ']'], " "), None, 0, &mut seen, &mut scripts);
            }
        }
        scripts.extend(self.scripts_of_services(image).into_iter().map(|path| (path, 1)));
        let mut at = 0;
        while let Some((path, depth)) = scripts.get(at).cloned() {
            at += 1;
            let Ok(file) = self.workspace.read(&path) else { continue };
            let text = file.text();
            let first = text.lines().next().unwrap_or_default();
            if path.rsplit('.').next() == Some("py") || first.starts_with("#!") && first.contains("python") {
                if let Some(by) = source_call(text) {
                    return Some(Reached { file: path, by });
                }
                continue;
            }
            for line in text.lines().take(LINE_LIMIT) {
                if let Some(by) = install_call(line) {
                    return Some(Reached { file: path, by });
                }
                if depth < DEPTH_LIMIT && scripts.len() < SCRIPT_LIMIT {
                    self.scripts_in(image, line, Some(&path), depth + 1, &mut seen, &mut scripts);
                }
            }
        }
        None
    }

    /// What hosting platforms run in the image beside its own start or in its place, each with the file that says so.
    #[must_use]
    pub fn platform_commands(&self) -> Vec<(String, String)> {
        let images = self.workspace.deployed(&self.service.dockerfile, &self.service.context).into_iter();
        images.flat_map(|image| image.commands.into_iter().map(move |command| (image.file.clone(), command))).collect()
    }

    /// The commands of a line, with what `make` runs in its place where the Makefile tells.
    fn with_recipes(&self, image: &StageFacts, line: String) -> Vec<String> {
        const BEFORE: [&str; 6] = ["then", "do", "else", "if", "!", "exec"];
        let mut lines = vec![line];
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(line) = lines.get(at).filter(|_| at < LINE_LIMIT).cloned() {
            at += 1;
            for command in line.split([';', '&', '|']) {
                let words: Vec<&str> =
                    command.split_whitespace().map(bare).skip_while(|word| BEFORE.contains(word)).collect();
                let recipes = match words.split_first() {
                    Some((program, rest)) if file_name(program) == "make" => {
                        self.recipes_of(image, rest.iter().copied())
                    }
                    _ => None,
                };
                match recipes {
                    Some(text) => lines.extend(
                        text.lines().map(str::to_owned).filter(|line| !lines.contains(line)).collect::<Vec<_>>(),
                    ),
                    None => found.push(command.to_owned()),
                }
            }
        }
        found
    }

    /// What s6 runs before and beside the program, where it is the init: `COPY rootfs /` with `etc/cont-init.d/10-setup`.
    fn scripts_of_services(&self, image: &StageFacts) -> Vec<String> {
        const FOLDERS: [&str; 4] = ["etc/cont-init.d/", "etc/s6-overlay/", "etc/services.d/", "etc/s6/"];
        if self.start_words(image).first().is_none_or(|word| *word != "/init") {
            return Vec::new();
        }
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let copied = chain.flat_map(|stage| &stage.transfers).filter(|copied| copied.source == Source::Context);
        let sources = copied.flat_map(|copied| &copied.paths).filter_map(|(path, _)| path.known());
        let sources: Vec<String> = sources.filter_map(|path| join(&self.service.context, path)).collect();
        let tree = repository(self.workspace);
        let files = tree.files.iter().map(|file| file.path.as_str());
        let of_services = |path: &&str| {
            FOLDERS.iter().any(|folder| path.contains(folder))
                && sources.iter().any(|source| is_below(&format!("/{path}"), &format!("/{source}")))
        };
        files.filter(of_services).take(SCRIPT_LIMIT).map(str::to_owned).collect()
    }

    /// `ENV PYTHONUSERBASE=/octoprint/plugins` below a `VOLUME`: what the program is extended with is installed there.
    fn installs_into_a_volume(&self, image: &StageFacts) -> Option<Reached> {
        let folders = ["PYTHONUSERBASE", "PIP_TARGET", "PIP_PREFIX"];
        let environment = &image.state.environment;
        let named = folders.into_iter().filter_map(|name| Some((name, environment.known(name)?)));
        let volumes: Vec<&str> = self
            .dockerfile
            .instructions
            .iter()
            .filter(|instruction| instruction.keyword == Keyword::Volume)
            .flat_map(|instruction| instruction.body.text().split(|c: char| c.is_whitespace() || "\"[],".contains(c)))
            .filter(|word| word.starts_with('/'))
            .collect();
        let mut below = named.filter(|(_, folder)| volumes.iter().any(|volume| is_below(folder, volume)));
        below
            .next()
            .map(|(name, folder)| Reached { file: self.source.path().to_owned(), by: format!("{name}={folder}") })
    }

    /// A source in JavaScript or TypeScript that is copied and calls pip, whichever script starts Node.js:
    /// `execa('python3', ['-m', 'pip', 'install', …])`.
    fn scripts_call_pip(&self) -> Option<Reached> {
        const ENDINGS: [&str; 4] = ["js", "mjs", "cjs", "ts"];
        let is_source = |path: &str| {
            ENDINGS.iter().any(|ending| has_ending(path, ending))
                && !path.split('/').any(|part| part == "node_modules")
                && !Program::is_aside(path)
        };
        let sources = self.copied_sources(SCRIPT_BYTES, is_source);
        sources.into_iter().take(SOURCE_LIMIT).find_map(|path| {
            let source = self.workspace.read(&path).ok()?;
            calls_pip(source.text()).then(|| Reached { file: path, by: "pip install".to_owned() })
        })
    }

    /// The files of the repository that a line names as scripts: by their place in the image, or beside the script `from`.
    fn scripts_in(
        &self,
        image: &StageFacts,
        line: &str,
        from: Option<&str>,
        depth: usize,
        seen: &mut HashSet<String>,
        scripts: &mut Vec<(String, usize)>,
    ) {
        if line.trim_start().starts_with('#') {
            return;
        }
        let workdir = image.state.workdir.known().unwrap_or("/");
        let mut before = "";
        for word in line.split(|c: char| c.is_whitespace() || "\"';&|()`=".contains(c)).filter(|word| !word.is_empty())
        {
            let runs = matches!(before, "source" | "." | "bash" | "sh");
            before = word;
            let expanded = word.contains('$').then(|| image.state.expand(word, '\\'));
            let word = expanded.as_ref().and_then(Value::known).unwrap_or(word);
            let is_path = word.contains('/') || has_script_ending(word);
            if !(is_path || runs) || word.contains("://") || word.len() > 200 || !seen.insert(word.to_owned()) {
                continue;
            }
            let known = !word.contains(['$', '*', '{']);
            let copied = known.then(|| self.origin(image.index, usize::MAX, &resolve(workdir, word), None)).flatten();
            let along_path = || {
                let own = image.state.environment.get("PATH").map(|path| path.value.text()).unwrap_or_default();
                let own = own.split(':').filter(|folder| folder.starts_with('/'));
                let bare = known && !word.contains('/');
                let mut places = own.chain(["/usr/local/bin", "/usr/bin", "/bin"]).filter(|_| bare);
                places.find_map(|folder| self.origin(image.index, usize::MAX, &resolve(folder, word), None))
            };
            let beside = || join(parent(from?), file_name(word)).filter(|path| self.workspace.is_file(path));
            let Some(path) = copied.or_else(along_path).or_else(beside) else { continue };
            if self.workspace.is_file(&path) && !scripts.iter().any(|(other, _)| *other == path) {
                scripts.push((path, depth));
            }
        }
    }

    /// A source of the program, or of the project whose own wheel is installed, that calls an installer.
    fn sources_install(&self, image: &StageFacts) -> Option<Reached> {
        let folder = self.own_project(image);
        let members = self.members_installed();
        let key = format!(
            "installs when it runs\0{}\0{}\0{}\0{}",
            parent(&self.service.dockerfile),
            folder.unwrap_or("-"),
            each_in_key(self.project_folders()),
            members
                .as_ref()
                .map_or_else(|| "-".to_owned(), |members| each_in_key(members.iter().map(PackageName::as_str)))
        );
        let services = self.folders_of_dockerfiles();
        let runs = |path: &str| {
            self.may_run_with_program(path)
                && !self.is_of_another_service(path, &services)
                && members.as_ref().is_none_or(|members| !self.is_of_another_member(path, members))
        };
        let found = self.of_program(&key, || {
            let own = folder.map(|folder| self.workspace.python_sources(folder, SOURCE_LIMIT)).unwrap_or_default();
            // Where sources are copied, those are what runs, whatever else the project's folder holds.
            let copied = self.program().sources.iter().any(|path| runs_with_program(path));
            let others = if copied { Vec::new() } else { self.project_sources() };
            let sources: Vec<&String> = self.program().sources.iter().chain(&others).chain(&*own).collect();
            sources.par_iter().filter(|path| runs(path)).find_map_first(|path| {
                let file = self.workspace.read(path).ok()?;
                let text = file.text();
                let by = SPEAKING
                    .iter()
                    .any(|word| text.contains(word))
                    .then(|| source_call(text).or_else(|| driver_call(text, |program| self.is_in_repository(program))))
                    .flatten()?;
                let starts = self.imports_of(path).is_some_and(|imports| starts_programs(&imports));
                // A list goes to a function of the project's own, and cffi starts compilers itself.
                (starts || by.contains("pip ") || by == "cffi").then(|| Reached { file: (*path).clone(), by })
            })
        });
        (*found).clone()
    }

    /// The folders of the repository that hold a Dockerfile, but for its root.
    fn folders_of_dockerfiles(&self) -> Arc<BTreeSet<String>> {
        self.workspace.remembered_of_names("folders of Dockerfiles", || {
            let folders = own_dockerfiles(self.workspace);
            folders.iter().map(|path| parent(path).to_owned()).filter(|folder| !folder.is_empty()).collect()
        })
    }

    /// Whether a source lies beside or below another Dockerfile than this one, of a service of which `COPY comps .` only takes the files
    /// along.
    fn is_of_another_service(&self, path: &str, services: &BTreeSet<String>) -> bool {
        let own = parent(&self.service.dockerfile);
        if !services.contains(own) {
            return false;
        }
        let mut folder = parent(path);
        while !folder.is_empty() && !is_below(own, folder) {
            if services.contains(folder) {
                return true;
            }
            folder = parent(folder);
        }
        false
    }

    /// Whether a relative path names a file of the repository, in the context or at its root.
    fn is_in_repository(&self, path: &str) -> bool {
        [self.service.context.as_str(), ""]
            .iter()
            .any(|folder| join(folder, path).is_some_and(|path| self.workspace.is_file(&path)))
    }

    /// Whether a Python source can be part of what runs; see [`runs_with_program`].
    fn may_run_with_program(&self, path: &str) -> bool {
        let below = self.below_context(path);
        // The tools of an agent are a package of its own: `agent/tools/build.py` beside `agent/tools/__init__.py`.
        let is_package = |folder: &str| join(folder, "__init__.py").is_some_and(|path| self.workspace.is_file(&path));
        let folder = parent(path);
        let of_package = || file_name(folder) == "tools" && is_package(folder) && is_package(parent(folder));
        runs_with_program(below)
            || below.contains("/tools/") && of_package() && runs_with_program(&below.replacen("/tools/", "/", 1))
    }

    /// Whether a file lies in a folder for examples, tests and the like, wherever the Dockerfile and the context lie.
    fn lies_aside(&self, path: &str) -> bool {
        Program::is_aside(self.below_context(path))
    }

    /// The path of a file below the folder of the Dockerfile, else below the context.
    fn below_context<'p>(&self, path: &'p str) -> &'p str {
        let folders = [parent(&self.service.dockerfile), self.service.context.as_str()];
        let below = |folder: &str| path.strip_prefix(folder)?.strip_prefix('/');
        folders.into_iter().filter(|folder| !folder.is_empty()).find_map(below).unwrap_or(path)
    }

    /// The folder of the project of the repository that has the name of the program that the image starts, so that its wheel is what
    /// is installed.
    fn own_project(&self, image: &StageFacts) -> Option<&str> {
        let words = self.start_words(image);
        let program = file_name(words.first()?);
        let folders = [self.service.context.as_str(), ""];
        folders.into_iter().find(|folder| {
            let manifest = join(folder, "pyproject.toml");
            let parsed = manifest.and_then(|path| self.workspace.pyproject(&path).ok());
            parsed.is_some_and(|parsed| parsed.name.as_ref().is_some_and(|name| name.as_str() == program))
        })
    }
}

/// Whether a text in JavaScript starts pip: the words stand right behind the name of a call that starts a program.
fn calls_pip(text: &str) -> bool {
    const CALLS: [&str; 6] = ["execa", "spawn", "execFile", "execSync", "exec(", "$`"];
    if !text.contains("pip") {
        return false;
    }
    CALLS.iter().flat_map(|call| text.match_indices(call).map(|(at, _)| (at, *call))).any(|(at, call)| {
        // `pattern.exec(text)`
        let of_another = call == "exec(" && text.get(..at).is_some_and(|before| before.ends_with('.'));
        let end = (at + CALL_BYTES..text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        let behind = text.get(at..end).unwrap_or_default().replace(['\'', '"', '`', ',', '[', '('], " ");
        let words: Vec<&str> = behind.split(';').next().unwrap_or_default().split_whitespace().collect();
        !of_another && words.windows(2).any(|pair| matches!(pair, ["pip" | "pip3", "install"]))
    })
}

/// Whether a Python source can be part of what runs: not a test, nor a task of developers.
fn runs_with_program(path: &str) -> bool {
    const TASKS: [&str; 9] = [
        "setup.py",
        "noxfile.py",
        "tasks.py",
        "fabfile.py",
        "dodo.py",
        "conftest.py",
        "build.py",
        "install.py",
        "release.py",
    ];
    let name = file_name(path);
    !Program::is_aside(path) && !TASKS.contains(&name) && !name.starts_with("test_") && !path.contains("site-packages")
}

fn has_script_ending(word: &str) -> bool {
    word.rsplit_once('.')
        .is_some_and(|(stem, ending)| !stem.is_empty() && matches!(ending, "sh" | "bash" | "ash" | "py"))
}
