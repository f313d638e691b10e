//! What single wheels weigh, without what they need.

use crate::text::normal_name;

use super::texts::Text;

include!(concat!(env!("OUT_DIR"), "/catalogue-wheels.rs"));

/// A wheel that was measured: Linux, x86-64, glibc.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wheel {
    /// The version that was measured.
    pub version: &'static str,
    /// Bytes of the wheel.
    pub wheel_bytes: u64,
    /// Bytes of its files when it is unpacked, without `.pyc`.
    pub installed_bytes: u64,
    /// Bytes of the `.py` files among them.
    pub python_bytes: u64,
}

/// [`Wheel`] with its name, as it is stored.
pub(super) struct Row {
    name: Text,
    version: Text,
    wheel_bytes: u64,
    installed_bytes: u64,
    python_bytes: u64,
}

impl Row {
    fn name(&self) -> &'static str {
        self.name.of(TEXTS)
    }

    fn wheel(&self) -> Wheel {
        let &Self { version, wheel_bytes, installed_bytes, python_bytes, .. } = self;
        Wheel { version: version.of(TEXTS), wheel_bytes, installed_bytes, python_bytes }
    }
}

/// The measured wheel of `name`, in whatever version.
///
/// A build of another kind than the default index has is another wheel: `2.9.1+cpu` is not `2.9.1`.
#[must_use]
pub fn wheel(name: &str, version: &str) -> Option<Wheel> {
    let name = normal_name(name);
    match version.split_once('+') {
        Some((_, local)) => find(&format!("{name}+{local}")),
        None => find(&name),
    }
}

/// What a wheel of `name` with `wheel_bytes` becomes when unpacked, if one of it was measured.
pub(super) fn unpacked(name: &str, wheel_bytes: u64) -> Option<u64> {
    let known = find(name)?;
    let bytes = u128::from(wheel_bytes) * u128::from(known.installed_bytes) / u128::from(known.wheel_bytes.max(1));
    Some(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn find(key: &str) -> Option<Wheel> {
    let place = WHEELS.binary_search_by(|row| row.name().cmp(key)).ok()?;
    WHEELS.get(place).map(Row::wheel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_file_is_whole() {
        let file = include_str!("../../rules/catalogue/wheels.toml");
        assert_eq!(WHEELS.len(), file.lines().filter(|line| line.contains("version =")).count());
        assert!(WHEELS.is_sorted_by(|one, other| one.name() < other.name()));
        for (name, wheel) in WHEELS.iter().map(|row| (row.name(), row.wheel())) {
            assert!(!wheel.version.is_empty(), "{name}");
            assert!(wheel.wheel_bytes > 0 && wheel.python_bytes <= wheel.installed_bytes, "{name}");
        }
    }

    #[test]
    fn another_build_is_another_wheel() {
        let numpy = wheel("NumPy", "2.0.0");
        assert!(numpy.is_some_and(|numpy| numpy.installed_bytes > 2 * numpy.wheel_bytes));
        assert_eq!(numpy, wheel("numpy", ""));
        assert_eq!(wheel("numpy", "2.0.0+cpu"), None);
        assert!(wheel("torch", "2.9.1+cpu").is_some_and(|cpu| Some(cpu) != wheel("torch", "2.9.1")));
        assert_eq!(wheel("unheard-of", ""), None);
        assert!(unpacked("numpy", 1_000).is_some_and(|bytes| bytes > 2_000));
    }
}
