//! Which request is answered by what.

use lsp_server::ErrorCode;
use lsp_types::notification::{
    DidChangeConfiguration, DidChangeTextDocument, DidChangeWatchedFiles, DidChangeWorkspaceFolders,
    DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Initialized, Notification,
};
use lsp_types::request::{
    CodeActionRequest, CodeActionResolveRequest, Completion, DocumentDiagnosticRequest, DocumentLinkRequest,
    ExecuteCommand, HoverRequest, Initialize, InlayHintRequest, Request, Shutdown,
};
use serde_json::Value;

use super::server::{Failure, Phase, Server, failure};

impl Server {
    /// Answers a request.
    pub fn dispatch(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        match method {
            Initialize::METHOD => self.answered::<Initialize>(params, Self::initialize),
            Shutdown::METHOD => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            DocumentDiagnosticRequest::METHOD => self.answered::<DocumentDiagnosticRequest>(params, Self::diagnostic),
            CodeActionRequest::METHOD => self.answered::<CodeActionRequest>(params, Self::code_actions),
            CodeActionResolveRequest::METHOD => self.answered::<CodeActionResolveRequest>(params, Self::resolve_action),
            HoverRequest::METHOD => self.answered::<HoverRequest>(params, Self::hover),
            InlayHintRequest::METHOD => self.answered::<InlayHintRequest>(params, Self::inlay_hints),
            DocumentLinkRequest::METHOD => self.answered::<DocumentLinkRequest>(params, Self::links),
            Completion::METHOD => self.answered::<Completion>(params, Self::complete),
            ExecuteCommand::METHOD => self.answered::<ExecuteCommand>(params, Self::execute),
            #[cfg(test)]
            "slimlint/panic" => panic!("a test asked for it"),
            _ => Err(failure(ErrorCode::MethodNotFound, format!("`{method}` is not known"))),
        }
    }

    /// Takes in a notification. What is not understood is passed over, as the protocol has it.
    pub fn notice(&mut self, method: &str, params: Value) {
        match method {
            Initialized::METHOD => self.initialized(),
            DidOpenTextDocument::METHOD => self.noticed::<DidOpenTextDocument>(params, Self::opened),
            DidChangeTextDocument::METHOD => self.noticed::<DidChangeTextDocument>(params, Self::changed),
            DidCloseTextDocument::METHOD => self.noticed::<DidCloseTextDocument>(params, Self::closed),
            DidSaveTextDocument::METHOD => self.noticed::<DidSaveTextDocument>(params, Self::saved),
            DidChangeWatchedFiles::METHOD => self.noticed::<DidChangeWatchedFiles>(params, Self::files_changed),
            DidChangeConfiguration::METHOD => {
                self.noticed::<DidChangeConfiguration>(params, Self::configuration_changed);
            }
            DidChangeWorkspaceFolders::METHOD => {
                self.noticed::<DidChangeWorkspaceFolders>(params, Self::folders_changed);
            }
            _ => {}
        }
    }

    fn answered<R: Request>(
        &mut self,
        params: Value,
        handle: fn(&mut Self, R::Params) -> Result<R::Result, Failure>,
    ) -> Result<Value, Failure> {
        let params = serde_json::from_value(params).map_err(|error| {
            failure(ErrorCode::InvalidParams, format!("the parameters of `{}`: {error}", R::METHOD))
        })?;
        let result = handle(self, params)?;
        serde_json::to_value(result).map_err(|error| failure(ErrorCode::InternalError, error.to_string()))
    }

    fn noticed<N: Notification>(&mut self, params: Value, handle: fn(&mut Self, N::Params)) {
        if let Ok(params) = serde_json::from_value(params) {
            handle(self, params);
        }
    }
}
