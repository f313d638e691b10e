//! The audit for people, in 100 columns.

use std::io::{self, Write};

use crate::diagnostic::format_bytes;
use crate::output::{Paint, counted, escape, fitted, fitted_end, width};

use super::{Audit, AuditedService, Cause, Shown, Where};

/// Services that are listed where nobody says how many.
const ROWS: usize = 50;
/// Causes that are listed.
const CAUSES: usize = 10;
/// Places that are named of each cause.
const PLACES: usize = 3;
/// Less than this is not worth a line.
const WORTHWHILE: u64 = 1_000_000;
/// Columns that the texts of a row may take; figures come besides.
const NAME_COLUMNS: usize = 30;
const BASE_COLUMNS: usize = 19;
const DOMINANT_COLUMNS: usize = 14;
const PLACE_COLUMNS: usize = 52;

pub(super) fn write(audit: &Audit, shown: &Shown, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if audit.services.is_empty() {
        return writeln!(out, "There is no Dockerfile here.");
    }
    let all = audit.rows(&Shown { limit: None, ..*shown });
    let rows = all.iter().take(shown.limit.unwrap_or(ROWS)).copied();
    let cells: Vec<[String; 6]> = rows.map(cells).collect();
    let head = ["service", "base", "image", "reclaimable", "dominated by", "findings"].map(str::to_owned);
    let columns: Vec<usize> = (0..head.len())
        .map(|at| std::iter::once(&head).chain(&cells).map(|row| width(&row[at])).max().unwrap_or_default())
        .collect();
    if !cells.is_empty() {
        writeln!(out, "{}", paint.strong(&line(&head, &columns)))?;
    }
    for row in &cells {
        writeln!(out, "{}", line(row, &columns))?;
    }
    if cells.len() < all.len() {
        writeln!(out, "… and {} more (--limit {})", all.len() - cells.len(), all.len())?;
    }
    let left_out = audit.services.len() - all.len();
    if left_out > 0 {
        let least = format_bytes(shown.min_saving);
        writeln!(out, "{} with less than {least} to save left out", counted(left_out, "service"))?;
    }
    totals(audit, shown, paint, out)?;
    causes(audit, paint, out)
}

fn cells(service: &AuditedService) -> [String; 6] {
    let known = |text: Option<&str>| text.map_or_else(|| "unknown".to_owned(), |text| escape(text).into_owned());
    [
        fitted_end(&escape(&service.name), NAME_COLUMNS),
        fitted(&known(service.base.as_deref()), BASE_COLUMNS),
        image(service),
        reclaimable(service),
        fitted(&known(service.dominant.as_deref()), DOMINANT_COLUMNS),
        service.findings.len().to_string(),
    ]
}

/// `~5.4 GB`, `≥ 1.2 GB` where something is not known, `unknown`
pub(super) fn image(service: &AuditedService) -> String {
    match service.image_bytes() {
        None => "unknown".to_owned(),
        Some(bytes) if service.is_complete() => format!("~{}", format_bytes(bytes)),
        Some(bytes) => format!("≥ {}", format_bytes(bytes)),
    }
}

/// `~4.7 GB`, `≥ 30 MB` where more could go, `unknown` where nobody knows how much.
pub(super) fn reclaimable(service: &AuditedService) -> String {
    match (service.reclaimable_bytes, service.unmeasured) {
        (0, 0) => "–".to_owned(),
        (0, _) => "unknown".to_owned(),
        (bytes, 0) => format!("~{}", format_bytes(bytes)),
        (bytes, _) => format!("≥ {}", format_bytes(bytes)),
    }
}

fn line(row: &[String; 6], columns: &[usize]) -> String {
    let mut text = String::new();
    for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
        let padding = " ".repeat(column.saturating_sub(width(cell)));
        // Figures end at the same column.
        match at {
            2 | 3 | 5 => text.extend([padding.as_str(), cell]),
            _ => text.extend([cell, padding.as_str()]),
        }
        text.push_str("  ");
    }
    text.trim_end().to_owned()
}

fn totals(audit: &Audit, shown: &Shown, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let totals = &audit.totals;
    let services = counted(totals.services, "service");
    let image = match totals.unknown_images {
        0 => format!("~{}", format_bytes(totals.image_bytes)),
        unknown if unknown == totals.services => "unknown".to_owned(),
        unknown => format!("~{} ({unknown} unknown)", format_bytes(totals.image_bytes)),
    };
    let reclaimable = match totals.unmeasured {
        0 => format!("~{}", format_bytes(totals.reclaimable_bytes)),
        unmeasured => {
            format!("~{} and more in {}", format_bytes(totals.reclaimable_bytes), counted(unmeasured, "service"))
        }
    };
    let text = format!("{services}   images {image}   reclaimable {reclaimable}");
    writeln!(out, "\n{}", paint.strong(&text))?;
    if let Some(versions) = shown.keep {
        let times = |bytes: u64| format_bytes(bytes.saturating_mul(u64::from(versions)));
        writeln!(
            out,
            "{versions} versions of each in a registry: ~{}, reclaimable ~{} (if versions share no layers)",
            times(totals.image_bytes),
            times(totals.reclaimable_bytes)
        )?;
    }
    Ok(())
}

fn causes(audit: &Audit, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let worth: Vec<&Cause> = audit.causes.iter().filter(|cause| cause.bytes >= WORTHWHILE).collect();
    if worth.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.strong("what returns most"))?;
    let rule_column = worth.iter().take(CAUSES).map(|cause| cause.rule.len()).max().unwrap_or_default();
    for cause in worth.iter().take(CAUSES) {
        let least = if cause.at_least { "≥ " } else { "~" };
        let bytes = format!("{least}{}", format_bytes(cause.bytes));
        let services = counted(cause.services.len(), "service");
        let place = |place: &Where| fitted_end(&escape(&place.subject.name()), PLACE_COLUMNS);
        let title = format!("  {bytes:>9}  {:rule_column$}  ", cause.rule);
        if let [only] = cause.wheres.as_slice() {
            let users = if cause.services.len() > 1 { format!("{services}: ") } else { String::new() };
            writeln!(out, "{title}{users}{}", place(only))?;
            continue;
        }
        let places = counted(cause.wheres.len(), "place");
        let which = if cause.wheres.len() > PLACES { "; the largest" } else { "" };
        writeln!(out, "{title}{services}, {places}{which}:")?;
        for one in cause.wheres.iter().take(PLACES) {
            let users = match one.services.as_slice() {
                [] | [_] => String::new(),
                several => format!("   {}", counted(several.len(), "service")),
            };
            writeln!(out, "             {}   ~{}{users}", place(one), format_bytes(one.bytes))?;
        }
    }
    if worth.len() > CAUSES {
        writeln!(out, "  and {} more (--format json has them all)", worth.len() - CAUSES)?;
    }
    Ok(())
}
