//! Which Dockerfiles a change touches, and which builds read a file.

use std::path::Path;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::config::{FILE_NAMES, HADOLINT_NAMES, Settings, SettingsFor};
use crate::diagnostic::Diagnostic;
use crate::facts::Reads;
use crate::workspace::{Changes, Workspace, parent};

use super::{Selections, Sizes, lint_path, on_pool, with_facts};

/// Those of the Dockerfiles at `paths` that a change touches, in their order: their builds read something that has changed, or something
/// else is found about them than before.
///
/// A build reads what [`Reads`] says, now or before, and the configuration that holds for it. A Dockerfile of which that is not known is
/// touched. What is left out says exactly what it said before, whatever file a rule looks at.
#[must_use]
pub fn touched(workspace: &Workspace, paths: &[String], settings: &impl SettingsFor, changes: &Changes) -> Vec<String> {
    if changes.is_empty() {
        return Vec::new();
    }
    if changes.are_vast() {
        return paths.to_vec();
    }
    let before = workspace.before(changes);
    let selections = Selections::of(paths, settings, Sizes::None);
    let is_touched = |path: &&String| {
        let settings = settings.settings_for(path);
        is_configured_otherwise(workspace, path, settings, changes)
            || reads_any(workspace, path, settings, changes)
            || before.as_ref().is_some_and(|before| {
                let found = |workspace: &Workspace| -> Vec<Diagnostic> {
                    let reports = lint_path(workspace, path, settings, &selections);
                    reports.into_iter().flat_map(|report| report.diagnostics).collect()
                };
                reads_any(before, path, settings, changes) || found(workspace) != found(before)
            })
    };
    on_pool(|| paths.par_iter().filter(is_touched).cloned().collect())
}

/// Those of the Dockerfiles at `paths`, in their order, whose builds read one of `files`, or may, or whose configuration it is.
#[must_use]
pub fn readers(workspace: &Workspace, paths: &[String], settings: &impl SettingsFor, files: &[String]) -> Vec<String> {
    let reads = |path: &&String| {
        let settings = settings.settings_for(path);
        let configuration = settings.file.as_deref().and_then(|file| file.strip_prefix(workspace.root()).ok());
        files
            .iter()
            .any(|file| *file == **path || configuration.is_some_and(|configuration| configuration == Path::new(file)))
            || is_met(workspace, path, settings, |reads| files.iter().any(|file| reads.reads_file(file)))
    };
    on_pool(|| paths.par_iter().filter(reads).cloned().collect())
}

fn reads_any(workspace: &Workspace, path: &str, settings: &Settings, changes: &Changes) -> bool {
    (workspace.is_holder(path) && changes.holds(path))
        || is_met(workspace, path, settings, |reads| {
            let holds_below = || changes.folders().any(|folder| reads.reads_below(folder));
            changes.files().any(|file| reads.reads_file(file)) || holds_below()
        })
}

/// Whether what the build of the Dockerfile reads, or of one that stands in the file, is as `meets` asks; also where that is not known.
fn is_met(workspace: &Workspace, path: &str, settings: &Settings, meets: impl Fn(&Reads) -> bool) -> bool {
    let is_met = |path: &str| with_facts(workspace, path, settings, |facts| meets(&facts.reads())).unwrap_or(true);
    if !workspace.is_holder(path) {
        return is_met(path);
    }
    workspace.inline_dockerfiles(path).iter().any(|inline| is_met(inline.source.path()))
}

/// Whether a configuration changed that holds for the Dockerfile, or did.
fn is_configured_otherwise(workspace: &Workspace, path: &str, settings: &Settings, changes: &Changes) -> bool {
    let baseline = settings.baseline.as_ref().and_then(|file| file.below(workspace.root()));
    if settings.file.as_deref().is_some_and(|file| changes.holds_at(workspace, file))
        || baseline.is_some_and(|file| changes.holds(&file))
    {
        return true;
    }
    let mut folder = parent(path);
    loop {
        for name in FILE_NAMES.iter().chain(&HADOLINT_NAMES).copied() {
            let file = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            // Most manifests hold no table of ours, and never did.
            let is_ours = || {
                let is_named = name != "pyproject.toml";
                is_named || changes.before(&file).is_some_and(|text| String::from_utf8_lossy(text).contains("slimlint"))
            };
            if changes.holds(&file) && is_ours() {
                return true;
            }
        }
        if folder.is_empty() {
            return false;
        }
        folder = parent(folder);
    }
}
