//! `[[end-of-life]]` of `base-images.toml`: releases whose support ends.

use super::reader::Section;
use crate::problem::Problem;

/// One row, with an entry for each release.
pub fn row(row: &Section<'_>) -> Result<String, Problem> {
    row.only(&["name", "images", "token", "releases"])?;
    let (name, images, token) = (row.text("name")?, row.some_texts("images")?, row.optional_text("token")?);
    let entries = row.some_texts("releases")?.into_iter().map(|release| entry(row, name, token, release));
    let releases = entries.collect::<Result<Vec<_>, _>>()?.join(",\n            ");
    Ok(format!("Ends {{ images: &{images:?}, releases: &[\n            {releases},\n        ] }}"))
}

/// `VERSION DATE` or `VERSION DATE CODENAME`.
fn entry(row: &Section<'_>, name: &str, token: Option<&str>, release: &str) -> Result<String, Problem> {
    let mut words = release.split(' ');
    let (Some(version), Some(date), codename, None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(row.problem("releases", &format!("{release:?} is not `VERSION DATE CODENAME`")));
    };
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape != "0000-00-00" {
        return Err(row.problem("releases", &format!("{date:?} is not a day such as \"2026-11-21\"")));
    }
    let called = match (version, codename) {
        ("*", _) => name.to_owned(),
        // `argon` is only known to people who know it; `bookworm` is what they say.
        (_, Some(codename)) if token.is_some() => format!("{name} {version} ({codename})"),
        _ => format!("{name} {version}"),
    };
    // Code names of distributions stand in tags of all repositories, those of other things are common words.
    let tokens: Vec<String> = match token {
        Some(token) => [Some(format!("{token}{version}")), codename.map(str::to_owned)].into_iter().flatten().collect(),
        None => Vec::new(),
    };
    let versions: Vec<&str> = [Some(version), codename].into_iter().flatten().collect();
    Ok(format!(
        "End {{ life: EndOfLife {{ release: {called:?}, date: {date:?} }}, tokens: &{tokens:?}, versions: &{versions:?} }}"
    ))
}
