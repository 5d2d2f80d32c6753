//! Beacon chains: which key signs, since when, how often.
//!
//! In: the name of a public chain, or the six facts of any other. Out: the chain's hash, and the way from a time to a
//! round and back. Rule: scoring and rewards, 6.1. Invariant: two chains with the same hash have the same key and clock,
//! because the hash covers both; there is no round 0.

use super::verify::Key;
use crate::hash::{Hash, sha256};

/// How a chain forms the message of a round, and in which group its signatures lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Signatures in G2 over the signature before and the round.
    Chained,
    /// Signatures in G2 over the round.
    Unchained,
    /// Signatures in G1 over the round, with the domain tag of G1 (RFC 9380).
    UnchainedG1,
    /// Signatures in G1 over the round, but hashed under the domain tag of G2: a slip of an early chain, kept for its
    /// archives. No named chain uses it.
    UnchainedG1OldTag,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Self; 4] = [Self::Chained, Self::Unchained, Self::UnchainedG1, Self::UnchainedG1OldTag];

    /// The scheme's name in a chain's public description.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chained => "pedersen-bls-chained",
            Self::Unchained => "pedersen-bls-unchained",
            Self::UnchainedG1 => "bls-unchained-g1-rfc9380",
            Self::UnchainedG1OldTag => "bls-unchained-on-g1",
        }
    }

    /// The scheme of this name.
    pub fn from_name(name: &str) -> Result<Self, ChainError> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.name() == name)
            .ok_or_else(|| ChainError::Scheme { found: name.to_owned() })
    }

    /// Whether a round's message holds the signature before it.
    pub const fn is_chained(self) -> bool {
        matches!(self, Self::Chained)
    }

    /// Whether signatures lie in G1 (48 bytes) and keys in G2 (96 bytes).
    pub const fn has_g1_signatures(self) -> bool {
        matches!(self, Self::UnchainedG1 | Self::UnchainedG1OldTag)
    }

    /// The domain tag under which a message is hashed to the curve.
    pub const fn tag(self) -> &'static [u8] {
        match self {
            Self::UnchainedG1 => b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_",
            _ => b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_",
        }
    }

    /// Length of the chain's public key in bytes.
    pub const fn key_length(self) -> usize {
        if self.has_g1_signatures() { 96 } else { 48 }
    }

    /// Length of a round's signature in bytes.
    pub const fn signature_length(self) -> usize {
        if self.has_g1_signatures() { 48 } else { 96 }
    }
}

/// A chain that cannot be used, or a question that it has no answer to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No scheme of this name.
    #[error(
        "beacon scheme: expected pedersen-bls-chained, pedersen-bls-unchained, bls-unchained-g1-rfc9380 or \
         bls-unchained-on-g1, found {found:?}"
    )]
    Scheme {
        /// The name that was given.
        found: String,
    },
    /// No public chain of this name.
    #[error("beacon chain: expected \"quicknet\" or \"default\", found {found:?}")]
    Name {
        /// The name that was given.
        found: String,
    },
    /// The period is zero.
    #[error("beacon period: expected 1 second or more, found 0")]
    Period,
    /// The public key has not the length of its scheme.
    #[error("beacon public key: {scheme} has keys of {expected} bytes, found {found}")]
    KeyLength {
        /// The scheme's name.
        scheme: &'static str,
        /// Bytes of its keys.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// The public key is no usable point of its group.
    #[error("beacon public key: not a valid point of its group")]
    Key,
    /// The time lies before the chain's first round.
    #[error("time {time} lies before the beacon's genesis at {genesis}")]
    BeforeGenesis {
        /// The time asked for, Unix seconds.
        time: i64,
        /// The chain's genesis, Unix seconds.
        genesis: i64,
    },
    /// Rounds count from 1, and their times must fit 64 bits.
    #[error("beacon round {round} does not exist")]
    NoSuchRound {
        /// The round asked for.
        round: u64,
    },
}

/// A beacon chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    scheme: Scheme,
    public_key: Vec<u8>,
    genesis_time: i64,
    period: u32,
    genesis_seed: Vec<u8>,
    beacon_id: String,
    hash: Hash,
}

const QUICKNET_KEY: [u8; 96] =
    hex(b"83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451\
      0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a");
const QUICKNET_SEED: [u8; 32] = hex(b"f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e");
const DEFAULT_KEY: [u8; 48] =
    hex(b"868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31");
const DEFAULT_SEED: [u8; 32] = hex(b"176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a");

/// Lower-case hex of a constant, read while compiling.
const fn hex<const N: usize>(text: &[u8]) -> [u8; N] {
    const fn digit(letter: u8) -> u8 {
        if letter <= b'9' { letter - b'0' } else { letter - b'a' + 10 }
    }
    let mut bytes = [0; N];
    let mut i = 0;
    while i < N {
        bytes[i] = digit(text[2 * i]) << 4 | digit(text[2 * i + 1]);
        i += 1;
    }
    bytes
}

impl Chain {
    /// A chain from its public description.
    pub fn new(
        scheme: Scheme,
        public_key: &[u8],
        genesis_time: i64,
        period: u32,
        genesis_seed: &[u8],
        beacon_id: &str,
    ) -> Result<Self, ChainError> {
        if period == 0 {
            return Err(ChainError::Period);
        }
        if public_key.len() != scheme.key_length() {
            return Err(ChainError::KeyLength {
                scheme: scheme.name(),
                expected: scheme.key_length(),
                found: public_key.len(),
            });
        }
        Key::of(scheme, public_key)?;
        Ok(Self::described(scheme, public_key, genesis_time, period, genesis_seed, beacon_id))
    }

    fn described(
        scheme: Scheme,
        public_key: &[u8],
        genesis_time: i64,
        period: u32,
        genesis_seed: &[u8],
        beacon_id: &str,
    ) -> Self {
        let mut message = Vec::with_capacity(12 + public_key.len() + genesis_seed.len() + beacon_id.len());
        message.extend_from_slice(&period.to_be_bytes());
        message.extend_from_slice(&genesis_time.to_be_bytes());
        message.extend_from_slice(public_key);
        message.extend_from_slice(genesis_seed);
        // Chains from before ids existed keep their hash: for them the id adds nothing.
        if beacon_id != "default" {
            message.extend_from_slice(beacon_id.as_bytes());
        }
        Self {
            scheme,
            public_key: public_key.to_vec(),
            genesis_time,
            period,
            genesis_seed: genesis_seed.to_vec(),
            beacon_id: beacon_id.to_owned(),
            hash: sha256(&message),
        }
    }

    /// The public chain `quicknet`: a round every 3 seconds, unchained.
    pub fn quicknet() -> Self {
        Self::described(Scheme::UnchainedG1, &QUICKNET_KEY, 1_692_803_367, 3, &QUICKNET_SEED, "quicknet")
    }

    /// The public chain `default`: a round every 30 seconds, chained.
    pub fn default_chain() -> Self {
        Self::described(Scheme::Chained, &DEFAULT_KEY, 1_595_431_050, 30, &DEFAULT_SEED, "default")
    }

    /// The public chain of this name.
    pub fn named(name: &str) -> Result<Self, ChainError> {
        match name {
            "quicknet" => Ok(Self::quicknet()),
            "default" => Ok(Self::default_chain()),
            _ => Err(ChainError::Name { found: name.to_owned() }),
        }
    }

    /// How rounds are signed.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The key that signs every round.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Time of round 1, Unix seconds.
    pub const fn genesis_time(&self) -> i64 {
        self.genesis_time
    }

    /// Seconds between rounds.
    pub const fn period(&self) -> u32 {
        self.period
    }

    /// What the chained scheme signs in place of a signature before round 1.
    pub fn genesis_seed(&self) -> &[u8] {
        &self.genesis_seed
    }

    /// The chain's id.
    pub fn beacon_id(&self) -> &str {
        &self.beacon_id
    }

    /// The chain hash: the chain's identity in every draw.
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The round that is current at `time`.
    pub fn round_at(&self, time: i64) -> Result<u64, ChainError> {
        Ok((self.seconds_since_genesis(time)? / u64::from(self.period)).saturating_add(1))
    }

    /// The first round whose time is `time` or later.
    ///
    /// A time before genesis is an error and not round 1: a slot there has no beacon.
    pub fn first_round_at_or_after(&self, time: i64) -> Result<u64, ChainError> {
        Ok(self.seconds_since_genesis(time)?.div_ceil(u64::from(self.period)).saturating_add(1))
    }

    /// When `round` appears, Unix seconds.
    pub fn time_of_round(&self, round: u64) -> Result<i64, ChainError> {
        let missing = ChainError::NoSuchRound { round };
        let Some(before) = round.checked_sub(1) else { return Err(missing) };
        before
            .checked_mul(u64::from(self.period))
            .and_then(|seconds| self.genesis_time.checked_add_unsigned(seconds))
            .ok_or(missing)
    }

    fn seconds_since_genesis(&self, time: i64) -> Result<u64, ChainError> {
        // The difference of two i64 always fits an i128; past the check below it fits a u64 as well.
        u64::try_from(i128::from(time) - i128::from(self.genesis_time))
            .map_err(|_| ChainError::BeforeGenesis { time, genesis: self.genesis_time })
    }
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
