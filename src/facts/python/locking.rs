//! Locks of the repository that an install does not go by.

mod compiled;

use crate::facts::commands::{Pdm, Pipenv, PipenvAction, Poetry, Uv, UvAction};
use crate::facts::paths::{file_name, resolve};
use crate::facts::{Facts, Guard, Invocation, Run, StageFacts};
use crate::python::PackageName;
use crate::text::TextRange;
use crate::workspace::{join, parent};

use super::{Build, Project, PythonInstall, Tool, TorchInstall};

/// Why an install does not go by the lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LockGap {
    /// The image has the manifest without it.
    NotCopied,
    /// The ignore file keeps it out of the context.
    Excluded(String),
    /// An earlier command of the build deletes it or makes it anew.
    Rewritten(TextRange),
    /// The tool that installs does not read it.
    OtherTool,
    /// The tool makes it anew when it does not fit the manifest.
    NotEnforced,
}

/// A lock that an install does not go by.
#[derive(Clone, Debug)]
pub struct IgnoredLock {
    /// Its path in the workspace.
    pub path: String,
    /// The manifest that it belongs to.
    pub manifest: String,
    /// The install, by its index.
    pub install: usize,
    /// Why.
    pub gap: LockGap,
}

/// The lock that a tool reads.
const fn lock_name(tool: Tool) -> Option<&'static str> {
    match tool {
        Tool::UvSync => Some("uv.lock"),
        Tool::Poetry => Some("poetry.lock"),
        Tool::Pdm => Some("pdm.lock"),
        Tool::Pipenv => Some("Pipfile.lock"),
        Tool::Pip | Tool::PipWheel | Tool::UvPip | Tool::UvPipSync | Tool::UvAdd | Tool::Conda => None,
    }
}

impl Facts<'_> {
    /// The locks of the repository that installs for images in use do not go by, one for each install at most.
    #[must_use]
    pub fn ignored_locks(&self) -> Vec<IgnoredLock> {
        let installs = self.python_installs().iter().enumerate();
        let installs = installs.filter(|(_, install)| install.guard != Guard::Never && self.ships_for_use(install));
        installs.filter_map(|(index, install)| self.ignored_lock(index, install)).collect()
    }

    fn ignored_lock(&self, index: usize, install: &PythonInstall) -> Option<IgnoredLock> {
        let (stage, run, invocation) = self.site_of(install)?;
        if self.has_unknown_words(install) {
            return None;
        }
        let Some(project) = install.projects.iter().find(|project| project.direct) else {
            let (path, manifest) = self.pins_beside(install).filter(|_| !self.are_brought(install, stage, run))?;
            return Some(IgnoredLock { path, manifest, install: index, gap: LockGap::OtherTool });
        };
        let (path, gap) = match lock_name(install.tool) {
            Some(name) => self.gap_of_locking(install, project, name, (stage, run, invocation))?,
            None => (self.lock_of_another(install, project, stage, run)?, LockGap::OtherTool),
        };
        let (text, lock) = (self.workspace.read(&path).ok()?, self.workspace.lock(&path).ok()?);
        let is_text = !text.text().trim().is_empty() && !text.text().contains('\0');
        // An empty lock pins nothing; and what takes torch from another index than the lock could not go by it.
        let elsewhere = |torch: &TorchInstall| torch.install == index && !matches!(torch.build, Build::Cuda);
        let of_torch = lock.find(&PackageName::new("torch")).next().is_some();
        if !is_text || gap == LockGap::OtherTool && of_torch && self.torch_installs().iter().any(elsewhere) {
            return None;
        }
        Some(IgnoredLock { path, manifest: project.manifest.to_string(), install: index, gap })
    }

    /// For a tool that reads locks of the given name.
    fn gap_of_locking(
        &self,
        install: &PythonInstall,
        project: &Project,
        name: &str,
        (stage, run, invocation): (&StageFacts, &Run, &Invocation),
    ) -> Option<(String, LockGap)> {
        let path = join(parent(&project.manifest), name).filter(|path| self.workspace.is_file(path))?;
        let excluded = self.excluding_file(&path);
        let is_there = self.lies_above(stage, run, invocation, name) && excluded.is_none();
        let strict = self.is_strict(install, run, invocation);
        if is_there {
            if let Some(range) = self.remade(stage, run, install.invocation, name) {
                return Some((path, LockGap::Rewritten(range)));
            }
            let touched = install.lock.as_ref().is_some_and(|lock| lock.rewritten.is_some());
            // poetry itself stops when the lock does not fit.
            let lax = !strict && !touched && install.tool != Tool::Poetry;
            return lax.then_some((path, LockGap::NotEnforced));
        }
        // What must not go without a lock and is built all the same has one that is not seen.
        let mounted = run.mounts.iter().any(|mount| mount.kind == "bind" && mount.from.is_some());
        let made = self.earlier(stage, run, install.invocation).any(|earlier| makes_lock(earlier, name));
        if strict || mounted || made {
            return None;
        }
        Some((path, excluded.map_or(LockGap::NotCopied, LockGap::Excluded)))
    }

    /// The lock beside a project that pip installs, where nothing before has installed what it pins.
    fn lock_of_another(
        &self,
        install: &PythonInstall,
        project: &Project,
        stage: &StageFacts,
        run: &Run,
    ) -> Option<String> {
        let brings = install.roots.iter().any(|root| root.place.file == project.manifest);
        let own = matches!(install.tool, Tool::Pip | Tool::UvPip) && brings && !install.no_dependencies;
        let alone = install.constraints.is_empty() && install.files.is_empty() && !install.generated;
        if !own || !alone {
            return None;
        }
        let folder = parent(&project.manifest);
        let path = ["uv.lock", "poetry.lock", "pdm.lock"]
            .iter()
            .filter_map(|name| join(folder, name))
            .find(|path| self.workspace.is_file(path))?;
        (!self.are_brought(install, stage, run)).then_some(path)
    }

    /// Whether something else may have brought the locked versions: a sync, an export, an environment that is copied.
    fn are_brought(&self, install: &PythonInstall, stage: &StageFacts, run: &Run) -> bool {
        let chain: Vec<usize> = std::iter::once(stage).chain(self.ancestors(stage)).map(|stage| stage.index).collect();
        let earlier = self.python_installs().iter().any(|other| {
            let before =
                other.stage != install.stage || (other.run, other.invocation) < (install.run, install.invocation);
            let brings = other.tool.locks() || !other.files.is_empty() || other.generated;
            chain.contains(&other.stage) && before && brings
        });
        let copied = stage
            .transfers
            .iter()
            .any(|transfer| transfer.instruction < run.instruction && transfer.source != crate::facts::Source::Context);
        let exported = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations).any(|other| {
            let exports = matches!(other.program.as_str(), "uv" | "poetry" | "pdm") && other.has_argument("export");
            exports || other.program == "pip-compile" || other.has_argument("compile")
        });
        earlier || copied || exported
    }

    /// The ignore file, where it keeps `path` out of the context.
    fn excluding_file(&self, path: &str) -> Option<String> {
        let (file, ignore) = (self.service.ignore_file.as_ref()?, self.ignore()?);
        let context = self.service.context.as_str();
        let below = if context.is_empty() { path } else { path.strip_prefix(context)?.trim_start_matches('/') };
        ignore.excluded(below).then(|| file.clone())
    }

    /// Whether `name` stands in the folder that the command runs in, or above it.
    fn lies_above(&self, stage: &StageFacts, run: &Run, invocation: &Invocation, name: &str) -> bool {
        let mut folders = vec![invocation.workdir.text().to_owned()];
        folders.extend(project_folder(invocation).map(|folder| resolve(invocation.workdir.text(), folder)));
        folders.into_iter().any(|mut folder| {
            loop {
                let path = resolve(&folder, name);
                let found = self.origin(stage.index, run.instruction, &path, Some(&run.mounts));
                if found.is_some_and(|found| self.workspace.is_file(&found)) {
                    return true;
                }
                if folder == "/" || folder.is_empty() {
                    return false;
                }
                folder = resolve(&folder, "..");
            }
        })
    }

    /// Whether the tool installs what the lock says or stops.
    fn is_strict(&self, install: &PythonInstall, run: &Run, invocation: &Invocation) -> bool {
        let set = |name: &str| {
            let value = self.variable(run, invocation, name);
            value
                .is_some_and(|value| !matches!(value.text().to_lowercase().as_str(), "" | "0" | "false" | "no" | "off"))
        };
        match install.tool {
            Tool::UvSync => {
                let options = Uv::read(invocation).map(|uv| uv.options);
                options.is_some_and(|options| options.has(&["--frozen", "--locked", "--check"]))
                    || set("UV_FROZEN")
                    || set("UV_LOCKED")
            }
            Tool::Pdm => {
                let pdm = Pdm::read(invocation);
                set("PDM_FROZEN_LOCKFILE")
                    || pdm.is_some_and(|pdm| {
                        pdm.subcommand.value.known() == Some("sync")
                            || pdm.options.has(&["--frozen-lockfile", "--check", "--no-lock"])
                    })
            }
            Tool::Pipenv => Pipenv::read(invocation).is_some_and(|pipenv| {
                pipenv.action == PipenvAction::Sync
                    || pipenv.options.has(&["--deploy", "--ignore-pipfile"])
                    || !pipenv.options.operands.is_empty()
            }),
            _ => false,
        }
    }

    /// Where an earlier command drops the pins of the lock.
    fn remade(&self, stage: &StageFacts, run: &Run, index: usize, name: &str) -> Option<TextRange> {
        let earlier = self.earlier(stage, run, index).filter(|earlier| earlier.guard == Guard::Always);
        let remakes = earlier.filter(|earlier| {
            let removes = matches!(earlier.program.as_str(), "rm" | "unlink")
                && earlier.arguments.iter().any(|word| file_name(word.value.text()) == name);
            let uv = name == "uv.lock"
                && Uv::read(earlier)
                    .is_some_and(|uv| uv.action == UvAction::Lock && uv.options.has(&["-U", "--upgrade"]));
            let poetry = name == "poetry.lock"
                && earlier.program == "poetry"
                && (earlier.argument(0) == Some("update")
                    || (earlier.argument(0) == Some("lock") && !earlier.has_argument("--no-update")));
            let pipenv = name == "Pipfile.lock"
                && earlier.program == "pipenv"
                && matches!(earlier.argument(0), Some("lock" | "update" | "upgrade"));
            removes || uv || poetry || pipenv
        });
        remakes.map(|earlier| earlier.range).last()
    }
}

/// `uv --directory backend sync`, `poetry -C backend install`
fn project_folder(invocation: &Invocation) -> Option<&str> {
    let options = match (Uv::read(invocation), Poetry::read(invocation)) {
        (Some(uv), _) => uv.options,
        (None, Some(poetry)) => poetry.options,
        (None, None) => return None,
    };
    let flag = options.uses(&["--directory", "--project", "-C", "-P"]).next()?;
    flag.value_argument?.value.known()
}

/// Whether a command makes or brings a lock of this name.
fn makes_lock(invocation: &Invocation, name: &str) -> bool {
    let locks = invocation.arguments.iter().any(|word| matches!(word.value.text(), "lock" | "update"))
        && matches!(invocation.program.as_str(), "uv" | "poetry" | "pdm" | "pipenv");
    let clones = invocation.program == "git" && invocation.has_argument("clone");
    let named = invocation.arguments.iter().any(|word| file_name(word.value.text()) == name);
    locks || clones || named
}
