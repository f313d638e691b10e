use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::OnceLock;

use toml_edit::{Document, TableLike};

use super::normal_name;
use super::reading::{document, flag, megabytes, number, section, text, texts};

const SOURCE: &str = include_str!("../../rules/catalogue/packages.toml");

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
    pub key: String,
    /// The distribution's name in normal form.
    pub name: String,
    /// The extra that the entry is about; what it says then holds for the package with that extra.
    pub extra: Option<String>,
    /// The measured closure; `None` when only the edges are known.
    pub closure: Option<Closure>,
    /// Keys of the heavy packages that it pulls directly (or through packages too light for the catalogue).
    pub requires: Vec<String>,
    /// Import names where they differ from the name; see [`Package::import_names`].
    pub imports: Vec<String>,
    /// Strings, identifiers and configuration values that show use through another library.
    pub hints: Vec<String>,
    /// A lighter way to the same end, as advice.
    pub alternative: Option<String>,
    /// Members of the closure without a musl wheel, which Alpine must compile or cannot have; empty when none is known.
    pub musl_missing: Vec<String>,
    /// Whether every member of the closure installs from wheels on Alpine; `None` when not looked at.
    pub musl: Option<bool>,
    /// Whether it is a tool for developers, which no service needs when it runs.
    pub development: bool,
    /// How the facts were found: `measured` (the closure was), `verified edge` (`requires` was seen in [`Package::evidence`]),
    /// `documented` (general knowledge).
    pub basis: String,
    /// Where they were found, for people.
    pub evidence: String,
    /// When they were found, `YYYY-MM-DD`.
    pub measured: String,
}

impl Package {
    /// The names a program imports it by, the name with `_` for `-` where the catalogue has no others. They may be dotted
    /// (`google.cloud.aiplatform`): then all components have to match.
    #[must_use]
    pub fn import_names(&self) -> Vec<String> {
        if self.imports.is_empty() { vec![self.name.replace('-', "_")] } else { self.imports.clone() }
    }
}

/// The table of packages, with what the sums need.
pub(super) struct Packages {
    pub(super) entries: Vec<Package>,
    pub(super) by_key: HashMap<String, usize>,
    /// Per entry: what it weighs beyond what it requires, signed (see [`super::weight()`]); `None` where not measured.
    pub(super) own: Vec<Option<[i64; 3]>>,
}

/// Every entry, in the order of the file.
#[must_use]
pub fn packages() -> &'static [Package] {
    &table().entries
}

/// The entry for `name`, or for `name[extra]`. Spelling is normalised.
#[must_use]
pub fn package(name: &str) -> Option<&'static Package> {
    find(name).map(|(_, package)| package)
}

/// The plain entry of `name` and its entries for `extras`.
#[must_use]
pub fn package_with_extras(name: &str, extras: &[&str]) -> Vec<&'static Package> {
    let plain = normal_name(name);
    let with_extra = extras.iter().map(|extra| format!("{plain}[{extra}]"));
    std::iter::once(plain.clone()).chain(with_extra).filter_map(|key| package(&key)).collect()
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
            return Some(chain.iter().map(|package| package.key.as_str()).collect());
        }
        if !seen.insert(last.key.as_str()) {
            continue;
        }
        for required in &last.requires {
            // `docling-slim[standard]` is `docling-slim` as well.
            let plain = required.split_once('[').map_or(required.as_str(), |(name, _)| name);
            for key in [plain, required.as_str()].into_iter().skip(usize::from(plain == required)) {
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
    matches!(normal_name(name).as_str(), "torch" | "torchvision" | "torchaudio" | "torchtext")
}

/// Whether `name` is only of use on an NVIDIA GPU and comes with the CUDA build of torch, jax or the like.
#[must_use]
pub fn is_cuda_package(name: &str) -> bool {
    let name = normal_name(name);
    // `nvidia-ml-py` is a small pure-Python reader of the driver's state.
    (name.starts_with("nvidia-") && name != "nvidia-ml-py")
        || matches!(name.as_str(), "triton" | "cuda-toolkit" | "cuda-bindings" | "cuda-pathfinder")
}

fn find(key: &str) -> Option<(usize, &'static Package)> {
    let table = table();
    let index = *table.by_key.get(key).or_else(|| table.by_key.get(&normal_key(key)))?;
    table.entries.get(index).map(|package| (index, package))
}

/// `Name[Extra]` in normal form.
pub(super) fn normal_key(key: &str) -> String {
    match key.trim().trim_end_matches(']').split_once('[') {
        Some((name, extra)) => format!("{}[{}]", normal_name(name), normal_name(extra)),
        None => normal_name(key),
    }
}

pub(super) fn figures(closure: &Closure) -> [i64; 3] {
    [closure.wheel_bytes, closure.installed_bytes, closure.compiled_bytes]
        .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// `packages.toml`, parsed once for all of its tables.
pub(super) fn file() -> Option<&'static Document<&'static str>> {
    static FILE: OnceLock<Option<Document<&'static str>>> = OnceLock::new();
    FILE.get_or_init(|| document(SOURCE)).as_ref()
}

pub(super) fn table() -> &'static Packages {
    static TABLE: OnceLock<Packages> = OnceLock::new();
    TABLE.get_or_init(|| {
        let entries =
            file().and_then(|file| section(file.as_table(), "packages")).into_iter().flat_map(TableLike::iter);
        Packages::new(entries.filter_map(|(key, item)| Some(read(key, item.as_table_like()?))).collect())
    })
}

fn read(key: &str, table: &dyn TableLike) -> Package {
    let key = normal_key(key);
    let (name, extra) = match key.trim_end_matches(']').split_once('[') {
        Some((name, extra)) => (name.to_owned(), Some(extra.to_owned())),
        None => (key.clone(), None),
    };
    let closure = table.get("closure").and_then(|item| item.as_table_like()).and_then(read_closure);
    Package {
        name,
        extra,
        closure,
        requires: texts(table, "requires").iter().map(|required| normal_key(required)).collect(),
        imports: texts(table, "imports"),
        hints: texts(table, "hints"),
        alternative: text(table, "alternative"),
        musl_missing: texts(table, "musl_missing"),
        musl: flag(table, "musl"),
        development: flag(table, "development").unwrap_or(false),
        evidence: text(table, "evidence").unwrap_or_default(),
        basis: text(table, "basis").unwrap_or_default(),
        measured: text(table, "measured").unwrap_or_default(),
        key,
    }
}

fn read_closure(table: &dyn TableLike) -> Option<Closure> {
    let installed_bytes = megabytes(table, "installed")?;
    Some(Closure {
        packages: number(table, "packages").and_then(|count| u32::try_from(count).ok()),
        wheel_bytes: megabytes(table, "wheel")?,
        installed_bytes,
        compiled_bytes: megabytes(table, "compiled").unwrap_or(installed_bytes),
        cpu_bytes: megabytes(table, "cpu"),
    })
}

impl Packages {
    fn new(entries: Vec<Package>) -> Self {
        let by_key = entries.iter().enumerate().map(|(index, package)| (package.key.clone(), index)).collect();
        let mut table = Self { own: vec![None; entries.len()], entries, by_key };
        let mut done = HashSet::new();
        for index in 0..table.entries.len() {
            table.settle(index, &mut done);
        }
        table
    }

    /// Entries that `index` brings directly; an extra brings its plain package.
    pub(super) fn direct(&self, index: usize) -> Vec<usize> {
        let Some(entry) = self.entries.get(index) else { return Vec::new() };
        let plain = entry.extra.as_ref().map(|_| &entry.name);
        entry.requires.iter().chain(plain).filter_map(|key| self.by_key.get(key).copied()).collect()
    }

    pub(super) fn reach(&self, index: usize, seen: &mut HashSet<usize>) {
        if seen.insert(index) {
            for next in self.direct(index) {
                self.reach(next, seen);
            }
        }
    }

    /// Computes the own part of `index` after those of everything it brings.
    fn settle(&mut self, index: usize, done: &mut HashSet<usize>) {
        if !done.insert(index) {
            return;
        }
        for next in self.direct(index) {
            self.settle(next, done);
        }
        let Some(closure) = self.entries.get(index).and_then(|entry| entry.closure) else { return };
        let mut own = figures(&closure);
        let mut below = HashSet::new();
        self.reach(index, &mut below);
        below.remove(&index);
        for other in below.into_iter().filter_map(|other| self.own.get(other).copied().flatten()) {
            for (mine, theirs) in own.iter_mut().zip(other) {
                *mine -= theirs;
            }
        }
        if let Some(slot) = self.own.get_mut(index) {
            *slot = Some(own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn every_entry_of_the_file_is_whole() {
        let count = section(file().expect("valid TOML").as_table(), "packages").map_or(0, TableLike::len);
        assert_eq!((packages().len(), table().by_key.len()), (count, count), "an entry was skipped or stands twice");
        for entry in packages() {
            assert!(
                ["measured", "verified edge", "documented"].contains(&entry.basis.as_str()),
                "{}: basis",
                entry.key
            );
            assert!(entry.measured.len() == 10 && !entry.evidence.is_empty(), "{}: when and where", entry.key);
            assert_eq!(entry.closure.is_some(), entry.basis == "measured", "{}: measured means a closure", entry.key);
            for required in &entry.requires {
                assert!(table().by_key.contains_key(required), "{} requires the unknown {required}", entry.key);
            }
            if let Some(closure) = entry.closure {
                assert!(closure.compiled_bytes >= closure.installed_bytes, "{}: .pyc only add", entry.key);
                assert!(closure.cpu_bytes.is_none_or(|cpu| cpu < closure.installed_bytes), "{}: CPU", entry.key);
            }
        }
    }

    #[test]
    fn no_entry_requires_itself() {
        for (index, entry) in packages().iter().enumerate() {
            let mut below = HashSet::new();
            table().direct(index).into_iter().for_each(|next| table().reach(next, &mut below));
            assert!(!below.contains(&index), "{} requires itself", entry.key);
        }
    }

    #[test]
    fn names_are_normalised_and_extras_found() {
        assert_eq!(package("Sentence_Transformers").map(|p| p.key.as_str()), Some("sentence-transformers"));
        assert_eq!(package("pyannote.audio").map(Package::import_names), Some(vec!["pyannote.audio".to_owned()]));
        let keys: Vec<_> =
            package_with_extras("Unstructured", &["all_docs", "md"]).iter().map(|p| p.key.as_str()).collect();
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
