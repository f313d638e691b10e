//! Names of Python distributions. The build script reads this file too, to check the catalogue's keys.

use std::borrow::Cow;

/// The distribution name `name` in normal form: lower case, runs of `-`, `_` and `.` turned into one `-` (PEP 503).
#[must_use]
pub fn normal_name(name: &str) -> Cow<'_, str> {
    // Locks hold thousands of names, and nearly all of them are in normal form.
    let mut last = b'-';
    let is_normal = |byte: &u8| {
        let fits = byte.is_ascii_lowercase() || byte.is_ascii_digit() || (*byte == b'-' && last != b'-');
        last = *byte;
        fits
    };
    if name.as_bytes().iter().all(is_normal) {
        return Cow::Borrowed(name);
    }
    let mut normal = String::with_capacity(name.len());
    for character in name.trim().chars() {
        if matches!(character, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.extend(character.to_lowercase());
        }
    }
    Cow::Owned(normal)
}

/// `Name[Extra]` in normal form, both names; a bare name as [`normal_name`] has it.
#[must_use]
pub fn normal_key(key: &str) -> Cow<'_, str> {
    match key.trim().trim_end_matches(']').split_once('[') {
        Some((name, extra)) => Cow::Owned(format!("{}[{}]", normal_name(name), normal_name(extra))),
        None => normal_name(key),
    }
}
