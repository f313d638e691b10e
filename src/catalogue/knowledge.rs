//! Smaller tables about Python packages: import names, hints, development tools, releases of torch, unpacked sizes.

use std::collections::HashMap;
use std::sync::OnceLock;

use toml_edit::{Table, TableLike};

use super::images::fits;
use super::packages::file;
use super::reading::{MEGABYTE, megabytes, number, section, text, texts};
use super::{normal_name, package};

/// What a release of torch brings from the default index on Linux.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TorchRelease {
    /// `X.Y`.
    pub version: String,
    /// The CUDA version that it is built for. Up to 1.12 it is inside torch's own wheel, later in `nvidia-*` packages.
    pub cuda: String,
    /// Sum of the wheels of its closure in bytes, where measured.
    pub wheel_bytes: Option<u64>,
    /// Unpacked bytes of its closure without `.pyc`, where measured.
    pub installed_bytes: Option<u64>,
    /// Bytes of the wheel of its CPU build, from public installation logs.
    pub cpu_wheel_bytes: Option<u64>,
    /// `measured`, `verified edge` (the CUDA packages were seen in a real lock) or `documented`.
    pub basis: String,
}

#[derive(Default)]
struct Knowledge {
    imports: HashMap<String, Vec<String>>,
    hints: HashMap<String, Vec<String>>,
    development: Vec<String>,
    torch: Vec<TorchRelease>,
    ratios: Vec<(String, u64)>,
}

/// The names a program imports `name` by; the name with `_` for `-` when the catalogue knows no others.
#[must_use]
pub fn import_names(name: &str) -> Vec<String> {
    let name = normal_name(name);
    if let Some(entry) = package(&name) {
        return entry.import_names();
    }
    knowledge().imports.get(&name).cloned().unwrap_or_else(|| vec![name.replace('-', "_")])
}

/// Identifiers, strings and configuration values that show that `name` is used through another library.
#[must_use]
pub fn hints(name: &str) -> &'static [String] {
    let name = normal_name(name);
    package(&name)
        .map(|entry| entry.hints.as_slice())
        .or_else(|| knowledge().hints.get(&name).map(Vec::as_slice))
        .unwrap_or_default()
}

/// Whether `name` is a tool for developers (tests, linting, documentation, notebooks), which no service needs when it runs.
#[must_use]
pub fn is_development_tool(name: &str) -> bool {
    let name = normal_name(name);
    package(&name).is_some_and(|entry| entry.development)
        || knowledge().development.iter().any(|pattern| fits(pattern, &name))
}

/// The release of torch that `version` belongs to: `2.5`, `2.5.1`, `2.5.1+cu124`.
#[must_use]
pub fn torch_release(version: &str) -> Option<&'static TorchRelease> {
    let mut parts = version.split(['.', '+']);
    let version = format!("{}.{}", parts.next()?, parts.next()?);
    knowledge().torch.iter().find(|release| release.version == version)
}

/// What a wheel of `name` takes when it is unpacked, without `.pyc`: its bytes times a measured ratio. An estimate: the
/// median error over whole closures is 2.7 %, the worst single package was off by 42 %.
#[must_use]
pub fn installed_bytes_of_wheel(name: &str, wheel_bytes: u64) -> u64 {
    let name = normal_name(name);
    let percent =
        knowledge().ratios.iter().find(|(pattern, _)| fits(pattern, &name)).map_or(100, |&(_, percent)| percent);
    u64::try_from(u128::from(wheel_bytes) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

fn knowledge() -> &'static Knowledge {
    static TABLE: OnceLock<Knowledge> = OnceLock::new();
    TABLE.get_or_init(|| file().map(|file| Knowledge::read(file.as_table())).unwrap_or_default())
}

impl Knowledge {
    fn read(root: &Table) -> Self {
        let lists = |name: &str| {
            let table = section(root, name);
            table
                .into_iter()
                .flat_map(|table| table.iter().map(|(key, _)| (normal_name(key), texts(table, key))))
                .collect()
        };
        let ratios = section(root, "ratios").map(|table| {
            let percent = table.get("percent").and_then(|item| item.as_array()).into_iter().flatten();
            let percent = percent.filter_map(|value| u64::try_from(value.as_integer()?).ok());
            texts(table, "order").into_iter().zip(percent).collect()
        });
        let torch = section(root, "torch-releases").into_iter().flat_map(|table| {
            table.iter().filter_map(|(version, item)| read_release(version, item.as_table_like()?)).collect::<Vec<_>>()
        });
        Self {
            imports: lists("imports"),
            hints: lists("hints"),
            development: section(root, "development").map(|table| texts(table, "names")).unwrap_or_default(),
            torch: torch.collect(),
            ratios: ratios.unwrap_or_default(),
        }
    }
}

fn read_release(version: &str, table: &dyn TableLike) -> Option<TorchRelease> {
    let closure = table.get("closure").and_then(|item| item.as_table_like());
    Some(TorchRelease {
        version: version.to_owned(),
        cuda: text(table, "cuda")?,
        wheel_bytes: closure.and_then(|closure| megabytes(closure, "wheel")),
        installed_bytes: closure.and_then(|closure| megabytes(closure, "installed")),
        cpu_wheel_bytes: number(table, "cpu_wheel_kb").map(|thousands| thousands * MEGABYTE / 1000),
        basis: text(table, "basis")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read() {
        let root = file().expect("valid TOML").as_table();
        let count = |name: &str| section(root, name).map_or(0, TableLike::len);
        let known = knowledge();
        assert_eq!((known.imports.len(), known.hints.len()), (count("imports"), count("hints")));
        assert_eq!(known.torch.len(), count("torch-releases"));
        let order = root.get("ratios").and_then(|item| item.get("order")).and_then(|item| item.as_array());
        assert_eq!(Some(known.ratios.len()), order.map(toml_edit::Array::len));
        assert!(known.imports.values().chain(known.hints.values()).all(|list| !list.is_empty()));
        for name in known.imports.keys().chain(known.hints.keys()) {
            assert!(package(name).is_none(), "{name} has an entry of its own");
        }
    }

    #[test]
    fn import_names_differ_from_distribution_names() {
        assert_eq!(import_names("PyYAML"), ["yaml"]);
        assert_eq!(import_names("scikit_learn"), ["sklearn"]);
        assert_eq!(import_names("left-pad"), ["left_pad"]);
        assert!(hints("google-genai").iter().any(|hint| hint == "gemini"));
        assert!(hints("sentence-transformers").iter().any(|hint| hint == "bge"));
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
        assert_eq!(torch_release("2.5.1+cu124").map(|release| release.cuda.as_str()), Some("12.4"));
        assert_eq!(torch_release("2.15.0").and_then(|release| release.installed_bytes), Some(5_457_000_000));
        assert_eq!(torch_release("2.5").and_then(|release| release.cpu_wheel_bytes), Some(174_700_000));
        assert!(torch_release("99").is_none());
    }

    #[test]
    fn wheels_unpack_by_the_first_ratio_that_fits() {
        assert_eq!(installed_bytes_of_wheel("torch", 100), 205);
        assert_eq!(installed_bytes_of_wheel("nvidia-nvjitlink-cu12", 100), 250);
        assert_eq!(installed_bytes_of_wheel("nvidia_cudnn_cu12", 100), 142);
        assert_eq!(installed_bytes_of_wheel("requests", 100), 315);
    }
}
