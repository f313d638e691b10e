//! The one folder that certainly gets what an install brings.

use crate::dockerfile::Value;
use crate::facts::commands::{Options, Pip, Uv};
use crate::facts::paths::resolve;
use crate::facts::{Base, Facts, Invocation, Run, StageFacts};

use super::{PythonInstall, Tool};

impl Facts<'_> {
    /// The folder (absolute) below which an install puts its packages; `None` where more than one could be it.
    #[must_use]
    pub fn certain_holder(&self, install: &PythonInstall) -> Option<String> {
        let (stage, run, invocation) = self.site_of(install)?;
        let folder = invocation.workdir.known()?;
        let named = |name: &str| {
            let value = self.variable(run, invocation, name)?;
            value.known().filter(|value| !value.is_empty()).map(|path| resolve(folder, path))
        };
        let in_system = || self.system_packages(stage);
        match install.tool {
            Tool::UvSync | Tool::UvAdd => {
                let options = Uv::read(invocation)?.options;
                let elsewhere = ["--project", "--directory", "--active", "--python-platform"];
                let own = named("UV_PROJECT_ENVIRONMENT").or_else(|| Some(resolve(folder, ".venv")));
                // Without a manifest there, uv goes up to the next folder that has one.
                let is_here = self.is_unset(run, invocation, "UV_PROJECT_ENVIRONMENT")
                    && self.origin_in(stage.index, run, &invocation.workdir, "pyproject.toml").is_none();
                own.filter(|_| !options.has(&elsewhere) && !is_here)
            }
            Tool::Pip | Tool::UvPip | Tool::UvPipSync => {
                let options = Pip::read(invocation).map(|pip| pip.options);
                let options = options.or_else(|| Uv::read(invocation).map(|uv| uv.options)).unwrap_or_default();
                if let Some(target) = options.value(&["-t", "--target", "--prefix", "--root"]) {
                    return target.known().map(|path| resolve(folder, path));
                }
                if let Some(python) = options.value(&["-p", "--python"]) {
                    let path = python.known().filter(|path| path.contains('/'))?;
                    return Some(resolve(folder, path.split("/bin/python").next().unwrap_or(path)));
                }
                if options.has(&["--user"]) {
                    return self.only_home(stage, run, invocation).map(|home| format!("{home}/.local"));
                }
                if options.has(&["--system"]) {
                    return in_system();
                }
                self.active_environment(stage, run, install, invocation).or_else(|| {
                    let plain = !invocation.path.text().contains('/')
                        && !invocation.other_user
                        && self.environments(install, folder).iter().all(|path| is_usual(path));
                    in_system().filter(|_| plain && matches!(run.state.user_name(), None | Some("root" | "0")))
                })
            }
            Tool::Poetry => {
                let in_project = ["POETRY_VIRTUALENVS_IN_PROJECT"]
                    .iter()
                    .any(|name| self.variable(run, invocation, name).is_some_and(|value| is_true(value.text())));
                in_project.then(|| resolve(folder, ".venv"))
            }
            Tool::PipWheel | Tool::Pdm | Tool::Pipenv | Tool::Conda => None,
        }
    }

    fn is_unset(&self, run: &Run, invocation: &Invocation, name: &str) -> bool {
        self.variable(run, invocation, name).is_none_or(|value| value.text().is_empty())
    }

    fn only_home(&self, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Option<String> {
        match self.homes(stage, run, invocation).as_slice() {
            [home] => Some(home.clone()),
            _ => None,
        }
    }

    /// `/venv` for `/venv/bin/pip`, of `VIRTUAL_ENV`, and where an environment that the build made is the first on the `PATH`.
    fn active_environment(
        &self,
        stage: &StageFacts,
        run: &Run,
        install: &PythonInstall,
        invocation: &Invocation,
    ) -> Option<String> {
        let folder = invocation.workdir.known()?;
        if let Some((prefix, _)) = invocation.path.known().and_then(|path| path.rsplit_once("/bin/")) {
            return Some(resolve(folder, prefix)).filter(|prefix| !is_usual(prefix));
        }
        if let Some(value) = self.variable(run, invocation, "VIRTUAL_ENV").filter(|value| !value.text().is_empty()) {
            return value.known().map(|path| resolve(folder, path));
        }
        let first = self.variable(run, invocation, "PATH")?.text().split(':').next()?.strip_suffix("/bin")?;
        let first = resolve(folder, first);
        let mut earlier = self.earlier(stage, run, install.invocation);
        earlier.any(|earlier| made_environment(earlier).is_some_and(|made| made == first)).then_some(first)
    }

    /// Where pip puts packages without an environment, as far as the base image tells.
    fn system_packages(&self, stage: &StageFacts) -> Option<String> {
        let reference = match &self.ancestors(stage).last().unwrap_or(stage).base {
            Base::Image(reference) => reference.known()?,
            _ => return None,
        };
        let image = &stage.image;
        if image.repository == "python" {
            let version = image.python.as_deref()?;
            return Some(format!("/usr/local/lib/python{version}/site-packages"));
        }
        // Their environment is active from the start: `ENV APP_ROOT=/opt/app-root` in the Containerfiles of sclorg's s2i-python.
        let name = reference.split([':', '@']).next().unwrap_or(reference).rsplit('/').next().unwrap_or_default();
        let of_software_collections = ["ubi8/python-", "ubi9/python-", "ubi10/python-", "sclorg/python-"];
        let is_one = of_software_collections.iter().any(|part| reference.contains(part)) && !name.ends_with("-minimal");
        is_one.then(|| "/opt/app-root".to_owned())
    }
}

fn is_usual(path: &str) -> bool {
    matches!(path, "/usr" | "/usr/local" | "/opt/conda" | "/usr/sbin" | "/sbin" | "/" | "") || path.ends_with("/.local")
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "true" | "True" | "TRUE" | "yes" | "on")
}

/// The environment that `python -m venv DIR`, `virtualenv DIR` or `uv venv DIR` makes, absolute.
fn made_environment(invocation: &Invocation) -> Option<String> {
    let makes = invocation.program == "virtualenv"
        || (matches!(invocation.program.as_str(), "python" | "uv") && invocation.has_argument("venv"));
    let folder = invocation.workdir.known()?;
    if !makes {
        return None;
    }
    let options = Options::read(&invocation.arguments, &["-p", "--python", "-m", "--prompt"]);
    let path = options.operands.iter().map(|(_, word)| &word.value).rfind(|word| word.text() != "venv");
    Some(resolve(folder, path.map_or(Some(".venv"), Value::known)?))
}
