//! Names of backups: `NAME.pre-slim.YYYYMMDD`, then `NAME.pre-slim.YYYYMMDD.2` and so on.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// What stands between a file's name and the date of its backup.
const INFIX: &str = ".pre-slim.";

/// Today as `YYYYMMDD`: the local date, or the UTC date of the seconds in `source_date_epoch` (the variable
/// `SOURCE_DATE_EPOCH`), so that a run can be repeated.
#[must_use]
pub fn backup_date(source_date_epoch: Option<&str>) -> String {
    let fixed = source_date_epoch
        .and_then(|seconds| seconds.trim().parse().ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|moment| moment.to_zoned(TimeZone::UTC));
    let date = fixed.unwrap_or_else(Zoned::now).date();
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// The name of the `number`th backup (from 1) of the file `name` on `date`.
#[must_use]
pub fn backup_name(name: &str, date: &str, number: u32) -> String {
    if number <= 1 { format!("{name}{INFIX}{date}") } else { format!("{name}{INFIX}{date}.{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(backup_date(Some("1763683200")), "20251121");
        assert_eq!(backup_date(Some("nonsense")).len(), 8);
        assert_eq!(backup_name("Dockerfile", "20261121", 1), "Dockerfile.pre-slim.20261121");
        assert_eq!(backup_name("Dockerfile", "20261121", 2), "Dockerfile.pre-slim.20261121.2");
    }
}
