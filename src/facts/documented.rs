//! Commands that the documentation of a repository shows.

use std::collections::HashSet;

use super::targets::repository;
use super::{Facts, UseSigns};

/// More and larger documents are not read.
const MAX_FILES: usize = 400;
const MAX_BYTES: u64 = 300_000;
const ENDINGS: [&str; 7] = ["md", "rst", "adoc", "mdx", "txt", "qmd", "org"];
/// So many lines behind one that opens a shell in a container tell what to do there.
const BEHIND_A_SHELL: usize = 8;
/// What a document says of programs that are there for who uses the image.
const THERE: [&str; 4] = ["pre-installed", "preinstalled", "are installed", "is included"];
/// Commands that are words of English, too.
const ENGLISH: [&str; 9] = ["file", "host", "less", "man", "more", "route", "screen", "tree", "view"];

impl Facts<'_> {
    /// Whether a document of the repository shows one of their commands behind a prompt or in a running container, or lists it among what the
    /// image brings: `$ redis-cli -u $REDIS_URI`, `docker exec -it app vim config.py`, `All images have nano and git pre-installed`.
    #[must_use]
    pub fn is_documented(&self, signs: &UseSigns) -> bool {
        let shown = self.workspace.remembered_of_surroundings("documented commands", || {
            let tree = repository(self.workspace);
            let is_document = |path: &str| {
                path.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
                    && !path.contains("requirements")
            };
            let documents = tree.files.iter().filter(|file| file.bytes <= MAX_BYTES && is_document(&file.path));
            let mut shown = HashSet::new();
            for file in documents.take(MAX_FILES).filter_map(|file| self.workspace.read(&file.path).ok()) {
                let mut in_shell = 0;
                for line in file.text().lines().filter(|line| !line.trim().is_empty()) {
                    note(line, in_shell > 0, &mut shown);
                    in_shell = if opens_a_shell(line) { BEHIND_A_SHELL } else { in_shell.saturating_sub(1) };
                }
            }
            shown
        });
        signs.commands.iter().any(|command| shown.contains(command))
    }
}

/// `docker compose --project-name NAME exec api bash`
fn opens_a_shell(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_engine = |word: &&str| matches!(*word, "docker" | "docker-compose" | "podman" | "kubectl");
    words.iter().any(is_engine)
        && words.iter().any(|word| matches!(*word, "exec" | "run"))
        && words
            .last()
            .is_some_and(|word| matches!(word.trim_end_matches('`'), "bash" | "sh" | "/bin/bash" | "/bin/sh"))
}

/// Notes the commands of a line, which may stand `in_shell`: behind one that opens a shell in a container.
fn note(line: &str, in_shell: bool, shown: &mut HashSet<String>) {
    let line = line.trim();
    let words = || line.split_whitespace().map(|word| word.trim_matches(['`', '"', '\'', ',', '.', ';', ':', '*']));
    if let Some(command) = line.strip_prefix("$ ").and_then(|rest| rest.split_whitespace().next()) {
        shown.insert(command.to_owned());
    }
    let in_container = [
        "docker exec",
        "docker compose exec",
        "docker-compose exec",
        "kubectl exec",
        "docker run",
        "docker-compose run",
    ];
    if in_shell
        || in_container.iter().any(|start| line.contains(start))
        || THERE.iter().any(|word| line.to_lowercase().contains(word))
    {
        shown.extend(words().filter(|word| !word.is_empty() && !ENGLISH.contains(word)).map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_behind_prompts_and_in_containers() {
        let shown = |line: &str| {
            let mut shown = HashSet::new();
            note(line, false, &mut shown);
            shown
        };
        assert!(shown("    $ redis-cli -u $REDIS_URI").contains("redis-cli"));
        assert!(shown("docker exec -it app vim config.py").contains("vim"));
        assert!(shown("All images have bash, nano and git pre-installed to support it.").contains("nano"));
        assert!(!shown("The image holds less, since fewer packages are installed").contains("less"));
        assert!(!shown("Open the file in nano and edit it").contains("nano"));
    }
}
