//! Ed25519 under its four acceptance profiles.
//!
//! In: a parsed public key, a message and 64 signature bytes. Out: a verdict. Rule: signature verification, section 2:
//! bytes are hashed as given, k is used as an integer in [0, l) against the negated key, and a multiplication by the
//! cofactor comes last, so that points with a torsion part are treated exactly.
//! Invariant: an item gets the same verdict alone and in a [`Group`], whose members share one field inversion and nothing
//! else.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity};
use sha2::{Digest, Sha512};

use super::scheme::{Ed25519Profile, SignatureVerdict};

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
    SMALL_ORDER_Y.contains(&y)
}

/// A public key, decoded once.
#[derive(Clone, Debug)]
pub(super) struct PublicKey {
    bytes: [u8; 32],
    minus_a: EdwardsPoint,
    is_small_order: bool,
    is_canonical: bool,
}

impl PublicKey {
    /// Decodes permissively, as all profiles do: y is reduced, and the sign of x = 0 is ignored.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        let a = CompressedEdwardsY(bytes).decompress()?;
        Some(Self {
            bytes,
            minus_a: -a,
            is_small_order: a.is_small_order(),
            is_canonical: a.compress().0 == bytes,
        })
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
    fn commitment(&self, r: &[u8; 32], s: &Scalar, message: &[u8]) -> EdwardsPoint {
        let k = self.challenge(r, message);
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &self.minus_a, s)
    }
}

/// Splits a signature into R and S, or says why it is refused before any point is computed.
fn open(
    profile: Ed25519Profile,
    key: &PublicKey,
    signature: &[u8],
) -> Result<([u8; 32], Scalar), SignatureVerdict> {
    if matches!(profile, Ed25519Profile::Compact { canonical_points: true }) && !key.is_canonical {
        return Err(SignatureVerdict::BadKey);
    }
    let signature: [u8; 64] = signature.try_into().map_err(|_| SignatureVerdict::BadEncoding)?;
    let mut r = [0; 32];
    let mut s = [0; 32];
    r.copy_from_slice(&signature[..32]);
    s.copy_from_slice(&signature[32..]);
    let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)).ok_or(SignatureVerdict::ScalarRange)?;
    let small = match profile {
        Ed25519Profile::Zip215 | Ed25519Profile::Cofactorless => false,
        Ed25519Profile::Strict => key.is_small_order || is_small_order(&r),
        Ed25519Profile::Compact { .. } => key.is_zero_or_neutral(),
    };
    if small { Err(SignatureVerdict::SmallOrder) } else { Ok((r, s)) }
}

/// The verdict, given S B - k A and its encoding.
fn decide(
    profile: Ed25519Profile,
    commitment: &EdwardsPoint,
    encoded: &[u8; 32],
    r: &[u8; 32],
) -> SignatureVerdict {
    // The plain equation with a canonical R satisfies every profile.
    if encoded == r {
        return SignatureVerdict::Good;
    }
    let canonical_points = match profile {
        Ed25519Profile::Cofactorless | Ed25519Profile::Strict => return SignatureVerdict::Equation,
        Ed25519Profile::Zip215 => false,
        Ed25519Profile::Compact { canonical_points } => canonical_points,
    };
    let Some(point) = CompressedEdwardsY(*r).decompress() else {
        return SignatureVerdict::BadEncoding;
    };
    if canonical_points && point.compress().0 != *r {
        return SignatureVerdict::BadEncoding;
    }
    if (commitment - point).mul_by_cofactor().is_identity() {
        SignatureVerdict::Good
    } else {
        SignatureVerdict::Equation
    }
}

/// Verdict of one signature.
pub(super) fn verify(
    profile: Ed25519Profile,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> SignatureVerdict {
    match open(profile, key, signature) {
        Err(refused) => refused,
        Ok((r, s)) => {
            let commitment = key.commitment(&r, &s, message);
            decide(profile, &commitment, &commitment.compress().0, &r)
        }
    }
}

/// The order of R - (S B - k A) where that is a torsion point: 1, 2, 4 or 8; 1 means that the plain equation holds.
///
/// Profiles can differ only on signatures whose answer is not 1 or whose key or R is of small order, and a device makes
/// such a signature only on purpose.
/// `None` where a point does not decode, S is out of range or the difference is no torsion point.
pub fn residue_order(public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<u8> {
    let key = PublicKey::parse(public_key)?;
    let (r, s) = open(Ed25519Profile::Zip215, &key, signature).ok()?;
    let point = CompressedEdwardsY(r).decompress()?;
    let mut residue = point - key.commitment(&r, &s, message);
    for order in [1, 2, 4, 8] {
        if residue.is_identity() {
            return Some(order);
        }
        residue += residue;
    }
    None
}

const GROUP: usize = 16;

/// Items whose points are computed and wait for one common inversion.
pub(super) struct Group {
    profile: Ed25519Profile,
    waiting: usize,
    places: [usize; GROUP],
    commitments: [EdwardsPoint; GROUP],
    r: [[u8; 32]; GROUP],
}

impl Group {
    pub(super) fn new(profile: Ed25519Profile) -> Self {
        Self {
            profile,
            waiting: 0,
            places: [0; GROUP],
            commitments: [EdwardsPoint::identity(); GROUP],
            r: [[0; 32]; GROUP],
        }
    }

    /// Takes an item in; its verdict is written to `out[place]` at once or with the group.
    pub(super) fn push(
        &mut self,
        place: usize,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
        out: &mut [SignatureVerdict],
    ) {
        match open(self.profile, key, signature) {
            Err(refused) => out[place] = refused,
            Ok((r, s)) => {
                self.places[self.waiting] = place;
                self.commitments[self.waiting] = key.commitment(&r, &s, message);
                self.r[self.waiting] = r;
                self.waiting += 1;
                if self.waiting == GROUP {
                    self.finish(out);
                }
            }
        }
    }

    /// Writes the verdicts of all waiting items.
    pub(super) fn finish(&mut self, out: &mut [SignatureVerdict]) {
        // Unused slots hold valid points of earlier rounds, or the neutral one.
        let encoded = EdwardsPoint::compress_batch(&self.commitments);
        for at in 0..self.waiting {
            out[self.places[at]] = decide(self.profile, &self.commitments[at], &encoded[at].0, &self.r[at]);
        }
        self.waiting = 0;
    }
}

#[cfg(test)]
#[path = "ed25519_tests.rs"]
mod tests;
