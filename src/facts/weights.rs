//! What each command adds to an image, and what is known of each stage.

use std::collections::BTreeMap;

use crate::catalogue::{self, Distribution};
use crate::text::TextRange;

use super::python::{ClosureBasis, PythonInstall, Tool};
use super::{ByteSource, Contents, Facts, Guard, Run, StageFacts, SystemInstall};

/// How many packages of an install are named.
const MOST_NAMED: usize = 8;

/// One stage with what is known of its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageWeight {
    /// Its `FROM`.
    pub from: TextRange,
    /// Its name, in lower case.
    pub name: Option<String>,
    /// What an image of it holds, what it is built on included.
    pub contents: Contents,
    /// What its own commands add, in order.
    pub added: Vec<Added>,
}

/// What one command or instruction adds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Added {
    /// The command or the instruction.
    pub range: TextRange,
    /// What.
    pub kind: AddedKind,
    /// Its bytes, as far as they are known; `None` where nothing is.
    pub bytes: Option<u64>,
    /// Whether there may be more bytes than that.
    pub at_least: bool,
    /// How the bytes are known.
    pub source: ByteSource,
    /// The file that tells, where it is one.
    pub told_by: Option<String>,
}

/// What is added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AddedKind {
    /// Python packages.
    Python {
        /// The command, as people type it.
        command: &'static str,
        /// How many; local projects are not counted.
        packages: usize,
        /// Those that weigh most, the heaviest first.
        heaviest: Vec<PackageWeight>,
    },
    /// Packages of the distribution, by their names; what they depend on is weighed with them.
    System(Vec<String>),
    /// Files, by where they come to stand.
    Files(Vec<String>),
}

/// A package with its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackageWeight {
    /// Its name.
    pub name: String,
    /// Its version, where it is known.
    pub version: Option<String>,
    /// What it takes on disk, without what it needs.
    pub bytes: u64,
}

impl Facts<'_> {
    /// What is known of the bytes of each stage, in order.
    #[must_use]
    pub fn weights(&self) -> Vec<StageWeight> {
        let weigh = |stage: &StageFacts| {
            let from = self.dockerfile.instructions.get(stage.from)?.range;
            let name = stage.name.clone();
            Some(StageWeight { from, name, contents: self.contents_of(stage), added: self.added_in(stage) })
        };
        self.stages.iter().filter_map(weigh).collect()
    }

    fn added_in(&self, stage: &StageFacts) -> Vec<Added> {
        let is_own = |install: &&PythonInstall| {
            install.stage == stage.index && install.guard > Guard::Elsewhere && installs(install)
        };
        let mut added: Vec<Added> =
            self.python_installs().iter().filter(is_own).filter_map(|install| self.added_by(install)).collect();
        added.extend(stage.runs.iter().flat_map(|run| self.system_added(stage, run)));
        added.extend(self.files_added(stage));
        added.sort_by_key(|one| one.range);
        added
    }

    fn added_by(&self, install: &PythonInstall) -> Option<Added> {
        let (_, _, invocation) = self.site_of(install)?;
        let closure = self.closure(install);
        let compiles = install.compiles.unwrap_or_default();
        let total = closure.total();
        let is_catalogue = closure.basis == ClosureBasis::Catalogue;
        // The catalogue weighs torch as it comes by default.
        let is_known = !(is_catalogue && self.brings_other_torch(install));
        let mut heaviest: Vec<PackageWeight> = closure
            .packages
            .iter()
            .filter(|package| !package.left_out && !package.is_local)
            .filter_map(|package| {
                let bytes = package.bytes.on_disk(compiles).filter(|bytes| *bytes > 0)?;
                Some(PackageWeight { name: package.name.to_string(), version: package.version.clone(), bytes })
            })
            .collect();
        heaviest.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        heaviest.truncate(MOST_NAMED);
        let bytes = total.on_disk(compiles);
        let (source, told_by) = match closure.basis.clone() {
            ClosureBasis::Lock(path) => (ByteSource::Lock, Some(path)),
            ClosureBasis::Compiled(files) => (ByteSource::Catalogue, files.into_iter().next()),
            ClosureBasis::Catalogue => (ByteSource::Catalogue, None),
        };
        Some(Added {
            range: invocation.range,
            kind: AddedKind::Python { command: install.tool.name(), packages: total.packages, heaviest },
            bytes: (is_known && bytes > 0).then_some(bytes),
            at_least: is_catalogue || !closure.complete || total.unknown > 0,
            source,
            told_by,
        })
    }

    /// Packages of the distribution, command by command. What two commands bring counts for both.
    fn system_added(&self, stage: &StageFacts, run: &Run) -> Vec<Added> {
        let mut commands: BTreeMap<TextRange, Vec<SystemInstall<'_>>> = BTreeMap::new();
        for install in self.system_installs(stage, run) {
            commands.entry(install.invocation.range).or_default().push(install);
        }
        let of_command = |(range, installs): (TextRange, Vec<SystemInstall<'_>>)| {
            let is_weighed = |install: &&SystemInstall<'_>| {
                matches!(install.family, Distribution::Debian | Distribution::Ubuntu)
                    && !self.has_already(stage, install.name)
            };
            let weighed: Vec<&SystemInstall<'_>> = installs.iter().filter(is_weighed).collect();
            let names = weighed.iter().map(|install| install.name);
            let (mut bytes, known) = catalogue::closure_bytes(names, self.release_of(stage));
            for install in &weighed {
                if self.takes_recommended(stage, run, install) {
                    let package = install.known();
                    let more = package.and_then(|it| it.recommended_bytes?.checked_sub(it.installed_bytes?));
                    bytes = bytes.saturating_add(more.unwrap_or_default());
                }
            }
            Added {
                range,
                kind: AddedKind::System(installs.iter().map(|install| install.name.to_owned()).collect()),
                bytes: (bytes > 0).then_some(bytes),
                at_least: !known || weighed.len() < installs.len(),
                source: ByteSource::Catalogue,
                told_by: None,
            }
        };
        commands.into_iter().map(of_command).collect()
    }

    /// Files that stay, instruction by instruction.
    fn files_added(&self, stage: &StageFacts) -> Vec<Added> {
        let own = self.dockerfile.stages.get(stage.index).map(|stage| stage.instructions.clone()).unwrap_or_default();
        let mut found: BTreeMap<TextRange, Added> = BTreeMap::new();
        for one in self.held(stage, usize::MAX, "/", 0) {
            if one.is_python || !own.contains(&one.instruction) {
                continue;
            }
            let added = found.entry(one.range).or_insert_with(|| Added {
                range: one.range,
                kind: AddedKind::Files(Vec::new()),
                bytes: None,
                at_least: false,
                source: one.source,
                told_by: None,
            });
            if let AddedKind::Files(paths) = &mut added.kind {
                paths.push(one.path);
            }
            added.bytes =
                one.bytes.map_or(added.bytes, |bytes| Some(added.bytes.unwrap_or_default().saturating_add(bytes)));
            added.at_least |= one.at_least || one.bytes.is_none();
        }
        found.into_values().collect()
    }
}

/// Whether it installs, rather than collects for another command.
fn installs(install: &PythonInstall) -> bool {
    install.tool != Tool::PipWheel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::with_facts;

    #[test]
    fn each_command_has_its_bytes() {
        let dockerfile = "FROM python:3.12-slim AS app\nRUN apt-get update && apt-get install -y --no-install-recommends gcc\n\
                          COPY data.bin /srv/\nRUN pip install torch\nRUN make\n";
        let data = "x".repeat(5_000);
        let shown = with_facts(dockerfile, &[("data.bin", &data)], |facts| {
            let weights = facts.weights();
            assert_eq!(weights.len(), 1);
            assert_eq!(weights[0].from.slice(dockerfile), "FROM python:3.12-slim AS app");
            assert!(weights[0].contents.bytes() > 1_000_000_000);
            let show = |one: &Added| {
                let kind = match &one.kind {
                    AddedKind::Python { command, .. } => (*command).to_owned(),
                    AddedKind::System(names) => names.join(" "),
                    AddedKind::Files(paths) => paths.join(" "),
                };
                format!("{kind} at least {} {}", one.at_least, one.bytes.unwrap_or_default() / 1_000)
            };
            weights[0].added.iter().map(show).collect::<Vec<_>>()
        });
        assert!(shown[0].starts_with("gcc at least false "), "{shown:?}");
        assert_eq!(shown[1], "/srv at least false 5");
        assert!(shown[2].starts_with("pip install at least true "), "{shown:?}");
        assert_eq!(shown.len(), 3, "{shown:?}");
    }
}
