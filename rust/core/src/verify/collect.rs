//! The shards put together.
//!
//! In: all shards of a run. Out: the verdict table with its content hash, the hashes of observations and annotations,
//! places of origin, and what scoring needs. Rule: uptime proof, 9.3; scoring and rewards, 7.2 and 11.9. Invariant: the
//! content hash is taken over values, never over Parquet bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::arrow::ArrowSchemaConverter;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::epoch::Epoch;
use super::findings::{Findings, Subject};
use super::judged::{Answered, Counters, Kept};
use super::notes::{self, DIGITS, decimal};
use super::part::{Stream, Summary};
use super::roster::Scheduled;
use super::shard::{self, RunPlaces, Shard, writer_properties};
use super::{Progress, VerifyError};
use crate::hash::Hash;
use crate::schema;
use crate::spill::{KeyReader, Runs, merge_between};

/// Shards that are read at the same time.
const WAVE: usize = 4;

/// The verify step in sum.
#[derive(Debug, Default)]
pub struct Collected {
    /// Distinct rows.
    pub rows: u64,
    /// Rows per code.
    pub counts: BTreeMap<u8, u64>,
    /// Content hash of the verdict table.
    pub verdicts_hash: Hash,
    /// SHA-256 of the ascending row ids.
    pub observations_hash: Hash,
    /// SHA-256 of the ascending annotation lines.
    pub annotations_hash: Hash,
    /// Kept observations, by slot.
    pub kept: Runs,
    /// Counters of devices, ascending.
    pub counters: Vec<Counters>,
    /// Address prefixes of devices, ascending.
    pub prefixes: Vec<(u32, Vec<u8>)>,
    /// What was scheduled for every device, ascending.
    pub scheduled: Vec<Scheduled>,
    /// Probes scheduled per participant.
    pub probes: Vec<u64>,
    /// Indicators.
    pub findings: Findings,
}

/// Places that [`collect`] writes to.
pub struct Destination<'a> {
    /// The work folder, with the shards.
    pub work: &'a Path,
    /// The verdict table.
    pub table: &'a Path,
    /// Places of origin: a JSON array with one array `[file, row, ...]` per row of the table.
    pub origins: &'a Path,
}

/// Puts the shards together.
pub fn collect(
    epoch: &Epoch,
    shards: usize,
    destination: &Destination<'_>,
    progress: &Progress,
) -> Result<Collected, VerifyError> {
    let paths: Vec<PathBuf> = (0..shards).map(|number| shard::path(destination.work, number)).collect();
    let places = paths.iter().map(|path| shard::runs(path).ok_or_else(|| VerifyError::damaged(path)));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    let open = |stream: Stream| {
        let place = |places: &RunPlaces| places.get(stream as usize).cloned().unwrap_or_default();
        let parts: Vec<_> = paths.iter().cloned().zip(places.iter().map(place)).collect();
        let mut runs = Runs::within(destination.work, &format!("collect-{}", stream as u8), &parts)?;
        runs.compact()?;
        Ok::<_, VerifyError>(runs)
    };
    let (appended, ((kept, replays), (ids, lines))) = rayon::join(
        || append(epoch, &paths, destination, progress),
        || {
            rayon::join(
                || rayon::join(|| open(Stream::Kept), || find_replays(&open(Stream::Presented)?)),
                || {
                    rayon::join(
                        || hash_of_ids(&open(Stream::RowIds)?),
                        || hash_of_lines(&open(Stream::Annotations)?),
                    )
                },
            )
        },
    );
    let mut collected = appended?;
    collected.kept = kept?;
    collected.findings.merge(replays?);
    (collected.observations_hash, collected.annotations_hash) = (ids?, lines?);
    Ok(collected)
}

/// Appends table and places of origin of each shard, and sums its facts; the next shards are read in the meantime.
fn append(
    epoch: &Epoch,
    paths: &[PathBuf],
    destination: &Destination<'_>,
    progress: &Progress,
) -> Result<Collected, VerifyError> {
    let mut collected = Collected { probes: vec![0; epoch.participants.len()], ..Collected::default() };
    let mut key_uses = BTreeMap::<u32, Vec<(u32, Vec<Hash>)>>::new();
    let mut content = Sha256::new();
    let mut table = TableWriter::new(destination.table)?;
    let mut origins = OriginWriter::new(destination.origins)?;
    let read = |path: &PathBuf| {
        progress.add(0)?;
        Shard::read(path).ok_or_else(|| VerifyError::damaged(path))
    };
    let mut append = |wave: Vec<Shard>| {
        let (appended, placed) = rayon::join(
            || wave.iter().flat_map(|shard| &shard.tables).try_for_each(|bytes| table.append(bytes)),
            || wave.iter().try_for_each(|shard| origins.append(&shard.origins)),
        );
        appended?;
        placed.map_err(VerifyError::io(destination.origins))?;
        for shard in wave {
            content = shard.content;
            add(&mut collected, &mut key_uses, shard.summary);
        }
        Ok::<_, VerifyError>(())
    };
    let mut wave = Vec::new();
    for paths in paths.chunks(WAVE) {
        let (next, appended) = rayon::join(
            || paths.par_iter().map(read).collect::<Result<_, _>>(),
            || append(std::mem::take(&mut wave)),
        );
        appended?;
        wave = next?;
    }
    append(wave)?;
    collected.verdicts_hash = content.finalize().into();
    origins.finish().map_err(VerifyError::io(destination.origins))?;
    table.finish()?;
    find_shared_keys(epoch, &key_uses, &mut collected.findings);
    Ok(collected)
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

fn add(collected: &mut Collected, key_uses: &mut BTreeMap<u32, Vec<(u32, Vec<Hash>)>>, summary: Summary) {
    collected.rows += summary.rows;
    for (code, count) in summary.counts {
        *collected.counts.entry(code).or_default() += count;
    }
    collected.counters.extend(summary.counters);
    collected.prefixes.extend(summary.prefixes);
    collected.scheduled.extend(summary.scheduled);
    for (sum, probes) in collected.probes.iter_mut().zip(summary.probes) {
        *sum += probes;
    }
    for (key, device, rows) in summary.key_uses {
        key_uses.entry(key).or_default().push((device, rows));
    }
    collected.findings.merge(Findings::from_stored(summary.findings));
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

/// `KEY_SHARED` from the registry, `KEY_REUSE` from kept good answers.
fn find_shared_keys(epoch: &Epoch, key_uses: &BTreeMap<u32, Vec<(u32, Vec<Hash>)>>, findings: &mut Findings) {
    let subjects = |devices: &BTreeSet<u32>| -> Vec<Subject> {
        let ids = devices.iter().filter_map(|device| epoch.snapshot.devices.get(*device as usize));
        ids.map(|device| Subject::Device(device.id.clone())).collect()
    };
    for devices in epoch.shared_keys().values() {
        findings.fact("KEY_SHARED", subjects(&devices.iter().copied().collect()), &[]);
    }
    for uses in key_uses.values() {
        let devices: BTreeSet<u32> = uses.iter().map(|(device, _)| *device).collect();
        if devices.len() < 2 {
            continue;
        }
        findings.rows("KEY_REUSE", subjects(&devices), uses.iter().flat_map(|(_, rows)| rows));
    }
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

/// Copies row groups of many small Parquet files into one, without decoding them.
struct TableWriter {
    writer: SerializedFileWriter<BufWriter<File>>,
}

impl TableWriter {
    fn new(path: &Path) -> Result<Self, VerifyError> {
        let file = BufWriter::new(File::create(path).map_err(VerifyError::io(path))?);
        let schema = ArrowSchemaConverter::new().convert(&schema::verdicts())?;
        let mut properties = writer_properties().into_builder();
        properties = properties.set_key_value_metadata(Some(vec![]));
        let writer = SerializedFileWriter::new(
            file,
            schema.root_schema_ptr(),
            std::sync::Arc::new(properties.build()),
        )?;
        Ok(Self { writer })
    }

    fn append(&mut self, table: &Bytes) -> Result<(), VerifyError> {
        let reader = SerializedFileReader::new(table.clone())?;
        for group in reader.metadata().row_groups().iter().filter(|group| group.num_rows() > 0) {
            let mut target = self.writer.next_row_group()?;
            for column in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                target.append_column(table, close)?;
            }
            target.close()?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), VerifyError> {
        let mut out = self.writer.into_inner()?;
        out.flush().map_err(VerifyError::io(Path::new("verdict table")))?;
        out.get_ref().sync_all().map_err(VerifyError::io(Path::new("verdict table")))
    }
}

/// Writes the places of origin as a JSON array.
struct OriginWriter {
    out: BufWriter<File>,
    line: Vec<u8>,
    is_first: bool,
}

impl OriginWriter {
    fn new(path: &Path) -> Result<Self, VerifyError> {
        let io = VerifyError::io(path);
        let out = BufWriter::new(File::create(path).map_err(&io)?);
        Ok(Self { out, line: Vec::new(), is_first: true })
    }

    /// Adds the rows of a shard; what ends within a row is left out, which a shard that is whole does not do.
    fn append(&mut self, origins: &[u8]) -> std::io::Result<()> {
        let mut rest = origins;
        while let Some((count, places)) = rest.split_first_chunk::<4>() {
            self.line.clear();
            self.line.push(if std::mem::replace(&mut self.is_first, false) { b'[' } else { b',' });
            rest = places;
            let mut before = b'[';
            for _ in 0..u32::from_le_bytes(*count) {
                let Some((file, after)) = rest.split_first_chunk::<4>() else { return Ok(()) };
                let Some((row, after)) = after.split_first_chunk::<8>() else { return Ok(()) };
                rest = after;
                for number in [u64::from(u32::from_le_bytes(*file)), u64::from_le_bytes(*row)] {
                    self.line.push(before);
                    self.line.extend_from_slice(decimal(number, &mut [0; DIGITS]));
                    before = b',';
                }
            }
            self.line.push(b']');
            self.out.write_all(&self.line)?;
        }
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.out.write_all(if self.is_first { b"[]" } else { b"]" })?;
        self.out.flush()
    }
}
