//! What an image is for, as far as a rule may rely on it.

use std::sync::OnceLock;

use crate::dockerfile::{Arguments, CommandLine, Instruction};
use crate::workspace::{Service, Workspace, join, parent};

use super::paths::{file_name, resolve};
use super::{Facts, StageFacts};

/// Parts of file and folder names that mean an image for developing, testing or building.
const WORKSHOPS: [&str; 14] = [
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
];

/// A script stands among the first words of a start: `["tini", "--", "bash", "/start.sh"]`.
const SCRIPT_WORDS: usize = 4;

/// What is known of the purpose of a stage, once somebody asked.
#[derive(Debug, Default)]
pub(super) struct Purpose {
    runs: OnceLock<bool>,
    develops: OnceLock<bool>,
}

/// What a compose service starts.
#[derive(Debug)]
pub(super) struct ComposedStart {
    /// The stage that it builds; `None` for the last.
    target: Option<String>,
    /// `entrypoint` and `command`, word by word.
    words: Vec<String>,
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

impl Facts<'_> {
    /// Whether a final image is there to run a service or a program, not to work in: its file is not named for development or
    /// tests, and what it starts is neither a shell nor an idle command.
    #[must_use]
    pub fn is_runtime_image(&self, image: &StageFacts) -> bool {
        let answer = || !self.is_workshop() && self.starts_a_program(image);
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
        self.is_runtime_image(image) && !self.serves_development(image) && !self.starts_a_build(image)
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

    /// Whether the file is named for developing, testing or building.
    #[must_use]
    pub fn is_workshop(&self) -> bool {
        let path = self.service.dockerfile.to_lowercase();
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        is_named_for_work(file)
            || parts
                .next()
                .is_some_and(|folder| matches!(folder.trim_start_matches('.'), "devcontainer" | "ci" | "dev"))
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

/// `tail -f /dev/null`, `sleep infinity`: a container that is only kept.
fn waits(words: &[&str]) -> bool {
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    (program == "tail" && words.contains(&"/dev/null")) || (program == "sleep" && words.contains(&"infinity"))
}

/// What stands behind an init: `bash` of `tini -g -- bash`.
fn behind_init<'w, 's>(words: &'w [&'s str]) -> &'w [&'s str] {
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
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
