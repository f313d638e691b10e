//! What the rules about system packages share: bytes, and taking names out of a command.

use std::collections::HashSet;

use crate::catalogue::{self, Distribution};
use crate::diagnostic::{Applicability, Basis, Component, Fix, Saving, Savings};
use crate::facts::{Facts, Origin, SystemInstall};

use super::deletion::delete;
use super::phrase::listed;

/// Installed bytes of the package with what it depends on, where they are known.
pub(super) fn bytes_of(install: &SystemInstall<'_>) -> Option<u64> {
    install.known()?.installed_bytes
}

/// Installed bytes that go with the package where the other `members` go, too: without those of what other packages of the image need as
/// well.
pub(super) fn bytes_alone(
    facts: &Facts<'_>,
    install: &SystemInstall<'_>,
    members: &[SystemInstall<'_>],
) -> Option<u64> {
    let bytes = bytes_of(install)?;
    let Some(stage) = facts.stages.get(install.stage).filter(|_| install.family == Distribution::Debian) else {
        return Some(bytes);
    };
    // Sizes of packages are those on a slim image; a full one has all libraries of that.
    let (own, known) = catalogue::closure_bytes([install.name], install.release);
    let bytes = if facts.stands_on_buildpack(stage) && known { own } else { bytes };
    Some(
        bytes
            .saturating_sub(bytes_kept(facts, install, |other| members.iter().all(|member| member.name != other.name))),
    )
}

/// Those of the bytes of a package of Debian and of all that it depends on which packages of the image need as well that stay, as `stays`
/// tells, or that a full base image has.
pub(super) fn bytes_kept(
    facts: &Facts<'_>,
    install: &SystemInstall<'_>,
    stays: impl Fn(&SystemInstall<'_>) -> bool,
) -> u64 {
    let Some(stage) = facts.stages.get(install.stage).filter(|_| install.family == Distribution::Debian) else {
        return 0;
    };
    let installs = facts.installs_of_image(stage);
    let others = installs.iter().filter(|other| other.name != install.name && stays(other)).map(|other| other.name);
    // The images of CUDA with compilers have Perl by their `dpkg-dev`.
    let kit = Some("build-essential").filter(|kit| *kit != install.name && facts.base_brings(stage, kit));
    catalogue::bytes_shared([install.name], others.chain(kit), facts.stands_on_buildpack(stage), install.release)
}

/// What `members` weigh. What they depend on overlaps, so that of several only the largest is certain.
pub(super) fn savings(facts: &Facts<'_>, members: &[SystemInstall<'_>]) -> Option<Savings> {
    let sized = members.iter().filter_map(|install| Some((install.name, bytes_alone(facts, install, members)?)));
    let (name, bytes) = sized.max_by_key(|(_, bytes)| *bytes)?;
    let item = Saving { component: Component::Package(name.to_owned()), bytes, basis: Basis::Catalogue };
    // Figures of another release are no lower bound.
    let complete = members.len() == 1 || members.iter().any(|install| !install.release.is_listed());
    Some(Savings { items: vec![item], complete, in_image: true })
}

/// Takes the names out of the commands that install them. `None` where one of them does not stand there as a word of its own,
/// where nothing would be left to install, or where something else names it.
pub(super) fn without_words(facts: &Facts<'_>, members: &[SystemInstall<'_>], caution: &str) -> Option<Fix> {
    let mut edits = Vec::new();
    for install in members {
        let invocation = install.invocation;
        let position = invocation.arguments.iter().position(|argument| argument.range == install.argument.range)?;
        let argument = invocation.arguments.get(position)?;
        let written = argument.range.slice(facts.source.text());
        if invocation.origin != Origin::Instruction
            || !argument.whole
            || !argument.last
            || argument.value.known() != Some(written)
            || install.group.is_some()
        {
            return None;
        }
        edits.push(delete(facts, invocation, position, argument)?);
    }
    let ranges: HashSet<_> = members.iter().map(|install| install.argument.range).collect();
    let is_left = |members: &SystemInstall<'_>| {
        let others = facts.stages.get(members.stage).into_iter().flat_map(|stage| {
            let run = stage.runs.iter().find(|run| run.instruction == members.instruction);
            run.into_iter().flat_map(|run| facts.system_installs(stage, run))
        });
        others
            .filter(|other| other.invocation.range == members.invocation.range)
            .any(|other| !ranges.contains(&other.argument.range))
    };
    let names: HashSet<&str> = members.iter().map(|install| install.name).collect();
    let invocations = facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    let named_elsewhere = invocations.flat_map(|invocation| &invocation.arguments).any(|argument| {
        !ranges.contains(&argument.range) && argument.value.known().is_some_and(|value| names.contains(value))
    });
    if !members.iter().all(is_left) || named_elsewhere {
        return None;
    }
    let quoted: Vec<String> = members.iter().map(|install| format!("`{}`", install.name)).collect();
    Some(Fix {
        title: format!("leave out {}", listed(&quoted)),
        applicability: Applicability::Unsafe,
        caution: Some(caution.to_owned()),
        edits,
    })
}
