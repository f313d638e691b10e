use crate::text::TextRange;

use super::PackageName;
use super::marker::{self, Truth};
use super::scanner::{Scanner, range_at};

/// The machine an image runs on, as markers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// `platform_machine`, such as `x86_64` or `aarch64`.
    pub machine: String,
    /// `python_version` as major and minor; `None` when the base image does not tell.
    pub python: Option<(u32, u32)>,
    /// The patch release of Python; `None` when the base image does not tell, or names only the minor one.
    pub patch: Option<u32>,
    /// The C library, which decides between manylinux and musllinux wheels.
    pub libc: Libc,
}

/// A C library, with the minor version: glibc 2.N, musl 1.N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libc {
    /// The GNU C library: Debian, Ubuntu, Red Hat and most others.
    Glibc(u32),
    /// musl: Alpine.
    Musl(u32),
}

impl Platform {
    /// Whether `marker` can hold here (on Linux and `CPython`) with `extras` active. What cannot be decided counts as true.
    #[must_use]
    pub fn allows(&self, marker: &str, extras: &[PackageName]) -> bool {
        marker::evaluate(marker, self, extras) != Truth::False
    }
}

impl Default for Platform {
    fn default() -> Self {
        // glibc of Debian 12.
        Self { machine: "x86_64".to_owned(), python: None, patch: None, libc: Libc::Glibc(36) }
    }
}

/// One requirement: a distribution with extras, versions and a marker, wherever it was written.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The distribution.
    pub name: PackageName,
    /// Extras in normal form, in the order written.
    pub extras: Vec<PackageName>,
    /// The version specifiers as written, without spaces (`==2.2.0`, `>=1,<2`); empty when there are none.
    pub specifier: String,
    /// The direct reference behind `@`, or the path or URL itself when there is no name of its own.
    pub url: Option<String>,
    /// The marker as written behind `;`.
    pub marker: Option<String>,
    /// Where the requirement stands in its text, from the name to the end of the marker.
    pub range: TextRange,
    /// Where the name stands.
    pub name_range: TextRange,
}

impl Requirement {
    /// Reads one PEP 508 requirement. `offset` is added to all ranges. `None` when it is not one.
    ///
    /// As lenient as pip: spaces, `name (>=1)`, a comma at the end. A bare URL, VCS reference or path is one when its name can
    /// be told from `#egg=` (pip's documentation, "VCS Support") or from a wheel's file name. A marker is not validated here.
    #[must_use]
    pub fn parse(text: &str, offset: u32) -> Option<Self> {
        if first_word(text).contains(['/', '\\']) || is_archive(first_word(text)) {
            named(text, offset).filter(|requirement| requirement.url.is_some()).or_else(|| bare(text, offset))
        } else {
            named(text, offset)
        }
    }

    /// Whether the marker can hold on `platform` (Linux, `CPython`) with `extras` active. What cannot be decided counts as true.
    #[must_use]
    pub fn applies(&self, platform: &Platform, extras: &[PackageName]) -> bool {
        self.marker.as_deref().is_none_or(|marker| platform.allows(marker, extras))
    }

    /// The version of a `==X` or `===X` pin without wildcard, such as `2.2.0` or `2.9.1+cpu`.
    #[must_use]
    pub fn pinned(&self) -> Option<&str> {
        self.specifier.split(',').find_map(|clause| {
            let version = clause.strip_prefix("===").or_else(|| clause.strip_prefix("=="))?;
            (!version.is_empty() && !version.contains(['*', '$', '{'])).then_some(version)
        })
    }

    /// Whether `version` satisfies the specifiers (PEP 440); `None` when it cannot be told, as for a direct reference.
    ///
    /// Pre-releases are accepted where they lie in the range; a local version satisfies a pin without one.
    #[must_use]
    pub fn accepts(&self, version: &str) -> Option<bool> {
        if self.url.is_some() {
            return None;
        }
        let clauses = self.specifier.split(',').filter(|clause| !clause.is_empty());
        let verdicts: Vec<Option<bool>> = clauses.map(|clause| marker::satisfies(clause, version)).collect();
        if verdicts.contains(&Some(false)) {
            return Some(false);
        }
        (!verdicts.contains(&None)).then_some(true)
    }

    /// The same requirement with each range `r` replaced by `map(r)`.
    pub(super) fn with_ranges(mut self, map: impl Fn(TextRange) -> TextRange) -> Self {
        self.range = map(self.range);
        self.name_range = map(self.name_range);
        self
    }
}

/// Whether `text` is a path or URL rather than a name, by pip's rules: a scheme, a separator, a leading dot, or an archive's suffix.
pub(super) fn is_reference(text: &str) -> bool {
    let word = first_word(text);
    let path = word.split(['#', '[']).next().unwrap_or_default();
    word.starts_with(['.', '/', '~', '$'])
        || path.contains(['/', '\\'])
        || word.starts_with("file:")
        || is_archive(word)
}

/// The reference at the beginning of `text`, without the marker, and what follows ` ;`.
pub(super) fn split_reference(text: &str) -> (&str, Option<&str>) {
    let reference = first_word(text);
    let rest = text.get(reference.len()..).unwrap_or_default();
    match reference.strip_suffix(';') {
        Some(reference) => (reference, Some(rest)),
        None => (reference, rest.trim_start().strip_prefix(';')),
    }
}

fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or_default()
}

fn is_archive(word: &str) -> bool {
    let path = word.split(['#', '?', '[', ';']).next().unwrap_or_default();
    [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar"].iter().any(|suffix| path.ends_with(suffix))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn take_name<'a>(scanner: &mut Scanner<'a>) -> Option<&'a str> {
    let name = scanner.take_while(is_name_byte);
    let ends_well =
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    ends_well.then_some(name)
}

/// `[a, b]`, when it stands here.
fn take_extras(scanner: &mut Scanner<'_>) -> Option<Vec<PackageName>> {
    let mut extras = Vec::new();
    if !scanner.eat("[") {
        return Some(extras);
    }
    loop {
        scanner.skip_blank();
        if scanner.eat("]") {
            return Some(extras);
        }
        extras.push(PackageName::new(take_name(scanner)?));
        scanner.skip_blank();
        if !scanner.eat(",") {
            return scanner.eat("]").then_some(extras);
        }
    }
}

/// `>=1, <2`, in parentheses or not.
fn take_specifier(scanner: &mut Scanner<'_>) -> Option<String> {
    let parenthesised = scanner.eat("(");
    let mut specifier = String::new();
    let mut end = scanner.clone();
    loop {
        scanner.skip_blank();
        let operator = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"].into_iter().find(|token| scanner.eat(token));
        let Some(operator) = operator else { break };
        scanner.skip_blank();
        let version = scanner.take_while(|byte| !byte.is_ascii_whitespace() && !b",;()<>=~#'\"".contains(&byte));
        if version.is_empty() {
            return None;
        }
        if !specifier.is_empty() {
            specifier.push(',');
        }
        specifier.push_str(operator);
        specifier.push_str(version);
        end = scanner.clone();
        scanner.skip_blank();
        if !scanner.eat(",") {
            break;
        }
        end = scanner.clone();
    }
    if parenthesised {
        scanner.skip_blank();
        return scanner.eat(")").then_some(specifier);
    }
    *scanner = end;
    Some(specifier)
}

/// `name [extras] specifier ; marker` and `name [extras] @ url ; marker`.
fn named(text: &str, offset: u32) -> Option<Requirement> {
    let mut scanner = Scanner::new(text);
    scanner.skip_blank();
    let start = scanner.at();
    let name = take_name(&mut scanner)?;
    let name_end = scanner.at();
    let mut end = scanner.at();
    scanner.skip_blank();
    let has_extras = scanner.peek() == Some(b'[');
    let extras = take_extras(&mut scanner)?;
    if has_extras {
        end = scanner.at();
    }
    scanner.skip_blank();

    let mut url = None;
    let mut specifier = String::new();
    let mut marker = None;
    if scanner.eat("@") {
        scanner.skip_blank();
        let (reference, rest) = split_reference(scanner.rest());
        let reference_start = scanner.at();
        if reference.is_empty() {
            return None;
        }
        end = reference_start + reference.len();
        marker = rest;
        if rest.is_none() && !text.get(end..)?.trim().is_empty() {
            return None;
        }
        url = Some(reference.to_owned());
    } else {
        let before = scanner.at();
        specifier = take_specifier(&mut scanner)?;
        if scanner.at() > before {
            end = scanner.at();
        }
        scanner.skip_blank();
        if scanner.eat(";") {
            marker = Some(scanner.rest());
        } else if !scanner.is_done() {
            return None;
        }
    }
    let marker = marker.map(str::trim).filter(|marker| !marker.is_empty());
    if marker.is_some() {
        end = text.trim_end().len();
    }
    Some(Requirement {
        name: PackageName::new(name),
        extras,
        specifier,
        url,
        marker: marker.map(str::to_owned),
        range: range_at(offset, start, end),
        name_range: range_at(offset, start, name_end),
    })
}

/// `git+https://…#egg=name[extras]`, `./name-1.0-py3-none-any.whl`, with a marker behind ` ;`.
fn bare(text: &str, offset: u32) -> Option<Requirement> {
    let start = text.len() - text.trim_start().len();
    let (reference, rest) = split_reference(text.trim_start());
    if rest.is_none() && text.trim().len() > reference.len() {
        return None;
    }
    let (name_start, name, extras) = egg(reference).or_else(|| wheel(reference))?;
    let marker = rest.map(str::trim).filter(|marker| !marker.is_empty());
    let end = if marker.is_some() { text.trim_end().len() } else { start + reference.len() };
    Some(Requirement {
        name: PackageName::new(name),
        extras,
        specifier: String::new(),
        url: Some(reference.to_owned()),
        marker: marker.map(str::to_owned),
        range: range_at(offset, start, end),
        name_range: range_at(offset, start + name_start, start + name_start + name.len()),
    })
}

fn egg(reference: &str) -> Option<(usize, &str, Vec<PackageName>)> {
    let fragment = reference.find('#')? + 1;
    let start = fragment + reference.get(fragment..)?.find("egg=")? + "egg=".len();
    let mut scanner = Scanner::new(reference.get(start..)?);
    let name = take_name(&mut scanner)?;
    Some((start, name, take_extras(&mut scanner).unwrap_or_default()))
}

/// A wheel's file name is `name-version(-build)?-python-abi-platform.whl` (PEP 427).
fn wheel(reference: &str) -> Option<(usize, &str, Vec<PackageName>)> {
    let path = reference.split(['#', '?']).next()?;
    let length = path.rfind(".whl")?;
    let mut scanner = Scanner::new(path.get(length + ".whl".len()..)?);
    let extras = take_extras(&mut scanner)?;
    let start = path.get(..length)?.rfind(['/', '\\', ':']).map_or(0, |slash| slash + 1);
    let stem = path.get(start..length)?;
    let name = stem.split('-').next()?;
    let complete = scanner.is_done() && matches!(stem.split('-').count(), 5 | 6);
    (complete && !name.is_empty() && name.bytes().all(is_name_byte)).then_some((start, name, extras))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let Some(found) = Requirement::parse(text, 100) else { return "none".to_owned() };
        let at = |range: TextRange| text[range.start() as usize - 100..range.end() as usize - 100].to_owned();
        assert_eq!(PackageName::new(&at(found.name_range)), found.name, "{text}");
        let extras: Vec<_> = found.extras.iter().map(PackageName::as_str).collect();
        let (url, marker) = (found.url.unwrap_or_default(), found.marker.unwrap_or_default());
        format!("{}|{}|{}|{url}|{marker}|{}", found.name, extras.join(","), found.specifier, at(found.range))
    }

    #[test]
    fn requirements_are_read_with_their_ranges() {
        for (text, expected) in [
            ("torch", "torch|||||torch"),
            (
                " Torch_Vision [ A.b , c ] >= 1.0 , < 2 ",
                "torch-vision|a-b,c|>=1.0,<2|||Torch_Vision [ A.b , c ] >= 1.0 , < 2",
            ),
            (
                "torch==2.9.1+cpu; sys_platform != 'darwin'",
                "torch||==2.9.1+cpu||sys_platform != 'darwin'|torch==2.9.1+cpu; sys_platform != 'darwin'",
            ),
            ("name (>=1)", "name||>=1|||name (>=1)"),
            ("name>=1,", "name||>=1|||name>=1,"),
            ("name[]", "name|||||name[]"),
            (
                "pip @ https://example.invalid/pip.zip ; os_name == 'nt'",
                "pip|||https://example.invalid/pip.zip|os_name == 'nt'|pip @ https://example.invalid/pip.zip ; os_name == 'nt'",
            ),
            ("pip[x]@file:///a/b", "pip|x||file:///a/b||pip[x]@file:///a/b"),
            (
                "git+https://${T}@example.invalid/a/b.git@v1#egg=Bee[y]&subdirectory=c",
                "bee|y||git+https://${T}@example.invalid/a/b.git@v1#egg=Bee[y]&subdirectory=c||git+https://${T}@example.invalid/a/b.git@v1#egg=Bee[y]&subdirectory=c",
            ),
            (
                "./w/demo_x-1.0-py3-none-any.whl[z] ; os_name == 'nt'",
                "demo-x|z||./w/demo_x-1.0-py3-none-any.whl[z]|os_name == 'nt'|./w/demo_x-1.0-py3-none-any.whl[z] ; os_name == 'nt'",
            ),
            ("demo_x-1.0-py3-none-any.whl", "demo-x|||demo_x-1.0-py3-none-any.whl||demo_x-1.0-py3-none-any.whl"),
            ("git+https://example.invalid/a/b.git", "none"),
            ("./x[extra]", "none"),
            ("name=1", "none"),
            ("name>=1 <2", "none"),
            ("name==", "none"),
            ("name @", "none"),
            ("a b", "none"),
            ("-x", "none"),
            ("", "none"),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn pins_and_versions_follow_pep_440() {
        for (text, version, accepted) in [
            ("a==2.0.1", "2.0.1+cpu", Some(true)),
            ("a==2.0.1+cpu", "2.0.1", Some(false)),
            ("a===2.0.1", "2.0.1", Some(true)),
            ("a>=1,<2", "2.0", Some(false)),
            ("a==2.1.*", "2", Some(false)),
            ("a==2.1.*", "2.1.7", Some(true)),
            ("a~=2.1", "2.9", Some(true)),
            ("a", "1", Some(true)),
            ("a>=one", "1", None),
            ("a>=one,<1", "1", Some(false)),
            ("a @ https://example.invalid/a.zip", "1", None),
        ] {
            assert_eq!(Requirement::parse(text, 0).unwrap().accepts(version), accepted, "{text} {version}");
        }
        for (text, pin) in [
            ("a==2.9.1+cpu", Some("2.9.1+cpu")),
            ("a===1", Some("1")),
            ("a==1.*", None),
            ("a>=1", None),
            ("a==${V}", None),
        ] {
            assert_eq!(Requirement::parse(text, 0).unwrap().pinned(), pin, "{text}");
        }
    }
}
