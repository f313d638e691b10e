//! The files of one repository, read once and shared: the only module that reads `std::fs`.
//!
//! * [`Workspace`]: files with an overlay for unsaved text, listings, parsed manifests, build contexts.
//! * [`discover`]: from the paths a person gives to workspaces and the Dockerfiles in them.
//! * [`ComposeService`]: what compose files build and start.
//! * [`Builds`]: the arguments and targets that compose and bake files, workflows, Makefiles and scripts give to a build.
//! * [`Changes`]: what git says has changed since a revision.
//! * [`Service`]: a Dockerfile with its build context and ignore file.
//!
//! Paths are relative to the workspace's root, `/`-separated and normalised; `""` is the root.

mod builds;
mod cache;
mod compose;
mod definitions;
mod discovery;
mod disk;
mod error;
mod evidence;
mod feeds;
mod git;
mod gitignore;
mod inline;
mod links;
mod listing;
mod make;
mod manifests;
mod memo;
mod names;
mod paths;
mod platforms;
mod refresh;
mod reports;
mod service;
mod shipped;
mod stamp;
mod store;
#[cfg(test)]
pub(crate) mod testing;
mod walk;

pub use builds::{Builds, Target};
pub use compose::{ComposeBuild, ComposeFile, ComposeService, field, indent, is_compose_name};
pub(crate) use definitions::yaml::Node as YamlNode;
pub use discovery::{
    Discovery, DiscoveryProblem, Feeds, ProblemKind, discover, discover_where, is_template, place, with_text,
};
pub use disk::MAX_FILE_BYTES;
pub use error::{ManifestProblem, ReadError, WorkspaceError};
pub use feeds::feeds_builds;
pub use git::{Changes, GitError};
pub use inline::{InlineDockerfile, holder, is_no_more};
pub use make::MakeVariables;
pub use names::{BackupName, NameKind, backup_name, is_dockerfile_name};
pub use paths::{below, join, lexical, normalise, parent, relative_to};
pub use platforms::DeployedImage;
pub use reports::is_report;
pub use service::{Overrides, Said, Service, locate_from_sources};
pub use shipped::{is_for_production, is_sample};
pub use store::{Entry, Workspace};
pub use walk::{MAX_DEPTH, MAX_TREE_FILES};
