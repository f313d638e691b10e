//! From a workspace and settings to a report: parse, compute facts, run the rules, drop what is ignored, sort.

mod merge;
mod pool;
mod sources;

pub use pool::on_large_stack;
pub use sources::locate;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::config::Settings;
use crate::diagnostic::{Diagnostic, Span};
use crate::dockerfile::Dockerfile;
use crate::facts::Facts;
use crate::rules::{self, Finding, INTERNAL_ERROR, INVALID_IGNORE, Reporter, Rule, SYNTAX_ERROR, UNREADABLE_FILE};
use crate::suppress::Suppressions;
use crate::text::{SourceFile, TextRange};
use crate::workspace::{Service, Workspace};

/// What was found in the services of one workspace. The only thing `output` sees besides the workspace's files.
#[derive(Debug, Default)]
pub struct Report {
    /// The services in order of their Dockerfiles' paths.
    pub services: Vec<ServiceSummary>,
    /// All findings, sorted by file, place and rule, without repeats.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings ignore comments silenced.
    pub suppressed: usize,
}

/// One Dockerfile with its context.
#[derive(Debug)]
pub struct ServiceSummary {
    /// The service.
    pub service: Service,
    /// The Dockerfile, when it could be read.
    pub source: Option<Arc<SourceFile>>,
    /// Indexes into [`Report::diagnostics`] of the findings about it.
    pub findings: Vec<usize>,
}

/// What was found in one service.
#[derive(Debug)]
pub struct ServiceReport {
    /// The service.
    pub service: Service,
    /// The Dockerfile, when it could be read.
    pub source: Option<Arc<SourceFile>>,
    /// The findings, sorted by file, place and rule, without repeats.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings ignore comments silenced.
    pub suppressed: usize,
}

/// Lints the Dockerfiles at `paths` (relative to the workspace's root) in parallel. A file that cannot be read, and a panic while
/// a file is linted, become diagnostics of the rules `unreadable-file` and `internal-error`; parse errors those of `syntax-error`.
#[must_use]
pub fn lint(workspace: &Workspace, paths: &[String], settings: &Settings) -> Report {
    let selected = selected_rules(settings);
    let one = |path: &String| lint_service(workspace, path, settings, &selected);
    let reports: Vec<ServiceReport> = match paths {
        // To start the pool would take longer than to lint most files.
        [path] => vec![on_large_stack(|| one(path))],
        _ => pool::on_pool(|| paths.par_iter().map(one).collect()),
    };
    merge::merge(reports)
}

/// Lints one Dockerfile.
#[must_use]
pub fn lint_one(workspace: &Workspace, path: &str, settings: &Settings) -> ServiceReport {
    on_large_stack(|| lint_service(workspace, path, settings, &selected_rules(settings)))
}

fn selected_rules(settings: &Settings) -> Vec<&'static Rule> {
    rules::rules().iter().filter(|rule| settings.severity_of(rule.page).is_some()).collect()
}

/// Lints one Dockerfile and survives a panic in whatever looks at it.
fn lint_service(workspace: &Workspace, path: &str, settings: &Settings, selected: &[&'static Rule]) -> ServiceReport {
    let linted = catch_unwind(AssertUnwindSafe(|| lint_file(workspace, path, settings, selected)));
    let mut report = linted.unwrap_or_else(|panic| {
        let service = service_of_nothing(path);
        let mut found = Found::new(path);
        found.report(
            INTERNAL_ERROR,
            TextRange::default(),
            format!("slimlint failed on this file: {}", message_of(&*panic)),
            |finding| {
                finding.help("this is a bug in slimlint; please report it with this file");
            },
        );
        ServiceReport { service, source: None, diagnostics: found.diagnostics, suppressed: 0 }
    });
    report.diagnostics.retain(|diagnostic| {
        rules::find(diagnostic.rule).is_some_and(|rule| settings.severity_of(rule.page).is_some())
    });
    for diagnostic in &mut report.diagnostics {
        if let Some(&severity) = settings.severities.get(diagnostic.rule) {
            diagnostic.severity = severity;
        }
    }
    merge::sort(&mut report.diagnostics);
    report
}

fn lint_file(workspace: &Workspace, path: &str, settings: &Settings, selected: &[&'static Rule]) -> ServiceReport {
    let source = match workspace.read(path) {
        Ok(source) => source,
        Err(error) => {
            let mut found = Found::new(path);
            found.report(UNREADABLE_FILE, TextRange::default(), format!("`{path}` cannot be linted: {error}"), |_| {});
            let service = service_of_nothing(path);
            return ServiceReport { service, source: None, diagnostics: found.diagnostics, suppressed: 0 };
        }
    };
    let dockerfile = Dockerfile::parse(source.text());
    let service = locate(workspace, path, &dockerfile, source.text(), settings.context.as_deref());
    let mut found = Found::new(path);
    for error in &dockerfile.errors {
        found.report(SYNTAX_ERROR, error.range, error.message.clone(), |_| {});
    }
    let suppressions = Suppressions::read(&source, &dockerfile);
    for invalid in &suppressions.invalid {
        found.report(INVALID_IGNORE, invalid.range, invalid.message.clone(), |finding| {
            finding.help(invalid.help.clone());
        });
    }
    let facts = Facts::compute(workspace, &service, &source, &dockerfile);
    found.diagnostics.extend(rules::run(selected, &facts, &found.path));
    drop(facts);
    let mut diagnostics = found.diagnostics;
    let before = diagnostics.len();
    diagnostics.retain(|diagnostic| !suppressions.silences(path, diagnostic));
    let suppressed = before - diagnostics.len();
    ServiceReport { service, source: Some(source), diagnostics, suppressed }
}

/// Findings that the linter makes itself.
struct Found {
    path: Arc<str>,
    diagnostics: Vec<Diagnostic>,
}

impl Found {
    fn new(path: &str) -> Self {
        Self { path: Arc::from(path), diagnostics: Vec::new() }
    }

    fn report(&mut self, rule: &str, range: TextRange, message: String, more: impl FnOnce(&mut Finding<'_>)) {
        if let Some(rule) = rules::find(rule) {
            let mut reporter = Reporter::new(rule.page, &self.path, &mut self.diagnostics);
            let mut finding = reporter.report_at(Span::new(Arc::clone(&self.path), range), message);
            more(&mut finding);
        }
    }
}

/// The service of a Dockerfile of which nothing is known.
fn service_of_nothing(path: &str) -> Service {
    let context = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    Service { dockerfile: path.to_owned(), context, context_evidence: String::new(), ignore_file: None }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}

#[cfg(test)]
mod tests;
