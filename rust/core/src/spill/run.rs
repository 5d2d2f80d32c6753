//! One run: a file of records in ascending order.
//!
//! In: records in order. Out: a file or a part of one, and the same records from it, from the start or from a key on.
//! Rule: blocks of up to about 64 KiB, each with its length and CRC-32, then an index of the blocks (place, checksum and first
//! key of each), then a trailer of fixed size with the number of records and the checksum of the index. In a block each
//! record has in front a byte, 1 where the lengths of its key and payload follow and 0 where they are those of the one before,
//! and is written as its [difference](Before) from that one.
//! Invariant: a file that was cut short or changed gives an error, never a wrong record; a reader holds one block and one record.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Crc;

use super::SpillError;
use super::difference::{self, Before};

const MAGIC: &[u8; 8] = b"DPVRUN3\n";
const TRAILER: usize = 8 + 8 + 8 + 8 + 4 + 4;
const BLOCK_HEADER: usize = 8;
const BLOCK_TARGET: usize = 64 << 10;

/// Key and payload of one record together; keeps every length in a block below 4 GiB.
pub(super) const RECORD_LIMIT: usize = 1 << 31;

pub(super) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A finished run. Its file goes when the last owner does, unless it is kept for a later process.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) path: PathBuf,
    /// Where in the file the run begins; all other places count from here.
    base: u64,
    pub(super) length: u64,
    pub(super) records: u64,
    /// Checksum of the trailer, which covers the checksum of the index, which covers those of the blocks.
    pub(super) seal: u32,
    index_at: u64,
    blocks: u64,
    keep: AtomicBool,
}

impl Run {
    /// Reads and checks the trailer of a file.
    pub(super) fn open(path: &Path) -> Result<Self, SpillError> {
        let length = fs::metadata(path).map_err(SpillError::io(path, "read"))?.len();
        Self::open_part(path, 0..length)
    }

    /// Reads and checks the trailer of a run that is a part of a file.
    pub(super) fn open_part(path: &Path, part: Range<u64>) -> Result<Self, SpillError> {
        let mut file = File::open(path).map_err(SpillError::io(path, "open"))?;
        let (base, length) = (part.start, part.end.saturating_sub(part.start));
        let mut trailer = [0; TRAILER];
        let Some(trailer_at) = length.checked_sub(TRAILER as u64) else {
            return Err(SpillError::torn(path, format!("{length} bytes are too few for a run")));
        };
        file.seek(SeekFrom::Start(base.saturating_add(trailer_at))).map_err(SpillError::io(path, "read"))?;
        file.read_exact(&mut trailer).map_err(SpillError::io(path, "read"))?;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| trailer[at + i]));
        let seal = u32::from_le_bytes(std::array::from_fn(|i| trailer[TRAILER - 4 + i]));
        let (index_at, blocks, records) = (word(8), word(16), word(24));
        if &trailer[..8] != MAGIC || crc(&trailer[..TRAILER - 4]) != seal || index_at > trailer_at {
            return Err(SpillError::torn(path, "it does not end as a run does"));
        }
        let keep = AtomicBool::new(true);
        Ok(Self { path: path.to_path_buf(), base, length, records, seal, index_at, blocks, keep })
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Leaves the file where it is when the run is dropped.
    pub(super) fn keep(&self, keep: bool) {
        self.keep.store(keep, Ordering::Relaxed);
    }

    /// Reads every record once; an error where one is not as it was written.
    pub(super) fn check(self: &Arc<Self>) -> Result<(), SpillError> {
        let mut reader = RunReader::open(self, None)?;
        let mut records = 0;
        while reader.advance()? {
            records += 1;
        }
        if records == self.records {
            Ok(())
        } else {
            Err(SpillError::torn(
                &self.path,
                format!("{records} records where {} were written", self.records),
            ))
        }
    }

    /// Calls `visit` with the place and the first key of each block, in order.
    pub(super) fn for_each_block(&self, mut visit: impl FnMut(u64, &[u8])) -> Result<(), SpillError> {
        let mut file = File::open(&self.path).map_err(SpillError::io(&self.path, "open"))?;
        file.seek(SeekFrom::Start(self.base + self.index_at)).map_err(SpillError::io(&self.path, "read"))?;
        let size = self.length.saturating_sub(self.index_at).saturating_sub(TRAILER as u64);
        let mut index = Vec::new();
        file.take(size).read_to_end(&mut index).map_err(SpillError::io(&self.path, "read"))?;
        let torn = || SpillError::torn(&self.path, "its index is incomplete");
        let (entries, sum) = index.split_last_chunk::<4>().ok_or_else(torn)?;
        if crc(entries) != u32::from_le_bytes(*sum) {
            return Err(SpillError::torn(&self.path, "the checksum of its index does not fit"));
        }
        let mut rest = entries;
        for _ in 0..self.blocks {
            let (place, after) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
            let (_sum, after) = after.split_first_chunk::<4>().ok_or_else(torn)?;
            let (length, after) = after.split_first_chunk::<4>().ok_or_else(torn)?;
            let length = u32::from_le_bytes(*length) as usize;
            let key = after.get(..length).ok_or_else(torn)?;
            visit(u64::from_le_bytes(*place), key);
            rest = &after[length..];
        }
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.keep.load(Ordering::Relaxed) {
            // Nobody is left to tell; the folder of a settlement's scratch files is cleared as a whole later.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes a run.
pub(super) struct RunWriter<W> {
    out: W,
    path: PathBuf,
    block: Vec<u8>,
    before: Before,
    /// Lengths of the record before in the block.
    lengths: Option<[u8; 8]>,
    first_key: Vec<u8>,
    index: Vec<u8>,
    at: u64,
    blocks: u64,
    records: u64,
}

impl RunWriter<File> {
    /// Starts a file; one that a killed process left under this name is replaced. Nothing needs to collect what is
    /// written, because a block is written at once.
    pub(super) fn create(path: PathBuf) -> Result<Self, SpillError> {
        let file = File::create(&path).map_err(SpillError::io(&path, "create"))?;
        Ok(Self::new(file, path))
    }
}

impl<W: Write> RunWriter<W> {
    /// Starts behind what `out` holds; `path` is what errors and readers call it.
    pub(super) fn new(out: W, path: PathBuf) -> Self {
        Self {
            out,
            path,
            block: vec![0; BLOCK_HEADER],
            before: Before::default(),
            lengths: None,
            first_key: Vec::new(),
            index: Vec::new(),
            at: 0,
            blocks: 0,
            records: 0,
        }
    }

    /// Adds a record, not before the one before it.
    pub(super) fn push(&mut self, key: &[u8], payload: &[u8]) -> Result<(), SpillError> {
        self.start_record(key, payload)?;
        self.before.write(key, payload, &mut self.block);
        Ok(())
    }

    /// Adds a record whose payload stands behind its key, where the one `before` it is at hand; so are all of this run.
    pub(super) fn push_behind(&mut self, before: &[u8], record: &[u8], key: usize) -> Result<(), SpillError> {
        let (key, payload) = record.split_at(key);
        let is_first = self.start_record(key, payload)?;
        difference::write(if is_first { &[] } else { before }, record, &mut self.block);
        Ok(())
    }

    /// Writes the lengths of a record; whether it is the first one of its block.
    fn start_record(&mut self, key: &[u8], payload: &[u8]) -> Result<bool, SpillError> {
        let size = key.len() + payload.len() + 9;
        if self.has_records() && self.block.len() + size > BLOCK_TARGET {
            self.close_block()?;
        }
        let is_first = !self.has_records();
        if is_first {
            self.first_key.clear();
            self.first_key.extend_from_slice(key);
        }
        let mut lengths = [0; 8];
        lengths[..4].copy_from_slice(&length_bytes(key));
        lengths[4..].copy_from_slice(&length_bytes(payload));
        let are_new = self.lengths.replace(lengths) != Some(lengths);
        self.block.push(u8::from(are_new));
        if are_new {
            self.block.extend_from_slice(&lengths);
        }
        self.records += 1;
        Ok(is_first)
    }

    /// Whether there is more in the block than room for its header.
    fn has_records(&self) -> bool {
        self.block.len() > BLOCK_HEADER
    }

    fn close_block(&mut self) -> Result<(), SpillError> {
        let records = &self.block[BLOCK_HEADER..];
        let (length, sum) = (length_bytes(records), crc(records).to_le_bytes());
        self.block[..4].copy_from_slice(&length);
        self.block[4..BLOCK_HEADER].copy_from_slice(&sum);
        self.index.extend_from_slice(&self.at.to_le_bytes());
        self.index.extend_from_slice(&sum);
        self.index.extend_from_slice(&length_bytes(&self.first_key));
        self.index.extend_from_slice(&self.first_key);
        let mut block = std::mem::take(&mut self.block);
        self.write(&block)?;
        block.truncate(BLOCK_HEADER);
        block.shrink_to(BLOCK_TARGET);
        self.block = block;
        self.before.clear();
        self.before.shrink_to(BLOCK_TARGET);
        self.lengths = None;
        self.blocks += 1;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SpillError> {
        self.out.write_all(bytes).map_err(SpillError::io(&self.path, "write"))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Closes the file.
    pub(super) fn finish(mut self) -> Result<Run, SpillError> {
        if self.has_records() {
            self.close_block()?;
        }
        let index_at = self.at;
        let mut end = std::mem::take(&mut self.index);
        let index_sum = crc(&end).to_le_bytes();
        end.extend_from_slice(&index_sum);
        let trailer_at = end.len();
        end.extend_from_slice(MAGIC);
        for word in [index_at, self.blocks, self.records] {
            end.extend_from_slice(&word.to_le_bytes());
        }
        end.extend_from_slice(&index_sum);
        let seal = crc(&end[trailer_at..]);
        end.extend_from_slice(&seal.to_le_bytes());
        self.write(&end)?;
        self.out.flush().map_err(SpillError::io(&self.path, "write"))?;
        Ok(Run {
            path: self.path,
            base: 0,
            length: self.at,
            records: self.records,
            seal,
            index_at,
            blocks: self.blocks,
            keep: AtomicBool::new(false),
        })
    }
}

/// A length as a run writes it; [`RECORD_LIMIT`] keeps it below 4 GiB.
fn length_bytes(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

/// Walks a run, holding one block.
#[derive(Debug)]
pub(super) struct RunReader {
    run: Arc<Run>,
    file: File,
    at: u64,
    /// The block, and what is left of a longer one.
    block: Vec<u8>,
    length: usize,
    /// Where the next record stands in the block.
    next: usize,
    /// The record, and the lengths of its key and payload.
    record: Before,
    lengths: [usize; 2],
}

impl RunReader {
    /// Opens a run in front of its first record, or where records from `from` on must lie behind.
    pub(super) fn open(run: &Arc<Run>, from: Option<&[u8]>) -> Result<Self, SpillError> {
        let mut start = 0;
        if let Some(from) = from {
            // A block whose first key is not below `from` may still be preceded by records of that key.
            run.for_each_block(|place, key| {
                if key < from {
                    start = place;
                }
            })?;
        }
        let mut file = File::open(&run.path).map_err(SpillError::io(&run.path, "open"))?;
        file.seek(SeekFrom::Start(run.base + start)).map_err(SpillError::io(&run.path, "read"))?;
        Ok(Self {
            run: Arc::clone(run),
            file,
            at: start,
            block: Vec::new(),
            length: 0,
            next: 0,
            record: Before::default(),
            lengths: [0; 2],
        })
    }

    /// Goes to the next record; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, SpillError> {
        if self.next == self.length {
            if self.at >= self.run.index_at {
                return Ok(false);
            }
            self.read_block()?;
        }
        let torn = |what| SpillError::torn(&self.run.path, what);
        let rest = self.block.get(self.next..self.length).unwrap_or_default();
        let rest = match rest.split_first() {
            Some((0, rest)) => rest,
            Some((1, rest)) if let Some((lengths, rest)) = rest.split_first_chunk::<8>() => {
                self.lengths = [lengths.first_chunk(), lengths.last_chunk()]
                    .map(|length| length.map_or(0, |length| u32::from_le_bytes(*length) as usize));
                rest
            }
            _ => return Err(torn("a record has no length")),
        };
        let length = self.lengths[0] + self.lengths[1];
        if length > RECORD_LIMIT {
            return Err(torn("a record is longer than any"));
        }
        let Some(behind) = self.record.read(length, rest) else {
            return Err(torn("a record is longer than its block"));
        };
        self.next = self.length - behind.len();
        Ok(true)
    }

    fn read_block(&mut self) -> Result<(), SpillError> {
        let path = &self.run.path;
        let mut header = [0; BLOCK_HEADER];
        self.file.read_exact(&mut header).map_err(SpillError::io(path, "read"))?;
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let sum = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let end = self.at + BLOCK_HEADER as u64 + u64::from(length);
        if end > self.run.index_at {
            return Err(SpillError::torn(
                path,
                format!("the block at byte {} is longer than the run", self.at),
            ));
        }
        self.length = length as usize;
        // What the block before has left is overwritten, so only room that it had not needs zeros.
        self.block.truncate(self.length.max(BLOCK_TARGET));
        self.block.shrink_to(BLOCK_TARGET);
        self.block.resize(self.block.len().max(self.length), 0);
        let block = &mut self.block[..self.length];
        self.file.read_exact(block).map_err(SpillError::io(path, "read"))?;
        if crc(block) != sum {
            return Err(SpillError::torn(
                path,
                format!("the checksum of the block at byte {} does not fit", self.at),
            ));
        }
        self.at = end;
        self.next = 0;
        self.record.clear();
        self.record.shrink_to(BLOCK_TARGET);
        self.lengths = [0; 2];
        Ok(())
    }

    /// Key of the record.
    pub(super) fn key(&self) -> &[u8] {
        &self.record.record()[..self.lengths[0]]
    }

    /// Payload of the record.
    pub(super) fn payload(&self) -> &[u8] {
        &self.record.record()[self.lengths[0]..]
    }
}
