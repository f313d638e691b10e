//! Which release of Debian or Ubuntu an image stands on, and what packages are called and weigh there.

use super::images::images;
use super::{BaseImage, Distribution};

/// Kilobytes of a package on each of the releases, without and with what it recommends.
type Sizes = [Option<(u32, u32)>; 5];

include!(concat!(env!("OUT_DIR"), "/catalogue-releases.rs"));

/// A release of Debian or Ubuntu, which decides how packages are called and what they weigh.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Release {
    /// Debian 11.
    Bullseye,
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
    /// Ubuntu 20.04.
    Focal,
    /// Ubuntu 22.04.
    Jammy,
    /// Ubuntu 24.04.
    Noble,
    /// The tag names no release of Debian: `python:3.12-slim` is built on whichever was the stable one.
    Floating,
    /// Another release, of which nothing is known but that it is no later one than buster.
    Older,
    /// Another release.
    #[default]
    Other,
}

/// The releases of the tables beside bookworm, in the order of `RELEASES` of `build/catalogue/releases.rs`.
const OTHERS: [Release; 5] = [Release::Bullseye, Release::Trixie, Release::Focal, Release::Jammy, Release::Noble];

/// What a library of bookworm is called elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Name {
    /// As there.
    Same,
    /// So.
    Renamed(&'static str),
    /// So, and it can be installed by the name of bookworm, too.
    Both(&'static str),
    /// Nothing stands for it.
    Gone,
}

impl Release {
    /// Whether sizes of packages are those of the release, rather than bookworm's in their place.
    #[must_use]
    pub fn is_listed(self) -> bool {
        !matches!(self, Self::Older | Self::Other)
    }

    /// The release that an image stands on, as far as its name and tag tell.
    #[must_use]
    pub fn of(image: &BaseImage) -> Self {
        let tag = image.tag.as_deref().unwrap_or_default();
        match image.distribution {
            Distribution::Debian => {
                let release = of_debian(&image.repository, tag);
                // Which one `python:3.9-slim@sha256:…` was when somebody noted its digest, the tag does not tell.
                let is_pinned = image.digest.is_some() && release == Self::Floating;
                if is_pinned { Self::Other } else { release }
            }
            Distribution::Ubuntu => of_ubuntu(&image.repository, tag),
            _ => Self::Other,
        }
    }

    /// Whether it is Debian 11 or an earlier one.
    #[must_use]
    pub fn is_before_bookworm(self) -> bool {
        matches!(self, Self::Bullseye | Self::Older)
    }

    /// Whether it is one of Ubuntu's.
    #[must_use]
    pub const fn is_ubuntu(self) -> bool {
        matches!(self, Self::Focal | Self::Jammy | Self::Noble)
    }

    /// Where the tables hold it.
    pub(super) fn place(self) -> Option<usize> {
        OTHERS.iter().position(|other| *other == self)
    }
}

/// What a program needs when it runs that gfortran compiled; `None` for releases of which the names are not known. GCC 8 and later make
/// `libgfortran5`, as all listed releases have.
#[must_use]
pub fn libraries_of_fortran(release: Release) -> Option<[&'static str; 2]> {
    release.is_listed().then_some(["libgfortran5", "libgomp1"])
}

/// The part of a tag that names a release of Debian.
fn named(tag: &str) -> Option<&str> {
    images().release_at(tag).and_then(|at| tag.get(at..)?.split('-').next())
}

fn of_debian(repository: &str, tag: &str) -> Release {
    if let Some(name) = named(tag) {
        return match name {
            "bullseye" => Release::Bullseye,
            "bookworm" => Release::Bookworm,
            "trixie" => Release::Trixie,
            "wheezy" | "jessie" | "stretch" | "buster" => Release::Older,
            _ => Release::Other,
        };
    }
    let mut numbers = tag.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let Some(major) = numbers.next() else { return Release::Floating };
    of_version(repository, major, numbers.next(), numbers.next())
}

/// A version of an official image.
struct Version {
    repository: &'static str,
    number: (u32, u32),
    /// What its patch releases were last made on, from the first that was on.
    patches: &'static [(u32, Release)],
    /// What the image without a patch release is made on, for good; `Floating` while it is made anew.
    last: Release,
}

const fn version(
    repository: &'static str,
    number: (u32, u32),
    patches: &'static [(u32, Release)],
    last: Release,
) -> Version {
    Version { repository, number, patches, last }
}

/// Official images moved to bullseye in August 2021, to bookworm in June 2023, to trixie in August 2025, and the image of a patch release
/// is made anew until the next one comes. By the days of the releases; a patch release that was the newest for a few days after a move
/// counts for neither.
const VERSIONS: [Version; 29] = {
    use Release::{Bookworm, Bullseye, Floating, Older, Trixie};
    [
        version("python", (3, 6), &[(0, Older), (15, Bullseye)], Bullseye),
        version("python", (3, 7), &[(0, Older), (12, Bullseye), (17, Bookworm)], Bookworm),
        version("python", (3, 8), &[(0, Older), (12, Bullseye), (17, Bookworm)], Bookworm),
        version("python", (3, 9), &[(0, Older), (7, Bullseye), (17, Bookworm), (23, Trixie)], Floating),
        version("python", (3, 10), &[(0, Bullseye), (12, Bookworm), (18, Trixie)], Floating),
        version("python", (3, 11), &[(0, Bullseye), (4, Bookworm), (13, Trixie)], Floating),
        version("python", (3, 12), &[(0, Bookworm), (11, Trixie)], Floating),
        version("python", (3, 13), &[(0, Bookworm), (6, Floating), (7, Trixie)], Floating),
        version("python", (3, 14), &[(0, Trixie)], Floating),
        version("ruby", (2, 6), &[(0, Older), (8, Bullseye)], Bullseye),
        version("ruby", (2, 7), &[(0, Older), (4, Bullseye)], Bullseye),
        version("ruby", (3, 0), &[(0, Older), (2, Bullseye), (6, Bookworm)], Bookworm),
        version("ruby", (3, 1), &[(0, Bullseye), (4, Bookworm)], Bookworm),
        version("ruby", (3, 2), &[(0, Bullseye), (2, Bookworm), (9, Trixie)], Floating),
        version("ruby", (3, 3), &[(0, Bookworm), (9, Trixie)], Floating),
        version("ruby", (3, 4), &[(0, Bookworm), (5, Trixie)], Floating),
        version("php", (7, 3), &[], Bullseye),
        version("php", (7, 4), &[], Bullseye),
        version("php", (8, 0), &[], Bookworm),
        version("golang", (1, 16), &[(0, Older), (7, Bullseye)], Bullseye),
        version("golang", (1, 17), &[(0, Bullseye)], Bullseye),
        version("golang", (1, 18), &[(0, Bullseye)], Bullseye),
        version("golang", (1, 19), &[(0, Bullseye), (10, Bookworm)], Bookworm),
        version("golang", (1, 20), &[(0, Bullseye), (5, Bookworm)], Bookworm),
        version("golang", (1, 21), &[(0, Bookworm)], Bookworm),
        version("golang", (1, 22), &[(0, Bookworm)], Bookworm),
        version("golang", (1, 23), &[(0, Bookworm)], Bookworm),
        version("golang", (1, 24), &[(0, Bookworm), (6, Floating), (7, Trixie)], Trixie),
        version("golang", (1, 25), &[(0, Trixie)], Trixie),
    ]
};

fn of_version(repository: &str, major: u32, minor: Option<u32>, patch: Option<u32>) -> Release {
    match (repository, major, minor) {
        ("debian", 11, _) | ("rust", 1, Some(54..=69)) => return Release::Bullseye,
        ("debian", 12, _) | ("rust", 1, Some(70..=88)) => return Release::Bookworm,
        ("debian", 13, _) | ("rust", 1, Some(89..)) => return Release::Trixie,
        // `ContinuumIO/docker-images`: from 4.12 on on bullseye.
        ("continuumio/miniconda3", 4, Some(..=10))
        | ("debian", ..=10, _)
        | ("golang", 1, Some(..=15))
        | ("rust", 1, Some(..=53))
        | ("node", ..=14, _)
        | ("python", 3, Some(..=5))
        | ("python", 2, _)
        | ("ruby", 2, Some(..=5))
        | ("ruby", ..=1, _)
        | ("php", 7, Some(..=2))
        | ("php", ..=6, _) => return Release::Older,
        _ => {}
    }
    let number = minor.map(|minor| (major, minor));
    let Some(version) = VERSIONS.iter().find(|it| it.repository == repository && Some(it.number) == number) else {
        return Release::Floating;
    };
    let Some(patch) = patch else { return version.last };
    let on = version.patches.iter().take_while(|(first, _)| *first <= patch).last();
    on.map_or(Release::Floating, |(_, release)| *release)
}

fn of_ubuntu(repository: &str, tag: &str) -> Release {
    let parts = repository.split(['/', '-']).chain(tag.split(['-', '_']));
    let of_part = |part: &str| match part.strip_prefix("ubuntu").unwrap_or(part) {
        "focal" | "20.04" | "2004" => Some(Release::Focal),
        "jammy" | "22.04" | "2204" => Some(Release::Jammy),
        "noble" | "24.04" | "2404" => Some(Release::Noble),
        _ => None,
    };
    parts.into_iter().find_map(of_part).unwrap_or(Release::Other)
}

/// The release of Debian, 10 or before, on which an official image stands: it has left the mirrors, so that `apt-get update` fails there
/// unless the sources name Debian's archive. Where the tag names no release, as far as the version tells that no image of it was made on
/// a later one.
#[must_use]
pub fn archived_release(image: &BaseImage) -> Option<&'static str> {
    const ARCHIVED: [&str; 4] = ["wheezy", "jessie", "stretch", "buster"];
    let tag = image.tag.as_deref().unwrap_or_default();
    if image.distribution != Distribution::Debian || of_debian(&image.repository, tag) != Release::Older {
        return None;
    }
    let named = named(tag).and_then(|named| ARCHIVED.into_iter().find(|release| *release == named));
    Some(named.unwrap_or("buster or before"))
}

/// What the library `name` of bookworm is called on `release`; `None` where nothing stands for it there, or where that is not known. On
/// a release that is not named it goes by the name of bookworm.
#[must_use]
pub fn library_on(name: &'static str, release: Release) -> Option<&'static str> {
    match (release, release.place().map(|place| name_at(name, place))) {
        (_, Some(Name::Same)) | (Release::Bookworm | Release::Floating, _) => Some(name),
        (_, Some(Name::Renamed(other) | Name::Both(other))) => Some(other),
        (_, Some(Name::Gone) | None) => None,
    }
}

/// The name that the library `name` of bookworm has on trixie, where it cannot be installed by its own there.
#[must_use]
pub fn other_name_on_trixie(name: &str) -> Option<&'static str> {
    match name_at(name, Release::Trixie.place()?) {
        Name::Renamed(other) => Some(other),
        Name::Same | Name::Both(_) | Name::Gone => None,
    }
}

/// Whether the library `name` of bookworm can be installed by that name on trixie.
pub(super) fn is_named_so_on_trixie(name: &str) -> bool {
    let on_trixie = Release::Trixie.place().map(|place| name_at(name, place));
    matches!(on_trixie, Some(Name::Same | Name::Both(_)))
}

fn name_at(name: &str, place: usize) -> Name {
    let row = NAMES.binary_search_by(|(old, _)| (*old).cmp(name)).ok().and_then(|row| NAMES.get(row));
    row.and_then(|(_, names)| names.get(place)).copied().unwrap_or(Name::Same)
}

/// Bytes that the package brings on `release`, without and with what it recommends; `None` where only bookworm's are known.
pub(super) fn bytes_on(package: &str, release: Release) -> Option<(u64, u64)> {
    let row = SIZES.binary_search_by(|(name, _)| (*name).cmp(package)).ok()?;
    let (alone, recommended) = (*SIZES.get(row)?.1.get(release.place()?)?)?;
    Some((u64::from(alone) * 1024, u64::from(recommended) * 1024))
}

#[cfg(test)]
mod tests {
    use super::super::base_image;
    use super::*;
    use crate::catalogue::reading::{document, section};

    fn release(reference: &str) -> Release {
        Release::of(&base_image(reference))
    }

    #[test]
    fn every_row_of_the_file_is_read() {
        let file = document(include_str!("../../rules/catalogue/debian-releases.toml"));
        assert_eq!(section(file.as_table(), "names").iter().count(), NAMES.len());
        assert_eq!(section(file.as_table(), "sizes").iter().count(), SIZES.len());
        assert!(NAMES.is_sorted_by_key(|row| row.0) && SIZES.is_sorted_by_key(|row| row.0));
    }

    #[test]
    fn the_tag_tells_the_release() {
        for (reference, expected) in [
            ("python:3.12-slim-bookworm", Release::Bookworm),
            ("python:3.12-slim", Release::Floating),
            ("python:3.12-slim-bullseye", Release::Bullseye),
            ("python:3.12-slim-sid", Release::Other),
            ("debian:12", Release::Bookworm),
            ("debian:9-slim", Release::Older),
            ("ubuntu:22.04", Release::Jammy),
            ("ubuntu:focal-20210401", Release::Focal),
            ("ubuntu", Release::Other),
            ("ubuntu:18.04", Release::Other),
            ("nvidia/cuda:12.1.0-runtime-ubuntu22.04", Release::Jammy),
            ("alpine:3.20", Release::Other),
        ] {
            assert_eq!(release(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_patch_release_stays_on_the_debian_of_its_days() {
        for (reference, expected) in [
            ("python:3.10.10", Release::Bullseye),
            ("python:3.10.12-slim", Release::Bookworm),
            ("python:3.12.11", Release::Trixie),
            ("python:3.13.6", Release::Floating),
            ("python:3.6", Release::Bullseye),
            ("python:3.8-slim", Release::Bookworm),
            ("python:3.9.2", Release::Older),
            ("python:3.9.2-bullseye", Release::Bullseye),
            ("python:3-slim", Release::Floating),
            ("ruby:2.7.8", Release::Bullseye),
            ("ruby:3.1.2", Release::Bullseye),
            ("ruby:3.3", Release::Floating),
            ("php:7.4-fpm", Release::Bullseye),
            ("golang:1.12", Release::Older),
            ("golang:1.20.3", Release::Bullseye),
            ("rust:1.75", Release::Bookworm),
            ("node:14", Release::Older),
            ("node:16", Release::Floating),
            ("continuumio/miniconda3:4.6.14", Release::Older),
        ] {
            assert_eq!(release(reference), expected, "{reference}");
        }
        let digest = "0".repeat(64);
        assert_eq!(release(&format!("python:3.12-slim@sha256:{digest}")), Release::Other);
        assert_eq!(release(&format!("python:3.12.3-slim@sha256:{digest}")), Release::Bookworm);
    }

    #[test]
    fn releases_that_left_the_mirrors() {
        for (reference, expected) in [
            ("node:14", Some("buster or before")),
            ("node:16", None),
            ("node:14-alpine", None),
            ("python:3.7-stretch", Some("stretch")),
            ("python:3.9.2", Some("buster or before")),
            ("python:3.9", None),
            ("python:3.9.2-bullseye", None),
            ("ruby:2.4", Some("buster or before")),
            ("debian:12", None),
            ("debian:buster", Some("buster")),
        ] {
            assert_eq!(archived_release(&base_image(reference)), expected, "{reference}");
        }
    }

    #[test]
    fn libraries_have_the_names_of_the_release() {
        for (release, expected) in [
            (Release::Bullseye, Some("libgdal28")),
            (Release::Bookworm, Some("libgdal32")),
            (Release::Trixie, Some("libgdal36")),
            (Release::Focal, Some("libgdal26")),
            (Release::Jammy, Some("libgdal30")),
            (Release::Noble, Some("libgdal34t64")),
            (Release::Floating, Some("libgdal32")),
            (Release::Older, None),
            (Release::Other, None),
        ] {
            assert_eq!(library_on("libgdal32", release), expected, "{release:?}");
        }
        assert_eq!(other_name_on_trixie("libgdal32"), Some("libgdal36"));
        assert_eq!(other_name_on_trixie("libcurl4"), None, "it can be installed by that name there");
        assert_eq!(other_name_on_trixie("libpq5"), None);
        assert_eq!(library_on("libodbcinst2", Release::Bullseye), Some("odbcinst1debian2"));
    }

    #[test]
    fn sizes_are_those_of_the_release() {
        let compiler = |release| bytes_on("build-essential", release).map(|(alone, _)| alone / 1_000_000);
        assert_eq!(compiler(Release::Jammy), Some(263));
        assert_eq!(compiler(Release::Trixie), Some(336));
        assert_eq!(compiler(Release::Bookworm), None, "those stand with the package");
    }
}
