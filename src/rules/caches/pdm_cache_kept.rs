//! `pdm install` leaves the files that it downloads in a layer.

use crate::dockerfile::Value;
use crate::facts::commands::{Pdm, PdmAction};
use crate::facts::{CacheFolders, Facts, Guard, Invocation, Run, Setting, StageFacts};
use crate::rules::kept_cache::or_mount;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// `cache_dir`, from pdm's documentation of its settings.
const CACHE: Setting<'static> = Setting {
    flags: &[],
    variables: &["PDM_CACHE_DIR"],
    programs: &["pdm"],
    keys: &["cache_dir"],
    files: &[("pdm.toml", "cache_dir")],
};

/// `use_uv`: uv downloads for pdm.
const USE_UV: Setting<'static> = Setting {
    flags: &[],
    variables: &["PDM_USE_UV"],
    programs: &["pdm"],
    keys: &["use_uv"],
    files: &[("pdm.toml", "use_uv")],
};

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let pdm = Pdm::read(invocation).filter(|pdm| downloads(facts, stage, run, index, pdm));
        pdm.map(|pdm| cache(facts, stage, run, index, &pdm).below("http")).unwrap_or_default()
    };
    let clears = |later: &Invocation| Pdm::read(later).is_some_and(|later| later.action == PdmAction::CacheClear);
    let kept = facts.kept_caches(stage, run, fills, clears, |_| false);
    let Some(first) = kept.first() else { return };
    let Some(pdm) = Pdm::read(first.invocation) else { return };
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let message = format!("`pdm {}` keeps its download cache in the image", pdm.subcommand.value.text());
    let mut finding = reporter.report(first.invocation.range, message);
    finding.primary_label(format!("leaves what it downloads in `{folder}`"));
    finding.other_fills(&kept);
    let mount = or_mount(stage, run, first.invocation, &folder);
    finding.help(format!("delete it in the same `RUN`, set `PDM_NO_CACHE=1` (pdm 2.13){mount}"));
    let installs =
        |earlier: &Invocation| Pdm::read(earlier).is_some_and(|earlier| earlier.action == PdmAction::Install);
    finding.savings(facts.new_wheel_savings(stage, run, first.index, first.folder(), installs));
    finding.script_of(first.invocation);
    let cache = cache(facts, stage, run, first.index, &pdm);
    let remove = cache
        .shell_word("/http")
        .zip(cache.shell_word("/wheels"))
        .map(|(http, wheels)| format!("rm -rf {http} {wheels}"));
    if let Some(remove) = remove.filter(|_| !facts.is_cache_taken(stage, &kept)) {
        finding.fix(facts.removal_fix(run, &kept, &remove));
    }
}

/// Whether the command downloads packages into pdm's own cache that no earlier one has.
fn downloads(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pdm: &Pdm<'_>) -> bool {
    matches!(pdm.action, PdmAction::Install | PdmAction::Add)
        && !pdm.options.has(&["--no-cache", "--dry-run", "-h", "--help"])
        && !is_switched_off(facts, run, pdm.invocation)
        && !uses_uv(facts, stage, run, index, pdm)
        && !repeats(facts, stage, run, index, pdm)
}

/// pdm takes any value but the empty one for yes, `false` and `0` included (its option's default is the variable's text).
fn is_switched_off(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    facts.variable(run, invocation, "PDM_NO_CACHE").is_some_and(|value| !value.text().is_empty())
}

/// Whether uv downloads for it.
fn uses_uv(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pdm: &Pdm<'_>) -> bool {
    let says_no = |value: &Value| matches!(value.text().to_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
    facts.setting(stage, run, index, &pdm.options, USE_UV).is_some_and(|value| !says_no(&value))
}

/// Whether an earlier command downloaded the same already: `pdm sync --no-self`, then `COPY . .` and `pdm sync`.
fn repeats(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pdm: &Pdm<'_>) -> bool {
    pdm.action == PdmAction::Install
        && facts.earlier_or_copied(stage, run, index).filter_map(Pdm::read).any(|earlier| {
            earlier.action == PdmAction::Install
                && earlier.invocation.guard == Guard::Always
                && selection(&earlier) == selection(pdm)
        })
}

/// What says what is installed: flags, and the folder of the project.
fn selection<'p>(pdm: &'p Pdm<'_>) -> (Vec<(&'p str, Option<&'p Value>)>, &'p str) {
    let flags = pdm.options.given(&[
        "--prod",
        "--production",
        "-d",
        "--dev",
        "-G",
        "--group",
        "--with",
        "--without",
        "--no-default",
        "-p",
        "--project",
    ]);
    (flags, pdm.invocation.workdir.text())
}

/// Where the cache can be. Empty when that is not known.
fn cache(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, pdm: &Pdm<'_>) -> CacheFolders {
    match facts.folder_setting(stage, run, index, &pdm.options, CACHE) {
        Some(named) => CacheFolders::named(pdm.invocation, &named),
        None => facts.cache_folders(stage, run, pdm.invocation, &[], "pdm"),
    }
}
