//! One score from those of several tracks.
//!
//! In: scores in `[0, ONE]`, and weights. Out: a score in `[0, ONE]`. Rule: scoring and rewards, 5.10: tracks combine in the
//! listed order with `mulf`, or as a weighted mean. Invariant: the mean is rounded once and lies between the least and the
//! greatest score that has a weight; a product is rounded at every step, in the order given.
//!
//! Chosen where the rule is silent: the product of no tracks is `ONE`; a mean needs a weight above 0.

use crate::fixed::{FixedError, ONE, mulf};

/// `mulf(mulf(s1, s2), s3)` and so on.
pub fn product(scores: impl IntoIterator<Item = u64>) -> Result<u64, FixedError> {
    scores.into_iter().try_fold(ONE, mulf)
}

/// `floor(sum w_i s_i / sum w_i)` of (weight, score).
pub fn weighted_mean(tracks: impl IntoIterator<Item = (u64, u64)>) -> Result<u64, FixedError> {
    let (mut sum, mut weights) = (0_u128, 0_u128);
    for (weight, score) in tracks {
        let product = u128::from(weight) * u128::from(score);
        sum = sum.checked_add(product).ok_or(FixedError::Overflow)?;
        weights += u128::from(weight);
    }
    let mean = sum.checked_div(weights).ok_or(FixedError::DivisionByZero)?;
    u64::try_from(mean).map_err(|_| FixedError::Overflow)
}

#[cfg(test)]
#[path = "combination_tests.rs"]
mod tests;
