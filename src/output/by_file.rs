//! Findings by the file that they are in, for formats that go file by file.

use std::collections::HashMap;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::workspace::{Workspace, holder};

use super::{Results, shown_path};

/// A file with what was found in it.
#[derive(Debug)]
pub(super) struct File<'r> {
    /// Its path relative to the base. Not escaped.
    pub path: String,
    pub workspace: &'r Workspace,
    /// Empty for a Dockerfile that is clean.
    pub findings: Vec<&'r Diagnostic>,
}

/// Every file with findings and every Dockerfile, sorted by path within a workspace. Two names of one path are one file.
pub(super) fn by_file<'r>(results: &Results<'r>, base: &Path) -> Vec<File<'r>> {
    let mut files: Vec<File<'r>> = Vec::new();
    let mut indexes: HashMap<(usize, &'r str), usize> = HashMap::new();
    for (number, (workspace, report)) in results.reports.iter().enumerate() {
        let mut index_of = |file: &'r str| {
            *indexes.entry((number, file)).or_insert_with(|| {
                files.push(File { path: shown_path(workspace.root(), file, base), workspace, findings: Vec::new() });
                files.len() - 1
            })
        };
        let dockerfiles = report.services.iter().map(|summary| summary.service.dockerfile.as_str());
        for dockerfile in dockerfiles {
            index_of(holder(dockerfile).unwrap_or(dockerfile));
        }
        let indexes: Vec<usize> = report.diagnostics.iter().map(|found| index_of(&found.primary.file)).collect();
        for (index, diagnostic) in indexes.into_iter().zip(&report.diagnostics) {
            if let Some(file) = files.get_mut(index) {
                file.findings.push(diagnostic);
            }
        }
    }
    files.sort_by(|a, b| (a.workspace.root(), &a.path).cmp(&(b.workspace.root(), &b.path)));
    files
}
