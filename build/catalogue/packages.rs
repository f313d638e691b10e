//! `packages.toml`: what Python packages weigh and pull.

use super::closures::Links;
use super::names::normal_key;
use super::reader::Section;
use super::{Tables, all, code, knowledge, only_one};
use crate::problem::Problem;

const KEYS: [&str; 12] = [
    "closure",
    "requires",
    "imports",
    "hints",
    "whole",
    "alternative",
    "musl",
    "musl_missing",
    "development",
    "basis",
    "evidence",
    "measured",
];
/// How facts were found.
pub const BASES: [&str; 3] = ["measured", "verified edge", "documented"];

/// One entry.
pub struct Entry {
    /// `name` or `name[extra]`.
    pub key: String,
    /// What it brings directly by key; an extra brings its plain package, where that is known.
    pub direct: Vec<String>,
    /// Bytes of the closure: wheels, installed, with `.pyc`.
    pub figures: Option<[u64; 3]>,
    code: String,
}

/// The tables of the file.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&[
        "packages",
        "torch-releases",
        "uv-releases",
        "ratios",
        "imports",
        "hints",
        "commands",
        "development",
        "variants",
        "collisions",
        "overlaps",
        "musl",
    ])
    .map_err(only_one)?;
    let section = root.section("packages").map_err(only_one)?;
    let mut entries = all(section.keys().map(|key| entry(&section, key)))?;
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    let links = Links::new(&entries);
    all(entries.iter().map(|entry| {
        let unknown = entry.direct.iter().find(|key| !links.knows(key));
        let wrong = unknown.map(|key| format!("`requires` names {key:?}, which has no entry"));
        let wrong = wrong.or_else(|| links.is_circular(&entry.key).then(|| "it requires itself".to_owned()));
        wrong.map_or(Ok(()), |message| Err(section.problem(&entry.key, &message)))
    }))?;
    let items: Vec<String> = entries.iter().map(|entry| entry.code.clone()).collect();
    let packages = code::table("All entries, sorted by key.", "PACKAGES", "Package", &items);
    let links = code::table("What stands behind the entry at the same place.", "LINKS", "Links", &links.code());
    let knowledge = knowledge::tables(root, &entries)?;
    Ok(vec![("catalogue-packages.rs", packages + &links), ("catalogue-knowledge.rs", knowledge)])
}

fn entry(packages: &Section<'_>, key: &str) -> Result<Entry, Problem> {
    let section = packages.section(key)?;
    section.only(&KEYS)?;
    if normal_key(key) != key {
        return Err(packages.problem(key, &format!("its normal form is {:?}", normal_key(key))));
    }
    let (name, extra) = match key.trim_end_matches(']').split_once('[') {
        Some((name, extra)) => (name, Some(extra)),
        None => (key, None),
    };
    let requires = section.texts("requires")?;
    if let Some(other) = requires.iter().find(|other| normal_key(other) != **other) {
        return Err(section.problem("requires", &format!("the normal form of {other:?} is {:?}", normal_key(other))));
    }
    let basis = section.some_choice("basis", &BASES)?;
    let closure = section.optional_section("closure")?.map(|closure| self::closure(&closure)).transpose()?;
    if closure.is_some() != (basis == "measured") {
        return Err(section.problem("basis", "it is \"measured\" when there is a closure, and only then"));
    }
    let code = format!(
        "Package {{ key: {key:?}, name: {name:?}, extra: {extra:?}, closure: {}, requires: &{requires:?}, imports: &{:?}, \
         hints: &{:?}, whole: &{:?}, alternative: {:?}, musl_missing: &{:?}, musl: {:?}, development: {}, basis: {basis:?}, \
         evidence: {:?}, measured: {:?} }}",
        code::option(closure.as_ref().map(|(code, _)| code.clone())),
        section.texts("imports")?,
        section.texts("hints")?,
        section.texts("whole")?,
        section.optional_text("alternative")?,
        section.texts("musl_missing")?,
        section.flag("musl")?,
        section.flag("development")?.unwrap_or(false),
        section.text("evidence")?,
        section.date("measured")?,
    );
    let plain = extra.map(|_| name).filter(|name| packages.keys().any(|key| key == *name));
    let direct = requires.into_iter().chain(plain).map(str::to_owned).collect();
    Ok(Entry { key: key.to_owned(), direct, figures: closure.map(|(_, figures)| figures), code })
}

/// The closure as Rust, and its bytes.
fn closure(section: &Section<'_>) -> Result<(String, [u64; 3]), Problem> {
    section.only(&["packages", "wheel", "installed", "compiled", "cpu"])?;
    let packages = section.number("packages")?;
    let (wheel, installed) = (section.some_megabytes("wheel")?, section.some_megabytes("installed")?);
    let compiled = section.megabytes("compiled")?.unwrap_or(installed);
    let cpu = section.megabytes("cpu")?;
    if compiled < installed {
        return Err(section.problem("compiled", "it is less than `installed`, but .pyc files only add"));
    }
    if cpu.is_some_and(|cpu| cpu >= installed) {
        return Err(section.problem("cpu", "it is not less than `installed`"));
    }
    let code = format!(
        "Closure {{ packages: {}, wheel_bytes: {}, installed_bytes: {}, compiled_bytes: {}, cpu_bytes: {} }}",
        code::optional_number(packages),
        code::number(wheel),
        code::number(installed),
        code::number(compiled),
        code::optional_number(cpu)
    );
    Ok((code, [wheel, installed, compiled]))
}
