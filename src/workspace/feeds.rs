//! Files that are no Dockerfiles and decide what builds do: manifests, locks, ignore files, and files that define builds.

use super::compose::{is_compose_name, may_be_compose_name};
use super::names::{NameKind, is_backup, is_dockerfile_name};

/// Names that no Dockerfile bears, in lower case.
const NAMES: &[&str] = &[
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "uv.lock",
    "uv.toml",
    "poetry.lock",
    "pdm.lock",
    "pipfile",
    "pipfile.lock",
    "environment.yml",
    "environment.yaml",
    "conda-lock.yml",
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "yarn.lock",
    ".dockerignore",
    ".containerignore",
    "docker-bake.hcl",
    "docker-bake.json",
    "docker-bake.override.hcl",
    "docker-bake.override.json",
    "slimlint.toml",
    ".slimlint.toml",
    ".hadolint.yaml",
    ".hadolint.yml",
];

/// Whether the name of the file at `path` says that builds of other files read it: a manifest or lock of Python or Node.js, an ignore
/// file, a compose or bake file, a configuration. A list of names, so that a Dockerfile of an unusual name is never taken for
/// one.
#[must_use]
pub fn feeds_builds(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if is_backup(name) || is_dockerfile_name(name) != NameKind::No {
        return false;
    }
    let is_listed = NAMES.contains(&name) || name.ends_with(".dockerignore");
    is_listed || is_requirements(folder, name) || is_lock(name) || is_compose_name(name) || may_be_compose_name(name)
}

/// `requirements-dev.txt`, `api_requirements.in`, `constraints.txt`, `requirements/base.txt`.
fn is_requirements(folder: &str, name: &str) -> bool {
    let holds = |name: &str| name.contains("requirements") || name.contains("constraints");
    let is_list = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    let folder = folder.rsplit('/').next().unwrap_or_default();
    is_list.is_some_and(|stem| holds(stem) || matches!(folder, "requirements" | "constraints"))
}

/// `pylock.toml`, `pylock.api.toml`.
fn is_lock(name: &str) -> bool {
    name.strip_suffix(".toml").is_some_and(|stem| stem == "pylock" || stem.starts_with("pylock."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_of_an_unusual_name_feeds_no_build() {
        for path in ["Dockerfile", "api/Dockerfile.requirements", "build/production", "app.txt", "image.yml", "a.toml"]
        {
            assert!(!feeds_builds(path), "{path}");
        }
        assert!(!feeds_builds("requirements.txt.pre-slim.20261121"), "a backup is read by nothing");
    }
}
