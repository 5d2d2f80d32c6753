//! Collects records up to a budget of memory, then writes them as a run.
//!
//! In: records in any order. Out: [`Runs`]. Rule: records lie behind each other in chunks; the index beside them has the
//! first eight bytes of each key, so that most comparisons touch no record. Invariant: chunks and index together stay
//! within the budget (at least one chunk and one record are always held).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::run::{RECORD_LIMIT, Run, RunWriter};
use super::{Runs, SpillError};
use crate::simd::dispatch::prefetch;

const ENTRY: usize = size_of::<Entry>();
const FIRST_ENTRIES: usize = 64;
const PARALLEL_FROM: usize = 1 << 15;
/// Records that are on their way from memory while one is read.
const AHEAD: usize = 8;
/// Times that records are told apart by further eight bytes before they are compared as a whole.
const LEVELS: usize = 8;

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

    fn record_of(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        &self.chunks[entry.chunk as usize][start..start + entry.key as usize + entry.payload as usize]
    }

    fn payload_of(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize + entry.key as usize;
        &self.chunks[entry.chunk as usize][start..start + entry.payload as usize]
    }

    /// Has a record brought near the processor: in their order, records lie anywhere.
    fn fetch(&self, entries: &[Entry], at: usize) {
        if let Some(entry) = entries.get(at) {
            prefetch(&self.chunks[entry.chunk as usize][entry.start as usize..]);
        }
    }

    pub(super) fn sort(&mut self) {
        let mut index = std::mem::take(&mut self.index);
        // Records that compare equal are equal bytes, so an unstable sort cannot be seen.
        if index.len() < PARALLEL_FROM || rayon::current_thread_index().is_none() {
            index.sort_unstable_by_key(|entry| entry.prefix);
            index.chunk_by_mut(|a, b| a.prefix == b.prefix).for_each(|group| self.refine(group, 0, LEVELS));
        } else {
            index.par_sort_unstable_by_key(|entry| entry.prefix);
            index
                .par_chunk_by_mut(|a, b| a.prefix == b.prefix)
                .for_each(|group| self.refine(group, 0, LEVELS));
        }
        self.index = index;
    }

    /// Sorts records whose keys have the first `known` bytes in common by the eight bytes behind all that they have in
    /// common, and so on for `levels` times: most comparisons touch no record here either. Leaves those bytes in the
    /// entries.
    fn refine(&self, group: &mut [Entry], known: usize, levels: usize) {
        const COMPARED: usize = 16;
        let Some((first, others)) = group.split_first().filter(|(_, others)| !others.is_empty()) else {
            return;
        };
        if levels > 0 && others.len() >= COMPARED {
            let key = self.key_of(first);
            let mut depth = key.len();
            for (at, other) in others.iter().enumerate() {
                self.fetch(others, at + AHEAD);
                let (own, other) = (&key[known..depth], &self.key_of(other)[known..]);
                if !other.starts_with(own) {
                    depth = known + own.iter().zip(other).take_while(|(a, b)| a == b).count();
                }
            }
            // A key that ends there would get the prefix of one that goes on with zeros.
            if group.iter().all(|entry| entry.key as usize > depth) {
                for entry in group.iter_mut() {
                    entry.prefix = prefix(&self.key_of(entry)[depth..]);
                }
                group.sort_unstable_by_key(|entry| entry.prefix);
                group
                    .chunk_by_mut(|a, b| a.prefix == b.prefix)
                    .for_each(|part| self.refine(part, depth, levels - 1));
                return;
            }
        }
        group.sort_unstable_by(|a, b| {
            self.key_of(a).cmp(self.key_of(b)).then_with(|| self.payload_of(a).cmp(self.payload_of(b)))
        });
    }

    pub(super) fn write(&self, path: PathBuf) -> Result<Run, SpillError> {
        self.write_to(RunWriter::create(path)?)
    }

    pub(super) fn write_to<W: Write>(&self, mut writer: RunWriter<W>) -> Result<Run, SpillError> {
        let mut before: &[u8] = &[];
        for (at, entry) in self.index.iter().enumerate() {
            self.fetch(&self.index, at + AHEAD);
            let record = self.record_of(entry);
            writer.push_behind(before, record, entry.key as usize)?;
            before = record;
        }
        writer.finish()
    }

    /// Adds a record to the chunk of this number, which has room for it.
    pub(super) fn push(&mut self, chunk: usize, key: &[u8], payload: &[u8]) {
        let bytes = &mut self.chunks[chunk];
        // The lengths fit because a chunk is never longer than the limit of a record.
        #[expect(clippy::cast_possible_truncation, reason = "bounded by RECORD_LIMIT and the budget")]
        let entry = Entry {
            prefix: prefix(key),
            chunk: chunk as u32,
            start: bytes.len() as u32,
            key: key.len() as u32,
            payload: payload.len() as u32,
        };
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(payload);
        self.index.push(entry);
    }

    /// Starts a chunk; gives its number.
    pub(super) fn start_chunk(&mut self, capacity: usize) -> usize {
        self.chunks.push(Vec::with_capacity(capacity));
        self.chunks.len() - 1
    }

    /// Number of the last chunk, and its room.
    pub(super) fn last_chunk(&self) -> Option<(usize, usize)> {
        self.chunks.last().map(|chunk| (self.chunks.len() - 1, chunk.capacity() - chunk.len()))
    }

    /// About how many bytes a run of these records has, at most.
    pub(super) fn run_bytes(&self) -> usize {
        let records: usize = self.chunks.iter().map(Vec::len).sum();
        // Lengths in front of each record, a byte for every eight words of it, headers and index of the blocks.
        records + 10 * self.index.len() + records / 64 + records / 256 + 4096
    }

    /// Takes the records of another over, without copying their bytes.
    pub(super) fn append(&mut self, other: Self) {
        let first = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        self.chunks.extend(other.chunks);
        self.index.extend(other.index.into_iter().map(|entry| Entry { chunk: entry.chunk + first, ..entry }));
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
        self.held.push(self.current, key, payload);
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
        self.current = self.held.start_chunk(wanted);
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
