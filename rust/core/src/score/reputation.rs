//! Beta reputation with forgetting.
//!
//! In: successes and failures of one batch, and the state before it. Out: the state behind it and a score in `[0, ONE]`.
//! Rule: scoring and rewards, 5.3. Invariant: the result depends on how many successes and failures a batch has, never on
//! the order in which they came, and no order would be better for the device.

use crate::fixed::{FixedError, ONE, divf, mulf};

/// How a track remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// State of a device that was never judged.
    pub start: Reputation,
    /// What is left of a state after one event; at most `ONE`.
    pub lambda: u64,
    /// What one event adds.
    pub weight: u64,
    /// The score at which the consequence of the track sets in.
    pub threshold: u64,
}

impl Track {
    /// Answers that are right or provably wrong; at the threshold a device is disqualified.
    pub const CORRECTNESS: Self = Self {
        start: Reputation { alpha: 1000 * ONE, beta: 0 },
        lambda: 999 * (ONE / 1000),
        weight: ONE,
        threshold: 96 * (ONE / 100),
    };

    /// Errors that cannot be pinned on the device; at the threshold it is suspended, above it that is lifted.
    pub const UNKNOWN: Self = Self {
        start: Reputation { alpha: ONE, beta: 0 },
        lambda: 95 * (ONE / 100),
        weight: ONE,
        threshold: 60 * (ONE / 100),
    };
}

/// Remembered successes and failures, in units of `ONE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reputation {
    /// Successes.
    pub alpha: u64,
    /// Failures.
    pub beta: u64,
}

impl Reputation {
    /// The state after one batch: all failures first, then all successes.
    pub fn after(self, track: &Track, failures: u64, successes: u64) -> Result<Self, FixedError> {
        let mut state = self;
        for _ in 0..failures {
            state = Self {
                alpha: mulf(track.lambda, state.alpha)?,
                beta: added(mulf(track.lambda, state.beta)?, track.weight)?,
            };
        }
        for _ in 0..successes {
            state = Self {
                alpha: added(mulf(track.lambda, state.alpha)?, track.weight)?,
                beta: mulf(track.lambda, state.beta)?,
            };
        }
        Ok(state)
    }

    /// The share of successes; an error where nothing is remembered.
    pub fn score(self) -> Result<u64, FixedError> {
        divf(self.alpha, added(self.alpha, self.beta)?)
    }

    /// Whether the exact share is at or below the track's threshold.
    pub fn is_at_or_below(self, track: &Track) -> bool {
        let (alpha, beta) = (u128::from(self.alpha), u128::from(self.beta));
        alpha * u128::from(ONE) <= u128::from(track.threshold) * (alpha + beta)
    }
}

fn added(a: u64, b: u64) -> Result<u64, FixedError> {
    a.checked_add(b).ok_or(FixedError::Overflow)
}

#[cfg(test)]
#[path = "reputation_tests.rs"]
mod tests;
