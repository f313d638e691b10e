//! Does a compose service that builds this Dockerfile ask for a GPU?

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::workspace::{ComposeFile, ComposeService, field, indent};

/// What compose files say of the services that build the Dockerfile.
#[derive(Debug, Default)]
pub(super) struct Compose {
    /// `docker-compose.yml: service api reserves a GPU`
    pub(super) gpu: Vec<String>,
    /// Files with services that build it and reserve none.
    pub(super) without: Vec<String>,
}

pub(super) fn read(facts: &Facts<'_>) -> Compose {
    let mut found = Compose::default();
    each_service(facts, |file, services| {
        let asking = |service: &&ComposeService| asks_for_gpu(file.source.text(), service);
        let (gpu, without): (Vec<&ComposeService>, Vec<&ComposeService>) = services.iter().copied().partition(asking);
        let sentences = gpu.iter().map(|service| format!("`{}`: service `{}` asks for a GPU", file.path, service.name));
        found.gpu.extend(sentences);
        found.without.extend((!without.is_empty()).then(|| file.path.clone()));
    });
    found
}

/// Gives each compose file with those of its services that build the Dockerfile, in this file or in another one.
pub(in crate::facts) fn each_service(facts: &Facts<'_>, mut take: impl FnMut(&ComposeFile, &[&ComposeService])) {
    let folders = facts.workspace.compose_files(&facts.service.dockerfile, &facts.service.context);
    let files = || folders.iter().flat_map(|files| files.iter());
    let services = files().flat_map(|file| &file.services);
    let builds = |service: &&ComposeService| {
        service.build.as_ref().is_some_and(|build| build.dockerfile == facts.service.dockerfile)
    };
    let names: BTreeSet<&str> = services.filter(builds).map(|service| service.name.as_str()).collect();
    for file in files() {
        // An override names the service again, without `build` or with a part of it. One that builds another Dockerfile stands in
        // for it: `dev.docker-compose.yml` with `dockerfile: dev.Dockerfile`.
        let is_of_other = |service: &&ComposeService| {
            service.build.as_ref().is_some_and(|build| build.is_whole && build.dockerfile != facts.service.dockerfile)
        };
        let own: Vec<&ComposeService> = file
            .services
            .iter()
            .filter(|service| names.contains(service.name.as_str()) && !is_of_other(service))
            .collect();
        if !own.is_empty() {
            take(file, &own);
        }
    }
}

impl Facts<'_> {
    /// What compose services of the Dockerfile start, those for development among them, each word by word.
    pub(in crate::facts) fn all_composed_starts(&self) -> Vec<Vec<String>> {
        let mut starts = Vec::new();
        each_service(self, |_, services| {
            starts.extend(services.iter().map(|service| service.start.clone()).filter(|words| !words.is_empty()));
        });
        starts
    }
}

fn asks_for_gpu(text: &str, service: &ComposeService) -> bool {
    let speaks = |line: &str| {
        let content = line.trim().trim_start_matches("- ");
        let nvidia_driver = field(content, "driver").is_some_and(|driver| driver == "nvidia");
        let runtime = field(content, "runtime").is_some_and(|runtime| runtime == "nvidia");
        let gpus = field(content, "gpus").is_some();
        let variable =
            content.starts_with("NVIDIA_VISIBLE_DEVICES") && !content.ends_with("none") && !content.ends_with("void");
        let capability = content.starts_with("capabilities") && content.contains("gpu") || content == "gpu";
        let device =
            content.contains("/dev/nvidia") || content.contains("/dev/kfd") || content.contains("nvidia.com/gpu");
        !content.starts_with('#') && (nvidia_driver || runtime || gpus || variable || capability || device)
    };
    if service.lines.iter().any(|line| speaks(line)) {
        return true;
    }
    // `<<: *gpu` takes lines from where `&gpu` stands.
    let anchors: Vec<&str> =
        service.lines.iter().filter_map(|line| line.split_once('*')).map(|(_, name)| name.trim()).collect();
    anchors.iter().any(|name| {
        let Some(start) = text.lines().position(|line| line.contains(&format!("&{name}"))) else { return false };
        let level = text.lines().nth(start).map_or(0, indent);
        text.lines().skip(start + 1).take_while(|line| line.trim().is_empty() || indent(line) > level).any(speaks)
    })
}
