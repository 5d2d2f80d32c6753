//! What needs the records of all shards.
//!
//! In: all shards of a run, and their facts in sum. Out: the hashes of observations and annotations, answers presented
//! twice, and the observations that scoring reads. Rule: uptime proof, 9.3; scoring and rewards, 7.2 and 11.9. Invariant:
//! everything is read in the order of the records, whatever the shards.

use std::fs::File;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::assembly::Verified;
use super::findings::{Findings, Subject};
use super::judged::{Answered, Kept};
use super::notes;
use super::part::Stream;
use super::shard::{self, RunPlaces};
use super::{Progress, VerifyError};
use crate::hash::Hash;
use crate::spill::{KeyReader, Runs, merge_between};

/// The verify step in sum.
#[derive(Debug, Default)]
pub struct Collected {
    /// The shards in sum; their findings with those of all shards together.
    pub verified: Verified,
    /// SHA-256 of the ascending row ids.
    pub observations_hash: Hash,
    /// SHA-256 of the ascending annotation lines.
    pub annotations_hash: Hash,
    /// Kept observations, by slot.
    pub kept: Runs,
}

/// Reads the records of the shards in the work folder; meanwhile the disk gets the verdict table.
pub fn collect(
    verified: Verified,
    work: &Path,
    table: &Path,
    progress: &Progress,
) -> Result<Collected, VerifyError> {
    std::thread::scope(|scope| {
        let synced = scope.spawn(|| File::open(table)?.sync_all());
        let collected = read_records(verified, work, progress);
        synced.join().map_or_else(
            |_| Err(VerifyError::damaged(table)),
            |synced| synced.map_err(VerifyError::io(table)),
        )?;
        collected
    })
}

fn read_records(mut verified: Verified, work: &Path, progress: &Progress) -> Result<Collected, VerifyError> {
    let paths: Vec<PathBuf> = (0..verified.shards).map(|number| shard::path(work, number)).collect();
    let places = paths.iter().map(|path| shard::runs(path).ok_or_else(|| VerifyError::damaged(path)));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    let open = |stream: Stream| {
        progress.add(0)?;
        let place = |places: &RunPlaces| places.get(stream as usize).cloned().unwrap_or_default();
        let parts: Vec<_> = paths.iter().cloned().zip(places.iter().map(place)).collect();
        let mut runs = Runs::within(work, &format!("collect-{}", stream as u8), &parts)?;
        runs.compact()?;
        Ok::<_, VerifyError>(runs)
    };
    let (lines, ((kept, replays), ids)) = rayon::join(
        || hash_of_lines(&open(Stream::Annotations)?),
        || {
            rayon::join(
                || rayon::join(|| open(Stream::Kept), || find_replays(&open(Stream::Presented)?)),
                || hash_of_ids(&open(Stream::RowIds)?),
            )
        },
    );
    verified.findings.merge(replays?);
    Ok(Collected { verified, observations_hash: ids?, annotations_hash: lines?, kept: kept? })
}

/// Gives the kept observations slot by slot.
pub fn read_kept(runs: &Runs, give: &mut dyn FnMut(u64, &[Kept])) -> Result<(), VerifyError> {
    let mut merge = merge_between(runs, None, None)?;
    let mut slot: Vec<Kept> = Vec::new();
    while let Some(record) = merge.next()? {
        let kept = Kept::from_bytes(record.key)
            .ok_or_else(|| VerifyError::damaged(Path::new("kept observations")))?;
        if let Some(first) = slot.first().filter(|first| first.slot != kept.slot) {
            give(u64::from(first.slot), &slot);
            slot.clear();
        }
        slot.push(kept);
    }
    if let Some(first) = slot.first() {
        give(u64::from(first.slot), &slot);
    }
    Ok(())
}

/// `REPLAY`: one proof in rows of different (slot, device, validator); each of them that is not rightful presents it.
fn find_replays(runs: &Runs) -> Result<Findings, VerifyError> {
    const OWN: u8 = Answered::Own as u8;
    const OWN_WRONGLY: u8 = Answered::OwnWrongly as u8;
    let mut findings = Findings::default();
    let mut merge = merge_between(runs, None, None)?;
    let damaged = || VerifyError::damaged(Path::new("answers by hash"));
    let mut proof: Option<Hash> = None;
    // Slot, device and validator of the proof's first row; nothing for those whose own challenge it answers.
    let mut first_row = Vec::new();
    let mut is_replay = false;
    // Findings of the current proof, which count only once a second challenge is seen.
    let mut pending = Findings::default();
    while let Some(record) = merge.next()? {
        let (hash, rest) = record.key.split_first_chunk::<32>().ok_or_else(damaged)?;
        let (answered, row) = rest.split_first().ok_or_else(damaged)?;
        let compared = if *answered <= OWN_WRONGLY { &[][..] } else { row };
        if proof != Some(*hash) {
            proof = Some(*hash);
            first_row.clear();
            first_row.extend_from_slice(compared);
            is_replay = false;
            pending = Findings::default();
        } else if !is_replay && first_row != compared {
            is_replay = true;
            findings.merge(std::mem::take(&mut pending));
        }
        if *answered == OWN {
            continue;
        }
        let row_id = record.payload.first_chunk::<32>().ok_or_else(damaged)?;
        let mut reader = KeyReader::new(row);
        let (mut device, mut validator) = (Vec::new(), Vec::new());
        reader.u64().and_then(|_| reader.bytes(&mut device)).ok_or_else(damaged)?;
        reader.bytes(&mut validator).ok_or_else(damaged)?;
        let into = if is_replay { &mut findings } else { &mut pending };
        into.row("REPLAY", [Subject::Device(device), Subject::Validator(validator)], row_id);
    }
    Ok(findings)
}

fn hash_of_ids(runs: &Runs) -> Result<Hash, VerifyError> {
    let mut merge = merge_between(runs, None, None)?;
    let mut hash = Sha256::new();
    while let Some(record) = merge.next()? {
        hash.update(record.key);
    }
    Ok(hash.finalize().into())
}

fn hash_of_lines(runs: &Runs) -> Result<Hash, VerifyError> {
    const AT_ONCE: usize = 16 << 10;
    let mut merge = merge_between(runs, None, None)?;
    let mut hash = Sha256::new();
    let mut lines = Vec::with_capacity(2 * AT_ONCE);
    while let Some(record) = merge.next()? {
        notes::write_line(record.key, record.payload, &mut lines)
            .ok_or_else(|| VerifyError::damaged(Path::new("annotations")))?;
        lines.push(b'\n');
        if lines.len() >= AT_ONCE {
            hash.update(&lines);
            lines.clear();
        }
    }
    hash.update(&lines);
    Ok(hash.finalize().into())
}
