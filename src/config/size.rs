//! Sizes as people write them.

/// The units, powers of ten as everywhere in slimlint.
const UNITS: [(&str, u64); 4] = [("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];

/// The bytes of `20MB`, `1.5 GB`, `500 kB` or `4096`; units in any case.
///
/// # Errors
/// What is wrong and how to write it.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write a number and `B`, `kB`, `MB` or `GB`, such as `20MB`");
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let unit = if unit.trim().is_empty() { "B" } else { unit.trim() };
    let factor = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor);
    let factor = factor.ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || fraction.contains('.') || fraction.len() > 9 {
        return Err(wrong());
    }
    let scale = 10_u64.pow(fraction.len() as u32);
    let digits: u64 = format!("{whole}{fraction}").parse().map_err(|_| wrong())?;
    let bytes = u128::from(digits) * u128::from(factor) / u128::from(scale);
    u64::try_from(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_naturally() {
        for (text, bytes) in [
            ("20MB", 20_000_000),
            ("20 mb", 20_000_000),
            (" 1.5 GB ", 1_500_000_000),
            ("500kB", 500_000),
            ("4096", 4096),
            ("0", 0),
            ("0.5B", 0),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "20MiB", "-1MB", "1e9", "1.", ".5MB", "1.2.3MB", "99999999999999999999 GB", "20 apples"]
        {
            assert!(parse_size(text).expect_err(text).contains("20MB"), "{text}");
        }
    }
}
