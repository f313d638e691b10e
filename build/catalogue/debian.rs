//! `debian-packages.toml`: which libraries a program needs that was linked against a development package, and what packages bring.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::Section;
use super::releases::RELEASES;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

/// The tables of the file: the libraries, and the packages with their sizes.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&["libraries", "packages"]).map_err(only_one)?;
    let libraries = root.section("libraries").map_err(only_one)?;
    let mut rows: Vec<(&str, String)> = all(libraries.keys().map(|key| library(&libraries, key)))?;
    rows.sort_unstable();
    let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    let comment = "Development packages with their libraries, sorted by name.";
    let mut text = code::table(comment, "LIBRARIES", "Libraries", &rows);
    text.push_str(&packages(&root.section("packages").map_err(only_one)?)?);
    Ok(vec![("catalogue-debian.rs", text)])
}

fn library<'d>(libraries: &Section<'d>, key: &'d str) -> Result<(&'d str, String), Problem> {
    let section = libraries.section(key)?;
    section.only(&["bookworm", "trixie", "both", "missing", "headers"])?;
    let bookworm = section.texts("bookworm")?;
    let has_own = section.keys().any(|key| key == "trixie");
    let trixie = if has_own { Some(section.texts("trixie")?) } else { None };
    let both = section.flag("both")? == Some(true);
    if both && !has_own {
        return Err(section.problem("both", "it stands beside `trixie`"));
    }
    let missing = section.texts("missing")?;
    if let Some(release) = missing.iter().find(|release| !RELEASES.contains(release)) {
        return Err(section.problem("missing", &format!("{release:?} is no release")));
    }
    let missing: Vec<bool> = RELEASES.iter().map(|release| missing.contains(release)).collect();
    let headers = section.texts("headers")?;
    if let Some(other) = headers.iter().find(|other| !libraries.keys().any(|key| key == **other)) {
        return Err(section.problem("headers", &format!("{other:?} has no row")));
    }
    let row = format!(
        "Libraries {{ package: {key:?}, bookworm: &{bookworm:?}, trixie: {}, both: {both}, missing: {missing:?}, headers: &{headers:?} }}",
        code::option(trixie.map(|names| format!("&{names:?}")))
    );
    Ok((key, row))
}

fn packages(section: &Section<'_>) -> Result<String, Vec<Problem>> {
    let names: BTreeSet<&str> = section.keys().collect();
    let places: BTreeMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    let row = |name: &str| -> Result<String, Problem> {
        let entry = section.section(name)?;
        entry.only(&["kb", "needs"])?;
        let kilobytes = entry.number("kb")?.ok_or_else(|| entry.problem("kb", "it is missing"))?;
        let place = |needed: &str| {
            places.get(needed).copied().ok_or_else(|| entry.problem("needs", &format!("{needed:?} has no row")))
        };
        let needs: Vec<usize> = entry.texts("needs")?.into_iter().map(place).collect::<Result<_, _>>()?;
        let bytes = code::number(kilobytes * 1024);
        Ok(format!("DebianPackage {{ name: {name:?}, bytes: {bytes}, needs: &{needs:?} }}"))
    };
    let rows: Vec<String> = all(names.iter().map(|name| row(name)))?;
    Ok(code::table("Packages of bookworm, sorted by name.", "PACKAGES", "DebianPackage", &rows))
}
