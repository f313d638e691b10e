//! The closure of an install that a lock decides.

use std::collections::HashSet;
use std::sync::Arc;

use crate::facts::Facts;
use crate::python::PackageName;
use crate::python::closure::{Asked, Request};
use crate::python::lock::{Lock, LockKind, LockedFile, LockedPackage};

use super::super::{Declared, Omitted, Place, Project, PythonInstall, Root};
use super::{AskedBy, ClosureBasis, InstallClosure, InstalledPackage, Made, PackageBytes};

pub(super) fn closure(facts: &Facts<'_>, install: &PythonInstall) -> Option<InstallClosure> {
    let in_use = install.lock.as_ref().filter(|_| super::uses_lock(install))?;
    let lock = facts.workspace.lock(&in_use.path).ok()?;
    let (request, asked) = request(facts, install, &lock);
    if request.asked.is_empty() && !lock.tells_groups() {
        return None;
    }
    let found = facts.workspace.locked_closure(&in_use.path, &request, &install.platform).ok()?;
    // The lock of another project, or one that is no more than a pointer to a large file, tells nothing.
    if found.members.is_empty() && !found.missing.is_empty() {
        return None;
    }
    let file: Arc<str> = Arc::from(in_use.path.as_str());
    let mut closure = InstallClosure::new(ClosureBasis::Lock(in_use.path.clone()));
    let members: HashSet<&PackageName> = lock.members.iter().collect();
    for member in &found.members {
        let Some(locked) = lock.packages.get(member.package) else { continue };
        let wheel = member.wheel.and_then(|wheel| locked.files.get(wheel));
        closure.packages.push(InstalledPackage {
            name: locked.name.clone(),
            version: Some(locked.version.clone()).filter(|version| !version.is_empty()),
            extras: member.extras.clone(),
            is_local: locked.is_local,
            left_out: is_left_out(install, &members, locked),
            is_alone: false,
            is_editable: locked.is_editable,
            roots: Vec::new(),
            place: Some(Place { file: Arc::clone(&file), range: locked.range }),
            source: locked.source.clone(),
            bytes: bytes(locked, wheel),
            made: made(install, locked, wheel),
        });
    }
    closure.notes.extend(found.undecided.iter().map(|marker| format!("whether `{marker}` holds is not known")));
    closure.notes.extend(found.missing.iter().map(|name| format!("`{name}` is not in `{}`", in_use.path)));
    closure.complete = found.is_complete() && in_use.rewritten.is_none();
    closure.graph = Arc::clone(&found.graph);
    closure.asked = asked;
    // `pip install -r exported.txt gunicorn`
    let others: Vec<(usize, &Root)> = match lock.kind {
        LockKind::Pylock => Vec::new(),
        _ => install.roots.iter().enumerate().filter(|(_, root)| root.declared != Declared::Project).collect(),
    };
    if !others.is_empty() {
        super::known::extend(&mut closure, install, others.into_iter());
    }
    Some(closure)
}

fn bytes(locked: &LockedPackage, wheel: Option<&LockedFile>) -> PackageBytes {
    if let Some(wheel) = wheel {
        return PackageBytes::of_wheel(&locked.name, &locked.version, wheel.bytes);
    }
    let is_source = |file: &&LockedFile| !file.name.ends_with(".whl");
    match locked.files.iter().find(is_source) {
        Some(source) => PackageBytes::of_source(&locked.name, &locked.version, source.bytes),
        None => PackageBytes::of_wheel(&locked.name, &locked.version, None),
    }
}

fn made(install: &PythonInstall, locked: &LockedPackage, wheel: Option<&LockedFile>) -> Made {
    let is_wheel = |file: &LockedFile| file.name.ends_with(".whl");
    let has_source = locked.files.iter().any(|file| !is_wheel(file));
    if wheel.is_some() || locked.is_local || !has_source {
        return Made::Otherwise;
    }
    let is_for_machines = |file: &LockedFile| is_wheel(file) && !file.name.ends_with("-any.whl");
    match locked.files.iter().any(is_for_machines) {
        false => Made::FromSource,
        // Which wheels fit depends on the version of Python.
        true if install.platform.python.is_some() => Made::Compiled,
        true => Made::Otherwise,
    }
}

fn is_left_out(install: &PythonInstall, members: &HashSet<&PackageName>, package: &LockedPackage) -> bool {
    let is_project =
        || install.projects.iter().any(|project| project.direct && project.name.as_ref() == Some(&package.name));
    let omitted = match install.omitted {
        Omitted::None => false,
        Omitted::Project => package.is_local && is_project(),
        Omitted::Workspace => package.is_local && (members.is_empty() || members.contains(&package.name)),
    };
    package.is_virtual || omitted || install.excluded.contains(&package.name)
}

/// What the install asks of the lock, and who asks for each.
fn request(facts: &Facts<'_>, install: &PythonInstall, lock: &Lock) -> (Request, Vec<AskedBy>) {
    let mut request = Request::default();
    let mut by = Vec::new();
    let chosen: Vec<(usize, &Project)> =
        install.projects.iter().enumerate().filter(|(_, project)| project.direct).collect();
    for (_, project) in &chosen {
        if project.main {
            request.groups.push("main".to_owned());
        }
        // Pipfile and its lock call the groups differently.
        let groups = project.groups.iter().map(|group| if group == "dev-packages" { "develop" } else { group });
        request.groups.extend(groups.map(str::to_owned));
        request.extras.extend(project.extras.iter().map(|extra| extra.name.clone()));
    }
    match lock.kind {
        LockKind::Uv => {
            for &(index, project) in &chosen {
                for asked in of_project(install, lock, project) {
                    request.asked.push(asked);
                    by.push(AskedBy::Project(index));
                }
            }
        }
        LockKind::Pylock => {
            let known = install.roots.iter().enumerate().filter(|(_, root)| root.declared == Declared::Requirements);
            for (index, root) in known {
                request.asked.push(of_root(root));
                by.push(AskedBy::Root(index));
            }
        }
        _ => {
            for (index, root) in install.roots.iter().enumerate() {
                let is_own = |(_, project): &(usize, &Project)| project.manifest == root.place.file;
                if root.declared == Declared::Project && chosen.iter().any(is_own) {
                    let source = source(facts, install, root).filter(|source| locks_of(lock, root, source));
                    request.asked.push(Asked { source, ..of_root(root) });
                    by.push(AskedBy::Root(index));
                }
            }
        }
    }
    (request, by)
}

fn of_root(root: &Root) -> Asked {
    let requirement = &root.requirement;
    let specifier = Some(requirement.specifier.clone()).filter(|specifier| !specifier.is_empty());
    Asked { specifier, ..Asked::new(requirement.name.clone(), requirement.extras.clone()) }
}

/// The index that the manifest names for the package where these extras are installed:
/// `torch = [{ markers = "extra == 'cpu'", source = "pytorch-cpu" }]`.
fn source(facts: &Facts<'_>, install: &PythonInstall, root: &Root) -> Option<String> {
    let project = install.projects.iter().find(|project| project.manifest == root.place.file)?;
    let parsed = facts.workspace.pyproject(&project.manifest).ok()?;
    let extras: Vec<PackageName> = project.extras.iter().map(|extra| extra.name.clone()).collect();
    let sources = parsed.uv_sources.get(&root.requirement.name)?;
    let mut applying = sources.iter().filter(|source| source.applies(&install.platform, &extras));
    let (Some(source), None) = (applying.next(), applying.next()) else { return None };
    let index = parsed.indexes.iter().find(|index| index.name.as_deref() == Some(source.from.as_str()))?;
    Some(index.url.clone())
}

/// Whether the lock has the package from `source`.
fn locks_of(lock: &Lock, root: &Root, source: &str) -> bool {
    let packages = lock.packages.iter().filter(|package| package.name == root.requirement.name);
    packages.into_iter().any(|package| package.source.as_deref() == Some(source))
}

/// uv's packages of the workspace that a project stands for: itself, or all members of a workspace that has no project at its root.
fn of_project(install: &PythonInstall, lock: &Lock, project: &Project) -> Vec<Asked> {
    let extras: Vec<PackageName> = project.extras.iter().map(|extra| extra.name.clone()).collect();
    let of = |name: &PackageName| Asked {
        name: name.clone(),
        extras: extras.clone(),
        specifier: None,
        source: None,
        main: project.main,
        groups: project.groups.clone(),
    };
    match &project.name {
        Some(name) if !install.all_members => vec![of(name)],
        _ if lock.members.is_empty() => {
            lock.packages.iter().filter(|package| package.is_local).map(|package| of(&package.name)).collect()
        }
        _ => lock.members.iter().map(of).collect(),
    }
}
