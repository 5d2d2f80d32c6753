//! Inverses of single numbers, from which those of whole levels of a tree are made.
//!
//! In: a number below 2^256 and an odd modulus. Out: the inverse below the modulus. Rule: the extended Euclidean algorithm
//! in Lehmer's form, from `ruint`. Invariant: `None` exactly for numbers that have a factor in common with the modulus.

use ruint::aliases::U256;

/// An odd modulus.
pub struct Modulus(U256);

impl Modulus {
    /// The modulus with these words, lowest first.
    pub const fn new(words: [u64; 4]) -> Self {
        Self(U256::from_limbs(words))
    }
}

/// The inverse of a number, which need not be below the modulus.
pub fn inverse(number: &[u64; 4], modulus: &Modulus) -> Option<[u64; 4]> {
    let reduced = U256::from_limbs(*number).reduce_mod(modulus.0);
    reduced.inv_mod(modulus.0).map(U256::into_limbs)
}
