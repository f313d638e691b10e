//! `wheels.toml`: what single wheels weigh.

use super::code::Texts;
use super::names::normal_name;
use super::reader::Section;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

/// The table of all of them.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&["measured", "wheels"]).map_err(only_one)?;
    root.date("measured").map_err(only_one)?;
    let section = root.section("wheels").map_err(only_one)?;
    let mut texts = Texts::default();
    let mut rows = all(section.keys().map(|name| Ok((name, row(&section, name, &mut texts)?))))?;
    rows.sort_unstable();
    let rows: Vec<String> = rows.into_iter().map(|(_, code)| code).collect();
    let table = code::table("Single wheels, sorted by name.", "WHEELS", "Row", &rows);
    Ok(vec![("catalogue-wheels.rs", texts.code("TEXTS") + &table)])
}

/// `NAME = { version, wheel, installed, python }`, in kB.
fn row(wheels: &Section<'_>, name: &str, texts: &mut Texts) -> Result<String, Problem> {
    let (plain, _) = name.split_once('+').unwrap_or((name, ""));
    if normal_name(plain) != plain {
        return Err(wheels.problem(name, &format!("its normal form is {:?}", normal_name(name))));
    }
    let section = wheels.section(name)?;
    section.only(&["version", "wheel", "installed", "python"])?;
    let kilobytes = |key: &str| {
        let number = section.number(key)?.ok_or_else(|| section.problem(key, "it is missing"))?;
        Ok(code::number(number * 1000))
    };
    Ok(format!(
        "Row {{ name: {}, version: {}, wheel_bytes: {}, installed_bytes: {}, python_bytes: {} }}",
        texts.add(name),
        texts.add(section.text("version")?),
        kilobytes("wheel")?,
        kilobytes("installed")?,
        kilobytes("python")?
    ))
}
