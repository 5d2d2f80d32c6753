//! Records of evidence, many at a time.
//!
//! In: JSON lines, or columns, and the verification keys that the caller has. Out: one verdict per record, in their order.
//! Rule: [`rules`](super::rules). Rounds and proofs of a call are checked in batches.
//! Invariant: every record gets a verdict, and none depends on its neighbours.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use rayon::prelude::*;

use super::columns::verdict_table;
use super::finding::Finding;
use super::groth16::Verifier;
use super::rules::{Found, beacon_of, check, proof_inputs, shown_round};
use super::shown_proof::{self, ShownProof};
use super::shown_round::ShownRounds;
use super::steps::{Step, steps};
use super::wire::{MEMBERS, Record};
use crate::beacon::BatchError as RoundsError;
use crate::decode::members::{ByteText, ColumnError, Columns, Line, Members};

/// Records whose proofs' inputs are held at a time.
const SLICE: usize = 256;

/// A batch that cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A column has another type.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// Rounds cannot be checked.
    #[error(transparent)]
    Rounds(#[from] RoundsError),
    /// The verdicts could not be written.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// A record and how the caller calls it.
type Read = (Option<String>, Result<Record, String>);

/// Verdicts of JSON lines, on all threads of the current pool; the first line has number `first`.
///
/// A final line feed ends the last line; every other one ends a record, so that an empty line is a record that cannot be
/// read.
pub fn verify_lines(lines: &[u8], first: u64, keys: &[&Verifier]) -> Result<RecordBatch, BatchError> {
    let body = lines.strip_suffix(b"\n").unwrap_or(lines);
    let lines: Vec<&[u8]> =
        if lines.is_empty() { vec![] } else { body.split(|byte| *byte == b'\n').collect() };
    verify(lines.len(), |place| read_line(lines[place]), first, keys)
}

/// Verdicts of columns, on all threads of the current pool; the first row has number `first`.
pub fn verify_batch(batch: &RecordBatch, first: u64, keys: &[&Verifier]) -> Result<RecordBatch, BatchError> {
    let columns = Columns::new(batch, MEMBERS)?;
    let read = |place| {
        let row = columns.row(place);
        (row.text("id").ok().flatten().map(String::from), Record::read(&row))
    };
    verify(columns.len(), read, first, keys)
}

/// Verdict of one JSON line, with the record's id.
pub fn check_line(line: &[u8], keys: &[&Verifier]) -> Result<(Option<String>, Finding), RoundsError> {
    let mut verdicts = judge(&[read_line(line)], keys)?;
    Ok(verdicts.pop().unwrap_or_else(|| unreachable!("a slice has as many verdicts as records")))
}

/// How the verdict of one JSON line comes about.
pub fn explain_line(line: &[u8]) -> Vec<Step> {
    read_line(line).1.map_or_else(|_| vec![], |record| steps(&record))
}

fn read_line(line: &[u8]) -> Read {
    match Line::parse(line, ByteText::Hex) {
        Ok(line) => (line.id().map(str::to_owned), Record::read(&line)),
        Err(wrong) => (None, Err(wrong)),
    }
}

fn verify(
    count: usize,
    read: impl Fn(usize) -> Read + Sync,
    first: u64,
    keys: &[&Verifier],
) -> Result<RecordBatch, BatchError> {
    let mut findings = Vec::with_capacity(count);
    for start in (0..count).step_by(SLICE) {
        let records: Vec<Read> = (start..count.min(start + SLICE)).into_par_iter().map(&read).collect();
        findings.extend(judge(&records, keys)?);
    }
    Ok(verdict_table(first, &findings)?)
}

/// Verdicts of one slice.
fn judge(records: &[Read], keys: &[&Verifier]) -> Result<Vec<(Option<String>, Finding)>, RoundsError> {
    let rounds = verified_rounds(records)?;
    let inputs: Vec<_> =
        records.par_iter().map(|(_, record)| record.as_ref().ok().and_then(proof_inputs)).collect();
    let mut refused = vec![None; records.len()];
    let mut proofs = Vec::new();
    for (place, inputs) in inputs.into_iter().enumerate() {
        match inputs {
            None => {}
            Some(Err(error)) => refused[place] = Some(error),
            Some(Ok(inputs)) => proofs.extend(shown_proof(place, &records[place].1, inputs)),
        }
    }
    let mut answers = vec![None; records.len()];
    for (proof, answer) in proofs.iter().zip(shown_proof::verify(&proofs, keys)) {
        answers[proof.place] = answer;
    }
    let findings: Vec<Finding> = (records.par_iter().enumerate())
        .map(|(place, (_, record))| match record {
            Err(wrong) => Finding::malformed(wrong.clone()),
            Ok(record) => {
                let (refused, proof) = (refused[place].as_deref(), answers[place].as_ref());
                check(record, Found { round: round_verdict(&rounds, record), refused, proof })
            }
        })
        .collect();
    Ok(records.iter().map(|(id, _)| id.clone()).zip(findings).collect())
}

fn verified_rounds(records: &[Read]) -> Result<ShownRounds<'_>, RoundsError> {
    let mut rounds = ShownRounds::default();
    for record in records.iter().filter_map(|(_, record)| record.as_ref().ok()) {
        if let Record::Round(round) = record {
            if let Ok(beacon) = beacon_of(round) {
                rounds.ask(beacon, &round.stated, round.randomness.as_deref());
            }
        } else if let Some((beacon, stated)) = shown_round(record) {
            rounds.ask(beacon, stated, None);
        }
    }
    rounds.verify()?;
    Ok(rounds)
}

fn round_verdict<'r>(rounds: &ShownRounds<'r>, record: &'r Record) -> Option<crate::beacon::RoundVerdict> {
    if let Record::Round(round) = record {
        return rounds.verdict(beacon_of(round).ok()?, &round.stated, round.randomness.as_deref());
    }
    let (beacon, stated) = shown_round(record)?;
    rounds.verdict(beacon, stated, None)
}

fn shown_proof(
    place: usize,
    record: &Result<Record, String>,
    inputs: Vec<super::window_post::Input>,
) -> Option<ShownProof<'_>> {
    match record.as_ref().ok()? {
        Record::WindowPost(post) => {
            Some(ShownProof { place, proof: &post.proof, inputs, key: post.key, post: Some(post.post) })
        }
        Record::Groth16(proof) => {
            Some(ShownProof { place, proof: &proof.proof, inputs, key: proof.key, post: None })
        }
        _ => None,
    }
}
