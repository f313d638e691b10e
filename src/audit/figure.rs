//! How figures are written, the same in every format for people.

use crate::diagnostic::format_bytes;

use super::{AuditTotals, AuditedService, Cause, Where};

/// A sum as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Figure {
    /// In bytes, as far as they are known; `None` where nothing is.
    pub bytes: Option<u64>,
    /// Whether nothing is missing.
    pub complete: bool,
}

impl Figure {
    /// The image of a service.
    pub(super) fn image(service: &AuditedService) -> Self {
        Self { bytes: service.image_bytes(), complete: service.is_complete() }
    }

    /// What could go of a service.
    pub(super) fn reclaimable(service: &AuditedService) -> Self {
        Self { bytes: service.reclaimable(), complete: service.unmeasured == 0 }
    }

    /// The images of all services.
    pub(super) fn images(totals: &AuditTotals) -> Self {
        let is_known = totals.unknown_images < totals.services;
        Self { bytes: is_known.then_some(totals.image_bytes), complete: totals.complete }
    }

    /// What could go of all services.
    pub(super) fn all_reclaimable(totals: &AuditTotals) -> Self {
        Self::could_go(totals.reclaimable_bytes, totals.unmeasured > 0)
    }

    pub(super) fn cause(cause: &Cause) -> Self {
        Self::could_go(cause.bytes, cause.at_least)
    }

    pub(super) fn place(place: &Where) -> Self {
        Self::could_go(place.bytes, place.at_least)
    }

    pub(super) fn could_go(bytes: u64, at_least: bool) -> Self {
        Self { bytes: (bytes > 0 || !at_least).then_some(bytes), complete: !at_least }
    }

    /// So many of them.
    pub(super) fn times(self, number: u32) -> Self {
        Self { bytes: self.bytes.map(|bytes| bytes.saturating_mul(u64::from(number))), ..self }
    }

    /// `~5.4 GB`, `≥ 1.2 GB` where something is not known, `unknown`
    pub(super) fn text(self) -> String {
        match self.bytes {
            None => "unknown".to_owned(),
            Some(bytes) if self.complete => format!("~{}", format_bytes(bytes)),
            Some(bytes) => format!("≥ {}", format_bytes(bytes)),
        }
    }

    /// [`Figure::text`], where nothing at all is `nothing`.
    pub(super) fn text_or(self, nothing: &str) -> String {
        if self.bytes == Some(0) && self.complete { nothing.to_owned() } else { self.text() }
    }
}
