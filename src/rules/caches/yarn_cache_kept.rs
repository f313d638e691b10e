//! `yarn` leaves what it downloads in a layer.

use crate::diagnostic::{Applicability, Fix};
use crate::dockerfile::Value;
use crate::facts::commands::{Yarn, YarnAction};
use crate::facts::{Facts, Invocation, ModernYarn, Run, Setting, StageFacts, YarnVersion, is_mounted};
use crate::rules::kept_cache::{Tie, emptying, or_mount};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// `cache-folder` of Yarn 1.
const CACHE: Setting<'static> = Setting {
    flags: &["--cache-folder"],
    variables: &["YARN_CACHE_FOLDER", "yarn_cache_folder"],
    programs: &["yarn"],
    keys: &["cache-folder", "cacheFolder"],
    files: &[(".yarnrc", "cache-folder"), (".yarnrc", "--cache-folder"), (".npmrc", "cache")],
};

/// Yarn 1 has one home for all that root does.
const HOME_OF_ROOT: &str = "/usr/local/share";

const TIE: Tie = Tie {
    flags: &["--cache-folder"],
    variables: &["HOME", "XDG_CACHE_HOME", "YARN_CACHE_FOLDER", "YARN_ENABLE_GLOBAL_CACHE", "YARN_GLOBAL_FOLDER"],
};

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let yarn = Yarn::read(invocation).filter(|yarn| yarn.installs() && !is_offline(facts, run, invocation));
        yarn.map(|yarn| folders(facts, stage, run, index, &yarn)).unwrap_or_default()
    };
    let cleans = |invocation: &Invocation| action(invocation) == Some(YarnAction::CacheClean);
    let asks = |invocation: &Invocation| action(invocation) == Some(YarnAction::CacheFolder);
    let kept = facts.kept_caches(stage, run, fills, cleans, asks);
    let Some(first) = kept.first() else { return };
    if facts.needs_cache_later(stage, run, |run, invocation| is_offline(facts, run, invocation)) {
        return;
    }
    let modern = kept.iter().any(|fill| is_modern(facts, stage, run, fill.index));
    let clean = if modern { "cache clean --all" } else { "cache clean" };
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let message = format!("`{}` keeps its download cache in the image", name(first.invocation));
    let mut finding = reporter.report(first.invocation.range, message);
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    finding.other_fills(&kept);
    let mount = or_mount(stage, run, first.invocation, &folder);
    let emptying = emptying(&kept, TIE, &folder, &format!("yarn {clean}"));
    finding.help(format!("empty it in the same `RUN`: {emptying}{mount}"));
    if folder.starts_with(HOME_OF_ROOT) && is_mounted(run, "/root/.cache/yarn") {
        finding.note(
            "mount",
            format!("Yarn 1 does not look into `/root/.cache/yarn`: what root installs is cached in `{folder}`"),
        );
    }
    finding.script_of(first.invocation);
    if facts.is_cache_taken(stage, &kept) {
        return;
    }
    // Yarn 2 and later clean the project that they are started in.
    let elsewhere = modern && kept.iter().any(|fill| fill.invocation.has_argument("--cwd"));
    let edits = facts.clean_by_own_program(run, &kept, clean, TIE).filter(|_| !elsewhere);
    if let Some(edits) = edits {
        finding.fix(Fix {
            title: "empty Yarn's cache in the same `RUN`".to_owned(),
            applicability: Applicability::Safe,
            caution: None,
            edits,
        });
    }
}

fn action(invocation: &Invocation) -> Option<YarnAction> {
    Yarn::read(invocation).map(|yarn| yarn.action)
}

/// `yarn`, `yarn install`, `yarn global add`: as the message names it.
fn name(invocation: &Invocation) -> String {
    let words = Yarn::read(invocation).map(|yarn| yarn.subcommand).unwrap_or_default();
    words.iter().fold("yarn".to_owned(), |name, word| format!("{name} {}", word.value.text()))
}

fn is_modern(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize) -> bool {
    let yarn = run.invocations.get(index).and_then(Yarn::read);
    yarn.is_some_and(|yarn| matches!(facts.yarn_version(stage, run, index, &yarn), YarnVersion::Modern(_)))
}

/// `--offline` of Yarn 1, `YARN_ENABLE_NETWORK=0` of later ones, or no network at all.
fn is_offline(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    let off = |value: &Value| matches!(value.text(), "0" | "false");
    Yarn::read(invocation).is_some_and(|yarn| {
        let said = yarn.options.has(&["--offline"])
            || facts.variable(run, invocation, "YARN_ENABLE_NETWORK").is_some_and(off)
            || facts.variable(run, invocation, "YARN_ENABLE_OFFLINE_MODE").is_some_and(|value| !off(value));
        said || (yarn.installs() && facts.has_no_network(run))
    })
}

/// Where the cache can be. Empty when that is not known, or when programs are run out of it.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, yarn: &Yarn<'_>) -> Vec<String> {
    match facts.yarn_version(stage, run, index, yarn) {
        YarnVersion::Unknown => Vec::new(),
        YarnVersion::Modern(modern) => modern_folders(facts, stage, run, yarn, &modern),
        YarnVersion::Classic => {
            if let Some(named) = facts.folder_setting(stage, run, index, &yarn.options, CACHE) {
                return named.known().map(str::to_owned).into_iter().collect();
            }
            if let Some(base) = facts.variable(run, yarn.invocation, "XDG_CACHE_HOME").and_then(Value::known) {
                return vec![format!("{base}/yarn")];
            }
            classic_homes(facts, stage, run, yarn.invocation)
                .into_iter()
                .map(|home| format!("{home}/.cache/yarn"))
                .collect()
        }
    }
}

/// Yarn 1 asks who runs it, not where the home is: `/usr/local/share` for root (measured with 1.22.22).
fn classic_homes(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Vec<String> {
    let user = run.state.user.as_ref().map(Value::known);
    if invocation.other_user || matches!(user, Some(Some("root" | "0" | ""))) {
        return vec![HOME_OF_ROOT.to_owned()];
    }
    let homes = facts.homes(stage, run, invocation);
    match user {
        Some(_) => homes,
        None => {
            std::iter::once(HOME_OF_ROOT.to_owned()).chain(homes.into_iter().filter(|home| home != "/root")).collect()
        }
    }
}

fn modern_folders(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    yarn: &Yarn<'_>,
    modern: &ModernYarn,
) -> Vec<String> {
    let Some(global) = modern.global_cache.filter(|_| modern.node_modules) else { return Vec::new() };
    if global {
        let variable = facts.variable(run, yarn.invocation, "YARN_GLOBAL_FOLDER");
        if let Some(folder) = variable {
            return folder.known().map(|folder| format!("{folder}/cache")).into_iter().collect();
        }
        let homes = facts.homes(stage, run, yarn.invocation).into_iter();
        return homes.map(|home| format!("{home}/.yarn/berry/cache")).collect();
    }
    let Some(project) = modern.project.known().filter(|_| modern.folder.is_none()) else { return Vec::new() };
    let folder = format!("{}/.yarn/cache", project.trim_end_matches('/'));
    // A cache that is checked in comes with the project.
    let checked_in = facts.origin(stage.index, run.instruction, &folder, Some(&run.mounts)).is_some();
    if checked_in { Vec::new() } else { vec![folder] }
}
