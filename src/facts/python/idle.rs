//! Packages that an install is asked for and that nothing in the image can reach.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::catalogue;
use crate::facts::paths::{bare, file_name};
use crate::facts::transfer::Source;
use crate::facts::{Base, Facts, Guard, StageFacts};
use crate::python::PackageName;

use super::{Declared, InstallerTool, Program, PythonInstall, Root};

/// A file with so many exact pins and nothing else is what `pip freeze` wrote.
const FREEZE: usize = 10;
/// Bases that bring no program of their own: the last part of the repository, or how it begins.
const PLAIN_BASES: [&str; 30] = [
    "python",
    "debian",
    "ubuntu",
    "alpine",
    "amazonlinux",
    "centos",
    "fedora",
    "rockylinux",
    "almalinux",
    "oraclelinux",
    "ubi",
    "ubi-minimal",
    "ubi8",
    "ubi9",
    "cuda",
    "miniconda3",
    "miniforge3",
    "mambaforge",
    "micromamba",
    "pytorch",
    "tensorflow",
    "uv",
    "node",
    "buildpack-deps",
    "wolfi-base",
    "python3",
    "python3-debian12",
    "python-nodejs",
    "static-debian12",
    "opensuse",
];
/// Programs that load what plugins, notebooks, playbooks or users name.
const HOSTS: [&str; 29] = [
    "apache-airflow",
    "apache-superset",
    "ansible",
    "ansible-core",
    "buildbot",
    "code-interpreter",
    "dagster",
    "dagster-webserver",
    "dbt-core",
    "homeassistant",
    // What they run comes with whoever asks.
    "ipykernel",
    "jupyter",
    "jupyter-server",
    "jupyterhub",
    "jupyterlab",
    "kedro",
    "label-studio",
    "langflow",
    "meltano",
    "nbclient",
    "nbconvert",
    "notebook",
    "odoo",
    "open-webui",
    "papermill",
    "prefect",
    "salt",
    "voila",
    "zenml",
];
/// Starts whose program is not written in Python.
const FOREIGN: [&str; 14] = [
    "node",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "java",
    "php",
    "ruby",
    "dotnet",
    "nginx",
    "apache2ctl",
    "httpd",
    "Rscript",
    "bundle",
];
/// What installs packages or builds them is not there to be imported.
const INSTALLERS: [&str; 22] = [
    "pip",
    "setuptools",
    "wheel",
    "uv",
    "poetry",
    "poetry-core",
    "pdm",
    "pdm-backend",
    "pipenv",
    "pip-tools",
    "hatch",
    "hatchling",
    "flit",
    "flit-core",
    "build",
    "virtualenv",
    "scikit-build",
    "scikit-build-core",
    "setuptools-scm",
    "setuptools-rust",
    "maturin",
    "meson-python",
];

impl Facts<'_> {
    /// Whether all that runs in the image is in the repository, so that what nothing there names is not used: the sources are
    /// copied, nothing is fetched, the base brings no program, and what is started is known and written in Python.
    #[must_use]
    pub fn knows_the_program_of(&self, install: &PythonInstall) -> bool {
        self.knows_the_program_in(install.stage)
    }

    /// The same for whatever the stage of that number installs.
    #[must_use]
    pub fn knows_the_program_in(&self, installing: usize) -> bool {
        self.knows_the_program_but_clones(installing) && !self.clones_sources()
    }

    /// The same, where sources that are cloned do not count.
    #[must_use]
    pub fn knows_the_program_but_clones(&self, installing: usize) -> bool {
        let program = self.program();
        let own = |path: &String| !Program::is_aside(path) && !path.ends_with("setup.py");
        if program.truncated || !program.sources.iter().any(own) {
            return false;
        }
        let plain = self.stages.iter().all(|stage| match &stage.base {
            Base::Stage(_) | Base::Scratch => true,
            Base::Image(reference) => {
                let repository = stage.image.repository.as_str();
                let name = repository.rsplit('/').next().unwrap_or_default();
                let is_aside = !self.is_in_final(stage.index) && stage.index != installing;
                is_aside || reference.known().is_some() && PLAIN_BASES.contains(&name)
            }
        });
        let installed = self.python_installs().iter().flat_map(|install| {
            let roots = install.roots.iter().map(|root| &root.requirement.name);
            roots.chain(install.conda.iter().map(|package| &package.name))
        });
        let hosted = installed.into_iter().any(|name| HOSTS.contains(&name.as_str()));
        plain && !hosted && !self.fetches_sources() && self.starts_known_python() && !self.mounted_sources().unknown
    }

    /// `git clone`
    fn clones_sources(&self) -> bool {
        let runs = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        runs.filter(|invocation| invocation.guard != Guard::Never).any(|invocation| {
            invocation.program == "git" && ["clone", "pull", "fetch"].iter().any(|word| invocation.has_argument(word))
        })
    }

    /// `COPY --from` of another image's files, `ADD` of an archive from elsewhere, `COPY $SOURCES`.
    fn fetches_sources(&self) -> bool {
        let mut transfers = self.stages.iter().flat_map(|stage| &stage.transfers);
        transfers.any(|transfer| {
            let paths = || transfer.paths.iter().map(|(path, _)| path);
            match &transfer.source {
                Source::Stage(_) => false,
                // `ADD https://astral.sh/uv/install.sh /uv-installer.sh` brings no program of its own.
                Source::Context => paths().any(|path| {
                    let brought = InstallerTool::of_address(path.text()).is_some();
                    !brought
                        && path
                            .known()
                            .is_none_or(|path| path.contains("://") || path.ends_with(".tar.gz") && transfer.add)
                }),
                // `COPY --from=ghcr.io/astral-sh/uv /uv /bin/`
                Source::Image(_) => !transfer.destination.known().is_some_and(|destination| {
                    destination.contains("/bin") || destination.contains("/certs") || destination.contains("/lambda")
                }),
            }
        })
    }

    fn starts_known_python(&self) -> bool {
        let images: Vec<&StageFacts> = self.finals().collect();
        images.iter().all(|image| {
            let words = self.start_words(image);
            let Some(first) = words.first().map(|word| file_name(word)) else { return false };
            if FOREIGN.contains(&first) || self.runs_an_unseen_script(image) {
                return false;
            }
            // A script that cannot be read may start anything.
            words.iter().all(|word| {
                let script = has_script_name(word);
                !script || self.start_script(word).is_some() || self.script_of_context(word).is_some()
            })
        })
    }

    fn script_of_context(&self, word: &str) -> Option<String> {
        let name = file_name(word.trim_matches(['"', '\'']));
        let found = self.program().texts.iter().find(|path| file_name(path) == name);
        found.cloned()
    }

    /// The places among the install's roots of those that nothing in the image can reach: no source, setting or command names
    /// them, and nothing that is installed and reached, or that is not known, requires them or works with them.
    /// Only those that `matters` selects are looked at. They are unreached only if [`Facts::knows_the_program_of`] the install.
    #[must_use]
    pub fn idle_roots(&self, install: &PythonInstall, matters: impl Fn(&Root) -> bool) -> Vec<usize> {
        let roots: Vec<&Root> = self
            .python_installs()
            .iter()
            .filter(|other| {
                other.guard != Guard::Never && other.tool != super::Tool::PipWheel || std::ptr::eq(*other, install)
            })
            .flat_map(|other| &other.roots)
            .collect();
        let of_conda = self.python_installs().iter().flat_map(|install| &install.conda);
        let of_conda = of_conda.map(|package| package.name.as_str());
        let names: BTreeSet<&str> = roots.iter().map(|root| root.requirement.name.as_str()).chain(of_conda).collect();
        let can_be_idle = |root: &Root| {
            let name = root.requirement.name.as_str();
            !root.is_brought_along() && !has_needing_parent(root) && !INSTALLERS.contains(&name)
        };
        let wanted: Vec<usize> = install
            .roots
            .iter()
            .enumerate()
            .filter(|(_, root)| can_be_idle(root) && !self.is_explained(root))
            .filter(|(_, root)| catalogue::knows_import_names(root.requirement.name.as_str()))
            .filter(|(_, root)| !self.is_replacement(root.requirement.name.as_str()))
            .filter(|(_, root)| matters(root))
            .map(|(place, _)| place)
            .collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let name_of = |place: &usize| install.roots.get(*place).map(|root| root.requirement.name.as_str());
        let served = self.served(&names, &wanted.iter().filter_map(name_of).collect());
        let serves = |user: &str, package: &str| served.get(package).is_some_and(|users| users.contains(user));
        let looked_for: Vec<&str> = names.iter().copied().filter(|name| served.contains_key(*name)).collect();
        let mut unnamed: BTreeSet<&str> = self.unnamed_packages(&looked_for).into_iter().collect();
        // What is named, and what is not known, keeps what serves it; until nothing changes.
        loop {
            let kept: Vec<&str> = names.iter().copied().filter(|name| !unnamed.contains(name)).collect();
            let before = unnamed.len();
            unnamed.retain(|package| !kept.iter().any(|user| serves(user, package)));
            if unnamed.len() == before {
                break;
            }
        }
        let rest: Vec<&str> = names.iter().copied().filter(|name| !unnamed.contains(name)).collect();
        // Where nothing at all that is installed is named, those who use it are not in the repository.
        if unnamed.is_empty() || !self.names_one_of(&rest) {
            return Vec::new();
        }
        let unknown: Vec<&str> = names.iter().copied().filter(|name| !catalogue::is_known_distribution(name)).collect();
        let idle = wanted
            .into_iter()
            .filter(|place| name_of(place).is_some_and(|name| unnamed.contains(name)))
            .filter(|&place| {
                unknown.is_empty() || install.roots.get(place).is_some_and(|root| !is_frozen(install, root))
            })
            .collect::<Vec<usize>>();
        self.without_used_bringers(install, &idle)
    }

    /// For each of `packages`, and for each of `names` that may need one of these, those of `names` that bring it, or can load it when it
    /// is installed as well.
    fn served(&self, names: &BTreeSet<&str>, packages: &BTreeSet<&str>) -> Arc<HashMap<String, HashSet<String>>> {
        let listed = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(" ");
        let key = format!("served\0{}\0{}", listed(names), listed(packages));
        // Services share what they are asked for more often than not.
        self.workspace.remembered_of_names(&key, || {
            let brought: HashMap<&str, _> = names.iter().map(|&name| (name, catalogue::brings(name))).collect();
            let serves_itself = |user: &str, package: &str| {
                brought.get(user).is_some_and(|all| {
                    all.contains(package)
                        || std::iter::once(user)
                            .chain(all.iter().copied())
                            .any(|member| member != package && catalogue::works_with(member, package))
                })
            };
            let users = |package: &str, twins: &[&'static str]| -> HashSet<String> {
                let serves = |user: &&str| {
                    *user != package
                        && (serves_itself(user, package)
                            || twins.iter().any(|twin| twin != user && serves_itself(user, twin)))
                };
                names.iter().copied().filter(serves).map(str::to_owned).collect()
            };
            // `onnxruntime-gpu` stands in for the `onnxruntime` that another package requires.
            let with_twins = |&package: &&str| users(package, &catalogue::distributions_like(package));
            let mut served: HashMap<String, HashSet<String>> =
                packages.iter().map(|package| ((*package).to_owned(), with_twins(package))).collect();
            // What may need one of them is itself worth looking for.
            let is_servant =
                |user: &&str| catalogue::knows_import_names(user) && served.values().any(|users| users.contains(*user));
            let servants: Vec<&str> = names.iter().copied().filter(is_servant).collect();
            for servant in servants {
                served.entry(servant.to_owned()).or_insert_with(|| users(servant, &[]));
            }
            served
        })
    }

    /// Those of `places` of which the program imports nothing that is installed for their sake alone: not `google-api-core` beside
    /// `google.auth`, nor llama-index beside pandas.
    fn without_used_bringers(&self, install: &PythonInstall, places: &[usize]) -> Vec<usize> {
        let of_conda = |name: &PackageName| {
            self.python_installs().iter().flat_map(|install| &install.conda).any(|package| package.name == *name)
        };
        let brought = |place: &usize| -> Vec<PackageName> {
            let Some(root) = install.roots.get(*place) else { return Vec::new() };
            let (closure, lost) = self.lost_without_roots(install, &[root]);
            let packages = lost.into_iter().filter_map(|place| closure.packages.get(place));
            let names = packages.map(|package| package.name.clone());
            names.filter(|name| *name != root.requirement.name && !of_conda(name)).collect()
        };
        let is_imported = |name: PackageName| self.importer_of(name.as_str()).is_some();
        places.iter().copied().filter(|place| !brought(place).into_iter().any(is_imported)).collect()
    }

    /// Whether a command uninstalls what the package stands in for: `pip uninstall -y onnxruntime && pip install onnxruntime-gpu`.
    fn is_replacement(&self, name: &str) -> bool {
        let modules = catalogue::import_names(name);
        let runs = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        runs.filter(|invocation| invocation.has_argument("uninstall")).any(|invocation| {
            invocation.arguments.iter().any(|argument| catalogue::import_names(argument.value.text()) == modules)
        })
    }
}

/// Whether a compiled file names another package among those that need it.
pub(super) fn has_needing_parent(root: &Root) -> bool {
    let by_person = |parent: &String| {
        parent.starts_with('-') || parent.contains('(') || super::has_extension(parent, &["in", "toml"])
    };
    root.parents.iter().filter(|parent| !by_person(parent)).count() > 1
        || (root.parents.len() > 1 && root.parents.iter().any(|parent| !by_person(parent)))
}

/// Whether the root's file is a dump of all that was installed somewhere, indirect dependencies among them.
fn is_frozen(install: &PythonInstall, root: &Root) -> bool {
    if root.declared != Declared::Requirements {
        return false;
    }
    let beside: Vec<&Root> = install.roots.iter().filter(|other| other.place.file == root.place.file).collect();
    beside.len() >= FREEZE
        && beside.iter().all(|other| other.requirement.pinned().is_some() && other.parents.is_empty())
}

fn has_script_name(word: &str) -> bool {
    super::has_extension(bare(word), &["sh", "bash"])
}
