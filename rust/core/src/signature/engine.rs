//! The engine: a column of items in, a column of verdicts out.
//!
//! In: the registry of parsed keys, the network's rules and [`Items`]. Out: one verdict for each item, at its own place.
//! Rule: signature verification, sections 1 and 5.1. Every item is decided by a single check; nothing is combined at
//! random, so there is nothing to isolate and no profile is left out.
//! Invariant: one thread per call and no allocation per Ed25519 or secp256k1 item. Callers cut their items into slices for
//! several threads; where they cut makes no difference.

use super::columns::{Items, ItemsError};
use super::keys::{Key, KeyRegistry};
use super::scheme::{Rules, Scheme, SignatureVerdict};
use super::{ed25519, p256, secp256k1};

/// Writes the verdict of each item to the same place of `out`, which must have as many places as there are items.
pub fn verify_items(
    registry: &KeyRegistry,
    rules: &Rules,
    items: &Items<'_>,
    out: &mut [SignatureVerdict],
) -> Result<(), ItemsError> {
    if out.len() != items.len() {
        return Err(ItemsError::Rows { column: "verdicts", expected: items.len(), found: out.len() });
    }
    let mut group = ed25519::Group::new(rules.ed25519);
    for (row, (id, message, signature)) in items.iter().enumerate() {
        out[row] = match registry.key(id) {
            None => SignatureVerdict::UnknownKeyId,
            Some(Key::Unusable(_)) => SignatureVerdict::BadKey,
            Some(Key::P256(key)) => p256::verify(rules.p256, key, message, signature),
            Some(Key::Secp256k1(key)) => secp256k1::verify(rules.secp256k1, key, message, signature),
            Some(Key::Ed25519(key)) => {
                group.push(row, key, message, signature, out);
                continue;
            }
        };
    }
    group.finish(out);
    Ok(())
}

/// Verdict of one signature, with a key that is used once.
pub fn verify_one(
    scheme: Scheme,
    rules: &Rules,
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureVerdict {
    match Key::parse(scheme, public_key) {
        Key::Ed25519(key) => ed25519::verify(rules.ed25519, &key, message, signature),
        Key::P256(key) => p256::verify(rules.p256, &key, message, signature),
        Key::Secp256k1(key) => secp256k1::verify(rules.secp256k1, &key, message, signature),
        Key::Unusable(_) => SignatureVerdict::BadKey,
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
