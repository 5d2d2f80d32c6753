//! A finished piece of the verify step on disk.
//!
//! In: what some blocks add, in order. Out: one file with everything that later steps read but the pages of the verdict
//! table, which stand in the table's own file, and all that read back. The file: a head with all lengths in front and its
//! CRC-32 behind, then one sorted run per stream, whose blocks have checksums of their own. Rule: a shard is written under a
//! temporary name and renamed; one that a kill or a loss of power cut short, here or in the table, is not whole by its
//! checksums, and is made again. It is therefore not synced: nothing waits for the disk.
//! Invariant: the shards of a run depend on the sorted rows alone, so a run that was killed finds its own pieces again.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::Crc;
use rayon::prelude::*;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

use super::VerifyError;
use super::part::{Part, Stream, Summary};
use super::verdict_table::{Group, read_from};
use crate::spill::{Batch, Runs};

/// Blocks per row group of the verdict table.
const GROUP_BLOCKS: usize = 32;

/// Lengths in front of a file: of the head, then of each run.
const FRONT: usize = 8 * (1 + Stream::ALL.len());
const SEAL: usize = 4;

/// Encodes what the blocks of a shard add, on all threads, writes the file, and gives its head. `content` is the hash of the
/// verdict table's content up to this shard, and goes on behind it; `place` is where the shard's rows will stand in the
/// table's file.
pub fn write(part: Part, path: &Path, content: &mut Sha256, place: u64) -> Result<Head, VerifyError> {
    let Part { summary, batches, content: rows, origins, records } = part;
    let (groups, runs) = rayon::join(
        || {
            batches
                .par_chunks(GROUP_BLOCKS)
                .filter_map(|some| Group::encode(some).transpose())
                .collect::<Result<Vec<_>, _>>()
        },
        || records.into_par_iter().map(Batch::into_run).collect::<Result<Vec<_>, _>>(),
    );
    let (groups, runs) = (groups?, runs?);
    for rows in &rows {
        content.update(rows);
    }
    let facts = serde_json::to_vec(&summary).map_err(|_| VerifyError::damaged(path))?;
    let state = content.serialize();
    let place = place.to_le_bytes();
    let kept: Vec<Vec<u8>> = groups.iter().map(Group::kept).collect();
    let mut sections: Vec<Vec<&[u8]>> = vec![vec![&facts], vec![&state]];
    sections.push(origins.iter().map(Vec::as_slice).collect());
    sections.push(vec![&place]);
    sections.extend(kept.iter().map(|kept| vec![kept.as_slice()]));
    let length = |section: &[&[u8]]| section.iter().map(|part| part.len() as u64).sum::<u64>();
    let head: u64 = sections.iter().map(|section| 8 + length(section)).sum();

    let temporary = path.with_extension("tmp");
    let io = VerifyError::io(&temporary);
    let mut file = BufWriter::new(File::create(&temporary).map_err(&io)?);
    let mut seal = Crc::new();
    let mut write = |bytes: &[u8]| {
        seal.update(bytes);
        file.write_all(bytes)
    };
    for length in std::iter::once(head).chain(runs.iter().map(|run| run.len() as u64)) {
        write(&length.to_le_bytes()).map_err(&io)?;
    }
    for section in sections {
        write(&length(&section).to_le_bytes()).map_err(&io)?;
        section.into_iter().try_for_each(&mut write).map_err(&io)?;
    }
    file.write_all(&seal.sum().to_le_bytes()).map_err(&io)?;
    runs.iter().try_for_each(|run| file.write_all(run)).map_err(&io)?;
    file.flush().map_err(&io)?;
    fs::rename(&temporary, path).map_err(VerifyError::io(path))?;
    Ok(Head { summary, groups, origins: origins.into_iter().map(Bytes::from).collect() })
}

/// Where in a shard the run of each stream lies.
pub type RunPlaces = [Range<u64>; Stream::ALL.len()];

/// Reads where the runs lie, which the runs themselves confirm; `None` where there is no file, or one of another length.
pub fn runs(path: &Path) -> Option<RunPlaces> {
    let mut file = File::open(path).ok()?;
    let mut front = [0; FRONT];
    file.read_exact(&mut front).ok()?;
    let (_, places) = places(&front)?;
    (places.last()?.end == file.metadata().ok()?.len()).then_some(places)
}

/// Length of the head without front and seal, and places of the runs.
fn places(front: &[u8; FRONT]) -> Option<(u64, RunPlaces)> {
    let mut lengths =
        front.chunks_exact(8).filter_map(|length| length.try_into().ok().map(u64::from_le_bytes));
    let head = lengths.next()?;
    let mut start = head.checked_add((FRONT + SEAL) as u64)?;
    let mut places = RunPlaces::default();
    for (place, length) in places.iter_mut().zip(lengths) {
        *place = start..start.checked_add(length)?;
        start = place.end;
    }
    Some((head, places))
}

/// What a shard adds to the results.
#[derive(Debug)]
pub struct Head {
    /// Small facts.
    pub summary: Summary,
    /// Rows of the verdict table.
    pub groups: Vec<Group>,
    /// Places of origin: per row the number of places, then file and row of each.
    pub origins: Vec<Bytes>,
}

/// A shard on disk, without its runs.
#[derive(Debug)]
pub struct Shard {
    /// What it adds.
    pub head: Head,
    /// Hash of the verdict table's content up to the end of this shard.
    pub content: Sha256,
    runs: RunPlaces,
}

impl Shard {
    /// Reads the head, and the shard's rows from the verdict table; `None` where one of the files is not there, or damaged.
    pub fn read(path: &Path, table: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let end = file.metadata().ok()?.len();
        let mut front = [0; FRONT];
        file.read_exact(&mut front).ok()?;
        let (length, runs) =
            places(&front).filter(|(_, runs)| runs.last().is_some_and(|run| run.end == end))?;
        // The file is longer than that.
        let mut head = Vec::with_capacity(usize::try_from(length).ok()? + SEAL);
        file.take(length + SEAL as u64).read_to_end(&mut head).ok()?;
        let (body, seal) = head.split_last_chunk::<SEAL>()?;
        let mut found = Crc::new();
        found.update(&front);
        found.update(body);
        if found.sum().to_le_bytes() != *seal {
            return None;
        }
        let length = body.len();
        let mut rest = Bytes::from(head).slice(..length);
        let mut next = || {
            let length = usize::try_from(u64::from_le_bytes(*rest.first_chunk()?)).ok()?;
            let section = rest.get(8..)?.get(..length).map(|section| rest.slice_ref(section))?;
            rest = rest.slice(8 + length..);
            Some(section)
        };
        let summary = serde_json::from_slice(&next()?).ok()?;
        let content = SerializedState::<Sha256>::try_from(&next()?[..]).ok()?;
        let content = Sha256::deserialize(&content).ok()?;
        let origins = vec![next()?];
        let place = u64::from_le_bytes(*next()?.first_chunk()?);
        let mut table = read_from(table, place)?;
        let groups = std::iter::from_fn(next).map(|kept| Group::find(&kept, &mut table));
        let groups = groups.collect::<Option<_>>()?;
        Some(Self { head: Head { summary, groups, origins }, content, runs })
    }

    /// Whether the runs are as they were written.
    pub fn is_whole(&self, path: &Path) -> bool {
        self.runs.par_iter().all(|run| {
            let part = [(path.to_path_buf(), run.clone())];
            Runs::within(Path::new(""), "", &part).and_then(|runs| runs.check()).is_ok()
        })
    }
}

/// Path of a shard in the work folder.
pub fn path(work: &Path, number: usize) -> PathBuf {
    work.join(format!("shard-{number:07}"))
}
