//! What the report holds: every text once, made harmless, and every figure as it is. One that is not known is null.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::AuditTotals;

#[derive(Serialize)]
pub(super) struct Document {
    /// The version of what is here.
    pub version: u32,
    /// The folders that were looked at.
    pub title: String,
    pub tool: &'static str,
    pub totals: Totals,
    /// The parts of an image, in the order in which each service has them.
    pub parts: Vec<&'static str>,
    /// By what the services are ordered.
    pub order: &'static str,
    pub rules: BTreeMap<&'static str, Rule>,
    pub services: Vec<Service>,
    pub causes: Vec<SharedCause>,
    pub findings: Vec<Finding>,
    pub patches: Vec<Patch>,
}

#[derive(Serialize)]
pub(super) struct Totals {
    #[serde(flatten)]
    pub all: AuditTotals,
    /// The parts of all images, as those of a service.
    pub parts: Vec<(Option<u64>, bool, u64)>,
    /// How many versions a registry keeps.
    pub keep: Option<u32>,
    /// Services that are not among those here.
    pub left_out: usize,
    /// Dockerfiles whose fixes nobody planned.
    pub unplanned: usize,
    /// How many findings have figures of which origin.
    pub basis: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
pub(super) struct Rule {
    pub group: &'static str,
    pub summary: String,
}

#[derive(Serialize)]
pub(super) struct Service {
    /// The fragment of its page, without what all of them begin with.
    pub slug: String,
    pub name: String,
    pub dockerfile: String,
    pub context: String,
    pub target: Option<String>,
    pub base: Option<String>,
    pub image: Option<u64>,
    pub complete: bool,
    pub reclaimable: u64,
    pub unmeasured: usize,
    pub dominant: Option<String>,
    /// Bytes, whether nothing is missing, and bytes that could go.
    pub parts: Vec<(Option<u64>, bool, u64)>,
    /// Indexes.
    pub findings: Vec<usize>,
    pub patches: Vec<usize>,
}

#[derive(Serialize)]
pub(super) struct Finding {
    pub rule: &'static str,
    pub severity: &'static str,
    pub message: String,
    pub place: String,
    /// The line that it is in.
    pub code: String,
    /// Further places, with what is there.
    pub labels: Vec<(String, String)>,
    pub notes: Vec<(&'static str, String)>,
    pub help: Option<String>,
    pub bytes: Option<u64>,
    /// Whether more could go than `bytes`.
    pub at_least: bool,
    /// Whether it is about bytes in the image.
    pub in_image: bool,
    pub basis: Option<&'static str>,
    pub fix: Option<Fix>,
}

#[derive(Serialize)]
pub(super) struct Fix {
    pub title: String,
    pub kind: &'static str,
    /// Whether the patch holds it.
    pub is_made: bool,
    pub risk: Option<String>,
}

#[derive(Serialize)]
pub(super) struct SharedCause {
    pub rule: &'static str,
    /// Who can put it right, in words.
    pub fix: &'static str,
    pub bytes: u64,
    pub at_least: bool,
    /// How many services, of which some may be left out.
    pub count: usize,
    pub services: Vec<usize>,
    pub places: Vec<Place>,
}

#[derive(Serialize)]
pub(super) struct Place {
    pub kind: &'static str,
    pub name: String,
    pub bytes: u64,
    pub at_least: bool,
    pub count: usize,
    pub services: Vec<usize>,
}

#[derive(Serialize)]
pub(super) struct Patch {
    pub file: String,
    pub text: String,
    pub left_out: usize,
    pub fixes: usize,
}
