//! What the build does about a CUDA build of torch that an earlier command brought.

use crate::catalogue;
use crate::facts::commands::{Options, Pip, PipAction, Uv, UvAction};
use crate::facts::{Facts, Guard, Invocation, Run};
use crate::python::PackageName;
use crate::text::TextRange;

use super::torch::{Build, TorchInstall, pinned, torch_requirements};
use super::{PythonInstall, Tool};

/// A later command that is about the CUDA build which an install brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Correction {
    /// What it does.
    pub kind: CorrectionKind,
    /// The word of the Dockerfile that names torch in it.
    pub word: TextRange,
    /// Whether a layer below it keeps what it takes away.
    pub later_layer: bool,
    /// Whether `nvidia-*` and `triton` stay installed.
    pub leaves_cuda: bool,
    /// The CPU build's install, as an index in [`Facts::torch_installs`].
    pub install: Option<usize>,
}

/// What a later command does with the CUDA build.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CorrectionKind {
    /// The CPU build takes its place.
    Replaced,
    /// The CPU build is asked for, but the installer finds torch there and leaves it.
    Ignored,
    /// It is uninstalled.
    Removed,
}

/// pip: what decides into which environment an install goes.
const PIP_ENVIRONMENT: [&str; 7] = ["-t", "--target", "--prefix", "--root", "--user", "--python", "--src"];
/// The same for `uv pip`.
const UV_ENVIRONMENT: [&str; 6] = ["--system", "--python", "-p", "-t", "--target", "--prefix"];
/// Flags with which an installer takes another build of a version that is there.
const FORCING: [&str; 8] = [
    "--force-reinstall",
    "-U",
    "--upgrade",
    "-I",
    "--ignore-installed",
    "--reinstall",
    "--reinstall-package",
    "--upgrade-package",
];

/// Fills [`TorchInstall::corrected`].
pub(super) fn find(facts: &Facts<'_>, found: &mut [TorchInstall]) {
    for index in 0..found.len() {
        let correction = found.get(index).and_then(|first| correction(facts, found, first, index));
        // Where a GPU is meant, what the CPU build is for is not known.
        let correction = correction.filter(|_| facts.gpu_evidence().gpu.is_empty());
        if let Some(first) = found.get_mut(index) {
            first.corrected = correction;
        }
    }
}

fn correction(facts: &Facts<'_>, found: &[TorchInstall], first: &TorchInstall, index: usize) -> Option<Correction> {
    let install = facts.python_installs().get(first.install)?;
    let (_, run, invocation) = facts.site_of(install)?;
    if first.build != Build::Cuda || !first.ships || install.guard != Guard::Always {
        return None;
    }
    let removals = removals(facts, install, run, invocation);
    let torch = removals.iter().find(|removal| removal.torch);
    let later = found.iter().enumerate().skip(index + 1).find(|(_, later)| asks_for_cpu(facts, install, later));
    let cpu = later.and_then(|(at, later)| Some((at, facts.python_installs().get(later.install)?)));
    let leaves_cuda = !removals.iter().any(|removal| removal.cuda);
    let in_final = facts.is_in_final(install.stage);
    match (torch, cpu) {
        (_, Some((at, cpu))) => {
            let root = cpu.roots.iter().find(|root| root.requirement.name.as_str() == "torch")?;
            let (_, _, own) = facts.site_of(cpu)?;
            let uninstalled = torch.is_some_and(|removal| removal.before((cpu.run, cpu.invocation)));
            let replaced = uninstalled || forces(own) || refuses(install, cpu);
            Some(Correction {
                kind: if replaced { CorrectionKind::Replaced } else { CorrectionKind::Ignored },
                word: root.word,
                later_layer: in_final && cpu.run != install.run,
                leaves_cuda,
                install: Some(at),
            })
        }
        (Some(removal), None) if !comes_again(facts, install, removal) && is_known_base(facts, install) => {
            Some(Correction {
                kind: CorrectionKind::Removed,
                word: removal.word,
                later_layer: in_final && removal.at.0 != install.run,
                leaves_cuda,
                install: None,
            })
        }
        _ => None,
    }
}

/// Whether an install behind the removal may bring torch again, in whatever build.
fn comes_again(facts: &Facts<'_>, install: &PythonInstall, removal: &Uninstall) -> bool {
    let behind = |other: &&PythonInstall| other.stage == install.stage && removal.before((other.run, other.invocation));
    facts.python_installs().iter().filter(behind).any(|other| {
        let names = |name: &PackageName| name.as_str().contains("torch");
        other.unknown || other.roots.iter().any(|root| names(&root.requirement.name))
    })
}

/// Whether it is known what the base holds: of another one torch may be a part.
fn is_known_base(facts: &Facts<'_>, install: &PythonInstall) -> bool {
    facts.stages.get(install.stage).is_some_and(|stage| {
        stage.image.python.is_some() || stage.image.distribution != catalogue::Distribution::Unknown
    })
}

/// A command that uninstalls.
struct Uninstall {
    /// Its place among the runs of the stage.
    at: (usize, usize),
    word: TextRange,
    /// Whether it names torch.
    torch: bool,
    /// Whether it takes CUDA's packages, too, or may.
    cuda: bool,
}

impl Uninstall {
    fn before(&self, place: (usize, usize)) -> bool {
        self.at < place
    }
}

/// What is uninstalled from the environment of `install`, behind it in its stage.
fn removals(facts: &Facts<'_>, install: &PythonInstall, run: &Run, invocation: &Invocation) -> Vec<Uninstall> {
    let Some(stage) = facts.stages.get(install.stage) else { return Vec::new() };
    let mut found = Vec::new();
    for (run_index, later_run) in stage.runs.iter().enumerate().skip(install.run) {
        for (index, later) in later_run.invocations.iter().enumerate() {
            if (run_index, index) <= (install.run, install.invocation) || later.guard != Guard::Always {
                continue;
            }
            let Some(options) = uninstalls(later) else { continue };
            if !same_environment(facts, (run, install.tool, invocation), (later_run, later)) {
                continue;
            }
            let names = || options.operands.iter().map(|(_, word)| (*word, word.value.known()));
            let torch = names().find(|(_, name)| name.is_some_and(|name| PackageName::new(name).as_str() == "torch"));
            // `pip freeze | grep nvidia | xargs pip uninstall -y` names nothing that can be read.
            let read_from_file = options.has(&["-r", "--requirement", "--requirements"]) || options.operands.is_empty();
            let cuda = read_from_file || names().any(|(_, name)| name.is_none_or(catalogue::is_cuda_package));
            let word = torch.map_or(later.range, |(word, _)| word.range);
            found.push(Uninstall { at: (run_index, index), word, torch: torch.is_some(), cuda });
        }
    }
    found
}

fn uninstalls(invocation: &Invocation) -> Option<Options<'_>> {
    match (Pip::read(invocation), Uv::read(invocation)) {
        (Some(pip), _) if pip.action == PipAction::Uninstall => Some(pip.options),
        (_, Some(uv)) if uv.action == UvAction::PipUninstall => Some(uv.options),
        _ => None,
    }
}

/// Whether `later` asks for torch by name in its CPU build, in the environment that `install` installs into.
fn asks_for_cpu(facts: &Facts<'_>, install: &PythonInstall, later: &TorchInstall) -> bool {
    let Some(cpu) = facts.python_installs().get(later.install) else { return false };
    let asks = matches!(later.build, Build::Cpu(_))
        && cpu.stage == install.stage
        && cpu.guard == Guard::Always
        && matches!(cpu.tool, Tool::Pip | Tool::UvPip)
        && cpu.roots.iter().any(|root| root.requirement.name.as_str() == "torch");
    let Some(((_, run, first), (_, cpu_run, second))) = facts.site_of(install).zip(facts.site_of(cpu)) else {
        return false;
    };
    asks && same_environment(facts, (run, install.tool, first), (cpu_run, second))
}

/// Whether two commands work on the same environment. Only what is certain counts.
fn same_environment(facts: &Facts<'_>, first: (&Run, Tool, &Invocation), second: (&Run, &Invocation)) -> bool {
    let ((run, tool, invocation), (second_run, other)) = (first, second);
    let variables = ["VIRTUAL_ENV", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT", "PIP_TARGET", "PIP_PREFIX"];
    let alike = |name: &&str| facts.variable(run, invocation, name) == facts.variable(second_run, other, name);
    if !variables.iter().all(alike) || invocation.workdir != other.workdir {
        return false;
    }
    let system = |run: &Run, invocation: &Invocation| {
        invocation.has_argument("--system") || facts.variable(run, invocation, "UV_SYSTEM_PYTHON").is_some()
    };
    match (Pip::read(invocation), Uv::read(invocation), Pip::read(other), Uv::read(other)) {
        (Some(pip), _, Some(second), _) => {
            invocation.path == other.path
                && invocation.found_elsewhere == other.found_elsewhere
                && pip.options.given(&PIP_ENVIRONMENT) == second.options.given(&PIP_ENVIRONMENT)
        }
        (_, Some(uv), _, Some(second)) if matches!(tool, Tool::UvPip | Tool::UvPipSync) => {
            uv.options.given(&UV_ENVIRONMENT) == second.options.given(&UV_ENVIRONMENT)
        }
        (_, Some(_), _, Some(second)) => second.options.given(&UV_ENVIRONMENT).is_empty() && !system(second_run, other),
        (Some(pip), _, _, Some(_)) => {
            system(second_run, other) && is_plain(invocation) && pip.options.given(&PIP_ENVIRONMENT).is_empty()
        }
        (_, Some(_), Some(pip), _) => {
            let own = matches!(tool, Tool::UvPip | Tool::UvPipSync) && system(run, invocation);
            own && is_plain(other) && pip.options.given(&PIP_ENVIRONMENT).is_empty()
        }
        _ => false,
    }
}

/// Whether the program is looked up by its name.
fn is_plain(invocation: &Invocation) -> bool {
    !invocation.found_elsewhere && invocation.path.known().is_some_and(|path| !path.contains('/'))
}

fn forces(invocation: &Invocation) -> bool {
    Pip::read(invocation)
        .map(|pip| pip.options)
        .or_else(|| Uv::read(invocation).map(|uv| uv.options))
        .is_some_and(|options| options.has(&FORCING))
}

/// Whether the CPU install's requirement does not take what the first one brought.
fn refuses(install: &PythonInstall, cpu: &PythonInstall) -> bool {
    let locked = install.lock.as_ref().and_then(|lock| lock.torch.first()).map(|(version, _)| version.as_str());
    let held = torch_requirements(install).find_map(pinned).or(locked);
    torch_requirements(cpu).any(|requirement| {
        // What comes from the default index calls itself `2.9.1`, which `==2.9.1+cpu` does not take.
        let local = requirement.pinned().is_some_and(|version| version.contains('+'));
        local || requirement.url.is_some() || held.is_some_and(|held| requirement.accepts(held) == Some(false))
    })
}
