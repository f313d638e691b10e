//! What can be done about a finding.

use lsp_server::ErrorCode;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Diagnostic, Range, Uri,
    WorkspaceEdit,
};
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Applicability, Diagnostic as Finding, Fix};
use crate::dockerfile::Dockerfile;
use crate::output::escape;
use crate::suppress::{ignore_instead_of_fixing, ignore_on_line, takes_comments};

use super::capabilities::FIX_ALL;
use super::commands;
use super::diagnostics::Writer;
use super::documents::Place;
use super::edits::{plan_all, plan_one};
use super::server::{Failure, Server, failure};

/// What an action does, so that its edit can be made later.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    uri: Uri,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum What {
    /// Make the fix of a finding.
    Fix(Identity),
    /// Put a comment there that ignores it.
    Ignore(Identity),
    /// Make all safe fixes.
    FixAll,
}

/// What makes a finding the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    rule: String,
    start: u32,
    end: u32,
    message: String,
}

impl Identity {
    fn of(finding: &Finding) -> Self {
        let range = finding.primary.range;
        let (rule, message) = (finding.rule.to_owned(), finding.message.clone());
        Self { rule, start: range.start(), end: range.end(), message }
    }
}

impl Server {
    pub(super) fn code_actions(&mut self, params: CodeActionParams) -> Result<Option<CodeActionResponse>, Failure> {
        let uri = params.text_document.uri;
        let place = self.place_of(&uri)?;
        let findings = self.findings_in(&place);
        let only = params.context.only;
        let wants = |kind: &CodeActionKind| only.as_ref().is_none_or(|only| only.iter().any(|one| holds(one, kind)));
        let mut actions = Vec::new();
        if wants(&CodeActionKind::QUICKFIX) {
            for (finding, diagnostic) in &findings {
                if touch(diagnostic.range, params.range) {
                    self.about(&place, &uri, finding, diagnostic, &mut actions);
                }
            }
        }
        let is_safe =
            |finding: &Finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        let safe = findings.iter().filter(|(finding, _)| is_safe(finding)).count();
        let all = |title: &str, kind: CodeActionKind| CodeAction {
            title: title.to_owned(),
            kind: Some(kind),
            ..CodeAction::default()
        };
        let wish = || Wish { uri: uri.clone(), what: What::FixAll };
        if only.is_some() && safe > 0 && wants(&FIX_ALL) {
            actions.extend(self.with_edit(&place, all("Make all safe fixes", FIX_ALL), wish()));
        } else if only.is_none() && safe > 1 {
            let title = "Make all safe fixes of this file";
            actions.extend(self.with_edit(&place, all(title, CodeActionKind::QUICKFIX), wish()));
        }
        Ok(Some(actions.into_iter().map(CodeActionOrCommand::CodeAction).collect()))
    }

    /// The findings of an open document, in both forms.
    fn findings_in(&mut self, place: &Place) -> Vec<(Finding, Diagnostic)> {
        let Some(project) = self.projects.get_mut(&place.root) else { return Vec::new() };
        let findings = project.findings_about(&place.path).remove(&place.path).unwrap_or_default();
        let documents = &self.documents;
        let uri = |path: &str| Self::uri_of(documents, &place.root, path);
        let mut writer = Writer { project, client: self.client, uri: &uri };
        findings.into_iter().map(|finding| (finding.clone(), writer.finding(&finding))).collect()
    }

    /// The actions about one finding.
    fn about(
        &mut self,
        place: &Place,
        uri: &Uri,
        finding: &Finding,
        diagnostic: &Diagnostic,
        actions: &mut Vec<CodeAction>,
    ) {
        let action = |title: String| CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic.clone()]),
            ..CodeAction::default()
        };
        let wish = |what: fn(Identity) -> What| Wish { uri: uri.clone(), what: what(Identity::of(finding)) };
        let offers_unsafe = self.projects.get(&place.root).is_some_and(|project| project.settings.unsafe_fixes);
        match &finding.fix {
            Some(fix) if fix.applicability == Applicability::Safe => {
                let mut action = action(capitalised(&fix.title));
                action.is_preferred = Some(true);
                actions.extend(self.with_edit(place, action, wish(What::Fix)));
            }
            Some(fix) if fix.applicability == Applicability::Unsafe && offers_unsafe => {
                let why = fix.caution.as_ref().map(|caution| format!(": {}", escape(caution))).unwrap_or_default();
                let action = action(format!("{} (unsafe{why})", capitalised(&fix.title)));
                actions.extend(self.with_edit(place, action, wish(What::Fix)));
            }
            _ => {}
        }
        if self.ignoring(place, finding).is_some() {
            let action = action(format!("Ignore `{}` here", finding.rule));
            actions.extend(self.with_edit(place, action, wish(What::Ignore)));
        }
        let mut explain = action(format!("Explain `{}`", finding.rule));
        explain.command = Some(commands::explain(finding.rule));
        actions.push(explain);
    }

    /// The action with its edit, or with what the edit can be made of when the editor asks for it; `None` where there is none.
    fn with_edit(&mut self, place: &Place, mut action: CodeAction, wish: Wish) -> Option<CodeAction> {
        if self.client.resolves_edits {
            action.data = serde_json::to_value(wish).ok();
        } else {
            action.edit = Some(self.edit_of(place, &wish.what)?);
        }
        Some(action)
    }

    pub(super) fn resolve_action(&mut self, mut action: CodeAction) -> Result<CodeAction, Failure> {
        let Some(data) = action.data.clone() else { return Ok(action) };
        let wish: Wish =
            serde_json::from_value(data).map_err(|error| failure(ErrorCode::InvalidParams, error.to_string()))?;
        let place = self.place_of(&wish.uri)?;
        let gone = || failure(ErrorCode::ContentModified, "there is nothing left to do");
        action.edit = Some(self.edit_of(&place, &wish.what).ok_or_else(gone)?);
        Ok(action)
    }

    fn edit_of(&mut self, place: &Place, what: &What) -> Option<WorkspaceEdit> {
        let services = self.services_of(place);
        let find = |server: &mut Self, identity: &Identity| {
            let mut findings = server.findings_in(place).into_iter().map(|(finding, _)| finding);
            findings.find(|finding| Identity::of(finding) == *identity)
        };
        let plan = match what {
            What::Fix(identity) => {
                let finding = find(self, identity)?;
                plan_one(self.projects.get(&place.root)?.workspace(), &services, &finding)
            }
            What::Ignore(identity) => {
                let finding = find(self, identity)?;
                let ignoring = Finding { fix: self.ignoring(place, &finding), fix_repeats: Vec::new(), ..finding };
                plan_one(self.projects.get(&place.root)?.workspace(), &services, &ignoring)
            }
            What::FixAll => {
                let project = self.projects.get_mut(&place.root)?;
                let only = (!project.is_service(&place.path)).then_some(place.path.as_str());
                let settings = project.settings_of_all(&services);
                plan_all(project.workspace(), settings, project.known(), only, self.client.creates_files)
            }
        };
        self.workspace_edit(&place.root, &plan)
    }

    /// The fix that puts a comment where it silences the finding.
    fn ignoring(&self, place: &Place, finding: &Finding) -> Option<Fix> {
        let project = self.projects.get(&place.root)?;
        let file = &finding.primary.file;
        let source = project.workspace().read(file).ok()?;
        let reason = &project.settings.ignore_reason;
        if project.is_service(file) {
            let mut finding = finding.clone();
            ignore_instead_of_fixing(&mut [&mut finding], &source, &Dockerfile::parse(source.text()), reason);
            return finding.fix;
        }
        let edit =
            takes_comments(file).then(|| ignore_on_line(&source, finding.primary.range.start(), finding.rule, reason));
        Some(Fix {
            title: "add an ignore comment".to_owned(),
            applicability: Applicability::Safe,
            caution: None,
            edits: vec![edit.flatten()?],
        })
    }
}

/// Whether what is asked for, such as `source`, holds `kind`.
fn holds(asked: &CodeActionKind, kind: &CodeActionKind) -> bool {
    let rest = kind.as_str().strip_prefix(asked.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || asked.as_str().is_empty())
}

/// Whether two ranges share a place, be it an end.
fn touch(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}

fn capitalised(title: &str) -> String {
    let title = escape(title);
    let mut characters = title.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    first + characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_hold_those_below_them() {
        for (asked, kind, expected) in [
            ("source.fixAll", FIX_ALL, true),
            ("source", FIX_ALL, true),
            ("source.fixAll.slimlint", FIX_ALL, true),
            ("source.fix", FIX_ALL, false),
            ("quickfix", FIX_ALL, false),
            ("", CodeActionKind::QUICKFIX, true),
            ("quickfix", CodeActionKind::QUICKFIX, true),
        ] {
            assert_eq!(holds(&CodeActionKind::from(asked.to_owned()), &kind), expected, "{asked}");
        }
    }
}
