//! `path:line.column-line.column: warning: message [rule]`, the form of the GNU coding standards, which editors read. The second place is
//! that of the last character.

use std::io::{self, Write};

use super::evidence::saved;
use super::paths::line_start;
use super::places::{Region, findings};
use super::{Results, escape, shown_path};

pub(super) fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (workspace, diagnostic) in findings(results) {
        let path = shown_path(workspace.root(), &diagnostic.primary.file, results.cwd);
        let place = match Region::of(workspace, &diagnostic.primary) {
            Some(region) if region.range.is_empty() => format!("{}.{}", region.start.line, region.start.column),
            Some(region) => {
                let last = region.last();
                format!("{}.{}-{}.{}", region.start.line, region.start.column, last.line, last.column)
            }
            None => "1".to_owned(),
        };
        let saved = saved(diagnostic).map_or_else(String::new, |saved| format!(" [{saved}]"));
        let (severity, message) = (diagnostic.severity.name(), escape(&diagnostic.message));
        writeln!(out, "{}:{place}: {severity}: {message} [{}]{saved}", line_start(&escape(&path)), diagnostic.rule)?;
    }
    Ok(())
}
