//! Records that are sorted at once and stored as a part of somebody else's file.
//!
//! In: a bounded number of records, pushed by several threads into batches of their own that are then put together. Out:
//! the bytes of one run, for [`Runs::within`](super::Runs::within). Rule: the caller bounds how much a batch holds.
//! Invariant: the bytes depend on the set of records alone.

use std::path::PathBuf;

use super::SpillError;
use super::run::{RECORD_LIMIT, RunWriter};
use super::sorter::Held;

const CHUNK: usize = 64 << 10;

/// Records in memory.
#[derive(Debug, Default)]
pub struct Batch(Held);

impl Batch {
    /// Adds a record.
    pub fn push(&mut self, key: &[u8], payload: &[u8]) -> Result<(), SpillError> {
        let size = key.len().saturating_add(payload.len());
        if size > RECORD_LIMIT {
            return Err(SpillError::TooLong { bytes: size, limit: RECORD_LIMIT });
        }
        let chunk = match self.0.last_chunk() {
            Some((chunk, room)) if size <= room => chunk,
            _ => self.0.start_chunk(CHUNK.max(size)),
        };
        self.0.push(chunk, key, payload);
        Ok(())
    }

    /// Takes the records of another batch over.
    pub fn append(&mut self, other: Self) {
        self.0.append(other.0);
    }

    /// The records in ascending order, as a run.
    pub fn into_run(mut self) -> Result<Vec<u8>, SpillError> {
        self.0.sort();
        let mut out = Vec::with_capacity(self.0.run_bytes());
        self.0.write_to(RunWriter::new(&mut out, PathBuf::new()))?;
        Ok(out)
    }
}
