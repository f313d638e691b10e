//! What a plan of fixes changes, as edits of an editor.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use lsp_types::{
    CreateFile, CreateFileOptions, DocumentChangeOperation, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, Position, Range, ResourceOp, TextDocumentEdit, TextEdit, Uri,
    WorkspaceEdit,
};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::config::{PathSettings, Settings};
use crate::diagnostic::{Applicability, Diagnostic, Fix};
use crate::fix::{FileChange, Plan, plan_with};
use crate::lint::{Report, lint};
use crate::text::{Encoding as FileEncoding, TextRange};
use crate::workspace::Workspace;

use super::known::Known;
use super::positions::Lines;
use super::server::Server;

/// Plans the one fix that `finding` has.
pub(super) fn plan_one(workspace: &Workspace, services: &[String], finding: &Diagnostic) -> Plan {
    // A second look would find what is left; here nothing more is wanted.
    let is_first = std::cell::Cell::new(true);
    plan_with(workspace, services, Applicability::Unsafe, |_| {
        let found = is_first.replace(false).then(|| finding.clone());
        Report { diagnostics: found.into_iter().collect(), ..Report::default() }
    })
}

/// Plans all safe fixes of `services` as `--fix` does; with `only`, those of them that change that file, and without those that make a
/// file unless the editor can make files.
pub(super) fn plan_all(
    workspace: &Workspace,
    services: Vec<(String, Arc<Settings>)>,
    known: &Known,
    only: Option<&str>,
    creates_files: bool,
) -> Plan {
    let paths: Vec<String> = services.iter().map(|(path, _)| path.clone()).collect();
    let settings: PathSettings = services.into_iter().collect();
    plan_with(workspace, &paths, Applicability::Safe, |workspace| {
        let mut report = lint(workspace, &paths, &settings);
        known.hide(workspace, &mut report, &settings);
        let fixes = report.diagnostics.iter_mut().filter_map(|found| found.fix.as_mut());
        let is_elsewhere = |fix: &Fix| only.is_some_and(|only| !fix.edits.iter().any(|edit| &*edit.file == only));
        let makes_a_file = |fix: &Fix| fix.edits.iter().any(|edit| !workspace.is_file(&edit.file));
        for fix in fixes.filter(|fix| is_elsewhere(fix) || !creates_files && makes_a_file(fix)) {
            fix.applicability = Applicability::Display;
        }
        report
    })
}

impl Server {
    /// The edit that makes the changes of a plan; `None` when it changes nothing, or the editor cannot make them.
    #[expect(clippy::mutable_key_type, reason = "an address keeps its text")]
    pub(super) fn workspace_edit(&self, root: &Path, plan: &Plan) -> Option<WorkspaceEdit> {
        let creates = plan.files.iter().any(|file| file.before.is_none());
        let is_text = |file: &FileChange| {
            let is_whole = file.before.as_ref().is_none_or(|before| before.encoding() == FileEncoding::Utf8);
            is_whole && std::str::from_utf8(&file.after).is_ok()
        };
        if plan.files.is_empty() || creates && !self.client.creates_files || !plan.files.iter().all(is_text) {
            return None;
        }
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        let mut operations = Vec::new();
        for file in &plan.files {
            let uri = Self::uri_of(&self.documents, root, &file.path)?;
            let document = self.documents.get(uri.as_str());
            if file.before.is_none() {
                let options = CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(true) };
                let create = CreateFile { uri: uri.clone(), options: Some(options), annotation_id: None };
                operations.push(DocumentChangeOperation::Op(ResourceOp::Create(create)));
            }
            let edits = self.text_edits(file, document.is_some());
            if self.client.document_changes {
                let version = document.map(|document| document.version);
                let text_document = OptionalVersionedTextDocumentIdentifier { uri, version };
                let edits = edits.into_iter().map(OneOf::Left).collect();
                operations.push(DocumentChangeOperation::Edit(TextDocumentEdit { text_document, edits }));
            } else {
                changes.insert(uri, edits);
            }
        }
        if self.client.document_changes {
            let changes = DocumentChanges::Operations(operations);
            return Some(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() });
        }
        Some(WorkspaceEdit::new(changes))
    }

    /// The changed lines of a file.
    fn text_edits(&self, file: &FileChange, is_open: bool) -> Vec<TextEdit> {
        let after = String::from_utf8_lossy(&file.after);
        let Some(before) = &file.before else {
            let start = Position::default();
            return vec![TextEdit { range: Range::new(start, start), new_text: after.into_owned() }];
        };
        let text = before.text();
        let lines = if is_open { Lines::new(text) } else { Lines::of_file(text) };
        let (old, new): (Vec<&str>, Vec<&str>) =
            (text.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
        let starts: Vec<usize> = std::iter::once(0)
            .chain(old.iter().scan(0, |at, line| {
                *at += line.len();
                Some(*at)
            }))
            .collect();
        let start = |line: usize| starts.get(line).copied().unwrap_or(text.len());
        let changed = capture_diff_slices(Algorithm::Myers, &old, &new).into_iter();
        let changed = changed.filter(|operation| !matches!(operation, DiffOp::Equal { .. }));
        let edit = |operation: DiffOp| {
            let range = operation.old_range();
            let bytes = TextRange::from_usize(start(range.start), start(range.end));
            let new_text = new.get(operation.new_range()).unwrap_or_default().concat();
            TextEdit { range: lines.range(text, bytes, self.client.encoding), new_text }
        };
        changed.map(edit).collect()
    }
}
