//! What an image starts, as its Dockerfile and compose files say.

use std::sync::Arc;

use crate::dockerfile::{Arguments, CommandLine, Instruction};
use crate::facts::paths::{bare, file_name, resolve};
use crate::facts::{Facts, StageFacts};
use crate::text::SourceFile;
use crate::workspace::{Service, Workspace, join, parent};

use super::names::is_named_for_work;
use super::started::{is_given, through_shells};

/// Commands that set a shell up for the last of its line.
const SETTINGS: [&str; 5] = ["source", ".", "cd", "export", "set"];
/// A script stands among the first words of a start: `["tini", "--", "bash", "/start.sh"]`.
const SCRIPT_WORDS: usize = 4;

/// What a compose service starts.
#[derive(Debug)]
pub(in crate::facts) struct ComposedStart {
    /// The stage that it builds; `None` for the last.
    target: Option<String>,
    /// `entrypoint` and `command`, word by word.
    words: Vec<String>,
    /// Whether a file says so that `docker compose` lays over another without being told, which is for whoever works on the program.
    overrides: bool,
}

/// `compose.override.yml`
pub(super) fn is_override(name: &str) -> bool {
    ["docker-compose.override.", "compose.override."].iter().any(|start| name.starts_with(start))
}

/// The starts that compose files give to what they build, those for development and tests left out.
pub(in crate::facts) fn composed_starts(workspace: &Workspace, service: &Service) -> Vec<ComposedStart> {
    let folders = workspace.compose_files(&service.dockerfile, &service.context);
    let files = folders.iter().flat_map(|files| files.iter());
    let files = files.filter(|file| !is_named_for_work(file.path.rsplit('/').next().unwrap_or(&file.path)));
    let services = files.flat_map(|file| file.services.iter().map(move |composed| (file, composed)));
    let starts = services.filter_map(|(file, composed)| {
        let build = composed.build.as_ref().filter(|build| build.dockerfile == service.dockerfile)?;
        let words = composed.start.clone();
        let overrides = is_override(file_name(&file.path));
        (!words.is_empty()).then(|| ComposedStart { target: build.target.clone(), words, overrides })
    });
    starts.collect()
}

impl Facts<'_> {
    /// `ENTRYPOINT` and `CMD`, or what a compose service starts, word by word.
    #[must_use]
    pub fn all_start_words(&self, image: &StageFacts) -> Vec<&str> {
        let own: Vec<&str> = self.own_start(image).into_iter().flatten().flat_map(words).collect();
        let own = through_shells(&own);
        let overridden = !own.is_empty() && self.composed_start_of(image).is_some_and(|start| start.overrides);
        let composed = if overridden { Vec::new() } else { self.composed_words(image) };
        own.into_iter().chain(composed).collect()
    }

    /// The starts that compose services, but for those of development, give to the image, each word by word.
    pub(in crate::facts) fn composed_starts_of(&self, image: &StageFacts) -> Vec<Vec<&str>> {
        let is_last = image.index + 1 == self.stages.len();
        let builds = |start: &&ComposedStart| match &start.target {
            Some(target) => image.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(target)),
            None => is_last,
        };
        let own = self.composed.iter().filter(builds);
        own.map(|start| start.words.iter().map(String::as_str).collect()).collect()
    }

    /// Whether a command that the image starts begins with one of `programs`.
    #[must_use]
    pub fn starts_with(&self, image: &StageFacts, programs: &[&str]) -> bool {
        let is_one = |command: &Vec<&str>| command.first().is_some_and(|word| programs.contains(&file_name(word)));
        self.started(image).iter().any(is_one)
    }

    /// Whether a command that the image starts begins with these words.
    #[must_use]
    pub fn starts_with_words(&self, image: &StageFacts, wanted: &[&str]) -> bool {
        self.started(image).iter().any(|words| {
            words.len() >= wanted.len() && words.iter().zip(wanted).all(|(word, wanted)| file_name(word) == *wanted)
        })
    }

    /// Whether the image leaves what it starts to its base or to whoever runs it, and no compose file says what that is.
    #[must_use]
    pub fn starts_nothing(&self, image: &StageFacts) -> bool {
        let leaves_it = |stage: &StageFacts| stage.entrypoint.is_none() && stage.command.is_none();
        std::iter::once(image).chain(self.ancestors(image)).all(leaves_it) && self.composed_start(image).is_none()
    }

    /// What a compose service that builds the image starts.
    fn composed_start(&self, image: &StageFacts) -> Option<&[String]> {
        self.composed_start_of(image).map(|start| start.words.as_slice())
    }

    fn composed_start_of(&self, image: &StageFacts) -> Option<&ComposedStart> {
        let is_last = image.index + 1 == self.stages.len();
        let builds = |start: &&ComposedStart| match &start.target {
            Some(target) => image.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(target)),
            None => is_last,
        };
        let own = || self.composed.iter().filter(builds);
        own().find(|start| !start.overrides).or_else(|| own().next())
    }

    /// What compose services that build the image start, word by word.
    pub(in crate::facts) fn composed_words(&self, image: &StageFacts) -> Vec<&str> {
        self.composed_start(image).unwrap_or_default().iter().map(String::as_str).collect()
    }

    /// `ENTRYPOINT`, else `CMD`, else what a compose service starts, word by word.
    #[must_use]
    pub fn start_words(&self, image: &StageFacts) -> Vec<&str> {
        let [entrypoint, command] = self.own_start(image);
        match entrypoint.or(command) {
            Some(instruction) => through_shells(&words(instruction)),
            None => self.composed_start(image).unwrap_or_default().iter().map(String::as_str).collect(),
        }
    }

    /// The commands that `make` runs when the image starts with it, one a line: `CMD ["make", "run"]`.
    #[must_use]
    pub fn recipes_at_start(&self, image: &StageFacts) -> Option<String> {
        self.started(image).iter().find_map(|words| {
            let at = words.iter().position(|word| file_name(word) == "make").filter(|at| *at < SCRIPT_WORDS)?;
            self.recipes_of(image, words.get(at + 1..)?.iter().copied())
        })
    }

    /// The commands that `make`, called with `words` where the image works, runs, one a line.
    pub(in crate::facts) fn recipes_of<'w>(
        &self,
        image: &StageFacts,
        words: impl Iterator<Item = &'w str>,
    ) -> Option<String> {
        let recipes = self.recipes((image.index, usize::MAX, None), &image.state.workdir, words)?;
        Some(recipes.text)
    }

    pub(super) fn starts_a_program(&self, image: &StageFacts) -> bool {
        match self.own_start(image).into() {
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
        let script = self.started_script(image, words).filter(|(path, file)| is_shell_script(path, file.text()));
        let Some((_, script)) = script else { return true };
        let speaks = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let lines: Vec<&str> = script.text().lines().map(str::trim).filter(speaks).collect();
        // `if …; then timeout 10 "$@"; else exec "$@"; fi`, one a line: both branches run what the script is given.
        let branches = branches_at_end(&lines);
        let passes = |line: &&str| {
            let words = line.split_whitespace().skip_while(|word| *word == "exec").map(bare).collect::<Vec<_>>();
            is_given(behind_init(&words))
        };
        let last = match branches.as_slice() {
            [] => lines.last(),
            branches if branches.iter().all(passes) => branches.last(),
            _ => return true,
        };
        let Some(last) = last else { return true };
        let last: Vec<&str> =
            last.split_whitespace().skip_while(|word| *word == "exec" || word.contains('=')).collect();
        // A script that runs what it is given starts nothing by itself: an `ENTRYPOINT` takes away the `CMD` of the base.
        let given = if behind.is_empty() { self.composed_words(image) } else { behind.to_vec() };
        let behind: Vec<&str> = behind_init(&last).iter().map(|word| bare(word)).collect();
        if is_given(&behind) { !given.is_empty() && !is_shell(&given) } else { !is_shell(&last) }
    }

    /// The first file of the repository that the first words of a start name, with its path.
    pub(super) fn started_script(&self, image: &StageFacts, words: &[&str]) -> Option<(String, Arc<SourceFile>)> {
        let workdir = image.state.workdir.known().unwrap_or("/");
        words.iter().take(SCRIPT_WORDS).map(|word| bare(word)).find_map(|word| {
            let copied = self.origin(image.index, usize::MAX, &resolve(workdir, word), None);
            // `ENTRYPOINT ["docker-entrypoint.sh"]` is looked for along `PATH`.
            let along_path = || {
                let mut folders = ["/usr/local/bin", "/usr/bin", "/bin"].iter().filter(|_| !word.contains('/'));
                folders.find_map(|folder| self.origin(image.index, usize::MAX, &resolve(folder, word), None))
            };
            // What is copied under the same name from a folder that is not the context that was taken for it.
            let beside = || join(parent(&self.service.dockerfile), file_name(word)).filter(|_| word.contains('/'));
            let path = copied.or_else(along_path).or_else(beside).filter(|path| self.workspace.is_file(path))?;
            let file = self.workspace.read(&path).ok()?;
            Some((path, file))
        })
    }
}

/// The last command of each branch of the `if` that a script, without its comments, ends with.
fn branches_at_end<'s>(lines: &[&'s str]) -> Vec<&'s str> {
    if lines.last() != Some(&"fi") {
        return Vec::new();
    }
    let start = lines.iter().rposition(|line| line.starts_with("if ")).unwrap_or_default();
    let own = lines.get(start..).unwrap_or_default();
    let ends = |line: &str| line == "fi" || line == "else" || line.starts_with("elif ");
    own.windows(2)
        .filter(|pair| pair.get(1).is_some_and(|line| ends(line)))
        .filter_map(|pair| pair.first().copied())
        .collect()
}

/// `tail -f /dev/null`, `sleep infinity`, `while true; do sleep 1000; done`: a container that is only kept.
fn waits(words: &[&str]) -> bool {
    if loops_idly(words) {
        return true;
    }
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    (program == "tail" && words.contains(&"/dev/null")) || (program == "sleep" && words.contains(&"infinity"))
}

/// What ends in `while true; do sleep 1000; done`, by itself or as the text of a shell.
fn loops_idly(words: &[&str]) -> bool {
    let text = words.join(" ").replace(['"', '\'', ';'], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    matches!(words.as_slice(), [.., "while", "true" | ":", "do", "sleep", _, "done"])
}

/// What stands behind an init: `bash` of `tini -g -- bash`.
pub(super) fn behind_init<'w, 's>(words: &'w [&'s str]) -> &'w [&'s str] {
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    if matches!(program, "wait-for-it" | "wait-for-it.sh" | "wait-for" | "dockerize") {
        let behind = words.iter().position(|word| *word == "--").and_then(|at| words.get(at + 1..));
        return behind.unwrap_or(words);
    }
    if matches!(program, "gosu" | "su-exec") {
        return words.get(2..).unwrap_or_default();
    }
    if !matches!(program, "tini" | "dumb-init" | "catatonit") {
        return words;
    }
    let rest = words.get(1..).unwrap_or_default();
    let start = rest.iter().position(|word| !word.starts_with('-')).unwrap_or(rest.len());
    rest.get(start..).unwrap_or_default()
}

/// `CMD ["bash"]`, `CMD sleep infinity`, `CMD tail -f /dev/null`, `CMD while true; do sleep 60; done`.
fn is_idle(words: &[&str]) -> bool {
    if loops_idly(words) {
        return true;
    }
    let words = behind_init(behind_settings(words));
    if carries_only(words) {
        return true;
    }
    let program = words.first().map(|word| file_name(word)).unwrap_or_default();
    match program {
        "sh" | "bash" | "zsh" | "ash" | "fish" => is_shell(words),
        "sleep" | "" => true,
        "echo" | "true" | "false" | "ls" => !words.iter().any(|word| word.contains([';', '&', '|'])),
        // Whoever runs the image says what with it.
        _ if matches!(words, [_, "--help" | "-h" | "--version" | "-version" | "-V"]) => true,
        "tail" => words.contains(&"/dev/null"),
        _ => false,
    }
}

/// The last command of a line whose others only set the shell up: `exec bash` of `source /opt/env.sh && exec bash`.
fn behind_settings<'w, 's>(words: &'w [&'s str]) -> &'w [&'s str] {
    let mut commands: Vec<&[&str]> = words.split(|word| *word == "&&").collect();
    let last = commands.pop().unwrap_or(words);
    let sets = |command: &&[&str]| command.first().is_some_and(|word| SETTINGS.contains(word));
    if commands.is_empty() || !commands.iter().all(sets) {
        return words;
    }
    last.strip_prefix(&["exec"]).unwrap_or(last)
}

/// Whether all commands of a line but the last only set the shell up.
fn only_sets_up(line: &str) -> bool {
    let line = line.replace("&&", ";");
    let mut commands = line.split([';', '&', '|']).map(str::trim).filter(|command| !command.is_empty());
    commands.next_back();
    commands.all(|command| command.split_whitespace().next().is_some_and(|word| SETTINGS.contains(&word)))
}

/// Whether the words run in an environment what stands behind them, and nothing does: `conda run --no-capture-output -n env`.
fn carries_only(words: &[&str]) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    match (file_name(program), rest) {
        ("env", []) => true,
        ("conda" | "mamba" | "micromamba", ["run", behind @ ..]) => {
            let mut behind = behind.iter();
            while let Some(word) = behind.next() {
                if matches!(*word, "-n" | "--name" | "-p" | "--prefix") {
                    behind.next();
                } else if !word.starts_with('-') {
                    return false;
                }
            }
            true
        }
        _ => false,
    }
}

/// `bash`, `/bin/bash -l`, `bash -c` with nothing to run, `bash -lc 'exec "$0" "$@"'`, `bash -c "cd /app && exec bash"`; not
/// `bash -c "…"`.
pub(super) fn is_shell(words: &[&str]) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    if !matches!(file_name(program), "sh" | "bash" | "zsh" | "ash" | "fish") {
        return false;
    }
    let flags = rest.iter().take_while(|word| word.starts_with('-')).count();
    let (flags, given) = rest.split_at_checked(flags).unwrap_or((rest, &[]));
    let runs_text = flags.iter().any(|flag| !flag.starts_with("--") && flag.contains('c'));
    let given = given.join(" ").replace(['"', '\'', '\\'], "");
    // `["bash", "-c", "source env.sh && exec \"$@\"", "--"]`: the last word is the name of the shell.
    let given = given.trim().strip_suffix("$@ --").map_or_else(|| given.clone(), |before| format!("{before}$@"));
    let last = given.rsplit(['&', ';']).next().unwrap_or_default().trim();
    let behind_exec = last.strip_prefix("exec ").unwrap_or(last);
    let last_is_shell =
        runs_text && last != given.trim() && is_shell(&behind_exec.split_whitespace().collect::<Vec<_>>());
    given.is_empty()
        || last_is_shell
        || runs_text && only_sets_up(&given) && matches!(last, "exec $@" | "$@")
        || runs_text && matches!(given.trim(), "exec $0 $@" | "$0 $@" | "bash" | "exec bash")
}

fn is_shell_script(path: &str, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    matches!(path.rsplit('.').next(), Some("sh" | "bash")) || first.starts_with("#!") && first.ends_with("sh")
}

pub(super) fn words(instruction: &Instruction) -> Vec<&str> {
    match &instruction.arguments {
        Arguments::Command(CommandLine::Exec(words)) => words.iter().map(|word| word.text.as_str()).collect(),
        Arguments::Command(CommandLine::Shell) => instruction.body.text().split_whitespace().collect(),
        _ => Vec::new(),
    }
}
