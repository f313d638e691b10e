//! Stages that compose builds for developers beside those that are shipped.

use crate::facts::reach::is_side_stage;
use crate::facts::system::SystemInstall;
use crate::facts::{Facts, StageFacts};

impl Facts<'_> {
    /// The stage for developers that a compose file builds by its name, and that file, where the stage has the package of `install` only from
    /// the one that installs it, and mounts something, so that packages are compiled when it runs.
    #[must_use]
    pub fn developed_on(&self, install: &SystemInstall<'_>) -> Option<(&str, String)> {
        let heirs = self.descendants(install.stage);
        let is_heir = |stage: &&StageFacts| {
            stage.index != install.stage
                && heirs.contains(&stage.index)
                && stage.name.as_deref().is_some_and(is_side_stage)
                && stage.runs.iter().all(|run| self.system_installs(stage, run).is_empty())
        };
        let stages: Vec<&StageFacts> = self.stages.iter().filter(is_heir).collect();
        if stages.is_empty() {
            return None;
        }
        let own = self.service.dockerfile.as_str();
        let folders = self.workspace.compose_files(own, &self.service.context);
        folders.iter().flat_map(|files| files.iter()).find_map(|file| {
            let mounting = file.services.iter().filter(|service| !service.volumes.is_empty());
            let builds = mounting.filter_map(|service| service.build.as_ref()).filter(|build| build.dockerfile == own);
            let targets: Vec<&str> = builds.filter_map(|build| build.target.as_deref()).collect();
            let names = stages.iter().filter_map(|stage| stage.name.as_deref());
            let mut built = names.filter(|name| targets.iter().any(|target| target.eq_ignore_ascii_case(name)));
            built.next().map(|name| (name, file.path.clone()))
        })
    }
}
