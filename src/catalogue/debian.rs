use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::releases::{bytes_on, is_named_so_on_trixie, library_on};
use super::system::system_package;
use super::{Distribution, Release};

include!(concat!(env!("OUT_DIR"), "/catalogue-debian.rs"));

/// The libraries of a development package.
#[derive(Debug)]
pub(super) struct Libraries {
    package: &'static str,
    /// By their names on bookworm.
    bookworm: &'static [&'static str],
    /// Those of trixie, where they are others than those of bookworm by their names there.
    trixie: Option<&'static [&'static str]>,
    /// Whether those of bookworm can be installed on trixie nevertheless.
    both: bool,
    /// Which of the other releases have no such package.
    missing: [bool; 5],
    /// Other development packages that it depends on, through others as well.
    headers: &'static [&'static str],
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

/// The packages with the libraries that a program linked against the development package `package` needs when it runs, those of
/// every official Python image left out. `None` when they are not known for that release.
#[must_use]
pub fn libraries_of(package: &str, release: Release) -> Option<Vec<&'static str>> {
    // The default of Ubuntu is MySQL's own, whose library has had this name since version 8.0.
    if package == "default-libmysqlclient-dev" && release.is_ubuntu() {
        return Some(vec!["libmysqlclient21"]);
    }
    let row = LIBRARIES.get(LIBRARIES.binary_search_by(|row| row.package.cmp(package)).ok()?)?;
    let missing = |release: Release| release.place().and_then(|place| row.missing.get(place)) == Some(&true);
    match release {
        Release::Trixie if row.trixie.is_some() => row.trixie.map(<[&str]>::to_vec),
        Release::Floating => {
            let same = row.trixie.is_none() && row.bookworm.iter().all(|name| is_named_so_on_trixie(name));
            ((same || row.both) && !missing(Release::Trixie)).then(|| row.bookworm.to_vec())
        }
        Release::Older | Release::Other => None,
        // What every Python image has, Ubuntu need not have.
        _ if missing(release) || release.is_ubuntu() && row.bookworm.is_empty() => None,
        _ => {
            let mut names: Vec<&str> = row.bookworm.iter().filter_map(|name| library_on(name, release)).collect();
            names.dedup();
            Some(names)
        }
    }
}

/// Installed bytes of `packages` and all that they depend on beyond `python:slim-bookworm`, each package once, without
/// recommended ones; and whether all of `packages` are known. On other releases, as much more or less as each of the packages by itself
/// brings there.
#[must_use]
pub fn closure_bytes<'n>(
    packages: impl IntoIterator<Item = &'n str, IntoIter: Clone>,
    release: Release,
) -> (u64, bool) {
    let packages = packages.into_iter();
    let (places, complete) = closure(packages.clone());
    (scaled(bytes_of(places), packages, release), complete)
}

/// Bytes of `packages` on bookworm as those of `release`.
fn scaled<'n>(bytes: u64, packages: impl Iterator<Item = &'n str>, release: Release) -> u64 {
    if release.place().is_none() {
        return bytes;
    }
    let both = packages.filter_map(|name| {
        let there = bytes_on(name, release)?.0;
        Some((system_package(Distribution::Debian, name)?.installed_bytes?, there))
    });
    let (here, there) =
        both.fold((0_u128, 0_u128), |sum, (here, there)| (sum.0 + u128::from(here), sum.1 + u128::from(there)));
    let scaled = (u128::from(bytes) * there).checked_div(here);
    scaled.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(bytes)
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

/// The development packages that the development package `package` of bookworm depends on, through others as well: of `libgdal-dev`,
/// `libpq-dev` is one.
#[must_use]
pub fn headers_along(package: &str) -> &'static [&'static str] {
    let row = LIBRARIES.binary_search_by(|row| row.package.cmp(package)).ok().and_then(|place| LIBRARIES.get(place));
    row.map(|row| row.headers).unwrap_or_default()
}

/// Whether `other` is one of [`headers_along`] of `package`.
#[must_use]
pub fn comes_with_headers(package: &str, other: &str) -> bool {
    headers_along(package).contains(&other)
}

/// Bytes that `packages` bring beyond what `buildpack-deps` holds, on which the full images stand; `None` where one of them is not known.
/// Mercurial, which that holds too, brings the distribution's Python.
#[must_use]
pub fn bytes_beyond_buildpack(packages: &[&str]) -> Option<u64> {
    let base = || super::uses::buildpack().iter().copied().chain(["python3"]);
    let (_, known) = closure(packages.iter().copied());
    let with = bytes_of(closure(base().chain(packages.iter().copied())).0);
    known.then(|| with.saturating_sub(bytes_of(closure(base()).0)))
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
    packages: impl IntoIterator<Item = &'n str, IntoIter: Clone>,
    others: impl IntoIterator<Item = &'n str>,
    is_full: bool,
    release: Release,
) -> u64 {
    let packages = packages.into_iter();
    let own = closure(packages.clone()).0;
    let mut kept = closure(others).0;
    if is_full {
        kept.extend(closure(in_buildpack()).0);
    }
    scaled(bytes_of(own.intersection(&kept).copied()), packages, release)
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
    fn libraries_go_by_the_release() {
        use Release as R;
        for (package, release, expected) in [
            ("libpq-dev", R::Bookworm, Some(&["libpq5"][..])),
            ("libpq-dev", R::Floating, Some(&["libpq5"])),
            ("libpq-dev", R::Other, None),
            ("libpq-dev", R::Jammy, Some(&["libpq5"])),
            ("libgdal-dev", R::Bullseye, Some(&["libgdal28"])),
            ("unixodbc-dev", R::Bullseye, Some(&["libodbc1", "odbcinst1debian2"])),
            ("libffi-dev", R::Bullseye, Some(&[])),
            ("libffi-dev", R::Jammy, None),
            ("libatlas-base-dev", R::Floating, None),
            ("libcurl4-openssl-dev", R::Trixie, Some(&["libcurl4t64"])),
            ("libcurl4-openssl-dev", R::Floating, Some(&["libcurl4"])),
            ("libldap2-dev", R::Bookworm, Some(&["libldap-2.5-0"])),
            ("libldap2-dev", R::Floating, None),
            ("libffi-dev", R::Floating, Some(&[])),
            ("libunheard-of-dev", R::Bookworm, None),
        ] {
            assert_eq!(libraries_of(package, release).as_deref(), expected, "{package} on {release:?}");
        }
    }

    /// What apt says it would install on `debian:bookworm-slim` is 180 MB for gcc; headers that it shares with others count once.
    #[test]
    fn what_packages_share_counts_once() {
        let (gcc, known) = closure_bytes(["gcc"], Release::Bookworm);
        assert!(known && (175_000_000..183_000_000).contains(&gcc), "{gcc}");
        let (both, _) = closure_bytes(["gcc", "cpp", "binutils"], Release::Bookworm);
        assert_eq!(both, gcc);
        assert!(closure_bytes(["gcc", "cpp"], Release::Focal).0 < gcc * 8 / 10);
        assert!(!closure_bytes(["gcc", "unheard-of"], Release::Bookworm).1);
    }
}
