//! What tells a finding from others, and the same finding again after lines above it have come or gone.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::diagnostic::Diagnostic;

use super::places::Region;

/// The fingerprints of a report. No two are the same.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<[u8; 16], u32>,
}

impl Fingerprints {
    /// From the rule, the path and the text of the line. The message has no part in it: figures in it change with other lines. Of
    /// findings that agree in all of this, the second and later ones are counted.
    pub fn next(&mut self, path: &str, diagnostic: &Diagnostic, region: Option<&Region>) -> String {
        let (place, line) = region.map(Region::first_line).unwrap_or_default();
        let first = hash(&[diagnostic.rule, path, line, place]);
        let seen = self.seen.entry(first).or_default();
        let before = std::mem::replace(seen, *seen + 1);
        hexadecimal(if before == 0 { first } else { hash(&[&hexadecimal(first), &before.to_string()]) })
    }
}

fn hash(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut short = [0; 16];
    short.copy_from_slice(hash.finalize().split_at(16).0);
    short
}

fn hexadecimal(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(32);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
