//! `Pipfile.lock`: categories of packages, in JSON.

use std::collections::HashMap;

use serde_json::Value;

use crate::python::PackageName;
use crate::text::TextRange;

use super::{Lock, LockKind, LockedPackage, membership};

/// Reads the text; nothing when it is not JSON.
pub(super) fn parse(text: &str) -> Lock {
    let mut lock = Lock { kind: LockKind::Pipfile, ..Lock::default() };
    let Ok(Value::Object(root)) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
        return lock;
    };
    let names = Names::of(text);
    let mut known = HashMap::new();
    for (category, members) in root.iter().filter(|(category, _)| *category != "_meta") {
        let Value::Object(members) = members else { continue };
        for (name, entry) in members {
            let string = |key: &str| entry.get(key).and_then(Value::as_str);
            let mut package = LockedPackage::new();
            package.name = PackageName::new(name);
            string("version").unwrap_or_default().trim_start_matches('=').clone_into(&mut package.version);
            package.source = ["git", "file", "path", "index"].into_iter().find_map(string).map(str::to_owned);
            package.is_local = string("path").is_some();
            package.marker = string("markers").map(Into::into);
            package.memberships = vec![membership(category)];
            (package.line, package.range) = names.place(category, name);
            // A package in two categories is one package.
            let key = (package.name.clone(), package.version.clone(), package.marker.clone());
            if let Some(other) = known.get(&key).and_then(|&place: &usize| lock.packages.get_mut(place)) {
                other.memberships.append(&mut package.memberships);
            } else {
                known.insert(key, lock.packages.len());
                lock.packages.push(package);
            }
        }
    }
    let version = root.get("_meta").and_then(|meta| meta.get("requires")?.get("python_version")?.as_str());
    lock.requires_python = version.map(|version| format!("=={version}.*"));
    lock
}

/// Where keys that open an object stand.
struct Names<'t> {
    /// Line and range of each key, in file order.
    keys: HashMap<&'t str, Vec<(u32, TextRange)>>,
}

impl<'t> Names<'t> {
    fn of(text: &'t str) -> Self {
        let mut keys: HashMap<&str, Vec<(u32, TextRange)>> = HashMap::new();
        let mut offset = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let body = line.trim();
            let opens =
                |rest: &str| rest.trim_start().strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with('{'));
            if let Some((key, rest)) = body.strip_prefix('"').and_then(|rest| rest.split_once('"'))
                && opens(rest)
            {
                let start = offset + line.find('"').unwrap_or_default() + 1;
                let place = (index as u32 + 1, TextRange::from_usize(start, start + key.len()));
                keys.entry(key).or_default().push(place);
            }
            offset += line.len();
        }
        Self { keys }
    }

    /// The line and range of `name` in `category`; the start when it is not laid out as pipenv does.
    fn place(&self, category: &str, name: &str) -> (u32, TextRange) {
        let of = |key: &str| self.keys.get(key).map_or(&[][..], Vec::as_slice);
        let from = of(category).first().map_or(0, |&(line, _)| line);
        let found = of(name).iter().find(|&&(line, _)| line >= from);
        found.copied().unwrap_or((1, TextRange::empty(0)))
    }
}
