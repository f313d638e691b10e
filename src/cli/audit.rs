//! `slimlint audit`: every service, ranked by what could be saved.

use crate::audit::{self, Audit as Services, AuditFormat, Gates, Patches, Shown, Sources};
use crate::lint::{Report, Sizes, lint_watched};
use crate::workspace::{Workspace, discover_where};

use super::args::Audit;
use super::check::tell;
use super::feeds::with_readers;
use super::progress::Progress;
use super::{Status, Terminal, options};

pub(super) fn audit(arguments: &Audit, terminal: &mut Terminal<'_>) -> Status {
    let mut configurations = match options::of_files(&arguments.configuration, terminal) {
        Ok(configurations) => configurations,
        Err(status) => return status,
    };
    let mut found = discover_where(&arguments.paths, &terminal.cwd, |workspace, path, named| {
        configurations.keeps(workspace, path, named)
    });
    let mut status = Status::Clean;
    for problem in &found.problems {
        status = status.max(tell(problem, terminal));
    }
    let format = arguments.format;
    let mut reports: Vec<(Workspace, Report)> = Vec::new();
    let total = found.workspaces.iter().map(|(_, paths)| paths.len()).sum();
    let progress = Progress::new(total, terminal.is_watched);
    let watch = || progress.iter().for_each(Progress::advance);
    let mut all_settings = Vec::new();
    for (workspace, paths) in found.workspaces {
        if let Some(message) = options::context_outside(&arguments.configuration, &workspace, &terminal.cwd) {
            return terminal.error(&message);
        }
        let feeds = found.feeds.remove(workspace.root());
        let (paths, settings, trouble) = with_readers(&workspace, paths, feeds, &mut configurations, terminal);
        let report = lint_watched(&workspace, &paths, &settings, Sizes::All, &watch);
        status = status.max(trouble).max(trouble_of(&report, terminal));
        reports.push((workspace, report));
        all_settings.push(settings);
    }
    drop(progress);
    let audit = Services::of(&reports, &terminal.cwd);
    let shown = Shown {
        order: arguments.sort,
        limit: arguments.limit,
        min_saving: arguments.min_saving.unwrap_or_default(),
        keep: arguments.keep,
    };
    // To plan fixes is to lint several times, which nothing else shows the result of.
    let mut patches: Vec<Patches> = Vec::new();
    if format == AuditFormat::Html {
        let rows = audit.rows(&shown);
        for ((workspace, report), settings) in reports.iter().zip(&all_settings) {
            patches.push(Patches::plan(workspace, report, &rows, settings));
        }
    }
    let cwd = terminal.cwd.clone();
    let sources = Sources { reports: &reports, patches: &patches, cwd: &cwd };
    let written = terminal.write(|out, paint| audit::write(&audit, &sources, &shown, format, paint, out));
    let status = status.max(written).max(gate(&arguments.gates.into(), &audit, terminal));
    // The process ends here; to free every text and report of large repositories one by one would take a while.
    std::mem::forget((reports, audit));
    status
}

/// A file that cannot be linted is missing from every sum.
fn trouble_of(report: &Report, terminal: &mut Terminal<'_>) -> Status {
    let mut status = Status::Clean;
    for found in report.diagnostics.iter().filter(|found| super::run::is_trouble(found)) {
        status = terminal.error(&found.message);
    }
    status
}

/// Tells which services are over a limit.
pub(super) fn gate(gates: &Gates, audit: &Services, terminal: &mut Terminal<'_>) -> Status {
    if !gates.is_any() {
        return Status::Clean;
    }
    let exceeded = gates.exceeded(audit);
    for service in &exceeded {
        terminal.error(&service.0);
    }
    let unjudged = gates.unjudged(audit);
    if let Some(first) = unjudged.first() {
        let more = if unjudged.len() > 1 { format!(" and {} more", unjudged.len() - 1) } else { String::new() };
        terminal.note(&format!("the size of {first}{more} is not known, so --max-size does not judge it"));
    }
    if exceeded.is_empty() { Status::Clean } else { Status::Findings }
}
