//! Smaller tables about Python packages: import names, hints, development tools, releases of torch, unpacked sizes.

use crate::text::normal_name;

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

/// The names a program imports `name` by; the name with `_` for `-` when the catalogue knows no others.
#[must_use]
pub fn import_names(name: &str) -> Vec<String> {
    let name = normal_name(name);
    if let Some(entry) = package(&name) {
        return entry.import_names();
    }
    let imports = list(IMPORTS, &name).map(|names| names.iter().copied().map(str::to_owned).collect());
    imports.unwrap_or_else(|| vec![name.replace('-', "_")])
}

/// Identifiers, strings and configuration values that show that `name` is used through another library.
#[must_use]
pub fn hints(name: &str) -> &'static [&'static str] {
    let name = normal_name(name);
    package(&name).map(|entry| entry.hints).or_else(|| list(HINTS, &name)).unwrap_or_default()
}

/// Whether `name` is a tool for developers (tests, linting, documentation, notebooks), which no service needs when it runs.
#[must_use]
pub fn is_development_tool(name: &str) -> bool {
    let name = normal_name(name);
    package(&name).is_some_and(|entry| entry.development) || DEVELOPMENT.iter().any(|pattern| fits(pattern, &name))
}

/// The release of torch that `version` belongs to: `2.5`, `2.5.1`, `2.5.1+cu124`.
#[must_use]
pub fn torch_release(version: &str) -> Option<&'static TorchRelease> {
    let mut parts = version.split(['.', '+']);
    let version = format!("{}.{}", parts.next()?, parts.next()?);
    TORCH.get(TORCH.binary_search_by(|release| release.version.cmp(&version)).ok()?)
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
        assert_eq!(TORCH.len(), count("torch-releases"));
        let order = section(root, "ratios").get("order").and_then(|item| item.as_array());
        assert_eq!(Some(RATIOS.len()), order.map(toml_edit::Array::len));
        for table in [IMPORTS, HINTS] {
            assert!(table.is_sorted_by(|(one, _), (other, _)| one < other));
            for (name, texts) in table {
                assert!(!texts.is_empty() && package(name).is_none(), "{name} has an entry of its own");
            }
        }
        assert!(TORCH.is_sorted_by_key(|release| release.version));
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
    fn wheels_unpack_by_the_first_ratio_that_fits() {
        let (measured, pattern) = (installed_bytes_of_wheel("kubernetes", 1_000_000), 4_300_000);
        assert!(measured > pattern * 3 / 2, "a wheel that was measured goes before the pattern: {measured}");
        assert_eq!(installed_bytes_of_wheel("nvidia-nvjitlink-cu99", 100), 250);
        assert_eq!(installed_bytes_of_wheel("nvidia_cudnn_cu99", 100), 142);
        assert_eq!(installed_bytes_of_wheel("unheard-of", 100), 315);
    }
}
