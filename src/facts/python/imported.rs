//! In which sources a module may be imported, told without scanning each for each module.

use std::hash::BuildHasher as _;
use std::sync::{Arc, LazyLock};

use aho_corasick::packed::Searcher;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use crate::facts::Facts;

use super::usage::spelled;

/// Sources that are looked through as one piece of work.
const AT_ONCE: usize = 128;

/// The words that stand in import statements and in calls that import, by their hashes, with the places of the sources that have
/// them; sorted, source by source of [`AT_ONCE`].
#[derive(Debug, Default)]
pub(super) struct ImportedWords(Vec<Vec<(u64, usize)>>);

impl ImportedWords {
    /// The words of `sources`, which stand at their places among all.
    fn of(facts: &Facts<'_>, sources: &[(usize, &String)]) -> Vec<(u64, usize)> {
        let mut found = Vec::new();
        for &(place, path) in sources {
            let Ok(file) = facts.workspace.read(path) else { continue };
            each_word(file.text(), |word| {
                if !matches!(word, "import" | "from" | "as") {
                    found.push((hash(word), place));
                }
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The places of the sources that may import one of `modules`, in their order; no other does.
    pub(super) fn may_import<M: AsRef<str>>(&self, modules: &[M]) -> Vec<usize> {
        let wanted: Vec<u64> = modules.iter().map(|module| hash(spelled(module.as_ref()))).collect();
        let mut places = Vec::new();
        for some in &self.0 {
            for &wanted in &wanted {
                let from = some.partition_point(|(word, _)| *word < wanted);
                let found = some.iter().skip(from).take_while(|(word, _)| *word == wanted);
                places.extend(found.map(|(_, place)| *place));
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// Two words of one hash only make a source be looked at in vain.
fn hash(word: &str) -> u64 {
    FxBuildHasher.hash_one(word)
}

impl Facts<'_> {
    /// The words of the imports in the sources of the program.
    pub(super) fn imported_words(&self) -> Arc<ImportedWords> {
        self.of_sources("imported words", || {
            let sources: Vec<(usize, &String)> = self.program().sources.iter().enumerate().collect();
            let some = |sources: &[(usize, &String)]| ImportedWords::of(self, sources);
            ImportedWords(if sources.len() <= AT_ONCE {
                vec![some(&sources)]
            } else {
                sources.par_chunks(AT_ONCE).map(some).collect()
            })
        })
    }
}

/// Calls `note` with each word of the lines that hold `import`, `import_module` and `__import__` among them, and of the brackets that are
/// open at their ends.
fn each_word<'t>(text: &'t str, mut note: impl FnMut(&'t str)) {
    const IMPORT: &str = "import";
    static SEARCHER: LazyLock<Option<Searcher>> = LazyLock::new(|| Searcher::new([IMPORT]));
    let mut from = 0;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let found = match &*SEARCHER {
            Some(searcher) => searcher.find(rest).map(|found| found.start()),
            None => rest.find(IMPORT),
        };
        let Some(at) = found.map(|at| from + at) else { return };
        let (start, end) = (line_start(text, at), region_end(text, at));
        let region = text.get(start.max(from)..end).unwrap_or_default();
        let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii();
        region.split(|character| !is_part(character)).filter(|word| !word.is_empty()).for_each(&mut note);
        from = end.max(at + IMPORT.len());
    }
}

/// Where the line with the byte `at` begins, and the lines that it continues.
fn line_start(text: &str, at: usize) -> usize {
    let mut at = at;
    loop {
        let before = text.get(..at).unwrap_or_default();
        let Some(newline) = before.rfind('\n') else { return 0 };
        let line = before.get(..newline).unwrap_or_default().trim_end_matches('\r');
        if !line.ends_with('\\') {
            return newline + 1;
        }
        at = newline;
    }
}

/// Where the line with the byte `at` ends: no bracket that opened behind `at` is open there, and nothing continues it.
fn region_end(text: &str, at: usize) -> usize {
    let mut open = 0_usize;
    let mut is_comment = false;
    let mut before = 0;
    for (offset, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            b'\n' => {
                if open == 0 && (before != b'\\' || is_comment) {
                    return offset;
                }
                is_comment = false;
            }
            // A file with Windows line ends continues its lines, too.
            b'\r' => continue,
            b'#' => is_comment = true,
            b'(' if !is_comment => open += 1,
            b')' if !is_comment => open = open.saturating_sub(1),
            _ => {}
        }
        before = byte;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::imports::Imports;

    fn words(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word));
        words
    }

    #[test]
    fn words_of_imports_are_told_however_they_are_written() {
        for text in [
            "import torch",
            "x = 1; import os, torch as t",
            "try: import torch\nexcept ImportError: pass",
            "from torch \\\n  import nn",
            "from \\\r\n  torch import nn",
            "import os, \\\n    torch",
            "importlib.import_module(  # (why\n    'torch')",
            "__import__(\n\"torch.nn\")",
            "if x:\n\tfrom torch.nn import (\n    a,\n    b)",
            "from torch import *",
        ] {
            let reaches = Imports::scan(text).reaches("torch");
            assert!(reaches && words(text).contains(&"torch"), "{text}: {:?}", words(text));
        }
        let text = "from google.cloud import (  # the first )\n    storage,\n    aiplatform,\n)\ntorch = 1\n";
        assert!(Imports::scan(text).reaches("google.cloud.aiplatform"));
        assert_eq!(words(text).last(), Some(&"aiplatform"));
        assert!(words("torch = 1\n# nothing\n").is_empty());
    }
}
