//! One file for browsers: a map of the bytes, what returns most, and a page for each service.
//!
//! It asks nothing of a network. The script draws everything from JSON in the file; without it, what stands there is a table of
//! the services with their findings.

mod collect;
mod data;
mod embed;
mod plain;

use std::io::{self, Write};

use crate::output::unmarked;

use super::{Audit, Shown, Sources};
use data::Document;

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");
/// One scope: what the first files define, the last ones use.
const SCRIPT: &str = concat!(
    "\"use strict\";\n{\n",
    include_str!("html/dom.js"),
    include_str!("html/model.js"),
    include_str!("html/treemap.js"),
    include_str!("html/map.js"),
    include_str!("html/causes.js"),
    include_str!("html/table.js"),
    include_str!("html/page.js"),
    include_str!("html/report.js"),
    "}\n"
);

pub(super) fn write(audit: &Audit, sources: &Sources<'_>, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let document = Document::new(audit, sources, shown);
    let data = embed::json(&document)?;
    // Each mark of the template is followed by what stands between it and the next.
    let mut pieces = TEMPLATE.split("{{");
    out.write_all(pieces.next().unwrap_or_default().as_bytes())?;
    for piece in pieces {
        let (mark, rest) = piece.split_once("}}").unwrap_or(("", piece));
        match mark {
            "policy" => write!(
                out,
                "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
                embed::hash(STYLE),
                embed::hash(SCRIPT)
            )?,
            "title" => out.write_all(unmarked(&document.title).as_bytes())?,
            "style" => out.write_all(STYLE.as_bytes())?,
            "script" => out.write_all(SCRIPT.as_bytes())?,
            "data" => out.write_all(data.as_bytes())?,
            "plain" => plain::write(&document, out)?,
            _ => {}
        }
        out.write_all(rest.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
