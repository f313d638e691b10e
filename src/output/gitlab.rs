//! GitLab's Code Quality report: the part of the Code Climate format that GitLab reads.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};

use super::fingerprint::Fingerprints;
use super::places::{self, Region, findings, repository};
use super::{Results, escape, evidence, shown_path, write_object};

#[derive(Serialize)]
struct Issue {
    /// First, so that the head of a report tells whose it is.
    engine_name: &'static str,
    r#type: &'static str,
    check_name: &'static str,
    description: String,
    severity: &'static str,
    fingerprint: String,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let base = repository(results);
    let mut fingerprints = Fingerprints::default();
    let issues = findings(results).map(|(workspace, diagnostic)| {
        let path = shown_path(workspace.root(), &diagnostic.primary.file, base);
        let region = Region::of(workspace, &diagnostic.primary);
        Issue {
            engine_name: "slimlint",
            r#type: "issue",
            check_name: diagnostic.rule,
            description: description(diagnostic),
            severity: severity(diagnostic.severity),
            fingerprint: fingerprints.next(&path, diagnostic, region.as_ref()),
            location: Location {
                path,
                lines: Lines {
                    begin: places::line(region.as_ref()),
                    end: region.map_or(1, |region| region.last().line),
                },
            },
        }
    });
    let issues: Vec<Issue> = issues.collect();
    write_object(&issues, out)
}

/// GitLab shows one line.
fn description(diagnostic: &Diagnostic) -> String {
    let saved = evidence::saved(diagnostic).map_or_else(String::new, |saved| format!(" ({saved})"));
    format!("{}{saved}", escape(&diagnostic.message))
}

/// Of `info`, `minor`, `major`, `critical` and `blocker`. With an error there is no image, which nothing outranks. A warning is worth a
/// change, so more than `minor`, but the service runs, so less than `critical`; so does hadolint have it, whose gates then stay as they
/// are. What is only worth knowing has a name of its own in both.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "blocker",
        Severity::Warning => "major",
        Severity::Info => "info",
    }
}
