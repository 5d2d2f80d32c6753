//! The driver: sorted rows to shards.
//!
//! In: sorted runs of rows, the epoch, and which files are left out. Out: shard files in the work folder. Rule: blocks are
//! cut where a device ends; while one shard's blocks are judged on all threads, the next shard is read and the one before
//! is written. Invariant: where blocks and shards are cut depends on the rows alone, so a shard that is already there is
//! the one that would be made.

use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use rayon::prelude::*;

use super::epoch::Epoch;
use super::rows::{Block, Observation};
use super::shard::{self, Shard, encode_table, verdict_batch};
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
/// Blocks per row group of the verdict table.
const GROUP_BLOCKS: usize = 32;

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
}

/// A block and the devices of the snapshot that it stands for.
struct Piece {
    block: Block,
    devices: Range<u32>,
}

/// Judges all rows; returns the number of shards.
pub fn verify(job: &Job<'_>, progress: &Progress) -> Result<usize, VerifyError> {
    let mut reader = PieceReader::new(job)?;
    let mut pieces = reader.shard()?;
    let mut number = 0;
    let mut finished = None;
    while !pieces.is_empty() {
        let path = shard::path(job.work, number);
        let before = finished.take();
        let (next, (made, written)) = rayon::join(
            || reader.shard(),
            || rayon::join(|| make(&pieces, &path, job, progress), || write(before)),
        );
        written?;
        finished = made?.map(|shard| (shard, path));
        pieces = next?;
        number += 1;
    }
    write(finished)?;
    Ok(number)
}

fn write(finished: Option<(Shard, PathBuf)>) -> Result<(), VerifyError> {
    finished.map_or(Ok(()), |(shard, path)| shard.write(&path))
}

/// The shard of some pieces; none where an earlier run has left it.
fn make(
    pieces: &[Piece],
    path: &Path,
    job: &Job<'_>,
    progress: &Progress,
) -> Result<Option<Shard>, VerifyError> {
    if Shard::read(path).is_some() {
        progress.add(pieces.iter().map(|piece| piece.block.rows.len() as u64).sum())?;
        return Ok(None);
    }
    let parts: Vec<(Shard, RecordBatch)> = pieces
        .par_iter()
        .with_max_len(1)
        .map(|piece| {
            let judged = judge(&piece.block, piece.devices.clone(), job.epoch, job.prior);
            progress.add(piece.block.rows.len() as u64)?;
            Ok((Shard::new(&piece.block, &judged), verdict_batch(&piece.block, &judged)?))
        })
        .collect::<Result<_, VerifyError>>()?;
    let tables = parts
        .par_chunks(GROUP_BLOCKS)
        .map(|parts| encode_table(parts.iter().map(|(_, batch)| batch)))
        .collect::<Result<_, _>>()?;
    let mut shard = Shard::default();
    shard.tables = tables;
    for (part, _) in parts {
        shard.append(part);
    }
    Ok(Some(shard))
}

/// Cuts the sorted rows into pieces.
struct PieceReader<'a> {
    job: &'a Job<'a>,
    merge: Merge,
    /// The first row of the next block, already read.
    pending: Option<Block>,
    next_device: u32,
    is_over: bool,
}

impl<'a> PieceReader<'a> {
    fn new(job: &'a Job<'a>) -> Result<Self, VerifyError> {
        let merge = merge_between(job.runs, None, None)?;
        Ok(Self { job, merge, pending: None, next_device: 0, is_over: false })
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
        let mut next = Block::default();
        while let Some(record) = self.merge.next()? {
            let file = Observation::file_of(record.key).unwrap_or(u32::MAX);
            if self.job.is_left_out.get(file as usize) != Some(&false) {
                continue;
            }
            let is_signed = self.job.is_signed.get(file as usize) == Some(&true);
            if block.rows.len() < BLOCK_ROWS && block.size() < BLOCK_BYTES {
                block.push(record.key, record.payload, is_signed).map_err(damaged)?;
                continue;
            }
            // The block is full: it ends where another device begins.
            next.push(record.key, record.payload, is_signed).map_err(damaged)?;
            let is_same = match (block.rows.last(), next.rows.first()) {
                (Some(last), Some(first)) => block.device(last) == next.device(first),
                _ => false,
            };
            if is_same {
                next = Block::default();
                block.push(record.key, record.payload, is_signed).map_err(damaged)?;
            } else {
                self.pending = Some(next);
                return Ok(block);
            }
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
