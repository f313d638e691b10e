//! The table of base images, made from `base-images.toml`.

use std::ptr;

use super::{BaseImage, Distribution, EndOfLife, Gpu};

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
    /// How the reference of a smaller image is made; empty when there is none.
    pub(super) slimmer: &'static str,
    /// What of the image only a build needs.
    pub(super) kit: Option<&'static str>,
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

/// The releases of one thing.
#[derive(Debug)]
struct Ends {
    images: &'static [&'static str],
    releases: &'static [End],
}

#[derive(Debug)]
struct End {
    life: EndOfLife,
    tokens: &'static [&'static str],
    /// What a tag of the images begins with; `*` for every tag.
    versions: &'static [&'static str],
}

/// Everything the file says.
#[derive(Debug)]
pub(super) struct Images {
    hub: &'static [&'static str],
    tokens: &'static [(Distribution, &'static str)],
    families: &'static [Image],
    sizes: &'static [Size],
    ends: &'static [Ends],
    dated: &'static str,
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

    /// The size of a variant of `repository`: that of the very version, else another's as an estimate.
    pub(super) fn size(&self, repository: &str, tag: &str, variant: &str) -> Option<Size> {
        let sizes = || self.sizes.iter().filter(|size| size.image == repository && size.variant == variant);
        let same = sizes().find(|size| size.version.is_none_or(|version| begins(tag, version)));
        same.copied().or_else(|| sizes().next().map(|size| Size { basis: "estimate", ..*size }))
    }

    /// What in the image has an end of support. Of several versions of one thing that fit (`2` and `2.7`) the longest counts.
    pub(super) fn ends(&self, repository: &str, tag: &str, tokens: &[&str], python: Option<&str>) -> Vec<EndOfLife> {
        let mut found: Vec<(&Ends, &End, usize)> = Vec::new();
        for ends in self.ends {
            let is_tagged = ends.images.iter().any(|image| !image.contains("{}") && fits(image, repository));
            let holding: Vec<_> = ends.images.iter().filter_map(|image| image.split_once("{}")).collect();
            let is_python = ends.images.first() == Some(&"python");
            for end in ends.releases {
                let named = || end.version_in_tag(tag).filter(|_| is_tagged);
                let length = end
                    .token(tokens)
                    .or_else(named)
                    .or_else(|| holding.iter().find_map(|&image| end.version_in_name(image, repository)))
                    .or_else(|| {
                        (is_python && python.is_some_and(|python| end.versions.contains(&python))).then_some(0)
                    });
                let Some(length) = length else { continue };
                // `centos:7` is CentOS 7 before it is one of the images of CentOS.
                let same = found.iter_mut().find(|(others, ..)| ptr::eq(*others, ends) || end.versions.contains(&"*"));
                match same {
                    Some(entry) if entry.2 < length => *entry = (ends, end, length),
                    Some(_) => {}
                    None => found.push((ends, end, length)),
                }
            }
        }
        found.into_iter().map(|(_, end, _)| end.life).collect()
    }
}

/// Each tells how many characters say the version.
impl End {
    fn token(&self, tokens: &[&str]) -> Option<usize> {
        self.tokens.iter().find(|name| tokens.contains(*name)).map(|token| token.len())
    }

    fn version_in_tag(&self, tag: &str) -> Option<usize> {
        let version = self.versions.iter().find(|version| **version == "*" || begins(tag, version))?;
        Some(version.trim_matches('*').len())
    }

    /// `image` is what stands before and after the version.
    fn version_in_name(&self, (before, after): (&str, &str), repository: &str) -> Option<usize> {
        let head = before.split_once('*').map_or(before, |(head, _)| head);
        let mut versions = self.versions.iter().filter(|_| repository.starts_with(head));
        versions.find(|version| fits(&format!("{before}{version}{after}"), repository)).map(|version| version.len())
    }
}

impl EndOfLife {
    /// Whether the support had ended on the day of the table. No clock is asked, so that a report depends on files alone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.date < IMAGES.dated
    }
}

/// The day on which the table of ends was last compared with the published schedules, `YYYY-MM-DD`.
#[must_use]
pub const fn ends_as_of() -> &'static str {
    IMAGES.dated
}

/// The Debian package of a command that the full image `image` has and its slim image lacks.
#[must_use]
pub fn package_of_command(command: &str, image: &BaseImage) -> Option<&'static str> {
    let of_others = || named(PACKAGES_OF_OTHERS, command).filter(|_| !is_small_but_whole(image));
    // Whoever names the version of Python in the tag brings that Python.
    let package = named(PACKAGES, command).or_else(of_others);
    package.filter(|package| *package != "python3" || !image.brings_python())
}

/// Whether the slim image keeps `ca-certificates`. That of `node` and others take it out again when they are made.
#[must_use]
pub fn has_certificates_when_slim(image: &BaseImage) -> bool {
    is_small_but_whole(image)
}

/// Whether the slim image is that of Python or Ruby, or built on it, as `ghcr.io/astral-sh/uv:python3.12-bookworm-slim` is.
fn is_small_but_whole(image: &BaseImage) -> bool {
    match image.repository.as_str() {
        "python" | "ruby" | "pypy" | "grpc/python" => true,
        "ghcr.io/astral-sh/uv" | "astral/uv" => image.python.is_some(),
        repository => repository.starts_with("tiangolo/"),
    }
}

/// What pip needs beside Python to install `package`, as Debian packages parted by spaces; `None` when nothing is known.
#[must_use]
pub fn needs_of_pip_package(package: &str) -> Option<&'static str> {
    named(COMPILED_PIP, package)
}

/// What Bundler needs beside Ruby, gcc and make to install the gem `name`, and the gem to run, as Debian packages parted by spaces.
#[must_use]
pub fn needs_of_gem(name: &str) -> Option<&'static str> {
    named(COMPILED_GEMS, name)
}

/// What libraries of the full image the package opens when it runs, as Debian packages parted by spaces; `None` when nothing is known.
#[must_use]
pub fn loads_of_pip_package(package: &str) -> Option<&'static str> {
    named(LOADED_PIP, package)
}

/// What the package links with when it is compiled on the full image, although it does without where that is not there.
#[must_use]
pub fn links_of_pip_package(package: &str) -> Option<&'static str> {
    named(LINKED_PIP, package)
}

/// Variables of the image that Dockerfiles pass to package managers, with their values (docker-library/php, `Dockerfile-linux.template`).
#[must_use]
pub fn variables_of(image: &BaseImage) -> &'static [(&'static str, &'static str)] {
    const ALPINE: [(&str, &str); 1] =
        [("PHPIZE_DEPS", "autoconf dpkg-dev dpkg file g++ gcc libc-dev make pkgconf re2c")];
    const DEBIAN: [(&str, &str); 1] = [("PHPIZE_DEPS", "autoconf dpkg-dev file g++ gcc libc-dev make pkg-config re2c")];
    match (image.repository.as_str(), image.distribution) {
        ("php", Distribution::Alpine) => &ALPINE,
        ("php", Distribution::Debian) => &DEBIAN,
        ("ruby", _) if sets_bundle_path(image) => &[("BUNDLE_PATH", "/usr/local/bundle")],
        // `src/variations/*/Dockerfile` of serversideup/docker-php.
        ("serversideup/php" | "ghcr.io/serversideup/php", _) => &[("COMPOSER_HOME", "/composer")],
        _ => &[],
    }
}

/// Whether the official image of Ruby was built for the last time before 2020, until when it set `BUNDLE_PATH` (docker-library/ruby, pull
/// request 306).
fn sets_bundle_path(image: &BaseImage) -> bool {
    let tag = image.tag.as_deref().unwrap_or_default();
    let mut numbers = tag.split('-').next().unwrap_or_default().split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(2)), Some(Ok(..=3)), _) => true,
        (Some(Ok(2)), Some(Ok(minor)), Some(Ok(patch))) => {
            patch
                < match minor {
                    4 => 9,
                    5 => 7,
                    6 => 5,
                    _ => 0,
                }
        }
        _ => false,
    }
}

/// The working folder that an image sets, where it is another one than `/` and known (`WORKDIR` of their Dockerfiles).
#[must_use]
pub fn workdir_of(image: &BaseImage) -> Option<&'static str> {
    const FOLDERS: [(&str, &str); 18] = [
        ("apache/airflow", "/opt/airflow"),
        ("composer", "/app"),
        ("golang", "/go"),
        ("gradle", "/home/gradle"),
        ("grafana/grafana", "/usr/share/grafana"),
        ("httpd", "/usr/local/apache2"),
        ("jupyter/base-notebook", "/home/jovyan"),
        ("jupyter/datascience-notebook", "/home/jovyan"),
        ("jupyter/minimal-notebook", "/home/jovyan"),
        ("jupyter/pyspark-notebook", "/home/jovyan"),
        ("jupyter/scipy-notebook", "/home/jovyan"),
        ("nvcr.io/nvidia/pytorch", "/workspace"),
        ("nvcr.io/nvidia/tensorflow", "/workspace"),
        ("public.ecr.aws/lambda/nodejs", "/var/task"),
        ("public.ecr.aws/lambda/python", "/var/task"),
        ("pytorch/pytorch", "/workspace"),
        ("tomcat", "/usr/local/tomcat"),
        ("wordpress", "/var/www/html"),
    ];
    let tag = image.tag.as_deref().unwrap_or_default();
    if image.repository == "php" && tag.split('-').any(|part| matches!(part, "apache" | "fpm")) {
        return Some("/var/www/html");
    }
    named(&FOLDERS, &image.repository)
}

/// The commands of the full images that their slim ones lack.
pub fn commands_of_full_images() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().map(|(command, _)| *command)
}

/// Packages of npm with what they need beside Node.js, as Debian packages parted by spaces.
pub fn needs_of_npm_packages() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMPILED_NPM.iter().copied()
}

/// Whether the install script of the npm package `name` is known to compile nothing.
#[must_use]
pub fn is_harmless_script(name: &str) -> bool {
    HARMLESS_SCRIPTS.binary_search(&name).is_ok()
}

fn named(table: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let place = table.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
    table.get(place).map(|(_, value)| *value)
}

/// Whether `tag` is of `version`: `3.7`, `3.7.1`, `3.7-slim`, but not `3.70`.
fn begins(tag: &str, version: &str) -> bool {
    tag.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// Whether `name` fits `pattern`, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    // Most patterns of a long list begin with another letter.
    if let (Some(first), Some(told)) = (name.bytes().next(), pattern.bytes().next())
        && told != first
        && told != b'*'
    {
        return false;
    }
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
        assert_eq!((images.families.len(), images.sizes.len()), (count("image"), count("size")));
        let rows = root.get("end-of-life").and_then(|item| item.as_array_of_tables()).expect("the rows");
        let releases = |row: &toml_edit::Table| {
            row.get("releases").and_then(|item| item.as_array()).map_or(0, toml_edit::Array::len)
        };
        let lengths: Vec<usize> = images.ends.iter().map(|ends| ends.releases.len()).collect();
        assert_eq!(lengths, rows.iter().map(releases).collect::<Vec<_>>());
        assert!(images.families.iter().all(|image| !image.repositories.is_empty()));
        assert!(images.sizes.iter().all(|size| ["measured", "published", "estimate"].contains(&size.basis)));
        assert!(images.ends.iter().all(|ends| !ends.images.is_empty()));
        assert!(images.ends.iter().flat_map(|ends| ends.releases).all(|end| !end.versions.is_empty()));
        assert_eq!(images.dated.len(), 10);
        assert_eq!(section(root, "tokens").len(), 7);
        assert!(images.tokens.len() > 30);
    }

    #[test]
    fn patterns_take_any_text_for_a_star() {
        assert!(fits("registry.example/ubi*/python-*", "registry.example/ubi9/python-311"));
        assert!(!fits("jupyter/*", "quay.io/jupyter/x"));
    }
}
