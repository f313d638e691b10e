//! `pnpm` leaves its store in a layer.

use crate::diagnostic::{Applicability, Fix, Severity};
use crate::facts::commands::{Options, Pnpm, PnpmAction, removal};
use crate::facts::{Facts, Invocation, Run, Setting, StageFacts};
use crate::rules::kept_cache::{Fill, Tie, or_mount};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// `store-dir`, from pnpm's documentation of its settings.
const STORE: Setting<'static> = Setting {
    flags: &["--store-dir"],
    variables: &["npm_config_store_dir", "NPM_CONFIG_STORE_DIR", "pnpm_config_store_dir", "PNPM_CONFIG_STORE_DIR"],
    programs: &["pnpm", "npm"],
    keys: &["store-dir", "storeDir"],
    files: &[("pnpm-workspace.yaml", "storeDir"), (".npmrc", "store-dir")],
};

/// `package-import-method`: how files get from the store into `node_modules`.
const METHOD: Setting<'static> = Setting {
    flags: &["--package-import-method"],
    variables: &["npm_config_package_import_method", "NPM_CONFIG_PACKAGE_IMPORT_METHOD"],
    programs: &["pnpm", "npm"],
    keys: &["package-import-method", "packageImportMethod"],
    files: &[("pnpm-workspace.yaml", "packageImportMethod"), (".npmrc", "package-import-method")],
};

const TIE: Tie = Tie {
    flags: &["--store-dir"],
    variables: &["HOME", "PNPM_HOME", "XDG_DATA_HOME", "npm_config_store_dir", "NPM_CONFIG_STORE_DIR"],
};

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let pnpm = Pnpm::read(invocation).filter(|pnpm| fills_store(pnpm) && !is_offline(facts, run, invocation));
        pnpm.map(|pnpm| folders(facts, stage, run, index, &pnpm)).unwrap_or_default()
    };
    let cleans = |invocation: &Invocation| action(invocation) == Some(PnpmAction::StorePrune);
    let asks = |invocation: &Invocation| action(invocation) == Some(PnpmAction::StorePath);
    let kept = facts.kept_caches(stage, run, fills, cleans, asks);
    let Some(first) = kept.first() else { return };
    let Some(last) = kept.last() else { return };
    if facts.needs_cache_later(stage, run, |run, invocation| is_offline(facts, run, invocation)) {
        return;
    }
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let name = Pnpm::read(first.invocation).map(|pnpm| pnpm.subcommand.value.text().to_owned()).unwrap_or_default();
    let mut finding = reporter.report(first.invocation.range, format!("`pnpm {name}` keeps its store in the image"));
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    finding.other_fills(&kept);
    let cost = cost(facts, stage, run, last.index);
    if cost == Cost::Linked {
        finding.severity(Severity::Info);
    }
    finding.note("bytes", cost.text());
    let mount = or_mount(stage, run, first.invocation, &folder);
    finding.help(format!("delete what only the store holds: `&& pnpm store prune`{mount}"));
    finding.script_of(first.invocation);
    if facts.is_cache_taken(stage, &kept) {
        return;
    }
    // What is taken out of `node_modules` behind the place of the fix stays in the store.
    let mut users = kept;
    let folders = users.first().map(|fill| fill.folders.clone()).unwrap_or_default();
    let last_index = users.last().map_or(0, |fill| fill.index);
    let prunes = run.invocations.iter().enumerate().skip(last_index + 1);
    let prunes = prunes.filter(|(_, invocation)| action(invocation) == Some(PnpmAction::Prune));
    users.extend(prunes.map(|(index, invocation)| Fill { index, invocation, folders: folders.clone() }));
    let pruned_later = run.invocations.iter().skip(users.last().map_or(0, |fill| fill.index) + 1).any(unlinks);
    let edits = facts.clean_by_own_program(run, &users, "store prune", TIE);
    if let Some(edits) = edits.filter(|_| !pruned_later) {
        finding.fix(Fix {
            title: "prune pnpm's store in the same `RUN`".to_owned(),
            applicability: Applicability::Safe,
            caution: None,
            edits,
        });
    }
}

/// What the store costs beside `node_modules`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cost {
    /// Hard links, as far as the builder's file system decides.
    Linked,
    /// What the registry says about each package.
    Metadata,
    /// What was unlinked after the install.
    Pruned,
    /// All files.
    Copied,
}

impl Cost {
    fn text(self) -> &'static str {
        match self {
            Self::Linked => {
                "the installed files are hard links into the store, which then costs next to nothing; on a builder whose \
                 file system clones files (XFS, Btrfs) it is a second copy of all that is installed"
            }
            Self::Metadata => "besides the store, what the registry says about each package is kept: some 10 MB",
            Self::Pruned => "what is taken out of `node_modules` afterwards stays in the store",
            Self::Copied => "`package-import-method` copies: the store is a second copy of all that is installed",
        }
    }
}

fn cost(facts: &Facts<'_>, stage: &StageFacts, run: &Run, last: usize) -> Cost {
    let Some(invocation) = run.invocations.get(last) else { return Cost::Linked };
    let none = Options::default();
    let pnpm = Pnpm::read(invocation);
    let options = pnpm.as_ref().map_or(&none, |pnpm| &pnpm.options);
    let method = facts.setting(stage, run, last, options, METHOD);
    if method.is_some_and(|method| matches!(method.text(), "copy" | "clone" | "clone-or-copy")) {
        return Cost::Copied;
    }
    if run.invocations.iter().skip(last + 1).any(unlinks) {
        return Cost::Pruned;
    }
    let adds = |invocation: &Invocation| action(invocation) == Some(PnpmAction::Add);
    if run.invocations.iter().any(adds) { Cost::Metadata } else { Cost::Linked }
}

/// Whether files are taken out of `node_modules`.
fn unlinks(invocation: &Invocation) -> bool {
    let deletes =
        || removal(invocation).is_some_and(|gone| gone.paths.iter().any(|path| path.ends_with("/node_modules")));
    action(invocation) == Some(PnpmAction::Prune) || deletes()
}

fn action(invocation: &Invocation) -> Option<PnpmAction> {
    Pnpm::read(invocation).map(|pnpm| pnpm.action)
}

/// `pnpm fetch` fills it on purpose, and with `--lockfile-only` nothing is downloaded.
fn fills_store(pnpm: &Pnpm<'_>) -> bool {
    matches!(pnpm.action, PnpmAction::Install | PnpmAction::Add | PnpmAction::Deploy)
        && !pnpm.options.has(&["--lockfile-only", "--dry-run", "--help", "-h"])
}

fn is_offline(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    let set = |name: &str| facts.variable(run, invocation, name).is_some_and(|value| value.text() == "true");
    Pnpm::read(invocation).is_some_and(|pnpm| {
        let said = pnpm.options.has(&["--offline"]) || set("npm_config_offline") || set("NPM_CONFIG_OFFLINE");
        said || (fills_store(&pnpm) && facts.has_no_network(run))
    })
}

/// Where the store can be. Empty when that is not known.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pnpm: &Pnpm<'_>) -> Vec<String> {
    if let Some(named) = facts.folder_setting(stage, run, index, &pnpm.options, STORE) {
        return named.known().map(str::to_owned).into_iter().collect();
    }
    for (variable, below) in [("PNPM_HOME", "store"), ("XDG_DATA_HOME", "pnpm/store")] {
        if let Some(base) = facts.variable(run, pnpm.invocation, variable) {
            return base.known().map(|base| format!("{base}/{below}")).into_iter().collect();
        }
    }
    let homes = facts.homes(stage, run, pnpm.invocation);
    // pnpm 6 and older kept it in `~/.pnpm-store`.
    let folder = |below: &'static str| move |home: &String| format!("{home}/{below}");
    homes.iter().map(folder(".local/share/pnpm/store")).chain(homes.iter().map(folder(".pnpm-store"))).collect()
}
