//! What the commands of a script build, as far as its words are known: assignments, `cd`, loops over literal words.

use std::collections::HashMap;

use crate::shell::{self, Command, CompoundKind, Connector, List, Parameter, Part, Script, SimpleCommand};
use crate::text::Joined;

use super::super::paths::parent;
use super::command::{Built, FROM_ROOT, Word, built, resolve};

/// Commands that are looked at, loops unrolled, and how deep constructs are entered.
const MAX_COMMANDS: usize = 4_000;
const MAX_DEPTH: usize = 24;
/// Words of a `for` for each of which its body is looked at.
const MAX_ROUNDS: usize = 40;

/// Variables that are remembered, and how long a value may get, in bytes.
const MAX_VARIABLES: usize = 300;
const MAX_VALUE: usize = 4_096;

/// Variables that hold the folder of the repository in one CI service or another.
const REPOSITORY: [&str; 6] = [
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "BUILDKITE_BUILD_CHECKOUT_PATH",
    "TRAVIS_BUILD_DIR",
    "BITBUCKET_CLONE_DIR",
    "CIRCLE_WORKING_DIRECTORY",
];

/// Values by name; `None` where nobody knows.
pub(super) type Variables = HashMap<String, Option<String>>;

/// What is known while a script runs.
#[derive(Clone, Debug, Default)]
struct State {
    variables: Variables,
    /// The present folder, relative to the root.
    directory: Option<String>,
}

/// A script that is being followed.
#[derive(Debug)]
pub(super) struct Machine {
    state: State,
    /// The folder of the repository.
    repository: String,
    /// The script's own file.
    file: Option<String>,
    commands: usize,
    depth: usize,
    found: Vec<(u32, Built)>,
}

impl Machine {
    /// A machine that starts in `directory` of the repository at `repository`, both relative to the root.
    pub(super) fn new(repository: &str, directory: Option<String>, variables: Variables) -> Self {
        let state = State { variables, directory };
        Self {
            state,
            repository: repository.to_owned(),
            file: None,
            commands: MAX_COMMANDS,
            depth: MAX_DEPTH,
            found: Vec::new(),
        }
    }

    /// The same for a script in the file `file`.
    pub(super) fn of_file(mut self, file: &str) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// What the commands of `text` build, each with its 0-based line. What they assign stays for the next text.
    pub(super) fn run(&mut self, text: &str) -> Vec<(u32, Built)> {
        let script = Script::parse(Joined::verbatim(text, 0));
        self.list(&script.body);
        let line = |offset: u32| {
            let before = text.get(..offset as usize).unwrap_or_default();
            u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX)
        };
        std::mem::take(&mut self.found).into_iter().map(|(offset, built)| (line(offset), built)).collect()
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            for (connector, pipeline) in item.and_or.pipelines() {
                let before =
                    (connector == Some(Connector::Or) || pipeline.commands.len() > 1).then(|| self.state.clone());
                for command in &pipeline.commands {
                    self.command(command);
                }
                // `cd x || exit`: what follows runs where `cd` led.
                if let Some(before) = before {
                    self.state = before;
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        if self.commands == 0 || self.depth == 0 {
            return;
        }
        self.commands -= 1;
        self.depth -= 1;
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound) => self.compound(&compound.kind),
            Command::Opaque(_) => {}
        }
        self.depth += 1;
    }

    fn compound(&mut self, kind: &CompoundKind) {
        match kind {
            CompoundKind::Group(list) => self.list(list),
            CompoundKind::Subshell(list) => {
                let before = self.state.clone();
                self.list(list);
                self.state = before;
            }
            CompoundKind::If { branches, otherwise } => {
                let parts = branches.iter().flat_map(|branch| [&branch.condition, &branch.body]).chain(otherwise);
                self.perhaps(parts);
            }
            CompoundKind::For { name, words, body } => self.each(name, words.as_deref(), body),
            CompoundKind::ArithmeticFor { body } => self.perhaps([body]),
            CompoundKind::While { condition, body } | CompoundKind::Until { condition, body } => {
                self.perhaps([condition, body]);
            }
            CompoundKind::Case { arms, .. } => self.perhaps(arms.iter().map(|arm| &arm.body)),
            CompoundKind::Function { body, .. } => {
                let before = self.state.clone();
                self.command(body);
                self.state = before;
            }
            CompoundKind::Test(_) | CompoundKind::Arithmetic => {}
        }
    }

    /// Lists of which each runs or does not.
    fn perhaps<'l>(&mut self, lists: impl IntoIterator<Item = &'l List>) {
        let before = self.state.clone();
        let mut after = before.clone();
        for list in lists {
            self.state = before.clone();
            self.list(list);
            after.forget_other(&self.state);
        }
        self.state = after;
    }

    fn each(&mut self, name: &str, words: Option<&[shell::Word]>, body: &List) {
        let words: Vec<Word> = words.unwrap_or_default().iter().flat_map(|word| self.words(word)).collect();
        let known = |word: &Word| match word {
            Word::Known(text) if !text.contains(['*', '?', '{']) => Some(text.clone()),
            _ => None,
        };
        let rounds: Option<Vec<String>> = words.iter().map(known).collect();
        let rounds = rounds.filter(|rounds| !rounds.is_empty() && rounds.len() <= MAX_ROUNDS);
        let rounds: Vec<Option<String>> = rounds.map_or_else(|| vec![None], |all| all.into_iter().map(Some).collect());
        let before = self.state.clone();
        let mut after = before.clone();
        for value in rounds {
            self.state = before.clone();
            self.state.set(name, value);
            self.list(body);
            after.forget_other(&self.state);
        }
        self.state = after;
    }

    fn simple(&mut self, command: &SimpleCommand) {
        if command.words.is_empty() {
            for assignment in &command.assignments {
                let value = self.value(&assignment.value.parts).filter(|_| !assignment.append);
                self.state.set(&assignment.name, value);
            }
            return;
        }
        let words: Vec<Word> = command.words.iter().flat_map(|word| self.words(word)).collect();
        match words.as_slice() {
            [Word::Known(name), rest @ ..] if matches!(name.as_str(), "cd" | "pushd") => self.enter(rest),
            [Word::Known(name), ..] if name == "popd" => self.state.directory = None,
            [Word::Known(name), rest @ ..] if name == "read" => {
                for word in rest {
                    if let Word::Known(name) = word {
                        self.state.set(name, None);
                    }
                }
            }
            [Word::Known(name), rest @ ..]
                if matches!(name.as_str(), "export" | "readonly" | "local" | "declare" | "typeset") =>
            {
                for word in rest {
                    match word {
                        Word::Known(text) => {
                            if let Some((name, value)) = text.split_once('=') {
                                self.state.set(name, Some(value.to_owned()));
                            }
                        }
                        Word::Begins(start) => self.state.set(start.split('=').next().unwrap_or_default(), None),
                        Word::Unknown | Word::UnknownWords => {}
                    }
                }
            }
            _ => {
                let directory = self.state.directory.as_deref();
                self.found
                    .extend(directory.and_then(|directory| Some((command.range.start(), built(&words, directory)?))));
            }
        }
    }

    fn enter(&mut self, words: &[Word]) {
        let folder = words
            .iter()
            .find(|word| !matches!(word, Word::Known(option) if matches!(option.as_str(), "-P" | "-L" | "--")));
        let here = self.state.directory.clone();
        self.state.directory = match (folder, here) {
            (Some(Word::Known(path)), here) if !path.starts_with(['~', '-']) => {
                let rooted = path.starts_with(FROM_ROOT);
                here.or_else(|| rooted.then(String::new)).and_then(|here| resolve(&here, path))
            }
            _ => None,
        };
    }

    /// The words that a word stands for.
    fn words(&mut self, word: &shell::Word) -> Vec<Word> {
        let value = self.value(&word.parts);
        let splits = matches!(word.parts.as_slice(), [Part::Parameter(_) | Part::Substitution { .. }]);
        let all = matches!(word.parts.as_slice(), [Part::DoubleQuoted { parts, .. }]
            if matches!(parts.as_slice(), [Part::Parameter(all)] if all.name == "@" || all.operator.starts_with("[@")));
        match value {
            Some(text) if splits => text.split_whitespace().map(|word| Word::Known(word.to_owned())).collect(),
            Some(text) => vec![Word::Known(text)],
            None if splits || all => vec![Word::UnknownWords],
            // `${DEBUG:+--no-cache}`, `--build-arg=$X` and `name:$TAG`.
            None => vec![match self.beginning(&word.parts) {
                start if start.contains('=') => Word::Begins(start),
                _ => Word::Unknown,
            }],
        }
    }

    /// What is known at the start of a word.
    fn beginning(&mut self, parts: &[Part]) -> String {
        let mut start = String::new();
        for part in parts {
            match (self.value(std::slice::from_ref(part)), part) {
                (Some(text), _) => start.push_str(&text),
                (None, Part::DoubleQuoted { parts, .. }) => {
                    start.push_str(&self.beginning(parts));
                    break;
                }
                (None, _) => break,
            }
        }
        start
    }

    fn value(&mut self, parts: &[Part]) -> Option<String> {
        let mut value = String::new();
        for part in parts {
            let piece = match part {
                Part::Literal { text, .. } | Part::SingleQuoted { text, .. } => text.clone(),
                Part::DoubleQuoted { parts, .. } => self.value(parts)?,
                Part::Parameter(parameter) => self.parameter(parameter)?,
                Part::Substitution { commands, .. } => self.output(commands)?,
                Part::Arithmetic(_) | Part::Process { .. } | Part::Opaque(_) => return None,
            };
            value.push_str(&piece);
            if value.len() > MAX_VALUE {
                return None;
            }
        }
        // In the middle of a word it would name no folder.
        (!value.chars().skip(1).any(|character| character == FROM_ROOT)).then_some(value)
    }

    fn parameter(&self, parameter: &Parameter) -> Option<String> {
        let name = parameter.name.as_str();
        let rooted = |path: &str| Some(format!("{FROM_ROOT}{path}"));
        let value = match self.state.variables.get(name) {
            Some(value) => value.clone().map(Some),
            None if matches!(name, "PWD" | "CURDIR") => self.state.directory.as_deref().map(rooted),
            None if matches!(name, "0" | "BASH_SOURCE") => self.file.as_deref().map(rooted),
            None if REPOSITORY.contains(&name) => Some(rooted(&self.repository)),
            // Nothing in the script says anything else.
            None => Some(None),
        };
        let value = value?;
        let operator = parameter.operator.as_str();
        let fallback =
            operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-')).or_else(|| operator.strip_prefix(":="));
        match (value, fallback) {
            (Some(value), None) => {
                (operator.is_empty() || (name == "BASH_SOURCE" && operator == "[0]")).then_some(value)
            }
            (Some(value), Some(_)) => Some(value),
            (None, Some(fallback)) => {
                let is_position = name.bytes().all(|byte| byte.is_ascii_digit());
                let plain = fallback.trim_matches(['"', '\'']);
                (!plain.contains(['$', '`', '"', '\'']) && !is_position).then(|| plain.to_owned())
            }
            (None, None) => None,
        }
    }

    /// What commands print that tell of folders.
    fn output(&mut self, commands: &List) -> Option<String> {
        if self.depth == 0 {
            return None;
        }
        let before = self.state.clone();
        self.depth -= 1;
        let output = self.printed(commands);
        self.depth += 1;
        self.state = before;
        output
    }

    fn printed(&mut self, commands: &List) -> Option<String> {
        let [item] = commands.items.as_slice() else { return None };
        let mut output = None;
        for (connector, pipeline) in item.and_or.pipelines() {
            let [Command::Simple(command)] = pipeline.commands.as_slice() else { return None };
            if connector == Some(Connector::Or) {
                continue;
            }
            let words: Vec<Word> = command.words.iter().flat_map(|word| self.words(word)).collect();
            let known = words.iter().map(|word| match word {
                Word::Known(text) => Some(text.as_str()),
                _ => None,
            });
            let known: Vec<&str> = known.collect::<Option<_>>()?;
            let folder = |path: &str| {
                path.strip_prefix(FROM_ROOT).map(|path| format!("{FROM_ROOT}{}", parent(path))).or_else(|| {
                    let relative = !path.is_empty() && !path.starts_with('/');
                    relative.then(|| if path.contains('/') { parent(path).to_owned() } else { ".".to_owned() })
                })
            };
            output = match known.as_slice() {
                ["cd" | "pushd", ..] => {
                    self.enter(words.get(1..)?);
                    None
                }
                ["pwd", ..] => Some(format!("{FROM_ROOT}{}", self.state.directory.as_deref()?)),
                ["dirname", path] | ["dirname", "--", path] => folder(path),
                ["realpath" | "readlink", .., path] => {
                    resolve(self.state.directory.as_deref()?, path).map(|path| format!("{FROM_ROOT}{path}"))
                }
                ["git", "rev-parse", "--show-toplevel"] => Some(format!("{FROM_ROOT}{}", self.repository)),
                ["echo", word] => Some((*word).to_owned()),
                _ => return None,
            };
        }
        output
    }
}

impl State {
    fn set(&mut self, name: &str, value: Option<String>) {
        if self.variables.len() < MAX_VARIABLES || self.variables.contains_key(name) {
            self.variables.insert(name.to_owned(), value);
        }
    }

    /// Forgets what is not the same in `other`.
    fn forget_other(&mut self, other: &Self) {
        for (name, value) in &other.variables {
            let same = self.variables.get(name) == Some(value);
            if !same {
                self.set(name, None);
            }
        }
        if self.directory != other.directory {
            self.directory = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `context dockerfile` of each build, for a script in `scripts/build.sh` that runs in the root.
    fn read(text: &str) -> Vec<String> {
        let mut machine = Machine::new("", Some(String::new()), Variables::new()).of_file("scripts/build.sh");
        let found = machine.run(text);
        found.into_iter().map(|(line, built)| format!("{line} {:?} {}", built.context, built.dockerfile)).collect()
    }

    #[test]
    fn what_scripts_build() {
        for (text, expected) in [
            ("docker build \\\n  -t x:$TAG \\\n  .", "0 \"\" Dockerfile"),
            ("A=api\ndocker build -t a -f \"$A/Dockerfile\" ${A}", "1 \"api\" api/Dockerfile"),
            (
                "cd api && docker build . && cd ../web && docker build .",
                "0 \"api\" api/Dockerfile|0 \"web\" web/Dockerfile",
            ),
            ("(cd api; docker build .)\ndocker build web", "0 \"api\" api/Dockerfile|1 \"web\" web/Dockerfile"),
            ("cd \"$(dirname \"$0\")/..\" || exit 1\ndocker build -f docker/D .", "1 \"\" docker/D"),
            (
                "DIR=$(cd $(dirname \"${BASH_SOURCE[0]}\") && pwd)\ndocker build $DIR/x",
                "1 \"scripts/x\" scripts/x/Dockerfile",
            ),
            ("for s in a b; do docker build -t $s ./$s; done", "0 \"a\" a/Dockerfile|0 \"b\" b/Dockerfile"),
            ("docker build -f ${FILE:-D.prod} $(pwd)", "0 \"\" D.prod"),
            ("O=\"--no-cache -f D\"\ndocker build $O .", "1 \"\" D"),
            ("if ! docker build a; then exit 1; fi", "0 \"a\" a/Dockerfile"),
            ("build() { docker build -f a/D .; }", "0 \"\" a/D"),
            // Nobody knows.
            ("docker build -f $FILE .", ""),
            ("docker build \"$1\"", ""),
            ("docker build \"$@\" .", ""),
            ("if x; then F=a; else F=b; fi\ndocker build -f $F .", ""),
            ("cd $HOME && docker build .", ""),
            ("for s in *; do docker build $s; done", ""),
            ("echo docker build .", ""),
            ("# docker build .", ""),
            ("cat Dockerfile | docker build -", ""),
        ] {
            assert_eq!(read(text).join("|"), expected, "{text}");
        }
    }

    #[test]
    fn what_grows_ends() {
        let grows = format!("A=xxxxxxxx\n{}docker build \"$A\"\n", "A=$A$A\n".repeat(60));
        assert!(read(&grows).is_empty());
        let nested = format!("{}docker build $a{}", "for a in 1 2 3 4 5 6 7 8; do ".repeat(12), "; done".repeat(12));
        assert!(read(&nested).len() <= MAX_COMMANDS);
    }
}
