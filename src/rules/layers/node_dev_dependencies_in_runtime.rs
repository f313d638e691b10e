//! `node_modules` with development dependencies is shipped.

use std::collections::BTreeSet;

use crate::facts::{DevelopmentModules, Facts};
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 3;

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
    finding.note("manifest", format!("`devDependencies` of `{}`", modules.manifest));
    let first = modules.needed.map_or_else(String::new, |(package, file)| {
        format!("move `{package}` to `dependencies`, since `{file}` needs it when the image starts; then ")
    });
    let remedy = match modules.copied_from.as_deref() {
        None => "build in a stage of its own, and install with `npm ci --omit=dev` (`yarn install --production`, `pnpm install --prod`) in this one".to_owned(),
        Some("") => "run `npm prune --omit=dev` (`pnpm prune --prod`) in the stage that is copied from, behind its last build step".to_owned(),
        Some(stage) => format!("run `npm prune --omit=dev` (`pnpm prune --prod`) in the stage `{stage}`, behind its last build step"),
    };
    finding.help(format!("{first}{remedy}"));
}
