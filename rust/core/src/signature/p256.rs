//! ECDSA over P-256, on AWS-LC.
//!
//! In: a parsed public key, a message and a signature. Out: a verdict. Rule: signature verification, section 3.
//! Invariant: encoding and ranges are checked by [`super::ecdsa`]; the library sees DER that was written here.

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};

use super::ecdsa::{self, Order};
use super::scheme::{EcdsaDigest, EcdsaEncoding, EcdsaRule, SignatureVerdict};

const ORDER: Order = Order {
    n: [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ],
    half: [
        0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
        0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
    ],
};

/// A public key, parsed once.
#[derive(Clone, Debug)]
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// Reads a compressed or uncompressed SEC1 point.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if !ecdsa::is_sec1_form(bytes) {
            return None;
        }
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bytes).ok().map(Self)
    }
}

/// Verdict of one signature.
pub(super) fn verify(rule: EcdsaRule, key: &PublicKey, message: &[u8], signature: &[u8]) -> SignatureVerdict {
    if rule.encoding == EcdsaEncoding::Recoverable {
        return SignatureVerdict::BadEncoding;
    }
    let scalars = match ecdsa::open(rule, &ORDER, signature) {
        Ok(scalars) => scalars,
        Err(refused) => return refused,
    };
    let mut der = [0; 72];
    let length = ecdsa::write_der(&scalars.rs, &mut der);
    let der = &der[..length];
    let answer = if rule.digest == EcdsaDigest::Sha256 {
        key.0.verify_sig(message, der)
    } else {
        let digest = ecdsa::digest(rule.digest, message)
            .and_then(|digest| Digest::import_less_safe(&digest, &SHA256).ok());
        match digest {
            Some(digest) => key.0.verify_digest_sig(&digest, der),
            None => return SignatureVerdict::BadEncoding,
        }
    };
    if answer.is_ok() { SignatureVerdict::Good } else { SignatureVerdict::Equation }
}

#[cfg(test)]
#[path = "p256_tests.rs"]
mod tests;
