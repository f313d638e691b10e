//! Programs that compile when they run, most of them for a GPU.

use super::python::PythonInstall;
use super::{Base, Facts, Seen, StageFacts, UseSigns};

/// Packages that call a compiler when they run.
const COMPILES_WHEN_IT_RUNS: [&str; 7] =
    ["vllm", "sglang", "triton", "deepspeed", "intel-extension-for-pytorch", "cupy", "tensorrt"];
/// Packages that compile when they run: kernels, models, wrappers. Documented by each of them; what only may (`torch.compile`,
/// `cffi`) is looked for in the sources.
const COMPILE_WHEN_RUN: [&str; 43] = [
    "aesara",
    "bambi",
    "bbot",
    "brian2",
    "cmdstanpy",
    "codon-jit",
    "cppimport",
    "cppyy",
    "dace",
    "deepspeed",
    "devito",
    "flashinfer-python",
    "gsplat",
    "httpstan",
    "intel-extension-for-pytorch",
    "liboqs-python",
    "loopy",
    "mujoco-py",
    "nerfacc",
    "neuron",
    "neuronx-cc",
    "pyccel",
    "pycuda",
    "pykeops",
    "pymc",
    "pymc-marketing",
    "pymc3",
    "pyopencl",
    "pystan",
    "pytensor",
    "pythran",
    "rainbowstream",
    "sglang",
    "tensorrt-llm",
    "theano",
    "theano-pymc",
    "tinygrad",
    "torch-neuronx",
    "torchserve",
    "triton",
    "unsloth",
    "vllm",
    "xformers",
];
/// Packages that serve models or plugins and have pip install what these list, each time that they start or when people add one.
const SERVE_WITH_INSTALLS: [&str; 10] = [
    "errbot",
    "homeassistant",
    "multi-model-server",
    "octoprint",
    "opsdroid",
    "red-discordbot",
    "sagemaker-huggingface-inference-toolkit",
    "sagemaker-inference",
    "sagemaker-mxnet-inference",
    "sagemaker-pytorch-inference",
];
/// Packages that take `nvcc`, `ptxas` or `libnvvm` from CUDA's toolkit when they run.
const TAKES_TOOLKIT: [&str; 9] =
    ["numba", "tensorflow", "jax", "flashinfer", "exllama", "pycuda", "lmdeploy", "megatron", "tilelang"];
/// What sources call to compile a kernel.
const COMPILING_CALLS: [&str; 6] = ["cpp_extension", "load_inline", "nvcc", "numba", "cupy", "pycuda"];

impl Facts<'_> {
    /// Whether the stages of a final image (`chain`) hold a program that compiles kernels when it runs: Triton, vLLM and
    /// `torch.compile` call gcc.
    #[must_use]
    pub fn compiles_when_it_runs(&self, chain: &[&StageFacts]) -> bool {
        self.names_one(chain, &COMPILES_WHEN_IT_RUNS)
    }

    /// Whether they hold a program that needs CUDA's compilers when it runs.
    #[must_use]
    pub fn needs_cuda_toolkit(&self, chain: &[&StageFacts]) -> bool {
        self.compiles_when_it_runs(chain)
            || self.asks_for_compiling(chain)
            || self.names_one(chain, &TAKES_TOOLKIT)
            || self.use_of(&COMPILING_CALLS).is_some()
            || self
                .uses_of(&[UseSigns::of_compiled_kernels()], Seen::WhenRunning)
                .into_iter()
                .any(|used| used.is_some())
    }

    /// A package that the installs bring, and which compiles when it runs, for a GPU or not.
    pub(in crate::facts) fn compiling_package(&self, installs: &[&PythonInstall]) -> Option<&'static str> {
        let brings = |name: &str| {
            installs.iter().any(|install| {
                install.roots.iter().any(|root| root.requirement.name.as_str() == name)
                    || self.closure(install).packages.iter().any(|package| package.name.as_str() == name)
            })
        };
        // A compiled requirements file and a lock name `triton` only because torch pulls it.
        let is_asked_for = |name: &str| {
            let mut roots = installs.iter().flat_map(|install| &install.roots);
            roots.any(|root| root.requirement.name.as_str() == name && !root.is_brought_along())
        };
        COMPILE_WHEN_RUN.into_iter().find(|&name| if name == "triton" { is_asked_for(name) } else { brings(name) })
    }

    /// Whether a source of the program imports a package that compiles when it runs and that an image nobody knows brings:
    /// `FROM owner/lasagne`, `import theano`.
    #[must_use]
    pub fn imports_what_compiles(&self, image: &StageFacts) -> bool {
        let root = self.ancestors(image).last().unwrap_or(image);
        !root.image.is_known && COMPILE_WHEN_RUN.into_iter().any(|package| self.importer_of(package).is_some())
    }

    /// Whether the stages of a final image (`chain`) install by name a package that compiles when it runs, for a GPU or not.
    #[must_use]
    pub fn asks_for_compiling(&self, chain: &[&StageFacts]) -> bool {
        let installs =
            self.python_installs().iter().filter(|install| chain.iter().any(|stage| stage.index == install.stage));
        let mut roots = installs.flat_map(|install| &install.roots).filter(|root| !root.is_brought_along());
        roots.any(|root| COMPILE_WHEN_RUN.contains(&root.requirement.name.as_str()))
    }

    /// A package, installed by name, that has pip install what a model lists when the image starts, which no file of the build shows.
    #[must_use]
    pub fn serves_with_installs(&self, image: &StageFacts) -> Option<&'static str> {
        let is_below = |stage: usize| stage == image.index || self.ancestors(image).any(|other| other.index == stage);
        let installs = self.python_installs().iter().filter(|install| is_below(install.stage));
        let names: Vec<&str> =
            installs.flat_map(|install| &install.roots).map(|root| root.requirement.name.as_str()).collect();
        SERVE_WITH_INSTALLS.into_iter().find(|name| names.contains(name))
    }

    fn names_one(&self, chain: &[&StageFacts], names: &[&str]) -> bool {
        let named = |text: &str| names.iter().any(|name| text.contains(name));
        let installs =
            self.python_installs().iter().filter(|install| chain.iter().any(|stage| stage.index == install.stage));
        // `triton` in a compiled requirements file is only what torch pulls.
        let serves = |name: &str| named(name) && !name.contains("triton");
        let required = installs.flat_map(|install| &install.roots).any(|root| serves(root.requirement.name.as_str()));
        required
            || chain.iter().any(|stage| {
                let base = matches!(&stage.base, Base::Image(image) if named(image.text()));
                let words =
                    stage.runs.iter().flat_map(|run| &run.invocations).flat_map(|invocation| &invocation.arguments);
                base || words.map(|word| word.value.text()).any(named)
            })
    }
}
