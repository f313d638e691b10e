//! The locks that are TOML: one pass over keys, told apart by what their values look like.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::python::PackageName;

use super::files::{files, read_file};
use super::poetry::{self, Extra};
use super::section::Section;
use super::toml::{Statement, Toml};
use super::{Lock, LockKind, LockedFile, LockedPackage, membership, pdm};

/// Reads the text of a lock in TOML.
pub(super) fn parse(text: &str) -> Lock {
    let mut reader = Reader::default();
    reader.read(text);
    reader.finish()
}

#[derive(Default)]
pub(super) struct Reader {
    lock: Lock,
    /// Markers repeat: each text is kept once.
    pub(super) markers: HashMap<Box<str>, Arc<str>>,
    /// Files that poetry 1 lists at the end, by the name of their package.
    files: HashMap<PackageName, Vec<LockedFile>>,
    /// Poetry's dependencies and extras of the package that is being read.
    dependencies: Vec<poetry::Dependency>,
    extras: Vec<Extra>,
    /// Extras that an entry of pdm is about, by index of the package.
    variants: HashMap<usize, Vec<PackageName>>,
}

impl Reader {
    fn read(&mut self, text: &str) {
        let mut toml = Toml::new(text);
        let mut section = Section::Top;
        while let Some(statement) = toml.statement() {
            match statement {
                Statement::Header(keys, array) => {
                    section = Section::of(&keys);
                    match (&section, array) {
                        (Section::Package, true) => {
                            self.end_package();
                            self.lock.packages.push(LockedPackage::new());
                        }
                        (Section::Dependency, _) => {
                            let name = keys.last().map_or("", AsRef::as_ref);
                            self.dependencies.push(poetry::Dependency::new(PackageName::new(name)));
                        }
                        (Section::File, _) => self.push_file(LockedFile { name: "".into(), bytes: None }),
                        (Section::Package, false) => section = Section::Other,
                        _ => {}
                    }
                }
                // `a.b = 1` says nothing that is read.
                Statement::Key(_, false) => toml.skip_value(),
                Statement::Key(key, true) => self.pair(&section, &key, &mut toml),
            }
        }
        self.end_package();
    }

    fn pair(&mut self, section: &Section, key: &str, toml: &mut Toml<'_>) {
        match section {
            Section::Top => self.top(key, toml),
            Section::Package => self.package(key, toml),
            Section::Dependencies => {
                let mut found = Vec::new();
                poetry::dependencies(&PackageName::new(key), toml, &mut found);
                self.dependencies.append(&mut found);
            }
            Section::Dependency => match self.dependencies.last_mut() {
                Some(dependency) => dependency.read(key, toml),
                None => toml.skip_value(),
            },
            Section::PackageExtras => {
                let members = toml.strings();
                self.extras.push(Extra::new(key, &members));
            }
            Section::OptionalDependencies => {
                let edges = self.edges(toml);
                if let Some(package) = self.lock.packages.last_mut() {
                    package.extras.push((PackageName::new(key), edges));
                }
            }
            Section::DevDependencies => {
                let edges = self.edges(toml);
                if let Some(package) = self.lock.packages.last_mut() {
                    package.groups.push((key.to_owned(), edges));
                }
            }
            Section::PackageMetadata if key == "requires-dist" => {
                let requirements = self.requirements(toml);
                if let Some(package) = self.lock.packages.last_mut() {
                    package.manifest.dependencies = requirements;
                }
            }
            Section::RequiresDev => {
                let requirements = self.requirements(toml);
                if let Some(package) = self.lock.packages.last_mut() {
                    package.manifest.groups.push((key.to_owned(), requirements));
                }
            }
            Section::Source(local) => {
                let value = toml.string();
                let Some(package) = self.lock.packages.last_mut() else { return };
                match (key, value) {
                    ("url" | "path", Some(value)) => package.source = Some(value.into_owned()),
                    ("type", Some(value)) => package.is_local |= value == "directory",
                    _ => {}
                }
                package.is_local |= local;
            }
            Section::File => {
                let Some(package) = self.lock.packages.last_mut() else { return toml.skip_value() };
                let Some(file) = package.files.last_mut() else { return toml.skip_value() };
                read_file(file, key, toml);
            }
            Section::Manifest => match key {
                "members" => {
                    let members = toml.strings();
                    self.lock.members = members.iter().map(|name| PackageName::new(name)).collect();
                }
                "requirements" => self.lock.requirements = self.edges(toml),
                _ => toml.skip_value(),
            },
            Section::ManifestGroups => {
                let edges = self.edges(toml);
                self.lock.groups.push((key.to_owned(), edges));
            }
            Section::Metadata => self.metadata(key, toml),
            Section::MetadataFiles => {
                let files = files(toml);
                self.files.insert(PackageName::new(key), files);
            }
            Section::Extras => {
                let members = toml.strings().iter().map(|name| PackageName::new(name)).collect();
                self.lock.extras.push((PackageName::new(key), members));
            }
            Section::PackageMetadata | Section::Other => toml.skip_value(),
        }
    }

    fn top(&mut self, key: &str, toml: &mut Toml<'_>) {
        match key {
            "version" => {
                toml.skip_value();
                self.lock.kind = LockKind::Uv;
            }
            "lock-version" => {
                toml.skip_value();
                self.lock.kind = LockKind::Pylock;
            }
            "requires-python" => self.lock.requires_python = toml.string().map(Cow::into_owned),
            "conflicts" => {
                toml.skip_value();
                self.lock.conflicts = true;
            }
            _ => toml.skip_value(),
        }
    }

    fn metadata(&mut self, key: &str, toml: &mut Toml<'_>) {
        match key {
            "lock-version" => {
                let version = toml.string().unwrap_or_default();
                let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
                let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
                let groups = (major, minor) >= (Some(2), Some(1));
                self.lock.kind = if groups { LockKind::PoetryGroups } else { LockKind::Poetry };
            }
            "content-hash" if self.lock.kind == LockKind::Unknown => {
                toml.skip_value();
                self.lock.kind = LockKind::Poetry;
            }
            "lock_version" | "content_hash" => {
                toml.skip_value();
                self.lock.kind = LockKind::Pdm;
            }
            "groups" => self.lock.locked_groups = toml.strings().into_iter().map(Cow::into_owned).collect(),
            "python-versions" => self.lock.requires_python = toml.string().map(Cow::into_owned),
            _ => toml.skip_value(),
        }
    }

    fn package(&mut self, key: &str, toml: &mut Toml<'_>) {
        let line = if key == "name" { toml.line() } else { 0 };
        let Some(package) = self.lock.packages.last_mut() else { return toml.skip_value() };
        match key {
            "name" => {
                if let Some((name, range)) = toml.ranged_string() {
                    package.name = PackageName::new(&name);
                    package.range = range;
                    package.line = line;
                }
            }
            "version" => package.version = toml.string().map(Cow::into_owned).unwrap_or_default(),
            "source" | "vcs" | "directory" => {
                let directory = key == "directory";
                toml.members(|toml, kind| {
                    let value = toml.string();
                    let is_place =
                        matches!(kind, "registry" | "url" | "git" | "path" | "directory" | "editable" | "virtual");
                    if let Some(value) = value.filter(|_| is_place) {
                        package.source = Some(value.into_owned());
                        package.is_local |= directory || matches!(kind, "directory" | "editable" | "virtual");
                        package.is_virtual |= kind == "virtual";
                        package.is_editable |= kind == "editable";
                    }
                });
            }
            "archive" => {
                let mut file = LockedFile { name: "".into(), bytes: None };
                toml.members(|toml, key| {
                    if let Some(place) = read_file(&mut file, key, toml) {
                        package.source = Some(place.into_owned());
                    }
                });
                package.files.push(file);
            }
            "index" | "git" | "url" | "path" => {
                if let Some(place) = toml.string() {
                    package.is_local |= key == "path" && !place.ends_with(".whl") && !place.ends_with(".gz");
                    package.source = Some(place.into_owned());
                }
            }
            "wheels" | "files" => package.files.append(&mut files(toml)),
            "sdist" => {
                if toml.is_table() {
                    let mut file = LockedFile { name: "".into(), bytes: None };
                    toml.members(|toml, key| {
                        read_file(&mut file, key, toml);
                    });
                    package.files.push(file);
                } else {
                    toml.skip_value();
                }
            }
            "groups" => package.memberships = toml.strings().into_iter().map(|name| membership(&name)).collect(),
            // Poetry 1 told its two groups this way.
            "category" => package.memberships.extend(toml.string().map(|name| membership(&name))),
            "python-versions" | "requires_python" | "requires-python" => {
                package.requires_python = toml.string().map(Into::into);
            }
            "optional" => package.optional = toml.is_true(),
            "dependencies" => {
                let mut edges = self.edges(toml);
                if let Some(package) = self.lock.packages.last_mut() {
                    package.dependencies.append(&mut edges);
                }
            }
            "extras" => {
                let extras: Vec<_> = toml.strings().iter().map(|extra| PackageName::new(extra)).collect();
                if !extras.is_empty() {
                    self.variants.insert(self.lock.packages.len() - 1, extras);
                }
            }
            "marker" | "markers" if toml.is_table() => {
                let mut found = Vec::new();
                toml.members(|toml, group| {
                    found.extend(toml.string().map(|marker| (membership(group), marker.into_owned())));
                });
                for (group, marker) in found {
                    let marker = self.marker(&marker);
                    if let Some(package) = self.lock.packages.last_mut() {
                        package.group_markers.push((group, marker));
                    }
                }
            }
            "marker" | "markers" => {
                let marker = toml.string().map(|marker| self.marker(&marker));
                if let Some(package) = self.lock.packages.last_mut() {
                    package.marker = marker;
                }
            }
            "resolution-markers" => {
                let forks = toml.strings();
                let forks: Vec<_> = forks.iter().map(|marker| self.marker(marker)).collect();
                if let Some(package) = self.lock.packages.last_mut() {
                    package.forks = forks;
                }
            }
            _ => toml.skip_value(),
        }
    }

    fn push_file(&mut self, file: LockedFile) {
        if let Some(package) = self.lock.packages.last_mut() {
            package.files.push(file);
        }
    }

    /// Turns what poetry wrote about the last package into edges.
    fn end_package(&mut self) {
        let (dependencies, extras) = (std::mem::take(&mut self.dependencies), std::mem::take(&mut self.extras));
        let Some(mut package) = self.lock.packages.pop() else { return };
        if package.name.as_str().is_empty() {
            self.variants.remove(&self.lock.packages.len());
            return;
        }
        poetry::connect(&mut package, dependencies, &extras, |marker| self.marker(marker));
        self.lock.packages.push(package);
    }

    fn finish(mut self) -> Lock {
        for package in self.lock.packages.iter_mut().filter(|package| package.files.is_empty()) {
            package.files = self.files.get(&package.name).cloned().unwrap_or_default();
        }
        if self.lock.kind == LockKind::Pdm {
            pdm::fold(&mut self.lock.packages, &self.variants);
        }
        self.lock
    }
}
