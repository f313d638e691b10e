//! What an image is for, as far as a rule may rely on it.
//!
//! * [`Facts::is_for_work`]: people develop, test, build or check with it; nobody ships it, so nobody counts its bytes.
//! * [`Facts::doubt_of_shipping`]: nothing says so, but something speaks for it.
//! * [`Facts::is_runtime_image`]: it is there to run a program.
//!
//! Names of files, folders and stages and the comment at the head of a file are read in `names`, what an image starts in `starts`,
//! what of it speaks of work in `work`, what nothing names in `unnamed`, what compose mounts over it in `mounts`, what is no more than a hint in `doubts`, and what
//! outweighs it in `shipping`.

mod arms;
mod developers;
mod doubts;
mod mounts;
mod names;
mod shipping;
mod started;
mod starts;
mod unnamed;
mod work;

use std::sync::OnceLock;

pub(super) use mounts::{SourceMount, mounts};
pub(super) use names::{READMES, is_folder_of_tests};
pub(super) use starts::{ComposedStart, composed_starts};

use super::python::Reached;
use super::{Facts, StageFacts};
use work::StartScript;

/// What is known of the purpose of a stage, once somebody asked.
#[derive(Debug, Default)]
pub(super) struct Purpose {
    works: OnceLock<bool>,
    runs: OnceLock<bool>,
    develops: OnceLock<bool>,
    starts_a_development_server: OnceLock<bool>,
    start_scripts: OnceLock<Vec<StartScript>>,
    doubt: OnceLock<Option<String>>,
    /// What shows that it installs when it runs.
    pub(super) installs: OnceLock<Option<Reached>>,
}

impl Facts<'_> {
    /// Whether people develop, test, build or check with a final image: by the names of its file, of the folders around it and of its
    /// stage, by the comment at the head of the file, by its base, by what it starts, or since what runs in it is mounted.
    #[must_use]
    pub fn is_for_work(&self, image: &StageFacts) -> bool {
        let answer = || {
            self.is_workshop()
                || self.tests(image)
                || self.starts_a_build(image)
                || self.has_debugger(image)
                || self.stands_on_a_workbench(image)
                || self.starts_from_a_mount(image)
                || (self.runs_over_a_mount(image) && !self.is_pushed())
                || self.is_worked_on_in_a_mount(image)
                || self.is_an_editors_container()
                || self.builds_what_it_is_given(image)
                || self.waits_for_people(image)
                || self.is_only_copied_from(image)
        };
        self.purposes.get(image.index).map_or_else(answer, |purpose| *purpose.works.get_or_init(answer))
    }

    /// Whether a final image is there to run a service or a program, not to work in: nothing says that people work with it, it holds
    /// something of its program, and what it starts is neither a shell nor an idle command.
    #[must_use]
    pub fn is_runtime_image(&self, image: &StageFacts) -> bool {
        let answer = || self.is_there_to_run(image) && !self.runs_over_a_mount(image);
        self.purposes.get(image.index).map_or_else(answer, |purpose| *purpose.runs.get_or_init(answer))
    }

    /// The same of an image that may take its program from a mount: what it holds beside that is shipped all the same.
    #[must_use]
    pub fn is_there_to_run(&self, image: &StageFacts) -> bool {
        !self.is_for_work(image) && self.starts_a_program(image)
    }

    /// Whether an image is for developing or testing by what it sets and starts: `ENV TESTING=true`, `--reload`. People ship
    /// such images all the same.
    #[must_use]
    pub fn serves_development(&self, image: &StageFacts) -> bool {
        let answer = || self.is_set_for_development(image) || self.starts_a_development_server(image);
        self.purposes.get(image.index).map_or_else(answer, |purpose| *purpose.develops.get_or_init(answer))
    }

    /// Whether a final image is there to run something, and neither its name nor what it sets and starts speaks of developing,
    /// building or testing.
    #[must_use]
    pub fn runs_a_service(&self, image: &StageFacts) -> bool {
        self.is_runtime_image(image) && !self.serves_development(image)
    }

    /// Whether all final images that have what the byte `offset` of the Dockerfile writes are there to work with; without one, whether
    /// all are.
    #[must_use]
    pub fn is_only_for_work(&self, offset: Option<u32>) -> bool {
        let images = self.images_with(offset);
        !images.is_empty() && images.into_iter().all(|image| self.is_for_work(image))
    }

    /// What makes it doubtful that any of the final images is shipped that have what the byte `offset` of the Dockerfile writes; without
    /// one, any at all. `None` where one of them is beyond doubt.
    #[must_use]
    pub fn doubt_of_shipping_any(&self, offset: Option<u32>) -> Option<&str> {
        let images = self.images_with(offset);
        let shipped = images.into_iter().filter(|image| !self.is_for_work(image));
        let doubts: Option<Vec<&str>> = shipped.map(|image| self.doubt_of_shipping(image)).collect();
        doubts?.first().copied()
    }

    /// The final images that have what the byte `offset` of the Dockerfile writes, or all.
    fn images_with(&self, offset: Option<u32>) -> Vec<&StageFacts> {
        let begins = |stage: &StageFacts, offset: u32| {
            self.dockerfile.instructions.get(stage.from).is_some_and(|from| from.range.start() <= offset)
        };
        let stage = offset.and_then(|offset| self.stages.iter().rev().find(|stage| begins(stage, offset)));
        let own = stage.map(|stage| self.descendants(stage.index)).unwrap_or_default();
        let holds = |image: &&StageFacts| own.contains(&image.index);
        // What a stage only hands on ends in any of them.
        let anywhere = !self.finals().any(|image| holds(&image));
        self.finals().filter(|image| anywhere || holds(image)).collect()
    }
}
