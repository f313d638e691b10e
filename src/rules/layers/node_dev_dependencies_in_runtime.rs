//! `node_modules` with development dependencies is shipped.

use std::collections::BTreeSet;

use crate::facts::{DevelopmentModules, Facts};
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 3;
const CLIENT: &str = "; generate Prisma's client there again, since it lies in `node_modules`";

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut told = BTreeSet::new();
    for image in facts.finals() {
        for modules in facts.development_modules(image) {
            if told.insert(modules.range) {
                report(&modules, reporter);
            }
        }
    }
}

fn report(modules: &DevelopmentModules, reporter: &mut Reporter<'_>) {
    let names: Vec<String> = modules.packages.iter().map(|name| format!("`{name}`")).collect();
    let message =
        format!("`{}` is shipped with development dependencies: {}", modules.folder, listed_up_to(&names, LISTED));
    let mut finding = reporter.report(modules.range, message);
    if modules.install == modules.range {
        finding.primary_label("installs them");
    } else {
        finding.label(modules.install, "installs them");
    }
    if let Some(late) = modules.late {
        finding.label(late, "takes them out again, in a later layer, which frees nothing");
    }
    finding.note("manifest", format!("`devDependencies` of `{}`", modules.manifest));
    let needed: Vec<String> = modules.needed.iter().map(|(package, _)| format!("`{package}`")).collect();
    let first = modules.needed.first().map_or_else(String::new, |(_, file)| {
        let more = if needed.len() > 1 { " and others need them" } else { " needs it" };
        format!(
            "move {} to `dependencies`, since `{file}`{more} when the image runs; then ",
            listed_up_to(&needed, LISTED)
        )
    });
    let twice: Vec<String> = modules.twice.iter().map(|(package, _)| format!("`{package}`")).collect();
    let second = modules.twice.first().map_or_else(String::new, |(_, file)| {
        format!(
            "take {} out of `devDependencies`, with which npm leaves out what `{file}` needs; ",
            listed_up_to(&twice, LISTED)
        )
    });
    finding.help(format!("{second}{first}{}{}", remedy(modules), if loses_client(modules) { CLIENT } else { "" }));
}

/// Whether what the help says brings a `node_modules` without what Prisma has written into it.
fn loses_client(modules: &DevelopmentModules) -> bool {
    let prunes = modules.copied_from.is_some()
        && modules.shared_by.is_none()
        && match modules.program.as_str() {
            "yarn" => false,
            "pnpm" => !modules.is_pnpm_workspace,
            _ => true,
        };
    modules.has_generated_client && modules.output.is_none() && !prunes
}

fn remedy(modules: &DevelopmentModules) -> String {
    // It brings its own `node_modules`, so that nothing is to be installed beside it.
    if let Some(output) = modules.output {
        return match modules.copied_from.as_deref() {
            Some(_) => format!("copy `{output}` alone, which holds the packages that it needs"),
            None => format!(
                "build in a stage of its own, and copy `{output}` alone from it, which holds the packages that it needs"
            ),
        };
    }
    let (install, prune) = match modules.program.as_str() {
        // It restores what was patched, so that what patches has to run again.
        "yarn" if modules.needs_scripts => ("yarn install --production", "yarn install --production --prefer-offline"),
        "yarn" => ("yarn install --production", "yarn install --production --ignore-scripts --prefer-offline"),
        // `pnpm prune` has no recursive run (pnpm's documentation of version 10).
        "pnpm" if modules.is_pnpm_workspace => ("pnpm install --prod", "rm -rf node_modules && pnpm install --prod"),
        "pnpm" => ("pnpm install --prod", "pnpm prune --prod"),
        // `npm ci` came with npm 5.7, which Node.js has from 8.12 and 10 on, `--omit` with npm 7, which it has from 15 on
        // (changelogs of npm and Node.js).
        _ => match (modules.node, modules.by_lock) {
            (Some(..=9), _) | (Some(10..=14), false) => ("npm install --production", "npm prune --production"),
            (Some(10..=14), true) => ("npm ci --only=production", "npm prune --production"),
            (_, true) => ("npm ci --omit=dev", "npm prune --omit=dev"),
            (_, false) => ("npm install --omit=dev", "npm prune --omit=dev"),
        },
    };
    let with_flags = |command: &str| {
        let flags = modules.flags.iter().filter(|flag| !command.contains(flag.as_str()));
        flags.fold(command.to_owned(), |command, flag| format!("{command} {flag}"))
    };
    let install = with_flags(install);
    let prune = if modules.program == "pnpm" { prune.to_owned() } else { with_flags(prune) };
    // `npm pkg` came with npm 7.20; who patches packages when they are installed needs the tool (`patch-package`).
    let is_old = matches!(modules.node, Some(..=14)) && modules.program == "npm";
    // yarn 1 does not run it with `--production`.
    let is_skipped = |script: &str| modules.program == "yarn" && script.ends_with("prepare");
    let script = modules.script.as_ref().filter(|(script, _)| !is_skipped(script));
    if let Some(other) = modules.shared_by.as_ref().filter(|_| modules.copied_from.is_some() || !modules.builds) {
        let behind = script.map_or_else(String::new, |(script, tool)| {
            format!(", behind `npm pkg delete scripts.{script}`, since that script calls `{tool}`")
        });
        let place = match modules.copied_from {
            Some(_) => "in a stage of its own, and copy `node_modules` from that one",
            None => "in a stage that only the image is built on",
        };
        return format!("install with `{install}` {place}, since {other} works with what is here{behind}");
    }
    match (modules.copied_from.as_deref(), script) {
        (None, Some((script, tool))) if tool == "patch-package" => format!(
            "move `{tool}` to `dependencies`, since `{script}` calls it; then build in a stage of its own, and install with `{install}` in \
             this one"
        ),
        (None, Some((script, tool))) if is_old => format!(
            "build in a stage of its own, and install with `{install} --ignore-scripts` in this one, since `{script}` calls `{tool}`"
        ),
        (None, Some((script, tool))) => format!(
            "build in a stage of its own, and install with `{install}` in this one, behind `npm pkg delete scripts.{script}`, since that script \
             calls `{tool}`"
        ),
        (None, None) if !modules.builds => format!("install with `{install}`"),
        (None, None) => format!("build in a stage of its own, and install with `{install}` in this one"),
        (Some(stage), Some((script, tool))) if modules.program == "yarn" && tool == "patch-package" => format!(
            "move `{tool}` to `dependencies`, since `{script}` calls it; then run `{}{prune}` in {}, behind its last build step",
            inside(modules),
            named(stage)
        ),
        (Some(stage), script) => {
            let installs_again = match modules.program.as_str() {
                "pnpm" => modules.is_pnpm_workspace,
                "yarn" => modules.needs_scripts,
                _ => false,
            };
            let skip = match script {
                Some(_) if modules.program != "yarn" && !installs_again => " --ignore-scripts",
                _ => "",
            };
            // Without scripts a second install leaves out what packages compile.
            let before = script.as_ref().filter(|_| installs_again);
            let before = before.map_or_else(String::new, |(script, _)| format!("npm pkg delete scripts.{script} && "));
            let since = script.as_ref().map_or_else(String::new, |(script, tool)| {
                let how = if installs_again { "that script" } else { "scripts" };
                format!(" (without {how}, since `{script}` calls `{tool}`)")
            });
            let stage = named(stage);
            format!("run `{}{before}{prune}{skip}` in {stage}, behind its last build step{since}", inside(modules))
        }
    }
}

/// The stage by its name, where it has one.
fn named(stage: &str) -> String {
    if stage.is_empty() { "the stage that is copied from".to_owned() } else { format!("the stage `{stage}`") }
}

/// The way into the folder of the manifest, where a step of another folder has to take it.
fn inside(modules: &DevelopmentModules) -> String {
    modules.aside.as_ref().map_or_else(String::new, |folder| format!("cd {folder} && "))
}
