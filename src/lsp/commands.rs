//! Commands that an editor can run.

use std::str::FromStr as _;

use lsp_server::ErrorCode;
use lsp_types::{Command, ExecuteCommandParams, MessageType, ShowDocumentParams, ShowMessageParams, Uri};
use serde_json::{Value, json};

use crate::rules::{Page, named};

use super::server::{Asked, Failure, Server, failure};

/// Shows the page of a rule; its argument is the rule's name.
pub(super) const EXPLAIN: &str = "slimlint.explain";

/// The command that shows the page of a rule.
pub(super) fn explain(rule: &str) -> Command {
    Command {
        title: format!("Explain `{rule}`"),
        command: EXPLAIN.to_owned(),
        arguments: Some(vec![Value::String(rule.to_owned())]),
    }
}

/// The page of a rule for people, in Markdown.
pub(super) fn page(page: &Page) -> String {
    let severity = page.severity.map_or("off unless named", |severity| severity.name());
    let mut about = format!("{}, {severity}, fix {}", page.group, page.fix.name());
    if !page.aliases.is_empty() {
        about = format!("{about}, elsewhere {}", page.aliases.join(", "));
    }
    format!("{}\n\n*{about}*  \n<{}>", page.prose(), page.url())
}

impl Server {
    /// Answers with the page, for editors that show it themselves; others are asked to open it.
    pub(super) fn execute(&mut self, params: ExecuteCommandParams) -> Result<Option<Value>, Failure> {
        if params.command != EXPLAIN {
            return Err(failure(ErrorCode::InvalidParams, format!("there is no command `{}`", params.command)));
        }
        let name = params.arguments.first().and_then(Value::as_str).unwrap_or_default();
        let Some(found) = named(name).next() else {
            return Err(failure(ErrorCode::InvalidParams, format!("no rule is named `{name}`")));
        };
        let url = found.url();
        match Uri::from_str(&url) {
            Ok(uri) if self.client.shows_documents => {
                let params = ShowDocumentParams { uri, external: Some(true), take_focus: Some(true), selection: None };
                self.ask("window/showDocument", params, Asked::Other);
            }
            _ => {
                let message = format!("{}: {}\n{url}", found.name, found.summary());
                self.notify("window/showMessage", ShowMessageParams { typ: MessageType::INFO, message });
            }
        }
        Ok(Some(json!({ "rule": found.name, "url": url, "markdown": page(found) })))
    }
}
