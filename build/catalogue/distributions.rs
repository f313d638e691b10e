//! `distributions.toml`: what distributions require and work with, how they are imported, what their wheels weigh.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Runs, Texts};
use super::names::normal_name;
use super::reader::Section;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

/// The table of the file.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&["measured", "wheels", "imports", "plain", "requires", "uses", "light"]).map_err(only_one)?;
    root.date("measured").map_err(only_one)?;
    let wheels = root.section("wheels").map_err(only_one)?;
    let wheels: BTreeMap<&str, u64> =
        all(wheels.keys().map(|key| Ok((key, wheels.number(key)?.unwrap_or_default() * 1000))))?.into_iter().collect();
    let imports = lists(root, "imports")?;
    let requires = lists(root, "requires")?;
    let uses = lists(root, "uses")?;
    let plain = names(root, "plain")?;
    let light = names(root, "light")?;
    let mut every: BTreeSet<&str> = wheels.keys().chain(imports.keys()).copied().collect();
    every.extend(plain.iter().chain(&light));
    for table in [&requires, &uses] {
        every.extend(table.iter().flat_map(|(name, others)| std::iter::once(name).chain(others)));
    }
    if let Some(name) = every.iter().find(|name| normal_name(name) != **name) {
        return Err(only_one(root.problem("requires", &format!("the normal form of {name:?} is another"))));
    }
    let places: BTreeMap<&str, usize> = every.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    let of = |table: &BTreeMap<&str, Vec<&str>>, name: &str| -> Vec<usize> {
        table.get(name).into_iter().flatten().filter_map(|other| places.get(other).copied()).collect()
    };
    let (mut texts, mut modules, mut others) = (Texts::default(), Vec::new(), Runs::default());
    let rows: Vec<String> = every
        .iter()
        .map(|&name| {
            let own = match imports.get(name) {
                Some(modules) => modules.iter().map(|module| (*module).to_owned()).collect(),
                None if plain.contains(name) => vec![name.replace('-', "_")],
                None => Vec::new(),
            };
            let first = modules.len();
            modules.extend(own.iter().map(|module| texts.add(module)));
            format!(
                "Distribution {{ name: {}, wheel_bytes: {}, imports: Run::new({first}, {}), requires: {}, uses: {} }}",
                texts.add(name),
                code::optional_number(wheels.get(name).copied()),
                own.len(),
                others.add(of(&requires, name)),
                others.add(of(&uses, name))
            )
        })
        .collect();
    let numbers: Vec<String> = others.items().iter().map(usize::to_string).collect();
    let code = texts.code("TEXTS")
        + &code::table("Names that distributions are imported by.", "MODULES", "Text", &modules)
        + &code::table("Places of distributions that others require or use.", "OTHERS", "u16", &numbers)
        + &code::table("All distributions, sorted by name.", "DISTRIBUTIONS", "Distribution", &rows);
    Ok(vec![("catalogue-distributions.rs", code)])
}

fn lists<'d>(root: &Section<'d>, name: &str) -> Result<BTreeMap<&'d str, Vec<&'d str>>, Vec<Problem>> {
    let section = root.section(name).map_err(only_one)?;
    Ok(all(section.keys().map(|key| Ok((key, section.some_texts(key)?))))?.into_iter().collect())
}

fn names<'d>(root: &Section<'d>, name: &str) -> Result<BTreeSet<&'d str>, Vec<Problem>> {
    let section = root.section(name).map_err(only_one)?;
    section.only(&["names"]).map_err(only_one)?;
    Ok(section.some_texts("names").map_err(only_one)?.into_iter().collect())
}
