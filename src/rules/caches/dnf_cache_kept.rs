//! `dnf` and its relatives leave the metadata of their repositories in a layer.

use crate::facts::commands::RpmTool;
use crate::facts::{Facts, Run, StageFacts};
use crate::rules::{Check, Reporter, metadata};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    metadata::check(facts, stage, run, &[RpmTool::Dnf, RpmTool::Dnf5, RpmTool::Microdnf, RpmTool::Tdnf], reporter);
}
