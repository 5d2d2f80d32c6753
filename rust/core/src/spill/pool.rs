//! One sorter per thread that asks.
//!
//! In: records from many threads. Out: [`Runs`] of all of them. Rule: the budget is shared equally. Invariant: as in the
//! parent module, what comes out depends on the set of records alone.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use super::{Runs, Sorter, SpillError};

/// Hands out sorters; a thread that returns one lets the next thread go on with it.
#[derive(Debug)]
pub struct SorterPool {
    dir: PathBuf,
    name: String,
    budget: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Sorter>,
    made: usize,
}

impl SorterPool {
    /// A pool whose sorters together hold about `budget` bytes when `threads` threads use it.
    pub fn new(dir: &Path, name: &str, budget: usize, threads: usize) -> Self {
        let budget = budget / threads.max(1);
        Self { dir: dir.to_path_buf(), name: name.to_owned(), budget, state: Mutex::default() }
    }

    /// Runs `work` with a sorter that no other thread has.
    pub fn with<T, E>(&self, work: impl FnOnce(&mut Sorter) -> Result<T, E>) -> Result<T, E> {
        let mut sorter = self.take();
        let result = work(&mut sorter);
        self.lock().idle.push(sorter);
        result
    }

    fn take(&self) -> Sorter {
        let mut state = self.lock();
        state.idle.pop().unwrap_or_else(|| {
            state.made += 1;
            Sorter::new(&self.dir, &format!("{}-{}", self.name, state.made), self.budget)
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A thread that panicked inside `work` has kept its own sorter; the rest is whole.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The runs of all sorters.
    pub fn finish(self) -> Result<Runs, SpillError> {
        let mut runs = Runs::default();
        let state = self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for finished in state.idle.into_par_iter().map(Sorter::finish).collect::<Vec<_>>() {
            runs.adopt(finished?);
        }
        Ok(runs)
    }
}
