//! A threshold below the network's own performance, and strikes for those who miss it.
//!
//! In: duties done and assigned. Out: units of reward and of rebate, and the list of strikes. Rule: scoring and rewards, 5.6.
//! Invariant: a device that does as well as the network less the leeway passes, whatever the network's level; reward and
//! rebate of one that passes sum to all of its units.

use num_bigint::BigUint;
use num_traits::Zero;

use super::exact::{Exact, less};
use crate::fixed::{FixedError, cdiv};

/// Reward shares are counted in ten thousandths.
const BASIS_POINTS: u64 = 10_000;

/// One kind of duty over an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// How much it weighs beside the others.
    pub weight: u64,
    /// Times that it was done.
    pub included: u64,
    /// Times that it was assigned.
    pub assigned: u64,
}

/// The weighted share of duties done, over those that were assigned at all; `None` where none was.
pub fn performance(duties: &[Duty]) -> Option<Exact> {
    let had = || duties.iter().filter(|duty| duty.assigned > 0);
    let weights: BigUint = had().map(|duty| BigUint::from(duty.weight)).sum();
    if weights.is_zero() {
        return None;
    }
    let done = had().map(|duty| Exact::new(BigUint::from(duty.weight) * duty.included, duty.assigned.into()));
    Some(done.fold(Exact::zero(), |sum, share| sum + share) / weights)
}

/// What a device has to reach.
pub fn threshold(network: &Exact, leeway: &Exact) -> Exact {
    less(network, leeway)
}

/// What an epoch earns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Units that are paid.
    pub share: u64,
    /// Units that go back to the protocol.
    pub rebate: u64,
    /// Strikes.
    pub strikes: u64,
}

/// The units of a device with so many assigned duties and this size.
pub fn units(
    performance: &Exact,
    threshold: &Exact,
    assigned: u64,
    size: u64,
    reward_share_bp: u64,
) -> Result<Units, FixedError> {
    if performance < threshold {
        return Ok(Units { strikes: 1, ..Units::default() });
    }
    let all = assigned.checked_mul(size).ok_or(FixedError::Overflow)?;
    let shared = all.checked_mul(reward_share_bp).ok_or(FixedError::Overflow)?;
    let share = cdiv(shared, BASIS_POINTS)?;
    let rebate = all.checked_sub(share).ok_or(FixedError::Overflow)?;
    Ok(Units { share, rebate, strikes: 0 })
}

/// The units of a device that was slashed: none, and a strike unless everybody passes.
pub fn units_when_slashed(threshold: &Exact) -> Units {
    Units { strikes: u64::from(!threshold.is_zero()), ..Units::default() }
}

/// The strikes of the last `lifetime` epochs, newest first, after one more epoch; `None` where all have gone.
pub fn after(strikes: &[u64], new: u64, lifetime: usize) -> Option<Vec<u64>> {
    let mut list: Vec<u64> = std::iter::once(new).chain(strikes.iter().copied()).take(lifetime).collect();
    list.resize(lifetime, 0);
    list.iter().any(|count| *count > 0).then_some(list)
}

#[cfg(test)]
#[path = "strikes_tests.rs"]
mod tests;
