//! Words about what a `COPY` of a folder takes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostic::{Applicability, Basis, Component, Edit, Fix, Saving, Savings, format_bytes};
use crate::facts::Facts;
use crate::facts::context::{Addition, Evidence, FolderCopy, IgnorePlan, Load, Share, Spare, SpareKind};
use crate::text::TextRange;
use crate::workspace::{join, parent};

use super::phrase::{count, listed};

/// A whole instruction is quoted up to this length.
const MAX_QUOTED: usize = 40;

/// What becomes of it.
pub(super) fn fate(load: &Load<'_>) -> &'static str {
    if load.in_image { "a final image keeps it" } else { "costs transfer and cache only, no final image keeps it" }
}

/// `214 files, 31 MB`
pub(super) fn amount(load: &Load<'_>) -> String {
    format!("{}, {}", count(load.files, "file"), format_bytes(load.bytes))
}

/// The instruction, or as much of it as fits.
pub(super) fn quoted(facts: &Facts<'_>, copy: &FolderCopy<'_>) -> String {
    let text = facts.source.slice(copy.transfer.range);
    let keyword = if copy.transfer.add { "ADD" } else { "COPY" };
    if text.len() <= MAX_QUOTED && !text.contains(['\n', '`']) && text.starts_with(keyword) {
        return format!("`{}`", text.trim());
    }
    format!("`{keyword} {}`", facts.source.slice(copy.range))
}

/// `.gitignore` names `.venv` and `node_modules`
pub(super) fn working_copies(load: &Load<'_>) -> Vec<String> {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for promised in &load.promised {
        if let Evidence::Gitignore(file) = promised.evidence {
            by_file.entry(file).or_default().push(format!("`{}`", promised.entry.pattern()));
        }
    }
    let repository = load.promised.iter().any(|promised| *promised.evidence == Evidence::Repository);
    let repository =
        repository.then(|| "the context is the root of a repository, and a clone holds its history".to_owned());
    let named = by_file.into_iter().map(|(file, names)| format!("`{file}` names {}", listed(&names)));
    repository.into_iter().chain(named).collect()
}

/// An ignore file beside the Dockerfile, in the folder that is copied, or beside what is taken looks as if it counted.
pub(super) fn unread_ignore_file(facts: &Facts<'_>, load: &Load<'_>) -> Option<String> {
    let context = facts.service.context.as_str();
    let there = load.waste.values().flat_map(|share| &share.places).map(String::as_str);
    let promised = load.promised.iter().flat_map(|promised| promised.places.iter().copied());
    let copied = std::iter::once(load.copy.source.as_str()).chain(there.chain(promised).map(parent));
    let folders = copied.filter_map(|folder| join(context, folder));
    let paths = std::iter::once(parent(&facts.service.dockerfile).to_owned())
        .chain(folders)
        .filter(|folder| folder != context)
        .flat_map(|folder| {
            [".dockerignore", ".containerignore"].into_iter().filter_map(move |name| join(&folder, name))
        });
    let path = paths.into_iter().find(|path| facts.workspace.is_file(path))?;
    let root = if context.is_empty() { "the repository's root".to_owned() } else { format!("`{context}`") };
    Some(format!("`{path}` is not read by this build: the context is {root}"))
}

/// The bytes that are there, of the image when it keeps any, else of the context.
pub(super) fn savings(facts: &Facts<'_>, plan: &IgnorePlan, load: &Load<'_>) -> Option<Savings> {
    let counts = |share: &&Share| share.bytes > 0 && share.in_image == load.in_image;
    let mut items: Vec<Saving> = load
        .waste
        .values()
        .filter(counts)
        .map(|share| {
            let place = match share.places.as_slice() {
                [place] => place.clone(),
                _ => format!("**/{}", share.entry.pattern()),
            };
            let path = join(&facts.service.context, &place).unwrap_or_default();
            Saving { component: Component::Path(path), bytes: share.bytes, basis: Basis::Context }
        })
        .collect();
    for (spare, _) in load.spares.iter().filter(|(_, in_image)| *in_image == load.in_image) {
        let path = join(&facts.service.context, &spare.path).unwrap_or_default();
        items.push(Saving { component: Component::Path(path), bytes: spare.bytes, basis: Basis::Context });
    }
    (!items.is_empty()).then_some(Savings { items, complete: plan.tree.complete, in_image: load.in_image })
}

/// Why something large looks as if no image needed it.
pub(super) fn reason(spare: &Spare) -> String {
    let what = match &spare.kind {
        SpareKind::Ignored(file) => format!("`{file}` names it, so a build from a clone does without"),
        SpareKind::Tests => "no step runs tests".to_owned(),
        SpareKind::Documents => "no step makes anything of it".to_owned(),
        SpareKind::Shown(file) => format!("`{file}` shows it"),
        SpareKind::File(what) => format!("it is {what}"),
    };
    format!("`{}`: {what}, and no step, program or manifest names it", spare.path)
}

/// The ignore file of the service, or the one that it would have.
pub(super) fn ignore_path(facts: &Facts<'_>) -> String {
    let path = facts.service.ignore_file.clone();
    path.or_else(|| join(&facts.service.context, ".dockerignore")).unwrap_or_default()
}

/// Appends patterns to the ignore file that is there; safe where there is nothing to caution against.
pub(super) fn append(facts: &Facts<'_>, additions: &[Addition], caution: Option<String>) -> Option<Fix> {
    let file = facts.workspace.read(facts.service.ignore_file.as_ref()?).ok()?;
    // `.dockerignore -> .gitignore`: git would ignore what only the build has no use for.
    if facts.workspace.is_link(file.path()) {
        return None;
    }
    let text = appended(file.text(), additions)?;
    let end = TextRange::empty(u32::try_from(file.text().len()).ok()?);
    let count = if additions.len() == 1 { "1 pattern".to_owned() } else { format!("{} patterns", additions.len()) };
    Some(Fix {
        title: format!("append {count} to `{}`", file.path()),
        applicability: if caution.is_none() { Applicability::Safe } else { Applicability::Unsafe },
        caution,
        edits: vec![Edit { file: file.path().into(), range: end, text }],
    })
}

/// What is to stand behind `text`, with comments when it has some itself.
fn appended(text: &str, additions: &[Addition]) -> Option<String> {
    let commented = text.lines().any(|line| line.starts_with('#'));
    let mut appended = String::new();
    if !text.is_empty() && !text.ends_with('\n') {
        appended.push('\n');
    }
    let mut heading = None;
    for addition in additions {
        if commented && heading != Some(addition.heading) {
            let blank = heading.is_some() || !text.lines().next_back().is_none_or(|line| line.trim().is_empty());
            let gap = if blank { "\n" } else { "" };
            let _ = writeln!(appended, "{gap}# {}", addition.heading);
            heading = Some(addition.heading);
        }
        let _ = writeln!(appended, "{}", addition.pattern);
    }
    (!additions.is_empty()).then_some(appended)
}
