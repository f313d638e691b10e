use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::python::Platform;
use crate::python::closure::{Closure, Request};
use crate::python::conda::CondaEnvironment;
use crate::python::imports::Imports;
use crate::python::lock::Lock;
use crate::python::pyproject::{ManifestError, Pyproject};
use crate::python::requirements::RequirementsFile;
use crate::text::SourceFile;

use super::cache::Derived;
use super::paths::normalise;
use super::{ManifestProblem, ReadError, Workspace};

type Parsed<T> = Derived<Arc<SourceFile>, T>;

/// Closures of one lock that are kept: installs of a few services, and what is being typed.
const MAX_CLOSURES: usize = 16;

/// The closures of one lock, the latest first.
type Closures = Mutex<VecDeque<Followed>>;

/// A closure, with what it is of besides the lock.
struct Followed {
    request: Request,
    platform: Platform,
    closure: Arc<Closure>,
}

/// Parsed manifests by path.
#[derive(Default)]
pub(super) struct Manifests {
    pyprojects: Parsed<Result<Arc<Pyproject>, ManifestError>>,
    requirements: Parsed<Arc<RequirementsFile>>,
    environments: Parsed<Arc<CondaEnvironment>>,
    locks: Parsed<Arc<Lock>>,
    imports: Parsed<Arc<Imports>>,
}

impl Workspace {
    /// The `pyproject.toml` or `Pipfile` at `path`, parsed once for as long as its text stays the same.
    ///
    /// # Errors
    /// When it cannot be read or is not TOML.
    pub fn pyproject(&self, path: &str) -> Result<Arc<Pyproject>, ManifestProblem> {
        let is_pipfile = path.rsplit('/').next() == Some("Pipfile");
        let parse = if is_pipfile { Pyproject::parse_pipfile } else { Pyproject::parse };
        let parsed = self.parsed(&self.manifests.pyprojects, path, |text| parse(text).map(Arc::new))?;
        parsed.map_err(ManifestProblem::Parse)
    }

    /// The requirements or constraints file at `path`, parsed once for as long as its text stays the same. Of conda's environment
    /// file it is the list below `pip:`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn requirements(&self, path: &str) -> Result<Arc<RequirementsFile>, ReadError> {
        self.parsed(&self.manifests.requirements, path, |text| {
            let is_environment = CondaEnvironment::is_name(path);
            Arc::new(if is_environment { CondaEnvironment::parse(text).pip } else { RequirementsFile::parse(text) })
        })
    }

    /// conda's environment file at `path`, parsed once for as long as its text stays the same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn conda_environment(&self, path: &str) -> Result<Arc<CondaEnvironment>, ReadError> {
        self.parsed(&self.manifests.environments, path, |text| Arc::new(CondaEnvironment::parse(text)))
    }

    /// The lock at `path`, parsed once for as long as its text stays the same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn lock(&self, path: &str) -> Result<Arc<Lock>, ReadError> {
        self.parsed(&self.manifests.locks, path, |text| Arc::new(Lock::parse(text)))
    }

    /// What `request` brings of the lock at `path` on `platform`. While a text is unsaved, what was asked for latest is kept for as long as
    /// the lock's own text stays the same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn locked_closure(
        &self,
        path: &str,
        request: &Request,
        platform: &Platform,
    ) -> Result<Arc<Closure>, ReadError> {
        let lock = self.lock(path)?;
        let follow = || Arc::new(Closure::of(&lock, request, platform));
        if !self.has_unsaved() {
            return Ok(follow());
        }
        let known = self.remembered_of(&format!("closures\0{path}"), &self.read(path)?, Closures::default);
        let is_it = |known: &&Followed| known.request == *request && known.platform == *platform;
        if let Some(known) = known.lock().unwrap_or_else(PoisonError::into_inner).iter().find(is_it) {
            return Ok(Arc::clone(&known.closure));
        }
        let closure = follow();
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(MAX_CLOSURES - 1);
        known.push_front(Followed {
            request: request.clone(),
            platform: platform.clone(),
            closure: Arc::clone(&closure),
        });
        Ok(closure)
    }

    /// What the Python source at `path` imports, scanned once for as long as its text stays the same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn imports(&self, path: &str) -> Result<Arc<Imports>, ReadError> {
        self.parsed(&self.manifests.imports, path, |text| Arc::new(Imports::scan(text)))
    }

    fn parsed<T: Clone>(&self, known: &Parsed<T>, path: &str, parse: impl Fn(&str) -> T) -> Result<T, ReadError> {
        let path = normalise(path).ok_or(ReadError::OutsideRoot)?;
        let source = self.read(&path)?;
        Ok(known.get_or_make(&path, source, Arc::ptr_eq, |source| parse(source.text())))
    }
}
