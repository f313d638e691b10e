//! `uses.toml`: what uses system packages, and what full images have.

use super::reader::Section;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

/// The tables of the file.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&["package", "buildpack"]).map_err(only_one)?;
    let packages = all(root.rows("package").map_err(only_one)?.iter().map(package))?;
    let buildpack = buildpack(root).map_err(only_one)?;
    let code = [
        code::table("What uses system packages.", "USES", "SystemUse", &packages),
        code::table("What full images have, sorted.", "BUILDPACK", "&str", &buildpack),
    ];
    Ok(vec![("catalogue-uses.rs", code.concat())])
}

fn buildpack(root: &Section<'_>) -> Result<Vec<String>, Problem> {
    let section = root.section("buildpack")?;
    section.only(&["packages"])?;
    let mut names = section.some_texts("packages")?;
    names.sort_unstable();
    Ok(names.iter().map(|name| format!("{name:?}")).collect())
}

fn package(row: &Section<'_>) -> Result<String, Problem> {
    row.only(&["names", "commands", "libraries", "callers", "linked", "apart", "hints", "packages", "brings"])?;
    let hints = row.texts("hints")?;
    if let Some(hint) = hints.iter().find(|hint| hint.to_lowercase() != **hint) {
        return Err(row.problem("hints", &format!("{hint:?} is not in lower case")));
    }
    let (linked, apart) = (row.texts("linked")?, row.texts("apart")?);
    if linked.is_empty() != apart.is_empty() {
        return Err(row.problem("apart", "it stands where `linked` stands"));
    }
    Ok(format!(
        "SystemUse {{ names: &{:?}, commands: &{:?}, libraries: &{:?}, callers: &{:?}, linked: &{linked:?}, apart: &{apart:?}, hints: &{hints:?}, \
         packages: &{:?}, brings: &{:?} }}",
        row.some_texts("names")?,
        row.some_texts("commands")?,
        row.texts("libraries")?,
        row.texts("callers")?,
        row.texts("packages")?,
        row.texts("brings")?,
    ))
}
