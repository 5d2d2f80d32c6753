//! How likely it is that lost data is noticed.
//!
//! In: how many of a set's leaves are lost, and over how many periods it is challenged. Out: the chance that at least one
//! challenge fails, in parts per million. Rule: Filecoin, A6, "detection power": `1 - (1 - a)^(5 T)`.
//! Invariant: the result is the exact chance, rounded down. The power is held between two bounds; where both round to the same
//! number that is the result, and where not they are taken closer to each other.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, ToPrimitive};

use super::proving_period::CHALLENGES_PER_PROOF;

/// Parts of one.
const MILLION: u32 = 1_000_000;
/// Bits behind the point that the bounds have at first.
const FIRST_PRECISION: u64 = 256;

/// A loss that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectionError {
    /// Nothing could be lost.
    #[error("leaves: expected at least 1, found 0")]
    NoLeaves,
    /// More is lost than there was.
    #[error("lost leaves: expected at most {leaves}, found {lost}")]
    TooManyLost {
        /// Lost ones.
        lost: u128,
        /// All of them.
        leaves: u128,
    },
}

/// Chance that a loss is noticed within so many periods, in parts per million, rounded down.
pub fn detection_ppm(lost: u128, leaves: u128, periods: u64) -> Result<u32, DetectionError> {
    if leaves == 0 {
        return Err(DetectionError::NoLeaves);
    }
    let kept = leaves.checked_sub(lost).ok_or(DetectionError::TooManyLost { lost, leaves })?;
    let challenges = u128::from(periods) * u128::from(CHALLENGES_PER_PROOF);
    if challenges == 0 || lost == 0 {
        return Ok(0);
    }
    if kept == 0 {
        return Ok(MILLION);
    }
    let divisor = kept.gcd(&leaves);
    let (kept, leaves) = (kept / divisor, leaves / divisor);
    Ok(exact(kept, leaves, challenges).unwrap_or_else(|| between_bounds(kept, leaves, challenges)))
}

/// The chance by whole numbers, where the denominator of the power is at most a million; only then can it be a whole number
/// of parts, which bounds would never tell from a little less.
fn exact(kept: u128, leaves: u128, challenges: u128) -> Option<u32> {
    let challenges = u32::try_from(challenges).ok()?;
    let whole = leaves.checked_pow(challenges).filter(|whole| *whole <= u128::from(MILLION))?;
    let unnoticed = kept.checked_pow(challenges)?;
    u32::try_from(u128::from(MILLION) * (whole - unnoticed) / whole).ok()
}

fn between_bounds(kept: u128, leaves: u128, challenges: u128) -> u32 {
    let mut precision = FIRST_PRECISION;
    loop {
        let [low, high] = power(kept, leaves, challenges, precision);
        let one = BigUint::one() << precision;
        // Something stays unnoticed, however little: the chance is below one.
        let most = ((&one - low) * MILLION - 1_u32) >> precision;
        let least = ((one - high) * MILLION) >> precision;
        if let (true, Some(ppm)) = (least == most, most.to_u32()) {
            return ppm;
        }
        precision *= 2;
    }
}

/// Bounds of `(kept / leaves)^challenges`, with so many bits behind the point.
fn power(kept: u128, leaves: u128, challenges: u128, precision: u64) -> [BigUint; 2] {
    let base = BigUint::from(kept) << precision;
    let leaves = BigUint::from(leaves);
    let base = [&base / &leaves, base.div_ceil(&leaves)];
    let one = BigUint::one() << precision;
    let mut bounds = [one.clone(), one];
    for place in (0..u128::BITS - challenges.leading_zeros()).rev() {
        bounds = product(&bounds, &bounds, precision);
        if challenges >> place & 1 == 1 {
            bounds = product(&bounds, &base, precision);
        }
    }
    bounds
}

fn product(first: &[BigUint; 2], second: &[BigUint; 2], precision: u64) -> [BigUint; 2] {
    let one = BigUint::one() << precision;
    [(&first[0] * &second[0]) >> precision, (&first[1] * &second[1]).div_ceil(&one)]
}

#[cfg(test)]
#[path = "detection_tests.rs"]
mod tests;
