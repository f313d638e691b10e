//! Backups and the build context: what lies beside a Dockerfile is what `COPY . .` takes.

use std::sync::Arc;

use crate::context::IgnoreFile;
use crate::dockerfile::Dockerfile;
use crate::facts::Facts;
use crate::lint::ServiceSummary;
use crate::text::{Encoding, SourceFile};
use crate::workspace::{Workspace, backup_name};

use super::{FileChange, Plan, with_line_ends};

/// What leaves backups out of a context; `missing-dockerignore` writes the same.
const PATTERN: &str = "# Backups that slimlint makes\n**/*.pre-slim.*\n";

/// Whether the builds would take the backups that `plan` makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exposure {
    /// None would, or ignore files leave them out; those that did not do so are part of the plan now.
    None,
    /// A `COPY` takes them, and there is no ignore file that could leave them out.
    Copied,
}

/// Adds a pattern for backups to each ignore file of which a build would take a backup of this plan. An image must not change by
/// being fixed. Ignore files that leave them out already, and contexts from which no folder is copied, stay as they are.
pub fn exclude_backups(workspace: &Workspace, plan: &mut Plan, date: &str) -> Exposure {
    let changed = plan.files.iter().filter(|file| file.before.is_some());
    let backups: Vec<String> = changed.map(|file| backup_name(&file.path, date, 1)).collect();
    let mut exposure = Exposure::None;
    let mut changes: Vec<FileChange> = Vec::new();
    for summary in plan.remaining.services.iter().filter(|_| !backups.is_empty()) {
        let taken = taken(workspace, plan, summary, &backups);
        if taken.is_empty() {
            continue;
        }
        // What a link leads to, `.gitignore` for one, is not there for the build alone.
        let Some(path) = summary.service.ignore_file.as_ref().filter(|path| !workspace.is_link(path)) else {
            exposure = Exposure::Copied;
            continue;
        };
        let place = plan.files.iter().chain(&changes).find(|file| file.path == *path).cloned();
        let change = place.or_else(|| {
            let before = workspace.read(path).ok()?;
            Some(FileChange {
                path: path.clone(),
                after: before.bytes().to_vec(),
                before: Some(before),
                fixes: Vec::new(),
            })
        });
        match change.and_then(|change| extended(change, &taken)) {
            Some(change) if plan.files.iter().all(|file| file.path != change.path) => {
                changes.retain(|other| other.path != change.path);
                changes.push(change);
            }
            Some(change) => changes.push(change),
            None => {}
        }
    }
    for change in changes {
        match plan.files.iter_mut().find(|file| file.path == change.path) {
            Some(file) => *file = change,
            None => plan.files.push(change),
        }
    }
    exposure
}

/// The backups, relative to the context, that a `COPY` of folders takes.
fn taken(workspace: &Workspace, plan: &Plan, summary: &ServiceSummary, backups: &[String]) -> Vec<String> {
    let service = &summary.service;
    let below = |path: &String| match service.context.as_str() {
        "" => Some(path.clone()),
        context => Some(path.strip_prefix(context)?.strip_prefix('/')?.to_owned()),
    };
    let inside: Vec<String> = backups.iter().filter_map(below).collect();
    let planned = plan.files.iter().find(|file| file.path == service.dockerfile);
    let source = match planned {
        Some(file) => Some(Arc::new(SourceFile::new(file.path.clone(), file.after.clone()))),
        None => summary.source.clone(),
    };
    let Some(source) = source.filter(|_| !inside.is_empty()) else { return Vec::new() };
    let dockerfile = Dockerfile::parse(source.text());
    let facts = Facts::compute(workspace, service, &source, &dockerfile);
    let copies = facts.folder_copies();
    inside.into_iter().filter(|path| copies.iter().any(|copy| copy.takes(path).is_some())).collect()
}

/// The ignore file with the pattern, when it needs it and the pattern helps.
fn extended(change: FileChange, taken: &[String]) -> Option<FileChange> {
    let source = SourceFile::new(change.path.clone(), change.after.clone());
    let leaves_out = |source: &SourceFile| {
        let ignore = IgnoreFile::parse(source.text());
        ignore.errors.is_empty().then(|| taken.iter().all(|path| ignore.excluded(path)))
    };
    if source.encoding() != Encoding::Utf8 || leaves_out(&source)? {
        return None;
    }
    let newline = source.newline_style().as_str();
    let mut after = change.after.clone();
    if !after.is_empty() && !after.ends_with(b"\n") {
        after.extend(newline.as_bytes());
    }
    if !after.is_empty() {
        after.extend(newline.as_bytes());
    }
    after.extend(with_line_ends(PATTERN, newline).as_bytes());
    let helps = leaves_out(&SourceFile::new(change.path.clone(), after.clone()))?;
    helps.then_some(FileChange { after, ..change })
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::diagnostic::Applicability;

    use super::*;

    const DOCKERFILE: &str = "FROM python:3.12\nCOPY . .\nRUN pip install x\n";

    fn planned(files: &[(&str, &str)]) -> (Exposure, Vec<(String, String)>) {
        let workspace =
            Workspace::in_memory(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
        let settings = Settings { select: Some(vec!["pip-cache-kept".to_owned()]), ..Settings::default() };
        let dockerfiles: Vec<String> =
            files.iter().map(|(path, _)| (*path).to_owned()).filter(|path| path.ends_with("Dockerfile")).collect();
        let mut plan = super::super::plan(&workspace, &dockerfiles, &settings, Applicability::Safe);
        let exposure = exclude_backups(&workspace, &mut plan, "20261121");
        let files = plan.files.iter().filter(|file| file.path.ends_with("ignore"));
        (exposure, files.map(|file| (file.path.clone(), String::from_utf8(file.after.clone()).unwrap())).collect())
    }

    #[test]
    fn an_ignore_file_that_lets_backups_in_gets_a_pattern() {
        let added = "# Backups that slimlint makes\n**/*.pre-slim.*\n";
        for (ignore, after) in [
            (".git\n", Some(format!(".git\n\n{added}"))),
            (".git", Some(format!(".git\n\n{added}"))),
            (".git\r\nx\r\n", Some(format!(".git\n x\n\n{added}").replace("\n ", "\n").replace('\n', "\r\n"))),
            ("", Some(added.to_owned())),
            ("**/*.pre-slim.*\n!Dockerfile*\n", Some(format!("**/*.pre-slim.*\n!Dockerfile*\n\n{added}"))),
            ("**/*.pre-slim.*\n", None),
            ("Dockerfile*\n", None),
            ("*\n!src\n", None),
            ("[\n", None),
        ] {
            let (exposure, files) = planned(&[("Dockerfile", DOCKERFILE), (".dockerignore", ignore), ("src/a", "")]);
            assert_eq!(exposure, Exposure::None, "{ignore}");
            assert_eq!(
                files,
                after.map(|after| (".dockerignore".to_owned(), after)).into_iter().collect::<Vec<_>>(),
                "{ignore}"
            );
        }
    }

    #[test]
    fn only_where_a_build_would_take_them() {
        let named = DOCKERFILE.replace("COPY . .", "COPY src requirements.txt ./");
        let (exposure, files) = planned(&[("Dockerfile", &named), (".dockerignore", "x\n"), ("src/a", "")]);
        assert_eq!((exposure, files.len()), (Exposure::None, 0));
        let (exposure, files) = planned(&[("Dockerfile", DOCKERFILE), ("src/a", "")]);
        assert_eq!((exposure, files.len()), (Exposure::Copied, 0));
        // Nothing to fix, no backup.
        let fixed = DOCKERFILE.replace("install x", "install --no-cache-dir x");
        let (exposure, files) = planned(&[("Dockerfile", &fixed), (".dockerignore", "x\n"), ("src/a", "")]);
        assert_eq!((exposure, files.len()), (Exposure::None, 0));
        // Two Dockerfiles of one context ask once.
        let twice =
            [("a.Dockerfile", DOCKERFILE), ("b.Dockerfile", DOCKERFILE), (".dockerignore", "x\n"), ("src/a", "")];
        assert_eq!(planned(&twice).1.len(), 1);
    }
}
