//! The shards put together.
//!
//! In: all shards of a run. Out: the verdict table with its content hash, the hashes of observations and annotations,
//! places of origin, and what scoring needs. Rule: uptime proof, 9.3; scoring and rewards, 7.2 and 11.9. Invariant: the
//! content hash is taken over values, never over Parquet bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::AsBytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::epoch::Epoch;
use super::findings::{Findings, Subject};
use super::judged::{Counters, Kept};
use super::roster::Scheduled;
use super::shard::{self, Shard, Stream, Summary};
use super::{Progress, VerifyError};
use crate::hash::Hash;
use crate::schema;
use crate::spill::{KeyReader, Runs, SorterPool, merge_between};
use crate::verify::content::content_bytes;
use crate::verify::shard::writer_properties;

/// Shards that are read at the same time.
const WAVE: usize = 4;
const STREAMS: [Stream; 4] = [Stream::Kept, Stream::Presented, Stream::RowIds, Stream::Annotations];

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
    /// Bytes of memory for sorting.
    pub budget: usize,
}

/// Puts the shards together.
pub fn collect(
    epoch: &Epoch,
    shards: usize,
    destination: &Destination<'_>,
    progress: &Progress,
) -> Result<Collected, VerifyError> {
    let threads = rayon::current_num_threads();
    let pools = STREAMS.map(|stream| {
        let name = format!("collect-{}", stream as u8);
        SorterPool::new(destination.work, &name, destination.budget / STREAMS.len(), threads)
    });
    let mut collected = Collected { probes: vec![0; epoch.participants.len()], ..Collected::default() };
    let mut key_uses = BTreeMap::<u32, Vec<(u32, Vec<Hash>)>>::new();
    let mut table = TableWriter::new(destination.table)?;
    let mut origins = OriginWriter::new(destination.origins)?;
    let mut append = |wave: Vec<Read>| {
        for (shard, contents) in wave {
            for (bytes, content) in shard.tables.iter().zip(contents) {
                table.append(bytes, &content)?;
            }
            shard
                .origins()
                .try_for_each(|places| origins.append(&places))
                .map_err(VerifyError::io(destination.origins))?;
            add(&mut collected, &mut key_uses, shard.summary);
        }
        Ok::<_, VerifyError>(())
    };
    let numbers: Vec<usize> = (0..shards).collect();
    let mut wave = Vec::new();
    for numbers in numbers.chunks(WAVE) {
        let (next, appended) = rayon::join(
            || {
                let read = |number: &usize| {
                    progress.add(0)?;
                    read(&shard::path(destination.work, *number), &pools)
                };
                numbers.par_iter().map(read).collect::<Result<Vec<_>, _>>()
            },
            || append(std::mem::take(&mut wave)),
        );
        appended?;
        wave = next?;
    }
    append(wave)?;
    let [kept, presented, ids, lines] = pools;
    let ((kept, replays), (hashes, written)) = rayon::join(
        || rayon::join(|| compacted(kept), || find_replays(&compacted(presented)?)),
        || {
            rayon::join(
                || {
                    rayon::join(
                        || hash_of_keys(&compacted(ids)?, b""),
                        || hash_of_keys(&compacted(lines)?, b"\n"),
                    )
                },
                || {
                    let hash = table.finish()?;
                    origins.finish().map(|()| hash).map_err(VerifyError::io(destination.origins))
                },
            )
        },
    );
    collected.kept = kept?;
    collected.findings.merge(replays?);
    (collected.observations_hash, collected.annotations_hash) = (hashes.0?, hashes.1?);
    collected.verdicts_hash = written?;
    find_shared_keys(epoch, &key_uses, &mut collected.findings);
    Ok(collected)
}

type Read = (Shard, Vec<Vec<u8>>);

/// Reads a shard, gives its streams to their sorters, and takes the contents of its tables.
fn read(path: &Path, pools: &[SorterPool; 4]) -> Result<Read, VerifyError> {
    let shard = Shard::read(path).ok_or_else(|| VerifyError::damaged(path))?;
    STREAMS.par_iter().zip(pools).try_for_each(|(stream, pool)| {
        pool.with(|sorter| shard.records(*stream).try_for_each(|(key, payload)| sorter.push(key, payload)))
    })?;
    let contents = shard.tables.par_iter().map(|table| content_of(table)).collect::<Result<_, _>>()?;
    Ok((shard, contents))
}

fn compacted(pool: SorterPool) -> Result<Runs, VerifyError> {
    let mut runs = pool.finish()?;
    runs.compact()?;
    Ok(runs)
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
    let mut findings = Findings::default();
    let mut merge = merge_between(runs, None, None)?;
    let damaged = || VerifyError::damaged(Path::new("answers by hash"));
    let mut proof: Option<Hash> = None;
    let mut first_challenge = Vec::new();
    let mut is_replay = false;
    // Findings of the current proof, which count only once a second challenge is seen.
    let mut pending = Findings::default();
    while let Some(record) = merge.next()? {
        let (hash, challenge) = record.key.split_first_chunk::<32>().ok_or_else(damaged)?;
        if proof != Some(*hash) {
            proof = Some(*hash);
            first_challenge = challenge.to_vec();
            is_replay = false;
            pending = Findings::default();
        } else if !is_replay && first_challenge != challenge {
            is_replay = true;
            findings.merge(std::mem::take(&mut pending));
        }
        let (row_id, is_rightful) = record.payload.split_first_chunk::<32>().ok_or_else(damaged)?;
        if is_rightful == [1] {
            continue;
        }
        let mut reader = KeyReader::new(challenge);
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

fn hash_of_keys(runs: &Runs, end: &[u8]) -> Result<Hash, VerifyError> {
    let mut merge = merge_between(runs, None, None)?;
    let mut hash = Sha256::new();
    while let Some(record) = merge.next()? {
        hash.update(record.key);
        hash.update(end);
    }
    Ok(hash.finalize().into())
}

fn content_of(table: &[u8]) -> Result<Vec<u8>, VerifyError> {
    let bytes = bytes::Bytes::copy_from_slice(table);
    let mut content = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
        content_bytes(&batch?, &mut content)?;
    }
    Ok(content)
}

/// Copies row groups of many small Parquet files into one, without decoding them.
struct TableWriter {
    writer: SerializedFileWriter<BufWriter<File>>,
    hash: Sha256,
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
        Ok(Self { writer, hash: Sha256::new() })
    }

    fn append(&mut self, table: &[u8], content: &[u8]) -> Result<(), VerifyError> {
        let bytes = bytes::Bytes::copy_from_slice(table);
        let reader = SerializedFileReader::new(bytes.clone())?;
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
                target.append_column(&bytes, close)?;
            }
            target.close()?;
        }
        self.hash.update(content.as_bytes());
        Ok(())
    }

    fn finish(self) -> Result<Hash, VerifyError> {
        let mut out = self.writer.into_inner()?;
        out.flush().map_err(VerifyError::io(Path::new("verdict table")))?;
        out.get_ref().sync_all().map_err(VerifyError::io(Path::new("verdict table")))?;
        Ok(self.hash.finalize().into())
    }
}

/// Writes the places of origin as a JSON array.
struct OriginWriter {
    out: BufWriter<File>,
    is_first: bool,
}

impl OriginWriter {
    fn new(path: &Path) -> Result<Self, VerifyError> {
        let io = VerifyError::io(path);
        let mut out = BufWriter::new(File::create(path).map_err(&io)?);
        out.write_all(b"[").map_err(&io)?;
        Ok(Self { out, is_first: true })
    }

    fn append(&mut self, places: &[(u32, u64)]) -> std::io::Result<()> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.write_all(b",")?;
        }
        let numbers: Vec<String> = places.iter().map(|(file, row)| format!("{file},{row}")).collect();
        write!(self.out, "[{}]", numbers.join(","))
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.out.write_all(b"]")?;
        self.out.flush()
    }
}
