//! Images that other Dockerfiles of the repository are built on.

use crate::catalogue::split_image;
use crate::workspace::parent;

use super::paths::file_name;
use super::targets::own_dockerfiles;
use super::{Facts, StageFacts};

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

impl Facts<'_> {
    /// The script that the image starts, with a script that it runs where it is there, in a folder that a step copies, which no step brings:
    /// `if [ -f /scripts/app_start.sh ]`. An image that is built on this one may.
    pub(super) fn open_hook(&self, image: &StageFacts) -> Option<(String, String)> {
        let is_open = |path: &str| {
            let folder = self.origin(image.index, usize::MAX, parent(path), None);
            folder.is_some_and(|folder| self.workspace.is_dir(&folder))
                && self.origin(image.index, usize::MAX, path, None).is_none()
        };
        let hook = |line: &str| {
            let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || ";[]\"'".contains(c)).collect();
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            let mut tested = words.windows(2).filter_map(|pair| match pair {
                ["-f" | "-e" | "-x" | "-r", path] if path.starts_with('/') && !path.contains('$') => Some(*path),
                _ => None,
            });
            let is_script = |path: &str| [".sh", ".bash", ".py"].iter().any(|ending| path.ends_with(ending));
            tested.find(|path| is_script(path) && is_open(path)).map(str::to_owned)
        };
        let script = self.start_script_with(image, |line| hook(line).is_some())?;
        let file = self.workspace.read(&script).ok()?;
        let mut found = file.text().lines().filter_map(hook);
        found.find(|path| runs(file.text(), path)).map(|found| (script, found))
    }

    /// Whether another Dockerfile of the repository is built on what this one builds, as their names tell: on
    /// `ghcr.io/owner/owner-updater-core` where this one is `Dockerfile.updater-core`, on `owner/base` where it lies in `base`.
    pub(super) fn others_are_built_on_it(&self) -> bool {
        let own = names_of(&self.service.dockerfile);
        // In a folder of many repositories a name says nothing of another one's.
        if own.is_empty() || !self.workspace.exists(".git") {
            return false;
        }
        self.references_to(&own).next().is_some()
    }

    /// Whether an image that starts nothing is where other Dockerfiles of the repository copy files from, and none is built on it:
    /// `FROM ${BASE_IMAGE} AS base`, then `COPY --from=base /app/build .` in a stage on another image.
    pub(super) fn is_only_copied_from(&self, image: &StageFacts) -> bool {
        let own = names_of(&self.service.dockerfile);
        if own.is_empty() || !self.starts_nothing(image) || !self.workspace.exists(".git") {
            return false;
        }
        let mut uses = self.references_to(&own).peekable();
        uses.peek().is_some() && uses.all(|reference| reference.is_copied)
    }

    /// What other Dockerfiles of the repository take of an image with one of these names.
    fn references_to(&self, own: &[String]) -> impl Iterator<Item = Reference> {
        let references = self.workspace.remembered("images of Dockerfiles", || {
            let files = own_dockerfiles(self.workspace);
            let read = |path: &String| Some((path.clone(), references(self.workspace.read(path).ok()?.text())));
            let found = files.iter().filter_map(read).filter(|(_, references)| !references.is_empty());
            found.collect::<Vec<(String, Vec<Reference>)>>()
        });
        let others = references.iter().filter(|(path, _)| *path != self.service.dockerfile);
        let is_own = |name: &str| own.iter().any(|own| may_be_called(own, name));
        let found: Vec<Reference> = others
            .flat_map(|(_, references)| references)
            .filter(|reference| is_own(&reference.name) || own.contains(&reference.tag))
            .cloned()
            .collect();
        found.into_iter()
    }
}

/// Whether a text of shell runs the file at `path` that it tests, rather than only asking which of several is there.
fn runs(text: &str, path: &str) -> bool {
    let is_option = |word: &str| word.len() == 2 && word.starts_with('-');
    text.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| {
        let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || ";[]\"'".contains(c)).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let is_run = |(at, word): (usize, &&str)| {
            let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
            let tests =
                is_option(before) && words.iter().take(at).any(|word| matches!(*word, "if" | "elif" | "test" | "!"));
            *word == path && !(tests || is_option(before) && line.contains('['))
        };
        words.iter().enumerate().any(is_run)
    })
}

/// An image with an owner that a Dockerfile names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    /// Its last name, in lower case.
    name: String,
    /// Its tag, in lower case; empty where none is known. `owner/tool:CLI` of `docker/cli`.
    tag: String,
    /// Whether files are copied from it, and nothing that is shipped is built on it.
    is_copied: bool,
}

/// Whether the last name of an image may be that of a Dockerfile with the name `own`: `owner-base` of `base/Dockerfile`.
pub(super) fn may_be_called(own: &str, name: &str) -> bool {
    name == own || name.strip_suffix(own).is_some_and(|rest| rest.ends_with(['-', '_']))
}

/// What the image of a Dockerfile may be called: `updater-core` for `Dockerfile.updater-core`, else the folder's name.
pub(super) fn names_of(path: &str) -> Vec<String> {
    let lower = path.to_lowercase();
    let file = file_name(&lower);
    let rest = file.trim_start_matches("dockerfile").trim_end_matches("dockerfile").trim_matches(['.', '-', '_']);
    let folder = lower.rsplit('/').nth(1).unwrap_or_default();
    let name = if rest.is_empty() { folder } else { rest };
    if name.is_empty() || PLAIN_FOLDERS.contains(&name) { Vec::new() } else { vec![name.to_owned()] }
}

/// The images with an owner that a Dockerfile is built on, copies from or has as the value of an argument. One without an owner, `FROM
/// python:3.12`, is a public one.
fn references(text: &str) -> Vec<Reference> {
    let mut arguments: Vec<(&str, &str)> = Vec::new();
    // What each stage begins with, and its name.
    let mut stages: Vec<(String, &str)> = Vec::new();
    let mut copied: Vec<String> = Vec::new();
    let filled = |word: &str, arguments: &[(&str, &str)]| {
        let name = word.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
        let value = name.and_then(|name| arguments.iter().find(|(argument, _)| *argument == name));
        value.map_or_else(|| word.to_owned(), |(_, value)| (*value).to_owned())
    };
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next().map(str::to_ascii_uppercase).as_deref() {
            Some("FROM") => {
                let mut words = words.skip_while(|word| word.starts_with("--"));
                let Some(reference) = words.next() else { continue };
                stages.push((filled(reference, &arguments), words.nth(1).unwrap_or_default()));
            }
            Some("ARG") => {
                let declared = words.next().and_then(|word| word.split_once('='));
                arguments.extend(declared.map(|(name, value)| (name, value.trim_matches(['"', '\'']))));
            }
            Some("COPY") => {
                let from = words.find_map(|word| word.strip_prefix("--from="));
                copied.extend(from.map(|from| filled(from, &arguments)));
            }
            _ => {}
        }
    }
    // What the last stage stands on.
    let mut shipped: Vec<usize> = Vec::new();
    let mut at = stages.len().checked_sub(1);
    while let Some(index) = at {
        shipped.push(index);
        let below = stages.get(index).map(|(reference, _)| reference.as_str()).unwrap_or_default();
        at = stages.iter().take(index).position(|(_, name)| !name.is_empty() && *name == below);
    }
    let mut found: Vec<Reference> = Vec::new();
    let mut add = |reference: &str, is_copied: bool| {
        let name = last_name(reference);
        found.extend(name.map(|name| Reference { name, tag: tag(reference), is_copied }));
    };
    for (index, (reference, name)) in stages.iter().enumerate() {
        add(reference, !shipped.contains(&index) && copied.iter().any(|from| !name.is_empty() && from == name));
    }
    for from in &copied {
        add(from, true);
    }
    for (_, value) in &arguments {
        if !stages.iter().any(|(reference, _)| reference == value) && !copied.iter().any(|from| from == value) {
            add(value, false);
        }
    }
    found
}

/// `base` of `${REGISTRY:-ghcr.io}/owner/base:${TAG}`
fn last_name(reference: &str) -> Option<String> {
    let name = reference.rsplit_once('/')?.1;
    let name = name.split([':', '@', '$']).next().unwrap_or_default().to_lowercase();
    (!name.is_empty()).then_some(name)
}

/// `cli` of `owner/tool:CLI`
fn tag(reference: &str) -> String {
    let (_, tag, _) = split_image(reference);
    tag.filter(|tag| !tag.contains('$')).unwrap_or_default().to_lowercase()
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
    fn what_is_only_copied_from_is_no_base() {
        let text = "ARG BASE=owner/base\nFROM ${BASE} AS made\nFROM node:24-slim\nCOPY --from=made /app .\n";
        assert_eq!(references(text), [Reference { name: "base".to_owned(), tag: String::new(), is_copied: true }]);
        let text = "FROM owner/base AS made\nFROM made\nCOPY --from=made /app .\n";
        assert_eq!(references(text), [Reference { name: "base".to_owned(), tag: String::new(), is_copied: false }]);
    }

    #[test]
    fn references_have_an_owner() {
        let text = "ARG BASE=ghcr.io/a/generator:latest\nARG X=1\nFROM --platform=x $R/owner/base:${TAG} AS b\nFROM python:3.12\n";
        let names: Vec<(String, bool)> =
            references(text).into_iter().map(|reference| (reference.name, reference.is_copied)).collect();
        assert_eq!(names, [("base".to_owned(), false), ("generator".to_owned(), false)]);
    }
}
