//! What the editor can do, and what it is told that the server can.

use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions,
    DiagnosticOptions, DiagnosticServerCapabilities, DocumentLinkOptions, ExecuteCommandOptions,
    HoverProviderCapability, OneOf, ResourceOperationKind, SaveOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, WorkDoneProgressOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use super::commands;
use super::positions::Encoding;

/// The kind of the action that makes all safe fixes.
pub(super) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.slimlint");

/// What counts of what the editor can do.
#[expect(clippy::struct_excessive_bools, reason = "each is a capability of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Client {
    /// How columns are counted.
    pub encoding: Encoding,
    /// It asks for findings, so none are pushed.
    pub pulls: bool,
    /// It takes findings of other files with an answer.
    pub related_documents: bool,
    /// It can be asked to ask again for findings.
    pub refreshes_diagnostics: bool,
    /// It can be asked to ask again for hints.
    pub refreshes_hints: bool,
    /// It takes related places of findings.
    pub related_information: bool,
    /// It takes pages of rules.
    pub code_descriptions: bool,
    /// It takes the edit of an action later.
    pub resolves_edits: bool,
    /// It takes edits of numbered versions.
    pub document_changes: bool,
    /// It can make files, among edits of numbered versions.
    pub creates_files: bool,
    /// It gives its configuration when it is asked.
    pub configuration: bool,
    /// It takes the wish to watch files.
    pub watches_files: bool,
    /// It takes the wish to be told of changed settings.
    pub watches_configuration: bool,
    /// It can open pages.
    pub shows_documents: bool,
}

impl Client {
    /// Reads what the editor says.
    pub fn read(capabilities: &ClientCapabilities) -> Self {
        let general = capabilities.general.as_ref();
        let text = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let edits = workspace.and_then(|it| it.workspace_edit.as_ref());
        let pull = text.and_then(|it| it.diagnostic.as_ref());
        let push = text.and_then(|it| it.publish_diagnostics.as_ref());
        let resolve = text.and_then(|it| it.code_action.as_ref()?.resolve_support.as_ref());
        let operations = edits.and_then(|it| it.resource_operations.as_deref()).unwrap_or_default();
        let document_changes = edits.and_then(|it| it.document_changes).unwrap_or_default();
        Self {
            encoding: Encoding::negotiate(general.and_then(|it| it.position_encodings.as_deref())),
            pulls: pull.is_some(),
            related_documents: pull.and_then(|it| it.related_document_support).unwrap_or_default(),
            refreshes_diagnostics: workspace.and_then(|it| it.diagnostic.as_ref()?.refresh_support).unwrap_or_default(),
            refreshes_hints: workspace.and_then(|it| it.inlay_hint.as_ref()?.refresh_support).unwrap_or_default(),
            // Those that pull say nothing of it and are taken to know them.
            related_information: push.map_or(pull.is_some(), |it| it.related_information.unwrap_or_default()),
            code_descriptions: push.map_or(pull.is_some(), |it| it.code_description_support.unwrap_or_default()),
            resolves_edits: resolve.is_some_and(|it| it.properties.iter().any(|property| property == "edit")),
            document_changes,
            creates_files: document_changes && operations.contains(&ResourceOperationKind::Create),
            configuration: workspace.and_then(|it| it.configuration).unwrap_or_default(),
            watches_files: workspace
                .and_then(|it| it.did_change_watched_files?.dynamic_registration)
                .unwrap_or_default(),
            watches_configuration: workspace
                .and_then(|it| it.did_change_configuration?.dynamic_registration)
                .unwrap_or_default(),
            shows_documents: capabilities
                .window
                .as_ref()
                .and_then(|it| it.show_document.as_ref())
                .is_some_and(|it| it.support),
        }
    }

    /// What the server offers to such an editor.
    pub fn server_capabilities(&self) -> ServerCapabilities {
        let progress = WorkDoneProgressOptions::default;
        ServerCapabilities {
            position_encoding: Some(self.encoding.kind()),
            text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
                ..TextDocumentSyncOptions::default()
            })),
            diagnostic_provider: self.pulls.then(|| {
                DiagnosticServerCapabilities::Options(DiagnosticOptions {
                    identifier: Some("slimlint".to_owned()),
                    inter_file_dependencies: true,
                    workspace_diagnostics: false,
                    work_done_progress_options: progress(),
                })
            }),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, FIX_ALL, CodeActionKind::SOURCE_FIX_ALL]),
                resolve_provider: Some(true),
                work_done_progress_options: progress(),
            })),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            inlay_hint_provider: Some(OneOf::Left(true)),
            document_link_provider: Some(DocumentLinkOptions {
                resolve_provider: Some(false),
                work_done_progress_options: progress(),
            }),
            completion_provider: Some(CompletionOptions {
                resolve_provider: Some(false),
                trigger_characters: Some(["=", ",", "\"", "["].map(str::to_owned).to_vec()),
                ..CompletionOptions::default()
            }),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands: vec![commands::EXPLAIN.to_owned()],
                work_done_progress_options: progress(),
            }),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                file_operations: None,
            }),
            ..ServerCapabilities::default()
        }
    }
}
