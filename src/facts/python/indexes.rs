//! Which package indexes an install asks.

use crate::facts::commands::{Options, Pip, PipAction};
use crate::facts::{Facts, Invocation, Run, StageFacts};
use crate::python::pyproject::Pyproject;

/// What an index gives for torch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexKind {
    /// Builds for the CPU.
    Cpu,
    /// Builds for a GPU or another accelerator.
    Gpu,
    /// `PyPI` or a mirror of it.
    Pypi,
    /// Something else, or not known.
    Other,
}

/// How an index takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexRole {
    /// In the place of `PyPI`.
    Default,
    /// Beside it.
    Extra,
    /// A page or folder with files.
    FindLinks,
    /// uv's choice of torch's index: `--torch-backend`.
    Backend,
    /// No index at all.
    None,
}

/// An index that an install asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Index {
    /// How.
    pub role: IndexRole,
    /// What it gives.
    pub kind: IndexKind,
    /// Where it is named, for people.
    pub from: String,
}

/// What the index at `url` gives. Unknown parts of it are [`crate::dockerfile::UNKNOWN`].
pub(super) fn classify(url: &str) -> IndexKind {
    if let Some(kind) = url.split(['/', '?', '#', '=', '&']).find_map(segment) {
        return kind;
    }
    if is_public_mirror(url) { IndexKind::Pypi } else { IndexKind::Other }
}

/// Whether an index holds what `PyPI` holds: `PyPI` itself and the mirrors that public institutions keep, told by the first parts of
/// their host or by lying at `/pypi/simple`. A company's own repository (`/artifactory/api/pypi/ours/simple`) may hold anything.
fn is_public_mirror(url: &str) -> bool {
    let address = url.split("://").nth(1).unwrap_or(url);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let labels: Vec<&str> = host.split('.').collect();
    matches!(labels.as_slice(), ["pypi", "org" | "python" | "tuna" | "mirrors" | "doubanio" | "douban", ..])
        || matches!(parts.as_slice(), ["pypi", "simple"] | ["pypi", "web", "simple"] | ["repository", "pypi", "simple"])
}

/// `cpu`, `cu121`, `rocm6.2`, `xpu`: the last parts of PyTorch's index URLs, and their names.
fn segment(part: &str) -> Option<IndexKind> {
    let is_cuda = part
        .strip_prefix("cu")
        .is_some_and(|digits| digits.len() >= 2 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match part {
        "cpu" | "cpu-cxx11-abi" | "torch-cpu" | "pytorch-cpu" => Some(IndexKind::Cpu),
        "xpu" | "cuda" | "gpu" | "hpu" => Some(IndexKind::Gpu),
        _ if is_cuda || part.starts_with("rocm") => Some(IndexKind::Gpu),
        _ => None,
    }
}

/// What a version with a local part is built for: `2.1.0+cpu`, `2.1.0+cu121`.
pub(super) fn of_version(version: &str) -> Option<IndexKind> {
    version.split_once('+').and_then(|(_, local)| local.split('.').next()).and_then(segment)
}

/// The kind that a value of `--torch-backend` stands for. `auto` finds no GPU during a build.
fn of_backend(value: &str) -> IndexKind {
    match value {
        "auto" => IndexKind::Cpu,
        value => segment(value).unwrap_or(IndexKind::Other),
    }
}

fn index(role: IndexRole, value: &str, from: impl Into<String>) -> Index {
    let kind = if role == IndexRole::Backend { of_backend(value) } else { classify(value) };
    Index { role, kind, from: from.into() }
}

/// The indexes that the command line names.
pub(super) fn of_options(options: &Options<'_>, found: &mut Vec<Index>) {
    for flag in &options.flags {
        let role = match &*flag.name {
            "-i" | "--index-url" | "--pypi-url" | "--default-index" => IndexRole::Default,
            "--extra-index-url" | "--index" => IndexRole::Extra,
            "-f" | "--find-links" => IndexRole::FindLinks,
            "--torch-backend" => IndexRole::Backend,
            "--no-index" => IndexRole::None,
            _ => continue,
        };
        let value = flag.value.as_ref().map(|value| value.text().to_owned()).unwrap_or_default();
        found.push(index(role, &value, format!("`{}`", flag.name)));
    }
}

/// The indexes that variables name.
pub(super) fn of_variables(
    facts: &Facts<'_>,
    run: &Run,
    invocation: &Invocation,
    uv: bool,
    pip_interface: bool,
    found: &mut Vec<Index>,
) {
    let pip: &[(&str, IndexRole)] = &[
        ("PIP_INDEX_URL", IndexRole::Default),
        ("PIP_EXTRA_INDEX_URL", IndexRole::Extra),
        ("PIP_FIND_LINKS", IndexRole::FindLinks),
        ("PIP_NO_INDEX", IndexRole::None),
    ];
    let of_uv: &[(&str, IndexRole)] = &[
        ("UV_DEFAULT_INDEX", IndexRole::Default),
        ("UV_INDEX_URL", IndexRole::Default),
        ("UV_INDEX", IndexRole::Extra),
        ("UV_EXTRA_INDEX_URL", IndexRole::Extra),
        ("UV_FIND_LINKS", IndexRole::FindLinks),
        ("UV_TORCH_BACKEND", IndexRole::Backend),
    ];
    for &(name, role) in if uv { of_uv } else { pip } {
        // Only uv's pip interface chooses a backend.
        if role == IndexRole::Backend && !pip_interface {
            continue;
        }
        let Some(value) = facts.variable(run, invocation, name) else { continue };
        for part in value.text().split_whitespace() {
            found.push(index(role, part, format!("`{name}`")));
        }
    }
}

/// The indexes that `pip config set` and a copied `pip.conf` name.
pub(super) fn of_configuration(
    facts: &Facts<'_>,
    stage: &StageFacts,
    run: &Run,
    position: usize,
    found: &mut Vec<Index>,
) {
    for invocation in facts.configuring(stage, run, position) {
        let Some(pip) = Pip::read(invocation).filter(|pip| pip.action == PipAction::ConfigSet) else { continue };
        let words: Vec<&str> = pip.options.operands.iter().map(|(_, word)| word.value.text()).collect();
        let [_, name, value, ..] = words.as_slice() else { continue };
        if let Some(role) = configured(name.rsplit('.').next().unwrap_or_default()) {
            found.push(index(role, value, "`pip config`"));
        }
    }
    for text in facts.pip_configurations(stage, run.instruction) {
        of_configuration_file(&text, found);
    }
}

/// The indexes that a configuration file of pip names.
pub(super) fn of_configuration_file(text: &str, found: &mut Vec<Index>) {
    let mut role = None;
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        // A value goes on on the lines below that are indented.
        let value = if line.starts_with([' ', '\t']) {
            line
        } else {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            role = configured(name.trim());
            value
        };
        if let Some(role) = role {
            found.extend(value.split_whitespace().map(|url| index(role, url, "pip's configuration file")));
        }
    }
}

fn configured(option: &str) -> Option<IndexRole> {
    Some(match option {
        "index-url" | "index_url" => IndexRole::Default,
        "extra-index-url" | "extra_index_url" => IndexRole::Extra,
        "find-links" | "find_links" => IndexRole::FindLinks,
        _ => return None,
    })
}

/// An option line of a requirements file.
pub(super) fn of_line(option: &str, value: &str, file: &str) -> Option<Index> {
    configured(option).map(|role| index(role, value, format!("`{file}`")))
}

/// The indexes of a manifest that every package may come from.
pub(super) fn of_manifest(manifest: &Pyproject, path: &str, found: &mut Vec<Index>) {
    for named in manifest.indexes.iter().filter(|named| !named.explicit) {
        found.push(index(IndexRole::Extra, &named.url, format!("`{path}`")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_told_by_their_urls() {
        for (url, expected) in [
            ("https://download.pytorch.org/whl/cpu", IndexKind::Cpu),
            ("https://download.pytorch.org/whl/nightly/cpu/", IndexKind::Cpu),
            ("https://mirror.sjtu.edu.cn/pytorch-wheels/cpu/?mirror_intel_list", IndexKind::Cpu),
            ("https://download.pytorch.org/whl/cu121", IndexKind::Gpu),
            ("https://download.pytorch.org/whl/rocm6.2", IndexKind::Gpu),
            ("pytorch=https://download.pytorch.org/whl/cpu", IndexKind::Cpu),
            ("https://example.invalid/pypi/simple", IndexKind::Pypi),
            ("https://pypi.example.invalid/simple", IndexKind::Other),
            ("https://ours.example.invalid/artifactory/api/pypi/ours/simple", IndexKind::Other),
            ("https://user:x@mirrors.example.invalid/pypi/simple/", IndexKind::Pypi),
            ("https://download.pytorch.org/whl/torch_stable.html", IndexKind::Other),
            ("https://download.pytorch.org/whl/\u{fffc}", IndexKind::Other),
            ("https://example.org/curl", IndexKind::Other),
        ] {
            assert_eq!(classify(url), expected, "{url}");
        }
        assert_eq!(of_version("2.9.1+cpu"), Some(IndexKind::Cpu));
        assert_eq!(of_version("1.12.0+cu116"), Some(IndexKind::Gpu));
        assert_eq!(of_version("2.9.1"), None);
    }
}
