//! The payout curve: from a score to a multiplier.
//!
//! In: a score in `[0, ONE]` and knots with rising x from 0 to `ONE`. Out: a multiplier. Rule: scoring and rewards, 5.10.
//! Invariant: the result never falls when the score rises.

use crate::fixed::{FixedError, ONE};

/// What is wrong with a curve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payout curve: expected knots with x rising from 0 to {ONE} and y never falling, found {found}")]
pub struct CurveError {
    /// The offending knots.
    pub found: String,
}

/// Checks the form of a curve.
pub fn check(curve: &[(u64, u64)]) -> Result<(), CurveError> {
    let is_rising = curve.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1);
    let spans =
        curve.first().is_some_and(|first| first.0 == 0) && curve.last().is_some_and(|last| last.0 == ONE);
    if is_rising && spans && curve.len() > 1 {
        Ok(())
    } else {
        Err(CurveError { found: format!("{curve:?}") })
    }
}

/// The curve's value: linear between knots, rounded down, in the first interval that holds the score.
pub fn payout(curve: &[(u64, u64)], score: u64) -> Result<u64, FixedError> {
    for pair in curve.windows(2) {
        let &[(x0, y0), (x1, y1)] = pair else { continue };
        if x0 <= score && score <= x1 {
            let rise = u128::from(y1.checked_sub(y0).ok_or(FixedError::Overflow)?) * u128::from(score - x0);
            let step = rise.checked_div(u128::from(x1 - x0)).ok_or(FixedError::DivisionByZero)?;
            let step = u64::try_from(step).map_err(|_| FixedError::Overflow)?;
            return y0.checked_add(step).ok_or(FixedError::Overflow);
        }
    }
    Err(FixedError::Overflow)
}
