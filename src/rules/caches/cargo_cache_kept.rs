//! `cargo` leaves the sources of all crates in a layer.

use crate::facts::{Facts, Guard, Invocation, Leftover, Run, StageFacts};
use crate::rules::compiler_cache::mounts;
use crate::rules::kept_cache::Fill;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills =
        |invocation: &Invocation, leftover: &Leftover| leftover.is_download && downloads(facts, stage, run, invocation);
    // `cargo cache --autoclean` is a program of its own, and removes what it thinks fit; rustup removes all of `CARGO_HOME` but `bin`.
    let empties = |later: &Invocation, _: &Leftover| match later.program.as_str() {
        "cargo" => later.argument(0) == Some("cache"),
        "rustup" => later.argument(0) == Some("self") && later.argument(1) == Some("uninstall"),
        _ => false,
    };
    let kept = facts.kept_folders(stage, run, "cargo", fills, empties);
    let Some(first) = kept.first().filter(|_| !facts.compiles_again(stage, "cargo")) else { return };
    let invocation = first.fill.invocation;
    let folder = facts.shown_folder(run, invocation, &first.leftover.folder);
    let message = format!("`{}` leaves {} in the image", first.leftover.command, first.leftover.what);
    let mut finding = reporter.report(invocation.range, message);
    finding.primary_label(format!("fills `{folder}`"));
    let made = facts.filled_by(stage, run, invocation).into_iter().find(|other| !other.is_download);
    let stays = |made: &Leftover| {
        let later = facts.effective_after(stage, run, first.fill.index);
        !crate::facts::is_mounted(run, &made.folder)
            && !later.filter_map(crate::facts::commands::removal).any(|removal| removal.covers(&made.folder))
    };
    if let Some(made) = made.filter(|made| stays(made)) {
        finding.note("beside it", format!("`{}` holds {}", made.folder, made.what));
    }
    let known = !folder.starts_with('~');
    let mount =
        if known { format!(", or mount a cache: {}", mounts(std::slice::from_ref(&folder))) } else { String::new() };
    finding.help(format!(
        "compile in a builder stage and copy the program with the files that it reads, or delete the cache in the same `RUN`: `&& rm -rf {folder}`{mount}"
    ));
    finding.script_of(invocation);
    // Steps behind this one would fill it again.
    if !known || facts.runs_later(stage, run, "cargo") {
        return;
    }
    let fills: Vec<Fill<'_>> = run
        .invocations
        .iter()
        .enumerate()
        .filter(|(_, other)| other.program == "cargo" && other.guard != Guard::Never)
        .map(|(index, invocation)| Fill { index, invocation, folders: first.fill.folders.clone() })
        .collect();
    finding.fix(facts.removal_fix(run, &fills, &format!("rm -rf {folder}")));
}

/// Whether the command downloads crates: not what is vendored, and not for a program without dependencies.
fn downloads(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> bool {
    if invocation.has_argument("--offline") || invocation.has_argument("--frozen") {
        return false;
    }
    let read = |name: &str| {
        let path = facts.origin_in(stage.index, run, &invocation.workdir, name)?;
        facts.workspace.read(&path).ok()
    };
    let vendored = [".cargo/config.toml", ".cargo/config"]
        .into_iter()
        .filter_map(read)
        .any(|file| file.text().contains("vendored-sources") || file.text().contains("offline = true"));
    let needs_nothing = invocation.argument(0) != Some("install")
        && read("Cargo.toml").is_some_and(|file| {
            let text = file.text();
            !text.contains("dependencies") && !text.contains("[workspace")
        });
    !vendored && !needs_nothing
}
