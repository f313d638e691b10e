//! How distributions hang together: who requires and who works with what.

use std::collections::HashMap;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::text::normal_name;

use super::knowledge::{import_names, is_imported_as, listed_as};
use super::package;
use super::texts::{Run, Text};

include!(concat!(env!("OUT_DIR"), "/catalogue-distributions.rs"));

/// What locks say of a distribution.
#[derive(Debug)]
pub(super) struct Distribution {
    /// In normal form.
    name: Text,
    /// Bytes of its wheel, where it is 1 MB or more.
    pub(super) wheel_bytes: Option<u64>,
    /// Names that a program imports it by; empty where not known.
    imports: Run,
    /// Places of what it requires, as far as that leads to something heavy.
    requires: Run,
    /// Places of what it works with.
    uses: Run,
}

impl Distribution {
    fn name(&self) -> &'static str {
        self.name.of(TEXTS)
    }

    /// Names that a program imports it by; empty where not known.
    pub(super) fn imports(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.imports.of(MODULES).iter().map(|module| module.of(TEXTS))
    }

    fn requires(&self) -> impl Iterator<Item = &'static Self> {
        at(self.requires)
    }

    fn uses(&self) -> impl Iterator<Item = &'static Self> {
        at(self.uses)
    }
}

fn at(places: Run) -> impl Iterator<Item = &'static Distribution> {
    places.of(OTHERS).iter().filter_map(|&place| DISTRIBUTIONS.get(usize::from(place)))
}

/// The row of `name`, which must be in normal form.
pub(super) fn distribution(name: &str) -> Option<&'static Distribution> {
    DISTRIBUTIONS.get(place(name)?)
}

fn place(name: &str) -> Option<usize> {
    static PLACES: LazyLock<FxHashMap<&str, usize>> =
        LazyLock::new(|| DISTRIBUTIONS.iter().map(Distribution::name).zip(0..).collect());
    PLACES.get(name).copied()
}

/// Whether anything is known of what `name` requires. What a package requires that is not known may be anything.
#[must_use]
pub fn is_known_distribution(name: &str) -> bool {
    let name = normal_name(name);
    package(&name).is_some() || place(&name).is_some()
}

/// `name` and what an install of it can bring, in any of the versions that were looked at, at any depth; only what leads to
/// something heavy is in it.
#[must_use]
pub fn brings(name: &str) -> FxHashSet<&'static str> {
    let name = normal_name(name);
    let mut found = FxHashSet::default();
    let mut names: Vec<&'static str> = Vec::new();
    names.extend(place(&name).and_then(|place| DISTRIBUTIONS.get(place)).map(Distribution::name));
    names.extend(package(&name).map(|entry| entry.name));
    while let Some(name) = names.pop() {
        if !found.insert(name) {
            continue;
        }
        names.extend(distribution(name).into_iter().flat_map(Distribution::requires).map(Distribution::name));
        let keys = package(name).map(|entry| entry.requires).unwrap_or_default();
        names.extend(keys.iter().filter_map(|key| package(key)).map(|entry| entry.name));
    }
    found
}

/// Whether `user` can load `package` when that is installed as well, by what its extras say.
#[must_use]
pub fn works_with(user: &str, package: &str) -> bool {
    let package = normal_name(package);
    distribution(&normal_name(user)).is_some_and(|user| user.uses().any(|entry| entry.name() == package))
}

/// Other distributions that are imported by the same names as `name`: `opencv-python-headless` for `opencv-python`.
#[must_use]
pub fn distributions_like(name: &str) -> Vec<&'static str> {
    let name = normal_name(name);
    let modules = import_names(&name);
    // What a table says of a name counts only where none before it knows the name.
    let mut found: Vec<&'static str> = listed_as(&modules)
        .chain(imported_as(&modules).map(Distribution::name))
        .chain(modules.first().and_then(|module| known(&module.replace('_', "-"))))
        .filter(|other| is_imported_as(other, &modules))
        .chain(variants(&name))
        .filter(|other| *other != name)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The rows with the same import names.
fn imported_as(modules: &[String]) -> impl Iterator<Item = &'static Distribution> {
    static BY_FIRST_MODULE: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, entry) in DISTRIBUTIONS.iter().enumerate() {
            places.entry(entry.imports().next().unwrap_or_default()).or_default().push(place);
        }
        places
    });
    let first = modules.first().map(String::as_str).unwrap_or_default();
    let places = BY_FIRST_MODULE.get(first).into_iter().flatten();
    places.filter_map(|&place| DISTRIBUTIONS.get(place)).filter(move |entry| entry.imports().eq(modules))
}

/// The name that a table has for `name`.
pub(super) fn known(name: &str) -> Option<&'static str> {
    let listed = package(name).map(|entry| entry.name);
    listed.or_else(|| distribution(name).map(Distribution::name))
}

/// `onnxruntime` for `onnxruntime-gpu`
fn variants(name: &str) -> impl Iterator<Item = &'static str> {
    const SUFFIXES: [&str; 9] =
        ["", "-gpu", "-cpu", "-headless", "-binary", "-cuda12x", "-cuda11x", "-directml", "-openvino"];
    let stem = |name: &'_ str| -> String {
        let suffixes = SUFFIXES.iter().filter(|suffix| !suffix.is_empty());
        suffixes.into_iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name).to_owned()
    };
    let own = stem(name);
    let all = SUFFIXES.iter().map(move |suffix| format!("{own}{suffix}"));
    let own = stem(name);
    all.filter(move |other| stem(other) == own).filter_map(|other| known(&other))
}

#[cfg(test)]
mod tests {
    use super::super::knowledge::{knows_import_names, own_bytes};
    use super::super::packages;
    use super::*;

    #[test]
    fn rows_are_sorted_and_point_into_the_table() {
        assert!(DISTRIBUTIONS.is_sorted_by(|one, other| one.name() < other.name()));
        for entry in DISTRIBUTIONS {
            assert!(!entry.name().is_empty() && entry.imports().all(|module| !module.is_empty()));
            let places = entry.requires.of(OTHERS).iter().chain(entry.uses.of(OTHERS));
            assert!(places.copied().all(|place| usize::from(place) < DISTRIBUTIONS.len()));
        }
    }

    #[test]
    fn what_is_brought_and_what_is_worked_with() {
        assert!(brings("Keyring").contains("cryptography"));
        assert!(brings("sentence-transformers").contains("torch") && !brings("requests").contains("torch"));
        assert!(distributions_like("onnxruntime-gpu").contains(&"onnxruntime"));
        assert!(distributions_like("opencv-python").contains(&"opencv-contrib-python"));
        assert!(works_with("pandas", "PyArrow") && works_with("uvicorn", "uvloop"));
        assert!(!works_with("requests", "uvloop") && !works_with("unheard-of", "uvloop"));
        assert!(is_known_distribution("torch") && is_known_distribution("Typing_Extensions"));
        assert!(!is_known_distribution("unheard-of"));
    }

    #[test]
    fn those_like_a_name_are_all_that_share_its_modules_or_its_stem() {
        let listed = packages().iter().filter(|entry| entry.extra.is_none()).map(|entry| entry.name);
        let mut every: Vec<&str> = DISTRIBUTIONS.iter().map(Distribution::name).chain(listed).collect();
        every.sort_unstable();
        every.dedup();
        let modules: Vec<Vec<String>> = every.iter().map(|name| import_names(name)).collect();
        let stem = |name: &'static str| {
            let parts = ["-gpu", "-cpu", "-headless", "-binary", "-cuda12x", "-cuda11x", "-directml", "-openvino"];
            parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name)
        };
        let named = ["onnxruntime", "onnxruntime-gpu", "opencv-python", "faiss-cpu", "psycopg2-binary", "unheard-of"];
        for name in every.iter().copied().step_by(7).chain(named) {
            let own = import_names(name);
            let is_like = |(other, modules): &(&&'static str, &Vec<String>)| {
                **other != name && (**modules == own || stem(other) == stem(name))
            };
            let expected: Vec<&str> = every.iter().zip(&modules).filter(is_like).map(|(other, _)| *other).collect();
            assert_eq!(distributions_like(name), expected, "{name}");
        }
    }

    #[test]
    fn names_and_bytes_come_from_the_same_rows() {
        assert_eq!(import_names("z3-solver"), ["z3"]);
        assert_eq!(import_names("nltk"), ["nltk"]);
        let every = DISTRIBUTIONS.iter().map(Distribution::name).chain(packages().iter().map(|entry| entry.name));
        for name in every.chain(["unheard-of", "beautifulsoup4"]) {
            assert!(is_imported_as(name, &import_names(name)), "{name}");
            assert!(!is_imported_as(name, &["no_module".to_owned()]), "{name}");
        }
        assert!(knows_import_names("nltk") && knows_import_names("torch") && !knows_import_names("unheard-of"));
        assert!(own_bytes("lxml").is_some_and(|bytes| bytes > 10_000_000) && own_bytes("six").is_none());
    }
}
