//! Many rounds of one chain at once.
//!
//! In: a chain, rounds with their signatures in any order, and the time if the caller wants future rounds marked. Out:
//! one [`RoundFinding`] per round, in the order given. Rule: Filecoin, D1, D5 and D6. A slice of the rounds is one
//! equation with secret coefficients: two Miller loops and a final exponentiation for all of them. One that fails is
//! divided until the bad rounds are named.
//! Invariant: a round whose equation is looked at is signed exactly if [`Chain::verify_round`] says so, whatever its
//! neighbours are; only the link, which is about two rounds, depends on another one.

use std::collections::HashSet;

use rayon::prelude::*;

use super::chain::{Chain, ChainError};
use super::verify::round_message;
use crate::hash::sha256;
use crate::signature::{
    BLS_BATCH, BlsKeyRegistry, BlsVariant, ByteColumn, Items, ItemsError, KeyId, SignatureVerdict,
    bls_verify_rows,
};

/// Rounds that are worth a pairing product of their own, where threads are waiting for work.
const MIN_SLICE: usize = 32;

/// A round as somebody states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignedRound<'a> {
    /// The round.
    pub round: u64,
    /// Its signature.
    pub signature: &'a [u8],
    /// The signature before it; none is the same as an empty one.
    pub previous: Option<&'a [u8]>,
    /// What its randomness is said to be.
    pub randomness: Option<&'a [u8]>,
}

/// What a round's signature is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundVerdict {
    /// The chain's key signed the round.
    Signed,
    /// Rounds count from 1.
    NoSuchRound,
    /// The signature has not the length of the chain's scheme.
    SignatureLength,
    /// The scheme is chained, and the signature before is absent.
    PreviousAbsent,
    /// The randomness is not the SHA-256 of the signature.
    RandomnessMismatch,
    /// The signature is no point of its group, infinite, or not canonical.
    NotAPoint,
    /// The chain's key did not sign this round.
    NotSigned,
}

impl RoundVerdict {
    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::NoSuchRound => "no such round",
            Self::SignatureLength => "signature length",
            Self::PreviousAbsent => "previous signature absent",
            Self::RandomnessMismatch => "randomness mismatch",
            Self::NotAPoint => "not a point",
            Self::NotSigned => "not signed",
        }
    }
}

/// How a round of a chained scheme hangs on the round before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The scheme is not chained.
    Unchained,
    /// The round before is not among those given, or none is stated.
    Unseen,
    /// The signature before is that of the round before; in round 1 it is the genesis seed.
    Holds,
    /// The round before is given with another signature; or round 1 does not hang on the genesis seed.
    Broken,
}

impl Link {
    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unchained => "unchained",
            Self::Unseen => "unseen",
            Self::Holds => "holds",
            Self::Broken => "broken",
        }
    }
}

/// What is found about one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundFinding {
    /// About its signature.
    pub verdict: RoundVerdict,
    /// About the signature before.
    pub link: Link,
    /// Whether it states a signature before that its scheme has no use for: ignored, and worth a warning.
    pub has_spare_previous: bool,
    /// Whether the round is still to come.
    pub is_future: bool,
}

impl RoundFinding {
    /// Whether the chain's key signed the round and its link, as far as it can be seen, is not broken.
    pub fn is_good(&self) -> bool {
        self.verdict == RoundVerdict::Signed && self.link != Link::Broken
    }
}

/// A call that cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The chain cannot be used.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The columns of the batch do not fit each other.
    #[error(transparent)]
    Items(#[from] ItemsError),
}

/// Checks many rounds of one chain, on all threads of the current pool.
///
/// With `now`, Unix seconds, rounds are marked whose time is later.
pub fn verify_rounds(
    chain: &Chain,
    rounds: &[SignedRound<'_>],
    now: Option<i64>,
) -> Result<Vec<RoundFinding>, BatchError> {
    let links = Links::of(chain, rounds);
    let mut findings = Vec::with_capacity(rounds.len());
    let mut open = Open::default();
    for (place, round) in rounds.iter().enumerate() {
        let refused = open.take(chain, place, round);
        findings.push(RoundFinding {
            verdict: refused.unwrap_or(RoundVerdict::NotSigned),
            link: links.link(round),
            has_spare_previous: !chain.scheme().is_chained() && stated_previous(round).is_some(),
            is_future: now.is_some_and(|now| is_future(chain, round.round, now)),
        });
    }
    for (place, verdict) in open.places.iter().zip(open.verify(chain)?) {
        if let Some(finding) = findings.get_mut(*place) {
            finding.verdict = verdict;
        }
    }
    Ok(findings)
}

fn stated_previous<'a>(round: &SignedRound<'a>) -> Option<&'a [u8]> {
    round.previous.filter(|previous| !previous.is_empty())
}

/// What the message of a round begins with; `None` if it should be stated and is not.
fn previous_of<'a>(chain: &'a Chain, round: &SignedRound<'a>) -> Option<&'a [u8]> {
    match stated_previous(round) {
        None if !chain.scheme().is_chained() => Some(&[]),
        None if round.round == 1 => Some(chain.genesis_seed()),
        stated => stated,
    }
}

fn is_future(chain: &Chain, round: u64, now: i64) -> bool {
    // From round 1 on, what has no time has one beyond 64 bits.
    round > 0 && chain.time_of_round(round).map_or(true, |time| time > now)
}

/// Rounds that came as far as their signature's equation.
#[derive(Default)]
struct Open<'a> {
    places: Vec<usize>,
    messages: Vec<u8>,
    signatures: Vec<&'a [u8]>,
}

impl<'a> Open<'a> {
    /// Takes a round up, or says why it is not worth it.
    fn take(&mut self, chain: &Chain, place: usize, round: &SignedRound<'a>) -> Option<RoundVerdict> {
        if round.round == 0 {
            return Some(RoundVerdict::NoSuchRound);
        }
        if round.signature.len() != chain.scheme().signature_length() {
            return Some(RoundVerdict::SignatureLength);
        }
        let Some(previous) = previous_of(chain, round) else { return Some(RoundVerdict::PreviousAbsent) };
        if round.randomness.is_some_and(|stated| *stated != sha256(round.signature)) {
            return Some(RoundVerdict::RandomnessMismatch);
        }
        self.places.push(place);
        self.messages.extend_from_slice(&round_message(chain.scheme(), round.round, previous));
        self.signatures.push(round.signature);
        None
    }

    /// Verdicts of all rounds that were taken up, in their order.
    fn verify(&self, chain: &Chain) -> Result<Vec<RoundVerdict>, BatchError> {
        let scheme = chain.scheme();
        let variant = if scheme.has_g1_signatures() { BlsVariant::MinSig } else { BlsVariant::MinPk };
        let mut registry = BlsKeyRegistry::new(variant);
        let key = registry.register(chain.public_key());
        if registry.is_usable(key) != Some(true) {
            return Err(ChainError::Key.into());
        }
        let count = self.places.len();
        let keys: Vec<KeyId> = vec![key; count];
        let messages = ByteColumn::fixed(&self.messages, 32, count)?;
        let items = Items::new(&keys, messages, ByteColumn::slices(&self.signatures))?;
        let rows: Vec<usize> = (0..count).collect();
        let mut verdicts = vec![SignatureVerdict::UnknownKeyId; count];
        let slice = count.div_ceil(rayon::current_num_threads()).clamp(MIN_SLICE, BLS_BATCH);
        rows.par_chunks(slice)
            .zip(verdicts.par_chunks_mut(slice))
            .try_for_each(|(rows, out)| bls_verify_rows(&registry, scheme.tag(), &items, rows, out))?;
        Ok(verdicts.into_iter().map(RoundVerdict::from).collect())
    }
}

impl From<SignatureVerdict> for RoundVerdict {
    fn from(verdict: SignatureVerdict) -> Self {
        match verdict {
            SignatureVerdict::Good => Self::Signed,
            SignatureVerdict::BadEncoding => Self::NotAPoint,
            _ => Self::NotSigned,
        }
    }
}

/// Which signatures are given for which rounds of a chained scheme.
struct Links<'a> {
    chain: &'a Chain,
    rounds: HashSet<u64>,
    signatures: HashSet<(u64, &'a [u8])>,
}

impl<'a> Links<'a> {
    fn of(chain: &'a Chain, rounds: &[SignedRound<'a>]) -> Self {
        let rounds = if chain.scheme().is_chained() { rounds } else { &[] };
        Self {
            chain,
            rounds: rounds.iter().map(|round| round.round).collect(),
            signatures: rounds.iter().map(|round| (round.round, round.signature)).collect(),
        }
    }

    fn link(&self, round: &SignedRound<'_>) -> Link {
        if !self.chain.scheme().is_chained() {
            return Link::Unchained;
        }
        let holds = match (round.round, stated_previous(round)) {
            (1, stated) => stated.is_none_or(|stated| stated == self.chain.genesis_seed()),
            (0, _) | (_, None) => return Link::Unseen,
            (round, Some(_)) if !self.rounds.contains(&(round - 1)) => return Link::Unseen,
            (round, Some(stated)) => self.signatures.contains(&(round - 1, stated)),
        };
        if holds { Link::Holds } else { Link::Broken }
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
