//! Does a Kubernetes manifest, or the values of a Helm chart, ask for a GPU for the image?
//!
//! A container gets a GPU only when its limits name one as an extended resource ("Schedule GPUs" of the Kubernetes documentation).
//! Images are told by their name alone, since where they are pushed to is not in the repository.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::Facts;
use crate::workspace::{Workspace, field, indent, is_compose_name, parent};

/// Manifests beyond these are not read.
const FILE_LIMIT: usize = 2_000;
/// A manifest is read only up to this size.
const FILE_BYTES: u64 = 256_000;
/// Names of folders that say nothing of the image that is built there.
const GENERIC: [&str; 14] = [
    "docker",
    "build",
    "deploy",
    "deployment",
    "container",
    "containers",
    "image",
    "images",
    "dockerfiles",
    "dockerfile",
    "ci",
    ".devcontainer",
    "infra",
    "src",
];

/// What manifests say of the image.
#[derive(Debug, Default)]
pub(super) struct Kubernetes {
    /// Sentences about containers with the image that ask for a GPU.
    pub(super) gpu: Vec<String>,
    /// Manifests that run the image without one.
    pub(super) without: Vec<String>,
    /// All manifests that run the image.
    pub(super) files: BTreeSet<String>,
}

/// A container of a manifest.
#[derive(Debug, PartialEq, Eq)]
struct Container {
    file: Arc<str>,
    /// The image without registry, folders, tag and digest.
    image: String,
    gpu: bool,
}

/// What manifests say of the image, read once.
pub(super) fn read<'f>(facts: &'f Facts<'_>) -> &'f Kubernetes {
    facts.python.kubernetes.get_or_init(|| collect(facts))
}

fn collect(facts: &Facts<'_>) -> Kubernetes {
    let mut found = Kubernetes::default();
    let names = names(facts);
    if names.is_empty() {
        return found;
    }
    let containers = facts.workspace.remembered_of_others("kubernetes containers", || containers(facts.workspace));
    for container in containers.iter().filter(|container| names.contains(&container.image)) {
        found.files.insert(container.file.to_string());
        if container.gpu {
            let Container { file, image, .. } = container;
            found.gpu.push(format!("`{file}`: the container of `{image}` asks for a GPU"));
        } else if !found.without.iter().any(|file| **file == *container.file) {
            found.without.push(container.file.to_string());
        }
    }
    found
}

impl Facts<'_> {
    /// The Kubernetes manifests and values of charts that run the image, as far as its name tells.
    pub(in crate::facts) fn manifests_that_run_it(&self) -> &BTreeSet<String> {
        &read(self).files
    }
}

/// What the image may be called: as compose files call it, by the Dockerfile's own name, else by its folder.
fn names(facts: &Facts<'_>) -> BTreeSet<String> {
    let dockerfile = facts.service.dockerfile.as_str();
    let mut names = BTreeSet::new();
    for files in facts.workspace.compose_files(dockerfile, &facts.service.context).iter() {
        for service in files.iter().flat_map(|file| &file.services) {
            if service.build.as_ref().is_some_and(|build| build.dockerfile == dockerfile) {
                let image = service.lines.iter().find_map(|line| field(line, "image"));
                names.extend(image.and_then(image_name));
            }
        }
    }
    let file = dockerfile.rsplit('/').next().unwrap_or(dockerfile).to_lowercase();
    let own = file.strip_prefix("dockerfile.").or_else(|| file.strip_suffix(".dockerfile"));
    let mut folder = parent(dockerfile);
    while GENERIC.contains(&folder.rsplit('/').next().unwrap_or(folder)) {
        folder = parent(folder);
    }
    let repository = || facts.workspace.root().file_name().map(|name| name.to_string_lossy().into_owned());
    let place = match folder.rsplit('/').next() {
        Some(name) if !name.is_empty() => Some(name.to_owned()),
        _ => repository(),
    };
    match own {
        Some(own) => names.insert(normal(own)),
        None => place.is_some_and(|place| names.insert(normal(&place))),
    };
    names
}

fn containers(workspace: &Workspace) -> Vec<Container> {
    let tree = super::super::targets::repository(workspace);
    let is_manifest = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        super::has_extension(name, &["yaml", "yml", "tmpl"]) && !is_compose_name(name)
    };
    let manifests = tree.files.iter().filter(|file| file.bytes <= FILE_BYTES && is_manifest(&file.path));
    let mut found = Vec::new();
    for file in manifests.take(FILE_LIMIT) {
        let Ok(source) = workspace.read(&file.path) else { continue };
        if source.text().contains("image:") {
            containers_in(source.text(), &Arc::from(file.path.as_str()), &mut found);
        }
    }
    found
}

fn containers_in(text: &str, file: &Arc<str>, found: &mut Vec<Container>) {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some(value) = field(content(line), "image") else { continue };
        let level = level(line);
        // `image:` with `repository:` below it is how charts write it.
        let below = lines.get(at + 1..).unwrap_or_default();
        let repository = || {
            let mut own = below.iter().take_while(|line| is_below(line, level));
            own.find_map(|line| field(content(line), "repository"))
        };
        let value = if value.is_empty() { repository().unwrap_or_default() } else { value };
        let Some(image) = image_name(value) else { continue };
        let is_beside = |line: &str| line != "---" && (level == 0 || is_below(line, level - 1));
        let mut after = below.iter().take_while(|line| is_beside(line) && !starts_item(line, level));
        let mut gpu = after.any(|line| asks_for_gpu(line));
        if !starts_item(line, level) {
            let before = lines.get(..at).unwrap_or_default().iter().rev();
            for line in before.take_while(|line| is_beside(line)) {
                gpu |= asks_for_gpu(line);
                if starts_item(line, level) {
                    break;
                }
            }
        }
        found.push(Container { file: Arc::clone(file), image, gpu });
    }
}

/// The line without the dash of a list.
fn content(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("- ").map_or(line, str::trim_start)
}

/// The column at which the key of a line begins, past the dash of a list.
fn level(line: &str) -> usize {
    line.len() - line.trim_start().trim_start_matches("- ").trim_start().len()
}

fn is_below(line: &str, level: usize) -> bool {
    let blank = line.trim();
    blank.is_empty() || blank.starts_with('#') || indent(line) > level || starts_item(line, level + 1)
}

/// Whether the line begins a list's item whose keys stand at `level`.
fn starts_item(line: &str, level: usize) -> bool {
    line.trim_start().starts_with("- ") && self::level(line) == level
}

/// `nvidia.com/gpu: 1`; also `amd.com/gpu`, `gpu.intel.com/i915` and the slices of one GPU (`nvidia.com/mig-1g.5gb`).
fn asks_for_gpu(line: &str) -> bool {
    let content = content(line).trim_matches(['"', '\'']);
    let Some((key, value)) = content.split_once(':') else { return false };
    let key = key.trim_matches(['"', '\'', ' ']);
    let is_gpu = matches!(key, "nvidia.com/gpu" | "nvidia.com/gpu.shared" | "amd.com/gpu")
        || key.starts_with("nvidia.com/mig-")
        || key.starts_with("gpu.intel.com/");
    let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    is_gpu && value != "0"
}

/// `registry.example/team/api:1.2@sha256:…` is `api`; none where a variable stands in the name.
fn image_name(reference: &str) -> Option<String> {
    let name = reference.split('@').next()?.trim().rsplit('/').next()?;
    let name = name.split(':').next()?;
    let plain = !name.is_empty() && !name.contains(['{', '$', '}', '*', '&']);
    plain.then(|| normal(name))
}

fn normal(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::with_facts;

    fn read_all(text: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        containers_in(text, &Arc::from("a.yaml"), &mut found);
        found.into_iter().map(|container| (container.image, container.gpu)).collect()
    }

    #[test]
    fn each_container_is_asked_for_itself() {
        let text = "spec:\n  containers:\n    - name: a\n      image: registry.example/team/a:1\n      resources:\n        limits:\n          \
                    memory: 1Gi\n    - name: b\n      resources:\n        limits:\n          nvidia.com/gpu: 1\n      image: team/b\n    \
                    - image: c_d:2\n      resources: {}\n    - image: none\n      resources:\n        limits:\n          \
                    nvidia.com/gpu: \"0\"\n  nodeSelector:\n    nvidia.com/gpu: present\n";
        let expected = [("a", false), ("b", true), ("c-d", false), ("none", false)];
        assert_eq!(read_all(text), expected.map(|(name, gpu)| (name.to_owned(), gpu)));
    }

    #[test]
    fn values_of_a_chart_name_the_repository() {
        let text =
            "replicas: 1\nimage:\n  repository: team/api\n  tag: v1\nresources:\n  limits:\n    nvidia.com/gpu: 1\n";
        assert_eq!(read_all(text), [("api".to_owned(), true)]);
        assert!(read_all("image: \"{{ .Values.image }}\"\n").is_empty());
    }

    #[test]
    fn an_image_is_told_by_its_name() {
        let manifest = "containers:\n- image: team/api:1\n  resources:\n    limits:\n      nvidia.com/gpu: 1\n- image: team/web:1\n";
        let said = |dockerfile: &str| {
            let files = [("k8s/all.yml", manifest)];
            let mut found = (0, 0);
            with_facts_at(dockerfile, &files, &mut |kubernetes| {
                found = (kubernetes.gpu.len(), kubernetes.without.len());
            });
            found
        };
        assert_eq!(
            (said("api/Dockerfile"), said("web/docker/Dockerfile"), said("db/Dockerfile")),
            ((1, 0), (0, 1), (0, 0))
        );
        assert_eq!(said("docker/api.Dockerfile"), (1, 0));
    }

    fn with_facts_at(path: &str, files: &[(&str, &str)], then: &mut dyn FnMut(&Kubernetes)) {
        with_facts("FROM python:3.12\n", files, |facts| {
            let mut service = facts.service.clone();
            path.clone_into(&mut service.dockerfile);
            let other = Facts::compute(facts.workspace, &service, facts.source, facts.dockerfile);
            then(read(&other));
        });
    }
}
