//! The rules: what each looks for, and the registry they stand in.
//!
//! A rule is a page (`rules/NAME.md`) and a plain function over [`Facts`]. Rules are infallible and know
//! nothing of each other; what two need is a fact. To add one: the page, `src/rules/<group>/<name>.rs` with a `CHECK`, one
//! word in the group's list below. A name without its page or its file does not compile.

mod cleaning;
mod compiler_cache;
mod copied;
mod declared;
mod deletion;
mod dev_group;
mod insertion;
mod kept_cache;
mod metadata;
mod multistage;
mod packages;
mod page;
mod phrase;
mod registry;
mod relock;
mod reporter;
mod torch;
mod variants;
mod weight;

pub use page::{Availability, Confidence, Images, PAGES, PROSE_SECTIONS, Page};
pub use registry::{
    INTERNAL_ERROR, INVALID_IGNORE, SYNTAX_ERROR, UNREADABLE_FILE, UNUSED_IGNORE, closest_name, find, groups,
    is_selector, named, table,
};
pub use reporter::{Finding, Reporter};

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Facts, Run, StageFacts};

/// How a rule is called. One walk over the facts dispatches all rules.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Never: the linter itself reports it.
    BuiltIn,
    /// Once for each Dockerfile.
    Service(fn(&Facts<'_>, &mut Reporter<'_>)),
    /// Once for each stage, in order.
    Stage(fn(&Facts<'_>, &StageFacts, &mut Reporter<'_>)),
    /// Once for each `RUN` of a stage, in order.
    Run(fn(&Facts<'_>, &StageFacts, &Run, &mut Reporter<'_>)),
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its page.
    pub page: &'static Page,
    /// Its code.
    pub check: Check,
}

/// `group: [rule, …]` lists become the modules `src/rules/<group>/<rule>.rs` and the registry.
macro_rules! groups {
    ($($group:ident: [$($rule:ident),* $(,)?]),* $(,)?) => {
        $(mod $group { $(pub(super) mod $rule;)* })*

        static RULES: &[Rule] = &[
            $($(Rule { page: &page::pages::$rule, check: $group::$rule::CHECK },)*)*
            Rule { page: &page::pages::syntax_error, check: Check::BuiltIn },
            Rule { page: &page::pages::unreadable_file, check: Check::BuiltIn },
            Rule { page: &page::pages::invalid_ignore, check: Check::BuiltIn },
            Rule { page: &page::pages::unused_ignore, check: Check::BuiltIn },
            Rule { page: &page::pages::internal_error, check: Check::BuiltIn },
        ];

        #[cfg(test)]
        const LISTED: &[(&str, &[&str])] = &[$((stringify!($group), &[$(stringify!($rule)),*])),*];
    };
}

groups! {
    python: [
        cuda_torch_on_cpu,
        torch_installed_twice,
        gpu_package_on_cpu,
        unused_extra,
        all_extras,
        unused_dependency,
        dev_dependencies_installed,
        dev_tool_in_main_dependencies,
        overlapping_dependencies,
        heavier_variant,
        lock_ignored,
        stale_lock,
        installer_in_runtime,
        editable_install,
        source_build_on_musl,
        model_in_image,
        browsers_in_image,
    ],
    caches: [
        pip_cache_kept,
        uv_cache_kept,
        poetry_cache_kept,
        pdm_cache_kept,
        pipenv_cache_kept,
        npm_cache_kept,
        yarn_cache_kept,
        pnpm_cache_kept,
        conda_cache_kept,
        go_cache_kept,
        cargo_cache_kept,
        gem_cache_kept,
        composer_cache_kept,
        apk_cache_kept,
        apt_lists_kept,
        yum_cache_kept,
        dnf_cache_kept,
        zypper_cache_kept,
        cleanup_in_later_layer,
    ],
    layers: [
        ownership_layer,
        moved_in_later_layer,
        download_kept,
        git_history_kept,
        node_dev_dependencies_in_runtime,
    ],
    system: [
        apt_recommends,
        build_tools_in_runtime,
        dev_headers_in_runtime,
        unused_system_package,
        debug_tools_in_runtime,
    ],
    base: [full_base_image, devel_base_image, end_of_life_base],
    context: [
        missing_dockerignore,
        incomplete_dockerignore,
        large_file_in_context,
        secret_in_context,
        path_outside_context,
        copy_before_install,
    ],
    stages: [unused_stage, whole_stage_copied],
    general: [unreadable_manifest],
}

/// All rules, group by group.
#[must_use]
pub fn rules() -> &'static [Rule] {
    RULES
}

/// Runs `selected` over the facts and returns what they say, rule by rule for each place of the walk.
#[must_use]
pub fn run(selected: &[&'static Rule], facts: &Facts<'_>, dockerfile: &Arc<str>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in selected {
        let before = found.len();
        let mut reporter = Reporter::new(rule.page, dockerfile, &mut found);
        match rule.check {
            Check::BuiltIn => {}
            Check::Service(check) => check(facts, &mut reporter),
            Check::Stage(check) => facts.stages.iter().for_each(|stage| check(facts, stage, &mut reporter)),
            Check::Run(check) => {
                for stage in &facts.stages {
                    stage.runs.iter().for_each(|run| check(facts, stage, run, &mut reporter));
                }
            }
        }
        if rule.page.images != Images::All && found.len() > before {
            let own = found.split_off(before);
            let even_in_doubt = rule.page.images == Images::Shipped;
            let shipped = own.into_iter().filter_map(|found| of_shipped(facts, dockerfile, found, even_in_doubt));
            found.extend(shipped);
        }
    }
    found
}

/// What is said, where it is said of an image that is shipped, or of several with one among them. Where that is in doubt it is informative,
/// and says why, or is not said at all.
fn of_shipped(
    facts: &Facts<'_>,
    dockerfile: &Arc<str>,
    mut diagnostic: Diagnostic,
    even_in_doubt: bool,
) -> Option<Diagnostic> {
    let place = &diagnostic.primary;
    // What is said of another file is said of all images.
    let offset = (place.file == *dockerfile).then(|| place.range.start());
    if facts.is_only_for_work(offset) || offset.is_some_and(|offset| facts.is_behind_a_failure(offset)) {
        return None;
    }
    if let Some(doubt) = facts.doubt_of_shipping_any(offset) {
        if !even_in_doubt && !facts.is_shipped_by_a_file() {
            return None;
        }
        diagnostic.severity = Severity::Info;
        diagnostic.notes.push(("informative", doubt.to_owned()));
    }
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_rule_and_stands_in_its_group() {
        for page in PAGES {
            assert!(
                find(page.name).is_some(),
                "rules/{}.md has no rule: add it to its group in src/rules/mod.rs",
                page.name
            );
        }
        assert_eq!(PAGES.len(), rules().len());
        for (group, rules) in LISTED {
            for rule in *rules {
                let page = find(&rule.replace('_', "-")).map(|rule| rule.page.group);
                assert_eq!(page, Some(*group), "`{rule}` stands in the list of `{group}`, its page says otherwise");
            }
        }
    }

    #[test]
    fn names_groups_and_aliases_do_not_collide() {
        for page in PAGES {
            assert!(groups().all(|group| group != page.name), "`{}` is a rule and a group", page.name);
            for alias in page.aliases {
                assert!(PAGES.iter().all(|other| other.name != *alias), "the alias `{alias}` is a rule's name");
            }
        }
    }

    #[test]
    fn pages_have_prose_and_a_summary() {
        for page in PAGES {
            assert!(
                !page.summary().is_empty() && page.summary().len() < 200,
                "rules/{}.md: {}",
                page.name,
                page.summary()
            );
            assert!(page.prose().starts_with("# "), "rules/{}.md", page.name);
            assert!(!page.prose().contains("## Not flagged"), "rules/{}.md", page.name);
        }
    }
}
