//! What of the repository calls a program of the system when an image runs.

mod cloud_build;
mod containers;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use crate::catalogue;
use crate::dockerfile::Keyword;
use crate::workspace::{is_compose_name, is_report, parent};

use super::paths::{file_name, has_ending};
use super::python::{Program, Reached, each_in_key};
use super::{Facts, Guard, Invocation};
pub use containers::ContainerCall;
pub(super) use words::{Form, has_command};
use words::{is_comment, is_install_line};

/// What shows that something is used.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct UseSigns {
    /// Commands that are called.
    pub commands: Vec<String>,
    /// Texts, in lower case, that speak for a use wherever they stand.
    pub hints: Vec<String>,
    /// Python modules that are imported.
    pub modules: Vec<String>,
}

/// Where the files of a program speak for a use.
type Answers = Mutex<HashMap<UseSigns, Option<Reached>>>;

/// Where a use may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Wherever the image or its build calls it.
    Anywhere,
    /// Only when the image runs: that a `RUN` calls the program itself does not count.
    WhenRunning,
}

/// Programs that install, remove or look for packages: what they name is no use.
const MANAGERS: [&str; 22] = [
    "apt-get",
    "apt",
    "aptitude",
    "apt-cache",
    "apt-mark",
    "dpkg",
    "apk",
    "yum",
    "dnf",
    "microdnf",
    "zypper",
    "pacman",
    "pip",
    "uv",
    "poetry",
    "pipenv",
    "pdm",
    "conda",
    "mamba",
    "rm",
    "debconf-set-selections",
    "add-apt-repository",
];
/// To look for each word in a text of so many bytes takes less than to make ready for looking for all at once.
const SHORT: usize = 200;
/// Texts longer than this are data.
const TEXT_BYTES: usize = 512_000;

impl Facts<'_> {
    /// For each of `wanted`, where something uses it, in the Dockerfile, in what is copied, or in files that tell how the image is
    /// run; `None` where nothing is seen.
    #[must_use]
    pub fn uses_of(&self, wanted: &[UseSigns], seen: Seen) -> Vec<Option<Reached>> {
        let mut search = Search::new(wanted);
        self.search_instructions(&mut search, seen);
        self.search_program(&mut search);
        self.search_compose(&mut search);
        self.search_calls_from_outside(&mut search);
        search.found
    }

    /// Commands that only full images have and that a source of the program lists with their arguments, `["git", "fetch"]`, whatever
    /// starts them then; each with the source, in their order.
    pub(super) fn listed_calls(&self) -> Arc<Vec<(&'static str, String)>> {
        self.of_sources("listed calls", || {
            let commands: Vec<&'static str> = catalogue::commands_of_full_images().collect();
            let found = self.all_in_sources(|path| {
                let file = self.workspace.read(path).ok().filter(|_| !Program::is_aside(path))?;
                let listed = words::listed(file.text(), &commands);
                (!listed.is_empty()).then(|| (listed, path.clone()))
            });
            let mut calls: Vec<(&'static str, String)> = Vec::new();
            for (listed, path) in found {
                calls.extend(listed.into_iter().map(|command| (command, path.clone())));
            }
            calls
        })
    }

    /// What the files of the program say; each kind of use is looked for once for all Dockerfiles with the same files.
    fn search_program(&self, search: &mut Search<'_>) {
        if !search.found.iter().any(Option::is_none) {
            return;
        }
        let projects = each_in_key(self.project_folders());
        let folder = parent(&self.service.dockerfile);
        let answers = self.of_program(&format!("uses\0{folder}\0{projects}"), Answers::default);
        let mut unanswered = Vec::new();
        {
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            for (place, (signs, found)) in search.wanted.iter().zip(&mut search.found).enumerate() {
                match answers.get(signs) {
                    _ if found.is_some() => {}
                    Some(answer) => found.clone_from(answer),
                    None => unanswered.push(place),
                }
            }
        }
        let asked: Vec<UseSigns> = unanswered.iter().filter_map(|&place| search.wanted.get(place).cloned()).collect();
        if asked.is_empty() {
            return;
        }
        let mut in_files = Search::new(&asked);
        self.search_sources(&mut in_files);
        self.search_texts(&mut in_files);
        for (place, answer) in unanswered.into_iter().zip(&in_files.found) {
            if let Some(found) = search.found.get_mut(place) {
                found.clone_from(answer);
            }
        }
        let found = in_files.found;
        answers.lock().unwrap_or_else(PoisonError::into_inner).extend(asked.into_iter().zip(found));
    }

    fn search_instructions(&self, search: &mut Search<'_>, seen: Seen) {
        let path = self.source.path();
        for instruction in &self.dockerfile.instructions {
            let text = instruction.body.text();
            match instruction.keyword {
                Keyword::Cmd
                | Keyword::Entrypoint
                | Keyword::Env
                | Keyword::Healthcheck
                | Keyword::Onbuild
                | Keyword::Copy
                | Keyword::Add
                | Keyword::Shell
                | Keyword::Volume
                | Keyword::Workdir => search.text(path, text, Form::Script),
                _ => {}
            }
            if instruction.keyword != Keyword::Run {
                for heredoc in &instruction.heredocs {
                    search.text(path, heredoc.body.slice(self.source.text()), Form::Script);
                }
            }
        }
        let invocations = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let invocations: Vec<&Invocation> = invocations
            .filter(|invocation| invocation.guard != Guard::Never && !MANAGERS.contains(&invocation.program.as_str()))
            .collect();
        let arguments = invocations.iter().flat_map(|invocation| &invocation.arguments);
        let words: Vec<&str> = arguments.map(|argument| argument.value.text()).collect();
        let spoken = search.spoken_in(&words.join("\n").to_lowercase());
        for invocation in invocations {
            let itself = |command: &str| invocation.program == command || file_name(invocation.path.text()) == command;
            search.each(|signs| {
                let called = signs.commands.iter().find(|command| itself(command));
                if seen == Seen::WhenRunning && called.is_some() {
                    return None;
                }
                called.map(|command| Reached { file: path.to_owned(), by: format!("RUN {command}") })
            });
            let texts = invocation.arguments.iter().map(|argument| argument.value.text());
            for text in texts.filter(|_| spoken.contains(&true)) {
                search.each_of(&spoken, |signs| {
                    // `git config`, `git clone https://…/git`
                    if seen == Seen::WhenRunning && signs.commands.iter().any(|command| itself(command)) {
                        return None;
                    }
                    signs.in_text(text, Form::Script).map(|by| Reached { file: path.to_owned(), by })
                });
            }
        }
    }

    fn search_sources(&self, search: &mut Search<'_>) {
        let others = self.project_sources();
        for path in self.program().sources.iter().chain(&others) {
            let Ok(file) = self.workspace.read(path) else { continue };
            if !search.may_be_in(file.text()) {
                continue;
            }
            let imports = self.imports_of(path);
            let starts = imports.as_ref().is_some_and(|imports| super::python::starts_programs(imports));
            search.each(|signs| {
                let module = signs
                    .modules
                    .iter()
                    .find(|module| imports.as_ref().is_some_and(|imports| imports.reaches(module)))
                    .map(|module| format!("import {module}"));
                let by =
                    module.or_else(|| signs.in_text(file.text(), if starts { Form::Starter } else { Form::Source }))?;
                Some(Reached { file: path.clone(), by })
            });
        }
    }

    fn search_texts(&self, search: &mut Search<'_>) {
        let texts = self.program().texts.iter().cloned();
        let mut paths: Vec<String> = texts.chain(self.start_files()).filter(|path| !is_aside(path)).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            if is_compose_name(file_name(&path)) {
                continue;
            }
            let Ok(file) = self.workspace.read(&path) else { continue };
            if file.text().len() <= TEXT_BYTES && !is_report(file.text()) {
                search.text(&path, file.text(), Form::Script);
            }
        }
    }

    /// The services of compose files that run this image, and what stands in front of all services.
    fn search_compose(&self, search: &mut Search<'_>) {
        let folders = self.workspace.compose_files(&self.service.dockerfile, &self.service.context);
        for file in folders.iter().flat_map(|files| files.iter()) {
            let is_own = |build: Option<&str>| build == Some(self.service.dockerfile.as_str());
            let builds = file
                .services
                .iter()
                .any(|service| is_own(service.build.as_ref().map(|build| build.dockerfile.as_str())));
            for service in &file.services {
                let own = is_own(service.build.as_ref().map(|build| build.dockerfile.as_str()));
                let has_image = service.lines.iter().any(|line| line.trim_start().starts_with("image:"));
                // `<<: *backend`, or an image of the registry that this Dockerfile makes.
                if own || service.build.is_none() && (!has_image || !builds) {
                    let lines: Vec<&str> = service
                        .lines
                        .iter()
                        .map(String::as_str)
                        .filter(|line| !line.trim_start().starts_with("image:"))
                        .collect();
                    search.text(&file.path, &lines.join("\n"), Form::Script);
                }
            }
            let text = file.source.text();
            let head = text.find("\nservices:").and_then(|at| text.get(..at)).unwrap_or_default();
            search.text(&file.path, head, Form::Script);
        }
    }

    /// `docker compose exec web psql` in a Makefile or a script.
    fn search_calls_from_outside(&self, search: &mut Search<'_>) {
        let targets = self.targets();
        // The same for each Dockerfile of the repository.
        let calls = self.workspace.remembered("calls from outside", || calls_from_outside(targets.texts()));
        for (path, text) in calls.iter() {
            search.text(path, text, Form::Script);
        }
    }

    /// Whether a Makefile, a script or a platform calls `command` in a container: `docker compose run web make test`.
    #[must_use]
    pub fn is_called_from_outside(&self, command: &str) -> bool {
        let targets = self.targets();
        let calls = self.workspace.remembered("calls from outside", || calls_from_outside(targets.texts()));
        calls.iter().any(|(_, text)| {
            text.lines().any(|line| {
                let behind = ["exec ", "run "].iter().find_map(|word| line.split_once(word)).map(|(_, behind)| behind);
                behind.is_some_and(|behind| behind.split([' ', '\t', '"', '\'']).skip(1).any(|word| word == command))
            })
        })
    }

    /// Whether something is fetched or compiled in the image beside packages, of which nobody knows what it uses: programs from
    /// elsewhere, programs of other languages.
    #[must_use]
    pub fn holds_foreign_programs(&self) -> bool {
        let shipped = |stage: usize| self.is_in_final(stage) || self.reaches_final(stage, "/");
        let stages = self.stages.iter().filter(|stage| shipped(stage.index));
        stages.flat_map(|stage| &stage.runs).any(|run| {
            run.opaque
                || run
                    .invocations
                    .iter()
                    .any(|invocation| invocation.guard != Guard::Never && brings_a_program(invocation))
        })
    }
}

/// The lines of the texts of a repository that start something in a container, or in an image beside its own start.
fn calls_from_outside<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Vec<(String, String)> {
    const ENGINES: [&str; 7] = ["docker", "podman", "compose", "kubectl", "nerdctl", "heroku", "fly "];
    // What a platform starts.
    const PLATFORMS: [&str; 6] = ["procfile", "fly.toml", "render.yaml", "railway.toml", "railway.json", "app.json"];
    let calls = |line: &&str| {
        (line.contains("exec") || line.contains(" run")) && ENGINES.iter().any(|word| line.contains(word))
    };
    let mut found = Vec::new();
    for (path, text) in texts {
        // A workflow may work in the container that it started: `docker exec web make fake-data`.
        let is_workflow = path.starts_with(".github/workflows/");
        // Prose and other Dockerfiles tell of other things.
        let lower = file_name(path).to_lowercase();
        let prose = [".md", ".mdx", ".rst", ".adoc", ".txt"].iter().any(|ending| lower.ends_with(ending));
        if prose || lower.contains("dockerfile") || is_aside(path) && !is_workflow {
            continue;
        }
        let speaking = if PLATFORMS.contains(&lower.as_str()) {
            text.to_owned()
        } else {
            text.lines().filter(calls).collect::<Vec<&str>>().join("\n")
        };
        if !speaking.is_empty() {
            found.push((path.to_owned(), speaking));
        }
    }
    found
}

/// Whether a command compiles a program or fetches one.
fn brings_a_program(invocation: &Invocation) -> bool {
    let first = invocation.argument(0).unwrap_or_default();
    match invocation.program.as_str() {
        "make" | "cmake" | "ninja" | "meson" | "cargo" | "go" | "gem" | "bundle" | "composer" | "cpan" | "cpanm"
        | "luarocks" | "conda" | "mamba" | "micromamba" | "snap" | "brew" | "Rscript" | "R" | "configure" | "alien"
        | "flatpak" => true,
        "npm" | "yarn" | "pnpm" => matches!(first, "install" | "i" | "ci" | "add" | "global" | ""),
        "dpkg" => invocation.has_argument("-i") || invocation.has_argument("--install"),
        "apt-get" | "apt" => invocation.arguments.iter().any(|word| word.value.text().contains(".deb")),
        // Keys and lists of repositories are no programs.
        "curl" | "wget" => !invocation.arguments.iter().any(|word| {
            let text = word.value.text();
            [".gpg", ".asc", ".key", "/gpg", ".list", "keyring", ".crt", ".pem"].iter().any(|sign| text.contains(sign))
        }),
        _ => false,
    }
}

/// What a repository holds beside its programs.
fn is_aside(path: &str) -> bool {
    let lower = path.to_lowercase();
    super::python::names_packages_to_install(path)
        || lower
            .split('/')
            .any(|part| matches!(part, ".github" | ".gitlab" | ".circleci" | ".devcontainer" | ".vscode" | ".idea"))
        // `sv.yml: Nu ska vi fixa`, `vi: Vietnamese`
        || parent(&lower)
            .split('/')
            .any(|part| matches!(part, "locales" | "locale" | "i18n" | "l10n" | "translations" | "lang" | "langs"))
        || [
            ".gitignore",
            ".gitattributes",
            ".gitmodules",
            ".dockerignore",
            ".gitlab-ci.yml",
            ".travis.yml",
            "azure-pipelines.yml",
        ]
        .iter()
        .any(|name| lower.ends_with(name))
        || ["package.json", "tsconfig.json", "renovate.json5", "codecov.yml", "readme.txt", "readme"]
            .iter()
            .any(|name| file_name(&lower) == *name)
        || parent(path).ends_with("licenses")
}

impl UseSigns {
    fn in_text(&self, text: &str, form: Form) -> Option<String> {
        let command = self.commands.iter().find(|command| has_command(text, command, form));
        if let Some(command) = command {
            return Some(command.clone());
        }
        if self.hints.is_empty() {
            return None;
        }
        let lower = text.to_lowercase();
        let mut lines = lower.lines().filter(|line| !is_install_line(line) && !is_comment(line));
        lines.find_map(|line| self.hints.iter().find(|hint| names(line, hint)).cloned())
    }
}

/// Whether a line holds the hint; the name of a library only as it is: `libxml2.so.2` comes without headers.
fn names(line: &str, hint: &str) -> bool {
    if !has_ending(hint, "so") {
        return line.contains(hint);
    }
    line.match_indices(hint).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let mut behind = line.get(at + hint.len()..).unwrap_or_default().chars();
        let has_version = behind.next() == Some('.') && behind.next().is_some_and(|c| c.is_ascii_digit());
        !has_version && !before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    })
}

struct Search<'s> {
    wanted: &'s [UseSigns],
    found: Vec<Option<Reached>>,
    matcher: OnceLock<Option<AhoCorasick>>,
}

impl<'s> Search<'s> {
    fn new(wanted: &'s [UseSigns]) -> Self {
        Self { wanted, found: vec![None; wanted.len()], matcher: OnceLock::new() }
    }

    fn matcher(&self) -> Option<&AhoCorasick> {
        let words = || {
            let signs = self.wanted.iter();
            signs.flat_map(|signs| signs.commands.iter().chain(&signs.hints).chain(&signs.modules))
        };
        let build = || AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words()).ok();
        self.matcher.get_or_init(build).as_ref()
    }

    fn may_be_in(&self, text: &str) -> bool {
        self.found.iter().any(Option::is_none)
            && (text.len() <= SHORT || self.matcher().is_none_or(|matcher| matcher.is_match(text)))
    }

    fn each(&mut self, look: impl Fn(&UseSigns) -> Option<Reached>) {
        for (signs, found) in self.wanted.iter().zip(&mut self.found) {
            if found.is_none() {
                *found = look(signs);
            }
        }
    }

    /// [`Search::each`] of those that `chosen` says.
    fn each_of(&mut self, chosen: &[bool], look: impl Fn(&UseSigns) -> Option<Reached>) {
        for ((signs, found), _) in self.wanted.iter().zip(&mut self.found).zip(chosen).filter(|(_, chosen)| **chosen) {
            if found.is_none() {
                *found = look(signs);
            }
        }
    }

    /// Which of the signs have a word in `text`, which is in lower case.
    fn spoken_in(&self, text: &str) -> Vec<bool> {
        let has = |word: &String| text.contains(word.to_lowercase().as_str());
        self.wanted.iter().map(|signs| signs.commands.iter().chain(&signs.hints).any(has)).collect()
    }

    fn text(&mut self, path: &str, text: &str, form: Form) {
        if self.may_be_in(text) {
            self.each(|signs| signs.in_text(text, form).map(|by| Reached { file: path.to_owned(), by }));
        }
    }
}
