//! The audit for people, in 100 columns.

use std::io::{self, Write};

use crate::diagnostic::format_bytes;
use crate::output::{COLUMNS, Paint, counted, escape, fitted, fitted_end, width, wrap};

use super::figure::Figure;
use super::{Audit, AuditTotals, AuditedService, Cause, Shown, Where};

/// Services that are listed where nobody says how many.
const ROWS: usize = 50;
/// Causes that are listed.
const CAUSES: usize = 10;
/// Places that are named of each cause.
const PLACES: usize = 3;
/// Less than this is not worth a line.
const WORTHWHILE: u64 = 1_000_000;
/// Columns that the texts of a row may take; figures come besides.
const NAME_COLUMNS: usize = 29;
const BASE_COLUMNS: usize = 19;
const DOMINANT_COLUMNS: usize = 15;
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
        Figure::image(service).text(),
        Figure::reclaimable(service).text_or("–"),
        fitted(&known(service.dominant.as_deref()), DOMINANT_COLUMNS),
        service.findings.len().to_string(),
    ]
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
    let text = format!(
        "{}   images {}   reclaimable {}",
        counted(audit.totals.services, "service"),
        images(&audit.totals),
        all_reclaimable(&audit.totals)
    );
    writeln!(out, "\n{}", paint.strong(&text))?;
    match shown.keep {
        Some(versions) => writeln!(out, "{}", kept(&audit.totals, versions)),
        None => Ok(()),
    }
}

/// `≥ 75 GB (3 unknown)`
pub(super) fn images(totals: &AuditTotals) -> String {
    let figure = Figure::images(totals);
    match totals.unknown_images {
        unknown if unknown > 0 && figure.bytes.is_some() => format!("{} ({unknown} unknown)", figure.text()),
        _ => figure.text(),
    }
}

/// `≥ 36 GB (unmeasured in 20 services)`: more could go there, and nobody knows how much.
pub(super) fn all_reclaimable(totals: &AuditTotals) -> String {
    let figure = Figure::all_reclaimable(totals);
    match totals.unmeasured {
        unmeasured if unmeasured > 0 && figure.bytes.is_some() => {
            format!("{} (unmeasured in {})", figure.text(), counted(unmeasured, "service"))
        }
        _ => figure.text_or("nothing"),
    }
}

/// What a registry holds that keeps so many versions.
pub(super) fn kept(totals: &AuditTotals, versions: u32) -> String {
    format!(
        "{} of each in a registry: {}, reclaimable {} (if versions share no layers)",
        counted(versions as usize, "version"),
        Figure::images(totals).times(versions).text(),
        Figure::all_reclaimable(totals).times(versions).text_or("nothing")
    )
}

fn causes(audit: &Audit, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let worth: Vec<&Cause> = audit.causes.iter().filter(|cause| cause.bytes >= WORTHWHILE).collect();
    if worth.is_empty() {
        return unmeasured(&audit.causes, out);
    }
    writeln!(out, "\n{}", paint.strong("what returns most"))?;
    let rule_column = worth.iter().take(CAUSES).map(|cause| cause.rule.len()).max().unwrap_or_default();
    for cause in worth.iter().take(CAUSES) {
        let bytes = Figure::cause(cause).text();
        let services = counted(cause.services.len(), "service");
        let place = |place: &Where| fitted_end(&escape(&place.subject.name()), PLACE_COLUMNS);
        let title = format!("  {bytes:>9}  {:rule_column$}  ", cause.rule);
        if let [only] = cause.wheres.as_slice() {
            let users = if cause.services.len() > 1 { format!("{services}: ") } else { String::new() };
            writeln!(out, "{title}{users}{} ({})", place(only), cause.remedy.name())?;
            continue;
        }
        let places = counted(cause.wheres.len(), "place");
        let which = if cause.wheres.len() > PLACES { "; the largest" } else { "" };
        writeln!(out, "{title}{services}, {places} ({}){which}:", cause.remedy.name())?;
        for one in cause.wheres.iter().take(PLACES) {
            let users = match one.services.as_slice() {
                [] | [_] => String::new(),
                several => format!("   {}", counted(several.len(), "service")),
            };
            writeln!(out, "             {}   {}{users}", place(one), Figure::place(one).text())?;
        }
    }
    if worth.len() > CAUSES {
        writeln!(out, "  and {} more (--format json has them all)", worth.len() - CAUSES)?;
    }
    unmeasured(&audit.causes, out)
}

/// Causes of which nobody knows how many bytes they are about.
fn unmeasured(causes: &[Cause], out: &mut dyn Write) -> io::Result<()> {
    let unmeasured = causes.iter().filter(|cause| cause.bytes == 0 && cause.at_least);
    let named = unmeasured.map(|cause| format!("{} in {}", cause.rule, counted(cause.services.len(), "service")));
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return Ok(());
    }
    for (index, line) in wrap(&format!("not measured: {}", named.join(", ")), COLUMNS - 2).iter().enumerate() {
        writeln!(out, "{}{line}", if index == 0 { "  " } else { "    " })?;
    }
    Ok(())
}
