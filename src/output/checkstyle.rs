//! Checkstyle's XML, which many CI services and review bots read.

use std::io::{self, Write};

use super::by_file::{File, by_file};
use super::places::Region;
use super::xml::{self, text};
use super::{Results, evidence};

pub(super) fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    // Those who read it expect the version of Checkstyle whose format it is.
    writeln!(out, "{}<checkstyle version=\"10.0\">", xml::HEAD)?;
    for File { path, workspace, findings } in by_file(results, results.cwd) {
        let path = text(&path).into_owned();
        if findings.is_empty() {
            writeln!(out, "  <file name=\"{path}\"/>")?;
            continue;
        }
        writeln!(out, "  <file name=\"{path}\">")?;
        for diagnostic in findings {
            let (line, column) = match Region::of(workspace, &diagnostic.primary) {
                Some(region) => (region.start.line, format!(" column=\"{}\"", region.start.column)),
                None => (1, String::new()),
            };
            let saved = evidence::saved(diagnostic).map_or_else(String::new, |saved| format!(" ({saved})"));
            let message = text(&diagnostic.message);
            let (severity, rule) = (diagnostic.severity.name(), diagnostic.rule);
            writeln!(
                out,
                "    <error line=\"{line}\"{column} severity=\"{severity}\" message=\"{message}{saved}\" source=\"slimlint.{rule}\"/>"
            )?;
        }
        writeln!(out, "  </file>")?;
    }
    write!(out, "</checkstyle>\n{}", xml::TAIL)
}
