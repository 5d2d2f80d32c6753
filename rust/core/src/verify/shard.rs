//! A finished piece of the verify step on disk.
//!
//! In: what a network's rules said about some blocks, in order. Out: one file with everything that later steps read, and
//! that file read back. Rule: a shard is written under a temporary name and renamed, and carries its own hash: one that a
//! kill or a loss of power cut short does not read back, and is made again. It is therefore not synced; nothing waits for
//! the disk. Invariant: the shards of a run depend on the sorted rows alone, so a run that was killed finds its own pieces
//! again.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int64Builder};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, UInt8Array, UInt32Array, UInt64Array};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::VerifyError;
use super::findings::StoredFinding;
use super::judged::{Counters, Judged};
use super::notes::annotation_line;
use super::roster::Scheduled;
use super::rows::Block;
use crate::hash::Hash;
use crate::schema;
use crate::spill::Key;

/// Small facts of a shard.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Distinct rows.
    pub rows: u64,
    /// Rows per code.
    pub counts: std::collections::BTreeMap<u8, u64>,
    /// Counters of devices.
    pub counters: Vec<Counters>,
    /// Address prefixes per device.
    pub prefixes: Vec<(u32, Vec<u8>)>,
    /// Uses of shared keys: key id, device, rows.
    pub key_uses: Vec<(u32, u32, Vec<Hash>)>,
    /// What was scheduled per device.
    pub scheduled: Vec<Scheduled>,
    /// Probes scheduled per participant.
    pub probes: Vec<u64>,
    /// Indicators.
    pub findings: Vec<StoredFinding>,
}

/// Streams of records that are sorted once all shards are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Kept observations, by slot.
    Kept = 1,
    /// Answers by the hash of their bytes.
    Presented = 2,
    /// Row ids.
    RowIds = 3,
    /// Annotation lines.
    Annotations = 4,
}

/// Sections of a shard file.
#[derive(Debug, Default)]
pub struct Shard {
    /// Small facts.
    pub summary: Summary,
    /// One Parquet file of one row group each.
    pub tables: Vec<Vec<u8>>,
    streams: [Vec<u8>; 4],
    /// Places of origin: per row the number of places, then file and row of each.
    pub origins: Vec<u8>,
}

impl Shard {
    /// What a judged block adds, without its table.
    pub fn new(block: &Block, judged: &Judged) -> Self {
        let mut shard = Self::default();
        shard.summary.rows = judged.rulings.len() as u64;
        for ruling in &judged.rulings {
            *shard.summary.counts.entry(ruling.code).or_default() += 1;
        }
        shard.summary.counters.clone_from(&judged.counters);
        shard.summary.prefixes.clone_from(&judged.prefixes);
        shard.summary.key_uses =
            judged.key_uses.iter().map(|u| (u.key.0, u.device, u.rows.clone())).collect();
        shard.summary.scheduled.clone_from(&judged.scheduled);
        shard.summary.probes.clone_from(&judged.probes);
        shard.summary.findings = judged.findings.to_stored();
        shard.add_records(block, judged);
        shard.add_origins(block);
        shard
    }

    /// Adds what comes behind in the order of the rows.
    pub fn append(&mut self, next: Self) {
        let (summary, other) = (&mut self.summary, next.summary);
        summary.rows += other.rows;
        for (code, count) in other.counts {
            *summary.counts.entry(code).or_default() += count;
        }
        summary.counters.extend(other.counters);
        summary.prefixes.extend(other.prefixes);
        summary.key_uses.extend(other.key_uses);
        summary.scheduled.extend(other.scheduled);
        summary.probes.resize(summary.probes.len().max(other.probes.len()), 0);
        for (sum, probes) in summary.probes.iter_mut().zip(other.probes) {
            *sum += probes;
        }
        summary.findings.extend(other.findings);
        self.tables.extend(next.tables);
        for (stream, other) in self.streams.iter_mut().zip(next.streams) {
            stream.extend(other);
        }
        self.origins.extend(next.origins);
    }

    fn add_records(&mut self, block: &Block, judged: &Judged) {
        for kept in &judged.kept {
            self.record(Stream::Kept, &kept.to_bytes(), &[]);
        }
        let mut key = Key::new();
        for answer in &judged.presented {
            key.clear()
                .fixed(&answer.proof_hash)
                .u64(answer.slot)
                .bytes(&answer.device)
                .bytes(&answer.validator);
            let payload = [&answer.row_id[..], &[u8::from(answer.is_rightful)]].concat();
            self.record(Stream::Presented, key.as_slice(), &payload);
        }
        for row in &block.rows {
            self.record(Stream::RowIds, &row.id, &[]);
            let line = annotation_line(&row.id, block.address(row), row.asn, row.rtt_ns);
            self.record(Stream::Annotations, line.as_bytes(), &[]);
        }
    }

    fn record(&mut self, stream: Stream, key: &[u8], payload: &[u8]) {
        let Some(out) = self.streams.get_mut(stream as usize - 1) else { return };
        for part in [key, payload] {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            out.extend_from_slice(part);
        }
    }

    fn add_origins(&mut self, block: &Block) {
        let mut repeats = block.repeats.iter().peekable();
        for (position, row) in block.rows.iter().enumerate() {
            let mut places = vec![row.origin];
            while let Some((_, place)) = repeats.next_if(|(of, _)| *of == position) {
                places.push(*place);
            }
            self.origins.extend_from_slice(&u32::try_from(places.len()).unwrap_or(u32::MAX).to_le_bytes());
            for (file, row) in places {
                self.origins.extend_from_slice(&file.to_le_bytes());
                self.origins.extend_from_slice(&row.to_le_bytes());
            }
        }
    }

    /// Places of origin of each row.
    pub fn origins(&self) -> impl Iterator<Item = Vec<(u32, u64)>> {
        let mut rest = self.origins.as_slice();
        std::iter::from_fn(move || {
            let (count, mut after) = rest.split_first_chunk::<4>()?;
            let mut places = Vec::new();
            for _ in 0..u32::from_le_bytes(*count) {
                let (file, tail) = after.split_first_chunk::<4>()?;
                let (row, tail) = tail.split_first_chunk::<8>()?;
                places.push((u32::from_le_bytes(*file), u64::from_le_bytes(*row)));
                after = tail;
            }
            rest = after;
            Some(places)
        })
    }

    /// Key and payload of each record of a stream.
    pub fn records(&self, stream: Stream) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = self.streams.get(stream as usize - 1).map_or(&[][..], Vec::as_slice);
        std::iter::from_fn(move || {
            let (key, after) = part(rest)?;
            let (payload, after) = part(after)?;
            rest = after;
            Some((key, payload))
        })
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<(), VerifyError> {
        let summary = serde_json::to_vec(&self.summary).map_err(|_| VerifyError::damaged(path))?;
        let mut sections: Vec<&[u8]> = vec![&summary, &self.origins];
        sections.extend(self.streams.iter().map(Vec::as_slice));
        sections.extend(self.tables.iter().map(Vec::as_slice));
        let temporary = path.with_extension("tmp");
        let io = VerifyError::io(&temporary);
        let mut file = File::create(&temporary).map_err(&io)?;
        let mut hash = Sha256::new();
        for section in sections {
            for bytes in [&(section.len() as u64).to_le_bytes()[..], section] {
                hash.update(bytes);
                file.write_all(bytes).map_err(&io)?;
            }
        }
        file.write_all(&hash.finalize()).map_err(&io)?;
        fs::rename(&temporary, path).map_err(VerifyError::io(path))
    }

    /// Reads a file; `None` where there is none, or only a damaged one.
    pub fn read(path: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
        let (body, seal) = bytes.split_last_chunk::<32>()?;
        if Sha256::digest(body)[..] != seal[..] {
            return None;
        }
        let mut rest = body;
        let mut next = || {
            let (length, after) = rest.split_first_chunk::<8>()?;
            let (section, after) =
                after.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            rest = after;
            Some(section.to_vec())
        };
        let summary = serde_json::from_slice(&next()?).ok()?;
        let origins = next()?;
        let streams = [next()?, next()?, next()?, next()?];
        let tables = std::iter::from_fn(next).collect();
        Some(Self { summary, tables, streams, origins })
    }
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// Path of a shard in the work folder.
pub fn path(work: &Path, number: usize) -> PathBuf {
    work.join(format!("shard-{number:07}"))
}

/// The verdict table's rows of a block.
pub fn verdict_batch(block: &Block, judged: &Judged) -> Result<RecordBatch, VerifyError> {
    let rows = &block.rows;
    let rulings = &judged.rulings;
    let mut e1 = Int64Builder::with_capacity(rows.len());
    let mut e2 = Int64Builder::with_capacity(rows.len());
    let mut e_bytes = BinaryBuilder::new();
    for ruling in rulings {
        e1.append_option(ruling.e1);
        e2.append_option(ruling.e2);
        e_bytes.append_option(ruling.e_bytes.as_deref());
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| row.id))),
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| block.validator(row)))),
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| block.device(row)))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.slot))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.sent_ms))),
        Arc::new(UInt8Array::from_iter_values(rulings.iter().map(|ruling| ruling.code))),
        Arc::new(UInt32Array::from_iter_values(rulings.iter().map(|ruling| ruling.failed))),
        Arc::new(UInt32Array::from_iter_values(rulings.iter().map(|ruling| ruling.not_run))),
        Arc::new(UInt8Array::from_iter_values(rulings.iter().map(|ruling| ruling.outcome as u8))),
        Arc::new(
            judged
                .proof_hashes
                .iter()
                .map(|hash| hash.as_ref().map(<[u8; 32]>::as_slice))
                .collect::<BinaryArray>(),
        ),
        Arc::new(e1.finish()),
        Arc::new(e2.finish()),
        Arc::new(e_bytes.finish()),
    ];
    Ok(RecordBatch::try_new(schema::verdicts(), columns)?)
}

/// Parquet settings of the result tables: hashes are left as they are, since nothing compresses them.
pub fn writer_properties() -> WriterProperties {
    let hash = |name: &str| ColumnPath::from(name);
    let zstd = ZstdLevel::try_new(1).map_or(Compression::UNCOMPRESSED, Compression::ZSTD);
    WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("depinverify ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(zstd)
        .set_column_dictionary_enabled(hash("row_id"), false)
        .set_column_compression(hash("row_id"), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(hash("proof_hash"), false)
        .set_column_compression(hash("proof_hash"), Compression::UNCOMPRESSED)
        .build()
}

/// Batches as a Parquet file of one row group.
pub fn encode_table<'a>(batches: impl Iterator<Item = &'a RecordBatch>) -> Result<Vec<u8>, VerifyError> {
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema::verdicts(), Some(writer_properties()))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(out)
}
