//! A full base image is shipped where a smaller one of the same software exists.

mod evidence;
mod remedy;

use std::collections::BTreeSet;

use crate::catalogue::{self, BaseImage, Distribution, Slimmer, SlimmerKind};
use crate::diagnostic::{Basis, Component, Savings, Severity, format_bytes};
use crate::facts::{Facts, ImageNeeds, MANUAL_FOLDER, ShippedBase, Split, StageFacts};
use crate::rules::multistage;
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};

use evidence::Use;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// A smaller image that saves less is only worth knowing.
const WEIGHTY: u64 = 60_000_000;
/// Less that comes back on the slim image is within what the figures of images differ by.
const TOLD: u64 = 10_000_000;
/// Names of packages that a sentence lists before it counts.
const PACKAGES_LISTED: usize = 4;
/// Names of libraries that a sentence lists before it counts.
const LIBRARIES_LISTED: usize = 6;

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for base in facts.shipped_bases() {
        let Some(slimmer) = &base.stage.image.slimmer else { continue };
        // CUDA's compilers are another matter than a slim base.
        if slimmer.kind == SlimmerKind::Devel {
            continue;
        }
        if let Some(purpose) = evidence::purpose(facts, &base, slimmer) {
            report(facts, &base, slimmer, purpose, reporter);
        }
    }
}

fn report(facts: &Facts<'_>, base: &ShippedBase<'_>, slimmer: &Slimmer, purpose: Use, reporter: &mut Reporter<'_>) {
    let image = &base.stage.image;
    let small = catalogue::base_image(&slimmer.reference);
    let needs = needs(facts, base, slimmer);
    let split = stages_for(facts, base, &needs);
    let fix = match &split {
        Some(split) => multistage::fix(facts, split),
        None => remedy::fix(facts, base, slimmer, &needs, purpose),
    };
    let saved =
        image.bytes.zip(small.bytes).and_then(|(full, small)| full.checked_sub(small)).filter(|bytes| *bytes > 0);
    let saved = split.as_ref().map_or(saved, |split| split.saved_base);
    let back =
        if split.is_none() && slimmer.kind == SlimmerKind::Slim { brought_back(facts, base, &needs) } else { None };
    let saved = saved.map(|bytes| bytes.saturating_sub(back.as_ref().map_or(0, |(bytes, _)| *bytes)));
    let mut finding = reporter.report(base.word.range, message(&base.reference, image, slimmer));
    finding.argument_of(facts, base.word);
    if purpose == Use::Unsure || slimmer.kind == SlimmerKind::Minimal || saved.is_some_and(|bytes| bytes < WEIGHTY) {
        finding.severity(Severity::Info);
    }
    if let Some(heirs) = facts.heirs(base) {
        finding.note("image", heirs);
    }
    if let Some(reason) = evidence::unsure(facts, base).filter(|_| purpose == Use::Unsure) {
        finding.note("informative", reason);
    }
    let lacking = lacking(&needs);
    if !lacking.is_empty() {
        let kind = if slimmer.kind == SlimmerKind::Slim { "slim" } else { "smaller" };
        finding.note("needs", format!("the {kind} image has no {lacking}"));
    }
    let archived = Some(image).filter(|_| !lacking.is_empty());
    if let Some(release) = archived.and_then(catalogue::archived_release) {
        finding.note(
            "apt",
            format!("Debian {release} has left the mirrors: to install there, the sources of apt have to name Debian's archive"),
        );
    }
    let libraries: Vec<String> =
        split.iter().flat_map(|split| &split.added).map(|library| format!("`{library}`")).collect();
    if !libraries.is_empty() {
        finding.note("stages", format!("the run-time stage keeps {}", listed_up_to(&libraries, LIBRARIES_LISTED)));
    }
    if let Some(bytes) = saved {
        if bytes > 0 {
            let component = Component::Base(base.reference.clone());
            finding.savings(Savings::of(component, bytes, Basis::Catalogue));
        }
        let sizes = sizes(&base.reference, image, &slimmer.reference, &small);
        let back = back.map(|(bytes, names)| {
            format!("; ≈ {} of that come back with {}", format_bytes(bytes), listed_up_to(&names, PACKAGES_LISTED))
        });
        finding.note("bytes", format!("{sizes}{}", back.unwrap_or_default()));
    }
    finding.help(remedy::help(&slimmer.reference, slimmer.kind, &needs, purpose));
    finding.repeating_fix(fix, split.as_ref().map(|split| multistage::repeated(facts, split)).unwrap_or_default());
}

/// The build in two stages, where all that the slim image lacks are compilers and headers for packages. Where the Dockerfile installs
/// compilers that the full image has not, `build-tools-in-runtime` offers it.
fn stages_for(facts: &Facts<'_>, base: &ShippedBase<'_>, needs: &ImageNeeds) -> Option<Split> {
    if needs.packages.is_empty() && needs.headers.is_none() {
        return None;
    }
    let told = |name: &String| {
        catalogue::build_tool(base.stage.image.distribution, name).is_some() && !facts.base_brings(base.stage, name)
    };
    facts.split().ok().filter(|split| split.slimmed && !split.removed.iter().any(told))
}

/// What of the full image comes anew on the slim one, since the Dockerfile installs it itself or will have to: bytes, and the packages in
/// backticks. Of several images that stand on it, the one that installs most decides.
fn brought_back(facts: &Facts<'_>, base: &ShippedBase<'_>, needs: &ImageNeeds) -> Option<(u64, Vec<String>)> {
    if !facts.stands_on_buildpack(base.stage) {
        return None;
    }
    let of_image = |image: &&StageFacts| {
        let installs = facts.installs_of_image(image);
        let debian = installs.iter().filter(|install| install.family == Distribution::Debian);
        let mut names: BTreeSet<&str> =
            debian.map(|install| install.name).chain(needs.packages.keys().copied()).collect();
        let own = names.clone();
        let recommending = facts.recommends_compilers(image).map(|install| install.name);
        if let Some(name) = recommending {
            names.insert("build-essential");
            names.extend(Some("python3-dev").filter(|_| name == "python3-pip"));
        }
        let shared = |names: &[&str]| catalogue::bytes_shared_with_buildpack(names);
        let all: Vec<&str> = names.iter().copied().collect();
        let named = own.iter().filter(|name| shared(&[name]) > 0).map(|name| format!("`{name}`"));
        let recommended = recommending.map(|name| format!("what `{name}` recommends"));
        (shared(&all), named.chain(recommended).collect())
    };
    base.finals.iter().map(of_image).max_by_key(|(bytes, _)| *bytes).filter(|(bytes, _)| *bytes >= TOLD)
}

/// What the smaller image lacks; nothing where the full one has it no more than that one.
fn needs(facts: &Facts<'_>, base: &ShippedBase<'_>, slimmer: &Slimmer) -> ImageNeeds {
    /// What `openjdk` has of Debian, and Temurin's image of Ubuntu has not.
    const OF_OPENJDK: [&str; 6] = ["bzip2", "git", "mercurial", "subversion", "unzip", "xz-utils"];
    let image = &base.stage.image;
    match slimmer.kind {
        SlimmerKind::Slim if image.has_build_tools == Some(true) => facts.image_needs(base.stage),
        SlimmerKind::Slim => {
            ImageNeeds { links_manual: facts.image_needs(base.stage).links_manual, ..ImageNeeds::default() }
        }
        SlimmerKind::Jre if slimmer.tag.is_none() && image.distribution == Distribution::Debian => {
            let mut needs = facts.image_needs(base.stage);
            needs.packages.retain(|package, _| OF_OPENJDK.contains(package));
            ImageNeeds { packages: needs.packages, ..ImageNeeds::default() }
        }
        SlimmerKind::Minimal => facts.needs_of_dnf(base.stage),
        SlimmerKind::Kit if matches!(image.repository.as_str(), "golang" | "rust") => facts.needs_of_result(base.stage),
        _ => ImageNeeds::default(),
    }
}

fn message(reference: &str, image: &BaseImage, slimmer: &Slimmer) -> String {
    match (slimmer.kind, image.kit) {
        (SlimmerKind::Jre, Some(kit)) => format!("`{reference}` brings {kit} where a Java program only runs"),
        (_, Some(kit)) if image.repository == "continuumio/anaconda3" => format!("`{reference}` brings {kit}"),
        (_, Some(kit)) => format!("`{reference}` brings {kit} where its result only runs"),
        _ if image.has_build_tools == Some(true) => {
            format!("`{reference}` is the full image: compilers, headers and git are shipped with the program")
        }
        _ => format!("`{reference}` is the full image of its release"),
    }
}

fn sizes(full: &str, image: &BaseImage, small: &str, smaller: &BaseImage) -> String {
    let size = |image: &BaseImage| image.bytes.map(format_bytes).unwrap_or_default();
    let weakest = ["estimate", "published", "measured"]
        .into_iter()
        .find(|basis| [image.bytes_basis, smaller.bytes_basis].contains(basis))
        .unwrap_or_default();
    let basis = if weakest == "estimate" { "estimated" } else { weakest };
    format!("`{full}` {}, `{small}` {} (linux/amd64, uncompressed, {basis})", size(image), size(smaller))
}

/// `` `gcc` and `libpq-dev` for `psycopg2`; `wget` called by `RUN` ``
fn lacking(needs: &ImageNeeds) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (package, why) in &needs.packages {
        match reasons.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, packages)) => packages.push(format!("`{package}`")),
            None => reasons.push((why, vec![format!("`{package}`")])),
        }
    }
    let parts = reasons.iter().map(|(why, packages)| match packages.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last} {why}", first.join(", ")),
        _ => format!("{} {why}", packages.concat()),
    });
    let folder =
        needs.links_manual.iter().map(|package| format!("`{MANUAL_FOLDER}`, in which `{package}` makes links"));
    parts.chain(folder).collect::<Vec<_>>().join("; ")
}
