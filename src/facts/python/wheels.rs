//! What an install downloads, as far as the catalogue knows the packages it names.

use crate::catalogue::{self, Weight};
use crate::facts::{Facts, Run, StageFacts};

use super::closure::{ClosureBasis, Sum};
use super::{Build, Root};

impl Facts<'_> {
    /// Bytes of the wheels that the invocation at `index` of `run` downloads: those of the closure by the lock, or those of the
    /// packages it names that the catalogue has measured, with what they pull. A lower bound; `None` when none is known.
    #[must_use]
    pub fn downloaded_wheels(&self, stage: &StageFacts, run: &Run, index: usize) -> Option<u64> {
        self.of_install(stage, run, index, |sum| sum.wheel, |weight| weight.wheel_bytes)
    }

    /// Bytes of the same wheels when they are unpacked, without `.pyc`.
    #[must_use]
    pub fn unpacked_wheels(&self, stage: &StageFacts, run: &Run, index: usize) -> Option<u64> {
        self.of_install(stage, run, index, |sum| sum.installed, |weight| weight.installed_bytes)
    }

    /// What the lock or the pins tell of each package; without them what the catalogue measured.
    fn of_install(
        &self,
        stage: &StageFacts,
        run: &Run,
        index: usize,
        by_closure: impl Fn(&Sum) -> u64,
        by_catalogue: impl Fn(&Weight) -> u64,
    ) -> Option<u64> {
        let number = stage.runs.iter().position(|other| other.instruction == run.instruction)?;
        let is_it = |install: &super::PythonInstall| {
            (install.stage, install.run, install.invocation) == (stage.index, number, index)
        };
        let (position, install) = self.python_installs().iter().enumerate().find(|(_, install)| is_it(install))?;
        let torch = self.torch_installs().iter().find(|torch| torch.install == position);
        // The catalogue's wheels are those of the CUDA build.
        let cuda = torch.is_some_and(|torch| torch.build == Build::Cuda);
        let mut keys: Vec<&str> = Vec::new();
        for root in &install.roots {
            let (name, extras) = name_and_extras(root);
            if cuda || catalogue::chain_to(name, &extras, "torch").is_none() {
                keys.extend(catalogue::package_with_extras(name, &extras).iter().map(|package| package.key));
            }
        }
        let known = by_catalogue(&catalogue::weight(&keys));
        let closure = self.closure(install);
        // What the catalogue alone knows of a closure it knows better as a whole.
        let exact = if closure.basis == ClosureBasis::Catalogue {
            0
        } else {
            let places: Vec<usize> = (0..closure.packages.len()).collect();
            by_closure(&closure.bytes(&places))
        };
        let bytes = if exact > 0 { exact } else { known };
        (bytes > 0).then_some(bytes)
    }
}

fn name_and_extras(root: &Root) -> (&str, Vec<&str>) {
    let extras = root.requirement.extras.iter().map(crate::python::PackageName::as_str).collect();
    (root.requirement.name.as_str(), extras)
}
