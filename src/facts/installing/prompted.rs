//! Agents that ask a model for commands, and run what it answers.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::facts::paths::file_name;
use crate::facts::python::{Reached, starts_programs};

use crate::workspace::{join, parent};

use super::calls::quoted_call;

/// Calls that start a program.
const STARTS: [&str; 6] =
    ["subprocess.run(", "subprocess.Popen(", "subprocess.call(", "check_output(", "check_call(", "os.system("];
/// Larger texts are no prompts.
const PROMPT_BYTES: usize = 100_000;
/// Folders of sources in which prompts are looked for.
const FOLDER_LIMIT: usize = 500;

impl Facts<'_> {
    /// A prompt of the program that shows a model, in quotes, the command that installs packages, where a source starts programs by
    /// words that it is given.
    pub(super) fn prompts_to_install(&self) -> Option<Reached> {
        // Sources in an image without packages of Python are not what runs.
        if self.python_installs().is_empty() {
            return None;
        }
        let found = self.of_program("prompts to install", || {
            let runs_what_it_is_given = |path: &String| {
                let file = self.workspace.read(path).ok().filter(|_| !self.lies_aside(path))?;
                let starts = self.imports_of(path).is_some_and(|imports| starts_programs(&imports));
                (starts && starts_a_name(file.text())).then_some(())
            };
            let folders: BTreeSet<&str> = self.program().sources.iter().map(|path| parent(path)).collect();
            let folders = folders.into_iter().take(FOLDER_LIMIT).map(str::to_owned);
            let folders = folders.flat_map(|folder| [join(&folder, "prompts"), Some(folder)]).flatten();
            let prompts = folders.flat_map(|folder| {
                let files = self.workspace.list(&folder).into_iter().filter(|entry| !entry.is_dir);
                files.filter_map(move |entry| join(&folder, &entry.name)).filter(|path| is_prompt(path))
            });
            let mut asking = prompts.filter_map(|path| {
                let file = self.workspace.read(&path).ok().filter(|file| file.text().len() < PROMPT_BYTES)?;
                let by = file.text().lines().find_map(quoted_call)?;
                Some(Reached { file: path, by })
            });
            let found = asking.next()?;
            self.first_in_sources(runs_what_it_is_given).map(|()| found)
        });
        (*found).clone()
    }
}

/// `agents/runner/prompt.jinja2`, `prompts/run.txt`
fn is_prompt(path: &str) -> bool {
    let lower = path.to_lowercase();
    lower.rsplit('/').take(2).any(|part| part.contains("prompt"))
        && file_name(&lower)
            .rsplit_once('.')
            .is_some_and(|(_, ending)| matches!(ending, "jinja2" | "jinja" | "j2" | "txt" | "md" | "prompt" | "tmpl"))
}

/// Whether a call starts what a name holds: `subprocess.run(command, …)`; not `subprocess.run(["git", …])`.
fn starts_a_name(text: &str) -> bool {
    STARTS.iter().any(|start| {
        text.split(start).skip(1).any(|behind| {
            let given = behind.trim_start();
            given.starts_with(|first: char| first.is_alphabetic() || first == '_') && !given.starts_with("f\"")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::starts_a_name;

    #[test]
    fn a_name_is_no_literal() {
        assert!(starts_a_name("process = subprocess.run(\n    command_set,\n    cwd=path)"));
        assert!(!starts_a_name("subprocess.run([\"git\"])\nsubprocess.run(f\"ls {x}\", shell=True)"));
    }
}
