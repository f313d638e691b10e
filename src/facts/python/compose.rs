//! A light look at compose files: does a service that builds this Dockerfile ask for a GPU? Indentation decides; nothing else of
//! YAML is understood.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::workspace::{join, parent};

use super::has_extension;

/// What compose files say of the services that build the Dockerfile.
#[derive(Debug, Default)]
pub(super) struct Compose {
    /// `docker-compose.yml: service api reserves a GPU`
    pub(super) gpu: Vec<String>,
    /// Files with services that build it and reserve none.
    pub(super) without: Vec<String>,
}

/// One service of a compose file.
struct Block<'t> {
    name: &'t str,
    lines: Vec<&'t str>,
}

pub(super) fn read(facts: &Facts<'_>) -> Compose {
    let mut found = Compose::default();
    let folders: BTreeSet<&str> = ["", facts.service.context.as_str(), parent(&facts.service.dockerfile)].into();
    let mut files = Vec::new();
    for folder in folders {
        for entry in facts.workspace.list(folder) {
            let name = entry.name.to_lowercase();
            let is_yaml = has_extension(&name, &["yml", "yaml"]);
            if !entry.is_dir
                && is_yaml
                && (name.starts_with("docker-compose") || name.starts_with("compose") || name.contains("compose."))
            {
                files.push(if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) });
            }
        }
    }
    let texts: Vec<_> = files.iter().filter_map(|path| Some((path, facts.workspace.read(path).ok()?))).collect();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (path, source) in &texts {
        for block in services(source.text()) {
            if builds(facts, path, &block) {
                names.insert(block.name.to_owned());
            }
        }
    }
    for (path, source) in &texts {
        let mut silent = false;
        // An override names the service again, without `build`.
        for block in services(source.text()).iter().filter(|block| names.contains(block.name)) {
            if asks_for_gpu(source.text(), block) {
                found.gpu.push(format!("`{path}`: service `{}` asks for a GPU", block.name));
            } else {
                silent = true;
            }
        }
        if silent {
            found.without.push((*path).clone());
        }
    }
    found
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The blocks below the top-level `services:`.
fn services(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut inside = false;
    let mut level = None;
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if indent(line) == 0 {
            inside = content.trim_end_matches(':') == "services";
            level = None;
            continue;
        }
        if !inside {
            continue;
        }
        let level = *level.get_or_insert_with(|| indent(line));
        if indent(line) <= level {
            let name = content.split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
            blocks.push(Block { name, lines: Vec::new() });
        } else if let Some(block) = blocks.last_mut() {
            block.lines.push(line);
        }
    }
    blocks
}

fn value<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let rest = line.trim().strip_prefix(key)?.strip_prefix(':')?;
    Some(rest.split(" #").next().unwrap_or(rest).trim().trim_matches(['"', '\'']))
}

fn builds(facts: &Facts<'_>, path: &str, block: &Block<'_>) -> bool {
    let Some(at) = block.lines.iter().position(|line| value(line, "build").is_some()) else { return false };
    let Some(line) = block.lines.get(at) else { return false };
    let inline = value(line, "build").unwrap_or_default();
    let below = block.lines.iter().skip(at + 1).take_while(|other| indent(other) > indent(line));
    let (mut context, mut dockerfile) = (inline.to_owned(), "Dockerfile".to_owned());
    if inline.is_empty() || inline.starts_with('{') {
        ".".clone_into(&mut context);
        let fields: Vec<&str> = inline.trim_matches(['{', '}']).split(',').chain(below.copied()).collect();
        for field in fields {
            if let Some(found) = value(field, "context") {
                found.clone_into(&mut context);
            } else if let Some(found) = value(field, "dockerfile") {
                found.clone_into(&mut dockerfile);
            }
        }
    }
    let folder = join(parent(path), context.trim_end_matches('/'));
    folder.and_then(|folder| join(&folder, &dockerfile)).is_some_and(|built| built == facts.service.dockerfile)
}

fn asks_for_gpu(text: &str, block: &Block<'_>) -> bool {
    let speaks = |line: &str| {
        let content = line.trim().trim_start_matches("- ");
        let nvidia_driver = value(content, "driver").is_some_and(|driver| driver == "nvidia");
        let runtime = value(content, "runtime").is_some_and(|runtime| runtime == "nvidia");
        let gpus = value(content, "gpus").is_some();
        let variable =
            content.starts_with("NVIDIA_VISIBLE_DEVICES") && !content.ends_with("none") && !content.ends_with("void");
        let capability = content.starts_with("capabilities") && content.contains("gpu") || content == "gpu";
        let device =
            content.contains("/dev/nvidia") || content.contains("/dev/kfd") || content.contains("nvidia.com/gpu");
        !content.starts_with('#') && (nvidia_driver || runtime || gpus || variable || capability || device)
    };
    if block.lines.iter().any(|line| speaks(line)) {
        return true;
    }
    // `<<: *gpu` takes lines from where `&gpu` stands.
    let anchors: Vec<&str> =
        block.lines.iter().filter_map(|line| line.split_once('*')).map(|(_, name)| name.trim()).collect();
    anchors.iter().any(|name| {
        let Some(start) = text.lines().position(|line| line.contains(&format!("&{name}"))) else { return false };
        let level = text.lines().nth(start).map_or(0, indent);
        text.lines().skip(start + 1).take_while(|line| line.trim().is_empty() || indent(line) > level).any(speaks)
    })
}
