//! The files that packages are installed from.

use std::borrow::Cow;

use super::toml::Toml;
use super::{LockedFile, file_name};

/// An array of wheels or files.
pub(super) fn files(toml: &mut Toml<'_>) -> Vec<LockedFile> {
    let mut found = Vec::new();
    toml.elements(|toml| {
        let mut file = LockedFile { name: "".into(), bytes: None };
        toml.members(|toml, key| {
            read_file(&mut file, key, toml);
        });
        if !file.name.is_empty() {
            found.push(file);
        }
    });
    found
}

/// One key of a file's table; the place when it is one.
pub(super) fn read_file<'t>(file: &mut LockedFile, key: &str, toml: &mut Toml<'t>) -> Option<Cow<'t, str>> {
    match key {
        "url" | "path" | "file" | "filename" | "name" => {
            let place = toml.string()?;
            if file.name.is_empty() || key == "name" {
                file.name = percent_decoded(file_name(&place)).into();
            }
            return Some(place);
        }
        "size" => file.bytes = toml.number(),
        _ => toml.skip_value(),
    }
    None
}

/// `%2B` in file names of local versions.
fn percent_decoded(name: &str) -> Cow<'_, str> {
    if name.contains('%') { name.replace("%2B", "+").replace("%2b", "+").into() } else { name.into() }
}
