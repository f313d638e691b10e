//! What a `uv.lock` says of the manifest that it was made for.

use std::collections::{BTreeMap, BTreeSet};

use super::PackageName;

/// What is asked for: name → its specifiers, [normalised](specifiers), each time that it is, or `None` for one that comes from a path, a
/// URL or a repository.
pub type Locked = BTreeMap<PackageName, Vec<Option<BTreeSet<String>>>>;

/// `[package.metadata]` of a project in a `uv.lock`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedManifest {
    /// The dependencies of the project itself, those of extras left out.
    pub dependencies: Locked,
    /// Those of its extras.
    pub extras: BTreeMap<PackageName, Locked>,
    /// Those of its dependency groups, with what they include, by normalised name.
    pub groups: BTreeMap<PackageName, Locked>,
}

impl LockedManifest {
    /// The one of the project called `name`, which the lock itself installs from a folder; `None` when there is none, or when it is
    /// written in another way than uv writes it.
    #[must_use]
    pub fn parse(lock: &str, name: &PackageName) -> Option<Self> {
        let mut blocks = lock.split("\n[[package]]").skip(1);
        let own = blocks.find(|block| {
            let mut lines = block.lines().map(str::trim_end).take_while(|line| !line.starts_with("[package."));
            let named = lines.any(|line| line == format!("name = \"{name}\""));
            let local = block
                .lines()
                .any(|line| line.starts_with("source = { editable =") || line.starts_with("source = { virtual ="));
            named && local
        })?;
        let mut found = Self::default();
        let mut section = "";
        let mut lines = own.lines().map(str::trim_end).skip_while(|line| !line.starts_with("[package.metadata"));
        while let Some(line) = lines.next() {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            let Some((key, inline)) = line.split_once(" = ") else { continue };
            let group = match (section, key) {
                ("[package.metadata]", "requires-dist") => None,
                ("[package.metadata.requires-dev]", group) => Some(PackageName::new(group.trim_matches('"'))),
                _ => continue,
            };
            if let Some(group) = &group {
                found.groups.entry(group.clone()).or_default();
            }
            if inline == "[" {
                for line in lines.by_ref().take_while(|line| !line.starts_with(']')) {
                    found.entry(line.trim().trim_end_matches(','), group.as_ref())?;
                }
            } else {
                let entry = inline.strip_prefix('[')?.strip_suffix(']')?;
                if !entry.is_empty() {
                    found.entry(entry, group.as_ref())?;
                }
            }
        }
        Some(found)
    }

    /// `{ name = "requests", extras = ["socks"], marker = "…", specifier = ">=2" }`
    fn entry(&mut self, text: &str, group: Option<&PackageName>) -> Option<()> {
        let members = text.strip_prefix('{')?.strip_suffix('}')?;
        let value = |key: &str| {
            let at = members.find(&format!(" {key} = \""))?;
            members.get(at + key.len() + 5..)?.split('"').next()
        };
        let name = PackageName::new(value("name")?);
        let elsewhere = ["git", "url", "path", "directory", "editable", "virtual"];
        let known = !elsewhere.iter().any(|key| members.contains(&format!(" {key} = \"")));
        let specifiers = known.then(|| specifiers(value("specifier").unwrap_or_default()));
        let extra = value("marker").and_then(|marker| marker.split_once("extra == '")?.1.split('\'').next());
        let asked = match (group, extra) {
            (Some(group), _) => self.groups.entry(group.clone()).or_default(),
            (None, Some(extra)) => self.extras.entry(PackageName::new(extra)).or_default(),
            (None, None) => &mut self.dependencies,
        };
        asked.entry(name).or_default().push(specifiers);
        Some(())
    }
}

/// Specifiers one by one, without blanks and without the zeros in front of numbers: `>=2026.07.04` is `>=2026.7.4`.
#[must_use]
pub fn specifiers(text: &str) -> BTreeSet<String> {
    let parts = text.trim_matches(['(', ')', ' ']).split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let part: String = part.chars().filter(|character| !character.is_whitespace()).collect();
            let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
            let operator = part.get(..part.len() - version.len()).unwrap_or_default();
            let numbers: Vec<&str> = version
                .split('.')
                .map(|number| {
                    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                    let plain = if digits { number.trim_start_matches('0') } else { number };
                    if plain.is_empty() { "0" } else { plain }
                })
                .collect();
            format!("{operator}{}", numbers.join("."))
        })
        .collect()
}

/// Whether all specifiers are of plain releases, which have one way to be written: no `1.0-RC1`.
#[must_use]
pub fn are_plain(specifiers: &BTreeSet<String>) -> bool {
    specifiers.iter().all(|part| {
        let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
        version.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'*'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uv_writes_is_read() {
        let lock = "version = 1\n\n[[package]]\nname = \"other\"\nversion = \"1\"\nsource = { registry = \"https://example.invalid/simple\" }\n\n\
            [[package]]\nname = \"demo\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [\n    { name = \"requests\", extra = [\"socks\"] },\n]\n\n\
            [package.dev-dependencies]\ndev = [\n    { name = \"pytest\" },\n]\n\n[package.metadata]\nrequires-dist = [\n\
            \x20   { name = \"local\", editable = \"lib\" },\n    { name = \"requests\", extras = [\"socks\"], specifier = \">=2.07,<3\" },\n\
            \x20   { name = \"rich\", marker = \"extra == 'tui'\" },\n]\nprovides-extras = [\"tui\"]\n\n[package.metadata.requires-dev]\ndev = [{ name = \"pytest\" }]\n";
        let found = LockedManifest::parse(lock, &PackageName::new("demo")).expect("it is there");
        let expected = [
            (PackageName::new("local"), vec![None]),
            (PackageName::new("requests"), vec![Some(BTreeSet::from(["<3".to_owned(), ">=2.7".to_owned()]))]),
        ];
        assert_eq!(found.dependencies, BTreeMap::from(expected));
        let any = |name: &str| BTreeMap::from([(PackageName::new(name), vec![Some(BTreeSet::new())])]);
        assert_eq!(found.extras, BTreeMap::from([(PackageName::new("tui"), any("rich"))]));
        assert_eq!(found.groups, BTreeMap::from([(PackageName::new("dev"), any("pytest"))]));
        assert_eq!(LockedManifest::parse(lock, &PackageName::new("other")), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(
            specifiers(" >= 2026.07.04 , !=1.0.* "),
            BTreeSet::from([">=2026.7.4".to_owned(), "!=1.0.*".to_owned()])
        );
        assert!(are_plain(&specifiers("==1.*")) && !are_plain(&specifiers(">=1.0rc1")));
    }
}
