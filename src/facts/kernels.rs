//! Images that need a compiler when they run.

use super::{Base, Facts, StageFacts};

/// Names of programs that compile kernels.
const COMPILES_WHEN_IT_RUNS: [&str; 7] =
    ["vllm", "sglang", "triton", "deepspeed", "intel-extension-for-pytorch", "cupy", "tensorrt"];

impl Facts<'_> {
    /// Programs that compile kernels when they run: Triton, vLLM and `torch.compile` call gcc.
    #[must_use]
    pub fn compiles_when_it_runs(&self, chain: &[&StageFacts]) -> bool {
        let named = |text: &str| COMPILES_WHEN_IT_RUNS.iter().any(|name| text.contains(name));
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
