//! The report without its script: a table of the services, and each finding once.

use std::io::{self, Write};

use crate::output::{counted, unmarked};

use super::super::figure::Figure;
use super::super::table;
use super::data::{Document, Finding, Service};

pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let totals = &document.totals;
    writeln!(out, "<h1>{}</h1>", unmarked(&document.title))?;
    writeln!(
        out,
        "<p>{}: images {}, of which could go {}. Figures are estimates from files.</p>",
        counted(totals.all.services, "service"),
        table::images(&totals.all),
        table::all_reclaimable(&totals.all),
    )?;
    out.write_all(b"<table>\n<caption>Services</caption>\n<thead><tr>")?;
    for head in ["Service", "Base", "Image", "Could go", "Dominated by", "Findings"] {
        write!(out, "<th scope=\"col\">{head}</th>")?;
    }
    out.write_all(b"</tr></thead>\n<tbody>\n")?;
    for service in &document.services {
        row(service, out)?;
    }
    out.write_all(b"</tbody>\n</table>\n")?;
    if !document.findings.is_empty() {
        out.write_all(b"<h2>Findings</h2>\n<ol>\n")?;
        for (number, found) in document.findings.iter().enumerate() {
            finding(number, found, out)?;
        }
        out.write_all(b"</ol>\n")?;
    }
    Ok(())
}

fn row(service: &Service, out: &mut dyn Write) -> io::Result<()> {
    let known = |known: &Option<String>| unmarked(known.as_deref().unwrap_or("unknown")).into_owned();
    let image = Figure { bytes: service.image, complete: service.complete }.text();
    let reclaimable = Figure::could_go(service.reclaimable, service.unmeasured > 0).text_or("nothing");
    write!(
        out,
        "<tr id=\"service-{}\"><th scope=\"row\">{}</th><td>{}</td><td>{image}</td><td>{reclaimable}</td><td>{}</td><td>",
        service.slug,
        unmarked(&service.name),
        known(&service.base),
        known(&service.dominant),
    )?;
    for number in &service.findings {
        write!(out, "<a href=\"#finding-{0}\">{0}</a> ", number + 1)?;
    }
    out.write_all(b"</td></tr>\n")
}

fn finding(number: usize, found: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let figure = |bytes| format!(" ({})", Figure { bytes: Some(bytes), complete: !found.at_least }.text());
    let bytes = found.bytes.map(figure).unwrap_or_default();
    writeln!(
        out,
        "<li id=\"finding-{}\"><b>{}</b> {}: {}{bytes}</li>",
        number + 1,
        found.rule,
        unmarked(&found.place),
        unmarked(&found.message),
    )
}
