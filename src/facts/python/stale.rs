//! Locks that do not fit their manifests any more.

mod hashed;
mod metadata;

use crate::facts::commands::{Pdm, Pipenv, PipenvAction, Uv};
use crate::facts::{Facts, Guard, Invocation, Run};
use crate::python::PackageName;
use crate::python::pyproject::Pyproject;
use crate::text::TextRange;
use crate::workspace::parent;

use super::{LockInUse, PythonInstall, Tool};

/// How a lock differs from the manifest that it lies beside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The manifest asks for a package that the lock was not made for.
    Missing(PackageName),
    /// The lock was made for other versions: what the manifest says, and what the lock knows of.
    Versions(PackageName, String, String),
    /// The lock keeps the hash of another manifest.
    Hash,
    /// The manifest takes torch from an index of CPU builds, the lock from elsewhere, with CUDA packages.
    CudaTorch,
}

/// What a build does with a lock that does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StaleEffect {
    /// It installs what the lock says; what makes it do so: `--frozen`, a version of poetry.
    InstallsOld(String),
    /// It stops; what makes it do so: `--locked`, a version of poetry.
    Stops(String),
    /// It depends on the version of poetry, which is not known.
    StopsOrInstallsOld,
    /// It resolves anew and says nothing.
    ResolvesAnew,
}

/// A lock that does not fit.
#[derive(Clone, Debug)]
pub struct StaleLock {
    /// The lock's path in the workspace.
    pub path: String,
    /// The manifest's.
    pub manifest: String,
    /// How they differ, each with its place in the manifest where it has one.
    pub differences: Vec<(Difference, TextRange)>,
    /// The install that reads the lock, by its index.
    pub install: usize,
    /// What the build does.
    pub effect: StaleEffect,
}

impl StaleLock {
    /// Whether the lock still pins the CUDA build of torch, while the manifest takes another one.
    #[must_use]
    pub fn pins_cuda_torch(&self) -> bool {
        self.differences.iter().any(|(difference, _)| *difference == Difference::CudaTorch)
    }

    /// Whether `install` reads the lock.
    #[must_use]
    pub fn is_of(&self, install: &PythonInstall) -> bool {
        install.lock.as_ref().is_some_and(|lock| lock.path == self.path)
    }
}

/// An install with the lock and the manifest beside it.
struct Beside<'f> {
    install: &'f PythonInstall,
    lock: &'f LockInUse,
    manifest: &'f str,
    parsed: &'f Pyproject,
}

/// The first release of poetry that stops at a lock of another manifest; older ones warn (poetry's `Installer`).
const STRICT_POETRY: (u32, u32) = (1, 8);

impl Facts<'_> {
    /// The locks that installs read and that do not fit the manifest beside them.
    #[must_use]
    pub fn stale_locks(&self) -> Vec<StaleLock> {
        let mut found: Vec<StaleLock> = Vec::new();
        for (index, install) in self.python_installs().iter().enumerate() {
            let locks = matches!(install.tool, Tool::UvSync | Tool::Poetry | Tool::Pdm | Tool::Pipenv);
            if install.guard == Guard::Never || !locks || self.has_unknown_words(install) {
                continue;
            }
            let stale = self.stale_lock(index, install);
            found.extend(stale.filter(|stale| found.iter().all(|other| other.path != stale.path)));
        }
        found
    }

    fn stale_lock(&self, index: usize, install: &PythonInstall) -> Option<StaleLock> {
        let lock = install.lock.as_ref().filter(|lock| lock.rewritten.is_none())?;
        let project = install.projects.iter().find(|project| project.direct)?;
        let manifest = project.manifest.to_string();
        let (_, run, invocation) = self.site_of(install)?;
        if parent(&manifest) != parent(&lock.path) || self.rewrites_manifest(install, &manifest) {
            return None;
        }
        let effect = self.stale_effect(install, run, invocation)?;
        let parsed = self.workspace.pyproject(&manifest).ok()?;
        let beside = Beside { install, lock, manifest: &manifest, parsed: &parsed };
        let mut differences = match install.tool {
            Tool::UvSync => self.metadata_differences(&beside, &effect)?,
            _ => self.hash_differences(&beside),
        };
        let may_differ = install.tool == Tool::UvSync || !differences.is_empty();
        differences.extend(cuda_torch(&beside).filter(|_| may_differ).map(|range| (Difference::CudaTorch, range)));
        (!differences.is_empty()).then(|| StaleLock {
            path: lock.path.clone(),
            manifest,
            differences,
            install: index,
            effect,
        })
    }

    fn stale_effect(&self, install: &PythonInstall, run: &Run, invocation: &Invocation) -> Option<StaleEffect> {
        let set = |name: &str| {
            let value = self.variable(run, invocation, name);
            value.is_some_and(|value| matches!(value.text().to_lowercase().as_str(), "1" | "true" | "yes" | "on"))
        };
        let old = |by: &str| StaleEffect::InstallsOld(by.to_owned());
        let stops = |by: &str| StaleEffect::Stops(by.to_owned());
        Some(match install.tool {
            Tool::UvSync => {
                let options = Uv::read(invocation)?.options;
                if options.has(&["--frozen"]) || set("UV_FROZEN") {
                    old("--frozen")
                } else if options.has(&["--locked", "--check"]) || set("UV_LOCKED") {
                    stops("--locked")
                } else {
                    StaleEffect::ResolvesAnew
                }
            }
            Tool::Pdm => {
                let pdm = Pdm::read(invocation)?;
                if pdm.options.has(&["--check"]) {
                    stops("--check")
                } else if pdm.subcommand.value.known() == Some("sync") {
                    old("pdm sync")
                } else if pdm.options.has(&["--frozen-lockfile", "--no-lock"]) || set("PDM_FROZEN_LOCKFILE") {
                    old("--frozen-lockfile")
                } else {
                    StaleEffect::ResolvesAnew
                }
            }
            Tool::Pipenv => {
                let pipenv = Pipenv::read(invocation)?;
                if pipenv.action == PipenvAction::Sync {
                    old("pipenv sync")
                } else if pipenv.options.has(&["--ignore-pipfile"]) {
                    old("--ignore-pipfile")
                } else if pipenv.options.has(&["--deploy"]) {
                    stops("--deploy")
                } else {
                    StaleEffect::ResolvesAnew
                }
            }
            Tool::Poetry => match self.version_of_poetry(install) {
                Some(version) if version >= STRICT_POETRY => stops(&format!("poetry {}.{}", version.0, version.1)),
                Some(version) => old(&format!("poetry {}.{}", version.0, version.1)),
                None => StaleEffect::StopsOrInstallsOld,
            },
            _ => return None,
        })
    }

    /// The release of poetry that an earlier command installs, or that a variable names.
    fn version_of_poetry(&self, install: &PythonInstall) -> Option<(u32, u32)> {
        let (stage, run, invocation) = self.site_of(install)?;
        let release = |version: &str| {
            let mut numbers = version.trim_start_matches(['=', 'v']).split('.').map(str::parse::<u32>);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        };
        let chain: Vec<usize> = std::iter::once(stage).chain(self.ancestors(stage)).map(|stage| stage.index).collect();
        let installs = self.python_installs().iter().filter(|other| chain.contains(&other.stage));
        let roots = installs.flat_map(|other| &other.roots);
        let pinned = roots.filter(|root| root.requirement.name.as_str() == "poetry").find_map(|root| {
            let pin = root.requirement.pinned();
            pin.and_then(release)
        });
        pinned.or_else(|| self.variable(run, invocation, "POETRY_VERSION")?.known().and_then(release))
    }

    /// Whether an earlier command of the build changes the manifest or the lock: `sed -i … pyproject.toml`, `uv add`.
    fn rewrites_manifest(&self, install: &PythonInstall, manifest: &str) -> bool {
        let Some((stage, run, _)) = self.site_of(install) else { return true };
        let name = manifest.rsplit('/').next().unwrap_or(manifest);
        self.earlier(stage, run, install.invocation).any(|earlier| {
            let names = earlier.arguments.iter().any(|word| word.value.text().ends_with(name));
            let manages = matches!(earlier.program.as_str(), "uv" | "poetry" | "pdm" | "pipenv");
            let changes = ["add", "remove", "version", "lock", "update", "upgrade", "import"];
            let adds = manages && earlier.arguments.iter().any(|word| changes.contains(&word.value.text()));
            names || adds || earlier.output.as_ref().is_some_and(|output| output.text().ends_with(name))
        })
    }
}

/// Where the manifest asks for torch, when it takes it from an index of CPU builds and the lock does not.
fn cuda_torch(beside: &Beside<'_>) -> Option<TextRange> {
    let Beside { install, lock, parsed, .. } = beside;
    let torch = PackageName::new("torch");
    let applying = parsed.uv_sources.get(&torch).into_iter().flatten();
    let mut applying = applying.filter(|source| source.applies(&install.platform, &[]));
    let cpu = applying.any(|source| {
        let mut indexes = parsed.indexes.iter();
        indexes.any(|index| {
            index.name.as_deref() == Some(source.from.as_str()) && index.url.trim_end_matches('/').ends_with("/cpu")
        })
    });
    let pinned_cpu = lock.torch.iter().any(|(version, source)| {
        version.contains("+cpu") || source.as_deref().is_some_and(|source| source.contains("/cpu"))
    });
    let place = parsed.dependencies.iter().find(|requirement| requirement.name == torch);
    (cpu && lock.cuda && !lock.torch.is_empty() && !pinned_cpu)
        .then(|| place.map_or(TextRange::empty(0), |requirement| requirement.range))
}
