//! Where a build puts the packages of its service.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use pep508_rs::pep440_rs::{Version, VersionSpecifiers};

use crate::facts::commands::{Options, Pip, Poetry, Uv};
use crate::facts::paths::{file_name, resolve};
use crate::facts::python::{Omitted, PythonInstall, Tool};
use crate::facts::{Facts, Guard, Invocation, Origin, Run, StageFacts};

use super::Refusal;
use super::commands::Role;

/// Where a new environment is made.
const NEW: &str = "/opt/venv";
/// Build backends that link a project to its sources and build nothing beside them.
const LINKING: [&str; 6] =
    ["hatchling.build", "uv_build", "poetry.core.masonry.api", "flit_core.buildapi", "pdm.backend", "pdm.pep517.api"];
/// Variables that put packages elsewhere than into the environment.
const ELSEWHERE: [&str; 8] = [
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_ROOT",
    "PYTHONUSERBASE",
    "UV_PYTHON",
    "UV_PROJECT",
    "UV_WORKING_DIRECTORY",
];

/// The virtual environment that holds the packages.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// Its folder, absolute.
    pub path: String,
    /// Whether the build does not make it, and installs into the interpreter instead.
    pub is_new: bool,
    /// Whether something that installs asks `VIRTUAL_ENV` rather than `PATH` for it.
    pub by_variable: bool,
    /// Whether uv is told to install into the interpreter, which it does not take the environment's to be.
    pub by_interpreter: bool,
    /// Whether `PATH` leads to it already.
    pub in_path: bool,
}

/// Where one command installs.
enum Place {
    /// Wherever the active interpreter is.
    Active,
    /// Into this folder.
    Folder(String),
}

#[derive(Default)]
struct Found {
    folders: BTreeSet<String>,
    active: bool,
    by_variable: bool,
    by_interpreter: bool,
}

/// The environment of the service. `Err` where packages lie elsewhere or in several places.
pub(super) fn environment(facts: &Facts<'_>, stage: &StageFacts) -> Result<Environment, Refusal> {
    let made = made_environments(stage);
    let mut found = Found::default();
    let mut in_path = true;
    for run in &stage.runs {
        for (index, invocation) in run.invocations.iter().enumerate() {
            if invocation.guard == Guard::Never || Role::of(invocation) != Role::Installs {
                continue;
            }
            is_plain(facts, run, invocation)?;
            let install = facts.python_installs().iter().find(|install| {
                install.invocation == index && stage.runs.get(install.run).is_some_and(|other| other.range == run.range)
            });
            let place = place(facts, stage, run, invocation, install, &mut found)?;
            match place {
                Place::Folder(folder) => {
                    found.folders.insert(folder);
                }
                Place::Active => match active(run, &made) {
                    Some(folder) => {
                        found.folders.insert(folder);
                    }
                    None if made.is_empty() && !leads_elsewhere(run) => found.active = true,
                    None => return Err(Refusal::new("it is not clear into which environment packages are installed")),
                },
            }
        }
    }
    let mut folders = found.folders.into_iter();
    let (path, is_new) = match (folders.next(), folders.next(), found.active) {
        (Some(path), None, false) => (path, false),
        (None, _, true) => (NEW.to_owned(), true),
        (None, _, false) => return Err(Refusal::new("no command installs packages with pip, uv or poetry")),
        _ => return Err(Refusal::new("packages are installed into several environments")),
    };
    if is_new && facts.source.text().contains(NEW) {
        return Err(Refusal::new(format!("`{NEW}` is used for something else")));
    }
    if !is_new {
        if !path.starts_with('/') || path == "/" || path.starts_with("/usr") || path.starts_with("/root/.cache") {
            return Err(Refusal::new(format!("packages are installed into `{path}`, which the base image has, too")));
        }
        in_path = path_of(stage.state.environment.get("PATH").map_or("", |variable| variable.value.text()), &path);
    }
    let Found { by_variable, by_interpreter, .. } = found;
    Ok(Environment { path, is_new, by_variable, by_interpreter, in_path: in_path && !is_new })
}

/// Whether a value of `PATH` leads to the environment before anything else.
fn path_of(value: &str, environment: &str) -> bool {
    value.split(':').next().is_some_and(|first| first.trim_end_matches('/') == format!("{environment}/bin"))
}

/// The folders of the environments that the build makes.
fn made_environments(stage: &StageFacts) -> BTreeSet<String> {
    let invocations = stage.runs.iter().flat_map(|run| &run.invocations);
    let folder = |invocation: &Invocation| {
        let workdir = invocation.workdir.known()?;
        match invocation.program.as_str() {
            "venv" | "virtualenv" => {
                let options = Options::read(&invocation.arguments, &["--prompt", "-p", "--python"]);
                Some(resolve(workdir, options.word(0)?))
            }
            "python" if invocation.argument(0) == Some("-m") && invocation.argument(1) == Some("venv") => {
                let options = Options::read(invocation.arguments.get(2..)?, &["--prompt"]);
                Some(resolve(workdir, options.word(0)?))
            }
            "uv" => {
                let uv = Uv::read(invocation)?;
                let is_venv = uv.subcommand.value.text() == "venv";
                is_venv.then(|| resolve(workdir, uv.options.word(0).unwrap_or(".venv")))
            }
            _ => None,
        }
    };
    invocations.filter_map(folder).collect()
}

/// The environment among `made` that is active in a `RUN`.
fn active(run: &Run, made: &BTreeSet<String>) -> Option<String> {
    let path = run.state.environment.get("PATH").map_or("", |variable| variable.value.text());
    made.iter().find(|folder| path_of(path, folder)).cloned()
}

/// Whether `PATH` leads to an environment that something unseen makes.
fn leads_elsewhere(run: &Run) -> bool {
    let path = run.state.environment.get("PATH").map_or("", |variable| variable.value.text());
    let own = |folder: &str| folder.ends_with("/.local/bin") || folder.starts_with("/usr") || folder.contains("poetry");
    path.split(':').any(|folder| folder.ends_with("/bin") && folder.contains("env") && !own(folder))
}

/// Whether a command installs always, as root, and where the Dockerfile says so.
fn is_plain(facts: &Facts<'_>, run: &Run, invocation: &Invocation) -> Result<(), Refusal> {
    let command = super::quoted(facts.source.slice(invocation.range), &invocation.program);
    if invocation.guard != Guard::Always {
        return Err(Refusal::new(format!("whether {command} runs depends on a condition")));
    }
    if invocation.origin != Origin::Instruction {
        return Err(Refusal::new("packages are installed by a script of the context"));
    }
    if invocation.other_user || invocation.found_elsewhere {
        return Err(Refusal::new(format!("{command} runs as another user or from another environment")));
    }
    match run.state.user.as_ref().map(crate::dockerfile::Value::known) {
        None | Some(Some("root" | "0" | "")) => {}
        Some(Some(user)) => return Err(Refusal::new(format!("packages are installed as `{user}`"))),
        Some(None) => return Err(Refusal::new("it is not known as which user packages are installed")),
    }
    let variable =
        ELSEWHERE.iter().find(|name| run.state.environment.get(name).is_some() || invocation.variable(name).is_some());
    match variable {
        Some(name) => Err(Refusal::new(format!("`{name}` decides where packages go"))),
        None => Ok(()),
    }
}

fn place(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    invocation: &Invocation,
    install: Option<&PythonInstall>,
    found: &mut Found,
) -> Result<Place, Refusal> {
    if install.is_some_and(|install| install.unknown || !install.troubles.is_empty()) {
        return Err(Refusal::new("not all that is installed can be read here"));
    }
    linked_files(facts, install)?;
    if let Some(pip) = Pip::read(invocation) {
        return pip_place(facts, invocation, &pip.options);
    }
    if let Some(poetry) = Poetry::read(invocation) {
        return poetry_place(facts, stage, run, invocation, install, &poetry, found);
    }
    let Some(uv) = Uv::read(invocation) else {
        return Err(Refusal::new(format!("`{}` installs packages", invocation.program)));
    };
    let other =
        ["--target", "-t", "--prefix", "--python", "-p", "--active", "--directory", "--project", "-e", "--editable"];
    refuse_flags(&uv.options, &other)?;
    if install.is_some_and(|install| matches!(install.tool, Tool::UvPip | Tool::UvPipSync)) {
        let system = uv.options.has(&["--system"])
            || run.state.environment.known("UV_SYSTEM_PYTHON").is_some_and(|value| !matches!(value, "0" | "false"));
        found.by_variable = true;
        found.by_interpreter |= system;
        let made = made_environments(stage);
        let own =
            invocation.workdir.known().map(|workdir| resolve(workdir, ".venv")).filter(|path| made.contains(path));
        let variable = run.state.environment.known("VIRTUAL_ENV").map(str::to_owned).filter(|path| made.contains(path));
        return match variable.or(own) {
            Some(folder) if !system => Ok(Place::Folder(folder)),
            None if system && made.is_empty() => Ok(Place::Active),
            _ => Err(Refusal::new("it is not clear into which environment `uv pip` installs")),
        };
    }
    if install.is_none_or(|install| install.tool != Tool::UvSync) {
        return Err(Refusal::new(format!("`uv {}` changes the project", uv.subcommand.value.text())));
    }
    if let Some(install) = install
        && !uv.options.has(&["--no-editable"])
        && run.state.environment.get("UV_NO_EDITABLE").is_none()
    {
        links_are_plain(facts, install)?;
    }
    own_interpreter(facts, stage, run, invocation)?;
    let workdir = invocation.workdir.known().ok_or_else(|| Refusal::new("the folder of `uv sync` is not known"))?;
    match run.state.environment.get("UV_PROJECT_ENVIRONMENT") {
        None => Ok(Place::Folder(resolve(workdir, ".venv"))),
        Some(variable) => match variable.value.known() {
            Some(folder) => Ok(Place::Folder(resolve(workdir, folder))),
            None => Err(Refusal::new("the environment of `uv sync` is not known")),
        },
    }
}

fn refuse_flags(options: &Options<'_>, flags: &[&str]) -> Result<(), Refusal> {
    match flags.iter().find(|flag| options.has(&[flag])) {
        Some(flag @ (&"-e" | &"--editable")) => {
            Err(Refusal::new(format!("`{flag}` links to sources, and what was built beside them")))
        }
        Some(flag) => Err(Refusal::new(format!("`{flag}` puts packages elsewhere than into the environment"))),
        None => Ok(()),
    }
}

fn pip_place(facts: &Facts<'_>, invocation: &Invocation, options: &Options<'_>) -> Result<Place, Refusal> {
    let other = ["--target", "-t", "--prefix", "--root", "--user", "--python", "-e", "--editable", "--src"];
    refuse_flags(options, &other)?;
    // Before Python 3.12 the images have `wheel`, and new environments have not.
    if let Some(flag) = ["--no-build-isolation", "--no-use-pep517"].into_iter().find(|flag| options.has(&[flag])) {
        return Err(Refusal::new(format!("`{flag}` builds with what the interpreter has, and an environment may not")));
    }
    let path = invocation.path.text();
    // `python3.11 -m pip` of the base would still be found behind the environment's `python`.
    let word = invocation.range.slice(facts.source.text()).split_whitespace().next().unwrap_or_default();
    let named = |program: &str| program.bytes().any(|byte| byte == b'.') && !program.contains('/');
    if named(word) {
        return Err(Refusal::new(format!("`{word}` names one version of Python, which an environment may not go by")));
    }
    match path.rsplit_once("/bin/") {
        Some((folder, _)) if !folder.starts_with("/usr") && folder.starts_with('/') => {
            Ok(Place::Folder(folder.to_owned()))
        }
        None if !path.contains('/') => Ok(Place::Active),
        _ => Err(Refusal::new(format!("`{path}` is called by its path"))),
    }
}

fn poetry_place(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    invocation: &Invocation,
    install: Option<&PythonInstall>,
    poetry: &Poetry<'_>,
    found: &mut Found,
) -> Result<Place, Refusal> {
    refuse_flags(&poetry.options, &["-C", "--directory", "-P", "--project"])?;
    if poetry.subcommand.value.text() != "install" && poetry.subcommand.value.text() != "sync" {
        return Err(Refusal::new(format!("`poetry {}` changes the project", poetry.subcommand.value.text())));
    }
    if let Some(install) = install {
        links_are_plain(facts, install)?;
    }
    found.by_variable = true;
    let truthy = |value: &str| matches!(value.to_lowercase().as_str(), "1" | "true" | "yes");
    let configured = |name: &str| {
        let variable = format!("POETRY_{}", name.replace(['.', '-'], "_").to_uppercase());
        let by_variable = run.state.environment.known(&variable).or_else(|| invocation.variable(&variable)?.known());
        let commands = stage.runs.iter().flat_map(|run| &run.invocations).filter(|command| command.program == "poetry");
        let by_command = commands
            .filter(|command| command.has_argument("config") && command.has_argument(name))
            .filter_map(|command| command.arguments.last()?.value.known())
            .next_back();
        by_variable.or(by_command).map(truthy)
    };
    let file = invocation.workdir.known().and_then(|workdir| {
        facts.origin(stage.index, run.instruction, &resolve(workdir, "poetry.toml"), Some(&run.mounts))
    });
    if file.is_some_and(|path| facts.workspace.is_file(&path)) {
        return Err(Refusal::new("`poetry.toml` decides where packages go"));
    }
    if configured("virtualenvs.create") == Some(false) {
        return Ok(Place::Active);
    }
    match (configured("virtualenvs.in-project"), invocation.workdir.known()) {
        (Some(true), Some(workdir)) => Ok(Place::Folder(resolve(workdir, ".venv"))),
        (Some(true), None) => Err(Refusal::new("the folder of `poetry install` is not known")),
        _ => Ok(Place::Active),
    }
}

/// Requirements files that link to folders.
fn linked_files(facts: &Facts<'_>, install: Option<&PythonInstall>) -> Result<(), Refusal> {
    for path in install.iter().flat_map(|install| &install.files) {
        let Ok(file) = facts.workspace.read(path) else { continue };
        let linked = file
            .text()
            .lines()
            .map(str::trim)
            .find(|line| ["-e ", "--editable ", "-e.", "--editable="].iter().any(|flag| line.starts_with(flag)));
        if let Some(line) = linked {
            return Err(Refusal::new(format!("`{line}` in `{}` links to sources", file_name(path))));
        }
    }
    Ok(())
}

/// Whether the projects that an install links to need nothing but their sources, which the run-time side has at the same place.
fn links_are_plain(facts: &Facts<'_>, install: &PythonInstall) -> Result<(), Refusal> {
    if install.omitted != Omitted::None {
        return Ok(());
    }
    for project in &install.projects {
        let Ok(parsed) = facts.workspace.pyproject(&project.manifest) else { continue };
        let text = facts.workspace.read(&project.manifest).map(|file| file.text().to_owned()).unwrap_or_default();
        let builds = text.contains("[tool.poetry.build]") || text.contains("[tool.hatch.build.hooks.custom]");
        let plain = match parsed.build_backend.as_deref() {
            Some(backend) => LINKING.contains(&backend) && !builds,
            None => parsed.build_requires.is_empty(),
        };
        if !plain {
            let manifest = &project.manifest;
            return Err(Refusal::new(format!(
                "the project of `{manifest}` is linked, and its build may leave files beside its sources"
            )));
        }
    }
    Ok(())
}

/// Whether uv takes the interpreter of the base image, and brings none of its own.
fn own_interpreter(facts: &Facts<'_>, stage: &StageFacts, run: &Run, invocation: &Invocation) -> Result<(), Refusal> {
    let brings = |command: &Invocation| command.program == "uv" && command.argument(0) == Some("python");
    if stage.runs.iter().flat_map(|run| &run.invocations).any(brings) {
        return Err(Refusal::new("uv brings an interpreter of its own"));
    }
    let Some(base) = stage.image.python.as_deref() else {
        return Err(Refusal::new("which Python the base image has is not known"));
    };
    let file = |name: &str| {
        let path = resolve(invocation.workdir.known()?, name);
        let origin = facts.origin(stage.index, run.instruction, &path, Some(&run.mounts))?;
        facts.workspace.read(&origin).ok()
    };
    if let Some(pin) = file(".python-version") {
        let wanted = pin.text().trim();
        let same = wanted == base || wanted.strip_prefix(base).is_some_and(|rest| rest.starts_with('.'));
        if !same || wanted.split('.').count() > 2 {
            return Err(Refusal::new(format!("`.python-version` asks for {wanted}, and uv may bring it itself")));
        }
    }
    let manifest = file("pyproject.toml");
    let parsed = manifest.and_then(|file| facts.workspace.pyproject(file.path()).ok());
    let wanted = parsed.as_ref().and_then(|parsed| parsed.requires_python.as_deref());
    // The patch release of the tag is not known: bounds such as `>=3.12.4` are met by what is published today.
    let version = Version::from_str(&format!("{base}.99")).ok();
    match wanted.and_then(|wanted| VersionSpecifiers::from_str(wanted).ok()).zip(version) {
        Some((wanted, version)) if !wanted.contains(&version) => {
            Err(Refusal::new(format!("`requires-python` is {wanted}, and uv may bring another Python")))
        }
        _ => Ok(()),
    }
}
