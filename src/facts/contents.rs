//! What is known of the bytes of each image that is shipped.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{self, Distribution};
use crate::text::TextRange;

use super::commands::Apt;
use super::python::{Dominant, PythonContents};
use super::{Base, ByteSource, Facts, Run, Source, StageFacts, SystemInstall, Transfer};

/// Bytes of one part of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// As far as they are known.
    pub bytes: u64,
    /// Whether nothing is missing.
    pub complete: bool,
}

impl Amount {
    /// Nothing, as is known.
    pub const NONE: Self = Self { bytes: 0, complete: true };

    fn add(&mut self, bytes: Option<u64>) {
        self.bytes = self.bytes.saturating_add(bytes.unwrap_or_default());
        self.complete &= bytes.is_some();
    }
}

/// What is known of one image that is shipped. What findings say that a layer keeps needlessly, such as caches, is not part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    /// The name of its stage, in lower case.
    pub target: Option<String>,
    /// The external image that it is built on, as `FROM` names it, without its digest, or `scratch`; `None` where it is not known.
    pub base: Option<String>,
    /// Places in the Dockerfile of the stages that something in the image can come from, other images that are shipped left out.
    pub stages: Vec<TextRange>,
    /// Bytes of that image; `None` when they are not known.
    pub base_bytes: Option<u64>,
    /// Packages of the distribution that are installed besides.
    pub system: Amount,
    /// Python packages.
    pub python: Amount,
    /// `node_modules`.
    pub node: Amount,
    /// Files of the build context.
    pub copied: Amount,
    /// Anything else that is seen to come in: downloads, builds, files of other images.
    pub other: Amount,
    /// The Python package that dominates, with what only it needs.
    pub dominant: Option<Dominant>,
}

impl Contents {
    /// All parts in bytes, as far as they are known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let parts = [self.system, self.python, self.node, self.copied, self.other];
        parts.iter().fold(self.base_bytes.unwrap_or_default(), |sum, part| sum.saturating_add(part.bytes))
    }

    /// Whether nothing is missing from [`Contents::bytes`].
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let parts = [self.system, self.python, self.node, self.copied, self.other];
        self.base_bytes.is_some() && parts.iter().all(|part| part.complete)
    }
}

impl Facts<'_> {
    /// What is known of the bytes of each image that is shipped, in the order of their stages.
    #[must_use]
    pub fn contents(&self) -> Vec<Contents> {
        self.finals().map(|image| self.contents_of(image)).collect()
    }

    pub(super) fn contents_of(&self, image: &StageFacts) -> Contents {
        let sources = self.sources_of(image);
        let PythonContents { bytes, complete, dominant } = self.python_contents(image, &sources);
        let root = self.ancestors(image).last().unwrap_or(image);
        let is_own = |stage: usize| {
            !self.is_in_final(stage) || stage == image.index || self.ancestors(image).any(|below| below.index == stage)
        };
        let base = match &root.base {
            Base::Image(reference) => reference.known().map(|name| name.split('@').next().unwrap_or(name).to_owned()),
            Base::Scratch => Some("scratch".to_owned()),
            Base::Stage(_) => None,
        };
        let base_bytes = if matches!(root.base, Base::Scratch) { Some(0) } else { root.image.bytes };
        let mut contents = Contents {
            target: image.name.clone(),
            base,
            stages: sources.iter().filter(|&&stage| is_own(stage)).filter_map(|&stage| self.place_of(stage)).collect(),
            base_bytes,
            system: self.system_contents(image),
            python: Amount { bytes, complete },
            node: Amount::NONE,
            copied: Amount::NONE,
            other: Amount::NONE,
            dominant,
        };
        let held = self.held(image, usize::MAX, "/", 0);
        for one in held.iter().filter(|one| !one.is_python) {
            if one.path.ends_with("/node_modules") {
                contents.node.add(one.bytes);
            } else if one.source == ByteSource::Context {
                contents.copied.add(one.bytes);
            } else {
                contents.other.add(one.bytes);
            }
        }
        if !self.afford_comparisons(1) {
            for part in [&mut contents.node, &mut contents.copied, &mut contents.other] {
                part.complete = false;
            }
        }
        // Of what a build made, and of other images, nothing is known but that it comes.
        let known: BTreeSet<usize> = held.iter().map(|one| one.instruction).collect();
        let is_unknown = |transfer: &&Transfer| match transfer.source {
            Source::Context => false,
            Source::Stage(_) => !known.contains(&transfer.instruction),
            Source::Image(_) => true,
        };
        let chain = std::iter::once(image).chain(self.ancestors(image));
        if chain.flat_map(|stage| &stage.transfers).any(|transfer| is_unknown(&transfer)) {
            contents.other.complete = false;
        }
        contents
    }

    /// Numbers of the stages that something in `image` can come from: those it is built on, and those that it takes files from.
    fn sources_of(&self, image: &StageFacts) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![image.index];
        while let Some(stage) = waiting.pop().and_then(|index| self.stages.get(index)) {
            if !found.insert(stage.index) {
                continue;
            }
            if let Base::Stage(parent) = stage.base {
                waiting.push(parent);
            }
            waiting.extend(stage.transfers.iter().filter_map(|transfer| match transfer.source {
                Source::Stage(from) => Some(from),
                Source::Context | Source::Image(_) => None,
            }));
        }
        found
    }

    /// From its `FROM` to its last instruction.
    fn place_of(&self, stage: usize) -> Option<TextRange> {
        let instructions = self.dockerfile.stages.get(stage)?.instructions.clone();
        let all = self.dockerfile.instructions.get(instructions)?;
        let from = self.dockerfile.instructions.get(self.stages.get(stage)?.from)?;
        let end = all.last().unwrap_or(from).range.end();
        Some(TextRange::new(from.range.start(), end.max(from.range.end())))
    }

    fn system_contents(&self, image: &StageFacts) -> Amount {
        let mut amount = Amount::NONE;
        let mut names: BTreeMap<&str, bool> = BTreeMap::new();
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let chain: Vec<&StageFacts> = chain.collect();
        for (stage, run) in chain.iter().flat_map(|stage| stage.runs.iter().map(move |run| (*stage, run))) {
            for install in self.system_installs(stage, run) {
                match install.family {
                    Distribution::Debian | Distribution::Ubuntu if self.has_already(stage, install.name) => {}
                    Distribution::Debian | Distribution::Ubuntu => {
                        let recommended = self.takes_recommended(stage, run, &install);
                        *names.entry(install.name).or_default() |= recommended;
                    }
                    _ => amount.complete = false,
                }
            }
        }
        let release = self.release_of(image);
        let (bytes, known) = catalogue::closure_bytes(names.keys().copied(), release);
        amount.bytes = bytes;
        amount.complete &= known;
        for (name, _) in names.iter().filter(|(_, recommended)| **recommended) {
            let package = catalogue::system_package(Distribution::Debian, name).map(|package| package.on(release));
            let more = package.and_then(|package| package.recommended_bytes?.checked_sub(package.installed_bytes?));
            amount.add(more);
        }
        amount
    }

    pub(super) fn takes_recommended(&self, stage: &StageFacts, run: &Run, install: &SystemInstall<'_>) -> bool {
        let place = run.invocations.iter().position(|one| std::ptr::eq(one, install.invocation));
        let says = Apt::read(install.invocation).and_then(|apt| apt.recommends());
        says.unwrap_or_else(|| !place.is_some_and(|place| self.apt_leaves_out_recommends(stage, run, place)))
    }
}
