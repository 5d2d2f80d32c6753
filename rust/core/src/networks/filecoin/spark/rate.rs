//! Rates of success, and what a small sample of them shows.
//!
//! In: successes and trials. Out: the rate, a lower bound of what is behind it, and a provider's score. Rule: Filecoin, C7
//! and F2: the bound is the 5th percentile of Beta(1 + successes, 1 + failures).
//! Invariant: integers only, so that every machine finds the same; a bound is rounded down to millionths, and never above
//! the exact one.

use crate::fixed::ONE;
use crate::score::bounds::beta_lower;

/// The quantile of a lower bound.
const QUANTILE: (u64, u64) = (5, 100);
/// Trials up to which the bound is computed without any rounding, which takes ever larger integers.
const EXACT_TRIALS: u64 = 64;
/// Trials up to which a lower bound is computed.
pub const MOST_TRIALS: u64 = 100_000_000;
const MILLION: u64 = 1_000_000;
/// How far from the guess of a bound the search for it goes first, in millionths.
const FIRST_STEP: u64 = 32;

/// How many of how many. Show it with its lower bound: one of one is not 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Successes.
    pub count: u64,
    /// Trials.
    pub total: u64,
}

impl Rate {
    /// The rate in parts of 10^12, rounded down; `None` without trials, or with more successes than trials.
    pub fn parts(self) -> Option<u64> {
        if self.count > self.total {
            return None;
        }
        let parts = (u128::from(self.count) * u128::from(ONE)).checked_div(u128::from(self.total))?;
        u64::try_from(parts).ok()
    }

    /// The rate in millionths, rounded down; `None` as for [`Self::parts`].
    pub fn millionths(self) -> Option<u32> {
        u32::try_from(self.parts()? / (ONE / MILLION)).ok()
    }

    /// The rate in millionths below which what is behind it is with 19 chances of 20, rounded up: the 95th percentile.
    /// `None` as for [`Self::lower_bound`].
    pub fn upper_bound(self) -> Option<u32> {
        let failures = Self { count: self.total.checked_sub(self.count)?, total: self.total };
        u32::try_from(MILLION.checked_sub(failures.lower_bound()?.into())?).ok()
    }

    /// The rate in millionths that the sample supports: what is behind it is higher with 19 chances of 20. `None` with
    /// more successes than trials, or beyond [`MOST_TRIALS`].
    pub fn lower_bound(self) -> Option<u32> {
        if self.count > self.total || self.total > MOST_TRIALS {
            return None;
        }
        if self.total <= EXACT_TRIALS {
            return beta_lower(self.count, self.total - self.count, QUANTILE);
        }
        // The bound is the probability of success under which this many successes or more, in one trial more, come once
        // in 20 times.
        let (least, trials) = (self.count + 1, self.total + 1);
        let (mut low, mut high) = (self.guess(), self.guess() + 1);
        let mut step = FIRST_STEP;
        while low > 0 && !is_rare(least, trials, low) {
            (low, high, step) = (low.saturating_sub(step), low, 2 * step);
        }
        while high < MILLION && is_rare(least, trials, high) {
            (low, high, step) = (high, (high + step).min(MILLION), 2 * step);
        }
        while high - low > 1 {
            let millionths = u64::midpoint(low, high);
            if is_rare(least, trials, millionths) {
                low = millionths;
            } else {
                high = millionths;
            }
        }
        u32::try_from(low).ok()
    }

    /// About where the lower bound is, in millionths below one million: by mean, deviation and skewness of the Beta
    /// distribution, after Cornish and Fisher. Only the time of the search depends on it.
    fn guess(self) -> u64 {
        let million = i128::from(MILLION);
        let (count, total) = (i128::from(self.count) + 1, i128::from(self.total) + 2);
        let mean = count * million / total;
        let deviation = (mean * (million - mean) / (total + 1)).isqrt();
        // The 5th percentile of the normal distribution is at -1.645, and (1.645^2 - 1) / 6 * 2 is 0.569.
        let guess = mean - deviation * 1645 / 1000 + (million - 2 * mean) * 569 / (1000 * (total + 2));
        u64::try_from(guess).unwrap_or(0).min(MILLION - 1)
    }
}

/// The weight of the likeliest number of successes, to which all others are compared.
const PEAK: u128 = 1 << 80;

/// Whether `least` successes or more in `trials` come at most once in 20 times, if one comes with this probability.
///
/// The binomial weights are walked from their peak to both sides until they vanish. Going outwards the weights fall ever
/// faster, and every step rounds down by less than one unit without enlarging the errors before it; so after n steps a
/// weight is short by at most n, and what is cut off, less than n + 1 at first, adds up to less than n (n + 1). With the
/// slack for both the answer is never yes by mistake. It is no by mistake only if the exact share is less than 2^-40 below
/// a twentieth, which makes the bound one millionth lower.
fn is_rare(least: u64, trials: u64, millionths: u64) -> bool {
    let (yes, no) = (u128::from(millionths), u128::from(MILLION - millionths));
    let (least, trials) = (u128::from(least), u128::from(trials));
    let peak = ((trials + 1) * yes / u128::from(MILLION)).min(trials);
    let mut all = PEAK;
    let mut tail = if peak >= least { PEAK } else { 0 };
    let mut steps = 0_u128;
    let mut add = |successes: u128, weight: u128| {
        steps += 1;
        all += weight;
        if successes >= least {
            tail += weight;
        }
    };
    let (mut successes, mut weight) = (peak, PEAK);
    while weight > 0 && successes < trials {
        weight = weight * (yes * (trials - successes)) / (no * (successes + 1));
        successes += 1;
        add(successes, weight);
    }
    (successes, weight) = (peak, PEAK);
    while weight > 0 && successes > 0 {
        weight = weight * (no * successes) / (yes * (trials - successes + 1));
        successes -= 1;
        add(successes, weight);
    }
    let slack = 4 * (steps + 1) * (steps + 1);
    20 * (tail + slack) <= all
}

/// What is known of a storage provider: each part as a rate, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reputation {
    /// Proofs of storage in time.
    pub proving: Option<Rate>,
    /// Retrievals.
    pub retrieval: Option<Rate>,
    /// Uploads.
    pub storage: Option<Rate>,
}

impl Reputation {
    /// The score from 0 to 100 points, in millionths of a point: lower bounds, weighted 40, 35 and 25. A part that is
    /// missing, or has no bound, counts nothing.
    pub fn score(self) -> u64 {
        [(self.proving, 40), (self.retrieval, 35), (self.storage, 25)]
            .into_iter()
            .filter_map(|(rate, weight)| Some(weight * u64::from(rate?.lower_bound()?)))
            .sum()
    }
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
