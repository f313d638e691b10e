//! Comma-separated values (RFC 4180), one row for each service. An unknown figure is empty.

use std::io::{self, Write};

use crate::output::escape;

use super::{Audit, AuditedService, Part, Shown};

const COLUMNS: [&str; 19] = [
    "service",
    "dockerfile",
    "context",
    "target",
    "base",
    "image_bytes",
    "base_bytes",
    "system_bytes",
    "python_bytes",
    "node_bytes",
    "copied_bytes",
    "other_bytes",
    "leftover_bytes",
    "complete",
    "reclaimable_bytes",
    "dominant",
    "findings",
    "largest_lever",
    "largest_lever_bytes",
];

pub(super) fn write(audit: &Audit, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}\r\n", COLUMNS.join(","))?;
    for service in audit.rows(shown) {
        let cells: Vec<String> = cells(service).iter().map(|cell| quoted(cell)).collect();
        write!(out, "{}\r\n", cells.join(","))?;
    }
    Ok(())
}

fn cells(service: &AuditedService) -> [String; 19] {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let part = |part: Part| number(service.bytes_of(part));
    let lever = service.levers.first();
    [
        service.name.clone(),
        service.dockerfile.clone(),
        service.context.clone(),
        text(service.target.as_deref()),
        text(service.base.as_deref()),
        number(service.image_bytes()),
        part(Part::Base),
        part(Part::System),
        part(Part::Python),
        part(Part::Node),
        part(Part::Copied),
        part(Part::Other),
        part(Part::Leftovers),
        service.is_complete().to_string(),
        number(service.reclaimable()),
        text(service.dominant.as_deref()),
        service.findings.len().to_string(),
        text(lever.map(|lever| lever.rule)),
        number(lever.and_then(|lever| lever.bytes)),
    ]
}

/// A cell that no spreadsheet takes for a formula, quoted where it has to be.
fn quoted(cell: &str) -> String {
    let cell = escape(cell);
    let is_formula = cell.starts_with(['=', '+', '-', '@']);
    let cell = if is_formula { format!("'{cell}") } else { cell.into_owned() };
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_row() {
        for (cell, expected) in [
            ("api", "api"),
            ("=cmd()", "'=cmd()"),
            ("@x", "'@x"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "a\\x0ab"),
            ("", ""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
