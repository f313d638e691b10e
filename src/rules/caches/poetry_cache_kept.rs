//! `poetry install` leaves the files that it downloads in a layer.

use crate::dockerfile::Value;
use crate::facts::commands::{Poetry, PoetryAction};
use crate::facts::{CacheFolders, Facts, Guard, Invocation, Run, Setting, StageFacts};
use crate::rules::kept_cache::or_mount;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// `cache-dir`, from poetry's documentation of its settings.
const CACHE: Setting<'static> = Setting {
    flags: &[],
    variables: &["POETRY_CACHE_DIR"],
    programs: &["poetry"],
    keys: &["cache-dir"],
    files: &[("poetry.toml", "cache-dir")],
};

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let poetry = Poetry::read(invocation).filter(|poetry| downloads(facts, stage, run, index, poetry));
        poetry.map(|poetry| cache(facts, stage, run, index, &poetry).below("artifacts")).unwrap_or_default()
    };
    let kept = facts.kept_caches(stage, run, fills, |_| false, |_| false);
    let Some(first) = kept.first() else { return };
    let Some(poetry) = Poetry::read(first.invocation) else { return };
    let folder = facts.shown_folder(run, first.invocation, first.folder());
    let message = format!("`poetry {}` keeps the files that it downloads in the image", poetry.subcommand.value.text());
    let mut finding = reporter.report(first.invocation.range, message);
    finding.primary_label(format!("leaves them in `{folder}`"));
    finding.other_fills(&kept);
    let cache = cache(facts, stage, run, first.index, &poetry);
    let remove = cache
        .shell_word("/artifacts")
        .zip(cache.shell_word("/cache"))
        .map(|(artifacts, metadata)| format!("rm -rf {artifacts} {metadata}"));
    let mount = or_mount(stage, run, first.invocation, &folder);
    let delete = remove.as_ref().map(|remove| format!(": `&& {remove}`")).unwrap_or_default();
    finding.help(format!("delete them in the same `RUN`{delete}{mount}"));
    let installs =
        |earlier: &Invocation| Poetry::read(earlier).is_some_and(|earlier| earlier.action == PoetryAction::Install);
    finding.savings(facts.new_wheel_savings(stage, run, first.index, first.folder(), installs));
    if has_no_cache(facts, run, &poetry) {
        finding.note("flag", "`--no-cache` only keeps poetry from storing what indexes answer");
    }
    if let Some(clear) = run.invocations.iter().skip(first.index + 1).find_map(clears) {
        finding.label(clear, "clears what indexes answered, not the downloaded files");
    }
    finding.script_of(first.invocation);
    // `COPY --from=builder /root/.cache/pypoetry`: a later step installs from it.
    if let Some(remove) = remove.filter(|_| !facts.is_cache_taken(stage, &kept)) {
        finding.fix(facts.removal_fix(run, &kept, &remove));
    }
}

/// Whether the command downloads packages that no earlier one has.
fn downloads(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, poetry: &Poetry<'_>) -> bool {
    match poetry.action {
        PoetryAction::Add => !poetry.options.has(&["--lock", "--dry-run", "-h", "--help"]),
        PoetryAction::Install => {
            // `poetry install --no-root`, then `COPY . .` and `poetry install`: the second one only adds the project.
            let again = facts.earlier_or_copied(stage, run, index).filter_map(Poetry::read).any(|earlier| {
                earlier.action == PoetryAction::Install
                    && earlier.invocation.guard == Guard::Always
                    && selection(&earlier) == selection(poetry)
            });
            !again && !poetry.options.has(&["--only-root", "--dry-run", "-h", "--help"])
        }
        _ => false,
    }
}

/// What says what is installed: flags, and the folder of the project.
fn selection<'p>(poetry: &'p Poetry<'_>) -> (Vec<(&'p str, Option<&'p Value>)>, &'p str) {
    let flags = poetry.options.given(&[
        "--only",
        "--with",
        "--without",
        "--no-dev",
        "-E",
        "--extras",
        "--all-extras",
        "--all-groups",
        "-C",
        "--directory",
        "-P",
        "--project",
    ]);
    (flags, poetry.invocation.workdir.text())
}

/// Where the cache can be. Empty when that is not known.
fn cache(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, poetry: &Poetry<'_>) -> CacheFolders {
    match facts.folder_setting(stage, run, index, &poetry.options, CACHE) {
        Some(named) => CacheFolders::named(poetry.invocation, &named),
        None => facts.cache_folders(stage, run, poetry.invocation, &[], "pypoetry"),
    }
}

fn has_no_cache(facts: &Facts<'_>, run: &Run, poetry: &Poetry<'_>) -> bool {
    let by_variable = facts.variable(run, poetry.invocation, "POETRY_NO_CACHE");
    poetry.options.has(&["--no-cache"]) || by_variable.is_some_and(|value| !value.text().is_empty())
}

fn clears(invocation: &Invocation) -> Option<TextRange> {
    Poetry::read(invocation).filter(|poetry| poetry.action == PoetryAction::CacheClear).map(|_| invocation.range)
}
