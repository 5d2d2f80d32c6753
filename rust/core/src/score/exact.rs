//! Exact fractions that are never negative.
//!
//! In: integers. Out: reduced fractions, and the scale `ONE` from them. Rule: scoring and rewards, 1.4: thresholds are
//! compared as fractions, and a result is rounded once. Invariant: nothing is lost before [`floor_scaled`].

use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::Zero;

use crate::fixed::ONE;

/// A fraction of any size.
pub type Exact = Ratio<BigUint>;

/// `n / d`, where `d` is not 0.
pub fn exact(n: u64, d: u64) -> Exact {
    Exact::new(n.into(), d.into())
}

/// A number in units of `ONE`.
pub fn scaled(value: u64) -> Exact {
    exact(value, ONE)
}

/// `a - b`, or 0 where that would be negative.
pub fn less(a: &Exact, b: &Exact) -> Exact {
    if a > b { a - b } else { Exact::zero() }
}

/// In units of `ONE`, rounded down; `u64::MAX` where that is too much for 64 bits.
pub fn floor_scaled(value: &Exact) -> u64 {
    let floor = value.numer() * ONE / value.denom();
    u64::try_from(floor).unwrap_or(u64::MAX)
}
