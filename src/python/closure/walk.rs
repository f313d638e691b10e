//! The walk through a lock.

use std::collections::{HashMap, HashSet, VecDeque};
use std::str::FromStr;
use std::sync::Arc;

use pep508_rs::pep440_rs::{Version, VersionSpecifiers};

use crate::python::lock::{Edge, Lock, LockKind, LockedPackage};
use crate::python::marker::{Truth, evaluate, evaluate_chosen, satisfies};
use crate::python::{PackageName, Platform, wheel};

use super::{Asked, Closure, Link, Member, Part, Request, Start};

/// More forks of one package than any lock has are not looked at, nor more made-up extras than any project has, so that a lock made
/// to be slow is not.
const FORK_LIMIT: usize = 100;
const ACTIVE_LIMIT: usize = 2_000;

pub(super) fn walk(lock: &Lock, request: &Request, platform: &Platform) -> Closure {
    let mut active = Vec::new();
    if lock.conflicts {
        // Which extras are chosen decides what is installed, and what is installed chooses extras: two walks, as in uv.
        let mut first = Walk::new(lock, request, platform, chosen(lock, request));
        first.collects = true;
        first.run();
        active = first.active;
    }
    let mut walk = Walk::new(lock, request, platform, active);
    if lock.tells_groups() {
        walk.allowed = Some(walk.of_groups());
    }
    walk.run();
    walk.add_rest();
    walk.finish()
}

/// uv's made-up extras for what the command line chooses.
fn chosen(lock: &Lock, request: &Request) -> Vec<PackageName> {
    let mut found = Vec::new();
    for asked in &request.asked {
        let name = asked.name.as_str();
        let is_project = lock.find(&asked.name).any(|package| package.is_local);
        if asked.main && is_project {
            found.push(PackageName::new(&format!("project-{}-{name}", name.len())));
        }
        if asked.main {
            found.extend(asked.extras.iter().map(|extra| chosen_extra(&asked.name, extra)));
        }
        for group in &asked.groups {
            found.push(PackageName::new(&format!("group-{}-{name}-{group}", name.len())));
        }
    }
    found
}

fn chosen_extra(name: &PackageName, extra: &PackageName) -> PackageName {
    PackageName::new(&format!("extra-{}-{name}-{extra}", name.as_str().len()))
}

struct Walk<'a> {
    lock: &'a Lock,
    request: &'a Request,
    platform: &'a Platform,
    closure: Closure,
    /// Members by package of the lock.
    places: HashMap<usize, usize>,
    queue: VecDeque<(usize, Part)>,
    seen: HashSet<(usize, Part)>,
    /// What the lock's groups allow, where it tells them.
    allowed: Option<HashSet<usize>>,
    /// uv's made-up extras that are active.
    active: Vec<PackageName>,
    /// Whether this walk finds the made-up extras.
    collects: bool,
    /// Markers that were decided without extras, by their address: their texts are kept once.
    decided: HashMap<*const u8, Truth>,
    undecided: HashSet<Arc<str>>,
}

impl<'a> Walk<'a> {
    fn new(lock: &'a Lock, request: &'a Request, platform: &'a Platform, active: Vec<PackageName>) -> Self {
        Self {
            lock,
            request,
            platform,
            closure: Closure::default(),
            places: HashMap::new(),
            queue: VecDeque::new(),
            seen: HashSet::new(),
            allowed: None,
            active,
            collects: false,
            decided: HashMap::new(),
            undecided: HashSet::new(),
        }
    }

    fn run(&mut self) {
        let request = self.request;
        for (index, asked) in request.asked.iter().enumerate() {
            let edge = Edge {
                name: asked.name.clone(),
                version: None,
                source: asked.source.as_deref().map(Into::into),
                specifier: asked.specifier.as_deref().map(Into::into),
                extras: asked.extras.clone(),
                marker: None,
            };
            if let Some(package) = self.pick(&edge) {
                self.start(index, asked, package);
            }
        }
        // A script, or a workspace without a project, asks for itself.
        let lock = self.lock;
        if lock.kind == LockKind::Uv {
            let groups = lock.groups.iter().filter(|(name, _)| request.groups.contains(name));
            let edges = lock.requirements.iter().chain(groups.flat_map(|(_, edges)| edges));
            for edge in edges {
                if self.allows(edge.marker.as_ref(), &Part::Own)
                    && let Some(package) = self.pick(edge)
                {
                    let asked = Asked::new(edge.name.clone(), edge.extras.clone());
                    self.start(usize::MAX, &asked, package);
                }
            }
        }
        while let Some((package, part)) = self.queue.pop_front() {
            self.follow(package, &part);
        }
    }

    fn start(&mut self, index: usize, asked: &Asked, package: usize) {
        let mut parts = Vec::new();
        if asked.main {
            parts.push(Part::Own);
            parts.extend(asked.extras.iter().cloned().map(Part::Extra));
        }
        parts.extend(asked.groups.iter().cloned().map(Part::Group));
        let node = self.member(package);
        if asked.main {
            self.note_extras(node, &asked.extras);
        }
        Arc::make_mut(&mut self.closure.graph).add_start(Start { asked: index, node, parts: parts.clone() });
        for part in parts {
            self.visit(package, part);
        }
    }

    fn visit(&mut self, package: usize, part: Part) {
        if self.seen.insert((package, part.clone())) {
            self.queue.push_back((package, part));
        }
    }

    /// The number of a package among the members.
    fn member(&mut self, package: usize) -> usize {
        if let Some(&place) = self.places.get(&package) {
            return place;
        }
        let files = self.lock.packages.get(package).map(|package| package.files.as_slice()).unwrap_or_default();
        let wheel = wheel::best(files.iter().map(|file| &*file.name), self.platform);
        let place = Arc::make_mut(&mut self.closure.graph).add_node();
        self.closure.members.push(Member { package, extras: Vec::new(), wheel });
        self.places.insert(package, place);
        place
    }

    fn note_extras(&mut self, node: usize, extras: &[PackageName]) {
        let Some(member) = self.closure.members.get_mut(node) else { return };
        for extra in extras {
            if !member.extras.contains(extra) {
                member.extras.push(extra.clone());
            }
        }
    }

    /// Takes the edges of one part of a package.
    fn follow(&mut self, package: usize, part: &Part) {
        let lock = self.lock;
        let Some(locked) = lock.packages.get(package) else { return };
        let edges: &[Edge] = match part {
            Part::Own => &locked.dependencies,
            Part::Extra(extra) => locked.extra(extra),
            Part::Group(group) => {
                let wanted = PackageName::new(group);
                let found = locked.groups.iter().find(|(name, _)| PackageName::new(name) == wanted);
                found.map_or(&[], |(_, edges)| edges.as_slice())
            }
        };
        for edge in edges {
            if self.collects {
                let new = edge.extras.iter().map(|extra| chosen_extra(&edge.name, extra));
                let new: Vec<PackageName> = new.filter(|extra| !self.active.contains(extra)).collect();
                let before = self.active.len();
                if before < ACTIVE_LIMIT {
                    self.active.extend(new);
                }
                if !self.allows(edge.marker.as_ref(), part) {
                    self.active.truncate(before);
                    continue;
                }
            } else if !self.allows(edge.marker.as_ref(), part) {
                continue;
            }
            let Some(target) = self.pick(edge) else { continue };
            let (from, to) = (self.member(package), self.member(target));
            self.note_extras(to, &edge.extras);
            Arc::make_mut(&mut self.closure.graph).add_link(Link {
                from,
                part: part.clone(),
                to,
                extras: edge.extras.clone(),
            });
            self.visit(target, Part::Own);
            for extra in &edge.extras {
                self.visit(target, Part::Extra(extra.clone()));
            }
        }
    }

    /// Whether `marker` holds for an edge of `part`, or cannot be decided.
    fn allows(&mut self, marker: Option<&Arc<str>>, part: &Part) -> bool {
        let Some(marker) = marker else { return true };
        let truth = if self.lock.kind == LockKind::Uv {
            if self.collects {
                evaluate_chosen(marker, self.platform, &self.active)
            } else {
                let address = marker.as_ptr();
                if let Some(&truth) = self.decided.get(&address) {
                    truth
                } else {
                    let truth = evaluate_chosen(marker, self.platform, &self.active);
                    self.decided.insert(address, truth);
                    truth
                }
            }
        } else {
            match part {
                Part::Extra(extra) => evaluate(marker, self.platform, std::slice::from_ref(extra)),
                Part::Own | Part::Group(_) => evaluate(marker, self.platform, &[]),
            }
        };
        if truth == Truth::Unknown && !self.undecided.contains(marker) {
            self.undecided.insert(Arc::clone(marker));
        }
        truth != Truth::False
    }

    /// The package that an edge means.
    fn pick(&mut self, edge: &Edge) -> Option<usize> {
        let places = self.lock.places(&edge.name);
        let places = places.get(..FORK_LIMIT).unwrap_or(places);
        let fitting = |place: &usize| {
            let package = self.lock.packages.get(*place)?;
            let version = edge.version.as_deref().is_none_or(|version| version == package.version);
            let source = edge.source.is_none() || edge.source.as_deref() == package.source.as_deref();
            let allowed = self.allowed.as_ref().is_none_or(|allowed| allowed.contains(place));
            (version && source && allowed && self.fits(package, edge)).then_some(*place)
        };
        let mut candidates: Vec<usize> = if let [only] = places {
            let allowed = self.allowed.as_ref().is_none_or(|allowed| allowed.contains(only));
            places.iter().copied().filter(|_| allowed).collect()
        } else {
            places.iter().filter_map(fitting).collect()
        };
        if candidates.len() > 1 {
            let version = |place: &usize| {
                self.lock.packages.get(*place).and_then(|package| Version::from_str(&package.version).ok())
            };
            candidates.sort_by_key(version);
        }
        if candidates.is_empty() && places.is_empty() && !self.closure.missing.contains(&edge.name) {
            self.closure.missing.push(edge.name.clone());
        }
        // What is asked for by name decides for all that need it, where an environment holds one version of each.
        let known = candidates.iter().copied().find(|place| self.places.contains_key(place));
        known.filter(|_| self.lock.kind != LockKind::Uv).or(candidates.pop())
    }

    /// Whether a fork of a package can be the one that `edge` means here.
    fn fits(&self, package: &LockedPackage, edge: &Edge) -> bool {
        let decide = |marker: &Arc<str>| match self.lock.kind {
            LockKind::Uv => evaluate_chosen(marker, self.platform, &self.active),
            _ => evaluate(marker, self.platform, &self.request.extras),
        };
        let fork = package.forks.is_empty() || package.forks.iter().any(|marker| decide(marker) != Truth::False);
        let marker = package.marker.as_ref().is_none_or(|marker| decide(marker) != Truth::False);
        let accepted = edge.specifier.as_deref().is_none_or(|specifier| {
            let mut clauses = specifier.split(',').map(str::trim).filter(|clause| !clause.is_empty());
            clauses.all(|clause| satisfies(clause, &package.version) != Some(false))
        });
        fork && marker && accepted && self.runs_on_python(package)
    }

    fn runs_on_python(&self, package: &LockedPackage) -> bool {
        let (Some((major, minor)), Some(versions)) = (self.platform.python, package.requires_python.as_deref()) else {
            return true;
        };
        let (Ok(specifiers), Ok(version)) = (
            VersionSpecifiers::from_str(versions),
            // Bounds such as `<3.12.4` are seldom and let both sides in.
            Version::from_str(&format!("{major}.{minor}.{}", self.platform.patch.unwrap_or(9))),
        ) else {
            return true;
        };
        specifiers.contains(&version)
    }

    /// What a lock that tells groups holds for the request.
    fn of_groups(&mut self) -> HashSet<usize> {
        let lock = self.lock;
        let request = self.request;
        let mut found = HashSet::new();
        for (index, package) in lock.packages.iter().enumerate() {
            let is_asked = |group: &String| {
                request.groups.contains(group)
                    || lock.kind == LockKind::Pdm
                        && request.extras.iter().any(|extra| *extra == PackageName::new(group))
            };
            let mut groups = package.memberships.iter().filter(|group| is_asked(group)).peekable();
            if groups.peek().is_none() && !package.memberships.is_empty() {
                continue;
            }
            let mut markers: Vec<&Arc<str>> = Vec::new();
            let mut always = package.group_markers.is_empty() && package.marker.is_none();
            for group in groups {
                let own = package.group_markers.iter().find(|(name, _)| name == group);
                match own {
                    Some((_, marker)) => markers.push(marker),
                    None => always |= package.marker.is_none(),
                }
            }
            markers.extend(&package.marker);
            let truth = markers.iter().map(|marker| evaluate(marker, self.platform, &request.extras));
            let truth = if always { Truth::True } else { truth.fold(Truth::False, Truth::or) };
            if truth == Truth::Unknown {
                self.undecided.extend(markers.into_iter().map(Arc::clone));
            }
            if truth != Truth::False && (lock.kind == LockKind::Pylock || self.runs_on_python(package)) {
                found.insert(index);
            }
        }
        if lock.kind == LockKind::Pipfile {
            // Categories may pin a package in different versions: that of the first one is taken.
            let place = |index: &usize| {
                let groups =
                    lock.packages.get(*index).map(|package| package.memberships.as_slice()).unwrap_or_default();
                request.groups.iter().position(|group| groups.contains(group))
            };
            let mut ordered: Vec<usize> = found.drain().collect();
            ordered.sort_by_key(|index| (place(index), *index));
            let mut names = HashSet::new();
            ordered.retain(|&index| lock.packages.get(index).is_some_and(|package| names.insert(&package.name)));
            found.extend(ordered);
        }
        found
    }

    /// Adds what the groups bring and no edge led to.
    fn add_rest(&mut self) {
        let mut rest: Vec<usize> = self.allowed.iter().flatten().copied().collect();
        rest.sort_unstable();
        let lock = self.lock;
        let follows = lock.kind == LockKind::PoetryGroups && !self.request.asked.is_empty();
        if follows {
            // The build of a package that another extra chooses, and what only that one needs, are in the same group.
            let edges = lock.packages.iter().flat_map(|package| &package.dependencies);
            let mut known: HashSet<&PackageName> = edges.map(|edge| &edge.name).collect();
            let members = self.closure.members.iter().filter_map(|member| lock.packages.get(member.package));
            known.extend(members.map(|package| &package.name));
            rest.retain(|&place| lock.packages.get(place).is_some_and(|package| !known.contains(&package.name)));
        }
        for package in rest {
            self.member(package);
            if follows {
                self.visit(package, Part::Own);
            }
        }
        while let Some((package, part)) = self.queue.pop_front() {
            self.follow(package, &part);
        }
    }

    fn finish(mut self) -> Closure {
        let mut undecided: Vec<Arc<str>> = self.undecided.into_iter().collect();
        undecided.sort();
        self.closure.undecided = undecided;
        self.closure.missing.sort();
        self.closure
    }
}
