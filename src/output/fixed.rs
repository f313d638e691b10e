//! What `--fix` did.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Applicability, Diagnostic, Savings, format_bytes};
use crate::fix::{AppliedFix, Plan, Written};
use crate::workspace::{Service, Workspace, holder};

use super::totals::counted;
use super::wrap::width;
use super::{Paint, Results, concise, escape, shown_path};

/// Services whose build is suggested by name; for more, one knows how.
const MOST_BUILDS: usize = 3;

/// What was put into the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Change {
    /// Fixes.
    #[default]
    Fixes,
    /// Comments that ignore findings.
    Ignores,
}

/// What was changed below one root.
#[derive(Clone, Debug, Default)]
pub struct FixedFiles {
    /// The root.
    pub root: PathBuf,
    /// How many fixes were made.
    pub fixed: usize,
    change: Change,
    /// Whether the run is in the journal.
    recorded: bool,
    files: Vec<FixedFile>,
}

#[derive(Clone, Debug)]
struct FixedFile {
    path: String,
    fixes: usize,
    backup: Option<PathBuf>,
    /// For a created file, what was said about it.
    created: Option<String>,
}

impl FixedFiles {
    /// From the plan and what was written of it.
    #[must_use]
    pub fn new(root: &Path, plan: &Plan, written: &Written, change: Change) -> Self {
        let files = plan.files.iter().map(|file| {
            let done = written.files.iter().find(|done| done.path == file.path);
            FixedFile {
                path: file.path.clone(),
                fixes: file.fixes.len(),
                backup: done.and_then(|done| done.backup.clone()),
                created: file.before.is_none().then(|| creation(&file.path, &file.after, &file.fixes)),
            }
        });
        Self {
            root: root.to_owned(),
            fixed: plan.fixed,
            change,
            recorded: written.unrecorded.is_none(),
            files: files.collect(),
        }
    }
}

/// `12 patterns, 1.3 GB no longer sent to the builder`
fn creation(path: &str, bytes: &[u8], fixes: &[AppliedFix]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let patterns = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).count();
    let mut parts = Vec::new();
    if path.ends_with("ignore") {
        parts.push(counted(patterns, "pattern"));
    }
    let unsent = fixes.iter().filter_map(|fix| fix.savings.as_ref()).filter(|savings| !savings.in_image);
    let unsent = unsent.map(Savings::bytes).max().unwrap_or_default();
    if unsent > 0 {
        parts.push(format!("{} no longer sent to the builder", format_bytes(unsent)));
    }
    parts.join(", ")
}

pub(super) fn write(files: &[FixedFiles], results: &Results<'_>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = Vec::new();
    for (files, file) in files.iter().flat_map(|files| files.files.iter().map(move |file| (files, file))) {
        let path = escape(&shown_path(&files.root, &file.path, results.cwd)).into_owned();
        let backup =
            file.backup.as_ref().map(|backup| shown_path(Path::new(""), &backup.to_string_lossy(), results.cwd));
        let backup = backup.map(|backup| escape(&backup).into_owned());
        let done = if files.change == Change::Fixes { "fixed" } else { "ignored" };
        let what = match (&file.created, &backup) {
            (Some(said), _) => format!("created   {said}"),
            // Nothing in it was a finding: it leaves the backups out.
            (None, Some(backup)) if file.fixes == 0 => format!("leaves backups out   (backup {})", name_of(backup)),
            (None, Some(backup)) => format!("{} {done}   (backup {})", file.fixes, name_of(backup)),
            (None, None) => format!("{} {done}", file.fixes),
        };
        rows.push((path, what));
    }
    let column = rows.iter().map(|(path, _)| width(path)).max().unwrap_or_default();
    for (path, what) in rows {
        let line = format!("{}{}   {what}", paint.strong(&path), " ".repeat(column - width(&path)));
        writeln!(out, "{}", line.trim_end())?;
    }
    left(results, paint, out)?;
    builds(files, results, out)?;
    undo(files, results.cwd, out)?;
    writeln!(out)
}

/// The way back.
fn undo(files: &[FixedFiles], cwd: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut ways = Vec::new();
    for files in files {
        let is_near = files.root.starts_with(cwd) || cwd.starts_with(&files.root);
        let place =
            if is_near { String::new() } else { format!(" {}", quoted(&escape(&shown_path(&files.root, "", cwd)))) };
        let has_backups = files.files.iter().any(|file| file.backup.is_some());
        let has_changes = files.files.iter().any(|file| file.created.is_none());
        let way = match (files.recorded, has_backups, has_changes) {
            (true, _, false) | (true, true, _) => format!("slimlint rollback{place}"),
            (false, true, _) => format!("slimlint rollback --force{place}"),
            _ => "git restore (no backup was kept)".to_owned(),
        };
        let keeps = if has_backups { "        (`slimlint backups --prune` removes backups after 7 days)" } else { "" };
        let way = way + keeps;
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    for (index, way) in ways.iter().enumerate() {
        writeln!(out, "{}{way}", if index == 0 { "Undo: " } else { "      " })?;
    }
    Ok(())
}

/// The findings that are left, in short.
fn left(results: &Results<'_>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let all = || {
        results
            .reports
            .iter()
            .flat_map(|(workspace, report)| report.diagnostics.iter().map(move |found| (workspace, found)))
    };
    let is_unsafe =
        |found: &Diagnostic| found.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Unsafe);
    let risky: Vec<&Diagnostic> = all().map(|(_, found)| found).filter(|found| is_unsafe(found)).collect();
    if let Some(first) = risky.first() {
        let (number, it) = (risky.len(), if risky.len() == 1 { "it changes" } else { "they change" });
        let fixes = counted(number, "fix");
        writeln!(out, "{fixes} left: {it} behaviour (--unsafe-fixes), see `slimlint explain {}`", first.rule)?;
    }
    let others: Vec<(&Workspace, &Diagnostic)> = all().filter(|(_, found)| !is_unsafe(found)).collect();
    if !others.is_empty() {
        writeln!(out, "{} left without a fix:", counted(others.len(), "problem"))?;
        for (workspace, found) in others {
            writeln!(out, "  {}", concise::line(workspace, found, results.cwd, paint))?;
        }
    }
    writeln!(out)
}

/// How to build what was changed.
fn builds(files: &[FixedFiles], results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut commands = Vec::new();
    for (workspace, report) in results.reports {
        let changed = |files: &&FixedFiles| files.change == Change::Fixes && files.root == workspace.root();
        let Some(files) = files.iter().find(changed) else { continue };
        let services = report.services.iter().map(|summary| &summary.service);
        commands.extend(
            services.filter(|service| files.touch(service)).map(|service| build(workspace, service, results.cwd)),
        );
    }
    if commands.is_empty() || commands.len() > MOST_BUILDS {
        return Ok(());
    }
    writeln!(out, "Try it before you ship it:")?;
    for command in commands {
        writeln!(out, "  {command}")?;
    }
    Ok(())
}

fn build(workspace: &Workspace, service: &Service, cwd: &Path) -> String {
    let context = shown_path(workspace.root(), &service.context, cwd);
    let dockerfile = shown_path(workspace.root(), &service.dockerfile, cwd);
    let folder = workspace.root().join(&service.context);
    let folder = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = folder.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "image" } else { name };
    let default = if context == "." { "Dockerfile".to_owned() } else { format!("{context}/Dockerfile") };
    let file = if dockerfile == default { String::new() } else { format!("-f {} ", quoted(&escape(&dockerfile))) };
    format!("docker build -t {name}:slim-test {file}{}", quoted(&escape(&context)))
}

impl FixedFiles {
    fn touch(&self, service: &Service) -> bool {
        // Compose builds what stands in its files.
        if holder(&service.dockerfile).is_some() {
            return false;
        }
        let in_context = |path: &str| {
            service.context.is_empty()
                || path.strip_prefix(service.context.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let is_dockerfile = |path: &str| path == service.dockerfile;
        let (dockerfiles, others): (Vec<&FixedFile>, Vec<&FixedFile>) =
            self.files.iter().partition(|file| file.path.ends_with("Dockerfile") || is_dockerfile(&file.path));
        dockerfiles.iter().any(|file| is_dockerfile(&file.path)) || others.iter().any(|file| in_context(&file.path))
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '=' | '@');
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    if !path.is_empty() && path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
