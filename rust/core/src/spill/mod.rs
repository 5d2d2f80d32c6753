//! Sorting and grouping beyond memory.
//!
//! In: records of a key and a payload, both plain bytes, in any order and from any number of threads. Out: the same
//! records, all of them, in ascending byte order of key, then payload. Rule: contract 7 of the architecture, peak memory
//! depends on the budget and never on the number of records. Invariant: what comes out depends on the set of records
//! alone, not on the budget, the number of sorters or how often they wrote to disk.
//!
//! The way of a record: [`Sorter::push`] copies it into memory; when the budget is reached everything held is sorted and
//! written as one *run*, a file of checksummed blocks; [`Sorter::finish`] gives [`Runs`]; runs of several sorters are
//! [adopted](Runs::adopt) by one, and [`merge`] walks them together. [`Key`] writes the fields of a row so that the byte
//! order of the key is the order of the fields.
//!
//! ```
//! use depinverify_core::spill::{Key, Sorter, merge};
//!
//! let mut sorter = Sorter::new(&std::env::temp_dir(), "rows", 1 << 20);
//! let mut key = Key::new();
//! for (device, slot) in [("b", 1), ("a", 2), ("a", 1)] {
//!     key.clear().bytes(device.as_bytes()).u64(slot);
//!     sorter.push(key.as_slice(), device.as_bytes())?;
//! }
//! let mut merged = merge(vec![sorter.finish()?])?;
//! let mut order = Vec::new();
//! while let Some(record) = merged.next()? {
//!     order.extend_from_slice(record.payload);
//! }
//! assert_eq!(order, b"aab");
//! # Ok::<(), depinverify_core::spill::SpillError>(())
//! ```

mod batch;
mod difference;
mod key;
mod list;
mod merge;
mod pool;
mod run;
mod sorter;

use std::io;
use std::path::{Path, PathBuf};

pub use batch::Batch;
pub use key::{Key, KeyReader};
pub use list::Runs;
pub use merge::{Merge, Record, merge, merge_between};
pub use pool::SorterPool;
pub use sorter::Sorter;

/// Why sorting cannot go on; always with the file that it is about.
#[derive(Debug, thiserror::Error)]
pub enum SpillError {
    /// The operating system refused: disk full, no permission, a failing disk.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A run is not as it was written: cut short by a kill, or changed.
    #[error("{path} is damaged: {what}")]
    Torn {
        /// The run or the list of runs.
        path: PathBuf,
        /// What was expected and found.
        what: String,
    },
    /// A key or payload too long for a run.
    #[error("a record of {bytes} bytes cannot be sorted, the largest has {limit}")]
    TooLong {
        /// Length of key and payload together.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl SpillError {
    fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, action, source }
    }

    fn torn(path: &Path, what: impl Into<String>) -> Self {
        Self::Torn { path: path.to_path_buf(), what: what.into() }
    }
}

#[cfg(test)]
#[path = "spill_tests.rs"]
mod tests;
