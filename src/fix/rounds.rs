//! Rounds of fixes until nothing changes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::diagnostic::Applicability;
use crate::lint::Report;
use crate::text::{Encoding, SourceFile};
use crate::workspace::{ReadError, Workspace};

use super::select::{self, Candidate};
use super::splice::{Splice, SpliceError};
use super::verify::verify;
use super::{AppliedFix, FileChange, Plan, RejectReason, Rejected};

/// Past this many rounds fixes are taken to undo each other.
const ROUND_LIMIT: usize = 10;

/// Runs rounds on the overlay of `workspace` and takes them back.
pub(super) fn run(
    workspace: &Workspace,
    paths: &[String],
    threshold: Applicability,
    report: &dyn Fn(&Workspace) -> Report,
) -> Plan {
    let mut endless: Vec<Rejected> = Vec::new();
    loop {
        let banned: BTreeSet<&'static str> = endless.iter().map(|rejected| rejected.rule).collect();
        let mut rounds =
            Rounds { workspace, paths, threshold, banned, files: BTreeMap::new(), rejected: Vec::new(), fixed: 0 };
        match rounds.run(report) {
            Ok((remaining, count)) => {
                rounds.restore();
                let mut rejected = std::mem::take(&mut rounds.rejected);
                rejected.extend(endless);
                return Plan { remaining, rejected, rounds: count, fixed: rounds.fixed, files: rounds.into_changes() };
            }
            Err(culprits) => {
                rounds.restore();
                endless.extend(culprits);
            }
        }
    }
}

/// A file as it was and as it has become.
struct FileState {
    before: Option<Arc<SourceFile>>,
    after: Arc<SourceFile>,
    fixes: Vec<AppliedFix>,
}

struct Rounds<'a> {
    workspace: &'a Workspace,
    paths: &'a [String],
    threshold: Applicability,
    /// Rules whose fixes did not come to an end in an earlier try.
    banned: BTreeSet<&'static str>,
    files: BTreeMap<String, FileState>,
    /// Of the last round only: a fix that fails beside others may succeed in the next.
    rejected: Vec<Rejected>,
    fixed: usize,
}

/// A file's new text, with what made it.
struct Outcome {
    file: Arc<str>,
    before: Option<Arc<SourceFile>>,
    after: Arc<SourceFile>,
}

impl Rounds<'_> {
    /// The last report and the number of rounds; or the fixes that would go on for ever.
    fn run(&mut self, report: &dyn Fn(&Workspace) -> Report) -> Result<(Report, usize), Vec<Rejected>> {
        let mut seen = HashSet::from([self.fingerprint()]);
        for count in 0.. {
            let remaining = report(self.workspace);
            let candidates = select::candidates(&remaining, self.threshold, |candidate| {
                !self.banned.contains(candidate.diagnostic.rule) && self.may_edit(candidate)
            });
            let chosen = select::compatible(&candidates);
            let (mut made, mut outcomes) = self.make(&chosen);
            if made.is_empty() && !chosen.is_empty() {
                let rejected = std::mem::take(&mut self.rejected);
                (made, outcomes) = self.make(&select::repeating(&candidates));
                self.rejected.extend(rejected);
            }
            if made.is_empty() {
                return Ok((remaining, count));
            }
            for outcome in outcomes {
                self.accept(outcome, &made);
            }
            self.fixed += made.len();
            if count + 1 >= ROUND_LIMIT || !seen.insert(self.fingerprint()) {
                return Err(made.iter().map(|candidate| rejected(candidate, RejectReason::Endless)).collect());
            }
        }
        Ok((Report::default(), ROUND_LIMIT))
    }

    /// Files that cannot be edited (UTF-16, unreadable) are no fault of a fix: it is left for a person to make.
    fn may_edit(&self, candidate: &Candidate<'_>) -> bool {
        candidate.fix.edits.iter().all(|edit| match self.workspace.read(&edit.file) {
            Ok(file) => file.encoding() != Encoding::Utf16,
            Err(ReadError::NotFound) => edit.range.end() == 0,
            Err(_) => false,
        })
    }

    /// Makes as many of the chosen fixes as are right: all at once, and when that is wrong, one after the other.
    fn make<'r>(&mut self, chosen: &[Candidate<'r>]) -> (Vec<Candidate<'r>>, Vec<Outcome>) {
        self.rejected.clear();
        if let Ok(outcomes) = self.attempt(chosen) {
            return (chosen.to_vec(), outcomes);
        }
        let (mut made, mut outcomes) = (Vec::new(), Vec::new());
        for &candidate in chosen {
            made.push(candidate);
            match self.attempt(&made) {
                Ok(better) => outcomes = better,
                Err((file, reason)) => {
                    made.pop();
                    let dropped = rejected(&candidate, reason);
                    self.rejected.push(Rejected { file, ..dropped });
                }
            }
        }
        (made, outcomes)
    }

    /// The files that `fixes` change together, verified.
    fn attempt(&self, fixes: &[Candidate<'_>]) -> Result<Vec<Outcome>, (String, RejectReason)> {
        let mut outcomes = Vec::new();
        for (file, edits) in select::edits(fixes) {
            let before = self.workspace.read(&file).ok();
            let empty = SourceFile::new(&*file, Vec::new());
            let source = before.as_deref().unwrap_or(&empty);
            let splice = Splice::new(source, edits).map_err(|error| failed(&file, error))?;
            let after = SourceFile::new(&*file, splice.apply(source.bytes()));
            let linted = self.paths.iter().any(|path| **path == *file);
            verify(before.as_deref(), &after, &splice, linted)
                .map_err(|violation| (file.to_string(), RejectReason::from(violation)))?;
            outcomes.push(Outcome { file, before, after: Arc::new(after) });
        }
        Ok(outcomes)
    }

    fn accept(&mut self, outcome: Outcome, made: &[Candidate<'_>]) {
        let Outcome { file, before, after } = outcome;
        self.workspace.set_overlay(&file, Some(after.bytes().to_vec()));
        let state = self.files.entry(file.to_string()).or_insert_with(|| FileState {
            before,
            after: Arc::clone(&after),
            fixes: Vec::new(),
        });
        state.after = after;
        let here = made.iter().filter(|candidate| candidate.fix.edits.iter().any(|edit| edit.file == file));
        state.fixes.extend(here.map(|candidate| AppliedFix {
            rule: candidate.diagnostic.rule,
            title: candidate.fix.title.clone(),
            savings: candidate.diagnostic.savings.clone(),
        }));
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (path, state) in self.files.iter().filter(|(_, state)| state.is_changed()) {
            (path, state.after.bytes()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Takes the overlay back. What an editor had put there before is put there again.
    fn restore(&self) {
        for (path, state) in &self.files {
            self.workspace.set_overlay(path, None);
            let disk = self.workspace.read(path).ok();
            if let Some(before) = &state.before
                && disk.is_none_or(|disk| disk.bytes() != before.bytes())
            {
                self.workspace.set_overlay(path, Some(before.bytes().to_vec()));
            }
        }
    }

    fn into_changes(self) -> Vec<FileChange> {
        let changed = self.files.into_iter().filter(|(_, state)| state.is_changed());
        changed
            .map(|(path, state)| FileChange {
                path,
                before: state.before,
                after: state.after.bytes().to_vec(),
                fixes: state.fixes,
            })
            .collect()
    }
}

impl FileState {
    fn is_changed(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.bytes() != self.after.bytes())
    }
}

fn failed(file: &str, error: SpliceError) -> (String, RejectReason) {
    (file.to_owned(), error.into())
}

fn rejected(candidate: &Candidate<'_>, reason: RejectReason) -> Rejected {
    let file = candidate.fix.edits.first().map_or_else(String::new, |edit| edit.file.to_string());
    Rejected { rule: candidate.diagnostic.rule, title: candidate.fix.title.clone(), file, reason }
}
