//! Limits that services must keep.

use crate::diagnostic::format_bytes;

use super::{Audit, AuditedService, Part};

/// What a service may weigh and waste.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Gates {
    /// The most that an image may be estimated at, in bytes.
    pub max_size: Option<u64>,
    /// The most that could be saved in one image, in bytes.
    pub max_saving: Option<u64>,
}

/// A service over a limit, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exceeded(pub String);

impl Gates {
    /// Whether there is any limit.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.max_size.is_some() || self.max_saving.is_some()
    }

    /// The services of `audit` that are over a limit, as the audit ranks them.
    #[must_use]
    pub fn exceeded(&self, audit: &Audit) -> Vec<Exceeded> {
        audit.services.iter().flat_map(|service| self.exceeded_by(service)).collect()
    }

    fn exceeded_by(&self, service: &AuditedService) -> Vec<Exceeded> {
        let mut found = Vec::new();
        // What is known is at least there, whatever else is.
        if let (Some(bytes), Some(most)) = (service.image_bytes(), self.max_size)
            && bytes > most
        {
            let least = if service.is_complete() { "~" } else { "at least " };
            let text = format!(
                "{}: the image is {least}{}, over the {} of --max-size",
                service.name,
                format_bytes(bytes),
                format_bytes(most)
            );
            found.push(Exceeded(text));
        }
        if let Some(most) = self.max_saving.filter(|most| service.reclaimable_bytes > *most) {
            let text = format!(
                "{}: ~{} could be saved, over the {} of --max-saving",
                service.name,
                format_bytes(service.reclaimable_bytes),
                format_bytes(most)
            );
            found.push(Exceeded(text));
        }
        found
    }

    /// The services whose size is not known, so that nobody can say whether they keep the limit.
    #[must_use]
    pub fn unjudged(&self, audit: &Audit) -> Vec<String> {
        let Some(most) = self.max_size else { return Vec::new() };
        let unknown = |service: &&AuditedService| {
            service.bytes_of(Part::Base).is_none() && service.image_bytes().is_none_or(|bytes| bytes <= most)
        };
        audit.services.iter().filter(unknown).map(|service| service.name.clone()).collect()
    }
}
