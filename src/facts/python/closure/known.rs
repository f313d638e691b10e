//! The closure as far as the catalogue knows it, where nothing pins what is installed.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalogue;
use crate::python::PackageName;
use crate::python::closure::{Link, Part, Start};

use super::super::{PythonInstall, Root};
use super::{AskedBy, ClosureBasis, InstallClosure, InstalledPackage, Made, PackageBytes};

pub(super) fn closure(install: &PythonInstall) -> InstallClosure {
    let mut closure = InstallClosure::new(ClosureBasis::Catalogue);
    extend(&mut closure, install, install.roots.iter().enumerate());
    closure
}

/// Adds what the catalogue knows `roots` to bring to a closure that may be of another kind.
pub(super) fn extend<'r>(
    closure: &mut InstallClosure,
    install: &PythonInstall,
    roots: impl Iterator<Item = (usize, &'r Root)>,
) {
    closure.complete = false;
    let known = closure.packages.iter().enumerate();
    let mut places: FxHashMap<PackageName, usize> =
        known.map(|(place, package)| (package.name.clone(), place)).collect();
    let before = closure.packages.len();
    let mut queue = VecDeque::new();
    for (index, root) in roots {
        let requirement = &root.requirement;
        let node = add(closure, &mut places, install, &requirement.name, &requirement.extras);
        if let Some(package) = closure.packages.get_mut(node) {
            package.version = package.version.take().or_else(|| requirement.pinned().map(str::to_owned));
            package.place.get_or_insert_with(|| root.place.clone());
        }
        let parts =
            std::iter::once(Part::Own).chain(requirement.extras.iter().cloned().map(Part::Extra)).collect::<Vec<_>>();
        let asked = closure.asked.len();
        closure.asked.push(AskedBy::Root(index));
        Arc::make_mut(&mut closure.graph).add_start(Start { asked, node, parts: parts.clone() });
        queue.extend(parts.into_iter().map(|part| (node, part)));
    }
    let mut seen = FxHashSet::default();
    while let Some((node, part)) = queue.pop_front().filter(|_| !install.no_dependencies) {
        // What a lock pins is known with all that it needs.
        if node < before || !seen.insert((node, part.clone())) {
            continue;
        }
        let Some(package) = closure.packages.get(node) else { continue };
        let key = match &part {
            Part::Extra(extra) => format!("{}[{extra}]", package.name),
            Part::Own | Part::Group(_) => package.name.to_string(),
        };
        for &required in catalogue::package(&key).map_or(&[][..], |entry| entry.requires) {
            let (name, extra) = required.split_once('[').unwrap_or((required, ""));
            let extras: Vec<PackageName> = Some(extra.trim_end_matches(']'))
                .filter(|extra| !extra.is_empty())
                .map(PackageName::new)
                .into_iter()
                .collect();
            let to = add(closure, &mut places, install, &PackageName::new(name), &extras);
            queue.push_back((to, Part::Own));
            queue.extend(extras.iter().cloned().map(|extra| (to, Part::Extra(extra))));
            Arc::make_mut(&mut closure.graph).add_link(Link { from: node, part: part.clone(), to, extras });
        }
    }
}

fn add(
    closure: &mut InstallClosure,
    places: &mut FxHashMap<PackageName, usize>,
    install: &PythonInstall,
    name: &PackageName,
    extras: &[PackageName],
) -> usize {
    let place = *places.entry(name.clone()).or_insert_with(|| Arc::make_mut(&mut closure.graph).add_node());
    if place == closure.packages.len() {
        closure.packages.push(InstalledPackage {
            name: name.clone(),
            version: None,
            extras: Vec::new(),
            is_local: false,
            left_out: install.excluded.contains(name),
            is_alone: install.no_dependencies,
            is_editable: false,
            roots: Vec::new(),
            place: None,
            source: None,
            bytes: PackageBytes::of_wheel(name, "", None),
            made: Made::Otherwise,
        });
    }
    if let Some(package) = closure.packages.get_mut(place) {
        let new = extras.iter().filter(|extra| !package.extras.contains(extra)).cloned().collect::<Vec<_>>();
        package.extras.extend(new);
    }
    place
}
