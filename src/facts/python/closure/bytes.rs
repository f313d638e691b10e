//! What packages weigh: sizes of wheels in the lock times measured ratios, else the catalogue, else unknown.

use crate::catalogue;
use crate::python::PackageName;

use super::{ClosureBasis, InstalledPackage};

/// What pip's `.pyc` files weigh for each byte of the `.py` files that they are made of, in percent (measured on pandas and
/// scikit-learn: 101.2 MB for 71.2 MB).
const COMPILED_PERCENT: u64 = 142;
/// What a source distribution becomes when it is built and installed, in percent (median of 26 of real locks).
const SOURCE_PERCENT: u64 = 235;

/// What one package weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PackageBytes {
    /// What is downloaded.
    pub wheel: Option<u64>,
    /// The unpacked files, without `.pyc`.
    pub installed: Option<u64>,
    /// The `.pyc` files that a compiling installer adds; `None` when the share of Python in the package is not known.
    pub compiled: Option<u64>,
    /// Whether it rests on the lock's own figure for the wheel.
    pub exact: bool,
}

/// What several packages weigh together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// How many packages are counted, those left out of the install excepted.
    pub packages: usize,
    /// What is downloaded, where known.
    pub wheel: u64,
    /// The unpacked files, without `.pyc`, where known.
    pub installed: u64,
    /// The `.pyc` files of those packages for which they are known.
    pub compiled: u64,
    /// Packages whose wheel's size the lock tells.
    pub exact: usize,
    /// Packages of which nothing is known. They count as nothing, so that the sum is a lower bound unless it is 0.
    pub unknown: usize,
}

impl Sum {
    /// What is on disk: with `.pyc` when the install writes them.
    #[must_use]
    pub fn on_disk(&self, compiles: bool) -> u64 {
        if compiles { self.installed.saturating_add(self.compiled) } else { self.installed }
    }
}

impl PackageBytes {
    /// What is on disk: with `.pyc` when the install writes them and they are known.
    #[must_use]
    pub fn on_disk(&self, compiles: bool) -> Option<u64> {
        let compiled = self.compiled.filter(|_| compiles).unwrap_or_default();
        self.installed.map(|installed| installed.saturating_add(compiled))
    }

    /// What is built from a source distribution of `bytes`.
    pub(super) fn of_source(name: &PackageName, version: &str, bytes: Option<u64>) -> Self {
        let known = Self::of_wheel(name, version, None);
        let installed = bytes.and_then(|bytes| bytes.checked_mul(SOURCE_PERCENT)).map(|bytes| bytes / 100);
        Self { wheel: bytes.or(known.wheel), installed: known.installed.or(installed), ..known }
    }

    /// A wheel, with its size when the lock tells it; else as the catalogue measured it.
    pub(super) fn of_wheel(name: &PackageName, version: &str, wheel: Option<u64>) -> Self {
        let known = catalogue::wheel(name.as_str(), version);
        let Some(wheel) = wheel else {
            let Some(known) = known else { return Self::default() };
            return Self {
                wheel: Some(known.wheel_bytes),
                installed: Some(known.installed_bytes),
                compiled: compiled(known.python_bytes),
                exact: false,
            };
        };
        let installed = catalogue::installed_bytes_of_wheel(name.as_str(), wheel);
        let share = |known: catalogue::Wheel| {
            let of_this =
                u128::from(known.python_bytes) * u128::from(installed) / u128::from(known.installed_bytes.max(1));
            compiled(u64::try_from(of_this).unwrap_or(u64::MAX))
        };
        Self { wheel: Some(wheel), installed: Some(installed), compiled: known.and_then(share), exact: true }
    }
}

fn compiled(python: u64) -> Option<u64> {
    python.checked_mul(COMPILED_PERCENT).map(|bytes| bytes / 100)
}

/// Adds packages up. In the catalogue's closures they share light packages, which must count once.
pub(super) fn sum<'p>(packages: impl Iterator<Item = &'p InstalledPackage>, basis: &ClosureBasis) -> Sum {
    let mut sum = Sum::default();
    let mut keys: Vec<String> = Vec::new();
    for package in packages.filter(|package| !package.left_out && !package.is_local) {
        sum.packages += 1;
        sum.exact += usize::from(package.bytes.exact);
        if *basis == ClosureBasis::Catalogue && !package.is_alone {
            let name = package.name.as_str();
            let with_extras = package.extras.iter().map(|extra| format!("{name}[{extra}]"));
            let before = keys.len();
            keys.extend(
                std::iter::once(name.to_owned()).chain(with_extras).filter(|key| catalogue::package(key).is_some()),
            );
            sum.unknown += usize::from(keys.len() == before);
            continue;
        }
        sum.wheel = sum.wheel.saturating_add(package.bytes.wheel.unwrap_or_default());
        sum.installed = sum.installed.saturating_add(package.bytes.installed.unwrap_or_default());
        sum.compiled = sum.compiled.saturating_add(package.bytes.compiled.unwrap_or_default());
        sum.unknown += usize::from(package.bytes.installed.is_none());
    }
    if !keys.is_empty() {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let weight = catalogue::weight(&keys);
        sum.wheel = sum.wheel.saturating_add(weight.wheel_bytes);
        sum.installed = sum.installed.saturating_add(weight.installed_bytes);
        sum.compiled = sum.compiled.saturating_add(weight.compiled_bytes.saturating_sub(weight.installed_bytes));
    }
    sum
}
