//! What a judged block adds to a shard.
//!
//! In: a block and what the network's rules said about it. Out: its rows of the verdict table with their content, small
//! facts, places of origin, and records that are sorted once all shards are there. Invariant: parts that are put together
//! in the order of their blocks give what one block of all their rows would give.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int64Builder};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, UInt8Array, UInt32Array, UInt64Array};
use serde::{Deserialize, Serialize};

use super::VerifyError;
use super::content::content_bytes;
use super::findings::StoredFinding;
use super::judged::{Answered, Counters, Judged};
use super::notes;
use super::roster::Scheduled;
use super::rows::Block;
use crate::hash::Hash;
use crate::schema;
use crate::spill::{Batch, Key, SpillError};

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

/// Records that are sorted once all shards are there; the number is their place in a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Kept observations, by slot.
    Kept = 0,
    /// Answers by the hash of their bytes.
    Presented = 1,
    /// Row ids.
    RowIds = 2,
    /// Annotations, by their line.
    Annotations = 3,
}

impl Stream {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Kept, Self::Presented, Self::RowIds, Self::Annotations];
}

/// What some blocks add.
#[derive(Debug, Default)]
pub struct Part {
    /// Small facts.
    pub summary: Summary,
    /// Rows of the verdict table.
    pub batches: Vec<RecordBatch>,
    /// Their content, for the table's hash.
    pub content: Vec<Vec<u8>>,
    /// Places of origin: per row the number of places, then file and row of each.
    pub origins: Vec<Vec<u8>>,
    /// Records, by stream.
    pub records: [Batch; 4],
}

impl Part {
    /// What a block adds.
    pub fn new(block: &Block, judged: &Judged) -> Result<Self, VerifyError> {
        let batch = verdict_batch(block, judged)?;
        let mut content = Vec::new();
        content_bytes(&batch, &mut content)?;
        Ok(Self {
            summary: summary(judged),
            batches: vec![batch],
            content: vec![content],
            origins: vec![origins(block)],
            records: records(block, judged)?,
        })
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
        self.batches.extend(next.batches);
        self.content.extend(next.content);
        self.origins.extend(next.origins);
        for (batch, other) in self.records.iter_mut().zip(next.records) {
            batch.append(other);
        }
    }
}

fn summary(judged: &Judged) -> Summary {
    let mut counts = [0_u64; 256];
    for ruling in &judged.rulings {
        if let Some(count) = counts.get_mut(usize::from(ruling.code)) {
            *count += 1;
        }
    }
    Summary {
        rows: judged.rulings.len() as u64,
        counts: (0..=u8::MAX).zip(counts).filter(|(_, count)| *count > 0).collect(),
        counters: judged.counters.clone(),
        prefixes: judged.prefixes.clone(),
        key_uses: judged.key_uses.iter().map(|u| (u.key.0, u.device, u.rows.clone())).collect(),
        scheduled: judged.scheduled.clone(),
        probes: judged.probes.clone(),
        findings: judged.findings.to_stored(),
    }
}

fn origins(block: &Block) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 * block.rows.len() + 12 * block.repeats.len());
    let mut repeats = block.repeats.as_slice();
    for (position, row) in block.rows.iter().enumerate() {
        let own = repeats.iter().take_while(|(of, _)| *of == position).count();
        let (more, rest) = repeats.split_at(own);
        repeats = rest;
        out.extend_from_slice(&u32::try_from(1 + own).unwrap_or(u32::MAX).to_le_bytes());
        for (file, row) in std::iter::once(&row.origin).chain(more.iter().map(|(_, place)| place)) {
            out.extend_from_slice(&file.to_le_bytes());
            out.extend_from_slice(&row.to_le_bytes());
        }
    }
    out
}

fn records(block: &Block, judged: &Judged) -> Result<[Batch; 4], SpillError> {
    let [mut kept, mut presented, mut ids, mut lines] = <[Batch; 4]>::default();
    for observation in &judged.kept {
        kept.push(&observation.to_bytes(), &[])?;
    }
    let (mut key, mut payload) = (Key::new(), Vec::new());
    for answer in &judged.presented {
        let Some(row) = block.rows.get(answer.position) else { continue };
        key.clear().fixed(&answer.proof_hash).u8(answer.answered as u8);
        payload.clear();
        if answer.answered != Answered::Own {
            key.u64(row.slot).bytes(block.device(row)).bytes(block.validator(row));
            payload.extend_from_slice(&row.id);
        }
        presented.push(key.as_slice(), &payload)?;
    }
    for row in &block.rows {
        ids.push(&row.id, &[])?;
        notes::write_record(&row.id, block.address(row), row.asn, row.rtt_ns, &mut key, &mut payload);
        lines.push(key.as_slice(), &payload)?;
    }
    Ok([kept, presented, ids, lines])
}

/// The verdict table's rows of a block.
fn verdict_batch(block: &Block, judged: &Judged) -> Result<RecordBatch, VerifyError> {
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
    let mut ids = BinaryBuilder::with_capacity(rows.len(), 32 * rows.len());
    ids.extend(rows.iter().map(|row| Some(row.id)));
    let mut proof_hashes = BinaryBuilder::with_capacity(rows.len(), 32 * rows.len());
    proof_hashes.extend(judged.proof_hashes.iter().map(Option::as_ref));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ids.finish()),
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| block.validator(row)))),
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| block.device(row)))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.slot))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.sent_ms))),
        Arc::new(UInt8Array::from_iter_values(rulings.iter().map(|ruling| ruling.code))),
        Arc::new(UInt32Array::from_iter_values(rulings.iter().map(|ruling| ruling.failed))),
        Arc::new(UInt32Array::from_iter_values(rulings.iter().map(|ruling| ruling.not_run))),
        Arc::new(UInt8Array::from_iter_values(rulings.iter().map(|ruling| ruling.outcome as u8))),
        Arc::new(proof_hashes.finish()),
        Arc::new(e1.finish()),
        Arc::new(e2.finish()),
        Arc::new(e_bytes.finish()),
    ];
    Ok(RecordBatch::try_new(schema::verdicts(), columns)?)
}
