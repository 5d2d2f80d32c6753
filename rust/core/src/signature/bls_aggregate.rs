//! Aggregates: one BLS signature that stands for those of many keys.
//!
//! In: a [`BlsKeyRegistry`], key ids, messages and one compressed signature. Out: one verdict. Rule: signature
//! verification, section 4.
//! Invariant: keys and signature are decoded and their subgroups checked as for a single signature. An aggregate of nothing
//! and one with as many keys as messages is not are refused; so are messages that occur twice under the basic suite.

use std::collections::HashSet;

use super::bls::BlsVariant;
use super::bls_groups::{Groups, MinPk, MinSig, Point, Terms};
use super::bls_keys::BlsKeyRegistry;
use super::columns::ByteColumn;
use super::keys::KeyId;
use super::scheme::SignatureVerdict;

/// What keeps a signer from choosing a key that cancels somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlsAggregation {
    /// The basic suite: all messages are different.
    DistinctMessages,
    /// The caller has seen a proof of possession for every key, or every message names its key.
    KeysAreProven,
}

/// The caller's word that a proof of possession has been checked and is stored for every key.
#[derive(Clone, Copy, Debug)]
pub struct PossessionProven;

/// Verdict of one signature that stands for one message of each key.
///
/// As many keys as messages are demanded, and at least one; anything else is `Equation`, as is a message that occurs twice
/// under [`BlsAggregation::DistinctMessages`]. Keys are looked at first, then the signature.
pub fn bls_aggregate_verify(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    key_ids: &[KeyId],
    messages: ByteColumn<'_>,
    signature: &[u8],
    aggregation: BlsAggregation,
) -> SignatureVerdict {
    match registry.variant() {
        BlsVariant::MinPk => aggregate::<MinPk>(registry, dst, key_ids, messages, signature, aggregation),
        BlsVariant::MinSig => aggregate::<MinSig>(registry, dst, key_ids, messages, signature, aggregation),
    }
}

/// Verdict of one signature that stands for all keys under the same message.
///
/// Without a key it is `Equation`; keys whose sum is infinite are `BadKey`.
pub fn bls_fast_aggregate_verify(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    key_ids: &[KeyId],
    message: &[u8],
    signature: &[u8],
    _proven: PossessionProven,
) -> SignatureVerdict {
    match registry.variant() {
        BlsVariant::MinPk => fast_aggregate::<MinPk>(registry, dst, key_ids, message, signature),
        BlsVariant::MinSig => fast_aggregate::<MinSig>(registry, dst, key_ids, message, signature),
    }
}

/// The points of all keys, or what is wrong with the first that cannot be used.
fn points<G: Groups>(registry: &BlsKeyRegistry, key_ids: &[KeyId]) -> Result<Vec<G::Key>, SignatureVerdict> {
    key_ids
        .iter()
        .map(|id| {
            let record = registry.record(*id).ok_or(SignatureVerdict::UnknownKeyId)?;
            record.as_ref().and_then(G::key).ok_or(SignatureVerdict::BadKey)
        })
        .collect()
}

fn verdict(good: bool) -> SignatureVerdict {
    if good { SignatureVerdict::Good } else { SignatureVerdict::Equation }
}

fn aggregate<G: Groups>(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    key_ids: &[KeyId],
    messages: ByteColumn<'_>,
    signature: &[u8],
    aggregation: BlsAggregation,
) -> SignatureVerdict {
    let keys = match points::<G>(registry, key_ids) {
        Ok(keys) => keys,
        Err(verdict) => return verdict,
    };
    let Some(signature) = G::signature(signature) else { return SignatureVerdict::BadEncoding };
    if keys.is_empty() || keys.len() != messages.len() {
        return SignatureVerdict::Equation;
    }
    let mut seen = HashSet::new();
    let is_repeated = |message| !seen.insert(message);
    if aggregation == BlsAggregation::DistinctMessages
        && (0..messages.len()).map(|row| messages.get(row)).any(is_repeated)
    {
        return SignatureVerdict::Equation;
    }
    let mut terms = Terms::<G>::with_room(keys.len());
    for (row, key) in keys.into_iter().enumerate() {
        terms.push(Some(key), G::hash(dst, messages.get(row)));
    }
    verdict(G::holds(terms, Some(signature)))
}

fn fast_aggregate<G: Groups>(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    key_ids: &[KeyId],
    message: &[u8],
    signature: &[u8],
) -> SignatureVerdict {
    let keys = match points::<G>(registry, key_ids) {
        Ok(keys) => keys,
        Err(verdict) => return verdict,
    };
    let Some(signature) = G::signature(signature) else { return SignatureVerdict::BadEncoding };
    if keys.is_empty() {
        return SignatureVerdict::Equation;
    }
    let Some(key) = G::Key::sum(&keys) else { return SignatureVerdict::BadKey };
    let mut terms = Terms::<G>::with_room(1);
    terms.push(Some(key), G::hash(dst, message));
    verdict(G::holds(terms, Some(signature)))
}

#[cfg(test)]
#[path = "bls_aggregate_tests.rs"]
mod tests;
