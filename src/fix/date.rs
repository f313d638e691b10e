//! Days as backups name them: `YYYYMMDD`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

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

/// A day as a person gives it, `20261121` or `2026-11-21`, as `YYYYMMDD`; `None` when there is no such day.
#[must_use]
pub fn read_date(text: &str) -> Option<String> {
    let digits = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.replace('-', ""),
        _ => text.to_owned(),
    };
    civil(&digits).map(|_| digits)
}

/// `2026-11-21`, as a person reads it.
#[must_use]
pub fn shown_date(date: &str) -> String {
    match (date.get(..4), date.get(4..6), date.get(6..)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => date.to_owned(),
    }
}

/// Whole days from `date` to `today`, both `YYYYMMDD`; negative for a day to come.
#[must_use]
pub fn days_between(date: &str, today: &str) -> Option<i64> {
    let span = civil(date)?.until(civil(today)?).ok()?;
    Some(i64::from(span.get_days()))
}

fn civil(digits: &str) -> Option<Date> {
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    Date::new(number(0..4)?, i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(backup_date(Some("1763683200")), "20251121");
        assert_eq!(backup_date(Some("nonsense")).len(), 8);
        for (text, date) in [
            ("20261121", Some("20261121")),
            ("2026-11-21", Some("20261121")),
            ("20260229", None),
            ("2026-1-21", None),
            ("yesterday", None),
            ("２0261121", None),
        ] {
            assert_eq!(read_date(text).as_deref(), date, "{text}");
        }
        assert_eq!(shown_date("20261121"), "2026-11-21");
        assert_eq!(days_between("20261121", "20261128"), Some(7));
        assert_eq!(days_between("20251231", "20260101"), Some(1));
        assert_eq!(days_between("20261128", "20261121"), Some(-7));
        assert_eq!(days_between("20240101", "20261121"), Some(1055));
    }
}
