//! Threads with room for deep nesting.

use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread::{Builder, ScopedJoinHandle, scope};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Parsers bound their depth, but a frame of theirs in a build without optimisation is large.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs `work` on a thread of its own with a large stack. Inside a pool of the caller's it stays there.
pub fn on_large_stack<R: Send>(work: impl Fn() -> R + Sync) -> R {
    if rayon::current_thread_index().is_some() {
        return work();
    }
    let done = scope(|scope| {
        let thread = Builder::new().name("slimlint".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, &work);
        thread.ok().map(ScopedJoinHandle::join)
    });
    match done {
        Some(Ok(result)) => result,
        Some(Err(panic)) => resume_unwind(panic),
        // There is no thread to be had; the stack that is there may do.
        None => work(),
    }
}

/// Runs `work` on a pool of threads with large stacks, one for each processor; what it does in parallel runs there too.
/// Inside a pool of the caller's it stays there.
pub(crate) fn on_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
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
