//! The smaller tables of `packages.toml`: import names, hints, development tools, releases of torch and uv, unpacked sizes.

use super::names::{normal_key, normal_name};
use super::packages::{BASES, Entry};
use super::reader::Section;
use super::{all, code, only_one};
use crate::problem::Problem;

/// The code of all of them.
pub fn tables(root: &Section<'_>, entries: &[Entry]) -> Result<String, Vec<Problem>> {
    let imports = lists(root, "imports", entries)?;
    let hints = lists(root, "hints", entries)?;
    let commands = commands(root)?;
    let development = development(root).map_err(only_one)?;
    let torch = torch(root)?;
    let uv = uv(root)?;
    let ratios = ratios(root).map_err(only_one)?;
    let variants = variants(root)?;
    let collisions = families(root, "collisions")?;
    let overlaps = families(root, "overlaps")?;
    let musl = musl(root, entries).map_err(only_one)?;
    let list = "(&str, &[&str])";
    Ok([
        code::table("Import names of packages without an entry, sorted by name.", "IMPORTS", list, &imports),
        code::table("Hints of packages without an entry, sorted by name.", "HINTS", list, &hints),
        code::table("Commands that are not called like their package, sorted by name.", "COMMANDS", list, &commands),
        code::table("Patterns of tools for developers.", "DEVELOPMENT", "&str", &development),
        code::table("Releases of torch, sorted by version as text.", "TORCH", "TorchRelease", &torch),
        code::table("Releases of uv, oldest first.", "UV", "UvRelease", &uv),
        code::table("Packages with a lighter one beside them, sorted by key.", "VARIANTS", "Variant", &variants),
        code::table("Distributions that write the same module, sorted by it.", "COLLISIONS", list, &collisions),
        code::table("Heavy packages for the same purpose, sorted by it.", "OVERLAPS", list, &overlaps),
        code::table("Packages without an entry and without a musl wheel.", "MUSL_MISSING", "&str", &musl),
        code::table("Unpacked bytes in percent of a wheel's; the first that fits.", "RATIOS", "(&str, u64)", &ratios),
    ]
    .concat())
}

/// `NAME = ["…", …]` for packages without an entry of their own.
fn lists(root: &Section<'_>, name: &str, entries: &[Entry]) -> Result<Vec<String>, Vec<Problem>> {
    let section = root.section(name).map_err(only_one)?;
    let mut rows = all(section.keys().map(|key| {
        if normal_name(key) != key {
            return Err(section.problem(key, &format!("its normal form is {:?}", normal_name(key))));
        }
        if entries.iter().any(|entry| entry.key == key) {
            return Err(section.problem(key, &format!("the entry packages.{key:?} has `{name}` of its own")));
        }
        Ok((key, section.some_texts(key)?))
    }))?;
    rows.sort_unstable();
    Ok(rows.iter().map(|(name, texts)| format!("({name:?}, &{texts:?})")).collect())
}

/// `NAME = ["…", …]` for packages with or without an entry of their own.
fn commands(root: &Section<'_>) -> Result<Vec<String>, Vec<Problem>> {
    let section = root.section("commands").map_err(only_one)?;
    let mut rows = all(section.keys().map(|key| {
        let commands = section.some_texts(key)?;
        if normal_name(key) != key || commands.contains(&key) {
            return Err(section.problem(key, "it must be in normal form, and not among its own commands"));
        }
        Ok((key, commands))
    }))?;
    rows.sort_unstable();
    Ok(rows.iter().map(|(name, texts)| format!("({name:?}, &{texts:?})")).collect())
}

fn development(root: &Section<'_>) -> Result<Vec<String>, Problem> {
    let section = root.section("development")?;
    section.only(&["names"])?;
    Ok(section.some_texts("names")?.iter().map(|name| format!("{name:?}")).collect())
}

fn torch(root: &Section<'_>) -> Result<Vec<String>, Vec<Problem>> {
    let section = root.section("torch-releases").map_err(only_one)?;
    let mut releases = all(section.keys().map(|version| Ok((version, release(&section, version)?))))?;
    releases.sort_unstable();
    Ok(releases.into_iter().map(|(_, code)| code).collect())
}

fn uv(root: &Section<'_>) -> Result<Vec<String>, Vec<Problem>> {
    let section = root.section("uv-releases").map_err(only_one)?;
    section.date("measured").map_err(only_one)?;
    let versions = section.keys().filter(|key| *key != "measured");
    let mut releases = all(versions.map(|version| {
        let wrong = || section.problem(version, "it is not a version such as \"0.9\"");
        let (major, minor) = version.split_once('.').ok_or_else(wrong)?;
        let number = |part: &str| part.parse::<u32>().map_err(|_| wrong());
        let release = (number(major)?, number(minor)?);
        let section = section.section(version)?;
        section.only(&["distribution", "program"])?;
        let bytes = |key| {
            let thousands = section.number(key)?.ok_or_else(|| section.problem(key, "it is missing"))?;
            Ok::<String, Problem>(code::number(thousands * 1000))
        };
        let (distribution, program) = (bytes("distribution")?, bytes("program")?);
        let code = format!(
            "UvRelease {{ version: {release:?}, distribution_bytes: {distribution}, program_bytes: {program} }}"
        );
        Ok((release, code))
    }))?;
    releases.sort_unstable();
    Ok(releases.into_iter().map(|(_, code)| code).collect())
}

/// `WHAT = ["…", "…"]` of distributions.
fn families(root: &Section<'_>, name: &str) -> Result<Vec<String>, Vec<Problem>> {
    let section = root.section(name).map_err(only_one)?;
    let mut rows = all(section.keys().map(|key| {
        let members = section.some_texts(key)?;
        if members.len() < 2 || members.iter().any(|member| normal_name(member) != *member) {
            return Err(section.problem(key, "it must name several distributions in normal form"));
        }
        Ok((key, members))
    }))?;
    rows.sort_unstable();
    Ok(rows.iter().map(|(what, members)| format!("({what:?}, &{members:?})")).collect())
}

fn musl(root: &Section<'_>, entries: &[Entry]) -> Result<Vec<String>, Problem> {
    let section = root.section("musl")?;
    section.only(&["missing", "measured"])?;
    section.date("measured")?;
    let names = section.some_texts("missing")?;
    if let Some(name) = names.iter().find(|name| entries.iter().any(|entry| entry.key == **name)) {
        return Err(section.problem("missing", &format!("{name} has an entry of its own")));
    }
    Ok(names.iter().map(|name| format!("{name:?}")).collect())
}

/// Packages with a lighter one beside them.
fn variants(root: &Section<'_>) -> Result<Vec<String>, Vec<Problem>> {
    let section = root.section("variants").map_err(only_one)?;
    let mut rows = all(section.keys().map(|key| {
        if normal_key(key) != key {
            return Err(section.problem(key, &format!("its normal form is {:?}", normal_key(key))));
        }
        Ok((key, variant(&section.section(key)?, key)?))
    }))?;
    rows.sort_unstable();
    Ok(rows.into_iter().map(|(_, code)| code).collect())
}

fn variant(row: &Section<'_>, key: &str) -> Result<String, Problem> {
    row.only(&["needs", "chosen", "lighter", "versions", "since", "lost", "uses", "basis"])?;
    let lighter = row.optional_text("lighter")?;
    let versions = row.choice("versions", &["same", "other"])?;
    if lighter.is_some() != versions.is_some() {
        return Err(row.problem("versions", "it stands where `lighter` stands"));
    }
    let needs = row.some_choice("needs", &["gpu", "gpu-kernels", "kernels", "sources", "compiler"])?;
    row.some_choice("basis", &BASES)?;
    Ok(format!(
        "Variant {{ key: {key:?}, needs: Needs::{}, chosen: {}, lighter: {lighter:?}, same_versions: {}, since: {:?}, \
         lost: {:?}, uses: &{:?} }}",
        code::variant(needs),
        row.flag("chosen")?.unwrap_or_default(),
        versions == Some("same"),
        row.optional_text("since")?,
        row.text("lost")?,
        row.texts("uses")?,
    ))
}

fn release(releases: &Section<'_>, version: &str) -> Result<String, Problem> {
    let parts: Vec<&str> = version.split('.').collect();
    if parts.len() != 2 || parts.iter().any(|part| part.parse::<u32>().is_err()) {
        return Err(releases.problem(version, "it is not a version such as \"2.5\""));
    }
    let section = releases.section(version)?;
    section.only(&["cuda", "closure", "cpu_wheel_kb", "basis"])?;
    let closure = section.optional_section("closure")?;
    if let Some(closure) = &closure {
        closure.only(&["packages", "wheel", "installed"])?;
    }
    let measured = |key| closure.as_ref().map(|closure| closure.some_megabytes(key)).transpose();
    let cpu_wheel = section.number("cpu_wheel_kb")?.map(|thousands| thousands * 1000);
    Ok(format!(
        "TorchRelease {{ version: {version:?}, cuda: {:?}, wheel_bytes: {}, installed_bytes: {}, cpu_wheel_bytes: {}, \
         basis: {:?} }}",
        section.text("cuda")?,
        code::optional_number(measured("wheel")?),
        code::optional_number(measured("installed")?),
        code::optional_number(cpu_wheel),
        section.some_choice("basis", &BASES)?
    ))
}

fn ratios(root: &Section<'_>) -> Result<Vec<String>, Problem> {
    let section = root.section("ratios")?;
    section.only(&["order", "percent", "measured"])?;
    section.date("measured")?;
    let (order, percent) = (section.some_texts("order")?, section.numbers("percent")?);
    if order.len() != percent.len() {
        let message = format!("{} figures for the {} patterns of `order`", percent.len(), order.len());
        return Err(section.problem("percent", &message));
    }
    Ok(order.iter().zip(percent).map(|(pattern, percent)| format!("({pattern:?}, {percent})")).collect())
}
