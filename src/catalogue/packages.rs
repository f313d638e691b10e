use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::sync::{LazyLock, OnceLock};

use rustc_hash::FxHashMap;

use crate::text::{normal_key, normal_name};

use super::knowledge::is_module_of;

include!(concat!(env!("OUT_DIR"), "/catalogue-packages.rs"));

/// What an install of one package brings, itself included: Linux, x86-64, `CPython` 3.11, newest versions of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closure {
    /// Packages, itself included; `None` when not counted.
    pub packages: Option<u32>,
    /// Sum of the wheels in bytes: what is downloaded, and what pip's cache keeps.
    pub wheel_bytes: u64,
    /// Sum of the unpacked files in bytes without `.pyc`: what uv installs.
    pub installed_bytes: u64,
    /// The same with the `.pyc` files that pip writes; equal to `installed_bytes` where these were not counted, a lower bound.
    pub compiled_bytes: u64,
    /// Unpacked bytes when torch comes from the CPU index. An estimate (± 60 MB); `None` where torch is not in it.
    pub cpu_bytes: Option<u64>,
}

/// What the catalogue knows of a package, or of a package with one extra.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Package {
    /// `name` or `name[extra]`, in normal form.
    pub key: &'static str,
    /// The distribution's name in normal form.
    pub name: &'static str,
    /// The extra that the entry is about; what it says then holds for the package with that extra.
    pub extra: Option<&'static str>,
    /// The measured closure; `None` when only the edges are known.
    pub closure: Option<Closure>,
    /// Keys of the heavy packages that it pulls directly (or through packages too light for the catalogue).
    pub requires: &'static [&'static str],
    /// Import names where they differ from the name; see [`Package::import_names`].
    pub imports: &'static [&'static str],
    /// Strings, identifiers and configuration values that show use through another library.
    pub hints: &'static [&'static str],
    /// Of a bundle of extras: modules and names of programs that take in whatever they are given, and so use all of it.
    pub whole: &'static [&'static str],
    /// A lighter way to the same end, as advice.
    pub alternative: Option<&'static str>,
    /// Members of the closure without a musl wheel, which Alpine must compile or cannot have; empty when none is known.
    pub musl_missing: &'static [&'static str],
    /// Whether every member of the closure installs from wheels on Alpine; `None` when not looked at.
    pub musl: Option<bool>,
    /// Whether it is a tool for developers, which no service needs when it runs.
    pub development: bool,
    /// How the facts were found: `measured` (the closure was), `verified edge` (`requires` was seen in [`Package::evidence`]),
    /// `documented` (general knowledge).
    pub basis: &'static str,
    /// Where they were found, for people.
    pub evidence: &'static str,
    /// When they were found, `YYYY-MM-DD`.
    pub measured: &'static str,
}

impl Package {
    /// The names a program imports it by, the name with `_` for `-` where the catalogue has no others. They may be dotted
    /// (`google.cloud.aiplatform`): then all components have to match.
    #[must_use]
    pub fn import_names(&self) -> Vec<String> {
        if self.imports.is_empty() {
            return vec![self.name.replace('-', "_")];
        }
        self.imports.iter().copied().map(str::to_owned).collect()
    }

    /// Whether [`Package::import_names`] are `modules`.
    pub(super) fn is_imported_as(&self, modules: &[String]) -> bool {
        match modules {
            [module] if self.imports.is_empty() => is_module_of(module, self.name),
            _ => !self.imports.is_empty() && self.imports.iter().eq(modules),
        }
    }
}

/// What stands behind an entry of the catalogue.
#[derive(Debug)]
pub(super) struct Links {
    /// Places of the entries that it brings directly; an extra brings its plain package.
    pub(super) direct: &'static [usize],
    /// What it weighs beyond what it requires, signed (see [`super::weight()`]); `None` where not measured.
    pub(super) own: Option<[i64; 3]>,
}

/// Every entry, sorted by key.
#[must_use]
pub fn packages() -> &'static [Package] {
    PACKAGES
}

/// The entry for `name`, or for `name[extra]`. Spelling is normalised.
#[must_use]
pub fn package(name: &str) -> Option<&'static Package> {
    PACKAGES.get(place(name)?)
}

/// The plain entry of `name` and its entries for `extras`.
#[must_use]
pub fn package_with_extras(name: &str, extras: &[&str]) -> Vec<&'static Package> {
    let plain = normal_name(name);
    let with_extra = extras.iter().filter_map(|extra| package(&format!("{plain}[{extra}]")));
    package(&plain).into_iter().chain(with_extra).collect()
}

/// The shortest chain of catalogue keys from `name` with `extras` to `target`, both ends included.
#[must_use]
pub fn chain_to(name: &str, extras: &[&str], target: &str) -> Option<Vec<&'static str>> {
    let target = normal_key(target);
    let mut queue: VecDeque<Vec<&'static Package>> =
        package_with_extras(name, extras).into_iter().map(|package| vec![package]).collect();
    let mut seen = HashSet::new();
    while let Some(chain) = queue.pop_front() {
        let Some(&last) = chain.last() else { continue };
        if last.key == target {
            return Some(chain.iter().map(|package| package.key).collect());
        }
        if !seen.insert(last.key) {
            continue;
        }
        for &required in last.requires {
            // `docling-slim[standard]` is `docling-slim` as well.
            let plain = required.split_once('[').map_or(required, |(name, _)| name);
            for key in [plain, required].into_iter().skip(usize::from(plain == required)) {
                if let Some(next) = package(key) {
                    queue.push_back(chain.iter().copied().chain([next]).collect());
                }
            }
        }
    }
    None
}

/// Whether `name` is torch or one of the packages released with it, which must come from the same index.
#[must_use]
pub fn in_torch_family(name: &str) -> bool {
    matches!(&*normal_name(name), "torch" | "torchvision" | "torchaudio" | "torchtext")
}

/// Whether `name` is only of use on an NVIDIA GPU and comes with the CUDA build of torch, jax or the like.
#[must_use]
pub fn is_cuda_package(name: &str) -> bool {
    let name = normal_name(name);
    // `nvidia-ml-py` is a small pure-Python reader of the driver's state.
    (name.starts_with("nvidia-") && name != "nvidia-ml-py")
        || matches!(&*name, "triton" | "cuda-toolkit" | "cuda-bindings" | "cuda-pathfinder")
}

/// Where the entry for `key` stands, in [`PACKAGES`] and in [`LINKS`].
pub(super) fn place(key: &str) -> Option<usize> {
    static PLACES: LazyLock<FxHashMap<&str, usize>> =
        LazyLock::new(|| PACKAGES.iter().map(|package| package.key).zip(0..).collect());
    let spelled = || match normal_key(key) {
        Cow::Borrowed(same) if same == key => None,
        normal => PLACES.get(&*normal),
    };
    PLACES.get(key).or_else(spelled).copied()
}

/// A set of places in [`PACKAGES`].
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Places(Vec<u64>);

impl Places {
    /// Whether the place is new.
    fn insert(&mut self, place: usize) -> bool {
        let (word, bit) = (place / 64, 1_u64 << (place % 64));
        if self.0.len() <= word {
            self.0.resize(PACKAGES.len().div_ceil(64).max(word + 1), 0);
        }
        let Some(word) = self.0.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().enumerate().all(|(at, word)| word & !other.0.get(at).copied().unwrap_or_default() == 0)
    }

    /// Takes in the places of `other`.
    pub(super) fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(move |(at, &word)| {
            let bits = std::iter::successors(Some(word), rest).map(|word| word.trailing_zeros() as usize);
            bits.map(move |bit| 64 * at + bit)
        })
    }
}

/// What an entry brings, itself included.
#[derive(Default)]
pub(super) struct Reached {
    /// Everything.
    pub(super) members: Places,
    /// What of it is in a closure that was measured.
    pub(super) covered: Places,
}

/// What the entry at `place` brings, worked out once.
pub(super) fn reached(place: usize) -> Option<&'static Reached> {
    static REACHED: LazyLock<Vec<OnceLock<Reached>>> =
        LazyLock::new(|| PACKAGES.iter().map(|_| OnceLock::new()).collect());
    let make = || {
        let mut reached = Reached::default();
        reach(place, &mut reached.members);
        for member in reached.members.iter().filter(|&member| own(member).is_some()) {
            reach(member, &mut reached.covered);
        }
        reached
    };
    Some(REACHED.get(place)?.get_or_init(make))
}

/// Adds the entry at `place` and everything that it brings.
fn reach(place: usize, seen: &mut Places) {
    if seen.insert(place) {
        for &next in LINKS.get(place).map_or(&[][..], |links| links.direct) {
            reach(next, seen);
        }
    }
}

/// The own part of the entry at `place`.
pub(super) fn own(place: usize) -> Option<[i64; 3]> {
    LINKS.get(place)?.own
}

pub(super) fn figures(closure: &Closure) -> [i64; 3] {
    [closure.wheel_bytes, closure.installed_bytes, closure.compiled_bytes]
        .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::reading::{document, section};
    use super::*;

    #[test]
    fn every_entry_of_the_file_is_whole() {
        let file = document(include_str!("../../rules/catalogue/packages.toml"));
        let count = section(file.as_table(), "packages").len();
        assert_eq!((packages().len(), LINKS.len()), (count, count));
        assert!(packages().is_sorted_by(|one, other| one.key < other.key), "an entry stands twice");
        for entry in packages() {
            assert!(["measured", "verified edge", "documented"].contains(&entry.basis), "{}: basis", entry.key);
            assert!(entry.measured.len() == 10 && !entry.evidence.is_empty(), "{}: when and where", entry.key);
            assert_eq!(entry.closure.is_some(), entry.basis == "measured", "{}: measured means a closure", entry.key);
            for required in entry.requires {
                assert!(place(required).is_some(), "{} requires the unknown {required}", entry.key);
            }
            if let Some(closure) = entry.closure {
                assert!(closure.compiled_bytes >= closure.installed_bytes, "{}: .pyc only add", entry.key);
                assert!(closure.cpu_bytes.is_none_or(|cpu| cpu < closure.installed_bytes), "{}: CPU", entry.key);
            }
        }
    }

    #[test]
    fn no_entry_requires_itself() {
        for ((index, entry), links) in packages().iter().enumerate().zip(LINKS) {
            let mut below = Places::default();
            links.direct.iter().for_each(|&next| reach(next, &mut below));
            assert!(below.iter().all(|place| place != index), "{} requires itself", entry.key);
        }
    }

    #[test]
    fn names_are_normalised_and_extras_found() {
        assert_eq!(package("Sentence_Transformers").map(|p| p.key), Some("sentence-transformers"));
        assert_eq!(package("pyannote.audio").map(Package::import_names), Some(vec!["pyannote.audio".to_owned()]));
        let keys: Vec<_> = package_with_extras("Unstructured", &["all_docs", "md"]).iter().map(|p| p.key).collect();
        assert_eq!(keys, ["unstructured", "unstructured[all-docs]"]);
        assert!(package("requests").is_none());
    }

    #[test]
    fn chains_are_the_shortest() {
        for (name, extras, chain) in [
            ("torch", &[][..], Some(&["torch"][..])),
            ("sentence-transformers", &[], Some(&["sentence-transformers", "torch"])),
            ("argostranslate", &[], Some(&["argostranslate", "stanza", "torch"])),
            ("unstructured", &["pdf"], Some(&["unstructured[pdf]", "unstructured-inference", "torch"])),
            ("docling", &[], Some(&["docling", "docling-slim[standard]", "torch"])),
            ("transformers", &[], None),
            ("transformers", &["torch"], Some(&["transformers[torch]", "torch"])),
            ("langchain-huggingface", &[], None),
            ("graphiti-core", &["google-genai"], None),
            ("unheard-of", &[], None),
        ] {
            assert_eq!(chain_to(name, extras, "torch").as_deref(), chain, "{name}{extras:?}");
        }
        assert_eq!(chain_to("torch", &[], "nvidia-cublas"), Some(vec!["torch", "nvidia-cublas"]));
    }

    #[test]
    fn cuda_packages_are_told_from_the_drivers_reader() {
        assert!(
            ["nvidia-cublas-cu12", "nvidia_cudnn_cu13", "triton", "cuda-toolkit"]
                .iter()
                .all(|name| is_cuda_package(name))
        );
        assert!(!["nvidia-ml-py", "torch", "cuda-python-tools"].iter().any(|name| is_cuda_package(name)));
        assert!(in_torch_family("TorchVision") && !in_torch_family("torchmetrics"));
    }
}
