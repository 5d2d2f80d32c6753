//! The driver: sorted rows to shards.
//!
//! In: sorted runs of rows, the epoch, and which files are left out. Out: shard files in the work folder, and the verdict
//! table. Rule: blocks are cut where a device ends; while one shard's blocks are judged on all threads, the next shard is
//! read and the one before is written and added to the table. Invariant: where blocks and shards are cut depends on the
//! rows alone, so a shard that is already there is the one that would be made.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::assembly::{Assembly, Verified};
use super::epoch::Epoch;
use super::part::Part;
use super::rows::{Block, DamagedRow, Observation};
use super::shard::{self, Shard};
use super::{Progress, VerifyError};
use crate::networks::generic::device::judge;
use crate::score::state::PriorState;
use crate::spill::{Merge, Runs, merge_between};

/// Rows after which a block ends with the device.
const BLOCK_ROWS: usize = 1024;
/// Bytes after which a block ends with the device: ids may be long.
const BLOCK_BYTES: usize = 4 << 20;
/// Rows after which a shard ends with the block.
const SHARD_ROWS: usize = 65_536;
/// Bytes after which a shard ends with the block.
const SHARD_BYTES: usize = 256 << 20;

/// Rows of a device from which tables are built ahead for it.
const MANY_ROWS: usize = 32;
/// Keys of a device for which tables are built ahead: the current one, and the one that it takes over from.
const MANY_KEYS: usize = 2;

/// What the verify step reads.
pub struct Job<'a> {
    /// The epoch.
    pub epoch: &'a Epoch,
    /// Earlier state, one per device of the snapshot.
    pub prior: &'a [PriorState],
    /// Sorted rows.
    pub runs: &'a Runs,
    /// Whether a file, by number, is left out.
    pub is_left_out: &'a [bool],
    /// Whether a file, by number, is signed by the validator of its rows.
    pub is_signed: &'a [bool],
    /// The work folder.
    pub work: &'a Path,
    /// Where the verdict table goes.
    pub table: &'a Path,
    /// Where the places of origin go.
    pub origins: &'a Path,
}

/// A block and the devices of the snapshot that it stands for.
struct Piece {
    block: Block,
    devices: Range<u32>,
}

/// Judges all rows.
pub fn verify(job: &Job<'_>, progress: &Progress) -> Result<Verified, VerifyError> {
    let mut reader = PieceReader::new(job)?;
    let mut assembly = Assembly::new(job.epoch, job.table, job.origins)?;
    let mut pieces = reader.shard()?;
    let mut number = 0;
    let mut finished = None;
    let mut content = Sha256::new();
    while !pieces.is_empty() {
        let path = shard::path(job.work, number);
        let before = finished.take();
        let (next, (made, stored)) = rayon::join(
            || reader.shard(),
            || {
                rayon::join(
                    || make(&pieces, &path, job, progress),
                    || store(before, &mut content, &mut assembly),
                )
            },
        );
        stored?;
        finished = Some((made?, path));
        pieces = next?;
        number += 1;
    }
    store(finished, &mut content, &mut assembly)?;
    assembly.finish(job.epoch, content)
}

/// A shard that an earlier run has left, or what a new one is made of.
enum Made {
    Found(Shard),
    New(Part),
}

/// Writes a shard where it is new, and adds it to the table; `content` then is the hash of the table's content up to its
/// end.
fn store(
    finished: Option<(Made, PathBuf)>,
    content: &mut Sha256,
    assembly: &mut Assembly<'_>,
) -> Result<(), VerifyError> {
    let head = match finished {
        None => return Ok(()),
        Some((Made::Found(shard), _)) => {
            *content = shard.content;
            shard.head
        }
        Some((Made::New(part), path)) => shard::write(part, &path, content, assembly.place())?,
    };
    assembly.add(head)
}

fn make(pieces: &[Piece], path: &Path, job: &Job<'_>, progress: &Progress) -> Result<Made, VerifyError> {
    if let Some(shard) = Shard::read(path, job.table).filter(|shard| shard.is_whole(path)) {
        progress.add(pieces.iter().map(|piece| piece.block.rows.len() as u64).sum())?;
        return Ok(Made::Found(shard));
    }
    prepare_keys(pieces, job.epoch);
    let parts = pieces.par_iter().with_max_len(1).map(|piece| {
        let judged = judge(&piece.block, piece.devices.clone(), job.epoch, job.prior);
        progress.add(piece.block.rows.len() as u64)?;
        Part::new(&piece.block, &judged)
    });
    let mut whole = Part::default();
    for part in parts.collect::<Result<Vec<_>, _>>()? {
        whole.append(part);
    }
    // Rows are sorted by device: these devices do not come again.
    let devices = pieces.iter().flat_map(|piece| piece.devices.clone());
    job.epoch.keys.release(devices.flat_map(|device| job.epoch.key_ids(device as usize)));
    Ok(Made::New(whole))
}

/// Builds the tables of keys that will check many rows, many keys side by side: a block alone has too few for that.
fn prepare_keys(pieces: &[Piece], epoch: &Epoch) {
    let mut wanted = Vec::new();
    for block in pieces.iter().map(|piece| &piece.block) {
        for range in block.devices().filter(|range| range.len() >= MANY_ROWS) {
            let device = block.rows.get(range.start).and_then(|row| epoch.device_index(block.device(row)));
            let keys = device.into_iter().flat_map(|device| epoch.key_ids(device)).take(MANY_KEYS);
            wanted.extend(keys.map(|key| (key, range.len() as u64)));
        }
    }
    epoch.keys.prepare(&wanted);
}

/// Cuts the sorted rows into pieces.
struct PieceReader<'a> {
    job: &'a Job<'a>,
    merge: Merge,
    /// The first row of the next block, already read.
    pending: Option<Block>,
    /// The device of the last row, as it stands in the key.
    device: Vec<u8>,
    /// Rows and bytes of the last block: the next one will not be much longer.
    capacity: (usize, usize),
    next_device: u32,
    is_over: bool,
}

impl<'a> PieceReader<'a> {
    fn new(job: &'a Job<'a>) -> Result<Self, VerifyError> {
        let merge = merge_between(job.runs, None, None)?;
        Ok(Self {
            job,
            merge,
            pending: None,
            device: Vec::new(),
            capacity: (0, 0),
            next_device: 0,
            is_over: false,
        })
    }

    fn shard(&mut self) -> Result<Vec<Piece>, VerifyError> {
        let mut pieces = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        while rows < SHARD_ROWS && bytes < SHARD_BYTES && !self.is_over {
            let block = self.block()?;
            rows += block.rows.len();
            bytes += block.size();
            let devices = self.devices(&block);
            pieces.push(Piece { block, devices });
        }
        Ok(pieces)
    }

    /// The next block of whole devices; the last one may be empty and stands for all devices that are left.
    fn block(&mut self) -> Result<Block, VerifyError> {
        let damaged = |_| VerifyError::damaged(self.job.work);
        let mut block = self.pending.take().unwrap_or_default();
        block.reserve(self.capacity);
        while let Some(record) = self.merge.next()? {
            let file = Observation::file_of(record.key).unwrap_or(u32::MAX);
            if self.job.is_left_out.get(file as usize) != Some(&false) {
                continue;
            }
            let is_signed = self.job.is_signed.get(file as usize) == Some(&true);
            // The field of the device ends itself, so a key that begins with it is of this device.
            let is_same = !self.device.is_empty() && record.key.starts_with(&self.device);
            if !is_same {
                let device = Observation::device_of(record.key).ok_or(DamagedRow).map_err(damaged)?;
                self.device.clear();
                self.device.extend_from_slice(device);
                // A block that is full ends where another device begins.
                if block.rows.len() >= BLOCK_ROWS || block.size() >= BLOCK_BYTES {
                    let mut next = Block::default();
                    next.push(record.key, record.payload, is_signed).map_err(damaged)?;
                    self.pending = Some(next);
                    self.capacity = (block.rows.len(), block.size());
                    return Ok(block);
                }
            }
            block.push(record.key, record.payload, is_signed).map_err(damaged)?;
        }
        self.is_over = true;
        Ok(block)
    }

    /// Devices of the snapshot up to the last one of the block; all that are left, at the end.
    fn devices(&mut self, block: &Block) -> Range<u32> {
        let devices = &self.job.epoch.snapshot.devices;
        let end = match block.rows.last().filter(|_| !self.is_over) {
            Some(row) => devices.partition_point(|device| device.id.as_slice() <= block.device(row)),
            None => devices.len(),
        };
        let start = self.next_device;
        self.next_device = u32::try_from(end).unwrap_or(u32::MAX);
        start..self.next_device
    }
}
