//! One proof of possession: which leaves were challenged, and whether they were shown.
//!
//! In: a data set's pieces and the evidence of one proof. Out: a [`Finding`]: whether the verifier accepts the proof, or the
//! first reason why not; and, apart from that, whether it came in time. Rule: Filecoin, A5; in time: A6.
//! Invariant: challenges are derived and never taken from the evidence. What the evidence says beside its proofs (the seed's
//! signature, the leaves at the period's start, the leaves challenged) is checked where it is there, so that a seed or a range
//! that somebody chose has its own reason.

use ruint::aliases::U256;
use sha3::{Digest, Keccak256};

use super::authorisation::EthereumAddress;
use super::inclusion::{Path, PathVerdict, check_paths};
use super::proving_period::{Timeliness, Window};
use super::randomness::beacon_digest;
use super::sum_tree::{LeafRanges, Place};
use crate::hash::Hash;

/// What a proof of 2^40 bytes costs by default, in attoFIL.
pub const PROOF_FEE_PER_TEBIBYTE: u128 = 230_000_000_000_000;

/// The leaf that challenge `number` asks for; `None` if there are no leaves to ask for.
pub fn challenge(seed: &Hash, set_id: U256, number: u64, range: u128) -> Option<u128> {
    let hash = Keccak256::new()
        .chain_update(seed)
        .chain_update(set_id.to_be_bytes::<32>())
        .chain_update(number.to_be_bytes())
        .finalize();
    U256::from_be_bytes::<32>(hash.into()).checked_rem(U256::from(range))?.try_into().ok()
}

/// What a proof costs, in attoFIL, for the price of 2^40 bytes; it is burned.
pub fn proof_fee(per_tebibyte: u128, range: u128) -> U256 {
    // 32 bytes of 2^40 for each leaf.
    (U256::from(per_tebibyte) * U256::from(range)) >> 35
}

/// A piece of a set, as far as a proof needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its leaves; 0 once it is removed.
    pub leaves: u64,
    /// Height of its tree, as its identifier says.
    pub height: u8,
    /// Root of its tree.
    pub root: Hash,
}

/// A data set.
#[derive(Clone, Debug)]
pub struct DataSet {
    id: U256,
    pieces: Vec<Piece>,
    ranges: LeafRanges,
}

impl DataSet {
    /// The set with this id and all its pieces in the order of theirs, also those that are removed.
    pub fn new(id: U256, pieces: Vec<Piece>) -> Self {
        let ranges = LeafRanges::new(pieces.iter().map(|piece| piece.leaves));
        Self { id, pieces, ranges }
    }

    /// Leaves of all pieces.
    pub fn leaves(&self) -> u128 {
        self.ranges.total()
    }

    /// Where challenge `number` lies.
    pub fn challenged(&self, seed: &Hash, number: u64, range: u128) -> Option<Place> {
        self.ranges.find(challenge(seed, self.id, number, range)?)
    }
}

/// The answer to one challenge.
#[derive(Clone, Copy, Debug)]
pub struct LeafProof<'a> {
    /// The leaf.
    pub leaf: Hash,
    /// Its siblings from the bottom up.
    pub siblings: &'a [Hash],
}

/// Who sent a proof, and who should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The transaction's sender.
    pub sender: EthereumAddress,
    /// The set's provider.
    pub provider: EthereumAddress,
}

/// The evidence of one proof. What is optional is checked where it is there.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Sender and provider.
    pub parties: Option<Parties>,
    /// Block of the transaction.
    pub block: u64,
    /// The challenge epoch; 0 where none is set.
    pub challenge_epoch: u64,
    /// The seed: the digest of the beacon round that the chain used for the challenge epoch.
    pub seed: Hash,
    /// That round's signature; whether it is the beacon's own is for the caller to know.
    pub signature: Option<&'a [u8]>,
    /// Leaves among which challenges were drawn.
    pub range: u128,
    /// Leaves that the set had when the period was started.
    pub leaves_at_start: Option<u128>,
    /// Leaves that were challenged, as the chain recorded them.
    pub challenged: Option<&'a [Place]>,
    /// The answers.
    pub proofs: &'a [LeafProof<'a>],
}

/// Why a proof is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Somebody else sent it.
    #[error("the sender is not the provider of the set")]
    NotProvider,
    /// It answers nothing.
    #[error("expected at least one proof, found none")]
    Empty,
    /// The challenge was not known.
    #[error("block {block}: the challenge epoch is {challenge_epoch}")]
    Premature {
        /// Block of the transaction.
        block: u64,
        /// The challenge epoch.
        challenge_epoch: u64,
    },
    /// There was no challenge.
    #[error("no challenge epoch is set")]
    NoChallenge,
    /// The seed is another one than the beacon's.
    #[error("the seed is not the hash of the beacon's signature")]
    SeedNotOfBeacon,
    /// There is no leaf to ask for.
    #[error("challenge range: expected at least 1 leaf, found 0")]
    EmptyRange,
    /// Challenges were drawn among other leaves than those of the period's start.
    #[error("challenge range: expected the {leaves} leaves of the period's start, found {range}")]
    RangeNotOfStart {
        /// Leaves at the period's start.
        leaves: u128,
        /// The range.
        range: u128,
    },
    /// Challenges were drawn among more leaves than there are.
    #[error("challenge range: expected at most the {leaves} leaves of the set, found {range}")]
    RangeBeyondSet {
        /// Leaves of the set.
        leaves: u128,
        /// The range.
        range: u128,
    },
    /// Another leaf was recorded than was challenged.
    #[error("challenge {number}: expected {}, found {}", place(.expected.as_ref()), place(.found.as_ref()))]
    OtherLeaf {
        /// The challenge, counted from 0.
        number: usize,
        /// Where it lies.
        expected: Option<Place>,
        /// Where it is said to lie.
        found: Option<Place>,
    },
    /// An answer begins above the leaves, or below.
    #[error("proof {number}: expected {height} siblings, the height of piece {piece}, found {found}")]
    WrongLength {
        /// The challenge, counted from 0.
        number: usize,
        /// The piece that was challenged.
        piece: usize,
        /// Height of its tree.
        height: u8,
        /// Siblings of the answer.
        found: usize,
    },
    /// The piece says that it has more leaves than its tree has room for.
    #[error("proof {number}: leaf {offset} lies outside the tree of piece {piece}")]
    OutsideTree {
        /// The challenge, counted from 0.
        number: usize,
        /// The piece that was challenged.
        piece: usize,
        /// The leaf inside it.
        offset: u64,
    },
    /// An answer does not lead to the piece's root.
    #[error("proof {number}: it does not lead from leaf {offset} of piece {piece} to the piece's root")]
    WrongRoot {
        /// The challenge, counted from 0.
        number: usize,
        /// The piece that was challenged.
        piece: usize,
        /// The leaf inside it.
        offset: u64,
    },
}

fn place(place: Option<&Place>) -> String {
    place.map_or_else(
        || "none".to_owned(),
        |Place { piece, offset }| format!("leaf {offset} of piece {piece}"),
    )
}

impl Rejection {
    /// The reason in a few words that do not change.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotProvider => "sender is not the provider",
            Self::Empty => "empty proof",
            Self::Premature { .. } => "premature proof",
            Self::NoChallenge => "no challenge scheduled",
            Self::SeedNotOfBeacon => "seed not of the beacon",
            Self::EmptyRange => "empty challenge range",
            Self::RangeNotOfStart { .. } => "challenge range not of the period's start",
            Self::RangeBeyondSet { .. } => "challenge range beyond the set",
            Self::OtherLeaf { .. } => "another leaf than was challenged",
            Self::WrongLength { .. } => "proof length does not match tree height",
            Self::OutsideTree { .. } => "leaf outside the tree",
            Self::WrongRoot { .. } => "proof did not verify",
        }
    }
}

/// What was found about one proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The leaves that were challenged and shown, or the first reason against the proof.
    pub validity: Result<Vec<Place>, Rejection>,
    /// When it came; `None` where no window is known.
    pub timeliness: Option<Timeliness>,
}

/// Checks the evidence of one proof.
pub fn check(set: &DataSet, evidence: &Evidence<'_>, window: Option<Window>) -> Finding {
    Finding {
        validity: check_transaction(set, evidence).and_then(|()| check_proofs(set, evidence)),
        timeliness: window.map(|window| window.timeliness(evidence.block)),
    }
}

/// What comes before the first answer is looked at.
fn check_transaction(set: &DataSet, evidence: &Evidence<'_>) -> Result<(), Rejection> {
    let Evidence { block, challenge_epoch, range, .. } = *evidence;
    if evidence.parties.is_some_and(|parties| parties.sender != parties.provider) {
        return Err(Rejection::NotProvider);
    }
    if evidence.proofs.is_empty() {
        return Err(Rejection::Empty);
    }
    if block < challenge_epoch {
        return Err(Rejection::Premature { block, challenge_epoch });
    }
    if challenge_epoch == 0 {
        return Err(Rejection::NoChallenge);
    }
    if evidence.signature.is_some_and(|signature| beacon_digest(signature) != evidence.seed) {
        return Err(Rejection::SeedNotOfBeacon);
    }
    if let Some(leaves) = evidence.leaves_at_start.filter(|leaves| *leaves != range) {
        return Err(Rejection::RangeNotOfStart { leaves, range });
    }
    if range == 0 {
        return Err(Rejection::EmptyRange);
    }
    if range > set.leaves() {
        return Err(Rejection::RangeBeyondSet { leaves: set.leaves(), range });
    }
    Ok(())
}

/// The answers, in their order.
fn check_proofs(set: &DataSet, evidence: &Evidence<'_>) -> Result<Vec<Place>, Rejection> {
    let Evidence { seed, range, proofs, .. } = evidence;
    let places = (0..).zip(*proofs).map(|(number, _)| set.challenged(seed, number, *range));
    let places: Vec<Place> = places
        .collect::<Option<_>>()
        .ok_or(Rejection::RangeBeyondSet { leaves: set.leaves(), range: *range })?;
    if let Some(recorded) = evidence.challenged {
        for number in 0..places.len().max(recorded.len()) {
            let (expected, found) = (places.get(number).copied(), recorded.get(number).copied());
            if expected != found {
                return Err(Rejection::OtherLeaf { number, expected, found });
            }
        }
    }
    let paths: Vec<Path<'_>> = (places.iter().zip(*proofs))
        .map(|(place, proof)| {
            let piece = &set.pieces[place.piece];
            Path {
                leaf: &proof.leaf,
                siblings: proof.siblings,
                offset: place.offset,
                height: piece.height,
                root: &piece.root,
            }
        })
        .collect();
    for (number, verdict) in check_paths(&paths).into_iter().enumerate() {
        let Place { piece, offset } = places[number];
        match verdict {
            PathVerdict::Included => {}
            PathVerdict::WrongLength => {
                let Path { height, siblings, .. } = paths[number];
                return Err(Rejection::WrongLength { number, piece, height, found: siblings.len() });
            }
            PathVerdict::OutsideTree => return Err(Rejection::OutsideTree { number, piece, offset }),
            PathVerdict::WrongRoot => return Err(Rejection::WrongRoot { number, piece, offset }),
        }
    }
    Ok(places)
}

#[cfg(test)]
#[path = "possession_tests.rs"]
mod tests;
