//! The verdict table, put together while its shards are made.
//!
//! In: shards, in order. Out: the verdict table with its content hash, the places of origin, and the facts of all shards in
//! sum. Rule: uptime proof, 4.4 and 9.3; scoring and rewards, 7.2. Invariant: the content hash is taken over values, never
//! over Parquet bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::VerifyError;
use super::epoch::Epoch;
use super::findings::{Findings, Subject};
use super::judged::Counters;
use super::notes::{DIGITS, decimal};
use super::part::Summary;
use super::roster::Scheduled;
use super::shard::Head;
use super::verdict_table::VerdictTable;
use crate::hash::Hash;

/// Bytes that go to a file at once; the parts of a shard are small.
const AT_ONCE: usize = 1 << 20;

/// All shards in sum.
#[derive(Debug, Default)]
pub struct Verified {
    /// Number of shards in the work folder.
    pub shards: usize,
    /// Distinct rows.
    pub rows: u64,
    /// Rows per code.
    pub counts: BTreeMap<u8, u64>,
    /// Content hash of the verdict table.
    pub verdicts_hash: Hash,
    /// Counters of devices, ascending.
    pub counters: Vec<Counters>,
    /// Address prefixes of devices, ascending.
    pub prefixes: Vec<(u32, Vec<u8>)>,
    /// What was scheduled for every device, ascending.
    pub scheduled: Vec<Scheduled>,
    /// Probes scheduled per participant.
    pub probes: Vec<u64>,
    /// Indicators that rows of one device, or the uses of one key, show.
    pub findings: Findings,
}

/// Rows that a key has verified, by device.
type KeyUses = BTreeMap<u32, Vec<(u32, Vec<Hash>)>>;

/// The files that grow with each shard, and the facts.
pub struct Assembly<'a> {
    verified: Verified,
    key_uses: KeyUses,
    table: VerdictTable<'a>,
    origins: OriginWriter<'a>,
}

impl<'a> Assembly<'a> {
    /// Starts both files: the verdict table, and a JSON array with one array `[file, row, ...]` per row of the table.
    pub fn new(epoch: &Epoch, table: &'a Path, origins: &'a Path) -> Result<Self, VerifyError> {
        Ok(Self {
            verified: Verified { probes: vec![0; epoch.participants.len()], ..Verified::default() },
            key_uses: KeyUses::new(),
            table: VerdictTable::open(table)?,
            origins: OriginWriter::new(origins)?,
        })
    }

    /// Where in the verdict table's file the next shard's rows will stand.
    pub fn place(&self) -> u64 {
        self.table.place()
    }

    /// Adds the next shard.
    pub fn add(&mut self, shard: Head) -> Result<(), VerifyError> {
        self.table.append(&shard.groups)?;
        shard.origins.iter().try_for_each(|origins| self.origins.append(origins))?;
        self.verified.shards += 1;
        self.sum(shard.summary);
        Ok(())
    }

    fn sum(&mut self, summary: Summary) {
        let verified = &mut self.verified;
        verified.rows += summary.rows;
        for (code, count) in summary.counts {
            *verified.counts.entry(code).or_default() += count;
        }
        verified.counters.extend(summary.counters);
        verified.prefixes.extend(summary.prefixes);
        verified.scheduled.extend(summary.scheduled);
        for (sum, probes) in verified.probes.iter_mut().zip(summary.probes) {
            *sum += probes;
        }
        for (key, device, rows) in summary.key_uses {
            self.key_uses.entry(key).or_default().push((device, rows));
        }
        verified.findings.merge(Findings::from_stored(summary.findings));
    }

    /// Closes both files; `content` was fed the content of all rows.
    pub fn finish(self, epoch: &Epoch, content: Sha256) -> Result<Verified, VerifyError> {
        let mut verified = self.verified;
        verified.verdicts_hash = content.finalize().into();
        self.origins.finish()?;
        self.table.finish()?;
        find_shared_keys(epoch, &self.key_uses, &mut verified.findings);
        Ok(verified)
    }
}

/// `KEY_SHARED` from the registry, `KEY_REUSE` from kept good answers.
fn find_shared_keys(epoch: &Epoch, key_uses: &KeyUses, findings: &mut Findings) {
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

/// Writes the places of origin as a JSON array.
struct OriginWriter<'a> {
    path: &'a Path,
    out: BufWriter<File>,
    line: Vec<u8>,
    is_first: bool,
}

impl<'a> OriginWriter<'a> {
    fn new(path: &'a Path) -> Result<Self, VerifyError> {
        let out = BufWriter::with_capacity(AT_ONCE, File::create(path).map_err(VerifyError::io(path))?);
        Ok(Self { path, out, line: Vec::new(), is_first: true })
    }

    /// Adds the rows of a shard; what ends within a row is left out, which a shard that is whole does not do.
    fn append(&mut self, origins: &[u8]) -> Result<(), VerifyError> {
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
            self.out.write_all(&self.line).map_err(VerifyError::io(self.path))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), VerifyError> {
        let end: &[u8] = if self.is_first { b"[]" } else { b"]" };
        self.out.write_all(end).and_then(|()| self.out.flush()).map_err(VerifyError::io(self.path))
    }
}
