//! The tables of locks.

use std::borrow::Cow;

/// Where in a lock a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Before the first header.
    Top,
    /// `[[package]]` or `[[packages]]`.
    Package,
    /// `[package.dependencies]` of poetry.
    Dependencies,
    /// `[package.dependencies.NAME]` and `[[package.dependencies.NAME]]` of old poetry.
    Dependency,
    /// `[package.extras]` of poetry.
    PackageExtras,
    /// `[package.optional-dependencies]` of uv.
    OptionalDependencies,
    /// `[package.dev-dependencies]` of uv.
    DevDependencies,
    /// `[package.metadata]` of uv.
    PackageMetadata,
    /// `[package.metadata.requires-dev]` of uv.
    RequiresDev,
    /// `[package.source]`, `[packages.vcs]` and its like; whether it is a folder.
    Source(bool),
    /// `[packages.archive]` and `[[packages.wheels]]`.
    File,
    /// `[manifest]` of uv.
    Manifest,
    /// `[manifest.dependency-groups]` of uv.
    ManifestGroups,
    /// `[metadata]`
    Metadata,
    /// `[metadata.files]` of poetry 1.
    MetadataFiles,
    /// `[extras]` of poetry.
    Extras,
    Other,
}

impl Section {
    pub(super) fn of(keys: &[Cow<'_, str>]) -> Self {
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        match keys.as_slice() {
            ["package" | "packages"] => Self::Package,
            ["package", "dependencies"] => Self::Dependencies,
            ["package", "dependencies", _] => Self::Dependency,
            ["package", "extras"] => Self::PackageExtras,
            ["package", "optional-dependencies"] => Self::OptionalDependencies,
            ["package", "dev-dependencies"] => Self::DevDependencies,
            ["package", "metadata"] => Self::PackageMetadata,
            ["package", "metadata", "requires-dev"] => Self::RequiresDev,
            ["package", "source"] | ["packages", "vcs"] => Self::Source(false),
            ["packages", "directory"] => Self::Source(true),
            ["packages", "archive" | "wheels" | "sdist"] => Self::File,
            ["manifest"] => Self::Manifest,
            ["manifest", "dependency-groups"] => Self::ManifestGroups,
            ["metadata"] => Self::Metadata,
            ["metadata", "files"] => Self::MetadataFiles,
            ["extras"] => Self::Extras,
            _ => Self::Other,
        }
    }
}
