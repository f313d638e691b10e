//! What is no longer installed when what asks for it is taken back.

use std::collections::HashSet;
use std::sync::Arc;

use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::python::closure::{Part, Start};

use super::super::{PythonInstall, Root};
use super::{AskedBy, InstallClosure};

impl Facts<'_> {
    /// The closure of `install`, and the places in it of what no install of its stage brings any more when `members`, which are
    /// roots of it, are not asked for. What other packages need stays.
    #[must_use]
    pub fn lost_without_roots(&self, install: &PythonInstall, members: &[&Root]) -> (Arc<InstallClosure>, Vec<usize>) {
        let closure = self.closure(install);
        let mut lost: Vec<usize> = places(&kept(&closure, install, members), false);
        // What nothing leads to is nobody's to lose.
        lost.retain(|&place| closure.is_traced(place));
        let others = self.python_installs().iter().filter(|other| {
            let same = (other.run, other.invocation) == (install.run, install.invocation);
            other.stage == install.stage && other.guard != Guard::Never && !same
        });
        for other in others {
            if lost.is_empty() {
                break;
            }
            let others = self.closure(other);
            let stays = places(&kept(&others, other, members), true);
            let stays = stays.into_iter().filter_map(|place| others.packages.get(place));
            let names: HashSet<&PackageName> =
                stays.filter(|package| !package.left_out).map(|package| &package.name).collect();
            lost.retain(|&place| closure.packages.get(place).is_some_and(|package| !names.contains(&package.name)));
        }
        (closure, lost)
    }
}

/// Which packages of a closure are still brought without the requests that stand where those of `members` do.
fn kept(closure: &InstallClosure, install: &PythonInstall, members: &[&Root]) -> Vec<bool> {
    let is_member = |root: &Root| members.iter().any(|member| member.place == root.place);
    let is_cut_start = |start: &Start| match closure.asked.get(start.asked) {
        Some(AskedBy::Root(index)) => install.roots.get(*index).is_some_and(is_member),
        Some(AskedBy::Project(_) | AskedBy::Lock) | None => false,
    };
    closure.graph.kept(is_cut_start, |link| {
        let (from, to) = (closure.packages.get(link.from), closure.packages.get(link.to));
        let Some((from, to)) = from.zip(to) else { return false };
        from.is_local
            && members.iter().any(|member| {
                let is_main = member.extra.is_none() && member.group.is_none();
                member.requirement.name == to.name && is_main == (link.part == Part::Own)
            })
    })
}

fn places(kept: &[bool], wanted: bool) -> Vec<usize> {
    kept.iter().enumerate().filter(|(_, kept)| **kept == wanted).map(|(place, _)| place).collect()
}
