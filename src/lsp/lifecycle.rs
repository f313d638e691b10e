//! The beginning of a conversation, settings, folders, and what changes on disk.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use lsp_server::ErrorCode;
use lsp_types::{
    ConfigurationItem, ConfigurationParams, DidChangeConfigurationParams, DidChangeWatchedFilesParams,
    DidChangeWatchedFilesRegistrationOptions, DidChangeWorkspaceFoldersParams, FileChangeType, FileSystemWatcher,
    GlobPattern, InitializeParams, InitializeResult, Registration, RegistrationParams, ServerInfo, Uri,
    WorkspaceFolder,
};
use serde_json::Value;

use super::capabilities::Client;
use super::server::{Asked, Failure, Folder, Phase, Server, failure};
use super::settings::Settings;
use super::uris;

/// The section of an editor's configuration.
const SECTION: &str = "slimlint";

/// Folders in which builds and tools write all the time.
const NOISE: [&str; 5] = [".git", "node_modules", ".venv", "__pycache__", "target"];

impl Server {
    pub(super) fn initialize(&mut self, params: InitializeParams) -> Result<InitializeResult, Failure> {
        if self.phase != Phase::Silent {
            return Err(failure(ErrorCode::InvalidRequest, "the server was initialized before"));
        }
        self.phase = Phase::Running;
        self.client = Client::read(&params.capabilities);
        let folders = params.workspace_folders.filter(|folders| !folders.is_empty());
        #[expect(deprecated, reason = "older editors know nothing else")]
        let root = params.root_uri.or_else(|| params.root_path.and_then(|path| uris::uri_of(Path::new(&path))));
        let folders = folders
            .unwrap_or_else(|| root.into_iter().map(|uri| WorkspaceFolder { uri, name: String::new() }).collect());
        self.folders = folders.into_iter().filter_map(folder).collect();
        let given = params.initialization_options.unwrap_or_default();
        let (settings, problems) = Settings::read(&given, &Settings::default());
        self.settings = settings;
        for problem in &problems {
            self.warn(problem);
        }
        if self.client.configuration {
            self.wait();
        }
        Ok(InitializeResult {
            capabilities: self.client.server_capabilities(),
            server_info: Some(ServerInfo {
                name: "slimlint".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    pub(super) fn initialized(&mut self) {
        let mut registrations = Vec::new();
        if self.client.watches_files {
            // A build may copy any file.
            let watchers = vec![FileSystemWatcher { glob_pattern: GlobPattern::String("**/*".to_owned()), kind: None }];
            registrations.push(Registration {
                id: "slimlint-files".to_owned(),
                method: "workspace/didChangeWatchedFiles".to_owned(),
                register_options: serde_json::to_value(DidChangeWatchedFilesRegistrationOptions { watchers }).ok(),
            });
        }
        if self.client.watches_configuration {
            registrations.push(Registration {
                id: "slimlint-configuration".to_owned(),
                method: "workspace/didChangeConfiguration".to_owned(),
                register_options: Some(serde_json::json!({ "section": SECTION })),
            });
        }
        if !registrations.is_empty() {
            self.ask("client/registerCapability", RegistrationParams { registrations }, Asked::Other);
        }
        self.ask_configuration();
    }

    /// Asks the editor for its configuration, where it can be asked.
    fn ask_configuration(&mut self) {
        if !self.client.configuration {
            return;
        }
        let section = || Some(SECTION.to_owned());
        let mut items = vec![ConfigurationItem { scope_uri: None, section: section() }];
        let scopes = self.folders.iter().map(|folder| folder.uri.clone());
        items.extend(scopes.map(|uri| ConfigurationItem { scope_uri: Some(uri), section: section() }));
        let folders = self.folders.iter().map(|folder| folder.path.clone()).collect();
        self.wait();
        self.ask("workspace/configuration", ConfigurationParams { items }, Asked::Configuration(folders));
    }

    /// Takes the answer to what the server asked for; `None` when the editor failed.
    pub(super) fn told(&mut self, asked: &Asked, answer: Option<Value>) {
        let Asked::Configuration(folders) = asked else { return };
        self.waits = None;
        let Some(Value::Array(sections)) = answer else { return };
        let mut sections = sections.into_iter();
        if let Some(global) = sections.next() {
            self.take_settings(&global);
        }
        for (path, section) in folders.iter().zip(sections) {
            let (settings, problems) = Settings::read(&section, &self.settings);
            for problem in &problems {
                self.warn(problem);
            }
            if let Some(folder) = self.folders.iter_mut().find(|folder| folder.path == *path) {
                folder.settings = Some(settings);
            }
        }
        self.reconfigure();
    }

    fn take_settings(&mut self, value: &Value) {
        let (settings, problems) = Settings::read(value, &self.settings);
        self.settings = settings;
        for problem in &problems {
            self.warn(problem);
        }
    }

    pub(super) fn configuration_changed(&mut self, params: DidChangeConfigurationParams) {
        if self.client.configuration {
            self.ask_configuration();
            return;
        }
        self.take_settings(&params.settings);
        self.folders.iter_mut().for_each(|folder| folder.settings = None);
        self.reconfigure();
    }

    /// Gives each project the settings that hold for it now.
    fn reconfigure(&mut self) {
        let roots: Vec<PathBuf> = self.projects.keys().cloned().collect();
        let mut problems = Vec::new();
        for root in roots {
            let Some(folder) = self.projects.get(&root).map(|project| project.folder.clone()) else { continue };
            let (_, settings) = self.folder_of(&folder);
            if let Some(project) = self.projects.get_mut(&root).filter(|project| project.settings != settings) {
                problems.extend(project.configure(settings));
            }
        }
        for problem in &problems {
            self.warn(problem);
        }
        self.ask_to_ask_again();
    }

    /// Whoever pulls is told that there may be something new.
    pub(super) fn ask_to_ask_again(&mut self) {
        if self.client.pulls && self.client.refreshes_diagnostics {
            self.ask("workspace/diagnostic/refresh", Value::Null, Asked::Other);
        }
        if self.client.refreshes_hints {
            self.ask("workspace/inlayHint/refresh", Value::Null, Asked::Other);
        }
    }

    pub(super) fn folders_changed(&mut self, params: DidChangeWorkspaceFoldersParams) {
        let gone = params.event.removed;
        self.folders.retain(|folder| !gone.iter().any(|gone| gone.uri.as_str() == folder.uri.as_str()));
        self.folders.extend(params.event.added.into_iter().filter_map(folder));
        // Which root a document has may depend on the folders.
        let known: Vec<String> = self.documents.keys().cloned().collect();
        self.projects.clear();
        for uri in known {
            let place = self.documents.get(&uri).and_then(|document| self.locate(&document.uri, &document.language));
            match (place, self.documents.get_mut(&uri)) {
                (Some(place), Some(document)) => {
                    document.place = place;
                    self.place_document(&uri);
                }
                _ => drop(self.documents.remove(&uri)),
            }
        }
        self.ask_configuration();
    }

    pub(super) fn files_changed(&mut self, params: DidChangeWatchedFilesParams) {
        for change in params.changes {
            let Some(path) = uris::path_of(&change.uri) else { continue };
            let is_noise = path.components().any(|part| NOISE.iter().any(|name| part.as_os_str() == *name));
            // What an editor has open is as the editor says.
            if is_noise || self.documents.values().any(|document| document.uri.as_str() == change.uri.as_str()) {
                continue;
            }
            let are_other_files = change.typ != FileChangeType::CHANGED;
            let path = path.parent().and_then(|folder| folder.canonicalize().ok()).unwrap_or(path);
            let holding = self.projects.keys().filter(|root| path.starts_with(root) || root.starts_with(&path));
            for root in holding.cloned().collect::<Vec<_>>() {
                *self.disk.entry(root).or_default() |= are_other_files;
            }
        }
    }

    /// Looks at what changed on disk, all of it at once.
    pub(super) fn look_at_disk(&mut self) -> bool {
        let mut changed = false;
        for (root, are_other_files) in std::mem::take(&mut self.disk) {
            let Some(project) = self.projects.get_mut(&root) else { continue };
            let own = self.documents.values().filter(|document| document.place.root == root);
            let texts = own.map(|document| (document.place.path.as_str(), document.text.as_str()));
            changed |= project.refresh(texts, are_other_files);
        }
        if changed {
            self.ask_to_ask_again();
        }
        changed
    }
}

fn folder(folder: WorkspaceFolder) -> Option<Folder> {
    let path = uris::path_of(&folder.uri)?;
    // Some write a slash at the end.
    let trimmed = folder.uri.as_str().trim_end_matches('/');
    let uri = Uri::from_str(trimmed).unwrap_or(folder.uri.clone());
    Some(Folder { uri, path, settings: None })
}
