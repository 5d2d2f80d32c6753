//! The rounds of an epoch.
//!
//! In: `beacon.jsonl`, the chain, the rounds that the slots need, and the rounds that the epoch's file names as missing.
//! Out: the randomness of each needed round. Rule: scoring and rewards, 6.1 and 6.6; uptime proof, sections 3 and 9.1.
//! Invariant: a round is verified, pinned by the whole file, or named as missing; there is no fourth way, because
//! leaving a round out would erase a bad slot.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::chain::{Chain, ChainError};
use super::verify::{Key, round_message};
use crate::decode::json;
use crate::hash::{Hash, sha256};

/// One line of `beacon.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Line in the file, from 1.
    pub line: u64,
    /// The round.
    pub round: u64,
    /// Its signature.
    pub signature: Vec<u8>,
    /// The signature before it, in a chained scheme.
    pub previous_signature: Option<Vec<u8>>,
    /// What the file says its randomness is.
    pub randomness: Option<Vec<u8>>,
}

/// Rounds that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoundsError {
    /// A line is not what was expected.
    #[error("beacon file, line {line}: {what}")]
    Line {
        /// Line in the file, from 1.
        line: u64,
        /// Expected and found.
        what: String,
    },
    /// A round stands twice.
    #[error("beacon file, line {line}: round {round} stands twice, first in line {first}")]
    Twice {
        /// Line of the second, from 1.
        line: u64,
        /// Line of the first, from 1.
        first: u64,
        /// The round.
        round: u64,
    },
    /// The signature does not verify under the chain's key.
    #[error("beacon file, line {line}: the signature of round {round} is not the chain's")]
    Signature {
        /// Line in the file, from 1.
        line: u64,
        /// The round.
        round: u64,
    },
    /// A round that is named as missing is in the file.
    #[error("beacon file, line {line}: round {round} is named in missing_rounds, but present")]
    NotMissing {
        /// Line in the file, from 1.
        line: u64,
        /// The round.
        round: u64,
    },
    /// A round that a slot needs is neither in the file nor named as missing.
    #[error("beacon file: round {round}, which a slot needs, is absent and not named in missing_rounds")]
    Absent {
        /// The round.
        round: u64,
    },
    /// `missing_rounds` is not ascending.
    #[error("missing_rounds: expected ascending rounds, found {found} after {before}")]
    Order {
        /// The round out of order.
        found: u64,
        /// The one before it.
        before: u64,
    },
    /// The chain itself cannot be used.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Reads the lines of a beacon file; nothing is verified yet.
pub fn read_rounds(file: &[u8]) -> Result<Vec<Record>, RoundsError> {
    let mut records = Vec::new();
    let body = file.strip_suffix(b"\n").unwrap_or(file);
    if file.is_empty() {
        return Ok(records);
    }
    for (line, bytes) in (1..).zip(body.split(|byte| *byte == b'\n')) {
        records.push(read_line(line, bytes).map_err(|what| RoundsError::Line { line, what })?);
    }
    Ok(records)
}

fn read_line(line: u64, bytes: &[u8]) -> Result<Record, String> {
    let value = json::parse(bytes, MAX_DEPTH).map_err(|error| error.to_string())?;
    let round = value.get("round").and_then(json::Value::as_i64).and_then(|round| u64::try_from(round).ok());
    Ok(Record {
        line,
        round: round.filter(|round| *round > 0).ok_or("round: expected an integer of 1 or more")?,
        signature: hex_member(&value, "signature")?.ok_or("signature: expected hex, found none")?,
        previous_signature: hex_member(&value, "previous_signature")?,
        randomness: hex_member(&value, "randomness")?,
    })
}

fn hex_member(value: &json::Value<'_>, name: &str) -> Result<Option<Vec<u8>>, String> {
    let member = match value.get(name) {
        None | Some(json::Value::Null) => return Ok(None),
        Some(member) => {
            member.as_text().ok_or_else(|| format!("{name}: expected lower-case hex, no text found"))?
        }
    };
    data_encoding::HEXLOWER
        .decode(member.as_bytes())
        .map(Some)
        .map_err(|error| format!("{name}: expected lower-case hex, found another text ({error})"))
}

/// How deep a line may nest; members other than the four are ignored, but have to be JSON.
const MAX_DEPTH: usize = 8;

/// The usable rounds of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    randomness: BTreeMap<u64, Hash>,
    missing: BTreeSet<u64>,
    content: Vec<u8>,
}

impl Rounds {
    /// Checks the rounds that the slots need, on all threads of the current pool.
    ///
    /// Other rounds are ignored beyond being well formed. With `pinned` the signatures are taken as they are: the
    /// caller trusts the file and says so in every report.
    pub fn check(
        chain: &Chain,
        records: &[Record],
        needed: &BTreeSet<u64>,
        missing_rounds: &[u64],
        pinned: bool,
    ) -> Result<Self, RoundsError> {
        for pair in missing_rounds.windows(2) {
            if let [before, found] = *pair
                && before >= found
            {
                return Err(RoundsError::Order { found, before });
            }
        }
        let mut by_round: BTreeMap<u64, &Record> = BTreeMap::new();
        for record in records {
            let (line, round) = (record.line, record.round);
            if let Some(first) = by_round.insert(round, record) {
                return Err(RoundsError::Twice { line, first: first.line, round });
            }
            if missing_rounds.binary_search(&round).is_ok() {
                return Err(RoundsError::NotMissing { line, round });
            }
        }
        let mut present = Vec::with_capacity(needed.len());
        let mut missing = BTreeSet::new();
        for &round in needed {
            match by_round.get(&round) {
                Some(record) => present.push(*record),
                None if missing_rounds.binary_search(&round).is_ok() => {
                    missing.insert(round);
                }
                None => return Err(RoundsError::Absent { round }),
            }
        }
        let key = Key::of(chain.scheme(), chain.public_key())?;
        let checked: Vec<Result<Hash, RoundsError>> =
            present.par_iter().map(|record| check_one(chain, &key, record, pinned)).collect();
        let mut rounds = Self { missing, ..Self::default() };
        // In order of the rounds, so that the same file gives the same first error on any number of threads.
        for (record, randomness) in present.iter().zip(checked) {
            rounds.randomness.insert(record.round, randomness?);
            let length = u32::try_from(record.signature.len()).unwrap_or(u32::MAX);
            rounds.content.extend_from_slice(&record.round.to_be_bytes());
            rounds.content.extend_from_slice(&length.to_be_bytes());
            rounds.content.extend_from_slice(&record.signature);
        }
        Ok(rounds)
    }

    /// The randomness of `round`, or `None` where it is missing or no slot needs it.
    pub fn randomness(&self, round: u64) -> Option<&Hash> {
        self.randomness.get(&round)
    }

    /// Needed rounds that are missing and named so, ascending.
    pub fn missing(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.missing.iter().copied()
    }

    /// How many needed rounds are present.
    pub fn len(&self) -> usize {
        self.randomness.len()
    }

    /// Whether no needed round is present.
    pub fn is_empty(&self) -> bool {
        self.randomness.is_empty()
    }

    /// Content hash of the epoch's beacon: `u64be(round) || lp(signature)` of the needed rounds, ascending.
    pub fn content_hash(&self) -> Hash {
        sha256(&self.content)
    }
}

fn check_one(chain: &Chain, key: &Key, record: &Record, pinned: bool) -> Result<Hash, RoundsError> {
    let wrong = |what: String| Err(RoundsError::Line { line: record.line, what });
    let scheme = chain.scheme();
    let length = record.signature.len();
    if length != scheme.signature_length() {
        let expected = scheme.signature_length();
        return wrong(format!("signature: {} has {expected} bytes, found {length}", scheme.name()));
    }
    let previous = match (&record.previous_signature, scheme.is_chained()) {
        (Some(previous), true) => previous.as_slice(),
        (None, true) => {
            return wrong("previous_signature: expected in a chained scheme, found none".to_owned());
        }
        (Some(_), false) => {
            return wrong("previous_signature: expected none in an unchained scheme, found one".to_owned());
        }
        (None, false) => &[],
    };
    let randomness = sha256(&record.signature);
    if record.randomness.as_ref().is_some_and(|stated| *stated != randomness) {
        return wrong("randomness: expected the SHA-256 of the signature, found another value".to_owned());
    }
    if !pinned && !key.verify(scheme, &round_message(scheme, record.round, previous), &record.signature) {
        return Err(RoundsError::Signature { line: record.line, round: record.round });
    }
    Ok(randomness)
}

#[cfg(test)]
#[path = "rounds_tests.rs"]
mod tests;
