//! What an image needs when it runs of what its headers brought.

use crate::catalogue::{self, Distribution, Release, SystemPackage};
use crate::facts::{StageFacts, SystemInstall};

use super::Kept;

/// What every image has.
const ESSENTIAL: [&str; 5] = ["libc6", "zlib1g", "liblzma5", "libbz2-1.0", "libuuid1"];

/// Libraries that have the same name in every release of Debian since 9 and of Ubuntu since 16.04.
const SAME_IN_ALL: [&str; 23] = [
    "libcairo2",
    "libexpat1",
    "libfontconfig1",
    "libfreetype6",
    "libgmp10",
    "libgomp1",
    "libice6",
    "libkrb5-3",
    "liblz4-1",
    "libpango-1.0-0",
    "libpangocairo-1.0-0",
    "libpq5",
    "librdkafka1",
    "libsasl2-2",
    "libsm6",
    "libsqlite3-0",
    "libusb-1.0-0",
    "libx11-6",
    "libxext6",
    "libxrender1",
    "libxslt1.1",
    "libyaml-0-2",
    "libzmq5",
];

/// Programs, no interpreters, that come along with their headers on Alpine, with modules that they and their libraries load.
pub(super) const PROGRAMS: [&str; 2] = ["graphicsmagick", "imagemagick"];

/// The interpreter that comes along with its headers, or one of [`PROGRAMS`]: `python3` with `python3-dev`, `php83` with `php83-dev` on
/// Alpine, `ruby` with `ruby-devel`.
pub(super) fn interpreter(install: &SystemInstall<'_>) -> Option<String> {
    let stem = install.name.strip_suffix("-devel").or_else(|| install.name.strip_suffix("-dev"))?;
    let language = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_one = match install.family {
        Distribution::Alpine => matches!(language, "python" | "ruby" | "php") || PROGRAMS.contains(&stem),
        Distribution::RedHat => matches!(language, "python" | "ruby" | "perl" | "nodejs"),
        Distribution::Debian | Distribution::Ubuntu => language == "python",
        _ => false,
    };
    is_one.then(|| stem.to_owned())
}

/// Whether the base or another package than headers brings the interpreter: `python3` comes with `python3-pip` and `py3-lxml`.
pub(super) fn brings(interpreter: &str, image: &StageFacts, installs: &[SystemInstall<'_>]) -> bool {
    let language = interpreter.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_two = interpreter == "python" || interpreter.starts_with("python2");
    let brought = |install: &SystemInstall<'_>| {
        let name = install.name;
        let of_it = match language {
            "python" if is_two => name == "python" || name.starts_with("python-") || name.starts_with("python2"),
            "python" => name.starts_with("python3") || name.starts_with("py3-"),
            _ => name.starts_with(language),
        };
        of_it && !name.ends_with("-dev") && !name.ends_with("-devel")
    };
    image.image.brings_python() && language == "python" && !is_two
        || image.image.repository.rsplit('/').next() == Some(language)
        || installs.iter().any(brought)
}

/// The libraries that a program which was compiled with the headers needs when it runs, by their names in the image's release;
/// `None` where those are not known.
pub(super) fn libraries(
    install: &SystemInstall<'_>,
    entry: Option<&SystemPackage>,
    kept: &Kept<'_>,
) -> Option<Vec<String>> {
    let named = |names: &[&str]| -> Vec<String> { names.iter().map(|name| format!("`{name}`")).collect() };
    let same = || {
        let names = runtime(entry?, kept);
        let same = !names.is_empty() && names.iter().all(|name| SAME_IN_ALL.contains(name));
        same.then(|| named(&names))
    };
    if install.family != Distribution::Debian {
        return None;
    }
    // The libraries of the distribution's Python serve nothing of the image's own.
    if kept.own_python && is_of_python(install.name) {
        return Some(Vec::new());
    }
    // `python3.11-dev` on Ubuntu 22.04, whose own Python is 3.10.
    if let Some(version) = version_of_python(install.name)
        && let Some(default) = catalogue::library_on("libpython3.11", kept.release)
        && !default.trim_start_matches("libpython").starts_with(version)
    {
        return None;
    }
    let release = if kept.has_other_repository { Release::Other } else { kept.release };
    // What its default is, distributions do not agree on.
    let is_default = install.name.starts_with("default-");
    let entry = entry.filter(|entry| !(entry.runtime.is_empty() || is_default && release.is_ubuntu()));
    match (entry, release) {
        (_, Release::Older | Release::Other) => same(),
        (Some(entry), Release::Floating) => Some(runtime(entry, kept).into_iter().map(with_trixie).collect()),
        (Some(entry), _) => {
            let names = runtime(entry, kept).into_iter().filter_map(|name| catalogue::library_on(name, release));
            Some(named(&names.collect::<Vec<&str>>()))
        }
        (None, _) => {
            // Those of every Python image are left out of this table.
            let known = catalogue::libraries_of(install.name, release).filter(|known| !known.is_empty());
            known.map(|known| named(&known)).or_else(same)
        }
    }
}

/// `python3-dev`, `python-dev`, `libpython3.11-dev`
pub(super) fn is_of_python(name: &str) -> bool {
    let version = name.trim_start_matches("lib").strip_prefix("python").and_then(|rest| rest.strip_suffix("-dev"));
    version.is_some_and(|version| version.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()))
}

/// `3.11` of `python3.11-dev` and `libpython3.11-dev`.
fn version_of_python(name: &str) -> Option<&str> {
    let version = name.trim_start_matches("lib").strip_prefix("python")?.strip_suffix("-dev")?;
    version.contains('.').then_some(version)
}

/// The libraries of Debian bookworm that a program needs of it when it runs.
pub(super) fn runtime(entry: &SystemPackage, kept: &Kept<'_>) -> Vec<&'static str> {
    if kept.own_python && is_of_python(entry.name) {
        return Vec::new();
    }
    entry.runtime.iter().copied().filter(|name| !ESSENTIAL.contains(name)).collect()
}

/// `libicu72`, and what trixie calls it.
fn with_trixie(name: &str) -> String {
    match catalogue::other_name_on_trixie(name) {
        Some(new) => format!("`{name}` (`{new}` on Debian trixie)"),
        None => format!("`{name}`"),
    }
}
