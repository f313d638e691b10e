//! How a Dockerfile can be built otherwise: on the base of another `ARG`, with switches for a GPU.

use crate::dockerfile::Arguments;
use crate::facts::Facts;

use super::Evidence;
use super::evidence::says;

/// The `ARG` whose value is the whole base: `FROM ${BASE_IMAGE}`. `python:${VERSION}-slim` stays an image of Python.
pub(super) fn base_argument<'f>(facts: &'f Facts<'_>, from: usize) -> Option<&'f str> {
    let from = facts.dockerfile.instructions.get(from);
    let Some(Arguments::From { image: Some(image), .. }) = from.map(|from| &from.arguments) else { return None };
    let written = image.range.slice(facts.source.text()).trim_matches('"');
    let variable = written.strip_prefix("${").or_else(|| written.strip_prefix('$'))?;
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    variable.split(|character| !is_name(character)).next().filter(|name| !name.is_empty())
}

/// A comment may say what else the base can be: `--build-arg BASE_IMAGE=nvidia/cuda:12.4.1-runtime-ubuntu22.04`.
pub(super) fn other_base(facts: &Facts<'_>, from: usize, found: &mut Evidence) {
    let Some(name) = base_argument(facts, from) else { return };
    let text = facts.source.text();
    let comments = facts.dockerfile.comments.iter().flat_map(|comment| comment.range.slice(text).split_whitespace());
    let values = comments.filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let mut values = values.map(|value| value.trim_matches(['"', '\'', '`']));
    if let Some(value) = values.find(|value| says(value) == Some(true)) {
        found.gpu.push(format!("a comment that builds it with `{name}={value}`"));
    }
}

/// `USE_CUDA=1`: switches of builds for a GPU.
pub(super) fn is_gpu_switch(name: &str) -> bool {
    let parts = name.split_once('_');
    parts.is_some_and(|(verb, what)| {
        matches!(verb, "USE" | "WITH" | "ENABLE" | "FORCE" | "BUILD") && matches!(what, "CUDA" | "GPU" | "ROCM")
    })
}

pub(super) fn is_on(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "1" | "true" | "on" | "yes")
}
