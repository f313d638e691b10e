//! The table of base images, made from `base-images.toml`.

use super::{Distribution, EndOfLife, Gpu};

include!(concat!(env!("OUT_DIR"), "/catalogue-images.rs"));

/// One family of images.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) repositories: &'static [&'static str],
    pub(super) distribution: Distribution,
    pub(super) user: Option<&'static str>,
    pub(super) gpu: Gpu,
    pub(super) build_tools: Option<bool>,
    pub(super) small_build_tools: bool,
    /// Where Python's version stands: `tag`, or nowhere.
    pub(super) python: Option<&'static str>,
    /// How a smaller tag is made; empty when there is none.
    pub(super) slimmer: &'static str,
    pub(super) small: bool,
    pub(super) glibc: bool,
}

/// The uncompressed size of a variant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    image: &'static str,
    version: Option<&'static str>,
    variant: &'static str,
    pub(super) bytes: u64,
    pub(super) basis: &'static str,
}

#[derive(Debug)]
struct End {
    life: EndOfLife,
    tokens: &'static [&'static str],
    images: &'static [&'static str],
}

/// Everything the file says.
#[derive(Debug)]
pub(super) struct Images {
    hub: &'static [&'static str],
    tokens: &'static [(Distribution, &'static str)],
    families: &'static [Image],
    sizes: &'static [Size],
    ends: &'static [End],
}

/// The table.
pub(super) const fn images() -> &'static Images {
    &IMAGES
}

impl Images {
    /// `name` without what only says that it comes from Docker Hub.
    pub(super) fn without_hub(&self, name: &str) -> String {
        let name = name.to_lowercase();
        let stripped = self.hub.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
        // A mirror inside a company ends in `…/library/NAME` as well.
        match stripped.rsplit_once("library/") {
            Some((before, official)) if !official.contains('/') && (before.is_empty() || before.ends_with('/')) => {
                official.to_owned()
            }
            _ => stripped.to_owned(),
        }
    }

    /// The first family that names `repository`.
    pub(super) fn family(&self, repository: &str) -> Option<&Image> {
        self.families.iter().find(|image| image.repositories.iter().any(|pattern| fits(pattern, repository)))
    }

    /// The distribution that a token of a tag tells.
    pub(super) fn distribution(&self, token: &str) -> Option<Distribution> {
        let told = |name: &str| {
            token
                .strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()) || name == "windows")
        };
        self.tokens.iter().find(|(_, name)| told(name)).map(|&(family, _)| family)
    }

    /// Where the name of a Debian release begins in `tag`.
    pub(super) fn release_at(&self, tag: &str) -> Option<usize> {
        let mut at = 0;
        for token in tag.split('-') {
            if self.tokens.iter().any(|(family, name)| *family == Distribution::Debian && *name == token) {
                return Some(at);
            }
            at += token.len() + 1;
        }
        None
    }

    /// The size of a variant of `repository`.
    pub(super) fn size(&self, repository: &str, tag: &str, variant: &str) -> Option<Size> {
        let size = self.sizes.iter().find(|size| size.image == repository && size.variant == variant)?;
        let same_version = size.version.is_none_or(|version| begins(tag, version));
        Some(if same_version { *size } else { Size { basis: "estimate", ..*size } })
    }

    /// What in the image has an end of support.
    pub(super) fn ends(&self, repository: &str, tag: &str, tokens: &[&str]) -> Vec<EndOfLife> {
        let applies = |end: &&End| {
            end.tokens.iter().any(|name| tokens.contains(name))
                || end.images.iter().any(|image| match image.split_once(':') {
                    Some((name, version)) => name == repository && begins(tag, version),
                    None => *image == repository,
                })
        };
        self.ends.iter().filter(applies).map(|end| end.life).collect()
    }
}

/// Whether `tag` is of `version`: `3.7`, `3.7.1`, `3.7-slim`, but not `3.70`.
fn begins(tag: &str, version: &str) -> bool {
    tag.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Whether `name` fits `pattern`, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            tail.is_empty() || (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| fits(tail, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::{document, section};
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read() {
        let file = document(include_str!("../../rules/catalogue/base-images.toml"));
        let root = file.as_table();
        let count = |name: &str| {
            root.get(name).and_then(|item| item.as_array_of_tables()).map_or(0, toml_edit::ArrayOfTables::len)
        };
        let images = images();
        assert_eq!(
            (images.families.len(), images.sizes.len(), images.ends.len()),
            (count("image"), count("size"), count("end-of-life"))
        );
        assert!(images.families.iter().all(|image| !image.repositories.is_empty()));
        assert!(
            images
                .families
                .iter()
                .all(|image| ["", "slim-release", "release-slim", "runtime"].contains(&image.slimmer))
        );
        assert!(images.sizes.iter().all(|size| ["measured", "estimate"].contains(&size.basis)));
        assert!(
            images
                .ends
                .iter()
                .all(|end| end.life.date.len() == 10 && !(end.tokens.is_empty() && end.images.is_empty()))
        );
        assert_eq!(section(root, "tokens").len(), 7);
        assert!(images.tokens.len() > 30);
    }

    #[test]
    fn patterns_take_any_text_for_a_star() {
        assert!(fits("registry.example/ubi*/python-*", "registry.example/ubi9/python-311"));
        assert!(!fits("jupyter/*", "quay.io/jupyter/x"));
    }
}
