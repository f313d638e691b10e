//! `conda` leaves the archives that it downloads in a layer.

use crate::diagnostic::{Applicability, Fix};
use crate::dockerfile::Value;
use crate::facts::commands::{Conda, CondaAction, removal};
use crate::facts::{Facts, Invocation, Run, Setting, StageFacts, is_below};
use crate::rules::kept_cache::{Tie, or_mount};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// `pkgs_dirs`, from conda's documentation of its settings.
const PACKAGES: Setting<'static> = Setting {
    flags: &[],
    variables: &["CONDA_PKGS_DIRS", "CONDA_PKGS_DIR"],
    programs: &["conda", "mamba", "micromamba"],
    keys: &["pkgs_dirs"],
    files: &[],
};

const TIE: Tie = Tie {
    flags: &["-r", "--root-prefix"],
    variables: &["HOME", "CONDA_PKGS_DIRS", "CONDA_PKGS_DIR", "MAMBA_ROOT_PREFIX"],
};

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    let fills = |index: usize, invocation: &Invocation| {
        let conda = Conda::read(invocation).filter(|conda| downloads(conda) && !is_offline(facts, run, invocation));
        conda.map(|conda| folders(facts, stage, run, index, &conda)).unwrap_or_default()
    };
    let kept = facts.kept_caches(stage, run, fills, empties, |_| false);
    let Some(first) = kept.first() else { return };
    if facts.needs_cache_later(stage, run, |run, invocation| is_offline(facts, run, invocation)) {
        return;
    }
    let program = first.invocation.program.as_str();
    let message = format!("`{}` keeps the packages that it downloads in the image", name(first.invocation));
    let mut finding = reporter.report(first.invocation.range, message);
    let prefix = root_prefix(facts, stage, run, first.invocation);
    let mount = if prefix.is_some() {
        let folder = facts.shown_folder(run, first.invocation, first.folder());
        finding.primary_label(format!("leaves archives and indexes in `{folder}`"));
        or_mount(stage, run, first.invocation, &folder)
    } else {
        finding.primary_label("leaves archives and indexes in the folder `pkgs` of its installation");
        String::new()
    };
    finding.other_fills(&kept);
    finding.help(format!("delete them in the same `RUN`: `&& {program} clean --all --yes`{mount}"));
    finding.script_of(first.invocation);
    if facts.is_cache_taken(stage, &kept) {
        return;
    }
    if let Some(edits) = facts.clean_by_own_program(run, &kept, "clean --all --yes", TIE) {
        finding.fix(Fix {
            title: format!("run `{program} clean` in the same `RUN`"),
            applicability: Applicability::Safe,
            caution: None,
            edits,
        });
    }
}

/// `conda install`, `mamba env create`: as the message names it.
fn name(invocation: &Invocation) -> String {
    let words = Conda::read(invocation).map(|conda| conda.subcommand).unwrap_or_default();
    words.iter().fold(invocation.program.clone(), |name, word| format!("{name} {}", word.value.text()))
}

fn downloads(conda: &Conda<'_>) -> bool {
    // With `--download-only` the archives are what the image is to hold.
    let nothing = ["--dry-run", "-d", "--help", "-h", "--download-only"];
    // `conda create -n app` alone makes an empty environment.
    let word = conda.subcommand.last().and_then(|word| word.value.known());
    let empty = word == Some("create") && conda.subcommand.len() == 1 && conda.options.operands.is_empty();
    let listed = conda.options.has(&["--file", "-f", "--clone"]);
    conda.action == CondaAction::Install && !conda.options.has(&nothing) && (!empty || listed)
}

fn is_offline(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> bool {
    let set = |value: &Value| matches!(value.text(), "1" | "true" | "True" | "yes");
    Conda::read(invocation).is_some_and(|conda| {
        let said =
            conda.options.has(&["--offline"]) || facts.variable(run, invocation, "CONDA_OFFLINE").is_some_and(set);
        said || (downloads(&conda) && facts.has_no_network(run))
    })
}

/// conda, mamba and micromamba share their folder. `rm -rf …/pkgs` counts wherever the installation is.
fn empties(invocation: &Invocation) -> bool {
    let is_packages = |path: &str| {
        let path = path.trim_end_matches(['*', '/']);
        path.ends_with("/pkgs") || path.ends_with("/.conda") || path.ends_with("pkgs/*.tar.bz2")
    };
    Conda::read(invocation).is_some_and(|conda| conda.deletes_archives())
        || removal(invocation).is_some_and(|gone| gone.paths.iter().any(|path| is_packages(path)))
        || (invocation.program == "rm"
            && invocation.arguments.iter().any(|word| word.value.known().is_none() && is_packages(word.value.text())))
}

/// Where the packages can be. Empty when nothing tells that an image takes them.
fn folders(facts: &Facts<'_>, stage: &StageFacts, run: &Run, index: usize, conda: &Conda<'_>) -> Vec<String> {
    if let Some(named) = facts.folder_setting(stage, run, index, &conda.options, PACKAGES) {
        return named.known().map(str::to_owned).into_iter().collect();
    }
    if let Some(prefix) = root_prefix(facts, stage, run, conda.invocation) {
        return vec![format!("{}/pkgs", prefix.trim_end_matches('/'))];
    }
    // Wherever it is: a mount that can be it, or a stage that is not shipped as a whole, and nobody knows.
    let mounted = run.mounts.iter().filter(|mount| mount.kind == "cache" || mount.kind == "tmpfs");
    let may_be_it = |path: &str| path.contains("conda") || path.contains("mamba") || path.ends_with("/pkgs");
    if !facts.is_in_final(stage.index) || mounted.into_iter().any(|mount| may_be_it(mount.target.text())) {
        return Vec::new();
    }
    vec!["/opt/conda/pkgs".to_owned()]
}

/// The folder of the installation, where it is known.
fn root_prefix(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Option<String> {
    let conda = Conda::read(invocation)?;
    if let Some(prefix) = conda.options.value(&["-r", "--root-prefix"]) {
        return prefix.known().map(str::to_owned);
    }
    // `/opt/conda/bin/conda`
    if let Some(prefix) = invocation.path.known().and_then(|path| path.rsplit_once("/bin/")).map(|(prefix, _)| prefix)
        && prefix.starts_with('/')
        && !matches!(prefix, "/usr" | "/usr/local")
        && invocation.program != "micromamba"
    {
        return Some(prefix.to_owned());
    }
    if invocation.program == "micromamba"
        && let Some(prefix) = facts.variable(run, invocation, "MAMBA_ROOT_PREFIX")
    {
        return prefix.known().map(str::to_owned);
    }
    let image = stage.image.repository.as_str();
    let at_home = ["continuumio/", "condaforge/", "mambaorg/", "jupyter/", "quay.io/jupyter/"];
    if at_home.iter().any(|name| image.starts_with(name)) {
        return Some("/opt/conda".to_owned());
    }
    // `ENV PATH=/root/miniconda3/bin:$PATH`
    let path = facts.variable(run, invocation, "PATH")?.text();
    let folders =
        path.split(':').filter_map(|folder| folder.strip_suffix("/bin")).filter(|folder| folder.starts_with('/'));
    let is_installation = |folder: &&str| {
        let name = folder.rsplit('/').next().unwrap_or_default();
        ["conda", "mamba", "miniforge"].iter().any(|tool| name.contains(tool)) && !is_below(folder, "/usr")
    };
    folders.into_iter().find(is_installation).map(str::to_owned)
}
