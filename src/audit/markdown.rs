//! The audit as Markdown, for pull requests and wikis.

use std::io::{self, Write};

use crate::output::{counted, markdown_code as code, markdown_prose as prose};

use super::figure::Figure;
use super::{Audit, Shown, table};

/// Causes that are listed.
const CAUSES: usize = 10;

pub(super) fn write(audit: &Audit, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "**{}**, images {}, reclaimable **{}**",
        counted(audit.totals.services, "service"),
        table::images(&audit.totals),
        table::all_reclaimable(&audit.totals)
    )?;
    if let Some(versions) = shown.keep {
        writeln!(out, "\n{}", table::kept(&audit.totals, versions))?;
    }
    writeln!(out, "\n| service | base | image | reclaimable | dominated by | findings |")?;
    writeln!(out, "| --- | --- | ---: | ---: | --- | ---: |")?;
    for service in audit.rows(shown) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            code(&service.name),
            service.base.as_deref().map_or_else(|| "unknown".to_owned(), code),
            Figure::image(service).text(),
            Figure::reclaimable(service).text_or("–"),
            service.dominant.as_deref().map_or_else(|| "unknown".to_owned(), prose),
            service.findings.len()
        )?;
    }
    if audit.causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| what returns most | saves | fix | services | where |")?;
    writeln!(out, "| --- | ---: | --- | ---: | --- |")?;
    for cause in audit.causes.iter().take(CAUSES) {
        let place = cause.wheres.first().map(|place| code(&place.subject.name())).unwrap_or_default();
        let more = match cause.wheres.len() {
            0 | 1 => String::new(),
            places => format!(" and {} more", places - 1),
        };
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {place}{more} |",
            cause.rule,
            Figure::cause(cause).text(),
            cause.remedy.name(),
            cause.services.len()
        )?;
    }
    Ok(())
}
