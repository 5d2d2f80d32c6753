//! The checks of one storage proof.
//!
//! In: a [`Record`] of evidence. Out: a [`Finding`]: the first failing check, all failing checks, those that could not
//! run, and what was proved. Rule: Arweave, A4 (with the extra checks for admitting a chunk) and A5.
//! Invariant: `VALID` means that the chunk's own bytes were seen and hash to what the paths prove; a record whose paths are
//! right but which holds no unpacked chunk is `PATHS_VALID`, which shows no storage.

use std::fmt::Write as _;

use data_encoding::HEXLOWER;

use super::recall::seek_byte;
use super::wire::{Chunk, Place, Record, TransactionPath};
use crate::hash::{Hash, sha256};
use crate::merkle::arweave::{CHUNK_SIZE, PathError, Proved, Ruleset, has_redundant_markers, validate};
use crate::verdict::{Outcome, PATHS_VALID, VALID};

/// The record could not be read.
pub const MALFORMED: u8 = 0;
/// The path from the block leads to no transaction.
pub const TX_PATH_INVALID: u8 = 1;
/// The transaction is not the one that the record names.
pub const TX_MISMATCH: u8 = 2;
/// The path from the transaction leads to no chunk.
pub const DATA_PATH_INVALID: u8 = 3;
/// The chunk's borders are not allowed there.
pub const RULESET_VIOLATED: u8 = 4;
/// The leaf has no bytes of its own.
pub const LEAF_SIZE_INVALID: u8 = 5;
/// The path has markers to spare.
pub const REDUNDANT_MARKER: u8 = 6;
/// The chunk has another length than was proved.
pub const CHUNK_LENGTH_MISMATCH: u8 = 7;
/// The padding is not zero.
pub const PADDING_NOT_ZERO: u8 = 8;
/// The chunk has another hash than was proved.
pub const CHUNK_HASH_MISMATCH: u8 = 9;

/// Largest data path of a block.
const MAX_DATA_PATH: usize = 349_504;
/// Largest transaction path of a block.
const MAX_TX_PATH: usize = 2_176;
const LAST_CHECK: u8 = CHUNK_HASH_MISMATCH;

/// How strict to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// As a node is when it takes a chunk in: also exact length, positive leaf, no spare markers, and a place inside the
    /// proved range.
    Admission,
    /// As a node is when it checks a block.
    Block,
}

/// What was found about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first failing check, [`VALID`] or [`PATHS_VALID`].
    pub code: u8,
    /// All failing checks, as bits.
    pub failed: u32,
    /// Checks that could not run, as bits.
    pub not_run: u32,
    /// The transaction's data root.
    pub data_root: Option<Hash>,
    /// The chunk's bytes inside the transaction, half open.
    pub chunk: Option<(u64, u64)>,
    /// The chunk's bytes in the weave, counted from 0, half open.
    pub weave: Option<(u64, u64)>,
    /// The ruleset that decided.
    pub ruleset: Option<Ruleset>,
    /// What the code's check compared, in words.
    pub detail: String,
}

impl Finding {
    const fn new() -> Self {
        Self {
            code: VALID,
            failed: 0,
            not_run: 0,
            data_root: None,
            chunk: None,
            weave: None,
            ruleset: None,
            detail: String::new(),
        }
    }

    /// A record that could not be read.
    pub fn malformed(detail: String) -> Self {
        let mut finding = Self::new();
        finding.fail(MALFORMED, || detail);
        finding.stop_after(MALFORMED);
        finding
    }

    /// What the record counts as in scoring.
    pub const fn outcome(&self) -> Outcome {
        match self.code {
            VALID => Outcome::Pass,
            PATHS_VALID => Outcome::Unknown,
            _ => Outcome::Invalid,
        }
    }

    fn fail(&mut self, check: u8, detail: impl FnOnce() -> String) {
        if self.failed == 0 {
            self.code = check;
            self.detail = detail();
        }
        self.failed |= 1 << check;
    }

    /// Nothing that comes after `check` could run.
    fn stop_after(&mut self, check: u8) {
        for later in check + 1..=LAST_CHECK {
            self.not_run |= 1 << later;
        }
    }
}

/// The transaction that a record is about.
struct Transaction {
    data_root: Hash,
    data_size: u64,
    /// Place of the chunk, counted from the transaction's first byte.
    dest: i64,
    /// First byte in the weave, where it is known.
    weave_start: Option<u64>,
    block_start: Option<u64>,
}

/// Checks one record.
pub fn check(record: &Record<'_>, strictness: Strictness) -> Finding {
    let mut finding = Finding::new();
    let transaction = match &record.place {
        Place::Block(path) => prove_transaction(path, strictness, &mut finding),
        Place::Transaction(place) => Some(Transaction {
            data_root: place.data_root,
            data_size: place.data_size,
            dest: place.relative_offset,
            weave_start: place.weave_start,
            block_start: place.block_start,
        }),
    };
    let Some(transaction) = transaction else {
        finding.stop_after(TX_PATH_INVALID);
        return finding;
    };
    finding.data_root = Some(transaction.data_root);
    let Some(proved) = prove_chunk(&transaction, record, strictness, &mut finding) else {
        finding.stop_after(DATA_PATH_INVALID);
        return finding;
    };
    finding.chunk = Some((proved.start, proved.end));
    finding.weave = transaction
        .weave_start
        .and_then(|start| Some((start.checked_add(proved.start)?, start.checked_add(proved.end)?)));
    check_chunk(record, &proved, strictness, &mut finding);
    finding
}

/// A5, steps 1 and 2.
fn prove_transaction(
    path: &TransactionPath<'_>,
    strictness: Strictness,
    finding: &mut Finding,
) -> Option<Transaction> {
    let mut fail = |detail: String| {
        finding.fail(TX_PATH_INVALID, || detail);
        None
    };
    let too_far = || "offsets: expected 64 bits, found more".to_owned();
    let seek = path.offset.checked_sub(1).and_then(seek_byte).map(i128::from);
    let Some(rel) = seek.and_then(|seek| i64::try_from(seek - i128::from(path.block_start)).ok()) else {
        return fail(too_far());
    };
    if path.path.len() > MAX_TX_PATH {
        return fail(format!("tx_path: expected at most {MAX_TX_PATH} bytes, found {}", path.path.len()));
    }
    let proved = match validate(&path.root, rel, path.block_size, &path.path, Ruleset::Basic) {
        Ok(proved) => proved,
        Err(error) => {
            return fail(format!("tx_path, offset {rel} of {} in the block: {error}", path.block_size));
        }
    };
    if strictness == Strictness::Admission && !holds(&proved, rel) {
        return fail(format!("offset {rel} in the block lies outside the proved {}", range(&proved)));
    }
    let (size, Some(weave_start)) = (proved.end - proved.start, path.block_start.checked_add(proved.start))
    else {
        return fail(too_far());
    };
    let stated = [
        path.data_size.filter(|stated| *stated != size).map(|stated| format!("size {stated}, proved {size}")),
        path.data_root.filter(|stated| *stated != proved.value).map(|stated| {
            format!("data root {}, proved {}", HEXLOWER.encode(&stated), HEXLOWER.encode(&proved.value))
        }),
    ];
    for wrong in stated.into_iter().flatten() {
        finding.fail(TX_MISMATCH, || format!("stated {wrong}"));
    }
    Some(Transaction {
        data_root: proved.value,
        data_size: size,
        dest: rel.checked_sub_unsigned(proved.start).unwrap_or(i64::MIN),
        weave_start: Some(weave_start),
        block_start: Some(path.block_start),
    })
}

/// A5, step 3, and the rulesets of A4.
fn prove_chunk(
    transaction: &Transaction,
    record: &Record<'_>,
    strictness: Strictness,
    finding: &mut Finding,
) -> Option<Proved> {
    let (path, dest, size) = (&*record.data_path, transaction.dest, transaction.data_size);
    if path.len() > MAX_DATA_PATH {
        finding.fail(DATA_PATH_INVALID, || {
            format!("data_path: expected at most {MAX_DATA_PATH} bytes, found {}", path.len())
        });
        return None;
    }
    let prove = |ruleset| (ruleset, validate(&transaction.data_root, dest, size, path, ruleset));
    let (ruleset, proved) = match (record.ruleset, transaction.block_start) {
        (Some(ruleset), _) => prove(ruleset),
        (None, Some(block_start)) => prove(Ruleset::of_block(block_start)),
        (None, None) => of_unknown_age(prove),
    };
    finding.ruleset = Some(ruleset);
    let (proved, broken) = match proved {
        Ok(proved) => (proved, None),
        Err(rule @ PathError::Ruleset { proved, .. }) => (proved, Some(rule)),
        Err(error) => {
            finding.fail(DATA_PATH_INVALID, || {
                format!("data_path, offset {dest} of {size}, ruleset {}: {error}", ruleset.name())
            });
            return None;
        }
    };
    if strictness == Strictness::Admission && !holds(&proved, dest) {
        finding
            .fail(DATA_PATH_INVALID, || format!("offset {dest} lies outside the proved {}", range(&proved)));
        return None;
    }
    if let Some(rule) = broken {
        finding.fail(RULESET_VIOLATED, || {
            format!("{rule}: {} of {size}, ruleset {}", range(&proved), ruleset.name())
        });
    }
    if strictness == Strictness::Admission {
        if !proved.is_positive {
            finding
                .fail(LEAF_SIZE_INVALID, || format!("{}, but the leaf ends at or before it", range(&proved)));
        }
        if proved.is_marked && has_redundant_markers(&transaction.data_root, dest, size, path, ruleset) {
            finding.fail(REDUNDANT_MARKER, || "the path proves the same without its markers".to_owned());
        }
    }
    Some(proved)
}

/// The strict rulesets in order of preference; where none accepts, the answer that came furthest.
fn of_unknown_age(
    prove: impl Fn(Ruleset) -> (Ruleset, Result<Proved, PathError>),
) -> (Ruleset, Result<Proved, PathError>) {
    let answers = Ruleset::OF_UNKNOWN_AGE.map(prove);
    let best = answers.iter().find(|(_, proved)| proved.is_ok());
    let next = || answers.iter().find(|(_, proved)| matches!(proved, Err(PathError::Ruleset { .. })));
    *best.or_else(next).unwrap_or(&answers[0])
}

/// A5, step 4.
fn check_chunk(record: &Record<'_>, proved: &Proved, strictness: Strictness, finding: &mut Finding) {
    let length = proved.end - proved.start;
    let (bytes, found, digest) = match &record.chunk {
        Chunk::Bytes(bytes) => (Some(&**bytes), Some(bytes.len() as u64), None),
        Chunk::Padded(bytes) => {
            let used = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
            let (used, padding) = bytes.split_at(used);
            if bytes.len() as u64 != CHUNK_SIZE || length > CHUNK_SIZE {
                finding.fail(CHUNK_LENGTH_MISMATCH, || {
                    format!("padded chunk: expected {CHUNK_SIZE} bytes for {length}, found {}", bytes.len())
                });
            }
            if let Some(place) = padding.iter().position(|byte| *byte != 0) {
                finding.fail(PADDING_NOT_ZERO, || {
                    format!("byte {} of the padded chunk is not zero", used.len() + place)
                });
            }
            (Some(used), None, None)
        }
        Chunk::Absent { size, sha256 } => (None, *size, *sha256),
    };
    if let Some(found) = found.filter(|found| *found != length && strictness == Strictness::Admission) {
        finding.fail(CHUNK_LENGTH_MISMATCH, || format!("found {found} bytes, proved {length}"));
    }
    if let Some(hash) = digest.or_else(|| bytes.map(sha256)).filter(|hash| *hash != proved.value) {
        finding.fail(CHUNK_HASH_MISMATCH, || {
            format!("found {}, proved {}", HEXLOWER.encode(&hash), HEXLOWER.encode(&proved.value))
        });
    }
    if bytes.is_none() {
        finding.not_run |= 1 << PADDING_NOT_ZERO;
        finding.not_run |= u32::from(found.is_none()) << CHUNK_LENGTH_MISMATCH;
        finding.not_run |= u32::from(digest.is_none()) << CHUNK_HASH_MISMATCH;
    }
    if finding.failed == 0 {
        finding.code = if bytes.is_some() { VALID } else { PATHS_VALID };
        let _ = write!(finding.detail, "{} of the transaction", range(proved));
    }
}

fn holds(proved: &Proved, dest: i64) -> bool {
    u64::try_from(dest).is_ok_and(|dest| (proved.start..proved.end).contains(&dest))
}

fn range(proved: &Proved) -> String {
    format!("bytes {} to {}", proved.start, proved.end)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
