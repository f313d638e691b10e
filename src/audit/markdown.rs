//! The audit as Markdown, for pull requests and wikis.

use std::io::{self, Write};

use crate::diagnostic::format_bytes;
use crate::output::{counted, escape};

use super::{Audit, Shown, table};

/// Causes that are listed.
const CAUSES: usize = 10;

pub(super) fn write(audit: &Audit, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let totals = &audit.totals;
    writeln!(
        out,
        "**{}**, images ~{}, reclaimable **~{}**",
        counted(totals.services, "service"),
        format_bytes(totals.image_bytes),
        format_bytes(totals.reclaimable_bytes)
    )?;
    if let Some(versions) = shown.keep {
        let times = |bytes: u64| format_bytes(bytes.saturating_mul(u64::from(versions)));
        writeln!(
            out,
            "\nIn a registry that keeps {versions} versions of each: ~{}, reclaimable ~{}",
            times(totals.image_bytes),
            times(totals.reclaimable_bytes)
        )?;
    }
    writeln!(out, "\n| service | base | image | reclaimable | dominated by | findings |")?;
    writeln!(out, "| --- | --- | ---: | ---: | --- | ---: |")?;
    for service in audit.rows(shown) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            code(&service.name),
            service.base.as_deref().map_or_else(|| "unknown".to_owned(), code),
            table::image(service),
            table::reclaimable(service),
            service.dominant.as_deref().map_or_else(|| "unknown".to_owned(), plain),
            service.findings.len()
        )?;
    }
    if audit.causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| what returns most | saves | services | where |")?;
    writeln!(out, "| --- | ---: | ---: | --- |")?;
    for cause in audit.causes.iter().take(CAUSES) {
        let place = cause.wheres.first().map(|place| code(&place.subject.name())).unwrap_or_default();
        let more = match cause.wheres.len() {
            0 | 1 => String::new(),
            places => format!(" and {} more", places - 1),
        };
        writeln!(
            out,
            "| `{}` | ~{} | {} | {place}{more} |",
            cause.rule,
            format_bytes(cause.bytes),
            cause.services.len()
        )?;
    }
    Ok(())
}

/// Text that is shown as it is: nothing in it ends the code, the cell or the row.
fn code(text: &str) -> String {
    let text = escape(text).replace('`', "'").replace('|', "\\|");
    format!("`{text}`")
}

/// Text in which nothing is markup.
fn plain(text: &str) -> String {
    let mut safe = String::new();
    for c in escape(text).chars() {
        if c.is_ascii_punctuation() && !matches!(c, '(' | ')' | '-' | '.' | ',') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(code("a`b|c"), "`a'b\\|c`");
        assert_eq!(plain("<b>|_x_ (CUDA)"), "\\<b\\>\\|\\_x\\_ (CUDA)");
    }
}
