//! Sources that are read on idle cores before anything asks for them.

use rayon::prelude::*;

use crate::facts::Facts;

/// Fewer sources than these are read as they are asked for: to start the pool would take longer.
const MANY: usize = 128;
/// Programs that install what a project needs.
const INSTALLERS: [&str; 5] = ["pip", "uv", "poetry", "pdm", "pipenv"];

impl Facts<'_> {
    /// Does `work` while other cores read the sources of the program: what they use is asked for only after the lock was understood,
    /// for which one core suffices.
    pub fn reading_ahead<R>(&self, work: impl FnOnce() -> R) -> R {
        // In a pool the other cores have work of their own.
        if rayon::current_thread_index().is_some() || !self.installs_a_project() {
            return work();
        }
        // Listed here: to list takes all cores, and a thread of the pool must not wait for one that waits for the pool.
        let sources = &self.program().sources;
        if sources.len() < MANY || self.program().is_read() {
            return work();
        }
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| sources.par_iter().for_each(|path| drop(self.workspace.read(path))));
            work()
        })
    }

    fn installs_a_project(&self) -> bool {
        let mut invocations = self.stages.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        invocations.any(|invocation| INSTALLERS.contains(&invocation.program.as_str()))
    }
}
