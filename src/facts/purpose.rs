//! What an image is for, as far as a rule may rely on it.

use crate::dockerfile::{Arguments, CommandLine, Instruction};

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

impl Facts<'_> {
    /// Whether a final image is there to run a service or a program, not to work in: its file is not named for development or
    /// tests, and what it starts is neither a shell nor an idle command.
    #[must_use]
    pub fn is_runtime_image(&self, image: &StageFacts) -> bool {
        !self.is_workshop() && self.starts_a_program(image)
    }

    /// Whether the file is named for developing, testing or building.
    #[must_use]
    pub fn is_workshop(&self) -> bool {
        let path = self.service.dockerfile.to_lowercase();
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        let named = file.split(['.', '-', '_']).any(|part| WORKSHOPS.contains(&part));
        named
            || parts
                .next()
                .is_some_and(|folder| matches!(folder.trim_start_matches('.'), "devcontainer" | "ci" | "dev"))
    }

    /// Whether what the image starts begins with one of `programs`.
    #[must_use]
    pub fn starts_with(&self, image: &StageFacts, programs: &[&str]) -> bool {
        self.start_words(image).first().is_some_and(|word| programs.contains(&super::paths::file_name(word)))
    }

    /// Whether what the image starts begins with these words.
    #[must_use]
    pub fn starts_with_words(&self, image: &StageFacts, wanted: &[&str]) -> bool {
        let words = self.start_words(image);
        words.len() >= wanted.len()
            && words.iter().zip(wanted).all(|(word, wanted)| super::paths::file_name(word) == *wanted)
    }

    /// Whether the image leaves what it starts to its base or to whoever runs it.
    #[must_use]
    pub fn starts_nothing(&self, image: &StageFacts) -> bool {
        std::iter::once(image)
            .chain(self.ancestors(image))
            .all(|stage| stage.entrypoint.is_none() && stage.command.is_none())
    }

    /// `ENTRYPOINT`, else `CMD`, word by word.
    #[must_use]
    pub fn start_words(&self, image: &StageFacts) -> Vec<&str> {
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let number = chain().find_map(|stage| stage.entrypoint).or_else(|| chain().find_map(|stage| stage.command));
        number.and_then(|number| self.dockerfile.instructions.get(number)).map(words).unwrap_or_default()
    }

    fn starts_a_program(&self, image: &StageFacts) -> bool {
        let chain = || std::iter::once(image).chain(self.ancestors(image));
        let entrypoint = chain().find_map(|stage| stage.entrypoint);
        let command = chain().find_map(|stage| stage.command);
        let instruction = |number: Option<usize>| number.and_then(|number| self.dockerfile.instructions.get(number));
        match (instruction(entrypoint), instruction(command)) {
            (Some(entrypoint), command) => !is_idle(entrypoint) || command.is_some_and(|command| !is_idle(command)),
            (None, Some(command)) => !is_idle(command),
            (None, None) => false,
        }
    }
}

/// `CMD ["bash"]`, `CMD sleep infinity`, `CMD tail -f /dev/null`.
fn is_idle(instruction: &Instruction) -> bool {
    let words = words(instruction);
    let program = words.first().map(|word| super::paths::file_name(word)).unwrap_or_default();
    let alone = words.iter().skip(1).all(|word| word.starts_with('-') && !word.contains('c'));
    match program {
        "sh" | "bash" | "zsh" | "ash" | "fish" => alone,
        "sleep" | "" => true,
        "tail" => words.contains(&"/dev/null"),
        _ => false,
    }
}

fn words(instruction: &Instruction) -> Vec<&str> {
    match &instruction.arguments {
        Arguments::Command(CommandLine::Exec(words)) => words.iter().map(|word| word.text.as_str()).collect(),
        Arguments::Command(CommandLine::Shell) => instruction.body.text().split_whitespace().collect(),
        _ => Vec::new(),
    }
}
