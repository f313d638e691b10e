//! A build copies its context as a whole, and nothing is left out.

use std::fmt::Write as _;

use crate::diagnostic::{Applicability, Edit, Fix, Severity, format_bytes};
use crate::facts::Facts;
use crate::facts::context::{Entry, FolderCopy, IgnorePlan, Kind, Load, Share, Verdict};
use crate::rules::phrase::listed;
use crate::rules::{Check, Reporter, copied};
use crate::text::TextRange;
use crate::workspace::join;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Smaller shares are not told, unless they are of what is worth a word by itself.
const TOLD_BYTES: u64 = 100_000;
/// Smaller folders are not told.
const TOLD_FOLDER_BYTES: u64 = 1_000;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    if facts.service.ignore_file.is_some() {
        return;
    }
    let copies = facts.folder_copies();
    if copies.is_empty() || !facts.context_is_evident() {
        return;
    }
    let plan = facts.ignore_plan();
    let is_avoidable = |entry: &Entry| matches!(plan.verdict(entry), Some(Verdict::Leave | Verdict::Unsure(_)));
    let loads = facts.loads(&plan, &copies, is_avoidable);
    let Some((first, others)) = loads.split_first() else { return };
    report(facts, &plan, first, others, reporter);
}

/// The shares that are worth a word, largest first; secrets always are.
fn told<'l>(load: &'l Load<'_>) -> Vec<&'l Share> {
    load.shares_from(TOLD_BYTES)
}

/// Whether the share is a `.env` with secrets in an image, of which `secret-in-context` tells.
fn is_told_elsewhere(facts: &Facts<'_>, share: &Share) -> bool {
    let copies = || facts.secret_copies().into_iter().flat_map(|copy| copy.files);
    share.entry.kind == Kind::Dotenv && share.places.iter().all(|place| copies().any(|secret| secret.path == *place))
}

/// `.env` that is there, much that is there, or history in an image: these matter today.
fn severity(facts: &Facts<'_>, load: &Load<'_>) -> Severity {
    let secrets = load.waste.values().filter(|share| share.entry.kind == Kind::Dotenv && share.in_image);
    let secret = secrets.into_iter().any(|share| !is_told_elsewhere(facts, share));
    if secret || load.matters_today() { Severity::Warning } else { Severity::Info }
}

fn report(facts: &Facts<'_>, plan: &IgnorePlan, load: &Load<'_>, others: &[Load<'_>], reporter: &mut Reporter<'_>) {
    let mut finding = reporter.report(load.copy.range, message(facts, load));
    finding.severity(severity(facts, load));
    finding.primary_label(copied::fate(load));
    for other in others {
        finding.label(other.copy.range, format!("takes {}", copied::amount(other)));
    }
    if let Some(note) = largest(plan, load.copy) {
        finding.note("bytes", note);
    }
    for note in copied::working_copies(load) {
        finding.note("working copies", note);
    }
    let certain = plan.is_worth_it();
    for (entry, reason) in plan.kept().filter(|(entry, _)| entry.heavy && is_taken(plan, load.copy, entry)) {
        // What an unsafe fix leaves out stands in its caution.
        if certain || matches!(plan.verdict(entry), Some(Verdict::Keep(_))) {
            finding.note("left in", format!("`{}`: {reason}", entry.pattern()));
        }
    }
    if let Some(unread) = copied::unread_ignore_file(facts, load) {
        finding.note("context", unread);
    }
    finding.savings(copied::savings(facts, plan, load));
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
    let mut message = format!("{} takes {}", copied::quoted(facts, load.copy), copied::amount(load));
    let name = Share::name;
    let (secrets, others): (Vec<&Share>, Vec<&Share>) =
        told(load).into_iter().partition(|share| share.entry.kind == Kind::Dotenv);
    let shares: Vec<String> =
        others.iter().take(3).map(|share| format!("{} in `{}`", format_bytes(share.bytes), name(share))).collect();
    if !shares.is_empty() {
        let _ = write!(message, ", of these {}", listed(&shares));
    }
    for share in secrets.into_iter().filter(|share| !is_told_elsewhere(facts, share)) {
        let _ = write!(message, ", `{}` among them", name(share));
    }
    if !load.promised.is_empty() {
        let names: Vec<String> =
            load.promised.iter().take(4).map(|promised| format!("`{}`", promised.entry.pattern())).collect();
        let _ = write!(message, ", and from a working copy {} too", listed(&names));
    }
    message + ": there is no ignore file"
}

/// The largest folders at the top of what is copied.
fn largest(plan: &IgnorePlan, copy: &FolderCopy<'_>) -> Option<String> {
    let summary = plan.tree.summary_of(&copy.source);
    let entries = summary.entries.iter().filter(|entry| entry.bytes >= TOLD_FOLDER_BYTES).take(5);
    let shares: Vec<String> = entries.map(|entry| format!("`{}` {}", entry.name, format_bytes(entry.bytes))).collect();
    let bound = if plan.tree.complete { "" } else { "at least, the walk was cut short: " };
    (!shares.is_empty()).then(|| format!("{bound}{}", shares.join(", ")))
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
