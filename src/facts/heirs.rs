//! Images that other Dockerfiles of the repository are built on.

use crate::workspace::{NameKind, is_dockerfile_name, parent};

use super::paths::file_name;
use super::targets::repository;
use super::{Facts, StageFacts};

/// Dockerfiles beyond these are not looked at.
const FILE_LIMIT: usize = 2_000;
/// Names of folders that say nothing of what is built in them.
const PLAIN_FOLDERS: [&str; 12] = [
    "app",
    "build",
    "container",
    "containers",
    "deploy",
    "docker",
    "dockerfiles",
    "images",
    "infra",
    "ops",
    "server",
    "src",
];

/// How many lines of a README are taken for its beginning.
const README_LINES: usize = 20;
/// What a README says of an image that others are built on.
const FOR_OTHERS: [&str; 8] = [
    "base image",
    "base container",
    "base docker image",
    "parent image",
    "container for deploying",
    "container for running",
    "image for deploying",
    "image for running",
];

impl Facts<'_> {
    /// Whether the README of the repository says that its image is for others to stand on, and the start has a hook that only these can
    /// fill: `if [ -f /scripts/app_start.sh ]`, where a step copies a folder `scripts` without that file.
    pub(super) fn is_for_children(&self) -> bool {
        let says = || {
            let mut begins =
                ["README.md", "readme.md", "README.rst"].iter().filter(|name| self.workspace.is_file(name));
            begins.next().and_then(|name| self.workspace.read(name).ok()).is_some_and(|file| {
                let head: String = file.text().lines().take(README_LINES).collect::<Vec<_>>().join(" ").to_lowercase();
                FOR_OTHERS.iter().any(|words| head.contains(words))
            })
        };
        self.finals().any(|image| self.has_open_hook(image)) && says()
    }

    /// Whether the script that the image starts looks for a file which no step brings, in a folder that a step copies.
    fn has_open_hook(&self, image: &StageFacts) -> bool {
        let is_open = |path: &str| {
            let folder = self.origin(image.index, usize::MAX, parent(path), None);
            folder.is_some_and(|folder| self.workspace.is_dir(&folder))
                && self.origin(image.index, usize::MAX, path, None).is_none()
        };
        let looks_for = |line: &str| {
            let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || ";[]\"'".contains(c)).collect();
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            words.windows(2).any(|pair| {
                matches!(pair, ["-f" | "-e" | "-x" | "-r", path] if path.starts_with('/') && !path.contains('$') && is_open(path))
            })
        };
        self.start_script_with(image, looks_for).is_some()
    }

    /// Whether another Dockerfile of the repository is built on what this one builds, as their names tell: on
    /// `ghcr.io/owner/owner-updater-core` where this one is `Dockerfile.updater-core`, on `owner/base` where it lies in `base`.
    pub(super) fn others_are_built_on_it(&self) -> bool {
        let own = names_of(&self.service.dockerfile);
        // In a folder of many repositories a name says nothing of another one's.
        if own.is_empty() || !self.workspace.exists(".git") {
            return false;
        }
        let references = self.workspace.remembered("images of Dockerfiles", || {
            let tree = repository(self.workspace);
            let files = tree.files.iter().map(|file| file.path.as_str());
            let files = files.filter(|path| is_dockerfile_name(file_name(path)) == NameKind::Yes).take(FILE_LIMIT);
            let read = |path: &str| Some((path.to_owned(), references(self.workspace.read(path).ok()?.text())));
            files.filter_map(read).collect::<Vec<(String, Vec<String>)>>()
        });
        let others = references.iter().filter(|(path, _)| *path != self.service.dockerfile);
        others.flat_map(|(_, references)| references).any(|name| {
            own.iter().any(|own| {
                name == own || name.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with(['-', '_']))
            })
        })
    }
}

/// What the image of a Dockerfile may be called: `updater-core` for `Dockerfile.updater-core`, else the folder's name.
fn names_of(path: &str) -> Vec<String> {
    let lower = path.to_lowercase();
    let file = file_name(&lower);
    let rest = file.trim_start_matches("dockerfile").trim_end_matches("dockerfile").trim_matches(['.', '-', '_']);
    let folder = lower.rsplit('/').nth(1).unwrap_or_default();
    let name = if rest.is_empty() { folder } else { rest };
    if name.is_empty() || PLAIN_FOLDERS.contains(&name) { Vec::new() } else { vec![name.to_owned()] }
}

/// The last names of the images with an owner that a Dockerfile is built on or has as the value of an argument. One without an owner,
/// `FROM python:3.12`, is a public one.
fn references(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let reference = match words.next().map(str::to_ascii_uppercase).as_deref() {
            Some("FROM") => words.find(|word| !word.starts_with("--")),
            Some("ARG") => words.next().and_then(|word| Some(word.split_once('=')?.1.trim_matches(['"', '\'']))),
            _ => None,
        };
        let Some(reference) = reference.filter(|reference| reference.contains('/')) else { continue };
        // `${REGISTRY:-ghcr.io}/owner/base:${TAG}`
        let name = reference.rsplit('/').next().unwrap_or_default();
        let name = name.split([':', '@', '$']).next().unwrap_or_default().to_lowercase();
        if !name.is_empty() {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_by_file_or_folder() {
        assert_eq!(names_of("Dockerfile.updater-core"), ["updater-core"]);
        assert_eq!(names_of("docker/base/Dockerfile"), ["base"]);
        assert_eq!(names_of("images/Base.Dockerfile"), ["base"]);
        assert!(names_of("Dockerfile").is_empty() && names_of("docker/Dockerfile").is_empty());
    }

    #[test]
    fn references_have_an_owner() {
        let text = "ARG BASE=ghcr.io/a/generator:latest\nARG X=1\nFROM --platform=x $R/owner/base:${TAG} AS b\nFROM python:3.12\n";
        assert_eq!(references(text), ["generator", "base"]);
    }
}
