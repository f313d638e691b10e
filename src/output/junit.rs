//! JUnit's XML: a suite for each file, a failed test for each finding, a passed one for a Dockerfile without findings.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::diagnostic::Diagnostic;

use super::by_file::{File, by_file};
use super::places::{self, Region, repository};
use super::xml::{self, text};
use super::{Results, evidence};

pub(super) fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let files = by_file(results, repository(results));
    let failures: usize = files.iter().map(|file| file.findings.len()).sum();
    let tests: usize = files.iter().map(|file| file.findings.len().max(1)).sum();
    let head = xml::HEAD;
    writeln!(out, "{head}<testsuites name=\"slimlint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">")?;
    for file in &files {
        suite(file, out)?;
    }
    write!(out, "</testsuites>\n{}", xml::TAIL)
}

fn suite(file: &File<'_>, out: &mut dyn Write) -> io::Result<()> {
    let path = text(&file.path);
    let (failures, tests) = (file.findings.len(), file.findings.len().max(1));
    writeln!(
        out,
        "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    )?;
    if file.findings.is_empty() {
        writeln!(out, "    <testcase classname=\"{path}\" name=\"slimlint\" file=\"{path}\"/>")?;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for diagnostic in &file.findings {
        let number = seen.entry(diagnostic.rule).or_default();
        *number += 1;
        // Services tell tests apart by their names, from one run to the next: a line would make it another test when lines above it come.
        let number = if *number > 1 { format!(" #{number}") } else { String::new() };
        let region = Region::of(file.workspace, &diagnostic.primary);
        let line = places::line(region.as_ref());
        let rule = diagnostic.rule;
        writeln!(out, "    <testcase classname=\"{path}\" name=\"{rule}{number}\" file=\"{path}\" line=\"{line}\">")?;
        let severity = diagnostic.severity.name();
        write!(out, "      <failure type=\"{severity}\" message=\"{}\">", text(&diagnostic.message))?;
        body(diagnostic, &path, region.as_ref(), out)?;
        writeln!(out, "</failure>\n    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

/// What a service shows of a failed test: the place, the message, the evidence.
fn body(diagnostic: &Diagnostic, path: &str, region: Option<&Region>, out: &mut dyn Write) -> io::Result<()> {
    let column = region.map_or(1, |region| region.start.column);
    let (severity, rule) = (diagnostic.severity.name(), diagnostic.rule);
    let message = text(&diagnostic.message);
    write!(out, "{path}:{}:{column}: {severity}: {message} [{rule}]", places::line(region))?;
    for (heading, rest) in evidence::rows(diagnostic) {
        for (index, line) in rest.lines().enumerate() {
            let heading = if index == 0 { format!("{heading}: ") } else { String::new() };
            write!(out, "\n{heading}{}", text(line))?;
        }
    }
    Ok(())
}
