//! One JSON object, version 1. A figure that is not known is null.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::Applicability;
use crate::output::write_object;

use super::{Audit, AuditTotals, AuditedService, Cause, Shown};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    services: Vec<Service<'a>>,
    causes: Vec<JsonCause<'a>>,
    totals: Totals,
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    dockerfile: &'a str,
    context: &'a str,
    target: Option<&'a str>,
    base: Option<&'a str>,
    image_bytes: Option<u64>,
    complete: bool,
    reclaimable_bytes: Option<u64>,
    dominant: Option<&'a str>,
    parts: Vec<JsonPart>,
    levers: Vec<Lever<'a>>,
    findings: usize,
    unknown: Vec<&'static str>,
}

#[derive(Serialize)]
struct JsonPart {
    part: &'static str,
    bytes: Option<u64>,
    complete: bool,
    reclaimable_bytes: u64,
}

#[derive(Serialize)]
struct Lever<'a> {
    rule: &'a str,
    title: &'a str,
    bytes: Option<u64>,
    fix: Option<&'static str>,
    place: &'a str,
}

#[derive(Serialize)]
struct JsonCause<'a> {
    rule: &'a str,
    bytes: u64,
    at_least: bool,
    fix: &'static str,
    services: Vec<&'a str>,
    places: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    kind: &'static str,
    name: String,
    bytes: u64,
    at_least: bool,
    services: Vec<&'a str>,
}

#[derive(Serialize)]
struct Totals {
    #[serde(flatten)]
    all: AuditTotals,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
}

#[derive(Serialize)]
struct Kept {
    versions: u32,
    image_bytes: u64,
    reclaimable_bytes: u64,
}

pub(super) fn write(audit: &Audit, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let totals = &audit.totals;
    let document = Document {
        version: 1,
        services: audit.rows(shown).into_iter().map(service).collect(),
        causes: audit.causes.iter().map(|cause| self::cause(audit, cause)).collect(),
        totals: Totals {
            all: *totals,
            kept: shown.keep.map(|versions| Kept {
                versions,
                image_bytes: totals.image_bytes.saturating_mul(u64::from(versions)),
                reclaimable_bytes: totals.reclaimable_bytes.saturating_mul(u64::from(versions)),
            }),
        },
    };
    write_object(&document, out)
}

fn service(service: &AuditedService) -> Service<'_> {
    let parts = service.parts.iter().map(|part| JsonPart {
        part: part.part.name(),
        bytes: part.bytes,
        complete: part.complete,
        reclaimable_bytes: part.reclaimable,
    });
    let levers = service.levers.iter().map(|lever| Lever {
        rule: lever.rule,
        title: &lever.title,
        bytes: lever.bytes,
        fix: lever.applicability.map(Applicability::name),
        place: &lever.place,
    });
    Service {
        name: &service.name,
        dockerfile: &service.dockerfile,
        context: &service.context,
        target: service.target.as_deref(),
        base: service.base.as_deref(),
        image_bytes: service.image_bytes(),
        complete: service.is_complete(),
        reclaimable_bytes: service.reclaimable(),
        dominant: service.dominant.as_deref(),
        parts: parts.collect(),
        levers: levers.collect(),
        findings: service.findings.len(),
        unknown: service.unknown().collect::<Vec<_>>(),
    }
}

fn cause<'a>(audit: &'a Audit, cause: &'a Cause) -> JsonCause<'a> {
    let names = |services: &[usize]| {
        services.iter().filter_map(|&index| audit.services.get(index)).map(|service| service.name.as_str()).collect()
    };
    let places = cause.wheres.iter().map(|place| Place {
        kind: place.subject.kind(),
        name: place.subject.name(),
        bytes: place.bytes,
        at_least: place.at_least,
        services: names(&place.services),
    });
    JsonCause {
        rule: cause.rule,
        bytes: cause.bytes,
        at_least: cause.at_least,
        fix: cause.remedy.name(),
        services: names(&cause.services),
        places: places.collect(),
    }
}
