//! Scores and rewards of a round.
//!
//! In: how many measurements of each participant were accepted. Out: shares of the round, rewards in attoFIL, and what is
//! signed about them. Rule: Filecoin, C6.
//! Invariant: all scores of a round together are exactly [`WHOLE`]; what rounding leaves is burnt, never given away.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sha3::{Digest, Keccak256};

use super::participant::Participant;
use crate::signature::{SPolicy, SignatureVerdict, ethereum_message_digest, recover_address};

/// The scores of a round together.
pub const WHOLE: u64 = 1_000_000_000_000_000;
/// What a round pays, in attoFIL.
pub const ROUND_REWARD: u64 = 456_621_004_566_210_048;

/// How a round is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scores<P> {
    /// Score of each participant, ascending by participant.
    pub shares: Vec<(P, u64)>,
    /// Score of nobody.
    pub burnt: u64,
}

impl<P: Ord> Scores<P> {
    /// Shares a round by accepted measurements; the share of `burn` is added to what is burnt.
    pub fn split(accepted: BTreeMap<P, u64>, burn: &P) -> Self {
        let all: u128 = accepted.values().map(|count| u128::from(*count)).sum();
        let mut burnt = WHOLE;
        let shares = accepted
            .into_iter()
            .filter(|(participant, _)| participant != burn)
            .map(|(participant, count)| {
                let share = (u128::from(count) * u128::from(WHOLE)).checked_div(all).unwrap_or(0);
                // No more than the whole, since the count is one of those that make up the sum.
                let share = u64::try_from(share).unwrap_or(0);
                burnt = burnt.saturating_sub(share);
                (participant, share)
            })
            .collect();
        Self { shares, burnt }
    }

    /// What each participant is paid, in attoFIL; nobody is paid what is burnt.
    pub fn rewards(&self) -> impl Iterator<Item = (&P, u128)> {
        self.shares.iter().map(|(participant, score)| (participant, reward(*score)))
    }
}

/// What a score is worth, in attoFIL, rounded down.
pub fn reward(score: u64) -> u128 {
    u128::from(score) * u128::from(ROUND_REWARD) / u128::from(WHOLE)
}

/// The text that is signed for a list of participants and numbers: `0x` and 64 hex digits.
///
/// They are those of the Keccak-256 of all addresses followed by all numbers, each in 32 bytes.
pub fn signed_text(list: &[(Participant, i128)]) -> String {
    let mut digest = Keccak256::new();
    for (participant, _) in list {
        digest.update([0; 12]);
        digest.update(participant.0);
    }
    for (_, number) in list {
        digest.update(if *number < 0 { [0xff; 16] } else { [0; 16] });
        digest.update(number.to_be_bytes());
    }
    format!("0x{}", HEXLOWER.encode(&digest.finalize()))
}

/// Who made this 65-byte signature of the list, as a message of an Ethereum wallet.
pub fn signer(list: &[(Participant, i128)], signature: &[u8]) -> Result<Participant, SignatureVerdict> {
    let digest = ethereum_message_digest(signed_text(list).as_bytes());
    recover_address(digest, signature, SPolicy::LowS).map(Participant)
}

#[cfg(test)]
#[path = "scores_tests.rs"]
mod tests;
