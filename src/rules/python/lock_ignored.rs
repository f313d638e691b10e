//! Locks beside a manifest that the install in the image does not go by.

use std::collections::BTreeSet;

use crate::diagnostic::{Applicability, Edit, Fix, Severity};
use crate::facts::Facts;
use crate::facts::Source;
use crate::facts::python::{IgnoredLock, LockGap, PythonInstall, Tool};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for ignored in facts.ignored_locks() {
        if told.insert(ignored.path.clone()) {
            report(facts, &ignored, reporter);
        }
    }
}

fn report(facts: &Facts<'_>, ignored: &IgnoredLock, reporter: &mut Reporter<'_>) {
    let Some(install) = facts.python_installs().get(ignored.install) else { return };
    let Some((_, _, invocation)) = facts.site_of(install) else { return };
    let (tool, lock) = (install.tool.name(), ignored.path.as_str());
    let message = match &ignored.gap {
        LockGap::NotCopied => format!("`{tool}` resolves anew, since `{lock}` is not copied into the image"),
        LockGap::Excluded(file) => format!("`{tool}` resolves anew, since `{file}` keeps `{lock}` out of the context"),
        LockGap::Rewritten(_) => format!("`{tool}` does not go by `{lock}`, since the build drops what it pins"),
        LockGap::OtherTool => format!("`{tool}` resolves anew what `{lock}` pins"),
        LockGap::NotEnforced => format!("`{tool}` makes `{lock}` anew when it does not fit the manifest"),
    };
    let mut finding = reporter.report(invocation.range, message);
    match &ignored.gap {
        LockGap::NotCopied | LockGap::Excluded(_) => {}
        LockGap::Rewritten(range) => {
            finding.severity(Severity::Info).label(*range, "drops it");
        }
        LockGap::OtherTool | LockGap::NotEnforced => {
            finding.severity(Severity::Info);
        }
    }
    finding.script_of(invocation);
    finding.help(help(install, ignored));
    finding.fix(fix(facts, install, ignored));
}

/// What makes the tool go by the lock or stop.
const fn strict(tool: Tool) -> Option<&'static str> {
    match tool {
        Tool::UvSync => Some("--locked"),
        Tool::Pdm => Some("--frozen-lockfile"),
        Tool::Pipenv => Some("--deploy"),
        _ => None,
    }
}

fn help(install: &PythonInstall, ignored: &IgnoredLock) -> String {
    let tool = install.tool;
    let name = ignored.path.rsplit('/').next().unwrap_or(&ignored.path);
    let manifest = ignored.manifest.rsplit('/').next().unwrap_or(&ignored.manifest);
    let flag = strict(tool).map(|flag| format!(" and install with `{flag}`")).unwrap_or_default();
    match &ignored.gap {
        LockGap::NotCopied => format!("copy `{name}` beside `{manifest}`{flag}"),
        LockGap::Excluded(file) => format!("take `{name}` out of `{file}`{flag}"),
        LockGap::Rewritten(_) => {
            "make the lock anew in the repository, where tests run against it, not in the build".to_owned()
        }
        LockGap::OtherTool if !name.contains("lock") => format!("install what is compiled: `-r {name}`"),
        LockGap::OtherTool if manifest == "requirements.txt" => {
            format!(
                "export the requirements from `{name}`, or install with its tool: two lists of the same packages drift apart"
            )
        }
        LockGap::OtherTool if name == "uv.lock" => {
            let extras = install.projects.iter().filter(|project| project.direct).flat_map(|project| &project.extras);
            let extras = extras.fold(String::new(), |all, extra| format!("{all} --extra {}", extra.name));
            format!(
                "install what is pinned first: `uv export --frozen --no-dev --no-emit-project{extras}`, or `uv sync --frozen{extras}`"
            )
        }
        LockGap::OtherTool => format!("install what `{name}` pins first, then the project with `--no-deps`"),
        LockGap::NotEnforced => format!("with `{}` the build stops instead", strict(tool).unwrap_or("--frozen")),
    }
}

fn fix(facts: &Facts<'_>, install: &PythonInstall, ignored: &IgnoredLock) -> Option<Fix> {
    match ignored.gap {
        LockGap::NotCopied => {
            let edit = beside_manifest(facts, install, ignored)?;
            Some(Fix {
                title: "copy the lock with the manifest".to_owned(),
                applicability: Applicability::Unsafe,
                caution: Some("the image gets the versions of the lock, not the newest ones".to_owned()),
                edits: vec![edit],
            })
        }
        LockGap::NotEnforced => {
            let (_, _, invocation) = facts.site_of(install)?;
            let word =
                invocation.arguments.iter().find(|word| matches!(word.value.known(), Some("sync" | "install")))?;
            let edit = facts.insert_after(invocation, word, strict(install.tool)?)?;
            Some(Fix {
                title: "let the build stop when the lock does not fit".to_owned(),
                applicability: Applicability::Unsafe,
                caution: Some("a build with a stale lock stops".to_owned()),
                edits: vec![edit],
            })
        }
        _ => None,
    }
}

/// Puts the lock behind the manifest in the `COPY` that takes it by name.
fn beside_manifest(facts: &Facts<'_>, install: &PythonInstall, ignored: &IgnoredLock) -> Option<Edit> {
    let (stage, run, _) = facts.site_of(install)?;
    let context = facts.service.context.as_str();
    let below = |path: &'_ str| {
        let path = if context.is_empty() { path } else { path.strip_prefix(context)? };
        Some(path.trim_start_matches('/').to_owned())
    };
    let (manifest, lock) = (below(&ignored.manifest)?, below(&ignored.path)?);
    let copies = stage.transfers.iter().filter(|transfer| {
        transfer.source == Source::Context && transfer.into_folder && transfer.instruction < run.instruction
    });
    let word = copies.flat_map(|transfer| &transfer.paths).find(|(path, _)| path.known() == Some(manifest.as_str()));
    let (_, range) = word?;
    // `["pyproject.toml", "."]` and `$FOLDER/pyproject.toml` are left alone.
    let written = range.slice(facts.source.text());
    let prefix = written.strip_suffix(manifest.as_str())?;
    if written.contains(['"', '\'', '$', ' ']) {
        return None;
    }
    Some(Edit { file: facts.file(), range: TextRange::empty(range.end()), text: format!(" {prefix}{lock}") })
}
