//! How a check says what it found.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fix, Label, Savings, Severity, Span};
use crate::dockerfile::Word;
use crate::facts::{Facts, Invocation};
use crate::text::TextRange;

use super::Page;

/// Takes the findings of one rule in one service.
#[derive(Debug)]
pub struct Reporter<'a> {
    page: &'static Page,
    dockerfile: &'a Arc<str>,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Reporter<'a> {
    /// A reporter for the rule of `page` that puts findings about the file `dockerfile` into `found`.
    #[must_use]
    pub fn new(page: &'static Page, dockerfile: &'a Arc<str>, found: &'a mut Vec<Diagnostic>) -> Self {
        Self { page, dockerfile, found }
    }

    /// The Dockerfile's path, for edits and spans.
    #[must_use]
    pub fn dockerfile(&self) -> Arc<str> {
        Arc::clone(self.dockerfile)
    }

    /// A finding at `range` of the Dockerfile. It counts when the returned guard is dropped.
    pub fn report(&mut self, range: TextRange, message: impl Into<String>) -> Finding<'_> {
        self.report_at(Span::new(Arc::clone(self.dockerfile), range), message)
    }

    /// A finding in any file of the workspace.
    pub fn report_at(&mut self, span: Span, message: impl Into<String>) -> Finding<'_> {
        let severity = self.page.severity.unwrap_or(Severity::Warning);
        let diagnostic = Diagnostic::new(self.page.name, severity, message, span);
        Finding { dockerfile: self.dockerfile, found: self.found, diagnostic: Some(diagnostic) }
    }
}

/// A finding that is being put together. Methods can be chained or called one by one; dropping it reports it.
#[derive(Debug)]
pub struct Finding<'r> {
    dockerfile: &'r Arc<str>,
    found: &'r mut Vec<Diagnostic>,
    /// Taken by `drop` alone.
    diagnostic: Option<Diagnostic>,
}

impl Finding<'_> {
    fn set(&mut self, change: impl FnOnce(&mut Diagnostic)) -> &mut Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            change(diagnostic);
        }
        self
    }

    /// What the primary place is marked with.
    pub fn primary_label(&mut self, message: impl Into<String>) -> &mut Self {
        self.set(|diagnostic| diagnostic.primary_label = message.into())
    }

    /// A further place in the Dockerfile.
    pub fn label(&mut self, range: TextRange, message: impl Into<String>) -> &mut Self {
        self.label_in(Span::new(Arc::clone(self.dockerfile), range), message)
    }

    /// A further place in any file of the workspace.
    pub fn label_in(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.set(|diagnostic| diagnostic.labels.push(Label { span, message: message.into() }))
    }

    /// Evidence under a heading such as `chain`, `bytes` or `gpu`.
    pub fn note(&mut self, heading: &'static str, text: impl Into<String>) -> &mut Self {
        self.set(|diagnostic| diagnostic.notes.push((heading, text.into())))
    }

    /// Shows which argument says what the word behind a `FROM` means: by its default, or by what every build gives.
    pub fn argument_of(&mut self, facts: &Facts<'_>, word: &Word) -> &mut Self {
        match (facts.given_to(word), facts.default_of(word)) {
            (Some((name, given)), _) => {
                self.note("argument", format!("every build gives `{name}={}`: {}", given.value, given.by))
            }
            (None, Some((name, range))) => self.label(range, format!("the default of `{name}`")),
            (None, None) => self,
        }
    }

    /// Tells which script the command stands in, when it is not in the Dockerfile itself.
    pub fn script_of(&mut self, invocation: &Invocation) -> &mut Self {
        match invocation.script() {
            Some(script) => self.note("script", format!("the command stands in `{script}`")),
            None => self,
        }
    }

    /// The remedy.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.set(|diagnostic| diagnostic.help = Some(text.into()))
    }

    /// How bad this one is, when that differs from the page. What the user configured still wins.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.set(|diagnostic| diagnostic.severity = severity)
    }

    /// What it costs; nothing when that is not known.
    pub fn savings(&mut self, savings: impl Into<Option<Savings>>) -> &mut Self {
        self.set(|diagnostic| diagnostic.savings = savings.into())
    }

    /// What removes it; nothing when there is no fix.
    pub fn fix(&mut self, fix: impl Into<Option<Fix>>) -> &mut Self {
        self.set(|diagnostic| diagnostic.fix = fix.into())
    }

    /// What removes it and repeats these parts of the Dockerfile elsewhere: fixes that change them are made before it.
    pub fn repeating_fix(&mut self, fix: impl Into<Option<Fix>>, repeats: Vec<TextRange>) -> &mut Self {
        self.fix(fix).set(|diagnostic| diagnostic.fix_repeats = repeats)
    }
}

impl Drop for Finding<'_> {
    fn drop(&mut self) {
        self.found.extend(self.diagnostic.take());
    }
}
