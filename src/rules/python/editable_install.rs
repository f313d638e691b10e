//! Projects that are linked to their folder, where the image suffers from it.

use crate::diagnostic::{Applicability, Edit, Fix, Severity, Span};
use crate::facts::Facts;
use crate::facts::python::{Editable, EditableHarm, EditableWay, PythonInstall, Tool};
use crate::rules::deletion::delete;
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 3;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let all = facts.harmful_editables();
    // One option of the command makes or avoids all the links of a workspace.
    let of_one = |one: &Editable, other: &Editable| {
        one.install == other.install
            && one.harm == other.harm
            && one.way == other.way
            && one.way == EditableWay::Default
    };
    for group in all.chunk_by(of_one) {
        report(facts, group, reporter);
    }
}

fn report(facts: &Facts<'_>, group: &[Editable], reporter: &mut Reporter<'_>) {
    let Some(editable) = group.iter().find(|one| one.starts.is_some()).or_else(|| group.first()) else { return };
    let Some(install) = facts.python_installs().get(editable.install) else { return };
    let Some((_, _, invocation)) = facts.site_of(install) else { return };
    let folder = &editable.folder;
    let names: Vec<String> =
        group.iter().map(|one| format!("`{}`", one.name.as_ref().unwrap_or(&one.folder))).collect();
    let what = listed_up_to(&names, LISTED);
    let message = match editable.harm {
        EditableHarm::LeftBehind(_) if group.len() > 1 => {
            format!("{what} are linked to folders that the image does not take from the build stage")
        }
        EditableHarm::Deleted(_) if group.len() > 1 => format!("{what} are linked to folders that the build deletes"),
        EditableHarm::Mounted(_) if group.len() > 1 => {
            format!("{what} are linked to folders that are there only while the command runs")
        }
        EditableHarm::TooEarly(_) if group.len() > 1 => {
            format!("{what} are linked before their sources are there, so the links are empty")
        }
        EditableHarm::LeftBehind(_) => {
            format!("{what} is linked to `{folder}`, which the image does not take from the build stage")
        }
        EditableHarm::Deleted(_) => format!("{what} is linked to `{folder}`, which the build deletes"),
        EditableHarm::Mounted(_) => {
            format!("{what} is linked to `{folder}`, which is there only while the command runs")
        }
        EditableHarm::TooEarly(_) => format!("{what} is linked before its sources are there, so the link is empty"),
        EditableHarm::Clone => format!("`-e` keeps the whole repository of {what}, with its history, in the image"),
    };
    let mut finding = reporter.report(editable.word, message);
    match &editable.way {
        EditableWay::Flag(_) | EditableWay::Default => {
            let them = if group.len() == 1 { "it" } else { "them" };
            finding.primary_label(format!("`{}` links {them}", install.tool.name()));
        }
        EditableWay::Line(place) => {
            finding.primary_label(format!("reads `{}`", place.file));
            finding.label_in(Span::new(place.file.clone(), place.range), "links it");
        }
    }
    match editable.harm {
        EditableHarm::LeftBehind(range) => {
            finding.label(range, "takes the packages without it");
        }
        EditableHarm::Deleted(range) => {
            finding.label(range, "deletes it");
        }
        EditableHarm::Mounted(range) => {
            finding.label(range, "mounts it for this command");
        }
        EditableHarm::TooEarly(range) => {
            finding.label(range, "brings the sources");
            if editable.starts.is_none() {
                finding.severity(Severity::Info);
            }
        }
        EditableHarm::Clone => {
            finding.severity(Severity::Info);
        }
    }
    if group.len() > 1 {
        let links: Vec<String> =
            group.iter().zip(&names).map(|(one, name)| format!("{name} to `{}`", one.folder)).collect();
        finding.note("links", links.join(", "));
    }
    if editable.harm != EditableHarm::Clone {
        finding.note("effect", effect(editable));
    }
    finding.script_of(invocation);
    finding.help(help(install, editable));
    finding.fix(fix(facts, install, editable));
}

fn effect(editable: &Editable) -> String {
    match (&editable.starts, &editable.harm) {
        (Some(script), _) => {
            format!("`{script}`, which the image starts, ends with `ModuleNotFoundError`")
        }
        (None, EditableHarm::TooEarly(_)) => {
            format!("importing it works only for what runs in `{}`", editable.folder)
        }
        (None, _) => "importing what is linked ends with `ModuleNotFoundError`".to_owned(),
    }
}

fn help(install: &PythonInstall, editable: &Editable) -> String {
    let folder = &editable.folder;
    if matches!(editable.harm, EditableHarm::TooEarly(_)) {
        return match install.tool {
            Tool::UvSync => "install the dependencies with `--no-install-project`, and the project behind the sources",
            _ => "install the dependencies alone first, and the project behind the `COPY` of its sources",
        }
        .to_owned();
    }
    match (install.tool, &editable.way) {
        (Tool::UvSync, _) => "copy the project into the environment: `uv sync --no-editable`".to_owned(),
        (Tool::Pdm, _) => "copy the project into the environment: `pdm install --no-editable`".to_owned(),
        (Tool::Poetry, _) => format!(
            "poetry can only link it: install with `--no-root` and copy `{folder}`, or `poetry build` and install the wheel"
        ),
        _ if editable.harm == EditableHarm::Clone => "install it without `-e`: pip deletes the clone then".to_owned(),
        _ => "install it without `-e`".to_owned(),
    }
}

fn fix(facts: &Facts<'_>, install: &PythonInstall, editable: &Editable) -> Option<Fix> {
    if matches!(editable.harm, EditableHarm::TooEarly(_)) {
        return None;
    }
    let (_, _, invocation) = facts.site_of(install)?;
    let (edit, title) = match (&editable.way, install.tool) {
        (EditableWay::Default, Tool::UvSync | Tool::Pdm) => {
            let word =
                invocation.arguments.iter().find(|word| matches!(word.value.known(), Some("sync" | "install")))?;
            (facts.insert_after(invocation, word, "--no-editable")?, "copy the project into the environment")
        }
        (EditableWay::Default, _) => return None,
        (EditableWay::Flag(flag), _) => {
            let position = invocation.arguments.iter().position(|word| word.range == *flag && word.whole)?;
            let word = invocation.arguments.get(position)?;
            // `--editable=.` and `-e.` hold the path, and a bare name would be looked for in an index.
            let target = invocation.argument(position + 1)?;
            let stays_path = target.starts_with(['.', '/']) || target.contains("://");
            let plain = matches!(word.value.known(), Some("-e" | "--editable")) && stays_path;
            (plain.then(|| delete(facts, invocation, position, word)).flatten()?, "install it without `-e`")
        }
        (EditableWay::Line(place), _) => {
            let source = facts.workspace.read(&place.file).ok()?;
            let written = place.range.slice(source.text());
            let target = source.text().get(place.range.end() as usize..)?;
            let stays_path = target.starts_with(['.', '/']) || target.split_whitespace().next()?.contains("://");
            let plain = matches!(written.trim(), "-e" | "--editable") && stays_path;
            if !plain || !facts.is_only_reader_of(&place.file) {
                return None;
            }
            (Edit { file: place.file.clone(), range: place.range, text: String::new() }, "install it without `-e`")
        }
    };
    let caution = if editable.harm == EditableHarm::Clone {
        "files of the repository that are no part of the package are not there then"
    } else {
        "files beside the packages are not found from the installed copy"
    };
    Some(Fix {
        title: title.to_owned(),
        applicability: Applicability::Unsafe,
        caution: Some(caution.to_owned()),
        edits: vec![edit],
    })
}
