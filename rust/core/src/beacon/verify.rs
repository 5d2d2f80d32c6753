//! One round's signature.
//!
//! In: a chain, a round, its signature and, in a chained scheme, the signature before it. Out: whether the chain's key
//! signed it, and the 32 random bytes. Rule: scoring and rewards, 6.1:
//! `message = SHA-256([previous signature] || u64be(round))`, randomness = SHA-256 of the signature.
//! Invariant: points off the curve, outside their group, or not in compressed form never verify.

use blst::{BLST_ERROR, min_pk, min_sig};

use super::chain::{Chain, ChainError, Scheme};
use crate::hash::{Hash, sha256};

const TAG_G2: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const TAG_G1: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

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
pub(super) enum Key {
    /// In G1.
    G1(min_pk::PublicKey),
    /// In G2.
    G2(min_sig::PublicKey),
}

impl Key {
    pub(super) fn of(scheme: Scheme, bytes: &[u8]) -> Result<Self, ChainError> {
        if scheme.has_g1_signatures() {
            min_sig::PublicKey::key_validate(bytes).map(Self::G2)
        } else {
            min_pk::PublicKey::key_validate(bytes).map(Self::G1)
        }
        .map_err(|_| ChainError::Key)
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &Hash, signature: &[u8]) -> bool {
        // The length decides before the point does: the library reads uncompressed points too.
        if signature.len() != scheme.signature_length() {
            return false;
        }
        let tag = if scheme == Scheme::UnchainedG1 { TAG_G1 } else { TAG_G2 };
        let found = match self {
            Self::G1(key) => min_pk::Signature::from_bytes(signature)
                .map_or_else(|error| error, |point| point.verify(true, message, tag, &[], key, false)),
            Self::G2(key) => min_sig::Signature::from_bytes(signature)
                .map_or_else(|error| error, |point| point.verify(true, message, tag, &[], key, false)),
        };
        found == BLST_ERROR::BLST_SUCCESS
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
