//! Names of Python distributions. The build script reads this file too, to check the catalogue's keys.

/// The distribution name `name` in normal form: lower case, runs of `-`, `_` and `.` turned into one `-` (PEP 503).
#[must_use]
pub fn normal_name(name: &str) -> String {
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
    normal
}

/// `Name[Extra]` in normal form, both names; a bare name as [`normal_name`] has it.
#[must_use]
pub fn normal_key(key: &str) -> String {
    match key.trim().trim_end_matches(']').split_once('[') {
        Some((name, extra)) => format!("{}[{}]", normal_name(name), normal_name(extra)),
        None => normal_name(key),
    }
}
