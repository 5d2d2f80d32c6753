//! ECDSA over P-256, on AWS-LC.
//!
//! In: a parsed public key, a message and a signature. Out: a verdict. Rule: signature verification, section 3.
//! Invariant: encoding and ranges are checked by [`super::ecdsa`]; the library sees DER that was written here.

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};

use ::p256::elliptic_curve::sec1::ToSec1Point;

use super::ecdsa::{self, Opened, Order};
use super::scheme::{EcdsaEncoding, EcdsaRule, SignatureVerdict};

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
pub(super) struct PublicKey {
    parsed: ParsedPublicKey,
    point: [[u64; 4]; 2],
}

impl PublicKey {
    /// Reads a compressed or uncompressed SEC1 point.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if !ecdsa::is_sec1_form(bytes) {
            return None;
        }
        let point = ::p256::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false);
        let uncompressed: &[u8; 65] = point.as_bytes().try_into().ok()?;
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, uncompressed).ok()?;
        Some(Self { parsed, point: ecdsa::coordinates(uncompressed) })
    }

    /// x and y.
    pub(super) const fn point(&self) -> [[u64; 4]; 2] {
        self.point
    }
}

/// Everything about a signature but its equation.
pub(super) fn open<'a>(
    rule: EcdsaRule,
    message: &'a [u8],
    signature: &[u8],
) -> Result<Opened<'a>, SignatureVerdict> {
    if rule.encoding == EcdsaEncoding::Recoverable {
        return Err(SignatureVerdict::BadEncoding);
    }
    ecdsa::open(rule, &ORDER, message, signature)
}

/// Whether the equation holds.
pub(super) fn check(rule: EcdsaRule, key: &PublicKey, opened: &Opened<'_>) -> SignatureVerdict {
    let mut der = [0; 72];
    let length = ecdsa::write_der(&opened.scalars.rs, &mut der);
    let is_good = ecdsa::digest(rule.digest, opened.message)
        .and_then(|digest| Digest::import_less_safe(&digest, &SHA256).ok())
        .is_some_and(|digest| key.parsed.verify_digest_sig(&digest, &der[..length]).is_ok());
    if is_good { SignatureVerdict::Good } else { SignatureVerdict::Equation }
}

#[cfg(test)]
#[path = "p256_tests.rs"]
mod tests;
