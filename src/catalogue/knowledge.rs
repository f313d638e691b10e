//! Smaller tables about Python packages: import names, hints, development tools, releases of torch and uv, unpacked sizes.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::text::normal_name;

use super::distributions::{distribution, known};
use super::images::fits;
use super::package;

include!(concat!(env!("OUT_DIR"), "/catalogue-knowledge.rs"));

/// What a release of torch brings from the default index on Linux.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TorchRelease {
    /// `X.Y`.
    pub version: &'static str,
    /// The CUDA version that it is built for. Up to 1.12 it is inside torch's own wheel, later in `nvidia-*` packages.
    pub cuda: &'static str,
    /// Sum of the wheels of its closure in bytes, where measured.
    pub wheel_bytes: Option<u64>,
    /// Unpacked bytes of its closure without `.pyc`, where measured.
    pub installed_bytes: Option<u64>,
    /// Bytes of the wheel of its CPU build, from public installation logs.
    pub cpu_wheel_bytes: Option<u64>,
    /// `measured`, `verified edge` (the CUDA packages were seen in a real lock) or `documented`.
    pub basis: &'static str,
}

/// What a release of uv takes on disk: from one to the next it grows or shrinks by up to a third.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UvRelease {
    /// `X.Y`.
    pub version: (u32, u32),
    /// Bytes of the distribution's files when it is installed, `uvx` and what lists its parts among them.
    pub distribution_bytes: u64,
    /// Bytes of the program alone in uv's own image, which is built for musl.
    pub program_bytes: u64,
}

/// What a heavy package has more of than the lighter one beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Needs {
    /// Everything: it is of no use without a GPU.
    Gpu,
    /// What only a GPU uses, and its name or extra asks for it, or its requirements bring it.
    GpuKernels,
    /// What only a GPU uses, in the variant that everybody takes.
    Kernels,
    /// What programs show that use it: [`Variant::uses`].
    Sources,
    /// Nothing that programs see, but it has to be compiled.
    Compiler,
}

/// A package beside which a lighter one does the same with less.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variant {
    /// `name` or `name[extra]`, in normal form.
    pub key: &'static str,
    /// What it has more of.
    pub needs: Needs,
    /// Whether its name asks for a GPU outright.
    pub chosen: bool,
    /// The lighter one, which is imported by the same names; `None` where there is none.
    pub lighter: Option<&'static str>,
    /// Whether each release has its twin, so that a pin stays.
    pub same_versions: bool,
    /// The first release that has a lighter twin; `None` for all.
    pub since: Option<&'static str>,
    /// What the lighter one lacks, for people.
    pub lost: &'static str,
    /// Identifiers and strings of programs that need what is lost.
    pub uses: &'static [&'static str],
}

impl Variant {
    /// What would no longer be installed, in bytes without `.pyc`; `None` where one of the two was not measured.
    #[must_use]
    pub fn saved_bytes(&self) -> Option<u64> {
        let bytes = |key: &str| package(key).and_then(|entry| entry.closure).map(|closure| closure.installed_bytes);
        bytes(self.key)?.checked_sub(self.lighter.map_or(Some(0), bytes)?)
    }
}

/// The lighter variant of `name` with one of `extras`.
#[must_use]
pub fn variant(name: &str, extras: &[&str]) -> Option<&'static Variant> {
    let plain = normal_name(name);
    let find = |key: &str| VARIANTS.binary_search_by(|variant| variant.key.cmp(key)).ok();
    let with_extra = extras.iter().find_map(|extra| find(&format!("{plain}[{extra}]")));
    VARIANTS.get(with_extra.or_else(|| find(&plain))?)
}

/// Modules with the distributions that write them, of which one installation can only hold one.
#[must_use]
pub fn collisions() -> &'static [(&'static str, &'static [&'static str])] {
    COLLISIONS
}

/// Purposes with the heavy packages for them, of which a program rarely needs two.
#[must_use]
pub fn overlaps() -> &'static [(&'static str, &'static [&'static str])] {
    OVERLAPS
}

/// What an install of `name` with `extras` has to compile on musl, since there are wheels for glibc only; `name` itself may be
/// among it. Empty where nothing is known.
#[must_use]
pub fn musl_missing(name: &str, extras: &[&str]) -> Vec<&'static str> {
    let entries = super::package_with_extras(name, extras);
    let mut found: Vec<&'static str> = entries.iter().flat_map(|entry| entry.musl_missing.iter().copied()).collect();
    let name = normal_name(name);
    found.extend(MUSL_MISSING.iter().find(|other| **other == name));
    found.sort_unstable();
    found.dedup();
    found
}

/// The names a program imports `name` by; the name with `_` for `-` when the catalogue knows no others.
#[must_use]
pub fn import_names(name: &str) -> Vec<String> {
    let name = normal_name(name);
    if let Some(entry) = package(&name) {
        return entry.import_names();
    }
    let mut known: Vec<String> = match list(IMPORTS, &name) {
        Some(modules) => modules.iter().copied().map(str::to_owned).collect(),
        None => distribution(&name).into_iter().flat_map(|entry| entry.imports().map(str::to_owned)).collect(),
    };
    if known.is_empty() {
        known.push(name.replace('-', "_"));
    }
    known
}

/// Whether [`import_names`] of `name`, which must be in normal form, are `modules`.
pub(super) fn is_imported_as(name: &str, modules: &[String]) -> bool {
    if let Some(entry) = package(name) {
        return entry.is_imported_as(modules);
    }
    if let Some(known) = list(IMPORTS, name).filter(|known| !known.is_empty()) {
        return known.iter().eq(modules);
    }
    match distribution(name) {
        Some(entry) if entry.imports().len() > 0 => entry.imports().eq(modules),
        _ => matches!(modules, [module] if is_module_of(module, name)),
    }
}

/// Whether `module` is `name` with `_` for `-`.
pub(super) fn is_module_of(module: &str, name: &str) -> bool {
    module.len() == name.len()
        && module.bytes().zip(name.bytes()).all(|(one, other)| one == if other == b'-' { b'_' } else { other })
}

/// Distributions that the tables of packages and of names say to be imported by just `modules`.
pub(super) fn listed_as(modules: &[String]) -> impl Iterator<Item = &'static str> {
    let listed = super::packages().iter().filter(|entry| entry.extra.is_none() && entry.is_imported_as(modules));
    let named = IMPORTS.iter().filter(move |(_, known)| known.iter().eq(modules));
    listed.map(|entry| entry.name).chain(named.filter_map(|(name, _)| known(name)))
}

/// Whether [`import_names`] are known, and not made from the name.
#[must_use]
pub fn knows_import_names(name: &str) -> bool {
    let name = normal_name(name);
    package(&name).is_some()
        || list(IMPORTS, &name).is_some()
        || distribution(&name).is_some_and(|entry| entry.imports().len() > 0)
}

/// What `name` takes when it is unpacked, without what it requires and without `.pyc`: an estimate from its wheel as locks
/// have it. `None` where no lock told of one of 1 MB or more.
#[must_use]
pub fn own_bytes(name: &str) -> Option<u64> {
    let name = normal_name(name);
    let wheel_bytes = distribution(&name)?.wheel_bytes?;
    Some(installed_bytes_of_wheel(&name, wheel_bytes))
}

/// Identifiers, strings and configuration values that show that `name` is used through another library.
#[must_use]
pub fn hints(name: &str) -> &'static [&'static str] {
    let name = normal_name(name);
    package(&name).map(|entry| entry.hints).or_else(|| list(HINTS, &name)).unwrap_or_default()
}

/// Commands that `name` brings and that are not called like it; with a blank, a command and its first word: `jupyter lab`.
#[must_use]
pub fn commands(name: &str) -> &'static [&'static str] {
    list(COMMANDS, &normal_name(name)).unwrap_or_default()
}

/// Whether `name` is a tool for developers (tests, linting, documentation, notebooks), which no service needs when it runs.
#[must_use]
pub fn is_development_tool(name: &str) -> bool {
    static NAMES: LazyLock<FxHashSet<&str>> =
        LazyLock::new(|| DEVELOPMENT.iter().copied().filter(|pattern| !pattern.contains('*')).collect());
    static PATTERNS: LazyLock<Vec<&str>> =
        LazyLock::new(|| DEVELOPMENT.iter().copied().filter(|pattern| pattern.contains('*')).collect());
    let name = normal_name(name);
    package(&name).is_some_and(|entry| entry.development)
        || NAMES.contains(&*name)
        || PATTERNS.iter().any(|pattern| fits(pattern, &name))
}

/// The release of torch that `version` belongs to: `2.5`, `2.5.1`, `2.5.1+cu124`.
#[must_use]
pub fn torch_release(version: &str) -> Option<&'static TorchRelease> {
    let mut parts = version.split(['.', '+']);
    let version = format!("{}.{}", parts.next()?, parts.next()?);
    TORCH.get(TORCH.binary_search_by(|release| release.version.cmp(&version)).ok()?)
}

/// The release of uv that `version` belongs to: `0.9`, `0.9.26`, `0.9.26-python3.12-alpine`. One between two that were measured
/// counts as the older; the newest where no version is told.
#[must_use]
pub fn uv_release(version: Option<&str>) -> Option<UvRelease> {
    let number = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    let parse = |part: &str| part.get(..number(part))?.parse::<u32>().ok();
    let told = version.and_then(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((parse(major)?, parse(minor)?))
    });
    let Some(told) = told else { return UV.last().copied() };
    UV.iter().rev().find(|release| release.version <= told).or(UV.first()).copied()
}

/// What a wheel of `name` takes when it is unpacked, without `.pyc`: its bytes times the ratio of the package where one of its wheels
/// was measured, else the ratio of packages like it. An estimate: over the locks of 12 real projects, each left out of the measurement
/// in turn, the median error of the sum is 1.9 % and the worst 5.8 %.
#[must_use]
pub fn installed_bytes_of_wheel(name: &str, wheel_bytes: u64) -> u64 {
    let name = normal_name(name);
    if let Some(bytes) = super::wheels::unpacked(&name, wheel_bytes) {
        return bytes;
    }
    let percent = RATIOS.iter().find(|(pattern, _)| fits(pattern, &name)).map_or(100, |&(_, percent)| percent);
    u64::try_from(u128::from(wheel_bytes) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// What `table` has for `name`.
fn list(table: &'static [(&str, &[&str])], name: &str) -> Option<&'static [&'static str]> {
    let place = table.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
    table.get(place).map(|(_, texts)| *texts)
}

#[cfg(test)]
mod tests {
    use super::super::reading::{document, section};
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read() {
        let file = document(include_str!("../../rules/catalogue/packages.toml"));
        let root = file.as_table();
        let count = |name: &str| section(root, name).len();
        assert_eq!((IMPORTS.len(), HINTS.len()), (count("imports"), count("hints")));
        assert_eq!(COMMANDS.len(), count("commands"));
        assert_eq!(TORCH.len(), count("torch-releases"));
        let order = section(root, "ratios").get("order").and_then(|item| item.as_array());
        assert_eq!(VARIANTS.len(), count("variants"));
        assert_eq!((COLLISIONS.len(), OVERLAPS.len()), (count("collisions"), count("overlaps")));
        assert!(VARIANTS.is_sorted_by_key(|variant| variant.key));
        assert_eq!(Some(RATIOS.len()), order.map(toml_edit::Array::len));
        for table in [IMPORTS, HINTS] {
            assert!(table.is_sorted_by(|(one, _), (other, _)| one < other));
            for (name, texts) in table {
                assert!(!texts.is_empty() && package(name).is_none(), "{name} has an entry of its own");
            }
        }
        assert!(TORCH.is_sorted_by_key(|release| release.version));
        assert_eq!(UV.len() + 1, count("uv-releases"), "one row for each, and the day");
        assert!(UV.is_sorted_by(|one, other| one.version < other.version));
    }

    #[test]
    fn import_names_differ_from_distribution_names() {
        assert_eq!(import_names("PyYAML"), ["yaml"]);
        assert_eq!(import_names("scikit_learn"), ["sklearn"]);
        assert_eq!(import_names("left-pad"), ["left_pad"]);
        assert!(hints("google-genai").contains(&"gemini"));
        assert!(hints("sentence-transformers").contains(&"bge"));
        assert!(hints("unheard-of").is_empty());
    }

    #[test]
    fn development_tools_are_known_by_name_and_family() {
        assert!(
            ["pytest", "pytest-asyncio", "types-requests", "pandas-stubs", "Flake8"]
                .iter()
                .all(|name| is_development_tool(name))
        );
        assert!(!["requests", "torch", "uvicorn"].iter().any(|name| is_development_tool(name)));
    }

    #[test]
    fn releases_of_torch_are_found_by_any_version() {
        assert_eq!(torch_release("2.5.1+cu124").map(|release| release.cuda), Some("12.4"));
        assert_eq!(torch_release("2.15.0").and_then(|release| release.installed_bytes), Some(5_457_000_000));
        assert_eq!(torch_release("2.5").and_then(|release| release.cpu_wheel_bytes), Some(174_700_000));
        assert!(torch_release("99").is_none());
    }

    #[test]
    fn releases_of_uv_are_found_by_any_version() {
        let version = |told| uv_release(told).map(|release| release.version);
        assert_eq!(version(Some("0.9.26")), Some((0, 9)));
        assert_eq!(version(Some("0.9.26-python3.12-alpine")), Some((0, 9)));
        assert_eq!(version(Some("0.10")), Some((0, 10)), "versions are no decimal numbers");
        assert_eq!(version(Some("0.1.45")), version(Some("0.4.0")), "the oldest that was measured");
        assert_eq!(version(Some("9.9")), version(None));
        assert_eq!(version(Some("latest")), version(None));
    }

    #[test]
    fn wheels_unpack_by_the_first_ratio_that_fits() {
        let (measured, pattern) = (installed_bytes_of_wheel("kubernetes", 1_000_000), 4_300_000);
        assert!(measured > pattern * 3 / 2, "a wheel that was measured goes before the pattern: {measured}");
        assert_eq!(installed_bytes_of_wheel("nvidia-nvjitlink-cu99", 100), 250);
        assert_eq!(installed_bytes_of_wheel("nvidia_cudnn_cu99", 100), 142);
        assert_eq!(installed_bytes_of_wheel("unheard-of", 100), 315);
    }

    #[test]
    fn what_musl_lacks_is_found_through_closures() {
        assert_eq!(musl_missing("scikit_learn", &[]), ["scikit-learn"]);
        assert_eq!(musl_missing("sentencepiece", &[]), ["sentencepiece"]);
        assert!(musl_missing("easyocr", &[]).contains(&"torch"));
        assert!(musl_missing("pandas", &[]).is_empty() && musl_missing("unheard-of", &[]).is_empty());
    }

    #[test]
    fn variants_are_found_by_name_or_extra() {
        let lighter = |name, extras: &[&str]| variant(name, extras).and_then(|variant| variant.lighter);
        assert_eq!(lighter("OnnxRuntime_GPU", &[]), Some("onnxruntime"));
        assert_eq!(lighter("jax", &["cuda12"]), Some("jax"));
        assert_eq!(lighter("jax", &[]), None);
        assert_eq!(lighter("tensorflow", &["and-cuda"]), Some("tensorflow"));
        assert_eq!(lighter("tensorflow", &[]), Some("tensorflow-cpu"));
        assert_eq!(variant("xgboost", &[]).and_then(Variant::saved_bytes), Some(710_000_000));
        assert_eq!(variant("faiss-gpu", &[]).and_then(Variant::saved_bytes), None);
    }
}
