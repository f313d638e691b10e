//! What speaks for a GPU where the image runs, and what against it.

use crate::catalogue::Gpu;
use crate::facts::transfer::Source;
use crate::facts::{Base, Facts, Guard, VariableKind};
use crate::python::PackageName;

use super::indexes::IndexKind;
use super::otherwise::{base_argument, is_gpu_switch, is_on, other_base};
use super::program::Program;
use super::sieve::Words;
use super::{PythonInstall, Root, compose, kubernetes};

/// Packages that are of no use without a GPU.
const GPU_PACKAGES: [&str; 22] = [
    "vllm",
    "flash-attn",
    "bitsandbytes",
    "xformers",
    "deepspeed",
    "onnxruntime-gpu",
    "tensorrt",
    "tensorrt-llm",
    "auto-gptq",
    "autoawq",
    "exllamav2",
    "flashinfer-python",
    "sglang",
    "faiss-gpu",
    "tensorflow-gpu",
    "pycuda",
    "nvidia-dali-cuda120",
    "apex",
    "triton",
    "jax-cuda12-plugin",
    "torch-tensorrt",
    "paddlepaddle-gpu",
];

/// Names in files that only programs for a GPU use.
const GPU_NAMES: [&str; 9] = [
    "empty_cache",
    "manual_seed_all",
    "device_count",
    "synchronize",
    "mem_get_info",
    "get_device_name",
    "memory_allocated",
    "max_memory_allocated",
    "get_device_properties",
];

/// Libraries that take a device of torch.
const LIBRARIES: [&str; 7] = [
    "torch",
    "transformers",
    "sentence_transformers",
    "langchain_huggingface",
    "llama_index.embeddings.huggingface",
    "easyocr",
    "whisper",
];

/// What was found. Each entry is a sentence for people.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// For a GPU.
    pub gpu: Vec<String>,
    /// Those of `gpu` that say no more than that a package for GPUs is installed which has a lighter variant, or is of no use
    /// without one.
    pub chosen: Vec<String>,
    /// Against one.
    pub cpu: Vec<String>,
    /// For either, such as `torch.cuda.is_available()`.
    pub ambiguous: Vec<String>,
    /// Whether compose files build it and reserve no device for it.
    pub unreserved: bool,
    /// What was looked at, when nothing was found.
    pub looked_at: String,
}

impl Evidence {
    /// Whether more speaks for a GPU than the packages that are installed.
    #[must_use]
    pub fn needs_gpu(&self) -> bool {
        self.gpu.iter().any(|sentence| !self.chosen.contains(sentence))
    }
}

pub(super) fn collect(facts: &Facts<'_>) -> Evidence {
    let mut found = Evidence::default();
    if let Some(said) = &facts.service.gpu {
        // Whoever runs the image knows better than any file.
        let (list, what) = if said.value { (&mut found.gpu, "a") } else { (&mut found.cpu, "no") };
        list.push(format!("the configuration says that it runs on {what} GPU (`{}`)", said.by));
        "nothing else was looked at".clone_into(&mut found.looked_at);
        return found;
    }
    names(facts, &mut found);
    bases(facts, &mut found);
    variables(facts, &mut found);
    commands(facts, &mut found);
    for install in facts.python_installs() {
        packages(install, &mut found);
    }
    for sentences in [&mut found.gpu, &mut found.cpu, &mut found.ambiguous] {
        let mut seen = std::collections::HashSet::new();
        sentences.retain(|sentence| seen.insert(sentence.clone()));
    }
    if found.needs_gpu() {
        // The rest costs time and changes nothing.
        return found;
    }
    let compose = compose::read(facts);
    found.gpu.extend(compose.gpu);
    let before = found.ambiguous.len();
    let (files, in_sources) = &*facts.of_sources("devices", || {
        let mut found = Evidence::default();
        (sources(facts, &mut found), found)
    });
    let files = *files;
    found.gpu.extend(in_sources.gpu.iter().cloned());
    found.cpu.extend(in_sources.cpu.iter().cloned());
    found.ambiguous.extend(in_sources.ambiguous.iter().cloned());
    let base = facts.finals().find_map(|stage| base_name(facts, stage.index));
    let mut looked = Vec::new();
    found.unreserved = !compose.without.is_empty();
    if !compose.without.is_empty() {
        looked.push(format!(
            "{} {} no device",
            compose.without.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", "),
            if compose.without.len() == 1 { "reserves" } else { "reserve" }
        ));
    }
    let kubernetes = kubernetes::read(facts);
    found.gpu.extend(kubernetes.gpu.iter().cloned());
    if let Some(first) = kubernetes.without.first() {
        let more = match kubernetes.without.len() {
            1 => String::new(),
            number => format!(" and {} more manifests", number - 1),
        };
        looked.push(format!("`{first}`{more}, where its container asks for no GPU"));
    }
    looked.extend(base.map(|(base, argument)| match argument {
        Some(argument) => format!("base `{base}`, which `ARG {argument}` can set otherwise"),
        None => format!("base `{base}`"),
    }));
    let chooses = found.ambiguous.get(before).cloned();
    looked.push(match files {
        _ if chooses.is_some() => chooses.unwrap_or_default(),
        0 => "no Python source is copied".to_owned(),
        1 => "no CUDA call in the one copied source".to_owned(),
        count => format!("no CUDA call in {count} copied sources"),
    });
    found.looked_at = looked.join("; ");
    found
}

/// The image that a stage is made from in the end, and the `ARG` that names it.
fn base_name<'f>(facts: &'f Facts<'_>, stage: usize) -> Option<(String, Option<&'f str>)> {
    let facts_of = facts.stages.get(stage)?;
    match &facts_of.base {
        Base::Stage(parent) if *parent < stage => base_name(facts, *parent),
        Base::Image(reference) => Some((reference.known()?.to_owned(), base_argument(facts, facts_of.from))),
        _ => None,
    }
}

/// Whether one part of a name says GPU (`Some(true)`) or CPU (`Some(false)`).
pub(super) fn says(name: &str) -> Option<bool> {
    let lower = name.to_lowercase();
    let mut cpu = None;
    for part in lower.split(|character: char| !character.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|character: char| character.is_ascii_digit());
        match word {
            "gpu" | "gpus" | "cuda" | "rocm" | "hpu" | "gaudi" | "nvidia" | "jetson" | "amdgpu" | "xpu" | "habana" => {
                return Some(true);
            }
            "cu" if part.len() > 3 => return Some(true),
            "cpu" => cpu = Some(false),
            _ => {}
        }
    }
    cpu
}

/// Names of the file, its folder and the stages. Folders further up name what holds many services.
fn names(facts: &Facts<'_>, found: &mut Evidence) {
    let path = facts.service.dockerfile.as_str();
    let own = path.rmatch_indices('/').nth(1).and_then(|(at, _)| path.get(at + 1..)).unwrap_or(path);
    match says(own) {
        Some(true) => found.gpu.push(format!("the path `{path}`")),
        Some(false) => found.cpu.push(format!("the path `{path}`")),
        None => {}
    }
    for name in facts.stages.iter().filter_map(|stage| stage.name.as_deref()) {
        if says(name) == Some(true) {
            found.gpu.push(format!("the stage `{name}`"));
        }
    }
}

fn bases(facts: &Facts<'_>, found: &mut Evidence) {
    for stage in &facts.stages {
        let image = &stage.image;
        if matches!(image.gpu, Gpu::Cuda | Gpu::Rocm) {
            found.gpu.push(format!("the base `{}`", image.repository));
        }
        if image.repository.contains("lambda/python") || image.repository.ends_with("awslambda") {
            found.cpu.push(format!("`{}` runs on AWS Lambda, which has no GPUs", image.repository));
        }
        if let Base::Image(reference) = &stage.base
            && reference.known().is_none()
            && says(reference.text()) == Some(true)
        {
            found.gpu.push("the base's name".to_owned());
        }
        other_base(facts, stage.from, found);
        for transfer in &stage.transfers {
            if let Source::Image(image) = &transfer.source
                && says(image.text()) == Some(true)
            {
                found.gpu.push(format!("files of `{}`", image.text()));
            }
        }
    }
}

fn variables(facts: &Facts<'_>, found: &mut Evidence) {
    for stage in &facts.stages {
        for (name, variable) in stage.state.environment.iter() {
            // `PATH=/usr/local/cuda/bin:$PATH` is known as far as it matters.
            let paths = matches!(name, "PATH" | "LD_LIBRARY_PATH");
            let Some(value) = variable.value.known().or_else(|| paths.then(|| variable.value.text())) else { continue };
            let lower = value.to_lowercase();
            let hidden = matches!(lower.trim(), "" | "-1" | "none" | "void");
            match name {
                "CUDA_VISIBLE_DEVICES" if hidden && variable.kind == VariableKind::Env => {
                    found.cpu.push(format!("`{name}={value}`"));
                }
                "NVIDIA_VISIBLE_DEVICES"
                | "NVIDIA_DRIVER_CAPABILITIES"
                | "NVIDIA_REQUIRE_CUDA"
                | "CUDA_VISIBLE_DEVICES"
                | "CUDA_HOME"
                | "CUDA_PATH"
                | "TORCH_CUDA_ARCH_LIST"
                | "ROCM_HOME"
                | "ROCM_PATH"
                | "HIP_VISIBLE_DEVICES"
                    if !hidden =>
                {
                    found.gpu.push(format!("`{name}`"));
                }
                _ if is_gpu_switch(name) && is_on(value) => found.gpu.push(format!("`{name}={value}`")),
                _ if is_gpu_switch(name) && variable.kind == VariableKind::Arg => {
                    found.ambiguous.push(format!("`ARG {name}={value}` can be set otherwise"));
                }
                _ if paths && (lower.contains("cuda") || lower.contains("/nvidia")) => {
                    found.gpu.push(format!("`{name}`"));
                }
                _ if matches!(lower.as_str(), "cuda" | "gpu" | "nvidia" | "rocm") || lower.starts_with("cuda:") => {
                    found.gpu.push(format!("`{name}={value}`"));
                }
                _ if lower == "cpu" && variable.kind == VariableKind::Env => {
                    found.cpu.push(format!("`{name}={value}`"));
                }
                _ if lower == "cpu" => found.ambiguous.push(format!("`ARG {name}={value}` can be set otherwise")),
                _ => {}
            }
        }
    }
    let comment = facts.dockerfile.comments.iter().map(|comment| comment.range.slice(facts.source.text()));
    if comment.into_iter().any(|text| text.contains("--gpus") || text.contains("--runtime=nvidia")) {
        found.gpu.push("a comment that runs it with `--gpus`".to_owned());
    }
}

fn commands(facts: &Facts<'_>, found: &mut Evidence) {
    let invocations = facts.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    for invocation in invocations.filter(|invocation| invocation.guard != Guard::Never) {
        let set = invocation.environment.iter().filter_map(|(name, value)| Some((name, value.known()?)));
        let mut switches = set.filter(|(name, value)| is_gpu_switch(name) && is_on(value));
        found.gpu.extend(switches.next().map(|(name, value)| format!("`{name}={value}`")));
        let system = matches!(
            invocation.program.as_str(),
            "apt-get" | "apt" | "dnf" | "yum" | "microdnf" | "zypper" | "conda" | "mamba" | "micromamba"
        );
        let prefixes = [
            "cuda-",
            "libcudnn",
            "libcublas",
            "nvidia-cuda",
            "nvidia-utils",
            "nvidia-driver",
            "rocm",
            "libnccl",
            "libnvinfer",
            "pytorch-cuda",
            "cudatoolkit",
            "cudnn",
        ];
        let words = invocation.arguments.iter().map(|argument| argument.value.text());
        let named = words.into_iter().find(|word| system && prefixes.iter().any(|prefix| word.starts_with(prefix)));
        if let Some(word) = named {
            found.gpu.push(format!("`{} … {word}`", invocation.program));
        }
    }
}

fn packages(install: &PythonInstall, found: &mut Evidence) {
    let never = install.guard == Guard::Never;
    for index in &install.indexes {
        match index.kind {
            IndexKind::Gpu if !never => found.gpu.push(format!("a GPU index in {}", index.from)),
            IndexKind::Cpu => found.cpu.push(format!("a CPU index in {}", index.from)),
            _ => {}
        }
    }
    if never {
        return;
    }
    for package in &install.conda {
        let name = package.name.as_str();
        let cuda = name.starts_with("cuda") || matches!(name, "pytorch-cuda" | "pytorch-gpu" | "cudnn" | "nccl");
        if cuda || GPU_PACKAGES.contains(&name) || package.specifier.contains("cuda") {
            found.gpu.push(format!("conda's `{name}{}`", package.specifier));
        }
    }
    // `pip freeze` and pip-compile write down all that torch brought along; nobody asked for these.
    let dumped = is_dump(install);
    for root in &install.roots {
        let name = root.requirement.name.as_str();
        let version = root.requirement.pinned().unwrap_or_default();
        let local = version.split_once('+').map(|(_, local)| local).unwrap_or_default();
        if local.starts_with("cu") || local.starts_with("rocm") {
            found.gpu.push(format!("`{name}=={version}`"));
        }
        let cuda = crate::catalogue::is_cuda_package(name);
        let only_gpu = GPU_PACKAGES.contains(&name)
            || name.starts_with("cupy-")
            || name.starts_with("cudf-")
            || name.starts_with("cuml-")
            || name.starts_with("nvidia-dali");
        let extra = root
            .requirement
            .extras
            .iter()
            .any(|extra| matches!(extra.as_str(), "gpu" | "cuda" | "cuda12" | "and-cuda" | "cuda13"));
        if extra || only_gpu && !(cuda && dumped) || cuda && !dumped && !compiled(root) {
            let sentence = format!("`{name}`");
            let extras: Vec<&str> = root.requirement.extras.iter().map(PackageName::as_str).collect();
            let chosen = crate::catalogue::variant(name, &extras).is_some_and(|variant| variant.chosen);
            if chosen || cuda {
                found.chosen.push(sentence.clone());
            }
            found.gpu.push(sentence);
        }
    }
}

fn compiled(root: &Root) -> bool {
    !root.parents.is_empty()
}

/// Whether the requirements pin the CUDA packages beside torch, as a freeze does.
pub(super) fn is_dump(install: &PythonInstall) -> bool {
    let pinned = |root: &&Root| root.requirement.pinned().is_some();
    let torch = install.roots.iter().filter(pinned).any(|root| root.requirement.name.as_str() == "torch");
    let cuda = install
        .roots
        .iter()
        .filter(pinned)
        .filter(|root| crate::catalogue::is_cuda_package(root.requirement.name.as_str()))
        .count();
    torch && cuda >= 3
}

/// What a source says of devices.
enum Device {
    Gpu(String),
    Cpu(String),
    /// One or the other, decided when it runs.
    Either(String),
    Unsaid,
}

/// Looks for devices in the copied sources; returns how many were read.
fn sources(facts: &Facts<'_>, found: &mut Evidence) -> usize {
    // Few files name a device; the others need not be scanned.
    let words = Words::of(&["cuda", "cpu", "mps"]);
    let read = |path: &String| {
        let file = (!Program::is_aside(path)).then(|| facts.workspace.read(path).ok()).flatten()?;
        let said = words.are_in(file.text()).then(|| device(facts, path)).flatten();
        Some(said.unwrap_or(Device::Unsaid))
    };
    let devices = facts.all_in_sources(read);
    let count = devices.len();
    for device in devices {
        match device {
            Device::Gpu(by) => found.gpu.push(by),
            Device::Cpu(by) => found.cpu.push(by),
            Device::Either(by) => found.ambiguous.push(by),
            Device::Unsaid => {}
        }
    }
    count
}

fn device(facts: &Facts<'_>, path: &str) -> Option<Device> {
    let imports = facts.imports_of(path)?;
    let has_string = |wanted: &str| {
        imports
            .strings
            .iter()
            .any(|text| text == wanted || text.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(':')))
    };
    let has_name = |wanted: &str| imports.identifiers.binary_search_by(|name| name.as_str().cmp(wanted)).is_ok();
    let asks = has_name("is_available") && has_name("cuda") || has_name("device_count");
    let cuda = has_string("cuda");
    let cpu = has_string("cpu");
    let only_helpers = GPU_NAMES.iter().any(|name| has_name(name));
    if asks || (cuda && cpu) || has_name("mps") || has_string("mps") {
        Some(Device::Either(format!("`{path}` chooses a device when it runs")))
    } else if cuda || (has_name("cuda") && imports.reaches("torch") && !only_helpers) {
        Some(Device::Gpu(format!("`{path}` uses CUDA")))
    } else if has_name("cuda") && imports.reaches("torch") {
        Some(Device::Either(format!("`{path}` calls `torch.cuda`")))
    } else {
        let sets = cpu && has_name("device") && LIBRARIES.iter().any(|library| imports.reaches(library));
        sets.then(|| Device::Cpu(format!("`{path}` sets the device to `cpu`")))
    }
}
