//! A build copies its context as a whole, and nothing is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostic::{Applicability, Basis, Component, Edit, Fix, Saving, Savings, Severity, format_bytes};
use crate::facts::Facts;
use crate::facts::context::{Entry, Evidence, FolderCopy, IgnorePlan, Kind, Verdict, WORTH_BYTES};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;
use crate::workspace::{join, parent};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Smaller shares are not told, unless they are of what is worth a word by itself.
const TOLD_BYTES: u64 = 100_000;
/// Smaller folders are not told.
const TOLD_FOLDER_BYTES: u64 = 1_000;
/// A whole instruction is quoted up to this length.
const MAX_QUOTED: usize = 40;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    if facts.service.ignore_file.is_some() {
        return;
    }
    let copies = facts.folder_copies();
    if copies.is_empty() || !facts.context_is_evident() {
        return;
    }
    let plan = facts.ignore_plan();
    let mut loads: Vec<Load<'_>> = copies.iter().map(|copy| Load::new(facts, &plan, copy)).collect();
    loads.retain(Load::is_worth_leaving_out);
    // The copy that costs most is the place of the finding.
    loads.sort_by_key(|load| std::cmp::Reverse((load.in_image, load.waste_bytes(), load.promised.len())));
    let Some((first, others)) = loads.split_first() else { return };
    report(facts, &plan, first, others, reporter);
}

/// What one copy takes.
struct Load<'f> {
    copy: &'f FolderCopy<'f>,
    files: usize,
    bytes: u64,
    /// What is there of each row: files and bytes.
    waste: BTreeMap<&'static str, Share>,
    /// What is not there but in working copies.
    promised: Vec<(&'static Entry, &'f Evidence)>,
    /// Whether a final image takes any of it.
    in_image: bool,
}

struct Share {
    entry: &'static Entry,
    bytes: u64,
    /// Where, relative to the context, when it is one place.
    place: Option<String>,
    in_image: bool,
}

impl<'f> Load<'f> {
    fn new(facts: &Facts<'_>, plan: &'f IgnorePlan, copy: &'f FolderCopy<'f>) -> Self {
        let (files, bytes) = copy
            .files(&plan.tree)
            .fold((0, 0_u64), |(files, bytes), file| (files + 1, bytes.saturating_add(file.bytes)));
        let mut load = Self { copy, files, bytes, waste: BTreeMap::new(), promised: Vec::new(), in_image: false };
        let reaches = |place: Option<String>| match place {
            Some(place) => facts.reaches_final(copy.stage, &place),
            None => facts.is_in_final(copy.stage),
        };
        let is_avoidable = |entry: &Entry| matches!(plan.verdict(entry), Some(Verdict::Leave | Verdict::Unsure(_)));
        for waste in plan.waste.iter().filter(|waste| is_avoidable(waste.entry)) {
            let Some(place) = copy.takes(&waste.path) else { continue };
            let in_image = reaches(place);
            load.in_image |= in_image;
            let share = load.waste.entry(waste.entry.name).or_insert_with(|| Share {
                entry: waste.entry,
                bytes: 0,
                place: Some(waste.path.clone()),
                in_image: false,
            });
            share.bytes = share.bytes.saturating_add(waste.bytes);
            share.in_image |= in_image;
            if share.place.as_ref() != Some(&waste.path) {
                share.place = None;
            }
        }
        for promise in plan.promised.iter().filter(|promise| promise.entry.heavy && is_avoidable(promise.entry)) {
            let known = load.waste.contains_key(promise.entry.name)
                || load.promised.iter().any(|(entry, _)| entry.name == promise.entry.name);
            if known {
                continue;
            }
            let Some(place) = copy.takes(&promise.path) else { continue };
            load.in_image |= reaches(place);
            load.promised.push((promise.entry, &promise.evidence));
        }
        load
    }

    fn is_worth_leaving_out(&self) -> bool {
        !self.promised.is_empty()
            || self.waste.values().any(|share| share.entry.heavy)
            || self.waste_bytes() >= WORTH_BYTES
    }

    fn waste_bytes(&self) -> u64 {
        self.waste.values().map(|share| share.bytes).sum()
    }

    /// The shares that are worth a word, largest first; secrets always are.
    fn told(&self) -> Vec<&Share> {
        let mut told: Vec<&Share> =
            self.waste.values().filter(|share| share.bytes >= TOLD_BYTES || share.entry.heavy).collect();
        told.sort_by_key(|share| std::cmp::Reverse(share.bytes));
        told
    }

    /// `.env` that is there, much that is there, or history in an image: these matter today.
    fn severity(&self) -> Severity {
        let secret = self.waste.values().any(|share| share.entry.kind == Kind::Dotenv && share.in_image);
        let history = self.promised.iter().any(|(entry, _)| entry.kind == Kind::Git) || self.waste.contains_key(".git");
        let matters = secret || (self.in_image && (history || self.waste_bytes() >= WORTH_BYTES));
        if matters { Severity::Warning } else { Severity::Info }
    }
}

fn report(facts: &Facts<'_>, plan: &IgnorePlan, load: &Load<'_>, others: &[Load<'_>], reporter: &mut Reporter<'_>) {
    let mut finding = reporter.report(load.copy.range, message(facts, load));
    finding.severity(load.severity());
    finding.primary_label(if load.in_image {
        "a final image keeps it"
    } else {
        "costs transfer and cache only, no final image keeps it"
    });
    for other in others {
        finding.label(other.copy.range, format!("takes {}", amount(other)));
    }
    if let Some(note) = largest(plan, load.copy) {
        finding.note("bytes", note);
    }
    for note in gitignores(load) {
        finding.note("working copies", note);
    }
    let certain = plan.is_worth_it();
    for (entry, reason) in plan.kept().filter(|(entry, _)| entry.heavy && is_taken(plan, load.copy, entry)) {
        // What an unsafe fix leaves out stands in its caution.
        if certain || matches!(plan.verdict(entry), Some(Verdict::Keep(_))) {
            finding.note("left in", format!("`{}`: {reason}", entry.pattern()));
        }
    }
    if let Some(unread) = unread_ignore_file(facts, load.copy) {
        finding.note("context", unread);
    }
    finding.savings(savings(facts, plan, load));
    let path = ignore_file_path(facts);
    finding.help(format!("list what no step of the build reads in `{path}`"));
    finding.fix(fix(plan, path));
}

/// Whether the copy takes, or in a working copy would take, something of a row.
fn is_taken(plan: &IgnorePlan, copy: &FolderCopy<'_>, entry: &Entry) -> bool {
    let there = plan.waste.iter().filter(|waste| waste.entry.name == entry.name).map(|waste| &waste.path);
    let promised = plan.promised.iter().filter(|promise| promise.entry.name == entry.name).map(|promise| &promise.path);
    there.chain(promised).any(|path| copy.takes(path).is_some())
}

/// `COPY . .` takes 214 files, 31 MB, of these 12 MB in `.git`, and there is no ignore file
fn message(facts: &Facts<'_>, load: &Load<'_>) -> String {
    let mut message = format!("{} takes {}", quoted(facts, load.copy), amount(load));
    let name = |share: &Share| share.place.clone().unwrap_or_else(|| share.entry.pattern());
    let (secrets, others): (Vec<&Share>, Vec<&Share>) =
        load.told().into_iter().partition(|share| share.entry.kind == Kind::Dotenv);
    let shares: Vec<String> =
        others.iter().take(3).map(|share| format!("{} in `{}`", format_bytes(share.bytes), name(share))).collect();
    if !shares.is_empty() {
        let _ = write!(message, ", of these {}", list(&shares));
    }
    for share in secrets {
        let _ = write!(message, ", `{}` among them", name(share));
    }
    if !load.promised.is_empty() {
        let names: Vec<String> =
            load.promised.iter().take(4).map(|(entry, _)| format!("`{}`", entry.pattern())).collect();
        let _ = write!(message, ", and from a working copy {} too", list(&names));
    }
    message + ": there is no ignore file"
}

fn amount(load: &Load<'_>) -> String {
    let files = if load.files == 1 { "1 file".to_owned() } else { format!("{} files", load.files) };
    format!("{files}, {}", format_bytes(load.bytes))
}

fn quoted(facts: &Facts<'_>, copy: &FolderCopy<'_>) -> String {
    let text = facts.source.slice(copy.transfer.range);
    let keyword = if copy.transfer.add { "ADD" } else { "COPY" };
    if text.len() <= MAX_QUOTED && !text.contains(['\n', '`']) && text.starts_with(keyword) {
        return format!("`{}`", text.trim());
    }
    format!("`{keyword} {}`", facts.source.slice(copy.range))
}

fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The largest folders at the top of what is copied.
fn largest(plan: &IgnorePlan, copy: &FolderCopy<'_>) -> Option<String> {
    let summary = plan.tree.summary_of(&copy.source);
    let entries = summary.entries.iter().filter(|entry| entry.bytes >= TOLD_FOLDER_BYTES).take(5);
    let shares: Vec<String> = entries.map(|entry| format!("`{}` {}", entry.name, format_bytes(entry.bytes))).collect();
    let bound = if plan.tree.complete { "" } else { "at least, the walk was cut short: " };
    (!shares.is_empty()).then(|| format!("{bound}{}", shares.join(", ")))
}

/// `.gitignore` names `.venv` and `node_modules`
fn gitignores(load: &Load<'_>) -> Vec<String> {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (entry, evidence) in &load.promised {
        if let Evidence::Gitignore(file) = evidence {
            by_file.entry(file).or_default().push(format!("`{}`", entry.pattern()));
        }
    }
    let repository = load.promised.iter().any(|(_, evidence)| **evidence == Evidence::Repository);
    let repository =
        repository.then(|| "the context is the root of a repository, and a clone holds its history".to_owned());
    let named = by_file.into_iter().map(|(file, names)| format!("`{file}` names {}", list(&names)));
    repository.into_iter().chain(named).collect()
}

/// An ignore file beside the Dockerfile, or in the folder that is copied, looks as if it counted.
fn unread_ignore_file(facts: &Facts<'_>, copy: &FolderCopy<'_>) -> Option<String> {
    let context = facts.service.context.as_str();
    let copied = join(context, &copy.source).unwrap_or_default();
    let folders = [parent(&facts.service.dockerfile), copied.as_str()];
    let paths =
        folders.into_iter().filter(|folder| *folder != context).filter_map(|folder| join(folder, ".dockerignore"));
    let path = paths.into_iter().find(|path| facts.workspace.is_file(path))?;
    let root = if context.is_empty() { "the repository's root".to_owned() } else { format!("`{context}`") };
    Some(format!("`{path}` is not read: the context is {root}"))
}

fn savings(facts: &Facts<'_>, plan: &IgnorePlan, load: &Load<'_>) -> Option<Savings> {
    let counts = |share: &&Share| share.bytes > 0 && share.in_image == load.in_image;
    let items: Vec<Saving> = load
        .waste
        .values()
        .filter(counts)
        .map(|share| {
            let path = join(
                &facts.service.context,
                &share.place.clone().unwrap_or_else(|| format!("**/{}", share.entry.pattern())),
            );
            Saving { component: Component::Path(path.unwrap_or_default()), bytes: share.bytes, basis: Basis::Context }
        })
        .collect();
    (!items.is_empty()).then_some(Savings { items, complete: plan.tree.complete, in_image: load.in_image })
}

fn ignore_file_path(facts: &Facts<'_>) -> String {
    join(&facts.service.context, ".dockerignore").unwrap_or_else(|| ".dockerignore".to_owned())
}

/// Creates the ignore file: safely with what no build can need, unless only what one may need is worth it.
fn fix(plan: &IgnorePlan, path: String) -> Fix {
    let unsure: Vec<String> = plan
        .kept()
        .filter(|(entry, _)| matches!(plan.verdict(entry), Some(Verdict::Unsure(_))))
        .map(|(entry, reason)| format!("`{}`: {reason}", entry.pattern()))
        .collect();
    let certain = plan.is_worth_it();
    let text = plan.ignore_file(!certain);
    let patterns = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    Fix {
        title: format!("create `{path}` with {patterns} patterns"),
        applicability: if certain { Applicability::Safe } else { Applicability::Unsafe },
        caution: (!certain).then(|| unsure.join("; ")),
        edits: vec![Edit { file: path.into(), range: TextRange::empty(0), text }],
    }
}
