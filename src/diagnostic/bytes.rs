//! Bytes with what they are of and how they are known. MB and GB are powers of ten.

/// Where a figure comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Basis {
    /// The lock's wheel sizes and measured unpack ratios.
    Lock,
    /// Files measured in the build context.
    Context,
    /// The built-in catalogue of measured packages.
    Catalogue,
}

impl Basis {
    /// The word that output uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Context => "context",
            Self::Catalogue => "catalogue",
        }
    }
}

/// What the bytes are of. Two findings about the same component save it only once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Component {
    /// A distribution, or the part of its closure that only it needs.
    Package(String),
    /// Files below a path in the image or the context.
    Path(String),
    /// An image that stages are built on, as `FROM` names it, without its digest.
    Base(String),
}

/// One component's bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saving {
    /// Of what.
    pub component: Component,
    /// How many bytes.
    pub bytes: u64,
    /// How that is known.
    pub basis: Basis,
}

/// The bytes a finding is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Savings {
    /// The parts.
    pub items: Vec<Saving>,
    /// Whether all parts are known. When not, the sum is a lower bound.
    pub complete: bool,
    /// Whether the bytes are in the image; false when they are only sent to the builder.
    pub in_image: bool,
}

impl Savings {
    /// A single known figure in the image.
    #[must_use]
    pub fn of(component: Component, bytes: u64, basis: Basis) -> Self {
        Self { items: vec![Saving { component, bytes, basis }], complete: true, in_image: true }
    }

    /// Whether the sum says something to people: a lower bound of some kilobytes does not.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        const TELLING: u64 = 1_000_000;
        let bytes = self.bytes();
        if self.complete { bytes > 0 } else { bytes >= TELLING }
    }

    /// The sum.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }

    /// The weakest basis of the parts.
    #[must_use]
    pub fn basis(&self) -> Option<Basis> {
        self.items.iter().map(|item| item.basis).max()
    }
}

/// `4.4 GB`, `71 MB`, `20 kB`, `512 B`: two figures below ten, whole numbers above.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "two figures are shown")]
pub fn format_bytes(bytes: u64) -> String {
    let (value, unit) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => (bytes as f64 / 1e3, "kB"),
        1_000_000..1_000_000_000 => (bytes as f64 / 1e6, "MB"),
        _ => (bytes as f64 / 1e9, "GB"),
    };
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_naturally() {
        for (bytes, text) in [
            (512, "512 B"),
            (20_400, "20 kB"),
            (1_240_000, "1.2 MB"),
            (71_000_000, "71 MB"),
            (4_410_000_000, "4.4 GB"),
            (9_960_000_000, "10 GB"),
        ] {
            assert_eq!(format_bytes(bytes), text);
        }
    }
}
