//! Documents that are opened, changed and closed, and the findings that are told of them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use lsp_server::ErrorCode;
use lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticReportKind,
    DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, PublishDiagnosticsParams,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
    Uri,
};

use super::diagnostics::{Writer, result_id};
use super::documents::{Document, Place};
use super::positions::Lines;
use super::project::{Project, is_dockerfile};
use super::server::{Failure, Server, failure};

impl Server {
    pub(super) fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let Some(place) = self.locate(&item.uri, &item.language_id) else { return };
        let key = item.uri.as_str().to_owned();
        let document = Document {
            uri: item.uri,
            place,
            language: item.language_id,
            version: item.version,
            lines: Lines::new(&item.text),
            text: item.text,
        };
        self.documents.insert(key.clone(), document);
        self.place_document(&key);
    }

    pub(super) fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let key = params.text_document.uri.as_str().to_owned();
        let encoding = self.client.encoding;
        let Some(document) = self.documents.get_mut(&key) else { return };
        document.change(params.content_changes, params.text_document.version, encoding);
        self.place_document(&key);
    }

    pub(super) fn closed(&mut self, params: DidCloseTextDocumentParams) {
        let Some(document) = self.documents.remove(params.text_document.uri.as_str()) else { return };
        let Place { root, path } = document.place;
        if let Some(project) = self.projects.get_mut(&root) {
            project.close(&path);
        }
        if self.client.pulls {
            self.published.remove(&Place { root: root.clone(), path });
        }
        // A project of which nothing is open is not kept up.
        if !self.documents.values().any(|document| document.place.root == root) {
            self.projects.remove(&root);
            self.withdraw(&root);
        }
    }

    pub(super) fn saved(&mut self, params: DidSaveTextDocumentParams) {
        if self.client.watches_files {
            return;
        }
        // Nobody tells what else changed.
        if let Some(document) = self.documents.get(params.text_document.uri.as_str()) {
            self.disk.entry(document.place.root.clone()).or_default();
        }
    }

    /// Lints what was changed and tells what is found; returns whether there was anything to do.
    pub(super) fn do_urgent(&mut self) -> bool {
        if self.look_at_disk() {
            return true;
        }
        if self.client.pulls {
            return false;
        }
        let roots: Vec<PathBuf> = self.projects.keys().cloned().collect();
        for root in roots {
            if self.projects.get_mut(&root).is_some_and(Project::lint_urgent) {
                self.publish(&root);
                return true;
            }
        }
        false
    }

    /// Does a part of what can wait; returns whether there is more.
    pub(super) fn do_what_waits(&mut self) -> bool {
        let roots: Vec<PathBuf> = self.projects.keys().cloned().collect();
        for root in roots {
            if self.projects.get_mut(&root).is_some_and(Project::settle) {
                if self.client.pulls {
                    self.tell_what_differs(&root);
                } else {
                    self.publish(&root);
                }
                return true;
            }
        }
        false
    }

    /// Tells the findings of a project, file by file, where they are others than were told last.
    fn publish(&mut self, root: &Path) {
        let Some(project) = self.projects.get_mut(root) else { return };
        let findings = project.findings();
        let documents = &self.documents;
        let uri = |path: &str| Self::uri_of(documents, root, path);
        let mut writer = Writer { project, client: self.client, uri: &uri };
        let mut files: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        let errors: Vec<String> = writer.project.configuration_errors().keys().cloned().collect();
        for path in findings.keys().cloned().chain(errors) {
            let own = findings.get(&path).map(Vec::as_slice).unwrap_or_default();
            files.entry(path.clone()).or_insert_with(|| writer.all(&path, own));
        }
        let told = self.published.keys().filter(|place| place.root == root).map(|place| &place.path);
        // That nothing is found in what is open is told, too.
        let open = self.documents.values().map(|document| &document.place).filter(|place| place.root == root);
        for path in told.chain(open.map(|place| &place.path)) {
            files.entry(path.clone()).or_default();
        }
        for (path, diagnostics) in files {
            self.tell(Place { root: root.to_owned(), path }, diagnostics);
        }
    }

    fn tell(&mut self, place: Place, diagnostics: Vec<Diagnostic>) {
        let Some(uri) = Self::uri_of(&self.documents, &place.root, &place.path) else { return };
        let version = self.documents.get(uri.as_str()).map(|document| document.version);
        let is_nothing = diagnostics.is_empty() && version.is_none();
        let known = self.published.get(&place);
        if known.map_or(is_nothing, |known| *known == diagnostics) {
            if is_nothing {
                self.published.remove(&place);
            }
            return;
        }
        self.notify(
            "textDocument/publishDiagnostics",
            PublishDiagnosticsParams { uri, diagnostics: diagnostics.clone(), version },
        );
        if is_nothing {
            self.published.remove(&place);
        } else {
            self.published.insert(place, diagnostics);
        }
    }

    /// Takes back what was told of a root.
    fn withdraw(&mut self, root: &Path) {
        let told: Vec<Place> = self.published.keys().filter(|place| place.root == root).cloned().collect();
        for place in told {
            if self.client.pulls {
                self.published.remove(&place);
            } else {
                self.tell(place, Vec::new());
            }
        }
    }

    /// Asks whoever pulls to ask again, where the findings of an open document are others than were answered last.
    fn tell_what_differs(&mut self, root: &Path) {
        let Some(project) = self.projects.get_mut(root) else { return };
        let findings = project.findings();
        let documents = &self.documents;
        let uri = |path: &str| Self::uri_of(documents, root, path);
        let mut writer = Writer { project, client: self.client, uri: &uri };
        let answered = self.published.iter().filter(|(place, _)| place.root == root);
        let differs = answered.into_iter().any(|(place, known)| {
            let own = findings.get(&place.path).map(Vec::as_slice).unwrap_or_default();
            *known != writer.all(&place.path, own)
        });
        if differs {
            // Once is enough, whatever comes of it.
            self.published.retain(|place, _| place.root != root);
            self.ask_to_ask_again();
        }
    }

    #[expect(clippy::mutable_key_type, reason = "an address keeps its text")]
    pub(super) fn diagnostic(
        &mut self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult, Failure> {
        let place = self.place_of(&params.text_document.uri)?;
        let client = self.client;
        let documents = &self.documents;
        let root = place.root.clone();
        let uri = |path: &str| Self::uri_of(documents, &root, path);
        let mut files = BTreeMap::new();
        if let Some(project) = self.projects.get_mut(&place.root) {
            let findings = project.findings_about(&place.path);
            let mut writer = Writer { project, client, uri: &uri };
            files = findings.iter().map(|(path, own)| (path.clone(), writer.all(path, own))).collect();
            let errors: Vec<String> = writer.project.configuration_errors().keys().cloned().collect();
            for path in errors {
                files.entry(path.clone()).or_insert_with(|| writer.all(&path, &[]));
            }
        }
        let own = files.remove(&place.path).unwrap_or_default();
        // An open document is asked for itself.
        files.retain(|path, _| !documents.values().any(|it| it.place.root == root && it.place.path == *path));
        if !client.related_documents {
            files.clear();
        }
        let result_id = result_id(&own, &files);
        let related: HashMap<Uri, DocumentDiagnosticReportKind> = files
            .into_iter()
            .filter_map(|(path, items)| {
                let report = FullDocumentDiagnosticReport { result_id: None, items };
                Some((uri(&path)?, DocumentDiagnosticReportKind::Full(report)))
            })
            .collect();
        let report = if params.previous_result_id.as_ref() == Some(&result_id) {
            DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
            })
        } else {
            let full = FullDocumentDiagnosticReport { result_id: Some(result_id), items: own.clone() };
            DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
                related_documents: Some(related).filter(|related| !related.is_empty()),
                full_document_diagnostic_report: full,
            })
        };
        self.published.insert(place, own);
        Ok(report.into())
    }

    /// Where an open document belongs.
    pub(super) fn place_of(&self, uri: &Uri) -> Result<Place, Failure> {
        let document = self.documents.get(uri.as_str());
        document
            .map(|document| document.place.clone())
            .ok_or_else(|| failure(ErrorCode::InvalidParams, format!("`{}` is not open", uri.as_str())))
    }

    /// The Dockerfiles that an open document concerns.
    pub(super) fn services_of(&mut self, place: &Place) -> Vec<String> {
        self.projects.get_mut(&place.root).map(|project| project.concerned(&place.path)).unwrap_or_default()
    }

    /// Whether a document is read as a Dockerfile.
    pub(super) fn is_dockerfile(document: &Document) -> bool {
        is_dockerfile(&document.language, &document.place.path)
    }
}
