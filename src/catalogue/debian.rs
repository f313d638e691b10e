use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::images::images;

include!(concat!(env!("OUT_DIR"), "/catalogue-debian.rs"));

/// The libraries of a development package.
#[derive(Debug)]
pub(super) struct Libraries {
    package: &'static str,
    bookworm: &'static [&'static str],
    /// `None` where trixie has no such package.
    trixie: Option<&'static [&'static str]>,
    /// Whether the names of bookworm hold on trixie, too.
    both: bool,
}

/// A package of bookworm, those of the slim Python image left out.
#[derive(Debug)]
pub(super) struct DebianPackage {
    name: &'static str,
    /// Installed-Size.
    bytes: u64,
    /// Places of what is installed with it, without recommended packages.
    needs: &'static [u16],
}

/// A release of Debian whose package names are known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DebianRelease {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
    /// The tag names no release: `python:3.12-slim` is built on whichever was the stable one.
    Floating,
    /// Another release.
    Other,
}

/// The release of Debian that the tag of an image names.
#[must_use]
pub fn debian_release(tag: &str) -> DebianRelease {
    let Some(at) = images().release_at(tag) else { return DebianRelease::Floating };
    match tag.get(at..).and_then(|rest| rest.split('-').next()) {
        Some("bookworm") => DebianRelease::Bookworm,
        Some("trixie") => DebianRelease::Trixie,
        _ => DebianRelease::Other,
    }
}

/// Whether an image stands on Debian 11 or an earlier release, as far as its tag tells.
#[must_use]
pub fn is_before_bookworm(repository: &str, tag: &str) -> bool {
    let named = images().release_at(tag).and_then(|at| tag.get(at..)?.split('-').next());
    let number = tag.split(['.', '-']).next().and_then(|number| number.parse::<u32>().ok());
    named.is_some_and(|name| matches!(name, "jessie" | "stretch" | "buster" | "bullseye"))
        || (repository == "debian" && number.is_some_and(|number| number < 12))
}

/// The release of Debian, 10 or before, on which an official image stands: it has left the mirrors, so that `apt-get update` fails there
/// unless the sources name Debian's archive. Where the tag names no release, as far as the version tells that no image of it was made on
/// a later one.
#[must_use]
pub fn archived_release(repository: &str, tag: &str) -> Option<&'static str> {
    const ARCHIVED: [&str; 4] = ["wheezy", "jessie", "stretch", "buster"];
    let named = images().release_at(tag).and_then(|at| tag.get(at..)?.split('-').next());
    if let Some(named) = named {
        return ARCHIVED.into_iter().find(|release| *release == named);
    }
    if tag.contains("alpine") {
        return None;
    }
    let mut numbers = tag.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next()?, numbers.next(), numbers.next());
    let is_old = match (repository, version) {
        ("debian", (major, ..)) => major <= 10,
        ("node", (major, ..)) => major <= 14,
        ("python", (2, ..) | (3, Some(..=5), _)) => true,
        // Bullseye came in August 2021.
        ("python", (3, Some(6), Some(patch))) => patch <= 14,
        ("python", (3, Some(7 | 8), Some(patch))) => patch <= 11,
        ("python", (3, Some(9), Some(patch))) => patch <= 6,
        ("ruby", (2, Some(minor), _)) => minor <= 5,
        ("php", (major, minor, _)) => major < 7 || (major == 7 && minor.is_some_and(|minor| minor <= 2)),
        _ => false,
    };
    is_old.then_some("buster or before")
}

/// The packages with the libraries that a program linked against the development package `package` needs when it runs, those of
/// every official Python image left out. `None` when they are not known for that release.
#[must_use]
pub fn libraries_of(package: &str, release: DebianRelease) -> Option<&'static [&'static str]> {
    let row = LIBRARIES.get(LIBRARIES.binary_search_by(|row| row.package.cmp(package)).ok()?)?;
    match release {
        DebianRelease::Bookworm => Some(row.bookworm),
        DebianRelease::Trixie => row.trixie,
        DebianRelease::Floating if row.both => Some(row.bookworm),
        DebianRelease::Floating | DebianRelease::Other => None,
    }
}

/// Installed bytes of `packages` and all that they depend on beyond `python:slim-bookworm`, each package once, without
/// recommended ones; and whether all of `packages` are known.
#[must_use]
pub fn closure_bytes<'n>(packages: impl IntoIterator<Item = &'n str>) -> (u64, bool) {
    let (places, complete) = closure(packages);
    (bytes_of(places), complete)
}

fn bytes_of(places: impl IntoIterator<Item = usize>) -> u64 {
    places.into_iter().filter_map(|place| PACKAGES.get(place)).map(|package| package.bytes).sum()
}

/// The places of `packages` and of all that they depend on, and whether all of `packages` are known.
fn closure<'n>(packages: impl IntoIterator<Item = &'n str>) -> (FxHashSet<usize>, bool) {
    let mut found: FxHashSet<usize> = FxHashSet::default();
    let mut complete = true;
    let mut waiting: Vec<usize> = Vec::new();
    for name in packages {
        match PACKAGES.binary_search_by(|package| package.name.cmp(name)) {
            Ok(place) => waiting.push(place),
            Err(_) => complete = false,
        }
    }
    while let Some(place) = waiting.pop() {
        if found.insert(place) {
            let needs = PACKAGES.get(place).map(|package| package.needs).unwrap_or_default();
            waiting.extend(needs.iter().map(|&place| usize::from(place)));
        }
    }
    (found, complete)
}

/// Bytes that `packages` bring beyond what `buildpack-deps` holds, on which the full images stand; `None` where one of them is not known.
/// Mercurial, which that holds too, brings the distribution's Python.
#[must_use]
pub fn bytes_beyond_buildpack(packages: &[&str]) -> Option<u64> {
    let base = || super::uses::buildpack().iter().copied().chain(["python3"]);
    let (_, known) = closure_bytes(packages.iter().copied());
    let with = closure_bytes(base().chain(packages.iter().copied())).0;
    known.then(|| with.saturating_sub(closure_bytes(base()).0))
}

/// Bytes of `packages` and what they depend on that `buildpack-deps` holds already, and that come anew on a slim image. Packages
/// that are not known count for nothing.
#[must_use]
pub fn bytes_shared_with_buildpack(packages: &[&str]) -> u64 {
    static OF_BASE: LazyLock<FxHashSet<usize>> = LazyLock::new(|| closure(in_buildpack()).0);
    let own = closure(packages.iter().copied()).0;
    bytes_of(own.intersection(&OF_BASE).copied())
}

/// Bytes of `packages` and what they depend on that `others` need, too, or the full images of languages have where `is_full`. Packages
/// that are not known count for nothing.
#[must_use]
pub fn bytes_shared<'n>(
    packages: impl IntoIterator<Item = &'n str>,
    others: impl IntoIterator<Item = &'n str>,
    is_full: bool,
) -> u64 {
    let own = closure(packages).0;
    let mut kept = closure(others).0;
    if is_full {
        kept.extend(closure(in_buildpack()).0);
    }
    bytes_of(own.intersection(&kept).copied())
}

/// What `buildpack-deps` holds, and `buildpack-deps:curl`, on which that stands.
fn in_buildpack<'n>() -> impl Iterator<Item = &'n str> {
    super::uses::buildpack().iter().copied().chain(["ca-certificates", "curl", "gnupg", "wget"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::reading::{document, section};

    #[test]
    fn every_row_of_the_file_is_read() {
        let file = document(include_str!("../../rules/catalogue/debian-packages.toml"));
        assert_eq!(section(file.as_table(), "libraries").iter().count(), LIBRARIES.len());
        assert_eq!(section(file.as_table(), "packages").iter().count(), PACKAGES.len());
        assert!(LIBRARIES.is_sorted_by(|one, other| one.package < other.package));
        assert!(PACKAGES.is_sorted_by(|one, other| one.name < other.name));
    }

    #[test]
    fn releases_that_left_the_mirrors() {
        for (repository, tag, expected) in [
            ("node", "14", Some("buster or before")),
            ("node", "16", None),
            ("node", "14-alpine", None),
            ("python", "3.7-stretch", Some("stretch")),
            ("python", "3.9.2", Some("buster or before")),
            ("python", "3.9", None),
            ("python", "3.9.2-bullseye", None),
            ("ruby", "2.4", Some("buster or before")),
            ("debian", "12", None),
            ("debian", "buster", Some("buster")),
        ] {
            assert_eq!(archived_release(repository, tag), expected, "{repository}:{tag}");
        }
    }

    #[test]
    fn libraries_go_by_the_release() {
        use DebianRelease as R;
        for (package, release, expected) in [
            ("libpq-dev", R::Bookworm, Some(&["libpq5"][..])),
            ("libpq-dev", R::Floating, Some(&["libpq5"])),
            ("libpq-dev", R::Other, None),
            ("libcurl4-openssl-dev", R::Trixie, Some(&["libcurl4t64"])),
            ("libcurl4-openssl-dev", R::Floating, Some(&["libcurl4"])),
            ("libldap2-dev", R::Bookworm, Some(&["libldap-2.5-0"])),
            ("libldap2-dev", R::Floating, None),
            ("libffi-dev", R::Floating, Some(&[])),
            ("libunheard-of-dev", R::Bookworm, None),
        ] {
            assert_eq!(libraries_of(package, release), expected, "{package} on {release:?}");
        }
        assert_eq!(debian_release("3.12-slim-bookworm"), R::Bookworm);
        assert_eq!(debian_release("3.12-slim"), R::Floating);
        assert_eq!(debian_release("3.12-slim-bullseye"), R::Other);
    }

    /// What apt says it would install on `debian:bookworm-slim` is 180 MB for gcc; headers that it shares with others count once.
    #[test]
    fn what_packages_share_counts_once() {
        let (gcc, known) = closure_bytes(["gcc"]);
        assert!(known && (175_000_000..183_000_000).contains(&gcc), "{gcc}");
        let (both, _) = closure_bytes(["gcc", "cpp", "binutils"]);
        assert_eq!(both, gcc);
        assert!(!closure_bytes(["gcc", "unheard-of"]).1);
    }
}
