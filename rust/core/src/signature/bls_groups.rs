//! The two ways to divide the pairing groups of BLS12-381 among keys and signatures, as batches and aggregates need them.
//!
//! In: compressed points, messages, points with coefficients. Out: points that are not infinite, and whether a product of
//! pairings is one. Rule: signature verification, section 4; hashing to the curve by RFC 9380.
//! Invariant: a signature point that comes out of [`Groups::signature`] lies in the prime-order subgroup and is not
//! infinite; nothing here starts a thread.

use std::sync::LazyLock;

use blst::{
    MultiPoint, blst_fp12, blst_p1, blst_p1_affine, blst_p2, blst_p2_affine, min_pk, min_sig, p1_affines,
    p2_affines,
};
use blstrs::{G1Projective, G2Projective};

use super::bls::BlsPublicKey;

/// Bytes of a coefficient.
pub(super) const COEFFICIENT: usize = 16;

/// Points of one of the two groups.
pub(super) trait Point: Copy + Send + Sync {
    /// The sum of the points, each times its coefficient of [`COEFFICIENT`] bytes, little endian; `None` if infinite.
    fn combine(points: &[Self], coefficients: &[u8]) -> Option<Self>;

    /// The sum of the points; `None` if infinite.
    fn sum(points: &[Self]) -> Option<Self>;
}

macro_rules! point {
    ($affine:ty, $projective:ty, $affines:ident) => {
        impl Point for $affine {
            fn combine(points: &[Self], coefficients: &[u8]) -> Option<Self> {
                // The library reads what it was promised and panics where it is absent.
                if points.is_empty() || coefficients.len() != points.len() * COEFFICIENT {
                    return None;
                }
                finite(to_affine(points.mult(coefficients, 8 * COEFFICIENT)))
            }

            fn sum(points: &[Self]) -> Option<Self> {
                if points.is_empty() {
                    return None;
                }
                finite(to_affine(points.add()))
            }
        }

        impl ToAffine for $projective {
            type Affine = $affine;

            fn to_affine(self) -> $affine {
                $affines::from(&[self])[0]
            }
        }
    };
}

trait ToAffine {
    type Affine;

    fn to_affine(self) -> Self::Affine;
}

fn to_affine<P: ToAffine>(point: P) -> P::Affine {
    point.to_affine()
}

/// The point, unless it is infinite, which the library writes as zeros.
fn finite<P: Default + PartialEq>(point: P) -> Option<P> {
    (point != P::default()).then_some(point)
}

point!(blst_p1_affine, blst_p1, p1_affines);
point!(blst_p2_affine, blst_p2, p2_affines);

/// Which group the keys are in and which the signatures.
pub(super) trait Groups: Send + Sync {
    /// A point of the keys' group.
    type Key: Point;
    /// A point of the signatures' group, where messages are hashed to as well.
    type Signature: Point;
    /// Whether a key is multiplied faster than a signature.
    const KEYS_ARE_CHEAPER: bool;

    /// The key's point, if it is one of these groups.
    fn key(key: &BlsPublicKey) -> Option<Self::Key>;

    /// Decodes and checks one signature.
    fn signature(bytes: &[u8]) -> Option<Self::Signature>;

    /// The message's point; `None` if it is infinite, which nobody can bring about.
    fn hash(dst: &[u8], message: &[u8]) -> Option<Self::Signature>;

    /// The generator of the keys' group, negated.
    fn negated_generator() -> Self::Key;

    /// The product of the pairings before the final exponentiation. Neither list may be empty.
    fn miller(keys: &[Self::Key], points: &[Self::Signature]) -> blst_fp12;

    /// Whether the product of e(key, point) over all terms and of e(-generator, signature) is one. `None` stands for
    /// the infinite point, whose pairing is one.
    fn holds(mut terms: Terms<Self>, signature: Option<Self::Signature>) -> bool
    where
        Self: Sized,
    {
        if let Some(signature) = signature {
            terms.keys.push(Self::negated_generator());
            terms.points.push(signature);
        }
        terms.keys.is_empty()
            || blst_fp12::finalverify(&Self::miller(&terms.keys, &terms.points), &blst_fp12::default())
    }
}

/// Pairs of points whose pairings are multiplied.
pub(super) struct Terms<G: Groups> {
    keys: Vec<G::Key>,
    points: Vec<G::Signature>,
}

impl<G: Groups> Terms<G> {
    /// No pairs yet, with room for `count` and the signature's.
    pub(super) fn with_room(count: usize) -> Self {
        Self { keys: Vec::with_capacity(count + 1), points: Vec::with_capacity(count + 1) }
    }

    /// One pair.
    pub(super) fn one(key: G::Key, point: G::Signature) -> Self {
        Self { keys: vec![key], points: vec![point] }
    }

    /// Adds a pair; one with an infinite point adds nothing.
    pub(super) fn push(&mut self, key: Option<G::Key>, point: Option<G::Signature>) {
        if let (Some(key), Some(point)) = (key, point) {
            self.keys.push(key);
            self.points.push(point);
        }
    }
}

/// r - 1, big endian: as a secret key its public key is the negated generator.
const MINUS_ONE: [u8; 32] = [
    0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05, 0x53,
    0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
];

/// Keys in G1, signatures in G2.
pub(super) struct MinPk;

impl Groups for MinPk {
    type Key = blst_p1_affine;
    type Signature = blst_p2_affine;
    const KEYS_ARE_CHEAPER: bool = true;

    fn key(key: &BlsPublicKey) -> Option<blst_p1_affine> {
        key.in_g1().map(|key| (*key).into())
    }

    fn signature(bytes: &[u8]) -> Option<blst_p2_affine> {
        let signature = min_pk::Signature::uncompress(bytes).ok()?;
        signature.validate(true).ok()?;
        Some(signature.into())
    }

    fn hash(dst: &[u8], message: &[u8]) -> Option<blst_p2_affine> {
        finite(to_affine(*G2Projective::hash_to_curve(message, dst, &[]).as_ref()))
    }

    fn negated_generator() -> blst_p1_affine {
        static POINT: LazyLock<blst_p1_affine> = LazyLock::new(|| {
            min_pk::SecretKey::from_bytes(&MINUS_ONE)
                .map_or_else(|_| blst_p1_affine::default(), |key| key.sk_to_pk().into())
        });
        *POINT
    }

    fn miller(keys: &[blst_p1_affine], points: &[blst_p2_affine]) -> blst_fp12 {
        blst_fp12::miller_loop_n(points, keys)
    }
}

/// Keys in G2, signatures in G1.
pub(super) struct MinSig;

impl Groups for MinSig {
    type Key = blst_p2_affine;
    type Signature = blst_p1_affine;
    const KEYS_ARE_CHEAPER: bool = false;

    fn key(key: &BlsPublicKey) -> Option<blst_p2_affine> {
        key.in_g2().map(|key| (*key).into())
    }

    fn signature(bytes: &[u8]) -> Option<blst_p1_affine> {
        let signature = min_sig::Signature::uncompress(bytes).ok()?;
        signature.validate(true).ok()?;
        Some(signature.into())
    }

    fn hash(dst: &[u8], message: &[u8]) -> Option<blst_p1_affine> {
        finite(to_affine(*G1Projective::hash_to_curve(message, dst, &[]).as_ref()))
    }

    fn negated_generator() -> blst_p2_affine {
        static POINT: LazyLock<blst_p2_affine> = LazyLock::new(|| {
            min_sig::SecretKey::from_bytes(&MINUS_ONE)
                .map_or_else(|_| blst_p2_affine::default(), |key| key.sk_to_pk().into())
        });
        *POINT
    }

    fn miller(keys: &[blst_p2_affine], points: &[blst_p1_affine]) -> blst_fp12 {
        blst_fp12::miller_loop_n(keys, points)
    }
}

#[cfg(test)]
#[path = "bls_groups_tests.rs"]
mod tests;
