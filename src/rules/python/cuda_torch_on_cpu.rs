//! torch in its CUDA build, where nothing asks for a GPU.

use crate::facts::Facts;
use crate::facts::python::TorchInstall;
use crate::rules::torch::{is_culprit, report_all};
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let torch = facts.torch_installs();
    // Where torch is installed twice, that is the finding.
    let once = |found: &TorchInstall| found.corrected.is_none() && found.replaces.is_none();
    let culprits: Vec<usize> = (0..torch.len())
        .filter(|&index| torch.get(index).is_some_and(once) && is_culprit(facts, torch, index))
        .collect();
    report_all(facts, torch, &culprits, reporter);
}
