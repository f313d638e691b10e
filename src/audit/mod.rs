//! `slimlint audit`: where the gigabytes of many services are, and which few changes return most.
//!
//! * [`Audit`]: one row for each image that is shipped, ranked by what could be saved, and the causes that they share.
//! * [`Patches`]: what fixing would change, for the report that shows it.
//! * [`write()`]: the rows as a table, JSON, CSV, Markdown or a report for browsers.

mod causes;
mod csv;
mod figure;
mod gates;
mod html;
mod json;
mod markdown;
mod patches;
mod service;
mod table;

pub use causes::{Cause, Remedy, Subject, Where};
pub use gates::{Exceeded, Gates};
pub use patches::{Patch, Patches};
pub use service::{AuditedService, Lever, Part, PartBytes};

use std::cmp::Reverse;
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;

use crate::lint::Report;
use crate::output::Paint;
use crate::workspace::Workspace;

/// What the services of some repositories come to.
#[derive(Debug, Default)]
pub struct Audit {
    /// One for each image that is shipped; first those of which most can be saved.
    pub services: Vec<AuditedService>,
    /// What several services have in common, and what one has alone; first what most can be saved of.
    pub causes: Vec<Cause>,
    /// Sums over all services.
    pub totals: AuditTotals,
}

/// Sums over all services. Each image holds its own copy of what services share, so that counts once for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct AuditTotals {
    /// How many services.
    pub services: usize,
    /// How many Dockerfiles they are built from.
    pub dockerfiles: usize,
    /// The images in bytes, as far as they are known.
    pub image_bytes: u64,
    /// Whether nothing is missing from that.
    pub complete: bool,
    /// Of how many images nothing is known.
    pub unknown_images: usize,
    /// What could be saved in the images, in bytes.
    pub reclaimable_bytes: u64,
    /// How many services have a finding of which nobody knows how many bytes it is about.
    pub unmeasured: usize,
    /// How many findings.
    pub findings: usize,
}

/// By what rows are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Order {
    /// What could be saved, the most first.
    #[default]
    Reclaimable,
    /// The size of the image, the largest first.
    Image,
    /// The number of findings, the most first.
    Findings,
    /// The name.
    Name,
}

/// Which rows are shown. Sums and causes are over all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// By what they are ordered.
    pub order: Order,
    /// At most so many; `None` for all.
    pub limit: Option<usize>,
    /// Only those of which so many bytes can be saved.
    pub min_saving: u64,
    /// How many versions of each image a registry keeps.
    pub keep: Option<u32>,
}

/// How an audit is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum AuditFormat {
    /// A table.
    #[default]
    Table,
    /// One object.
    Json,
    /// Comma-separated values for spreadsheets.
    Csv,
    /// For pull requests and wikis.
    Markdown,
    /// One file for browsers: a map, what returns most, and a page with the patch for each service.
    Html,
}

/// What an audit was made of. Only [`AuditFormat::Html`] shows it.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'r> {
    /// One report for each root.
    pub reports: &'r [(Workspace, Report)],
    /// What fixing would change, in any number of roots.
    pub patches: &'r [Patches],
    /// The folder that paths are shown relative to.
    pub cwd: &'r Path,
}

impl Audit {
    /// The audit of what was found below several roots; paths are shown relative to `cwd`.
    #[must_use]
    pub fn of(reports: &[(Workspace, Report)], cwd: &Path) -> Self {
        let mut services: Vec<AuditedService> =
            reports.iter().flat_map(|(workspace, report)| service::services(workspace, report, cwd)).collect();
        service::name_apart(&mut services);
        sort(&mut services, Order::Reclaimable);
        let causes = causes::causes(reports, &services, cwd);
        let totals = AuditTotals {
            services: services.len(),
            dockerfiles: reports.iter().map(|(_, report)| report.services.len()).sum(),
            image_bytes: services.iter().filter_map(AuditedService::image_bytes).sum(),
            complete: services.iter().all(AuditedService::is_complete),
            unknown_images: services.iter().filter(|service| service.image_bytes().is_none()).count(),
            reclaimable_bytes: services.iter().map(|service| service.reclaimable_bytes).sum(),
            unmeasured: services.iter().filter(|service| service.unmeasured > 0).count(),
            findings: reports.iter().map(|(_, report)| report.diagnostics.len()).sum(),
        };
        Self { services, causes, totals }
    }

    /// The rows that `shown` asks for.
    #[must_use]
    pub fn rows(&self, shown: &Shown) -> Vec<&AuditedService> {
        let mut rows: Vec<&AuditedService> =
            self.services.iter().filter(|service| service.reclaimable_bytes >= shown.min_saving).collect();
        if shown.order != Order::Reclaimable {
            rows.sort_by_cached_key(|service| key(service, shown.order));
        }
        rows.truncate(shown.limit.unwrap_or(usize::MAX));
        rows
    }
}

type Key = (Reverse<u64>, Reverse<u64>, String, String);

fn key(service: &AuditedService, order: Order) -> Key {
    let first = match order {
        Order::Reclaimable => service.reclaimable_bytes,
        Order::Image => service.image_bytes().unwrap_or_default(),
        Order::Findings => service.findings.len() as u64,
        Order::Name => 0,
    };
    let second = if order == Order::Name { 0 } else { service.image_bytes().unwrap_or_default() };
    (Reverse(first), Reverse(second), service.name.clone(), service.dockerfile.clone())
}

fn sort(services: &mut [AuditedService], order: Order) {
    services.sort_by_cached_key(|service| key(service, order));
}

/// Writes `audit`, which is of `sources`, to `out`.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(
    audit: &Audit,
    sources: &Sources<'_>,
    shown: &Shown,
    format: AuditFormat,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        AuditFormat::Table => table::write(audit, shown, paint, out),
        AuditFormat::Json => json::write(audit, shown, out),
        AuditFormat::Csv => csv::write(audit, shown, out),
        AuditFormat::Markdown => markdown::write(audit, shown, out),
        AuditFormat::Html => html::write(audit, sources, shown, out),
    }
}

#[cfg(test)]
mod tests;
