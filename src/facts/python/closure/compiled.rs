//! The closure of requirements that a compiler pinned: every package stands in the file, and comments say what needs it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::python::PackageName;
use crate::python::closure::{Link, Part, Start};

use super::super::{Declared, PythonInstall, Root};
use super::{AskedBy, ClosureBasis, InstallClosure, InstalledPackage, Made, PackageBytes};

/// `None` unless the files list all that is installed.
pub(super) fn closure(install: &PythonInstall) -> Option<InstallClosure> {
    let is_listed = |root: &Root| root.declared == Declared::Requirements;
    let listed: Vec<&Root> = install.roots.iter().filter(|root| is_listed(root)).collect();
    let pinned = |root: &Root| root.requirement.pinned().is_some() || root.requirement.url.is_some();
    let explained = listed.iter().filter(|root| !root.parents.is_empty()).count();
    // Hashes bind every package, and comments are written only by compilers.
    let is_compiled = install.hashed || install.no_dependencies || explained * 2 > listed.len();
    if listed.is_empty() || !is_compiled || !listed.iter().all(|root| pinned(root)) {
        return None;
    }
    let mut closure = InstallClosure::new(ClosureBasis::Compiled(install.files.clone()));
    let mut places: HashMap<&PackageName, usize> = HashMap::new();
    let all = || install.roots.iter().enumerate().filter(|(_, root)| root.declared != Declared::Project);
    for (_, root) in all() {
        let requirement = &root.requirement;
        let version = requirement.pinned().map(str::to_owned);
        if let Some(package) = places.get(&requirement.name).and_then(|&place| closure.packages.get_mut(place)) {
            package.version = package.version.take().or(version);
            continue;
        }
        places.insert(&requirement.name, Arc::make_mut(&mut closure.graph).add_node());
        closure.packages.push(InstalledPackage {
            name: requirement.name.clone(),
            bytes: PackageBytes::of_wheel(&requirement.name, version.as_deref().unwrap_or_default(), None),
            version,
            extras: requirement.extras.clone(),
            is_local: false,
            left_out: install.excluded.contains(&requirement.name),
            is_alone: false,
            is_editable: false,
            roots: Vec::new(),
            place: Some(root.place.clone()),
            source: requirement.url.clone(),
            made: Made::Otherwise,
        });
    }
    for (index, root) in all() {
        let Some(&node) = places.get(&root.requirement.name) else { continue };
        let parents: Vec<PackageName> = root.parents.iter().filter_map(|parent| parent_name(parent)).collect();
        for &from in parents.iter().filter_map(|parent| places.get(parent)) {
            Arc::make_mut(&mut closure.graph).add_link(Link { from, part: Part::Own, to: node, extras: Vec::new() });
        }
        let brought = root.is_brought_along() && parents.iter().any(|parent| places.contains_key(parent));
        if !brought {
            let asked = closure.asked.len();
            closure.asked.push(AskedBy::Root(index));
            Arc::make_mut(&mut closure.graph).add_start(Start { asked, node, parts: vec![Part::Own] });
        }
    }
    let others = install.roots.iter().any(|root| !is_listed(root)) || !install.projects.is_empty();
    closure.complete = !others;
    Some(closure)
}

/// The package that a comment names as parent; `None` for a file or a project: `-r requirements.in`, `app (pyproject.toml)`.
fn parent_name(parent: &str) -> Option<PackageName> {
    let is_package = !parent.starts_with('-') && !parent.contains(['(', '/', ' ']);
    let name = parent.split('[').next().unwrap_or_default();
    is_package.then(|| PackageName::new(name))
}
