//! `npm` leaves what it downloads in a layer.

use crate::diagnostic::{Applicability, Fix};
use crate::facts::commands::{Npm, NpmAction};
use crate::facts::{Errexit, Facts, Invocation, Run, Setting, StageFacts};
use crate::rules::kept_cache::{Tie, emptying, or_mount};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// `cache`, from npm's documentation of its settings.
const CACHE: Setting<'static> = Setting {
    flags: &["--cache"],
    variables: &["npm_config_cache", "NPM_CONFIG_CACHE"],
    programs: &["npm"],
    keys: &["cache"],
    files: &[(".npmrc", "cache")],
};

const TIE: Tie = Tie { flags: &["--cache"], variables: &["HOME", "npm_config_cache", "NPM_CONFIG_CACHE"] };

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let npm = Npm::read(invocation).filter(|npm| fills_cache(npm) && !is_offline(facts, run, invocation));
        npm.map(|npm| folders(facts, stage, run, index, &npm)).unwrap_or_default()
    };
    let kept = facts.kept_caches(stage, run, fills, empties, asks);
    let Some(first) = kept.first() else { return };
    if facts.needs_cache_later(stage, run, |run, invocation| is_offline(facts, run, invocation)) {
        return;
    }
    let folder = facts.shown_folder(run, first.invocation, first.folder().trim_end_matches("/_cacache"));
    let message = format!("`{}` keeps its download cache in the image", name(first.invocation));
    let mut finding = reporter.report(first.invocation.range, message);
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    finding.other_fills(&kept);
    finding.missed_mount(run, first.folder());
    let mount = or_mount(stage, run, first.invocation, &folder);
    let clean = emptying(&kept, TIE, &folder, "npm cache clean --force");
    finding.help(format!("empty it in the same `RUN`: {clean}{mount}"));
    finding.script_of(first.invocation);
    let refused = facts.effective_after(stage, run, first.index).find(|later| is_refused(later));
    if let Some(refused) = refused {
        finding.label(refused.range, "does nothing: npm 5 and later refuse this without `--force`");
    }
    if facts.is_cache_taken(stage, &kept) {
        return;
    }
    if let Some(clean) = refused {
        let word = Npm::read(clean).and_then(|npm| npm.options.operands.first().map(|(_, argument)| *argument));
        if let Some(edit) = word.and_then(|word| facts.insert_after(clean, word, "--force")) {
            finding.fix(Fix {
                title: "add `--force`".to_owned(),
                applicability: Applicability::Safe,
                caution: None,
                edits: vec![edit],
            });
        }
        return;
    }
    let edits = facts.clean_by_own_program(run, &kept, "cache clean --force", TIE);
    if let Some(edits) = edits {
        finding.fix(Fix {
            title: "empty npm's cache in the same `RUN`".to_owned(),
            applicability: Applicability::Safe,
            caution: None,
            edits,
        });
    }
}

/// `npm ci`, `npm install -g`: as the message names it.
fn name(invocation: &Invocation) -> String {
    let word = Npm::read(invocation).map(|npm| npm.subcommand.value.text().to_owned());
    format!("npm {}", word.unwrap_or_default())
}

/// Whether packages are downloaded. With `--package-lock-only` and `--dry-run` only their descriptions are.
fn fills_cache(npm: &Npm<'_>) -> bool {
    matches!(npm.action, NpmAction::Install | NpmAction::Update)
        && !npm.options.has(&["--dry-run", "--package-lock-only", "--help", "-h", "--version", "-v"])
}

fn is_offline(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    let set = |name: &str| facts.variable(run, invocation, name).is_some_and(|value| value.text() == "true");
    Npm::read(invocation).is_some_and(|npm| {
        let said = npm.options.has(&["--offline"]) || set("npm_config_offline") || set("NPM_CONFIG_OFFLINE");
        said || (fills_cache(&npm) && facts.has_no_network(run))
    })
}

/// `npm cache clean --force`, or without it where its failure would be the build's: an npm that takes it must be older than 5.
fn empties(invocation: &Invocation) -> bool {
    Npm::read(invocation)
        .is_some_and(|npm| npm.cleans_whole_cache() && (npm.is_forced() || is_failure_noticed(invocation)))
}

/// `npm cache clean || true`: npm 5 and later do nothing, and nobody sees it.
fn is_refused(invocation: &Invocation) -> bool {
    Npm::read(invocation)
        .is_some_and(|npm| npm.cleans_whole_cache() && !npm.is_forced() && !is_failure_noticed(invocation))
}

/// Whether the build fails when the command does, as far as its own list and script tell.
fn is_failure_noticed(invocation: &Invocation) -> bool {
    let site = &invocation.site;
    site.chained && (site.tail || site.list_errexit != Errexit::Off) && !site.tested
}

/// `npm config get cache`
fn asks(invocation: &Invocation) -> bool {
    invocation.program == "npm" && invocation.has_argument("get") && invocation.has_argument("cache")
}

/// Where the packages can be. Empty when that is not known.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, npm: &Npm<'_>) -> Vec<String> {
    if let Some(named) = facts.folder_setting(stage, run, index, &npm.options, CACHE) {
        return named.known().map(|folder| format!("{folder}/_cacache")).into_iter().collect();
    }
    let homes = facts.homes(stage, run, npm.invocation).into_iter();
    homes.map(|home| format!("{home}/.npm/_cacache")).collect()
}
