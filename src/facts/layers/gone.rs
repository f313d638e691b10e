//! What steps delete of the files that earlier ones brought.

use super::super::commands::{Removal, removal};
use super::super::paths::{is_below, resolve};
use super::super::{Facts, Guard, Invocation, StageFacts};

/// Names that `find` deletes of which a repository has none.
const MADE: [&str; 5] = ["__pycache__", "*.pyc", "*.pyo", "*.py[co]", ".DS_Store"];

/// What steps behind a copy delete.
#[derive(Debug, Default)]
pub(super) struct Gone {
    removals: Vec<Removal>,
    /// Folders in which `find` deletes some files by their names.
    sifted: Vec<String>,
}

impl Gone {
    /// How many paths a file is compared with.
    pub(super) fn len(&self) -> usize {
        self.removals.iter().map(|removal| removal.paths.len() + removal.files.len()).sum()
    }

    /// Whether the file at `path` is gone.
    pub(super) fn has(&self, path: &str) -> bool {
        self.removals.iter().any(|removal| removal.deletes(path))
    }

    /// Whether an unknown part of what lies at or below `path` is gone.
    pub(super) fn takes_some(&self, path: &str) -> bool {
        self.sifted.iter().any(|folder| is_below(path, folder) || is_below(folder, path))
    }
}

impl Facts<'_> {
    /// What the steps of the stage and of those below it delete from the instruction behind `after` to `last`, whose layer does not hold
    /// what its own later commands delete either.
    pub(super) fn removals_behind(&self, stage: &StageFacts, last: usize, after: usize) -> Gone {
        let runs = self.chain(stage).flat_map(|stage| &stage.runs);
        let between = runs.filter(|run| run.instruction > after && run.instruction <= last);
        let mut gone = Gone::default();
        for command in between.flat_map(|run| &run.invocations).filter(|command| command.guard == Guard::Always) {
            let Some(removal) = removal(command) else { continue };
            if command.program == "find" && removal.paths.is_empty() {
                gone.sifted.extend(sifted(command));
            } else if !removal.paths.is_empty() || !removal.files.is_empty() {
                gone.removals.push(removal);
            }
        }
        gone
    }
}

/// The folders in which `find` deletes what its tests choose; none where only what was never there before the build is.
fn sifted(command: &Invocation) -> Vec<String> {
    let words: Vec<&str> = command.arguments.iter().map(|argument| argument.value.text()).collect();
    let deletes = words.contains(&"-delete")
        || words.windows(2).any(|pair| matches!(pair, ["-exec" | "-execdir", rm] if rm.ends_with("rm")));
    let names: Vec<&str> =
        words.windows(2).filter(|pair| matches!(pair, ["-name" | "-iname", _])).map(|pair| pair[1]).collect();
    let only_made = !names.is_empty() && names.iter().all(|name| MADE.contains(name));
    if !deletes || only_made {
        return Vec::new();
    }
    let folder = command.workdir.known().unwrap_or("/");
    let places = words.iter().take_while(|word| !word.starts_with(['-', '(', '!']));
    let places: Vec<String> = places.map(|place| resolve(folder, place)).collect();
    if places.is_empty() { vec![folder.to_owned()] } else { places }
}
