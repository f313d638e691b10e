//! The packages of a `yarn.lock`, of Yarn 1 and of Yarn 2 and later.

use std::collections::{BTreeMap, BTreeSet};

/// One package of a lock.
#[derive(Debug, Default)]
pub(super) struct Locked<'t> {
    /// Its name.
    pub(super) name: &'t str,
    /// What it is asked for as: `nan@^2.14.0`, `nan@npm:^2.14.0`, `app@workspace:services/app`.
    keys: Vec<&'t str>,
    /// What it needs, with what it is asked for as.
    needs: Vec<(&'t str, &'t str)>,
    /// Those of them without which it is installed all the same.
    optional: Vec<&'t str>,
    /// Where it comes from, as `resolved` or `resolution` says.
    pub(super) origin: &'t str,
}

/// What fetches binaries, or finds those that the package brings.
const PREBUILT: [&str; 8] = [
    "prebuild-install",
    "prebuildify",
    "pkg-prebuilds",
    "node-gyp-build",
    "node-gyp-build-optional-packages",
    "node-pre-gyp",
    "@mapbox/node-pre-gyp",
    "@discordjs/node-pre-gyp",
];

impl<'t> Locked<'t> {
    fn is_needing(&self, name: &str) -> bool {
        self.needs.iter().any(|(other, _)| *other == name)
    }

    fn is_workspace(&self) -> bool {
        self.keys.iter().any(|key| key.contains("@workspace:"))
    }

    /// The address that Yarn clones with git. It takes archives from GitHub.
    pub(super) fn cloned(&self) -> Option<&'t str> {
        let begins = ["git+", "git://", "git@", "ssh://"].iter().any(|scheme| self.origin.starts_with(scheme));
        // `resolution: "tool@https://example.org/tool.git#commit=…"`
        let modern = self.origin.contains("#commit=") && !self.origin.contains("github.com");
        let classic = self.origin.split_once('#').is_some_and(|(address, _)| address.rsplit('.').next() == Some("git"));
        (begins || modern || classic && !self.origin.contains("#commit=")).then_some(self.origin)
    }
}

/// The packages that the text of a lock lists.
pub(super) fn packages(text: &str) -> Vec<Locked<'_>> {
    let mut packages: Vec<Locked<'_>> = Vec::new();
    let (mut section, mut member) = ("", "");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let plain = line.trim();
        if indent == 0 {
            let keys: Vec<&str> = plain.trim_end_matches(':').split(", ").map(|key| key.trim_matches('"')).collect();
            let name = keys.first().map_or("", |key| name_of(key));
            packages.push(Locked { name, keys, ..Locked::default() });
            section = "";
            continue;
        }
        let Some(package) = packages.last_mut() else { continue };
        let (key, value) = plain.split_once([' ']).unwrap_or((plain, ""));
        let (key, value) = (key.trim_end_matches(':').trim_matches('"'), value.trim_matches('"'));
        match (indent, section) {
            (2, _) => {
                section = key;
                if matches!(key, "resolved" | "resolution") {
                    let own = value.strip_prefix(package.name).and_then(|rest| rest.strip_prefix('@'));
                    package.origin = own.unwrap_or(value);
                }
            }
            (4, "dependencies") => package.needs.push((key, value)),
            (4, "optionalDependencies") => {
                package.needs.push((key, value));
                package.optional.push(key);
            }
            (4, "dependenciesMeta") => member = key,
            (6, "dependenciesMeta") if (key, value) == ("optional", "true") => package.optional.push(member),
            _ => {}
        }
    }
    packages
}

/// `@scope/name` of `@scope/name@npm:^1.0.0`.
fn name_of(key: &str) -> &str {
    let end = key.char_indices().skip(1).find(|(_, character)| *character == '@').map_or(key.len(), |(at, _)| at);
    key.get(..end).unwrap_or(key)
}

/// What the workspaces called `names` and all that they need bring; everything where one of them is not listed.
pub(super) fn reached<'p, 't>(packages: &'p [Locked<'t>], names: &[&str]) -> Vec<&'p Locked<'t>> {
    let mut by_key: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, package) in packages.iter().enumerate() {
        by_name.entry(package.name).or_default().push(index);
        for key in &package.keys {
            let range = key.strip_prefix(package.name).and_then(|rest| rest.strip_prefix('@')).unwrap_or_default();
            by_key.insert((package.name, range), index);
        }
    }
    let workspace = |name: &&str| packages.iter().position(|package| package.name == *name && package.is_workspace());
    let roots: Option<Vec<usize>> = names.iter().map(workspace).collect();
    let Some(mut open) = roots else { return packages.iter().collect() };
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    while let Some(index) = open.pop() {
        let Some(package) = packages.get(index).filter(|_| seen.insert(index)) else { continue };
        for need in &package.needs {
            match by_key.get(need) {
                Some(found) => open.push(*found),
                None => open.extend(by_name.get(need.0).into_iter().flatten()),
            }
        }
    }
    seen.into_iter().filter_map(|index| packages.get(index)).collect()
}

/// The packages with C++ code that nothing but a compiler makes: they need its helper `nan`, and nothing that fetches binaries. Those
/// that something can do without are left out.
pub(super) fn compiled<'p>(packages: &[&'p Locked<'_>]) -> Vec<&'p str> {
    let optional: BTreeSet<&str> = packages.iter().flat_map(|package| &package.optional).copied().collect();
    let is_compiled = |package: &&&Locked<'_>| {
        package.is_needing("nan")
            && !package.is_workspace()
            && !optional.contains(package.name)
            && !PREBUILT.iter().any(|helper| package.is_needing(helper))
    };
    packages.iter().filter(is_compiled).map(|package| package.name).collect()
}
