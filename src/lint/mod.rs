//! From a workspace and settings to a report: parse, compute facts, run the rules, drop what is ignored, sort.

pub mod baseline;
mod linter;
mod merge;
mod pool;
mod sources;
mod touched;
mod why;

pub use linter::{Linter, together};
pub use pool::on_large_stack;
pub(crate) use pool::on_pool;
pub use sources::locate;
pub use touched::{readers, touched};
pub use why::{Installed, Parent, Why, why};

use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::config::{Settings, SettingsFor};
use crate::diagnostic::{Diagnostic, Span};
use crate::dockerfile::Dockerfile;
use crate::facts::{Contents, Facts};
use crate::rules::{
    self, Finding, INTERNAL_ERROR, INVALID_IGNORE, Reporter, Rule, SYNTAX_ERROR, UNREADABLE_FILE, UNUSED_IGNORE,
};
use crate::suppress::{Notice, Suppressions, takes_comments};
use crate::text::{SourceFile, TextRange, mask_credentials};
use crate::workspace::{Builds, InlineDockerfile, Service, Workspace};

/// What was found in the services of one workspace. The only thing `output` sees besides the workspace's files.
#[derive(Debug, Default)]
pub struct Report {
    /// The services in order of their Dockerfiles' paths.
    pub services: Vec<ServiceSummary>,
    /// All findings, sorted by file, place and rule, without repeats.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings ignore comments silenced.
    pub suppressed: usize,
    /// The findings that a baseline hides.
    pub known: Vec<Diagnostic>,
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
    /// Indexes into [`Report::known`] of the findings about it that a baseline hides.
    pub known: Vec<usize>,
    /// What is known of the bytes of each image that it makes, as far as [`Sizes`] asked for it.
    pub contents: Vec<Contents>,
}

/// Of which services a report says what is known of the bytes of their images: to measure them takes a tenth of the time of linting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Sizes {
    /// Of none.
    None,
    /// Of those in which something can be saved.
    OfSaving,
    /// Of all.
    #[default]
    All,
}

/// What was found in one service.
#[derive(Clone, Debug)]
pub struct ServiceReport {
    /// The service.
    pub service: Service,
    /// The Dockerfile, when it could be read.
    pub source: Option<Arc<SourceFile>>,
    /// The findings, sorted by file, place and rule, without repeats.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings ignore comments silenced.
    pub suppressed: usize,
    /// What is known of the bytes of each image that it makes, as far as [`Sizes`] asked for it.
    pub contents: Vec<Contents>,
}

/// Lints the Dockerfiles at `paths` (relative to the workspace's root) in parallel. A file that cannot be read, and a panic while
/// a file is linted, become diagnostics of the rules `unreadable-file` and `internal-error`; parse errors those of `syntax-error`.
#[must_use]
pub fn lint(workspace: &Workspace, paths: &[String], settings: &impl SettingsFor) -> Report {
    lint_watched(workspace, paths, settings, Sizes::All, &|| {})
}

/// [`lint`] that measures images as `sizes` asks, and calls `watch` after each of `paths`, from whatever thread.
#[must_use]
pub fn lint_watched(
    workspace: &Workspace,
    paths: &[String],
    settings: &impl SettingsFor,
    sizes: Sizes,
    watch: &(dyn Fn() + Sync),
) -> Report {
    let selections = Selections::of(paths, settings, sizes);
    let one = |path: &String| {
        let reports = lint_path(workspace, path, settings.settings_for(path), &selections);
        watch();
        reports
    };
    let reports: Vec<ServiceReport> = match paths {
        // To start the pool would take longer than to lint most files.
        [path] => on_large_stack(|| one(path)),
        _ => on_pool(|| paths.par_iter().flat_map_iter(one).collect()),
    };
    merge::merge(reports)
}

/// Lints the Dockerfile at `path`, or those that stand in the file there.
fn lint_path(
    workspace: &Workspace,
    path: &str,
    settings: &Settings,
    selections: &Selections<'_>,
) -> Vec<ServiceReport> {
    if !workspace.is_holder(path) {
        return vec![lint_service(workspace, path, settings, selections)];
    }
    let all = workspace.inline_dockerfiles(path);
    all.iter().map(|inline| lint_inline(workspace, path, inline, settings, selections)).collect()
}

/// Lints one Dockerfile.
#[must_use]
pub fn lint_one(workspace: &Workspace, path: &str, settings: &Settings) -> ServiceReport {
    let selections = Selections::of(&[path.to_owned()], settings, Sizes::All);
    on_large_stack(|| lint_service(workspace, path, settings, &selections))
}

/// What is asked of Dockerfiles, worked out once for settings that they share.
struct Selections<'s> {
    rules: Vec<(&'s Settings, Vec<&'static Rule>)>,
    sizes: Sizes,
}

impl<'s> Selections<'s> {
    fn of(paths: &[String], settings: &'s impl SettingsFor, sizes: Sizes) -> Self {
        let mut all = Self { rules: Vec::new(), sizes };
        for path in paths {
            let settings = settings.settings_for(path);
            if all.get(settings).is_empty() {
                all.rules.push((settings, selected_rules(settings)));
            }
        }
        all
    }

    fn get(&self, settings: &Settings) -> &[&'static Rule] {
        self.rules.iter().find(|(known, _)| std::ptr::eq(*known, settings)).map_or(&[], |(_, selected)| selected)
    }
}

fn selected_rules(settings: &Settings) -> Vec<&'static Rule> {
    rules::rules().iter().filter(|rule| settings.severity_of(rule.page).is_some()).collect()
}

/// Lints one Dockerfile and survives a panic in whatever looks at it.
fn lint_service(workspace: &Workspace, path: &str, settings: &Settings, selections: &Selections<'_>) -> ServiceReport {
    let report = lint_unjudged(workspace, path, settings, selections);
    judged(workspace, path, settings, report)
}

/// Lints a Dockerfile that stands in the file at `path`; what is found in it is told where it stands there. Nothing is fixed in it: a line
/// that is put into a block has to be indented as the block is, and `$` doubled, of which rules know nothing.
fn lint_inline(
    workspace: &Workspace,
    path: &str,
    inline: &InlineDockerfile,
    settings: &Settings,
    selections: &Selections<'_>,
) -> ServiceReport {
    let own = inline.source.path();
    let mut report = lint_unjudged(workspace, own, settings, selections);
    let file: Arc<str> = Arc::from(path);
    for diagnostic in &mut report.diagnostics {
        diagnostic.fix = None;
        let labels = diagnostic.labels.iter_mut().map(|label| &mut label.span);
        for span in labels.chain([&mut diagnostic.primary]).filter(|span| *span.file == *own) {
            *span = Span::new(Arc::clone(&file), inline.place(span.range));
        }
    }
    judged(workspace, path, settings, report)
}

fn lint_unjudged(workspace: &Workspace, path: &str, settings: &Settings, selections: &Selections<'_>) -> ServiceReport {
    let linted = catch_unwind(AssertUnwindSafe(|| lint_file(workspace, path, settings, selections)));
    linted.unwrap_or_else(|panic| {
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
        ServiceReport { service, source: None, diagnostics: found.diagnostics, suppressed: 0, contents: Vec::new() }
    })
}

/// The report with the severities that the settings for `path` give.
fn judged(workspace: &Workspace, path: &str, settings: &Settings, mut report: ServiceReport) -> ServiceReport {
    report.diagnostics.retain(|diagnostic| {
        rules::find(diagnostic.rule).is_some_and(|rule| settings.severity_of(rule.page).is_some())
    });
    settings.apply(workspace.root(), path, &mut report.diagnostics);
    merge::sort(&mut report.diagnostics);
    report
}

fn lint_file(workspace: &Workspace, path: &str, settings: &Settings, selections: &Selections<'_>) -> ServiceReport {
    let selected = selections.get(settings);
    let source = match workspace.read(path) {
        Ok(source) => source,
        Err(error) => {
            let mut found = Found::new(path);
            found.report(UNREADABLE_FILE, TextRange::default(), format!("`{path}` cannot be linted: {error}"), |_| {});
            let service = service_of_nothing(path);
            return ServiceReport {
                service,
                source: None,
                diagnostics: found.diagnostics,
                suppressed: 0,
                contents: Vec::new(),
            };
        }
    };
    let dockerfile = Dockerfile::parse(source.text());
    let overrides = settings.overrides(workspace.root(), path);
    let service = locate(workspace, path, &dockerfile, source.text(), &overrides);
    // `# syntax=devthefuture/dockerfile-x` knows `INCLUDE`: what stands in this file is not all there is.
    if is_unreadable(&dockerfile) {
        let contents = Vec::new();
        return ServiceReport { service, source: Some(source), diagnostics: Vec::new(), suppressed: 0, contents };
    }
    let mut found = Found::new(path);
    for error in &dockerfile.errors {
        found.report(SYNTAX_ERROR, error.range, error.message.clone(), |_| {});
    }
    let mut suppressions = Suppressions::read(&source, &dockerfile);
    for invalid in &suppressions.invalid {
        found.notice(INVALID_IGNORE, invalid);
    }
    let facts = Facts::compute(workspace, &service, &source, &dockerfile);
    let run = || rules::run(selected, &facts, &found.path);
    let asks_of_sources = selected.iter().any(|rule| rule.page.group == "python");
    let said = if asks_of_sources { facts.reading_ahead(run) } else { run() };
    found.diagnostics.extend(said);
    let measures = match selections.sizes {
        Sizes::None => false,
        Sizes::OfSaving => found.diagnostics.iter().any(|found| found.savings.is_some()),
        Sizes::All => true,
    };
    let contents = if measures { facts.contents() } else { Vec::new() };
    drop(facts);
    let before = found.diagnostics.len();
    let mut heard =
        |diagnostic: &Diagnostic| !suppressions.silences(path, diagnostic, |file| workspace.read(file).ok());
    found.diagnostics.retain(&mut heard);
    let mut suppressed = before - found.diagnostics.len();
    let ran = |page: &rules::Page| settings.severity_of(page).is_some();
    for unused in suppressions.unused(ran) {
        found.notice(UNUSED_IGNORE, &unused);
    }
    // What is said of comments can be ignored by a comment too.
    let before = found.diagnostics.len();
    found.diagnostics.retain(|found| found.rule != UNUSED_IGNORE || !suppressions.silences(path, found, |_| None));
    suppressed += before - found.diagnostics.len();
    let mut diagnostics = found.diagnostics;
    diagnostics.iter_mut().for_each(tell_how_to_ignore);
    diagnostics.iter_mut().for_each(mask);
    ServiceReport { service, source: Some(source), diagnostics, suppressed, contents }
}

/// Whether a Dockerfile is written for a frontend that knows more than is read here.
fn is_unreadable(dockerfile: &Dockerfile) -> bool {
    !dockerfile.errors.is_empty() && dockerfile.foreign_frontend().is_some()
}

/// Runs `look` over the facts of the Dockerfile at `path`; nothing when it cannot be read, or when what looks at it panics.
fn with_facts<T>(
    workspace: &Workspace,
    path: &str,
    settings: &Settings,
    look: impl FnOnce(&Facts<'_>) -> T,
) -> Option<T> {
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let source = workspace.read(path).ok()?;
        let dockerfile = Dockerfile::parse(source.text());
        let service = locate(workspace, path, &dockerfile, source.text(), &settings.overrides(workspace.root(), path));
        Some(look(&Facts::compute(workspace, &service, &source, &dockerfile)))
    }));
    looked.ok().flatten()
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

    fn notice(&mut self, rule: &str, notice: &Notice) {
        self.report(rule, notice.range, notice.message.clone(), |finding| {
            finding.help(notice.help.clone());
        });
    }

    fn report(&mut self, rule: &str, range: TextRange, message: String, more: impl FnOnce(&mut Finding<'_>)) {
        if let Some(rule) = rules::find(rule) {
            let mut reporter = Reporter::new(rule.page, &self.path, &mut self.diagnostics);
            let mut finding = reporter.report_at(Span::new(Arc::clone(&self.path), range), message);
            more(&mut finding);
        }
    }
}

/// Findings are shown in logs and reports that more people read than the repository. Edits stay what they are.
fn mask(diagnostic: &mut Diagnostic) {
    let Diagnostic { message, primary_label, labels, notes, help, fix, .. } = diagnostic;
    let title = fix.as_mut().map(|fix| &mut fix.title);
    let labels = labels.iter_mut().map(|label| &mut label.message);
    let notes = notes.iter_mut().map(|(_, text)| text);
    for text in [message, primary_label].into_iter().chain(labels).chain(notes).chain(help).chain(title) {
        if let Cow::Owned(masked) = mask_credentials(text) {
            *text = masked;
        }
    }
}

/// A lock has no place for a comment.
fn tell_how_to_ignore(diagnostic: &mut Diagnostic) {
    let file = &diagnostic.primary.file;
    if !takes_comments(file) {
        let text = format!("to ignore it, add `\"{file}\" = [\"{}\"]` to `[per-path-ignores]`", diagnostic.rule);
        diagnostic.notes.push(("ignore", text));
    }
}

/// The service of a Dockerfile of which nothing is known.
fn service_of_nothing(path: &str) -> Service {
    let context = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    Service {
        dockerfile: path.to_owned(),
        context,
        context_evidence: String::new(),
        ignore_file: None,
        builds: Builds::default(),
        gpu: None,
    }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}

#[cfg(test)]
mod tests;
