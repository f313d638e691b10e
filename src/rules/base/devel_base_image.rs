//! CUDA's compilers are shipped where only its libraries run.

use crate::catalogue::{self, SlimmerKind};
use crate::diagnostic::{Applicability, Basis, Component, Edit, Fix, Savings, format_bytes};
use crate::dockerfile::Value;
use crate::facts::{Facts, Guard, Invocation, ShippedBase, StageFacts};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Programs that compile, with CUDA's compilers among others.
const COMPILERS: [&str; 10] = ["nvcc", "cmake", "make", "ninja", "gcc", "g++", "clang", "cargo", "meson", "bazel"];
/// Python packages that `nvcc` compiles when they are installed.
const COMPILED: [&str; 19] = [
    "flash-attn",
    "apex",
    "causal-conv1d",
    "mamba-ssm",
    "auto-gptq",
    "llama-cpp-python",
    "pytorch3d",
    "detectron2",
    "torch-scatter",
    "torch-sparse",
    "gsplat",
    "nvdiffrast",
    "exllamav2",
    "mmcv",
    "mmcv-full",
    "natten",
    "tinycudann",
    "torch-cluster",
    "transformer-engine",
];

/// Python packages without wheels, which need a C compiler that the smaller image does not have.
const WITHOUT_WHEELS: [&str; 8] =
    ["annoy", "dlib", "fasttext", "hnswlib", "insightface", "pesq", "pyopenjtalk", "webrtcvad"];

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    for base in facts.shipped_bases() {
        let image = &base.stage.image;
        let Some(slimmer) = image.slimmer.as_ref().filter(|slimmer| slimmer.kind == SlimmerKind::Devel) else {
            continue;
        };
        // `cuda-ssh`: people work in it.
        let runs = |image: &&&StageFacts| {
            facts.is_runtime_image(image) && !facts.is_workplace(image, &facts.installs_of_image(image))
        };
        let images: Vec<&&StageFacts> = base.finals.iter().filter(runs).collect();
        if images.is_empty() {
            continue;
        }
        let mut chains = base.finals.iter().map(|image| chain(facts, image));
        if chains.any(|chain| facts.needs_cuda_toolkit(&chain)) {
            continue;
        }
        // `mix deps.compile` at the start may compile for CUDA.
        if images.iter().any(|image| facts.installs_when_it_runs(image).is_some()) {
            continue;
        }
        let stages: Vec<&StageFacts> = images.iter().flat_map(|image| chain(facts, image)).collect();
        let builder = compiles(facts, &stages);
        // Stages that are built on the same one, and not shipped, may compile for those that are.
        let shipped: Vec<usize> =
            base.finals.iter().flat_map(|image| chain(facts, image)).map(|stage| stage.index).collect();
        let holders = facts.descendants(base.stage.index);
        let aside = |stage: &&StageFacts| holders.contains(&stage.index) && !shipped.contains(&stage.index);
        let aside =
            compiles(facts, &facts.stages.iter().filter(aside).collect::<Vec<_>>()).filter(|_| builder.is_none());
        let small = catalogue::base_image(&slimmer.reference);
        let message = format!("`{}` ships CUDA's compilers and headers where a program only runs", base.reference);
        let mut finding = reporter.report(base.word.range, message);
        finding.argument_of(facts, base.word);
        if let Some(command) = builder.or(aside) {
            finding.label(command.0, command.1);
        }
        if let Some(heirs) = facts.heirs(&base) {
            finding.note("image", heirs);
        }
        let sizes = image.bytes.zip(small.bytes).filter(|(full, small)| full > small);
        if let Some((full, small)) = sizes {
            let basis = if image.bytes_basis == "estimate" { "estimated" } else { image.bytes_basis };
            finding.savings(Savings::of(Component::Base(base.reference.clone()), full - small, Basis::Catalogue));
            finding.note(
                "bytes",
                format!(
                    "`{}` {}, `{}` {} (linux/amd64, uncompressed, {basis})",
                    base.reference,
                    format_bytes(full),
                    slimmer.reference,
                    format_bytes(small)
                ),
            );
        }
        finding.help(match builder {
            _ if aside.is_some() => {
                format!(
                    "let the stage that compiles stand on `{}`, and what is shipped on `{}`",
                    base.reference, slimmer.reference
                )
            }
            Some(_) => format!("compile in a stage of its own, and copy the result into `{}`", slimmer.reference),
            None => format!("take `{}`", slimmer.reference),
        });
        finding.fix(fix(facts, &base, &slimmer.reference, builder.or(aside).is_some()));
    }
}

fn chain<'f>(facts: &'f Facts<'_>, image: &'f StageFacts) -> Vec<&'f StageFacts> {
    std::iter::once(image).chain(facts.ancestors(image)).collect()
}

/// The first command that may need the compilers to build the image.
fn compiles(facts: &Facts<'_>, stages: &[&StageFacts]) -> Option<(TextRange, &'static str)> {
    const COMPILES: &str = "compiles with them";
    let runs = stages.iter().flat_map(|stage| &stage.runs);
    let commands = runs.flat_map(|run| &run.invocations).filter(|command| command.guard != Guard::Never);
    // `python setup.py build develop` may make a `CUDAExtension`.
    let is_setup = |command: &Invocation| {
        command.arguments.iter().any(|word| word.value.text().ends_with("setup.py"))
            && ["build", "build_ext", "develop", "install", "bdist_wheel"].iter().any(|word| command.has_argument(word))
    };
    let is_compiler = |command: &Invocation| COMPILERS.contains(&command.program.as_str()) || is_setup(command);
    // `CMAKE_ARGS="-DGGML_CUDA=on" pip install llama-cpp-python`
    let for_cuda = |command: &&Invocation| {
        let asks = |value: &Value| value.text().contains("CUDA") || value.text().contains("CUBLAS");
        ["CMAKE_ARGS", "FORCE_CMAKE"].iter().any(|name| command.variable(name).is_some_and(asks))
    };
    if let Some(command) = commands.clone().find(for_cuda) {
        return Some((command.range, COMPILES));
    }
    let by_command = commands.clone().find(|command| is_compiler(command)).map(|command| command.range);
    // Who switches off the isolation has the package compile against the installed torch.
    let unisolated = commands.clone().find(|command| command.has_argument("--no-build-isolation"));
    let by_command = by_command.or_else(|| unisolated.map(|command| command.range));
    // `git clone …`, then `pip install -e .`; `mim` compiles what it has no wheel of.
    let clones = commands.clone().any(|command| command.program == "git" && command.has_argument("clone"));
    let is_local = |command: &&Invocation| {
        let is_folder = |word: &str| matches!(word, "." | "./" | ".[all]") || word.starts_with("./");
        clones
            && matches!(command.program.as_str(), "pip" | "uv")
            && command.has_argument("install")
            && command.arguments.iter().any(|word| is_folder(word.value.text()))
    };
    let is_mim = |command: &&Invocation| command.program == "mim" && command.has_argument("install");
    let own = commands.clone().find(is_local).or_else(|| {
        commands.clone().find(|command| {
            is_mim(command) && command.arguments.iter().any(|word| word.value.text().starts_with("mmcv"))
        })
    });
    let by_command = by_command.map(|range| (range, COMPILES));
    let by_command = by_command.or_else(|| own.map(|command| (command.range, "may compile with them")));
    by_command.or_else(|| {
        let mut installs =
            facts.python_installs().iter().filter(|install| stages.iter().any(|stage| stage.index == install.stage));
        installs.find_map(|install| {
            let compiled = |name: &str| COMPILED.contains(&name) || WITHOUT_WHEELS.contains(&name);
            let root = install.roots.iter().find(|root| compiled(root.requirement.name.as_str()));
            let named = root.map(|root| (root.word, COMPILES));
            named.or_else(|| install.from_git().next().map(|(_, word)| (word, "may compile with them")))
        })
    })
}

/// `runtime` for `devel` where the word or the default of its argument spells it out.
fn fix(facts: &Facts<'_>, base: &ShippedBase<'_>, reference: &str, builds: bool) -> Option<Fix> {
    let opaque =
        base.finals.iter().any(|image| chain(facts, image).iter().any(|stage| stage.runs.iter().any(|run| run.opaque)));
    if builds || base.word.text.contains('@') {
        return None;
    }
    let places = [Some(base.word.range), facts.default_of(base.word).map(|(_, range)| range)];
    let text = facts.source.text();
    let edit = places.into_iter().flatten().find_map(|range| {
        let mut found = range.slice(text).match_indices("devel");
        let (at, old) = found.next().filter(|_| found.next().is_none())?;
        let range = TextRange::from_usize(range.start() as usize + at, range.start() as usize + at + old.len());
        Some(Edit { file: facts.file(), range, text: "runtime".to_owned() })
    })?;
    let (applicability, caution, edits) = if opaque {
        (Applicability::Display, "a script that cannot be read here may compile", Vec::new())
    } else {
        (Applicability::Unsafe, "a package without a wheel may be compiled with CUDA", vec![edit])
    };
    Some(Fix { title: format!("take `{reference}`"), applicability, caution: Some(caution.to_owned()), edits })
}
