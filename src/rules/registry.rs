//! Finding rules by what people call them.

use std::fmt::Write as _;

use super::{Page, Rule, rules};

/// The built-in rule for what `BuildKit` would reject.
pub const SYNTAX_ERROR: &str = "syntax-error";
/// The built-in rule for a Dockerfile that cannot be read.
pub const UNREADABLE_FILE: &str = "unreadable-file";
/// The built-in rule for an ignore comment of ours that does nothing.
pub const INVALID_IGNORE: &str = "invalid-ignore";
/// The built-in rule for an ignore comment of ours that nothing needs any more.
pub const UNUSED_IGNORE: &str = "unused-ignore";
/// The built-in rule for a failure of slimlint itself.
pub const INTERNAL_ERROR: &str = "internal-error";

/// How alike, from 0 to 1, a name must be to be what was meant.
const ALIKE: f32 = 0.6;

/// The rule of that very name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    rules().iter().find(|rule| rule.page.name == name)
}

/// The rules that `name` means: the one of that name, or those that have it as an alias, in any case.
pub fn named(name: &str) -> impl Iterator<Item = &'static Page> {
    rules().iter().map(|rule| rule.page).filter(move |page| page.is_named(name))
}

/// The groups in order.
pub fn groups() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    rules().iter().filter_map(move |rule| (std::mem::replace(&mut last, rule.page.group) != last).then_some(last))
}

/// Whether `--select` and `--ignore` can mean something by `selector`: a name, an alias, a group, or `all`.
#[must_use]
pub fn is_selector(selector: &str) -> bool {
    selector.eq_ignore_ascii_case("all")
        || named(selector).next().is_some()
        || groups().any(|group| group.eq_ignore_ascii_case(selector))
}

/// The rule's name, alias or group that was most likely meant by `misspelt`.
#[must_use]
pub fn closest_name(misspelt: &str) -> Option<&'static str> {
    let pages = || rules().iter().map(|rule| rule.page);
    let mut names: Vec<&'static str> = pages().map(|page| page.name).collect();
    names.extend(pages().flat_map(|page| page.aliases).copied());
    names.extend(groups());
    let wanted = misspelt.to_ascii_lowercase().replace('_', "-");
    similar::get_close_matches(wanted.as_str(), &names, 1, ALIKE).into_iter().next()
}

/// The table of all rules in Markdown, as the README shows it. Links lead to the pages.
#[must_use]
pub fn table() -> String {
    let mut table = "| rule | finds | severity | fix | also known as |\n|---|---|---|---|---|\n".to_owned();
    for group in groups() {
        let _ = writeln!(table, "| **{group}** | | | | |");
        for page in rules().iter().map(|rule| rule.page).filter(|page| page.group == group) {
            let Page { name, fix, aliases, severity, .. } = page;
            let severity = severity.map_or("off", |severity| severity.name());
            let fix = if *fix == super::Availability::None { "" } else { fix.name() };
            let summary = page.summary().replace('|', "\\|");
            let aliases = aliases.join(", ");
            let _ = writeln!(table, "| [{name}](rules/{name}.md) | {summary} | {severity} | {fix} | {aliases} |");
        }
    }
    table
}
