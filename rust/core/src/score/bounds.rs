//! What a small sample shows: bounds of the rate behind it.
//!
//! In: successes and trials. Out: a lower and an upper bound. Rule: scoring and rewards, 5.7. Invariant: integers only; a
//! lower bound is rounded down and an upper one up, so that rounding never makes a sample say more than it does.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, Zero};

use crate::fixed::ONE;

/// Trials up to which [`beta_lower`] is computed.
pub const MOST_TRIALS: u64 = 5000;
/// Trials up to which [`trials_to_detect`] looks.
pub const MOST_TRIALS_TO_DETECT: u32 = 100_000;
const MILLION: u32 = 1_000_000;

/// The Wilson interval in units of `ONE`, for the normal quantile `z_times_100 / 100`; `None` where there are more successes
/// than trials.
pub fn wilson(successes: u64, trials: u64, z_times_100: u64) -> Option<(u64, u64)> {
    let failures = trials.checked_sub(successes)?;
    if trials == 0 {
        return Some((0, ONE));
    }
    let big = |value: u64| BigUint::from(value);
    let z_squared = big(z_times_100) * z_times_100;
    let centre = (20_000_u32 * big(successes) + &z_squared) * ONE;
    let width = 2_u32 * (10_000_u32 * big(trials) + &z_squared);
    let under_root =
        &z_squared * (&z_squared * trials + 40_000_u32 * big(successes) * failures) * big(ONE) * big(ONE);
    let root = ceil_sqrt(&under_root.div_ceil(&big(trials)));
    let lower = if centre > root { (&centre - &root) / &width } else { BigUint::zero() };
    let upper = (&centre + &root).div_ceil(&width);
    Some((narrow(&lower), narrow(&upper).min(ONE)))
}

/// The smallest integer whose square is not below `value`.
fn ceil_sqrt(value: &BigUint) -> BigUint {
    let root = value.sqrt();
    if &root * &root == *value { root } else { root + 1_u32 }
}

fn narrow(value: &BigUint) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// The lower quantile `n / d` of the rate, in millionths, after a uniform prior; `None` beyond [`MOST_TRIALS`], or where the
/// quantile is not between 0 and 1.
pub fn beta_lower(successes: u64, failures: u64, (n, d): (u64, u64)) -> Option<u32> {
    let trials = successes.checked_add(failures)?.checked_add(1).filter(|trials| *trials <= MOST_TRIALS)?;
    if n == 0 || n >= d {
        return None;
    }
    let (trials, least) = (u32::try_from(trials).ok()?, u32::try_from(successes).ok()? + 1);
    let limit = BigUint::from(MILLION).pow(trials) * n;
    // The sum rises with k: 0 at k = 0, more than the limit at one million.
    let (mut low, mut high) = (0, MILLION);
    while high - low > 1 {
        let k = u32::midpoint(low, high);
        if upper_tail(least, trials, k) * d <= limit {
            low = k;
        } else {
            high = k;
        }
    }
    Some(low)
}

/// The sum of `C(N, j) k^j (10^6 - k)^(N - j)` over `j` from `least` to `N`, for `k` below one million.
fn upper_tail(least: u32, trials: u32, k: u32) -> BigUint {
    let rest = MILLION - k;
    let mut choices = BigUint::one();
    for j in 0..least {
        choices = choices * (trials - j) / (j + 1);
    }
    let mut term = choices * BigUint::from(k).pow(least) * BigUint::from(rest).pow(trials - least);
    let mut sum = term.clone();
    for j in least..trials {
        // Every term is an integer, so these divisions leave nothing.
        term = term * (u64::from(k) * u64::from(trials - j)) / (u64::from(rest) * u64::from(j + 1));
        sum += &term;
    }
    sum
}

/// The fewest trials in which one who cheats in `cheats` of them is caught with probability `detect`, both fractions between
/// 0 and 1; `None` where that takes more than [`MOST_TRIALS_TO_DETECT`].
pub fn trials_to_detect(cheats: (u32, u32), detect: (u32, u32)) -> Option<u32> {
    let honest = cheats.1.checked_sub(cheats.0)?;
    let missed = detect.1.checked_sub(detect.0)?;
    let is_enough = |trials: u32| {
        BigUint::from(honest).pow(trials) * detect.1 <= BigUint::from(cheats.1).pow(trials) * missed
    };
    if cheats.1 == 0 || !is_enough(MOST_TRIALS_TO_DETECT) {
        return None;
    }
    let (mut low, mut high) = (0, MOST_TRIALS_TO_DETECT);
    while low < high {
        let trials = u32::midpoint(low, high);
        if is_enough(trials) {
            high = trials;
        } else {
            low = trials + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
#[path = "bounds_tests.rs"]
mod tests;
