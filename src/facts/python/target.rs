//! Where an install puts its packages, and whether a shipped image takes them from there.

use crate::dockerfile::Value;
use crate::facts::commands::{Conda, Options, Pip, Uv};
use crate::facts::paths::resolve;
use crate::facts::{Facts, Invocation, StageFacts};

use super::{PythonInstall, Tool};

/// In a file of more stages no copies are followed.
const STAGE_LIMIT: usize = 300;

/// Stage, run and invocation.
pub(super) type Site = (usize, usize, usize);

/// Versions that `lib/python3.X` is tried with where the base image does not tell.
const VERSIONS: std::ops::RangeInclusive<u32> = 6..=15;

impl Facts<'_> {
    /// Whether what the install brings is in an image that is shipped.
    #[must_use]
    pub fn ships(&self, install: &PythonInstall) -> bool {
        if self.is_in_final(install.stage) {
            return true;
        }
        // Nobody writes so many, and through a long chain of them every answer is far away.
        if self.stages.len() > STAGE_LIMIT {
            return false;
        }
        // Many rules ask.
        let all = || self.python_installs().iter().map(|install| (site(install), self.is_shipped(install))).collect();
        let known = self.python.shipped.get_or_init(all).get(&site(install)).copied();
        known.unwrap_or_else(|| self.is_shipped(install))
    }

    fn is_shipped(&self, install: &PythonInstall) -> bool {
        self.arrives(install, &|stage| self.is_in_final(stage))
    }

    /// Whether what the install brings is in the image of the final stage `image`.
    pub(in crate::facts) fn is_in_image(&self, install: &PythonInstall, image: &StageFacts) -> bool {
        let own: Vec<usize> = std::iter::once(image).chain(self.ancestors(image)).map(|stage| stage.index).collect();
        self.stages.len() <= STAGE_LIMIT && self.arrives(install, &|stage| own.contains(&stage))
    }

    /// Whether what the install brings is in a layer of a stage that `is_end` takes.
    fn arrives(&self, install: &PythonInstall, is_end: &dyn Fn(usize) -> bool) -> bool {
        if is_end(install.stage) {
            return true;
        }
        let Some((_, _, invocation)) = self.site_of(install) else { return false };
        let mut places = Vec::new();
        for folder in plain_targets(install, invocation) {
            places.push(format!("{folder}/torch"));
        }
        for prefix in self.prefixes(install, invocation) {
            for version in versions(install) {
                // Debian's and Ubuntu's own Python has another name for the folder.
                for folder in ["site-packages", "dist-packages"] {
                    places.push(format!("{prefix}/lib/python{version}/{folder}/torch"));
                }
            }
        }
        places.iter().any(|place| self.reaches(install.stage, place, is_end))
    }

    /// Environments (absolute) of which one has what the install brings: uv's own for a project in `folder`; else those that the
    /// command or its variables name, and the system's only where they name none.
    pub(super) fn environments(&self, install: &PythonInstall, folder: &str) -> Vec<String> {
        let Some((_, run, invocation)) = self.site_of(install) else { return Vec::new() };
        let named = |name: &str| {
            let value = self.variable(run, invocation, name).and_then(Value::known).filter(|value| !value.is_empty());
            value.map(|path| resolve(folder, path))
        };
        if matches!(install.tool, Tool::UvSync | Tool::UvAdd) {
            let active = invocation.has_argument("--active").then(|| named("VIRTUAL_ENV")).flatten();
            let own = active.or_else(|| named("UV_PROJECT_ENVIRONMENT")).unwrap_or_else(|| resolve(folder, ".venv"));
            return vec![own];
        }
        let all = self.prefixes(install, invocation);
        let is_usual = |path: &String| {
            matches!(path.as_str(), "/usr" | "/usr/local" | "/opt/conda" | "/usr/sbin" | "/sbin" | "/" | "")
                || path.ends_with("/.local")
        };
        let environment = resolve(invocation.workdir.known().unwrap_or("/"), ".venv");
        let (usual, mut own): (Vec<String>, Vec<String>) = all.into_iter().partition(is_usual);
        if !own.iter().any(|path| *path != environment) {
            own.extend(usual);
        }
        own
    }

    /// Folders that hold `lib/python3.X/site-packages`: environments, prefixes, the system's own.
    fn prefixes(&self, install: &PythonInstall, invocation: &Invocation) -> Vec<String> {
        let Some((stage, run, _)) = self.site_of(install) else { return Vec::new() };
        let folder = invocation.workdir.known().unwrap_or("/");
        let mut found = vec!["/usr/local".to_owned(), "/usr".to_owned(), "/opt/conda".to_owned()];
        let mut add = |path: &str| found.push(resolve(folder, path));
        if let Some((prefix, _)) = invocation.path.known().and_then(|path| path.rsplit_once("/bin/")) {
            add(prefix);
        }
        let options = options(invocation);
        for value in options.values(&["--prefix", "--root", "--python", "-p"]).filter_map(Value::known) {
            add(value.split("/bin/python").next().unwrap_or(value));
        }
        for name in ["VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONUSERBASE", "PIP_PREFIX", "CONDA_PREFIX"] {
            if let Some(value) = self.variable(run, invocation, name).and_then(Value::known) {
                add(value);
            }
        }
        if let Some(path) = self.variable(run, invocation, "PATH") {
            for entry in path.text().split(':').filter_map(|entry| entry.strip_suffix("/bin")) {
                add(entry);
            }
        }
        if install.tool == Tool::Conda {
            let file = install.files.first().and_then(|file| self.workspace.conda_environment(file).ok());
            let named = options.value(&["-n", "--name"]).and_then(Value::known).map(str::to_owned);
            let root =
                self.variable(run, invocation, "MAMBA_ROOT_PREFIX").and_then(Value::known).unwrap_or("/opt/conda");
            if let Some(name) = named.or_else(|| file.and_then(|file| file.name.clone())) {
                add(&format!("{root}/envs/{name}"));
            }
        }
        // Environments that earlier commands made may have been activated.
        for earlier in self.earlier(stage, run, install.invocation) {
            let makes = matches!(earlier.program.as_str(), "virtualenv") || earlier.has_argument("venv");
            if makes && let Some(path) = earlier.arguments.last().and_then(|argument| argument.value.known()) {
                found.push(resolve(earlier.workdir.known().unwrap_or("/"), path));
            }
        }
        found.push(resolve(folder, ".venv"));
        for home in self.homes(stage, run, invocation) {
            found.push(format!("{home}/.local"));
        }
        found
    }
}

/// The folders that hold the packages of an environment.
pub(super) fn sites(install: &PythonInstall, environment: &str) -> Vec<String> {
    let folders = ["site-packages", "dist-packages"];
    let versions = versions(install).into_iter();
    let sites =
        versions.flat_map(|version| folders.map(|folder| format!("{environment}/lib/python{version}/{folder}")));
    sites.collect()
}

fn site(install: &PythonInstall) -> Site {
    (install.stage, install.run, install.invocation)
}

fn options(invocation: &Invocation) -> Options<'_> {
    let pip = Pip::read(invocation).map(|pip| pip.options);
    let uv = || Uv::read(invocation).map(|uv| uv.options);
    let conda = || Conda::read(invocation).map(|conda| conda.options);
    pip.or_else(uv).or_else(conda).unwrap_or_default()
}

fn versions(install: &PythonInstall) -> Vec<String> {
    match install.platform.python {
        Some((major, minor)) => vec![format!("{major}.{minor}")],
        None => VERSIONS.map(|minor| format!("3.{minor}")).collect(),
    }
}

/// Folders that hold the packages themselves.
fn plain_targets(install: &PythonInstall, invocation: &Invocation) -> Vec<String> {
    let mut found = Vec::new();
    let folder = invocation.workdir.known().unwrap_or("/");
    let options = options(invocation);
    let flags: &[&str] = if install.tool == Tool::PipWheel { &["-w", "--wheel-dir"] } else { &["-t", "--target"] };
    found.extend(options.value(flags).and_then(Value::known).map(|target| resolve(folder, target)));
    if install.tool == Tool::PipWheel && found.is_empty() {
        found.push(folder.to_owned());
    }
    found
}
