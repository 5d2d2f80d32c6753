//! Randomness of the chain, and which beacon round it comes from.
//!
//! In: the signature of a drand round, a purpose, an epoch and the entropy of whoever asks; or an epoch alone. Out: 32
//! bytes; or the round. Rule: Filecoin, B2 and E5.
//! Invariant: everything follows from the round's signature, which anybody can check; no node has to be trusted.

use super::address::Address;
use super::blake2b::blake2b;
use crate::beacon::{Chain, ChainError, Scheme};
use crate::decode::cbor::write_head;
use crate::hash::Hash;

/// What a draw is for.
pub mod tag {
    /// The ticket of a block.
    pub const TICKET: i64 = 1;
    /// The election of a block's miner.
    pub const ELECTION: i64 = 2;
    /// The challenges of a proof for a block.
    pub const WINNING_POST: i64 = 3;
    /// The challenges of a proof for a deadline.
    pub const WINDOW_POST: i64 = 4;
    /// The sealing of a sector.
    pub const SEAL: i64 = 5;
    /// The challenges of a sealing proof.
    pub const INTERACTIVE_SEAL: i64 = 6;
    /// Which deadline a miner's proving period begins with.
    pub const DEADLINE_ASSIGNMENT: i64 = 7;
    /// The schedule of a market's deals.
    pub const CRON: i64 = 8;
    /// The chain that a proof for a deadline was made on.
    pub const POST_CHAIN_COMMIT: i64 = 9;
    /// What contracts read as Ethereum's randomness.
    pub const EVM_PREVRANDAO: i64 = 10;
}

/// The digest of a beacon round's signature, from which all randomness of its epoch is drawn.
pub fn beacon_digest(signature: &[u8]) -> Hash {
    blake2b(&[signature])
}

/// Randomness for the purpose `tag` at `epoch`.
pub fn draw(tag: i64, digest: &Hash, epoch: i64, entropy: &[u8]) -> Hash {
    blake2b(&[&tag.to_be_bytes(), digest, &epoch.to_be_bytes(), entropy])
}

/// The entropy of an actor: its address, as a CBOR byte string.
pub fn actor_entropy(actor: &Address) -> Vec<u8> {
    let address = actor.to_bytes();
    let mut entropy = Vec::with_capacity(address.len() + 2);
    write_head(2, address.len() as u64, &mut entropy);
    entropy.extend_from_slice(&address);
    entropy
}

/// Randomness with its two highest bits cleared, little endian, so that it is an element of the proofs' field.
pub const fn in_field(mut randomness: Hash) -> Hash {
    randomness[31] &= 0x3f;
    randomness
}

/// What the challenges of a `WindowPoSt` are drawn from; `miner` is the miner's id address.
pub fn window_post(digest: &Hash, challenge_epoch: i64, miner: &Address) -> Hash {
    in_field(draw(tag::WINDOW_POST, digest, challenge_epoch, &actor_entropy(miner)))
}

/// Seconds of an epoch.
pub const EPOCH_SECONDS: i64 = 30;
/// Time of the main network's epoch 0, Unix seconds.
pub const MAINNET_GENESIS: i64 = 1_598_306_400;

/// An epoch without a beacon round.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpochError {
    /// Epochs count from 0.
    #[error("epoch: expected 0 or more, found {epoch}")]
    Negative {
        /// The epoch asked for.
        epoch: i64,
    },
    /// The epoch's time does not fit 64 bits.
    #[error("epoch {epoch}: its time does not fit 64 bits")]
    OutOfRange {
        /// The epoch asked for.
        epoch: i64,
    },
    /// The beacon cannot be used, or had not begun.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// When an epoch begins, Unix seconds, on a network whose epoch 0 begins at `genesis`.
pub fn epoch_time(genesis: i64, epoch: i64) -> Result<i64, EpochError> {
    if epoch < 0 {
        return Err(EpochError::Negative { epoch });
    }
    epoch
        .checked_mul(EPOCH_SECONDS)
        .and_then(|seconds| genesis.checked_add(seconds))
        .ok_or(EpochError::OutOfRange { epoch })
}

/// How a round is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundRule {
    /// Up to network version 15: whole periods since the beacon's genesis, which is one round behind.
    BeforeV16,
    /// From network version 16 on: the round that is current, and round 1 before there is one.
    FromV16,
}

impl RoundRule {
    /// The rule of a network version.
    pub const fn of_version(network_version: u32) -> Self {
        if network_version < 16 { Self::BeforeV16 } else { Self::FromV16 }
    }
}

/// The round of `beacon` that the chain takes for an epoch: that of one epoch before.
///
/// Under the older rule the beacon's first period gives round 0, which does not exist.
pub fn round_of_epoch(genesis: i64, epoch: i64, beacon: &Chain, rule: RoundRule) -> Result<u64, EpochError> {
    let time =
        epoch_time(genesis, epoch)?.checked_sub(EPOCH_SECONDS).ok_or(EpochError::OutOfRange { epoch })?;
    Ok(match rule {
        RoundRule::FromV16 => beacon.round_at(time.max(beacon.genesis_time()))?,
        // Rounds count from 1, so that there is always one less.
        RoundRule::BeforeV16 => beacon.round_at(time)? - 1,
    })
}

/// The beacons of the main network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MainnetBeacon {
    /// The first one, from epoch 0.
    Incentinet,
    /// The chained one, from epoch 51 000.
    Default,
    /// The unchained one, from epoch 3 855 480.
    Quicknet,
}

const DEFAULT_START: i64 = 51_000;
const QUICKNET_START: i64 = 3_855_480;

const INCENTINET_GENESIS: i64 = 1_595_873_820;
const INCENTINET_KEY: [u8; 48] = [
    0x8c, 0xad, 0x0c, 0x72, 0xc6, 0x06, 0xab, 0x27, 0xd3, 0x6e, 0xe0, 0x6d, 0xe1, 0xd5, 0xb2, 0xdb, 0x1f,
    0xaf, 0x92, 0xe4, 0x47, 0x02, 0x5c, 0xa3, 0x75, 0x75, 0xab, 0x3a, 0x8a, 0xac, 0x2e, 0xaa, 0xe8, 0x31,
    0x92, 0xf8, 0x46, 0xfc, 0x9e, 0x15, 0x8b, 0xc7, 0x38, 0x42, 0x37, 0x53, 0xd0, 0x00,
];
const INCENTINET_SEED: [u8; 32] = [
    0xd9, 0x40, 0x6a, 0xae, 0xd4, 0x87, 0xf7, 0xaf, 0x71, 0x85, 0x1b, 0x43, 0x99, 0x44, 0x8e, 0x31, 0x1f,
    0x23, 0x28, 0x92, 0x3d, 0x45, 0x4e, 0x97, 0x15, 0x36, 0xc0, 0x53, 0x98, 0xce, 0x2d, 0x9b,
];

impl MainnetBeacon {
    /// The beacon of an epoch.
    pub const fn at_epoch(epoch: i64) -> Self {
        match epoch {
            QUICKNET_START.. => Self::Quicknet,
            DEFAULT_START.. => Self::Default,
            _ => Self::Incentinet,
        }
    }

    /// The beacon's chain.
    pub fn chain(self) -> Result<Chain, ChainError> {
        match self {
            Self::Incentinet => Chain::new(
                Scheme::Chained,
                &INCENTINET_KEY,
                INCENTINET_GENESIS,
                30,
                &INCENTINET_SEED,
                "default",
            ),
            Self::Default => Ok(Chain::default_chain()),
            Self::Quicknet => Ok(Chain::quicknet()),
        }
    }
}

/// The beacon of an epoch of the main network, and its round.
pub fn mainnet_round(epoch: i64, rule: RoundRule) -> Result<(MainnetBeacon, u64), EpochError> {
    let beacon = MainnetBeacon::at_epoch(epoch);
    Ok((beacon, round_of_epoch(MAINNET_GENESIS, epoch, &beacon.chain()?, rule)?))
}

#[cfg(test)]
#[path = "randomness_tests.rs"]
mod tests;
