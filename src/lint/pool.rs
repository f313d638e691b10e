//! Threads with room for deep nesting.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Parsers bound their depth, but a frame of theirs in a build without optimisation is large.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs `work` on a pool of threads with large stacks, one for each processor; what it does in parallel runs there too.
/// Inside a pool of the caller's it stays there.
pub fn on_large_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return work();
    }
    let pool = POOL.get_or_init(|| {
        let name = |index| format!("slimlint-{index}");
        ThreadPoolBuilder::new().stack_size(STACK_BYTES).thread_name(name).build().ok()
    });
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
