//! Calls of an installer in scripts, manifests and other texts.

use crate::facts::paths::file_name;
use crate::facts::python::{InstallerTool, Reached};

/// A call of an installer in a text.
pub(in crate::facts::python) struct Call {
    pub(in crate::facts::python) reached: Reached,
    /// Whether it only starts another program.
    pub(super) is_wrapper: bool,
}

/// The calls in a shell script or another text, comments left out.
pub(in crate::facts::python) fn calls_in(text: &str, tool: InstallerTool, path: &str) -> Vec<Call> {
    let mut found = Vec::new();
    // `echo "#!/bin/sh\nuv run …"`
    let joined = text.replace("\\\n", " ").replace("\\\r\n", " ").replace("\\n", "\n");
    for line in joined.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let line = line.split(" #").next().unwrap_or_default();
        let words: Vec<&str> = line
            .split(|character: char| character.is_whitespace() || "\"';|&()`,[]{}=".contains(character))
            .filter(|word| !word.is_empty())
            .collect();
        for (at, word) in words.iter().enumerate() {
            if !tool.commands().contains(&file_name(word)) {
                continue;
            }
            let rest = words.get(at + 1..).unwrap_or_default();
            let wrapped = wrapped(word, rest, tool);
            let length = wrapped.map_or(4, |length| length + 2);
            let by: Vec<&str> = words.iter().skip(at).take(length).copied().collect();
            found.push(Call {
                reached: Reached { file: path.to_owned(), by: by.join(" ") },
                is_wrapper: wrapped.is_some(),
            });
        }
    }
    found
}

/// Where in `rest` the program stands that `uv run …` or `poetry run …` starts, if the wrapper does nothing else that the program
/// could need.
fn wrapped(word: &str, rest: &[&str], tool: InstallerTool) -> Option<usize> {
    const ALONE: [&str; 16] = [
        "--no-sync",
        "--frozen",
        "--locked",
        "--no-dev",
        "--offline",
        "--active",
        "--quiet",
        "-q",
        "--no-cache",
        "--no-editable",
        "--all-extras",
        "--no-default-groups",
        "--all-groups",
        "--no-progress",
        "--no-config",
        "-n",
    ];
    const WITH_VALUE: [&str; 9] =
        ["--project", "--directory", "--python", "-p", "--extra", "--group", "--no-group", "--package", "-C"];
    if !matches!((tool, file_name(word)), (InstallerTool::Uv, "uv") | (InstallerTool::Poetry, "poetry")) {
        return None;
    }
    let mut words = rest.iter().enumerate();
    let mut runs = false;
    while let Some((at, word)) = words.next() {
        match *word {
            "run" if !runs => runs = true,
            flag if ALONE.contains(&flag) => {}
            flag if WITH_VALUE.contains(&flag) => {
                words.next();
            }
            "--" | "-m" | "--module" if runs => {}
            flag if flag.starts_with('-') => return None,
            _ if runs => return Some(at),
            _ => return None,
        }
    }
    None
}

/// `docker compose exec api uv run alembic upgrade head`
pub(super) fn calls_container(line: &str, tool: InstallerTool) -> bool {
    let words: Vec<&str> = line
        .split(|character: char| character.is_whitespace() || "\"'`,[]".contains(character))
        .filter(|word| !word.is_empty())
        .collect();
    let engine = |word: &&str| {
        let lower = word.to_lowercase();
        ["docker", "podman", "compose", "kubectl", "nerdctl"].iter().any(|engine| lower.contains(engine))
    };
    let starts = words.iter().position(|word| matches!(*word, "exec" | "run"));
    let engine = words.iter().take(starts.unwrap_or(0)).any(engine);
    // `exec uv run …` replaces a shell; `$(DC) exec api uv run …` names a container in between.
    let exec = starts.is_some_and(|at| at > 0 && words.get(at) == Some(&"exec"));
    let calls = |at: usize| words.iter().skip(at + 2).any(|word| tool.commands().contains(&file_name(word)));
    starts.is_some_and(|at| (engine || exec) && calls(at))
}

/// `command: ["uv", "run", …]` and `- uv` of a manifest.
pub(super) fn is_container_command(line: &str, tool: InstallerTool) -> bool {
    let item = line.trim_start_matches("- ").trim_matches(['"', '\'']);
    let keyed = ["command:", "args:", "entrypoint:", "dockerCommand:", "startCommand:", "cmd:"]
        .iter()
        .find_map(|key| item.strip_prefix(key));
    let words = |text: &str| {
        text.split(|character: char| character.is_whitespace() || "\"'`,[]".contains(character))
            .any(|word| tool.commands().contains(&file_name(word)))
    };
    (line.starts_with("- ") && tool.commands().contains(&item)) || keyed.is_some_and(words)
}
