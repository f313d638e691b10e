//! Why a package is in an image: every chain from an install to it.

use std::collections::{BTreeSet, HashSet};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::config::SettingsFor;
use crate::facts::python::{AskedBy, ClosureBasis, InstallClosure, Place, PythonInstall, Root, Sum};
use crate::facts::{Facts, Guard};
use crate::python::PackageName;
use crate::python::closure::{Link, Part};
use crate::workspace::Workspace;

use super::{on_pool, with_facts};

/// Lines of a tree; a dense graph has more ways than anybody reads.
const MOST_LINES: usize = 400;
/// Chains that are counted and listed.
const MOST_CHAINS: usize = 50;

/// What is known of a package in the services of one workspace.
#[derive(Debug, Default)]
pub struct Why {
    /// Where it is installed, by Dockerfile and line.
    pub installed: Vec<Installed>,
    /// Dockerfiles that were looked at.
    pub dockerfiles: usize,
    /// Installs that could not be followed to their end, so that one more could bring it: Dockerfile, 1-based line, and why.
    pub unsure: Vec<(String, u32, String)>,
}

/// An install that brings the package.
#[derive(Debug, PartialEq, Eq)]
pub struct Installed {
    /// The Dockerfile.
    pub dockerfile: String,
    /// 1-based line of the command.
    pub line: u32,
    /// The command, as people type it.
    pub command: &'static str,
    /// Whether a shipped image holds what it installs.
    pub ships: bool,
    /// Whether it depends on a condition that the command runs.
    pub sometimes: bool,
    /// The package's version, where it is known.
    pub version: Option<String>,
    /// Its wheel in bytes.
    pub wheel_bytes: Option<u64>,
    /// What it takes unpacked, in bytes.
    pub installed_bytes: Option<u64>,
    /// What would go with it, itself included, in bytes.
    pub alone: Sum,
    /// Bytes of [`Installed::alone`] on disk.
    pub alone_bytes: u64,
    /// How it is known.
    pub basis: ClosureBasis,
    /// 1-based line of the command that deletes or makes the lock anew before the install.
    pub rewritten: Option<u32>,
    /// What brings it, and what brings that, up to what is asked for.
    pub parents: Vec<Parent>,
    /// Chains from what is asked for down to it, shortest first.
    pub chains: Vec<Vec<String>>,
    /// What one would have to leave out to be rid of it: each alone is enough.
    pub levers: Vec<String>,
    /// What could not be decided.
    pub notes: Vec<String>,
}

/// What brings a package.
#[derive(Debug, PartialEq, Eq)]
pub struct Parent {
    /// `sentence-transformers 5.6.0`, `mcp-server[providers]`, `requirements.txt`.
    pub label: String,
    /// Where that is written: file and 1-based line.
    pub place: Option<(String, u32)>,
    /// What brings it in turn. Empty for what is asked for.
    pub parents: Vec<Parent>,
    /// Whether its parents stand further up already.
    pub repeated: bool,
    /// Whether the install asks for it.
    pub asked: bool,
}

/// Looks for `package` in everything that the Dockerfiles at `paths` install.
#[must_use]
pub fn why(workspace: &Workspace, paths: &[String], settings: &impl SettingsFor, package: &PackageName) -> Why {
    let one = |path: &String| {
        with_facts(workspace, path, settings.settings_for(path), |facts| in_service(facts, package)).unwrap_or_default()
    };
    // Chains are told with lines of files; those of a Dockerfile in another file are none.
    let paths: Vec<&String> = paths.iter().filter(|path| !workspace.is_holder(path)).collect();
    let mut found = Why { dockerfiles: paths.len(), ..Why::default() };
    let all: Vec<Why> = on_pool(|| paths.par_iter().map(|path| one(path)).collect());
    for service in all {
        found.installed.extend(service.installed);
        found.unsure.extend(service.unsure);
    }
    found
}

fn in_service(facts: &Facts<'_>, package: &PackageName) -> Why {
    let mut found = Why::default();
    for install in facts.python_installs().iter().filter(|install| install.guard != Guard::Never) {
        let Some((_, _, invocation)) = facts.site_of(install) else { continue };
        let line = facts.source.line(invocation.range.start());
        let closure = facts.closure(install);
        let mut places =
            closure.find(package).filter(|&place| closure.packages.get(place).is_some_and(|package| !package.left_out));
        let Some(place) = places.next() else {
            if let Some(reason) = doubt(install, &closure) {
                found.unsure.push((facts.service.dockerfile.clone(), line, reason));
            }
            continue;
        };
        found.installed.push(Reading { facts, install, closure: &closure }.installed(place, line));
    }
    found
}

/// Why the package may be installed although it was not found.
fn doubt(install: &PythonInstall, closure: &InstallClosure) -> Option<String> {
    if closure.basis == ClosureBasis::Catalogue && !(install.no_dependencies && closure.complete) {
        return Some("without a lock only heavy packages are known".to_owned());
    }
    let missing = closure.notes.first().cloned();
    (!closure.complete)
        .then(|| missing.unwrap_or_else(|| "something that it is asked for could not be followed".to_owned()))
}

/// How far a tree has been drawn.
struct Walk {
    /// Parts of packages from the one in question up to the present one, so that circles end.
    path: Vec<(usize, Part)>,
    /// Parts whose parents stand in the tree already.
    shown: HashSet<(usize, Part)>,
    /// Lines that may still be drawn.
    lines: usize,
}

impl Walk {
    fn from(place: usize) -> Self {
        Self { path: vec![(place, Part::Own)], shown: HashSet::new(), lines: MOST_LINES }
    }
}

struct Reading<'r> {
    facts: &'r Facts<'r>,
    install: &'r PythonInstall,
    closure: &'r InstallClosure,
}

impl Reading<'_> {
    fn installed(&self, place: usize, line: u32) -> Installed {
        let compiles = self.install.compiles.unwrap_or_default();
        let package = self.closure.packages.get(place);
        let lost = package.map(|package| {
            let name = package.name.clone();
            self.closure.lost_without(|other| other.name == name)
        });
        let alone = self.closure.bytes(&lost.unwrap_or_default());
        let chains = self.closure.chains(place, MOST_CHAINS);
        Installed {
            dockerfile: self.facts.service.dockerfile.clone(),
            line,
            command: self.install.tool.name(),
            ships: self.facts.ships(self.install),
            sometimes: self.install.guard == Guard::Sometimes,
            version: package.and_then(|package| package.version.clone()),
            wheel_bytes: package.and_then(|package| package.bytes.wheel),
            installed_bytes: package.and_then(|package| package.bytes.on_disk(compiles)),
            alone_bytes: alone.on_disk(compiles),
            alone,
            basis: self.closure.basis.clone(),
            rewritten: self.rewritten(),
            parents: self.parents(place, &Part::Own, &mut Walk::from(place)),
            chains: chains.iter().map(|chain| self.closure.shown(chain)).collect(),
            levers: self.levers(place),
            notes: self.closure.notes.clone(),
        }
    }

    fn rewritten(&self) -> Option<u32> {
        let range = self.install.lock.as_ref().and_then(|lock| lock.rewritten)?;
        Some(self.facts.source.line(range.start()))
    }

    /// What brings the part `part` of the package at `place`: an extra comes only from those that ask for it.
    fn parents(&self, place: usize, part: &Part, walk: &mut Walk) -> Vec<Parent> {
        let graph = &self.closure.graph;
        let mut parents: Vec<Parent> = graph
            .starts_at(place)
            .filter(|start| start.parts.contains(part))
            .filter_map(|start| self.asked(start.asked, place))
            .collect();
        let asks = |link: &&Link| match part {
            Part::Own => true,
            Part::Extra(extra) => link.extras.contains(extra),
            Part::Group(_) => false,
        };
        for link in graph.incoming(place).filter(asks) {
            let step = (link.from, link.part.clone());
            let Some(package) = self.closure.packages.get(link.from).filter(|_| !walk.path.contains(&step)) else {
                continue;
            };
            if walk.lines == 0 {
                break;
            }
            walk.lines -= 1;
            let label = match (&link.part, &package.version) {
                (Part::Extra(extra), _) => format!("{}[{extra}]", package.name),
                (Part::Group(group), _) => format!("{} (group {group})", package.name),
                (Part::Own, Some(version)) if !package.is_local => format!("{} {version}", package.name),
                (Part::Own, _) => package.name.to_string(),
            };
            let child = self.closure.packages.get(place).map(|package| &package.name);
            let written = child.filter(|_| package.is_local).and_then(|name| self.written(name, &link.part));
            let is_new = walk.shown.insert(step.clone());
            let mut above = Vec::new();
            if is_new {
                walk.path.push(step);
                above = self.parents(link.from, &link.part, walk);
                walk.path.pop();
            }
            // A local project that is installed for itself needs no line above it.
            let is_asked = package.is_local && graph.starts_at(link.from).next().is_some();
            above.retain(|parent| !(parent.asked && is_asked));
            let repeated = !is_new && graph.incoming(link.from).next().is_some();
            parents.push(Parent { label, place: written, parents: above, repeated, asked: is_asked });
        }
        parents
    }

    /// What the install was asked for that leads straight to the package.
    fn asked(&self, asked: usize, place: usize) -> Option<Parent> {
        let parent = |label: String, place: Option<(String, u32)>| Parent {
            label,
            place,
            parents: Vec::new(),
            repeated: false,
            asked: true,
        };
        match self.closure.asked.get(asked)? {
            AskedBy::Project(index) => {
                let project = self.install.projects.get(*index)?;
                Some(parent(project.manifest.to_string(), None))
            }
            AskedBy::Root(index) => {
                let root = self.install.roots.get(*index)?;
                let label = if root.via.is_empty() { "the command line".to_owned() } else { root.via.join(" > ") };
                Some(parent(label, self.line_of(&root.place)))
            }
            AskedBy::Lock => {
                let package = self.closure.packages.get(place)?;
                Some(parent("the lock".to_owned(), package.place.as_ref().and_then(|place| self.line_of(place))))
            }
        }
    }

    /// Where a local project asks for `name` in its part `part`.
    fn written(&self, name: &PackageName, part: &Part) -> Option<(String, u32)> {
        let fits = |root: &&Root| {
            root.requirement.name == *name
                && match part {
                    Part::Own => root.extra.is_none() && root.group.is_none(),
                    Part::Extra(extra) => root.extra.as_ref() == Some(extra),
                    Part::Group(_) => root.group.is_some(),
                }
        };
        let roots = || self.install.roots.iter();
        let root = roots().find(fits).or_else(|| roots().find(|root| root.requirement.name == *name))?;
        self.line_of(&root.place)
    }

    fn line_of(&self, place: &Place) -> Option<(String, u32)> {
        let line = if *place.file == *self.facts.service.dockerfile {
            self.facts.source.line(place.range.start())
        } else {
            self.facts.workspace.read(&place.file).ok()?.line(place.range.start())
        };
        Some((place.file.to_string(), line))
    }

    /// Extras, groups and requirements without which the package would not be there.
    fn levers(&self, place: usize) -> Vec<String> {
        let mut levers = Vec::new();
        let without = |part: &Part| self.closure.lost_without_part(part).contains(&place);
        let mut seen = BTreeSet::new();
        for extra in self.install.projects.iter().flat_map(|project| &project.extras) {
            if seen.insert(extra.name.as_str()) && without(&Part::Extra(extra.name.clone())) {
                levers.push(format!("the extra `{}`", extra.name));
            }
        }
        for group in &self.install.groups {
            if without(&Part::Group(group.name.clone())) {
                levers.push(format!("the group `{}`", group.name));
            }
        }
        let Some(own) = self.closure.packages.get(place).map(|package| &package.name) else { return levers };
        let mut seen = HashSet::new();
        for root in &self.install.roots {
            let name = &root.requirement.name;
            if name != own
                && seen.insert(name)
                && self.closure.lost_without(|package| package.name == *name).contains(&place)
            {
                levers.push(format!("`{name}`"));
            }
        }
        levers
    }
}
