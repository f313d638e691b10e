//! What the build does, read once from the Dockerfile and the files it uses; rules only ask.
//!
//! * [`StageFacts`]: a stage's base, and what holds at each of its instructions (ENV, ARG, USER, WORKDIR, SHELL).
//! * [`Run`] and [`Invocation`]: the programs that a `RUN` starts, seen through variables, wrappers, `sh -c`, functions and
//!   branches, each word with its place in the Dockerfile.
//! * [`Transfer`]: what `COPY` and `ADD` put where; [`Facts::origin`] follows a path of the image back to the context.
//! * [`Reads`]: the files and folders of the repository that the build reads.
//! * [`Facts::reaches_final`]: whether what a stage writes ends up in an image that is shipped.

mod bases;
mod caches;
mod callers;
mod comments;
mod configuration;
mod contents;
mod documented;
mod environment;
mod failing;
mod heirs;
mod history;
mod homes;
mod images;
mod installing;
mod java;
mod kernels;
mod layers;
mod leftovers;
mod manifests;
mod metadata;
mod named_files;
mod own_bases;
mod paths;
mod purpose;
mod reach;
mod reads;
mod references;
mod ruby;
mod run;
mod split;
mod stages;
mod system;
mod targets;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tools;
mod transfer;
mod unseen;
mod walk;
mod weights;
mod workplaces;
mod yarn;

pub mod commands;
pub mod context;
pub mod python;

pub use bases::ShippedBase;
pub use caches::{Fate, is_mounted};
pub use callers::{ContainerCall, Seen, UseSigns};
pub use configuration::Setting;
pub use contents::{Amount, Contents};
pub use environment::{Environment, Variable, VariableKind};
pub use history::KeptHistory;
pub use homes::CacheFolders;
pub use images::Base;
pub use layers::{
    Addition, ByteSource, DevelopmentModules, Held, KeptArchive, Late, LateMove, LateRemoval, OwnershipAction,
    OwnershipChange, Rewriting, Way,
};
pub use leftovers::Leftover;
pub use manifests::{EarlyCopy, ManifestInstall};
pub use metadata::KeptMetadata;
pub use paths::{is_below, resolve};
pub use reads::Reads;
pub use run::{Argument, Errexit, Guard, Invocation, Mount, Origin, Run, Site, Unread};
pub use split::{Environment as SplitEnvironment, Refusal, Repeat, Split};
pub use stages::{Shell, StageFacts, State};
pub use system::{SystemInstall, SystemRemoval};
pub use targets::Targets;
pub use tools::{ImageNeeds, MANUAL_FOLDER};
pub use transfer::{Source, Transfer};
pub use weights::{Added, AddedKind, PackageWeight, StageWeight};
pub use workplaces::has_build_step;
pub use yarn::{ModernYarn, YarnVersion};

use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;

use crate::dockerfile::Dockerfile;
use crate::text::SourceFile;
use crate::workspace::{Service, Workspace};

/// What one service's build does. Borrowed and read-only; computed once.
#[derive(Debug)]
pub struct Facts<'w> {
    /// The files.
    pub workspace: &'w Workspace,
    /// Which Dockerfile, in which context.
    pub service: &'w Service,
    /// The Dockerfile's text.
    pub source: &'w SourceFile,
    /// The parsed Dockerfile.
    pub dockerfile: &'w Dockerfile,
    /// One for each stage, in order.
    pub stages: Vec<StageFacts>,
    /// For each stage, the stages that are built on it.
    children: Vec<Vec<usize>>,
    /// For each stage, whether its layers are layers of a final image.
    in_final: Vec<bool>,
    /// What compose services that build the Dockerfile start, each with the stage that it names.
    composed: Vec<purpose::ComposedStart>,
    /// What compose services mount of the sources.
    mounts: Vec<purpose::SourceMount>,
    /// Whether the file is for developing, testing or building, once somebody asked.
    workshop: OnceLock<bool>,
    /// The file of an editor that makes the image its container, once somebody asked.
    editor: OnceLock<Option<String>>,
    /// For each stage, what was found out about its purpose.
    purposes: Vec<purpose::Purpose>,
    /// For each stage, the places of the `COPY --from` that take from it, as (stage, index of the transfer).
    takers: Vec<Vec<(usize, usize)>>,
    /// What following scripts may still cost.
    work_left: AtomicUsize,
    /// What comparing removals with earlier layers may still cost.
    comparisons_left: AtomicUsize,
    python: python::Lazy,
}

impl<'w> Facts<'w> {
    /// Computes the facts.
    #[must_use]
    pub fn compute(
        workspace: &'w Workspace,
        service: &'w Service,
        source: &'w SourceFile,
        dockerfile: &'w Dockerfile,
    ) -> Self {
        let mut facts = Self {
            workspace,
            service,
            source,
            dockerfile,
            stages: Vec::new(),
            children: Vec::new(),
            in_final: Vec::new(),
            composed: purpose::composed_starts(workspace, service),
            mounts: purpose::mounts(workspace, service),
            workshop: OnceLock::new(),
            editor: OnceLock::new(),
            purposes: Vec::new(),
            takers: Vec::new(),
            work_left: walk::allowance(),
            comparisons_left: layers::allowance(),
            python: python::Lazy::default(),
        };
        stages::compute(&mut facts);
        reach::compute(&mut facts);
        facts.purposes = facts.stages.iter().map(|_| purpose::Purpose::default()).collect();
        facts
    }
}
