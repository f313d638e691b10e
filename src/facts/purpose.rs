//! What an image is for, as far as a rule may rely on it.

use std::sync::OnceLock;

use crate::dockerfile::{Arguments, CommandLine, Instruction};
use crate::workspace::{Service, Workspace, join, parent};

use super::paths::{file_name, is_below, resolve};
use super::python::Reached;
use super::{Facts, Guard, Invocation, Run, Source, StageFacts, Transfer};

/// Parts of file and folder names that mean an image for developing, testing or building.
const WORKSHOPS: [&str; 18] = [
    "dev",
    "devel",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "ci",
    "build",
    "builder",
    "devcontainer",
    "lint",
    "debug",
    "toolchain",
    "local",
    "integration",
    "e2e",
    "tilt",
];

/// Folders of CI services, however deep a file lies in them.
const CI_FOLDERS: [&str; 6] = [".github", ".gitlab", ".circleci", ".buildkite", ".kokoro", ".ci"];

/// Names of folders right above a file that mean the same.
const WORKSHOP_FOLDERS: [&str; 8] =
    ["ci", "dev", "devel", "develop", "development", "dockerdev", "dev-env", "dev-environment"];
/// Programs that test what others have written.
const TESTERS: [&str; 20] = [
    "pytest", "py.test", "tox", "nox", "unittest", "rspec", "jest", "vitest", "mocha", "ava", "karma", "phpunit",
    "pest", "cypress", "newman", "robot", "behave", "bats", "ctest", "locust",
];
/// What runs the tests of a project by a word behind it.
const TEST_STARTERS: [&str; 14] = [
    "make",
    "npm",
    "yarn",
    "pnpm",
    "go",
    "cargo",
    "mvn",
    "gradle",
    "gradlew",
    "playwright",
    "bundle",
    "rake",
    "rails",
    "composer",
];

/// Images that hold a language or a system, and no program.
const PLAIN_BASES: [&str; 10] =
    ["alpine", "debian", "elixir", "golang", "node", "php", "python", "ruby", "rust", "ubuntu"];

/// A script stands among the first words of a start: `["tini", "--", "bash", "/start.sh"]`.
const SCRIPT_WORDS: usize = 4;

/// What is known of the purpose of a stage, once somebody asked.
#[derive(Debug, Default)]
pub(super) struct Purpose {
    runs: OnceLock<bool>,
    develops: OnceLock<bool>,
    /// What shows that it installs when it runs.
    pub(super) installs: OnceLock<Option<Reached>>,
}

/// What a compose service starts.
#[derive(Debug)]
pub(super) struct ComposedStart {
    /// The stage that it builds; `None` for the last.
    target: Option<String>,
    /// `entrypoint` and `command`, word by word.
    words: Vec<String>,
}

/// Where compose services that build the Dockerfile mount the folder that it is built in, or one around it.
pub(super) fn mounts(workspace: &Workspace, service: &Service) -> Vec<String> {
    let folders = workspace.compose_files(&service.dockerfile, &service.context);
    let mut targets = Vec::new();
    for file in folders.iter().flat_map(|files| files.iter()) {
        let own = file
            .services
            .iter()
            .filter(|composed| composed.build.as_ref().is_some_and(|build| build.dockerfile == service.dockerfile));
        for (source, target) in own.flat_map(|composed| &composed.volumes) {
            let place = source.starts_with('.').then(|| join(parent(&file.path), source)).flatten();
            if place.is_some_and(|place| is_below(&format!("/{}", service.context), &format!("/{place}"))) {
                targets.push(format!("/{}", target.trim_matches('/')));
            }
        }
    }
    targets
}

/// The starts that compose files give to what they build, those for development and tests left out.
pub(super) fn composed_starts(workspace: &Workspace, service: &Service) -> Vec<ComposedStart> {
    let folders = workspace.compose_files(&service.dockerfile, &service.context);
    let files = folders.iter().flat_map(|files| files.iter());
    let files = files.filter(|file| !is_named_for_work(file.path.rsplit('/').next().unwrap_or(&file.path)));
    let starts = files.flat_map(|file| &file.services).filter_map(|composed| {
        let build = composed.build.as_ref().filter(|build| build.dockerfile == service.dockerfile)?;
        let words = composed.start.clone();
        (!words.is_empty()).then(|| ComposedStart { target: build.target.clone(), words })
    });
    starts.collect()
}

/// `docker-compose.dev.yml`, `Dockerfile.test`
fn is_named_for_work(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|part| WORKSHOPS.contains(&part.to_lowercase().as_str()))
}

/// `tests`, `src/test`, `tests_nightly`, `integration-tests`; not `test-plan-generator`, which is a program.
fn is_folder_of_tests(folder: &str) -> bool {
    let folder = folder.trim_start_matches('.');
    let mut parts = folder.split(['-', '_', '.']);
    matches!(folder, "testing" | "testdata" | "testfiles" | "testcases" | "fixtures" | "e2e")
        || parts.clone().next() == Some("tests")
        || matches!(parts.next_back(), Some("test" | "tests"))
}

impl Facts<'_> {
    /// Whether a final image is there to run a service or a program, not to work in: its file is not named for development or
    /// tests, and what it starts is neither a shell nor an idle command, nor a test, nor something of a mount.
    #[must_use]
    pub fn is_runtime_image(&self, image: &StageFacts) -> bool {
        let answer = || {
            !self.is_workshop()
                && self.starts_a_program(image)
                && !self.tests(image)
                && !self.has_debugger(image)
                && !self.starts_from_a_mount(image)
                && !self.takes_sources_from_a_mount(image)
        };
        self.purposes.get(image.index).map_or_else(answer, |purpose| *purpose.runs.get_or_init(answer))
    }

    /// Whether an image is for developing or testing by what it sets and starts: `ENV TESTING=true`, `CMD pytest`, `--reload`.
    pub(in crate::facts) fn serves_development(&self, image: &StageFacts) -> bool {
        let answer = || self.is_set_for_development(image);
        self.purposes.get(image.index).map_or_else(answer, |purpose| *purpose.develops.get_or_init(answer))
    }

    /// Whether a final image is there to run something, and neither its name nor what it sets and starts speaks of developing,
    /// building or testing: not `FROM app AS integration_tests`, nor `ENTRYPOINT ["bash", "/src/build_debian.sh"]`.
    #[must_use]
    pub fn runs_a_service(&self, image: &StageFacts) -> bool {
        self.runs_what_was_built(image) && !self.serves_development(image)
    }

    /// The same, where what an image sets and starts may serve development too: what it is built on is often shipped by itself.
    #[must_use]
    pub fn runs_what_was_built(&self, image: &StageFacts) -> bool {
        self.is_runtime_image(image) && !self.starts_a_build(image)
    }

    fn starts_a_build(&self, image: &StageFacts) -> bool {
        const BUILDS: [&str; 10] =
            ["build", "builder", "builds", "compile", "test", "tests", "testing", "lint", "linter", "bench"];
        self.all_start_words(image).iter().any(|word| {
            let name = file_name(word).to_lowercase();
            let stem = ["sh", "bash"].iter().find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.'));
            stem.is_some_and(|stem| stem.split(['.', '-', '_']).any(|part| BUILDS.contains(&part)))
        })
    }

    /// `ENTRYPOINT` and `CMD`, or what a compose service starts, word by word.
    #[must_use]
    pub fn all_start_words(&self, image: &StageFacts) -> Vec<&str> {
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let numbers = [chain().find_map(|stage| stage.entrypoint), chain().find_map(|stage| stage.command)];
        let instructions = numbers.into_iter().flatten().filter_map(|number| self.dockerfile.instructions.get(number));
        instructions.flat_map(words).chain(self.composed_words(image)).collect()
    }

    /// Whether the file or a folder around it is named for developing, testing or building.
    #[must_use]
    pub fn is_workshop(&self) -> bool {
        let path = self.service.dockerfile.to_lowercase();
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        is_named_for_work(file)
            || parts.next().is_some_and(|folder| WORKSHOP_FOLDERS.contains(&folder.trim_start_matches('.')))
            || self.is_devcontainer()
            || path.split('/').rev().skip(1).any(|folder| is_folder_of_tests(folder) || CI_FOLDERS.contains(&folder))
    }

    /// Whether the file describes the container of an editor, which nobody ships.
    #[must_use]
    pub fn is_devcontainer(&self) -> bool {
        self.service.dockerfile.split('/').rev().skip(1).any(|folder| folder.trim_start_matches('.') == "devcontainer")
    }

    /// The starts that compose services, but for those of development, give to the image, each word by word.
    pub(super) fn composed_starts_of(&self, image: &StageFacts) -> Vec<Vec<&str>> {
        let is_last = image.index + 1 == self.stages.len();
        let builds = |start: &&ComposedStart| match &start.target {
            Some(target) => image.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(target)),
            None => is_last,
        };
        let own = self.composed.iter().filter(builds);
        own.map(|start| start.words.iter().map(String::as_str).collect()).collect()
    }

    /// Whether the image is there to test something: by its stage's name, `integration-tests`, or by what it starts: `pytest`,
    /// `make test-system`, `run_tests.sh`.
    fn tests(&self, image: &StageFacts) -> bool {
        let is_test = |part: &str| {
            let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
            matches!(part, "test" | "tests" | "testing" | "e2e" | "unittest" | "unittests")
        };
        let is_named = |text: &str| text.to_lowercase().split(['-', '_', '.', ':']).any(is_test);
        if image.name.as_deref().is_some_and(is_named) {
            return true;
        }
        let words = self.all_start_words(image);
        let words: Vec<&str> = words
            .iter()
            .flat_map(|word| word.split(|c: char| c.is_whitespace() || "\"',[]&;|()".contains(c)))
            .filter(|word| !word.is_empty())
            .collect();
        words.iter().enumerate().any(|(at, word)| {
            let name = file_name(word);
            let runs = TEST_STARTERS.contains(&name).then(|| words.get(at + 1..).unwrap_or_default());
            let mut behind = runs.unwrap_or_default().iter().filter(|word| !word.starts_with('-'));
            let script = [".sh", ".bash"].iter().any(|ending| name.ends_with(ending)) && is_named(name);
            let by_name = match behind.next() {
                Some(&("run" | "run-script" | "exec")) => behind.next().is_some_and(|word| is_named(word)),
                word => word.is_some_and(|word| is_named(word)),
            };
            TESTERS.contains(&name) || script || by_name
        })
    }

    /// Whether Xdebug is always installed, with which nobody serves.
    fn has_debugger(&self, image: &StageFacts) -> bool {
        const INSTALLERS: [&str; 8] =
            ["pecl", "pie", "apt-get", "apt", "apk", "docker-php-ext-enable", "install-php-extensions", "dnf"];
        let names_it = |invocation: &Invocation| {
            invocation.guard == Guard::Always
                && INSTALLERS.contains(&invocation.program.as_str())
                && invocation.arguments.iter().any(|word| word.value.text().to_lowercase().contains("xdebug"))
        };
        let chain = std::iter::once(image).chain(self.ancestors(image));
        chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations).any(names_it)
    }

    /// Whether the image starts a script that nothing in the build can have put there, so that it comes with a mount of the sources:
    /// `CMD ["./script/server"]` where no step copies a `script`.
    fn starts_from_a_mount(&self, image: &StageFacts) -> bool {
        let Some(workdir) = image.state.workdir.known() else { return false };
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let number = chain().find_map(|stage| stage.command).or_else(|| chain().find_map(|stage| stage.entrypoint));
        let instruction = number.and_then(|number| self.dockerfile.instructions.get(number));
        let words = instruction.map(words).unwrap_or_default();
        let words = match words.as_slice() {
            [shell, rest @ ..] if matches!(file_name(shell), "sh" | "bash") => rest,
            words => words,
        };
        // Right in the folder itself a build may leave its result.
        let is_inside = |word: &&&str| word.strip_prefix("./").is_some_and(|rest| rest.contains('/'));
        let Some(script) = words.first().filter(is_inside) else { return false };
        let path = resolve(workdir, script);
        let root = chain().last().unwrap_or(image);
        let is_plain = PLAIN_BASES.contains(&file_name(&root.image.repository));
        let copied = chain().flat_map(|stage| &stage.transfers).any(|transfer| {
            let brings = |source: &str| {
                let name = file_name(source);
                !name.contains('.') || name.contains('*') || name == "." || name == file_name(&path)
            };
            match transfer.destination.known() {
                // `COPY Gemfile.lock package.json ./` brings no script.
                Some(destination) if is_below(&path, destination) => {
                    transfer.paths.iter().any(|(source, _)| source.known().is_none_or(brings))
                }
                Some(destination) => is_below(destination, &path),
                None => true,
            }
        });
        is_plain && !copied && chain().flat_map(|stage| &stage.runs).all(|run| !run.opaque && leaves_alone(run, &path))
    }

    /// Whether compose mounts the sources over the folder that the image works in, where no step copies any: what runs is what somebody
    /// works on.
    fn takes_sources_from_a_mount(&self, image: &StageFacts) -> bool {
        let Some(workdir) = image.state.workdir.known() else { return false };
        let covering: Vec<&str> = self
            .mounts
            .iter()
            .map(String::as_str)
            .filter(|target| is_below(workdir, target) && *target != "/")
            .collect();
        let mut chain = std::iter::once(image).chain(self.ancestors(image)).flat_map(|stage| &stage.transfers);
        let holds_sources = |transfer: &Transfer| {
            let destination = transfer.destination.known().unwrap_or(workdir);
            covering.iter().any(|target| is_below(destination, target) || is_below(target, destination))
                && (transfer.source != Source::Context
                    || transfer.paths.iter().any(|(path, _)| path.known().is_none_or(|path| self.is_folder(path))))
        };
        !covering.is_empty() && !chain.any(holds_sources)
    }

    /// Whether a `COPY` of `path` takes a folder, or files that are not named.
    fn is_folder(&self, path: &str) -> bool {
        let there = join(&self.service.context, path.trim_start_matches('/'));
        path.contains('*') || there.is_none_or(|there| self.workspace.is_dir(&there))
    }

    /// Whether what the image starts begins with one of `programs`.
    #[must_use]
    pub fn starts_with(&self, image: &StageFacts, programs: &[&str]) -> bool {
        self.start_words(image).first().is_some_and(|word| programs.contains(&file_name(word)))
    }

    /// Whether what the image starts begins with these words.
    #[must_use]
    pub fn starts_with_words(&self, image: &StageFacts, wanted: &[&str]) -> bool {
        let words = self.start_words(image);
        words.len() >= wanted.len() && words.iter().zip(wanted).all(|(word, wanted)| file_name(word) == *wanted)
    }

    /// Whether the image leaves what it starts to its base or to whoever runs it, and no compose file says what that is.
    #[must_use]
    pub fn starts_nothing(&self, image: &StageFacts) -> bool {
        let leaves_it = |stage: &StageFacts| stage.entrypoint.is_none() && stage.command.is_none();
        std::iter::once(image).chain(self.ancestors(image)).all(leaves_it) && self.composed_start(image).is_none()
    }

    /// What a compose service that builds the image starts.
    fn composed_start(&self, image: &StageFacts) -> Option<&[String]> {
        let is_last = image.index + 1 == self.stages.len();
        let builds = |start: &&ComposedStart| match &start.target {
            Some(target) => image.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(target)),
            None => is_last,
        };
        self.composed.iter().find(builds).map(|start| start.words.as_slice())
    }

    /// What compose services that build the image start, word by word.
    pub(super) fn composed_words(&self, image: &StageFacts) -> Vec<&str> {
        self.composed_start(image).unwrap_or_default().iter().map(String::as_str).collect()
    }

    /// `ENTRYPOINT`, else `CMD`, else what a compose service starts, word by word.
    #[must_use]
    pub fn start_words(&self, image: &StageFacts) -> Vec<&str> {
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let number = chain().find_map(|stage| stage.entrypoint).or_else(|| chain().find_map(|stage| stage.command));
        match number.and_then(|number| self.dockerfile.instructions.get(number)) {
            Some(instruction) => words(instruction),
            None => self.composed_start(image).unwrap_or_default().iter().map(String::as_str).collect(),
        }
    }

    fn starts_a_program(&self, image: &StageFacts) -> bool {
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let entrypoint = chain().find_map(|stage| stage.entrypoint);
        let command = chain().find_map(|stage| stage.command);
        let instruction = |number: Option<usize>| number.and_then(|number| self.dockerfile.instructions.get(number));
        match (instruction(entrypoint), instruction(command)) {
            (Some(entrypoint), command) => {
                let (first, behind) = (words(entrypoint), command.map(words).unwrap_or_default());
                // `ENTRYPOINT ["/entrypoint.sh"]` with `CMD tail -f /dev/null` only keeps the container.
                if waits(&behind) {
                    return false;
                }
                if is_idle(&first) {
                    return command.is_some() && !is_idle(&behind);
                }
                self.ends_with_program(image, &first, &behind)
            }
            (None, Some(command)) => !is_idle(&words(command)) && self.ends_with_program(image, &words(command), &[]),
            (None, None) => !is_idle(&self.start_words(image)),
        }
    }

    /// Whether a script that the image starts with `words` ends with something else than a shell to work in. Its last command may be
    /// what stands `behind` it: `exec "$@"`.
    fn ends_with_program(&self, image: &StageFacts, words: &[&str], behind: &[&str]) -> bool {
        let workdir = image.state.workdir.known().unwrap_or("/");
        let script = words.iter().take(SCRIPT_WORDS).find_map(|word| {
            let copied = self.origin(image.index, usize::MAX, &resolve(workdir, word), None);
            // What is copied under the same name from a folder that is not the context that was taken for it.
            let beside = || join(parent(&self.service.dockerfile), file_name(word)).filter(|_| word.contains('/'));
            let path = copied.or_else(beside).filter(|path| self.workspace.is_file(path))?;
            self.workspace.read(&path).ok().filter(|file| is_shell_script(&path, file.text()))
        });
        let Some(script) = script else { return true };
        let is_command = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let Some(last) = script.text().lines().rev().find(is_command) else { return true };
        let last: Vec<&str> =
            last.split_whitespace().skip_while(|word| *word == "exec" || word.contains('=')).collect();
        match last.as_slice() {
            ["\"$@\"" | "$@"] => behind.is_empty() || !is_shell(behind),
            last => !is_shell(last),
        }
    }
}

/// Whether no command of `run` can have made the file at `path`: all of them install packages, set something up, or say that their
/// result goes elsewhere.
fn leaves_alone(run: &Run, path: &str) -> bool {
    const HARMLESS: [&str; 32] = [
        "apt-get",
        "apt",
        "apk",
        "dnf",
        "yum",
        "pip",
        "npm",
        "yarn",
        "gem",
        "bundle",
        "pecl",
        "pie",
        "groupadd",
        "useradd",
        "addgroup",
        "adduser",
        "usermod",
        "mkdir",
        "chown",
        "chmod",
        "rm",
        "echo",
        "set",
        "export",
        "cd",
        "sed",
        "touch",
        "locale-gen",
        "docker-php-ext-install",
        "docker-php-ext-enable",
        "docker-php-ext-configure",
        "go",
    ];
    run.invocations.iter().filter(|invocation| invocation.guard != Guard::Never).all(|invocation| {
        let workdir = invocation.workdir.known().unwrap_or("/");
        let mut words = invocation.arguments.iter().map(|word| word.value.text());
        let named = words.any(|word| {
            let place = resolve(workdir, word);
            !word.starts_with('-') && place != "/" && is_below(path, &place)
        });
        let mut words = invocation.arguments.iter().map(|word| word.value.text());
        let elsewhere = matches!(invocation.program.as_str(), "curl" | "wget")
            && words.any(|word| matches!(word, "-o" | "-O" | "--output"));
        let builds = invocation.program == "go" && invocation.argument(0) != Some("mod");
        let makes_folder = matches!(invocation.program.as_str(), "mkdir" | "chown" | "chmod");
        (HARMLESS.contains(&invocation.program.as_str()) || elsewhere) && !builds && (!named || makes_folder)
    })
}

/// `tail -f /dev/null`, `sleep infinity`: a container that is only kept.
fn waits(words: &[&str]) -> bool {
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    (program == "tail" && words.contains(&"/dev/null")) || (program == "sleep" && words.contains(&"infinity"))
}

/// What stands behind an init: `bash` of `tini -g -- bash`.
fn behind_init<'w, 's>(words: &'w [&'s str]) -> &'w [&'s str] {
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    if matches!(program, "wait-for-it" | "wait-for-it.sh" | "wait-for" | "dockerize") {
        let behind = words.iter().position(|word| *word == "--").and_then(|at| words.get(at + 1..));
        return behind.unwrap_or(words);
    }
    if !matches!(program, "tini" | "dumb-init" | "catatonit") {
        return words;
    }
    let rest = words.get(1..).unwrap_or_default();
    let start = rest.iter().position(|word| !word.starts_with('-')).unwrap_or(rest.len());
    rest.get(start..).unwrap_or_default()
}

/// `CMD ["bash"]`, `CMD sleep infinity`, `CMD tail -f /dev/null`.
fn is_idle(words: &[&str]) -> bool {
    let words = behind_init(words);
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    match program {
        "sh" | "bash" | "zsh" | "ash" | "fish" => is_shell(words),
        "sleep" | "" => true,
        "echo" | "true" | "false" | "ls" => !words.iter().any(|word| word.contains([';', '&', '|'])),
        "tail" => words.contains(&"/dev/null"),
        _ => false,
    }
}

/// `bash`, `/bin/bash -l`; not `bash -c "…"`.
fn is_shell(words: &[&str]) -> bool {
    let Some((program, flags)) = words.split_first() else { return false };
    matches!(file_name(program), "sh" | "bash" | "zsh" | "ash" | "fish")
        && flags.iter().all(|word| word.starts_with('-') && !word.contains('c'))
}

fn is_shell_script(path: &str, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    matches!(path.rsplit('.').next(), Some("sh" | "bash")) || first.starts_with("#!") && first.ends_with("sh")
}

fn words(instruction: &Instruction) -> Vec<&str> {
    match &instruction.arguments {
        Arguments::Command(CommandLine::Exec(words)) => words.iter().map(|word| word.text.as_str()).collect(),
        Arguments::Command(CommandLine::Shell) => instruction.body.text().split_whitespace().collect(),
        _ => Vec::new(),
    }
}
