//! Ed25519 under its four acceptance profiles.
//!
//! In: a parsed public key, a message and 64 signature bytes. Out: a verdict. Rule: signature verification, section 2:
//! bytes are hashed as given, k is used as an integer in [0, l) against the negated key, and a multiplication by the
//! cofactor comes last, so that points with a torsion part are treated exactly.
//! Invariant: a signature gets the same [`Answer`] by single arithmetic here and in lanes, and the profile decides on the
//! answer alone.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity};
use sha2::{Digest, Sha512};

use super::lanes::ed25519::{self as lanes, Answer};
use super::lanes::ed25519_keys::Point;
use super::run::DecodeKeys;
use super::scheme::{Ed25519Profile, SignatureVerdict};
use crate::simd::dispatch::Simd;

/// Low 255 bits of every encoding, canonical or not, of a point of small order: y = 0, 1, -1, the two of order 8, and 0
/// and 1 plus p. Either sign bit may stand above them.
const SMALL_ORDER_Y: [[u8; 32]; 7] = [
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

fn is_small_order(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    y[31] &= 0x7f;
    // The last byte tells nearly all others apart.
    SMALL_ORDER_Y.iter().any(|small| small[31] == y[31] && *small == y)
}

/// A public key, decoded once.
#[derive(Clone, Debug)]
pub(super) struct PublicKey {
    bytes: [u8; 32],
    x: [u64; 4],
    is_small_order: bool,
    is_canonical: bool,
}

/// Whether these bytes are how their point is written: y below p, and no sign on x = 0.
fn is_canonical(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    y[31] &= 0x7f;
    let is_above = y[31] == 0x7f && y[1..31].iter().all(|&byte| byte == 0xff) && y[0] >= 0xed;
    // x is zero for y = 1 and y = -1.
    let has_zero_x = y == SMALL_ORDER_Y[1] || y == SMALL_ORDER_Y[2];
    !(is_above || has_zero_x && encoded[31] >= 0x80)
}

impl PublicKey {
    /// Decodes permissively, as all profiles do: y is reduced, and the sign of x = 0 is ignored.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        Self::parse_all(&[bytes]).pop().flatten()
    }

    /// Decodes many keys side by side.
    pub(super) fn parse_all(keys: &[&[u8]]) -> Vec<Option<Self>> {
        let encodings: Vec<&[u8; 32]> = keys.iter().filter_map(|bytes| (*bytes).try_into().ok()).collect();
        let mut decoded = Simd::chosen().run(DecodeKeys { encodings: &encodings }).into_iter();
        let parse = |bytes: &&[u8]| {
            let bytes: [u8; 32] = (*bytes).try_into().ok()?;
            let x = decoded.next()??;
            Some(Self {
                bytes,
                x,
                is_small_order: is_small_order(&bytes),
                is_canonical: is_canonical(&bytes),
            })
        };
        keys.iter().map(parse).collect()
    }

    /// What the key's table is built from; `None` for a key of small order, whose multiples are few.
    pub(super) fn base(&self) -> Option<Point<'_>> {
        (!self.is_small_order).then_some(Point { encoded: &self.bytes, x: &self.x })
    }

    /// -A for single arithmetic.
    pub(super) fn minus_a(&self) -> EdwardsPoint {
        // A key is here because its bytes are a point.
        -CompressedEdwardsY(self.bytes).decompress().unwrap_or_else(EdwardsPoint::identity)
    }

    /// All zero, or 1 followed by zeros with either sign bit: the keys that `compact` refuses.
    fn is_zero_or_neutral(&self) -> bool {
        let (first, last) = (self.bytes[0], self.bytes[31]);
        let middle_is_zero = self.bytes[1..31].iter().all(|&byte| byte == 0);
        middle_is_zero && matches!((first, last), (0 | 1, 0) | (1, 0x80))
    }

    /// k, the hash of the bytes as given, reduced modulo l.
    fn challenge(&self, r: &[u8; 32], message: &[u8]) -> Scalar {
        let hash = Sha512::new().chain_update(r).chain_update(self.bytes).chain_update(message).finalize();
        Scalar::from_bytes_mod_order_wide(&hash.into())
    }

    /// S B - k A.
    fn commitment(&self, minus_a: &EdwardsPoint, signature: &Signature<'_>) -> EdwardsPoint {
        let k = self.challenge(signature.r, signature.message);
        // S is below l.
        let s = Scalar::from_bytes_mod_order(*signature.s_bytes);
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, minus_a, &s)
    }
}

/// A signature whose encoding and ranges are right, and what it is for.
#[derive(Clone, Copy)]
pub(super) struct Signature<'a> {
    /// R, as given.
    pub(super) r: &'a [u8; 32],
    /// S, below l.
    pub(super) s: [u64; 4],
    s_bytes: &'a [u8; 32],
    /// A, as given.
    pub(super) key: &'a [u8; 32],
    /// x of A.
    pub(super) key_x: &'a [u64; 4],
    /// Whether A is of small order.
    pub(super) has_small_key: bool,
    /// The message.
    pub(super) message: &'a [u8],
}

/// Splits a signature into R and S, or says why it is refused before any point is computed.
pub(super) fn open<'a>(
    profile: Ed25519Profile,
    key: &'a PublicKey,
    message: &'a [u8],
    signature: &'a [u8],
) -> Result<Signature<'a>, SignatureVerdict> {
    if matches!(profile, Ed25519Profile::Compact { canonical_points: true }) && !key.is_canonical {
        return Err(SignatureVerdict::BadKey);
    }
    let (r, s_bytes) = match signature.split_first_chunk::<32>() {
        Some((r, s)) => (r, <&[u8; 32]>::try_from(s).map_err(|_| SignatureVerdict::BadEncoding)?),
        None => return Err(SignatureVerdict::BadEncoding),
    };
    let s = lanes::scalar(s_bytes).ok_or(SignatureVerdict::ScalarRange)?;
    let small = match profile {
        Ed25519Profile::Zip215 | Ed25519Profile::Cofactorless => false,
        Ed25519Profile::Strict => key.is_small_order || is_small_order(r),
        Ed25519Profile::Compact { .. } => key.is_zero_or_neutral(),
    };
    if small {
        return Err(SignatureVerdict::SmallOrder);
    }
    let has_small_key = key.is_small_order;
    Ok(Signature { r, s, s_bytes, key: &key.bytes, key_x: &key.x, has_small_key, message })
}

/// The verdict, given how S B - k A compares with R.
pub(super) fn decide(profile: Ed25519Profile, r: &[u8; 32], answer: Answer) -> SignatureVerdict {
    // The plain equation with a canonical R satisfies every profile.
    if answer == Answer::Equal {
        return SignatureVerdict::Good;
    }
    let canonical_points = match profile {
        Ed25519Profile::Cofactorless | Ed25519Profile::Strict => return SignatureVerdict::Equation,
        Ed25519Profile::Zip215 => false,
        Ed25519Profile::Compact { canonical_points } => canonical_points,
    };
    match answer {
        Answer::NoPoint => SignatureVerdict::BadEncoding,
        _ if canonical_points && !is_canonical(r) => SignatureVerdict::BadEncoding,
        Answer::Torsion => SignatureVerdict::Good,
        _ => SignatureVerdict::Equation,
    }
}

/// Compares S B - k A with R by single arithmetic.
fn compare(
    key: &PublicKey,
    minus_a: &EdwardsPoint,
    signature: &Signature<'_>,
    is_cofactored: bool,
) -> Answer {
    let commitment = key.commitment(minus_a, signature);
    if commitment.compress().0 == *signature.r {
        return Answer::Equal;
    }
    if !is_cofactored {
        return Answer::Different;
    }
    match CompressedEdwardsY(*signature.r).decompress() {
        None => Answer::NoPoint,
        Some(point) if (commitment - point).mul_by_cofactor().is_identity() => Answer::Torsion,
        Some(_) => Answer::Other,
    }
}

/// Verdict of one opened signature, given the opposite of the key's point.
pub(super) fn check(
    profile: Ed25519Profile,
    key: &PublicKey,
    minus_a: &EdwardsPoint,
    signature: &Signature<'_>,
) -> SignatureVerdict {
    decide(profile, signature.r, compare(key, minus_a, signature, profile.is_cofactored()))
}

/// The order of R - (S B - k A) where that is a torsion point: 1, 2, 4 or 8; 1 means that the plain equation holds.
///
/// Profiles can differ only on signatures whose answer is not 1 or whose key or R is of small order, and a device makes
/// such a signature only on purpose.
/// `None` where a point does not decode, S is out of range or the difference is no torsion point.
pub fn residue_order(public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<u8> {
    let key = PublicKey::parse(public_key)?;
    let signature = open(Ed25519Profile::Zip215, &key, message, signature).ok()?;
    let point = CompressedEdwardsY(*signature.r).decompress()?;
    let mut residue = point - key.commitment(&key.minus_a(), &signature);
    for order in [1, 2, 4, 8] {
        if residue.is_identity() {
            return Some(order);
        }
        residue += residue;
    }
    None
}

#[cfg(test)]
#[path = "ed25519_tests.rs"]
mod tests;
