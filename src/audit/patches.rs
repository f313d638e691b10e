//! What `--fix --unsafe-fixes` would change, planned once for all services of a root.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use crate::config::SettingsFor;
use crate::diagnostic::{Applicability, Diagnostic, Savings};
use crate::fix::{self, FileChange};
use crate::lint::Report;
use crate::output::escape_lines;
use crate::text::mask_credentials;
use crate::workspace::{BackupName, Workspace, holder};

use super::AuditedService;

/// To plan is to lint a few times: at most so many Dockerfiles, first those of which most can be saved.
const MOST_DOCKERFILES: usize = 1_000;
/// A patch that is longer is cut after so many lines: nobody reads a lock that is written anew.
const MOST_LINES: usize = 300;
/// A line that is longer is cut after so many characters.
const MOST_CHARACTERS: usize = 400;

/// The changes to the files below one root.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Patches {
    /// The root.
    pub root: PathBuf,
    /// One for each file that changes.
    pub files: Vec<Patch>,
    /// How many Dockerfiles have fixes that were not planned, since there are too many.
    pub unplanned: usize,
}

/// The change to one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Patch {
    /// Path relative to the root.
    pub path: String,
    /// The unified diff. Credentials are masked, and characters that act are escaped, so that it is for eyes and not for
    /// `git apply`.
    pub text: String,
    /// How many lines of it are left out.
    pub left_out: usize,
    /// How many fixes it holds.
    pub fixes: usize,
}

impl Patches {
    /// Plans all fixes that can be made to what `report` found in `workspace` in the services among `rows`. The workspace is left as it
    /// was.
    #[must_use]
    pub fn plan(workspace: &Workspace, report: &Report, rows: &[&AuditedService], settings: &impl SettingsFor) -> Self {
        let rows = rows.iter().filter(|row| row.root == workspace.root()).map(|row| row.path.as_str()).collect();
        let mut paths = fixable(report, &rows);
        let unplanned = paths.len().saturating_sub(MOST_DOCKERFILES);
        paths.truncate(MOST_DOCKERFILES);
        let files = if paths.is_empty() {
            Vec::new()
        } else {
            fix::plan(workspace, &paths, settings, Applicability::Unsafe).files.iter().map(patch).collect()
        };
        Self { root: workspace.root().to_owned(), files, unplanned }
    }

    /// The patches of the files at `paths`, as indexes.
    pub(super) fn of(&self, paths: &BTreeSet<&str>) -> impl Iterator<Item = usize> {
        self.files.iter().enumerate().filter(|(_, patch)| paths.contains(patch.path.as_str())).map(|(index, _)| index)
    }
}

/// Whether `--fix --unsafe-fixes` would do something about a finding.
pub(super) fn is_fixable(finding: &Diagnostic) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability >= Applicability::Unsafe)
}

/// The files with Dockerfiles that fixes are known for; first those of which most can be saved.
fn fixable(report: &Report, rows: &HashSet<&str>) -> Vec<String> {
    let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
    for summary in report.services.iter().filter(|summary| rows.contains(summary.service.dockerfile.as_str())) {
        let findings = summary.findings.iter().filter_map(|&index| report.diagnostics.get(index));
        let fixable: Vec<&Diagnostic> = findings.filter(|finding| is_fixable(finding)).collect();
        let path = holder(&summary.service.dockerfile).unwrap_or(&summary.service.dockerfile);
        // Backups are never changed.
        if fixable.is_empty() || BackupName::parse(path.rsplit('/').next().unwrap_or(path)).is_some() {
            continue;
        }
        let saved = fixable.iter().filter_map(|finding| finding.savings.as_ref()).map(Savings::bytes).sum::<u64>();
        *bytes.entry(path).or_default() += saved;
    }
    let mut paths: Vec<(&str, u64)> = bytes.into_iter().collect();
    paths.sort_by_key(|&(_, bytes)| Reverse(bytes));
    paths.into_iter().map(|(path, _)| path.to_owned()).collect()
}

fn patch(file: &FileChange) -> Patch {
    let text = escape_lines(&file.diff());
    let mut lines = text.lines();
    let shown: Vec<String> = lines.by_ref().take(MOST_LINES).map(|line| cut(&mask_credentials(line))).collect();
    Patch { path: file.path.clone(), text: shown.join("\n"), left_out: lines.count(), fixes: file.fixes.len() }
}

pub(super) fn cut(line: &str) -> String {
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{} …", line.split_at(end).0),
        None => line.to_owned(),
    }
}
