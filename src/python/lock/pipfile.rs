//! `Pipfile.lock`: categories of packages, in JSON.

use serde_json::Value;

use crate::python::PackageName;
use crate::text::TextRange;

use super::reader::membership;
use super::{Lock, LockKind, LockedPackage};

/// Reads the text; nothing when it is not JSON.
pub(super) fn parse(text: &str) -> Lock {
    let mut lock = Lock { kind: LockKind::Pipfile, ..Lock::default() };
    let Ok(Value::Object(root)) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
        return lock;
    };
    let names = Names::of(text);
    for (category, members) in root.iter().filter(|(category, _)| *category != "_meta") {
        let Value::Object(members) = members else { continue };
        for (name, entry) in members {
            let string = |key: &str| entry.get(key).and_then(Value::as_str);
            let mut package = LockedPackage::new();
            package.name = PackageName::new(name);
            package.version = string("version").unwrap_or_default().trim_start_matches('=').to_owned();
            package.source = ["git", "file", "path", "index"].into_iter().find_map(string).map(str::to_owned);
            package.is_local = string("path").is_some();
            package.marker = string("markers").map(Into::into);
            package.memberships = vec![membership(category)];
            (package.line, package.range) = names.place(category, name);
            // A package in two categories is one package.
            let same = lock.packages.iter_mut().find(|other| {
                (&other.name, &other.version, &other.marker) == (&package.name, &package.version, &package.marker)
            });
            match same {
                Some(other) => other.memberships.append(&mut package.memberships),
                None => lock.packages.push(package),
            }
        }
    }
    let version = root.get("_meta").and_then(|meta| meta.get("requires")?.get("python_version")?.as_str());
    lock.requires_python = version.map(|version| format!("=={version}.*"));
    lock
}

/// Where keys that open an object stand.
struct Names<'t> {
    /// Key, line, range, in file order.
    keys: Vec<(&'t str, u32, TextRange)>,
}

impl<'t> Names<'t> {
    fn of(text: &'t str) -> Self {
        let mut keys = Vec::new();
        let mut offset = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let body = line.trim();
            if let Some(key) = body.strip_prefix('"').and_then(|rest| rest.split('"').next())
                && body.ends_with('{')
            {
                let start = offset + line.find('"').unwrap_or_default() + 1;
                keys.push((key, index as u32 + 1, TextRange::from_usize(start, start + key.len())));
            }
            offset += line.len();
        }
        Self { keys }
    }

    /// The line and range of `name` in `category`; the start when it is not laid out as pipenv does.
    fn place(&self, category: &str, name: &str) -> (u32, TextRange) {
        let from = self.keys.iter().position(|(key, ..)| *key == category).unwrap_or_default();
        let found = self.keys.iter().skip(from).find(|(key, ..)| *key == name);
        found.map_or((1, TextRange::empty(0)), |&(_, line, range)| (line, range))
    }
}
