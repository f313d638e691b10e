//! What takes the CUDA build out, in the way of the tool that installs it.

use crate::catalogue;
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::dockerfile::{Arguments, CommandLine};
use crate::facts::commands::{Pip, Uv};
use crate::facts::python::{Build, Cause, Evidence, PythonInstall, Root, Tool, TorchInstall};
use crate::facts::{Facts, Guard};
use crate::rules::Finding;

use super::{conda, manifest};

/// Where PyTorch keeps the builds for the CPU.
pub(super) const CPU_INDEX: &str = "https://download.pytorch.org/whl/cpu";

/// `uv pip install --torch-backend` is there from this version on.
const BACKEND_SINCE: (u32, u32, u32) = (0, 6, 9);

pub(in crate::rules) fn propose(
    facts: &Facts<'_>,
    torch: &[TorchInstall],
    group: &[usize],
    (cause, root): (&Cause, &Root),
    evidence: &Evidence,
    finding: &mut Finding<'_>,
) {
    let installs = facts.python_installs();
    let members: Vec<&PythonInstall> = group
        .iter()
        .chain(alternatives(facts, torch, group).iter())
        .filter_map(|&index| installs.get(torch.get(index)?.install))
        .collect();
    let Some(first) = members.first() else { return };
    if let Some(obstacle) = obstacle(first) {
        finding.help(obstacle);
        return;
    }
    if first.tool.locks() {
        manifest::propose(facts, first, cause, root, finding);
        return;
    }
    if first.tool == Tool::Conda {
        conda::propose(facts, first, finding);
        return;
    }
    finding.help(help(facts, first));
    let edits: Option<Vec<Edit>> = members.iter().map(|install| insert(facts, install)).collect();
    let Some(edits) = edits.filter(|edits| !edits.is_empty()) else { return };
    let certain = !evidence.cpu.is_empty() && evidence.ambiguous.is_empty();
    let caution = (!certain).then(|| "where the image does run on a GPU, torch no longer uses it".to_owned());
    finding.fix(Fix {
        title: format!("add `{}`", flags(facts, first)),
        applicability: if certain { Applicability::Safe } else { Applicability::Unsafe },
        caution,
        edits,
    });
}

/// Installs that run instead of a culprit, as behind `||`, and then bring what it would have brought.
fn alternatives(facts: &Facts<'_>, torch: &[TorchInstall], group: &[usize]) -> Vec<usize> {
    let installs = facts.python_installs();
    let is_alternative = |index: &usize| {
        let Some(found) = torch.get(*index) else { return false };
        let Some(install) = installs.get(found.install) else { return false };
        matches!(found.build, Build::Kept(kept) if group.contains(&kept)) && install.guard == Guard::Sometimes
    };
    (0..torch.len()).filter(is_alternative).collect()
}

/// Why an index on the command line would not help.
fn obstacle(install: &PythonInstall) -> Option<String> {
    let freeze = install.roots.iter().filter(|root| catalogue::is_cuda_package(root.requirement.name.as_str())).count();
    let compiled =
        install.roots.iter().any(|root| root.requirement.name.as_str() == "torch" && !root.parents.is_empty());
    if freeze >= 3 {
        let how = if compiled {
            "compile the file anew with"
        } else {
            "delete the `nvidia-*` and `triton` lines, and take torch from"
        };
        return Some(format!("the file pins the CUDA packages themselves: {how} the index {CPU_INDEX}"));
    }
    // What the build exports or compiles names the CUDA packages, too.
    if install.generated && install.lock.is_some() {
        return Some(format!(
            "the requirements are exported from the lock: lock torch from {CPU_INDEX} (`[tool.uv.sources]`)"
        ));
    }
    if install.generated {
        return Some(format!(
            "the requirements are compiled in the build: give the index {CPU_INDEX} to the command that compiles them"
        ));
    }
    if install.hashed {
        return Some(format!(
            "the file binds torch to the hashes of the CUDA build: compile it anew with the index {CPU_INDEX}"
        ));
    }
    install
        .roots
        .iter()
        .any(|root| root.requirement.specifier.contains("==="))
        .then(|| format!("`===` takes no local version: write `==`, then add the index {CPU_INDEX}"))
}

fn flags(facts: &Facts<'_>, install: &PythonInstall) -> String {
    match install.tool {
        Tool::UvPip | Tool::UvPipSync if facts.uv_is_since(BACKEND_SINCE) => "--torch-backend=cpu".to_owned(),
        // uv stops at the first index that knows a package, and PyTorch's knows many.
        Tool::UvPip | Tool::UvPipSync => format!("--extra-index-url {CPU_INDEX} --index-strategy unsafe-best-match"),
        _ => format!("--extra-index-url {CPU_INDEX}"),
    }
}

fn help(facts: &Facts<'_>, install: &PythonInstall) -> String {
    match install.tool {
        Tool::UvPip | Tool::UvPipSync if facts.uv_is_since(BACKEND_SINCE) => {
            "take torch and its family from the CPU index: `--torch-backend=cpu` (uv 0.6.9 and later)".to_owned()
        }
        Tool::UvPip | Tool::UvPipSync => {
            "take torch and its family from the CPU index; this uv has no `--torch-backend` yet".to_owned()
        }
        _ => "let pip see the CPU index as well: of equal versions it takes the one with `+cpu`".to_owned(),
    }
}

/// Puts the flags behind the subcommand, or at the end where that word comes from a variable.
fn insert(facts: &Facts<'_>, install: &PythonInstall) -> Option<Edit> {
    let (_, run, invocation) = facts.site_of(install).filter(|_| !install.guessed)?;
    let instruction = facts.dockerfile.instructions.get(run.instruction)?.effective();
    if matches!(instruction.arguments, Arguments::Command(CommandLine::Exec(_))) {
        return None;
    }
    let text = flags(facts, install);
    let subcommand = match install.tool {
        Tool::Pip | Tool::PipWheel => Pip::read(invocation)?.subcommand,
        _ => Uv::read(invocation)?.subcommand,
    };
    facts.insert_after(invocation, subcommand, &text).or_else(|| {
        let last = invocation.arguments.last().filter(|_| !invocation.has_argument("--"))?;
        facts.insert_after(invocation, last, &text)
    })
}
