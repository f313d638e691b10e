//! What an image that another Dockerfile of the repository builds brings to those that are built on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalogue::{self, split_image};
use crate::dockerfile::{Arguments, Dockerfile, Keyword, UNKNOWN};

use super::heirs::{may_be_called, names_of};
use super::system::is_on_buildpack;
use super::targets::own_dockerfiles;
use super::{Base, Facts, StageFacts};

/// How many images of the repository are looked into that are built on one another.
const DEPTH: usize = 4;
const PACKAGE_MANAGERS: [&str; 7] = ["apt-get", "apt", "aptitude", "apk", "dnf", "microdnf", "yum"];

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
    /// In lower case.
    name: Option<String>,
    /// The words of its steps that install.
    words: BTreeSet<String>,
}

impl OwnImage {
    fn read(path: &str, text: &str) -> Self {
        let dockerfile = Dockerfile::parse(text);
        let stages = dockerfile.stages.iter().map(|stage| {
            let own = dockerfile.instructions.get(stage.instructions.clone()).unwrap_or_default();
            let reference = own.iter().find_map(|instruction| match &instruction.arguments {
                Arguments::From { image, .. } => image.as_ref().map(|image| image.text.to_lowercase()),
                _ => None,
            });
            let runs = own.iter().filter(|instruction| instruction.keyword == Keyword::Run);
            let scripts = runs.map(|run| run.body.text()).filter(|script| is_install(script));
            let words = scripts.flat_map(|script| script.split([' ', '\t', '\n', ';', '&', '=']).map(str::to_owned));
            OwnStage { reference: reference.unwrap_or_default(), name: stage.name.clone(), words: words.collect() }
        });
        Self { path: path.to_owned(), names: names_of(path), stages: stages.collect() }
    }

    /// The stages that make the image `reference`, in lower case and without its tag, where it is likely one of this file: the stage of that
    /// very name, which compose hands on as a context, or the last one where it is called like the file or its folder and has an owner:
    /// `owner/base` of `base/Dockerfile`.
    fn chain(&self, reference: &str) -> Vec<&OwnStage> {
        let mut at = match reference.rsplit_once('/') {
            None => self.stages.iter().position(|stage| stage.name.as_deref() == Some(reference)),
            Some((_, last)) => {
                self.stages.len().checked_sub(1).filter(|_| self.names.iter().any(|own| may_be_called(own, last)))
            }
        };
        let mut chain = Vec::new();
        while let Some(stage) = at.and_then(|at| self.stages.get(at)) {
            chain.push(stage);
            let earlier = self.stages.iter().take(at.unwrap_or_default());
            at = earlier.clone().position(|other| other.name.as_ref() == Some(&stage.reference));
        }
        chain
    }
}

impl Facts<'_> {
    /// Whether a Dockerfile of the repository that likely builds the image at the root of `stage` installs the package `name`: `FROM
    /// owner/base` where `docker/base/Dockerfile` is there. With several such Dockerfiles, whether any of them does.
    pub(super) fn own_base_installs(&self, stage: &StageFacts, name: &str) -> bool {
        let of_full_image = |stage: &&OwnStage| {
            catalogue::is_in_buildpack(name) && is_on_buildpack(&catalogue::base_image(&stage.reference))
        };
        self.any_own_base(stage, |chain| {
            chain.iter().any(|stage| stage.words.contains(name)) || chain.last().is_some_and(of_full_image)
        })
    }

    /// Whether such a Dockerfile stands on an image that the catalogue knows.
    pub(super) fn stands_on_own_base(&self, stage: &StageFacts) -> bool {
        let known = |stage: &&OwnStage| catalogue::base_image(&stage.reference).is_known;
        self.any_own_base(stage, |chain| chain.last().is_some_and(known))
    }

    /// Whether `is_it` holds for one of the images of the repository that likely are below the image at the root of `stage`, each with its
    /// stages from the last one down.
    fn any_own_base(&self, stage: &StageFacts, is_it: impl Fn(&[&OwnStage]) -> bool) -> bool {
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
            if chains.iter().any(|chain| is_it(chain)) {
                return true;
            }
            asked = chains.iter().filter_map(|chain| Some(untagged(&chain.last()?.reference))).collect();
            asked.sort_unstable();
            asked.dedup();
        }
        false
    }

    fn own_images(&self) -> Arc<Vec<OwnImage>> {
        self.workspace.remembered("own images", || {
            // In a folder of many repositories a name says nothing of another one's.
            if !self.workspace.exists(".git") {
                return Vec::new();
            }
            let files = own_dockerfiles(self.workspace);
            let read = |path: &String| Some(OwnImage::read(path, self.workspace.read(path).ok()?.text()));
            files.iter().filter_map(read).collect()
        })
    }
}

/// Whether a step installs packages of the system.
fn is_install(script: &str) -> bool {
    let words: Vec<&str> = script.split_whitespace().collect();
    words.iter().any(|word| PACKAGE_MANAGERS.contains(word))
        && words.iter().any(|word| matches!(*word, "install" | "add"))
}

/// `owner/base` of `Owner/base:${TAG}`
fn untagged(reference: &str) -> String {
    split_image(reference).0.to_lowercase()
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
