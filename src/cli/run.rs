//! Linting, fixing and showing what `check` found.

use crate::audit::{Audit, Gates};
use crate::config::{PathSettings, SettingsFor as _};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::dockerfile::Dockerfile;
use crate::fix::{self, Exposure, Plan, Rejected};
use crate::lint::Report;
use crate::lint::baseline::with_known;
use crate::output::{Change, FixedFiles, Results, escape_lines, shown_path};
use crate::rules::{INTERNAL_ERROR, UNREADABLE_FILE};
use crate::suppress::ignore_instead_of_fixing;
use crate::text::mask_credentials;
use crate::workspace::{BackupName, Said, Service, Target, Workspace};

use super::args::Check;
use super::known::Gate;
use super::progress::Progress;
use super::rollback::tell_recovered;
use super::{Status, Terminal, reports};

/// A workspace, its Dockerfiles, and how to lint them.
pub(super) type Task = (Workspace, Vec<String>, PathSettings);

pub(super) fn run(mut tasks: Vec<Task>, arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
    let state = terminal.state.clone();
    let is_interrupted = |(workspace, _, _): &Task| fix::is_interrupted(workspace.root(), state.as_deref());
    if !arguments.writes() && tasks.iter().any(is_interrupted) {
        terminal.note("an earlier `slimlint --fix` was interrupted here, so files may be half fixed; `slimlint rollback` puts them in order");
    }
    if arguments.writes() || arguments.diff {
        // `slimlint --fix Dockerfile*` names the backups as well.
        let is_file = |path: &String| BackupName::parse(path.rsplit('/').next().unwrap_or(path)).is_none();
        let before: usize = tasks.iter().map(|(_, paths, _)| paths.len()).sum();
        for (_, paths, _) in &mut tasks {
            paths.retain(is_file);
        }
        if tasks.iter().map(|(_, paths, _)| paths.len()).sum::<usize>() < before {
            terminal.note("backups are never changed; those that were named are left out");
        }
    }
    let gate = match Gate::open(&tasks, arguments, terminal) {
        Ok(gate) => gate,
        Err(status) => return status,
    };
    if arguments.diff {
        return diff(&tasks, &gate, arguments, terminal);
    }
    let files = match reports::prepare(arguments, &tasks, terminal) {
        Ok(files) => files,
        Err(status) => return status,
    };
    let mut status = Status::Clean;
    let mut reports = Vec::with_capacity(tasks.len());
    let mut judges = Vec::with_capacity(tasks.len());
    let mut fixed = arguments.writes().then(Vec::new);
    // Fixing lints each file several times, of which nobody knows how often.
    let is_watched = terminal.is_watched && !arguments.writes();
    let progress = Progress::new(tasks.iter().map(|(_, paths, _)| paths.len()).sum(), is_watched);
    let watch = || progress.iter().for_each(Progress::advance);
    for (workspace, paths, settings) in tasks {
        let report = match &mut fixed {
            Some(fixed) => {
                let (report, files, trouble) = fix_task(&workspace, &paths, &settings, &gate, arguments, terminal);
                fixed.extend(files);
                status = status.max(trouble);
                report
            }
            None => gate.lint_watched(&workspace, &paths, &settings, &watch),
        };
        reports.push((workspace, report));
        judges.push(settings);
    }
    drop(progress);
    if arguments.verbose {
        for (workspace, report) in &reports {
            tell_contexts(workspace, report, terminal);
        }
    }
    // What is known already weighs all the same.
    let gates = Gates::from(arguments.gates);
    if gates.is_any() {
        let audit = with_known(&mut reports, |reports| Audit::of(reports, &terminal.cwd));
        status = status.max(super::audit::gate(&gates, &audit, terminal));
    }
    let (baseline, trouble) = gate.close(&mut reports, &judges, arguments, terminal);
    status = status.max(trouble);
    for ((_, report), settings) in reports.iter().zip(&judges) {
        status = status.max(judge(report, settings, arguments));
    }
    let results = Results { reports: &reports, fixed: fixed.as_deref(), baseline, cwd: &terminal.cwd.clone() };
    let written = reports::write(&files, &results, arguments, terminal);
    // The process ends here; to free every text and report of a large repository one by one would take a while.
    std::mem::forget(reports);
    status.max(written)
}

/// `docker/Dockerfile: context .: from Makefile line 3`, and what every build gives to it.
fn tell_contexts(workspace: &Workspace, report: &Report, terminal: &mut Terminal<'_>) {
    let cwd = terminal.cwd.clone();
    let services = report.services.iter().map(|summary| &summary.service);
    for Service { dockerfile, context, context_evidence, builds, .. } in services {
        let path = shown_path(workspace.root(), dockerfile, &cwd);
        let folder = shown_path(workspace.root(), context, &cwd);
        terminal.note(&format!("{path}: context `{folder}`, {context_evidence}"));
        for (name, Said { value, by }) in builds.arguments() {
            let value = if is_secret(name) { "…".into() } else { mask_credentials(value) };
            terminal.note(&format!("{path}: every build gives `{name}={value}`, from {by}"));
        }
        for Target { stage, .. } in builds.targets() {
            terminal.note(&format!("{path}: the stage `{}` is built, from {}", stage.value, stage.by));
        }
        if let Some(Said { value, by }) = &builds.platform {
            terminal.note(&format!("{path}: every build is for `{value}`, from {by}"));
        }
    }
}

/// Whether the value of an argument is not for logs.
fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH", "KEY"].iter().any(|sign| name.contains(sign))
}

/// Whether a finding says that a file could not be linted.
pub(super) fn is_trouble(found: &Diagnostic) -> bool {
    matches!(found.rule, INTERNAL_ERROR | UNREADABLE_FILE)
}

/// The exit code that the findings ask for.
pub(super) fn judge(report: &Report, settings: &PathSettings, arguments: &Check) -> Status {
    if report.diagnostics.iter().any(is_trouble) {
        return Status::Trouble;
    }
    let fails = !arguments.exit_zero
        && report.services.iter().any(|service| {
            let settings = settings.settings_for(&service.service.dockerfile);
            let mut findings = service.findings.iter().filter_map(|&index| report.diagnostics.get(index));
            findings.any(|found| settings.fails(found))
        });
    if fails { Status::Findings } else { Status::Clean }
}

/// Plans the fixes; with `only`, those that change nothing but that file.
pub(super) fn plan(
    workspace: &Workspace,
    paths: &[String],
    settings: &PathSettings,
    gate: &Gate,
    only: Option<&str>,
    arguments: &Check,
    terminal: &mut Terminal<'_>,
) -> (Plan, Status) {
    let threshold = if arguments.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
    let report = |workspace: &Workspace| {
        let mut report = gate.lint(workspace, paths, settings);
        if let Some(reason) = &arguments.add_ignores {
            ignore_instead(&mut report, reason);
        }
        report
    };
    let plan = match only {
        Some(file) => fix::plan_with(workspace, paths, threshold, |workspace| {
            let mut report = report(workspace);
            for fix in report.diagnostics.iter_mut().filter_map(|found| found.fix.as_mut()) {
                if fix.edits.iter().any(|edit| &*edit.file != file) {
                    fix.applicability = Applicability::Display;
                }
            }
            report
        }),
        None => fix::plan_with(workspace, paths, threshold, report),
    };
    let mut status = Status::Clean;
    for rejected in &plan.rejected {
        status = terminal.error(&describe(rejected, workspace, terminal));
    }
    (plan, status)
}

/// A comment is a change like any other: it is made in rounds, verified, backed up and can be taken back.
fn ignore_instead(report: &mut Report, reason: &str) {
    let sources: Vec<_> = report.services.iter().filter_map(|service| service.source.clone()).collect();
    for found in &mut report.diagnostics {
        found.fix = None;
    }
    for source in sources {
        let mut here =
            report.diagnostics.iter_mut().filter(|found| *found.primary.file == *source.path()).collect::<Vec<_>>();
        ignore_instead_of_fixing(&mut here, &source, &Dockerfile::parse(source.text()), reason);
    }
}

fn describe(rejected: &Rejected, workspace: &Workspace, terminal: &Terminal<'_>) -> String {
    let path = shown_path(workspace.root(), &rejected.file, &terminal.cwd);
    let Rejected { rule, title, reason, .. } = rejected;
    format!(
        "{path}: the fix of `{rule}` ({title}) was not made: {reason}; this is a bug in slimlint, please report it with this file"
    )
}

/// Plans and writes. The report is on the files as they are then; the workspace holds their new texts.
fn fix_task(
    workspace: &Workspace,
    paths: &[String],
    settings: &PathSettings,
    gate: &Gate,
    arguments: &Check,
    terminal: &mut Terminal<'_>,
) -> (Report, Option<FixedFiles>, Status) {
    // Before anything is read: a run that was killed may have left half of its files.
    match fix::recover(workspace.root(), terminal.state.as_deref()) {
        Ok(None) => {}
        Ok(Some(recovered)) => {
            tell_recovered(workspace.root(), &recovered, terminal);
            workspace.forget("");
        }
        Err(error) => return (gate.lint(workspace, paths, settings), None, terminal.error(&error.to_string())),
    }
    let (mut plan, status) = plan(workspace, paths, settings, gate, None, arguments, terminal);
    if plan.files.is_empty() {
        return (plan.remaining, None, status);
    }
    let options = terminal.write_options(settings.backup());
    if options.backup && fix::exclude_backups(workspace, &mut plan, &options.date) == Exposure::Copied {
        terminal.note("the backups lie where a COPY takes them, and no ignore file leaves them out: remove them before you build, or ignore `**/*.pre-slim.*`");
    }
    match fix::write(workspace.root(), &plan, &options) {
        Ok(written) => {
            if let Some(reason) = &written.unrecorded {
                terminal.note(&format!("this run is not in the journal: {reason}; `slimlint rollback --force` goes by the names of the backups"));
            }
            let files = FixedFiles::new(workspace.root(), &plan, &written, change(arguments));
            for file in &plan.files {
                workspace.set_overlay(&file.path, Some(file.after.clone()));
            }
            (plan.remaining, Some(files), status)
        }
        Err(error) => (gate.lint(workspace, paths, settings), None, terminal.error(&error.to_string())),
    }
}

/// Shows the patch. On a terminal it is escaped like everything else; elsewhere it must be what `git apply` needs.
fn diff(tasks: &[Task], gate: &Gate, arguments: &Check, terminal: &mut Terminal<'_>) -> Status {
    let mut status = Status::Clean;
    let is_stdin = matches!(super::stdin::requested(arguments), Ok(Some(_)));
    let (mut patch, mut fixed) = (Vec::new(), 0);
    for (workspace, paths, settings) in tasks {
        // Standard input is all that a patch of it can change.
        let only = is_stdin.then(|| paths.first().map(String::as_str)).flatten();
        let (plan, trouble) = plan(workspace, paths, settings, gate, only, arguments, terminal);
        status = status.max(trouble).max(judge_trouble(&plan));
        patch.extend(plan.diff());
        fixed += plan.fixed;
    }
    let is_terminal = terminal.interactive;
    let written = terminal.write(|out, _| {
        if is_terminal { out.write_all(escape_lines(&patch).as_bytes()) } else { out.write_all(&patch) }
    });
    if patch.is_empty() {
        terminal.note("there is nothing to fix");
        return status.max(written);
    }
    let note = match change(arguments) {
        Change::Fixes => format!("{fixed} would be fixed; --fix makes the changes"),
        Change::Ignores => format!("{fixed} would be ignored; --add-ignores without --diff makes the changes"),
    };
    terminal.note(&note);
    let findings = if arguments.exit_zero { Status::Clean } else { Status::Findings };
    status.max(written).max(findings)
}

fn change(arguments: &Check) -> Change {
    if arguments.add_ignores.is_some() { Change::Ignores } else { Change::Fixes }
}

fn judge_trouble(plan: &Plan) -> Status {
    if plan.remaining.diagnostics.iter().any(is_trouble) { Status::Trouble } else { Status::Clean }
}
