//! The verify step: from observation files to verdicts.
//!
//! The way of a row: [`intake`] reads it from a signed file and sorts it by device, [`driver`] cuts the sorted rows into
//! blocks of whole devices and has the network's rules judge them, [`shard`] stores what was found, [`assembly`] adds it
//! to the verdict table, and [`collect`] reads the records of all shards in their order: the hashes of the inputs, and what
//! scoring needs.
//! Invariant: everything that leaves this step is a function of the set of rows and the [`epoch`], whatever the number of
//! threads, the order of files or the moment of a kill.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub mod assembly;
pub mod collect;
pub mod content;
pub mod driver;
pub mod epoch;
pub mod file_signature;
pub mod findings;
pub mod intake;
pub mod judged;
pub mod notes;
pub mod part;
pub mod references;
pub mod roster;
pub mod rows;
pub mod secrets;
pub mod shard;
pub mod verdict_table;

/// Why the verify step cannot go on. A bad proof or a bad file is never an error here.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The work folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Sorting failed.
    #[error(transparent)]
    Spill(#[from] crate::spill::SpillError),
    /// A file of the work folder is not as it was written.
    #[error("{path} is damaged; remove the work folder to start again")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The result table cannot be written.
    #[error("verdict table: {0}")]
    Table(String),
    /// Somebody asked to stop.
    #[error("stopped")]
    Cancelled,
}

impl VerifyError {
    /// Names the file that an operating system error is about.
    pub fn io(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_path_buf(), source }
    }

    /// A file of the work folder that is not as it was written.
    pub fn damaged(path: &Path) -> Self {
        Self::Damaged { path: path.to_path_buf() }
    }
}

impl From<parquet::errors::ParquetError> for VerifyError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Table(error.to_string())
    }
}

impl From<arrow_schema::ArrowError> for VerifyError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Table(error.to_string())
    }
}

/// How far a step is, and whether it shall go on; shared with whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Progress {
    /// Rows done so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Asks the step to stop.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Adds rows; an error once somebody asked to stop.
    pub fn add(&self, rows: u64) -> Result<(), VerifyError> {
        self.done.fetch_add(rows, Ordering::Relaxed);
        if self.is_cancelled.load(Ordering::Relaxed) { Err(VerifyError::Cancelled) } else { Ok(()) }
    }
}
