//! Arweave: storage proofs of chunks.
//!
//! In: records of evidence, as JSON lines or as columns. Out: one verdict per record, with the failing step, the data root
//! and what was proved. Rule: Arweave, A1 to A5 and C.
//! Invariant: every record gets a verdict, in the order of the records; none depends on its neighbours.

pub mod columns;
pub mod recall;
pub mod rules;
pub mod wire;
pub mod words;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use rayon::prelude::*;

use crate::decode::members::{ByteText, ColumnError, Columns, Line, Members};
pub use crate::merkle::arweave::Ruleset;
use columns::verdict_table;
use rules::{Finding, Strictness, check};
use wire::{MEMBERS, Record};

/// Verdict of one JSON line, with the record's id.
pub fn check_line(line: &[u8], strictness: Strictness) -> (Option<String>, Finding) {
    let line = match Line::parse(line, ByteText::Base64Url) {
        Ok(line) => line,
        Err(wrong) => return (None, Finding::malformed(wrong)),
    };
    match Record::read(&line) {
        Ok(record) => (line.id().map(str::to_owned), check(&record, strictness)),
        Err(wrong) => (line.id().map(str::to_owned), Finding::malformed(wrong)),
    }
}

/// Verdicts of JSON lines, on all threads of the current pool; the first line has number `first`.
///
/// A final line feed ends the last line; every other one ends a record, so that an empty line is a record that cannot be
/// read.
pub fn verify_lines(lines: &[u8], first: u64, strictness: Strictness) -> Result<RecordBatch, ArrowError> {
    let body = lines.strip_suffix(b"\n").unwrap_or(lines);
    let lines: Vec<&[u8]> =
        if lines.is_empty() { vec![] } else { body.split(|byte| *byte == b'\n').collect() };
    let findings: Vec<_> = lines.par_iter().map(|line| check_line(line, strictness)).collect();
    verdict_table(first, &findings)
}

/// A batch that cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A column has another type.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// The verdicts could not be written.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// Verdicts of columns, on all threads of the current pool; the first row has number `first`.
pub fn verify_batch(
    batch: &RecordBatch,
    first: u64,
    strictness: Strictness,
) -> Result<RecordBatch, BatchError> {
    let columns = Columns::new(batch, MEMBERS)?;
    let findings: Vec<_> = (0..columns.len())
        .into_par_iter()
        .map(|row| {
            let row = columns.row(row);
            let id = Members::text(&row, "id").ok().flatten().map(String::from);
            let finding =
                Record::read(&row).map_or_else(Finding::malformed, |record| check(&record, strictness));
            (id, finding)
        })
        .collect();
    Ok(verdict_table(first, &findings)?)
}
