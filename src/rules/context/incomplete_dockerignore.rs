//! A build copies its context as a whole, and the ignore file lets through what no step reads.

use std::fmt::Write as _;

use crate::context::{IgnoreFile, Miss};
use crate::diagnostic::{Fix, Severity, Span, format_bytes};
use crate::facts::Facts;
use crate::facts::context::{Entry, IgnorePlan, Kind, Load, Share, Spare, Verdict};
use crate::rules::phrase::listed;
use crate::rules::{Check, Finding, Reporter, copied};
use crate::text::{SourceFile, TextRange};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Smaller shares are not told, unless they are of what is worth a word by itself.
const TOLD_BYTES: u64 = 100_000;
/// What is large and named by nothing is worth a warning from here on, if an image keeps it.
const MUCH_BYTES: u64 = 10_000_000;
/// More places of one name are only counted.
const MAX_PLACES: usize = 3;
/// More patterns that missed what they were meant for are not told.
const MAX_MISSES: usize = 3;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let Some(path) = &facts.service.ignore_file else { return };
    let Ok(file) = facts.workspace.read(path) else { return };
    let copies = facts.folder_copies();
    if copies.is_empty() || !facts.context_is_evident() {
        return;
    }
    let plan = facts.ignore_plan();
    // At a malformed pattern the build stops.
    if !plan.ignore.errors.is_empty() {
        return;
    }
    // Who wrote the file may have left in what something reads; and secrets are another matter.
    let counts = |entry: &Entry| entry.kind != Kind::Dotenv && plan.verdict(entry) == Some(&Verdict::Leave);
    let loads = facts.loads(&plan, &copies, counts);
    let Some((load, others)) = loads.split_first() else { return };
    let mut finding = reporter.report(load.copy.range, message(facts, load, path));
    let large = load.in_image && load.spare_bytes() >= MUCH_BYTES;
    finding.severity(if large || load.matters_today() { Severity::Warning } else { Severity::Info });
    finding.primary_label(copied::fate(load));
    for other in others {
        finding.label(other.copy.range, format!("takes {}", copied::amount(other)));
    }
    tell_misses(facts, &plan.ignore, load, &file, &mut finding);
    for note in copied::working_copies(load) {
        finding.note("working copies", note);
    }
    let several = load.promised.iter().filter(|promised| promised.places.len() > 1);
    for promised in several {
        let places: Vec<String> = promised.places.iter().take(MAX_PLACES).map(|place| format!("`{place}`")).collect();
        let more = promised.places.len() - places.len();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        finding.note("places", format!("{}{more}", listed(&places)));
    }
    if !load.promised.is_empty() && load.waste.is_empty() {
        finding.note("bytes", "what working copies hold is unknown, since it does not lie in this folder now");
    }
    for (spare, _) in &load.spares {
        finding.note("unread", copied::reason(spare));
    }
    if let Some(unread) = copied::unread_ignore_file(facts, load) {
        finding.note("context", unread);
    }
    finding.savings(copied::savings(facts, &plan, load));
    finding.help(format!("list what no step of the build reads in `{path}` too"));
    finding.fix(fix(facts, &plan));
}

/// `COPY . .` takes 12 MB in `.git`, and from a working copy `web/node_modules` too: `.dockerignore` lets them through
fn message(facts: &Facts<'_>, load: &Load<'_>, path: &str) -> String {
    let mut message = format!("{} takes ", copied::quoted(facts, load.copy));
    let told = load.shares_from(TOLD_BYTES);
    let share = |share: &&Share| format!("{} in `{}`", format_bytes(share.bytes), share.name());
    let mut shares: Vec<String> = told.iter().take(3).map(share).collect();
    let spare = |(spare, _): &(&Spare, bool)| format!("{} in `{}`", format_bytes(spare.bytes), spare.path);
    shares.extend(load.spares.iter().take(3).map(spare));
    if shares.is_empty() && load.promised.is_empty() {
        shares.push(format!("{} of caches and compiled files", format_bytes(load.waste_bytes())));
    }
    let promised: Vec<String> = load
        .promised
        .iter()
        .take(4)
        .map(|promised| match promised.places.as_slice() {
            [place] => format!("`{place}`"),
            _ => format!("`{}`", promised.entry.pattern()),
        })
        .collect();
    let _ = match (shares.as_slice(), promised.as_slice()) {
        ([], promised) => write!(message, "{} from a working copy", listed(promised)),
        (shares, []) => write!(message, "{}", listed(shares)),
        (shares, promised) => {
            write!(message, "{}, and from a working copy {} too", listed(shares), listed(promised))
        }
    };
    let it = if shares.len() + promised.len() == 1 { "it" } else { "them" };
    format!("{message}: `{path}` lets {it} through")
}

/// Patterns that were meant for what is taken.
fn tell_misses(facts: &Facts<'_>, ignore: &IgnoreFile, load: &Load<'_>, file: &SourceFile, finding: &mut Finding<'_>) {
    let there = load.waste.values().flat_map(|share| &share.places).map(String::as_str);
    let promised = load.promised.iter().flat_map(|promised| promised.places.iter().copied());
    let mut told: Vec<TextRange> = Vec::new();
    for place in there.chain(promised) {
        let Some((pattern, miss)) = ignore.miss(place, &facts.service.context) else { continue };
        if told.contains(&pattern.range) || told.len() == MAX_MISSES {
            continue;
        }
        told.push(pattern.range);
        let label = match miss {
            Miss::RootOnly => format!("is matched from the root of the context, and `{place}` lies deeper"),
            Miss::Comment => format!("the `#` is part of the pattern, so it does not leave out `{place}`"),
            Miss::Above => format!("begins above the context, so it does not leave out `{place}`"),
            Miss::TakesBack => format!("takes `{place}` back"),
        };
        finding.label_in(Span::new(file.path(), pattern.range), label);
    }
}

/// Appends what is lacking. At the end it wins over exceptions, and nothing that one names is among it.
fn fix(facts: &Facts<'_>, plan: &IgnorePlan) -> Option<Fix> {
    let certain = plan.additions();
    let is_certain = !certain.is_empty();
    let additions = if is_certain { certain } else { plan.spare_additions() };
    let shared = plan.dockerfiles.len() > 1;
    let caution = match (is_certain, shared) {
        (true, false) => None,
        (true, true) => Some(format!("{} Dockerfiles are built with it", plan.dockerfiles.len())),
        (false, _) => Some("a program may find it without naming it".to_owned()),
    };
    copied::append(facts, &additions, caution)
}
