//! The module's own threads, so that a caller's number of threads means what it says and a fork does no harm.
//!
//! In: a number of threads, or none for all processors. Out: a pool that is kept for the next call. Invariant: a child
//! process never waits for threads that stayed behind in its parent.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

struct Kept {
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// The number of threads that `None` stands for.
pub fn all_threads() -> usize {
    available_parallelism().map_or(1, Into::into)
}

/// More threads than this help no machine, and a million of them would stop one.
const MOST_THREADS: usize = 1024;

/// A pool of this many threads, or of [`MOST_THREADS`].
pub fn pool(threads: usize) -> PyResult<Arc<ThreadPool>> {
    let threads = threads.min(MOST_THREADS);
    let process = std::process::id();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = kept.as_ref()
        && (last.process, last.threads) == (process, threads)
    {
        return Ok(Arc::clone(&last.pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|at| format!("depinverify-{at}"))
        .build()
        .map(Arc::new)
        .map_err(|failed| PyRuntimeError::new_err(failed.to_string()))?;
    let last = kept.replace(Kept { process, threads, pool: Arc::clone(&pool) });
    match last {
        // Its threads belong to the parent: giving it up properly could wait for them.
        Some(last) if last.process != process => mem::forget(last),
        other => drop(other),
    }
    Ok(pool)
}

/// Does work on all threads of the module, while other threads of Python run.
pub fn on_all_threads<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let pool = pool(all_threads())?;
    Ok(py.detach(|| pool.install(work)))
}
