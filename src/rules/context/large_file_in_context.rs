//! A final image keeps large files of the context that nothing names.

use crate::diagnostic::{Basis, Component, Fix, Saving, Savings, format_bytes};
use crate::facts::Facts;
use crate::facts::context::{IgnorePlan, LargeLoad};
use crate::rules::phrase::{listed, listed_up_to};
use crate::rules::{Check, Reporter, copied};
use crate::workspace::join;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Less is not worth a word, all copies of a Dockerfile together.
const WORTH_BYTES: u64 = 5_000_000;
/// How many things the message names.
const LISTED: usize = 3;
/// How many files are named.
const LARGEST: usize = 10;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let copies = facts.folder_copies();
    if copies.is_empty() || !facts.context_is_evident() {
        return;
    }
    let plan = facts.ignore_plan();
    if !plan.ignore.errors.is_empty() {
        return;
    }
    for load in facts.large_loads(&plan, &copies) {
        if load.bytes() < WORTH_BYTES {
            continue;
        }
        let mut finding = reporter.report(load.copy.range, message(facts, &load));
        finding.primary_label("a final image keeps it");
        for item in load.items.iter().take(LISTED) {
            finding.note("unread", copied::reason(item));
        }
        finding.note("largest", largest(&load));
        let path = copied::ignore_path(facts);
        finding.help(format!("list what no container reads in `{path}`, or copy only the folders that it needs"));
        finding.savings(savings(facts, &plan, &load));
        finding.fix(fix(facts, &plan, &load));
    }
}

/// `COPY . .` takes 101 MB in `docs` and 12 MB in `demo.mp4` into the image, and nothing names them
fn message(facts: &Facts<'_>, load: &LargeLoad<'_>) -> String {
    let items: Vec<String> =
        load.items.iter().map(|item| format!("{} in `{}`", format_bytes(item.bytes), item.path)).collect();
    let it = if items.len() == 1 { "it" } else { "them" };
    let items = listed_up_to(&items, LISTED);
    format!("{} takes {items} into the image, and nothing names {it}", copied::quoted(facts, load.copy))
}

fn largest(load: &LargeLoad<'_>) -> String {
    let files = load.files.iter().take(LARGEST);
    let shares: Vec<String> = files.map(|file| format!("`{}` {}", file.path, format_bytes(file.bytes))).collect();
    listed(&shares)
}

fn savings(facts: &Facts<'_>, plan: &IgnorePlan, load: &LargeLoad<'_>) -> Savings {
    let item = |path: &str, bytes: u64| Saving {
        component: Component::Path(join(&facts.service.context, path).unwrap_or_default()),
        bytes,
        basis: Basis::Context,
    };
    let items = load.items.iter().map(|one| item(&one.path, one.bytes)).collect();
    Savings { items, complete: plan.tree.complete, in_image: true }
}

/// Appends them to the ignore file that is there.
fn fix(facts: &Facts<'_>, plan: &IgnorePlan, load: &LargeLoad<'_>) -> Option<Fix> {
    if !plan.all_may_lack(&load.items) {
        return None;
    }
    let additions = plan.large_additions(load.items.iter().copied());
    copied::append(facts, &additions, Some("a program may find it without naming it".to_owned()))
}
