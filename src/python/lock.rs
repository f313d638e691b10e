//! Which versions a lock pins, and where they come from.

use super::PackageName;

/// A lock file's packages. The graph between them is not read.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// In file order; a name occurs several times when the lock forks.
    pub packages: Vec<LockedPackage>,
}

/// One `[[package]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// The distribution.
    pub name: PackageName,
    /// Its version; empty when the lock gives none (dynamic roots).
    pub version: String,
    /// The registry, URL, git or path it comes from, when the lock says.
    pub source: Option<String>,
    /// 1-based line of the `name` key.
    pub line: u32,
}

impl Lock {
    /// Reads `uv.lock`, `poetry.lock`, `pdm.lock` or `pylock.toml`; what is not understood is passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut packages: Vec<LockedPackage> = Vec::new();
        let mut section = Section::Other;
        let mut skip_until: Option<&str> = None;
        for (index, line) in text.lines().enumerate() {
            let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
            if let Some(end) = skip_until {
                let is_end = if end == "]" { line.starts_with(end) } else { line.contains(end) };
                if is_end {
                    skip_until = None;
                }
                continue;
            }
            if line.starts_with('[') {
                section = Section::of(line);
                if section == Section::Package {
                    packages.push(LockedPackage {
                        name: PackageName::new(""),
                        version: String::new(),
                        source: None,
                        line: 0,
                    });
                }
                continue;
            }
            // The writers of locks put keys at the line's start and indent the members of arrays.
            if section == Section::Other || !line.starts_with(|first: char| first.is_ascii_lowercase()) {
                continue;
            }
            let (Some((key, value)), Some(package)) = (line.split_once('='), packages.last_mut()) else { continue };
            let (key, value) = (key.trim_end(), value.trim());
            skip_until = opened(value);
            match (section, key) {
                (Section::Package, "name") => {
                    package.name = PackageName::new(string(value).unwrap_or_default());
                    package.line = index as u32 + 1;
                }
                (Section::Package, "version") => string(value).unwrap_or_default().clone_into(&mut package.version),
                (Section::Package, "source" | "vcs" | "archive" | "directory") => {
                    package.source = inline_source(value).or(package.source.take());
                }
                (Section::Package, "index" | "git" | "url" | "path") | (Section::Source, "url" | "path") => {
                    if let Some(found) = string(value) {
                        package.source = Some(found.to_owned());
                    }
                }
                _ => {}
            }
        }
        packages.retain(|package| !package.name.as_str().is_empty());
        Self { packages }
    }

    /// The entries of a distribution.
    pub fn find<'a>(&'a self, name: &'a PackageName) -> impl Iterator<Item = &'a LockedPackage> {
        self.packages.iter().filter(move |package| &package.name == name)
    }
}

/// Where in a lock a line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// In a `[[package]]` or `[[packages]]` (PEP 751).
    Package,
    /// In poetry's `[package.source]` or a `[packages.vcs]` and its like.
    Source,
    /// Anywhere else.
    Other,
}

impl Section {
    fn of(header: &str) -> Self {
        match header.split('#').next().unwrap_or_default().trim_end() {
            "[[package]]" | "[[packages]]" => Self::Package,
            "[package.source]" | "[packages.vcs]" | "[packages.archive]" | "[packages.directory]" => Self::Source,
            _ => Self::Other,
        }
    }
}

/// What closes a value that goes on over the following lines.
fn opened(value: &str) -> Option<&'static str> {
    if value.ends_with('[') {
        return Some("]");
    }
    ["\"\"\"", "'''"]
        .into_iter()
        .find(|quotes| value.starts_with(quotes) && !value.get(quotes.len()..).unwrap_or_default().contains(quotes))
}

/// The content of the string that `value` begins with. Names, versions and URLs hold no escapes.
fn string(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    value.get(1..)?.split_once(quote).map(|(content, _)| content)
}

/// The first of uv's and PEP 751's places in `{ registry = "…" }`.
fn inline_source(value: &str) -> Option<String> {
    let members = value.strip_prefix('{')?;
    ["registry", "url", "git", "path", "directory", "editable", "virtual"].into_iter().find_map(|kind| {
        members.match_indices(kind).find_map(|(at, _)| {
            let starts_member = members.get(..at)?.trim_end().chars().next_back().is_none_or(|before| before == ',');
            let place = members.get(at + kind.len()..)?.trim_start().strip_prefix('=')?.trim_start();
            starts_member.then(|| string(place)).flatten().map(str::to_owned)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Vec<String> {
        let lock = Lock::parse(text);
        let shown =
            |p: &LockedPackage| format!("{} {} {} {}", p.line, p.name, p.version, p.source.as_deref().unwrap_or("-"));
        lock.packages.iter().map(shown).collect()
    }

    #[test]
    fn uv_lock_is_read_past_its_arrays() {
        let text = "version = 1\r\n\r\n[[package]]\r\nname = \"demo-app\"\r\nsource = { virtual = \".\" }\r\ndependencies = [\r\n    { name = \"x\" },\r\n\
            name = \"no\"\r\n]\r\n\r\n[package.optional-dependencies]\r\nname = [\r\n    { name = \"y\" },\r\n]\r\n\r\n[[package]]\r\nname = \"Torch\"\r\n\
            version = \"2.9.1+cpu\"\r\nsource = { registry = \"https://download.pytorch.org/whl/cpu\" }\r\n";
        assert_eq!(show(text), ["4 demo-app  .", "17 torch 2.9.1+cpu https://download.pytorch.org/whl/cpu"]);
    }

    #[test]
    fn poetry_pdm_and_pylock_are_read() {
        let poetry = "[[package]]\nname = \"torch\"\nversion = \"2.9.1\"\ndescription = \"\"\"\nname = \"no\"\n\"\"\"\nfiles = [\n    {file = \"a\"},\n]\n\n\
            [package.dependencies]\nname = \"no\"\n\n[package.source]\ntype = \"legacy\"\nurl = \"https://example.invalid/simple\"\nreference = \"cpu\"\n\n[metadata]\nname = \"no\"\n";
        assert_eq!(show(poetry), ["2 torch 2.9.1 https://example.invalid/simple"]);
        let pdm = "[[package]]\nname = \"a\"\nversion = \"1\"\ngit = \"https://example.invalid/a.git\"\n\n[[package]]\nname = \"b\"\nversion = \"1\"\n";
        assert_eq!(show(pdm), ["2 a 1 https://example.invalid/a.git", "7 b 1 -"]);
        let pylock = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nindex = \"https://example.invalid/simple\"\n\
            wheels = [{ url = \"x\" }]\n[[packages]]\nname = 'b'\nvcs = { type = \"git\", url = \"u\" }\n[[packages]]\nname = \"c\"\n[packages.directory]\npath = \".\"\n";
        assert_eq!(show(pylock), ["3 a 1 https://example.invalid/simple", "8 b  u", "11 c  ."]);
    }
}
