//! Which fixes of a report can be made together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::lint::Report;

use super::splice::conflict;

/// A finding with the fix that is to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'r> {
    pub diagnostic: &'r Diagnostic,
    pub fix: &'r Fix,
}

impl Candidate<'_> {
    /// Order of fixes: by their first edit, then by rule and title, so that chance has no part in what wins.
    fn order(&self) -> (Option<&Edit>, &str, &str) {
        (self.fix.edits.iter().min(), self.diagnostic.rule, &self.fix.title)
    }

    /// Whether one of the others changes what this one repeats.
    fn waits(&self, others: &[Candidate<'_>]) -> bool {
        let repeats = &self.diagnostic.fix_repeats;
        let changes = |edit: &Edit| {
            edit.file == self.diagnostic.primary.file && repeats.iter().any(|range| conflict(edit.range, *range))
        };
        !repeats.is_empty() && others.iter().any(|other| other.fix.edits.iter().any(changes))
    }
}

/// Edits by file.
pub(super) type EditsByFile<'r> = BTreeMap<Arc<str>, Vec<&'r Edit>>;

/// The fixes of `report` that may be made at `threshold`, in order.
pub(super) fn candidates(
    report: &Report,
    threshold: Applicability,
    may_edit: impl Fn(&Candidate<'_>) -> bool,
) -> Vec<Candidate<'_>> {
    let mut candidates: Vec<Candidate<'_>> = report
        .diagnostics
        .iter()
        .filter_map(|diagnostic| Some(Candidate { diagnostic, fix: diagnostic.fix.as_ref()? }))
        .filter(|candidate| {
            candidate.fix.applicability >= threshold && candidate.fix.applicability > Applicability::Display
        })
        .filter(|candidate| !candidate.fix.edits.is_empty())
        .filter(may_edit)
        .collect();
    candidates.sort_by(|a, b| a.order().cmp(&b.order()));
    candidates
}

/// The first of the candidates that do not get in each other's way. Edits that two fixes share count once. A fix that repeats text
/// waits for those that change it: the repetition would be the text as it was.
pub(super) fn compatible<'r>(candidates: &[Candidate<'r>]) -> Vec<Candidate<'r>> {
    let (mut taken, changing) = (Taken::default(), plain(candidates));
    candidates.iter().filter(|candidate| !candidate.waits(&changing) && taken.take(candidate.fix)).copied().collect()
}

/// Those that repeat text, for when no other can be made.
pub(super) fn repeating<'r>(candidates: &[Candidate<'r>]) -> Vec<Candidate<'r>> {
    let mut taken = Taken::default();
    let repeating = candidates.iter().filter(|candidate| !candidate.diagnostic.fix_repeats.is_empty());
    repeating.filter(|candidate| taken.take(candidate.fix)).copied().collect()
}

/// Those that repeat nothing.
fn plain<'r>(candidates: &[Candidate<'r>]) -> Vec<Candidate<'r>> {
    candidates.iter().filter(|candidate| candidate.diagnostic.fix_repeats.is_empty()).copied().collect()
}

/// All edits of the candidates by file.
pub(super) fn edits<'r>(candidates: &[Candidate<'r>]) -> EditsByFile<'r> {
    let mut edits = EditsByFile::new();
    for edit in candidates.iter().flat_map(|candidate| &candidate.fix.edits) {
        edits.entry(Arc::clone(&edit.file)).or_default().push(edit);
    }
    edits
}

/// The edits that are taken, sorted by place in each file.
#[derive(Default)]
struct Taken<'r> {
    files: BTreeMap<&'r str, Vec<&'r Edit>>,
}

impl<'r> Taken<'r> {
    fn take(&mut self, fix: &'r Fix) -> bool {
        if !fix.edits.iter().all(|edit| self.is_free(edit)) {
            return false;
        }
        for edit in &fix.edits {
            let taken = self.files.entry(&edit.file).or_default();
            if let Err(index) = taken.binary_search(&edit) {
                taken.insert(index, edit);
            }
        }
        true
    }

    /// Whether the edit is one that is taken already, or touches none. Only neighbours can touch: the taken ones lie side by side.
    fn is_free(&self, edit: &Edit) -> bool {
        let Some(taken) = self.files.get(&*edit.file) else { return true };
        let Err(index) = taken.binary_search(&edit) else { return true };
        let neighbours = [index.checked_sub(1), Some(index)].into_iter().flatten();
        neighbours.filter_map(|index| taken.get(index)).all(|other| !conflict(edit.range, other.range))
    }
}
