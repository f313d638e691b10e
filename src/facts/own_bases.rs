//! What an image that another Dockerfile of the repository builds brings to those that are built on it.

use std::collections::BTreeSet;

use crate::dockerfile::UNKNOWN;
use crate::workspace::{NameKind, is_dockerfile_name};

use super::heirs::names_of;
use super::paths::file_name;
use super::targets::repository;
use super::{Base, Facts, StageFacts};

/// Dockerfiles beyond these are not looked at.
const FILE_LIMIT: usize = 2_000;
/// How many images of the repository are looked into that are built on one another.
const DEPTH: usize = 4;
/// Commands that install system packages.
const INSTALLERS: [&str; 9] = [
    "apt-get install",
    "apt-get -y install",
    "apt-get -qq install",
    "apt install",
    "apt -y install",
    "apk add",
    "dnf install",
    "dnf -y install",
    "yum install",
];

/// A Dockerfile of the repository, as one whose image others may be built on.
#[derive(Debug)]
struct OwnImage {
    path: String,
    /// What its image may be called, by its file or folder.
    names: Vec<String>,
    stages: Vec<OwnStage>,
}

#[derive(Debug)]
struct OwnStage {
    /// In lower case, as written behind `FROM`.
    reference: String,
    /// In lower case; empty where it has none.
    name: String,
    /// The words of its lines.
    words: BTreeSet<String>,
}

impl OwnImage {
    fn read(path: &str, text: &str) -> Self {
        let mut stages: Vec<OwnStage> = Vec::new();
        let installs = INSTALLERS.iter().any(|installer| text.contains(installer));
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut words = line.split_whitespace();
            if line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("from")) {
                let mut words = words.by_ref().skip(1).skip_while(|word| word.starts_with("--"));
                let reference = words.next().unwrap_or_default().to_lowercase();
                let name = words.nth(1).unwrap_or_default().to_lowercase();
                stages.push(OwnStage { reference, name, words: BTreeSet::new() });
            } else if let Some(stage) = stages.last_mut().filter(|_| installs) {
                let words = words.filter(|word| !word.starts_with('-')).map(|word| word.trim_end_matches([';', '\\']));
                stage.words.extend(words.map(|word| word.split('=').next().unwrap_or(word).to_owned()));
            }
        }
        Self { path: path.to_owned(), names: names_of(path), stages }
    }

    /// The stages that make the image `reference`, in lower case and without its tag, where it is likely one of this file: the stage of that
    /// very name, which compose hands on as a context, or the last one where it is called like the file or its folder and has an owner:
    /// `owner/base` of `base/Dockerfile`.
    fn chain(&self, reference: &str) -> Vec<&OwnStage> {
        let mut at = match reference.rsplit_once('/') {
            None => self.stages.iter().position(|stage| stage.name == reference),
            Some((_, last)) => {
                let is_own = |name: &String| {
                    name == last || last.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with(['-', '_']))
                };
                self.stages.len().checked_sub(1).filter(|_| self.names.iter().any(is_own))
            }
        };
        let mut chain = Vec::new();
        while let Some(stage) = at.and_then(|at| self.stages.get(at)) {
            chain.push(stage);
            let earlier = self.stages.iter().take(at.unwrap_or_default());
            at = earlier.clone().position(|other| !other.name.is_empty() && other.name == stage.reference);
        }
        chain
    }
}

impl Facts<'_> {
    /// Whether a Dockerfile of the repository that likely builds the image at the root of `stage` installs the package `name`: `FROM
    /// owner/base` where `docker/base/Dockerfile` is there. With several such Dockerfiles, whether any of them does.
    pub(super) fn own_base_installs(&self, stage: &StageFacts, name: &str) -> bool {
        let root = self.ancestors(stage).last().unwrap_or(stage);
        let Base::Image(value) = &root.base else { return false };
        if root.image.is_known || value.text().contains(UNKNOWN) && !value.text().contains('/') {
            return false;
        }
        let images = self.own_images();
        let mut asked: Vec<String> = vec![untagged(value.text())];
        for _ in 0..DEPTH {
            let others = images.iter().filter(|image| image.path != self.service.dockerfile);
            let chains = others.flat_map(|image| asked.iter().map(|reference| image.chain(reference)));
            let chains: Vec<Vec<&OwnStage>> = chains.filter(|chain| !chain.is_empty()).collect();
            if chains.iter().flatten().any(|stage| stage.words.contains(name)) {
                return true;
            }
            asked = chains.iter().filter_map(|chain| Some(untagged(&chain.last()?.reference))).collect();
        }
        false
    }

    fn own_images(&self) -> std::sync::Arc<Vec<OwnImage>> {
        self.workspace.remembered("own images", || {
            // In a folder of many repositories a name says nothing of another one's.
            if !self.workspace.exists(".git") {
                return Vec::new();
            }
            let tree = repository(self.workspace);
            let files = tree.files.iter().map(|file| file.path.as_str());
            let files = files.filter(|path| is_dockerfile_name(file_name(path)) == NameKind::Yes).take(FILE_LIMIT);
            files.filter_map(|path| Some(OwnImage::read(path, self.workspace.read(path).ok()?.text()))).collect()
        })
    }
}

/// `owner/base` of `Owner/base:${TAG}`
fn untagged(reference: &str) -> String {
    let reference = reference.split('@').next().unwrap_or(reference);
    let name = match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => reference,
    };
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_called_by_their_folder_or_stage() {
        let base = OwnImage::read("docker/base/Dockerfile", "FROM debian:bookworm AS indi.base\n");
        let is_called = |reference: &str| !base.chain(reference).is_empty();
        assert!(is_called("owner/base") && is_called("host/owner/tools-base") && is_called("indi.base"));
        assert!(!is_called("base") && !is_called("owner/database") && !is_called("debian"));
    }

    #[test]
    fn an_image_has_the_packages_of_its_last_stage_and_what_that_is_built_on() {
        let text = "FROM x AS a\n# gdb\nRUN apt-get install -y gcc=1.2 \\\n  libpq-dev; true\nFROM y AS b\nRUN apt install vim\n\
                    FROM a\nCOPY --from=b /x /x\n";
        let image = OwnImage::read("base/Dockerfile", text);
        let has = |name: &str| image.chain("owner/base").iter().any(|stage| stage.words.contains(name));
        assert!(has("gcc") && has("libpq-dev") && !has("gdb") && !has("vim"));
    }
}
