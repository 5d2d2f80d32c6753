//! One round's signature.
//!
//! In: a chain, a round, its signature and, in a chained scheme, the signature before it. Out: whether the chain's key
//! signed it, and the 32 random bytes. Rule: scoring and rewards, 6.1:
//! `message = SHA-256([previous signature] || u64be(round))`, randomness = SHA-256 of the signature.
//! Invariant: points off the curve, outside their group, or not in compressed form never verify.

use super::chain::{Chain, ChainError, Scheme};
use crate::hash::{Hash, sha256};
use crate::signature::{BlsPublicKey, BlsVariant, SignatureVerdict};

/// The bytes that a round's signature signs; `previous` counts in the chained scheme only.
pub fn round_message(scheme: Scheme, round: u64, previous: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(104);
    if scheme.is_chained() {
        bytes.extend_from_slice(previous);
    }
    bytes.extend_from_slice(&round.to_be_bytes());
    sha256(&bytes)
}

/// The chain's key as a point, so that many rounds pay for its checks once.
pub(super) struct Key(BlsPublicKey);

impl Key {
    pub(super) fn of(scheme: Scheme, bytes: &[u8]) -> Result<Self, ChainError> {
        let variant = if scheme.has_g1_signatures() { BlsVariant::MinSig } else { BlsVariant::MinPk };
        BlsPublicKey::parse(variant, bytes).map(Self).ok_or(ChainError::Key)
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &Hash, signature: &[u8]) -> bool {
        self.0.verify(scheme.tag(), message, signature) == SignatureVerdict::Good
    }
}

impl Chain {
    /// Whether the chain's key signed `round`; `previous` counts in the chained scheme only.
    pub fn verify_round(&self, round: u64, signature: &[u8], previous: &[u8]) -> bool {
        let message = round_message(self.scheme(), round, previous);
        Key::of(self.scheme(), self.public_key())
            .is_ok_and(|key| key.verify(self.scheme(), &message, signature))
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
