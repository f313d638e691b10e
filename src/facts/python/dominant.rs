//! What the Python packages of the shipped image weigh together, and which one of them dominates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalogue;
use crate::facts::{Facts, Guard, StageFacts};
use crate::python::PackageName;
use crate::python::closure::Part;
use crate::python::dominators::Dominators;

use super::{Build, ClosureBasis, InstallClosure, PythonInstall, Tool, TorchInstall};

/// A package goes on leading to the one that dominates as long as one that only it needs is this share of it, in percent.
const LEADING_PERCENT: u64 = 60;
/// Less than this share of all packages dominates nothing, in percent.
const DOMINANT_PERCENT: u64 = 35;
/// Less than this dominates nothing worth a word, in bytes.
const DOMINANT_BYTES: u64 = 100_000_000;

/// What is known of the Python packages of a shipped image.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PythonContents {
    /// Their bytes, as far as they are known.
    pub bytes: u64,
    /// Whether nothing is missing from [`PythonContents::bytes`].
    pub complete: bool,
    /// The package that dominates, with what only it needs.
    pub dominant: Option<Dominant>,
}

/// The one package behind most of the bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dominant {
    /// The package.
    pub package: PackageName,
    /// Whether packages for a GPU are among those that only it needs.
    pub with_cuda: bool,
    /// It and all that only it needs, in bytes.
    pub bytes: u64,
    /// What is asked for and pulls it, when that is another package.
    pub pulled_by: Option<PackageName>,
    /// The extra or group of the project that asks for that.
    pub part: Option<Part>,
}

impl Facts<'_> {
    /// What is known of the Python packages that the stages numbered in `sources` install, in an image that takes from them.
    pub(in crate::facts) fn python_contents(&self, image: &StageFacts, sources: &BTreeSet<usize>) -> PythonContents {
        let is_alone = self.finals().nth(1).is_none();
        let counts = |install: &&PythonInstall| {
            sources.contains(&install.stage) && self.counts(install) && (is_alone || self.is_in_image(install, image))
        };
        let installs = self.python_installs().iter().filter(counts);
        let mut closures: Vec<_> = installs.map(|install| (install, self.closure(install))).collect();
        let before = closures.len();
        // The catalogue weighs torch as it comes by default.
        closures
            .retain(|(install, closure)| closure.basis != ClosureBasis::Catalogue || !self.brings_other_torch(install));
        let mut packages: BTreeMap<&PackageName, u64> = BTreeMap::new();
        let (mut known, mut complete) = (0, closures.len() == before);
        for (install, closure) in &closures {
            let compiles = install.compiles.unwrap_or_default();
            complete &= closure.complete && closure.total().unknown == 0 && closure.basis != ClosureBasis::Catalogue;
            if closure.basis == ClosureBasis::Catalogue {
                known += closure.total().on_disk(compiles);
                continue;
            }
            for package in closure.packages.iter().filter(|package| !package.left_out) {
                // What a second install brings again replaces the first.
                packages.insert(&package.name, package.bytes.on_disk(compiles).unwrap_or_default());
            }
        }
        let torch = self.unlisted_torch(&closures);
        let unlisted = torch.as_ref().map(|torch| torch.bytes).unwrap_or_default();
        complete &= torch.is_none();
        let bytes = packages.values().sum::<u64>().saturating_add(known).saturating_add(unlisted);
        let torch = torch.filter(|torch| dominates(torch.bytes, bytes));
        let largest = closures
            .iter()
            .filter_map(|(install, closure)| dominant(closure, install.compiles.unwrap_or_default(), bytes));
        PythonContents { bytes, complete, dominant: largest.chain(torch).max_by_key(|dominant| dominant.bytes) }
    }

    /// The torch that an install brings although no closure has it: pins do not name it, and `basicsr` requires it.
    fn unlisted_torch(&self, closures: &[(&PythonInstall, Arc<InstallClosure>)]) -> Option<Dominant> {
        let torch = PackageName::new("torch");
        let is_listed = closures.iter().any(|(_, closure)| closure.find(&torch).next().is_some());
        let closure = catalogue::package(torch.as_str())?.closure?;
        let install = |found: &TorchInstall| self.python_installs().get(found.install);
        let weigh = |found: &TorchInstall| {
            let (install, _) =
                closures.iter().find(|(one, _)| install(found).is_some_and(|it| std::ptr::eq(*one, it)))?;
            let (with_cuda, bytes) = match &found.build {
                Build::Cuda if install.compiles.unwrap_or_default() => (true, closure.compiled_bytes),
                Build::Cuda => (true, closure.installed_bytes),
                Build::Cpu(_) => (false, closure.cpu_bytes?),
                Build::Gpu(_) | Build::Kept(_) | Build::Unknown(_) => return None,
            };
            let cause = found.causes.first();
            let root = cause.filter(|cause| cause.chain.len() > 1).and_then(|cause| install.roots.get(cause.root));
            let pulled_by = root.map(|root| root.requirement.name.clone());
            Some(Dominant { package: torch.clone(), with_cuda, bytes, pulled_by, part: None })
        };
        let brings = |found: &&TorchInstall| {
            found.corrected.is_none() && install(found).is_some_and(|install| !install.no_dependencies)
        };
        let weighed = self.torch_installs().iter().filter(brings).filter_map(weigh);
        weighed.max_by_key(|torch| torch.bytes).filter(|_| !is_listed)
    }

    pub(in crate::facts) fn brings_other_torch(&self, install: &PythonInstall) -> bool {
        let is_it = |found: &&TorchInstall| {
            self.python_installs().get(found.install).is_some_and(|one| std::ptr::eq(one, install))
        };
        self.torch_installs().iter().filter(is_it).any(|found| found.build != Build::Cuda)
    }

    fn counts(&self, install: &PythonInstall) -> bool {
        install.guard == Guard::Always && install.tool != Tool::PipWheel && self.ships(install)
    }
}

/// Goes down from what is asked for as long as one package holds most of what is below.
fn dominant(closure: &InstallClosure, compiles: bool, total: u64) -> Option<Dominant> {
    let edges: Vec<Vec<usize>> =
        (0..closure.packages.len()).map(|node| closure.graph.outgoing(node).map(|link| link.to).collect()).collect();
    let roots: Vec<usize> = closure.graph.starts().iter().map(|start| start.node).collect();
    let below = Below::new(&Dominators::new(&edges, &roots), closure.packages.len());
    let own = |place: &usize| closure.packages.get(*place).and_then(|package| package.bytes.on_disk(compiles));
    let bytes = |node: usize| {
        let places = below.all(node);
        // The catalogue's weight of accelerate holds torch, whoever else asks for that.
        if closure.basis == ClosureBasis::Catalogue {
            places.iter().filter_map(own).sum()
        } else {
            closure.bytes(&places).on_disk(compiles)
        }
    };
    let heaviest = |nodes: &[usize]| nodes.iter().map(|&node| (bytes(node), node)).max();
    let (mut held, mut node) = heaviest(&below.top)?;
    let mut path = vec![node];
    while let Some((bytes, next)) = heaviest(below.children.get(node).map_or(&[], Vec::as_slice)) {
        let is_local = closure.packages.get(node).is_some_and(|package| package.is_local);
        if !is_local && bytes < percent(held, LEADING_PERCENT) {
            break;
        }
        (held, node) = (bytes, next);
        path.push(node);
    }
    let package = closure.packages.get(node).filter(|package| !package.is_local)?;
    let held = closure.bytes(&below.all(node)).on_disk(compiles);
    if !dominates(held, total) {
        return None;
    }
    let is_foreign = |node: &&usize| closure.packages.get(**node).is_some_and(|package| !package.is_local);
    let first = path.iter().find(is_foreign).copied()?;
    let above = path.iter().take_while(|&&step| step != first).last().copied();
    let part = above.and_then(|above| closure.graph.link(above, first)).map(|link| link.part.clone());
    let names = below.all(node);
    let cuda =
        |place: &usize| closure.packages.get(*place).is_some_and(|one| catalogue::is_cuda_package(one.name.as_str()));
    Some(Dominant {
        package: package.name.clone(),
        with_cuda: names.iter().filter(|place| **place != node).any(cuda),
        bytes: held,
        pulled_by: closure.packages.get(first).filter(|_| first != node).map(|package| package.name.clone()),
        part: part.filter(|part| *part != Part::Own),
    })
}

fn dominates(bytes: u64, total: u64) -> bool {
    bytes >= DOMINANT_BYTES && bytes >= percent(total, DOMINANT_PERCENT)
}

fn percent(bytes: u64, percent: u64) -> u64 {
    bytes / 100 * percent
}

/// What only each package needs, as a tree.
struct Below {
    top: Vec<usize>,
    children: Vec<Vec<usize>>,
}

impl Below {
    fn new(dominators: &Dominators, nodes: usize) -> Self {
        let mut tree = Self { top: Vec::new(), children: vec![Vec::new(); nodes] };
        for node in 0..nodes {
            match dominators.immediate(node) {
                Some(above) => tree.children.get_mut(above).map_or((), |children| children.push(node)),
                None => tree.top.push(node),
            }
        }
        tree
    }

    /// The node and everything below it.
    fn all(&self, node: usize) -> Vec<usize> {
        let mut all = vec![node];
        let mut at = 0;
        while let Some(&next) = all.get(at) {
            at += 1;
            all.extend(self.children.get(next).into_iter().flatten());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::with_facts;

    const DOCKERFILE: &str = "FROM python:3.11-slim\nCOPY . .\nRUN uv sync --frozen --extra ml\n";
    const MANIFEST: &str =
        "[project]\nname = \"app\"\ndependencies = [\"web\"]\n[project.optional-dependencies]\nml = [\"st\"]\n";

    fn package(name: &str, size: u64, needs: &[&str]) -> String {
        let needs = needs.iter().map(|need| format!("    {{ name = \"{need}\" }},\n")).collect::<Vec<_>>().concat();
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1\"\nsource = {{ registry = \"https://example.invalid/simple\" }}\n\
             dependencies = [\n{needs}]\nwheels = [\n    {{ url = \"https://example.invalid/{name}-1-py3-none-any.whl\", size = {size} }},\n]\n"
        )
    }

    fn dominant_of(packages: &[String]) -> Option<Dominant> {
        let lock = format!(
            "version = 1\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n    {{ name = \"web\" }},\n]\n\
             [package.optional-dependencies]\nml = [\n    {{ name = \"st\" }},\n]\n{}",
            packages.concat()
        );
        with_facts(DOCKERFILE, &[("pyproject.toml", MANIFEST), ("uv.lock", &lock)], |facts| {
            facts.contents().pop()?.dominant
        })
    }

    #[test]
    fn the_package_behind_most_bytes_is_found_with_what_pulls_it() {
        let found = dominant_of(&[
            package("web", 1_000_000, &["shared"]),
            package("st", 10_000_000, &["engine", "shared"]),
            package("engine", 300_000_000, &["nvidia-blas", "nvidia-dnn"]),
            package("nvidia-blas", 300_000_000, &[]),
            package("nvidia-dnn", 400_000_000, &[]),
            package("shared", 50_000_000, &[]),
        ]);
        let found = found.expect("one dominates");
        assert_eq!((found.package.as_str(), found.with_cuda), ("engine", true));
        assert_eq!(found.pulled_by.as_ref().map(PackageName::as_str), Some("st"));
        assert_eq!(found.part, Some(Part::Extra(PackageName::new("ml"))));
        assert!(found.bytes > 1_000_000_000);
    }

    #[test]
    fn what_the_catalogue_does_not_weigh_is_not_told() {
        let told = |options: &str| {
            let dockerfile = format!("FROM python:3.11-slim\nRUN pip install torch {options}\n");
            with_facts(&dockerfile, &[], |facts| {
                facts.contents().pop()?.dominant.map(|found| found.package.to_string())
            })
        };
        assert_eq!(told(""), Some("torch".to_owned()));
        assert_eq!(told("--index-url https://download.pytorch.org/whl/cpu"), None);
    }

    #[test]
    fn what_comes_alone_weighs_itself_alone() {
        let bytes = |options: &str| {
            let dockerfile = format!("FROM python:3.11-slim\nRUN pip install {options} torchvision\n");
            with_facts(&dockerfile, &[], |facts| facts.contents().pop().map_or(0, |contents| contents.python.bytes))
        };
        assert!(bytes("") > 4_000_000_000);
        assert!(bytes("--no-deps") < 100_000_000, "{}", bytes("--no-deps"));
    }

    #[test]
    fn the_extra_chooses_the_build_in_a_lock_of_poetry() {
        let manifest = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"whisper\"]\n\
             [project.optional-dependencies]\ncpu = [\"torch (==2.7.1)\"]\ncuda = [\"torch (==2.7.1+cu126)\"]\n\
             [tool.poetry.dependencies]\ntorch = [\n\
             { markers = \"extra == 'cpu' and extra != 'cuda'\", source = \"cpu\" },\n\
             { markers = \"extra == 'cuda' and extra != 'cpu'\", source = \"cuda\" },\n]\n\
             [[tool.poetry.source]]\nname = \"cpu\"\nurl = \"https://example.invalid/cpu\"\npriority = \"explicit\"\n\
             [[tool.poetry.source]]\nname = \"cuda\"\nurl = \"https://example.invalid/cuda\"\npriority = \"explicit\"\n";
        let torch = |build: &str, index: &str, needs: &str| {
            format!(
                "[[package]]\nname = \"torch\"\nversion = \"2.7.1+{build}\"\noptional = false\ngroups = [\"main\"]\n\
                 [package.dependencies]\n{needs}\n\
                 [package.source]\ntype = \"legacy\"\nurl = \"https://example.invalid/{index}\"\nreference = \"{index}\"\n"
            )
        };
        let lock = [
            "[[package]]\nname = \"whisper\"\nversion = \"1\"\noptional = false\ngroups = [\"main\"]\n\
             [package.dependencies]\ntorch = \"*\"\n"
                .to_owned(),
            torch("cpu", "cpu", ""),
            torch("cu126", "cuda", "nvidia-cublas-cu12 = \"12.6.4.1\""),
            "[[package]]\nname = \"nvidia-cublas-cu12\"\nversion = \"12.6.4.1\"\noptional = false\ngroups = [\"main\"]\n"
                .to_owned(),
            "[metadata]\nlock-version = \"2.1\"\n".to_owned(),
        ];
        let lock = lock.join("\n");
        let installed = |extra: &str| {
            let dockerfile = format!("FROM python:3.10-bookworm\nCOPY . .\nRUN poetry install --extras {extra}\n");
            with_facts(&dockerfile, &[("pyproject.toml", manifest), ("poetry.lock", &lock)], |facts| {
                let closure = facts.closure(facts.python_installs().first()?);
                let packages = closure.packages.iter().filter_map(|package| package.version.clone());
                Some(packages.collect::<Vec<_>>().join(" "))
            })
        };
        assert_eq!(installed("cpu").as_deref(), Some("1 2.7.1+cpu"));
        assert_eq!(installed("cuda").as_deref(), Some("1 2.7.1+cu126 12.6.4.1"));
    }

    #[test]
    fn what_others_ask_for_as_well_is_not_put_down_to_one() {
        let told = |packages: &str| {
            let dockerfile = format!("FROM python:3.11-slim\nRUN pip install {packages}\n");
            let found = with_facts(&dockerfile, &[], |facts| facts.contents().pop()?.dominant).expect("one dominates");
            (found.package.to_string(), found.pulled_by.map(|name| name.to_string()))
        };
        assert_eq!(told("accelerate torch"), ("torch".to_owned(), None));
        assert_eq!(told("docling torch"), ("torch".to_owned(), None));
        assert_eq!(told("docling"), ("torch".to_owned(), Some("docling".to_owned())));
    }

    #[test]
    fn where_many_weigh_as_much_none_dominates() {
        let many: Vec<String> = (0..9).map(|number| format!("lib{number}")).collect();
        let names: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut packages: Vec<String> = names.iter().map(|name| package(name, 20_000_000, &[])).collect();
        packages.push(package("web", 1_000_000, &names));
        packages.push(package("st", 1_000_000, &names));
        assert_eq!(dominant_of(&packages), None);
    }
}
