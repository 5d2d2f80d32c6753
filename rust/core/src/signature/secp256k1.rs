//! ECDSA over secp256k1, on libsecp256k1, and recovery of keys and Ethereum addresses.
//!
//! In: a parsed public key or none, a message or digest, a signature. Out: a verdict, a key or an address. Rule: signature
//! verification, section 3.
//! Invariant: encoding, ranges and the half of s are decided by [`super::ecdsa`]. The library accepts low s only, so a
//! high s that the rule allows is replaced by n - s first, which satisfies the equation exactly if s does.

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1::{Message, PublicKey as Point};
use sha3::{Digest, Keccak256};

use super::ecdsa::{self, Opened, Order, Scalars};
use super::scheme::{EcdsaDigest, EcdsaEncoding, EcdsaRule, SPolicy, SignatureVerdict};

const ORDER: Order = Order {
    n: [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba,
        0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ],
    half: [
        0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d,
        0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
    ],
};

/// A public key, parsed once.
#[derive(Clone, Debug)]
pub(super) struct PublicKey(Point);

impl PublicKey {
    /// Reads a compressed or uncompressed SEC1 point.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        // The library would take the hybrid form as well.
        if !ecdsa::is_sec1_form(bytes) {
            return None;
        }
        Point::from_slice(bytes).ok().map(Self)
    }

    /// x and y.
    pub(super) fn point(&self) -> [[u64; 4]; 2] {
        ecdsa::coordinates(&self.0.serialize_uncompressed())
    }
}

/// Everything about a signature but its equation.
pub(super) fn open<'a>(
    rule: EcdsaRule,
    message: &'a [u8],
    signature: &[u8],
) -> Result<Opened<'a>, SignatureVerdict> {
    ecdsa::open(rule, &ORDER, message, signature)
}

/// Whether the equation holds.
pub(super) fn check(rule: EcdsaRule, key: &PublicKey, opened: &Opened<'_>) -> SignatureVerdict {
    let scalars = &opened.scalars;
    let Some(digest) = ecdsa::digest(rule.digest, opened.message) else {
        return SignatureVerdict::BadEncoding;
    };
    let is_good = if scalars.y_is_odd.is_some() {
        recover(scalars, digest).is_some_and(|point| point == key.0)
    } else {
        Signature::from_compact(&scalars.rs).is_ok_and(|mut signature| {
            signature.normalize_s();
            secp256k1::ecdsa::verify(&signature, Message::from_digest(digest), &key.0).is_ok()
        })
    };
    if is_good { SignatureVerdict::Good } else { SignatureVerdict::Equation }
}

fn recover(scalars: &Scalars, digest: [u8; 32]) -> Option<Point> {
    let id = if scalars.y_is_odd? { RecoveryId::One } else { RecoveryId::Zero };
    let signature = RecoverableSignature::from_compact(&scalars.rs, id).ok()?;
    signature.recover(Message::from_digest(digest)).ok()
}

/// The uncompressed public key under which a recoverable 65-byte signature of `digest` is valid.
pub fn recover_key(digest: [u8; 32], signature: &[u8], s: SPolicy) -> Result<[u8; 65], SignatureVerdict> {
    let rule = EcdsaRule { encoding: EcdsaEncoding::Recoverable, s, digest: EcdsaDigest::Given };
    let scalars = ecdsa::open_scalars(rule, &ORDER, signature)?;
    recover(&scalars, digest).map(|point| point.serialize_uncompressed()).ok_or(SignatureVerdict::Equation)
}

/// The Ethereum address that made a recoverable 65-byte signature of `digest`.
pub fn recover_address(digest: [u8; 32], signature: &[u8], s: SPolicy) -> Result<[u8; 20], SignatureVerdict> {
    let key = recover_key(digest, signature, s)?;
    let hash: [u8; 32] = Keccak256::digest(&key[1..]).into();
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Ok(address)
}

#[cfg(test)]
#[path = "secp256k1_tests.rs"]
mod tests;
