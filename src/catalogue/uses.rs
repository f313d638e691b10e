//! What uses system packages when an image runs.

include!(concat!(env!("OUT_DIR"), "/catalogue-uses.rs"));

/// What uses a system package.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemUse {
    /// Debian's names of the package and of those that are used alike. One that ends with `*` stands for all that begin so.
    pub names: &'static [&'static str],
    /// The commands that it brings.
    pub commands: &'static [&'static str],
    /// Python distributions that call one of them or load a library of the package; empty where only commands use it.
    pub libraries: &'static [&'static str],
    /// The few distributions that call one of its commands, where one which is not known would not: servers.
    pub callers: &'static [&'static str],
    /// Distributions that are linked against what the package brings along, unless one of `apart` is installed as well.
    pub linked: &'static [&'static str],
    /// See `linked`.
    pub apart: &'static [&'static str],
    /// Texts, in lower case, that speak for a use wherever they stand.
    pub hints: &'static [&'static str],
    /// Other system packages that use it when it is there, with the same wildcard.
    pub packages: &'static [&'static str],
    /// Libraries that Python distributions load and that come along with each of `names`.
    pub brings: &'static [&'static str],
}

/// What uses the Debian package `name`; `None` where that is not known. `postgresql-client-16` is `postgresql-client`.
#[must_use]
pub fn system_use(name: &str) -> Option<&'static SystemUse> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    USES.iter().find(|entry| is_one_of(name, entry.names) || (stem.len() < name.len() && entry.names.contains(&stem)))
}

/// Whether `name` is one of `patterns`.
#[must_use]
pub fn is_one_of(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => *pattern == name,
    })
}

/// Whether `buildpack-deps`, on which the full images of languages are built, has the package.
#[must_use]
pub fn is_in_buildpack(name: &str) -> bool {
    BUILDPACK.binary_search(&name).is_ok()
}

/// The packages that `buildpack-deps` is known to have.
pub(super) const fn buildpack() -> &'static [&'static str] {
    BUILDPACK
}

#[cfg(test)]
mod tests {
    use super::super::{Distribution, system_package};
    use super::*;

    #[test]
    fn packages_are_found_with_their_version() {
        assert!(system_use("postgresql-client-16").is_some_and(|entry| entry.commands.contains(&"psql")));
        assert!(system_use("libgl1").is_some_and(|entry| entry.libraries.contains(&"opencv-python")));
        assert!(system_use("libssl3").is_none());
        assert!(is_one_of("libqt5gui5", &["libqt*"]) && !is_one_of("libq", &["libqt*"]));
    }

    #[test]
    fn what_full_images_have() {
        assert!(is_in_buildpack("libpq-dev") && !is_in_buildpack("ffmpeg"));
    }

    #[test]
    fn packages_stand_once() {
        let mut names: Vec<&str> = USES.iter().flat_map(|entry| entry.names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        let known =
            |entry: &SystemUse| entry.names.iter().any(|name| system_package(Distribution::Debian, name).is_some());
        assert!(USES.iter().all(known), "each has an entry in system-packages.toml");
    }
}
