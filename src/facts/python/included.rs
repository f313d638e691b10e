//! Extras for development that come with what the command line names.

use std::sync::Arc;

use crate::facts::Facts;
use crate::python::PackageName;

use super::development::{Bundle, BundleKind, holds_tool, speaks_of_development};
use super::{Declared, Place, PythonInstall, Root};

impl Facts<'_> {
    /// Adds extras for development that the command line does not name, but a requirement on another local project or another extra:
    /// `dependencies = ["lib[all]"]`, `all = ["lib[api,dev]"]`.
    pub(super) fn included_extras(&self, install: &PythonInstall, found: &mut Vec<Bundle>) {
        let mut included: Vec<(&Root, &str)> = Vec::new();
        for root in install.roots.iter().filter(|root| root.declared == Declared::Project && root.group.is_none()) {
            let extra = root.via.last().and_then(|last| last.strip_suffix(']')?.rsplit_once('['));
            let Some((_, extra)) = extra.filter(|(_, extra)| speaks_of_development(extra)) else { continue };
            let is_there = |(other, name): &(&Root, &str)| other.place.file == root.place.file && *name == extra;
            let is_known = found.iter().any(|bundle| {
                bundle.kind == BundleKind::Extra && bundle.name == extra && bundle.place.file == root.place.file
            });
            if !is_known && !included.iter().any(is_there) {
                included.push((root, extra));
            }
        }
        for (first, extra) in included {
            let is_member = |root: &Root| root.place.file == first.place.file && root.via == first.via;
            let roots = install.roots.iter().enumerate();
            let members: Vec<usize> = roots.filter(|(_, root)| is_member(root)).map(|(place, _)| place).collect();
            let parsed = self.workspace.pyproject(&first.place.file).ok();
            let range = parsed.and_then(|parsed| parsed.extras.get(&PackageName::new(extra)).map(|extra| extra.range));
            if let Some(range) = range.filter(|_| holds_tool(install, &members)) {
                let place = Place { file: Arc::clone(&first.place.file), range };
                found.push(Bundle {
                    kind: BundleKind::Extra,
                    name: extra.to_owned(),
                    place,
                    word: first.word,
                    members,
                });
            }
        }
    }
}
