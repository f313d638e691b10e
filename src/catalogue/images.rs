//! The table of base images, as read from `base-images.toml`.

use std::sync::OnceLock;

use toml_edit::{Table, TableLike};

use super::reading::{document, flag, megabytes, section, text, texts};
use super::{Distribution, EndOfLife, Gpu};

const SOURCE: &str = include_str!("../../rules/catalogue/base-images.toml");

/// One family of images.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) repositories: Vec<String>,
    pub(super) distribution: Distribution,
    pub(super) user: Option<String>,
    pub(super) gpu: Gpu,
    pub(super) build_tools: Option<bool>,
    pub(super) small_build_tools: bool,
    /// Where Python's version stands: `tag`, or nowhere.
    pub(super) python: Option<String>,
    /// How a smaller tag is made; empty when there is none.
    pub(super) slimmer: String,
    pub(super) small: bool,
    pub(super) glibc: bool,
}

/// The uncompressed size of a variant.
#[derive(Clone, Debug)]
pub(super) struct Size {
    image: String,
    version: Option<String>,
    variant: String,
    pub(super) bytes: u64,
    pub(super) basis: String,
}

#[derive(Debug)]
struct End {
    life: EndOfLife,
    tokens: Vec<String>,
    images: Vec<String>,
}

/// Everything the file says.
#[derive(Debug, Default)]
pub(super) struct Images {
    hub: Vec<String>,
    tokens: Vec<(Distribution, String)>,
    families: Vec<Image>,
    sizes: Vec<Size>,
    ends: Vec<End>,
}

/// The table, parsed once.
pub(super) fn images() -> &'static Images {
    static TABLE: OnceLock<Images> = OnceLock::new();
    TABLE.get_or_init(|| document(SOURCE).map(|file| Images::read(file.as_table())).unwrap_or_default())
}

impl Images {
    fn read(root: &Table) -> Self {
        let tokens = section(root, "tokens").into_iter().flat_map(|table| {
            table
                .iter()
                .filter_map(|(key, _)| Some((Distribution::from_key(key)?, texts(table, key))))
                .collect::<Vec<_>>()
        });
        Self {
            hub: section(root, "names").map(|names| texts(names, "hub")).unwrap_or_default(),
            tokens: tokens.flat_map(|(family, names)| names.into_iter().map(move |name| (family, name))).collect(),
            families: rows(root, "image", read_image),
            sizes: rows(root, "size", read_size),
            ends: rows(root, "end-of-life", read_end),
        }
    }

    /// `name` without what only says that it comes from Docker Hub.
    pub(super) fn without_hub(&self, name: &str) -> String {
        let name = name.to_lowercase();
        let stripped = self.hub.iter().find_map(|prefix| name.strip_prefix(prefix.as_str())).unwrap_or(&name);
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
            if self.tokens.iter().any(|(family, name)| *family == Distribution::Debian && name == token) {
                return Some(at);
            }
            at += token.len() + 1;
        }
        None
    }

    /// The size of a variant of `repository`.
    pub(super) fn size(&self, repository: &str, tag: &str, variant: &str) -> Option<Size> {
        let size = self.sizes.iter().find(|size| size.image == repository && size.variant == variant)?;
        let same_version = size.version.as_ref().is_none_or(|version| begins(tag, version));
        Some(if same_version { size.clone() } else { Size { basis: "estimate".to_owned(), ..size.clone() } })
    }

    /// What in the image has an end of support.
    pub(super) fn ends(&self, repository: &str, tag: &str, tokens: &[&str]) -> Vec<EndOfLife> {
        let applies = |end: &&End| {
            end.tokens.iter().any(|name| tokens.contains(&name.as_str()))
                || end.images.iter().any(|image| match image.split_once(':') {
                    Some((name, version)) => name == repository && begins(tag, version),
                    None => image == repository,
                })
        };
        self.ends.iter().filter(applies).map(|end| end.life.clone()).collect()
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

fn rows<T>(root: &Table, name: &str, read: impl Fn(&dyn TableLike) -> Option<T>) -> Vec<T> {
    let tables = root.get(name).and_then(|item| item.as_array_of_tables());
    tables.into_iter().flatten().filter_map(|table| read(table)).collect()
}

fn read_image(table: &dyn TableLike) -> Option<Image> {
    Some(Image {
        repositories: texts(table, "repositories"),
        distribution: Distribution::from_key(&text(table, "distribution")?)?,
        user: text(table, "user"),
        gpu: match text(table, "gpu").as_deref() {
            Some("cuda") => Gpu::Cuda,
            Some("rocm") => Gpu::Rocm,
            Some("none") => Gpu::None,
            _ => Gpu::Unknown,
        },
        build_tools: flag(table, "build_tools"),
        small_build_tools: flag(table, "small_build_tools").unwrap_or(false),
        python: text(table, "python"),
        slimmer: text(table, "slimmer").unwrap_or_default(),
        small: flag(table, "small").unwrap_or(false),
        glibc: flag(table, "glibc").unwrap_or(false),
    })
}

fn read_size(table: &dyn TableLike) -> Option<Size> {
    Some(Size {
        image: text(table, "image")?,
        version: text(table, "version"),
        variant: text(table, "variant")?,
        bytes: megabytes(table, "megabytes")?,
        basis: text(table, "basis")?,
    })
}

fn read_end(table: &dyn TableLike) -> Option<End> {
    Some(End {
        life: EndOfLife { release: text(table, "release")?, date: text(table, "date")? },
        tokens: texts(table, "tokens"),
        images: texts(table, "images"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read() {
        let file = document(SOURCE).expect("valid TOML");
        let root = file.as_table();
        let count = |name: &str| {
            root.get(name).and_then(|item| item.as_array_of_tables()).map_or(0, toml_edit::ArrayOfTables::len)
        };
        let images = Images::read(root);
        assert_eq!(
            (images.families.len(), images.sizes.len(), images.ends.len()),
            (count("image"), count("size"), count("end-of-life"))
        );
        assert!(images.families.iter().all(|image| !image.repositories.is_empty()));
        assert!(
            images
                .families
                .iter()
                .all(|image| ["", "slim-release", "release-slim", "runtime"].contains(&image.slimmer.as_str()))
        );
        assert!(images.sizes.iter().all(|size| ["measured", "estimate"].contains(&size.basis.as_str())));
        assert!(
            images
                .ends
                .iter()
                .all(|end| end.life.date.len() == 10 && !(end.tokens.is_empty() && end.images.is_empty()))
        );
        let tokens = root.get("tokens").and_then(|item| item.as_table_like()).map_or(0, TableLike::len);
        assert_eq!(tokens, 7);
        assert!(images.tokens.len() > 30);
    }

    #[test]
    fn patterns_take_any_text_for_a_star() {
        assert!(fits("registry.example/ubi*/python-*", "registry.example/ubi9/python-311"));
        assert!(!fits("jupyter/*", "quay.io/jupyter/x"));
    }
}
