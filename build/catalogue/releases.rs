//! `debian-releases.toml`: names and sizes of packages on other releases than bookworm.

use super::reader::Section;
use super::{Tables, all, code, only_one};
use crate::problem::Problem;

/// The releases, in the order of `OTHERS` of `src/catalogue/releases.rs`.
pub const RELEASES: [&str; 5] = ["bullseye", "trixie", "focal", "jammy", "noble"];

/// The tables of the file: names, and sizes.
pub fn tables(root: &Section<'_>) -> Tables {
    root.only(&["names", "sizes"]).map_err(only_one)?;
    let rows = |key: &str, row: fn(&Section<'_>) -> Result<String, Problem>| {
        let section = root.section(key).map_err(only_one)?;
        let mut rows: Vec<(&str, String)> = all(section.keys().map(|name| Ok((name, row(&section.section(name)?)?))))?;
        rows.sort_unstable();
        Ok::<_, Vec<Problem>>(rows.into_iter().map(|(name, row)| format!("({name:?}, {row})")).collect::<Vec<String>>())
    };
    let names = rows("names", names)?;
    let sizes = rows("sizes", sizes)?;
    let code = [
        code::table(
            "Libraries of bookworm by their names on other releases, sorted.",
            "NAMES",
            "(&str, [Name; 5])",
            &names,
        ),
        code::table(
            "Kilobytes that packages bring on other releases, without and with recommended ones, sorted by name.",
            "SIZES",
            "(&str, Sizes)",
            &sizes,
        ),
    ];
    Ok(vec![("catalogue-releases.rs", code.concat())])
}

fn known<'d>(row: &Section<'d>, more: &[&'d str]) -> Result<(), Problem> {
    let keys: Vec<&str> = RELEASES.iter().chain(more).copied().collect();
    row.only(&keys)
}

fn names(row: &Section<'_>) -> Result<String, Problem> {
    known(row, &["also"])?;
    let also = row.texts("also")?;
    if let Some(release) = also.iter().find(|release| !RELEASES.contains(release)) {
        return Err(row.problem("also", &format!("{release:?} is no release")));
    }
    let name = |release: &&str| -> Result<String, Problem> {
        let gone = row.flag(release).ok().flatten() == Some(false);
        let text = if gone { None } else { row.optional_text(release)? };
        Ok(match text {
            _ if gone => "Name::Gone".to_owned(),
            Some(text) if also.contains(release) => format!("Name::Both({text:?})"),
            Some(text) => format!("Name::Renamed({text:?})"),
            None => "Name::Same".to_owned(),
        })
    };
    let names: Vec<String> = RELEASES.iter().map(name).collect::<Result<_, _>>()?;
    Ok(format!("[{}]", names.join(", ")))
}

fn sizes(row: &Section<'_>) -> Result<String, Problem> {
    known(row, &[])?;
    let size = |release: &&str| -> Result<String, Problem> {
        if !row.keys().any(|key| key == *release) {
            return Ok("None".to_owned());
        }
        match row.numbers(release)?[..] {
            [alone, recommended] if alone <= recommended && u32::try_from(recommended).is_ok() => {
                Ok(format!("Some(({}, {}))", code::number(alone), code::number(recommended)))
            }
            _ => Err(row.problem(release, "it is two numbers of kilobytes: without and with what is recommended")),
        }
    };
    let sizes: Vec<String> = RELEASES.iter().map(size).collect::<Result<_, _>>()?;
    Ok(format!("[{}]", sizes.join(", ")))
}
