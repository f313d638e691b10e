//! uv: which versions the Dockerfile brings, and what syncs an environment again behind the command that made it.

use crate::dockerfile::Value;
use crate::facts::transfer::Source;
use crate::facts::{Base, Facts, StageFacts, State};

use super::calls::calls_in;
use super::{InstallerTool, PythonInstall, Reached};

/// A `uv run` that syncs the environment before it starts anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncAgain {
    /// The call.
    pub reached: Reached,
    /// The stage of which it is, or whose image is started with it.
    pub stage: usize,
}

impl Facts<'_> {
    /// Whether every uv that the Dockerfile names by its version is this one or newer. One without a version is new.
    #[must_use]
    pub fn uv_is_since(&self, since: (u32, u32, u32)) -> bool {
        let mut versions: Vec<&str> = Vec::new();
        let tag = |image: &'_ str| image.split_once("astral-sh/uv:").map(|(_, tag)| tag.to_owned());
        let mut tags: Vec<String> = Vec::new();
        for stage in &self.stages {
            if let Base::Image(image) = &stage.base {
                tags.extend(image.known().and_then(tag));
            }
            for transfer in &stage.transfers {
                if let Source::Image(image) = &transfer.source {
                    tags.extend(image.known().and_then(tag));
                }
            }
            let words = stage.runs.iter().flat_map(|run| &run.invocations).flat_map(|invocation| &invocation.arguments);
            versions.extend(words.filter_map(|word| word.value.known()?.strip_prefix("uv==")));
        }
        versions.extend(tags.iter().map(String::as_str));
        versions.into_iter().filter_map(version_of).all(|version| version >= since)
    }

    /// Whether a `uv sync` leaves out the group `dev`, should there be one.
    #[must_use]
    pub fn leaves_out_dev(&self, install: &PythonInstall) -> bool {
        let Some((_, run, invocation)) = self.site_of(install) else { return false };
        let without =
            ["--no-dev", "--no-default-groups", "--only-group"].iter().any(|flag| invocation.has_argument(flag));
        let set = |name: &str| self.variable(run, invocation, name).and_then(Value::known).is_some_and(is_on);
        without || set("UV_NO_DEV") || set("UV_NO_DEFAULT_GROUPS")
    }

    /// The first `uv run` behind `install`, a `uv sync`, that brings the default groups back which the command would leave out: when
    /// the image is built, in what it starts, or as compose files start it.
    #[must_use]
    pub fn syncs_again(&self, install: &PythonInstall) -> Option<SyncAgain> {
        let (_, _, invocation) = self.site_of(install)?;
        let text = self.source.text();
        let path = self.source.path();
        let heirs = self.descendants(install.stage);
        let images: Vec<&StageFacts> = self.finals().collect();
        let own = heirs.iter().filter_map(|&index| self.stages.get(index));
        let others = images.iter().copied().filter(|image| !heirs.contains(&image.index));
        for stage in own.chain(others) {
            for (number, run) in stage.runs.iter().enumerate() {
                let start = match (stage.index == install.stage, number.cmp(&install.run)) {
                    (true, std::cmp::Ordering::Less) => continue,
                    (true, std::cmp::Ordering::Equal) => invocation.range.end(),
                    _ => run.range.start(),
                };
                if synced(&run.state) {
                    continue;
                }
                let script = text.get(start as usize..run.range.end() as usize).unwrap_or_default();
                let mut calls = calls_in(script, InstallerTool::Uv, path).into_iter();
                if let Some(call) = calls.find(|call| brings_groups(&call.reached.by)) {
                    return Some(SyncAgain { reached: call.reached, stage: stage.index });
                }
            }
        }
        for image in images.into_iter().filter(|image| !synced(&image.state)) {
            let mut calls = Vec::new();
            self.start_calls(image, InstallerTool::Uv, &mut calls);
            let composed = self.composed_words(image).join(" ");
            calls.extend(calls_in(&composed, InstallerTool::Uv, path));
            if let Some(call) = calls.into_iter().find(|call| brings_groups(&call.reached.by)) {
                return Some(SyncAgain { reached: call.reached, stage: image.index });
            }
        }
        None
    }
}

/// `0.9.24` of `0.9.24@sha256:…`; one without a last number is the newest of its kind.
fn version_of(text: &str) -> Option<(u32, u32, u32)> {
    let plain = text.split(['@', '-', '+']).next()?;
    let mut parts = plain.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(u32::MAX)))
}

/// Whether variables keep `uv run` from bringing groups, or may do so.
fn synced(state: &State) -> bool {
    const SWITCHES: [&str; 5] = ["UV_NO_SYNC", "UV_NO_DEV", "UV_NO_GROUP", "UV_NO_DEFAULT_GROUPS", "UV_NO_PROJECT"];
    SWITCHES.iter().any(|name| {
        let value = state.environment.get(name).map(|variable| variable.value.text().to_lowercase());
        value.is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "no" | "off" | "n" | "f"))
    })
}

fn is_on(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t")
}

/// Whether `uv run …` syncs the default groups. `--frozen` and `--locked` only say what of.
fn brings_groups(call: &str) -> bool {
    const WITHOUT: [&str; 9] = [
        "--no-sync",
        "--no-dev",
        "--no-group",
        "--no-default-groups",
        "--only-group",
        "--only-dev",
        "--no-project",
        "--isolated",
        "--script",
    ];
    let mut words = call.split_whitespace();
    words.next().is_some_and(|program| crate::facts::paths::file_name(program) == "uv")
        && words.clone().take_while(|word| *word != "--").any(|word| word == "run")
        && !words.any(|word| WITHOUT.contains(&word))
}
