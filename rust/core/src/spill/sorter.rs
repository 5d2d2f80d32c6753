//! Collects records up to a budget of memory, then writes them as a run.
//!
//! In: records in any order. Out: [`Runs`]. Rule: records lie behind each other in chunks; the index beside them has the
//! first eight bytes of each key, so that most comparisons touch no record. Invariant: chunks and index together stay
//! within the budget (at least one chunk and one record are always held).

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::slice::ParallelSliceMut;

use super::run::{RECORD_LIMIT, Run, RunWriter};
use super::{Runs, SpillError};

const ENTRY: usize = size_of::<Entry>();
const FIRST_ENTRIES: usize = 64;
const PARALLEL_FROM: usize = 1 << 15;

/// Where a record lies.
#[derive(Debug, Clone, Copy)]
struct Entry {
    prefix: u64,
    chunk: u32,
    start: u32,
    key: u32,
    payload: u32,
}

/// First eight bytes of a key, zeros behind a shorter one: differs only as the keys do.
pub(super) fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

/// Records in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    chunks: Vec<Vec<u8>>,
    index: Vec<Entry>,
}

impl Held {
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn key(&self, at: usize) -> &[u8] {
        self.key_of(&self.index[at])
    }

    pub(super) fn payload(&self, at: usize) -> &[u8] {
        self.payload_of(&self.index[at])
    }

    /// Number of records whose key is below `bound`; the records are sorted.
    pub(super) fn position(&self, bound: &[u8]) -> usize {
        self.index.partition_point(|entry| self.key_of(entry) < bound)
    }

    fn key_of(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        &self.chunks[entry.chunk as usize][start..start + entry.key as usize]
    }

    fn payload_of(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize + entry.key as usize;
        &self.chunks[entry.chunk as usize][start..start + entry.payload as usize]
    }

    fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        (a.prefix.cmp(&b.prefix))
            .then_with(|| self.key_of(a).cmp(self.key_of(b)))
            .then_with(|| self.payload_of(a).cmp(self.payload_of(b)))
    }

    fn sort(&mut self) {
        let mut index = std::mem::take(&mut self.index);
        // Records that compare equal are equal bytes, so an unstable sort cannot be seen.
        if index.len() < PARALLEL_FROM {
            index.sort_unstable_by(|a, b| self.compare(a, b));
        } else {
            index.par_sort_unstable_by(|a, b| self.compare(a, b));
        }
        self.index = index;
    }

    pub(super) fn write(&self, path: PathBuf) -> Result<Run, SpillError> {
        let mut writer = RunWriter::create(path)?;
        for entry in &self.index {
            writer.push(self.key_of(entry), self.payload_of(entry))?;
        }
        writer.finish()
    }

    fn bytes(&self) -> usize {
        self.chunks.iter().map(Vec::capacity).sum::<usize>() + self.index.capacity() * ENTRY
    }
}

/// Sorts records with a bounded amount of memory.
#[derive(Debug)]
pub struct Sorter {
    dir: PathBuf,
    name: String,
    budget: usize,
    chunk_size: usize,
    held: Held,
    current: usize,
    held_bytes: usize,
    runs: Vec<Arc<Run>>,
}

impl Sorter {
    /// A sorter that writes its runs as `dir/name-000000.run`, `dir/name-000001.run`... when it holds more than `budget`
    /// bytes.
    ///
    /// Nothing is written before that. Sorters of one folder have different names.
    pub fn new(dir: &Path, name: &str, budget: usize) -> Self {
        Self {
            dir: dir.to_path_buf(),
            name: name.to_owned(),
            budget,
            chunk_size: (budget / 16).clamp(4 << 10, 4 << 20),
            held: Held::default(),
            current: 0,
            held_bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Adds a record.
    pub fn push(&mut self, key: &[u8], payload: &[u8]) -> Result<(), SpillError> {
        let size = key.len().saturating_add(payload.len());
        if size > RECORD_LIMIT {
            return Err(SpillError::TooLong { bytes: size, limit: RECORD_LIMIT });
        }
        self.make_room(size)?;
        let chunk = &mut self.held.chunks[self.current];
        // The lengths fit because a chunk is never longer than the limit of a record.
        #[expect(clippy::cast_possible_truncation, reason = "bounded by RECORD_LIMIT and the budget")]
        let entry = Entry {
            prefix: prefix(key),
            chunk: self.current as u32,
            start: chunk.len() as u32,
            key: key.len() as u32,
            payload: payload.len() as u32,
        };
        chunk.extend_from_slice(key);
        chunk.extend_from_slice(payload);
        self.held.index.push(entry);
        Ok(())
    }

    /// Largest number of bytes that the sorter holds now.
    pub fn memory(&self) -> usize {
        self.held_bytes
    }

    /// Ends the input: what was never too large for the budget stays in memory.
    pub fn finish(mut self) -> Result<Runs, SpillError> {
        if self.runs.is_empty() {
            self.held.sort();
            Ok(Runs::new(self.dir, vec![Arc::new(self.held)], self.runs))
        } else {
            self.spill()?;
            Ok(Runs::new(self.dir, Vec::new(), self.runs))
        }
    }

    /// Gives the current chunk room for `size` bytes and the index room for an entry, writing a run where the budget
    /// leaves neither.
    fn make_room(&mut self, size: usize) -> Result<(), SpillError> {
        let index = self.held.index.capacity();
        if self.held.index.len() == index {
            let wanted = (index * 2).max(FIRST_ENTRIES);
            // While a vector grows, the old and the new one are both there.
            if index > 0 && self.held_bytes + wanted * ENTRY > self.budget {
                self.spill()?;
            } else {
                self.held.index.reserve_exact(wanted - self.held.index.len());
                self.held_bytes = self.held.bytes();
            }
        }
        while let Some(chunk) = self.held.chunks.get(self.current) {
            if chunk.capacity() - chunk.len() >= size {
                return Ok(());
            }
            if self.current + 1 == self.held.chunks.len() {
                break;
            }
            self.current += 1;
        }
        let wanted = self.chunk_size.max(size);
        if self.held_bytes + wanted > self.budget && !self.held.index.is_empty() {
            self.spill()?;
            if self.held.chunks.first().is_some_and(|chunk| chunk.capacity() >= size) {
                return Ok(());
            }
        }
        if self.held.index.is_empty() && self.held_bytes + wanted > self.budget {
            self.held.chunks.clear();
        }
        self.held.chunks.push(Vec::with_capacity(wanted));
        self.current = self.held.chunks.len() - 1;
        self.held_bytes = self.held.bytes();
        Ok(())
    }

    fn spill(&mut self) -> Result<(), SpillError> {
        if self.held.index.is_empty() {
            return Ok(());
        }
        self.held.sort();
        let path = self.dir.join(format!("{}-{:06}.run", self.name, self.runs.len()));
        self.runs.push(Arc::new(self.held.write(path)?));
        self.held.index.clear();
        // A chunk made for one long record would be dead weight from here on.
        self.held.chunks.retain(|chunk| chunk.capacity() <= self.chunk_size);
        self.held.chunks.iter_mut().for_each(Vec::clear);
        self.current = 0;
        self.held_bytes = self.held.bytes();
        Ok(())
    }
}
